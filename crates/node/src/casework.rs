//! What somebody who works on a dossier reads beside it: the queue by deadline, findings, papers.

use crate::api::{Answered, Api, LIST_MAX, SignedIn, blocking, is_visible, may_read};
use crate::desk::Desk;
use crate::desk::acts::ActEntry;
use crate::desk::hits::Hit;
use crate::desk::papers::{PaperContent, PaperEntry};
use crate::desk::record::ShownRecord;
use crate::desk::screening::ShownFindings;
use crate::enrolment::image_response;
use crate::officers::Session;
use crate::{Result, Role};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use rilascio_circuit::process::{Actor, Dossier, DossierId, Reason, Reference};
use serde::Deserialize;
use std::sync::Arc;

/// Dossiers that are read to find those of some documents.
const QUEUE_MAX: u32 = 10_000;

/// The routes of casework.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/centre/queue", get(queue))
        .route("/v1/centre/dossier/{id}/findings", get(findings))
        .route("/v1/centre/dossier/{id}/hits", get(hits))
        .route("/v1/{role}/dossier/{id}/record", get(record))
        .route("/v1/{role}/dossier/{id}/images/{number}", get(image))
        .route("/v1/{role}/dossier/{id}/acts", get(acts))
        .route("/v1/{role}/dossier/{id}/acts/{number}", get(act))
        .route(
            "/v1/{role}/dossier/{id}/acts/{number}/signed",
            get(signed_act),
        )
        .route("/v1/{role}/dossier/{id}/papers", get(papers))
        .route("/v1/{role}/dossier/{id}/papers/{number}", get(paper))
}

#[derive(Deserialize)]
struct Until {
    by: Option<Timestamp>,
    limit: Option<u32>,
}

async fn queue(
    State(api): State<Api>,
    Query(Until { by, limit }): Query<Until>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<Dossier>>> {
    let desk = api.desk(Role::Centre.name())?;
    may_read(&session, &desk)?;
    let by = by.unwrap_or(Timestamp::MAX);
    let limit = limit.unwrap_or(100).min(LIST_MAX);
    let found = blocking(move || {
        let mut read = limit;
        loop {
            let mut due = desk.due_dossiers(by, read)?;
            let all = due.len() < read as usize || read >= QUEUE_MAX;
            due.retain(|dossier| session.actor.works_on(&dossier.profile));
            // Who works on some documents sees the most urgent of these, however many others are before them.
            if all || due.len() >= limit as usize {
                due.truncate(limit as usize);
                return Ok(due);
            }
            read = read.saturating_mul(4).clamp(1, QUEUE_MAX);
        }
    });
    Ok(Json(found.await?))
}

async fn findings(
    State(api): State<Api>,
    Path(id): Path<DossierId>,
    SignedIn(session): SignedIn,
) -> Answered<Json<ShownFindings>> {
    let found = of_dossier(&api, Role::Centre.name(), id, session, Desk::findings);
    Ok(Json(found.await?))
}

async fn hits(
    State(api): State<Api>,
    Path(id): Path<DossierId>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<Hit>>> {
    let found = of_dossier(
        &api,
        Role::Centre.name(),
        id,
        session,
        |desk, id, actor, _| desk.hits(id, actor),
    );
    Ok(Json(found.await?))
}

/// Reads something of a dossier that somebody sees; of no other.
async fn of_dossier<T: Send + 'static>(
    api: &Api,
    role: &str,
    id: DossierId,
    session: Session,
    read: impl FnOnce(&Arc<Desk>, &DossierId, &Actor, Timestamp) -> Result<T> + Send + 'static,
) -> Answered<T> {
    let desk = api.desk(role)?;
    may_read(&session, &desk)?;
    let now = api.now();
    blocking(move || {
        let known = desk.dossier(id.as_str())?;
        let visible = known.is_some_and(|known| {
            is_visible(&session, &desk, known.office.as_str())
                && session.actor.works_on(&known.profile)
        });
        if !visible {
            return Err(Reason::Unknown.refusal().into());
        }
        read(&desk, &id, &session.actor, now)
    })
    .await
}

async fn record(
    State(api): State<Api>,
    Path((role, id)): Path<(String, DossierId)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<ShownRecord>> {
    let found = of_dossier(&api, &role, id, session, Desk::record);
    Ok(Json(found.await?))
}

async fn image(
    State(api): State<Api>,
    Path((role, id, number)): Path<(String, DossierId, usize)>,
    SignedIn(session): SignedIn,
) -> Answered<Response> {
    let found = of_dossier(&api, &role, id, session, move |desk, id, actor, now| {
        desk.record_image(id, number, actor, now)
    });
    Ok(image_response(&found.await?))
}

async fn acts(
    State(api): State<Api>,
    Path((role, id)): Path<(String, DossierId)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<ActEntry>>> {
    let found = of_dossier(&api, &role, id, session, Desk::acts);
    Ok(Json(found.await?))
}

async fn act(
    State(api): State<Api>,
    Path((role, id, number)): Path<(String, DossierId, Reference)>,
    SignedIn(session): SignedIn,
) -> Answered<Response> {
    let name = number.to_string();
    let found = of_dossier(&api, &role, id, session, move |desk, id, actor, now| {
        desk.act(id, &number, actor, now)
    });
    Ok(file_response(
        "application/pdf",
        &format!("{name}.pdf"),
        &found.await?.bytes,
    ))
}

async fn signed_act(
    State(api): State<Api>,
    Path((role, id, number)): Path<(String, DossierId, Reference)>,
    SignedIn(session): SignedIn,
) -> Answered<Response> {
    let name = number.to_string();
    let found = of_dossier(&api, &role, id, session, move |desk, id, actor, now| {
        desk.signed_act(id, &number, actor, now)
    });
    Ok(file_response(
        "application/pkcs7-mime",
        &format!("{name}.pdf.p7m"),
        &found.await?,
    ))
}

async fn papers(
    State(api): State<Api>,
    Path((role, id)): Path<(String, DossierId)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<PaperEntry>>> {
    let found = of_dossier(&api, &role, id, session, Desk::papers);
    Ok(Json(found.await?))
}

async fn paper(
    State(api): State<Api>,
    Path((role, id, number)): Path<(String, DossierId, u32)>,
    SignedIn(session): SignedIn,
) -> Answered<Response> {
    let found = of_dossier(&api, &role, id, session, move |desk, id, actor, now| {
        desk.paper(id, number, actor, now)
    })
    .await?;
    Ok(paper_response(&found, number))
}

/// A paper as a browser gets it.
pub(crate) fn paper_response(found: &PaperContent, number: u32) -> Response {
    let (media, ending) = found.media.names();
    file_response(media, &format!("paper-{number}.{ending}"), &found.bytes)
}

/// A file that is saved, not shown: what an applicant brought runs nowhere.
pub(crate) fn file_response(media: &str, name: &str, bytes: &[u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; frame-ancestors 'none'".to_owned(),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, bytes.to_vec()).into_response()
}
