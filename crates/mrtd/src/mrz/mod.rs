//! The machine readable zone: TD1, TD2 and TD3 (Doc 9303-3 to -6).

mod check;
mod name;

pub use check::{check_digit, mrz_information};
pub use name::MrzName;

use crate::code::{DocumentCode, DocumentNumber, Sex, StateCode};
use crate::date::{BirthDate, mrz_date};
use crate::{Error, Result};
use jiff::civil::Date;
use std::fmt;

/// The size and layout of an MRZ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Cards: three lines of 30 (Doc 9303-5).
    Td1,
    /// Larger cards: two lines of 36 (Doc 9303-6).
    Td2,
    /// Passports: two lines of 44 (Doc 9303-4).
    Td3,
}

impl Format {
    /// Characters in a line.
    #[must_use]
    pub fn line_length(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 => 36,
            Self::Td3 => 44,
        }
    }

    /// Characters of the name field.
    #[must_use]
    pub fn name_length(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 => 31,
            Self::Td3 => 39,
        }
    }

    /// Characters for optional data: line 1 and line 2 of TD1; TD2 and TD3 have the second only.
    #[must_use]
    pub fn optional_lengths(self) -> (usize, usize) {
        match self {
            Self::Td1 => (15, 11),
            Self::Td2 => (0, 7),
            Self::Td3 => (0, 14),
        }
    }

    fn of_length(length: usize) -> Option<Self> {
        match length {
            90 => Some(Self::Td1),
            72 => Some(Self::Td2),
            88 => Some(Self::Td3),
            _ => None,
        }
    }
}

/// What an issuer puts into an MRZ.
#[derive(Debug, Clone)]
pub struct MrzData {
    /// The two first characters.
    pub code: DocumentCode,
    /// The issuing state or organisation.
    pub issuer: StateCode,
    /// The document number.
    pub number: DocumentNumber,
    /// The nationality of the holder.
    pub nationality: StateCode,
    /// The holder's name, already in the MRZ alphabet.
    pub name: MrzName,
    /// The birth date.
    pub birth: BirthDate,
    /// The sex.
    pub sex: Sex,
    /// The last day of validity.
    pub expiry: Date,
    /// Optional data of line 1 (TD1 only).
    pub optional_1: String,
    /// Optional data of line 2; the personal number of TD3.
    pub optional_2: String,
}

/// A machine readable zone whose layout and check digits are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mrz {
    /// Size and layout.
    pub format: Format,
    /// The two first characters, as written.
    pub code: String,
    /// The issuer, as written.
    pub issuer: String,
    /// The whole document number.
    pub number: DocumentNumber,
    /// The nationality, as written.
    pub nationality: String,
    /// The name, as far as it fitted.
    pub name: MrzName,
    /// Birth date, six characters.
    pub birth: String,
    /// The sex.
    pub sex: Sex,
    /// Expiry date, six characters.
    pub expiry: String,
    /// Optional data of line 1, without fillers at the end.
    pub optional_1: String,
    /// Optional data of line 2, without fillers at the end.
    pub optional_2: String,
    text: String,
}

impl Mrz {
    /// Composes an MRZ.
    ///
    /// # Errors
    /// [`Error::Value`] when a field does not fit; names are truncated and never refused.
    pub fn compose(format: Format, data: &MrzData) -> Result<Self> {
        let (optional_1, optional_2) = format.optional_lengths();
        check_optional("optional data 1", &data.optional_1, optional_1)?;
        check_optional("optional data 2", &data.optional_2, optional_2)?;
        let text = match format {
            Format::Td1 => compose_td1(data)?,
            Format::Td2 => compose_two_lines(format, data)?,
            Format::Td3 => compose_two_lines(format, data)?,
        };
        Self::parse(&text)
    }

    /// Reads an MRZ, in one piece or in lines, and checks every check digit.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a wrong layout, [`Error::CheckDigit`] for a wrong digit.
    pub fn parse(text: &str) -> Result<Self> {
        let what = "MRZ";
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if let Some(odd) = text
            .chars()
            .find(|c| !(c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '<'))
        {
            return Err(Error::malformed(
                what,
                format!("the character {odd:?} has no place in it"),
            ));
        }
        let format = Format::of_length(text.len()).ok_or_else(|| {
            Error::malformed(
                what,
                format!("{} characters; TD1 has 90, TD2 72, TD3 88", text.len()),
            )
        })?;
        match format {
            Format::Td1 => parse_td1(text),
            Format::Td2 | Format::Td3 => parse_two_lines(format, text),
        }
    }

