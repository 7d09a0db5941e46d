//! Counts and measures without identities: how many things of a kind are in which state, and what journals tell.

use crate::Role;
use crate::api::{Answered, Api, SignedIn, blocking, is_visible, may_read};
use crate::desk::promise::Promises;
use crate::measures::Measures;
use crate::openapi::is_kind;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use rilascio_circuit::process::Reason;
use rilascio_store::{Error as StoreError, entity};
use serde_json::{Value, json};

/// The routes.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/{role}/counts/{kind}", get(counts))
        .route("/v1/office/promises", get(promises))
        .route("/v1/{role}/measures", get(measures))
}

async fn promises(State(api): State<Api>, SignedIn(session): SignedIn) -> Answered<Json<Promises>> {
    let desk = api.desk(Role::Office.name())?;
    may_read(&session, &desk)?;
    Ok(Json(blocking(move || desk.promises()).await?))
}

async fn measures(
    State(api): State<Api>,
    Path(role): Path<String>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Measures>> {
    let desk = api.desk(&role)?;
    may_read(&session, &desk)?;
    let site = session.actor.site.clone();
    // An office measures its own, unless who asks sees all of them.
    let all = is_visible(&session, &desk, "");
    let now = api.now();
    let found = blocking(move || desk.measures((!all).then_some(&site), now));
    Ok(Json(found.await?))
}

async fn counts(
    State(api): State<Api>,
    Path((role, kind)): Path<(String, String)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<Value>>> {
    let desk = api.desk(&role)?;
    may_read(&session, &desk)?;
    if !is_kind(&kind) {
        return Err(Reason::Unknown.refusal().into());
    }
    let found = blocking(move || {
        let rows = desk
            .store()
            .read::<_, StoreError, _>(move |tx| entity::count(tx, &kind))?;
        // An office counts its own.
        let rows = rows.into_iter();
        Ok(rows
            .filter(|(_, site, _)| is_visible(&session, &desk, site))
            .map(|(state, site, count)| json!({ "state": state, "site": site, "count": count }))
            .collect())
    });
    Ok(Json(found.await?))
}
