//! GlobalPlatform Secure Channel Protocol 03 (Card Specification v2.3, amendment D): the channel that a production line
//! personalises a chip through.
//!
//! AES-128 keys, pseudo-random or random card challenge, commands with C-MAC and C-ENC (security level 03). Responses
//! of personalisation commands carry no data.

use crate::apdu::Command;
use crate::secure_messaging::pad;
use crate::{Error, Result};
use rand_core::CryptoRng;
use rilascio_keys::CipherSuite;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const SUITE: CipherSuite = CipherSuite::Aes128;
/// The security level: C-MAC and C-ENC.
pub const LEVEL: u8 = 0x03;
/// INITIALIZE UPDATE.
pub const INITIALIZE_UPDATE: u8 = 0x50;
/// EXTERNAL AUTHENTICATE.
pub const EXTERNAL_AUTHENTICATE: u8 = 0x82;

const CARD_CRYPTOGRAM: u8 = 0x00;
const HOST_CRYPTOGRAM: u8 = 0x01;
const SESSION_ENC: u8 = 0x04;
const SESSION_MAC: u8 = 0x06;
const KEY_VERSION: u8 = 0x30;
const PROTOCOL: u8 = 0x03;
const CHALLENGE_BYTES: usize = 8;
const CRYPTOGRAM_BYTES: usize = 8;
const MAC_BYTES: usize = 8;
/// Length of the serial number that keys are diversified with.
pub const SERIAL_BYTES: usize = 10;

/// The keys of one chip. Wiped when dropped.
pub struct TransportKeys {
    encryption: Zeroizing<Vec<u8>>,
    mac: Zeroizing<Vec<u8>>,
}

impl TransportKeys {
    /// The keys of the chip with that serial number, from the master key of its batch.
    ///
    /// # Errors
    /// When the master key is not an AES-128 key.
    pub fn diversify(master: &[u8], serial: &[u8; SERIAL_BYTES]) -> Result<Self> {
        Ok(Self {
            encryption: derive(master, 0xF1, 128, serial)?,
            mac: derive(master, 0xF2, 128, serial)?,
        })
    }
}

/// SP 800-108 in counter mode with CMAC, as amendment D (4.1.5) uses it.
fn derive(key: &[u8], constant: u8, bits: u16, context: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut input = vec![0; 11];
    input.extend_from_slice(&[constant, 0x00]);
    input.extend_from_slice(&bits.to_be_bytes());
    input.push(1);
    input.extend_from_slice(context);
    let mut out = Zeroizing::new(SUITE.full_mac(key, &input)?.to_vec());
    out.truncate(usize::from(bits / 8));
    Ok(out)
}

/// The keys of one session and where it stands.
pub struct Session {
    encryption: Zeroizing<Vec<u8>>,
    mac: Zeroizing<Vec<u8>>,
    chaining: [u8; 16],
    counter: u128,
}

impl Session {
    fn new(keys: &TransportKeys, context: &[u8]) -> Result<Self> {
        Ok(Self {
            encryption: derive(&keys.encryption, SESSION_ENC, 128, context)?,
            mac: derive(&keys.mac, SESSION_MAC, 128, context)?,
            chaining: [0; 16],
            counter: 0,
        })
    }

    fn cryptogram(&self, constant: u8, context: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        derive(&self.mac, constant, 64, context)
    }

    /// The MAC over a command whose length field already counts the MAC.
    fn command_mac(&mut self, command: &Command, data: &[u8]) -> Result<[u8; 16]> {
        let length = data.len() + MAC_BYTES;
        let mut input = self.chaining.to_vec();
        input.extend_from_slice(&[command.cla | 0x04, command.ins, command.p1, command.p2]);
        if command.extended || length > 255 {
            input.push(0);
            input.extend_from_slice(&(length as u16).to_be_bytes());
        } else {
            input.push(length as u8);
        }
        input.extend_from_slice(data);
        self.chaining = SUITE.full_mac(&self.mac, &input)?;
        Ok(self.chaining)
    }

    fn iv(&mut self) -> Result<Vec<u8>> {
        self.counter += 1;
        Ok(SUITE.encrypt(&self.encryption, &[0; 16], &self.counter.to_be_bytes())?)
    }

    /// Host: encrypts and authenticates a command.
    ///
    /// # Errors
    /// When a key does not fit the cipher.
    pub fn protect(&mut self, command: &Command) -> Result<Command> {
        let iv = self.iv()?;
        let data = if command.data.is_empty() {
            Vec::new()
        } else {
            SUITE.encrypt(&self.encryption, &iv, &pad(&command.data, 16))?
        };
        self.authenticate(command, data)
    }

    fn authenticate(&mut self, command: &Command, mut data: Vec<u8>) -> Result<Command> {
        let mac = self.command_mac(command, &data)?;
        data.extend_from_slice(&mac[..MAC_BYTES]);
        let extended = command.extended || data.len() > 255;
        Ok(Command {
            cla: command.cla | 0x04,
            data,
            extended,
            ..command.clone()
        })
    }

