//! Images of prints in Type-14 and Type-4 records.

use super::malformed;
use super::transaction::{BINARY, BINARY_DATA, DATA, Record, US};
use crate::{GreyImage, Pixels, Result, decode_jpeg2000, read_print};

/// The resolution of a Type-4 record, in pixels per inch.
const LEGACY_RESOLUTION: u16 = 500;

/// How an image is coded (14.011; 4.008 has numbers for the same).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Pixels, row by row.
    None,
    /// WSQ.
    Wsq,
    /// JPEG, baseline.
    Jpeg,
    /// JPEG 2000.
    Jpeg2000,
    /// PNG.
    Png,
}

impl Compression {
    /// As Type-14 writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Wsq => "WSQ20",
            Self::Jpeg => "JPEGB",
            Self::Jpeg2000 => "JP2",
            Self::Png => "PNG",
        }
    }

    /// As Type-4 writes it (4.008 GCA).
    fn code(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Wsq => 1,
            Self::Jpeg => 2,
            Self::Jpeg2000 => 4,
            Self::Png => 6,
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "NONE" => Self::None,
            "WSQ20" | "WSQ" => Self::Wsq,
            "JPEGB" | "JPEGL" => Self::Jpeg,
            "JP2" | "JP2L" => Self::Jpeg2000,
            "PNG" => Self::Png,
            _ => return None,
        })
    }

    fn of_code(code: u32) -> Option<Self> {
        Some(match code {
            0 => Self::None,
            1 => Self::Wsq,
            2 | 3 => Self::Jpeg,
            4 | 5 => Self::Jpeg2000,
            6 => Self::Png,
            _ => return None,
        })
    }

    /// How the bytes of an image are coded, by their beginning; nothing where they say nothing.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let begins = |with: &[u8]| bytes.starts_with(with);
        Some(match () {
            () if begins(&[0xFF, 0xA0]) => Self::Wsq,
            () if begins(&[0xFF, 0xD8]) => Self::Jpeg,
            () if begins(b"\x89PNG") => Self::Png,
            () if begins(&[0, 0, 0, 12]) || begins(&[0xFF, 0x4F]) => Self::Jpeg2000,
            () => return None,
        })
    }
}

/// The image of a print, to be written into a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintImage<'a> {
    /// Finger position, 1 to 10.
    pub finger: u8,
    /// Width and height, in pixels at 500 per inch.
    pub size: (u32, u32),
    /// How it is coded.
    pub compression: Compression,
    /// NFIQ 2 score, if it was measured.
    pub quality: Option<u8>,
    /// The image.
    pub bytes: &'a [u8],
}

impl PrintImage<'_> {
    /// A Type-14 record, under an information designation character.
    #[must_use]
    pub fn record(&self, designation: usize, source: &str, day: &str) -> Record {
        let (width, height) = self.size;
        let mut record = Record::new(
            14,
            &[
                (2, &format!("{designation:02}")),
                (3, "0"),
                (4, source),
                (5, day),
                (6, &width.to_string()),
                (7, &height.to_string()),
                (8, "1"),
                (9, "500"),
                (10, "500"),
                (11, self.compression.name()),
                (12, "8"),
                (13, &self.finger.to_string()),
            ],
        );
        if let Some(quality) = self.quality {
            let us = char::from(US);
            // 14.024: finger, score, vendor and algorithm (NFIQ 2 of NIST).
            let text = format!("{}{us}{quality}{us}000F{us}2", self.finger);
            record.fields.insert(24, text.into_bytes());
        }
        record.fields.insert(DATA, self.bytes.to_vec());
        record
    }

    /// A Type-4 record, for those who read nothing newer.
    #[must_use]
    pub fn legacy_record(&self, designation: usize) -> Record {
        let (width, height) = self.size;
        let mut record = Record::new(
            BINARY,
            &[
                (2, &designation.to_string()),
                (3, "0"),
                (4, &self.finger.to_string()),
                // The resolution of 1.012.
                (5, "1"),
                (6, &width.to_string()),
                (7, &height.to_string()),
                (8, &self.compression.code().to_string()),
            ],
        );
        record.fields.insert(BINARY_DATA, self.bytes.to_vec());
        record
    }
}

/// The image of a print, as a record holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenPrint<'a> {
    /// Finger position.
    pub finger: u8,
    /// Width and height, as the record says.
    pub size: (u32, u32),
    /// Pixels per inch, as the record says.
    pub resolution: u16,
    /// How it is coded.
    pub compression: Compression,
    /// The image.
    pub bytes: &'a [u8],
}

impl TakenPrint<'_> {
    /// The pixels.
    ///
    /// # Errors
    /// When the image is not what the record says it is, or cannot be read.
    pub fn image(&self) -> Result<GreyImage> {
        let (width, height) = self.size;
        let image = match self.compression {
            Compression::None => {
                GreyImage::new(width, height, self.resolution, self.bytes.to_vec())?
            }
            Compression::Jpeg2000 => grey(decode_jpeg2000(self.bytes)?, self.resolution)?,
            _ => read_print(self.bytes, self.resolution)?,
        };
        if (image.width(), image.height()) != (width, height) {
            return Err(malformed(format!(
                "the record says {width} x {height} pixels, the image has {} x {}",
                image.width(),
                image.height()
            )));
        }
        Ok(image)
    }
}

fn grey(image: Pixels, resolution: u16) -> Result<GreyImage> {
    let channels = usize::from(image.channels.max(1));
    let mean = |pixel: &[u8]| {
        let sum: usize = pixel.iter().map(|sample| usize::from(*sample)).sum();
        (sum / channels) as u8
    };
    let pixels = image.samples.chunks_exact(channels).map(mean).collect();
    GreyImage::new(image.width, image.height, resolution, pixels)
}

/// The print of a Type-14 or Type-4 record; nothing of any other.
///
/// # Errors
/// When a field that is needed is missing or wrong.
pub fn read_print_record(record: &Record) -> Result<Option<TakenPrint<'_>>> {
    let (finger, width, height, data) = match record.kind {
        14 => (13, 6, 7, DATA),
        BINARY => (4, 6, 7, BINARY_DATA),
        _ => return Ok(None),
    };
    let missing = |field: u16| malformed(format!("no field {}.{field:03}", record.kind));
    let number = |field: u16| record.number(field).ok_or_else(|| missing(field));
    let finger_number = number(finger)?;
    let compression = if record.kind == BINARY {
        Compression::of_code(number(8)?)
    } else {
        Compression::of_name(record.text(11).ok_or_else(|| missing(11))?.trim())
    };
    let resolution = if record.kind == BINARY {
        LEGACY_RESOLUTION
    } else {
        // 14.008: 1 counts pixels in an inch, 2 in a centimetre.
        let across = u64::from(number(9)?);
        if number(10)? != number(9)? {
            return Err(malformed("pixels that are not square (14.009, 14.010)"));
        }
        let across = if number(8)? == 2 {
            (across * 254 + 50) / 100
        } else {
            across
        };
        u16::try_from(across).unwrap_or(u16::MAX)
    };
    Ok(Some(TakenPrint {
        finger: u8::try_from(finger_number)
            .ok()
            .filter(|finger| (1..=10).contains(finger))
            .ok_or_else(|| malformed(format!("finger position {finger_number} is no finger")))?,
        size: (number(width)?, number(height)?),
        resolution,
        compression: compression.ok_or_else(|| malformed("a compression that is unknown"))?,
        bytes: record.fields.get(&data).ok_or_else(|| missing(data))?,
    }))
}
