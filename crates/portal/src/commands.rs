//! Every command as a form: shown with what is known already, sent once, and answered on the page of what it changed.

use crate::fault::{NodeFault, PageFault};
use crate::forms::{self, Field, Kind, encoded};
use crate::page::Page;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, Query, State};
use axum::http::Method;
use axum::response::{IntoResponse, Redirect, Response};
use base64ct::{Base64, Encoding};
use rilascio_node::{Command, Role};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Fields that name things: they are filled in by the page from which somebody comes.
const GIVEN: [&str; 11] = [
    "act_number",
    "dossier",
    "document",
    "consignment",
    "order",
    "blank",
    "sheet",
    "entry",
    "file",
    "attestation",
    "seen",
];

/// What may be done to a thing in a state, by the role that has it.
pub(crate) const STEPS: &[(&str, &str, &[&str], &str)] = &[
    ("office", "dossier", &["enrolled"], "submit-dossier"),
    (
        "office",
        "dossier",
        &["draft", "enrolled", "submitted", "examination"],
        "bring-papers",
    ),
    (
        "office",
        "dossier",
        &["draft", "enrolled"],
        "withdraw-dossier",
    ),
    ("office", "dossier", &["at-office"], "activate"),
    ("office", "dossier", &["activated"], "hand-over"),
    ("office", "dossier", &["at-office", "activated"], "complain"),
    ("office", "dossier", &["at-office", "activated"], "recall"),
    (
        "office",
        "dossier",
        &["at-office", "activated"],
        "issue-attestation",
    ),
    (
        "office",
        "dossier",
        &["submitted", "examination", "ordered"],
        "issue-paper",
    ),
    (
        "office",
        "dossier",
        &["at-office", "activated"],
        "shelve-document",
    ),
    (
        "office",
        "dossier",
        &["at-office", "activated"],
        "set-appointment",
    ),
    (
        "office",
        "dossier",
        &["at-office", "activated"],
        "call-off-appointment",
    ),
    (
        "office",
        "consignment",
        &["dispatched"],
        "receive-consignment",
    ),
    ("office", "attestation", &["issued"], "end-attestation"),
    ("office", "sheet", &["in-stock"], "spoil-sheet"),
    ("office", "sheet", &["in-stock", "spoiled"], "miss-sheet"),
    ("office", "sheet", &["spoiled"], "destroy-sheet"),
    ("office", "legacy-file", &["open"], "finish-legacy-file"),
    ("office", "legacy-file", &["open"], "except-legacy-file"),
    ("centre", "dossier", &["examination"], "adjudicate"),
    ("centre", "dossier", &["examination"], "examine-findings"),
    ("centre", "dossier", &["examination"], "propose"),
    ("centre", "dossier", &["proposed"], "decide"),
    ("centre", "dossier", &["examination"], "ask-papers"),
    (
        "centre",
        "dossier",
        &["examination", "proposed", "authorised"],
        "suspect-fraud",
    ),
    ("centre", "dossier", &["examination"], "judge-suspicion"),
    (
        "centre",
        "dossier",
        &["examination", "proposed"],
        "give-notice",
    ),
    (
        "centre",
        "dossier",
        &["examination", "proposed"],
        "return-dossier",
    ),
    (
        "centre",
        "dossier",
        &["examination", "proposed", "authorised", "certified"],
        "cancel-dossier",
    ),
    (
        "centre",
        "dossier",
        &["ordered", "in-production"],
        "recall-order",
    ),
    ("centre", "dossier", &["certified"], "order-again"),
    (
        "centre",
        "dossier",
        &["produced", "dispatched"],
        "lose-document",
    ),
    ("centre", "works", &["running"], "stop-works"),
    ("centre", "works", &["running", "stopped"], "lose-works"),
    ("centre", "works", &["stopped", "lost"], "resume-works"),
    ("centre", "dossier", &["examination"], "note-answer"),
    ("centre", "dossier", &["refused"], "note-appeal"),
    ("centre", "dossier", &["refused"], "decide-appeal"),
    ("centre", "watch-entry", &["in-force"], "end-watch"),
    (
        "centre",
        "document",
        &["produced", "activated", "in-force", "suspended"],
        "block-document",
    ),
    ("centre", "document", &["in-force"], "suspend-document"),
    ("centre", "document", &["suspended"], "resume-document"),
    (
        "centre",
        "document",
        &["in-force", "suspended"],
        "propose-revocation",
    ),
    (
        "centre",
        "document",
        &["in-force", "suspended"],
        "confirm-revocation",
    ),
    (
        "works",
        "consignment",
        &["dispatched", "coming-back"],
        "report-lost-consignment",
    ),
    (
        "works",
        "consignment",
        &["dispatched"],
        "take-back-consignment",
    ),
    (
        "works",
        "blank",
        &["received", "initialised", "assigned"],
        "spoil-blank",
    ),
    (
        "works",
        "blank",
        &["received", "initialised", "assigned", "spoiled"],
        "miss-blank",
    ),
    ("works", "blank", &["spoiled"], "photograph-blank"),
    ("works", "blank", &["missing"], "find-blank"),
    ("registry", "access-grant", &["given"], "end-access"),
    (
        "registry",
        "registration",
        &["changed", "published"],
        "report-loss",
    ),
];

