//! A document between its parcel and its holder: the shelf that it lies on, the appointment for which the holder comes, and
//! the old document that is due then.

use super::{Context, Dossier, IssueReason, OfficerId, Phase, Reason, Reference, Right, Surrender};
use crate::profile::CircuitRules;
use crate::rules::Refusal;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most appointments of one day and office.
const SLOTS_MAX: usize = 1440;

/// Where a document waits, and until when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Collection {
    /// The place on the shelf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shelf: Option<Reference>,
    /// When the holder comes, by the clock of the office.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appointment: Option<DateTime>,
}

impl Collection {
    /// True when nothing is known of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn apply(&mut self, event: &CollectionEvent) {
        match event {
            CollectionEvent::Shelved(shelf, _) => self.shelf = Some(shelf.clone()),
            CollectionEvent::Appointed(at, _) => self.appointment = Some(*at),
            CollectionEvent::CalledOff(_) => self.appointment = None,
        }
    }
}

/// What can be asked of a document that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CollectionCommand {
    /// Puts it on a shelf.
    Shelve(Reference),
    /// The holder comes then.
    Appoint(DateTime),
    /// The holder does not come then.
    CallOff,
}

/// What can happen to a document that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CollectionEvent {
    /// It lies there.
    Shelved(Reference, OfficerId),
    /// The holder comes then.
    Appointed(DateTime, OfficerId),
    /// The holder does not come.
    CalledOff(OfficerId),
}

impl Dossier {
    pub(super) fn decide_collection(
        &self,
        command: &CollectionCommand,
        context: &Context<'_>,
    ) -> Result<CollectionEvent, Refusal> {
        let actor = context.actor;
        // The holder, who is no officer, asks through the office itself.
        if !actor.is_system() {
            actor.needs_at(Right::HandOver, &self.office)?;
        }
        if !matches!(self.phase, Phase::AtOffice | Phase::Activated) {
            return Err(Reason::State.refusal());
        }
        let who = actor.officer.clone();
        match command {
            CollectionCommand::Shelve(shelf) => Ok(CollectionEvent::Shelved(shelf.clone(), who)),
            CollectionCommand::Appoint(at) => {
                let today = context.now.to_zoned(jiff::tz::TimeZone::UTC).date();
                let last = self.waits_until(context.rules);
                if at.date() <= today || last.is_none_or(|last| at.date() > last) {
                    return Err(Reason::NoAppointment.refusal());
                }
                Ok(CollectionEvent::Appointed(*at, who))
            }
            CollectionCommand::CallOff if self.collection.appointment.is_none() => {
                Err(Reason::State.refusal())
            }
            CollectionCommand::CallOff => Ok(CollectionEvent::CalledOff(who)),
        }
    }

    /// The last day on which the document waits at its office; after it the document is recalled.
    #[must_use]
    pub fn waits_until(&self, rules: &CircuitRules) -> Option<Date> {
        let came = self.arrived?.to_zoned(jiff::tz::TimeZone::UTC).date();
        Some(came.saturating_add(i32::from(rules.collection_days).days()))
    }

    fn surrender_is_due(&self, context: &Context<'_>) -> bool {
        context.rules.surrender && self.reason != IssueReason::First
    }

    /// Nothing, when what became of the old document is enough to hand the new one over.
    pub(super) fn check_surrender(
        &self,
        given: &Surrender,
        context: &Context<'_>,
    ) -> Result<(), Refusal> {
        let allowed = match given {
            Surrender::FirstIssue => !self.surrender_is_due(context),
            // Nobody else's document comes to its end here.
            Surrender::Document(document) => self.previous.as_ref() == Some(document),
            Surrender::Report(_) => self.previous.is_some(),
            Surrender::Missing => !self.surrender_is_due(context),
        };
        allowed
            .then_some(())
            .ok_or_else(|| Reason::OldDocument.refusal())
    }
}

/// When an office hands documents over by appointment, by its own clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CollectionHours {
    /// Days of the week, from 1 for Monday to 7 for Sunday.
    pub days: BTreeSet<u8>,
    /// The first appointment.
    pub from: Time,
    /// When the last one is over.
    pub until: Time,
    /// How long one takes.
    pub minutes: u16,
    /// How many holders come at once; there are no appointments if 0.
    pub places: u16,
    /// Days on which the office is closed.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub closed: BTreeSet<Date>,
}

impl Default for CollectionHours {
    /// Monday to Friday from 9 to 13 o'clock, every quarter of an hour two.
    fn default() -> Self {
        Self {
            days: BTreeSet::from([1, 2, 3, 4, 5]),
            from: Time::constant(9, 0, 0, 0),
            until: Time::constant(13, 0, 0, 0),
            minutes: 15,
            places: 2,
            closed: BTreeSet::new(),
        }
    }
}

impl CollectionHours {
    /// The appointments of a day.
    pub fn of(&self, day: Date) -> impl Iterator<Item = DateTime> {
        let weekday = u8::try_from(day.weekday().to_monday_one_offset()).unwrap_or_default();
        let open = self.places > 0
            && self.minutes > 0
            && self.days.contains(&weekday)
            && !self.closed.contains(&day);
        let length = i64::from(self.minutes).minutes();
        let ends = move |start: &Time| start.checked_add(length).ok();
        let until = self.until;
        std::iter::successors(open.then_some(self.from), ends)
            .take_while(move |start| ends(start).is_some_and(|end| end <= until))
            .take(SLOTS_MAX)
            .map(move |start| day.to_datetime(start))
    }

    /// Whether holders can come then.
    #[must_use]
    pub fn is_open(&self, at: DateTime) -> bool {
        self.of(at.date()).any(|slot| slot == at)
    }
}
