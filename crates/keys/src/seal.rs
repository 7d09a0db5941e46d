//! Sealing of private keys at rest: AES-256-GCM under a master key, bound to the name of the key.

use crate::{Error, Result};
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Nonce, Payload};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The key that seals all others of an installation. Wiped when dropped.
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// Length of the key, in bytes.
    pub const BYTES: usize = 32;
    const NONCE_BYTES: usize = 12;

    /// A new master key.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut key = Zeroizing::new([0; Self::BYTES]);
        rng.fill_bytes(&mut key[..]);
        Self(key)
    }

    /// A master key from its bytes.
    ///
    /// # Errors
    /// [`Error::Length`] when they are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let key = bytes.try_into().map_err(|_| Error::Length {
            what: "the master key",
        })?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// The bytes, to be kept where only the installation reads them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0[..]
    }

    /// Seals a secret under a name: nonce, then ciphertext and tag.
    #[must_use]
    pub fn seal(&self, name: &str, secret: &[u8], rng: &mut dyn CryptoRng) -> Vec<u8> {
        let mut nonce = [0; Self::NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let payload = Payload {
            msg: secret,
            aad: name.as_bytes(),
        };
        let sealed = self
            .cipher()
            .encrypt(&Nonce::<Aes256Gcm>::from(nonce), payload)
            .expect("a key is shorter than the limit of GCM");
        [&nonce[..], &sealed].concat()
    }

    /// Opens a secret that was sealed under that name.
    ///
    /// # Errors
    /// [`Error::Sealed`] when key, name or content differ.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed
            .split_first_chunk::<{ Self::NONCE_BYTES }>()
            .ok_or(Error::Sealed)?;
        let payload = Payload {
            msg: text,
            aad: name.as_bytes(),
        };
        let secret = self
            .cipher()
            .decrypt(&Nonce::<Aes256Gcm>::from(*nonce), payload);
        secret.map(Zeroizing::new).map_err(|_| Error::Sealed)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&(*self.0).into())
    }
}
