//! What can go wrong between chip and terminal.

/// A fault in a message of the other side, or of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An APDU whose lengths do not fit together.
    #[error("malformed APDU: {why}")]
    Apdu {
        /// What does not fit.
        why: &'static str,
    },
    /// A protected message without an object that it needs, or with a malformed one.
    #[error("secure messaging: {why}")]
    SecureMessaging {
        /// What is missing or malformed.
        why: &'static str,
    },
    /// A MAC, token or echo that does not prove knowledge of the key.
    #[error("{what} is wrong: the other side does not hold the same key")]
    Authentication {
        /// What was checked.
        what: &'static str,
    },
    /// A protocol or parameter that this crate does not compute.
    #[error("{what} is not supported")]
    Unsupported {
        /// The protocol, in words or as an object identifier.
        what: String,
    },
    /// A malformed data object.
    #[error(transparent)]
    Data(#[from] rilascio_mrtd::Error),
    /// A key or point that cannot be used.
    #[error(transparent)]
    Key(#[from] rilascio_keys::Error),
}

impl Error {
    /// The stable code of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Apdu { .. } => "ACCESS-001",
            Self::SecureMessaging { .. } => "ACCESS-002",
            Self::Authentication { .. } => "ACCESS-003",
            Self::Unsupported { .. } => "ACCESS-004",
            Self::Data(fault) => fault.code(),
            Self::Key(fault) => fault.code(),
        }
    }
}
