//! The page of a dossier: where it stands, who it is about, its papers, what stands against a grant, and its history.

use crate::commands;
use crate::desk::{facts, note_done, page_of};
use crate::fault::PageFault;
use crate::files::{response, saved};
use crate::forms::encoded;
use crate::language::Language;
use crate::page::Page;
use crate::pictures::for_browser;
use crate::record::Record;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The way of a dossier, as its holder would count it.
const WAY: [(&str, &[&str]); 6] = [
    ("way-desk", &["draft", "enrolled"]),
    (
        "way-centre",
        &["submitted", "examination", "proposed", "authorised"],
    ),
    (
        "way-works",
        &["certified", "ordered", "in-production", "produced"],
    ),
    ("way-parcel", &["dispatched"]),
    ("way-office", &["at-office", "activated"]),
    ("way-holder", &["handed-over"]),
];

/// The way with what is behind and where it stands.
pub(crate) fn way(language: Language, phase: &str) -> Vec<Value> {
    let here = WAY.iter().position(|(_, phases)| phases.contains(&phase));
    WAY.iter()
        .enumerate()
        .map(|(place, (key, _))| {
            let state = match here {
                Some(here) if place < here || phase == "handed-over" => "done",
                Some(here) if place == here => "now",
                _ => "to-come",
            };
            json!({ "text": language.text(key), "state": state, "number": place + 1 })
        })
        .collect()
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The record, the acts and the papers of a dossier, when this officer may see them and they were not forgotten.
async fn put_record(
    portal: &Portal,
    signed: &Signed,
    page: &mut Page,
    role: &str,
    id: &str,
    profile: &Value,
    served: &Value,
) {
    let record = Record::read(portal, signed, role, id).await;
    page.put_all(record.unwrap_or_default().shown(signed.language, profile));
    let listed = async |what: &str| {
        let path = format!("/v1/{role}/dossier/{}/{what}", encoded(id));
        let found = portal.node.get(&path, Some(&signed.token)).await;
        found.unwrap_or_default()
    };
    let address = |what: &str, number: &str| {
        format!(
            "/desk/{role}/dossier/{}/{what}/{}",
            encoded(id),
            encoded(number)
        )
    };
    let acts: Vec<Value> = items(&listed("acts").await)
        .map(|one| {
            let act = &one["act"];
            let number = act["number"].as_str().unwrap_or_default();
            let served = items(served).find(|one| one["act"] == number);
            let serve = (role == "office" && served.is_none() && signed.has("hand-over"))
                .then(|| format!("/do/serve-act?dossier={}&act_number={}", encoded(id), encoded(number)));
            json!({ "number": number, "kind": act["kind"], "given": act["given"], "address": address("acts", number),
                "served": served.map(|one| &one["at"]), "serve": serve })
        })
        .collect();
    page.put("acts", acts);
    let papers: Vec<Value> = items(&listed("papers").await)
        .map(|paper| {
            json!({ "title": paper["title"], "number": paper["number"],
                "address": address("papers", &paper["number"].to_string()) })
        })
        .collect();
    page.put("papers", papers);
}

async fn profile_of(portal: &Portal, signed: &Signed, thing: &Value) -> Value {
    let name = thing["profile"].as_str().unwrap_or_default();
    let known = portal.profiles(signed).await;
    known.get(name).cloned().unwrap_or(Value::Null)
}

/// True when this officer has given an opinion on the hits.
pub(crate) fn has_said(signed: &Signed, thing: &Value) -> bool {
    let me = &signed.session["actor"]["officer"];
    let opinion = &thing["opinion"];
    opinion.is_object() && (opinion["first"] == *me || opinion["second"] == *me)
}

/// The steps of the centre that can still be of use: what the rules would refuse anyway is not offered.
fn fitting(signed: &Signed, thing: &Value, profile: &Value, id: &str) -> Vec<Value> {
    let phase = thing["phase"].as_str().unwrap_or_default();
    let (terms, rules) = (&thing["terms"], &profile["circuit"]);
    let open = |one: &Value| !one.is_null() && one["closed"].is_null();
    let stands = open(&terms["papers"]) || open(&terms["notice"]);
    let appeal = &terms["appeal"];
    let suspicion = &thing["suspicion"];
    let suspected = suspicion.is_object() && suspicion["outcome"].is_null();
    let mut steps = commands::steps(signed, "centre", "dossier", phase, id);
    steps.retain(|step| match step["command"].as_str().unwrap_or_default() {
        "adjudicate" => {
            let hits = thing["identification"]["hits"].is_u64() || thing["same_fingers"] == false;
            hits && thing["adjudication"].is_null() && !has_said(signed, thing)
        }
        "propose" => !stands,
        "suspect-fraud" => !suspected,
        "judge-suspicion" => suspected,
        "ask-papers" => rules["papers_days"] != 0 && terms["papers"].is_null() && !stands,
        "give-notice" => rules["notice_days"] != 0 && terms["notice"].is_null() && !stands,
        "note-answer" => open(&terms["notice"]),
        "note-appeal" => appeal.is_null() || appeal["outcome"]["upheld"] == true,
        "decide-appeal" => !appeal.is_null() && appeal["outcome"].is_null(),
        _ => true,
    });
    steps
}

fn put_state(signed: &Signed, page: &mut Page, thing: &Value) {
    let phase = thing["phase"].as_str().unwrap_or_default();
    page.put("phase", phase);
    page.put("way", way(signed.language, phase));
    page.put("terms", &thing["terms"]);
    page.put("suspicion", &thing["suspicion"]);
    let waits = thing["adjudication"].is_null();
    page.put("opinion", waits.then_some(&thing["opinion"]));
    let mut rest = thing.clone();
    if let Some(fields) = rest.as_object_mut() {
        for shown in [
            "terms", "phase", "id", "receipt", "followed", "orders", "opinion", "served",
        ] {
            fields.remove(shown);
        }
        if let Some(enrolment) = fields.get_mut("enrolment").and_then(Value::as_object_mut) {
            enrolment.remove("content");
        }
    }
    page.put("facts", facts(signed.language, &rest));
}

pub(crate) async fn at_office(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, PageFault> {
    let (mut page, thing) = page_of(&portal, &signed, "office", "dossier", &id).await?;
    note_done(&mut page, &signed, &asked);
    put_state(&signed, &mut page, &thing);
    if thing["collection"]["appointment"].is_null() {
        let phase = thing["phase"].as_str().unwrap_or_default();
        let mut steps = commands::steps(&signed, "office", "dossier", phase, &id);
        steps.retain(|step| step["command"] != "call-off-appointment");
        page.put("steps", steps);
    }
    let open = matches!(thing["phase"].as_str(), Some("draft" | "enrolled"));
    let address = format!("/desk/office/dossier/{}", encoded(&id));
    page.put(
        "enrol",
        (open && signed.has("enrol")).then(|| format!("{address}/enrol/person")),
    );
    page.put(
        "receipt",
        signed.has("enrol").then(|| format!("{address}/receipt")),
    );
    // What the holder has may be lost.
    let lost = (thing["phase"] == "handed-over" && commands::may(&signed, "report-loss"))
        .then(|| thing["document"].as_str().unwrap_or_default())
        .map(|document| {
            format!(
                "/do/report-loss?document={}&dossier={}",
                encoded(document),
                encoded(&id)
            )
        });
    page.put("lost", lost);
    let waits = matches!(thing["phase"].as_str(), Some("at-office" | "activated"));
    page.put(
        "holder",
        (waits && signed.has("hand-over")).then(|| format!("{address}/holder")),
    );
    let profile = profile_of(&portal, &signed, &thing).await;
    put_record(
        &portal,
        &signed,
        &mut page,
        "office",
        &id,
        &profile,
        &thing["served"],
    )
    .await;
    page.put("findings", Value::Null);
    page.put("hits", Value::Null);
    Ok(page.show("dossier.html"))
}

pub(crate) async fn at_centre(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Result<Response, PageFault> {
    let (mut page, thing) = page_of(&portal, &signed, "centre", "dossier", &id).await?;
    note_done(&mut page, &signed, &asked);
    put_state(&signed, &mut page, &thing);
    page.put("enrol", Value::Null);
    page.put("receipt", Value::Null);
    page.put("holder", Value::Null);
    page.put("lost", Value::Null);
    let profile = profile_of(&portal, &signed, &thing).await;
    let hits = thing["identification"]["hits"].is_u64() || thing["same_fingers"] == false;
    let address = format!("/desk/centre/dossier/{}/hits", encoded(&id));
    page.put(
        "hits",
        (hits && (signed.has("examine") || signed.has("decide"))).then_some(address),
    );
    page.put("steps", fitting(&signed, &thing, &profile, &id));
    put_record(
        &portal,
        &signed,
        &mut page,
        "centre",
        &id,
        &profile,
        &thing["served"],
    )
    .await;
    let mut findings = Value::Null;
    // Findings are read by whoever judges them, and the journal says so.
    if signed.has("examine") && thing["screening"]["findings"].is_u64() {
        let path = format!("/v1/centre/dossier/{}/findings", encoded(&id));
        findings = portal
            .node
            .get(&path, Some(&signed.token))
            .await
            .unwrap_or_default();
    }
    if let Some(list) = findings["findings"].as_array() {
        let shown: Vec<Value> = list
            .iter()
            .map(|one| json!({ "finding": one["finding"], "facts": facts(signed.language, one) }))
            .collect();
        let seen = findings["seen"].as_str().unwrap_or_default();
        let judge = (thing["phase"] == "examination" && thing["cleared"].is_null()).then(|| {
            format!(
                "/do/examine-findings?dossier={}&seen={}",
                encoded(&id),
                encoded(seen)
            )
        });
        page.put("findings", json!({ "list": shown, "judge": judge }));
    } else {
        page.put("findings", Value::Null);
    }
    Ok(page.show("dossier.html"))
}

/// Bytes of the node as they are.
async fn passed_on(portal: &Portal, signed: &Signed, path: &str) -> Result<Response, PageFault> {
    let content = portal.node.content(path, Some(&signed.token)).await;
    let mut content = content.map_err(|fault| signed.fault(fault))?;
    if content.media != "application/pdf" {
        content = for_browser(content).await;
    }
    // A sandboxed page opens no PDF: it is saved and opened by its own program.
    let place = match &content.media[..] {
        "application/pdf" => "attachment; filename=\"paper.pdf\"",
        "image/png" => "inline; filename=\"image.png\"",
        _ => "inline; filename=\"image.jpg\"",
    };
    Ok(response(content, place))
}

pub(crate) async fn image(
    State(portal): State<Portal>,
    signed: Signed,
    Path((role, id, number)): Path<(String, String, u32)>,
) -> Result<Response, PageFault> {
    let path = format!(
        "/v1/{}/dossier/{}/images/{number}",
        encoded(&role),
        encoded(&id)
    );
    passed_on(&portal, &signed, &path).await
}

pub(crate) async fn paper(
    State(portal): State<Portal>,
    signed: Signed,
    Path((role, id, number)): Path<(String, String, u32)>,
) -> Result<Response, PageFault> {
    let path = format!(
        "/v1/{}/dossier/{}/papers/{number}",
        encoded(&role),
        encoded(&id)
    );
    passed_on(&portal, &signed, &path).await
}

fn act_path(role: &str, id: &str, number: &str) -> String {
    let (role, id, number) = (encoded(role), encoded(id), encoded(number));
    format!("/v1/{role}/dossier/{id}/acts/{number}")
}

/// The letter of an act.
pub(crate) async fn act(
    State(portal): State<Portal>,
    signed: Signed,
    Path((role, id, number)): Path<(String, String, String)>,
) -> Result<Response, PageFault> {
    let path = act_path(&role, &id, &number);
    saved(&portal, &signed, &path, &format!("{number}.pdf")).await
}

/// An act with its signature.
pub(crate) async fn signed_act(
    State(portal): State<Portal>,
    signed: Signed,
    Path((role, id, number)): Path<(String, String, String)>,
) -> Result<Response, PageFault> {
    let path = format!("{}/signed", act_path(&role, &id, &number));
    saved(&portal, &signed, &path, &format!("{number}.pdf.p7m")).await
}

pub(crate) async fn photograph(
    State(portal): State<Portal>,
    signed: Signed,
    Path((id, number)): Path<(String, u32)>,
) -> Result<Response, PageFault> {
    let path = format!("/v1/works/blank/{}/photographs/{number}", encoded(&id));
    passed_on(&portal, &signed, &path).await
}

pub(crate) async fn receipt(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, PageFault> {
    let path = format!("/v1/office/dossier/{}/receipt", encoded(&id));
    let made = portal.node.get(&path, Some(&signed.token)).await;
    let made = made.map_err(|fault| signed.fault(fault))?;
    let mut page = Page::of(&signed);
    page.put("receipt", made);
    page.put("id", id);
    Ok(page.show("receipt.html"))
}
