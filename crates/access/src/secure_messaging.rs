//! Secure messaging: encrypted and authenticated APDUs (Doc 9303-11, 9.8).

use crate::apdu::{Command, Response, StatusWord};
use crate::{Error, Result};
use rilascio_keys::{CipherSuite, SessionKeys};
use rilascio_mrtd::tlv;
use subtle::ConstantTimeEq;

/// One side of a session: the keys and the send sequence counter.
pub struct SecureMessaging {
    keys: SessionKeys,
    counter: Vec<u8>,
}

const CRYPTOGRAM_WITH_INDICATOR: u32 = 0x87;
const CRYPTOGRAM: u32 = 0x85;
const EXPECTED_LENGTH: u32 = 0x97;
const STATUS: u32 = 0x99;
const CHECKSUM: u32 = 0x8E;
const PADDING_INDICATOR: u8 = 0x01;

impl SecureMessaging {
    /// A session whose counter starts at zero: after PACE or Chip Authentication.
    #[must_use]
    pub fn new(keys: SessionKeys) -> Self {
        let counter = vec![0; keys.suite.block_bytes()];
        Self { keys, counter }
    }

    /// A session whose counter starts where BAC puts it.
    ///
    /// # Errors
    /// [`Error::SecureMessaging`] when the counter is not as long as a block.
    pub fn with_counter(keys: SessionKeys, counter: &[u8]) -> Result<Self> {
        if counter.len() != keys.suite.block_bytes() {
            return Err(Error::SecureMessaging {
                why: "a counter of another length than a block",
            });
        }
        Ok(Self {
            keys,
            counter: counter.to_vec(),
        })
    }

    /// The most plain data that a protected response can bring within `response_bytes`.
    #[must_use]
    pub fn plain_bytes_max(&self, response_bytes: usize) -> usize {
        // Status 4, checksum 10; the cryptogram has a tag, a length and an indicator.
        let length_bytes = if response_bytes > 257 + 18 { 4 } else { 3 };
        let cryptogram = response_bytes.saturating_sub(4 + 10 + length_bytes + 1);
        let block = self.keys.suite.block_bytes();
        (cryptogram / block * block).saturating_sub(1)
    }

    /// Terminal: protects a command.
    ///
    /// # Errors
    /// When a key does not fit the cipher.
    pub fn protect_command(&mut self, command: &Command) -> Result<Command> {
        self.advance();
        let cla = command.cla | 0x0C;
        let mut objects = Vec::new();
        if !command.data.is_empty() {
            objects.extend(self.encrypt(command.ins, &command.data)?);
        }
        if let Some(le) = command.le {
            let bytes = (le as u16).to_be_bytes();
            let short = !command.extended && le <= Command::SHORT_LE_MAX;
            objects.extend(tlv::encode(
                EXPECTED_LENGTH,
                if short { &bytes[1..] } else { &bytes },
            ));
        }
        let mac = self.mac(&[cla, command.ins, command.p1, command.p2], &objects)?;
        objects.extend(tlv::encode(CHECKSUM, &mac));
        let extended = command.extended || objects.len() > 255;
        let le = if extended {
            Command::EXTENDED_LE_MAX
        } else {
            Command::SHORT_LE_MAX
        };
        Ok(Command {
            cla,
            data: objects,
            le: Some(le),
            extended,
            ..command.clone()
        })
    }

    /// Chip: opens a protected command.
    ///
    /// # Errors
    /// [`Error::SecureMessaging`] when an object is missing or malformed, [`Error::Authentication`] when the checksum
    /// is wrong. Either ends the session.
    pub fn open_command(&mut self, command: &Command) -> Result<Command> {
        self.advance();
        let objects = Objects::read(&command.data, EXPECTED_LENGTH)?;
        let header = [command.cla, command.ins, command.p1, command.p2];
        let data = self.open(&header, &objects)?;
        let le = match objects.field {
            None => None,
            Some([0]) => Some(Command::SHORT_LE_MAX),
            Some([le]) => Some(usize::from(*le)),
            Some([0, 0]) => Some(Command::EXTENDED_LE_MAX),
            Some([high, low]) => Some(usize::from(u16::from_be_bytes([*high, *low]))),
            Some(_) => {
                return Err(Error::SecureMessaging {
                    why: "an expected length too long",
                });
            }
        };
        Ok(Command {
            cla: command.cla & !0x0C,
            data,
            le,
            ..command.clone()
        })
    }

    /// Chip: protects a response, errors included. `ins` is the instruction answered.
    ///
    /// # Errors
    /// When a key does not fit the cipher.
    pub fn protect_response(&mut self, ins: u8, response: &Response) -> Result<Response> {
        self.advance();
        let mut objects = Vec::new();
        if !response.data.is_empty() {
            objects.extend(self.encrypt(ins, &response.data)?);
        }
        objects.extend(tlv::encode(STATUS, &response.status.0.to_be_bytes()));
        let mac = self.mac(&[], &objects)?;
        objects.extend(tlv::encode(CHECKSUM, &mac));
        Ok(Response {
            data: objects,
            status: response.status,
        })
    }

