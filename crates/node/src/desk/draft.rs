//! What was taken at a desk before the holder confirms it: kept sealed at every step, so that nothing is lost when a
//! browser or a node dies, and taken up again when a dossier comes back.

use super::package::BIOMETRICS;
use crate::desk::Desk;
use crate::ledger::{DAY_MS, Ledger};
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_circuit::process::{Actor, Dossier, DossierId, Phase, Reason, Right};
use rilascio_store::vault::Compartment;
use std::collections::BTreeSet;
use std::sync::Arc;
use zeroize::Zeroizing;

const DRAFT: &str = "draft";
const FIELDS: &str = "fields";
/// The largest set of fields and the largest image, in bytes.
const FIELDS_BYTES_MAX: usize = 64 * 1024;
const IMAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most images of a draft: face, signature and ten fingers.
const IMAGES_MAX: usize = 12;
const NAME_MAX: usize = 40;

/// A draft: its fields as JSON, and the names of its images.
#[derive(Debug, Default)]
pub struct Draft {
    /// The fields; nothing when none were saved.
    pub fields: Option<Zeroizing<String>>,
    /// The names of the images.
    pub images: BTreeSet<String>,
}

fn compartment(dossier: &DossierId) -> Compartment<'_> {
    Compartment {
        dossier: dossier.as_str(),
        part: DRAFT,
    }
}

fn image(name: &str) -> Result<String> {
    let plain = name
        .bytes()
        .all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-');
    if name.is_empty() || name.len() > NAME_MAX || !plain {
        return Err(Error::Malformed {
            what: "image",
            why: "its name has 1 to 40 small letters, digits and hyphens".to_owned(),
        });
    }
    Ok(format!("image/{name}"))
}

/// The dossier, when that officer may read its draft.
fn own(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<Dossier> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    ledger.actor.needs_at(Right::Enrol, &known.office)?;
    ledger.actor.needs_profile(&known.profile)?;
    Ok(known)
}

/// The dossier, when its draft can still change.
pub(crate) fn open(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<Dossier> {
    let known = own(ledger, dossier)?;
    match known.phase {
        Phase::Draft | Phase::Enrolled => Ok(known),
        phase if phase >= Phase::Certified => Err(Reason::Certified.refusal().into()),
        _ => Err(Reason::State.refusal().into()),
    }
}

/// The job that forgets the draft of a dossier that was given up.
pub(crate) const ABANDONED: &str = "forget-draft";

pub(super) fn forget(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    ledger.forget(dossier.as_str(), DRAFT)?;
    Ok(())
}

/// When a draft that nobody goes on with is forgotten.
fn set_term(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let days = ledger.profile(&known.profile)?.circuit.biometrics_days;
    let due = ledger.now_ms() + i64::from(days) * DAY_MS;
    rilascio_store::work::postpone_job(ledger.tx, ABANDONED, dossier.as_str(), due)?;
    Ok(())
}

/// Nobody went on with a draft for as long as biometric data may be kept: face and fingers are forgotten.
pub(crate) fn abandoned(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    if matches!(known.phase, Phase::Draft | Phase::Enrolled) {
        ledger.forget(dossier.as_str(), BIOMETRICS)?;
        forget(ledger, dossier)?;
    }
    Ok(())
}

impl Desk {
    /// The draft of a dossier.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.site`, `circuit.unknown`, or what the store says.
    pub fn draft(
        self: &Arc<Self>,
        dossier: &DossierId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Draft> {
        let dossier = dossier.clone();
        self.transact(actor, now, move |ledger| {
            own(ledger, &dossier)?;
            let place = compartment(&dossier);
            let mut draft = Draft::default();
            for name in place.names(ledger.tx)? {
                if let Some(image) = name.strip_prefix("image/") {
                    draft.images.insert(image.to_owned());
                }
            }
            if let Some(bytes) = place.get(ledger.tx, &ledger.vault, FIELDS)? {
                draft.fields = Some(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()));
            }
            Ok(draft)
        })
    }

    /// Keeps the fields of a draft.
    ///
    /// # Errors
    /// As for [`Desk::draft`], and when there are too many.
    pub fn save_draft(
        self: &Arc<Self>,
        dossier: &DossierId,
        fields: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        if fields.len() > FIELDS_BYTES_MAX {
            return Err(Reason::TooMany.refusal().into());
        }
        let (dossier, fields) = (dossier.clone(), Zeroizing::new(fields.to_owned()));
        self.transact(actor, now, move |ledger| {
            open(ledger, &dossier)?;
            set_term(ledger, &dossier)?;
            ledger.keep(dossier.as_str(), DRAFT, FIELDS, fields.as_bytes())
        })
    }

    /// An image of a draft.
    ///
    /// # Errors
    /// As for [`Desk::draft`].
    pub fn draft_image(
        self: &Arc<Self>,
        dossier: &DossierId,
        name: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let (dossier, name) = (dossier.clone(), image(name)?);
        self.transact(actor, now, move |ledger| {
            own(ledger, &dossier)?;
            let found = compartment(&dossier).get(ledger.tx, &ledger.vault, &name)?;
            let found = found.ok_or_else(|| Reason::Unknown.refusal())?;
            let by = ledger.actor.clone();
            ledger.note(&by, "draft", dossier.as_str(), &("read", &name))?;
            Ok(found)
        })
    }

    /// Keeps an image of a draft; an empty one is taken out.
    ///
    /// # Errors
    /// As for [`Desk::draft`], and when it is too large or one too many.
    pub fn save_draft_image(
        self: &Arc<Self>,
        dossier: &DossierId,
        name: &str,
        bytes: &[u8],
        actor: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        if bytes.len() > IMAGE_BYTES_MAX {
            return Err(Error::Malformed {
                what: "image",
                why: format!("{} bytes; at most {IMAGE_BYTES_MAX}", bytes.len()),
            });
        }
        let (dossier, name) = (dossier.clone(), image(name)?);
        let bytes = Zeroizing::new(bytes.to_vec());
        self.transact(actor, now, move |ledger| {
            open(ledger, &dossier)?;
            let place = compartment(&dossier);
            if bytes.is_empty() {
                return Ok(place.remove(ledger.tx, &name)?);
            }
            let there = place.names(ledger.tx)?;
            if there.len() > IMAGES_MAX && !there.contains(&name) {
                return Err(Reason::TooMany.refusal().into());
            }
            set_term(ledger, &dossier)?;
            ledger.keep(dossier.as_str(), DRAFT, &name, &bytes)
        })
    }
}
