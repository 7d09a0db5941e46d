//! The judgement of hits: by one examiner, or by two of whom the second does not know what the first said; where they
//! differ a third decides.

use super::dossier::in_phase;
use super::{Context, Digest, Dossier, OfficerId, Phase, PrintSearch, Reason, Right, Step};
use crate::rules::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Opinions that came before the judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opinions {
    /// Who gave the first.
    pub first: OfficerId,
    /// The digest of the first and its salt: what it was is known when it is opened.
    pub seal: Digest,
    /// Who gave the second, when it was another.
    pub second: Option<OfficerId>,
}

/// What can be asked of opinions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpinionCommand {
    /// Gives the first, sealed.
    Give(Digest),
    /// Gives the second, which is another than the first.
    Differ,
}

/// What can happen to opinions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpinionEvent {
    /// The first was given.
    OpinionGiven(OfficerId, Digest),
    /// The second was another.
    OpinionsDiffered(OfficerId),
}

impl Dossier {
    /// True when an officer has to look at the prints.
    pub(super) fn has_hits(&self) -> bool {
        matches!(self.identification, Some(PrintSearch::Hits(_)))
            || self.same_fingers == Some(false)
    }

    /// Whether somebody may judge the hits, or say something of them: nobody says something twice.
    fn may_judge(&self, context: &Context<'_>) -> Result<(), Refusal> {
        let actor = context.actor;
        actor.needs(Right::Examine)?;
        in_phase(self, &[Phase::Examination])?;
        if !self.has_hits() || self.adjudication.is_some() {
            return Err(Reason::State.refusal());
        }
        let said = self.opinion.as_ref().is_some_and(|opinions| {
            opinions.first == actor.officer || opinions.second.as_ref() == Some(&actor.officer)
        });
        if said || self.taken_by(Step::Enrol, &actor.officer) {
            return Err(Reason::FourEyes.refusal());
        }
        Ok(())
    }

    pub(super) fn decide_judgement(&self, context: &Context<'_>) -> Result<(), Refusal> {
        self.may_judge(context)?;
        if context.rules.second_opinion && self.opinion.is_none() {
            return Err(Reason::TwoPeople.refusal());
        }
        Ok(())
    }

    pub(super) fn decide_opinion(
        &self,
        command: &OpinionCommand,
        context: &Context<'_>,
    ) -> Result<OpinionEvent, Refusal> {
        if !context.rules.second_opinion {
            return Err(Reason::NotOffered.refusal());
        }
        self.may_judge(context)?;
        let me = context.actor.officer.clone();
        match (command, &self.opinion) {
            (OpinionCommand::Give(seal), None) => Ok(OpinionEvent::OpinionGiven(me, seal.clone())),
            (OpinionCommand::Differ, Some(before)) if before.second.is_none() => {
                Ok(OpinionEvent::OpinionsDiffered(me))
            }
            _ => Err(Reason::State.refusal()),
        }
    }

    pub(super) fn apply_opinion(&mut self, event: &OpinionEvent) {
        match event {
            OpinionEvent::OpinionGiven(officer, seal) => {
                self.opinion = Some(Opinions {
                    first: officer.clone(),
                    seal: seal.clone(),
                    second: None,
                });
            }
            OpinionEvent::OpinionsDiffered(officer) => {
                if let Some(opinions) = &mut self.opinion {
                    opinions.second = Some(officer.clone());
                }
            }
        }
    }
}
