//! A stock-take: blanks that two people counted, beside what the books say.

use super::{Aggregate, Context, OfficerId, Reason, Reference, Right, SiteId};
use crate::rules::Refusal;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Blanks of one profile, by where they lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shelves {
    /// In stock, with or without a prepared chip.
    pub in_stock: u64,
    /// Counted out to a shift and not yet bound.
    pub on_table: u64,
    /// Spoiled, and not yet destroyed.
    pub spoiled: u64,
}

/// What a stock-take showed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StockTakeState {
    /// The books are right.
    Agreed,
    /// They are not: blanks are missing, or there are more than there should be.
    Differs,
}

/// A stock-take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockTake {
    /// Its name.
    pub id: Reference,
    /// Where.
    pub site: SiteId,
    /// The profile of the blanks.
    pub profile: String,
    /// What was there.
    pub counted: Shelves,
    /// What should have been there.
    pub books: Shelves,
    /// Who counted.
    pub officers: [OfficerId; 2],
    /// When.
    pub at: Timestamp,
    /// What it showed.
    pub state: StockTakeState,
}

/// What can be asked of a stock-take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StockTakeCommand {
    /// Notes it, with a second person.
    Note {
        /// Its name.
        id: Reference,
        /// Where.
        site: SiteId,
        /// The profile.
        profile: String,
        /// What was there.
        counted: Shelves,
        /// What should have been there.
        books: Shelves,
        /// The second person.
        second: OfficerId,
    },
}

/// What can happen to a stock-take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StockTakeEvent {
    /// Noted.
    Noted(Box<StockTake>),
}

impl Aggregate for StockTake {
    type Command = StockTakeCommand;
    type Event = StockTakeEvent;
    const KIND: &'static str = "stock-take";

    fn decide(
        state: Option<&Self>,
        command: &StockTakeCommand,
        context: &Context<'_>,
    ) -> Result<StockTakeEvent, Refusal> {
        let StockTakeCommand::Note {
            id,
            site,
            profile,
            counted,
            books,
            second,
        } = command;
        context.actor.needs_at(Right::Stock, site)?;
        context.actor.beside(second)?;
        if state.is_some() {
            return Err(Reason::Exists.refusal());
        }
        Ok(StockTakeEvent::Noted(Box::new(Self {
            id: id.clone(),
            site: site.clone(),
            profile: profile.clone(),
            counted: *counted,
            books: *books,
            officers: [context.actor.officer.clone(), second.clone()],
            at: context.now,
            state: if counted == books {
                StockTakeState::Agreed
            } else {
                StockTakeState::Differs
            },
        })))
    }

    fn apply(_: Option<Self>, event: &StockTakeEvent) -> Result<Self, Refusal> {
        let StockTakeEvent::Noted(noted) = event;
        Ok((**noted).clone())
    }
}
