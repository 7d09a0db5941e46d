//! Hits of a print search, side by side: faces, data, and the prints with the minutiae that fit.

use crate::dossier::has_said;
use crate::fault::PageFault;
use crate::forms::encoded;
use crate::language::{Language, biometric};
use crate::page::Page;
use crate::prints::extracted;
use crate::record::Record;
use crate::router::Portal;
use crate::session::Signed;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rilascio_biometrics::{Shown, adjudication_svg, compare, in_words};
use serde_json::{Value, json};

/// Hits on one page.
const SHOWN_MAX: usize = 5;

/// One person of a comparison, as parts of a page.
async fn person(portal: &Portal, signed: &Signed, id: &str) -> Value {
    let record = Record::read(portal, signed, "centre", id).await;
    let mut person = record
        .unwrap_or_default()
        .shown(signed.language, &Value::Null);
    person["id"] = json!(id);
    person["address"] = json!(format!("/desk/centre/dossier/{}", encoded(id)));
    person
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, PageFault> {
    let path = format!("/v1/centre/dossier/{}/hits", encoded(&id));
    let hits = portal.node.get(&path, Some(&signed.token)).await;
    let hits = hits.map_err(|fault| signed.fault(fault))?;
    let path = format!("/v1/centre/dossier/{}", encoded(&id));
    let dossier = portal.node.get(&path, Some(&signed.token)).await;
    let dossier = dossier.map_err(|fault| signed.fault(fault))?;
    let own = person(&portal, &signed, &id).await;
    let mut shown = Vec::new();
    for hit in hits.as_array().into_iter().flatten().take(SHOWN_MAX) {
        let subject = hit["subject"].as_str().unwrap_or_default();
        let other = person(&portal, &signed, subject).await;
        // The fingers that both have.
        let fingers: Vec<Value> = own["prints"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|print| {
                let same = |one: &Value| one["finger"] == print["finger"] && !one["address"].is_null();
                !print["address"].is_null() && other["prints"].as_array().is_some_and(|list| list.iter().any(same))
            })
            .map(|print| {
                let finger = print["finger"].as_str().unwrap_or_default();
                json!({ "finger": finger, "address": format!("/desk/centre/dossier/{}/hits/{}/{finger}", encoded(&id), encoded(subject)) })
            })
            .collect();
        let score = hit["score"]
            .as_i64()
            .and_then(|score| i32::try_from(score).ok());
        let words = score.map(|score| in_words(score, biometric(signed.language)));
        shown.push(json!({ "other": other, "fingers": fingers, "words": words, "earlier": hit["earlier"] }));
    }
    let judged = !dossier["adjudication"].is_null()
        || dossier["phase"] != "examination"
        || has_said(&signed, &dossier);
    let mut page = Page::of(&signed);
    page.put("id", &id);
    page.put("own", own);
    page.put("count", hits.as_array().map_or(0, Vec::len));
    page.put("hits", shown);
    let judge = format!("/do/adjudicate?dossier={}", encoded(&id));
    page.put("judge", (!judged && signed.has("examine")).then_some(judge));
    Ok(page.show("hits.html"))
}

/// The image of a finger of a dossier.
async fn print(portal: &Portal, signed: &Signed, id: &str, finger: &str) -> Option<Bytes> {
    let record = Record::read(portal, signed, "centre", id).await.ok()?;
    let print = record.prints().find(|print| print["finger"] == finger)?;
    let content = record.image(portal, signed, &print["image"]).await;
    content.ok()?.map(|content| content.bytes)
}

/// Two prints compared: the score, and both drawn with the minutiae that fit.
pub(crate) fn drawn(
    one: &[u8],
    other: &[u8],
    names: [&str; 2],
    language: Language,
) -> rilascio_biometrics::Result<(i32, String)> {
    let (first, second) = (extracted(one)?, extracted(other)?);
    let comparison = compare(&first.1.clone().into(), &second.1.clone().into());
    let shown = |name, (image, template)| Shown {
        name,
        image,
        template,
    };
    let picture = adjudication_svg(
        shown(names[0], (&first.0, &first.1)),
        shown(names[1], (&second.0, &second.1)),
        &comparison,
        biometric(language),
    )?;
    Ok((comparison.score(), picture))
}

/// Two prints with the minutiae that fit, drawn.
pub(crate) async fn picture(
    State(portal): State<Portal>,
    signed: Signed,
    Path((id, other, finger)): Path<(String, String, String)>,
) -> Result<Response, PageFault> {
    let not_found = || PageFault::not_found(signed.language);
    let one = print(&portal, &signed, &id, &finger)
        .await
        .ok_or_else(not_found)?;
    let two = print(&portal, &signed, &other, &finger)
        .await
        .ok_or_else(not_found)?;
    let language = signed.language;
    let work = move || drawn(&one, &two, [&id, &other], language);
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok((_, svg))) => {
            let headers = [
                (header::CONTENT_TYPE, "image/svg+xml; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
                (
                    header::CONTENT_SECURITY_POLICY,
                    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
                ),
            ];
            Ok((headers, svg).into_response())
        }
        _ => Err(not_found()),
    }
}
