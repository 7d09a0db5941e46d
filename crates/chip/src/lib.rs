#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod authentication;
mod chip;
mod files;
pub mod personalisation;
mod reading;

pub use chip::Chip;
pub use files::ReadAccess;
