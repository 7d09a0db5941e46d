//! The pages of every desk that are alike: the way in, what there is to do, lists, and one thing with its history.

use crate::commands::{self, BEGINNINGS};
use crate::fault::PageFault;
use crate::forms::encoded;
use crate::language::Language;
use crate::page::Page;
use crate::passkeys;
use crate::router::Portal;
use crate::session::{Signed, own_token, session_cookie};
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Things on one page of a list.
const PAGE: usize = 50;

/// The lists of each role, with the states by which they are told apart.
const LISTS: &[(&str, &str, &[&str])] = &[
    (
        "office",
        "dossier",
        &[
            "draft",
            "enrolled",
            "submitted",
            "examination",
            "ordered",
            "produced",
            "dispatched",
            "at-office",
            "activated",
            "handed-over",
            "refused",
            "recalled",
            "cancelled",
        ],
    ),
    (
        "office",
        "consignment",
        &["dispatched", "received", "returned"],
    ),
    ("office", "attestation", &["issued", "ended", "overrun"]),
    (
        "office",
        "sheet",
        &["in-stock", "issued", "spoiled", "destroyed", "missing"],
    ),
    ("office", "legacy-file", &["open", "finished"]),
    (
        "centre",
        "dossier",
        &[
            "examination",
            "proposed",
            "authorised",
            "certified",
            "ordered",
            "in-production",
            "produced",
            "dispatched",
            "activated",
            "handed-over",
            "refused",
            "cancelled",
        ],
    ),
    (
        "office",
        "loss-report",
        &["reported", "blocked", "not-in-force", "unknown"],
    ),
    (
        "centre",
        "document",
        &[
            "produced",
            "activated",
            "in-force",
            "suspended",
            "blocked",
            "expired",
        ],
    ),
    ("centre", "watch-entry", &["in-force", "ended", "lapsed"]),
    (
        "centre",
        "order",
        &[
            "placed",
            "accepted",
            "asked-back",
            "produced",
            "dispatched",
            "rejected",
            "cancelled",
        ],
    ),
    ("centre", "works", &["running", "stopped", "lost"]),
    (
        "works",
        "order",
        &[
            "placed",
            "accepted",
            "produced",
            "dispatched",
            "rejected",
            "cancelled",
        ],
    ),
    ("works", "blank", &[]),
    ("works", "stock-take", &["agreed", "differs"]),
    (
        "works",
        "consignment",
        &["dispatched", "received", "coming-back", "returned", "lost"],
    ),
    ("registry", "registration", &["changed", "published"]),
    ("registry", "access-grant", &["given", "ended"]),
];

/// What a list shows of a thing beside its name and state.
fn columns(kind: &str) -> &'static [&'static str] {
    match kind {
        "dossier" => &["profile", "office", "reason", "opened"],
        "order" => &["dossier", "profile", "office", "express"],
        "consignment" => &["office", "works", "seal"],
        "loss-report" => &["document", "loss", "report", "at"],
        "document" => &["profile", "dossier", "office", "valid_until"],
        "blank" => &["profile", "site", "batch"],
        "watch-entry" => &["list", "act", "until"],
        "works" => &["act", "since"],
        "stock-take" => &["profile", "site", "at"],
        "access-grant" => &["administration", "purpose", "until"],
        "attestation" => &["dossier", "office", "return_by"],
        "legacy-file" => &["profile", "office", "until"],
        "sheet" => &["office", "dossier"],
        _ => &[],
    }
}

