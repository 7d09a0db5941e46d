//! What an inspection found.

use serde::{Deserialize, Serialize};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is as it should be.
    Passed,
    /// It is not.
    Failed,
    /// It cannot be told here.
    NotPossible,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// BAC or PACE opened the chip.
    Access,
    /// Every file that the chip lists could be read.
    Reading,
    /// The chip holds the private key of DG14.
    ChipAuthentication,
    /// The chip holds the private key of DG15.
    ActiveAuthentication,
    /// The signature of the SOD.
    SodSignature,
    /// The document signer up to a trust anchor.
    TrustPath,
    /// The document signer on the revocation list.
    Revocation,
    /// The data groups against the hashes of the SOD.
    DataGroupHashes,
    /// EF.COM against the SOD, EF.CardAccess against DG14, document type against the signer.
    FileConsistency,
    /// The signature of EF.CardSecurity.
    CardSecurity,
    /// Check digits of the MRZ in DG1.
    MrzCheckDigits,
    /// The MRZ that was given against DG1.
    MrzAgainstChip,
    /// The portrait decodes.
    Portrait,
    /// The fingerprints.
    Fingerprints,
    /// The last day of validity.
    Expiry,
}

impl CheckKind {
    /// What needs an open chip.
    pub(crate) const AFTER_ACCESS: [Self; 12] = [
        Self::ChipAuthentication,
        Self::ActiveAuthentication,
        Self::Reading,
        Self::MrzCheckDigits,
        Self::MrzAgainstChip,
        Self::SodSignature,
        Self::TrustPath,
        Self::Revocation,
        Self::DataGroupHashes,
        Self::FileConsistency,
        Self::Portrait,
        Self::Expiry,
    ];

    /// The name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Reading => "reading",
            Self::ChipAuthentication => "chip authentication",
            Self::ActiveAuthentication => "active authentication",
            Self::SodSignature => "SOD signature",
            Self::TrustPath => "trust path",
            Self::Revocation => "revocation",
            Self::DataGroupHashes => "data group hashes",
            Self::FileConsistency => "file consistency",
            Self::CardSecurity => "EF.CardSecurity",
            Self::MrzCheckDigits => "MRZ check digits",
            Self::MrzAgainstChip => "MRZ against chip",
            Self::Portrait => "portrait",
            Self::Fingerprints => "fingerprints",
            Self::Expiry => "expiry",
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What was checked.
    pub check: CheckKind,
    /// How it ended.
    pub outcome: Outcome,
    /// Why.
    pub why: String,
}

/// What DG1 says of the holder and the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Document code.
    pub document_code: String,
    /// Issuing state.
    pub issuer: String,
    /// Document number.
    pub number: String,
    /// Primary identifier.
    pub surname: String,
    /// Secondary identifier.
    pub given_names: String,
    /// Nationality.
    pub nationality: String,
    /// Birth date, as in the MRZ.
    pub birth_date: String,
    /// Sex.
    pub sex: String,
    /// Last day of validity, as in the MRZ.
    pub expiry_date: String,
}

/// What went over the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Traffic {
    /// Commands sent.
    pub commands: usize,
    /// Bytes sent.
    pub bytes_sent: usize,
    /// Bytes received.
    pub bytes_received: usize,
}

/// The verdict of an inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No check failed, and the signature leads to a trust anchor.
    Valid,
    /// A check failed.
    NotValid,
    /// No check failed, but nobody vouches for the document.
    Undetermined,
}

/// Everything that an inspection found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// The holder, if DG1 could be read.
    pub holder: Option<Holder>,
    /// The checks, in the order they were made.
    pub checks: Vec<Check>,
    /// What went over the channel.
    pub traffic: Traffic,
}

impl Report {
    pub(crate) fn passed(&mut self, check: CheckKind, why: impl Into<String>) {
        self.add(check, Outcome::Passed, why);
    }

    pub(crate) fn failed(&mut self, check: CheckKind, why: impl Into<String>) {
        self.add(check, Outcome::Failed, why);
    }

    pub(crate) fn not_possible(&mut self, check: CheckKind, why: impl Into<String>) {
        self.add(check, Outcome::NotPossible, why);
    }

    fn add(&mut self, check: CheckKind, outcome: Outcome, why: impl Into<String>) {
        self.checks.push(Check {
            check,
            outcome,
            why: why.into(),
        });
    }

    /// How a check ended; the first, if there are more of a kind.
    #[must_use]
    pub fn outcome(&self, kind: CheckKind) -> Option<Outcome> {
        self.checks
            .iter()
            .find(|check| check.check == kind)
            .map(|check| check.outcome)
    }

    /// The verdict over all checks.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self
            .checks
            .iter()
            .any(|check| check.outcome == Outcome::Failed)
        {
            Verdict::NotValid
        } else if self.outcome(CheckKind::TrustPath) == Some(Outcome::Passed) {
            Verdict::Valid
        } else {
            Verdict::Undetermined
        }
    }
}