    /// Terminal: opens a protected response.
    ///
    /// # Errors
    /// [`Error::SecureMessaging`] or [`Error::Authentication`]; either ends the session.
    pub fn open_response(&mut self, response: &Response) -> Result<Response> {
        self.advance();
        let objects = Objects::read(&response.data, STATUS)?;
        let data = self.open(&[], &objects)?;
        let Some(&[high, low]) = objects.field else {
            return Err(Error::SecureMessaging {
                why: "no processing status",
            });
        };
        Ok(Response {
            data,
            status: StatusWord(u16::from_be_bytes([high, low])),
        })
    }

    fn advance(&mut self) {
        for byte in self.counter.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
    }

    fn iv(&self) -> Result<Vec<u8>> {
        let zeros = vec![0; self.keys.suite.block_bytes()];
        match self.keys.suite {
            CipherSuite::TripleDes => Ok(zeros),
            aes => Ok(aes.encrypt(&self.keys.encryption, &zeros, &self.counter)?),
        }
    }

    fn encrypt(&self, ins: u8, data: &[u8]) -> Result<Vec<u8>> {
        let padded = pad(data, self.keys.suite.block_bytes());
        let text = self
            .keys
            .suite
            .encrypt(&self.keys.encryption, &self.iv()?, &padded)?;
        // Odd instructions carry data objects, and their cryptogram has no padding indicator.
        Ok(if ins % 2 == 1 {
            tlv::encode(CRYPTOGRAM, &text)
        } else {
            tlv::encode(
                CRYPTOGRAM_WITH_INDICATOR,
                &[&[PADDING_INDICATOR], &text[..]].concat(),
            )
        })
    }

    fn decrypt(&self, tag: u32, value: &[u8]) -> Result<Vec<u8>> {
        let text = match (tag, value.split_first()) {
            (CRYPTOGRAM, _) => value,
            (_, Some((&PADDING_INDICATOR, text))) => text,
            _ => {
                return Err(Error::SecureMessaging {
                    why: "no padding indicator",
                });
            }
        };
        let padded = self
            .keys
            .suite
            .decrypt(&self.keys.encryption, &self.iv()?, text)?;
        unpad(padded)
    }

    fn mac(&self, header: &[u8], objects: &[u8]) -> Result<[u8; 8]> {
        let block = self.keys.suite.block_bytes();
        let mut input = self.counter.clone();
        if !header.is_empty() {
            input.extend(pad(header, block));
        }
        input.extend_from_slice(objects);
        Ok(self.keys.suite.mac(&self.keys.mac, &pad(&input, block))?)
    }

    /// Checks the checksum, then decrypts.
    fn open(&self, header: &[u8], objects: &Objects<'_>) -> Result<Vec<u8>> {
        self.check(header, &objects.authenticated, objects.checksum)?;
        match &objects.cryptogram {
            Some(object) => self.decrypt(object.tag, object.value),
            None => Ok(Vec::new()),
        }
    }

    fn check(&self, header: &[u8], objects: &[u8], checksum: Option<&[u8]>) -> Result<()> {
        let checksum = checksum.ok_or(Error::SecureMessaging { why: "no checksum" })?;
        let expected = self.mac(header, objects)?;
        if bool::from(expected[..].ct_eq(checksum)) {
            Ok(())
        } else {
            Err(Error::Authentication {
                what: "the checksum of the message",
            })
        }
    }
}

/// The data objects of a protected message.
struct Objects<'a> {
    cryptogram: Option<tlv::Element<'a>>,
    /// Expected length of a command, status of a response.
    field: Option<&'a [u8]>,
    checksum: Option<&'a [u8]>,
    /// What the checksum is over, as it came.
    authenticated: Vec<u8>,
}

impl<'a> Objects<'a> {
    fn read(data: &'a [u8], field: u32) -> Result<Self> {
        let elements = tlv::read_all(data).map_err(|_| Error::SecureMessaging {
            why: "malformed data objects",
        })?;
        let mut objects = Self {
            cryptogram: None,
            field: None,
            checksum: None,
            authenticated: Vec::new(),
        };
        for object in elements {
            match object.tag {
                CRYPTOGRAM | CRYPTOGRAM_WITH_INDICATOR => objects.cryptogram = Some(object),
                tag if tag == field => objects.field = Some(object.value),
                CHECKSUM => {
                    objects.checksum = Some(object.value);
                    continue;
                }
                _ => {
                    return Err(Error::SecureMessaging {
                        why: "an unknown data object",
                    });
                }
            }
            objects.authenticated.extend_from_slice(object.raw);
        }
        Ok(objects)
    }
}

/// Padding method 2 of ISO/IEC 9797-1: one bit, then zeros to a whole block.
pub(crate) fn pad(data: &[u8], block: usize) -> Vec<u8> {
    let mut out = data.to_vec();
    out.push(0x80);
    out.resize(out.len().next_multiple_of(block), 0);
    out
}

fn unpad(mut data: Vec<u8>) -> Result<Vec<u8>> {
    while data.last() == Some(&0) {
        data.pop();
    }
    match data.pop() {
        Some(0x80) => Ok(data),
        _ => Err(Error::SecureMessaging { why: "no padding" }),
    }
}
