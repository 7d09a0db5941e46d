//! Before the chip is locked: the secure channel and the commands that a production line sends through it.
//!
//! | Command | Data |
//! |---|---|
//! | CREATE FILE `80 E0 38 00` | `62 { 84 AID }`: the application; it becomes current |
//! | CREATE FILE `80 E0 01 00` | `62 { 80 size, 83 identifier, 88 short identifier, 86 access }`: a file; it becomes current |
//! | SELECT `80 A4 00 00` | nothing: back to the master file |
//! | UPDATE BINARY `80 D6` offset, `80 D7 00 00` | bytes, or `54 offset` and `53 bytes` beyond 32 KiB |
//! | PUT DATA `80 DA 01` kind | a [`DataKind`] |
//! | SET STATUS `80 F0 80 0F` | nothing: locks the chip for ever |

use crate::authentication::ChipAuthenticationKey;
use crate::chip::{Chip, LifeCycle};
use crate::files::{Place, ReadAccess};
use crate::reading::unsigned;
use rilascio_access::apdu::{Command, Response, StatusWord};
use rilascio_access::scp03;
use rilascio_keys::{HashAlgorithm, PrivateKey};
use rilascio_mrtd::tlv;
use zeroize::{Zeroize, Zeroizing};

/// CREATE FILE.
pub const CREATE_FILE: u8 = 0xE0;
/// UPDATE BINARY with the offset in P1 and P2.
pub const UPDATE_BINARY: u8 = 0xD6;
/// UPDATE BINARY with the offset in a data object.
pub const UPDATE_BINARY_ODD: u8 = 0xD7;
/// PUT DATA.
pub const PUT_DATA: u8 = 0xDA;
/// SET STATUS.
pub const SET_STATUS: u8 = 0xF0;
/// P1 of CREATE FILE for the application.
pub const APPLICATION: u8 = 0x38;
/// P1 of CREATE FILE for a transparent file.
pub const TRANSPARENT_FILE: u8 = 0x01;
/// P1 and P2 of SET STATUS: the whole card, locked.
pub const LOCK: (u8, u8) = (0x80, 0x0F);

/// P2 of PUT DATA: what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum DataKind {
    /// The MRZ information, in ASCII: password of PACE and seed of BAC.
    MrzInformation = 1,
    /// The card access number, six digits in ASCII.
    Can = 2,
    /// Whether BAC is answered: one byte, 0 or 1.
    AllowBac = 3,
    /// A key of Chip Authentication: length of the key id (0 or 1), the id, the key as
    /// [`PrivateKey::to_bytes`] writes it.
    ChipAuthenticationKey = 4,
    /// The key of Active Authentication: the hash as its place in [`HashAlgorithm`], the key.
    ActiveAuthenticationKey = 5,
}

/// The state of the secure channel.
#[derive(Default)]
pub(crate) enum Channel {
    #[default]
    Closed,
    Opening(scp03::Card),
    Open(scp03::Session),
}

impl Chip {
    pub(crate) fn answer_blank(&mut self, command: Command) -> Response {
        match self.personalise(command) {
            Ok(data) => Response::data(data),
            Err(status) => Response::status(status),
        }
    }

    fn personalise(&mut self, command: Command) -> Result<Vec<u8>, StatusWord> {
        let LifeCycle::Blank(keys) = &self.life else {
            return Err(StatusWord::UNKNOWN_CLASS);
        };
        let channel = std::mem::take(&mut self.volatile.channel);
        if !matches!(channel, Channel::Open(_)) {
            self.volatile.chain = None;
        }
        match (command.cla, command.ins, channel) {
            (0x80, scp03::INITIALIZE_UPDATE, _) => {
                let (answer, card) =
                    scp03::Card::begin(keys, &self.serial, &command.data, &mut *self.rng)
                        .map_err(|_| StatusWord::WRONG_LENGTH)?;
                self.volatile.channel = Channel::Opening(card);
                Ok(answer)
            }
            (0x84, scp03::EXTERNAL_AUTHENTICATE, Channel::Opening(card)) => {
                let session = card
                    .finish(&command)
                    .map_err(|_| StatusWord::AUTHENTICATION_FAILED)?;
                self.volatile.channel = Channel::Open(session);
                Ok(Vec::new())
            }
            (0x84 | 0x94, _, Channel::Open(mut session)) => {
                let command = session
                    .open(&command)
                    .map_err(|_| StatusWord::SM_OBJECT_WRONG)?;
                self.volatile.channel = Channel::Open(session);
                let Some(mut command) = self.collect(command)? else {
                    return Ok(Vec::new());
                };
                let done = self.obey(&command);
                command.data.zeroize();
                done
            }
            // Anything else closes the channel.
            _ => Err(StatusWord::CONDITIONS),
        }
    }

