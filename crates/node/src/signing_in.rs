//! Signing in and out over HTTP by password and passkey, sessions, passkeys, and another password.

use crate::Result;
use crate::api::{Answered, Api, AtDesk, SignedIn, blocking, not_signed_in, parsed, token};
use crate::desk::Desk;
use crate::desk::workstations::{Workstation, WorkstationState};
use crate::front::ShownCard;
use crate::limits::SignInCounted;
use crate::officers::{Session, SignIn, take_time};
use crate::passkeys::{Assertion, NewPasskey, Passkey, WebBytes};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use rilascio_circuit::process::{Digest, OfficerId, Reason, Right};
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
        .route("/v1/sessions/{name}/end", post(end_session))
        .route("/v1/password", post(password))
        .route("/v1/sign-in/passkey", post(sign_in_with_passkey))
        .route("/v1/passkeys", get(passkeys).post(add_passkey))
        .route("/v1/passkeys/challenge", post(begin_passkey))
        .route("/v1/passkeys/{id}/remove", post(remove_passkey))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameAndPassword {
    officer: OfficerId,
    password: zeroize::Zeroizing<String>,
    /// The token of the workstation, if the browser has one.
    #[serde(default)]
    workstation: Option<zeroize::Zeroizing<String>>,
}

/// Nothing, when the officer may work at this workstation: never at one that is blocked, and where workstations are asked for
/// at one of the own site, but for those who register them.
fn refuse_place(
    required: bool,
    desk: &Desk,
    officer: &OfficerId,
    station: Option<&Workstation>,
) -> Result<()> {
    let open = station.is_none_or(|station| station.state == WorkstationState::Registered);
    let fits = !required || {
        let actor = desk.officer(officer)?;
        actor.is_some_and(|actor| {
            let at_home = station.is_some_and(|station| station.site == actor.site);
            at_home || actor.rights.contains(&Right::Administer)
        })
    };
    if open && fits {
        Ok(())
    } else {
        Err(Reason::Workstation.refusal().into())
    }
}

async fn sign_in(
    _: SignInCounted,
    State(api): State<Api>,
    ShownCard(card): ShownCard,
    body: Bytes,
) -> Answered<Response> {
    let request: NameAndPassword = parsed(&body)?;
    let installation = Arc::clone(&api.installation);
    let (now, required) = (api.now(), api.workstations_required);
    let found = blocking(move || {
        let (mut known, mut waits) = (false, None);
        let (mut station, mut home) = (None, None);
        for desk in installation.desks.values() {
            let Some(token) = &request.workstation else {
                break;
            };
            if let Some(found) = desk.workstation(token)? {
                (station, home) = (Some(found), Some(Arc::clone(desk)));
            }
        }
        for desk in installation.desks.values() {
            known |= desk.officer(&request.officer)?.is_some();
            match desk.sign_in(&request.officer, &request.password, card.as_ref(), now) {
                Ok(Some(found)) => {
                    let place = refuse_place(required, desk, &request.officer, station.as_ref());
                    if let Err(why) = place {
                        if let SignIn::Whole(token, _) = &found {
                            desk.sign_out(token, now)?;
                        }
                        return Err(why);
                    }
                    if let (Some(token), Some(home)) = (&request.workstation, &home) {
                        home.see_workstation(token, None, now)?;
                    }
                    return Ok(Some(found));
                }
                Ok(None) => {}
                // The officer of another desk may have the same name.
                Err(why) => waits = Some(why),
            }
        }
        if let Some(why) = waits {
            return Err(why);
        }
        if !known {
            take_time(&request.password);
            // Whatever was typed as a name may be a password.
            tracing::warn!("a sign-in of nobody who is known here, or locked, was refused");
        }
        Ok(None)
    })
    .await
    .inspect_err(|fault| {
        if fault.code() == "circuit.too-early" {
            tracing::warn!("a sign-in while its officer waits was refused");
        }
    })?;
    Ok(match found {
        Some(SignIn::Whole(token, session)) => signed_in(&token, &session),
        Some(SignIn::Half {
            ticket,
            challenge,
            passkeys,
        }) => Json(json!({ "ticket": ticket.as_str(), "challenge": challenge, "passkeys": shown(&passkeys) }))
            .into_response(),
        None => not_signed_in(),
    })
}

