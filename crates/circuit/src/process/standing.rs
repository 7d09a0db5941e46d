//! Whether works get orders: they run, were stopped, or were lost with everything that they had not sent.

use super::{Aggregate, Context, NodeId, Reason, Reference, Right};
use crate::rules::Refusal;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where works stand.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StandingState {
    /// They get orders.
    Running,
    /// They get none; what they began they finish.
    Stopped,
    /// They get none, and nobody waits for what they had not sent.
    Lost,
}

/// Works, as the centre sees them; those of which it has no record run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// The works.
    pub works: NodeId,
    /// Where they stand.
    pub state: StandingState,
    /// The act or report by which they came there.
    pub act: Reference,
    /// Since when.
    pub since: Timestamp,
}

/// What can be asked of works as a whole: to stand somewhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingCommand {
    /// The works.
    pub works: NodeId,
    /// Where they are to stand.
    pub to: StandingState,
    /// The act that orders it, or the report.
    pub act: Reference,
}

/// What can happen to works as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StandingEvent {
    /// They stand there from now on.
    Came(Box<Standing>),
}

impl Aggregate for Standing {
    type Command = StandingCommand;
    type Event = StandingEvent;
    const KIND: &'static str = "works";

    fn decide(
        state: Option<&Self>,
        command: &StandingCommand,
        context: &Context<'_>,
    ) -> Result<StandingEvent, Refusal> {
        use StandingState as S;
        context.actor.needs(Right::Administer)?;
        let before = state.map_or(S::Running, |known| known.state);
        let allowed = match command.to {
            S::Stopped => before == S::Running,
            S::Lost => before != S::Lost,
            S::Running if state.is_none() => return Err(Reason::Unknown.refusal()),
            S::Running => before != S::Running,
        };
        if !allowed {
            return Err(Reason::State.refusal());
        }
        Ok(StandingEvent::Came(Box::new(Self {
            works: command.works.clone(),
            state: command.to,
            act: command.act.clone(),
            since: context.now,
        })))
    }

    fn apply(_: Option<Self>, event: &StandingEvent) -> Result<Self, Refusal> {
        let StandingEvent::Came(standing) = event;
        Ok((**standing).clone())
    }
}
