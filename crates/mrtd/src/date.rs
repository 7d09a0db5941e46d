//! Dates: whole ones, and birth dates of which the day, the month or the year may be unknown.

use crate::{Error, Result};
use jiff::civil::Date;
use std::fmt;

/// A birth date with what is known of it (Doc 9303-3, 3.7 and 4.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BirthDate {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
}

impl BirthDate {
    /// Reads `CCYY-MM-DD`, with `XXXX` or `XX` for parts that nobody knows.
    ///
    /// # Errors
    /// [`Error::Value`] when it is no date, or a part is known though the one above it is not.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| Error::value("birth date", text, why);
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else {
            return Err(refuse("it is written CCYY-MM-DD, XX for unknown parts"));
        };
        let number = |part: &str, length: usize| -> Result<Option<i16>> {
            if part.len() == length && part.bytes().all(|b| b == b'X') {
                return Ok(None);
            }
            if part.len() != length || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(refuse("it is written CCYY-MM-DD, XX for unknown parts"));
            }
            Ok(part.parse().ok())
        };
        let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
        if (year.is_none() && month.is_some()) || (month.is_none() && day.is_some()) {
            return Err(refuse("a part cannot be known when the greater one is not"));
        }
        let date = Self {
            year,
            month: month.map(|m| m as i8),
            day: day.map(|d| d as i8),
        };
        if date.year.is_some_and(|year| year < 1850)
            || Date::new(
                date.year.unwrap_or(2000),
                date.month.unwrap_or(1),
                date.day.unwrap_or(1),
            )
            .is_err()
        {
            return Err(refuse("there is no such day"));
        }
        Ok(date)
    }

    /// The six characters of the MRZ, `<` where unknown.
    #[must_use]
    pub fn as_mrz(&self) -> String {
        let two = |part: Option<i16>| part.map_or("<<".to_owned(), |n| format!("{:02}", n % 100));
        format!(
            "{}{}{}",
            two(self.year),
            two(self.month.map(i16::from)),
            two(self.day.map(i16::from))
        )
    }

    /// `DD.MM.CCYY` with `X` where unknown, for the visual zone.
    #[must_use]
    pub fn as_viz(&self) -> String {
        let two = |part: Option<i8>| part.map_or("XX".to_owned(), |n| format!("{n:02}"));
        let year = self.year.map_or("XXXX".to_owned(), |n| format!("{n:04}"));
        format!("{}.{}.{year}", two(self.day), two(self.month))
    }

    /// `CCYYMMDD` with zeros where unknown, for DG11 (Doc 9303-10, 4.7.11).
    #[must_use]
    pub fn as_dg11(&self) -> String {
        format!(
            "{:04}{:02}{:02}",
            self.year.unwrap_or(0),
            self.month.unwrap_or(0),
            self.day.unwrap_or(0)
        )
    }

    /// The youngest age in whole years that the holder may have on `day`, `None` when the year is unknown.
    ///
    /// Unknown parts are taken as late as possible, so that a rule "from this age on" is never applied too early.
    #[must_use]
    pub fn age_on(&self, day: Date) -> Option<u8> {
        let year = self.year?;
        let month = self.month.unwrap_or(12);
        let birthday = self.day.unwrap_or(31);
        let had_birthday = (day.month(), day.day()) >= (month, birthday);
        let years = day.year() - year - i16::from(!had_birthday);
        Some(years.clamp(0, i16::from(u8::MAX)) as u8)
    }

    /// True when the whole date is known and later than `day`.
    #[must_use]
    pub fn is_after(&self, day: Date) -> bool {
        let earliest = (
            self.year.unwrap_or(0),
            self.month.unwrap_or(1),
            self.day.unwrap_or(1),
        );
        earliest > (day.year(), day.month(), day.day())
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let viz = self.as_viz();
        write!(f, "{}-{}-{}", &viz[6..], &viz[3..5], &viz[..2])
    }
}

/// A whole date as the six characters of the MRZ.
#[must_use]
pub fn mrz_date(date: Date) -> String {
    format!(
        "{:02}{:02}{:02}",
        date.year().rem_euclid(100),
        date.month(),
        date.day()
    )
}

/// Reads the expiry date of an MRZ: documents live at most 50 years, so the century follows from `today`.
///
/// # Errors
/// [`Error::Value`] when the six characters are no date.
pub fn expiry_from_mrz(text: &str, today: Date) -> Result<Date> {
    let refuse = || Error::value("expiry date", text, "it is written YYMMDD");
    if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refuse());
    }
    let part = |at: usize| text[at..at + 2].parse::<i8>().map_err(|_| refuse());
    let century = today.year() - today.year().rem_euclid(100);
    let mut year = century + i16::from(part(0)?);
    if year - today.year() > 50 {
        year -= 100;
    } else if today.year() - year > 50 {
        year += 100;
    }
    Date::new(year, part(2)?, part(4)?).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn unknown_parts_show_as_the_zone_wants_them() {
        for (text, mrz, viz, dg11) in [
            ("1974-08-12", "740812", "12.08.1974", "19740812"),
            ("1974-08-XX", "7408<<", "XX.08.1974", "19740800"),
            ("1974-XX-XX", "74<<<<", "XX.XX.1974", "19740000"),
            ("XXXX-XX-XX", "<<<<<<", "XX.XX.XXXX", "00000000"),
        ] {
            let date = BirthDate::parse(text).expect("good");
            assert_eq!(
                (date.as_mrz(), date.as_viz(), date.as_dg11()),
                (mrz.into(), viz.into(), dg11.into())
            );
            assert_eq!(date.to_string(), text);
        }
        for wrong in [
            "1974-02-30",
            "74-08-12",
            "XXXX-08-12",
            "1974-XX-12",
            "1974/08/12",
            "",
            "1974-13-01",
        ] {
            assert!(BirthDate::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        let born = BirthDate::parse("2010-06-15").expect("good");
        assert_eq!(born.age_on(date(2024, 6, 14)), Some(13));
        assert_eq!(born.age_on(date(2024, 6, 15)), Some(14));
        let year_only = BirthDate::parse("2010-XX-XX").expect("good");
        assert_eq!(year_only.age_on(date(2024, 12, 30)), Some(13));
        assert_eq!(
            BirthDate::parse("XXXX-XX-XX")
                .expect("good")
                .age_on(date(2024, 1, 1)),
            None
        );
    }

    #[test]
    fn expiry_takes_the_near_century() {
        assert_eq!(
            expiry_from_mrz("310712", date(2026, 1, 1)).expect("good"),
            date(2031, 7, 12)
        );
        assert_eq!(
            expiry_from_mrz("990712", date(2026, 1, 1)).expect("good"),
            date(1999, 7, 12)
        );
        assert_eq!(
            expiry_from_mrz("040101", date(2098, 1, 1)).expect("good"),
            date(2104, 1, 1)
        );
        assert!(expiry_from_mrz("31071<", date(2026, 1, 1)).is_err());
        assert!(expiry_from_mrz("311301", date(2026, 1, 1)).is_err());
    }
}