/// What begins something new, by the list at which it is offered.
pub(crate) const BEGINNINGS: &[(&str, &str, &str)] = &[
    ("office", "dossier", "open-dossier"),
    ("office", "loss-report", "report-loss"),
    ("office", "sheet", "receive-sheets"),
    ("office", "legacy-file", "note-legacy-file"),
    ("centre", "watch-entry", "enter-watch"),
    ("centre", "works", "stop-works"),
    ("centre", "works", "lose-works"),
    ("works", "blank", "receive-blanks"),
    ("works", "blank", "initialise-blanks"),
    ("works", "blank", "assign-blanks"),
    ("works", "blank", "return-blanks"),
    ("works", "blank", "destroy-blanks"),
    ("works", "stock-take", "take-stock"),
    ("works", "order", "dispatch"),
    ("works", "order", "close-day"),
    ("registry", "access-grant", "grant-access"),
    ("registry", "registration", "look-up"),
];

/// The name of a right as sessions write it.
pub(crate) fn right_of(command: &str) -> Option<(Role, String)> {
    let (_, role, right) = Command::TABLE
        .iter()
        .find(|(name, _, _)| *name == command)?;
    let right = serde_json::to_value(right).ok()?;
    Some((*role, right.as_str()?.to_owned()))
}

pub(crate) fn may(signed: &Signed, command: &str) -> bool {
    right_of(command).is_some_and(|(_, right)| signed.has(&right))
}

/// The steps that somebody may take with a thing, each with its address.
pub(crate) fn steps(signed: &Signed, role: &str, kind: &str, state: &str, id: &str) -> Vec<Value> {
    let state = state.rsplit('/').next().unwrap_or(state);
    STEPS
        .iter()
        .filter(|(at, of, states, command)| {
            *at == role && *of == kind && states.contains(&state) && may(signed, command)
        })
        .map(|(_, _, _, command)| {
            let field = match kind {
                "legacy-file" => "file",
                "watch-entry" => "entry",
                "access-grant" => "grant",
                "registration" => "document",
                other => other,
            };
            let address = format!("/do/{command}?{field}={}", encoded(id));
            json!({ "address": address, "text": signed.language.text(&format!("command-{command}")), "command": command })
        })
        .collect()
}

/// A name for a command that is given once, also when its form is sent twice.
pub(crate) fn fresh_name() -> String {
    let mut bytes = [0; 16];
    // Without randomness the node refuses an empty name: nothing is done twice.
    if getrandom::fill(&mut bytes).is_err() {
        return String::new();
    }
    format!("page-{:032x}", u128::from_be_bytes(bytes))
}

/// The documents that should be in a parcel, to be ticked off one by one.
async fn expected(
    portal: &Portal,
    signed: &Signed,
    command: &str,
    filled: &BTreeMap<String, String>,
) -> Option<Vec<String>> {
    let (role, _) = right_of(command)?;
    let path = format!(
        "/v1/{}/consignment/{}",
        role.name(),
        encoded(filled.get("consignment")?)
    );
    let parcel = portal.node.get(&path, Some(&signed.token)).await.ok()?;
    let items = parcel["items"].as_array()?.iter();
    Some(
        items
            .filter_map(|item| Some(item["document"].as_str()?.to_owned()))
            .collect(),
    )
}

