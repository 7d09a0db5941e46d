//! What browsers speak to: TLS 1.3 with the certificate of the host. Browsers with a card of an officer are asked for it, and
//! those without one are let in too: what a card is good for is decided where somebody signs in.

use crate::connection::{fault, provider};
use crate::{Error, Result};
use rilascio_pki::Certificate;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivateSec1KeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;

/// The certificate of a host with its key.
pub struct HostIdentity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl HostIdentity {
    /// A certificate and its key on P-256 (SEC 1).
    #[must_use]
    pub fn new(certificate: &Certificate, key: &[u8]) -> Self {
        Self {
            chain: vec![CertificateDer::from(certificate.der().to_vec())],
            key: PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(key.to_vec())),
        }
    }

    /// A chain of certificates, the host's first, and its key, as PEM files have them.
    ///
    /// # Errors
    /// [`Error::Connection`] when there is no certificate or no key in them.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<std::result::Result<_, _>>()
            .map_err(|why| fault("own", format!("certificate: {why}")))?;
        if chain.is_empty() {
            return Err(fault("own", "there is no certificate in the file"));
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|why| fault("own", format!("key: {why}")))?;
        Ok(Self { chain, key })
    }

    /// How TLS is spoken with browsers; cards that `operators` vouches for are accepted.
    ///
    /// # Errors
    /// [`Error::Connection`] when certificate and key do not fit.
    pub fn into_config(self, operators: &Certificate) -> Result<Arc<ServerConfig>, Error> {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(operators.der().to_vec()))
            .map_err(|why| fault("own", why))?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .allow_unauthenticated()
            .build()
            .map_err(|why| fault("own", why))?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|why| fault("own", why))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.chain, self.key)
            .map_err(|why| fault("own", why))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Every connection proves anew that the card is there.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}
