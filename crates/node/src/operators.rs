//! The operators' authority of an installation: it vouches for the cards of officers, and for the host they sign in at.
//!
//! It lies beside the circuit's own authority and is apart from it: `DATA/circuit/operators.cer`, and its key sealed.

use crate::assembly::{NodeSigner, node_signer};
use crate::error::file_fault;
use crate::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use rilascio_exchange::browser_tls::HostIdentity;
use rilascio_keys::{Curve, EcPrivateKey, MasterKey, PrivateKey, PublicKey};
use rilascio_pki::{Certificate, CertificationRequest, OperatorAuthority, Period};
use rilascio_store::files::{make_folder, must_read, read_if_there, write_whole};
use std::path::Path;

/// What its key is sealed under.
const LABEL: &str = "circuit/operators";
/// Days that the authority, a card and a host's certificate last.
const AUTHORITY_DAYS: u32 = 3650;
const CARD_DAYS: u32 = 1095;
const HOST_DAYS: u32 = 397;
/// The modulus of an RSA key that browsers take, in bytes.
const RSA_BYTES_MIN: usize = 256;
const RSA_BYTES_MAX: usize = 512;
/// Certificates begin a little earlier than they are made: clocks differ.
const EARLIER: SignedDuration = SignedDuration::from_hours(1);

/// The authority over cards and hosts.
pub struct Operators {
    authority: OperatorAuthority<NodeSigner>,
}

fn pki(why: impl Into<rilascio_exchange::Error>) -> Error {
    Error::Exchange(why.into())
}

fn period(now: Timestamp, days: u32) -> Result<Period> {
    Period::days(now - EARLIER, days).map_err(pki)
}

impl Operators {
    /// Opens the authority of a data folder, or makes it.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the key is sealed under another master key.
    pub fn open(
        data: &Path,
        master: &MasterKey,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self> {
        let folder = data.join("circuit");
        make_folder(&folder)?;
        let (path, key_path) = (folder.join("operators.cer"), folder.join("operators.key"));
        if let Some(sealed) = read_if_there(&key_path)? {
            let scalar = master
                .open(LABEL, &sealed)
                .map_err(|why| file_fault(&key_path, why))?;
            let der = must_read(&path)?;
            let certificate = Certificate::decode(&der).map_err(|why| file_fault(&path, why))?;
            let authority =
                OperatorAuthority::open(certificate, node_signer(&scalar)?).map_err(pki)?;
            return Ok(Self { authority });
        }
        let scalar = EcPrivateKey::generate(Curve::P256, rng).to_bytes();
        let authority = OperatorAuthority::create(
            node_signer(&scalar)?,
            "Rilascio circuit",
            period(now, AUTHORITY_DAYS)?,
            rng,
        )
        .map_err(pki)?;
        // The key comes last: where it is, its certificate is too.
        write_whole(&path, authority.certificate().der(), false)?;
        write_whole(&key_path, &master.seal(LABEL, &scalar, rng), true)?;
        Ok(Self { authority })
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.authority.certificate()
    }

    /// The certificate of a card, from a request that the card signed.
    ///
    /// # Errors
    /// When the request is none.
    pub(crate) fn card(
        &self,
        officer: &str,
        request: &[u8],
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate> {
        let request = CertificationRequest::decode(request).map_err(|why| Error::Malformed {
            what: "certification request",
            why: why.to_string(),
        })?;
        let strong = match request.public_key() {
            PublicKey::Ec { curve, .. } => matches!(curve, Curve::P256 | Curve::P384),
            PublicKey::Rsa { modulus, .. } => {
                (RSA_BYTES_MIN..=RSA_BYTES_MAX).contains(&modulus.len())
            }
        };
        if !strong {
            return Err(Error::Malformed {
                what: "certification request",
                why: "a card has a key on P-256 or P-384, or RSA of 2048 to 4096 bits".into(),
            });
        }
        let lasts = period(now, CARD_DAYS)?;
        self.authority
            .certify_card(officer, &request, lasts, rng)
            .map_err(pki)
    }

    /// A host of this installation, with a key that lives as long as the process.
    ///
    /// # Errors
    /// When a name is none that a browser could ask for.
    pub fn host(
        &self,
        names: &[String],
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<HostIdentity> {
        let key = EcPrivateKey::generate(Curve::P256, rng);
        let sec1 = key.to_sec1_der().map_err(pki)?;
        let public = PrivateKey::Ec(key).public_key();
        let lasts = period(now, HOST_DAYS)?;
        let certificate = self
            .authority
            .certify_host(names, &public, lasts, rng)
            .map_err(pki)?;
        Ok(HostIdentity::new(&certificate, &sec1))
    }
}
