//! Ed25519 (RFC 8032): the signatures of journal heads.

use crate::{Error, Result};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// A private Ed25519 key. Wiped when dropped.
pub struct Ed25519Key {
    seed: Zeroizing<[u8; 32]>,
    pair: Ed25519KeyPair,
}

impl Ed25519Key {
    /// A new key.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut seed[..]);
        Self::from_seed(&seed[..]).expect("32 bytes are a seed")
    }

    /// A key from its seed.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when it is not 32 bytes.
    pub fn from_seed(seed: &[u8]) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| Error::PrivateKey)?;
        let mut kept = Zeroizing::new([0; 32]);
        if seed.len() != kept.len() {
            return Err(Error::PrivateKey);
        }
        kept.copy_from_slice(seed);
        Ok(Self { seed: kept, pair })
    }

    /// The seed, to be sealed.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        self.seed.clone()
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        key.copy_from_slice(self.pair.public_key().as_ref());
        key
    }

    /// Signs a message; the signature is 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    /// Whether a signature is that of a public key over a message.
    #[must_use]
    pub fn verify(public_key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, public_key)
            .verify(message, signature)
            .is_ok()
    }
}
