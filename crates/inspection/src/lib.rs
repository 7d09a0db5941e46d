#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod authentication;
mod inspect;
mod passive;
mod report;
mod terminal;

pub use inspect::{Reading, inspect_chip, inspect_files, read_chip};
pub use report::{Check, CheckKind, Holder, Outcome, Report, Traffic, Verdict};
pub use terminal::{ReadError, Terminal};
