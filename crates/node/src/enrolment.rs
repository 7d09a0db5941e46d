//! What a desk reads and writes while a holder stands before it: the documents it issues, and the draft of a dossier.

use crate::api::{Answered, Api, SignedIn, blocking};
use crate::desk::papers::Media;
use crate::{Error, Role};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use rilascio_circuit::Profile;
use rilascio_circuit::process::DossierId;
use rilascio_mrtd::transliteration::{CyrillicLanguage, LatinStyle};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The routes.
pub(crate) fn routes() -> Router<Api> {
    let draft = "/v1/office/dossier/{id}/draft";
    Router::new()
        .route("/v1/profiles", get(profiles))
        .route("/v1/sites", get(sites))
        .route(draft, get(read_draft).put(save_draft))
        .route(
            "/v1/office/dossier/{id}/draft/images/{name}",
            get(read_image).put(save_image).delete(remove_image),
        )
}

fn text(text: &rilascio_circuit::Text) -> Value {
    json!({ "it": text.it, "en": text.en })
}

/// What a form has to know of a profile.
fn form_of(profile: &Profile) -> Value {
    let permits = profile
        .permit
        .iter()
        .map(|permit| json!({ "code": permit.code, "title": text(&permit.title) }));
    let prints = profile
        .prints
        .as_ref()
        .map(|prints| json!({ "from_age": prints.from_age.as_ref() }));
    let scheme = profile.names.scheme(CyrillicLanguage::default());
    let latin = match scheme.latin {
        LatinStyle::Plain => "plain",
        LatinStyle::Expanded => "expanded",
    };
    let required: Vec<&String> = profile
        .document
        .required
        .iter()
        .map(AsRef::as_ref)
        .collect();
    json!({
        "name": profile.name.as_ref(), "title": text(&profile.title),
        "state": profile.document.state.as_str(),
        "zone": { "name_length": profile.document.format.as_ref().format().name_length(), "latin": latin },
        "required": required, "permits": permits.collect::<Vec<_>>(), "prints": prints,
        "signature_from_age": profile.signature.from_age,
        "guardians_below_age": profile.guardians_below_age,
        "circuit": profile.circuit,
    })
}

/// The documents of the circuit, by name.
async fn profiles(State(api): State<Api>, _: SignedIn) -> Answered<Json<Vec<Value>>> {
    let found = blocking(move || {
        let mut names = BTreeSet::new();
        let mut all = Vec::new();
        for desk in api.desks() {
            for office in desk.offices().values() {
                for name in office.starts.keys() {
                    if names.insert(name.clone()) {
                        all.push(form_of(&*desk.profile(name)?));
                    }
                }
            }
        }
        Ok(all)
    });
    Ok(Json(found.await?))
}

/// The offices of the circuit and what they issue since when.
async fn sites(State(api): State<Api>, _: SignedIn) -> Json<Value> {
    let offices = api
        .desks()
        .next()
        .map(|desk| desk.offices().values().cloned().collect::<Vec<_>>());
    Json(json!(offices.unwrap_or_default()))
}

async fn read_draft(
    State(api): State<Api>,
    Path(id): Path<DossierId>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Value>> {
    let desk = api.desk(Role::Office.name())?;
    let now = api.now();
    let draft = blocking(move || desk.draft(&id, &session.actor, now)).await?;
    let fields = draft.fields.as_ref().map(|fields| fields.as_str());
    let fields: Value = fields
        .and_then(|fields| serde_json::from_str(fields).ok())
        .unwrap_or_else(|| json!({}));
    Ok(Json(json!({ "fields": fields, "images": draft.images })))
}

async fn save_draft(
    State(api): State<Api>,
    Path(id): Path<DossierId>,
    SignedIn(session): SignedIn,
    Json(fields): Json<serde_json::Map<String, Value>>,
) -> Answered<Json<Value>> {
    let desk = api.desk(Role::Office.name())?;
    let now = api.now();
    blocking(move || {
        let fields = serde_json::to_string(&fields).map_err(|why| Error::Malformed {
            what: "draft",
            why: why.to_string(),
        })?;
        desk.save_draft(&id, &fields, &session.actor, now)
    })
    .await?;
    Ok(Json(json!({ "state": "saved" })))
}

async fn read_image(
    State(api): State<Api>,
    Path((id, name)): Path<(DossierId, String)>,
    SignedIn(session): SignedIn,
) -> Answered<Response> {
    let desk = api.desk(Role::Office.name())?;
    let now = api.now();
    let bytes = blocking(move || desk.draft_image(&id, &name, &session.actor, now)).await?;
    Ok(image_response(&bytes))
}

/// An image as it was taken: nobody else keeps it, and it is nothing but an image.
pub(crate) fn image_response(bytes: &[u8]) -> Response {
    let media = match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, bytes.to_vec()).into_response()
}

/// By the first bytes: what cameras and scanners give.
fn is_image(bytes: &[u8]) -> bool {
    let begins: [&[u8]; 6] = [
        &[0x00, 0x00, 0x00, 0x0C, b'j', b'P', b' ', b' '],
        &[0xFF, 0x4F, 0xFF, 0x51],
        b"BM",
        b"II*\0",
        b"MM\0*",
        // Wavelet Scalar Quantization.
        &[0xFF, 0xA0],
    ];
    let others = begins.iter().any(|begin| bytes.starts_with(begin));
    others || matches!(Media::of(bytes), Some(Media::Jpeg | Media::Png))
}

async fn save_image(
    State(api): State<Api>,
    Path((id, name)): Path<(DossierId, String)>,
    SignedIn(session): SignedIn,
    body: Bytes,
) -> Answered<Json<Value>> {
    if body.is_empty() {
        return Err(Error::Malformed {
            what: "image",
            why: "it is empty".to_owned(),
        }
        .into());
    }
    if !is_image(&body) {
        return Err(Error::Malformed {
            what: "image",
            why: "it is no PNG, JPEG, JPEG 2000, BMP, TIFF or WSQ file".to_owned(),
        }
        .into());
    }
    keep(&api, session.actor, id, name, body).await
}

async fn remove_image(
    State(api): State<Api>,
    Path((id, name)): Path<(DossierId, String)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Value>> {
    keep(&api, session.actor, id, name, Bytes::new()).await
}

async fn keep(
    api: &Api,
    actor: rilascio_circuit::process::Actor,
    id: DossierId,
    name: String,
    bytes: Bytes,
) -> Answered<Json<Value>> {
    let desk = api.desk(Role::Office.name())?;
    let now = api.now();
    blocking(move || desk.save_draft_image(&id, &name, &bytes, &actor, now)).await?;
    Ok(Json(json!({ "state": "saved" })))
}
