//! The circuit's own certification authority: it names the nodes that may talk to each other, and strikes them off.

use crate::authority::{Period, check_pair, key_id, serial};
use crate::certificate::{Certificate, TbsCertificate};
use crate::time::x509_time;
use crate::{Error, Result, RevocationList, extensions};
use jiff::Timestamp;
use rand_core::CryptoRng;
use rilascio_keys::{CurveEncoding, PublicKey, Signer};
use x509_cert::Version;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::KeyUsages;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Validity;

/// The authority over the nodes of a circuit.
pub struct NodeAuthority<S> {
    certificate: Certificate,
    signer: S,
}

fn subject(circuit: &str, name: &str) -> Result<Name> {
    extensions::distinguished_name(&[
        (extensions::ORGANISATION, circuit),
        (extensions::COMMON_NAME, name),
    ])
}

/// The self-signed certificate of an authority that vouches for ends of connections.
pub(crate) fn self_signed(
    signer: &impl Signer,
    organisation: &str,
    name: &str,
    period: Period,
    rng: &mut dyn CryptoRng,
) -> Result<Certificate> {
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
    Certificate::issue(&tbs, signer)
}

/// The certificate of an end of connections, by its authority: names and identifiers, and the extensions of its own.
pub(crate) fn certify_end(
    authority: &Certificate,
    signer: &impl Signer,
    name: &str,
    key: &PublicKey,
    own: Vec<Extension>,
    period: Period,
    rng: &mut dyn CryptoRng,
) -> Result<Certificate> {
    let organisation = authority.organisation().unwrap_or_default();
    let mut extensions = vec![
        extensions::authority_key(&key_id(&signer.public_key()))?,
        extensions::subject_key(&key_id(key))?,
    ];
    extensions.extend(own);
    let tbs = TbsCertificate {
        version: Version::V3,
        serial_number: serial(rng)?,
        signature: signer.algorithm().identifier(),
        issuer: authority.subject().clone(),
        validity: Validity::new(x509_time(period.from)?, x509_time(period.to)?),
        subject: subject(&organisation, name)?,
        subject_public_key_info: key.to_spki(CurveEncoding::Named),
        extensions: Some(extensions),
    };
    Certificate::issue(&tbs, signer)
}

impl<S: Signer> NodeAuthority<S> {
    /// A new authority with a self-signed certificate.
    ///
    /// # Errors
    /// When a name cannot be written or the signer fails.
    pub fn create(
        signer: S,
        circuit: &str,
        period: Period,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self> {
        let certificate = self_signed(&signer, circuit, "circuit authority", period, rng)?;
        Ok(Self {
            certificate,
            signer,
        })
    }

    /// An authority that was created before.
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

    /// Names a node: its certificate signs and receives messages, and is both ends of a connection.
    ///
    /// # Errors
    /// When the name cannot be written or the signer fails.
    pub fn certify(
        &self,
        node: &str,
        key: &PublicKey,
        period: Period,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate> {
        let own = vec![
            extensions::key_usage(KeyUsages::DigitalSignature | KeyUsages::KeyAgreement)?,
            extensions::connection_ends()?,
            extensions::host_name(node)?,
        ];
        certify_end(&self.certificate, &self.signer, node, key, own, period, rng)
    }

    /// Issues the list of nodes that were struck off.
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

/// A list that was not renewed says nothing about nodes that were struck off since.
///
/// # Errors
/// [`Error::NotAllowed`].
pub fn check_list(list: &RevocationList, at: Timestamp) -> Result<()> {
    match list.period().1 {
        Some(end) if at <= end => Ok(()),
        _ => Err(Error::NotAllowed {
            why: format!("cannot be checked: the circuit's revocation list ended before {at}"),
        }),
    }
}

/// Verifies that a certificate names a node of the circuit at a moment; gives the node's name.
///
/// # Errors
/// [`Error::Signature`], [`Error::Revoked`], or [`Error::NotAllowed`] outside its validity or for another use.
pub fn check_node(
    certificate: &Certificate,
    authority: &Certificate,
    list: &RevocationList,
    at: Timestamp,
) -> Result<String> {
    if certificate.issuer() != authority.subject() {
        return Err(Error::NotAllowed {
            why: "is not of this circuit".into(),
        });
    }
    certificate.verify_issued_by(authority)?;
    list.verify_issued_by(authority)?;
    list.check(certificate)?;
    check_list(list, at)?;
    for (what, (from, to)) in [
        ("of the node", certificate.validity()),
        ("of the circuit's authority", authority.validity()),
    ] {
        if at < from || at > to {
            return Err(Error::NotAllowed {
                why: format!("{what} is valid from {from} to {to}, not at {at}"),
            });
        }
    }
    let usage = certificate.key_usage()?;
    if !usage.is_some_and(|usage| usage.digital_signature() && usage.key_agreement()) {
        return Err(Error::NotAllowed {
            why: "is not for messages between nodes".into(),
        });
    }
    Ok(certificate.subject_name())
}
