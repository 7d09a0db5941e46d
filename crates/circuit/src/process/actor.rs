//! Who acts: an officer with rights at a site, or the circuit itself.

use super::{OfficerId, Reason, SiteId};
use crate::rules::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What somebody may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Open dossiers and take data, portrait, prints and signature.
    Enrol,
    /// Check a dossier of the own office and send it to the centre.
    Approve,
    /// Examine dossiers at the centre and propose a decision.
    Examine,
    /// Decide dossiers at the centre.
    Decide,
    /// Open parcels, activate and hand over documents.
    HandOver,
    /// Propose and confirm revocations; report loss and theft.
    Revoke,
    /// Count, move, bind and destroy blanks and sheets.
    Stock,
    /// Produce documents and send them.
    Produce,
    /// Keep watch-lists.
    Watch,
    /// Look documents up for another administration.
    LookUp,
    /// Read the journal.
    Audit,
    /// Name officers, offices and nodes.
    Administer,
    /// The circuit itself: what messages and workers do. Never given to a person.
    System,
}

impl Right {
    /// Every right that a person can have.
    pub const OF_PERSONS: [Self; 12] = [
        Self::Enrol,
        Self::Approve,
        Self::Examine,
        Self::Decide,
        Self::HandOver,
        Self::Revoke,
        Self::Stock,
        Self::Produce,
        Self::Watch,
        Self::LookUp,
        Self::Audit,
        Self::Administer,
    ];
}

/// Somebody who gives a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// Who.
    pub officer: OfficerId,
    /// What they may do.
    pub rights: BTreeSet<Right>,
    /// Where they work; the centre's and the works' officers have their own site.
    pub site: SiteId,
    /// The profiles of the documents they work on; all, if empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub profiles: BTreeSet<String>,
}

impl Actor {
    /// The circuit itself, at a site.
    #[must_use]
    pub fn system(site: &SiteId) -> Self {
        Self {
            officer: OfficerId::parse("system").expect("is an identifier"),
            rights: BTreeSet::from([Right::System]),
            site: site.clone(),
            profiles: BTreeSet::new(),
        }
    }

    /// Whether they work on documents of that profile.
    #[must_use]
    pub fn works_on(&self, profile: &str) -> bool {
        self.profiles.is_empty() || self.profiles.contains(profile)
    }

    /// Nothing, when the actor works on documents of that profile.
    ///
    /// # Errors
    /// `circuit.profile`.
    pub fn needs_profile(&self, profile: &str) -> Result<(), Refusal> {
        if self.works_on(profile) {
            Ok(())
        } else {
            Err(Reason::Profile.refusal())
        }
    }

    /// Whether everything that the other works on is theirs to work on too: who stands in for them does no more.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.profiles.is_empty()
            || (!other.profiles.is_empty() && other.profiles.is_subset(&self.profiles))
    }

    /// True for the circuit itself.
    #[must_use]
    pub fn is_system(&self) -> bool {
        self.rights.contains(&Right::System)
    }

    /// Nothing, when the actor has that right.
    ///
    /// # Errors
    /// `circuit.right`.
    pub fn needs(&self, right: Right) -> Result<(), Refusal> {
        if self.rights.contains(&right) {
            Ok(())
        } else {
            Err(Reason::Right.refusal())
        }
    }

    /// Nothing, when the actor has that right and works at that site.
    ///
    /// # Errors
    /// `circuit.right` or `circuit.site`.
    pub fn needs_at(&self, right: Right, site: &SiteId) -> Result<(), Refusal> {
        self.needs(right)?;
        if self.site == *site {
            Ok(())
        } else {
            Err(Reason::Site.refusal())
        }
    }

    /// Nothing, when another person stands beside the actor.
    ///
    /// # Errors
    /// `circuit.two-people`.
    pub fn beside(&self, second: &OfficerId) -> Result<(), Refusal> {
        if self.officer == *second {
            Err(Reason::TwoPeople.refusal())
        } else {
            Ok(())
        }
    }
}
