//! Acts served at the office: the day on which the applicant got them is the one that their terms count from.

use super::wall::end_of_day;
use super::{Context, Dossier, DossierEvent, OfficerId, Reason, Reference, Right};
use crate::profile::ActKind;
use crate::rules::Refusal;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An act that was handed to the applicant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServedAct {
    /// Its number.
    pub act: Reference,
    /// What it does.
    pub kind: ActKind,
    /// When it was given.
    pub given: Timestamp,
    /// When it was handed over.
    pub at: Timestamp,
    /// By whom.
    pub officer: OfficerId,
}

impl Dossier {
    /// The service of an act, noted by its office, or by the centre when the office told it.
    pub(super) fn decide_service(
        &self,
        served: &ServedAct,
        context: &Context<'_>,
    ) -> Result<DossierEvent, Refusal> {
        // The clocks of office and centre may differ: what the office told is not judged by the centre's.
        if !context.actor.is_system() {
            context.actor.needs_at(Right::HandOver, &self.office)?;
        }
        if served.at < served.given {
            return Err(Reason::Malformed.refusal());
        }
        if self.served.iter().any(|known| known.act == served.act) {
            return Err(Reason::Exists.refusal());
        }
        // Whoever may answer a notice has the whole time from the day on which they got it.
        let open = self.terms.notice.as_ref().filter(|notice| {
            let same = served.kind == ActKind::RefusalNotice && notice.given == served.given;
            same && notice.closed.is_none()
        });
        let until =
            open.map(|notice| end_of_day(served.at, context.rules.notice_days).max(notice.until));
        Ok(DossierEvent::Served(served.clone(), until))
    }

    pub(super) fn apply_service(&mut self, served: &ServedAct, until: Option<Timestamp>) {
        self.served.push(served.clone());
        if let (Some(until), Some(notice)) = (until, &mut self.terms.notice) {
            notice.until = until;
        }
    }

    /// When the refusal that stands was handed over at the office.
    pub(super) fn refusal_served(&self) -> Option<Timestamp> {
        let refused = self.terms.refused?;
        self.served
            .iter()
            .rev()
            .find(|served| served.kind == ActKind::Refusal && served.given == refused)
            .map(|served| served.at)
    }
}
