//! Sealing to somebody's public key: the steps of RFC 5753 (ECDH, X9.63 key derivation, AES key wrap) and AES-256-GCM.

use crate::{EcPrivateKey, Error, HashAlgorithm, Result};
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Nonce};
use aes_kw::KwAes256;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The key of one message.
pub struct ContentKey(Zeroizing<[u8; 32]>);

impl ContentKey {
    /// Length of the nonce, in bytes.
    pub const NONCE_BYTES: usize = 12;
    /// Length of the tag, in bytes.
    pub const TAG_BYTES: usize = 16;

    /// A new key.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut key[..]);
        Self(key)
    }

    /// Encrypts; the tag comes last.
    #[must_use]
    pub fn encrypt(&self, nonce: [u8; Self::NONCE_BYTES], content: &[u8]) -> Vec<u8> {
        Aes256Gcm::new(&(*self.0).into())
            .encrypt(&Nonce::<Aes256Gcm>::from(nonce), content)
            .expect("a message is shorter than the limit of GCM")
    }

    /// Decrypts what [`encrypt`](Self::encrypt) gave.
    ///
    /// # Errors
    /// [`Error::Sealed`] when key, nonce or a byte of it differ.
    pub fn decrypt(
        &self,
        nonce: [u8; Self::NONCE_BYTES],
        content: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        Aes256Gcm::new(&(*self.0).into())
            .decrypt(&Nonce::<Aes256Gcm>::from(nonce), content)
            .map(Zeroizing::new)
            .map_err(|_| Error::Sealed)
    }

    /// Wraps the key for whoever shares `own` and `peer`; `info` is what both sides know (RFC 5753, 7.2).
    ///
    /// # Errors
    /// [`Error::Point`] when the peer's point is not on the curve.
    pub fn wrap(&self, own: &EcPrivateKey, peer: &[u8], info: &[u8]) -> Result<Vec<u8>> {
        let mut wrapped = vec![0; 40];
        wrapping(own, peer, info)?
            .wrap_key(&self.0[..], &mut wrapped)
            .map_err(|_| Error::Sealed)?;
        Ok(wrapped)
    }

    /// The key from what [`wrap`](Self::wrap) gave.
    ///
    /// # Errors
    /// [`Error::Sealed`] when it was wrapped for somebody else.
    pub fn unwrap(wrapped: &[u8], own: &EcPrivateKey, peer: &[u8], info: &[u8]) -> Result<Self> {
        let mut key = Zeroizing::new([0; 32]);
        if wrapped.len() != 40 {
            return Err(Error::Sealed);
        }
        wrapping(own, peer, info)?
            .unwrap_key(wrapped, &mut key[..])
            .map_err(|_| Error::Sealed)?;
        Ok(Self(key))
    }
}

/// The key that wraps: `SHA-256(Z || 00000001 || info)` (ANSI X9.63, 5.6.3).
fn wrapping(own: &EcPrivateKey, peer: &[u8], info: &[u8]) -> Result<KwAes256> {
    let shared = own.agree(peer)?;
    let input = Zeroizing::new([&shared[..], &[0, 0, 0, 1], info].concat());
    let key = Zeroizing::new(HashAlgorithm::Sha256.digest(&input));
    KwAes256::new_from_slice(&key).map_err(|_| Error::Sealed)
}
