//! An order to the works for one document of one dossier.

use super::{
    Aggregate, BlankSerial, ConsignmentId, Context, Digest, DocumentId, DossierId, NodeId, OrderId,
    Reason, Right, SiteId,
};
use crate::rules::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum OrderState {
    /// Sent.
    Placed,
    /// The works took it.
    Accepted,
    /// The works cannot make it.
    Rejected,
    /// The centre asked for it back, and waits for the works' answer.
    AskedBack,
    /// A blank is bound to it.
    InProduction,
    /// The document is made and checked.
    Produced,
    /// The document is on its way.
    Dispatched,
    /// Ended without a document that counts.
    Cancelled,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// Its name.
    pub id: OrderId,
    /// The dossier.
    pub dossier: DossierId,
    /// The profile of the document.
    pub profile: String,
    /// Who makes it.
    pub works: NodeId,
    /// The office that it goes to.
    pub office: SiteId,
    /// The digest of the certified record.
    pub certificate: Digest,
    /// Whether it goes before others.
    pub express: bool,
    /// Where it stands.
    pub state: OrderState,
    /// The blank, while one is bound.
    pub blank: Option<BlankSerial>,
    /// The document, while there is one.
    pub document: Option<DocumentId>,
    /// Blanks that were spoiled for it.
    pub spoiled: u16,
    /// The parcel that its document left with last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consignment: Option<ConsignmentId>,
}

/// What can be asked of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderCommand {
    /// Places it, or takes it in at the works.
    Place(Box<Order>),
    /// The works accept it.
    Accept,
    /// The works refuse it.
    Reject,
    /// Asks for it back: other works may make the document.
    AskBack,
    /// The works have begun it: its document comes.
    Keep,
    /// Binds a blank.
    Bind(BlankSerial),
    /// The blank failed; another is to be bound.
    Spoil,
    /// The machine never touched the blank: it goes back.
    Release,
    /// The document is made.
    Produce(DocumentId, BlankSerial),
    /// The document leaves.
    Dispatch(ConsignmentId),
    /// The parcel came back with the document in it.
    ComeBack,
    /// Ends it: before production, or because its document failed or was lost.
    Cancel,
}

/// What can happen to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderEvent {
    /// Placed.
    Placed(Box<Order>),
    /// Accepted.
    Accepted,
    /// Refused by the works.
    Rejected,
    /// Asked back.
    AskedBack,
    /// The works keep it.
    Kept,
    /// A blank is bound.
    Bound(BlankSerial),
    /// The blank failed.
    Spoiled,
    /// The blank went back.
    Released,
    /// The document is made.
    Produced(DocumentId, BlankSerial),
    /// The document left.
    Dispatched(ConsignmentId),
    /// The document came back.
    CameBack,
    /// Ended.
    Cancelled,
}

/// The most blanks that are spoiled for one order before somebody looks at it.
pub const SPOILED_MAX: u16 = 5;

impl Order {
    /// True while its document is on its way or to be made.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !matches!(self.state, OrderState::Rejected | OrderState::Cancelled)
    }
}

impl Aggregate for Order {
    type Command = OrderCommand;
    type Event = OrderEvent;
    const KIND: &'static str = "order";

