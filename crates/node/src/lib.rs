#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod administration;
mod api;
mod applicant;
mod assembly;
mod audit;
mod carding;
mod casework;
mod certificates;
mod command;
mod desk;
mod enrolment;
mod error;
mod first_start;
mod front;
mod granting;
mod help;
mod installation;
mod keeper;
mod ledger;
mod limits;
mod local;
mod measures;
mod membership;
mod notice;
mod officers;
mod openapi;
mod operators;
mod passkeys;
mod passwords;
mod photographs;
mod pressure;
mod prose;
mod replay;
mod residents;
mod role;
mod server;
mod signing_in;
mod stationing;
mod statistics;
mod waiting;
mod worker;

pub use api::Api;
pub use applicant::{ApplicantDocument, ApplicantView, Receipt, SeenBy};
pub use assembly::{CircuitAuthority, MemoryKeeper, NodeKey, NodeSigner, node_signer};
pub use audit::{Audited, audit, sign_head};
pub use certificates::{CertificateEntry, CertificateKind, Certificates};
pub use command::{Answer, COUNT_MAX, Command, WatchedPerson};
pub use desk::acts::{Act, ActEntry, Scribe};
pub use desk::articles::{Article, Draft as ArticleDraft};
pub use desk::cards::{Card, CardEnd, CardRequest, CardState, CardStep};
pub use desk::cases::{Addition, CaseOrigin, CaseState, HelpCase, Question, ShownCase, Turn};
pub use desk::collection::WaitingDocument;
pub use desk::draft::Draft;
pub use desk::grants::{
    EMERGENCY_MINUTES_MAX, EmergencyRequest, Grant, GrantKind, GrantState, GrantStep, ShownGrant,
    SubstitutionRequest,
};
pub use desk::hits::Hit;
pub use desk::papers::{Media, PaperContent, PaperEntry};
pub use desk::promise::Promises;
pub use desk::record::ShownRecord;
pub use desk::screening::{Finding, ShownFinding, ShownFindings};
pub use desk::works::{MadeDocument, Production, ProductionFault, ProductionRequest};
pub use desk::workstations::{Workstation, WorkstationState};
pub use desk::{Desk, DeskParts, Profiles, Routes};
pub use error::Error;
pub use front::{Front, Peer};
pub use installation::{
    Database, Entropy, Installation, Plan, default_routes, read_circle, read_head_key,
};
pub use keeper::{FileKeeper, read_wrapped};
pub use ledger::{Ledger, Tabled};
pub use limits::Limits;
pub use local::{Clock, Local};
pub use measures::{Measures, Stage};
pub use membership::{add_member, strike_off};
pub use notice::{Delivery, Notice};
pub use officers::{Session, SignIn, generate_password};
pub use openapi::openapi;
pub use operators::Operators;
pub use passkeys::{Assertion, NewPasskey, Passkey, WebBytes};
pub use prose::{PROSE_MAX, Prose};
pub use replay::Replay;
pub use residents::Register;
pub use rilascio_store::files;
pub use role::Role;
pub use server::{Workers, serve};
pub use waiting::HolderComes;
pub use worker::{Advisers, Identification, LEASE_MS, Tools, Transport, VaultKeeper};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
