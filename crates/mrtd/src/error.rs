//! What can be wrong with a document's content.

/// A fault in data that came from outside, or a value that a document cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes end before the structure does.
    #[error("{what}: the data ends {missing} byte(s) too early")]
    Truncated {
        /// The structure being read.
        what: &'static str,
        /// How many bytes were missing.
        missing: usize,
    },
    /// The bytes are complete but do not follow the format.
    #[error("{what}: {why}")]
    Malformed {
        /// The structure being read.
        what: &'static str,
        /// What was found and what was expected.
        why: String,
    },
    /// A tag that the format requires is not there.
    #[error("{what}: tag {tag:X} is missing")]
    MissingTag {
        /// The structure being read.
        what: &'static str,
        /// The tag, as written.
        tag: u32,
    },
    /// A check digit of the MRZ is wrong (Doc 9303-3, 4.9).
    #[error("check digit of {field} is '{found}', computed '{computed}'")]
    CheckDigit {
        /// The MRZ field.
        field: &'static str,
        /// What the MRZ says.
        found: char,
        /// What the rule gives.
        computed: char,
    },
    /// A value that the field of the document cannot hold.
    #[error("{field} '{value}' is not possible: {why}")]
    Value {
        /// The field.
        field: &'static str,
        /// The value refused.
        value: String,
        /// The limit that it breaks.
        why: String,
    },
    /// A character that Doc 9303-3 section 6 gives no Latin spelling for.
    #[error("the character '{character}' (U+{:04X}) has no transliteration in Doc 9303-3", *character as u32)]
    Untransliterable {
        /// The character.
        character: char,
    },
}

impl Error {
    pub(crate) fn malformed(what: &'static str, why: impl Into<String>) -> Self {
        Self::Malformed {
            what,
            why: why.into(),
        }
    }

    pub(crate) fn value(
        field: &'static str,
        value: impl Into<String>,
        why: impl Into<String>,
    ) -> Self {
        Self::Value {
            field,
            value: value.into(),
            why: why.into(),
        }
    }

    /// The stable code of the fault, for logs and help desks.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "MRTD-001",
            Self::Malformed { .. } => "MRTD-002",
            Self::MissingTag { .. } => "MRTD-003",
            Self::CheckDigit { .. } => "MRTD-004",
            Self::Value { .. } => "MRTD-005",
            Self::Untransliterable { .. } => "MRTD-006",
        }
    }
}