    fn decide(
        state: Option<&Self>,
        command: &OrderCommand,
        context: &Context<'_>,
    ) -> Result<OrderEvent, Refusal> {
        use OrderCommand as C;
        use OrderState as S;
        let actor = context.actor;
        if let C::Place(order) = command {
            actor.needs(Right::System)?;
            let fresh =
                order.state == S::Placed && order.blank.is_none() && order.document.is_none();
            return match state {
                Some(_) => Err(Reason::Exists.refusal()),
                None if !fresh => Err(Reason::Malformed.refusal()),
                None => Ok(OrderEvent::Placed(order.clone())),
            };
        }
        let order = state.ok_or_else(|| Reason::Unknown.refusal())?;
        let from = |states: &[S]| {
            let fits = states.contains(&order.state);
            fits.then_some(()).ok_or_else(|| Reason::State.refusal())
        };
        match command {
            C::Place(_) => Err(Reason::Exists.refusal()),
            C::Accept => {
                actor.needs(Right::System)?;
                from(&[S::Placed])?;
                Ok(OrderEvent::Accepted)
            }
            C::Reject => {
                actor.needs(Right::System)?;
                from(&[S::Placed, S::Accepted])?;
                Ok(OrderEvent::Rejected)
            }
            C::AskBack => {
                if !actor.is_system() {
                    actor.needs(Right::Decide)?;
                }
                from(&[S::Placed, S::Accepted])?;
                Ok(OrderEvent::AskedBack)
            }
            C::Keep => {
                actor.needs(Right::System)?;
                from(&[S::AskedBack])?;
                Ok(OrderEvent::Kept)
            }
            C::Bind(blank) => {
                from(&[S::Accepted, S::InProduction])?;
                if order.blank.is_some() {
                    return Err(Reason::State.refusal());
                }
                if order.spoiled >= SPOILED_MAX {
                    return Err(Reason::TooMany.refusal());
                }
                Ok(OrderEvent::Bound(blank.clone()))
            }
            C::Spoil => {
                from(&[S::InProduction])?;
                if order.blank.is_none() {
                    return Err(Reason::State.refusal());
                }
                Ok(OrderEvent::Spoiled)
            }
            C::Release => {
                actor.needs(Right::System)?;
                from(&[S::InProduction])?;
                if order.blank.is_none() {
                    return Err(Reason::State.refusal());
                }
                Ok(OrderEvent::Released)
            }
            C::Produce(document, blank) => {
                if order.document.is_some() {
                    return Err(Reason::LiveDocument.refusal());
                }
                // The centre hears of the blank when the document is made.
                from(&[S::InProduction, S::Accepted, S::AskedBack])?;
                if order.blank.as_ref().is_some_and(|bound| bound != blank) {
                    return Err(Reason::State.refusal());
                }
                Ok(OrderEvent::Produced(document.clone(), blank.clone()))
            }
            C::Dispatch(consignment) => {
                from(&[S::Produced])?;
                Ok(OrderEvent::Dispatched(consignment.clone()))
            }
            C::ComeBack => {
                actor.needs(Right::System)?;
                from(&[S::Dispatched])?;
                Ok(OrderEvent::CameBack)
            }
            C::Cancel => {
                actor.needs(Right::System)?;
                if order.state == S::InProduction {
                    // While a blank is bound nobody knows what is on it.
                    if order.blank.is_some() {
                        return Err(Reason::State.refusal());
                    }
                } else {
                    from(&[
                        S::Placed,
                        S::Accepted,
                        S::AskedBack,
                        S::Produced,
                        S::Dispatched,
                    ])?;
                }
                Ok(OrderEvent::Cancelled)
            }
        }
    }

    fn apply(state: Option<Self>, event: &OrderEvent) -> Result<Self, Refusal> {
        use OrderEvent as E;
        if let E::Placed(order) = event {
            return Ok((**order).clone());
        }
        let mut next = state.ok_or_else(|| Reason::State.refusal())?;
        match event {
            E::Placed(_) => {}
            E::Accepted => next.state = OrderState::Accepted,
            E::Rejected => next.state = OrderState::Rejected,
            E::AskedBack => next.state = OrderState::AskedBack,
            E::Kept => next.state = OrderState::Accepted,
            E::Bound(blank) => {
                next.blank = Some(blank.clone());
                next.state = OrderState::InProduction;
            }
            E::Spoiled => {
                next.blank = None;
                next.spoiled = next.spoiled.saturating_add(1);
            }
            E::Released => next.blank = None,
            E::Produced(document, blank) => {
                next.blank = Some(blank.clone());
                next.document = Some(document.clone());
                next.state = OrderState::Produced;
            }
            E::Dispatched(consignment) => {
                next.consignment = Some(consignment.clone());
                next.state = OrderState::Dispatched;
            }
            E::CameBack => next.state = OrderState::Produced,
            E::Cancelled => next.state = OrderState::Cancelled,
        }
        Ok(next)
    }
}
