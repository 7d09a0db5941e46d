//! What can go wrong with keys.

/// A key, point, signature or ciphertext that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A point that is not on its curve, at infinity, or written in another form.
    #[error("not an uncompressed point of {curve}")]
    Point {
        /// The curve expected.
        curve: &'static str,
    },
    /// A private key that is no scalar of its curve, or no RSA key.
    #[error("the private key cannot be read")]
    PrivateKey,
    /// A public key in a form that Doc 9303-12 does not know.
    #[error("the public key cannot be used: {why}")]
    PublicKey {
        /// The reason.
        why: String,
    },
    /// A signature that does not belong to message and key.
    #[error("the signature is wrong")]
    Signature,
    /// An algorithm outside Doc 9303-12.
    #[error("the algorithm {name} is not supported")]
    Algorithm {
        /// Name or object identifier.
        name: String,
    },
    /// Key, initialisation vector or text of the wrong length.
    #[error("{what} has the wrong length")]
    Length {
        /// What is too long or too short.
        what: &'static str,
    },
    /// A sealed key that another master key sealed, or that was altered.
    #[error("the sealed key cannot be opened: wrong master key, or the file was altered")]
    Sealed,
    /// What an authenticator or its browser said is malformed or for another purpose.
    #[error("the passkey cannot be used: {why}")]
    Passkey {
        /// The reason.
        why: &'static str,
    },
}

impl Error {
    /// The stable code of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Point { .. } => "KEYS-001",
            Self::PrivateKey => "KEYS-002",
            Self::PublicKey { .. } => "KEYS-003",
            Self::Signature => "KEYS-004",
            Self::Algorithm { .. } => "KEYS-005",
            Self::Length { .. } => "KEYS-006",
            Self::Sealed => "KEYS-007",
            Self::Passkey { .. } => "KEYS-008",
        }
    }
}