fn signed_in(token: &str, session: &Session) -> Response {
    Json(json!({ "token": token, "session": session })).into_response()
}

/// What is told of passkeys: not their keys.
fn shown(passkeys: &[Passkey]) -> Vec<Value> {
    let known = passkeys.iter();
    known
        .map(|passkey| {
            json!({ "id": passkey.id, "name": passkey.name, "host": passkey.host, "added": passkey.added })
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Second {
    ticket: Zeroizing<String>,
    assertion: Assertion,
}

async fn sign_in_with_passkey(
    _: SignInCounted,
    State(api): State<Api>,
    body: Bytes,
) -> Answered<Response> {
    let given: Second = parsed(&body)?;
    let (installation, now) = (Arc::clone(&api.installation), api.now());
    let found = blocking(move || {
        for desk in installation.desks.values() {
            if let Some(found) = desk.end_half(&given.ticket, &given.assertion, now)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    })
    .await?;
    Ok(match found {
        Some((token, session)) => signed_in(&token, &session),
        None => not_signed_in(),
    })
}

/// What names the session of a request.
fn own_name(headers: &HeaderMap) -> Digest {
    Digest::of(token(headers).unwrap_or_default().as_bytes())
}

async fn passkeys(AtDesk(session, desk): AtDesk) -> Answered<Json<Vec<Value>>> {
    let found = blocking(move || desk.passkeys(&session.actor.officer));
    Ok(Json(shown(&found.await?)))
}

async fn begin_passkey(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
) -> Answered<Json<Value>> {
    let now = api.now();
    let challenge = blocking(move || desk.begin_passkey(&session.actor, now));
    Ok(Json(json!({ "challenge": challenge.await? })))
}

/// A new passkey, against the password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    password: Zeroizing<String>,
    passkey: NewPasskey,
}

async fn add_passkey(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
    headers: HeaderMap,
    body: Bytes,
) -> Answered<Json<Value>> {
    let (given, now): (Added, _) = (parsed(&body)?, api.now());
    let own = own_name(&headers);
    blocking(move || {
        desk.needs_password(&session.actor.officer, &given.password, now)?;
        desk.add_passkey(&session.actor, &given.passkey, now)?;
        // Whoever signed in elsewhere with the password alone does so again.
        for (name, _) in desk.sessions(&session.actor.officer, now)? {
            if name != own.as_str() {
                desk.end_session(&session.actor, &name, now)?;
            }
        }
        Ok(())
    })
    .await?;
    Ok(Json(json!({ "passkey": "added" })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnPassword {
    password: Zeroizing<String>,
}

async fn remove_passkey(
    State(api): State<Api>,
    Path(id): Path<String>,
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<Value>> {
    let (given, now): (OwnPassword, _) = (parsed(&body)?, api.now());
    let id = WebBytes::try_from(id).map_err(|_| Reason::Unknown.refusal())?;
    blocking(move || desk.remove_passkey(&session.actor, &id, &given.password, now)).await?;
    Ok(Json(json!({ "passkey": "removed" })))
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

async fn session(State(api): State<Api>, SignedIn(session): SignedIn) -> Json<Value> {
    let needed = api.needs_passkey(&session);
    let mut shown = json!(session);
    shown["passkey_needed"] = json!(needed);
    shown["password_needed"] = json!(session.first_password);
    shown["ends_in_s"] = json!(session.ends_in_s(api.now()));
    Json(shown)
}

async fn sessions(
    State(api): State<Api>,
    SignedIn(session): SignedIn,
    headers: HeaderMap,
) -> Answered<Json<Vec<Value>>> {
    let own = own_name(&headers);
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
    AtDesk(session, home): AtDesk,
    body: Bytes,
) -> Answered<Json<Value>> {
    let (given, now): (OwnPassword, _) = (parsed(&body)?, api.now());
    let installation = Arc::clone(&api.installation);
    blocking(move || {
        home.needs_password(&session.actor.officer, &given.password, now)?;
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
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<Value>> {
    let given: Passwords = parsed(&body)?;
    let now = api.now();
    blocking(move || {
        let officer = &session.actor.officer;
        desk.change_password(officer, &given.present, &given.new, now)
    })
    .await?;
    Ok(Json(json!({ "password": "changed" })))
}
