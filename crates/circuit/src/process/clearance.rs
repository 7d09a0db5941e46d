//! What stands against a grant: prints, findings and the registry of residents.

use super::facts::{ResidenceCheck, Screening};
use super::{Dossier, Reason};
use crate::rules::Refusal;

impl Dossier {
    /// True when identification, screening and verification allow a grant.
    pub(super) fn is_clear(&self) -> Result<(), Refusal> {
        self.is_unsuspected()?;
        match (self.identification, self.has_hits(), self.adjudication) {
            (Some(_), false, _) | (Some(_), true, Some(true)) => {}
            (Some(_), true, Some(false)) => return Err(Reason::OtherIdentity.refusal()),
            _ => return Err(Reason::NotIdentified.refusal()),
        }
        match (self.screening, self.cleared) {
            (Some(Screening::NotDue | Screening::Clear), _)
            | (Some(Screening::Findings(_)), Some(true)) => {}
            (Some(Screening::Findings(_)), Some(false)) => return Err(Reason::Listed.refusal()),
            _ => return Err(Reason::NotScreened.refusal()),
        }
        match self.residence {
            Some(ResidenceCheck::NotDue | ResidenceCheck::Confirmed) => Ok(()),
            Some(ResidenceCheck::Denied) | None => Err(Reason::NotVerified.refusal()),
        }
    }
}
