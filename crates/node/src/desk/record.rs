//! What was taken of a person, for the officers who judge it: text and images, read with a line in the journal.

use crate::Result;
use crate::desk::Desk;
use crate::desk::package::{APPLICATION, BIOMETRICS, RECORD};
use crate::ledger::Ledger;
use jiff::Timestamp;
use rilascio_circuit::process::{Actor, DossierId, Reason, Right};
use rilascio_store::vault::Compartment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The record of a dossier as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownRecord {
    /// The application, in the format of application files (TOML).
    pub application: String,
    /// The names of the images, as the application has them; none when they were forgotten.
    pub images: Vec<String>,
}

fn image_names(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<Vec<String>> {
    let biometrics = Compartment {
        dossier: dossier.as_str(),
        part: BIOMETRICS,
    };
    Ok(biometrics.names(ledger.tx)?)
}

/// Only those who take, examine or decide see a person: not everybody who may read the tables.
pub(super) fn may_see(actor: &Actor) -> Result<()> {
    let rights = [
        Right::Enrol,
        Right::Approve,
        Right::HandOver,
        Right::Examine,
        Right::Decide,
    ];
    if rights.iter().any(|right| actor.rights.contains(right)) {
        Ok(())
    } else {
        Err(Reason::Right.refusal().into())
    }
}

impl Desk {
    /// The record of a dossier; the journal notes who read it.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.unknown` when it was forgotten or never taken, or what the store says.
    pub fn record(
        self: &Arc<Self>,
        dossier: &DossierId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ShownRecord> {
        may_see(actor)?;
        let (dossier, by) = (dossier.clone(), actor.clone());
        self.transact(actor, now, move |ledger| {
            let record = Compartment {
                dossier: dossier.as_str(),
                part: RECORD,
            };
            let application = record
                .get(ledger.tx, &ledger.vault, APPLICATION)?
                .ok_or_else(|| Reason::Unknown.refusal())?;
            ledger.note(&by, "record", dossier.as_str(), &"read")?;
            Ok(ShownRecord {
                application: String::from_utf8_lossy(&application).into_owned(),
                images: image_names(ledger, &dossier)?,
            })
        })
    }

    /// An image of a dossier, by its place in the list of [`Desk::record`]; the journal notes who saw it.
    ///
    /// # Errors
    /// As for [`Desk::record`].
    pub fn record_image(
        self: &Arc<Self>,
        dossier: &DossierId,
        number: usize,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Zeroizing<Vec<u8>>> {
        may_see(actor)?;
        let (dossier, by) = (dossier.clone(), actor.clone());
        self.transact(actor, now, move |ledger| {
            let names = image_names(ledger, &dossier)?;
            let name = names.get(number).ok_or_else(|| Reason::Unknown.refusal())?;
            let biometrics = Compartment {
                dossier: dossier.as_str(),
                part: BIOMETRICS,
            };
            let bytes = biometrics.get(ledger.tx, &ledger.vault, name)?;
            let bytes = bytes.ok_or_else(|| Reason::Unknown.refusal())?;
            ledger.note(&by, "record", dossier.as_str(), &("image", number))?;
            Ok(bytes)
        })
    }
}
