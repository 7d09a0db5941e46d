//! The issuing side: the Country Signing CA and its document signers (Doc 9303-12, 4).

use crate::certificate::{Certificate, TbsCertificate};
use crate::time::{date_time, x509_time};
use crate::{Error, Result, RevocationList, extensions};
use jiff::Timestamp;
use rand_core::CryptoRng;
use rilascio_keys::{CurveEncoding, HashAlgorithm, PublicKey, Signer};
use x509_cert::Version;
use x509_cert::ext::pkix::KeyUsages;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Validity;

/// A span of time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first moment.
    pub from: Timestamp,
    /// The last moment.
    pub to: Timestamp,
}

impl Period {
    /// From a moment, for that many days.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the calendar ends before.
    pub fn days(from: Timestamp, days: u32) -> Result<Self> {
        let span = jiff::SignedDuration::from_hours(i64::from(days) * 24);
        let to = from.checked_add(span).map_err(|fault| Error::Malformed {
            what: "period",
            why: fault.to_string(),
        })?;
        Ok(Self { from, to })
    }
}

/// What an authority is called in its certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityNames {
    /// Two letters, for `C=`.
    pub country: String,
    /// Three letters (or `D`), for `L=` in the alternative names.
    pub state: String,
    /// `O=`.
    pub organisation: String,
    /// `OU=`, if any.
    pub unit: Option<String>,
    /// The contact's mail address.
    pub mail: Option<String>,
    /// The contact's web address.
    pub uri: Option<String>,
    /// Where the revocation list is published.
    pub crl_uris: Vec<String>,
}

impl AuthorityNames {
    fn subject(&self, common_name: &str) -> Result<Name> {
        let mut parts = vec![
            (extensions::COUNTRY, &self.country[..]),
            (extensions::ORGANISATION, &self.organisation),
        ];
        parts.extend(self.unit.as_deref().map(|unit| (extensions::UNIT, unit)));
        parts.push((extensions::COMMON_NAME, common_name));
        extensions::distinguished_name(&parts)
    }

    fn alternative_names(&self) -> Result<[x509_cert::ext::Extension; 2]> {
        let state = extensions::distinguished_name(&[(extensions::LOCALITY, &self.state)])?;
        extensions::alternative_names(&state, self.mail.as_deref(), self.uri.as_deref())
    }
}

/// A Country Signing CA: its certificate and the signer with its key.
pub struct Csca<S> {
    certificate: Certificate,
    names: AuthorityNames,
    encoding: CurveEncoding,
    signer: S,
}

/// A document signer: its certificate and the signer with its key.
pub struct DocumentSigner<S> {
    certificate: Certificate,
    signer: S,
}

/// What a new document signer certificate says.
pub struct DocumentSignerPlan<'a> {
    /// `CN=`.
    pub common_name: &'a str,
    /// When the key signs.
    pub key_use: Period,
    /// How long the certificate is valid: key use and the life of the documents.
    pub validity: Period,
    /// The document codes that it signs.
    pub document_types: &'a [String],
}

impl<S: Signer> Csca<S> {
    /// A new CSCA with a self-signed certificate.
    ///
    /// # Errors
    /// When a name cannot be written or the signer fails.
    pub fn create(
        signer: S,
        names: AuthorityNames,
        common_name: &str,
        encoding: CurveEncoding,
        key_use: Period,
        validity: Period,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self> {
        let key = signer.public_key();
        let key_id = key_id(&key);
        let subject = names.subject(common_name)?;
        let [subject_alt, issuer_alt] = names.alternative_names()?;
        let extensions = vec![
            extensions::authority_key(&key_id)?,
            extensions::subject_key(&key_id)?,
            extensions::key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
            extensions::private_key_usage(date_time(key_use.from)?, date_time(key_use.to)?)?,
            subject_alt,
            issuer_alt,
            extensions::certificate_authority()?,
            extensions::crl_distribution(&names.crl_uris)?,
        ];
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: serial(rng)?,
            signature: signer.algorithm().identifier(),
            issuer: subject.clone(),
            validity: Validity::new(x509_time(validity.from)?, x509_time(validity.to)?),
            subject,
            subject_public_key_info: key.to_spki(encoding),
            extensions: Some(extensions),
        };
        let certificate = Certificate::issue(&tbs, &signer)?;
        certificate.verify_issued_by(&certificate)?;
        Ok(Self {
            certificate,
            names,
            encoding,
            signer,
        })
    }

