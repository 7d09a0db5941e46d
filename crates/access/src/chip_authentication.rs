//! Chip Authentication version 1 over elliptic curves (TR-03110-2, 3.4; Doc 9303-11, 6.2).

use crate::{Result, SecureMessaging};
use rand_core::CryptoRng;
use rilascio_keys::{CipherSuite, Curve, EcPrivateKey, SessionKeys};

/// The terminal's ephemeral key.
pub struct Terminal {
    key: EcPrivateKey,
}

impl Terminal {
    /// A new ephemeral key on the chip's curve.
    #[must_use]
    pub fn new(curve: Curve, rng: &mut dyn CryptoRng) -> Self {
        Self {
            key: EcPrivateKey::generate(curve, rng),
        }
    }

    /// The ephemeral public key to send.
    #[must_use]
    pub fn point(&self) -> &[u8] {
        self.key.point()
    }

    /// The new session with the chip's static public key. That the chip holds the private one shows when the next
    /// protected response opens.
    ///
    /// # Errors
    /// When the key is no point of the curve.
    pub fn session(self, suite: CipherSuite, chip: &[u8]) -> Result<SecureMessaging> {
        session(&self.key, suite, chip)
    }
}

/// The chip's side: the new session with the terminal's ephemeral key.
///
/// # Errors
/// When the key is no point of the curve.
pub fn session(own: &EcPrivateKey, suite: CipherSuite, peer: &[u8]) -> Result<SecureMessaging> {
    let keys = SessionKeys::derive(suite, &own.agree(peer)?);
    Ok(SecureMessaging::new(keys))
}
