//! A consignment: finished documents on their way from the works to an office.

use super::{
    Aggregate, BlankSerial, ConsignmentId, Context, DocumentId, DossierId, NodeId, OfficerId,
    OrderId, Reason, Reference, Right, SiteId,
};
use crate::rules::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most documents in one parcel.
pub const ITEMS_MAX: usize = 500;

/// One document in a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsignmentItem {
    /// The dossier.
    pub dossier: DossierId,
    /// The order.
    pub order: OrderId,
    /// The document.
    pub document: DocumentId,
    /// Its blank.
    pub blank: BlankSerial,
}

/// Where a consignment is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ConsignmentState {
    /// Sealed and handed to the courier.
    Dispatched,
    /// Opened and counted at the office.
    Received,
    /// Lost by the courier.
    Lost,
    /// Back at the works, which wait for the office's word that it will not open it.
    ComingBack,
    /// Back at the works: what was in it goes out in another.
    Returned,
}

/// A consignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consignment {
    /// Its name.
    pub id: ConsignmentId,
    /// Who sent it.
    pub works: NodeId,
    /// The office.
    pub office: SiteId,
    /// The number of the seal.
    pub seal: String,
    /// What the courier calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Reference>,
    /// What is inside.
    pub items: Vec<ConsignmentItem>,
    /// Where it is.
    pub state: ConsignmentState,
    /// What was listed and not found when it was opened, at the office or back at the works.
    pub missing: BTreeSet<DocumentId>,
}

/// What can be asked of a consignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsignmentCommand {
    /// Seals and sends it, or takes in its announcement.
    Dispatch {
        /// The parcel.
        consignment: Box<Consignment>,
        /// The second person at the packing table.
        second: Option<OfficerId>,
    },
    /// Opens and counts it, with a second person.
    Receive {
        /// What is inside.
        found: BTreeSet<DocumentId>,
        /// The second person.
        second: OfficerId,
    },
    /// Notes what the office counted.
    Acknowledge {
        /// What was missing.
        missing: BTreeSet<DocumentId>,
    },
    /// The courier lost it.
    Lose,
    /// Counts one that came back, with a second person.
    TakeBack {
        /// What is inside.
        found: BTreeSet<DocumentId>,
        /// The second person.
        second: OfficerId,
    },
    /// Ends its way: the office does not open it any more.
    Return,
}

/// What can happen to a consignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsignmentEvent {
    /// Sent, or announced.
    Dispatched(Box<Consignment>),
    /// Counted; these were missing.
    Received(BTreeSet<DocumentId>),
    /// Lost.
    Lost,
    /// Counted back at the works; these were missing.
    CameBack(BTreeSet<DocumentId>),
    /// Its way ended at the works.
    TakenBack,
}

impl Aggregate for Consignment {
    type Command = ConsignmentCommand;
    type Event = ConsignmentEvent;
    const KIND: &'static str = "consignment";

    fn decide(
        state: Option<&Self>,
        command: &ConsignmentCommand,
        context: &Context<'_>,
    ) -> Result<ConsignmentEvent, Refusal> {
        use ConsignmentCommand as C;
        use ConsignmentEvent as E;
        let actor = context.actor;
        if let C::Dispatch {
            consignment,
            second,
        } = command
        {
            match second {
                Some(second) => {
                    actor.needs(Right::Produce)?;
                    actor.beside(second)?;
                }
                None => actor.needs(Right::System)?,
            }
            if consignment.items.len() > ITEMS_MAX {
                return Err(Reason::TooMany.refusal());
            }
            let documents: BTreeSet<_> = consignment.items.iter().map(|i| &i.document).collect();
            let sound = documents.len() == consignment.items.len()
                && !consignment.items.is_empty()
                && consignment.state == ConsignmentState::Dispatched
                && consignment.missing.is_empty();
            return match state {
                Some(_) => Err(Reason::Exists.refusal()),
                None if !sound => Err(Reason::Malformed.refusal()),
                None => Ok(E::Dispatched(consignment.clone())),
            };
        }
        let consignment = state.ok_or_else(|| Reason::Unknown.refusal())?;
        let coming_back = consignment.state == ConsignmentState::ComingBack;
        let may = match command {
            // The office had opened it already, or says that it will not; where there is no office, it is given up.
            C::Acknowledge { .. } | C::Return | C::Lose => coming_back,
            _ => false,
        };
        if !may && consignment.state != ConsignmentState::Dispatched {
            return Err(Reason::State.refusal());
        }
        let listed: BTreeSet<DocumentId> = consignment
            .items
            .iter()
            .map(|item| item.document.clone())
            .collect();
        match command {
            C::Dispatch { .. } => Err(Reason::Exists.refusal()),
            C::Receive { found, second } => {
                actor.needs_at(Right::HandOver, &consignment.office)?;
                actor.beside(second)?;
                if !found.is_subset(&listed) {
                    return Err(Reason::NotInParcel.refusal());
                }
                Ok(E::Received(listed.difference(found).cloned().collect()))
            }
            C::Acknowledge { missing } => {
                actor.needs(Right::System)?;
                if !missing.is_subset(&listed) {
                    return Err(Reason::NotInParcel.refusal());
                }
                Ok(E::Received(missing.clone()))
            }
            C::Lose => {
                if !actor.is_system() {
                    actor.needs(Right::Produce)?;
                }
                Ok(E::Lost)
            }
            C::TakeBack { found, second } => {
                actor.needs(Right::Produce)?;
                actor.beside(second)?;
                if !found.is_subset(&listed) {
                    return Err(Reason::NotInParcel.refusal());
                }
                Ok(E::CameBack(listed.difference(found).cloned().collect()))
            }
            C::Return => {
                actor.needs(Right::System)?;
                Ok(E::TakenBack)
            }
        }
    }

    fn apply(state: Option<Self>, event: &ConsignmentEvent) -> Result<Self, Refusal> {
        use ConsignmentEvent as E;
        if let E::Dispatched(consignment) = event {
            return Ok((**consignment).clone());
        }
        let mut next = state.ok_or_else(|| Reason::State.refusal())?;
        match event {
            E::Dispatched(_) => {}
            E::Received(missing) => {
                next.state = ConsignmentState::Received;
                next.missing.clone_from(missing);
            }
            E::Lost => next.state = ConsignmentState::Lost,
            E::CameBack(missing) => {
                next.state = ConsignmentState::ComingBack;
                next.missing.clone_from(missing);
            }
            E::TakenBack => next.state = ConsignmentState::Returned,
        }
        Ok(next)
    }
}
