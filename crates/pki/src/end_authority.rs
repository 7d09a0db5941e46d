//! An authority over ends of connections: what those over nodes and over officers' cards have in common.

use crate::authority::{Period, check_pair, key_id, serial};
use crate::certificate::{Certificate, TbsCertificate};
use crate::time::x509_time;
use crate::{Result, extensions};
use rand_core::CryptoRng;
use rilascio_keys::{CurveEncoding, PublicKey, Signer};
use x509_cert::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::KeyUsages;
use x509_cert::name::Name;
use x509_cert::time::Validity;

/// A certificate and the signer that belongs to it.
pub(crate) struct EndAuthority<S> {
    pub(crate) certificate: Certificate,
    pub(crate) signer: S,
}

fn subject(organisation: &str, name: &str) -> Result<Name> {
    extensions::distinguished_name(&[
        (extensions::ORGANISATION, organisation),
        (extensions::COMMON_NAME, name),
    ])
}

impl<S: Signer> EndAuthority<S> {
    /// A new authority of that name, with a self-signed certificate.
    pub(crate) fn create(
        signer: S,
        organisation: &str,
        name: &str,
        period: Period,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self> {
        let key = signer.public_key();
        let name = subject(organisation, name)?;
        let extensions = vec![
            extensions::authority_key(&key_id(&key))?,
            extensions::subject_key(&key_id(&key))?,
            extensions::key_usage(KeyUsages::KeyCertSign | KeyUsages::CRLSign)?,
            extensions::certificate_authority()?,
        ];
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: serial(rng)?,
            signature: signer.algorithm().identifier(),
            issuer: name.clone(),
            validity: Validity::new(x509_time(period.from)?, x509_time(period.to)?),
            subject: name,
            subject_public_key_info: key.to_spki(CurveEncoding::Named),
            extensions: Some(extensions),
        };
        let certificate = Certificate::issue(&tbs, &signer)?;
        Ok(Self {
            certificate,
            signer,
        })
    }

    /// An authority that was created before, when certificate and signer belong together.
    pub(crate) fn open(certificate: Certificate, signer: S) -> Result<Self> {
        check_pair(&certificate, &signer)?;
        Ok(Self {
            certificate,
            signer,
        })
    }

    /// The certificate of an end: names and identifiers, and the extensions of its own.
    pub(crate) fn certify(
        &self,
        name: &str,
        key: &PublicKey,
        own: Vec<Extension>,
        period: Period,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate> {
        let organisation = self.certificate.organisation().unwrap_or_default();
        let mut extensions = vec![
            extensions::authority_key(&key_id(&self.signer.public_key()))?,
            extensions::subject_key(&key_id(key))?,
        ];
        extensions.extend(own);
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: serial(rng)?,
            signature: self.signer.algorithm().identifier(),
            issuer: self.certificate.subject().clone(),
            validity: Validity::new(x509_time(period.from)?, x509_time(period.to)?),
            subject: subject(&organisation, name)?,
            subject_public_key_info: key.to_spki(CurveEncoding::Named),
            extensions: Some(extensions),
        };
        Certificate::issue(&tbs, &self.signer)
    }
}
