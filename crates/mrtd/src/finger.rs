//! The finger image record of ISO/IEC 19794-4:2005.

use crate::{Error, Result};

const WHAT: &str = "finger record (ISO/IEC 19794-4)";
const HEADER_BYTES: usize = 32;
const FINGER_HEADER_BYTES: usize = 14;

/// A finger, with the codes of ISO/IEC 19794-4 table 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum FingerPosition {
    /// Right thumb.
    RightThumb = 1,
    /// Right index finger.
    RightIndex = 2,
    /// Right middle finger.
    RightMiddle = 3,
    /// Right ring finger.
    RightRing = 4,
    /// Right little finger.
    RightLittle = 5,
    /// Left thumb.
    LeftThumb = 6,
    /// Left index finger.
    LeftIndex = 7,
    /// Left middle finger.
    LeftMiddle = 8,
    /// Left ring finger.
    LeftRing = 9,
    /// Left little finger.
    LeftLittle = 10,
}

/// A hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hand {
    /// The right hand.
    Right,
    /// The left hand.
    Left,
}

impl FingerPosition {
    /// All ten, in the order of their codes.
    pub const ALL: [Self; 10] = [
        Self::RightThumb,
        Self::RightIndex,
        Self::RightMiddle,
        Self::RightRing,
        Self::RightLittle,
        Self::LeftThumb,
        Self::LeftIndex,
        Self::LeftMiddle,
        Self::LeftRing,
        Self::LeftLittle,
    ];

    /// The name used in files: `right-index`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RightThumb => "right-thumb",
            Self::RightIndex => "right-index",
            Self::RightMiddle => "right-middle",
            Self::RightRing => "right-ring",
            Self::RightLittle => "right-little",
            Self::LeftThumb => "left-thumb",
            Self::LeftIndex => "left-index",
            Self::LeftMiddle => "left-middle",
            Self::LeftRing => "left-ring",
            Self::LeftLittle => "left-little",
        }
    }

    /// The finger of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finger| finger.name() == name)
    }

    /// The finger of that code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|finger| *finger as u8 == code)
    }

    /// The hand it belongs to.
    #[must_use]
    pub fn hand(self) -> Hand {
        if self as u8 <= 5 {
            Hand::Right
        } else {
            Hand::Left
        }
    }

    /// The biometric subtype of CBEFF (ISO/IEC 19785-3): right index is 09, left index 0A.
    #[must_use]
    pub fn cbeff_subtype(self) -> u8 {
        let finger = (self as u8 - 1) % 5 + 1;
        let hand = if self.hand() == Hand::Right { 1 } else { 2 };
        finger << 2 | hand
    }
}

/// How the image is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FingerFormat {
    /// Not at all.
    Raw = 0,
    /// WSQ (IAFIS-IC-0110).
    Wsq = 2,
    /// JPEG.
    Jpeg = 3,
    /// JPEG 2000.
    Jpeg2000 = 4,
}

/// One plain live-scan print at 500 pixels per inch, 8 bit grey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FingerImage {
    /// The finger.
    pub position: FingerPosition,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// Compression.
    pub format: FingerFormat,
    /// NFIQ 2 score, 0 to 100; 254 when nobody measured it.
    pub quality: u8,
    /// The compressed image.
    pub data: Vec<u8>,
}

impl FingerImage {
    /// The quality of an image that nobody measured.
    pub const QUALITY_UNKNOWN: u8 = 254;

    /// Writes a record of this one finger: acquisition level 31 (500 ppi, 8 bit).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        const LEVEL_31: u16 = 31;
        const PIXELS_PER_INCH: u8 = 1;
        const RATE: u16 = 500;
        let finger = FINGER_HEADER_BYTES + self.data.len();
        let total = (HEADER_BYTES + finger) as u64;
        let mut out = Vec::with_capacity(HEADER_BYTES + finger);
        out.extend_from_slice(b"FIR\x00010\x00");
        out.extend_from_slice(&total.to_be_bytes()[2..]);
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&LEVEL_31.to_be_bytes());
        out.push(1);
        out.push(PIXELS_PER_INCH);
        for _ in 0..4 {
            out.extend_from_slice(&RATE.to_be_bytes());
        }
        out.push(8);
        out.push(self.format as u8);
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&(finger as u32).to_be_bytes());
        // View 1 of 1, impression type 0: live-scan plain.
        out.extend_from_slice(&[self.position as u8, 1, 1, self.quality, 0]);
        out.extend_from_slice(&self.width.to_be_bytes());
        out.extend_from_slice(&self.height.to_be_bytes());
        out.push(0);
        out.extend_from_slice(&self.data);
        out
    }

    /// Reads the first image of a record.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let whole = HEADER_BYTES + FINGER_HEADER_BYTES;
        if bytes.len() < whole {
            return Err(Error::Truncated {
                what: WHAT,
                missing: whole - bytes.len(),
            });
        }
        if &bytes[..8] != b"FIR\x00010\x00" {
            return Err(Error::malformed(
                WHAT,
                "it does not begin with FIR and version 010",
            ));
        }
        let length = bytes[8..14]
            .iter()
            .fold(0u64, |n, b| n << 8 | u64::from(*b));
        if length != bytes.len() as u64 {
            return Err(Error::malformed(
                WHAT,
                format!("it announces {length} bytes and has {}", bytes.len()),
            ));
        }
        if bytes[18] == 0 {
            return Err(Error::malformed(WHAT, "it holds no image"));
        }
        let format = match bytes[29] {
            0 => FingerFormat::Raw,
            2 => FingerFormat::Wsq,
            3 => FingerFormat::Jpeg,
            4 => FingerFormat::Jpeg2000,
            other => return Err(Error::malformed(WHAT, format!("compression {other}"))),
        };
        let finger = &bytes[HEADER_BYTES..];
        let block = u32::from_be_bytes([finger[0], finger[1], finger[2], finger[3]]) as usize;
        if block < FINGER_HEADER_BYTES || block > finger.len() {
            return Err(Error::malformed(
                WHAT,
                format!("a finger block of {block} bytes"),
            ));
        }
        let position = FingerPosition::from_code(finger[4])
            .ok_or_else(|| Error::malformed(WHAT, format!("finger position {}", finger[4])))?;
        Ok(Self {
            position,
            width: u16::from_be_bytes([finger[9], finger[10]]),
            height: u16::from_be_bytes([finger[11], finger[12]]),
            format,
            quality: finger[7],
            data: finger[FINGER_HEADER_BYTES..block].to_vec(),
        })
    }
}
