//! A document in the registry: what the centre said of it last, and who looked it up.

use super::{Aggregate, Context, Document, Reason, Reference, Right};
use crate::rules::Refusal;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A document as the registry knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Registration {
    /// The document, as the centre has it.
    pub document: Document,
    /// The number of the status list that named its present state; nothing while none did.
    pub list: Option<u64>,
    /// How often it was looked up.
    pub looked_up: u64,
}

/// What can be asked of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistrationCommand {
    /// Takes over what the centre says.
    Record(Box<Document>),
    /// Names its present state in the status list of that number.
    Publish(u64),
    /// Looks it up for another administration.
    LookUp {
        /// The right to do so.
        grant: Box<AccessGrant>,
        /// The case of the administration.
        case: Reference,
    },
}

/// What can happen to a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegistrationEvent {
    /// Taken over.
    Recorded(Box<Document>),
    /// Named in a status list.
    Published(u64),
    /// Looked up: grant, administration, purpose, case.
    LookedUp(Reference, Reference, Reference, Reference),
}

impl Aggregate for Registration {
    type Command = RegistrationCommand;
    type Event = RegistrationEvent;
    const KIND: &'static str = "registration";

    fn decide(
        state: Option<&Self>,
        command: &RegistrationCommand,
        context: &Context<'_>,
    ) -> Result<RegistrationEvent, Refusal> {
        match command {
            RegistrationCommand::Record(document) => {
                context.actor.needs(Right::System)?;
                // Messages overtake each other: an older word never replaces a newer one.
                if state.is_some_and(|known| known.document.revision > document.revision) {
                    return Err(Reason::Exists.refusal());
                }
                Ok(RegistrationEvent::Recorded(document.clone()))
            }
            RegistrationCommand::Publish(number) => {
                context.actor.needs(Right::System)?;
                match state {
                    Some(known) if known.list.is_none() => {
                        Ok(RegistrationEvent::Published(*number))
                    }
                    _ => Err(Reason::State.refusal()),
                }
            }
            RegistrationCommand::LookUp { grant, case } => {
                context.actor.needs(Right::LookUp)?;
                if state.is_none() {
                    return Err(Reason::Unknown.refusal());
                }
                let today = context.now.to_zoned(TimeZone::UTC).date();
                if grant.ended || today > grant.until {
                    return Err(Reason::Right.refusal());
                }
                Ok(RegistrationEvent::LookedUp(
                    grant.id.clone(),
                    grant.administration.clone(),
                    grant.purpose.clone(),
                    case.clone(),
                ))
            }
        }
    }

    fn apply(state: Option<Self>, event: &RegistrationEvent) -> Result<Self, Refusal> {
        match (state, event) {
            (known, RegistrationEvent::Recorded(document)) => Ok(Self {
                document: (**document).clone(),
                list: None,
                looked_up: known.map_or(0, |known| known.looked_up),
            }),
            (Some(mut known), RegistrationEvent::LookedUp(..)) => {
                known.looked_up += 1;
                Ok(known)
            }
            (Some(mut known), RegistrationEvent::Published(number)) => {
                known.list = Some(*number);
                Ok(known)
            }
            (None, RegistrationEvent::LookedUp(..) | RegistrationEvent::Published(_)) => {
                Err(Reason::State.refusal())
            }
        }
    }
}

/// The right of another administration to look documents up, bound to a purpose and a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccessGrant {
    /// Its name.
    pub id: Reference,
    /// The administration.
    pub administration: Reference,
    /// The purpose, by the act that allows it.
    pub purpose: Reference,
    /// The last day.
    pub until: Date,
    /// True when it was ended before.
    pub ended: bool,
}

/// What can be asked of a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantCommand {
    /// Gives it.
    Give(Box<AccessGrant>),
    /// Ends it.
    End,
}

/// What can happen to a grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantEvent {
    /// Given.
    Given(Box<AccessGrant>),
    /// Ended.
    Ended,
}

impl Aggregate for AccessGrant {
    type Command = GrantCommand;
    type Event = GrantEvent;
    const KIND: &'static str = "access-grant";

    fn decide(
        state: Option<&Self>,
        command: &GrantCommand,
        context: &Context<'_>,
    ) -> Result<GrantEvent, Refusal> {
        context.actor.needs(Right::Administer)?;
        let today = context.now.to_zoned(TimeZone::UTC).date();
        match (state, command) {
            (None, GrantCommand::Give(grant)) if grant.until >= today => {
                Ok(GrantEvent::Given(grant.clone()))
            }
            (None, GrantCommand::Give(_)) => Err(Reason::Malformed.refusal()),
            (Some(_), GrantCommand::Give(_)) => Err(Reason::Exists.refusal()),
            (Some(grant), GrantCommand::End) if !grant.ended => Ok(GrantEvent::Ended),
            (Some(_), GrantCommand::End) => Err(Reason::State.refusal()),
            (None, GrantCommand::End) => Err(Reason::Unknown.refusal()),
        }
    }

    fn apply(state: Option<Self>, event: &GrantEvent) -> Result<Self, Refusal> {
        match (state, event) {
            (_, GrantEvent::Given(grant)) => Ok((**grant).clone()),
            (Some(mut grant), GrantEvent::Ended) => {
                grant.ended = true;
                Ok(grant)
            }
            (None, GrantEvent::Ended) => Err(Reason::State.refusal()),
        }
    }
}
