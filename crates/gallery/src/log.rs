//! The log: what came since the last segment. Every entry is on the disk before it counts.

use crate::record::{Record, check_subject};
use crate::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"RILGLOG1";
/// Length and check sum before each entry.
const HEAD: usize = 8;
/// The largest entry.
const ENTRY_MAX: usize = 1 << 20;
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
        };
        Ok((log, entries))
    }

    /// Appends entries, all or none; they are on the disk when this answers.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> Result<()> {
        let mut bytes = Vec::new();
        for entry in entries {
            let entry = entry.to_bytes();
            bytes.extend_from_slice(&(entry.len() as u32).to_le_bytes());
            bytes.extend_from_slice(&crc32fast::hash(&entry).to_le_bytes());
            bytes.extend_from_slice(&entry);
        }
        let written = self
            .file
            .write_all(&bytes)
            .and_then(|()| self.file.sync_data());
        if let Err(why) = written {
            // What may be there in part is taken back, so that the next entry does not follow it.
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(Error::file(&self.path, why));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}

/// How many whole entries the bytes of a log hold.
///
/// # Errors
/// Why they are no log.
pub fn log_entries(bytes: &[u8]) -> Result<usize, String> {
    Ok(read_entries(bytes)?.0.len())
}

/// The entries of a log, and where the last whole one ends.
fn read_entries(bytes: &[u8]) -> Result<(Vec<Entry>, usize), String> {
    if bytes.get(..MAGIC.len()) != Some(MAGIC) {
        return Err("it is no log of this version".into());
    }
    let mut entries = Vec::new();
    let mut place = MAGIC.len();
    while let Some(head) = bytes.get(place..place + HEAD) {
        let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|n| head[at + n]));
        let length = number(0) as usize;
        let start = place + HEAD;
        let end = start.saturating_add(length);
        let body = bytes.get(start..end);
        let whole = body.filter(|body| length <= ENTRY_MAX && crc32fast::hash(body) == number(4));
        let Some(body) = whole.filter(|_| length > 0) else {
            // Only the last entry can be half written: what follows it would have been synced after it.
            let rest = &bytes[place..];
            if end >= bytes.len() || rest.iter().all(|byte| *byte == 0) {
                break;
            }
            return Err(format!("the entry at byte {place} is damaged"));
        };
        let entry = Entry::from_bytes(body)
            .ok_or_else(|| format!("the entry at byte {place} is of another version"))?;
        entries.push(entry);
        place = end;
    }
    Ok((entries, place))
}
