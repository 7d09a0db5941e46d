//! Documents that wait for their holders: what the desk sees of them, and the appointments that holders make themselves.

use crate::Role;
use crate::api::{Answered, Api, SignedIn, blocking, may_read, parsed};
use crate::applicant::Receipt;
use crate::desk::collection::WaitingDocument;
use crate::limits::ApplicantCounted;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router, body::Bytes};
use jiff::civil::DateTime;
use rilascio_circuit::process::DossierId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// When the holder of a receipt comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HolderComes {
    /// The receipt.
    pub receipt: Receipt,
    /// When, by the clock of the office; the appointment is called off if absent.
    pub at: Option<DateTime>,
}

/// The routes of documents that wait.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/office/waiting", get(waiting))
        .route("/v1/office/dossier/{id}/times", get(times))
        .route("/v1/applicant/times", post(own_times))
        .route("/v1/applicant/appointment", post(appointment))
}

async fn waiting(
    State(api): State<Api>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<WaitingDocument>>> {
    let desk = api.desk(Role::Office.name())?;
    may_read(&session, &desk)?;
    let now = api.now();
    let (site, actor) = (session.actor.site.clone(), session.actor);
    let mut found = blocking(move || desk.waiting_documents(&site, now)).await?;
    found.retain(|one| actor.works_on(&one.profile));
    Ok(Json(found))
}

async fn times(
    State(api): State<Api>,
    Path(id): Path<DossierId>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<DateTime>>> {
    let desk = api.desk(Role::Office.name())?;
    let now = api.now();
    Ok(Json(
        blocking(move || desk.free_times(&id, &session.actor, now)).await?,
    ))
}

async fn own_times(
    _: ApplicantCounted,
    State(api): State<Api>,
    body: Bytes,
) -> Answered<Json<Vec<DateTime>>> {
    let receipt: Receipt = parsed(&body)?;
    let desk = api.desk(Role::Office.name())?;
    let now = api.now();
    Ok(Json(
        blocking(move || desk.times_of_holder(&receipt, now)).await?,
    ))
}

async fn appointment(
    _: ApplicantCounted,
    State(api): State<Api>,
    body: Bytes,
) -> Answered<Json<Value>> {
    let HolderComes { receipt, at } = parsed(&body)?;
    let desk = api.desk(Role::Office.name())?;
    let now = api.now();
    blocking(move || desk.holder_comes(&receipt, at, now)).await?;
    Ok(Json(json!({})))
}
