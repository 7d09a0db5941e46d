//! ANSI/NIST-ITL 1-2011 transactions in traditional encoding: Type-1, Type-2 and Type-14 records.
//!
//! A record is a list of fields `TYPE.NUMBER:content`, parted by GS and ended by FS; the first field is the length of
//! the whole record, the last of a Type-14 record is the image as it is.

use crate::{Error, Result};
use std::collections::BTreeMap;

const FS: u8 = 0x1C;
const GS: u8 = 0x1D;
const RS: u8 = 0x1E;
const US: u8 = 0x1F;
/// Version 2011 of the standard.
const VERSION: &str = "0500";
/// The most records in a transaction.
const RECORDS_MAX: usize = 64;
/// The number of the field with the image.
const DATA: u16 = 999;

/// A record: fields by number, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its type: 1, 2 or 14.
    pub kind: u8,
    /// Its fields; not the length, which is made when it is written.
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

    /// The record as bytes.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
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

fn malformed(why: impl Into<String>) -> Error {
    Error::Malformed {
        why: format!("ANSI/NIST-ITL: {}", why.into()),
    }
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
                // Resolutions belong to Type-4 records; there are none.
                (11, "00.00"),
                (12, "00.00"),
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
    /// [`Error::Malformed`], with what is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        let mut records = Vec::new();
        while !rest.is_empty() {
            if records.len() == RECORDS_MAX {
                return Err(malformed(format!("more than {RECORDS_MAX} records")));
            }
            let (record, after) = read_record(rest)?;
            records.push(record);
            rest = after;
        }
        let Some(first) = records.first().filter(|record| record.kind == 1) else {
            return Err(malformed("no Type-1 record at the beginning"));
        };
        // 1.003 announces the records; one that was cut off or slipped in shows here.
        let content = first.text(3).ok_or_else(|| malformed("no field 1.003"))?;
        let announced: Vec<Option<u8>> = content
            .split(char::from(RS))
            .skip(1)
            .map(|part| part.split(char::from(US)).next()?.parse().ok())
            .collect();
        let found: Vec<Option<u8>> = records[1..]
            .iter()
            .map(|record| Some(record.kind))
            .collect();
        if announced != found {
            return Err(malformed(
                "the records are not those that field 1.003 announces",
            ));
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

/// A fingerprint image as a Type-14 record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintImage<'a> {
    /// Finger position, 1 to 10.
    pub finger: u8,
    /// Width and height, in pixels.
    pub size: (u32, u32),
    /// Compression (14.011): `PNG`, `WSQ20`, `NONE`.
    pub compression: &'a str,
    /// NFIQ 2 score, if it was measured.
    pub quality: Option<u8>,
    /// The image.
    pub bytes: &'a [u8],
}

impl PrintImage<'_> {
    /// The record, under an information designation character.
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
                (11, self.compression),
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
}

/// The image of a Type-14 record: finger and bytes.
#[must_use]
pub fn read_print(record: &Record) -> Option<(u8, &[u8])> {
    if record.kind != 14 {
        return None;
    }
    Some((record.text(13)?.parse().ok()?, record.fields.get(&DATA)?))
}
