//! Transactions in folders: whoever puts `NAME.nist` into `in` finds the answer as `out/NAME.nist`, and the request in `done`
//! or `failed`.

use crate::nist_transactions::NistDoor;
use crate::{Error, Result};
use jiff::civil::Date;
use rilascio_store::files::{make_folder, write_whole};
use std::path::{Path, PathBuf};

/// The largest transaction, in bytes.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
const ENDING: &str = "nist";

/// What became of the files of one look into a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Handled {
    /// Transactions that were done.
    pub done: usize,
    /// Transactions that were answered with an error.
    pub failed: usize,
}

fn fault(path: &Path, why: impl ToString) -> Error {
    Error::File {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}

fn waiting(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|why| fault(folder, why))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
        .collect();
    found.sort();
    Ok(found)
}

/// Handles every transaction that waits in a folder. A file is written under another name and renamed to `.nist` when it
/// is whole. A request that was answered before a crash is answered again, with the same effect.
///
/// # Errors
/// When the folder cannot be used.
pub fn watch_folder(door: &NistDoor, folder: &Path, today: Date) -> Result<Handled> {
    let place = |name: &str| -> Result<PathBuf> {
        let path = folder.join(name);
        make_folder(&path)?;
        Ok(path)
    };
    let (inbox, outbox) = (place("in")?, place("out")?);
    let (kept, refused) = (place("done")?, place("failed")?);
    let mut handled = Handled::default();
    for path in waiting(&inbox)? {
        let Some(name) = path.file_name() else {
            continue;
        };
        let size = std::fs::metadata(&path).map_err(|why| fault(&path, why))?;
        let bytes = if size.len() > BYTES_MAX {
            Vec::new()
        } else {
            std::fs::read(&path).map_err(|why| fault(&path, why))?
        };
        let (done, answer) = door.answer(&bytes, today);
        write_whole(&outbox.join(name), &answer, false)?;
        let to = if done { &kept } else { &refused };
        std::fs::rename(&path, to.join(name)).map_err(|why| fault(&path, why))?;
        if done {
            handled.done += 1;
        } else {
            handled.failed += 1;
        }
    }
    Ok(handled)
}
