//! What applicants see without an account, by number and code of their receipt.

use crate::desk::facts;
use crate::dossier::way;
use crate::language::Language;
use crate::page::Page;
use crate::router::Portal;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Default, Deserialize)]
pub(crate) struct Receipt {
    dossier: String,
    code: String,
}

fn page(language: Language, asked: &Receipt) -> Page {
    let mut page = Page::plain(language, "/status");
    page.put("dossier", &asked.dossier);
    page.put("fault", Value::Null);
    page.put("view", Value::Null);
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
    let language = Language::wanted(&headers);
    let mut page = page(language, &asked);
    let body = json!({ "dossier": asked.dossier.trim(), "code": asked.code.trim() });
    let found = portal
        .node
        .send_json(Method::POST, "/v1/applicant", None, None, &body)
        .await;
    match found {
        Ok(view) => {
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
            page.put("view", view);
            page.show("status.html")
        }
        Err(fault) => {
            let unknown = fault.status.is_client_error();
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