pub(crate) async fn home(
    State(portal): State<Portal>,
    signed: Signed,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, PageFault> {
    let mut page = Page::of(&signed);
    page.put("done", done(&signed, asked.get("done")));
    let mut cards = Vec::new();
    for (role, kind, states) in LISTS {
        let shown = commands::STEPS
            .iter()
            .filter(|(at, of, _, _)| at == role && of == kind)
            .map(|(_, _, _, command)| *command)
            .chain(
                BEGINNINGS
                    .iter()
                    .filter(|(at, of, _)| at == role && of == kind)
                    .map(|(_, _, command)| *command),
            )
            .any(|command| commands::may(&signed, command));
        if !shown {
            continue;
        }
        let first = states.first().filter(|_| *kind != "registration");
        let state = first
            .map(|state| format!("?state={state}"))
            .unwrap_or_default();
        cards.push(json!({ "address": format!("/desk/{role}/{kind}{state}"),
            "title": signed.language.text(&format!("list-{role}-{kind}")),
            "about": signed.language.text(&format!("role-{role}")) }));
    }
    if signed.has("hand-over") {
        cards.push(
            json!({ "address": "/desk/office/waiting", "title": signed.language.text("waiting"),
            "about": signed.language.text("role-office") }),
        );
    }
    page.put("cards", cards);
    page.put("alarms", crate::grants::alarms(&portal, &signed).await);
    page.put("news", crate::help::newest(&portal, &signed, "news").await);
    // What the centre has to decide soonest.
    if signed.has("examine") || signed.has("decide") {
        let queue = portal
            .node
            .get("/v1/centre/queue?limit=10", Some(&signed.token));
        page.put("queue", queue.await.unwrap_or_default());
    } else {
        page.put("queue", Value::Null);
    }
    Ok(page.show("home.html"))
}

/// The command that was just done, by its name, if it is one.
fn done(signed: &Signed, name: Option<&String>) -> Option<String> {
    let name = name?;
    commands::right_of(name)?;
    Some(signed.language.text(&format!("command-{name}")))
}

#[derive(Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

/// Only a page of this host.
pub(crate) fn own_page(next: &str) -> &str {
    let plain = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|sign: char| sign == '\\' || sign.is_control());
    if plain { next } else { "/" }
}

pub(crate) async fn sign_in_form(
    headers: HeaderMap,
    Query(Next { next }): Query<Next>,
) -> Response {
    let mut page = Page::plain(Language::wanted(&headers), "/sign-in");
    page.put("next", own_page(&next));
    page.put("fault", Value::Null);
    page.put("officer", "");
    page.show("sign-in.html")
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    officer: String,
    password: String,
    #[serde(default)]
    next: String,
}

pub(crate) async fn sign_in(
    State(portal): State<Portal>,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Response {
    let language = Language::wanted(&headers);
    let body = json!({ "officer": given.officer.trim(), "password": given.password,
        "workstation": crate::workstations::token(&headers) });
    let answer = portal
        .node
        .send_json(Method::POST, "/v1/sign-in", None, None, &body)
        .await;
    match answer {
        Ok(answer) if answer["ticket"].is_string() => passkeys::ask(language, &answer, &given.next),
        Ok(answer) => welcome(&portal, &headers, &answer, &given.next).await,
        Err(fault) => {
            let mut page = Page::plain(language, "/sign-in");
            page.put("next", own_page(&given.next));
            // A wrong name and a wrong password are answered alike.
            let told = [
                "circuit.card",
                "circuit.workstation",
                "circuit.password-ended",
                "circuit.too-often",
            ];
            let said = if told.iter().any(|code| fault.body["code"] == **code) {
                fault.line(language)
            } else if fault.body["code"] == "circuit.too-early" {
                language.text("sign-in-wait")
            } else if fault.status.is_client_error() {
                language.text("sign-in-wrong")
            } else {
                fault.line(language)
            };
            page.put("fault", said);
            page.put("officer", &given.officer);
            page.show_as(fault.status, "sign-in.html")
        }
    }
}

/// Somebody is signed in: back to the page that asked for it.
pub(crate) async fn welcome(
    portal: &Portal,
    headers: &HeaderMap,
    answer: &Value,
    next: &str,
) -> Response {
    // The session of before ends: whoever knew its token does not come along.
    if let Some(before) = own_token(headers) {
        let ended = portal.node.act(Method::POST, "/v1/sign-out", before);
        // One that had ended already is no fault.
        drop(ended.await);
    }
    let cookie = session_cookie(answer["token"].as_str().unwrap_or_default());
    ([(header::SET_COOKIE, cookie)], Redirect::to(own_page(next))).into_response()
}

pub(crate) async fn sign_out(State(portal): State<Portal>, signed: Signed) -> Response {
    let ended = portal
        .node
        .act(Method::POST, "/v1/sign-out", &signed.token)
        .await;
    if let Err(fault) = ended {
        return signed.fault(fault).into_response();
    }
    let headers = [
        (header::SET_COOKIE, session_cookie("")),
        (
            header::HeaderName::from_static("clear-site-data"),
            "\"cache\", \"storage\"".to_owned(),
        ),
    ];
    (headers, Redirect::to("/sign-in")).into_response()
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    to: String,
    #[serde(default)]
    back: String,
}

pub(crate) async fn language(Query(wanted): Query<Wanted>) -> Response {
    let chosen = Language::of(&wanted.to).unwrap_or(Language::It);
    (
        [(header::SET_COOKIE, chosen.cookie())],
        Redirect::to(own_page(&wanted.back)),
    )
        .into_response()
}

#[derive(Deserialize)]
pub(crate) struct Listing {
    #[serde(default)]
    state: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    find: String,
    done: Option<String>,
}

fn known_list(role: &str, kind: &str) -> Option<&'static [&'static str]> {
    let found = LISTS.iter().find(|(at, of, _)| *at == role && *of == kind);
    found.map(|(_, _, states)| *states)
}

