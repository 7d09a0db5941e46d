//! An entry of a watch-list: a person whose applications an officer examines before anything is granted.

use super::{Aggregate, Context, OfficerId, Reason, Reference, Right, WatchEntryId};
use crate::rules::Refusal;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an entry stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum WatchState {
    /// Applications are compared with it.
    InForce,
    /// An officer ended it.
    Ended,
    /// Its last day passed.
    Lapsed,
}

/// An entry; who is meant is sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WatchEntry {
    /// Its name.
    pub id: WatchEntryId,
    /// The list.
    pub list: Reference,
    /// The act that ordered it.
    pub act: Reference,
    /// The last day.
    pub until: Date,
    /// Who entered it.
    pub entered_by: OfficerId,
    /// Where it stands.
    pub state: WatchState,
}

/// What can be asked of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchCommand {
    /// Enters it.
    Enter {
        /// Its name.
        id: WatchEntryId,
        /// The list.
        list: Reference,
        /// The act that orders it.
        act: Reference,
        /// The last day.
        until: Date,
    },
    /// Ends it: another officer than the one who entered it.
    End,
    /// Its last day has passed.
    Lapse,
}

/// What can happen to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WatchEvent {
    /// Entered.
    Entered(Box<WatchEntry>),
    /// Ended.
    Ended(OfficerId),
    /// Lapsed.
    Lapsed,
}

impl Aggregate for WatchEntry {
    type Command = WatchCommand;
    type Event = WatchEvent;
    const KIND: &'static str = "watch-entry";

    fn decide(
        state: Option<&Self>,
        command: &WatchCommand,
        context: &Context<'_>,
    ) -> Result<WatchEvent, Refusal> {
        let actor = context.actor;
        let today = context.now.to_zoned(TimeZone::UTC).date();
        match (state, command) {
            (
                None,
                WatchCommand::Enter {
                    id,
                    list,
                    act,
                    until,
                },
            ) => {
                actor.needs(Right::Watch)?;
                if *until < today {
                    return Err(Reason::Malformed.refusal());
                }
                Ok(WatchEvent::Entered(Box::new(Self {
                    id: id.clone(),
                    list: list.clone(),
                    act: act.clone(),
                    until: *until,
                    entered_by: actor.officer.clone(),
                    state: WatchState::InForce,
                })))
            }
            (Some(_), WatchCommand::Enter { .. }) => Err(Reason::Exists.refusal()),
            (None, _) => Err(Reason::Unknown.refusal()),
            (Some(entry), _) if entry.state != WatchState::InForce => Err(Reason::State.refusal()),
            (Some(entry), WatchCommand::End) => {
                actor.needs(Right::Watch)?;
                actor.beside(&entry.entered_by)?;
                Ok(WatchEvent::Ended(actor.officer.clone()))
            }
            (Some(entry), WatchCommand::Lapse) => {
                actor.needs(Right::System)?;
                if today <= entry.until {
                    return Err(Reason::TooEarly.refusal());
                }
                Ok(WatchEvent::Lapsed)
            }
        }
    }

    fn apply(state: Option<Self>, event: &WatchEvent) -> Result<Self, Refusal> {
        match (state, event) {
            (_, WatchEvent::Entered(entry)) => Ok((**entry).clone()),
            (Some(mut entry), WatchEvent::Ended(_)) => {
                entry.state = WatchState::Ended;
                Ok(entry)
            }
            (Some(mut entry), WatchEvent::Lapsed) => {
                entry.state = WatchState::Lapsed;
                Ok(entry)
            }
            (None, _) => Err(Reason::State.refusal()),
        }
    }
}
