//! Signing and sealing: what leaves a node, and what it lets in.

use crate::message::{Acknowledgement, MESSAGE_BYTES_MAX, Message, SCHEMA};
use crate::{Error, Result};
use const_oid::ObjectIdentifier;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use rilascio_circuit::process::{Digest, NodeId};
use rilascio_keys::{Curve, EcPrivateKey, HashAlgorithm, PrivateKey, SignatureAlgorithm, Signer};
use rilascio_pki::{
    Certificate, RevocationList, SignedData, check_list, check_node, enveloped_data,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// `id-data`: what the signature covers is JSON.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// A message older than this is refused: nobody remembers any more whether it came before.
pub const AGE_MAX: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How far the sender's clock may be ahead.
pub const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(10);

/// A node's own certificate and key.
pub struct Identity {
    node: NodeId,
    certificate: Certificate,
    key: EcPrivateKey,
    signer: Box<dyn Signer + Send + Sync>,
}

impl Identity {
    /// An identity from a certificate and the key on P-256 that it names.
    ///
    /// # Errors
    /// [`Error::Certificate`] when they do not belong together or the certificate names no node.
    pub fn new(certificate: Certificate, scalar: &[u8]) -> Result<Self> {
        let key = EcPrivateKey::from_bytes(Curve::P256, scalar)?;
        let twin = PrivateKey::Ec(EcPrivateKey::from_bytes(Curve::P256, scalar)?);
        let signer = twin.into_signer(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256))?;
        if certificate.public_key()? != signer.public_key() {
            return Err(Error::Certificate {
                why: "the certificate belongs to another key".into(),
            });
        }
        let node =
            NodeId::parse(&certificate.subject_name()).map_err(|why| Error::Certificate { why })?;
        Ok(Self {
            node,
            certificate,
            key,
            signer: Box::new(signer),
        })
    }

    /// The node.
    #[must_use]
    pub fn node(&self) -> &NodeId {
        &self.node
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The key, for connections.
    pub(crate) fn key(&self) -> &EcPrivateKey {
        &self.key
    }

    /// Signs bytes in CMS (CAdES-BES), the certificate inside.
    ///
    /// # Errors
    /// When the signer fails.
    pub fn sign(&self, content: &[u8], at: Timestamp) -> Result<Vec<u8>> {
        Ok(SignedData::sign_advanced(
            DATA,
            content,
            &self.certificate,
            self.signer.as_ref(),
            at,
        )?)
    }
}

/// The nodes of a circuit, as one of them knows them: who may speak, and to whose key to seal.
pub struct Circle {
    authority: Certificate,
    list: RevocationList,
    members: BTreeMap<NodeId, Certificate>,
    /// Certificates whose signature was verified before, by their digest.
    verified: Mutex<BTreeSet<Digest>>,
}

impl Circle {
    /// A circle under an authority, with its present revocation list and its members' certificates.
    ///
    /// # Errors
    /// When the list is not the authority's.
    pub fn new(
        authority: Certificate,
        list: RevocationList,
        members: Vec<Certificate>,
    ) -> Result<Self> {
        list.verify_issued_by(&authority)?;
        let mut known = BTreeMap::new();
        for certificate in members {
            let node = NodeId::parse(&certificate.subject_name())
                .map_err(|why| Error::Certificate { why })?;
            known.insert(node, certificate);
        }
        Ok(Self {
            authority,
            list,
            members: known,
            verified: Mutex::default(),
        })
    }

    /// The authority's certificate.
    #[must_use]
    pub fn authority(&self) -> &Certificate {
        &self.authority
    }

    /// The revocation list.
    #[must_use]
    pub fn list(&self) -> &RevocationList {
        &self.list
    }

    /// The nodes.
    pub fn members(&self) -> impl Iterator<Item = &NodeId> {
        self.members.keys()
    }

    /// The certificates of the nodes.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.members.values()
    }

    fn certificate_of(&self, node: &NodeId) -> Result<&Certificate> {
        self.members.get(node).ok_or_else(|| Error::Unknown {
            node: node.to_string(),
        })
    }

    /// The node that a certificate names, if it may speak at that moment.
    fn check(&self, certificate: &Certificate, at: Timestamp) -> Result<NodeId> {
        let digest = Digest::of(certificate.der());
        let (from, to) = certificate.validity();
        let known = || self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        // The signatures do not change and neither does the list of this circle; time does.
        let (begin, end) = self.authority.validity();
        let in_time = from <= at && at <= to && begin <= at && at <= end;
        if known().contains(&digest) && in_time {
            check_list(&self.list, at)?;
        } else {
            check_node(certificate, &self.authority, &self.list, at)?;
            known().insert(digest);
        }
        NodeId::parse(&certificate.subject_name()).map_err(|why| Error::Certificate { why })
    }

    /// Verifies what a node signed; gives the node and the content.
    ///
    /// # Errors
    /// When the signature is wrong, or the node may not speak.
    pub fn verify(&self, signed: &[u8], at: Timestamp) -> Result<(NodeId, Vec<u8>)> {
        let signed = SignedData::decode(signed)?;
        let node = self.check(signed.signer_certificate()?, at)?;
        signed.verify()?;
        Ok((node, signed.content))
    }
}

