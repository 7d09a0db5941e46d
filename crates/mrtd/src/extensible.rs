//! The extensible records of ISO/IEC 39794-5 (face) and 39794-4 (finger), DER with the tags of their ASN.1 modules
//! (Doc 9303-10, 4.7.2 and 4.7.3): base fields only. Fields and codes as other readers know them; fields that are not
//! known are passed over, as the extension markers ask.

use crate::face::{FaceFormat, FaceImage, FaceSource};
use crate::finger::{FingerFormat, FingerImage, FingerPosition};
use crate::{Error, Result, tlv};

const FACE: &str = "face record (ISO/IEC 39794-5)";
const FINGER: &str = "finger record (ISO/IEC 39794-4)";
const FACE_TAG: u32 = 0x65;
const FINGER_TAG: u32 = 0x64;
/// The edition: generation 3, published 2019.
const GENERATION: u64 = 3;
const YEAR: u64 = 2019;
const SEQUENCE: u32 = 0x30;
/// The algorithm of the quality score: NFIQ 2 of NIST, by its CBEFF numbers.
const NIST: u64 = 0x000F;
const NFIQ_2: u64 = 2;
/// Full frontal, RGB with 24 bits, live plain.
const MRTD: u64 = 0;
const RGB_24: u64 = 2;
const PLAIN: u64 = 0;
const PIXELS_PER_INCH: u64 = 500;
const INCH: u64 = 0;

/// Context tag of a primitive and of a constructed value.
const fn plain(number: u32) -> u32 {
    0x80 | number
}

const fn built(number: u32) -> u32 {
    0xA0 | number
}

fn integer(tag: u32, value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
    let mut content = bytes[first..].to_vec();
    // The highest bit is the sign.
    if content[0] & 0x80 != 0 {
        content.insert(0, 0);
    }
    tlv::encode(tag, &content)
}

/// A coded value: the choice of its code, below a tag of its own.
fn code(number: u32, value: u64) -> Vec<u8> {
    tlv::encode(built(number), &integer(plain(0), value))
}

fn block(number: u32, parts: &[Vec<u8>]) -> Vec<u8> {
    tlv::encode_all(built(number), parts)
}

fn record(tag: u32, representation: &[Vec<u8>]) -> Vec<u8> {
    let version = block(0, &[integer(plain(0), GENERATION), integer(plain(1), YEAR)]);
    let one = tlv::encode_all(SEQUENCE, representation);
    tlv::encode_all(tag, &[version, block(1, &[one])])
}

fn read_integer(what: &'static str, bytes: &[u8]) -> Result<u64> {
    let fits = (1..=9).contains(&bytes.len()) && bytes[0] & 0x80 == 0;
    let value = bytes.iter().try_fold(0_u64, |value, byte| {
        Some(value.checked_mul(256)? + u64::from(*byte))
    });
    value
        .filter(|_| fits)
        .ok_or_else(|| Error::malformed(what, "a number that is none"))
}

fn number(what: &'static str, content: &[u8], tag: u32) -> Result<u64> {
    read_integer(what, tlv::expect(what, content, tag)?)
}

/// A coded value; for a value of an extension the code that it says to fall back to.
fn read_code(what: &'static str, content: &[u8], field: u32) -> Result<Option<u64>> {
    let Some(choice) = tlv::find(content, built(field))? else {
        return Ok(None);
    };
    let code = match tlv::find(choice, built(1))? {
        Some(extension) => tlv::find(extension, plain(0))?,
        None => tlv::find(choice, plain(0))?,
    };
    code.map(|bytes| read_integer(what, bytes)).transpose()
}

/// The first representation of a record.
fn representation<'a>(what: &'static str, tag: u32, bytes: &'a [u8]) -> Result<&'a [u8]> {
    let content = tlv::read_only(what, tag, bytes)?;
    let version = tlv::expect(what, content, built(0))?;
    let generation = number(what, version, plain(0))?;
    if generation != GENERATION {
        return Err(Error::malformed(
            what,
            format!("generation {generation}; this reader knows {GENERATION}"),
        ));
    }
    tlv::expect(what, tlv::expect(what, content, built(1))?, SEQUENCE)
}

