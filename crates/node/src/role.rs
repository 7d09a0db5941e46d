//! The four parts that a node can play.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part in the circuit.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Enrols and hands over.
    Office,
    /// Identifies, decides, certifies, orders.
    Centre,
    /// Makes documents.
    Works,
    /// Answers whether documents are valid.
    Registry,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Office, Self::Centre, Self::Works, Self::Registry];

    /// The name in configurations, addresses and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Centre => "centre",
            Self::Works => "works",
            Self::Registry => "registry",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}
