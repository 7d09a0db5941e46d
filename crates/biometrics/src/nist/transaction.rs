//! Transactions in traditional encoding (ANSI/NIST-ITL 1-2011, annex B).
//!
//! A record is a list of fields `TYPE.NUMBER:content`, parted by GS and ended by FS; the first field is the length of
//! the whole record, the last of a Type-14 record is the image as it is. A Type-4 record is binary throughout: only field
//! 1.003 tells where one is.

use super::{FORMAT, malformed};
use crate::Result;
use crate::byte_reader::ByteReader;
use std::collections::BTreeMap;

pub(super) const FS: u8 = 0x1C;
pub(super) const GS: u8 = 0x1D;
/// Parts subfields.
pub const RS: u8 = 0x1E;
/// Parts the items of a subfield.
pub const US: u8 = 0x1F;
/// Version 2011 of the standard.
const VERSION: &str = "0500";
/// The most records in a transaction.
const RECORDS_MAX: usize = 64;
/// The number of the field with the image of a tagged record.
pub(super) const DATA: u16 = 999;
/// The type whose records are binary.
pub(super) const BINARY: u8 = 4;
/// Bytes of the fields of a Type-4 record before the image: length, IDC, IMP, FGP, ISR, HLL, VLL, GCA (7.4 to 7.9).
const BINARY_HEADER: usize = 18;
/// Widths of the fields 4.002 to 4.008, in bytes.
const BINARY_FIELDS: [(u16, usize); 7] = [(2, 1), (3, 1), (4, 6), (5, 1), (6, 2), (7, 2), (8, 1)];
/// The field with the image of a Type-4 record.
pub(super) const BINARY_DATA: u16 = 9;
/// The resolution of Type-4 records, in pixels per millimetre (1.011, 1.012).
const PIXELS_PER_MILLIMETRE: &str = "19.69";

/// A record: fields by number, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its type: 1, 2, 4, 9, 14 or another one with tagged fields.
    pub kind: u8,
    /// Its fields; not the length, which is made when it is written. Numbers of a Type-4 record are texts here too, its
    /// six finger positions (4.004) the first one of them.
    pub fields: BTreeMap<u16, Vec<u8>>,
}

impl Record {
    /// A record with text fields.
    #[must_use]
    pub fn new(kind: u8, fields: &[(u16, &str)]) -> Self {
        Self {
            kind,
            fields: fields
                .iter()
                .map(|(number, text)| (*number, text.as_bytes().to_vec()))
                .collect(),
        }
    }

    /// The text of a field.
    #[must_use]
    pub fn text(&self, number: u16) -> Option<&str> {
        std::str::from_utf8(self.fields.get(&number)?).ok()
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (number, content) in &self.fields {
            body.push(GS);
            body.extend_from_slice(format!("{}.{number:03}:", self.kind).as_bytes());
            body.extend_from_slice(content);
        }
        body.push(FS);
        body
    }

    /// A number in a field.
    #[must_use]
    pub fn number(&self, number: u16) -> Option<u32> {
        self.text(number)?.trim().parse().ok()
    }

    fn write_binary(&self) -> Vec<u8> {
        let data = self.fields.get(&BINARY_DATA).map_or(&[][..], Vec::as_slice);
        let mut out = ((BINARY_HEADER + data.len()) as u32).to_be_bytes().to_vec();
        for (number, width) in BINARY_FIELDS {
            let value = self.number(number).unwrap_or(0).to_be_bytes();
            match width {
                2 => out.extend_from_slice(&value[2..]),
                // One position, and no other.
                6 => out.extend_from_slice(&[value[3], 255, 255, 255, 255, 255]),
                _ => out.push(value[3]),
            }
        }
        out.extend_from_slice(data);
        out
    }

    /// The record as bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        if self.kind == BINARY {
            return self.write_binary();
        }
        let body = self.body();
        let head = |length: usize| format!("{}.001:{length}", self.kind);
        // The length counts its own digits.
        let mut length = body.len();
        while head(length).len() + body.len() != length {
            length = head(length).len() + body.len();
        }
        [head(length).into_bytes(), body].concat()
    }
}

/// A transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The records, the Type-1 record first.
    pub records: Vec<Record>,
}

/// Who sends a transaction, to whom, about what.
pub struct Envelope<'a> {
    /// Type of transaction (1.004), as the receiving agency names it.
    pub kind: &'a str,
    /// Day (1.005), `CCYYMMDD`.
    pub day: &'a str,
    /// Destination agency (1.007).
    pub to: &'a str,
    /// Originating agency (1.008).
    pub from: &'a str,
    /// Control number (1.009).
    pub control: &'a str,
    /// Control number of the transaction that this answers (1.010).
    pub answers: Option<&'a str>,
}

impl Transaction {
    /// A transaction of those records; the Type-1 record is made here.
    #[must_use]
    pub fn new(envelope: &Envelope<'_>, records: Vec<Record>) -> Self {
        let mut content = format!("1{}{}", char::from(US), records.len());
        for (place, record) in records.iter().enumerate() {
            let (rs, us) = (char::from(RS), char::from(US));
            content += &format!("{rs}{}{us}{place:02}", record.kind);
        }
        // Resolutions belong to Type-4 records.
        let binary = records.iter().any(|record| record.kind == BINARY);
        let resolution = if binary {
            PIXELS_PER_MILLIMETRE
        } else {
            "00.00"
        };
        let mut first = Record::new(
            1,
            &[
                (2, VERSION),
                (3, &content),
                (4, envelope.kind),
                (5, envelope.day),
                (7, envelope.to),
                (8, envelope.from),
                (9, envelope.control),
                (11, resolution),
                (12, resolution),
            ],
        );
        if let Some(answers) = envelope.answers {
            first.fields.insert(10, answers.as_bytes().to_vec());
        }
        let mut all = vec![first];
        all.extend(records);
        Self { records: all }
    }