    /// A CSCA that was created before.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when certificate and signer do not belong together.
    pub fn open(
        certificate: Certificate,
        names: AuthorityNames,
        encoding: CurveEncoding,
        signer: S,
    ) -> Result<Self> {
        check_pair(&certificate, &signer)?;
        Ok(Self {
            certificate,
            names,
            encoding,
            signer,
        })
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Issues a document signer certificate for the key of a signer.
    ///
    /// # Errors
    /// When a name cannot be written or the signer fails.
    pub fn issue_document_signer<D: Signer>(
        &self,
        signer: D,
        plan: &DocumentSignerPlan<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<DocumentSigner<D>> {
        let (from, to) = self.certificate.validity();
        // Certificates know whole seconds.
        if plan.validity.from.as_second() < from.as_second()
            || plan.validity.to.as_second() > to.as_second()
        {
            return Err(Error::NotAllowed {
                why: format!("of the CSCA lasts from {from} to {to}, the document signer's longer"),
            });
        }
        let key = signer.public_key();
        let authority = self.certificate.subject_key_id()?.unwrap_or_default();
        let [subject_alt, issuer_alt] = self.names.alternative_names()?;
        let (from, to) = (date_time(plan.key_use.from)?, date_time(plan.key_use.to)?);
        let extensions = vec![
            extensions::authority_key(&authority)?,
            extensions::subject_key(&key_id(&key))?,
            extensions::key_usage(KeyUsages::DigitalSignature)?,
            extensions::private_key_usage(from, to)?,
            subject_alt,
            issuer_alt,
            extensions::crl_distribution(&self.names.crl_uris)?,
            extensions::document_types(plan.document_types)?,
        ];
        let validity = plan.validity;
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: serial(rng)?,
            signature: self.signer.algorithm().identifier(),
            issuer: self.certificate.subject().clone(),
            validity: Validity::new(x509_time(validity.from)?, x509_time(validity.to)?),
            subject: self.names.subject(plan.common_name)?,
            subject_public_key_info: key.to_spki(self.encoding),
            extensions: Some(extensions),
        };
        let certificate = Certificate::issue(&tbs, &self.signer)?;
        certificate.verify_issued_by(&self.certificate)?;
        Ok(DocumentSigner {
            certificate,
            signer,
        })
    }

    /// Issues a revocation list. Doc 9303-12 (4.5) wants one at least every 90 days.
    ///
    /// # Errors
    /// When the signer fails.
    pub fn issue_revocation_list(
        &self,
        number: u64,
        revoked: &[(SerialNumber, Timestamp)],
        period: Period,
    ) -> Result<RevocationList> {
        let (from, to) = (period.from, period.to);
        RevocationList::issue(&self.certificate, &self.signer, number, revoked, from, to)
    }
}

impl<S: Signer> DocumentSigner<S> {
    /// A document signer that was issued before.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when certificate and signer do not belong together.
    pub fn open(certificate: Certificate, signer: S) -> Result<Self> {
        check_pair(&certificate, &signer)?;
        Ok(Self {
            certificate,
            signer,
        })
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The signer.
    #[must_use]
    pub fn signer(&self) -> &dyn Signer {
        &self.signer
    }
}

pub(crate) fn check_pair(certificate: &Certificate, signer: &impl Signer) -> Result<()> {
    if certificate.public_key()? != signer.public_key() {
        return Err(Error::NotAllowed {
            why: "belongs to another key".into(),
        });
    }
    Ok(())
}

/// RFC 5280, 4.2.1.2, method 1: the SHA-1 digest of the public key bits.
pub(crate) fn key_id(key: &PublicKey) -> Vec<u8> {
    let spki = key.to_spki(CurveEncoding::Named);
    HashAlgorithm::Sha1.digest(spki.subject_public_key.raw_bytes())
}

/// A random positive number of 16 bytes.
pub(crate) fn serial(rng: &mut dyn CryptoRng) -> Result<SerialNumber> {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    bytes[0] = bytes[0] & 0x7F | 0x40;
    SerialNumber::new(&bytes).map_err(Error::malformed("serial number"))
}
