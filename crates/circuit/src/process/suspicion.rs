//! The suspicion that a dossier is a fraud: it stands against a grant until another officer has judged it.

use super::{Context, Dossier, OfficerId, Phase, Reason, Reference, Right};
use crate::rules::Refusal;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is suspected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fraud {
    /// The portrait is made from the faces of two people.
    Morph,
    /// Somebody who resembles the person applies in the person's name.
    LookAlike,
    /// The person does not exist, or the data are somebody else's.
    FalseIdentity,
    /// A paper that the decision rests on is forged.
    ForgedPapers,
}

/// A suspicion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspicion {
    /// What is suspected.
    pub fraud: Fraud,
    /// The report that says why.
    pub report: Reference,
    /// Who raised it.
    pub raised_by: OfficerId,
    /// When.
    pub raised: Timestamp,
    /// How it ended.
    pub outcome: Option<SuspicionOutcome>,
}

/// The end of a suspicion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspicionOutcome {
    /// Whether it is a fraud.
    pub established: bool,
    /// The act that says so.
    pub act: Reference,
}

/// What can be asked of a suspicion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuspicionCommand {
    /// Raises it: what was proposed or decided before falls.
    Raise(Fraud, Reference),
    /// Judges it: another officer than the one who raised it.
    Judge(SuspicionOutcome),
}

/// What can happen to a suspicion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuspicionEvent {
    /// It was raised.
    Suspected(Suspicion),
    /// It was judged.
    Judged(SuspicionOutcome, OfficerId),
}

impl Dossier {
    pub(super) fn decide_suspicion(
        &self,
        command: &SuspicionCommand,
        context: &Context<'_>,
    ) -> Result<SuspicionEvent, Refusal> {
        let actor = context.actor;
        let open = self.suspicion.as_ref().filter(|one| one.outcome.is_none());
        match command {
            SuspicionCommand::Raise(fraud, report) => {
                actor.needs(Right::Examine)?;
                // A document that is ordered is stopped by asking for its order back, or by its revocation.
                let before = [Phase::Examination, Phase::Proposed, Phase::Authorised];
                if !before.contains(&self.phase) || open.is_some() {
                    return Err(Reason::State.refusal());
                }
                // What was established stays established: a court can lift it.
                if self.is_unsuspected().is_err() {
                    return Err(Reason::Fraud.refusal());
                }
                Ok(SuspicionEvent::Suspected(Suspicion {
                    fraud: *fraud,
                    report: report.clone(),
                    raised_by: actor.officer.clone(),
                    raised: context.now,
                    outcome: None,
                }))
            }
            SuspicionCommand::Judge(outcome) => {
                actor.needs(Right::Decide)?;
                let open = open.ok_or_else(|| Reason::State.refusal())?;
                if self.phase != Phase::Examination {
                    return Err(Reason::State.refusal());
                }
                if open.raised_by == actor.officer {
                    return Err(Reason::FourEyes.refusal());
                }
                Ok(SuspicionEvent::Judged(
                    outcome.clone(),
                    actor.officer.clone(),
                ))
            }
        }
    }

    /// Nothing, when no suspicion stands against a grant.
    pub(super) fn is_unsuspected(&self) -> Result<(), Refusal> {
        match self.suspicion.as_ref().map(|one| &one.outcome) {
            None
            | Some(Some(SuspicionOutcome {
                established: false, ..
            })) => Ok(()),
            Some(None) => Err(Reason::Suspected.refusal()),
            Some(Some(_)) => Err(Reason::Fraud.refusal()),
        }
    }
}
