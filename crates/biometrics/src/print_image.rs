//! Images of prints as files hold them: TIFF, PNG, BMP, PGM, JPEG and WSQ.

use crate::{Error, GreyImage, Result, decode_wsq};
use image::{ImageReader, Limits};
use std::io::Cursor;

/// The longest side, in pixels, and the most memory of a decoder, in bytes.
const SIDE_MAX: u32 = 8192;
const MEMORY_MAX: u64 = 256 * 1024 * 1024;

/// Reads the image of a print, of a resolution in pixels per inch unless a WSQ file says another; colours become grey.
///
/// # Errors
/// When the bytes are no such image, or a larger one than a print can be.
pub fn read_print(bytes: &[u8], resolution: u16) -> Result<GreyImage> {
    let fault = |why: &dyn std::fmt::Display| Error::Codec {
        format: "image",
        why: why.to_string(),
    };
    if bytes.starts_with(&[0xFF, 0xA0]) {
        let found = decode_wsq(bytes)?;
        // What the file says of itself goes before what is usual.
        let resolution = found.resolution.unwrap_or(resolution);
        return GreyImage::new(found.width, found.height, resolution, found.pixels);
    }
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|why| fault(&why))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let grey = reader.decode().map_err(|why| fault(&why))?.into_luma8();
    let (width, height) = grey.dimensions();
    GreyImage::new(width, height, resolution, grey.into_raw())
}
