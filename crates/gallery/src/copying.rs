//! A copy of a gallery while others use it.
//!
//! Segments never change, a log only grows, and both are named by the manifest, which is replaced whole: what one manifest
//! names is one state. A log that grew while it was copied ends in what a crash could have left as well.

use crate::manifest::{Manifest, log_path, segment_path};
use crate::{Error, Result};
use rilascio_store::files::make_folder;
use std::fs::File;
use std::path::Path;

/// How often a copy is begun anew when the gallery was put in order meanwhile.
const ATTEMPTS_MAX: usize = 20;

/// Copies a gallery into a new folder. Whoever is erased afterwards is still in the copy: its term is for whoever keeps it.
///
/// # Errors
/// A file that cannot be read or written; [`Error::InUse`] when the gallery is put in order faster than it can be copied.
pub fn copy_gallery(folder: &Path, to: &Path) -> Result<()> {
    make_folder(to)?;
    for _ in 0..ATTEMPTS_MAX {
        let Some(manifest) = Manifest::read(folder)? else {
            return Ok(());
        };
        let copied = copy_named(&manifest, folder, to);
        let now = Manifest::read(folder)?;
        if now.as_ref() == Some(&manifest) {
            copied?;
            // The manifest comes last: a copy without it is none.
            return manifest.write(to);
        }
        // What was copied is of no manifest any more, and so is what could not be.
        for entry in std::fs::read_dir(to).map_err(|why| Error::file(to, why))? {
            let path = entry.map_err(|why| Error::file(to, why))?.path();
            std::fs::remove_file(&path).map_err(|why| Error::file(&path, why))?;
        }
    }
    Err(Error::InUse {
        path: folder.display().to_string(),
    })
}

fn copy_named(manifest: &Manifest, folder: &Path, to: &Path) -> Result<()> {
    let secret = |folder: &Path| folder.join(crate::gallery::SECRET);
    let mut pairs = vec![(secret(folder), secret(to))];
    for number in &manifest.segments {
        pairs.push((segment_path(folder, *number), segment_path(to, *number)));
    }
    pairs.push((log_path(folder, manifest.log), log_path(to, manifest.log)));
    for (from, to) in pairs {
        std::fs::copy(&from, &to).map_err(|why| Error::file(&from, why))?;
        // The manifest names only what is on the disk.
        let copied = File::options().write(true).open(&to);
        let synced = copied.and_then(|file| file.sync_all());
        synced.map_err(|why| Error::file(&to, why))?;
    }
    Ok(())
}