fn side(what: &'static str, value: u64) -> Result<u16> {
    u16::try_from(value).map_err(|_| Error::malformed(what, format!("a side of {value} pixels")))
}

/// The record of a portrait.
#[must_use]
pub(crate) fn encode_face(face: &FaceImage) -> Vec<u8> {
    let format = match face.format {
        FaceFormat::Jpeg => 2,
        FaceFormat::Jpeg2000 => 3,
    };
    let size = [
        integer(plain(0), face.width.into()),
        integer(plain(1), face.height.into()),
    ];
    let information = [
        code(0, format),
        code(1, MRTD),
        block(7, &size),
        code(9, RGB_24),
    ];
    let image = [tlv::encode(plain(0), &face.data), block(1, &information)];
    // Representation: base: two dimensions.
    let two_dimensions = block(0, &[block(0, &image)]);
    let parts = [integer(plain(0), 1), block(1, &[two_dimensions])];
    record(FACE_TAG, &parts)
}

/// Reads the record of a portrait.
pub(crate) fn decode_face(bytes: &[u8]) -> Result<FaceImage> {
    let representation = representation(FACE, FACE_TAG, bytes)?;
    let image = tlv::expect(FACE, representation, built(1))?;
    let base = tlv::expect(FACE, image, built(0))?;
    let image = tlv::expect(FACE, base, built(0))?;
    let information = tlv::expect(FACE, image, built(1))?;
    let size = tlv::expect(FACE, information, built(7))?;
    Ok(FaceImage {
        width: side(FACE, number(FACE, size, plain(0))?)?,
        height: side(FACE, number(FACE, size, plain(1))?)?,
        format: match read_code(FACE, information, 0)? {
            Some(2) => FaceFormat::Jpeg,
            Some(3 | 4) => FaceFormat::Jpeg2000,
            other => {
                return Err(Error::malformed(
                    FACE,
                    format!("image data format {other:?}"),
                ));
            }
        },
        source: FaceSource::Unspecified,
        data: tlv::expect(FACE, image, plain(0))?.to_vec(),
    })
}

/// The record of a print.
///
/// # Errors
/// [`Error::Malformed`] for a compression that these records do not have.
pub(crate) fn encode_finger(finger: &FingerImage) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    let format = match finger.format {
        FingerFormat::Raw => {
            data.extend(format!("P5\n{} {}\n255\n", finger.width, finger.height).bytes());
            0
        }
        FingerFormat::Wsq => 1,
        FingerFormat::Jpeg2000 => 2,
        FingerFormat::Jpeg => {
            return Err(Error::malformed(
                FINGER,
                "JPEG is no format of these records",
            ));
        }
    };
    data.extend_from_slice(&finger.data);
    let mut parts = vec![
        code(0, finger.position as u64),
        code(1, PLAIN),
        code(2, format),
        tlv::encode(plain(3), &data),
    ];
    if finger.quality <= 100 {
        let algorithm = block(0, &[integer(plain(0), NIST), integer(plain(1), NFIQ_2)]);
        let score = block(1, &[integer(plain(0), finger.quality.into())]);
        let one = tlv::encode_all(SEQUENCE, &[algorithm, score]);
        parts.push(block(6, &[one]));
    }
    let rate = [integer(plain(0), PIXELS_PER_INCH), integer(plain(1), INCH)];
    parts.push(block(7, &rate));
    Ok(record(FINGER_TAG, &parts))
}