/// The free times of a form that sets an appointment.
async fn free_times(
    portal: &Portal,
    signed: &Signed,
    command: &str,
    filled: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let Some(dossier) = filled
        .get("dossier")
        .filter(|_| command == "set-appointment")
    else {
        return BTreeMap::new();
    };
    let path = format!("/v1/office/dossier/{}/times", encoded(dossier));
    let times = portal.node.get(&path, Some(&signed.token)).await;
    crate::waiting::choices(&times.unwrap_or_default())
}

fn checks(
    field: &Field,
    documents: &[String],
    filled: &BTreeMap<String, String>,
    signed: &Signed,
) -> Value {
    let ticked = filled.get(&field.name).map_or("", String::as_str);
    let options: Vec<Value> = documents
        .iter()
        .map(|document| json!({ "word": document, "ticked": ticked.lines().any(|line| line == document) }))
        .collect();
    json!({ "name": field.name, "kind": "checks", "label": signed.language.text("field-found"), "options": options })
}

fn shown(
    field: &Field,
    filled: &BTreeMap<String, String>,
    signed: &Signed,
    titles: &BTreeMap<String, String>,
) -> Value {
    let last = field.name.rsplit('.').next().unwrap_or(&field.name);
    let value = filled.get(&field.name).cloned().unwrap_or_default();
    let language = signed.language;
    let option = |word: &str, more: bool| {
        let title = titles.get(word);
        let text = title
            .cloned()
            .unwrap_or_else(|| language.text(&format!("word-{word}")));
        let behind = filled
            .get(&format!("{}.{word}", field.name))
            .cloned()
            .unwrap_or_default();
        json!({ "word": word, "text": text, "more": more, "behind": behind })
    };
    let options: Vec<Value> = match &field.kind {
        Kind::Choice(words) => words.iter().map(|word| option(word, false)).collect(),
        Kind::Tagged(words) => words
            .iter()
            .map(|(word, more)| option(word, *more))
            .collect(),
        _ => Vec::new(),
    };
    let given = GIVEN.contains(&last) && !value.is_empty();
    let hint = language.find(&format!("hint-{last}"), None);
    json!({ "name": field.name, "kind": if given { "given" } else { field.kind.name() }, "required": field.required,
        "label": language.text(&format!("field-{last}")), "hint": hint, "value": value, "options": options })
}

async fn form(
    portal: &Portal,
    signed: &Signed,
    name: &str,
    filled: &BTreeMap<String, String>,
    fault: Option<&NodeFault>,
    id: &str,
) -> Result<Response, PageFault> {
    let not_found = || PageFault::not_found(signed.language);
    let mut fields = portal.schemas.fields(name).ok_or_else(not_found)?;
    // Profiles and appointments are chosen, not typed.
    let titles = portal.titles(signed).await;
    let times = free_times(portal, signed, name, filled).await;
    for field in &mut fields {
        match &field.name[..] {
            "profile" => field.kind = Kind::Choice(titles.keys().cloned().collect()),
            "at" if !times.is_empty() => field.kind = Kind::Choice(times.keys().cloned().collect()),
            _ => {}
        }
    }
    let titles = titles.into_iter().chain(times).collect();
    let mut page = Page::of(signed);
    let expected = expected(portal, signed, name, filled).await;
    let rows: Vec<Value> = fields
        .iter()
        .map(|field| match &expected {
            Some(documents) if field.name == "found" => checks(field, documents, filled, signed),
            _ => shown(field, filled, signed, &titles),
        })
        .collect();
    page.put("command", name);
    page.put("title", signed.language.text(&format!("command-{name}")));
    page.put("hint", signed.language.find(&format!("about-{name}"), None));
    page.put(
        "upload",
        fields.iter().any(|field| field.kind == Kind::Papers),
    );
    page.put("fields", rows);
    page.put("id", id);
    page.put(
        "back",
        filled.get("dossier").map(|dossier| {
            let role = right_of(name).map_or("office", |(role, _)| role.name());
            format!("/desk/{role}/dossier/{}", encoded(dossier))
        }),
    );
    page.put("faults", fault.map(|fault| fault.lines(signed.language)));
    let mut response = page.show("command.html");
    if let Some(fault) = fault {
        *response.status_mut() = fault.status;
    }
    Ok(response)
}

