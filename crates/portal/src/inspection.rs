//! The control of a document: its files are uploaded, verified up to the anchors of this installation, and shown.

use crate::desk::facts;
use crate::fault::PageFault;
use crate::page::Page;
use crate::pictures::from_jpeg2000;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::State;
use axum::extract::multipart::Multipart;
use axum::response::Response;
use base64ct::{Base64, Encoding};
use rilascio_inspection::{Report, inspect_files};
use rilascio_mrtd::face::FaceFormat;
use rilascio_mrtd::lds::{DataGroup, Dg2, FileId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Files of a chip: 16 data groups and a handful of others.
const FILES_MAX: usize = 32;

fn page(signed: &Signed) -> Page {
    let mut page = Page::of(signed);
    page.put("report", Value::Null);
    page.put("fault", Value::Null);
    page
}

pub(crate) async fn form(signed: Signed) -> Response {
    page(&signed).show("inspection.html")
}

/// The files by their names in a document folder, and the MRZ as it was typed.
async fn received(mut parts: Multipart) -> Option<(BTreeMap<FileId, Vec<u8>>, String)> {
    let (mut files, mut mrz) = (BTreeMap::new(), String::new());
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.file_name().map(str::to_owned);
        match name {
            Some(name) => {
                let bytes = part.bytes().await.ok()?;
                let file = name.strip_suffix(".bin").and_then(FileId::from_name);
                if let Some(file) = file.filter(|_| files.len() < FILES_MAX) {
                    files.insert(file, bytes.to_vec());
                }
            }
            None => mrz = part.text().await.ok()?,
        }
    }
    Some((files, mrz))
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

fn shown(signed: &Signed, report: &Report, portrait: Option<String>) -> Value {
    let language = signed.language;
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
    let holder = serde_json::to_value(&report.holder).unwrap_or_default();
    json!({ "verdict": verdict, "said": language.text(&key), "checks": checks, "portrait": portrait,
        "holder": facts(language, &holder) })
}

pub(crate) async fn inspect(
    State(portal): State<Portal>,
    signed: Signed,
    parts: Multipart,
) -> Result<Response, PageFault> {
    let mut page = page(&signed);
    let given = received(parts).await.filter(|(files, _)| !files.is_empty());
    let Some((files, mrz)) = given else {
        page.put("fault", signed.language.text("inspection-no-files"));
        return Ok(page.show("inspection.html"));
    };
    let (anchors, now) = (portal.anchors, (portal.clock)());
    let looked = tokio::task::spawn_blocking(move || {
        let mrz = Some(mrz.trim()).filter(|mrz| !mrz.is_empty());
        let report = inspect_files(&files, mrz, &anchors(), now);
        let portrait = portrait(&files);
        (report, portrait)
    });
    match looked.await {
        Ok((report, portrait)) => page.put("report", shown(&signed, &report, portrait)),
        Err(_) => page.put("fault", signed.language.text("fault-unknown")),
    }
    Ok(page.show("inspection.html"))
}
