#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod application;
mod numbering;
mod printing;
mod prints;
pub mod process;
mod profile;
mod record;
mod rules;
mod screening;
mod source;

pub use application::{
    Address, Application, ApplicationDocument, Delivery, Guardian, Images, MissingFinger, Person,
    PrintImage,
};
pub use numbering::{NumberPattern, NumberShare};
pub use printing::is_settable;
pub use prints::{PrintChoice, choose_prints};
pub use profile::{
    ACT_FACTS, AbsentPrints, AccessProtocol, ActKind, ActProfile, ActiveAuthentication,
    ActsProfile, AuthorityProfile, ChipImages, ChipProfile, Cipher, CircuitRules, DocumentProfile,
    Face, Fallback, Finger, FormatName, ImageRecords, Issuance, KeySpec, LayoutProfile, Limits,
    NameProfile, PaceProfile, PaperCase, PermitType, PrintProfile, Profile, SignatureProfile,
    SigningProfile, Text, Thresholds, Unlimited, ValidityRule,
};
pub use record::{Record, Validity};
pub use rules::{Refusal, Refusals, decide, printed_names};
pub use screening::Identity;
pub use source::SourceError;
