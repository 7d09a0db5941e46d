//! Documents that wait for their holders: shelves, appointments, and until when each waits.

use super::Desk;
use crate::applicant::Receipt;
use crate::command::{Answer, Command};
use crate::ledger::{Ledger, decode, decode_as, encode, word};
use crate::notice::Occasion;
use crate::{Error, Result};
use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};
use rilascio_circuit::process::{
    Actor, Aggregate, CollectionCommand, CollectionHours, DocumentId, Dossier, DossierCommand,
    DossierId, Phase, Reason, Reference, Right, SiteId,
};
use rilascio_store::entity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who comes at a time.
const SLOT: &str = "slot";
/// Free times that are offered at once.
const OFFERED: usize = 40;
/// Days that are looked at for free times.
const DAYS_AHEAD: i32 = 60;
/// Times that are looked at.
const SLOTS_MAX: u32 = 2000;
/// Documents of a phase that are read at once.
const PAGE: u32 = 500;

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
            let answer = step(ledger, dossier, CollectionCommand::CallOff)?;
            let known: Dossier = ledger.known(dossier.as_str())?;
            ledger.notify_of(&known, Occasion::CalledOff)?;
            Ok(answer)
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

/// The name of a time at an office: those of one office are in their order.
fn slot(site: &SiteId, at: DateTime) -> String {
    format!("{site}/{at}")
}

/// Those who still come then: whoever called off, or has the document already, does not.
fn still(ledger: &mut Ledger<'_>, noted: Vec<DossierId>, at: DateTime) -> Result<Vec<DossierId>> {
    let mut there = Vec::new();
    for dossier in noted {
        let known: Option<Dossier> = ledger.get(dossier.as_str())?;
        if known.is_some_and(|known| known.collection.appointment == Some(at)) {
            there.push(dossier);
        }
    }
    Ok(there)
}

/// Who comes then, and the row that says so.
fn coming(
    ledger: &mut Ledger<'_>,
    site: &SiteId,
    at: DateTime,
) -> Result<(entity::Entity, Vec<DossierId>)> {
    let id = slot(site, at);
    let row = entity::get(ledger.tx, SLOT, &id)?;
    let noted: Vec<DossierId> = match &row {
        Some(row) => decode_as(SLOT, row)?,
        None => Vec::new(),
    };
    let there = still(ledger, noted, at)?;
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
    let rules = &ledger.profile(&known.profile)?.circuit;
    let last = known.waits_until(rules).unwrap_or(today);
    let site = &known.office;
    // What is taken is read at once, and looked at only where it may be full.
    let after = slot(site, today.at(23, 59, 59, 0));
    let rows = entity::list(
        ledger.tx,
        SLOT,
        None,
        Some(site.as_str()),
        &after,
        SLOTS_MAX,
    )?;
    let mut taken = BTreeMap::new();
    for row in &rows {
        let noted: Vec<DossierId> = decode_as(SLOT, row)?;
        taken.insert(row.id.clone(), noted);
    }
    let mut found = Vec::new();
    for ahead in 1..=DAYS_AHEAD {
        let day = today.saturating_add(ahead.days());
        if day > last {
            break;
        }
        for at in hours.of(day) {
            let mut there = taken.remove(&slot(site, at)).unwrap_or_default();
            if there.len() >= usize::from(hours.places) {
                there = still(ledger, there, at)?;
            }
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

/// Every dossier of an office in a phase.
fn all_at(ledger: &mut Ledger<'_>, phase: Phase, site: &SiteId) -> Result<Vec<Dossier>> {
    let (state, mut after, mut found) = (word(phase), String::new(), Vec::new());
    loop {
        let site = Some(site.as_str());
        let page = entity::list(ledger.tx, Dossier::KIND, Some(&state), site, &after, PAGE)?;
        for row in &page {
            found.push(decode(row)?);
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after.clone_from(&last.id),
            _ => return Ok(found),
        }
    }
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
            by.needs_profile(&known.profile)?;
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
        // A wrong code and an unknown number are answered alike.
        let known = self
            .of_receipt(receipt)?
            .ok_or_else(|| Reason::Unknown.refusal())?;
        if known.phase != Phase::Activated {
            return Ok(Vec::new());
        }
        self.transact(&self.system(), now, move |ledger| free(ledger, &known))
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
        // A wrong code and an unknown number are answered alike.
        let known = self
            .of_receipt(receipt)?
            .ok_or_else(|| Reason::Unknown.refusal())?;
        if at.is_some() && known.phase != Phase::Activated {
            return Err(Reason::NotActivated.refusal().into());
        }
        self.transact(&self.system(), now, move |ledger| match at {
            Some(at) => appoint(ledger, &known.id, at).map(drop),
            None => step(ledger, &known.id, CollectionCommand::CallOff).map(drop),
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
                for known in all_at(ledger, phase, &site)? {
                    let rules = &ledger.profile(&known.profile)?.circuit;
                    let until = known.waits_until(rules);
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
