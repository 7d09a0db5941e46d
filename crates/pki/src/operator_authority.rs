//! The operators' certification authority of an installation: it vouches for the cards that officers sign in with, and for
//! the host that they sign in at. It is apart from the circuit's: a card is no node.

use crate::authority::Period;
use crate::certificate::Certificate;
use crate::end_authority::EndAuthority;
use crate::{CertificationRequest, Result, extensions};
use rand_core::CryptoRng;
use rilascio_keys::{PublicKey, Signer};
use x509_cert::ext::pkix::KeyUsages;

/// The authority over the cards of officers.
pub struct OperatorAuthority<S>(EndAuthority<S>);

impl<S: Signer> OperatorAuthority<S> {
    /// A new authority with a self-signed certificate.
    ///
    /// # Errors
    /// When a name cannot be written or the signer fails.
    pub fn create(
        signer: S,
        organisation: &str,
        period: Period,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self> {
        EndAuthority::create(signer, organisation, "operators' authority", period, rng).map(Self)
    }

    /// An authority that was created before.
    ///
    /// # Errors
    /// [`crate::Error::NotAllowed`] when certificate and signer do not belong together.
    pub fn open(certificate: Certificate, signer: S) -> Result<Self> {
        EndAuthority::open(certificate, signer).map(Self)
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.0.certificate
    }

    /// Vouches for a card: it proves who its officer is, and nothing else. Of the request only the key counts.
    ///
    /// # Errors
    /// When the name cannot be written or the signer fails.
    pub fn certify_card(
        &self,
        officer: &str,
        request: &CertificationRequest,
        period: Period,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate> {
        let own = vec![
            extensions::key_usage(KeyUsages::DigitalSignature)?,
            extensions::card_end()?,
        ];
        self.0
            .certify(officer, request.public_key(), own, period, rng)
    }

    /// Vouches for a host: names, or addresses in numbers.
    ///
    /// # Errors
    /// When a name cannot be written or the signer fails.
    pub fn certify_host(
        &self,
        hosts: &[String],
        key: &PublicKey,
        period: Period,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate> {
        let own = vec![
            extensions::key_usage(KeyUsages::DigitalSignature)?,
            extensions::host_end()?,
            extensions::host_names(hosts)?,
        ];
        let name = hosts.first().map_or("", String::as_str);
        self.0.certify(name, key, own, period, rng)
    }
}
