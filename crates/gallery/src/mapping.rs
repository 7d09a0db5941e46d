//! A file of a finished segment, mapped into memory: the only place with unsafe code.

use crate::{Error, Result};
use memmap2::Mmap;
use std::fs::File;
use std::path::Path;

/// Maps a finished file.
#[allow(unsafe_code, reason = "mapping a file is unsafe by nature")]
pub(crate) fn map(path: &Path) -> Result<Mmap> {
    let file = File::open(path).map_err(|why| Error::file(path, why))?;
    // SAFETY: a segment is written once, beside its place, and renamed; nobody writes or shortens it while it is mapped:
    // the folder is locked by this process, and a segment is destroyed only after its mapping is gone.
    unsafe { Mmap::map(&file) }.map_err(|why| Error::file(path, why))
}
