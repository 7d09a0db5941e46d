//! The record: what an application and a profile give when no rule is broken. From here on nobody edits it.

use crate::prints::PrintChoice;
use jiff::civil::Date;
use rilascio_mrtd::code::{DocumentNumber, Sex, StateCode};
use rilascio_mrtd::date::BirthDate;
use rilascio_mrtd::mrz::Mrz;

/// When a document is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first day.
    pub from: Date,
    /// The last day of the card or booklet.
    pub until: Date,
    /// Whether the title behind it has no end.
    pub unlimited: bool,
}

/// Everything that a document says, decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The document number.
    pub number: DocumentNumber,
    /// The serial of the blank.
    pub serial: String,
    /// The day of issue.
    pub issued: Date,
    /// When it is valid.
    pub validity: Validity,
    /// The surname as printed: Latin letters, upper case.
    pub surname: String,
    /// The given names as printed.
    pub given_names: String,
    /// The names in national characters, `SURNAME<<GIVEN<NAMES`, when they are not in Latin letters or were truncated.
    pub full_name: String,
    /// The sex.
    pub sex: Sex,
    /// The birth date.
    pub birth_date: BirthDate,
    /// The age on the day of issue; `None` when the year of birth is unknown.
    pub age: Option<u8>,
    /// Place of birth, with the state if it is known.
    pub birth_place: Option<String>,
    /// Nationality.
    pub nationality: StateCode,
    /// Fiscal code or ISS code.
    pub fiscal_code: Option<String>,
    /// Personal number.
    pub personal_number: Option<String>,
    /// Height, in centimetres.
    pub height_cm: Option<u16>,
    /// Colour of the eyes.
    pub eye_colour: Option<String>,
    /// The lines of the address.
    pub address: Vec<String>,
    /// The lines of the type of permit.
    pub permit_lines: Vec<String>,
    /// Place of issue.
    pub place: String,
    /// Issuing authority.
    pub authority: String,
    /// Parents or guardians, `SURNAME GIVEN NAMES`.
    pub guardians: Vec<String>,
    /// The lines of the remarks.
    pub remarks: Vec<String>,
    /// The machine readable zone.
    pub mrz: Mrz,
    /// True when the holder signs.
    pub signs: bool,
    /// The prints for the chip.
    pub prints: PrintChoice,
}