    /// The transaction as bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        self.records.iter().flat_map(Record::write).collect()
    }

    /// Reads a transaction.
    ///
    /// # Errors
    /// [`crate::Error::Codec`], with what is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let (first, mut rest) = read_record(bytes)?;
        if first.kind != 1 {
            return Err(malformed("no Type-1 record at the beginning"));
        }
        // 1.003 announces the records: one that was cut off or slipped in shows here.
        let content = first.text(3).ok_or_else(|| malformed("no field 1.003"))?;
        let wrong = || malformed("field 1.003 cannot be read");
        let mut announced = Vec::new();
        for part in content.split(char::from(RS)).skip(1) {
            let kind = part.split(char::from(US)).next().unwrap_or_default();
            announced.push(kind.parse::<u8>().map_err(|_| wrong())?);
        }
        if announced.len() > RECORDS_MAX {
            return Err(malformed(format!("more than {RECORDS_MAX} records")));
        }
        let mut records = vec![first];
        for kind in announced {
            let (record, after) = if kind == BINARY {
                read_binary(rest)?
            } else {
                read_record(rest)?
            };
            if record.kind != kind {
                return Err(malformed(
                    "the records are not those that field 1.003 announces",
                ));
            }
            records.push(record);
            rest = after;
        }
        if !rest.is_empty() {
            return Err(malformed("there is more than field 1.003 announces"));
        }
        Ok(Self { records })
    }

    /// A text field of the Type-1 record.
    #[must_use]
    pub fn head(&self, number: u16) -> Option<&str> {
        self.records.first()?.text(number)
    }
}

/// Reads `TYPE.NUMBER:` at the beginning.
fn read_tag(bytes: &[u8]) -> Result<(u8, u16, &[u8])> {
    let tag = bytes.iter().take(12).position(|byte| *byte == b':');
    let tag = tag.ok_or_else(|| malformed("a field without its number"))?;
    let text = std::str::from_utf8(&bytes[..tag])
        .map_err(|_| malformed("a field number that is no text"))?;
    let (kind, number) = text
        .split_once('.')
        .ok_or_else(|| malformed(format!("the field number {text:?}")))?;
    let wrong = || malformed(format!("the field number {text:?}"));
    Ok((
        kind.parse().map_err(|_| wrong())?,
        number.parse().map_err(|_| wrong())?,
        &bytes[tag + 1..],
    ))
}

fn read_record(bytes: &[u8]) -> Result<(Record, &[u8])> {
    let (kind, number, rest) = read_tag(bytes)?;
    if number != 1 {
        return Err(malformed(format!(
            "a Type-{kind} record that does not begin with its length"
        )));
    }
    let digits = rest
        .iter()
        .take(12)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let length = std::str::from_utf8(&rest[..digits])
        .ok()
        .and_then(|text| text.parse::<usize>().ok());
    let length = length.filter(|length| *length <= bytes.len() && *length > 0);
    let length = length.ok_or_else(|| malformed("a record that is longer than the file"))?;
    let header = bytes.len() - rest.len() + digits;
    let (record, after) = bytes.split_at(length);
    let Some((&FS, fields)) = record.get(header..).and_then(<[u8]>::split_last) else {
        return Err(malformed("a record that does not end with FS"));
    };
    let mut fields = fields;
    let mut read = BTreeMap::new();
    while let Some((&GS, field)) = fields.split_first() {
        let (own, number, content) = read_tag(field)?;
        if own != kind {
            return Err(malformed(format!(
                "a field of Type {own} in a Type-{kind} record"
            )));
        }
        // Only an image may hold the separators.
        let end = if number == DATA {
            content.len()
        } else {
            content
                .iter()
                .position(|byte| *byte == GS)
                .unwrap_or(content.len())
        };
        if read.insert(number, content[..end].to_vec()).is_some() {
            return Err(malformed(format!("the field {kind}.{number:03} twice")));
        }
        fields = &content[end..];
    }
    if !fields.is_empty() {
        return Err(malformed("bytes between two fields"));
    }
    Ok((Record { kind, fields: read }, after))
}

/// Reads a Type-4 record.
fn read_binary(bytes: &[u8]) -> Result<(Record, &[u8])> {
    let mut reader = ByteReader::new(bytes, FORMAT);
    let length = reader.long()? as usize;
    let data = length
        .checked_sub(BINARY_HEADER)
        .ok_or_else(|| malformed("a Type-4 record that is shorter than its header"))?;
    let mut fields = BTreeMap::new();
    for (number, width) in BINARY_FIELDS {
        let value = match width {
            2 => u32::from(reader.short()?),
            // Of six possible positions the first is the likeliest.
            6 => u32::from(reader.take(6)?[0]),
            _ => u32::from(reader.byte()?),
        };
        fields.insert(number, value.to_string().into_bytes());
    }
    fields.insert(BINARY_DATA, reader.take(data)?.to_vec());
    let record = Record {
        kind: BINARY,
        fields,
    };
    Ok((record, reader.rest))
}
