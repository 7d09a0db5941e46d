//! Rights for a time: who stands in for whom, what was taken in an emergency, and who has looked at it.

use crate::fault::{NodeFault, PageFault};
use crate::forms::encoded;
use crate::oversight::RIGHTS;
use crate::page::Page;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::{Form, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Span;
use jiff::civil::Date;
use rilascio_circuit::process::day_begins;
use rilascio_node::EMERGENCY_MINUTES_MAX;
use serde::Deserialize;
use serde_json::{Value, json};

/// What may be taken in an emergency or lent: everything but administration and audit. What is of no use at a desk the node
/// refuses.
fn lent() -> impl Iterator<Item = &'static str> {
    let never = ["audit", "administer"];
    RIGHTS
        .into_iter()
        .filter(move |right| !never.contains(right))
}

/// The grants that somebody sees; none where they cannot be asked for now.
pub(crate) async fn seen(portal: &Portal, signed: &Signed) -> Vec<Value> {
    let found = portal.node.get("/v1/grants", Some(&signed.token)).await;
    match found {
        Ok(Value::Array(found)) => found,
        _ => Vec::new(),
    }
}

/// How many emergencies of others nobody has looked at.
pub(crate) async fn alarms(portal: &Portal, signed: &Signed) -> usize {
    if !signed.has("administer") && !signed.has("audit") {
        return 0;
    }
    let found = portal.node.get("/v1/alarms", Some(&signed.token)).await;
    found.map_or(0, |found| found.as_array().map_or(0, Vec::len))
}

/// A grant with the steps that somebody may take with it.
fn with_steps(signed: &Signed, mut grant: Value) -> Value {
    let own = &signed.session["actor"]["officer"];
    let concerned = grant["officer"] == *own || grant["absent"] == *own;
    let here = grant["site"] == signed.session["actor"]["site"];
    let administers = signed.has("administer") && here;
    let (over, state) = (
        grant["over"] == true,
        grant["state"].as_str().unwrap_or_default(),
    );
    let mut steps = Vec::new();
    if state == "asked" && administers && !concerned && grant["asked_by"] != *own {
        if !over {
            steps.push("approve");
        }
        steps.push("refuse");
    }
    if matches!(state, "asked" | "open") && !over && (concerned || administers) {
        steps.push("end");
    }
    let looks = signed.has("administer") || signed.has("audit");
    let ended = over || state == "ended";
    let unseen = grant["kind"] == "emergency" && state != "reviewed";
    if unseen && ended && looks && grant["officer"] != *own {
        steps.push("review");
    }
    grant["steps"] = json!(steps);
    grant
}

/// The grants of an officer, for the own page.
pub(crate) async fn own(portal: &Portal, signed: &Signed) -> Vec<Value> {
    let name = &signed.session["actor"]["officer"];
    let found = seen(portal, signed).await.into_iter();
    found
        .filter(|grant| grant["officer"] == *name || grant["absent"] == *name)
        .take(20)
        .map(|grant| with_steps(signed, grant))
        .collect()
}

async fn list_page(portal: &Portal, signed: &Signed) -> Page {
    let found = seen(portal, signed).await.into_iter();
    let shown: Vec<Value> = found.map(|grant| with_steps(signed, grant)).collect();
    let mut page = Page::of(signed);
    page.put("grants", shown);
    page.put("back", "/oversight/grants");
    page.put("fault", Value::Null);
    page
}

pub(crate) async fn list(State(portal): State<Portal>, signed: Signed) -> Response {
    list_page(&portal, &signed).await.show("grants.html")
}

#[derive(Deserialize)]
pub(crate) struct Step {
    id: String,
    step: String,
    #[serde(default)]
    back: String,
}

/// Takes a step with a grant.
pub(crate) async fn step(
    State(portal): State<Portal>,
    signed: Signed,
    Form(Step { id, step, back }): Form<Step>,
) -> Result<Response, PageFault> {
    let path = format!("/v1/grants/{}/{}", encoded(&id), encoded(&step));
    match portal.node.act(Method::POST, &path, &signed.token).await {
        Ok(_) => {
            let back = if back == "/account" {
                "/account"
            } else {
                "/oversight/grants"
            };
            Ok(Redirect::to(back).into_response())
        }
        Err(fault) if fault.status == StatusCode::UNAUTHORIZED => Err(signed.fault(fault)),
        Err(fault) => {
            let mut page = list_page(&portal, &signed).await;
            page.put("fault", fault.line(signed.language));
            Ok(page.show_as(fault.status, "grants.html"))
        }
    }
}

