//! Who may be a person that is known already: the words which two spellings of one person share.

use crate::application::Person;
use rilascio_mrtd::date::BirthDate;
use rilascio_mrtd::transliteration::{CyrillicLanguage, LatinStyle, Scheme, mrz_name};
use std::collections::BTreeSet;

/// The most letters and digits of a number that count.
const NUMBER_MAX: usize = 40;

/// What is known of a person, from an application or from a list.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// The surname, in any script; in Latin letters where another document spells it so.
    pub surname: &'a str,
    /// The given names.
    pub given_names: &'a str,
    /// The language of a name in Cyrillic letters.
    pub language: CyrillicLanguage,
    /// The birth date.
    pub birth_date: BirthDate,
    /// Numbers of the person: fiscal code, personal number.
    pub numbers: [Option<&'a str>; 2],
}

impl<'a> From<&'a Person> for Identity<'a> {
    fn from(person: &'a Person) -> Self {
        let (surname, given_names) = match &person.latin {
            Some(latin) => (&latin.surname, &latin.given_names),
            None => (&person.surname, &person.given_names),
        };
        Self {
            surname,
            given_names,
            language: person.language,
            birth_date: person.birth_date,
            numbers: [
                person.fiscal_code.as_deref(),
                person.personal_number.as_deref(),
            ],
        }
    }
}

impl Identity<'_> {
    /// Words of which two persons who may be the same share one at least: all parts of the name in any order with the
    /// birth date, surname and first given name with the birth date, each number. Letters are those of the MRZ, in both
    /// spellings that Doc 9303-3 section 6 allows, so that `Müller`, `MULLER` and `Mueller` meet.
    ///
    /// A name with letters that Doc 9303-3 does not treat has no words; a person may have none.
    #[must_use]
    pub fn words(&self) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        for latin in [LatinStyle::Plain, LatinStyle::Expanded] {
            let scheme = Scheme {
                latin,
                cyrillic: self.language,
            };
            let Ok(name) = mrz_name(self.surname, self.given_names, scheme) else {
                continue;
            };
            let parts = |text: &str| -> Vec<String> {
                let parts = text.split('<').filter(|part| !part.is_empty());
                parts.map(str::to_owned).collect()
            };
            let (primary, secondary) = (parts(&name.primary), parts(&name.secondary));
            let mut all = [primary.clone(), secondary.clone()].concat();
            all.sort_unstable();
            words.insert(format!("name|{}|{}", all.join(" "), self.birth_date));
            let mut short = primary;
            short.extend(secondary.into_iter().take(1));
            short.sort_unstable();
            words.insert(format!("name|{}|{}", short.join(" "), self.birth_date));
        }
        for number in self.numbers.iter().flatten() {
            let plain: String = number
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|c| c.to_ascii_uppercase())
                .take(NUMBER_MAX)
                .collect();
            if !plain.is_empty() {
                words.insert(format!("number|{plain}"));
            }
        }
        words
    }
}
