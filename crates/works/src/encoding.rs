//! Chip encoding: the commands that a production line sends through the secure channel, the last of which locks.

use crate::preparation::DataSet;
use crate::{Error, Result};
use rand_core::CryptoRng;
use rilascio_access::apdu::{Command, StatusWord};
use rilascio_access::channel::CardChannel;
use rilascio_access::scp03::{Host, SERIAL_BYTES, Session, TransportKeys};
use rilascio_chip::personalisation::{
    APPLICATION, CREATE_FILE, DataKind, LOCK, PUT_DATA, SET_STATUS, TRANSPARENT_FILE,
    UPDATE_BINARY, UPDATE_BINARY_ODD,
};
use rilascio_chip::{Chip, ReadAccess};
use rilascio_mrtd::lds::FileId;
use rilascio_mrtd::tlv;

/// Data of one UPDATE BINARY, in bytes: with padding and MAC it fits a short APDU, which every reader carries.
const CHUNK_BYTES: usize = 223;
/// Beyond this offset UPDATE BINARY needs its odd form.
const SHORT_OFFSET_MAX: usize = 0x7FFF;

/// A line with an open channel to one chip.
struct Line<'a> {
    channel: &'a mut dyn CardChannel,
    session: Session,
}

/// Personalises a blank chip and locks it. `master` is the key of its batch; `progress` hears bytes done and in all.
///
/// # Errors
/// When the chip refuses a command, or does not hold the keys of its batch.
pub fn personalise(
    channel: &mut dyn CardChannel,
    master: &[u8],
    data: &DataSet,
    rng: &mut dyn CryptoRng,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<()> {
    let host = Host::new(rng);
    let answer = channel.send(&host.initialize_update())?;
    accept("INITIALIZE UPDATE", answer.status)?;
    let keys = |serial: &[u8; SERIAL_BYTES]| TransportKeys::diversify(master, serial);
    let (command, session) = host.finish(&answer.data, keys)?;
    accept("EXTERNAL AUTHENTICATE", channel.send(&command)?.status)?;
    let mut line = Line { channel, session };
    let total: usize = data.files.values().map(Vec::len).sum();
    let mut done = 0;
    for in_master_file in [true, false] {
        if !in_master_file {
            let fcp = tlv::encode(0x62, &tlv::encode(0x84, &FileId::AID));
            line.send("CREATE FILE", CREATE_FILE, APPLICATION, 0, &fcp)?;
        }
        for (file, content) in &data.files {
            if file.is_in_master_file() == in_master_file {
                line.write(*file, content)?;
                done += content.len();
                progress(done, total);
            }
        }
    }
    line.store_secrets(data)?;
    line.send("SET STATUS", SET_STATUS, LOCK.0, LOCK.1, &[])
}

/// A virtual chip, personalised by the same commands and locked. `chip_rng` is the chip's own source, `rng` the line's.
///
/// # Errors
/// When the chip refuses a command.
pub fn virtual_chip(
    data: &DataSet,
    chip_rng: Box<dyn CryptoRng + Send>,
    rng: &mut dyn CryptoRng,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Chip> {
    let mut master = zeroize::Zeroizing::new([0; 16]);
    rng.fill_bytes(&mut master[..]);
    let mut serial = [0; SERIAL_BYTES];
    rng.fill_bytes(&mut serial);
    let keys = TransportKeys::diversify(&master[..], &serial)?;
    let mut chip = Chip::blank(serial, keys, data.secrets.bytes, chip_rng);
    personalise(&mut chip, &master[..], data, rng, progress)?;
    Ok(chip)
}

impl Line<'_> {
    fn send(&mut self, name: &'static str, ins: u8, p1: u8, p2: u8, data: &[u8]) -> Result<()> {
        let mut command = Command {
            cla: 0x80,
            ..Command::new(ins, p1, p2, data, None)
        };
        let protected = self.session.protect(&command)?;
        zeroize::Zeroize::zeroize(&mut command.data);
        accept(name, self.channel.send(&protected)?.status)
    }

    fn write(&mut self, file: FileId, content: &[u8]) -> Result<()> {
        let access = match file {
            FileId::AtrInfo | FileId::Dir | FileId::CardAccess => ReadAccess::Always,
            FileId::Dg(group) if group.is_sensitive() => ReadAccess::Terminal,
            _ => ReadAccess::Session,
        };
        let size = (content.len() as u32).to_be_bytes();
        let fcp = tlv::encode_all(
            0x62,
            &[
                tlv::encode(0x80, &size[1..]),
                tlv::encode(0x83, &file.fid().to_be_bytes()),
                tlv::encode(0x88, &[file.sfi() << 3]),
                tlv::encode(0x86, &[access as u8]),
            ],
        );
        self.send("CREATE FILE", CREATE_FILE, TRANSPARENT_FILE, 0, &fcp)?;
        for (n, chunk) in content.chunks(CHUNK_BYTES).enumerate() {
            let offset = n * CHUNK_BYTES;
            if offset <= SHORT_OFFSET_MAX {
                let [high, low] = (offset as u16).to_be_bytes();
                self.send("UPDATE BINARY", UPDATE_BINARY, high, low, chunk)?;
            } else {
                let offset = (offset as u32).to_be_bytes();
                let data = [tlv::encode(0x54, &offset[1..]), tlv::encode(0x53, chunk)].concat();
                self.send("UPDATE BINARY", UPDATE_BINARY_ODD, 0, 0, &data)?;
            }
        }
        Ok(())
    }

    fn store(&mut self, kind: DataKind, data: &[u8]) -> Result<()> {
        self.send("PUT DATA", PUT_DATA, 0x01, kind as u8, data)
    }

    fn store_secrets(&mut self, data: &DataSet) -> Result<()> {
        let secrets = &data.secrets;
        self.store(DataKind::MrzInformation, secrets.mrz_information.as_bytes())?;
        if let Some(can) = &secrets.can {
            self.store(DataKind::Can, can.as_bytes())?;
        }
        self.store(DataKind::AllowBac, &[u8::from(secrets.allows_bac)])?;
        if let Some(key) = &secrets.chip_authentication {
            let bytes = zeroize::Zeroizing::new([&[0], &key.to_bytes()[..]].concat());
            self.store(DataKind::ChipAuthenticationKey, &bytes)?;
        }
        if let Some((key, hash)) = &secrets.active_authentication {
            let bytes = zeroize::Zeroizing::new([&[*hash as u8], &key.to_bytes()[..]].concat());
            self.store(DataKind::ActiveAuthenticationKey, &bytes)?;
        }
        Ok(())
    }
}

fn accept(command: &'static str, status: StatusWord) -> Result<()> {
    if status == StatusWord::SUCCESS {
        Ok(())
    } else {
        Err(Error::ChipRefused { command, status })
    }
}
