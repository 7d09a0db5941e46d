//! The hits of a print search: the dossiers that an examiner lays beside the one that was searched.

use crate::Result;
use crate::desk::Desk;
use crate::ledger::{Ledger, decode, decode_as, encode};
use crate::worker::Identification;
use rilascio_circuit::process::{Actor, Aggregate, Document, Dossier, DossierId, Right};
use rilascio_store::Tx;
use rilascio_store::entity::{self, Entity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const HITS: &str = "hits";
/// Hits of one search that are kept, the best first.
const HITS_MAX: usize = 20;

/// A dossier whose prints are like those that were searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hit {
    /// Its name, as the system that searched knows it.
    pub subject: String,
    /// The score in hundredths of a log-likelihood, from the built-in engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i32>,
    /// Whether it is the dossier of the document that is to be replaced: whose prints should be the same, and are not.
    #[serde(default)]
    pub earlier: bool,
}

/// Keeps what a search found; another search replaces it.
pub(super) fn keep(
    ledger: &mut Ledger<'_>,
    dossier: &Dossier,
    found: &Identification,
) -> Result<()> {
    let mut hits: Vec<Hit> = found.hits.iter().take(HITS_MAX).cloned().collect();
    if let (Some(false), Some(previous)) = (found.same_as_previous, &dossier.previous)
        && let Some(document) = ledger.get::<Document>(previous.as_str())?
    {
        hits.push(Hit {
            subject: document.dossier.to_string(),
            score: None,
            earlier: true,
        });
    }
    let known = entity::get(ledger.tx, HITS, dossier.id.as_str())?;
    if hits.is_empty() && known.is_none() {
        return Ok(());
    }
    let row = Entity {
        id: dossier.id.to_string(),
        version: known.map_or(0, |known| known.version),
        site: dossier.office.to_string(),
        state: "found".to_owned(),
        due_ms: None,
        body: encode(HITS, &hits)?,
    };
    Ok(entity::put(ledger.tx, HITS, &row)?)
}

/// The dossier came to nothing, or its record ended: nobody lays anything beside it any more.
pub(super) fn forget(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    Ok(entity::remove(ledger.tx, HITS, dossier.as_str())?)
}

/// The hits of a dossier. Whoever lays them beside it works on the documents of all of them: nobody judges a person unseen.
fn of(tx: &mut dyn Tx, dossier: &DossierId, actor: &Actor) -> Result<Vec<Hit>> {
    let Some(row) = entity::get(tx, HITS, dossier.as_str())? else {
        return Ok(Vec::new());
    };
    let hits: Vec<Hit> = decode_as(HITS, &row)?;
    for hit in &hits {
        if let Some(row) = entity::get(tx, Dossier::KIND, &hit.subject)? {
            actor.needs_profile(&decode::<Dossier>(&row)?.profile)?;
        }
    }
    Ok(hits)
}

/// Nothing, when who acts may judge the hits of a dossier.
pub(super) fn may_judge(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    let actor = ledger.actor.clone();
    of(ledger.tx, dossier, &actor).map(drop)
}

impl Desk {
    /// The hits of the print search of a dossier, the best first.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.profile` when one is of a profile that the officer does not work on, or what the store
    /// says.
    pub fn hits(self: &Arc<Self>, dossier: &DossierId, actor: &Actor) -> Result<Vec<Hit>> {
        if !actor.rights.contains(&Right::Decide) {
            actor.needs(Right::Examine)?;
        }
        let (dossier, actor) = (dossier.clone(), actor.clone());
        self.store()
            .read::<_, crate::Error, _>(move |tx| of(tx, &dossier, &actor))
    }
}
