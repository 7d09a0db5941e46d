//! Files that are whole or not there, and that last through a loss of power.

use crate::{Error, Result};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

/// A file that cannot be read, written or used.
#[must_use]
pub fn fault(path: &Path, why: impl ToString) -> Error {
    Error::File {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}

/// The content of a file, or nothing if it is not there; any other fault is one.
///
/// # Errors
/// [`Error::File`].
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
        Err(why) => Err(fault(path, why)),
    }
}

/// The content of a file that must be there.
///
/// # Errors
/// [`Error::File`].
pub fn must_read(path: &Path) -> Result<Vec<u8>> {
    read_if_there(path)?.ok_or_else(|| fault(path, "there is no such file"))
}

/// Makes a new name in a folder last through a loss of power.
///
/// # Errors
/// [`Error::File`].
pub fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(|why| fault(folder, why))
}

/// Makes a folder, and those above it.
///
/// # Errors
/// [`Error::File`].
pub fn make_folder(folder: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|why| fault(folder, why))
}

/// Writes a file so that it is whole or not there: beside it, synced, then renamed.
///
/// # Errors
/// [`Error::File`].
pub fn write_whole(path: &Path, bytes: &[u8], secret: bool) -> Result<()> {
    write_with(path, secret, |file| {
        file.write_all(bytes).map_err(|why| fault(path, why))
    })
}

/// Writes lines, page after page until one is empty, into a secret file that is whole or not there.
///
/// # Errors
/// [`Error::File`], or what `page` says.
pub fn write_lines<E: From<Error>>(
    path: &Path,
    page: &mut dyn FnMut() -> Result<Vec<String>, E>,
) -> Result<(), E> {
    write_with(path, true, |file| {
        loop {
            let lines = page()?;
            if lines.is_empty() {
                return Ok(());
            }
            let mut text = lines.join("\n");
            text.push('\n');
            file.write_all(text.as_bytes())
                .map_err(|why| fault(path, why))?;
        }
    })
}

/// Writes a file with a function so that it is whole or not there: beside it, synced, then renamed.
///
/// # Errors
/// [`Error::File`], or what the function says.
pub fn write_with<E: From<Error>>(
    path: &Path,
    secret: bool,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    // One that was left behind must not lend its rights to this one.
    let _ = fs::remove_file(&beside);
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&beside).map_err(|why| fault(path, why))?;
    write(&mut file)?;
    file.sync_all()
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|why| fault(path, why))?;
    Ok(path.parent().map_or(Ok(()), sync_folder)?)
}

/// Overwrites a file with zeros, syncs it and removes its name.
///
/// # Errors
/// [`Error::File`].
pub fn destroy(path: &Path) -> Result<()> {
    let wipe = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        let length = file.metadata()?.len();
        file.write_all(&vec![0; usize::try_from(length).unwrap_or(0)])?;
        file.sync_all()?;
        fs::remove_file(path)
    };
    wipe().map_err(|why| fault(path, why))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// The highest number among files `PREFIXnSUFFIX`.
#[must_use]
pub fn highest(folder: &Path, prefix: &str, suffix: &str) -> Option<u64> {
    numbers(folder, prefix, suffix).into_iter().max()
}

/// The numbers of files `PREFIXnSUFFIX`.
#[must_use]
pub fn numbers(folder: &Path, prefix: &str, suffix: &str) -> Vec<u64> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<u64> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            name.strip_prefix(prefix)?
                .strip_suffix(suffix)?
                .parse()
                .ok()
        })
        .collect();
    found.sort_unstable();
    found
}
