//! A document in the register: whether it is valid, since when, and why not.

use super::{
    Aggregate, BlankSerial, Context, Digest, DocumentId, DossierId, OfficerId, Reason, Right,
    SiteId,
};
use crate::rules::Refusal;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a document is valid.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentState {
    /// Made, and not yet valid.
    Produced,
    /// Activated, and not yet with its holder.
    Activated,
    /// Valid.
    InForce,
    /// Not valid for now.
    Suspended,
    /// Not valid any more, or never.
    Blocked,
    /// Past its last day.
    Expired,
    /// Taken in when its successor was handed over.
    Surrendered,
    /// Destroyed before a witness.
    Destroyed,
}

/// Why a document is not valid.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// The holder lost it.
    Lost,
    /// It was stolen.
    Stolen,
    /// Lost on the way to the office, before activation.
    LostInTransit,
    /// The title behind it was withdrawn.
    Revoked,
    /// The title was refused or annulled after production.
    Annulled,
    /// Nobody collected it.
    Uncollected,
    /// It is defective.
    Defective,
    /// The holder died.
    Death,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Its name.
    pub id: DocumentId,
    /// The profile.
    pub profile: String,
    /// The dossier that it comes from.
    pub dossier: DossierId,
    /// The office.
    pub office: SiteId,
    /// Its blank.
    pub blank: BlankSerial,
    /// The digest of the security object; of all zeros where there is no chip.
    pub sod: Digest,
    /// The first day.
    pub valid_from: Date,
    /// The last day.
    pub valid_until: Date,
    /// Its state.
    pub state: DocumentState,
    /// Why it is blocked or suspended.
    pub block: Option<Block>,
    /// Since when it has this state.
    pub since: Timestamp,
    /// Who proposed to revoke it, while nobody confirmed.
    pub proposed_by: Option<OfficerId>,
    /// How many steps it has taken: what tells an older word from a newer one.
    pub revision: u32,
}

/// What can be asked of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentCommand {
    /// Enters it.
    Register(Box<Document>),
    /// Its holder was checked.
    Activate,
    /// Its holder has it.
    HandOver,
    /// Blocks it at once: loss, theft, transit, defects.
    Block(Block),
    /// Suspends it.
    Suspend,
    /// Ends a suspension.
    Resume,
    /// Proposes to revoke it.
    ProposeRevocation,
    /// Revokes it: another person than the one who proposed it.
    ConfirmRevocation,
    /// It was taken in.
    Surrender,
    /// Its last day has passed.
    Expire,
    /// Destroys it before a witness.
    Destroy {
        /// The witness.
        second: OfficerId,
    },
}

/// What can happen to a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentEvent {
    /// Entered.
    Registered(Box<Document>),
    /// Activated.
    Activated(Timestamp),
    /// In force.
    HandedOver(Timestamp),
    /// Blocked.
    Blocked(Block, Timestamp),
    /// Suspended.
    Suspended(Timestamp),
    /// In force again.
    Resumed(Timestamp),
    /// Somebody proposed to revoke it.
    RevocationProposed(OfficerId),
    /// Taken in.
    Surrendered(Timestamp),
    /// Expired.
    Expired(Timestamp),
    /// Destroyed.
    Destroyed(OfficerId, Timestamp),
}

impl Document {
    /// True when a control may accept it that day.
    #[must_use]
    pub fn is_valid_on(&self, day: Date) -> bool {
        self.state == DocumentState::InForce && self.valid_from <= day && day <= self.valid_until
    }

    /// True when it is no longer of use to anybody.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        matches!(
            self.state,
            DocumentState::Blocked
                | DocumentState::Expired
                | DocumentState::Surrendered
                | DocumentState::Destroyed
        )
    }
}

impl Aggregate for Document {
    type Command = DocumentCommand;
    type Event = DocumentEvent;
    const KIND: &'static str = "document";

