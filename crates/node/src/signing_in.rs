//! Signing in and out over HTTP, sessions, and another password.

use crate::Result;
use crate::api::{Answered, Api, SignedIn, blocking, not_signed_in, parsed, token};
use crate::officers::{Session, take_time};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use rilascio_circuit::process::{Digest, OfficerId, Reason};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The routes.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/sign-in", post(sign_in))
        .route("/v1/sign-out", post(sign_out))
        .route("/v1/session", get(session))
        .route("/v1/sessions", get(sessions))
        .route("/v1/sessions/{name}", delete(end_session))
        .route("/v1/password", post(password))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    officer: OfficerId,
    password: zeroize::Zeroizing<String>,
}

async fn sign_in(State(api): State<Api>, body: Bytes) -> Answered<Response> {
    let request: SignIn = parsed(&body)?;
    let installation = Arc::clone(&api.installation);
    let now = api.now();
    let found = blocking(move || {
        let mut known = false;
        for desk in installation.desks.values() {
            known |= desk.officer(&request.officer)?.is_some();
            if let Some(found) = desk.sign_in(&request.officer, &request.password, now)? {
                return Ok(Some(found));
            }
        }
        if !known {
            take_time(&request.password);
        }
        Ok(None)
    })
    .await?;
    Ok(match found {
        Some((token, session)) => {
            Json(json!({ "token": token.as_str(), "session": session })).into_response()
        }
        None => not_signed_in(),
    })
}

async fn sign_out(
    State(api): State<Api>,
    _: SignedIn,
    headers: HeaderMap,
) -> Answered<Json<Value>> {
    let token = token(&headers).unwrap_or_default().to_owned();
    let (installation, now) = (Arc::clone(&api.installation), api.now());
    blocking(move || {
        installation
            .desks
            .values()
            .try_for_each(|desk| desk.sign_out(&token, now))
    })
    .await?;
    Ok(Json(json!({ "signed": "out" })))
}

async fn session(SignedIn(session): SignedIn) -> Json<Session> {
    Json(session)
}

async fn sessions(
    State(api): State<Api>,
    SignedIn(session): SignedIn,
    headers: HeaderMap,
) -> Answered<Json<Vec<Value>>> {
    let own = Digest::of(token(&headers).unwrap_or_default().as_bytes());
    let (installation, now) = (Arc::clone(&api.installation), api.now());
    let found = blocking(move || {
        let mut all = Vec::new();
        for desk in installation.desks.values() {
            all.extend(desk.sessions(&session.actor.officer, now)?);
        }
        Ok(all)
    });
    let shown = found.await?.into_iter().map(
        |(name, until)| json!({ "name": name, "until": until, "present": name == own.as_str() }),
    );
    Ok(Json(shown.collect()))
}

async fn end_session(
    State(api): State<Api>,
    Path(name): Path<String>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Value>> {
    let (installation, now) = (Arc::clone(&api.installation), api.now());
    blocking(move || {
        let mut outcome: Result<()> = Err(Reason::Unknown.refusal().into());
        for desk in installation.desks.values() {
            outcome = outcome.or_else(|_| desk.end_session(&session.actor, &name, now));
        }
        outcome
    })
    .await?;
    Ok(Json(json!({ "session": "ended" })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Passwords {
    present: Zeroizing<String>,
    new: Zeroizing<String>,
}

async fn password(
    State(api): State<Api>,
    SignedIn(session): SignedIn,
    body: Bytes,
) -> Answered<Json<Value>> {
    let given: Passwords = parsed(&body)?;
    let (installation, now) = (Arc::clone(&api.installation), api.now());
    blocking(move || {
        for desk in installation.desks.values() {
            if desk.officer(&session.actor.officer)?.is_some() {
                let officer = &session.actor.officer;
                return desk.change_password(officer, &given.present, &given.new, now);
            }
        }
        Err(Reason::Unknown.refusal().into())
    })
    .await?;
    Ok(Json(json!({ "password": "changed" })))
}