fn row(role: &str, kind: &str, thing: &Value, titles: &BTreeMap<String, String>) -> Value {
    // A registration is named by its document.
    let name = if kind == "registration" {
        &thing["document"]["id"]
    } else {
        &thing["id"]
    };
    let id = name
        .as_str()
        .or(thing["serial"].as_str())
        .or(thing["number"].as_str());
    let id = id.unwrap_or_default();
    let state = thing["phase"].as_str().or(thing["state"].as_str());
    let state = state.or(thing["document"]["state"].as_str());
    let terms = &thing["terms"];
    let cells: Vec<Value> = columns(kind)
        .iter()
        .map(|name| {
            let title = thing[*name].as_str().and_then(|word| titles.get(word));
            title.map_or_else(|| thing[*name].clone(), |title| json!(title))
        })
        .collect();
    json!({ "id": id, "address": format!("/desk/{role}/{kind}/{}", encoded(id)), "state": state,
        "late": !terms["late"].is_null(), "idle": !terms["idle"].is_null(), "due": terms["due"],
        "cells": cells })
}

pub(crate) async fn list(
    State(portal): State<Portal>,
    signed: Signed,
    Path((role, kind)): Path<(String, String)>,
    Query(asked): Query<Listing>,
) -> Result<Response, PageFault> {
    let states = known_list(&role, &kind).ok_or_else(|| PageFault::not_found(signed.language))?;
    let find = asked.find.trim();
    if !find.is_empty() {
        return Ok(Redirect::to(&format!("/desk/{role}/{kind}/{}", encoded(find))).into_response());
    }
    let mut path = format!(
        "/v1/{role}/{kind}?limit={}&after={}",
        PAGE + 1,
        encoded(&asked.after)
    );
    let state = asked.state.as_str();
    if !state.is_empty() {
        path += &format!("&state={}", encoded(state));
    }
    let found = portal.node.get(&path, Some(&signed.token)).await;
    let found = found.map_err(|fault| signed.fault(fault))?;
    let titles = portal.titles(&signed).await;
    let mut rows: Vec<Value> = found
        .as_array()
        .into_iter()
        .flatten()
        .map(|thing| row(&role, &kind, thing, &titles))
        .collect();
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let mut page = Page::of(&signed);
    let next = rows
        .last()
        .filter(|_| more)
        .and_then(|last| last["id"].as_str());
    page.put(
        "next",
        next.map(|after| format!("?state={}&after={}", encoded(state), encoded(after))),
    );
    page.put("role", &role);
    page.put("kind", &kind);
    page.put(
        "title",
        signed.language.text(&format!("list-{role}-{kind}")),
    );
    page.put("state", state);
    page.put("states", states);
    page.put("columns", columns(&kind));
    page.put("rows", rows);
    page.put("after", &asked.after);
    page.put("done", done(&signed, asked.done.as_ref()));
    let lists: Vec<Value> = LISTS
        .iter()
        .filter(|(at, _, _)| *at == role)
        .map(|(_, of, _)| {
            json!({ "address": format!("/desk/{role}/{of}"), "here": *of == kind,
            "text": signed.language.text(&format!("list-{role}-{of}")) })
        })
        .collect();
    page.put("lists", lists);
    let begin: Vec<Value> = BEGINNINGS
        .iter()
        .filter(|(at, of, command)| *at == role && *of == kind && commands::may(&signed, command))
        .map(|(_, _, command)| json!({ "address": format!("/do/{command}"), "text": signed.language.text(&format!("command-{command}")) }))
        .collect();
    page.put("begin", begin);
    Ok(page.show("list.html"))
}

