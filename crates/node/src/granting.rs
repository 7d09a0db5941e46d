//! The part of the HTTP interface for rights that hold for a time: stand-ins and emergencies.

use crate::api::{Answered, Api, AtDesk, blocking, parsed};
use crate::desk::grants::{EmergencyRequest, Grant, GrantStep, ShownGrant, SubstitutionRequest};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rilascio_circuit::process::{Reason, Reference};

/// The routes: of the desk at which somebody is signed in.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/grants", get(grants))
        .route("/v1/alarms", get(alarms))
        .route("/v1/grants/{id}/{step}", post(step))
        .route("/v1/substitutions", post(substitute))
        .route("/v1/emergencies", post(emergency))
}

async fn grants(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
) -> Answered<Json<Vec<ShownGrant>>> {
    let now = api.now();
    let found = blocking(move || desk.grants(&session.actor, now));
    Ok(Json(found.await?))
}

/// The emergencies of others at which nobody has looked.
async fn alarms(AtDesk(session, desk): AtDesk) -> Answered<Json<Vec<Reference>>> {
    Ok(Json(blocking(move || desk.alarms(&session.actor)).await?))
}

async fn substitute(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<Grant>> {
    let (request, now): (SubstitutionRequest, _) = (parsed(&body)?, api.now());
    let asked = blocking(move || desk.ask_substitution(request, &session.actor, now));
    Ok(Json(asked.await?))
}

async fn emergency(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<Grant>> {
    let (request, now): (EmergencyRequest, _) = (parsed(&body)?, api.now());
    let taken = blocking(move || desk.take_in_emergency(request, &session.actor, now)).await?;
    metrics::counter!("rilascio_emergencies").increment(1);
    Ok(Json(taken))
}

async fn step(
    State(api): State<Api>,
    Path((id, step)): Path<(Reference, String)>,
    AtDesk(session, desk): AtDesk,
) -> Answered<Json<Grant>> {
    let step = GrantStep::from_name(&step).ok_or_else(|| Reason::Unknown.refusal())?;
    let now = api.now();
    let done = blocking(move || desk.step_grant(&id, step, &session.actor, now));
    Ok(Json(done.await?))
}
