//! A document type as data: law, layout, chip and rules, read from TOML and checked when loaded.

mod acts;
mod check;
mod chip;
mod circuit;
mod fields;
mod signing;

pub use acts::{ACT_FACTS, ActKind, ActProfile, ActsProfile};
pub use chip::{AccessProtocol, ActiveAuthentication, ChipProfile, Cipher, PaceProfile};
pub use circuit::{CircuitRules, PaperCase};
pub use fields::{
    AbsentPrints, ChipImages, Face, Fallback, Finger, FormatName, ImageRecords, Issuance,
    LayoutProfile, Limits, NameProfile, PermitType, PrintProfile, SignatureProfile, Text,
    Thresholds, Unlimited, ValidityRule,
};
pub use signing::{AuthorityProfile, KeySpec, SigningProfile};

use crate::numbering::NumberPattern;
use crate::source::{self, SourceError};
use rilascio_mrtd::code::{DocumentCode, StateCode};
use serde::Deserialize;
use toml::Spanned;

/// A document type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The version of the profile format: 1.
    pub schema: Spanned<u32>,
    /// The name: lower case letters, digits and hyphens.
    pub name: Spanned<String>,
    /// What the document is called.
    pub title: Text,
    /// Issuer, number and format.
    pub document: DocumentProfile,
    /// How names are written.
    #[serde(default)]
    pub names: NameProfile,
    /// The longest texts that the document holds.
    pub limits: Limits,
    /// How long it is valid, by age at issue.
    pub validity: Vec<ValidityRule>,
    /// The kinds of permit; empty for documents that are no permits.
    #[serde(default)]
    pub permit: Vec<PermitType>,
    /// Fingerprints; absent when the document has none.
    pub prints: Option<PrintProfile>,
    /// The holder's signature.
    pub signature: SignatureProfile,
    /// Below this age, parents or guardians are named.
    pub guardians_below_age: Option<u8>,
    /// The images on the chip.
    pub images: ChipImages,
    /// The chip.
    pub chip: ChipProfile,
    /// The keys that sign.
    pub signing: SigningProfile,
    /// The visible faces.
    pub layout: LayoutProfile,
    /// The way through the circuit.
    #[serde(default)]
    pub circuit: CircuitRules,
    /// The acts by which the authority speaks to applicants.
    #[serde(default)]
    pub acts: ActsProfile,
}

/// Issuer, number and format of a document.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentProfile {
    /// The issuing state.
    #[serde(deserialize_with = "state")]
    pub state: StateCode,
    /// The first two characters of the MRZ.
    #[serde(deserialize_with = "code")]
    pub code: Spanned<DocumentCode>,
    /// The layout of the MRZ.
    pub format: Spanned<FormatName>,
    /// The pattern of document numbers.
    #[serde(deserialize_with = "pattern")]
    pub number: Spanned<NumberPattern>,
    /// The pattern of the serials of blanks.
    #[serde(deserialize_with = "pattern")]
    pub serial: Spanned<NumberPattern>,
    /// Where it is produced.
    pub issuance: Issuance,
    /// Fields of the application that must be there beyond those of every document.
    #[serde(default)]
    pub required: Vec<Spanned<String>>,
    /// The field that goes into optional data 1 (TD1) of the MRZ, if any.
    pub optional_data_1: Option<Spanned<String>>,
    /// The field that goes into optional data 2, or the personal number of a passport.
    pub optional_data_2: Option<Spanned<String>>,
    /// What is printed for a validity without end.
    pub unlimited: Option<String>,
    /// Titles for a shorter stay than this are refused, in days.
    pub stay_days_min: Option<u16>,
}

fn spanned<'de, D, T, E>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Spanned<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    E: std::fmt::Display,
{
    let text = Spanned::<String>::deserialize(deserializer)?;
    let value = read(text.as_ref()).map_err(serde::de::Error::custom)?;
    Ok(Spanned::new(text.span(), value))
}

fn state<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<StateCode, D::Error> {
    source::from_text(deserializer, StateCode::parse)
}

fn code<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Spanned<DocumentCode>, D::Error> {
    spanned(deserializer, DocumentCode::parse)
}

fn pattern<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Spanned<NumberPattern>, D::Error> {
    spanned(deserializer, NumberPattern::parse)
}

impl Profile {
    /// Reads a profile and checks that its parts fit together.
    ///
    /// # Errors
    /// The first fault, with file, line and reason.
    pub fn parse(file: &str, text: &str) -> Result<Self, SourceError> {
        let profile: Self = source::parse(file, text)?;
        check::check(&profile).map_err(|(span, why)| SourceError::at(file, text, span, why))?;
        Ok(profile)
    }

    /// The kind of permit of that code.
    #[must_use]
    pub fn permit_type(&self, code: &str) -> Option<&PermitType> {
        self.permit.iter().find(|permit| permit.code == code)
    }
}
