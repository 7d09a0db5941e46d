//! The chip: what lasts, what a reset forgets, and which command goes where.

use crate::authentication::{Authentication, Credentials};
use crate::files::{FileSystem, Place, ReadAccess};
use crate::personalisation::Channel;
use rand_core::CryptoRng;
use rilascio_access::SecureMessaging;
use rilascio_access::apdu::{Command, Response, StatusWord};
use rilascio_access::channel::{CardChannel, ChannelError};
use rilascio_access::scp03::{SERIAL_BYTES, TransportKeys};
use zeroize::Zeroizing;

/// A virtual eMRTD chip.
pub struct Chip {
    pub(crate) serial: [u8; SERIAL_BYTES],
    pub(crate) life: LifeCycle,
    pub(crate) files: FileSystem,
    pub(crate) credentials: Credentials,
    pub(crate) volatile: Volatile,
    pub(crate) rng: Box<dyn CryptoRng + Send>,
}

/// What a chip still is.
pub(crate) enum LifeCycle {
    /// It obeys whoever holds the transport keys.
    Blank(TransportKeys),
    /// It serves readers. There is no way back.
    Locked,
}

/// What a reset forgets.
#[derive(Default)]
pub(crate) struct Volatile {
    pub(crate) place: Place,
    pub(crate) current: Option<u16>,
    pub(crate) messaging: Option<SecureMessaging>,
    /// A session that begins after the response under way.
    pub(crate) next_messaging: Option<SecureMessaging>,
    pub(crate) authentication: Authentication,
    pub(crate) channel: Channel,
    pub(crate) chain: Option<Chain>,
}

/// The links of a chain so far.
pub(crate) struct Chain {
    head: [u8; 3],
    data: Zeroizing<Vec<u8>>,
}

const GENERAL_AUTHENTICATE: u8 = 0x86;

/// Why a class byte outside secure messaging is refused (ISO/IEC 7816-4, 5.4.1).
fn class_fault(cla: u8) -> Option<StatusWord> {
    match cla {
        0x00 | 0x10 => None,
        0x04 | 0x08 | 0x14 | 0x18 => Some(StatusWord::NO_SECURE_MESSAGING),
        0x01..=0x03 | 0x11..=0x13 | 0x40..=0x7F => Some(StatusWord::NO_LOGICAL_CHANNEL),
        _ => Some(StatusWord::UNKNOWN_CLASS),
    }
}

impl Chip {
    /// The most that a chain of commands may carry.
    const CHAIN_BYTES_MAX: usize = 65_536;

    /// Answer to reset: T=1, historical bytes with selection by name and short identifier, chaining and extended
    /// lengths (ISO/IEC 7816-4, 12.1).
    pub const ATR: [u8; 13] = [
        0x3B, 0x88, 0x80, 0x01, 0x00, 0x73, 0x84, 0x21, 0xC0, 0x05, 0x90, 0x00, 0x8A,
    ];

    /// A blank chip with its serial number, its transport keys and room for `bytes` of files.
    #[must_use]
    pub fn blank(
        serial: [u8; SERIAL_BYTES],
        keys: TransportKeys,
        bytes: usize,
        rng: Box<dyn CryptoRng + Send>,
    ) -> Self {
        Self {
            serial,
            life: LifeCycle::Blank(keys),
            files: FileSystem::new(bytes),
            credentials: Credentials::default(),
            volatile: Volatile::default(),
            rng,
        }
    }

