//! SELECT and READ BINARY (ISO/IEC 7816-4, 11.2.2 and 11.3.3; Doc 9303-10, 3.6).

use crate::chip::Chip;
use crate::files::{Place, ReadAccess};
use rilascio_access::apdu::{Command, Response, StatusWord};
use rilascio_mrtd::tlv;

type Answer = Result<Response, StatusWord>;

const MASTER_FILE: u16 = 0x3F00;
const OFFSET: u32 = 0x54;
const DISCRETIONARY_DATA: u32 = 0x53;

impl Chip {
    pub(crate) fn select(&mut self, command: &Command) -> Answer {
        match command.p1 {
            0x04 => self.select_by_name(command),
            0x00 | 0x02 | 0x08 | 0x09 => self.select_by_identifier(command),
            _ => Err(StatusWord::WRONG_PARAMETERS),
        }
    }

    fn select_by_name(&mut self, command: &Command) -> Answer {
        let found = self
            .files
            .directory(Place::Application)
            .is_some_and(|directory| {
                !command.data.is_empty() && directory.aid.starts_with(&command.data)
            });
        if !found {
            return Err(StatusWord::NOT_FOUND);
        }
        self.enter(Place::Application);
        self.control_information(command, None)
    }

    fn select_by_identifier(&mut self, command: &Command) -> Answer {
        if command.p1 == 0x00 && command.data.is_empty() {
            self.enter(Place::MasterFile);
            return self.control_information(command, None);
        }
        // A path ends with the file; the directories on the way are implied by it.
        let (_, fid) = command
            .data
            .split_last_chunk::<2>()
            .ok_or(StatusWord::WRONG_DATA)?;
        if command.data.len() > 2 && matches!(command.p1, 0x00 | 0x02) {
            return Err(StatusWord::WRONG_DATA);
        }
        let fid = u16::from_be_bytes(*fid);
        if fid == MASTER_FILE {
            self.enter(Place::MasterFile);
            return self.control_information(command, None);
        }
        let place = if command.p1 == 0x08 {
            Place::MasterFile
        } else {
            self.volatile.place
        };
        let file = self.files.file(place, fid).ok_or(StatusWord::NOT_FOUND)?;
        if file.access != ReadAccess::Always && !self.may_read(ReadAccess::Session) {
            return Err(StatusWord::SECURITY_STATUS);
        }
        self.volatile.place = place;
        self.volatile.current = Some(fid);
        self.control_information(command, Some(fid))
    }

    fn enter(&mut self, place: Place) {
        self.volatile.place = place;
        self.volatile.current = None;
    }

    /// What SELECT answers: nothing, or a template with size and identifier of the file, or the name.
    fn control_information(&self, command: &Command, fid: Option<u16>) -> Answer {
        if command.p2 & 0x0C == 0x0C || command.le.is_none() {
            return Ok(Response::data(Vec::new()));
        }
        let template = if command.p2 & 0x0C == 0x04 {
            0x62
        } else {
            0x6F
        };
        let place = self.volatile.place;
        let mut objects = Vec::new();
        match fid.and_then(|fid| Some((fid, self.files.file(place, fid)?))) {
            Some((fid, file)) => {
                objects.push(tlv::encode(
                    0x80,
                    &(file.content.len() as u32).to_be_bytes()[1..],
                ));
                objects.push(tlv::encode(0x82, &[0x01]));
                objects.push(tlv::encode(0x83, &fid.to_be_bytes()));
                objects.push(tlv::encode(0x88, &[file.sfi << 3]));
            }
            None => match self.files.directory(place) {
                Some(directory) if place == Place::Application => {
                    objects.push(tlv::encode(0x84, &directory.aid));
                }
                _ => objects.push(tlv::encode(0x83, &MASTER_FILE.to_be_bytes())),
            },
        }
        Ok(Response::data(tlv::encode_all(template, &objects)))
    }

    pub(crate) fn read_binary(&mut self, command: &Command, room: usize) -> Answer {
        let offset = if command.p1 & 0x80 != 0 {
            if command.p1 & 0x60 != 0 || matches!(command.p1 & 0x1F, 0 | 31) {
                return Err(StatusWord::WRONG_PARAMETERS);
            }
            self.select_short(command.p1 & 0x1F)?;
            usize::from(command.p2)
        } else {
            usize::from(command.p1) << 8 | usize::from(command.p2)
        };
        let length = command.le.unwrap_or(Command::SHORT_LE_MAX).min(room);
        self.read(offset, length).map(Response::data)
    }

    /// The odd instruction: the offset comes in an object, the data go out in one.
    pub(crate) fn read_binary_odd(&mut self, command: &Command, room: usize) -> Answer {
        match u16::from_be_bytes([command.p1, command.p2]) {
            0 => {}
            sfi @ 1..=30 => self.select_short(sfi as u8)?,
            fid => {
                self.files
                    .file(self.volatile.place, fid)
                    .ok_or(StatusWord::NOT_FOUND)?;
                self.volatile.current = Some(fid);
            }
        }
        let offset = tlv::read_only("READ BINARY", OFFSET, &command.data)
            .map_err(|_| StatusWord::WRONG_DATA)?;
        if offset.is_empty() {
            return Err(StatusWord::WRONG_DATA);
        }
        let offset = unsigned(offset)?;
        let length = command.le.unwrap_or(Command::SHORT_LE_MAX).min(room);
        let data = self.read(offset, object_data_bytes(length))?;
        Ok(Response::data(tlv::encode(DISCRETIONARY_DATA, &data)))
    }

    fn select_short(&mut self, sfi: u8) -> Result<(), StatusWord> {
        let place = self.volatile.place;
        let fid = self
            .files
            .fid_of_sfi(place, sfi)
            .ok_or(StatusWord::NOT_FOUND)?;
        self.volatile.current = Some(fid);
        Ok(())
    }

    fn read(&self, offset: usize, length: usize) -> Result<Vec<u8>, StatusWord> {
        let fid = self.volatile.current.ok_or(StatusWord::NO_CURRENT_FILE)?;
        let file = self
            .files
            .file(self.volatile.place, fid)
            .ok_or(StatusWord::NO_CURRENT_FILE)?;
        if !self.may_read(file.access) {
            return Err(StatusWord::SECURITY_STATUS);
        }
        let size = file.content.len();
        if offset > size {
            return Err(StatusWord::WRONG_OFFSET);
        }
        if offset == size {
            return Err(StatusWord::END_OF_FILE);
        }
        Ok(file.content[offset..size.min(offset + length)].to_vec())
    }
}

/// A number of at most four bytes: an offset or a size.
pub(crate) fn unsigned(bytes: &[u8]) -> Result<usize, StatusWord> {
    if bytes.len() > 4 {
        return Err(StatusWord::WRONG_DATA);
    }
    Ok(bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte)))
}

/// The data that an object of at most `length` bytes holds. Le counts the object's header (ISO/IEC 7816-4, 11.3.3); some
/// readers count the data alone and ask for the last few bytes of a file: these get what they ask for.
fn object_data_bytes(length: usize) -> usize {
    match length {
        0..=4 => length,
        5..=0x81 => length - 2,
        0x82..=0x102 => length - 3,
        _ => length - 4,
    }
}
