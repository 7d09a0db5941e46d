//! The part of the HTTP interface for workstations.

use crate::api::{Answered, Api, AtDesk, blocking, parsed};
use crate::desk::workstations::{Workstation, WorkstationState};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use rilascio_circuit::process::{Reason, Reference};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The routes: of the desk at which somebody is signed in.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/workstations", get(workstations).post(register))
        .route("/v1/workstations/seen", post(seen))
        .route("/v1/workstations/{id}/{step}", post(step))
}

async fn workstations(AtDesk(session, desk): AtDesk) -> Answered<Json<Vec<Workstation>>> {
    let found = blocking(move || desk.workstations(&session.actor));
    Ok(Json(found.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

async fn register(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<Value>> {
    let (Named { name }, now) = (parsed(&body)?, api.now());
    let made = blocking(move || desk.register_workstation(&name, &session.actor, now));
    let (station, token) = made.await?;
    Ok(Json(
        json!({ "workstation": station, "token": token.as_str() }),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    token: Zeroizing<String>,
    bridge: String,
}

/// What a page found beside its browser.
async fn seen(State(api): State<Api>, _: AtDesk, body: Bytes) -> Answered<Json<Value>> {
    let (Seen { token, bridge }, now): (Seen, _) = (parsed(&body)?, api.now());
    let installation = Arc::clone(&api.installation);
    blocking(move || {
        for desk in installation.desks.values() {
            desk.see_workstation(&token, Some(&bridge), now)?;
        }
        Ok(())
    })
    .await?;
    Ok(Json(json!({ "state": "seen" })))
}

async fn step(
    State(api): State<Api>,
    Path((id, step)): Path<(Reference, String)>,
    AtDesk(session, desk): AtDesk,
) -> Answered<Json<Workstation>> {
    let state = match &step[..] {
        "block" => WorkstationState::Blocked,
        "open" => WorkstationState::Registered,
        _ => return Err(Reason::Unknown.refusal().into()),
    };
    let now = api.now();
    let done = blocking(move || desk.set_workstation(&id, state, &session.actor, now));
    Ok(Json(done.await?))
}
