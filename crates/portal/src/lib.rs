#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod accessibility;
mod account;
mod adjudication;
mod applicant;
mod assets;
mod cards;
mod commands;
mod desk;
mod dossier;
mod enrolment;
mod fault;
mod files;
mod first_start;
mod forms;
mod grants;
mod help;
mod holder;
mod inspection;
mod language;
mod node;
mod oversight;
mod page;
mod passkeys;
mod pictures;
mod prefill;
mod prints;
mod record;
mod router;
mod sent;
mod session;
mod statistics;
mod waiting;
mod workstations;
mod zone;

pub use router::{Anchors, router};

/// What the build embedded: the files of the style kit, templates, messages.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}
