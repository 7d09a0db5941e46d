//! What the registry of residents has of somebody who stands at the counter: asked for a dossier of the own office, where its
//! profile has the registry confirm the data anyway, and with a line in the journal.

use crate::api::{Answered, Api, SignedIn, blocking, parsed};
use crate::desk::{Desk, draft};
use crate::limits::Counted;
use crate::officers::malformed;
use crate::{Result, Role};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use rilascio_circuit::process::{Actor, DossierId, Reason};
use rilascio_exchange::adapter::residents::Resident;
use serde::Deserialize;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The longest national number, in characters.
const CODE_MAX: usize = 32;

/// A way to the registry of residents.
pub trait Register: Send + Sync {
    /// What it has of a person; nothing when it knows nobody of that number.
    ///
    /// # Errors
    /// When it cannot be asked.
    fn find(&self, case: &DossierId, code: &str) -> rilascio_exchange::Result<Option<Resident>>;
}

/// The route.
pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/v1/office/dossier/{id}/resident", post(find))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    code: Zeroizing<String>,
}

impl Desk {
    /// Whether an officer may ask the registry about a dossier; the journal notes that it is asked.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.site`, `circuit.state`, `circuit.not-offered`, or what the store says.
    fn ask_residents(
        self: &Arc<Self>,
        dossier: &DossierId,
        code: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let (dossier, code) = (dossier.clone(), Zeroizing::new(code.to_owned()));
        self.transact(actor, now, move |ledger| {
            let known = draft::open(ledger, &dossier)?;
            if !ledger.profile(&known.profile)?.circuit.residents {
                return Err(Reason::NotOffered.refusal().into());
            }
            let asked = ledger.keyed_digest(code.as_bytes())?;
            let by = ledger.actor.clone();
            ledger.note(&by, "residents", dossier.as_str(), &("asked", asked))
        })
    }
}

async fn find(
    State(api): State<Api>,
    Path(id): Path<DossierId>,
    SignedIn(session): SignedIn,
    body: Bytes,
) -> Answered<Json<Resident>> {
    let given: Number = parsed(&body)?;
    let code = given.code.trim().to_uppercase();
    let plain = code.chars().all(|sign| sign.is_ascii_alphanumeric());
    if code.is_empty() || code.len() > CODE_MAX || !plain {
        let why = format!("a national number has 1 to {CODE_MAX} letters and digits");
        return Err(malformed("code", why).into());
    }
    let desk = api.desk(Role::Office.name())?;
    let register = api.register.clone();
    let register = register.ok_or_else(|| Reason::NotOffered.refusal())?;
    let now = api.now();
    let officer = session.actor.officer.as_str();
    api.counts.count(Counted::LookUp, officer, now)?;
    let found = blocking(move || {
        desk.ask_residents(&id, &code, &session.actor, now)?;
        Ok(register.find(&id, &code)?)
    });
    let found = found.await?;
    Ok(Json(found.ok_or_else(|| Reason::Unknown.refusal())?))
}