pub(crate) async fn queue(
    State(portal): State<Portal>,
    signed: Signed,
) -> Result<Response, PageFault> {
    let found = portal
        .node
        .get("/v1/centre/queue?limit=200", Some(&signed.token))
        .await;
    let found = found.map_err(|fault| signed.fault(fault))?;
    let titles = portal.titles(&signed).await;
    let rows = found.as_array().into_iter().flatten();
    let rows: Vec<Value> = rows
        .map(|thing| row("centre", "dossier", thing, &titles))
        .collect();
    let mut page = Page::of(&signed);
    page.put("rows", rows);
    page.put("columns", columns("dossier"));
    Ok(page.show("queue.html"))
}

/// The facts of a thing as rows: a label and a text, what is inside behind its own label.
pub(crate) fn facts(language: Language, thing: &Value) -> Vec<Value> {
    let mut rows = Vec::new();
    gather(language, thing, "", &mut rows);
    rows
}

fn gather(language: Language, value: &Value, label: &str, rows: &mut Vec<Value>) {
    let named = |name: &str| {
        let text = language.find(&format!("field-{name}"), None);
        let text = text.unwrap_or_else(|| name.replace('_', " "));
        if label.is_empty() {
            text
        } else {
            format!("{label}: {text}")
        }
    };
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                gather(language, inner, &named(name), rows);
            }
        }
        Value::Array(list) => {
            let plain: Vec<String> = list
                .iter()
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect();
            if plain.len() == list.len() && !plain.is_empty() {
                rows.push(json!({ "label": label, "text": plain.join(", ") }));
            } else {
                for inner in list {
                    gather(language, inner, label, rows);
                }
            }
        }
        Value::Null => {}
        Value::Bool(yes) => {
            let text = language.text(if *yes { "yes" } else { "no" });
            rows.push(json!({ "label": label, "text": text }));
        }
        Value::String(text) => {
            let word = language.find(&format!("word-{text}"), None);
            let text = word.unwrap_or_else(|| crate::page::moment(text, text.contains('T')));
            rows.push(json!({ "label": label, "text": text }));
        }
        Value::Number(number) => {
            rows.push(json!({ "label": label, "text": number.to_string() }));
        }
    }
}