    /// Card: checks and decrypts a command.
    ///
    /// # Errors
    /// [`Error::Authentication`] when the MAC is wrong; the session is over then.
    pub fn open(&mut self, command: &Command) -> Result<Command> {
        let data = self.check(command)?;
        let iv = self.iv()?;
        let data = if data.is_empty() {
            data
        } else {
            let mut plain = SUITE.decrypt(&self.encryption, &iv, &data)?;
            while plain.last() == Some(&0) {
                plain.pop();
            }
            if plain.pop() != Some(0x80) {
                return Err(Error::SecureMessaging { why: "no padding" });
            }
            plain
        };
        Ok(Command {
            cla: command.cla & !0x04,
            data,
            ..command.clone()
        })
    }

    fn check(&mut self, command: &Command) -> Result<Vec<u8>> {
        let (data, mac) = command
            .data
            .split_last_chunk::<MAC_BYTES>()
            .ok_or(Error::SecureMessaging { why: "no MAC" })?;
        let expected = self.command_mac(command, data)?;
        if !bool::from(expected[..MAC_BYTES].ct_eq(mac)) {
            return Err(Error::Authentication {
                what: "the MAC of the command",
            });
        }
        Ok(data.to_vec())
    }
}

/// The host's side of the opening: a production line.
pub struct Host {
    challenge: [u8; CHALLENGE_BYTES],
}

impl Host {
    /// Begins with a random challenge.
    #[must_use]
    pub fn new(rng: &mut dyn CryptoRng) -> Self {
        let mut challenge = [0; CHALLENGE_BYTES];
        rng.fill_bytes(&mut challenge);
        Self { challenge }
    }

    /// INITIALIZE UPDATE.
    #[must_use]
    pub fn initialize_update(&self) -> Command {
        let command = Command::new(INITIALIZE_UPDATE, 0, 0, &self.challenge, Some(256));
        Command {
            cla: 0x80,
            ..command
        }
    }

    /// Checks the card's answer with the keys of its serial number; gives EXTERNAL AUTHENTICATE and the session.
    ///
    /// # Errors
    /// [`Error::Authentication`] when the card does not hold the keys.
    pub fn finish(
        self,
        answer: &[u8],
        keys: impl FnOnce(&[u8; SERIAL_BYTES]) -> Result<TransportKeys>,
    ) -> Result<(Command, Session)> {
        let short = Error::SecureMessaging {
            why: "a short answer to INITIALIZE UPDATE",
        };
        let (serial, rest) = answer
            .split_first_chunk::<SERIAL_BYTES>()
            .ok_or(short.clone())?;
        let (_key_information, rest) = rest.split_first_chunk::<3>().ok_or(short.clone())?;
        let (card, cryptogram) = rest
            .split_first_chunk::<CHALLENGE_BYTES>()
            .ok_or(short.clone())?;
        let cryptogram = cryptogram.first_chunk::<CRYPTOGRAM_BYTES>().ok_or(short)?;
        let context = [&self.challenge[..], card].concat();
        let mut session = Session::new(&keys(serial)?, &context)?;
        let expected = session.cryptogram(CARD_CRYPTOGRAM, &context)?;
        if !bool::from(expected[..].ct_eq(cryptogram)) {
            return Err(Error::Authentication {
                what: "the cryptogram of the card",
            });
        }
        let proof = session.cryptogram(HOST_CRYPTOGRAM, &context)?;
        let command = Command::new(EXTERNAL_AUTHENTICATE, LEVEL, 0, &[], None);
        let command = Command {
            cla: 0x80,
            ..command
        };
        Ok((session.authenticate(&command, proof.to_vec())?, session))
    }
}

/// The card's side of the opening, between both commands.
pub struct Card {
    session: Session,
    context: Vec<u8>,
}

impl Card {
    /// Answers INITIALIZE UPDATE.
    ///
    /// # Errors
    /// [`Error::SecureMessaging`] when the host's challenge has another length.
    pub fn begin(
        keys: &TransportKeys,
        serial: &[u8; SERIAL_BYTES],
        host_challenge: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Self)> {
        if host_challenge.len() != CHALLENGE_BYTES {
            return Err(Error::SecureMessaging {
                why: "a challenge that is not 8 bytes long",
            });
        }
        let mut challenge = [0; CHALLENGE_BYTES];
        rng.fill_bytes(&mut challenge);
        let context = [host_challenge, &challenge].concat();
        let session = Session::new(keys, &context)?;
        let cryptogram = session.cryptogram(CARD_CRYPTOGRAM, &context)?;
        let answer = [
            &serial[..],
            &[KEY_VERSION, PROTOCOL, 0x00],
            &challenge,
            &cryptogram,
        ]
        .concat();
        Ok((answer, Self { session, context }))
    }

    /// Checks EXTERNAL AUTHENTICATE and opens the session.
    ///
    /// # Errors
    /// [`Error::Authentication`] when the host does not hold the keys.
    pub fn finish(mut self, command: &Command) -> Result<Session> {
        if command.p1 != LEVEL {
            return Err(Error::Unsupported {
                what: format!("security level {:02X}", command.p1),
            });
        }
        let proof = self.session.check(command)?;
        let expected = self.session.cryptogram(HOST_CRYPTOGRAM, &self.context)?;
        if !bool::from(expected[..].ct_eq(&proof)) {
            return Err(Error::Authentication {
                what: "the cryptogram of the host",
            });
        }
        Ok(self.session)
    }
}
