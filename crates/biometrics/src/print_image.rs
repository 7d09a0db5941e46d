//! Images of prints as files hold them: TIFF, PNG, BMP, PGM, JPEG and WSQ.

use crate::image_file::decode;
use crate::{GreyImage, Result, decode_wsq};

/// The most memory of a decoder, in bytes.
const MEMORY_MAX: u64 = 256 * 1024 * 1024;

/// Reads the image of a print, of a resolution in pixels per inch unless a WSQ file says another; colours become grey.
///
/// # Errors
/// When the bytes are no such image, or a larger one than a print can be.
pub fn read_print(bytes: &[u8], resolution: u16) -> Result<GreyImage> {
    if bytes.starts_with(&[0xFF, 0xA0]) {
        let found = decode_wsq(bytes)?;
        // What the file says of itself goes before what is usual.
        let resolution = found.resolution.unwrap_or(resolution);
        return GreyImage::new(found.width, found.height, resolution, found.pixels);
    }
    let grey = decode(bytes, "image", MEMORY_MAX)?.into_luma8();
    let (width, height) = grey.dimensions();
    GreyImage::new(width, height, resolution, grey.into_raw())
}
