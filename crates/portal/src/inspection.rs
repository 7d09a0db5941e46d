//! The control of a document: its files are uploaded, verified up to the anchors of this installation, and shown; to
//! officers, and to holders who read their own document.

use crate::desk::facts;
use crate::language::Language;
use crate::page::Page;
use crate::pictures::from_jpeg2000;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::State;
use axum::extract::multipart::Multipart;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64ct::{Base64, Encoding};
use rilascio_inspection::{Check, Holder, Reading, Report, inspect_files};
use rilascio_mrtd::face::FaceFormat;
use rilascio_mrtd::lds::{DataGroup, Dg2, FileId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

/// How long a holder's reading may take to arrive.
const OWN_TIME: Duration = Duration::from_secs(30);
/// Files of a chip: 16 data groups and a handful of others.
const FILES_MAX: usize = 32;

/// The page of officers, or of holders.
struct Place {
    template: &'static str,
    page: Page,
    language: Language,
}

impl Place {
    fn of_officer(portal: &Portal, signed: &Signed) -> Self {
        Self::new(portal, "inspection.html", Page::of(signed), signed.language)
    }

    fn of_holder(portal: &Portal, headers: &HeaderMap) -> Self {
        let language = Language::wanted(headers);
        let page = Page::plain(language, "/own-document");
        Self::new(portal, "own-document.html", page, language)
    }

    fn new(portal: &Portal, template: &'static str, mut page: Page, language: Language) -> Self {
        page.put("bridge", &*portal.bridge);
        page.put("report", Value::Null);
        page.put("fault", Value::Null);
        Self {
            template,
            page,
            language,
        }
    }

    fn fault(mut self, status: StatusCode, text: &str) -> Response {
        self.page.put("fault", self.language.text(text));
        self.page.show_as(status, self.template)
    }
}

pub(crate) async fn form(State(portal): State<Portal>, signed: Signed) -> Response {
    let place = Place::of_officer(&portal, &signed);
    place.page.show(place.template)
}

/// The form of a holder, without an account.
pub(crate) async fn own_form(State(portal): State<Portal>, headers: HeaderMap) -> Response {
    let place = Place::of_holder(&portal, &headers);
    place.page.show(place.template)
}

/// What was sent to be inspected.
#[derive(Default)]
pub(crate) struct Given {
    /// The files by their names in a document folder.
    files: BTreeMap<FileId, Vec<u8>>,
    /// The MRZ as it was typed.
    mrz: String,
    /// What the chip itself showed to the reader of the desk; nothing when files were chosen by hand.
    live: Vec<Check>,
}

pub(crate) async fn received(mut parts: Multipart) -> Option<Given> {
    let mut given = Given::default();
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.file_name().map(str::to_owned);
        match name {
            Some(name) => {
                let bytes = part.bytes().await.ok()?;
                let file = name.strip_suffix(".bin").and_then(FileId::from_name);
                if let Some(file) = file.filter(|_| given.files.len() < FILES_MAX) {
                    given.files.insert(file, bytes.to_vec());
                }
            }
            None if part.name() == Some("live") => {
                let text = part.text().await.ok()?;
                if !text.is_empty() {
                    given.live = serde_json::from_str(&text).ok()?;
                }
            }
            None => given.mrz = part.text().await.ok()?,
        }
    }
    (!given.files.is_empty() || !given.live.is_empty()).then_some(given)
}

/// The portrait for a browser, which reads no JPEG 2000.
fn portrait(files: &BTreeMap<FileId, Vec<u8>>) -> Option<String> {
    let face = Dg2::decode(files.get(&FileId::Dg(DataGroup::DG2))?)
        .ok()?
        .face;
    let (media, bytes) = match face.format {
        FaceFormat::Jpeg => ("image/jpeg", face.data),
        FaceFormat::Jpeg2000 => ("image/png", from_jpeg2000(&face.data)?),
    };
    Some(format!(
        "data:{media};base64,{}",
        Base64::encode_string(&bytes)
    ))
}

