//! Photographs of spoiled cards: taken before they are destroyed, sealed, and forgotten like the faces that they may show.

use super::papers::{self, Media, PaperContent, PaperEntry};
use super::stock::{blank_step, move_blank};
use crate::command::{Answer, COUNT_MAX};
use crate::desk::Desk;
use crate::ledger::{DAY_MS, Ledger, word};
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_circuit::process::{
    Actor, Blank, BlankCommand, BlankSerial, BlankState, OfficerId, Reason, Right,
};
use rilascio_exchange::message::Paper;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The job that forgets the photographs of a destroyed card.
pub(crate) const FORGET_PHOTOGRAPHS: &str = "forget-photographs";
/// Photographs of one card.
const PHOTOGRAPHS_MAX: usize = 6;

/// Keeps photographs of a spoiled card.
pub(super) fn photograph(
    ledger: &mut Ledger<'_>,
    serial: &BlankSerial,
    photographs: &[Paper],
) -> Result<Answer> {
    papers::check(photographs)?;
    let pictures = |paper: &Paper| Media::of(&paper.content.0) != Some(Media::Pdf);
    if !photographs.iter().all(pictures) {
        return Err(Error::Malformed {
            what: "photograph",
            why: "it is not a JPEG or PNG image".to_owned(),
        });
    }
    let answer = blank_step(ledger, serial, &BlankCommand::Photograph)?;
    ledger.add_papers(serial.as_str(), photographs, PHOTOGRAPHS_MAX)?;
    Ok(answer)
}

/// A card is gone: its photographs, if there are any, are kept as long as a face may be.
pub(super) fn forget_later(ledger: &mut Ledger<'_>, blank: &Blank) -> Result<bool> {
    let any = !ledger.papers(blank.serial.as_str())?.is_empty();
    if any {
        let days = i64::from(ledger.profile(&blank.profile)?.circuit.biometrics_days);
        let due = ledger.now_ms() + days * DAY_MS;
        ledger.job_at(FORGET_PHOTOGRAPHS, blank.serial.as_str(), due)?;
    }
    Ok(any)
}

/// Destroys spoiled cards before a witness; where the profile says so, none without its photograph.
pub(super) fn destroy(
    ledger: &mut Ledger<'_>,
    blanks: &BTreeSet<BlankSerial>,
    second: &OfficerId,
) -> Result<Answer> {
    if blanks.is_empty() || blanks.len() > COUNT_MAX as usize {
        return Err(Reason::TooMany.refusal().into());
    }
    let destroy = BlankCommand::Destroy {
        second: second.clone(),
    };
    for serial in blanks {
        let blank = move_blank(ledger, serial, &destroy, false)?;
        let rules = ledger.profile(&blank.profile)?;
        if !forget_later(ledger, &blank)? && rules.circuit.spoiled_photograph {
            return Err(Reason::NoPhotograph.refusal().into());
        }
    }
    Ok(Answer {
        ids: blanks.iter().map(ToString::to_string).collect(),
        state: word(BlankState::Destroyed),
        found: None,
    })
}

/// Who may look at the photographs of a card.
fn may_see(ledger: &mut Ledger<'_>, serial: &BlankSerial, actor: &Actor) -> Result<()> {
    let blank: Blank = ledger.known(serial.as_str())?;
    let keeps = actor.needs_at(Right::Stock, &blank.site);
    keeps.or_else(|_| actor.needs_at(Right::Produce, &blank.site))?;
    actor.needs_profile(&blank.profile)?;
    Ok(())
}

impl Desk {
    /// The photographs of a spoiled card.
    ///
    /// # Errors
    /// `circuit.unknown`, `circuit.right`, `circuit.site`, or what the store says.
    pub fn photographs(
        self: &Arc<Self>,
        serial: &BlankSerial,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<PaperEntry>> {
        let (serial, by) = (serial.clone(), actor.clone());
        self.transact(actor, now, move |ledger| {
            may_see(ledger, &serial, &by)?;
            ledger.papers(serial.as_str())
        })
    }

    /// A photograph of a spoiled card; the journal notes who looked.
    ///
    /// # Errors
    /// `circuit.unknown`, `circuit.right`, `circuit.site`, or what the store says.
    pub fn photograph(
        self: &Arc<Self>,
        serial: &BlankSerial,
        number: u32,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<PaperContent> {
        let (serial, by) = (serial.clone(), actor.clone());
        self.transact(actor, now, move |ledger| {
            may_see(ledger, &serial, &by)?;
            ledger.read_paper(serial.as_str(), number)
        })
    }
}
