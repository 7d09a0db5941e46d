//! For those who run and audit an installation: documents and offices, journals, messages, jobs, officers.

use crate::desk::facts;
use crate::fault::PageFault;
use crate::forms::encoded;
use crate::page::Page;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::{Form, Path, Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

const ROLES: [&str; 4] = ["office", "centre", "works", "registry"];

pub(crate) async fn overview(
    State(portal): State<Portal>,
    signed: Signed,
) -> Result<Response, PageFault> {
    let mut page = Page::of(&signed);
    page.put("sites", portal.ask(&signed, "/v1/sites").await?);
    let profiles = portal.ask(&signed, "/v1/profiles").await?;
    let shown: Vec<Value> = profiles
        .as_array()
        .into_iter()
        .flatten()
        .map(|profile| {
            json!({ "name": profile["name"], "title": profile["title"][signed.language.code()],
                "state": profile["state"], "facts": facts(signed.language, &profile["circuit"]) })
        })
        .collect();
    page.put("profiles", shown);
    let mut heads = Vec::new();
    for role in ROLES {
        // A role that runs elsewhere has no head here.
        let head = portal
            .node
            .get(&format!("/v1/{role}/journal/head"), None)
            .await;
        if let Ok(Value::String(head)) = head {
            heads.push(json!({ "role": role, "head": head }));
        }
    }
    page.put("heads", heads);
    Ok(page.show("oversight.html"))
}

/// Days before its end from which on a certificate is marked.
const SOON_DAYS: i64 = 60;

/// Certificates and lists, the soonest to end first.
pub(crate) async fn certificates(
    State(portal): State<Portal>,
    signed: Signed,
) -> Result<Response, PageFault> {
    let found = portal.ask(&signed, "/v1/certificates").await?;
    let now = (portal.clock)();
    let rows: Vec<Value> = found
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| {
            let until = entry["until"].as_str();
            let until = until.and_then(|until| until.parse::<jiff::Timestamp>().ok());
            let left = until.map(|until| (until.as_second() - now.as_second()).div_euclid(86_400));
            json!({ "kind": entry["kind"], "subject": entry["subject"], "serial": entry["serial"],
                "until": entry["until"], "left": left, "soon": left.is_some_and(|left| left < SOON_DAYS) })
        })
        .collect();
    let mut page = Page::of(&signed);
    page.put("rows", rows);
    Ok(page.show("certificates.html"))
}

#[derive(Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    from: u64,
}

pub(crate) async fn journal(
    State(portal): State<Portal>,
    signed: Signed,
    Path(role): Path<String>,
    Query(From { from }): Query<From>,
) -> Result<Response, PageFault> {
    let path = format!("/v1/{}/journal?from={from}", encoded(&role));
    let entries = portal.ask(&signed, &path).await?;
    let rows: Vec<Value> = entries
        .as_array()
        .into_iter()
        .flatten()
        .take(100)
        .map(|entry| {
            let inner = &entry["entry"];
            let at = inner["at"].as_i64();
            let at = at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
            json!({ "number": entry["seq"], "at": at.map(|at| at.to_string()), "officer": inner["officer"],
                "kind": inner["kind"], "id": inner["id"], "event": inner["event"].to_string().chars().take(120).collect::<String>() })
        })
        .collect();
    let mut page = Page::of(&signed);
    let last = rows.last().and_then(|row| row["number"].as_u64());
    page.put(
        "next",
        last.filter(|_| rows.len() == 100).map(|last| last + 1),
    );
    page.put("rows", rows);
    page.put("role", role);
    page.put("from", from);
    Ok(page.show("journal.html"))
}

#[derive(Deserialize)]
pub(crate) struct InState {
    #[serde(default)]
    state: String,
}

async fn table(
    portal: &Portal,
    signed: &Signed,
    role: &str,
    what: &str,
    states: &[&str],
    state: &str,
    columns: &[&str],
) -> Result<Response, PageFault> {
    let state = states
        .iter()
        .find(|known| **known == state)
        .or(states.first());
    let query = state
        .map(|state| format!("?state={state}"))
        .unwrap_or_default();
    let path = format!("/v1/{}/{what}{query}", encoded(role));
    let found = portal.ask(signed, &path).await?;
    let rows: Vec<Vec<Value>> = found
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| columns.iter().map(|name| row[name].clone()).collect())
        .collect();
    let mut page = Page::of(signed);
    page.put("rows", rows);
    page.put("columns", columns);
    page.put("role", role);
    page.put("what", what);
    page.put("title", signed.language.text(&format!("oversight-{what}")));
    page.put("states", states);
    page.put("state", state);
    Ok(page.show("oversight-table.html"))
}

