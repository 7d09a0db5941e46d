//! Files of the old procedure: opened before an office started, finished within its window or by an exception.

use super::{Aggregate, Context, LegacyFileId, OfficerId, Reason, Reference, Right, SiteId};
use crate::rules::Refusal;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a file stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LegacyState {
    /// Under way.
    Open,
    /// Finished.
    Finished,
}

/// A file of the old procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegacyFile {
    /// Its name.
    pub id: LegacyFileId,
    /// The office.
    pub office: SiteId,
    /// The profile.
    pub profile: String,
    /// The last day to finish it.
    pub until: Date,
    /// Who agreed to an exception, and the act.
    pub exception: Option<(OfficerId, Reference)>,
    /// Where it stands.
    pub state: LegacyState,
}

/// What can be asked of such a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegacyCommand {
    /// Notes a file that is under way.
    Note {
        /// Its name.
        id: LegacyFileId,
        /// The office.
        office: SiteId,
        /// The profile.
        profile: String,
        /// The first day of the new procedure.
        start: Date,
        /// The last day of the window.
        until: Date,
    },
    /// Grants more time, by an act of the central directorate.
    Except {
        /// The new last day.
        until: Date,
        /// The act.
        act: Reference,
    },
    /// Finishes it.
    Finish,
}

/// What can happen to such a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegacyEvent {
    /// Noted.
    Noted(Box<LegacyFile>),
    /// More time.
    Excepted(Date, OfficerId, Reference),
    /// Finished.
    Finished,
}

impl Aggregate for LegacyFile {
    type Command = LegacyCommand;
    type Event = LegacyEvent;
    const KIND: &'static str = "legacy-file";

    fn decide(
        state: Option<&Self>,
        command: &LegacyCommand,
        context: &Context<'_>,
    ) -> Result<LegacyEvent, Refusal> {
        use LegacyCommand as C;
        let actor = context.actor;
        let today = context.now.to_zoned(TimeZone::UTC).date();
        match (state, command) {
            (
                None,
                C::Note {
                    id,
                    office,
                    profile,
                    start,
                    until,
                },
            ) => {
                actor.needs_at(Right::Enrol, office)?;
                // From the first day of the new procedure on, no file of the old one is opened.
                if today >= *start {
                    return Err(Reason::LegacyClosed.refusal());
                }
                Ok(LegacyEvent::Noted(Box::new(Self {
                    id: id.clone(),
                    office: office.clone(),
                    profile: profile.clone(),
                    until: *until,
                    exception: None,
                    state: LegacyState::Open,
                })))
            }
            (Some(_), C::Note { .. }) => Err(Reason::Exists.refusal()),
            (None, _) => Err(Reason::Unknown.refusal()),
            (Some(file), C::Except { until, act }) => {
                actor.needs(Right::Administer)?;
                if file.state != LegacyState::Open {
                    return Err(Reason::State.refusal());
                }
                if *until <= file.until {
                    return Err(Reason::Malformed.refusal());
                }
                Ok(LegacyEvent::Excepted(
                    *until,
                    actor.officer.clone(),
                    act.clone(),
                ))
            }
            (Some(file), C::Finish) => {
                actor.needs_at(Right::Approve, &file.office)?;
                if file.state != LegacyState::Open {
                    return Err(Reason::State.refusal());
                }
                if today > file.until {
                    return Err(Reason::LegacyClosed.refusal());
                }
                Ok(LegacyEvent::Finished)
            }
        }
    }

    fn apply(state: Option<Self>, event: &LegacyEvent) -> Result<Self, Refusal> {
        if let LegacyEvent::Noted(file) = event {
            return Ok((**file).clone());
        }
        let mut next = state.ok_or_else(|| Reason::State.refusal())?;
        match event {
            LegacyEvent::Noted(_) => {}
            LegacyEvent::Excepted(until, officer, act) => {
                next.until = *until;
                next.exception = Some((officer.clone(), act.clone()));
            }
            LegacyEvent::Finished => next.state = LegacyState::Finished,
        }
        Ok(next)
    }
}