/// The history of a thing: what happened, when and by whom.
pub(crate) async fn history(
    portal: &Portal,
    signed: &Signed,
    role: &str,
    kind: &str,
    id: &str,
) -> Vec<Value> {
    let path = format!("/v1/{role}/journal/of/{kind}/{}", encoded(id));
    let found = portal.node.get(&path, Some(&signed.token)).await;
    let entries = found.unwrap_or_default();
    let line = |entry: &Value| {
        let inner = &entry["entry"];
        let mut event = &inner["event"];
        let mut name = String::new();
        // Events of a part of a thing are inside one of the thing.
        for _ in 0..2 {
            match event {
                Value::String(word) => name.clone_from(word),
                Value::Object(fields) => {
                    if let Some((word, more)) = fields.iter().next() {
                        name.clone_from(word);
                        event = more;
                        if matches!(&word[..], "terms" | "collection" | "suspicion" | "opinion") {
                            continue;
                        }
                    }
                }
                _ => {}
            }
            break;
        }
        let at = inner["at"]
            .as_i64()
            .and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
        let text = signed.language.find(&format!("event-{name}"), None);
        let officer = inner["officer"].as_str().unwrap_or_default();
        json!({ "text": text.unwrap_or_else(|| name.replace('-', " ")), "at": at.map(|at| at.to_string()),
            "officer": if officer == "system" { signed.language.text("system") } else { officer.to_owned() },
            "number": entry["seq"] })
    };
    entries.as_array().into_iter().flatten().map(line).collect()
}

/// A page of one thing, with what can be done to it.
pub(crate) async fn page_of(
    portal: &Portal,
    signed: &Signed,
    role: &str,
    kind: &str,
    id: &str,
) -> Result<(Page, Value), PageFault> {
    known_list(role, kind).ok_or_else(|| PageFault::not_found(signed.language))?;
    let path = format!("/v1/{role}/{kind}/{}", encoded(id));
    let thing = portal.node.get(&path, Some(&signed.token)).await;
    let thing = thing.map_err(|fault| signed.fault(fault))?;
    let titles = portal.titles(signed).await;
    let shown = row(role, kind, &thing, &titles);
    let state = shown["state"].as_str().unwrap_or_default();
    let mut page = Page::of(signed);
    page.put("role", role);
    page.put("kind", kind);
    page.put("id", id);
    page.put("thing", &thing);
    page.put("row", &shown);
    page.put(
        "list_title",
        signed.language.text(&format!("list-{role}-{kind}")),
    );
    page.put("steps", commands::steps(signed, role, kind, state, id));
    page.put("history", history(portal, signed, role, kind, id).await);
    Ok((page, thing))
}

pub(crate) async fn thing(
    State(portal): State<Portal>,
    signed: Signed,
    Path((role, kind, id)): Path<(String, String, String)>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, PageFault> {
    let (mut page, thing) = page_of(&portal, &signed, &role, &kind, &id).await?;
    page.put("done", done(&signed, asked.get("done")));
    page.put("facts", facts(signed.language, &thing));
    page.put(
        "photographs",
        photographs(&portal, &signed, &kind, &id).await,
    );
    Ok(page.show("thing.html"))
}

/// The addresses of the photographs of a card.
async fn photographs(portal: &Portal, signed: &Signed, kind: &str, id: &str) -> Vec<Value> {
    if kind != "blank" {
        return Vec::new();
    }
    let of = format!("works/blank/{}/photographs", encoded(id));
    let path = format!("/v1/{of}");
    let found = portal.node.get(&path, Some(&signed.token)).await;
    let found = found.unwrap_or_default();
    let found = found.as_array().into_iter().flatten();
    found
        .map(|one| json!({ "title": one["title"], "address": format!("/desk/{of}/{}", one["number"]) }))
        .collect()
}

/// What was just done, for a page of its own.
pub(crate) fn note_done(page: &mut Page, signed: &Signed, asked: &BTreeMap<String, String>) {
    page.put("done", done(signed, asked.get("done")));
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for page in [
            "/",
            "/desk/office/dossier?state=draft",
            "/do/decide?dossier=a-1",
        ] {
            assert_eq!(own_page(page), page);
        }
        for elsewhere in [
            "",
            "evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\r\nx: y",
            "https://evil.example",
        ] {
            assert_eq!(own_page(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
