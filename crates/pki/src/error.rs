//! What can be wrong with certificates and signatures.

/// A fault in a certificate, a list, or a signed object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bytes that are not the structure they should be.
    #[error("malformed {what}: {why}")]
    Malformed {
        /// The structure.
        what: &'static str,
        /// What the decoder said.
        why: String,
    },
    /// A signature that does not verify.
    #[error("the signature of {what} is wrong")]
    Signature {
        /// What was signed.
        what: &'static str,
    },
    /// No trust anchor has the name of the issuer.
    #[error("no trust anchor for the issuer {issuer}")]
    NoAnchor {
        /// The issuer's name.
        issuer: String,
    },
    /// A certificate or list outside its time.
    #[error("{what} is valid from {from} to {to} only")]
    NotValid {
        /// What is out of its time.
        what: &'static str,
        /// The first moment.
        from: String,
        /// The last moment.
        to: String,
    },
    /// A certificate that its issuer revoked.
    #[error("the certificate {serial} is revoked since {since}")]
    Revoked {
        /// Its serial number, in hexadecimal.
        serial: String,
        /// Since when.
        since: String,
    },
    /// A certificate that may not do what it did.
    #[error("the certificate {why}")]
    NotAllowed {
        /// What it breaks (Doc 9303-12).
        why: String,
    },
    /// A data group that does not have the digest of the SOD.
    #[error("{group} is not the one that was signed")]
    GroupHash {
        /// The data group.
        group: String,
    },
    /// A key that cannot be used.
    #[error(transparent)]
    Key(#[from] rilascio_keys::Error),
    /// A file that cannot be read.
    #[error(transparent)]
    Data(#[from] rilascio_mrtd::Error),
}

impl Error {
    pub(crate) fn malformed(what: &'static str) -> impl Fn(der::Error) -> Self {
        move |fault| Self::Malformed {
            what,
            why: fault.to_string(),
        }
    }

    /// A signature that is wrong; a key or algorithm that is not supported stays what it is.
    pub(crate) fn signature(what: &'static str) -> impl Fn(rilascio_keys::Error) -> Self {
        move |fault| match fault {
            rilascio_keys::Error::Signature => Self::Signature { what },
            other => Self::Key(other),
        }
    }

    /// The stable code of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "PKI-001",
            Self::Signature { .. } => "PKI-002",
            Self::NoAnchor { .. } => "PKI-003",
            Self::NotValid { .. } => "PKI-004",
            Self::Revoked { .. } => "PKI-005",
            Self::NotAllowed { .. } => "PKI-006",
            Self::GroupHash { .. } => "PKI-007",
            Self::Key(fault) => fault.code(),
            Self::Data(fault) => fault.code(),
        }
    }
}