    /// The lines, top to bottom.
    #[must_use]
    pub fn lines(&self) -> Vec<&str> {
        let length = self.format.line_length();
        (0..self.text.len() / length)
            .map(|n| &self.text[n * length..(n + 1) * length])
            .collect()
    }

    /// All characters without line breaks, as DG1 holds them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Number, birth date and expiry with their check digits: the input of the access keys (Doc 9303-11, 4.3.2).
    #[must_use]
    pub fn information(&self) -> String {
        mrz_information(self.number.as_str(), &self.birth, &self.expiry)
    }
}

impl fmt::Display for Mrz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

fn check_optional(field: &'static str, text: &str, room: usize) -> Result<()> {
    let fits = text
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'<');
    if !fits || text.len() > room {
        return Err(Error::value(
            field,
            text,
            format!("it has at most {room} capital letters, digits or '<' here"),
        ));
    }
    Ok(())
}

/// Splits a number into the nine characters of its field, the check digit's place, and what goes to optional data.
fn number_fields(format: Format, data: &MrzData, optional: &str) -> Result<(String, char, String)> {
    let number = data.number.as_str();
    if number.len() <= 9 {
        return Ok((
            pad(number, 9),
            check_digit(&pad(number, 9)),
            optional.to_owned(),
        ));
    }
    let rest = format!("{}{}<", &number[9..], check_digit(number));
    let (room_1, room_2) = format.optional_lengths();
    let room = if format == Format::Td1 {
        room_1
    } else {
        room_2
    };
    let extended = format!("{rest}{optional}");
    if format == Format::Td3 || extended.len() > room {
        return Err(Error::value(
            "document number",
            number,
            format!(
                "a {format:?} MRZ has no room for {} characters of it",
                number.len()
            ),
        ));
    }
    Ok((number[..9].to_owned(), '<', extended))
}

fn compose_td1(data: &MrzData) -> Result<String> {
    let (number, digit, optional) = number_fields(Format::Td1, data, &data.optional_1)?;
    let line_1 = format!(
        "{}{}{number}{digit}{}",
        data.code.as_mrz(),
        data.issuer.as_mrz(),
        pad(&optional, 15)
    );
    let birth = data.birth.as_mrz();
    let expiry = mrz_date(data.expiry);
    let line_2 = format!(
        "{birth}{}{}{expiry}{}{}{}",
        check_digit(&birth),
        data.sex.as_mrz(),
        check_digit(&expiry),
        data.nationality.as_mrz(),
        pad(&data.optional_2, 11)
    );
    let composite = check_digit(&td1_composite(&line_1, &line_2));
    Ok(format!("{line_1}{line_2}{composite}{}", data.name.fit(30)))
}

fn td1_composite(line_1: &str, line_2: &str) -> String {
    [
        &line_1[5..30],
        &line_2[0..7],
        &line_2[8..15],
        &line_2[18..29],
    ]
    .concat()
}

fn compose_two_lines(format: Format, data: &MrzData) -> Result<String> {
    let (number, digit, optional) = number_fields(format, data, &data.optional_2)?;
    let room = format.optional_lengths().1;
    let line_1 = format!(
        "{}{}{}",
        data.code.as_mrz(),
        data.issuer.as_mrz(),
        data.name.fit(format.name_length())
    );
    let birth = data.birth.as_mrz();
    let expiry = mrz_date(data.expiry);
    let mut line_2 = format!(
        "{number}{digit}{}{birth}{}{}{expiry}{}{}",
        data.nationality.as_mrz(),
        check_digit(&birth),
        data.sex.as_mrz(),
        check_digit(&expiry),
        pad(&optional, room)
    );
    if format == Format::Td3 {
        // Doc 9303-4, 4.2.2.2: the digit may be a filler when there is no personal number.
        line_2.push(if optional.is_empty() {
            '<'
        } else {
            check_digit(&pad(&optional, room))
        });
    }
    let composite = check_digit(&two_line_composite(&line_2));
    Ok(format!("{line_1}{line_2}{composite}"))
}

fn two_line_composite(line_2: &str) -> String {
    let end = if line_2.len() >= 43 { 43 } else { 35 };
    [&line_2[0..10], &line_2[13..20], &line_2[21..end]].concat()
}

