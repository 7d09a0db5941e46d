//! The face image record of ISO/IEC 19794-5:2005.

use crate::{Error, Result};

const WHAT: &str = "face record (ISO/IEC 19794-5)";
const HEADER_BYTES: usize = 14;
const INFORMATION_BYTES: usize = 20;
const FEATURE_POINT_BYTES: usize = 8;
const IMAGE_HEADER_BYTES: usize = 12;

/// How the image is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceFormat {
    /// JPEG (ISO/IEC 10918-1).
    Jpeg,
    /// JPEG 2000 (ISO/IEC 15444-1).
    Jpeg2000,
}

/// Where the image comes from (ISO/IEC 19794-5, 5.7.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FaceSource {
    /// Not told.
    Unspecified = 0,
    /// A photograph of unknown source.
    UnknownPhotograph = 1,
    /// A digital still camera.
    DigitalCamera = 2,
    /// A scanner.
    Scanner = 3,
}

/// One full frontal portrait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaceImage {
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// Compression.
    pub format: FaceFormat,
    /// Source.
    pub source: FaceSource,
    /// The compressed image.
    pub data: Vec<u8>,
}

impl FaceImage {
    /// Writes the record: one face of type full frontal, 24 bit RGB, no feature points.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let block = INFORMATION_BYTES + IMAGE_HEADER_BYTES + self.data.len();
        let mut out = Vec::with_capacity(HEADER_BYTES + block);
        out.extend_from_slice(b"FAC\x00010\x00");
        out.extend_from_slice(&((HEADER_BYTES + block) as u32).to_be_bytes());
        out.extend_from_slice(&1u16.to_be_bytes());
        out.extend_from_slice(&(block as u32).to_be_bytes());
        // No feature points; gender, eyes, hair, properties, expression and pose are not told.
        out.extend_from_slice(&[0; INFORMATION_BYTES - 4]);
        out.push(1);
        out.push(match self.format {
            FaceFormat::Jpeg => 0,
            FaceFormat::Jpeg2000 => 1,
        });
        out.extend_from_slice(&self.width.to_be_bytes());
        out.extend_from_slice(&self.height.to_be_bytes());
        out.push(1);
        out.push(self.source as u8);
        // Device type and quality are not told.
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.data);
        out
    }

    /// Reads the first image of a record.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let header = bytes
            .first_chunk::<HEADER_BYTES>()
            .ok_or(Error::Truncated {
                what: WHAT,
                missing: HEADER_BYTES.saturating_sub(bytes.len()),
            })?;
        if &header[..8] != b"FAC\x00010\x00" {
            return Err(Error::malformed(
                WHAT,
                "it does not begin with FAC and version 010",
            ));
        }
        let length = u32::from_be_bytes([header[8], header[9], header[10], header[11]]) as usize;
        if length != bytes.len() {
            return Err(Error::malformed(
                WHAT,
                format!("it announces {length} bytes and has {}", bytes.len()),
            ));
        }
        if u16::from_be_bytes([header[12], header[13]]) == 0 {
            return Err(Error::malformed(WHAT, "it holds no image"));
        }
        let block = &bytes[HEADER_BYTES..];
        let need = |at: usize, length: usize| {
            block.get(at..at + length).ok_or_else(|| Error::Truncated {
                what: WHAT,
                missing: (at + length).saturating_sub(block.len()),
            })
        };
        let information = need(0, INFORMATION_BYTES)?;
        let block_bytes = u32::from_be_bytes([
            information[0],
            information[1],
            information[2],
            information[3],
        ]) as usize;
        let points = usize::from(u16::from_be_bytes([information[4], information[5]]));
        let at = INFORMATION_BYTES + points * FEATURE_POINT_BYTES;
        let image = need(at, IMAGE_HEADER_BYTES)?;
        let start = at + IMAGE_HEADER_BYTES;
        if block_bytes < start || block_bytes > block.len() {
            return Err(Error::malformed(
                WHAT,
                format!("a face block of {block_bytes} bytes"),
            ));
        }
        Ok(Self {
            width: u16::from_be_bytes([image[2], image[3]]),
            height: u16::from_be_bytes([image[4], image[5]]),
            format: match image[1] {
                0 => FaceFormat::Jpeg,
                1 => FaceFormat::Jpeg2000,
                other => return Err(Error::malformed(WHAT, format!("image data type {other}"))),
            },
            source: match image[7] {
                1 => FaceSource::UnknownPhotograph,
                2 => FaceSource::DigitalCamera,
                3 => FaceSource::Scanner,
                _ => FaceSource::Unspecified,
            },
            data: block[start..block_bytes].to_vec(),
        })
    }
}