    fn decide(
        state: Option<&Self>,
        command: &DocumentCommand,
        context: &Context<'_>,
    ) -> Result<DocumentEvent, Refusal> {
        use DocumentCommand as C;
        use DocumentEvent as E;
        use DocumentState as S;
        let actor = context.actor;
        let now = context.now;
        if let C::Register(document) = command {
            actor.needs(Right::System)?;
            return match state {
                Some(_) => Err(Reason::Exists.refusal()),
                None => Ok(E::Registered(document.clone())),
            };
        }
        let document = state.ok_or_else(|| Reason::Unknown.refusal())?;
        let from = |states: &[S]| {
            if states.contains(&document.state) {
                Ok(())
            } else if document.state == S::Blocked {
                Err(Reason::Blocked.refusal())
            } else {
                Err(Reason::State.refusal())
            }
        };
        let live = [S::Produced, S::Activated, S::InForce, S::Suspended];
        match command {
            C::Register(_) => Err(Reason::Exists.refusal()),
            C::Activate => {
                from(&[S::Produced])?;
                Ok(E::Activated(now))
            }
            C::HandOver => {
                from(&[S::Activated])?;
                Ok(E::HandedOver(now))
            }
            C::Block(why) => {
                if !actor.is_system() {
                    actor.needs(Right::Revoke)?;
                    // A report of loss cannot wait; to end a title for any other reason takes two.
                    if !matches!(why, Block::Lost | Block::Stolen) {
                        return Err(Reason::TwoPeople.refusal());
                    }
                }
                from(&live)?;
                if *why == Block::LostInTransit && document.state != S::Produced {
                    return Err(Reason::State.refusal());
                }
                Ok(E::Blocked(*why, now))
            }
            C::Suspend => {
                actor.needs(Right::Revoke)?;
                from(&[S::InForce])?;
                Ok(E::Suspended(now))
            }
            C::Resume => {
                actor.needs(Right::Revoke)?;
                from(&[S::Suspended])?;
                Ok(E::Resumed(now))
            }
            C::ProposeRevocation => {
                actor.needs(Right::Revoke)?;
                from(&live)?;
                if document.proposed_by.is_some() {
                    return Err(Reason::Exists.refusal());
                }
                Ok(E::RevocationProposed(actor.officer.clone()))
            }
            C::ConfirmRevocation => {
                actor.needs(Right::Revoke)?;
                from(&live)?;
                let proposer = document
                    .proposed_by
                    .as_ref()
                    .ok_or_else(|| Reason::State.refusal())?;
                actor.beside(proposer)?;
                Ok(E::Blocked(Block::Revoked, now))
            }
            C::Surrender => {
                from(&[S::InForce, S::Suspended, S::Blocked, S::Expired])?;
                Ok(E::Surrendered(now))
            }
            C::Expire => {
                actor.needs(Right::System)?;
                from(&live)?;
                let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
                if today <= document.valid_until {
                    return Err(Reason::TooEarly.refusal());
                }
                Ok(E::Expired(now))
            }
            C::Destroy { second } => {
                actor.needs(Right::Stock)?;
                actor.beside(second)?;
                from(&[S::Blocked, S::Expired, S::Surrendered])?;
                Ok(E::Destroyed(second.clone(), now))
            }
        }
    }

    fn apply(state: Option<Self>, event: &DocumentEvent) -> Result<Self, Refusal> {
        use DocumentEvent as E;
        if let E::Registered(document) = event {
            return Ok((**document).clone());
        }
        let mut next = state.ok_or_else(|| Reason::State.refusal())?;
        let (state, since) = match event {
            E::Registered(_) => (next.state, next.since),
            E::RevocationProposed(officer) => {
                next.proposed_by = Some(officer.clone());
                (next.state, next.since)
            }
            E::Activated(at) => (DocumentState::Activated, *at),
            E::HandedOver(at) | E::Resumed(at) => (DocumentState::InForce, *at),
            E::Suspended(at) => (DocumentState::Suspended, *at),
            E::Blocked(why, at) => {
                next.block = Some(*why);
                next.proposed_by = None;
                (DocumentState::Blocked, *at)
            }
            E::Surrendered(at) => (DocumentState::Surrendered, *at),
            E::Expired(at) => (DocumentState::Expired, *at),
            E::Destroyed(_, at) => (DocumentState::Destroyed, *at),
        };
        next.state = state;
        next.since = since;
        next.revision = next.revision.saturating_add(1);
        Ok(next)
    }
}
