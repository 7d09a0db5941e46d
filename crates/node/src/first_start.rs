//! The first start: whoever reads the console makes the first administrator of each role, once, with the token that it
//! shows.

use crate::api::{Answered, Api, blocking, parsed};
use crate::desk::Desk;
use crate::officers::OFFICER;
use crate::{Error, Result, Role};
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use rilascio_circuit::process::{Actor, Digest, OfficerId, Reason, Right, SiteId};
use rilascio_store::entity;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The token of a process, of which only the digest is kept.
pub(crate) struct FirstStart {
    token: Digest,
    /// Two who come at once are not both the first.
    turn: Mutex<()>,
}

impl FirstStart {
    pub(crate) fn new(token: &str) -> Self {
        Self {
            token: Digest::of(token.as_bytes()),
            turn: Mutex::new(()),
        }
    }
}

/// The routes.
pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/v1/first-start", get(open).post(make))
}

impl Desk {
    /// True when nobody was ever named here.
    ///
    /// # Errors
    /// What the store says.
    pub fn is_new(&self) -> Result<bool> {
        self.store()
            .read::<_, Error, _>(|tx| Ok(entity::list(tx, OFFICER, None, None, "", 1)?.is_empty()))
    }
}

/// The roles that have no officer yet, and the offices of one that is among them.
async fn open(State(api): State<Api>) -> Answered<Json<Value>> {
    if api.first_start.is_none() {
        return Err(Error::from(Reason::Unknown.refusal()).into());
    }
    let found = blocking(move || {
        let mut roles = Vec::new();
        let mut sites = Vec::new();
        for desk in api.desks() {
            if desk.is_new()? {
                roles.push(desk.role().name());
                if desk.role() == Role::Office {
                    sites.extend(desk.offices().keys().cloned());
                }
            }
        }
        Ok(json!({ "roles": roles, "sites": sites }))
    });
    Ok(Json(found.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    token: Zeroizing<String>,
    role: String,
    /// The office, of an office's administrator.
    #[serde(default)]
    site: Option<SiteId>,
    officer: OfficerId,
    password: Zeroizing<String>,
}

async fn make(State(api): State<Api>, body: Bytes) -> Answered<Json<Value>> {
    let given: First = parsed(&body)?;
    let first = api
        .first_start
        .clone()
        .filter(|first| first.token == Digest::of(given.token.as_bytes()))
        .ok_or_else(|| Error::from(Reason::Right.refusal()))?;
    let (desk, now) = (api.desk(&given.role)?, api.now());
    let name = given.officer.clone();
    blocking(move || {
        api.refuse_elsewhere(&given.officer, &desk)?;
        name_first(&desk, &first, &given, now)
    })
    .await?;
    Ok(Json(json!({ "officer": name })))
}

fn name_first(
    desk: &Arc<Desk>,
    first: &FirstStart,
    given: &First,
    now: jiff::Timestamp,
) -> Result<()> {
    let _turn = first.turn.lock().unwrap_or_else(PoisonError::into_inner);
    if !desk.is_new()? {
        return Err(Reason::Exists.refusal().into());
    }
    let site = match (desk.role(), &given.site) {
        (Role::Office, Some(site)) if desk.offices().contains_key(site) => site.clone(),
        (Role::Office, _) => return Err(Reason::Site.refusal().into()),
        _ => desk.site().clone(),
    };
    let administrator = Actor {
        officer: given.officer.clone(),
        rights: [Right::Administer, Right::Audit].into(),
        site,
        profiles: [].into(),
    };
    let system = Actor::system(desk.site());
    desk.name_officer(&system, &administrator, &given.password, now)
}
