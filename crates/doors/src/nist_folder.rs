//! Transactions in folders: whoever puts `NAME.nist` into `in` finds the answer as `out/NAME.nist`. Requests do not stay: they
//! hold fingerprints.

use crate::nist_transactions::{NistDoor, Outcome};
use crate::{Error, Result};
use jiff::civil::Date;
use rilascio_store::files::{make_folder, write_whole};
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
    pub refused: usize,
    /// Transactions that wait: they could not be done now, or their files cannot be read.
    pub waiting: usize,
}

fn fault(path: &Path, why: impl ToString) -> Error {
    Error::File {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}

/// Files of the folder that wait; a link or a pipe is none.
fn waiting(folder: &Path) -> Result<Vec<PathBuf>> {
    let plain = |path: &PathBuf| {
        let known = std::fs::symlink_metadata(path);
        known.is_ok_and(|known| known.is_file())
    };
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|why| fault(folder, why))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
        .filter(plain)
        .collect();
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than may be: the door refuses what is cut off.
    File::open(path)?
        .take(BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Answers one file; it goes when its answer is on the disk.
fn handle(door: &NistDoor, path: &Path, outbox: &Path, today: Date) -> Result<Outcome> {
    let name = path.file_name().ok_or_else(|| fault(path, "no name"))?;
    let bytes = read(path).map_err(|why| fault(path, why))?;
    let answered = catch_unwind(AssertUnwindSafe(|| door.answer(&bytes, today)));
    let (outcome, answer) = answered.map_err(|_| Error::Internal {
        why: format!("{} made the program fail", path.display()),
    })?;
    if outcome != Outcome::NotNow {
        write_whole(&outbox.join(name), &answer, false)?;
        std::fs::remove_file(path).map_err(|why| fault(path, why))?;
    }
    Ok(outcome)
}

/// Handles every transaction that waits in a folder. A file is written under another name and renamed to `.nist` when it
/// is whole. A request that was answered before a crash is answered again, with the same effect.
///
/// # Errors
/// When the folder cannot be used; a file that cannot be used does not hold up the others.
pub fn watch_folder(door: &NistDoor, folder: &Path, today: Date) -> Result<Handled> {
    let (inbox, outbox) = (folder.join("in"), folder.join("out"));
    make_folder(&inbox)?;
    make_folder(&outbox)?;
    let mut handled = Handled::default();
    for path in waiting(&inbox)? {
        match handle(door, &path, &outbox, today) {
            Ok(Outcome::Done) => handled.done += 1,
            Ok(Outcome::Refused) => handled.refused += 1,
            Ok(Outcome::NotNow) => handled.waiting += 1,
            Err(why) => {
                handled.waiting += 1;
                tracing::error!(fault = %why, "a transaction of the folder");
            }
        }
    }
    Ok(handled)
}
