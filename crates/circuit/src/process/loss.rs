//! A report of loss or theft at an office, of a document of any office: it goes to the centre at once, which blocks the
//! document and says so.

use super::{
    Aggregate, Block, Context, DocumentId, DossierId, OfficerId, Reason, Reference, Right, SiteId,
};
use crate::rules::Refusal;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happened to a document.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Its holder lost it.
    Lost,
    /// It was stolen.
    Stolen,
}

impl From<Loss> for Block {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::Lost => Self::Lost,
            Loss::Stolen => Self::Stolen,
        }
    }
}

/// Where a report stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LossState {
    /// On its way to the centre.
    Reported,
    /// The document is blocked by it.
    Blocked,
    /// The document is not in force: not handed over, or not valid any more.
    NotInForce,
    /// The centre has no such document.
    Unknown,
}

/// A report of loss or theft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LossReport {
    /// Its name.
    pub id: Reference,
    /// The document.
    pub document: DocumentId,
    /// The dossier of the office that handed it over, when it is the reporting one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<DossierId>,
    /// What happened to it.
    pub loss: Loss,
    /// The report of the police, or of the office itself.
    pub report: Reference,
    /// The office.
    pub office: SiteId,
    /// Who took it down.
    pub officer: OfficerId,
    /// When.
    pub at: Timestamp,
    /// Where it stands.
    pub state: LossState,
}

/// What can be asked of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LossCommand {
    /// Takes it down.
    Report {
        /// Its name.
        id: Reference,
        /// The document.
        document: DocumentId,
        /// The dossier of the office that handed it over, when it is the reporting one.
        dossier: Option<DossierId>,
        /// What happened.
        loss: Loss,
        /// The report of the police, or of the office itself.
        report: Reference,
        /// The office.
        office: SiteId,
    },
    /// Notes what the centre made of it.
    Answer(LossState),
}

/// What can happen to a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossEvent {
    /// Taken down.
    Reported(Box<LossReport>),
    /// The centre answered.
    LossAnswered(LossState),
}

impl Aggregate for LossReport {
    type Command = LossCommand;
    type Event = LossEvent;
    const KIND: &'static str = "loss-report";

    fn decide(
        state: Option<&Self>,
        command: &LossCommand,
        context: &Context<'_>,
    ) -> Result<LossEvent, Refusal> {
        match (state, command) {
            (
                None,
                LossCommand::Report {
                    id,
                    document,
                    dossier,
                    loss,
                    report,
                    office,
                },
            ) => {
                context.actor.needs_at(Right::HandOver, office)?;
                Ok(LossEvent::Reported(Box::new(Self {
                    id: id.clone(),
                    document: document.clone(),
                    dossier: dossier.clone(),
                    loss: *loss,
                    report: report.clone(),
                    office: office.clone(),
                    officer: context.actor.officer.clone(),
                    at: context.now,
                    state: LossState::Reported,
                })))
            }
            (Some(_), LossCommand::Report { .. }) => Err(Reason::Exists.refusal()),
            (None, LossCommand::Answer(_)) => Err(Reason::Unknown.refusal()),
            (Some(known), LossCommand::Answer(state)) => {
                context.actor.needs(Right::System)?;
                if known.state != LossState::Reported || *state == LossState::Reported {
                    return Err(Reason::State.refusal());
                }
                Ok(LossEvent::LossAnswered(*state))
            }
        }
    }

    fn apply(state: Option<Self>, event: &LossEvent) -> Result<Self, Refusal> {
        match (state, event) {
            (_, LossEvent::Reported(reported)) => Ok((**reported).clone()),
            (Some(mut known), LossEvent::LossAnswered(state)) => {
                known.state = *state;
                Ok(known)
            }
            (None, LossEvent::LossAnswered(_)) => Err(Reason::State.refusal()),
        }
    }
}
