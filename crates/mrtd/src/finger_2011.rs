//! The finger image record of ISO/IEC 19794-4:2011, which capture devices give; documents carry that of 2005. The layout is
//! the one that public implementations share.

use crate::finger::{FingerFormat, FingerImage, FingerPosition};
use crate::{Error, Result};
use jiff::civil::DateTime;

const WHAT: &str = "finger record (ISO/IEC 19794-4:2011)";
const MAGIC: &[u8; 8] = b"FIR\x00020\x00";
const HEADER_BYTES: usize = 16;
/// The quality algorithm: NFIQ 2 of NIST, by its CBEFF numbers.
const NFIQ_2: [u8; 4] = [0x00, 0x0F, 0x00, 0x02];
const RATE: [u8; 2] = 500u16.to_be_bytes();

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Error::Truncated {
            what: WHAT,
            missing: count.saturating_sub(self.0.len()),
        })?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn short(&mut self) -> Result<u16> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn long(&mut self) -> Result<usize> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    }
}

impl FingerImage {
    /// Writes a record of the edition of 2011 of this one finger, taken at a moment.
    #[must_use]
    pub fn encode_2011(&self, at: DateTime) -> Vec<u8> {
        let mut one = Vec::with_capacity(50 + self.data.len());
        let number = |value: i8| value.unsigned_abs();
        one.extend_from_slice(&at.year().unsigned_abs().to_be_bytes());
        one.extend_from_slice(&[
            number(at.month()),
            number(at.day()),
            number(at.hour()),
            number(at.minute()),
            number(at.second()),
        ]);
        one.extend_from_slice(&at.millisecond().unsigned_abs().to_be_bytes());
        // Technology, vendor and type of the device are not told.
        one.extend_from_slice(&[0; 5]);
        if self.quality <= 100 {
            one.push(1);
            one.push(self.quality);
            one.extend_from_slice(&NFIQ_2);
        } else {
            one.push(0);
        }
        // The first view; rates count pixels in an inch.
        one.extend_from_slice(&[self.position as u8, 0, 1]);
        for _ in 0..4 {
            one.extend_from_slice(&RATE);
        }
        // 8 bit, compression, live plain.
        one.extend_from_slice(&[8, self.format as u8, 0]);
        one.extend_from_slice(&self.width.to_be_bytes());
        one.extend_from_slice(&self.height.to_be_bytes());
        one.extend_from_slice(&(self.data.len() as u32).to_be_bytes());
        one.extend_from_slice(&self.data);
        let block = one.len() + 4;
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&((HEADER_BYTES + block) as u32).to_be_bytes());
        out.extend_from_slice(&1u16.to_be_bytes());
        // No certification blocks; one position.
        out.extend_from_slice(&[0, 1]);
        out.extend_from_slice(&(block as u32).to_be_bytes());
        out.extend_from_slice(&one);
        out
    }

    /// Reads the first image of a record of either edition.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Malformed`].
    pub fn decode_any(bytes: &[u8]) -> Result<Self> {
        if !bytes.starts_with(MAGIC) {
            return Self::decode(bytes);
        }
        let mut reader = Reader(&bytes[MAGIC.len()..]);
        if reader.long()? != bytes.len() {
            return Err(Error::malformed(WHAT, "its length is not the one it says"));
        }
        if reader.short()? == 0 {
            return Err(Error::malformed(WHAT, "it holds no image"));
        }
        let certified = reader.byte()?;
        reader.byte()?;
        let block = reader.long()?;
        let mut reader = Reader(reader.take(block.saturating_sub(4))?);
        reader.take(9 + 5)?;
        let mut quality = Self::QUALITY_UNKNOWN;
        for _ in 0..reader.byte()? {
            let score = reader.take(5)?[0];
            if score <= 100 {
                quality = score;
            }
        }
        if certified == 1 {
            let count = usize::from(reader.byte()?);
            reader.take(3 * count)?;
        }
        let code = reader.byte()?;
        let position = FingerPosition::from_code(code)
            .ok_or_else(|| Error::malformed(WHAT, format!("finger position {code}")))?;
        // The number of the view, the unit and the rates.
        reader.take(2 + 8)?;
        reader.byte()?;
        let format = match reader.byte()? {
            0 => FingerFormat::Raw,
            2 => FingerFormat::Wsq,
            3 => FingerFormat::Jpeg,
            4 | 5 => FingerFormat::Jpeg2000,
            other => return Err(Error::malformed(WHAT, format!("compression {other}"))),
        };
        reader.byte()?;
        let (width, height) = (reader.short()?, reader.short()?);
        let length = reader.long()?;
        Ok(Self {
            position,
            width,
            height,
            format,
            quality,
            data: reader.take(length)?.to_vec(),
        })
    }
}
