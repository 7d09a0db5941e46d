//! The roll-out: which office works by the new procedure for which document, and since when.

use super::{CollectionHours, NodeId, Reason, SiteId};
use crate::profile::CircuitRules;
use crate::rules::Refusal;
use jiff::ToSpan;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The procedure that an office follows on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Procedure {
    /// The new one has not begun.
    Old,
    /// The new one, and the old one for files that were open when it began.
    Both,
    /// The new one alone.
    New,
}

/// An office, and what it issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Its site.
    pub site: SiteId,
    /// What it is called.
    pub name: String,
    /// The node that serves it; the circuit's own office node if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// The first day of the new procedure, for each profile.
    pub starts: BTreeMap<String, Date>,
    /// When documents are handed over by appointment.
    #[serde(default)]
    pub collection: CollectionHours,
}

impl Office {
    /// The last day of the old procedure for files that were open; nothing if the profile is not issued here.
    #[must_use]
    pub fn legacy_until(&self, profile: &str, rules: &CircuitRules) -> Option<Date> {
        let start = self.starts.get(profile)?;
        Some(start.saturating_add(i32::from(rules.legacy_months).months()))
    }

    /// The procedure of a day.
    #[must_use]
    pub fn procedure(&self, profile: &str, day: Date, rules: &CircuitRules) -> Procedure {
        match (self.starts.get(profile), self.legacy_until(profile, rules)) {
            (Some(start), _) if day < *start => Procedure::Old,
            (Some(_), Some(until)) if day <= until => Procedure::Both,
            (Some(_), _) => Procedure::New,
            (None, _) => Procedure::Old,
        }
    }

    /// Nothing, when a dossier of the new procedure can be opened.
    ///
    /// # Errors
    /// `circuit.rollout`.
    pub fn opens(&self, profile: &str, day: Date, rules: &CircuitRules) -> Result<(), Refusal> {
        match self.procedure(profile, day, rules) {
            Procedure::Old => Err(Reason::RolloutBefore.refusal()),
            Procedure::Both | Procedure::New => Ok(()),
        }
    }
}
