//! Images of prints in files.

use crate::fault::Fault;
use rilascio_biometrics::{GreyImage, read_print};
use std::path::Path;

/// The largest file of a print.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// True for a name that an image of a print can have.
pub(crate) fn is_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ["tif", "tiff", "png", "bmp", "pgm", "jpg", "jpeg", "wsq"]
            .contains(&ending.to_ascii_lowercase().as_str())
    })
}

/// Reads the image of a print at a resolution in pixels per inch.
pub(crate) fn read(path: &Path, resolution: u16) -> Result<GreyImage, Fault> {
    let size = std::fs::metadata(path)
        .map_err(|why| Fault::file(path, why))?
        .len();
    if size > FILE_BYTES_MAX {
        return Err(Fault::file(path, format!("{size} bytes are no print")));
    }
    let bytes = std::fs::read(path).map_err(|why| Fault::file(path, why))?;
    read_print(&bytes, resolution).map_err(|why| Fault::file(path, why))
}
