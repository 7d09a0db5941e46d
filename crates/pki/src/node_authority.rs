//! The circuit's own certification authority: it names the nodes that may talk to each other, and strikes them off.

use crate::authority::Period;
use crate::certificate::Certificate;
use crate::end_authority::EndAuthority;
use crate::{Error, Result, RevocationList, extensions};
use jiff::Timestamp;
use rand_core::CryptoRng;
use rilascio_keys::{PublicKey, Signer};
use x509_cert::ext::pkix::KeyUsages;
use x509_cert::serial_number::SerialNumber;

/// The authority over the nodes of a circuit.
pub struct NodeAuthority<S>(EndAuthority<S>);

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
        EndAuthority::create(signer, circuit, "circuit authority", period, rng).map(Self)
    }

    /// An authority that was created before.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when certificate and signer do not belong together.
    pub fn open(certificate: Certificate, signer: S) -> Result<Self> {
        EndAuthority::open(certificate, signer).map(Self)
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.0.certificate
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
        self.0.certify(node, key, own, period, rng)
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
        RevocationList::issue(
            &self.0.certificate,
            &self.0.signer,
            number,
            revoked,
            from,
            to,
        )
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
