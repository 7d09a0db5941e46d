//! Portraits in JPEG 2000 (ISO/IEC 15444-1).

use crate::jpeg2000_encoder::encode;
use crate::{Error, Result};
use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

const FORMAT: &str = "JPEG 2000";
/// The largest side of a portrait, in pixels.
const SIDE_MAX: u32 = 4_096;
/// Grey or colour, with or without transparency.
const COMPONENTS_MAX: u16 = 4;
/// How often a smaller size is tried when the encoder misses the limit.
const ATTEMPTS_MAX: u32 = 8;

/// A decoded image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Width, in pixels.
    pub width: u32,
    /// Height, in pixels.
    pub height: u32,
    /// Samples of a pixel: 1 grey, 3 RGB.
    pub channels: u8,
    /// The samples, row by row, pixel by pixel.
    pub samples: Vec<u8>,
}

/// Codes 24-bit RGB pixels into a JP2 file of at most `bytes_max` bytes, in one lossy step.
///
/// # Errors
/// [`Error::Size`], or [`Error::Codec`] when the image does not get that small.
pub fn encode_jpeg2000(rgb: &[u8], width: u32, height: u32, bytes_max: usize) -> Result<Vec<u8>> {
    let size = |why| Error::Size { width, height, why };
    if width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX {
        return Err(size("a side has 1 to 4096 pixels"));
    }
    if rgb.len() != width as usize * height as usize * 3 {
        return Err(size("the samples do not fill it"));
    }
    let mut target = bytes_max;
    for _ in 0..ATTEMPTS_MAX {
        let coded = encode(rgb, width, height, target).map_err(|why| Error::Codec {
            format: FORMAT,
            why,
        })?;
        if coded.len() <= bytes_max {
            return Ok(coded);
        }
        target = target.saturating_sub(coded.len() - bytes_max + 64);
    }
    Err(Error::Codec {
        format: FORMAT,
        why: format!("it does not get under {bytes_max} bytes"),
    })
}

/// Decodes a JP2 file or a bare codestream.
///
/// # Errors
/// [`Error::Size`] or [`Error::Codec`].
pub fn decode_jpeg2000(bytes: &[u8]) -> Result<Pixels> {
    let fault = |why: &dyn std::fmt::Debug| Error::Codec {
        format: FORMAT,
        why: format!("{why:?}"),
    };
    check_components(bytes)?;
    let image = Image::new(bytes, &DecodeSettings::default()).map_err(|why| fault(&why))?;
    let (width, height) = (image.width(), image.height());
    if width > SIDE_MAX || height > SIDE_MAX {
        return Err(Error::Size {
            width,
            height,
            why: "a side has at most 4096 pixels",
        });
    }
    let channels = image.color_space().num_channels() + u8::from(image.has_alpha());
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|why| fault(&why))?;
    Ok(Pixels {
        width,
        height,
        channels,
        samples: decoded.data_u8(),
    })
}

/// Refuses codestreams of more components than a picture has: each takes memory of the whole picture.
fn check_components(bytes: &[u8]) -> Result<()> {
    const START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];
    /// From the start of the codestream to the number of components (ISO/IEC 15444-1, A.5.1).
    const COUNT: usize = 40;
    let starts = bytes
        .windows(4)
        .enumerate()
        .filter(|(_, four)| **four == START);
    for (place, _) in starts {
        let count = bytes.get(place + COUNT..place + COUNT + 2);
        let count = count.map_or(0, |two| u16::from_be_bytes([two[0], two[1]]));
        if count > COMPONENTS_MAX {
            return Err(Error::Codec {
                format: FORMAT,
                why: format!("{count} components; a picture has at most {COMPONENTS_MAX}"),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picture(width: u32, height: u32) -> Vec<u8> {
        let pixel = |n: u32| {
            let (x, y) = (n % width, n / width);
            [
                (x * 255 / width) as u8,
                (y * 255 / height) as u8,
                (x / 4 * (y / 4) % 251) as u8,
            ]
        };
        (0..width * height).flat_map(pixel).collect()
    }

    #[test]
    fn a_stream_of_many_components_is_refused_before_it_takes_memory() {
        let coded = encode_jpeg2000(&picture(64, 64), 64, 64, 17_408).expect("coded");
        let start = [0xFF, 0x4F, 0xFF, 0x51];
        let place = coded.windows(4).position(|four| four == start);
        let place = place.expect("a codestream") + 40;
        let mut many = coded.clone();
        many[place..place + 2].copy_from_slice(&255u16.to_be_bytes());
        let fault = decode_jpeg2000(&many).expect_err("refused");
        assert!(fault.to_string().contains("255 components"), "{fault}");
        assert!(decode_jpeg2000(&coded).is_ok());
    }

    #[test]
    fn portraits_keep_the_limit_and_come_close_to_it() {
        let rgb = picture(622, 800);
        let coded = encode_jpeg2000(&rgb, 622, 800, 17_408).expect("coded");
        assert!(
            coded.len() <= 17_408 && coded.len() > 16_000,
            "{}",
            coded.len()
        );
        let decoded = decode_jpeg2000(&coded).expect("decoded");
        assert_eq!(
            (decoded.width, decoded.height, decoded.channels),
            (622, 800, 3)
        );
        let error: f64 = rgb
            .iter()
            .zip(&decoded.samples)
            .map(|(a, b)| f64::from(i32::from(*a) - i32::from(*b)).powi(2))
            .sum();
        let mean = error / rgb.len() as f64;
        assert!(
            10.0 * (255.0 * 255.0 / mean).log10() > 20.0,
            "mean square error {mean}"
        );
    }

    #[test]
    fn wrong_sizes_are_refused() {
        assert!(encode_jpeg2000(&[0; 10], 2, 2, 1_000).is_err());
        assert!(encode_jpeg2000(&[], 0, 0, 1_000).is_err());
        assert!(encode_jpeg2000(&picture(622, 800), 622, 800, 100).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_jpeg2000(&bytes);
        }
    }
}
