//! Image files in and out, and text in SVG: what prints and portraits have in common.

use crate::{Error, Result};
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageReader, Limits};
use std::io::Cursor;

/// The longest side of an image, in pixels.
const SIDE_MAX: u32 = 8192;

/// Decodes an image file; `what` names it in a fault, and a decoder that needs more memory than `memory_max` bytes fails.
pub(crate) fn decode(bytes: &[u8], what: &'static str, memory_max: u64) -> Result<DynamicImage> {
    let fault = |why: &dyn std::fmt::Display| Error::Codec {
        format: what,
        why: why.to_string(),
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|why| fault(&why))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(memory_max);
    reader.limits(limits);
    reader.decode().map_err(|why| fault(&why))
}

/// An image as PNG.
pub(crate) fn png(pixels: &[u8], size: (u32, u32), colour: ExtendedColorType) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(pixels, size.0, size.1, colour)
        .map_err(|why| Error::Codec {
            format: "PNG",
            why: why.to_string(),
        })?;
    Ok(bytes)
}

/// Text as it stands in SVG.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