/// What DG1 says, under the names of a document; dates as people write them.
fn holder(holder: &Holder) -> Value {
    let day = |text: &str| match (text.get(..2), text.get(2..4), text.get(4..)) {
        (Some(year), Some(month), Some(day)) => format!("{day}/{month}/{year}"),
        _ => text.to_owned(),
    };
    json!({ "surname": holder.surname, "given_names": holder.given_names, "nationality": holder.nationality,
        "birth_date": day(&holder.birth_date), "sex": holder.sex, "document": holder.number,
        "document_code": holder.document_code, "issuer": holder.issuer, "expiry_date": day(&holder.expiry_date) })
}

/// What a page shows of a report.
pub(crate) fn shown(language: Language, report: &Report, portrait: Option<String>) -> Value {
    let checks: Vec<Value> = report
        .checks
        .iter()
        .map(|check| {
            let kind = serde_json::to_value(check.check).unwrap_or_default();
            let outcome = serde_json::to_value(check.outcome).unwrap_or_default();
            let key = format!("check-{}", kind.as_str().unwrap_or_default());
            let said = format!("outcome-{}", outcome.as_str().unwrap_or_default());
            json!({ "title": language.text(&key), "outcome": outcome, "said": language.text(&said), "why": check.why })
        })
        .collect();
    let verdict = serde_json::to_value(report.verdict()).unwrap_or_default();
    let key = format!("verdict-{}", verdict.as_str().unwrap_or_default());
    let holder = report.holder.as_ref().map_or(Value::Null, holder);
    json!({ "verdict": verdict, "said": language.text(&key), "checks": checks, "portrait": portrait,
        "holder": facts(language, &holder) })
}

pub(crate) async fn inspect(
    State(portal): State<Portal>,
    signed: Signed,
    parts: Multipart,
) -> Response {
    let place = Place::of_officer(&portal, &signed);
    judged(&portal, place, received(parts).await, None).await
}

/// What a holder read: verified like any other, some at a time, and kept nowhere.
pub(crate) async fn own_inspect(
    State(portal): State<Portal>,
    headers: HeaderMap,
    parts: Multipart,
) -> Response {
    let place = Place::of_holder(&portal, &headers);
    let Ok(turn) = Arc::clone(&portal.own_checks).try_acquire_owned() else {
        return place.fault(StatusCode::SERVICE_UNAVAILABLE, "own-document-busy");
    };
    // Nobody holds a turn by sending slowly.
    let given = timeout(OWN_TIME, received(parts)).await;
    judged(&portal, place, given.ok().flatten(), Some(turn)).await
}

/// Verifies what was given, up to the anchors of this installation; a turn lasts as long as the work, also when nobody waits
/// for it any more.
pub(crate) async fn verified(
    portal: &Portal,
    given: Given,
    turn: Option<OwnedSemaphorePermit>,
) -> Option<(Report, Option<String>)> {
    let (anchors, now) = (Arc::clone(&portal.anchors), (portal.clock)());
    let looked = tokio::task::spawn_blocking(move || {
        let Given { files, mrz, live } = given;
        let mrz = Some(mrz.trim()).filter(|mrz| !mrz.is_empty());
        let portrait = portrait(&files);
        let report = if live.is_empty() {
            inspect_files(&files, mrz, &anchors(), now)
        } else {
            let reading = Reading {
                files,
                checks: live,
                ..Reading::default()
            };
            reading.judge(mrz, &anchors(), now)
        };
        drop(turn);
        (report, portrait)
    });
    looked.await.ok()
}

async fn judged(
    portal: &Portal,
    mut place: Place,
    given: Option<Given>,
    turn: Option<OwnedSemaphorePermit>,
) -> Response {
    let Some(given) = given else {
        return place.fault(StatusCode::OK, "inspection-no-files");
    };
    match verified(portal, given, turn).await {
        Some((report, portrait)) => {
            let report = shown(place.language, &report, portrait);
            place.page.put("report", report);
            place.page.show(place.template)
        }
        None => place.fault(StatusCode::OK, "fault-unknown"),
    }
}
