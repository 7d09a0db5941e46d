//! A record: whose print, which finger, for what and until when.

use crate::{Error, Result};
use jiff::civil::Date;
use rilascio_biometrics::{PACKED_WORDS, PackedPrint, PrintTemplate};
use sha2::{Digest, Sha256};

/// The longest name of a subject, in bytes.
pub const SUBJECT_BYTES_MAX: usize = 48;
/// Bytes of a record beside its print.
pub(crate) const META: usize = 80;
/// Bytes of a packed print.
pub(crate) const PACKED: usize = PACKED_WORDS * 8;

/// What prints were taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// To issue a document: searched against the same purpose only.
    Issuing,
    /// Specimens and tests.
    Specimen,
}

impl Purpose {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Issuing => 1,
            Self::Specimen => 2,
        }
    }

    pub(crate) fn of_code(code: u8) -> Option<Self> {
        [Self::Issuing, Self::Specimen]
            .into_iter()
            .find(|purpose| purpose.code() == code)
    }
}

/// A print to be enrolled.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrolment {
    /// Whose it is: a dossier or another name that says nothing of the person.
    pub subject: String,
    /// The finger: 1 right thumb to 10 left little.
    pub finger: u8,
    /// What it was taken for.
    pub purpose: Purpose,
    /// The last day that it may be compared.
    pub until: Date,
    /// Its template.
    pub template: PrintTemplate,
}

/// What a record says beside its print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) subject: String,
    pub(crate) finger: u8,
    pub(crate) purpose: Purpose,
    pub(crate) until: Date,
}

/// A record as the log and segments hold it: the print disguised, the template sealed.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) meta: Meta,
    pub(crate) packed: PackedPrint,
    pub(crate) sealed: Vec<u8>,
}

/// A name that can be kept.
pub(crate) fn check_subject(subject: &str) -> Result<()> {
    let plain = subject
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte));
    if plain && (1..=SUBJECT_BYTES_MAX).contains(&subject.len()) {
        Ok(())
    } else {
        Err(Error::Subject)
    }
}

/// What finds the records of a subject.
pub(crate) fn hash_of(subject: &str) -> u64 {
    let digest = Sha256::digest(subject.as_bytes());
    u64::from_le_bytes(std::array::from_fn(|n| digest[n]))
}

pub(crate) fn day_number(day: Date) -> i32 {
    let first = jiff::civil::date(1970, 1, 1);
    first.until(day).map_or(0, |span| span.get_days())
}

pub(crate) fn day_of_number(number: i32) -> Option<Date> {
    let span = jiff::Span::new().try_days(number).ok()?;
    jiff::civil::date(1970, 1, 1).checked_add(span).ok()
}

impl Meta {
    /// 48 bytes of subject, finger, purpose, length of the sealed template, last day.
    pub(crate) fn to_bytes(&self, sealed: u32) -> [u8; META] {
        let mut out = [0; META];
        out[..self.subject.len()].copy_from_slice(self.subject.as_bytes());
        out[48] = self.subject.len() as u8;
        out[49] = self.finger;
        out[50] = self.purpose.code();
        out[52..56].copy_from_slice(&day_number(self.until).to_le_bytes());
        out[56..60].copy_from_slice(&sealed.to_le_bytes());
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let length = usize::from(*bytes.get(48)?);
        let subject = std::str::from_utf8(bytes.get(..length.min(SUBJECT_BYTES_MAX))?).ok()?;
        check_subject(subject).ok()?;
        Some(Self {
            subject: subject.to_owned(),
            finger: *bytes.get(49)?,
            purpose: Purpose::of_code(*bytes.get(50)?)?,
            until: day_of_number(i32::from_le_bytes(bytes.get(52..56)?.try_into().ok()?))?,
        })
    }

    /// Whether a search for a purpose may see it on a day.
    pub(crate) fn is_open(&self, purpose: Purpose, today: Date) -> bool {
        self.purpose == purpose && today <= self.until
    }

    /// The name under which its template is sealed: a record cannot stand in for another.
    pub(crate) fn label(&self) -> String {
        format!("gallery/{}/{}", self.subject, self.finger)
    }
}

impl Record {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(META + PACKED + self.sealed.len());
        out.extend_from_slice(&self.meta.to_bytes(self.sealed.len() as u32));
        for word in self.packed.words() {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&self.sealed);
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (meta, rest) = bytes.split_at_checked(META)?;
        let (packed, sealed) = rest.split_at_checked(PACKED)?;
        let words: Vec<u64> = packed
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(std::array::from_fn(|n| word[n])))
            .collect();
        Some(Self {
            meta: Meta::from_bytes(meta)?,
            packed: PackedPrint::from_words(&words)?,
            sealed: sealed.to_vec(),
        })
    }
}
