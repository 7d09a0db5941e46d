#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod engine;
mod error;
mod hex;
mod nist_folder;
mod nist_transactions;
pub mod osia;
pub mod sbi;
mod server;

pub use engine::PrintEngine;
pub use error::Error;
pub use nist_folder::{Handled, watch_folder};
pub use nist_transactions::{NistAgency, NistDoor, Outcome};
pub use server::{Access, Clock, Doors, Scope, serve};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