/// Reads the record of a print.
pub(crate) fn decode_finger(bytes: &[u8]) -> Result<FingerImage> {
    let content = representation(FINGER, FINGER_TAG, bytes)?;
    let position = read_code(FINGER, content, 0)?.and_then(|code| u8::try_from(code).ok());
    let position = position
        .and_then(FingerPosition::from_code)
        .ok_or_else(|| Error::malformed(FINGER, "a position that is no finger"))?;
    let data = tlv::expect(FINGER, content, plain(3))?;
    let (format, size, data) = match read_code(FINGER, content, 2)? {
        Some(0) => {
            let (size, pixels) = read_pgm(data)?;
            (FingerFormat::Raw, size, pixels)
        }
        Some(1) => (FingerFormat::Wsq, wsq_size(data)?, data),
        Some(2 | 3) => (FingerFormat::Jpeg2000, jp2_size(data)?, data),
        other => {
            return Err(Error::malformed(
                FINGER,
                format!("image data format {other:?}"),
            ));
        }
    };
    let mut quality = FingerImage::QUALITY_UNKNOWN;
    if let Some(blocks) = tlv::find(content, built(6))?
        && let Some(one) = tlv::find(blocks, SEQUENCE)?
        && let Some(choice) = tlv::find(one, built(1))?
        && let Some(score) = tlv::find(choice, plain(0))?
    {
        let score = read_integer(FINGER, score)?;
        quality = u8::try_from(score)
            .ok()
            .filter(|score| *score <= 100)
            .unwrap_or(quality);
    }
    Ok(FingerImage {
        position,
        width: size.0,
        height: size.1,
        format,
        quality,
        data: data.to_vec(),
    })
}

fn no_size() -> Error {
    Error::malformed(FINGER, "the image does not say its size")
}

/// Size and pixels of a PGM file with one byte a pixel.
fn read_pgm(data: &[u8]) -> Result<((u16, u16), &[u8])> {
    let mut numbers = Vec::new();
    let mut rest = data.strip_prefix(b"P5").ok_or_else(no_size)?;
    while numbers.len() < 3 {
        let start = rest.iter().position(|byte| !byte.is_ascii_whitespace());
        rest = &rest[start.ok_or_else(no_size)?..];
        let end = rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .ok_or_else(no_size)?;
        let text = std::str::from_utf8(&rest[..end]).map_err(|_| no_size())?;
        numbers.push(text.parse::<u16>().map_err(|_| no_size())?);
        rest = &rest[end..];
    }
    let pixels = &rest[1..];
    let count = usize::from(numbers[0]) * usize::from(numbers[1]);
    if numbers[2] != 255 || pixels.len() != count {
        return Err(no_size());
    }
    Ok(((numbers[0], numbers[1]), pixels))
}

/// Width and height of the frame of a WSQ file (IAFIS-IC-0110: the segment FFA2).
fn wsq_size(data: &[u8]) -> Result<(u16, u16)> {
    let mut at = 2;
    loop {
        let segment = data.get(at..at + 4).ok_or_else(no_size)?;
        if segment[0] != 0xFF {
            return Err(no_size());
        }
        let length = usize::from(u16::from_be_bytes([segment[2], segment[3]]));
        if segment[1] == 0xA2 {
            let frame = data.get(at + 4..at + 10).ok_or_else(no_size)?;
            let pair = |place: usize| u16::from_be_bytes([frame[place], frame[place + 1]]);
            return Ok((pair(4), pair(2)));
        }
        at += 2 + length.max(2);
    }
}

/// Width and height of a JP2 file (the box `ihdr`) or of a codestream (the segment SIZ).
fn jp2_size(data: &[u8]) -> Result<(u16, u16)> {
    let long = |at: usize| -> Result<u64> {
        let bytes = data.get(at..at + 4).ok_or_else(no_size)?;
        Ok(u64::from(u32::from_be_bytes([
            bytes[0], bytes[1], bytes[2], bytes[3],
        ])))
    };
    let (width, height) = if data.starts_with(&[0xFF, 0x4F, 0xFF, 0x51]) {
        (
            long(8)? - long(16)?.min(long(8)?),
            long(12)? - long(20)?.min(long(12)?),
        )
    } else {
        let place = data
            .windows(4)
            .take(256)
            .position(|window| window == b"ihdr");
        let place = place.ok_or_else(no_size)?;
        (long(place + 8)?, long(place + 4)?)
    };
    Ok((side(FINGER, width)?, side(FINGER, height)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_an_extension_is_read_as_the_one_to_fall_back_to() {
        let extension = |value| block(0, &[block(1, &[integer(plain(0), value)])]);
        assert_eq!(read_code(FINGER, &extension(2), 0).ok(), Some(Some(2)));
        assert_eq!(read_code(FINGER, &code(0, 7), 0).ok(), Some(Some(7)));
        assert_eq!(read_code(FINGER, &block(0, &[]), 0).ok(), Some(None));
        assert_eq!(read_code(FINGER, &code(1, 7), 0).ok(), Some(None));
    }
}
