//! What applicants see without an account, by number and code of their receipt.

use crate::desk::facts;
use crate::dossier::way;
use crate::fault::NodeFault;
use crate::language::Language;
use crate::page::Page;
use crate::router::Portal;
use crate::waiting::choices;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use jiff::civil::DateTime;
use rilascio_circuit::process::on_the_wall;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Default, Deserialize)]
pub(crate) struct Receipt {
    dossier: String,
    code: String,
}

/// When the holder comes: at no appointment if empty.
#[derive(Deserialize)]
pub(crate) struct Coming {
    dossier: String,
    code: String,
    #[serde(default)]
    at: String,
}

fn page(language: Language, asked: &Receipt) -> Page {
    let mut page = Page::plain(language, "/status");
    page.put("dossier", &asked.dossier);
    page.put("fault", Value::Null);
    page.put("code", &asked.code);
    page.put("view", Value::Null);
    page.put("times", Value::Null);
    page
}

pub(crate) async fn form(headers: HeaderMap) -> Response {
    page(Language::wanted(&headers), &Receipt::default()).show("status.html")
}

pub(crate) async fn look(
    State(portal): State<Portal>,
    headers: HeaderMap,
    Form(asked): Form<Receipt>,
) -> Response {
    status(&portal, Language::wanted(&headers), &asked, None).await
}

/// Makes an appointment, or calls it off, and shows where everything stands then.
pub(crate) async fn come(
    State(portal): State<Portal>,
    headers: HeaderMap,
    Form(coming): Form<Coming>,
) -> Response {
    let language = Language::wanted(&headers);
    let asked = Receipt {
        dossier: coming.dossier,
        code: coming.code,
    };
    let at = Some(coming.at).filter(|at| !at.is_empty());
    let body = json!({ "receipt": receipt(&asked), "at": at });
    let done = portal
        .node
        .send_json(Method::POST, "/v1/applicant/appointment", None, None, &body)
        .await;
    status(&portal, language, &asked, done.err()).await
}

fn receipt(asked: &Receipt) -> Value {
    json!({ "dossier": asked.dossier.trim(), "code": asked.code.trim() })
}

/// The page of a receipt, with what went wrong before.
async fn status(
    portal: &Portal,
    language: Language,
    asked: &Receipt,
    before: Option<NodeFault>,
) -> Response {
    let mut page = page(language, asked);
    let body = receipt(asked);
    let found = portal
        .node
        .send_json(Method::POST, "/v1/applicant", None, None, &body)
        .await;
    match found {
        Ok(mut view) => {
            let today = on_the_wall((portal.clock)()).date();
            let comes = view["appointment"].as_str();
            let comes = comes.and_then(|at| at.parse::<DateTime>().ok());
            if comes.is_some_and(|at| at.date() < today) {
                view["appointment"] = Value::Null;
            }
            let phase = view["phase"].as_str().unwrap_or_default();
            page.put("way", way(language, phase));
            let say = language.find(&format!("holder-{phase}"), None);
            page.put(
                "say",
                say.unwrap_or_else(|| language.text("holder-on-its-way")),
            );
            let documents = view["documents"].as_array().into_iter().flatten();
            let documents: Vec<Value> = documents
                .map(|one| {
                    let mut own = one.clone();
                    let seen = own["seen_by"].take();
                    json!({ "facts": facts(language, &own), "seen": seen })
                })
                .collect();
            page.put("documents", documents);
            let times = portal
                .node
                .send_json(Method::POST, "/v1/applicant/times", None, None, &body)
                .await;
            let times = choices(&times.unwrap_or_default());
            let times: Vec<Value> = times
                .iter()
                .map(|(at, text)| json!({ "at": at, "text": text }))
                .collect();
            page.put("times", times);
            page.put("view", view);
            match before {
                None => page.show("status.html"),
                Some(fault) => {
                    page.put("fault", fault.line(language));
                    page.show_as(fault.status, "status.html")
                }
            }
        }
        Err(fault) => {
            let often = fault.status == axum::http::StatusCode::TOO_MANY_REQUESTS;
            let unknown = fault.status.is_client_error() && !often;
            let said = if unknown {
                language.text("status-unknown")
            } else {
                fault.line(language)
            };
            page.put("fault", said);
            page.show_as(fault.status, "status.html")
        }
    }
}
