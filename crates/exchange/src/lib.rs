#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod adapter;
pub mod browser_tls;
pub mod connection;
pub mod envelope;
mod error;
pub mod message;

pub use error::Error;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
