//! Documents that wait for their holders: shelves, appointments, and who has not come.

use super::Desk;
use crate::applicant::Receipt;
use crate::command::{Answer, Command};
use crate::ledger::{Ledger, decode_as, encode, word};
use crate::notice::Occasion;
use crate::{Error, Result};
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use rilascio_circuit::process::{
    Actor, CollectionCommand, CollectionHours, DocumentId, Dossier, DossierCommand, DossierId,
    Phase, Reason, Reference, Right, SiteId,
};
use rilascio_store::entity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who comes at a time.
const SLOT: &str = "slot";
/// Free times that are offered at once.
const OFFERED: usize = 40;
/// Days that are looked at for free times.
const DAYS_AHEAD: i32 = 60;
/// Documents of a phase that are shown.
const WAITING_MAX: u32 = 500;

/// A document that waits at its office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingDocument {
    /// The dossier.
    pub dossier: DossierId,
    /// The profile of the document.
    pub profile: String,
    /// The document.
    pub document: Option<DocumentId>,
    /// Whether its holder may come.
    pub phase: Phase,
    /// The place on the shelf.
    pub shelf: Option<Reference>,
    /// When the holder comes, by the clock of the office.
    pub appointment: Option<DateTime>,
    /// When it came.
    pub arrived: Option<Timestamp>,
    /// The last day on which it waits; after it the document is recalled.
    pub until: Option<Date>,
    /// Whether that day has passed.
    pub overdue: bool,
}

pub(super) fn execute(ledger: &mut Ledger<'_>, command: &Command) -> Result<Answer> {
    match command {
        Command::ShelveDocument { dossier, shelf } => {
            let shelve = CollectionCommand::Shelve(shelf.clone());
            step(ledger, dossier, shelve)
        }
        Command::SetAppointment { dossier, at } => {
            let set = appoint(ledger, dossier, *at)?;
            Ok(Answer::of(dossier, word(set.phase)))
        }
        Command::CallOffAppointment { dossier } => {
            step(ledger, dossier, CollectionCommand::CallOff)
        }
        other => Err(Error::Role {
            command: other.name(),
            role: "office",
        }),
    }
}

fn step(ledger: &mut Ledger<'_>, dossier: &DossierId, what: CollectionCommand) -> Result<Answer> {
    let command = DossierCommand::Collection(what);
    let next: Dossier = ledger.step(dossier.as_str(), None, &command)?;
    Ok(Answer::of(dossier, word(next.phase)))
}

fn hours(ledger: &Ledger<'_>, site: &SiteId) -> Result<CollectionHours> {
    let office = ledger.desk.offices.get(site);
    let office = office.ok_or_else(|| Reason::Site.refusal())?;
    Ok(office.collection.clone())
}

/// Who comes then, and the row that says so.
fn coming(
    ledger: &mut Ledger<'_>,
    site: &SiteId,
    at: DateTime,
) -> Result<(entity::Entity, Vec<DossierId>)> {
    let id = format!("{site}/{at}");
    let row = entity::get(ledger.tx, SLOT, &id)?;
    let noted: Vec<DossierId> = match &row {
        Some(row) => decode_as(SLOT, row)?,
        None => Vec::new(),
    };
    let mut there = Vec::new();
    for dossier in noted {
        // Whoever called off, or has the document already, does not come.
        let known: Option<Dossier> = ledger.get(dossier.as_str())?;
        if known.is_some_and(|known| known.collection.appointment == Some(at)) {
            there.push(dossier);
        }
    }
    let row = row.unwrap_or_else(|| entity::Entity {
        id,
        version: 0,
        site: site.to_string(),
        state: String::new(),
        due_ms: None,
        body: String::new(),
    });
    Ok((row, there))
}

/// Sets an appointment, if a place is free then; the holder gets word of it.
fn appoint(ledger: &mut Ledger<'_>, id: &DossierId, at: DateTime) -> Result<Dossier> {
    let known: Dossier = ledger.known(id.as_str())?;
    let hours = hours(ledger, &known.office)?;
    if !hours.is_open(at) {
        return Err(Reason::NoAppointment.refusal().into());
    }
    let (mut row, mut there) = coming(ledger, &known.office, at)?;
    if !there.contains(id) {
        if there.len() >= usize::from(hours.places) {
            return Err(Reason::SlotTaken.refusal().into());
        }
        there.push(id.clone());
    }
    let command = DossierCommand::Collection(CollectionCommand::Appoint(at));
    let next: Dossier = ledger.step(id.as_str(), None, &command)?;
    row.body = encode(SLOT, &there)?;
    entity::put(ledger.tx, SLOT, &row)?;
    ledger.notify_of(&next, Occasion::Appointment)?;
    Ok(next)
}

