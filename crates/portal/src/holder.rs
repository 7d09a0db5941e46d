//! Whether who collects a document is its holder, and the document the right one: a finger on the scanner of the desk against
//! the print that was taken, and the chip in the reader against the dossier.

use crate::adjudication::drawn;
use crate::fault::PageFault;
use crate::forms::encoded;
use crate::inspection::{received, shown, verified};
use crate::page::Page;
use crate::record::Record;
use crate::router::Portal;
use crate::sent::{Sent, receive};
use crate::session::Signed;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, State};
use axum::response::Response;
use base64ct::{Base64, Encoding};
use rilascio_biometrics::{in_words, threshold_for};
use serde_json::{Value, json};

/// How many strangers would be taken for the holder: one in a thousand.
const FALSE_MATCH_RATE: f64 = 0.001;

/// A document that waits for its holder.
struct Waiting {
    id: String,
    /// The command that takes the check: activation, then hand-over.
    next: &'static str,
    /// The document, as the circuit names it.
    document: String,
    record: Record,
}

async fn waiting(portal: &Portal, signed: &Signed, id: String) -> Result<Waiting, PageFault> {
    let path = format!("/v1/office/dossier/{}", encoded(&id));
    let dossier = portal.ask(signed, &path).await?;
    let next = match dossier["phase"].as_str() {
        Some("at-office") => "activate",
        Some("activated") => "hand-over",
        _ => return Err(PageFault::not_found(signed.language)),
    };
    let record = Record::read(portal, signed, "office", &id).await;
    let record = record.map_err(|fault| signed.fault(fault))?;
    let document = dossier["document"].as_str().unwrap_or_default().to_owned();
    Ok(Waiting {
        id,
        next,
        document,
        record,
    })
}

fn page(portal: &Portal, signed: &Signed, case: &Waiting) -> Page {
    let shown = case.record.shown(signed.language, &Value::Null);
    let fingers: Vec<&Value> = shown["prints"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|print| !print["address"].is_null())
        .map(|print| &print["finger"])
        .collect();
    let mut page = Page::of(signed);
    page.put("fingers", fingers);
    page.put("id", &case.id);
    page.put("bridge", &*portal.bridge);
    page.put("portrait", &shown["portrait"]);
    page.put("person", &shown["person"]);
    page.put("fault", Value::Null);
    page.put("compared", Value::Null);
    page.put("report", Value::Null);
    page.put("document", &case.document);
    page.put("next", address_of(case, ""));
    page.put(
        "next_text",
        signed.language.text(&format!("command-{}", case.next)),
    );
    page
}

/// The form of the next step.
fn address_of(case: &Waiting, check: &str) -> String {
    format!("/do/{}?dossier={}{check}", case.next, encoded(&case.id))
}

pub(crate) async fn form(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, PageFault> {
    let case = waiting(&portal, &signed, id).await?;
    Ok(page(&portal, &signed, &case).show("holder.html"))
}

/// What the comparison says, or why there was none; the print of the scanner is kept nowhere.
async fn judged(
    portal: &Portal,
    signed: &Signed,
    case: &Waiting,
    sent: Sent,
) -> Result<Value, String> {
    let language = signed.language;
    let finger = sent.text("finger").to_owned();
    let taken = case
        .record
        .prints()
        .find(|print| print["finger"] == finger.as_str());
    let taken = taken.ok_or_else(|| language.text("finger-unknown"))?;
    let live = sent.file.ok_or_else(|| language.text("no-file"))?;
    let image = case.record.image(portal, signed, &taken["image"]).await;
    let kept = image
        .ok()
        .flatten()
        .ok_or_else(|| language.text("holder-no-prints"))?;
    let names = [language.text("holder-live"), language.text("holder-taken")];
    let work = move || drawn(&live, &kept.bytes, [&names[0], &names[1]], language);
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok((score, picture))) => Ok(json!({
            "finger": finger,
            "same": score >= threshold_for(FALSE_MATCH_RATE),
            "words": in_words(score, crate::language::biometric(language)),
            "picture": format!("data:image/svg+xml;base64,{}", Base64::encode_string(picture.as_bytes())),
        })),
        Ok(Err(why)) => Err(why.to_string()),
        Err(_) => Err(language.text("fault-unknown")),
    }
}

pub(crate) async fn compare(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
    parts: Multipart,
) -> Result<Response, PageFault> {
    let case = waiting(&portal, &signed, id).await?;
    let mut page = page(&portal, &signed, &case);
    let sent = receive(parts).await.unwrap_or_default();
    match judged(&portal, &signed, &case, sent).await {
        Ok(compared) => {
            if compared["same"] == true {
                page.put("next", address_of(&case, "&check=finger"));
            }
            page.put("compared", compared);
        }
        Err(why) => page.put("fault", why),
    }
    Ok(page.show("holder.html"))
}

/// The chip of the document: genuine, and the one that was made for this dossier.
pub(crate) async fn read_chip(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
    parts: Multipart,
) -> Result<Response, PageFault> {
    let case = waiting(&portal, &signed, id).await?;
    let mut page = page(&portal, &signed, &case);
    let Some(given) = received(parts).await else {
        page.put("fault", signed.language.text("inspection-no-files"));
        return Ok(page.show("holder.html"));
    };
    match verified(&portal, given, None).await {
        Some((report, portrait)) => {
            // A document is named by its profile and its number.
            let number = case.document.split_once('.').map(|(_, number)| number);
            let read = report.holder.as_ref().map(|holder| &holder.number[..]);
            page.put("own", read.is_some() && read == number);
            page.put("report", shown(signed.language, &report, portrait));
        }
        None => page.put("fault", signed.language.text("fault-unknown")),
    }
    Ok(page.show("holder.html"))
}
