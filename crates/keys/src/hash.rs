//! The hash functions of Doc 9303.

use crate::{Error, Result};
use const_oid::ObjectIdentifier;
use sha2::Digest;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HashAlgorithm {
    /// SHA-1: only where a protocol fixes it (BAC, Active Authentication of old documents).
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    const ALL: [(Self, &'static str, ObjectIdentifier); 5] = [
        (
            Self::Sha1,
            "sha1",
            ObjectIdentifier::new_unwrap("1.3.14.3.2.26"),
        ),
        (
            Self::Sha224,
            "sha224",
            ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4"),
        ),
        (
            Self::Sha256,
            "sha256",
            ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1"),
        ),
        (
            Self::Sha384,
            "sha384",
            ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2"),
        ),
        (
            Self::Sha512,
            "sha512",
            ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3"),
        ),
    ];

    /// The digest of `data`.
    #[must_use]
    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => sha1::Sha1::digest(data).to_vec(),
            Self::Sha224 => sha2::Sha224::digest(data).to_vec(),
            Self::Sha256 => sha2::Sha256::digest(data).to_vec(),
            Self::Sha384 => sha2::Sha384::digest(data).to_vec(),
            Self::Sha512 => sha2::Sha512::digest(data).to_vec(),
        }
    }

    /// Length of a digest, in bytes.
    #[must_use]
    pub fn digest_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The object identifier.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        Self::ALL[self as usize].2
    }

    /// The short name, as profiles write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The hash function of that object identifier.
    ///
    /// # Errors
    /// [`Error::Algorithm`] for any other.
    pub fn from_oid(oid: ObjectIdentifier) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|(_, _, known)| *known == oid)
            .map(|(hash, ..)| hash)
            .ok_or_else(|| Error::Algorithm {
                name: oid.to_string(),
            })
    }

    /// The hash function of that short name.
    ///
    /// # Errors
    /// [`Error::Algorithm`] for any other.
    pub fn from_name(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|(_, known, _)| *known == name)
            .map(|(hash, ..)| hash)
            .ok_or_else(|| Error::Algorithm {
                name: name.to_owned(),
            })
    }
}
