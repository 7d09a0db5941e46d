//! Pictures as a laser burns them: black, with the darkness in the alpha channel, so that light parts show the blank.

use crate::{Error, Result};
use image::{DynamicImage, GrayImage, ImageEncoder, ImageReader, Limits, RgbImage, imageops};
use std::io::Cursor;

/// The largest side of a picture, in pixels.
const SIDE_MAX: u32 = 10_000;
/// The most memory that decoding a picture may take, in bytes.
const ALLOCATION_MAX: u64 = 256 << 20;
/// The share of pixels that the contrast stretch lets reach black or white (Doc 9303-3: below 0.1 %).
const CLIPPED_SHARE: f64 = 0.000_9;

/// Decodes a PNG or JPEG picture; anything transparent is laid on white.
///
/// # Errors
/// [`Error::Picture`] when it is neither, or too large.
pub fn open_picture(bytes: &[u8]) -> Result<RgbImage> {
    let refuse = |fault: &dyn std::fmt::Display| Error::Picture {
        why: fault.to_string(),
    };
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|fault| refuse(&fault))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(ALLOCATION_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(|fault| refuse(&fault))?;
    if !picture.color().has_alpha() {
        return Ok(picture.to_rgb8());
    }
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.to_rgba8().pixels()) {
        let alpha = u32::from(from[3]);
        for channel in 0..3 {
            let value = u32::from(from[channel]) * alpha + 255 * (255 - alpha);
            to[channel] = (value / 255) as u8;
        }
    }
    Ok(flat)
}

/// A picture ready to be burnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    png: Vec<u8>,
}

impl Stamp {
    /// A portrait: cut to the shape of its zone (never stretched), grey, contrast stretched.
    ///
    /// # Errors
    /// [`Error::Picture`] when it cannot be written.
    pub fn portrait(picture: &RgbImage, width_mm: f32, height_mm: f32, dpi: f32) -> Result<Self> {
        let pixels = |mm: f32| (mm / 25.4 * dpi).round().clamp(1.0, SIDE_MAX as f32) as u32;
        let cut = crop_to_shape(picture, width_mm / height_mm);
        let (width, height) = (pixels(width_mm).min(cut.width()), pixels(height_mm));
        let height = height.min(cut.height());
        let sized = imageops::resize(&cut, width, height, imageops::FilterType::Lanczos3);
        Self::burn(&stretch(&DynamicImage::ImageRgb8(sized).to_luma8()))
    }

    /// A signature: what is darker than the paper, nothing else, cut to its ink.
    ///
    /// # Errors
    /// [`Error::Picture`] when there is no ink.
    pub fn signature(picture: &RgbImage) -> Result<Self> {
        const PAPER: u8 = 200;
        let grey = DynamicImage::ImageRgb8(picture.clone()).to_luma8();
        let mut ink: Option<[u32; 4]> = None;
        for (x, y, pixel) in grey.enumerate_pixels() {
            if pixel[0] < PAPER {
                let [left, top, right, bottom] = ink.unwrap_or([x, y, x, y]);
                ink = Some([left.min(x), top.min(y), right.max(x), bottom.max(y)]);
            }
        }
        let [left, top, right, bottom] = ink.ok_or_else(|| Error::Picture {
            why: "the signature has no ink".into(),
        })?;
        let (width, height) = (right - left + 1, bottom - top + 1);
        let mut cut = imageops::crop_imm(&grey, left, top, width, height).to_image();
        for pixel in cut.pixels_mut() {
            if pixel[0] >= PAPER {
                pixel[0] = 255;
            }
        }
        Self::burn(&cut)
    }

    fn burn(grey: &GrayImage) -> Result<Self> {
        let mut pixels = Vec::with_capacity(grey.as_raw().len() * 2);
        for value in grey.as_raw() {
            pixels.extend_from_slice(&[0, 255 - value]);
        }
        let mut png = Vec::new();
        image::codecs::png::PngEncoder::new(&mut png)
            .write_image(
                &pixels,
                grey.width(),
                grey.height(),
                image::ExtendedColorType::La8,
            )
            .map_err(|fault| Error::Picture {
                why: fault.to_string(),
            })?;
        Ok(Self { png })
    }

    /// The picture as a data URI for an SVG.
    #[must_use]
    pub fn data_uri(&self) -> String {
        format!("data:image/png;base64,{}", base64(&self.png))
    }
}

/// The largest middle part of a picture with that ratio of width to height.
fn crop_to_shape(picture: &RgbImage, ratio: f32) -> RgbImage {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let (w, h) = if width / height > ratio {
        (height * ratio, height)
    } else {
        (width, width / ratio)
    };
    let (x, y) = ((width - w) / 2.0, (height - h) / 2.0);
    imageops::crop_imm(
        picture,
        x as u32,
        y as u32,
        w.round() as u32,
        h.round() as u32,
    )
    .to_image()
}

fn stretch(grey: &GrayImage) -> GrayImage {
    let mut histogram = [0u64; 256];
    for value in grey.as_raw() {
        histogram[usize::from(*value)] += 1;
    }
    let spare = (grey.as_raw().len() as f64 * CLIPPED_SHARE) as u64;
    let reach = |values: &mut dyn Iterator<Item = usize>| {
        let mut seen = 0;
        for value in values {
            seen += histogram[value];
            if seen > spare {
                return value;
            }
        }
        0
    };
    let (low, high) = (reach(&mut (0..256)), reach(&mut (0..256).rev()));
    if high <= low {
        return grey.clone();
    }
    let mut out = grey.clone();
    for pixel in out.pixels_mut() {
        let value = usize::from(pixel[0]).clamp(low, high) - low;
        pixel[0] = (value * 255 / (high - low)) as u8;
    }
    out
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let symbol = ALPHABET[(word >> (18 - 6 * place) & 0x3F) as usize];
            out.push(if place <= chunk.len() {
                char::from(symbol)
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_rfc_4648() {
        for (text, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(text.as_bytes()), coded);
        }
    }

    #[test]
    fn portraits_are_cut_and_never_stretched() {
        let picture = RgbImage::from_fn(200, 100, |x, _| image::Rgb([x as u8; 3]));
        let cut = crop_to_shape(&picture, 0.5);
        assert_eq!((cut.width(), cut.height()), (50, 100));
        assert_eq!(cut.get_pixel(0, 0)[0], 75, "from the middle");
    }

    #[test]
    fn a_blank_signature_is_refused() {
        assert!(Stamp::signature(&RgbImage::from_pixel(40, 20, image::Rgb([255; 3]))).is_err());
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        assert!(open_picture(b"").is_err());
        assert!(open_picture(b"\x89PNG\r\n\x1a\n").is_err());
    }
}