pub(crate) async fn messages(
    State(portal): State<Portal>,
    signed: Signed,
    Path(role): Path<String>,
    Query(InState { state }): Query<InState>,
) -> Result<Response, PageFault> {
    let states = ["parked", "overdue", "waiting"];
    let columns = ["id", "receiver", "kind", "subject", "fault"];
    table(
        &portal, &signed, &role, "messages", &states, &state, &columns,
    )
    .await
}

pub(crate) async fn jobs(
    State(portal): State<Portal>,
    signed: Signed,
    Path(role): Path<String>,
    Query(InState { state }): Query<InState>,
) -> Result<Response, PageFault> {
    let columns = ["id", "kind", "subject", "attempts", "fault"];
    table(
        &portal,
        &signed,
        &role,
        "jobs",
        &["parked", "ready"],
        &state,
        &columns,
    )
    .await
}

pub(crate) async fn officers(
    State(portal): State<Portal>,
    signed: Signed,
    Path(role): Path<String>,
) -> Result<Response, PageFault> {
    let columns = ["officer", "site", "rights", "profiles"];
    table(&portal, &signed, &role, "officers", &[], "", &columns).await
}

/// The rights of officers, as the interface names them.
pub(crate) const RIGHTS: [&str; 12] = [
    "enrol",
    "approve",
    "examine",
    "decide",
    "stock",
    "produce",
    "hand-over",
    "revoke",
    "watch",
    "look-up",
    "audit",
    "administer",
];

async fn officer_page(portal: &Portal, signed: &Signed, role: &str) -> Page {
    let mut page = Page::of(signed);
    page.put("profiles", portal.titles(signed).await);
    page.put("role", role);
    page.put("rights", RIGHTS);
    page.put("filled", json!({ "officer": "", "site": signed.session["actor"]["site"], "rights": [], "profiles": [] }));
    page.put("named", Value::Null);
    page.put("fault", Value::Null);
    page
}

pub(crate) async fn officer_form(
    State(portal): State<Portal>,
    signed: Signed,
    Path(role): Path<String>,
) -> Response {
    let page = officer_page(&portal, &signed, &role).await;
    page.show("officer.html")
}

/// Names an officer; the password is shown on this page and never again.
pub(crate) async fn name_officer(
    State(portal): State<Portal>,
    signed: Signed,
    Path(role): Path<String>,
    Form(given): Form<Vec<(String, String)>>,
) -> Result<Response, PageFault> {
    let field = |name: &str| {
        let found = given.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    };
    let ticked = |what: &str| -> Vec<&str> {
        let of = given.iter().filter(|(name, _)| name == what);
        of.map(|(_, value)| value.as_str()).collect()
    };
    let officer = json!({ "officer": field("officer"), "site": field("site"), "rights": ticked("rights"),
        "profiles": ticked("profiles"), "own_password": field("own_password") });
    let path = format!("/v1/{}/officers", encoded(&role));
    let named = portal
        .node
        .send_json(Method::POST, &path, Some(&signed.token), None, &officer);
    let mut page = officer_page(&portal, &signed, &role).await;
    match named.await {
        Ok(named) => {
            page.put("named", named);
            Ok(page.show("officer.html"))
        }
        Err(fault) if fault.status == StatusCode::UNAUTHORIZED => Err(signed.fault(fault)),
        Err(fault) => {
            page.put("fault", fault.line(signed.language));
            page.put("filled", &officer);
            Ok(page.show_as(fault.status, "officer.html"))
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Named {
    name: String,
}

pub(crate) async fn remove_officer(
    State(portal): State<Portal>,
    signed: Signed,
    Path(role): Path<String>,
    Form(Named { name }): Form<Named>,
) -> Result<Redirect, PageFault> {
    let path = format!("/v1/{}/officers/{}", encoded(&role), encoded(&name));
    act(&portal, &signed, Method::DELETE, &path).await?;
    Ok(Redirect::to(&format!(
        "/oversight/{}/officers",
        encoded(&role)
    )))
}

/// What was parked begins again.
pub(crate) async fn begin_again(
    State(portal): State<Portal>,
    signed: Signed,
    Path((role, what)): Path<(String, String)>,
    Form(Named { name }): Form<Named>,
) -> Result<Redirect, PageFault> {
    let role = encoded(&role);
    let path = match &what[..] {
        "messages" => format!("/v1/{role}/messages/{}/resend", encoded(&name)),
        "jobs" => format!(
            "/v1/{role}/jobs/again/{}",
            name.split('/').map(encoded).collect::<Vec<_>>().join("/")
        ),
        _ => return Err(PageFault::not_found(signed.language)),
    };
    act(&portal, &signed, Method::POST, &path).await?;
    Ok(Redirect::to(&format!("/oversight/{role}/{what}")))
}

async fn act(
    portal: &Portal,
    signed: &Signed,
    method: Method,
    path: &str,
) -> Result<(), PageFault> {
    let done = portal.node.act(method, path, &signed.token);
    done.await.map(drop).map_err(|fault| signed.fault(fault))
}
