//! The log: what came since the last segment. Every entry is on the disk before it counts.

use crate::record::{Record, check_subject};
use crate::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"RILGLOG1";
/// Before each batch: its length, the complement of it, a check sum.
const HEAD: usize = 12;
/// The largest batch.
const BATCH_MAX: usize = 256 << 20;
/// The largest log that is read: far more than the entries that make a segment.
const LOG_MAX: u64 = 4 << 30;
const ENROL: u8 = 1;
const ERASE: u8 = 2;

/// What can be in a log.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Enrol(Box<Record>),
    Erase(String),
}

impl Entry {
    fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Enrol(record) => [&[ENROL][..], &record.to_bytes()].concat(),
            Self::Erase(subject) => [&[ERASE], subject.as_bytes()].concat(),
        }
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        match *kind {
            ENROL => Some(Self::Enrol(Box::new(Record::from_bytes(rest)?))),
            ERASE => {
                let subject = std::str::from_utf8(rest).ok()?;
                check_subject(subject).ok()?;
                Some(Self::Erase(subject.to_owned()))
            }
            _ => None,
        }
    }
}

/// A log that is written to.
pub(crate) struct Log {
    file: File,
    path: PathBuf,
    length: u64,
    /// A failed write could not be taken back: nothing is written after it.
    broken: bool,
}

impl Log {
    /// A new log.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let fault = |why: std::io::Error| Error::file(path, why);
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true).read(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(path).map_err(fault)?;
        file.write_all(MAGIC).map_err(fault)?;
        file.sync_all().map_err(fault)?;
        if let Some(folder) = path.parent() {
            rilascio_store::files::sync_folder(folder)?;
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            length: MAGIC.len() as u64,
            broken: false,
        })
    }

    /// Opens a log and gives what is in it; an entry that a crash left half written is cut off.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Entry>)> {
        let fault = |why: std::io::Error| Error::file(path, why);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(fault)?;
        let size = file.metadata().map_err(fault)?.len();
        if size > LOG_MAX {
            return Err(Error::damaged(path, "it is larger than a log can be"));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(fault)?;
        let (entries, length) = read_entries(&bytes).map_err(|why| Error::damaged(path, why))?;
        if length as u64 != size {
            file.set_len(length as u64).map_err(fault)?;
            file.sync_all().map_err(fault)?;
        }
        file.seek(SeekFrom::Start(length as u64)).map_err(fault)?;
        let log = Self {
            file,
            path: path.to_owned(),
            length: length as u64,
            broken: false,
        };
        Ok((log, entries))
    }

    /// Appends a batch, all or nothing; it is on the disk when this answers.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> Result<()> {
        if self.broken {
            return Err(Error::file(
                &self.path,
                "an earlier write failed; open the gallery again",
            ));
        }
        let mut body = Vec::new();
        for entry in entries {
            let entry = entry.to_bytes();
            body.extend_from_slice(&(entry.len() as u32).to_le_bytes());
            body.extend_from_slice(&entry);
        }
        if body.len() > BATCH_MAX {
            return Err(Error::file(&self.path, "too many prints in one go"));
        }
        let length = body.len() as u32;
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&(!length).to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        let written = self
            .file
            .write_all(&bytes)
            .and_then(|()| self.file.sync_data());
        if let Err(why) = written {
            // What may be there in part is taken back, so that the next batch does not follow it.
            let taken_back = self
                .file
                .set_len(self.length)
                .and_then(|()| self.file.seek(SeekFrom::Start(self.length)))
                .and_then(|_| self.file.sync_all());
            self.broken = taken_back.is_err();
            return Err(Error::file(&self.path, why));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Nothing is written to it any more.
    pub(crate) fn retire(&mut self) {
        self.broken = true;
    }
}

/// How many whole entries the bytes of a log hold.
///
/// # Errors
/// Why they are no log.
pub fn log_entries(bytes: &[u8]) -> Result<usize, String> {
    Ok(read_entries(bytes)?.0.len())
}

/// The body of the batch that begins here, if it is whole.
fn batch(bytes: &[u8], place: usize) -> Option<&[u8]> {
    let head = bytes.get(place..place + HEAD)?;
    let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|n| head[at + n]));
    let length = number(0);
    if length != !number(4) || length == 0 || length as usize > BATCH_MAX {
        return None;
    }
    let start = place + HEAD;
    let body = bytes.get(start..start.checked_add(length as usize)?)?;
    (crc32fast::hash(body) == number(8)).then_some(body)
}

/// The entries of a log, and where the last whole batch ends.
fn read_entries(bytes: &[u8]) -> Result<(Vec<Entry>, usize), String> {
    if bytes.get(..MAGIC.len()) != Some(MAGIC) {
        return Err("it is no log of this version".into());
    }
    let mut entries = Vec::new();
    let mut place = MAGIC.len();
    while place < bytes.len() {
        let Some(body) = batch(bytes, place) else {
            // Each batch is synced before the next begins: only the last can be half written, and nothing whole follows.
            if (place + 1..bytes.len()).any(|later| batch(bytes, later).is_some()) {
                return Err(format!("the batch at byte {place} is damaged"));
            }
            break;
        };
        let other = || format!("the batch at byte {place} is of another version");
        let mut rest = body;
        while !rest.is_empty() {
            let (head, tail) = rest.split_at_checked(4).ok_or_else(other)?;
            let length = u32::from_le_bytes(std::array::from_fn(|n| head[n])) as usize;
            let (entry, tail) = tail.split_at_checked(length).ok_or_else(other)?;
            entries.push(Entry::from_bytes(entry).ok_or_else(other)?);
            rest = tail;
        }
        place += HEAD + body.len();
    }
    Ok((entries, place))
}
