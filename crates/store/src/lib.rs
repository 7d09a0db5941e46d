#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod engine;
pub mod entity;
mod error;
pub mod files;
pub mod journal;
pub mod mark;
pub mod prints;
mod schema;
mod tx;
pub mod vault;
pub mod work;

pub use engine::{Fault, Store};
pub use error::Error;
pub use tx::{Point, Probe, Row, Sql, Tx, Value};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every statement of the store, for the test that prepares them all on every engine.
#[must_use]
pub fn statements() -> Vec<&'static Sql> {
    [
        journal::STATEMENTS,
        entity::STATEMENTS,
        work::STATEMENTS,
        vault::STATEMENTS,
        mark::STATEMENTS,
        prints::STATEMENTS,
    ]
    .concat()
}