    /// True when the chip was locked after personalisation.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self.life, LifeCycle::Locked)
    }

    /// Takes the power away and gives it back: sessions and selections are gone.
    pub fn reset(&mut self) {
        self.volatile = Volatile::default();
    }

    /// Answers a command. Any bytes get an answer.
    #[must_use]
    pub fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let command = match Command::parse(bytes) {
            Ok(command) => command,
            Err(_) => {
                self.end_session();
                return Response::status(StatusWord::WRONG_LENGTH).encode();
            }
        };
        let response = match self.life {
            LifeCycle::Blank(_) => self.answer_blank(command),
            LifeCycle::Locked if command.cla & 0x80 != 0 => {
                self.end_session();
                Response::status(StatusWord::UNKNOWN_CLASS)
            }
            LifeCycle::Locked if command.is_protected() => self.answer_protected(command),
            LifeCycle::Locked => {
                self.end_session();
                match class_fault(command.cla) {
                    Some(status) => Response::status(status),
                    None => {
                        let room = if command.extended {
                            Command::EXTENDED_LE_MAX
                        } else {
                            Command::SHORT_LE_MAX
                        };
                        self.answer_plain(command, room)
                    }
                }
            }
        };
        response.encode()
    }

    fn answer_protected(&mut self, command: Command) -> Response {
        let Some(messaging) = self.volatile.messaging.as_mut() else {
            return Response::status(StatusWord::NO_SECURE_MESSAGING);
        };
        let ins = command.ins;
        let plain = match messaging.open_command(&command) {
            Ok(plain) => plain,
            Err(fault) => {
                self.end_session();
                return Response::status(match fault {
                    rilascio_access::Error::SecureMessaging { why: "no checksum" } => {
                        StatusWord::SM_OBJECT_MISSING
                    }
                    _ => StatusWord::SM_OBJECT_WRONG,
                });
            }
        };
        let outer = if command.extended {
            Command::EXTENDED_LE_MAX
        } else {
            Command::SHORT_LE_MAX
        };
        let room = messaging.plain_bytes_max(outer);
        let response = self.answer_plain(plain, room);
        let next = self.volatile.next_messaging.take();
        let Some(messaging) = self.volatile.messaging.as_mut() else {
            return Response::status(StatusWord::NO_DIAGNOSIS);
        };
        let protected = messaging.protect_response(ins, &response);
        if next.is_some() {
            self.volatile.messaging = next;
        }
        protected.unwrap_or(Response::status(StatusWord::NO_DIAGNOSIS))
    }

    /// `room` is the most data that the response may carry.
    fn answer_plain(&mut self, command: Command, room: usize) -> Response {
        let command = match self.whole(command) {
            Ok(Some(command)) => command,
            Ok(None) => return Response::data(Vec::new()),
            Err(status) => return Response::status(status),
        };
        let result = match command.ins {
            0xA4 => self.select(&command),
            0xB0 => self.read_binary(&command, room),
            0xB1 => self.read_binary_odd(&command, room),
            0x84 => self.get_challenge(&command),
            0x82 => self.external_authenticate(&command),
            0x22 => self.set_security_environment(&command),
            0x86 => self.general_authenticate(&command),
            0x88 => self.internal_authenticate(&command),
            _ => Err(StatusWord::UNKNOWN_INSTRUCTION),
        };
        // A session that begins outside secure messaging begins at once.
        if self.volatile.messaging.is_none() {
            self.volatile.messaging = self.volatile.next_messaging.take();
        }
        match result {
            Ok(response) => response,
            Err(status) => Response::status(status),
        }
    }

    /// GENERAL AUTHENTICATE answers every link of a chain; of other commands the links are put together.
    fn whole(&mut self, command: Command) -> Result<Option<Command>, StatusWord> {
        if command.ins == GENERAL_AUTHENTICATE {
            Ok(Some(command))
        } else {
            self.collect(command)
        }
    }

    /// Collects the links of a chain; gives the whole command with its last one.
    pub(crate) fn collect(&mut self, command: Command) -> Result<Option<Command>, StatusWord> {
        let head = [command.ins, command.p1, command.p2];
        let mut chain = std::mem::take(&mut self.volatile.chain);
        if chain.as_ref().is_some_and(|chain| chain.head != head) {
            return Err(StatusWord::CHAIN_EXPECTED);
        }
        if chain.is_none() && !command.is_chained() {
            return Ok(Some(command));
        }
        let chain_data = &mut chain
            .get_or_insert_with(|| Chain {
                head,
                data: Zeroizing::default(),
            })
            .data;
        if chain_data.len() + command.data.len() > Self::CHAIN_BYTES_MAX {
            return Err(StatusWord::WRONG_LENGTH);
        }
        chain_data.extend_from_slice(&command.data);
        if command.is_chained() {
            self.volatile.chain = chain;
            return Ok(None);
        }
        let data = chain_data.to_vec();
        Ok(Some(Command { data, ..command }))
    }

    /// A plain command or a broken message: the keys are gone, and with them every right.
    fn end_session(&mut self) {
        if self.volatile.messaging.is_some() {
            self.volatile.messaging = None;
            self.volatile.current = None;
            self.volatile.authentication = Authentication::default();
        }
    }

    /// Whether a file may be read now.
    pub(crate) fn may_read(&self, access: ReadAccess) -> bool {
        match access {
            ReadAccess::Always => true,
            ReadAccess::Session => self.volatile.messaging.is_some(),
            // Terminal Authentication is not there yet, so nobody has the right.
            ReadAccess::Terminal => false,
        }
    }
}

impl CardChannel for Chip {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ChannelError> {
        Ok(self.answer(command))
    }
}
