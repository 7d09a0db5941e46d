//! Command and response APDUs, short and extended (ISO/IEC 7816-4, 5.1).

use crate::{Error, Result};
use std::fmt;

/// A command. Its data may be secret, so `Debug` shows their length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// The class byte.
    pub cla: u8,
    /// The instruction.
    pub ins: u8,
    /// The first parameter.
    pub p1: u8,
    /// The second parameter.
    pub p2: u8,
    /// The command data.
    pub data: Vec<u8>,
    /// The most bytes expected in the answer; 256 for a short `00`, 65536 for an extended `0000`.
    pub le: Option<usize>,
    /// Whether the lengths are written in the extended form.
    pub extended: bool,
}

impl Command {
    /// The most that a short length field expects.
    pub const SHORT_LE_MAX: usize = 256;
    /// The most that an extended length field expects.
    pub const EXTENDED_LE_MAX: usize = 65_536;

    /// A command of class 00, in the short form if it fits.
    #[must_use]
    pub fn new(ins: u8, p1: u8, p2: u8, data: &[u8], le: Option<usize>) -> Self {
        let extended = data.len() > 255 || le.is_some_and(|le| le > Self::SHORT_LE_MAX);
        Self {
            cla: 0,
            ins,
            p1,
            p2,
            data: data.to_vec(),
            le,
            extended,
        }
    }

    /// True when the class byte announces secure messaging with an authenticated header.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        matches!(self.cla, 0x0C | 0x1C)
    }

    /// True when more commands of a chain follow.
    #[must_use]
    pub fn is_chained(&self) -> bool {
        self.cla & 0x10 != 0 && self.cla & 0xE0 == 0
    }

    /// Reads a command.
    ///
    /// # Errors
    /// [`Error::Apdu`] when the lengths do not fit together; the card answers 6700 to it.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = |why| Err(Error::Apdu { why });
        let Some((&[cla, ins, p1, p2], body)) = bytes.split_first_chunk::<4>() else {
            return wrong("fewer than four bytes");
        };
        let short_le = |le: u8| {
            if le == 0 {
                Self::SHORT_LE_MAX
            } else {
                usize::from(le)
            }
        };
        let long_le = |high: u8, low: u8| match u16::from_be_bytes([high, low]) {
            0 => Self::EXTENDED_LE_MAX,
            le => usize::from(le),
        };
        let (data, le, extended): (&[u8], _, _) = match body {
            [] => (&[], None, false),
            [le] => (&[], Some(short_le(*le)), false),
            [0, high, low] => (&[], Some(long_le(*high, *low)), true),
            [0, high, low, rest @ ..] => {
                let lc = usize::from(u16::from_be_bytes([*high, *low]));
                match rest.split_at_checked(lc) {
                    Some((data, [])) if lc > 0 => (data, None, true),
                    Some((data, [high, low])) if lc > 0 => (data, Some(long_le(*high, *low)), true),
                    _ => return wrong("Lc and the data differ"),
                }
            }
            [lc, rest @ ..] => match rest.split_at_checked(usize::from(*lc)) {
                Some((data, [])) if *lc > 0 => (data, None, false),
                Some((data, [le])) if *lc > 0 => (data, Some(short_le(*le)), false),
                _ => return wrong("Lc and the data differ"),
            },
        };
        Ok(Self {
            cla,
            ins,
            p1,
            p2,
            data: data.to_vec(),
            le,
            extended,
        })
    }

    /// Writes the command.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.cla, self.ins, self.p1, self.p2];
        let long = self.extended
            || self.data.len() > 255
            || self.le.is_some_and(|le| le > Self::SHORT_LE_MAX);
        if long {
            if !self.data.is_empty() || self.le.is_some() {
                out.push(0);
            }
            if !self.data.is_empty() {
                out.extend_from_slice(&(self.data.len() as u16).to_be_bytes());
                out.extend_from_slice(&self.data);
            }
            if let Some(le) = self.le {
                out.extend_from_slice(&(le as u16).to_be_bytes());
            }
        } else {
            if !self.data.is_empty() {
                out.push(self.data.len() as u8);
                out.extend_from_slice(&self.data);
            }
            out.extend(self.le.map(|le| le as u8));
        }
        out
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [self.cla, self.ins, self.p1, self.p2];
        write!(
            f,
            "Command {{ {head:02X?}, {} byte(s), Le {:?} }}",
            self.data.len(),
            self.le
        )
    }
}

