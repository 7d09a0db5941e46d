//! What is known of a dossier: where it stands, what was taken, what others answered, how the holder was checked.

use super::{Digest, DocumentId, Reference};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a document is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IssueReason {
    /// The holder never had one.
    First,
    /// The old one ends.
    Renewal,
    /// The data changed.
    Update,
    /// The old one was lost.
    Loss,
    /// The old one was stolen.
    Theft,
    /// The old one is damaged.
    Damage,
    /// The old one says something wrong.
    Correction,
}

/// Where a dossier stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Opened; data are being taken.
    Draft,
    /// Everything is taken and confirmed by the holder.
    Enrolled,
    /// On its way to the centre, or there.
    Submitted,
    /// At the centre, being identified and verified.
    Examination,
    /// A decision is proposed.
    Proposed,
    /// Granted.
    Authorised,
    /// The record is frozen and signed.
    Certified,
    /// Ordered from the works.
    Ordered,
    /// The works took the order.
    InProduction,
    /// The document is made and checked.
    Produced,
    /// On its way to the office.
    Dispatched,
    /// Counted at the office.
    AtOffice,
    /// The document is activated.
    Activated,
    /// The holder has it.
    HandedOver,
    /// Nobody collected it.
    Recalled,
    /// The answer was no.
    Refused,
    /// Ended without a document.
    Cancelled,
}

impl Phase {
    /// Every phase, in the order of the way.
    pub const ALL: [Self; 17] = [
        Self::Draft,
        Self::Enrolled,
        Self::Submitted,
        Self::Examination,
        Self::Proposed,
        Self::Authorised,
        Self::Certified,
        Self::Ordered,
        Self::InProduction,
        Self::Produced,
        Self::Dispatched,
        Self::AtOffice,
        Self::Activated,
        Self::HandedOver,
        Self::Recalled,
        Self::Refused,
        Self::Cancelled,
    ];

    /// True when nothing more happens to the dossier.
    #[must_use]
    pub fn is_end(self) -> bool {
        matches!(
            self,
            Self::HandedOver | Self::Recalled | Self::Refused | Self::Cancelled
        )
    }
}

/// What was taken of the fingers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrintsTaken {
    /// The prints that the profile asks for.
    Taken,
    /// The holder is too young, or the document has none.
    NotDue,
    /// Impossible, for the reason in the record.
    Impossible,
}

/// What was taken of the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureTaken {
    /// The holder signed.
    Taken,
    /// The holder is too young, or cannot.
    Exempt,
}

/// What enrolment established; the data themselves are sealed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The digest of everything that was taken.
    pub content: Digest,
    /// Prints, as the rules of the profile judged them.
    pub prints: PrintsTaken,
    /// Signature, likewise.
    pub signature: SignatureTaken,
    /// Whether the holder read the data and confirmed them.
    pub confirmed: bool,
}

/// What the search of the prints found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrintSearch {
    /// No prints to search.
    NotDue,
    /// Nobody else, or the same person in earlier dossiers.
    Clear,
    /// Hits that an officer must examine.
    Hits(u16),
}

impl PrintSearch {
    /// The answer of a search that found so many others.
    #[must_use]
    pub fn of_others(count: usize) -> Self {
        match u16::try_from(count) {
            Ok(0) => Self::Clear,
            Ok(count) => Self::Hits(count),
            Err(_) => Self::Hits(u16::MAX),
        }
    }
}

/// What the comparison of names, birth date and numbers with other dossiers and watch-lists found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Screening {
    /// Not asked for by the profile.
    NotDue,
    /// Nothing.
    Clear,
    /// Findings that an officer must examine.
    Findings(u16),
}

/// What the registry of residents answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResidenceCheck {
    /// Not asked for by the profile.
    NotDue,
    /// The data agree.
    Confirmed,
    /// The person is unknown, or the data differ.
    Denied,
}

/// How the holder was checked against the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HolderCheck {
    /// A finger against the print that was taken, or the one in the chip.
    Finger,
    /// The face, by the officer.
    Face,
    /// The check failed.
    Failed,
}

/// What became of the old document at hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Surrender {
    /// First issue: there is none.
    FirstIssue,
    /// It was taken in.
    Document(DocumentId),
    /// It was reported lost or stolen, by this report.
    Report(Reference),
    /// It was not brought.
    Missing,
}

/// Why a dossier ends without a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cancellation {
    /// The applicant withdrew.
    Withdrawn,
    /// The applicant died.
    Death,
    /// Opened by mistake.
    Mistake,
    /// The record is wrong and another dossier corrects it.
    Correction,
}

/// A step that somebody took.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Took the data.
    Enrol,
    /// Sent it to the centre.
    Submit,
    /// Examined hits.
    Adjudicate,
    /// Examined findings.
    Examine,
    /// Proposed the decision.
    Propose,
    /// Decided.
    Decide,
    /// Activated the document.
    Activate,
    /// Handed it over.
    HandOver,
}
