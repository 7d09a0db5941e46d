//! Basic Access Control (Doc 9303-11, 4.3).

use crate::secure_messaging::pad;
use crate::{AccessPassword, Error, Result, SecureMessaging};
use rilascio_keys::{CipherSuite, SessionKeys};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const SUITE: CipherSuite = CipherSuite::TripleDes;
const IV: [u8; 8] = [0; 8];
/// Length of EXTERNAL AUTHENTICATE data and of its answer: 32 bytes of cryptogram, 8 of MAC.
pub const MESSAGE_BYTES: usize = 40;

/// The keys that the MRZ gives.
#[must_use]
pub fn access_keys(password: &AccessPassword) -> SessionKeys {
    SessionKeys::derive(SUITE, &password.bac_seed())
}

/// The terminal's side.
pub struct Terminal {
    keys: SessionKeys,
    rnd_ic: [u8; 8],
    rnd_ifd: [u8; 8],
    k_ifd: Zeroizing<[u8; 16]>,
}

impl Terminal {
    /// Begins with the challenge of the chip and two random values.
    #[must_use]
    pub fn new(keys: SessionKeys, rnd_ic: [u8; 8], rnd_ifd: [u8; 8], k_ifd: [u8; 16]) -> Self {
        Self {
            keys,
            rnd_ic,
            rnd_ifd,
            k_ifd: Zeroizing::new(k_ifd),
        }
    }

    /// The data of EXTERNAL AUTHENTICATE.
    ///
    /// # Errors
    /// When a key does not fit the cipher.
    pub fn message(&self) -> Result<Vec<u8>> {
        seal(
            &self.keys,
            &[&self.rnd_ifd[..], &self.rnd_ic, &self.k_ifd[..]].concat(),
        )
    }

    /// Checks the answer and opens the session.
    ///
    /// # Errors
    /// [`Error::Authentication`] when the chip does not hold the keys.
    pub fn finish(self, answer: &[u8]) -> Result<SecureMessaging> {
        let plain = open(&self.keys, answer)?;
        if plain[..8] != self.rnd_ic || plain[8..16] != self.rnd_ifd {
            return Err(Error::Authentication {
                what: "the answer of the chip",
            });
        }
        session(&self.k_ifd[..], &plain[16..], &self.rnd_ic, &self.rnd_ifd)
    }
}

/// The chip's side: checks the terminal's message, and gives the answer and the session.
///
/// # Errors
/// [`Error::Authentication`] when the terminal does not hold the keys.
pub fn answer(
    keys: &SessionKeys,
    rnd_ic: &[u8; 8],
    k_ic: &[u8; 16],
    message: &[u8],
) -> Result<(Vec<u8>, SecureMessaging)> {
    let plain = open(keys, message)?;
    if plain[8..16] != rnd_ic[..] {
        return Err(Error::Authentication {
            what: "the echo of the challenge",
        });
    }
    let rnd_ifd: [u8; 8] = plain[..8].try_into().expect("32 bytes were opened");
    let answer = seal(keys, &[&rnd_ic[..], &rnd_ifd, k_ic].concat())?;
    Ok((answer, session(&plain[16..], k_ic, rnd_ic, &rnd_ifd)?))
}

fn seal(keys: &SessionKeys, plain: &[u8]) -> Result<Vec<u8>> {
    let mut out = SUITE.encrypt(&keys.encryption, &IV, plain)?;
    let mac = SUITE.mac(&keys.mac, &pad(&out, 8))?;
    out.extend_from_slice(&mac);
    Ok(out)
}

fn open(keys: &SessionKeys, message: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let wrong = Error::Authentication {
        what: "the MAC of the message",
    };
    let message: &[u8; MESSAGE_BYTES] = message.try_into().map_err(|_| wrong.clone())?;
    let (text, mac) = message.split_at(32);
    if !bool::from(SUITE.mac(&keys.mac, &pad(text, 8))?[..].ct_eq(mac)) {
        return Err(wrong);
    }
    Ok(Zeroizing::new(SUITE.decrypt(
        &keys.encryption,
        &IV,
        text,
    )?))
}

fn session(
    k_ifd: &[u8],
    k_ic: &[u8],
    rnd_ic: &[u8; 8],
    rnd_ifd: &[u8; 8],
) -> Result<SecureMessaging> {
    let seed: Zeroizing<Vec<u8>> =
        Zeroizing::new(k_ifd.iter().zip(k_ic).map(|(a, b)| a ^ b).collect());
    let counter = [&rnd_ic[4..], &rnd_ifd[4..]].concat();
    SecureMessaging::with_counter(SessionKeys::derive(SUITE, &seed), &counter)
}