/// A message that was let in.
#[derive(Debug)]
pub struct Opened {
    /// The message.
    pub message: Message,
    /// The digest of what was signed.
    pub digest: Digest,
}

/// Signs a message as its sender and seals it to its receiver.
///
/// # Errors
/// [`Error::Unknown`] for a receiver outside the circle, or when it is too large.
pub fn seal(
    message: &Message,
    own: &Identity,
    circle: &Circle,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    let json = Zeroizing::new(serde_json::to_vec(message).map_err(|why| Error::Malformed {
        why: why.to_string(),
    })?);
    if json.len() > MESSAGE_BYTES_MAX {
        return Err(Error::TooLarge { bytes: json.len() });
    }
    let signed = Zeroizing::new(own.sign(&json, message.header.created)?);
    let receiver = circle.certificate_of(&message.header.receiver)?;
    Ok(enveloped_data::seal(&signed, receiver, rng)?)
}

/// Opens a message: it is for this node, from a node that may speak, and not from another time.
///
/// # Errors
/// The first reason to refuse it.
pub fn open(sealed: &[u8], own: &Identity, circle: &Circle, now: Timestamp) -> Result<Opened> {
    if sealed.len() > MESSAGE_BYTES_MAX * 2 {
        return Err(Error::TooLarge {
            bytes: sealed.len(),
        });
    }
    let signed = enveloped_data::open(sealed, &own.certificate, &own.key)?;
    let (node, content) = circle.verify(&signed, now)?;
    let content = Zeroizing::new(content);
    let message: Message = serde_json::from_slice(&content).map_err(|why| Error::Malformed {
        why: why.to_string(),
    })?;
    let header = &message.header;
    if header.schema != SCHEMA {
        return Err(Error::Version {
            found: header.schema.chars().take(40).collect(),
        });
    }
    if header.sender != node {
        return Err(Error::Sender {
            claimed: header.sender.to_string(),
            signed: node.to_string(),
        });
    }
    // Sealed to us by mistake or on purpose: what is addressed to another is not ours.
    if header.receiver != own.node {
        return Err(Error::Receiver {
            receiver: header.receiver.to_string(),
        });
    }
    let age = now.duration_since(header.created);
    if age > AGE_MAX || -age > AHEAD_MAX {
        return Err(Error::Time {
            created: header.created.to_string(),
        });
    }
    Ok(Opened {
        digest: Digest::of(&content),
        message,
    })
}

/// Signs what was done with a message.
///
/// # Errors
/// When the signer fails.
pub fn acknowledge(word: &Acknowledgement, own: &Identity, at: Timestamp) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(word).map_err(|why| Error::Malformed {
        why: why.to_string(),
    })?;
    own.sign(&json, at)
}

/// Reads the receiver's word on a message: signed by whom the message was for.
///
/// # Errors
/// When it is somebody else's word, or malformed.
pub fn read_acknowledgement(
    signed: &[u8],
    receiver: &NodeId,
    circle: &Circle,
    at: Timestamp,
) -> Result<Acknowledgement> {
    let (node, content) = circle.verify(signed, at)?;
    let word: Acknowledgement =
        serde_json::from_slice(&content).map_err(|why| Error::Malformed {
            why: why.to_string(),
        })?;
    if node != *receiver || word.receiver != *receiver {
        return Err(Error::Sender {
            claimed: receiver.to_string(),
            signed: node.to_string(),
        });
    }
    Ok(word)
}
