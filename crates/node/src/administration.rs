//! The part of the HTTP interface for those who run a node: officers, jobs and messages that somebody should look at.

use crate::api::{Answered, Api, AtDesk, LIST_MAX, SignedIn, blocking, may_read, parsed};
use crate::desk::Desk;
use crate::desk::grants::is_of_use;
use crate::officers::Session;
use crate::{Error, Role};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use rilascio_circuit::process::{Actor, OfficerId, Reason, Right, SiteId};
use rilascio_store::{Error as StoreError, Tx, work};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The routes.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/{role}/officers", get(officers).post(name_officer))
        .route("/v1/{role}/officers/{name}", delete(remove_officer))
        .route("/v1/{role}/jobs", get(jobs))
        .route("/v1/{role}/jobs/again/{*id}", post(again))
        .route("/v1/{role}/messages", get(messages))
        .route("/v1/{role}/messages/{id}/resend", post(resend))
}

/// Nothing, when somebody runs this desk: administrators of one role are none of another.
fn administers(session: &Session, desk: &Desk) -> Answered<()> {
    session.actor.needs(Right::Administer)?;
    let at_home = match desk.role() {
        Role::Office => desk.offices().contains_key(&session.actor.site),
        Role::Centre | Role::Works | Role::Registry => session.actor.site == *desk.site(),
    };
    if at_home {
        Ok(())
    } else {
        Err(Error::from(Reason::Site.refusal()).into())
    }
}

/// Nothing, when an administrator may name or remove an officer of that site.
fn may_name(session: &Session, desk: &Desk, site: &SiteId) -> Answered<()> {
    administers(session, desk)?;
    let fits = match desk.role() {
        // An office administers its own people only; officers of other administrations have sites of their own.
        Role::Office => *site == session.actor.site,
        Role::Registry => site == desk.site() || is_elsewhere(desk, site),
        Role::Centre | Role::Works => site == desk.site(),
    };
    if fits {
        Ok(())
    } else {
        Err(Error::from(Reason::Site.refusal()).into())
    }
}

/// A site of another administration: of no role and no office of this circuit.
fn is_elsewhere(desk: &Desk, site: &SiteId) -> bool {
    let own = Role::ALL.iter().any(|role| role.name() == site.as_str());
    !own && !desk.offices().contains_key(site)
}

/// Nothing, when an administrator may give an officer those rights: those that are of use at this role, and the audit,
/// which sees everything, only by somebody who has it.
fn may_give(session: &Session, desk: &Desk, officer: &Actor) -> Answered<()> {
    let fits = |right: &Right| match right {
        Right::Audit => session.actor.rights.contains(&Right::Audit),
        Right::Administer => !is_elsewhere(desk, &officer.site),
        other => is_of_use(*other, desk.role()),
    };
    if !officer.rights.iter().all(fits) {
        return Err(Error::from(Reason::Right.refusal()).into());
    }
    // Who administers some documents names nobody for others.
    may_change(session, officer)?;
    for profile in &officer.profiles {
        desk.profile(profile)?;
    }
    Ok(())
}

/// Nothing, when a known officer works on no document beyond those of who administers.
fn may_change(session: &Session, known: &Actor) -> Answered<()> {
    if session.actor.covers(known) {
        Ok(())
    } else {
        Err(Error::from(Reason::Profile.refusal()).into())
    }
}

async fn officers(
    State(api): State<Api>,
    Path(role): Path<String>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<Actor>>> {
    let desk = api.desk(&role)?;
    administers(&session, &desk)?;
    let mut all = blocking({
        let desk = Arc::clone(&desk);
        move || desk.officers()
    })
    .await?;
    all.retain(|officer| may_name(&session, &desk, &officer.site).is_ok());
    Ok(Json(all))
}

/// An officer to be named, and the password of who does it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Naming {
    officer: OfficerId,
    site: SiteId,
    rights: BTreeSet<Right>,
    #[serde(default)]
    profiles: BTreeSet<String>,
    own_password: Zeroizing<String>,
}

