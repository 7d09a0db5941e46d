//! OSIA ABIS 1.6.0 (Secure Identity Alliance): the interface of a biometric system as a server over our engine, and as a
//! client of somebody else's.
//!
//! A person is a name; an encounter is what was taken of a person on one occasion. Fingers are compared, everything else is
//! kept and given back. Answers come at once also where a callback is offered: the interface leaves that to the server, so
//! there are no tasks.

mod client;
mod comparison;
mod model;
mod register;
pub(crate) mod routes;

pub use client::{AbisClient, AbisPrint};
pub use model::{
    BiometricComputedData, BiometricData, Candidate, Encounter, EncounterStatus, OsiaError,
    PersonIds, ScoreDetail, VerifyResult,
};
pub use register::Register;

/// The gallery that means all of them.
pub const ALL: &str = "ALL";
