//! Certificate revocation lists (RFC 5280, 5; Doc 9303-12, 4.5).

use crate::certificate::{Certificate, Signed, hex, sign_content};
use crate::time::{timestamp, x509_time};
use crate::{Error, Result, extensions};
use const_oid::ObjectIdentifier;
use der::asn1::{OctetString, Uint};
use der::{Decode, Encode};
use jiff::Timestamp;
use rilascio_keys::{SignatureAlgorithm, Signer};
use x509_cert::Version;
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

const WHAT: &str = "revocation list";
const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");

/// A revocation list, as it came and as it reads.
#[derive(Debug, Clone)]
pub struct RevocationList {
    der: Vec<u8>,
    content: Vec<u8>,
    list: TbsCertList,
    signature: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl RevocationList {
    /// Reads a list of version 2.
    ///
    /// # Errors
    /// [`Error::Malformed`], or an algorithm outside Doc 9303-12.
    pub fn decode(der: &[u8]) -> Result<Self> {
        let malformed = Error::malformed(WHAT);
        let signed = Signed::from_der(der).map_err(&malformed)?;
        let content = signed.content.to_der().map_err(&malformed)?;
        let list: TbsCertList = TbsCertList::from_der(&content).map_err(&malformed)?;
        if list.signature != signed.algorithm {
            return Err(Error::NotAllowed {
                why: "list names two different algorithms".into(),
            });
        }
        // A critical extension says that the list is partial: it must not stand for the whole.
        let critical = list
            .crl_extensions
            .iter()
            .flatten()
            .any(|extension| extension.critical);
        let entries = list.revoked_certificates.iter().flatten();
        let in_entry = entries
            .filter_map(|entry| entry.crl_entry_extensions.as_ref())
            .flatten()
            .any(|extension| extension.critical);
        if critical || in_entry {
            return Err(Error::NotAllowed {
                why: "list has a critical extension".into(),
            });
        }
        let signature = signed.signature.raw_bytes().to_vec();
        let algorithm = SignatureAlgorithm::from_identifier(&signed.algorithm, None)?;
        Ok(Self {
            der: der.to_vec(),
            content,
            list,
            signature,
            algorithm,
        })
    }

    pub(crate) fn issue(
        issuer: &Certificate,
        signer: &dyn Signer,
        number: u64,
        revoked: &[(SerialNumber, Timestamp)],
        this_update: Timestamp,
        next_update: Timestamp,
    ) -> Result<Self> {
        let malformed = Error::malformed(WHAT);
        let number = Uint::try_from(number)
            .and_then(|n| n.to_der())
            .map_err(&malformed)?;
        let number = Extension {
            extn_id: CRL_NUMBER,
            critical: false,
            extn_value: OctetString::new(number).map_err(&malformed)?,
        };
        let key_id = issuer.subject_key_id()?.unwrap_or_default();
        let revoked: Vec<RevokedCert> = revoked
            .iter()
            .map(|(serial, since)| {
                Ok(RevokedCert {
                    serial_number: serial.clone(),
                    revocation_date: x509_time(*since)?,
                    crl_entry_extensions: None,
                })
            })
            .collect::<Result<_>>()?;
        let list: TbsCertList = TbsCertList {
            version: Version::V2,
            signature: signer.algorithm().identifier(),
            issuer: issuer.subject().clone(),
            this_update: x509_time(this_update)?,
            next_update: Some(x509_time(next_update)?),
            revoked_certificates: (!revoked.is_empty()).then_some(revoked),
            crl_extensions: Some(vec![extensions::authority_key(&key_id)?, number]),
        };
        let content = list.to_der().map_err(malformed)?;
        Self::decode(&sign_content(&content, signer)?)
    }

    /// The list in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Who issued it.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.list.issuer
    }

    /// Its number, if it fits 64 bits.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let extension = self
            .extensions()
            .find(|extension| extension.extn_id == CRL_NUMBER)?;
        u64::from_der(extension.extn_value.as_bytes()).ok()
    }

    /// Its extensions.
    pub fn extensions(&self) -> impl Iterator<Item = &Extension> {
        self.list.crl_extensions.iter().flatten()
    }

    /// When it was made, and when the next one is due.
    #[must_use]
    pub fn period(&self) -> (Timestamp, Option<Timestamp>) {
        (
            timestamp(&self.list.this_update),
            self.list.next_update.as_ref().map(timestamp),
        )
    }

    /// Verifies the signature with the CSCA.
    ///
    /// # Errors
    /// [`Error::Signature`], or a fault of the key.
    pub fn verify_issued_by(&self, issuer: &Certificate) -> Result<()> {
        issuer
            .public_key()?
            .verify(self.algorithm, &self.content, &self.signature)
            .map_err(Error::signature(WHAT))
    }

    /// The certificates on the list: serial number, and since when.
    #[must_use]
    pub fn entries(&self) -> Vec<(SerialNumber, Timestamp)> {
        let entries = self.list.revoked_certificates.iter().flatten();
        entries
            .map(|entry| {
                (
                    entry.serial_number.clone(),
                    timestamp(&entry.revocation_date),
                )
            })
            .collect()
    }

    /// Refuses a certificate that is on the list.
    ///
    /// # Errors
    /// [`Error::Revoked`].
    pub fn check(&self, certificate: &Certificate) -> Result<()> {
        let entry = self
            .list
            .revoked_certificates
            .iter()
            .flatten()
            .find(|entry| entry.serial_number.as_bytes() == certificate.serial().as_bytes());
        match entry {
            None => Ok(()),
            Some(entry) => Err(Error::Revoked {
                serial: hex(entry.serial_number.as_bytes()),
                since: timestamp(&entry.revocation_date).to_string(),
            }),
        }
    }
}
