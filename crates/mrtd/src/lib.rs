#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod code;
pub mod date;
mod error;
mod extensible;
pub mod face;
pub mod finger;
mod finger_2011;
pub mod lds;
pub mod mrz;
pub mod tlv;
pub mod transliteration;

pub use error::Error;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
