//! Signature algorithms and their identifiers in certificates (Doc 9303-12, 4.4).

use crate::{Error, HashAlgorithm, Result};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, Null};
use der::{Decode, Encode, Sequence};
use spki::AlgorithmIdentifierOwned;

/// A signature algorithm with its hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PSS; mask generation with the same hash, salt as long as the digest.
    RsaPss(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(HashAlgorithm),
    /// ECDSA.
    Ecdsa(HashAlgorithm),
}

const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

const FIXED: [(SignatureAlgorithm, ObjectIdentifier); 10] = {
    use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
    use SignatureAlgorithm::{Ecdsa, RsaPkcs1};
    [
        (
            RsaPkcs1(Sha1),
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"),
        ),
        (
            RsaPkcs1(Sha224),
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.14"),
        ),
        (
            RsaPkcs1(Sha256),
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
        ),
        (
            RsaPkcs1(Sha384),
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
        ),
        (
            RsaPkcs1(Sha512),
            ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
        ),
        (
            Ecdsa(Sha1),
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"),
        ),
        (
            Ecdsa(Sha224),
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.1"),
        ),
        (
            Ecdsa(Sha256),
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
        ),
        (
            Ecdsa(Sha384),
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
        ),
        (
            Ecdsa(Sha512),
            ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"),
        ),
    ]
};

/// RFC 4055, 3.1. The defaults are SHA-1 and a salt of 20 bytes.
#[derive(Sequence)]
struct PssParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierOwned>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_bytes: Option<u16>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

impl SignatureAlgorithm {
    /// The hash function.
    #[must_use]
    pub fn hash(self) -> HashAlgorithm {
        match self {
            Self::RsaPss(hash) | Self::RsaPkcs1(hash) | Self::Ecdsa(hash) => hash,
        }
    }

    /// A readable name: `rsa-pss-sha512`.
    #[must_use]
    pub fn name(self) -> String {
        let family = match self {
            Self::RsaPss(_) => "rsa-pss",
            Self::RsaPkcs1(_) => "rsa-pkcs1",
            Self::Ecdsa(_) => "ecdsa",
        };
        format!("{family}-{}", self.hash().name())
    }

    /// The identifier for certificates, revocation lists and signer infos.
    #[must_use]
    pub fn identifier(self) -> AlgorithmIdentifierOwned {
        if let Some((_, oid)) = FIXED.iter().find(|(known, _)| *known == self) {
            let parameters = matches!(self, Self::RsaPkcs1(_)).then(null);
            return AlgorithmIdentifierOwned {
                oid: *oid,
                parameters,
            };
        }
        let hash = AlgorithmIdentifierOwned {
            oid: self.hash().oid(),
            parameters: Some(null()),
        };
        let mask = AlgorithmIdentifierOwned {
            oid: MGF1,
            parameters: Some(Any::encode_from(&hash).expect("a hash identifier encodes")),
        };
        let parameters = PssParameters {
            hash: Some(hash),
            mask: Some(mask),
            salt_bytes: Some(self.hash().digest_bytes() as u16),
            trailer: None,
        };
        AlgorithmIdentifierOwned {
            oid: RSA_PSS,
            parameters: Some(Any::encode_from(&parameters).expect("PSS parameters encode")),
        }
    }

    /// Reads an identifier. `digest` tells the hash where a signer info says only `rsaEncryption`.
    ///
    /// # Errors
    /// [`Error::Algorithm`] for what Doc 9303-12 does not allow, or this crate does not verify.
    pub fn from_identifier(
        identifier: &AlgorithmIdentifierOwned,
        digest: Option<HashAlgorithm>,
    ) -> Result<Self> {
        if let Some((algorithm, _)) = FIXED.iter().find(|(_, oid)| *oid == identifier.oid) {
            return Ok(*algorithm);
        }
        match (identifier.oid, digest) {
            (RSA_ENCRYPTION, Some(hash)) => Ok(Self::RsaPkcs1(hash)),
            (RSA_PSS, _) => Self::from_pss(identifier.parameters.as_ref()),
            (other, _) => Err(Error::Algorithm {
                name: other.to_string(),
            }),
        }
    }

    fn from_pss(parameters: Option<&Any>) -> Result<Self> {
        let unsupported = |why: &str| Error::Algorithm {
            name: format!("RSASSA-PSS with {why}"),
        };
        let der = parameters
            .and_then(|any| any.to_der().ok())
            .ok_or_else(|| unsupported("no parameters"))?;
        let parameters =
            PssParameters::from_der(&der).map_err(|_| unsupported("malformed parameters"))?;
        let hash = match parameters.hash {
            Some(identifier) => HashAlgorithm::from_oid(identifier.oid)?,
            None => HashAlgorithm::Sha1,
        };
        let mask_hash = match parameters.mask {
            Some(mask) if mask.oid == MGF1 => mask
                .parameters
                .and_then(|any| any.decode_as::<AlgorithmIdentifierOwned>().ok())
                .and_then(|inner| HashAlgorithm::from_oid(inner.oid).ok()),
            Some(_) => None,
            None => Some(HashAlgorithm::Sha1),
        };
        if mask_hash != Some(hash) {
            return Err(unsupported("another hash in the mask"));
        }
        if usize::from(parameters.salt_bytes.unwrap_or(20)) != hash.digest_bytes() {
            return Err(unsupported("a salt of another length than the digest"));
        }
        Ok(Self::RsaPss(hash))
    }
}

fn null() -> Any {
    Any::encode_from(&Null).expect("NULL encodes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_go_both_ways() {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        for algorithm in [
            SignatureAlgorithm::RsaPss(Sha256),
            SignatureAlgorithm::RsaPss(Sha512),
            SignatureAlgorithm::RsaPkcs1(Sha256),
            SignatureAlgorithm::Ecdsa(Sha384),
        ] {
            let read = SignatureAlgorithm::from_identifier(&algorithm.identifier(), None);
            assert_eq!(read, Ok(algorithm));
        }
    }
}
