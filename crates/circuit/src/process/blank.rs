//! A blank: a numbered card or booklet without a holder, accounted for from its maker to its end.

use super::{Aggregate, BlankSerial, Bucket, Context, OfficerId, OrderId, Reason, Right, SiteId};
use crate::rules::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a blank is in its life.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum BlankState {
    /// Counted in; its chip is empty.
    Received,
    /// The chip holds its transport keys.
    Initialised,
    /// On the table of a shift, counted out by two people.
    Assigned,
    /// Bound to an order.
    Bound,
    /// Chip and surface are written, the chip is locked, quality control passed.
    Finished,
    /// Packed or sent.
    Dispatched,
    /// With its holder.
    HandedOver,
    /// Failed; kept for destruction.
    Spoiled,
    /// Destroyed before a witness.
    Destroyed,
    /// Not found.
    Missing,
}

impl BlankState {
    /// Where it counts.
    #[must_use]
    pub fn bucket(self) -> Bucket {
        match self {
            Self::Received | Self::Initialised | Self::Assigned => Bucket::InStock,
            Self::Bound => Bucket::InProduction,
            Self::Finished | Self::Dispatched => Bucket::InTransit,
            Self::HandedOver => Bucket::HandedOver,
            Self::Spoiled => Bucket::Spoiled,
            Self::Destroyed => Bucket::Destroyed,
            Self::Missing => Bucket::Missing,
        }
    }
}

/// Why a blank failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Defect {
    /// The chip does not answer, or not rightly.
    Chip,
    /// The surface is wrong.
    Surface,
    /// What was read back is not what was ordered.
    QualityControl,
    /// A machine broke down with it inside.
    Breakdown,
    /// Damaged by hand.
    Handling,
    /// The office or the holder found it defective.
    Complaint,
    /// Nobody collected it, or its dossier ended.
    Unused,
}

/// A blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blank {
    /// Its number.
    pub serial: BlankSerial,
    /// The profile that it is made for.
    pub profile: String,
    /// The batch that it came with.
    pub batch: String,
    /// Where it is.
    pub site: SiteId,
    /// Its state.
    pub state: BlankState,
    /// The order that it is bound to.
    pub order: Option<OrderId>,
}

/// What can be asked of a blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlankCommand {
    /// Counts it in, with a second person.
    Receive {
        /// Its number.
        serial: BlankSerial,
        /// The profile.
        profile: String,
        /// The batch.
        batch: String,
        /// Where.
        site: SiteId,
        /// The second person.
        second: OfficerId,
    },
    /// Prepares the chip.
    Initialise,
    /// Counts it out to a shift, with a second person.
    Assign {
        /// The second person.
        second: OfficerId,
    },
    /// Counts it back from a shift, with a second person.
    Return {
        /// The second person.
        second: OfficerId,
    },
    /// Moves it to another site, with a second person.
    Move {
        /// Where to.
        to: SiteId,
        /// The second person.
        second: OfficerId,
    },
    /// Binds it to an order.
    Bind(OrderId),
    /// Takes it back from an order that was not begun.
    Release,
    /// Chip and surface are written and checked.
    Finish,
    /// It leaves.
    Dispatch,
    /// It came back from its way.
    ComeBack,
    /// Its holder has it.
    HandOver,
    /// It failed.
    Spoil(Defect),
    /// Keeps photographs of it, after it failed.
    Photograph,
    /// Destroys it before a witness.
    Destroy {
        /// The witness.
        second: OfficerId,
    },
    /// It cannot be found.
    Miss,
    /// It was found again, and is kept for destruction.
    Find,
}

/// What can happen to a blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlankEvent {
    /// Counted in, by the actor and a second person.
    Received(Box<Blank>, OfficerId),
    /// The chip is prepared.
    Initialised,
    /// Counted out to a shift.
    Assigned(OfficerId),
    /// Counted back.
    Returned(OfficerId),
    /// Moved.
    Moved(SiteId, OfficerId),
    /// Bound to an order.
    Bound(OrderId),
    /// Back on the table.
    Released,
    /// Written and checked.
    Finished,
    /// Left.
    Dispatched,
    /// Came back.
    CameBack,
    /// With its holder.
    HandedOver,
    /// Failed, for this reason.
    Spoiled(Defect),
    /// Photographed.
    Photographed,
    /// Destroyed before this witness.
    Destroyed(OfficerId),
    /// Not found.
    Missed,
    /// Found again.
    Found,
}

impl Aggregate for Blank {
    type Command = BlankCommand;
    type Event = BlankEvent;
    const KIND: &'static str = "blank";