async fn name_officer(
    State(api): State<Api>,
    Path(role): Path<String>,
    AtDesk(session, home): AtDesk,
    body: Bytes,
) -> Answered<Json<Value>> {
    let desk = api.desk(&role)?;
    let Naming {
        officer,
        site,
        rights,
        profiles,
        own_password,
    } = parsed(&body)?;
    let officer = Actor {
        officer,
        rights,
        site,
        profiles,
    };
    may_name(&session, &desk, &officer.site)?;
    may_give(&session, &desk, &officer)?;
    if let Some(known) = known(&desk, &officer.officer).await? {
        may_name(&session, &desk, &known.site)?;
        may_change(&session, &known)?;
    }
    let now = api.now();
    let name = officer.officer.clone();
    let password = blocking(move || {
        home.needs_password(&session.actor.officer, &own_password, now)?;
        api.refuse_elsewhere(&officer.officer, &desk)?;
        desk.name_officer_at_first(&session.actor, &officer, now)
    })
    .await?;
    Ok(Json(
        json!({ "officer": name, "password": password.as_str() }),
    ))
}

/// The officer of that name, if one was ever named here: also one that is locked or removed belongs to a site.
async fn known(desk: &Arc<Desk>, name: &OfficerId) -> Answered<Option<Actor>> {
    let (desk, name) = (Arc::clone(desk), name.clone());
    blocking(move || desk.named_officer(&name)).await
}

async fn remove_officer(
    State(api): State<Api>,
    Path((role, name)): Path<(String, OfficerId)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Value>> {
    let desk = api.desk(&role)?;
    let known = known(&desk, &name).await?;
    let known = known.ok_or_else(|| Reason::Unknown.refusal())?;
    may_name(&session, &desk, &known.site)?;
    may_change(&session, &known)?;
    let now = api.now();
    blocking(move || desk.remove_officer(&session.actor, &name, now)).await?;
    Ok(Json(json!({ "state": "removed" })))
}

#[derive(Deserialize)]
struct InState {
    state: String,
}

async fn jobs(
    State(api): State<Api>,
    Path(role): Path<String>,
    Query(asked): Query<InState>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<Value>>> {
    let desk = api.desk(&role)?;
    administers(&session, &desk)?;
    let found = blocking(move || {
        Ok(desk
            .store()
            .read::<_, StoreError, _>(move |tx| work::jobs(tx, &asked.state, LIST_MAX))?)
    });
    let shown = found.await?.into_iter().map(|listed| {
        json!({ "id": listed.job.id, "kind": listed.job.kind, "subject": listed.job.subject,
            "attempts": listed.job.attempts, "due_ms": listed.due_ms, "fault": listed.fault })
    });
    Ok(Json(shown.collect()))
}

async fn again(
    State(api): State<Api>,
    Path((role, id)): Path<(String, String)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Value>> {
    begin_again(&api, &role, &session, id, work::unpark_job).await
}

async fn messages(
    State(api): State<Api>,
    Path(role): Path<String>,
    Query(asked): Query<InState>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<Value>>> {
    let desk = api.desk(&role)?;
    may_read(&session, &desk)?;
    // Messages of all offices of a node are in one box.
    if desk.role() == Role::Office {
        session.actor.needs(Right::Audit)?;
    }
    let now_ms = api.now().as_millisecond();
    let found = blocking(move || {
        Ok(desk
            .store()
            .read::<_, StoreError, _>(move |tx| match &asked.state[..] {
                "parked" => work::parked(tx, LIST_MAX),
                "overdue" => work::overdue(tx, now_ms, LIST_MAX),
                _ => work::waiting(tx, LIST_MAX),
            })?)
    });
    let rows = found.await?;
    let shown = rows.iter().map(|stuck| {
        json!({ "id": stuck.id, "receiver": stuck.receiver, "kind": stuck.kind, "subject": stuck.subject, "fault": stuck.fault })
    });
    Ok(Json(shown.collect()))
}

async fn resend(
    State(api): State<Api>,
    Path((role, id)): Path<(String, String)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Value>> {
    begin_again(&api, &role, &session, id, work::unpark).await
}

/// What takes something out of the parked ones: false when there is no such thing.
type Unpark = fn(&mut dyn Tx, &str, i64) -> rilascio_store::Result<bool>;

/// What was given up begins again.
async fn begin_again(
    api: &Api,
    role: &str,
    session: &Session,
    id: String,
    unpark: Unpark,
) -> Answered<Json<Value>> {
    let desk = api.desk(role)?;
    administers(session, &desk)?;
    let now_ms = api.now().as_millisecond();
    let done = blocking(move || {
        Ok(desk
            .store()
            .write::<_, StoreError, _>(move |tx| unpark(tx, &id, now_ms))?)
    });
    if done.await? {
        Ok(Json(json!({ "state": "ready" })))
    } else {
        Err(Reason::Unknown.refusal().into())
    }
}
