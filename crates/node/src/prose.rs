//! A text that an officer writes: the reasons of an act, a question, an article.

use rilascio_circuit::is_settable;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The longest text, in characters.
pub const PROSE_MAX: usize = 6000;

/// A text of an officer: what the letters of acts can set, and no more than a person writes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prose(String);

impl Prose {
    /// Takes a text; the ends of lines become those of the house.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.replace("\r\n", "\n");
        let text = text.trim();
        if text.is_empty() {
            return Err("the text is empty".to_owned());
        }
        if text.chars().count() > PROSE_MAX {
            return Err(format!("the text has more than {PROSE_MAX} characters"));
        }
        if let Some(strange) = text
            .chars()
            .find(|character| *character != '\n' && !is_settable(*character))
        {
            return Err(format!(
                "'{}' cannot be printed; write in Latin letters",
                strange.escape_debug()
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an officer writes of a person is in no log.
impl fmt::Debug for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prose({} characters)", self.0.chars().count())
    }
}

impl TryFrom<String> for Prose {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Prose> for String {
    fn from(text: Prose) -> Self {
        text.0
    }
}

impl JsonSchema for Prose {
    fn schema_name() -> Cow<'static, str> {
        "Prose".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": PROSE_MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_what_cannot_be_set_is_refused() {
        assert_eq!(
            Prose::parse(" a\r\nb ").map(String::from),
            Ok("a\nb".into())
        );
        for wrong in [
            "",
            " \n",
            "Δ",
            "a\u{0}b",
            "a\tb",
            "\u{ad}",
            &"a".repeat(6001),
        ] {
            assert!(Prose::parse(wrong).is_err(), "{wrong:?}");
        }
        let text = Prose::parse("Ibrahimović “è” assente");
        assert!(text.is_ok_and(|text| !format!("{text:?}").contains("assente")));
    }
}
