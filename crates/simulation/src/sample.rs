//! Synthetic people: an application as it comes with the program, and as many others like it as are needed.

use crate::Fault;
use jiff::civil::Date;
use rilascio_exchange::message::{Bytes, Package};
use toml::{Table, Value};

/// Years by which somebody of age is made older at most.
const YEARS: u64 = 29;
/// From this age on the year of birth changes too, in years.
const GROWN: i16 = 19;
/// The year in which ages are counted.
const THIS_YEAR: i16 = 2026;

/// Somebody who applies: the profile, and what is taken at the desk.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The profile of the document.
    pub profile: String,
    /// The application with its images.
    pub package: Package,
}

impl Sample {
    /// Another person with the same face: number 0 is the one that was written, every other was born on another day and
    /// has the fiscal code of that day. A minor keeps the year.
    ///
    /// # Errors
    /// [`Fault::Scenario`] when the application is no TOML file with a person.
    pub fn person(&self, number: u64) -> Result<Package, Fault> {
        if number == 0 {
            return Ok(self.package.clone());
        }
        let wrong = |why: String| Fault::Scenario(format!("a synthetic application: {why}"));
        let mut file: Table =
            toml::from_str(&self.package.application).map_err(|why| wrong(why.to_string()))?;
        let person = file
            .get_mut("person")
            .and_then(Value::as_table_mut)
            .ok_or_else(|| wrong("it has no person".to_owned()))?;
        let text = |person: &Table, key: &str| {
            let value = person.get(key).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let written = text(person, "birth_date");
        let birth = another_day(&written, number)
            .ok_or_else(|| wrong(format!("'{written}' is no birth date")))?;
        if let (code, Ok(day)) = (text(person, "fiscal_code"), birth.parse::<Date>()) {
            let female = text(person, "sex") == "F";
            if let Some(code) = fiscal_code_of(&code, day, female) {
                person.insert("fiscal_code".to_owned(), Value::String(code));
            }
        }
        person.insert("birth_date".to_owned(), Value::String(birth));
        let application = toml::to_string(&file).map_err(|why| wrong(why.to_string()))?;
        Ok(Package {
            application,
            images: self
                .package
                .images
                .iter()
                .map(|(name, bytes)| (name.clone(), Bytes(bytes.0.clone())))
                .collect(),
        })
    }
}

/// Another birth date like that one; unknown parts stay unknown.
fn another_day(written: &str, number: u64) -> Option<String> {
    let mut parts = written.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let moved = |text: &str, by: u64, of: i16| -> String {
        match text.parse::<i16>() {
            Ok(known) => {
                let by = i16::try_from(by % of.unsigned_abs() as u64).unwrap_or(0);
                format!("{:02}", (known - 1 + by).rem_euclid(of) + 1)
            }
            Err(_) => text.to_owned(),
        }
    };
    let (new_day, rest) = (moved(day, number, 28), number / 28);
    let (new_month, rest) = (moved(month, rest, 12), rest / 12);
    let year = match year.parse::<i16>() {
        // Where nothing else is known, only the year tells people apart.
        Ok(known) if THIS_YEAR - known >= GROWN => {
            let by = if day.parse::<i16>().is_ok() {
                rest
            } else {
                number
            };
            format!(
                "{:04}",
                known - i16::try_from(by % (YEARS + 1)).unwrap_or(0)
            )
        }
        _ => year.to_owned(),
    };
    Some(format!("{year}-{new_month}-{new_day}"))
}

/// The fiscal code of the same name and place for another day of birth (DM 23 December 1976), if it is one.
fn fiscal_code_of(code: &str, day: Date, female: bool) -> Option<String> {
    const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";
    if code.len() != 16 || !code.is_ascii() {
        return None;
    }
    let month = MONTHS[usize::try_from(day.month()).ok()?.checked_sub(1)?] as char;
    let number = day.day() + if female { 40 } else { 0 };
    let body = format!(
        "{}{:02}{month}{number:02}{}",
        &code[..6],
        day.year().rem_euclid(100),
        &code[11..15]
    );
    let check = check_letter(&body)?;
    Some(format!("{body}{check}"))
}

/// The last letter of a fiscal code.
fn check_letter(body: &str) -> Option<char> {
    /// What letters and digits count for in the odd places, from 0 and A on.
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let mut sum = 0;
    for (place, character) in body.chars().enumerate() {
        let value = match character {
            '0'..='9' => u32::from(character) - u32::from('0'),
            'A'..='Z' => u32::from(character) - u32::from('A'),
            _ => return None,
        };
        sum += if place % 2 == 0 {
            ODD[value as usize]
        } else {
            value
        };
    }
    char::from_u32(u32::from('A') + sum % 26)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    #[test]
    fn fiscal_codes_end_with_their_letter() {
        // Two codes that are printed as examples wherever the rule is explained.
        assert_eq!(check_letter("RSSMRA85T10A562"), Some('S'));
        assert_eq!(check_letter("MRTMTT25D09F205"), Some('Z'));
        let day = jiff::civil::date(1984, 8, 12);
        let code = fiscal_code_of("RKSNMR01A01Z100X", day, true).unwrap();
        assert!(code.starts_with("RKSNMR84M52Z100"), "{code}");
    }

    #[test]
    fn people_have_days_of_their_own() {
        let days: std::collections::BTreeSet<_> = (0..5000)
            .map(|n| another_day("1984-08-12", n).unwrap())
            .collect();
        assert_eq!(days.len(), 5000);
        assert_eq!(another_day("1985-XX-XX", 3).unwrap(), "1982-XX-XX");
        assert!(another_day("2023-03-05", 400).unwrap().starts_with("2023-"));
        for day in days {
            day.parse::<Date>().unwrap();
        }
    }
}
