//! Founding a circuit: its authority, and a certified key for every node.

use crate::worker::VaultKeeper;
use crate::{Error, Result};
use jiff::Timestamp;
use rand_core::CryptoRng;
use rilascio_exchange::envelope::{Circle, Identity};
use rilascio_keys::{
    Curve, EcPrivateKey, HashAlgorithm, MasterKey, PrivateKey, SignatureAlgorithm, Signer,
};
use rilascio_pki::{Certificate, NodeAuthority, Period, RevocationList};
use rilascio_store::vault::{VaultKeys, WrappedKey};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// Days that the authority of a circuit lasts.
const AUTHORITY_DAYS: u32 = 3650;
/// Days that the certificate of a node lasts.
const NODE_DAYS: u32 = 730;
/// Days until the next revocation list is due.
const LIST_DAYS: u32 = 90;

/// A signer on P-256, as nodes and their authority use it.
pub type NodeSigner = Box<dyn Signer + Send + Sync>;

/// A key on P-256 and the signer with it.
///
/// # Errors
/// When the scalar is none.
pub fn node_signer(scalar: &[u8]) -> Result<NodeSigner> {
    let key = PrivateKey::Ec(EcPrivateKey::from_bytes(Curve::P256, scalar).map_err(exchange)?);
    let signer = key
        .into_signer(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256))
        .map_err(exchange)?;
    Ok(Box::new(signer))
}

fn exchange(why: impl Into<rilascio_exchange::Error>) -> Error {
    Error::Exchange(why.into())
}

/// A node's key and certificate.
pub struct NodeKey {
    /// The name of the node.
    pub name: String,
    /// The key.
    pub scalar: Zeroizing<Vec<u8>>,
    /// Its certificate.
    pub certificate: Certificate,
}

/// The authority of a circuit, with its key.
pub struct CircuitAuthority {
    authority: NodeAuthority<NodeSigner>,
    scalar: Zeroizing<Vec<u8>>,
}

impl CircuitAuthority {
    /// Founds a circuit of that name.
    ///
    /// # Errors
    /// When the name cannot be written.
    pub fn found(circuit: &str, now: Timestamp, rng: &mut dyn CryptoRng) -> Result<Self> {
        let scalar = EcPrivateKey::generate(Curve::P256, rng).to_bytes();
        let period = Period::days(now, AUTHORITY_DAYS).map_err(exchange)?;
        let authority =
            NodeAuthority::create(node_signer(&scalar)?, circuit, period, rng).map_err(exchange)?;
        Ok(Self { authority, scalar })
    }

    /// An authority that was founded before.
    ///
    /// # Errors
    /// When certificate and key do not belong together.
    pub fn open(certificate: Certificate, scalar: Zeroizing<Vec<u8>>) -> Result<Self> {
        let authority =
            NodeAuthority::open(certificate, node_signer(&scalar)?).map_err(exchange)?;
        Ok(Self { authority, scalar })
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.authority.certificate()
    }

    /// The key, to be sealed.
    #[must_use]
    pub fn scalar(&self) -> &[u8] {
        &self.scalar
    }

    /// Names a node, with a new key.
    ///
    /// # Errors
    /// When the name cannot be written.
    pub fn name_node(
        &self,
        name: &str,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<NodeKey> {
        let key = EcPrivateKey::generate(Curve::P256, rng);
        let scalar = key.to_bytes();
        let public = PrivateKey::Ec(key).public_key();
        let period = Period::days(now, NODE_DAYS).map_err(exchange)?;
        let certificate = self
            .authority
            .certify(name, &public, period, rng)
            .map_err(exchange)?;
        Ok(NodeKey {
            name: name.to_owned(),
            scalar,
            certificate,
        })
    }

    /// The list of nodes that were struck off.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn revocation_list(
        &self,
        number: u64,
        struck: &[(Certificate, Timestamp)],
        now: Timestamp,
    ) -> Result<RevocationList> {
        let entries: Vec<_> = struck
            .iter()
            .map(|(certificate, since)| (certificate.serial().clone(), *since))
            .collect();
        let period = Period::days(now, LIST_DAYS).map_err(exchange)?;
        self.authority
            .issue_revocation_list(number, &entries, period)
            .map_err(exchange)
    }

    /// The same list again, for another term.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn renew_list(
        &self,
        list: &RevocationList,
        number: u64,
        now: Timestamp,
    ) -> Result<RevocationList> {
        let period = Period::days(now, LIST_DAYS).map_err(exchange)?;
        self.authority
            .issue_revocation_list(number, &list.entries(), period)
            .map_err(exchange)
    }

    /// The same list with one more certificate.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn strike_off(
        &self,
        list: &RevocationList,
        certificate: &Certificate,
        number: u64,
        now: Timestamp,
    ) -> Result<RevocationList> {
        let mut entries = list.entries();
        if entries
            .iter()
            .all(|(serial, _)| serial != certificate.serial())
        {
            entries.push((certificate.serial().clone(), now));
        }
        let period = Period::days(now, LIST_DAYS).map_err(exchange)?;
        self.authority
            .issue_revocation_list(number, &entries, period)
            .map_err(exchange)
    }

    /// The circle of those nodes.
    ///
    /// # Errors
    /// When the list is not this authority's.
    pub fn circle(&self, list: RevocationList, members: Vec<Certificate>) -> Result<Circle> {
        Ok(Circle::new(self.certificate().clone(), list, members)?)
    }
}

impl NodeKey {
    /// The identity of the node.
    ///
    /// # Errors
    /// When key and certificate do not belong together.
    pub fn identity(&self) -> Result<Identity> {
        Ok(Identity::new(self.certificate.clone(), &self.scalar)?)
    }
}

/// Keys of a vault in memory: for simulations and tests, gone with the process.
pub struct MemoryKeeper {
    generations: Mutex<Vec<(i64, Zeroizing<[u8; 32]>)>>,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
}

impl MemoryKeeper {
    /// A keeper with its first generation.
    #[must_use]
    pub fn new(mut rng: Box<dyn CryptoRng + Send>) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut key[..]);
        Self {
            generations: Mutex::new(vec![(1, key)]),
            rng: Mutex::new(rng),
        }
    }

    fn keys(generations: &[(i64, Zeroizing<[u8; 32]>)]) -> Result<VaultKeys> {
        let keys = generations
            .iter()
            .map(|(number, key)| Ok((*number, MasterKey::from_bytes(&key[..]).map_err(exchange)?)))
            .collect::<Result<_>>()?;
        Ok(VaultKeys::new(keys)?)
    }
}

impl VaultKeeper for MemoryKeeper {
    fn load(&self) -> Result<VaultKeys> {
        Self::keys(
            &self
                .generations
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    fn add_generation(&self) -> Result<VaultKeys> {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut key = Zeroizing::new([0; 32]);
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut key[..]);
        let next = generations.last().map_or(0, |(number, _)| *number) + 1;
        generations.push((next, key));
        Self::keys(&generations)
    }

    fn keep_wrapped(&self, _: &mut dyn FnMut() -> Result<Vec<WrappedKey>>) -> Result<()> {
        // Nothing outlives the process, so nothing is restored.
        Ok(())
    }

    fn destroy_old(&self) -> Result<VaultKeys> {
        let mut generations = self
            .generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let old = generations.len().saturating_sub(1);
        generations.drain(..old);
        Self::keys(&generations)
    }
}
