//! X.509 certificates (RFC 5280): built here, and read with the bytes that were signed.

use crate::time::timestamp;
use crate::{Error, Result};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, AnyRef, BitString, BitStringRef};
use der::{Decode, Encode, Sequence};
use jiff::Timestamp;
use rilascio_keys::{PublicKey, SignatureAlgorithm, Signer};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::Version;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, Extensions};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Validity;

const WHAT: &str = "certificate";

/// RFC 5280, 4.1: `TBSCertificate`.
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub(crate) struct TbsCertificate {
    #[asn1(context_specific = "0", default = "Default::default")]
    pub(crate) version: Version,
    pub(crate) serial_number: SerialNumber,
    pub(crate) signature: AlgorithmIdentifierOwned,
    pub(crate) issuer: Name,
    pub(crate) validity: Validity,
    pub(crate) subject: Name,
    pub(crate) subject_public_key_info: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<Extensions>,
}

/// The outer structure of certificates and revocation lists, content untouched.
#[derive(Sequence)]
pub(crate) struct Signed<'a> {
    pub(crate) content: AnyRef<'a>,
    pub(crate) algorithm: AlgorithmIdentifierOwned,
    pub(crate) signature: BitStringRef<'a>,
}

#[derive(Sequence)]
struct SignedOwned {
    content: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// Signs a structure and puts algorithm and signature after it.
pub(crate) fn sign_content(content: &[u8], signer: &dyn Signer) -> Result<Vec<u8>> {
    let malformed = Error::malformed("signed structure");
    SignedOwned {
        content: Any::from_der(content).map_err(&malformed)?,
        algorithm: signer.algorithm().identifier(),
        signature: BitString::from_bytes(&signer.sign(content)?).map_err(&malformed)?,
    }
    .to_der()
    .map_err(malformed)
}

/// A certificate, as it came and as it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    content: Vec<u8>,
    tbs: TbsCertificate,
    algorithm: AlgorithmIdentifierOwned,
    signature: Vec<u8>,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn decode(der: &[u8]) -> Result<Self> {
        let malformed = Error::malformed(WHAT);
        let signed = Signed::from_der(der).map_err(&malformed)?;
        let content = signed.content.to_der().map_err(&malformed)?;
        let tbs = TbsCertificate::from_der(&content).map_err(&malformed)?;
        let signature = signed
            .signature
            .as_bytes()
            .ok_or_else(|| Error::Malformed {
                what: WHAT,
                why: "unused bits".into(),
            })?
            .to_vec();
        Ok(Self {
            der: der.to_vec(),
            content,
            tbs,
            algorithm: signed.algorithm,
            signature,
        })
    }

    pub(crate) fn issue(tbs: &TbsCertificate, signer: &dyn Signer) -> Result<Self> {
        let content = tbs.to_der().map_err(Error::malformed(WHAT))?;
        Self::decode(&sign_content(&content, signer)?)
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The algorithm of the signature.
    ///
    /// # Errors
    /// When inner and outer algorithm differ, or it is outside Doc 9303-12.
    pub fn algorithm(&self) -> Result<SignatureAlgorithm> {
        if self.tbs.signature != self.algorithm {
            return Err(Error::NotAllowed {
                why: "names two different algorithms".into(),
            });
        }
        Ok(SignatureAlgorithm::from_identifier(&self.algorithm, None)?)
    }

    /// The public key.
    ///
    /// # Errors
    /// When it is of an unknown kind or on an unknown curve.
    pub fn public_key(&self) -> Result<PublicKey> {
        Ok(PublicKey::from_spki(&self.tbs.subject_public_key_info)?)
    }

    /// Verifies the signature with the issuer's certificate.
    ///
    /// # Errors
    /// [`Error::Signature`], or a fault of key or algorithm.
    pub fn verify_issued_by(&self, issuer: &Self) -> Result<()> {
        issuer
            .public_key()?
            .verify(self.algorithm()?, &self.content, &self.signature)
            .map_err(Error::signature(WHAT))
    }

    /// The issuer, in DER.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.tbs.issuer
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.tbs.subject
    }

    /// The common name of the subject, or its whole name if it has none.
    #[must_use]
    pub fn subject_name(&self) -> String {
        match self.tbs.subject.common_name() {
            Ok(Some(name)) => name.value().into_owned(),
            _ => self.tbs.subject.to_string(),
        }
    }

    /// The organisation of the subject.
    #[must_use]
    pub fn organisation(&self) -> Option<String> {
        let name = self.tbs.subject.organization().ok().flatten();
        name.map(|name| name.value().into_owned())
    }

    /// The serial number.
    #[must_use]
    pub fn serial(&self) -> &SerialNumber {
        &self.tbs.serial_number
    }

    /// The serial number in hexadecimal.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        hex(self.tbs.serial_number.as_bytes())
    }

    /// First and last moment of validity.
    #[must_use]
    pub fn validity(&self) -> (Timestamp, Timestamp) {
        (
            timestamp(&self.tbs.validity.not_before),
            timestamp(&self.tbs.validity.not_after),
        )
    }

    /// The extension of that object identifier: critical or not, and its content.
    #[must_use]
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<(bool, &[u8])> {
        self.extensions()
            .find(|extension| extension.extn_id == oid)
            .map(|extension| (extension.critical, extension.extn_value.as_bytes()))
    }

    pub(crate) fn extensions(&self) -> impl Iterator<Item = &Extension> {
        self.tbs.extensions.iter().flatten()
    }

    fn parsed<T: for<'a> Decode<'a, Error = der::Error> + const_oid::AssociatedOid>(
        &self,
    ) -> Result<Option<T>> {
        self.extension(T::OID)
            .map(|(_, bytes)| T::from_der(bytes).map_err(Error::malformed("extension")))
            .transpose()
    }

    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsage>> {
        self.parsed()
    }

    pub(crate) fn basic_constraints(&self) -> Result<Option<BasicConstraints>> {
        self.parsed()
    }

    /// The identifier of the subject's key.
    ///
    /// # Errors
    /// When the extension is malformed.
    pub fn subject_key_id(&self) -> Result<Option<Vec<u8>>> {
        let extension: Option<SubjectKeyIdentifier> = self.parsed()?;
        Ok(extension.map(|id| id.0.as_bytes().to_vec()))
    }

    /// The identifier of the issuer's key.
    ///
    /// # Errors
    /// When the extension is malformed.
    pub fn authority_key_id(&self) -> Result<Option<Vec<u8>>> {
        let extension: Option<AuthorityKeyIdentifier> = self.parsed()?;
        Ok(extension
            .and_then(|id| id.key_identifier)
            .map(|id| id.as_bytes().to_vec()))
    }

    /// True when issuer and subject are the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.tbs.issuer == self.tbs.subject
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