/// The status word that ends a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// All is well.
    pub const SUCCESS: Self = Self(0x9000);
    /// The file ended before the length asked for.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// The authentication failed.
    pub const AUTHENTICATION_FAILED: Self = Self(0x6300);
    /// Lc or Le is wrong.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// The logical channel is not supported.
    pub const NO_LOGICAL_CHANNEL: Self = Self(0x6881);
    /// Secure messaging is not available.
    pub const NO_SECURE_MESSAGING: Self = Self(0x6882);
    /// The last command of a chain was expected.
    pub const CHAIN_EXPECTED: Self = Self(0x6883);
    /// The rights for the file are missing.
    pub const SECURITY_STATUS: Self = Self(0x6982);
    /// The key cannot be used any more.
    pub const REFERENCE_UNUSABLE: Self = Self(0x6984);
    /// The conditions for the command are not met.
    pub const CONDITIONS: Self = Self(0x6985);
    /// No file is selected.
    pub const NO_CURRENT_FILE: Self = Self(0x6986);
    /// An object of secure messaging is missing.
    pub const SM_OBJECT_MISSING: Self = Self(0x6987);
    /// An object of secure messaging is wrong.
    pub const SM_OBJECT_WRONG: Self = Self(0x6988);
    /// The command data are wrong.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// The function is not supported.
    pub const NOT_SUPPORTED: Self = Self(0x6A81);
    /// There is no such file or application.
    pub const NOT_FOUND: Self = Self(0x6A82);
    /// There is no room left.
    pub const NO_ROOM: Self = Self(0x6A84);
    /// P1 or P2 is wrong.
    pub const WRONG_PARAMETERS: Self = Self(0x6A86);
    /// There is no such key or parameter.
    pub const NO_REFERENCE: Self = Self(0x6A88);
    /// The file is there already.
    pub const FILE_EXISTS: Self = Self(0x6A89);
    /// The offset is beyond the end of the file.
    pub const WRONG_OFFSET: Self = Self(0x6B00);
    /// The instruction is unknown.
    pub const UNKNOWN_INSTRUCTION: Self = Self(0x6D00);
    /// The class is unknown.
    pub const UNKNOWN_CLASS: Self = Self(0x6E00);
    /// The card failed.
    pub const NO_DIAGNOSIS: Self = Self(0x6F00);
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The response data.
    pub data: Vec<u8>,
    /// The status word.
    pub status: StatusWord,
}

impl Response {
    /// A response with data and success.
    #[must_use]
    pub fn data(data: Vec<u8>) -> Self {
        Self {
            data,
            status: StatusWord::SUCCESS,
        }
    }

    /// A response of a status word alone.
    #[must_use]
    pub fn status(status: StatusWord) -> Self {
        Self {
            data: Vec::new(),
            status,
        }
    }

    /// Reads a response.
    ///
    /// # Errors
    /// [`Error::Apdu`] when there is no status word.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let (data, status) = bytes.split_last_chunk::<2>().ok_or(Error::Apdu {
            why: "a response without status word",
        })?;
        Ok(Self {
            data: data.to_vec(),
            status: StatusWord(u16::from_be_bytes(*status)),
        })
    }

    /// Writes the response.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [&self.data[..], &self.status.0.to_be_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_that_differ_are_refused() {
        for wrong in [
            &[][..],
            &[0, 0xA4, 4],
            &[0, 0xA4, 4, 0x0C, 2, 1],
            &[0, 0xA4, 4, 0x0C, 2, 1, 2, 3, 4],
            &[0, 0xA4, 4, 0x0C, 0, 0, 2, 1],
            &[0, 0xA4, 4, 0x0C, 0, 0, 0, 1, 1],
            &[0, 0xA4, 4, 0x0C, 0, 1],
        ] {
            assert!(Command::parse(wrong).is_err(), "{wrong:02X?}");
        }
    }

    proptest! {
        #[test]
        fn commands_go_both_ways(
            header in any::<[u8; 4]>(),
            data in prop::collection::vec(any::<u8>(), 0..300),
            le in prop::option::of(1usize..=65_536),
        ) {
            let [cla, ins, p1, p2] = header;
            let command = Command { cla, ..Command::new(ins, p1, p2, &data, le) };
            prop_assert_eq!(Command::parse(&command.encode()).expect("own writing"), command);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Command::parse(&bytes);
            let _ = Response::parse(&bytes);
        }
    }
}