fn pad(text: &str, length: usize) -> String {
    format!("{text:<<length$}")
}

fn verify(field: &'static str, content: &str, found: char) -> Result<()> {
    let computed = check_digit(content);
    if computed != found {
        return Err(Error::CheckDigit {
            field,
            found,
            computed,
        });
    }
    Ok(())
}

fn at(text: &str, position: usize) -> char {
    char::from(text.as_bytes()[position])
}

/// Reads a number that may go on in the optional data, and gives both apart.
fn read_number(field: &str, digit: char, optional: &str) -> Result<(DocumentNumber, String)> {
    if digit != '<' {
        verify("document number", field, digit)?;
        let number = DocumentNumber::parse(field.trim_end_matches('<'))?;
        return Ok((number, optional.trim_end_matches('<').to_owned()));
    }
    let end = optional.find('<').unwrap_or(optional.len());
    if end < 2 {
        return Err(Error::malformed(
            "MRZ",
            "the long document number is not continued",
        ));
    }
    let number = format!("{field}{}", &optional[..end - 1]);
    verify("document number", &number, at(optional, end - 1))?;
    let rest = optional
        .get(end + 1..)
        .unwrap_or_default()
        .trim_end_matches('<')
        .to_owned();
    Ok((DocumentNumber::parse(&number)?, rest))
}

fn check_dates(birth: &str, expiry: &str) -> Result<()> {
    if !birth.bytes().all(|b| b.is_ascii_digit() || b == b'<') {
        return Err(Error::malformed(
            "MRZ",
            format!("'{birth}' is no birth date"),
        ));
    }
    if !expiry.bytes().all(|b| b.is_ascii_digit() || b == b'<') {
        return Err(Error::malformed(
            "MRZ",
            format!("'{expiry}' is no expiry date"),
        ));
    }
    Ok(())
}

fn parse_td1(text: String) -> Result<Mrz> {
    let (line_1, line_2, line_3) = (&text[..30], &text[30..60], &text[60..]);
    let (number, optional_1) = read_number(&line_1[5..14], at(line_1, 14), &line_1[15..])?;
    let (birth, expiry) = (&line_2[..6], &line_2[8..14]);
    verify("birth date", birth, at(line_2, 6))?;
    verify("expiry date", expiry, at(line_2, 14))?;
    check_dates(birth, expiry)?;
    verify("the whole", &td1_composite(line_1, line_2), at(line_2, 29))?;
    Ok(Mrz {
        format: Format::Td1,
        code: line_1[..2].to_owned(),
        issuer: line_1[2..5].to_owned(),
        number,
        nationality: line_2[15..18].to_owned(),
        name: MrzName::from_field(line_3),
        birth: birth.to_owned(),
        sex: Sex::parse(at(line_2, 7))?,
        expiry: expiry.to_owned(),
        optional_1,
        optional_2: line_2[18..29].trim_end_matches('<').to_owned(),
        text,
    })
}

fn parse_two_lines(format: Format, text: String) -> Result<Mrz> {
    let (line_1, line_2) = text.split_at(format.line_length());
    let end = 28 + format.optional_lengths().1;
    let (number, optional_2) = read_number(&line_2[..9], at(line_2, 9), &line_2[28..end])?;
    let (birth, expiry) = (&line_2[13..19], &line_2[21..27]);
    verify("birth date", birth, at(line_2, 19))?;
    verify("expiry date", expiry, at(line_2, 27))?;
    check_dates(birth, expiry)?;
    if format == Format::Td3 {
        let (personal, digit) = (&line_2[28..42], at(line_2, 42));
        let empty = personal.bytes().all(|b| b == b'<');
        if !(empty && digit == '<') {
            verify("personal number", personal, digit)?;
        }
    }
    verify(
        "the whole",
        &two_line_composite(line_2),
        at(line_2, format.line_length() - 1),
    )?;
    Ok(Mrz {
        format,
        code: line_1[..2].to_owned(),
        issuer: line_1[2..5].to_owned(),
        number,
        nationality: line_2[10..13].to_owned(),
        name: MrzName::from_field(&line_1[5..]),
        birth: birth.to_owned(),
        sex: Sex::parse(at(line_2, 20))?,
        expiry: expiry.to_owned(),
        optional_1: String::new(),
        optional_2,
        text: text.clone(),
    })
}