/// The next times at which a place is free for a document that waits.
fn free(ledger: &mut Ledger<'_>, known: &Dossier) -> Result<Vec<DateTime>> {
    let hours = hours(ledger, &known.office)?;
    let today = ledger.today();
    let last = last_day(ledger, known)?.unwrap_or(today);
    let mut found = Vec::new();
    for ahead in 1..=DAYS_AHEAD {
        let day = today.saturating_add(ahead.days());
        if day > last {
            break;
        }
        for at in hours.of(day) {
            let (_, there) = coming(ledger, &known.office, at)?;
            if there.len() < usize::from(hours.places) {
                found.push(at);
            }
            if found.len() == OFFERED {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// The last day on which a document waits.
fn last_day(ledger: &Ledger<'_>, known: &Dossier) -> Result<Option<Date>> {
    let days = i32::from(ledger.profile(&known.profile)?.circuit.collection_days);
    Ok(known.arrived.map(|at| {
        let day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
        day.saturating_add(days.days())
    }))
}

/// The dossier of a receipt, when its holder may come.
fn of_receipt(ledger: &mut Ledger<'_>, receipt: &Receipt) -> Result<Dossier> {
    let known: Option<Dossier> = ledger.get(receipt.dossier.as_str())?;
    let digest = receipt.digest();
    let known = known.filter(|known| known.receipt.as_ref() == Some(&digest));
    // A wrong code and an unknown number are answered alike.
    let known = known.ok_or_else(|| Reason::Unknown.refusal())?;
    if known.phase != Phase::Activated {
        return Err(Reason::NotActivated.refusal().into());
    }
    Ok(known)
}

impl Desk {
    /// Times at which the holder of a dossier can come.
    ///
    /// # Errors
    /// `circuit.unknown`, `circuit.right`, `circuit.site`, or what the store says.
    pub fn free_times(
        self: &Arc<Self>,
        dossier: &DossierId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<DateTime>> {
        let (dossier, by) = (dossier.clone(), actor.clone());
        self.transact(actor, now, move |ledger| {
            let known: Dossier = ledger.known(dossier.as_str())?;
            by.needs_at(Right::HandOver, &known.office)?;
            free(ledger, &known)
        })
    }

    /// Times among which the holder of a receipt can choose: none before the document is ready.
    ///
    /// # Errors
    /// `circuit.unknown`, or what the store says.
    pub fn times_of_holder(
        self: &Arc<Self>,
        receipt: &Receipt,
        now: Timestamp,
    ) -> Result<Vec<DateTime>> {
        let receipt = receipt.clone();
        self.transact(&self.system(), now, move |ledger| {
            match of_receipt(ledger, &receipt) {
                Ok(known) => free(ledger, &known),
                Err(Error::Refused(why)) if why.rule == Reason::NotActivated.refusal().rule => {
                    Ok(Vec::new())
                }
                Err(why) => Err(why),
            }
        })
    }

    /// The holder of a receipt comes then, or at no appointment.
    ///
    /// # Errors
    /// `circuit.unknown`, `circuit.activation`, `circuit.no-appointment`, `circuit.slot-taken`, or what the store says.
    pub fn holder_comes(
        self: &Arc<Self>,
        receipt: &Receipt,
        at: Option<DateTime>,
        now: Timestamp,
    ) -> Result<()> {
        let receipt = receipt.clone();
        self.transact(&self.system(), now, move |ledger| {
            let known = of_receipt(ledger, &receipt)?;
            match at {
                Some(at) => appoint(ledger, &known.id, at).map(drop),
                None => step(ledger, &known.id, CollectionCommand::CallOff).map(drop),
            }
        })
    }

    /// Documents that wait at an office, the first to be recalled first.
    ///
    /// # Errors
    /// What the store says.
    pub fn waiting_documents(
        self: &Arc<Self>,
        site: &SiteId,
        now: Timestamp,
    ) -> Result<Vec<WaitingDocument>> {
        let site = site.clone();
        self.transact(&self.system(), now, move |ledger| {
            let today = ledger.today();
            let mut found = Vec::new();
            for phase in [Phase::AtOffice, Phase::Activated] {
                let here: Vec<Dossier> =
                    ledger.list_at(&word(phase), site.as_str(), WAITING_MAX)?;
                for known in here {
                    let until = last_day(ledger, &known)?;
                    found.push(WaitingDocument {
                        dossier: known.id,
                        profile: known.profile,
                        document: known.document,
                        phase,
                        shelf: known.collection.shelf,
                        appointment: known.collection.appointment,
                        arrived: known.arrived,
                        until,
                        overdue: until.is_some_and(|until| until < today),
                    });
                }
            }
            found.sort_by(|one, other| {
                (one.until, &one.dossier).cmp(&(other.until, &other.dossier))
            });
            Ok(found)
        })
    }
}
