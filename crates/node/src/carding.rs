//! The part of the HTTP interface for the smart cards of officers.

use crate::api::{Answered, Api, AtDesk, blocking, parsed};
use crate::desk::cards::{Card, CardEnd, CardRequest, CardStep, armoured};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rilascio_circuit::process::{Reason, Reference};
use serde::Deserialize;
use std::sync::Arc;

/// The routes: of the desk at which somebody is signed in.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/cards", get(cards).post(issue))
        .route("/v1/cards/{id}/{step}", post(step))
        .route("/v1/operators-authority", get(authority))
}

async fn cards(AtDesk(session, desk): AtDesk) -> Answered<Json<Vec<Card>>> {
    Ok(Json(blocking(move || desk.cards(&session.actor)).await?))
}

async fn issue(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<Card>> {
    let (request, now): (CardRequest, _) = (parsed(&body)?, api.now());
    let installation = Arc::clone(&api.installation);
    let issued =
        blocking(move || desk.issue_card(&installation.operators, &request, &session.actor, now));
    Ok(Json(issued.await?))
}

/// Why a card is blocked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    #[serde(default)]
    why: Option<CardEnd>,
}

async fn step(
    State(api): State<Api>,
    Path((id, step)): Path<(Reference, String)>,
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<Card>> {
    let End { why } = parsed(&body)?;
    let step = match (&step[..], why) {
        ("ship", None) => CardStep::Ship,
        ("receive", None) => CardStep::Receive,
        ("block", Some(why)) => CardStep::Block(why),
        ("block", None) => return Err(Reason::Malformed.refusal().into()),
        _ => return Err(Reason::Unknown.refusal().into()),
    };
    let now = api.now();
    let done = blocking(move || desk.step_card(&id, step, &session.actor, now));
    Ok(Json(done.await?))
}

/// The certificate that browsers and card readers are told to trust.
async fn authority(State(api): State<Api>) -> Response {
    let pem = armoured(
        "CERTIFICATE",
        api.installation.operators.certificate().der(),
    );
    ([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response()
}
