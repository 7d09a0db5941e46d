//! Faults in TOML files, with file, line and column, and the readers of single values.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::fmt::Display;
use std::ops::Range;

/// The largest file that is read, in bytes.
pub(crate) const FILE_BYTES_MAX: usize = 1 << 20;

/// A file that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {why}")]
pub struct SourceError {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong, and what belongs there.
    pub why: String,
}

impl SourceError {
    /// A fault at a place of a text.
    pub(crate) fn at(file: &str, text: &str, span: Range<usize>, why: impl Display) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Self {
            file: file.to_owned(),
            line,
            column,
            why: why.to_string(),
        }
    }

    fn toml(file: &str, text: &str, fault: &toml::de::Error) -> Self {
        let why = fault.message().trim().replace('\n', "; ");
        Self::at(file, text, fault.span().unwrap_or(0..0), why)
    }
}

/// Reads a whole file.
pub(crate) fn parse<T: for<'de> Deserialize<'de>>(
    file: &str,
    text: &str,
) -> Result<T, SourceError> {
    if text.len() > FILE_BYTES_MAX {
        let why = format!(
            "the file has {} bytes; at most {FILE_BYTES_MAX} are read",
            text.len()
        );
        return Err(SourceError::at(file, text, 0..0, why));
    }
    toml::from_str(text).map_err(|fault| SourceError::toml(file, text, &fault))
}

/// Reads a string and turns it into a value that refuses what it cannot be.
pub(crate) fn from_text<'de, D, T, E>(
    deserializer: D,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
{
    let text = String::deserialize(deserializer)?;
    read(&text).map_err(D::Error::custom)
}

/// Reads a date of TOML (`2026-11-22`) or the same in quotes.
pub(crate) fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Toml(toml::value::Datetime),
        Text(String),
    }
    let text = match Written::deserialize(deserializer) {
        Ok(Written::Toml(date)) => date.to_string(),
        Ok(Written::Text(text)) => text,
        Err(_) => return Err(D::Error::custom("a date is written CCYY-MM-DD")),
    };
    text.parse()
        .map_err(|_| D::Error::custom(format!("'{text}' is no date; write CCYY-MM-DD")))
}

/// [`date`] for a field that may be absent.
pub(crate) fn optional_date<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Date>, D::Error> {
    date(deserializer).map(Some)
}
