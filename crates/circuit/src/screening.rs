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
    /// The language of a name in Cyrillic letters; any of them where nobody says.
    pub language: Option<CyrillicLanguage>,
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
            language: Some(person.language),
            birth_date: person.birth_date,
            numbers: [
                person.fiscal_code.as_deref(),
                person.personal_number.as_deref(),
            ],
        }
    }
}

/// The languages in which a Cyrillic name may be read.
const LANGUAGES: [CyrillicLanguage; 6] = [
    CyrillicLanguage::Russian,
    CyrillicLanguage::Belarusian,
    CyrillicLanguage::Bulgarian,
    CyrillicLanguage::Macedonian,
    CyrillicLanguage::Serbian,
    CyrillicLanguage::Ukrainian,
];

impl Identity<'_> {
    /// All parts of the name in any order, and surname with the first given name, in letters of the MRZ and in both
    /// spellings that Doc 9303-3 section 6 allows: `Müller`, `MULLER` and `Mueller` meet. None for letters that it does not
    /// treat.
    fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let languages = LANGUAGES.into_iter();
        for cyrillic in languages.filter(|one| self.language.is_none_or(|own| own == *one)) {
            for latin in [LatinStyle::Plain, LatinStyle::Expanded] {
                let Ok(name) = mrz_name(self.surname, self.given_names, Scheme { latin, cyrillic })
                else {
                    continue;
                };
                let parts = |text: &str| -> Vec<String> {
                    let parts = text.split('<').filter(|part| !part.is_empty());
                    parts.map(str::to_owned).collect()
                };
                let (primary, secondary) = (parts(&name.primary), parts(&name.secondary));
                let mut all = [primary.clone(), secondary.clone()].concat();
                all.sort_unstable();
                names.insert(all.join(" "));
                let mut short = primary;
                short.extend(secondary.into_iter().take(1));
                short.sort_unstable();
                names.insert(short.join(" "));
            }
        }
        names
    }

    /// Words of which two persons of whom the same is known share one at least, when they may be one: the name with the
    /// birth date as far as it is known, each number. A person may have none.
    #[must_use]
    pub fn words(&self) -> BTreeSet<String> {
        let date = self.birth_date.to_string();
        let names = self.names().into_iter();
        let mut words: BTreeSet<String> = names.map(|name| format!("name|{name}|{date}")).collect();
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

    /// What the words of the same person would be if less of the birth date were known: they meet the [`Self::words`] of
    /// somebody of whom less is known, and must not be compared with each other.
    #[must_use]
    pub fn coarse_words(&self) -> BTreeSet<String> {
        let date = self.birth_date.to_string();
        let mut parts: Vec<&str> = date.split('-').collect();
        let mut words = BTreeSet::new();
        for place in (0..parts.len()).rev() {
            let unknown = if place == 0 { "XXXX" } else { "XX" };
            if parts[place] == unknown {
                continue;
            }
            parts[place] = unknown;
            let less = parts.join("-");
            let names = self.names().into_iter();
            words.extend(names.map(|name| format!("name|{name}|{less}")));
        }
        words
    }
}
