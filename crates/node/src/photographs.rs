//! The photographs of spoiled cards, for the works.

use crate::Role;
use crate::api::{Answered, Api, SignedIn, blocking};
use crate::casework::paper_response;
use crate::desk::papers::PaperEntry;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use rilascio_circuit::process::BlankSerial;

/// The routes of photographs.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/works/blank/{id}/photographs", get(photographs))
        .route("/v1/works/blank/{id}/photographs/{number}", get(photograph))
}

async fn photographs(
    State(api): State<Api>,
    Path(id): Path<BlankSerial>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<PaperEntry>>> {
    let desk = api.desk(Role::Works.name())?;
    let now = api.now();
    let found = blocking(move || desk.photographs(&id, &session.actor, now));
    Ok(Json(found.await?))
}

async fn photograph(
    State(api): State<Api>,
    Path((id, number)): Path<(BlankSerial, u32)>,
    SignedIn(session): SignedIn,
) -> Answered<Response> {
    let desk = api.desk(Role::Works.name())?;
    let now = api.now();
    let found = blocking(move || desk.photograph(&id, number, &session.actor, now));
    Ok(paper_response(&found.await?, number))
}
