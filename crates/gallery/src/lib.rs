#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod cluster;
mod copying;
mod error;
mod gallery;
mod log;
mod manifest;
mod mapping;
mod prints;
mod probe;
mod record;
mod search;
mod segment;

pub use cluster::{Cluster, Found, PARTS, Truth, Worker, WorkerPlan, read_question};
pub use copying::copy_gallery;
pub use error::Error;
pub use gallery::{Gallery, GalleryKey, Size};
pub use log::log_entries;
pub use prints::Prints;
pub use probe::{ChipPrint, LiveProbe};
pub use record::{Enrolment, Purpose, SUBJECT_BYTES_MAX};
pub use search::{Candidate, FingerScore, Question, compare_fingers, on_all_processors, threshold};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