/// What a form was filled with: fields may come more than once.
type Filled = Vec<(String, String)>;

fn field<'a>(filled: &'a Filled, name: &str) -> &'a str {
    let found = filled.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value.trim())
}

/// The rights that a form offers, those that were ticked marked.
fn choices(offered: impl Iterator<Item = &'static str>, filled: &Filled) -> Vec<Value> {
    let ticked = |right: &str| {
        filled
            .iter()
            .any(|(name, value)| name == "rights" && value == right)
    };
    offered
        .map(|right| json!({ "right": right, "ticked": ticked(right) }))
        .collect()
}

fn substitute_page(signed: &Signed, filled: &Filled, fault: Option<&NodeFault>) -> Response {
    let mut page = Page::of(signed);
    // Who administers asks for others too, whose rights are not known here.
    let administers = signed.has("administer");
    let offered = lent().filter(|right| administers || signed.has(right));
    page.put("rights", choices(offered, filled));
    page.put("administers", administers);
    for name in ["absent", "substitute", "from", "until"] {
        page.put(name, field(filled, name));
    }
    page.put("faults", fault.map(|fault| fault.lines(signed.language)));
    let status = fault.map_or(StatusCode::OK, |fault| fault.status);
    page.show_as(status, "substitute.html")
}

pub(crate) async fn substitute_form(signed: Signed) -> Response {
    substitute_page(&signed, &Vec::new(), None)
}

/// When a day of a form begins, or the day after it.
fn moment(text: &str, days_later: i64) -> Option<String> {
    let day: Date = text.parse().ok()?;
    let day = day.checked_add(Span::new().days(days_later)).ok()?;
    Some(day_begins(day)?.to_string())
}

pub(crate) async fn substitute(
    State(portal): State<Portal>,
    signed: Signed,
    Form(filled): Form<Filled>,
) -> Result<Response, PageFault> {
    let rights: Vec<&str> = filled
        .iter()
        .filter(|(name, _)| name == "rights")
        .map(|(_, value)| value.as_str())
        .collect();
    let absent = Some(field(&filled, "absent")).filter(|name| !name.is_empty());
    // The last day counts whole.
    let request = json!({ "absent": absent, "substitute": field(&filled, "substitute"), "rights": rights,
        "from": moment(field(&filled, "from"), 0), "until": moment(field(&filled, "until"), 1) });
    match asked(&portal, &signed, "/v1/substitutions", &request).await {
        Ok(_) => Ok(Redirect::to("/account").into_response()),
        Err(fault) if fault.status == StatusCode::UNAUTHORIZED => Err(signed.fault(fault)),
        Err(fault) => Ok(substitute_page(&signed, &filled, Some(&fault))),
    }
}

async fn asked(
    portal: &Portal,
    signed: &Signed,
    path: &str,
    request: &Value,
) -> Result<Value, NodeFault> {
    let token = Some(&signed.token[..]);
    let sent = portal
        .node
        .send_json(Method::POST, path, token, None, request);
    sent.await
}

fn emergency_page(signed: &Signed, filled: &Filled, fault: Option<&NodeFault>) -> Response {
    let mut page = Page::of(signed);
    let offered: Vec<&str> = lent().filter(|right| !signed.has(right)).collect();
    page.put("rights", offered);
    for name in ["right", "reason", "minutes"] {
        page.put(name, field(filled, name));
    }
    page.put("most", EMERGENCY_MINUTES_MAX);
    page.put("faults", fault.map(|fault| fault.lines(signed.language)));
    let status = fault.map_or(StatusCode::OK, |fault| fault.status);
    page.show_as(status, "emergency.html")
}

pub(crate) async fn emergency_form(signed: Signed) -> Response {
    emergency_page(&signed, &Vec::new(), None)
}

pub(crate) async fn emergency(
    State(portal): State<Portal>,
    signed: Signed,
    Form(filled): Form<Filled>,
) -> Result<Response, PageFault> {
    let minutes = field(&filled, "minutes").parse::<i64>().ok();
    let request = json!({ "right": field(&filled, "right"), "reason": field(&filled, "reason"),
        "minutes": minutes });
    match asked(&portal, &signed, "/v1/emergencies", &request).await {
        Ok(_) => Ok(Redirect::to("/account").into_response()),
        Err(fault) if fault.status == StatusCode::UNAUTHORIZED => Err(signed.fault(fault)),
        Err(fault) => Ok(emergency_page(&signed, &filled, Some(&fault))),
    }
}
