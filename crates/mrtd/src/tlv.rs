//! BER-TLV with definite lengths, as ISO/IEC 7816-4 (5.2.2) and the LDS use it.
//!
//! Tags are kept as they are written: `0x5F1F` is the tag of two bytes `5F 1F`. Tags have at most three bytes and
//! lengths at most four, which is more than any file of an eMRTD needs.

use crate::{Error, Result};

/// A tag as written, up to three bytes.
pub type Tag = u32;

/// One data object: its tag, its value, and the whole of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The tag as written.
    pub tag: Tag,
    /// The value field.
    pub value: &'a [u8],
    /// Tag, length and value as they came.
    pub raw: &'a [u8],
}

/// The tag and the length fields of a data object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The tag as written.
    pub tag: Tag,
    /// Length of the value, in bytes.
    pub value_bytes: usize,
    /// Length of tag and length fields together, in bytes.
    pub header_bytes: usize,
}

impl Header {
    /// The most bytes that a header takes.
    pub const BYTES_MAX: usize = 3 + 5;

    /// Reads the header at the start of `input`; the value need not be there.
    ///
    /// # Errors
    /// [`Error::Truncated`] or [`Error::Malformed`].
    pub fn read(input: &[u8]) -> Result<Self> {
        let what = "TLV header";
        let missing = || Error::Truncated { what, missing: 1 };
        let byte = |at: usize| input.get(at).copied().ok_or_else(missing);
        let mut tag = Tag::from(byte(0)?);
        let mut at = 1;
        if tag & 0x1F == 0x1F {
            loop {
                let next = byte(at)?;
                at += 1;
                tag = (tag << 8) | Tag::from(next);
                if next & 0x80 == 0 {
                    break;
                }
                if at == 3 {
                    return Err(Error::malformed(what, "the tag is longer than three bytes"));
                }
            }
        }
        let first = byte(at)?;
        at += 1;
        let value_bytes = match first {
            0..=0x7F => usize::from(first),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7F);
                let mut length = 0usize;
                for _ in 0..count {
                    length = (length << 8) | usize::from(byte(at)?);
                    at += 1;
                }
                length
            }
            _ => {
                return Err(Error::malformed(
                    what,
                    format!("length byte {first:02X} not allowed"),
                ));
            }
        };
        Ok(Self {
            tag,
            value_bytes,
            header_bytes: at,
        })
    }

    /// Length of the whole data object, in bytes.
    #[must_use]
    pub fn total_bytes(&self) -> usize {
        self.header_bytes.saturating_add(self.value_bytes)
    }
}

/// Reads the first data object and gives what follows it.
///
/// # Errors
/// [`Error::Truncated`] or [`Error::Malformed`].
pub fn read(input: &[u8]) -> Result<(Element<'_>, &[u8])> {
    let header = Header::read(input)?;
    let total = header.total_bytes();
    if total > input.len() {
        return Err(Error::Truncated {
            what: "TLV value",
            missing: total - input.len(),
        });
    }
    let (raw, rest) = input.split_at(total);
    Ok((
        Element {
            tag: header.tag,
            value: &raw[header.header_bytes..],
            raw,
        },
        rest,
    ))
}

/// Reads all data objects of a value field, in order.
///
/// # Errors
/// The first fault met.
pub fn read_all(mut input: &[u8]) -> Result<Vec<Element<'_>>> {
    let mut all = Vec::new();
    while !input.is_empty() {
        let (element, rest) = read(input)?;
        all.push(element);
        input = rest;
    }
    Ok(all)
}

/// Reads one data object that must have `tag` and gives its value; trailing bytes are refused.
///
/// # Errors
/// [`Error::Malformed`] when tag or size differ.
pub fn read_only<'a>(what: &'static str, tag: Tag, input: &'a [u8]) -> Result<&'a [u8]> {
    let (element, rest) = read(input)?;
    if element.tag != tag {
        return Err(Error::malformed(
            what,
            format!("tag {:X} where {tag:X} belongs", element.tag),
        ));
    }
    if !rest.is_empty() {
        return Err(Error::malformed(
            what,
            format!("{} byte(s) after the end", rest.len()),
        ));
    }
    Ok(element.value)
}

/// The value of the first data object with `tag` in a value field, if there is one.
///
/// # Errors
/// The first fault met on the way.
pub fn find(mut input: &[u8], tag: Tag) -> Result<Option<&[u8]>> {
    while !input.is_empty() {
        let (element, rest) = read(input)?;
        if element.tag == tag {
            return Ok(Some(element.value));
        }
        input = rest;
    }
    Ok(None)
}

/// Like [`find`], but the data object must be there.
///
/// # Errors
/// [`Error::MissingTag`] or a fault met on the way.
pub fn expect<'a>(what: &'static str, input: &'a [u8], tag: Tag) -> Result<&'a [u8]> {
    find(input, tag)?.ok_or(Error::MissingTag { what, tag })
}

/// Writes one data object.
#[must_use]
pub fn encode(tag: Tag, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + Header::BYTES_MAX);
    push_tag(&mut out, tag);
    push_length(&mut out, value.len());
    out.extend_from_slice(value);
    out
}

/// Writes one constructed data object around others that are already written.
#[must_use]
pub fn encode_all(tag: Tag, parts: &[Vec<u8>]) -> Vec<u8> {
    encode(tag, &parts.concat())
}

/// Appends the bytes of a tag.
pub fn push_tag(out: &mut Vec<u8>, tag: Tag) {
    let bytes = tag.to_be_bytes();
    let skip = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
    out.extend_from_slice(&bytes[skip..]);
}

/// Appends a length in the shortest form.
pub fn push_length(out: &mut Vec<u8>, length: usize) {
    if length < 0x80 {
        out.push(length as u8);
        return;
    }
    let bytes = (length as u32).to_be_bytes();
    let skip = bytes.iter().take_while(|byte| **byte == 0).count();
    out.push(0x80 | (4 - skip) as u8);
    out.extend_from_slice(&bytes[skip..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_take_the_shortest_form() {
        for (length, header) in [
            (0, "5F1F00"),
            (0x7F, "5F1F7F"),
            (0x80, "5F1F8180"),
            (0xFF, "5F1F81FF"),
            (0x100, "5F1F820100"),
            (0x1_0000, "5F1F83010000"),
        ] {
            let written = encode(0x5F1F, &vec![0; length]);
            let hex: String = written[..written.len() - length]
                .iter()
                .map(|b| format!("{b:02X}"))
                .collect();
            assert_eq!(hex, header);
        }
    }

    #[test]
    fn refuses_what_is_not_definite_or_too_long() {
        assert!(Header::read(&[0x30, 0x80]).is_err(), "indefinite length");
        assert!(
            Header::read(&[0x1F, 0x81, 0x81, 0x01, 0x00]).is_err(),
            "four-byte tag"
        );
        assert!(read(&[0x04, 0x05, 1, 2]).is_err(), "value cut off");
        assert!(
            read(&[0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]).is_err(),
            "4 GiB announced"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tag in prop_oneof![Just(0x04u32), Just(0x5F1F), Just(0x7F4E), Just(0x5F1F)], value in prop::collection::vec(any::<u8>(), 0..400)) {
            let written = encode(tag, &value);
            let (element, rest) = read(&written).expect("own writing");
            prop_assert_eq!(element.tag, tag);
            prop_assert_eq!(element.value, &value[..]);
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_all(&bytes);
        }
    }
}