/// The form of a command.
pub(crate) async fn show(
    State(portal): State<Portal>,
    signed: Signed,
    Path(name): Path<String>,
    Query(given): Query<BTreeMap<String, String>>,
) -> Result<Response, PageFault> {
    if name == "enrol" {
        return Err(PageFault::not_found(signed.language));
    }
    form(&portal, &signed, &name, &given, None, &fresh_name()).await
}

/// The fields and files of a form that was sent.
pub(crate) async fn received(
    mut parts: Multipart,
) -> Option<(BTreeMap<String, String>, Vec<Vec<u8>>)> {
    let (mut filled, mut files) = (BTreeMap::new(), Vec::new());
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.name()?.to_owned();
        if part.file_name().is_some() {
            let bytes = part.bytes().await.ok()?;
            if !bytes.is_empty() {
                files.push(bytes.to_vec());
            }
        } else {
            let text = part.text().await.ok()?;
            // Boxes of one name are lines of one field.
            let lines: &mut String = filled.entry(name).or_default();
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(&text);
        }
    }
    Some((filled, files))
}

/// Gives the command that a form holds.
pub(crate) async fn give(
    State(portal): State<Portal>,
    signed: Signed,
    Path(name): Path<String>,
    parts: Multipart,
) -> Result<Response, PageFault> {
    let not_found = || PageFault::not_found(signed.language);
    let fields = portal.schemas.fields(&name).ok_or_else(not_found)?;
    let (filled, files) = received(parts)
        .await
        .ok_or_else(|| signed.fault(NodeFault::broken_form()))?;
    let mut command = forms::command(&fields, &filled);
    if fields.iter().any(|field| field.kind == Kind::Papers) {
        let title = filled.get("papers.title").map_or("", |title| title.trim());
        let papers = files
            .iter()
            .map(|bytes| json!({ "title": title, "content": Base64::encode_string(bytes) }));
        command["papers"] = papers.collect();
    }
    let id = filled.get("command-name").cloned().unwrap_or_default();
    let path = format!("/v1/commands/{name}");
    let given = portal
        .node
        .send_json(
            Method::POST,
            &path,
            Some(&signed.token),
            Some(&id),
            &command,
        )
        .await;
    match given {
        Ok(answer) => Ok(done(&name, &filled, &answer).into_response()),
        Err(fault) if fault.status == axum::http::StatusCode::UNAUTHORIZED => {
            Err(signed.fault(fault))
        }
        // Another name: the form may be changed and sent again.
        Err(fault) => {
            form(
                &portal,
                &signed,
                &name,
                &filled,
                Some(&fault),
                &fresh_name(),
            )
            .await
        }
    }
}

/// Where somebody goes after a command: to what it changed.
fn done(name: &str, filled: &BTreeMap<String, String>, answer: &Value) -> Redirect {
    let role = right_of(name).map_or("office", |(role, _)| role.name());
    let first = answer["ids"][0].as_str().unwrap_or_default();
    let begun = BEGINNINGS.iter().find(|(_, _, command)| *command == name);
    let step = STEPS.iter().find(|(_, _, _, command)| *command == name);
    let word = format!("?done={name}");
    let address = match (filled.get("dossier"), begun, step) {
        (Some(dossier), _, _) => format!("/desk/{role}/dossier/{}{word}", encoded(dossier)),
        (None, Some((_, "dossier", _)), _) => {
            format!("/desk/office/dossier/{}/enrol/person", encoded(first))
        }
        (None, Some((_, kind, _)), _) => format!("/desk/{role}/{kind}{word}"),
        (None, None, Some((_, kind, _, _))) => {
            format!("/desk/{role}/{kind}/{}{word}", encoded(first))
        }
        (None, None, None) => format!("/{word}"),
    };
    Redirect::to(&address)
}
