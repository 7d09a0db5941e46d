//! A picture in colours, and its brightness.

use crate::Result;
use crate::image_file::decode;
use image::RgbImage;

/// The most memory of a decoder, in bytes.
const MEMORY_MAX: u64 = 512 * 1024 * 1024;

/// Reads a portrait: PNG or JPEG.
pub(super) fn read(bytes: &[u8]) -> Result<RgbImage> {
    Ok(decode(bytes, "portrait", MEMORY_MAX)?.into_rgb8())
}

/// The brightness of every pixel, 0 to 255.
pub(super) struct Luma {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

impl Luma {
    pub(super) fn of(picture: &RgbImage) -> Self {
        Self {
            width: picture.width() as usize,
            height: picture.height() as usize,
            values: picture
                .pixels()
                .map(|pixel| {
                    let [r, g, b] = pixel.0.map(f32::from);
                    0.299 * r + 0.587 * g + 0.114 * b
                })
                .collect(),
        }
    }

    /// The value at the nearest pixel inside.
    pub(super) fn near(&self, x: f32, y: f32) -> f32 {
        let x = (x.max(0.0) as usize).min(self.width - 1);
        let y = (y.max(0.0) as usize).min(self.height - 1);
        self.values[y * self.width + x]
    }

    /// The mean of a square around a place.
    pub(super) fn mean_around(&self, x: f32, y: f32, side: f32) -> f32 {
        let reach = (side / 2.0).floor() as i32;
        let (mut sum, mut count) = (0.0, 0.0);
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                sum += self.near(x + dx as f32, y + dy as f32);
                count += 1.0;
            }
        }
        sum / count
    }

    /// The picture, smaller by a factor.
    pub(super) fn reduced(&self, step: f32) -> Self {
        let side = |length: usize| ((length as f32 / step) as usize).max(1);
        let (width, height) = (side(self.width), side(self.height));
        let values = (0..width * height)
            .map(|n| {
                let (x, y) = ((n % width) as f32 + 0.5, (n / width) as f32 + 0.5);
                self.mean_around(x * step, y * step, step)
            })
            .collect();
        Self {
            width,
            height,
            values,
        }
    }
}
