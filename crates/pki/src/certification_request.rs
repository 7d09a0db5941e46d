//! Certification requests (PKCS #10, RFC 2986): a public key, signed by whoever has the private one.

use crate::certificate::Signed;
use crate::{Error, Result};
use der::asn1::Any;
use der::{Decode, Encode, Sequence};
use rilascio_keys::{PublicKey, SignatureAlgorithm};
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::name::Name;

const WHAT: &str = "certification request";
/// The largest request, in bytes.
const BYTES_MAX: usize = 16 * 1024;

/// RFC 2986, 4.1: `CertificationRequestInfo`.
#[derive(Sequence)]
struct Info {
    version: u8,
    /// What the subject calls itself counts for nothing: names come from those who issue.
    _subject: Name,
    key: SubjectPublicKeyInfoOwned,
    /// `[0] IMPLICIT SET OF Attribute`: what is asked for beyond the key counts for nothing either.
    _attributes: Any,
}

/// A request whose signature was verified with its own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationRequest {
    key: PublicKey,
}

impl CertificationRequest {
    /// Reads a request and verifies that whoever made it has the private key.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Signature`], or a key of an unknown kind.
    pub fn decode(der: &[u8]) -> Result<Self> {
        let malformed = Error::malformed(WHAT);
        if der.len() > BYTES_MAX {
            return Err(Error::Malformed {
                what: WHAT,
                why: format!("{} bytes are too many", der.len()),
            });
        }
        let signed = Signed::from_der(der).map_err(&malformed)?;
        let content = signed.content.to_der().map_err(&malformed)?;
        let info = Info::from_der(&content).map_err(&malformed)?;
        if info.version != 0 {
            return Err(Error::Malformed {
                what: WHAT,
                why: format!("version {}", info.version),
            });
        }
        let signature = signed.signature.as_bytes();
        let signature = signature.ok_or_else(|| Error::Malformed {
            what: WHAT,
            why: "unused bits".into(),
        })?;
        let key = PublicKey::from_spki(&info.key)?;
        let algorithm = SignatureAlgorithm::from_identifier(&signed.algorithm, None)?;
        key.verify(algorithm, &content, signature)?;
        Ok(Self { key })
    }

    /// The key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }
}
