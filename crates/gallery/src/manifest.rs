//! The manifest: which segments and which log make up the gallery. It is replaced whole.

use crate::{Error, Result};
use rilascio_store::files::{read_if_there, write_whole};
use std::path::{Path, PathBuf};

const NAME: &str = "manifest";
const FIRST_LINE: &str = "rilascio gallery 1";

/// What the gallery is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Manifest {
    pub(crate) log: u64,
    pub(crate) segments: Vec<u64>,
}

impl Manifest {
    /// The manifest of a folder; nothing when it is a new one.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(NAME);
        let Some(bytes) = read_if_there(&path)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Self::parse(&text)
            .map(Some)
            .map_err(|why| Error::damaged(&path, why))
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let (body, crc) = text
            .trim_end()
            .rsplit_once('\n')
            .ok_or("it has no last line")?;
        if crc != format!("crc {:08x}", crc32fast::hash(body.as_bytes())) {
            return Err("its check sum is wrong");
        }
        let mut lines = body.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err("it is of another version");
        }
        let mut found = Self::default();
        for line in lines {
            let (kind, number) = line.split_once(' ').ok_or("a line it cannot have")?;
            let number = number.parse().map_err(|_| "a number that is none")?;
            match kind {
                "log" => found.log = number,
                "segment" => found.segments.push(number),
                _ => return Err("a line it cannot have"),
            }
        }
        Ok(found)
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let mut body = format!("{FIRST_LINE}\nlog {}", self.log);
        for segment in &self.segments {
            body += &format!("\nsegment {segment}");
        }
        let text = format!("{body}\ncrc {:08x}\n", crc32fast::hash(body.as_bytes()));
        Ok(write_whole(&folder.join(NAME), text.as_bytes(), false)?)
    }

    /// The highest number that was given.
    pub(crate) fn last(&self) -> u64 {
        self.segments.iter().copied().fold(self.log, u64::max)
    }
}

pub(crate) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number}.segment"))
}

pub(crate) fn log_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number}.log"))
}
