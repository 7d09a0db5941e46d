#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod afterwards;
mod casework;
mod dice;
mod failures;
mod mischief;
mod network;
mod people;
mod run;
mod sample;
mod scenario;
mod world;

pub use run::{Summary, run};
pub use sample::Sample;
pub use scenario::Scenario;

use std::fmt;

/// An invariant that broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// What does not hold.
    pub invariant: String,
    /// After which event of the run.
    pub event: u64,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after event {}: {}", self.event, self.invariant)
    }
}

/// Why a run ended before its time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// An invariant broke.
    #[error("[SIMULATION-001] {0}")]
    Broken(Broken),
    /// The scenario cannot be run.
    #[error("[SIMULATION-002] {0}")]
    Scenario(String),
    /// A node failed in a way that no rule foresees.
    #[error("[SIMULATION-003] {0}")]
    Node(#[from] rilascio_node::Error),
    /// A store failed in a way that no rule foresees.
    #[error("[SIMULATION-004] {0}")]
    Store(#[from] rilascio_store::Error),
    /// A key or certificate could not be made.
    #[error("[SIMULATION-005] {0}")]
    Exchange(#[from] rilascio_exchange::Error),
}
