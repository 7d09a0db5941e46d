#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod authentication;
mod inspect;
mod passive;
mod report;
mod terminal;

pub use inspect::{inspect_chip, inspect_files};
pub use report::{Check, CheckKind, Holder, Outcome, Report, Traffic, Verdict};
pub use terminal::{ReadError, Terminal};
