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
    // The folder of a bare name is this one.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
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

/// Bytes that are overwritten in one go.
const WIPE: usize = 1 << 20;

/// Overwrites a file with zeros, syncs it and removes its name.
///
/// # Errors
/// [`Error::File`].
pub fn destroy(path: &Path) -> Result<()> {
    let wipe = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        let zeros = vec![0; WIPE];
        let mut left = file.metadata()?.len();
        while left > 0 {
            let chunk = left.min(WIPE as u64);
            file.write_all(&zeros[..chunk as usize])?;
            left -= chunk;
        }
        file.sync_all()?;
        fs::remove_file(path)
    };
    wipe().map_err(|why| fault(path, why))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// The highest number among files `PREFIXnSUFFIX`.
///
/// # Errors
/// [`Error::File`] when the folder is there and cannot be read.
pub fn highest(folder: &Path, prefix: &str, suffix: &str) -> Result<Option<u64>> {
    Ok(numbers(folder, prefix, suffix)?.into_iter().max())
}

/// The numbers of files `PREFIXnSUFFIX`; none where the folder is not there.
///
/// # Errors
/// [`Error::File`] when the folder is there and cannot be read.
pub fn numbers(folder: &Path, prefix: &str, suffix: &str) -> Result<Vec<u64>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(fault(folder, why)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(|why| fault(folder, why))?.file_name();
        let name = name.to_string_lossy();
        let number: Option<u64> = name
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_suffix(suffix))
            .and_then(|number| number.parse().ok());
        found.extend(number);
    }
    found.sort_unstable();
    Ok(found)
}

/// Writes a secret file that must not be there yet; false when it is, and then nothing changes.
///
/// # Errors
/// [`Error::File`].
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<bool> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    write_whole(&beside, bytes, true)?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside).map_err(|why| fault(&beside, why))?;
    match linked {
        Ok(()) => {
            path.parent().map_or(Ok(()), sync_folder)?;
            Ok(true)
        }
        Err(why) if why.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(why) => Err(fault(path, why)),
    }
}