    fn obey(&mut self, command: &Command) -> Result<Vec<u8>, StatusWord> {
        match command.ins {
            CREATE_FILE => self.create(command)?,
            0xA4 => {
                self.volatile.place = Place::MasterFile;
                self.volatile.current = None;
            }
            UPDATE_BINARY => {
                let offset = usize::from(u16::from_be_bytes([command.p1, command.p2]));
                self.update(offset, &command.data)?;
            }
            UPDATE_BINARY_ODD => {
                let object = |tag| {
                    tlv::expect("UPDATE BINARY", &command.data, tag)
                        .map_err(|_| StatusWord::WRONG_DATA)
                };
                let offset = object(0x54)?;
                let offset = unsigned(offset)?;
                self.update(offset, object(0x53)?)?;
            }
            PUT_DATA => self.store(command.p2, &command.data)?,
            SET_STATUS if (command.p1, command.p2) == LOCK => {
                self.life = LifeCycle::Locked;
                self.reset();
            }
            _ => return Err(StatusWord::UNKNOWN_INSTRUCTION),
        }
        Ok(Vec::new())
    }

    fn create(&mut self, command: &Command) -> Result<(), StatusWord> {
        let wrong = |_| StatusWord::WRONG_DATA;
        let fcp = tlv::read_only("FCP", 0x62, &command.data).map_err(wrong)?;
        let object = |tag| tlv::expect("FCP", fcp, tag).map_err(wrong);
        if command.p1 == APPLICATION {
            self.files.create_application(object(0x84)?)?;
            self.volatile.place = Place::Application;
            self.volatile.current = None;
            return Ok(());
        }
        let (size, fid) = (object(0x80)?, object(0x83)?);
        let fid = u16::from_be_bytes(fid.try_into().map_err(|_| StatusWord::WRONG_DATA)?);
        let (&[sfi], &[access]) = (object(0x88)?, object(0x86)?) else {
            return Err(StatusWord::WRONG_DATA);
        };
        let size = unsigned(size)?;
        let access = ReadAccess::from_byte(access).ok_or(StatusWord::WRONG_DATA)?;
        self.files
            .create_file(self.volatile.place, fid, sfi >> 3, access, size)?;
        self.volatile.current = Some(fid);
        Ok(())
    }

    fn update(&mut self, offset: usize, data: &[u8]) -> Result<(), StatusWord> {
        let fid = self.volatile.current.ok_or(StatusWord::NO_CURRENT_FILE)?;
        let file = self
            .files
            .file_mut(self.volatile.place, fid)
            .ok_or(StatusWord::NO_CURRENT_FILE)?;
        let end = offset
            .checked_add(data.len())
            .ok_or(StatusWord::WRONG_OFFSET)?;
        let room = file
            .content
            .get_mut(offset..end)
            .ok_or(StatusWord::WRONG_OFFSET)?;
        room.copy_from_slice(data);
        Ok(())
    }

    fn store(&mut self, kind: u8, data: &[u8]) -> Result<(), StatusWord> {
        let wrong = StatusWord::WRONG_DATA;
        let text = || {
            let text = std::str::from_utf8(data).map_err(|_| wrong)?;
            Ok(Some(Zeroizing::new(text.to_owned())))
        };
        let credentials = &mut self.credentials;
        match kind {
            k if k == DataKind::MrzInformation as u8 => credentials.mrz_information = text()?,
            k if k == DataKind::Can as u8 => credentials.can = text()?,
            k if k == DataKind::AllowBac as u8 => credentials.allows_bac = data == [1],
            k if k == DataKind::ChipAuthenticationKey as u8 => {
                let (id, key) = match data {
                    [0, key @ ..] => (None, key),
                    [1, id, key @ ..] => (Some(u64::from(*id)), key),
                    _ => return Err(wrong),
                };
                let PrivateKey::Ec(key) = PrivateKey::from_bytes(key).map_err(|_| wrong)? else {
                    return Err(wrong);
                };
                // A line that tries again replaces what it stored before.
                credentials
                    .chip_authentication
                    .retain(|known| known.id != id);
                credentials
                    .chip_authentication
                    .push(ChipAuthenticationKey { id, key });
            }
            k if k == DataKind::ActiveAuthenticationKey as u8 => {
                use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
                let (&hash, key) = data.split_first().ok_or(wrong)?;
                let hash = [Sha1, Sha224, Sha256, Sha384, Sha512]
                    .into_iter()
                    .find(|known| *known as u8 == hash)
                    .ok_or(wrong)?;
                let key = PrivateKey::from_bytes(key).map_err(|_| wrong)?;
                credentials.active_authentication = Some((key, hash));
            }
            _ => return Err(StatusWord::NO_REFERENCE),
        }
        Ok(())
    }
}
