//! A grey image of a fingerprint, with its resolution.

use crate::extraction::resampled;
use crate::{Error, Result};

/// The most pixels of a print: four fingers at 1000 pixels per inch.
const PIXELS_MAX: usize = 32 << 20;
/// Resolutions that a print can have, in pixels per inch.
const RESOLUTIONS: std::ops::RangeInclusive<u16> = 250..=1200;

/// An 8-bit grey image, ridges dark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GreyImage {
    width: u32,
    height: u32,
    resolution: u16,
    pixels: Vec<u8>,
}

impl GreyImage {
    /// An image of `width` × `height` pixels, row by row, at a resolution in pixels per inch.
    ///
    /// # Errors
    /// [`Error::Size`] when the pixels are not as many as the sides say, or too many; [`Error::Resolution`] when no ridge
    /// could be told at that resolution.
    pub fn new(width: u32, height: u32, resolution: u16, pixels: Vec<u8>) -> Result<Self> {
        let count = u64::from(width) * u64::from(height);
        if count == 0 || count > PIXELS_MAX as u64 || count != pixels.len() as u64 {
            return Err(Error::Size {
                width,
                height,
                why: "it has as many pixels as its sides say, and at most 32 million",
            });
        }
        if !RESOLUTIONS.contains(&resolution) {
            return Err(Error::Resolution { resolution });
        }
        Ok(Self {
            width,
            height,
            resolution,
            pixels,
        })
    }

    /// The image at another resolution, in pixels per inch.
    ///
    /// # Errors
    /// [`Error::Resolution`] or [`Error::Size`] when there can be no such image.
    pub fn at_resolution(&self, resolution: u16) -> Result<Self> {
        if self.resolution == resolution {
            return Ok(self.clone());
        }
        let (width, height, pixels) = resampled(self, resolution);
        Self::new(width, height, resolution, pixels)
    }

    /// Width, in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height, in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Resolution, in pixels per inch.
    #[must_use]
    pub fn resolution(&self) -> u16 {
        self.resolution
    }

    /// The pixels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }
}