    fn decide(
        state: Option<&Self>,
        command: &BlankCommand,
        context: &Context<'_>,
    ) -> Result<BlankEvent, Refusal> {
        use BlankCommand as C;
        use BlankEvent as E;
        use BlankState as S;
        let actor = context.actor;
        if let C::Receive {
            serial,
            profile,
            batch,
            site,
            second,
        } = command
        {
            actor.needs_at(Right::Stock, site)?;
            actor.beside(second)?;
            let blank = Self {
                serial: serial.clone(),
                profile: profile.clone(),
                batch: batch.clone(),
                site: site.clone(),
                state: S::Received,
                order: None,
            };
            return match state {
                Some(_) => Err(Reason::Exists.refusal()),
                None => Ok(E::Received(Box::new(blank), second.clone())),
            };
        }
        let blank = state.ok_or_else(|| Reason::Unknown.refusal())?;
        let from = |states: &[S]| {
            let fits = states.contains(&blank.state);
            fits.then_some(()).ok_or_else(|| Reason::State.refusal())
        };
        let keeper = |second: &OfficerId| {
            actor.needs_at(Right::Stock, &blank.site)?;
            actor.beside(second)
        };
        match command {
            C::Receive { .. } => Err(Reason::Exists.refusal()),
            C::Initialise => {
                actor.needs_at(Right::Produce, &blank.site)?;
                from(&[S::Received])?;
                Ok(E::Initialised)
            }
            C::Assign { second } => {
                keeper(second)?;
                from(&[S::Initialised])?;
                Ok(E::Assigned(second.clone()))
            }
            C::Return { second } => {
                keeper(second)?;
                from(&[S::Assigned])?;
                Ok(E::Returned(second.clone()))
            }
            C::Move { to, second } => {
                keeper(second)?;
                from(&[S::Received, S::Initialised])?;
                Ok(E::Moved(to.clone(), second.clone()))
            }
            C::Bind(order) => {
                from(&[S::Assigned])?;
                Ok(E::Bound(order.clone()))
            }
            C::Release => {
                actor.needs(Right::System)?;
                from(&[S::Bound])?;
                Ok(E::Released)
            }
            C::Finish => {
                from(&[S::Bound])?;
                Ok(E::Finished)
            }
            C::Dispatch => {
                from(&[S::Finished])?;
                Ok(E::Dispatched)
            }
            C::ComeBack => {
                actor.needs(Right::System)?;
                from(&[S::Dispatched])?;
                Ok(E::CameBack)
            }
            C::HandOver => {
                from(&[S::Dispatched])?;
                Ok(E::HandedOver)
            }
            C::Spoil(why) => {
                from(&[
                    S::Received,
                    S::Initialised,
                    S::Assigned,
                    S::Bound,
                    S::Finished,
                    S::Dispatched,
                ])?;
                Ok(E::Spoiled(*why))
            }
            C::Photograph => {
                actor.needs_at(Right::Produce, &blank.site)?;
                from(&[S::Spoiled])?;
                Ok(E::Photographed)
            }
            C::Destroy { second } => {
                keeper(second)?;
                from(&[S::Spoiled])?;
                Ok(E::Destroyed(second.clone()))
            }
            C::Miss => {
                from(&[
                    S::Received,
                    S::Initialised,
                    S::Assigned,
                    S::Bound,
                    S::Finished,
                    S::Dispatched,
                    S::Spoiled,
                ])?;
                Ok(E::Missed)
            }
            C::Find => {
                actor.needs_at(Right::Stock, &blank.site)?;
                from(&[S::Missing])?;
                Ok(E::Found)
            }
        }
    }

    fn apply(state: Option<Self>, event: &BlankEvent) -> Result<Self, Refusal> {
        use BlankEvent as E;
        if let E::Received(blank, _) = event {
            return Ok((**blank).clone());
        }
        let mut next = state.ok_or_else(|| Reason::State.refusal())?;
        next.state = match event {
            E::Received(..) | E::Moved(..) | E::Photographed => next.state,
            E::Initialised | E::Returned(_) => BlankState::Initialised,
            E::Assigned(_) | E::Released => BlankState::Assigned,
            E::Bound(_) => BlankState::Bound,
            E::Finished | E::CameBack => BlankState::Finished,
            E::Dispatched => BlankState::Dispatched,
            E::HandedOver => BlankState::HandedOver,
            // One that was found again may have been copied: it is never used.
            E::Spoiled(_) | E::Found => BlankState::Spoiled,
            E::Destroyed(_) => BlankState::Destroyed,
            E::Missed => BlankState::Missing,
        };
        match event {
            E::Moved(to, _) => next.site = to.clone(),
            E::Bound(order) => next.order = Some(order.clone()),
            E::Released => next.order = None,
            _ => {}
        }
        Ok(next)
    }
}
