//! One gallery for several machines. The truth is a table (`truth.rs`); search workers hold copies of parts of it by leases
//! (`leases.rs`, `worker.rs`), follow its changes and answer over NATS; whoever asks puts their answers together
//! (`coordinator.rs`). What goes over the wire is sealed (`wire.rs`): the messaging server sees ids and lengths.
//!
//! A copy is never trusted to be new: every question says up to which change of the part it must know, and the worker
//! catches up before it looks. So a lease that two workers believe to hold, a clock that is wrong or a worker that slept do
//! no harm; leases only say who should do the work.

mod coordinator;
mod leases;
mod truth;
mod wire;
mod worker;

pub use coordinator::{Cluster, Found};
pub use truth::Truth;
pub use wire::read_question;
pub use worker::{Worker, WorkerPlan};

/// Parts of a new gallery: no more machines than this share a search.
pub const PARTS: u32 = 8;
/// Workers that hold the same part: one may be slow, stopped or gone.
pub(crate) const REPLICAS: i64 = 2;
/// The largest message, in bytes: what a NATS server takes without being told otherwise.
pub(crate) const MESSAGE_BYTES_MAX: usize = 1_000_000;

/// Where the worker of a part in a slot is asked.
pub(crate) fn subject_of(gallery: &str, part: i64, slot: i64) -> String {
    format!("rilascio.prints.{gallery}.{part}.{slot}")
}
