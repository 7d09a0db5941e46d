//! PACE with generic mapping over elliptic curves (Doc 9303-11, 4.4; TR-03110-2, 3.2).

use crate::secure_messaging::pad;
use crate::security_info::PaceInfo;
use crate::{AccessPassword, Error, Result, SecureMessaging};
use rand_core::CryptoRng;
use rilascio_keys::{CipherSuite, Curve, EcPrivateKey, SessionKeys, map_generator};
use rilascio_mrtd::tlv;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Length of the nonce, in bytes: two blocks of 3DES or one of AES.
pub const NONCE_BYTES: usize = 16;

/// Protocol and password of one run; both sides go through the same steps from here.
pub struct Pace {
    info: PaceInfo,
    curve: Curve,
    password_key: Zeroizing<Vec<u8>>,
}

/// After the nonce is known: the key pair of the mapping.
pub struct Mapping {
    info: PaceInfo,
    curve: Curve,
    nonce: Zeroizing<Vec<u8>>,
    key: EcPrivateKey,
}

/// After the mapping: the ephemeral key pair for the mapped generator.
pub struct Agreement {
    info: PaceInfo,
    curve: Curve,
    key: EcPrivateKey,
}

/// After the agreement: session keys that the tokens must confirm.
pub struct Confirmation {
    keys: SessionKeys,
    own_token: [u8; 8],
    expected_token: [u8; 8],
    own_point: Vec<u8>,
    peer_point: Vec<u8>,
}

/// A session that PACE opened.
pub struct Session {
    /// The protected channel.
    pub messaging: SecureMessaging,
    /// The ephemeral point of this side.
    pub own_point: Vec<u8>,
    /// The ephemeral point of the other side; Terminal Authentication binds the chip's.
    pub peer_point: Vec<u8>,
}

impl Pace {
    /// A run with a protocol and a password.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for domain parameters that are no known curve.
    pub fn new(info: PaceInfo, password: &AccessPassword) -> Result<Self> {
        let curve = info.curve().ok_or_else(|| Error::Unsupported {
            what: format!("PACE with domain parameters {:?}", info.parameter_id),
        })?;
        Ok(Self {
            info,
            curve,
            password_key: password.nonce_key(info.suite),
        })
    }

    /// Chip: chooses the nonce; gives its encryption and the next step.
    ///
    /// # Errors
    /// When a key does not fit the cipher.
    pub fn choose_nonce(self, rng: &mut dyn CryptoRng) -> Result<(Vec<u8>, Mapping)> {
        let mut nonce = Zeroizing::new(vec![0; NONCE_BYTES]);
        rng.fill_bytes(&mut nonce);
        let iv = vec![0; self.info.suite.block_bytes()];
        let sealed = self.info.suite.encrypt(&self.password_key, &iv, &nonce)?;
        Ok((sealed, self.mapping(nonce, rng)))
    }

    /// Terminal: opens the chip's nonce. A wrong password shows only at the tokens.
    ///
    /// # Errors
    /// [`Error::Key`] when its length is wrong.
    pub fn open_nonce(self, sealed: &[u8], rng: &mut dyn CryptoRng) -> Result<Mapping> {
        let iv = vec![0; self.info.suite.block_bytes()];
        if sealed.is_empty() || sealed.len() > 64 {
            return Err(Error::Authentication {
                what: "the encrypted nonce",
            });
        }
        let nonce = Zeroizing::new(self.info.suite.decrypt(&self.password_key, &iv, sealed)?);
        Ok(self.mapping(nonce, rng))
    }

    fn mapping(self, nonce: Zeroizing<Vec<u8>>, rng: &mut dyn CryptoRng) -> Mapping {
        let key = EcPrivateKey::generate(self.curve, rng);
        Mapping {
            info: self.info,
            curve: self.curve,
            nonce,
            key,
        }
    }
}

impl Mapping {
    /// The public mapping key to send.
    #[must_use]
    pub fn point(&self) -> &[u8] {
        self.key.point()
    }

    /// Maps the generator with the other side's mapping key.
    ///
    /// # Errors
    /// [`Error::Key`] when the key is no point of the curve, [`Error::Authentication`] when it is our own.
    pub fn map(self, peer: &[u8], rng: &mut dyn CryptoRng) -> Result<Agreement> {
        refuse_echo(self.point(), peer)?;
        let shared = self.key.agree_point(peer)?;
        let generator = map_generator(self.curve, &self.nonce, &shared)?;
        let key = EcPrivateKey::generate_for(self.curve, &generator, rng)?;
        Ok(Agreement {
            info: self.info,
            curve: self.curve,
            key,
        })
    }
}

impl Agreement {
    /// The ephemeral public key to send.
    #[must_use]
    pub fn point(&self) -> &[u8] {
        self.key.point()
    }

    /// Agrees on session keys with the other side's ephemeral key.
    ///
    /// # Errors
    /// [`Error::Key`] when the key is no point of the curve, [`Error::Authentication`] when it is our own.
    pub fn agree(self, peer: &[u8]) -> Result<Confirmation> {
        refuse_echo(self.point(), peer)?;
        debug_assert_eq!(self.key.curve(), self.curve);
        let keys = SessionKeys::derive(self.info.suite, &self.key.agree(peer)?);
        let own_point = self.key.point().to_vec();
        Ok(Confirmation {
            own_token: token(&self.info, &keys, peer)?,
            expected_token: token(&self.info, &keys, &own_point)?,
            keys,
            own_point,
            peer_point: peer.to_vec(),
        })
    }
}

impl Confirmation {
    /// The token to send.
    #[must_use]
    pub fn token(&self) -> &[u8] {
        &self.own_token
    }

    /// Checks the other side's token and opens the session.
    ///
    /// # Errors
    /// [`Error::Authentication`] when the passwords differ.
    pub fn confirm(self, token: &[u8]) -> Result<Session> {
        if !bool::from(self.expected_token[..].ct_eq(token)) {
            return Err(Error::Authentication {
                what: "the token of PACE",
            });
        }
        Ok(Session {
            messaging: SecureMessaging::new(self.keys),
            own_point: self.own_point,
            peer_point: self.peer_point,
        })
    }
}

fn refuse_echo(own: &[u8], peer: &[u8]) -> Result<()> {
    if own == peer {
        return Err(Error::Authentication {
            what: "the public key, which is our own,",
        });
    }
    Ok(())
}

/// The MAC over the protocol and a public key (Doc 9303-11, 4.4.3.4).
fn token(info: &PaceInfo, keys: &SessionKeys, point: &[u8]) -> Result<[u8; 8]> {
    let input = tlv::encode_all(
        0x7F49,
        &[
            tlv::encode(0x06, info.oid().as_bytes()),
            tlv::encode(0x86, point),
        ],
    );
    Ok(match info.suite {
        CipherSuite::TripleDes => info.suite.mac(&keys.mac, &pad(&input, 8))?,
        aes => aes.mac(&keys.mac, &input)?,
    })
}
