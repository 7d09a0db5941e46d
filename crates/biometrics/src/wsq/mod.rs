//! WSQ, the wavelet scalar quantisation of fingerprints (IAFIS-IC-0110).
//!
//! Arithmetic is in `f32` and in the order of the reference implementation, so that files are the same byte for byte.

mod decoder;
mod entropy;
mod file;
mod quantisation;
mod tree;
mod wavelet;

pub use decoder::decode_wsq;

use crate::{Error, Result};

/// Bits per pixel that documents use: about 15:1.
const BIT_RATE: f32 = 0.75;
/// The smallest and largest side, in pixels: below, the wavelet tree has empty bands.
const SIDES: (u32, u32) = (64, 4_096);
/// How often a lower rate is tried.
const ATTEMPTS_MAX: u32 = 12;

/// An image as a WSQ file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsqImage {
    /// Width, in pixels.
    pub width: u32,
    /// Height, in pixels.
    pub height: u32,
    /// Pixels per inch, where the file says.
    pub resolution: Option<u16>,
    /// The pixels, row by row.
    pub pixels: Vec<u8>,
}

/// Codes an 8-bit grey image at 0.75 bits per pixel and 500 pixels per inch.
///
/// # Errors
/// [`Error::Size`].
pub fn encode_wsq(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    encode_at(pixels, width, height, BIT_RATE, 0)
}

/// Codes an 8-bit grey image at 0.75 bits per pixel, or at the highest lower rate that gives at most `bytes_max` bytes.
/// `certificate` is the number under which the FBI certified an implementation; 0 for one that it did not.
///
/// # Errors
/// [`Error::Size`], or [`Error::Codec`] when no usable rate is low enough.
pub fn encode_wsq_within(
    pixels: &[u8],
    width: u32,
    height: u32,
    bytes_max: usize,
    certificate: u16,
) -> Result<Vec<u8>> {
    let mut rate = BIT_RATE;
    for _ in 0..ATTEMPTS_MAX {
        let coded = encode_at(pixels, width, height, rate, certificate)?;
        if coded.len() <= bytes_max {
            return Ok(coded);
        }
        rate *= (bytes_max as f32 / coded.len() as f32).min(0.97);
    }
    let why = format!("it does not get under {bytes_max} bytes");
    Err(Error::Codec { format: "WSQ", why })
}

fn encode_at(
    pixels: &[u8],
    width: u32,
    height: u32,
    rate: f32,
    certificate: u16,
) -> Result<Vec<u8>> {
    let size = |why| Error::Size { width, height, why };
    if width < SIDES.0 || height < SIDES.0 || width > SIDES.1 || height > SIDES.1 {
        return Err(size("a side of a fingerprint has 64 to 4096 pixels"));
    }
    let (w, h) = (width as usize, height as usize);
    if pixels.len() != w * h {
        return Err(size("the samples do not fill it"));
    }
    let (mut samples, shift, scale) = normalise(pixels);
    let tree = tree::Tree::new(w, h);
    wavelet::decompose(&mut samples, w, &tree);
    let bins = quantisation::bins(&samples, w, &tree, rate);
    let blocks = quantisation::quantise(&samples, w, &tree, &bins);
    let facts = file::Facts {
        width: w,
        height: h,
        shift,
        scale,
        rate,
        certificate,
    };
    Ok(file::write(&facts, &bins, &blocks))
}

/// Subtracts the mean and scales; gives samples, mean and scale.
fn normalise(pixels: &[u8]) -> (Vec<f32>, f32, f32) {
    let sum: u64 = pixels.iter().map(|p| u64::from(*p)).sum();
    let shift = sum as f32 / pixels.len() as f32;
    let low = pixels.iter().copied().min().map_or(0.0, f32::from);
    let high = pixels.iter().copied().max().map_or(0.0, f32::from);
    let scale = (shift - low).max(high - shift) / 128.0;
    let samples = if scale == 0.0 {
        vec![0.0; pixels.len()]
    } else {
        pixels
            .iter()
            .map(|p| (f32::from(*p) - shift) / scale)
            .collect()
    };
    (samples, shift, scale)
}
