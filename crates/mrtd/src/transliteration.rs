//! From national characters to the MRZ alphabet (Doc 9303-3, section 6), and names to their MRZ components (4.6).

use crate::mrz::MrzName;
use crate::{Error, Result};
use unicode_normalization::UnicodeNormalization;

/// How a Latin letter with two or more spellings in Doc 9303-3 section 6 A is written; one choice per issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LatinStyle {
    /// The bare letter: Ä A, Ö O, Ü U, Å A, Ñ N.
    #[default]
    Plain,
    /// The spelling with two letters: Ä AE, Ö OE, Ü UE, Å AA, Ñ NXX.
    Expanded,
}

/// The language that a Cyrillic name is read in (Doc 9303-3 section 6 B).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CyrillicLanguage {
    /// Russian, and what has no rule of its own.
    #[default]
    Russian,
    /// Belarusian: Г H, Ё IO.
    Belarusian,
    /// Bulgarian: Щ SHT.
    Bulgarian,
    /// Macedonian: Х H, Ц C, Ч CH, Џ DJ.
    Macedonian,
    /// Serbian: Г G, Ж Z, Х H, Ц C, Ч C, Ш S, Џ DZ.
    Serbian,
    /// Ukrainian: Г H, И Y, initial Є YE, Ї YI, Й Y, Ю YU, Я YA.
    Ukrainian,
}

/// The choices that an issuer makes for its documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scheme {
    /// Spelling of Latin letters with diacritics.
    pub latin: LatinStyle,
    /// Language of Cyrillic names.
    pub cyrillic: CyrillicLanguage,
}

/// Writes a text with the letters A to Z; blanks, apostrophes and punctuation stay as they are.
///
/// # Errors
/// [`Error::Untransliterable`] for a character that Doc 9303-3 does not treat.
pub fn to_latin(text: &str, scheme: Scheme) -> Result<String> {
    let text: String = text.nfc().collect();
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for (n, &character) in characters.iter().enumerate() {
        let starts_word = n == 0 || !characters[n - 1].is_alphabetic();
        let ends_word = characters.get(n + 1).is_none_or(|c| !c.is_alphabetic());
        match character {
            c if c.is_ascii() => out.push(c.to_ascii_uppercase()),
            '\u{2019}' | '\u{2018}' | '\u{02BC}' | '\u{02B9}' | '`' => out.push('\''),
            '\u{2010}'..='\u{2015}' => out.push('-'),
            c if c.is_whitespace() => out.push(' '),
            // Shadda doubles the letter before it (Doc 9303-3, 6 C).
            '\u{0651}' => {
                if let Some(before) = n.checked_sub(1).map(|n| characters[n]) {
                    out.push_str(arabic(before, ends_word).unwrap_or_default());
                }
            }
            c if is_unwritten_arabic(c) => {}
            c => {
                let spelled = cyrillic(c, scheme.cyrillic, starts_word)
                    .or_else(|| arabic(c, ends_word))
                    .map(str::to_owned)
                    .or_else(|| latin(c, scheme.latin));
                out.push_str(&spelled.ok_or(Error::Untransliterable { character: c })?);
            }
        }
    }
    Ok(out)
}

/// Turns surname and given names into MRZ components.
///
/// Apostrophes vanish and join their halves, hyphens and blanks become fillers, other punctuation vanishes.
///
/// # Errors
/// [`Error::Untransliterable`], or [`Error::Value`] when there is a digit or nothing is left of the surname.
pub fn mrz_name(surname: &str, given_names: &str, scheme: Scheme) -> Result<MrzName> {
    let primary = components(surname, scheme)?;
    let secondary = components(given_names, scheme)?;
    match (primary.is_empty(), secondary.is_empty()) {
        (true, true) => Err(Error::value(
            "name",
            surname,
            "no letter is left of it in the MRZ",
        )),
        // A single name is the primary identifier, whichever field it came in (Doc 9303-3, 4.6).
        (true, false) => Ok(MrzName {
            primary: secondary,
            secondary: String::new(),
        }),
        _ => Ok(MrzName { primary, secondary }),
    }
}

fn components(text: &str, scheme: Scheme) -> Result<String> {
    let mut out = String::new();
    for character in to_latin(text, scheme)?.chars() {
        match character {
            'A'..='Z' => out.push(character),
            ' ' | '-' | ',' if !out.is_empty() && !out.ends_with('<') => out.push('<'),
            '0'..='9' => {
                return Err(Error::value(
                    "name",
                    text,
                    "digits have no place in a name; write Roman numerals",
                ));
            }
            _ => {}
        }
    }
    Ok(out.trim_end_matches('<').to_owned())
}

fn latin(character: char, style: LatinStyle) -> Option<String> {
    let upper: String = character.to_uppercase().collect();
    let expanded = style == LatinStyle::Expanded;
    let spelled = match upper.as_str() {
        "Ä" if expanded => "AE",
        "Å" if expanded => "AA",
        "Ö" if expanded => "OE",
        "Ü" if expanded => "UE",
        "Ñ" if expanded => "NXX",
        "Æ" => "AE",
        "Ð" | "Đ" | "Ɖ" => "D",
        "Ø" => "OE",
        "Þ" => "TH",
        "Ħ" => "H",
        "Ĳ" => "IJ",
        "Ł" => "L",
        "Ŋ" => "N",
        "Œ" => "OE",
        "Ŧ" => "T",
        "ẞ" => "SS",
        "Ə" => "E",
        "ĸ" => "K",
        "ʼN" => "N",
        _ => {
            let bare: String = upper.nfd().filter(char::is_ascii_alphabetic).collect();
            let dropped = upper.nfd().filter(|c| !c.is_ascii_alphabetic());
            let only_marks = dropped
                .clone()
                .all(|c| ('\u{0300}'..='\u{036F}').contains(&c));
            return (!bare.is_empty() && only_marks).then_some(bare);
        }
    };
    Some(spelled.to_owned())
}

fn cyrillic(character: char, language: CyrillicLanguage, first: bool) -> Option<&'static str> {
    use CyrillicLanguage::{Belarusian, Bulgarian, Macedonian, Serbian, Ukrainian};
    let upper = character.to_uppercase().next()?;
    Some(match (upper, language) {
        ('Ё', Belarusian) => "IO",
        ('Г', Belarusian | Ukrainian) => "H",
        ('Щ', Bulgarian) => "SHT",
        ('Х', Serbian | Macedonian) => "H",
        ('Ц', Serbian | Macedonian) => "C",
        ('Ч' | 'Ћ', Serbian) => "C",
        ('Ж', Serbian) => "Z",
        ('Ш', Serbian) => "S",
        ('Џ', Macedonian) => "DJ",
        ('И', Ukrainian) => "Y",
        ('Є', Ukrainian) if first => "YE",
        ('Ї', Ukrainian) if first => "YI",
        ('Й', Ukrainian) if first => "Y",
        ('Ю', Ukrainian) if first => "YU",
        ('Я', Ukrainian) if first => "YA",
        ('А' | 'Ѫ', _) => "A",
        ('Б', _) => "B",
        ('В', _) => "V",
        ('Г' | 'Ґ', _) => "G",
        ('Д' | 'Ђ' | 'Ћ', _) => "D",
        ('Е' | 'Ё' | 'Э', _) => "E",
        ('Ж', _) => "ZH",
        ('З', _) => "Z",
        ('И' | 'І' | 'Й' | 'Ї', _) => "I",
        ('Ј', _) => "J",
        ('К' | 'Ќ', _) => "K",
        ('Л', _) => "L",
        ('М', _) => "M",
        ('Н', _) => "N",
        ('О', _) => "O",
        ('П', _) => "P",
        ('Р', _) => "R",
        ('С', _) => "S",
        ('Т', _) => "T",
        ('У' | 'Ў' | 'Ѵ', _) => "U",
        ('Ф', _) => "F",
        ('Х', _) => "KH",
        ('Ц', _) => "TS",
        ('Ч', _) => "CH",
        ('Ш', _) => "SH",
        ('Щ', _) => "SHCH",
        ('Ъ' | 'Є', _) => "IE",
        ('Ы', _) => "Y",
        // The soft sign is not written.
        ('Ь', _) => "",
        ('Ю', _) => "IU",
        ('Я', _) => "IA",
        ('Ѓ', _) => "G",
        ('Ѕ', _) => "DZ",
        ('Љ', _) => "LJ",
        ('Њ', _) => "NJ",
        ('Џ', _) => "DZ",
        _ => return None,
    })
}

/// Tatweel, vowel signs and marks of direction, which Doc 9303-3 section 6 C does not encode.
fn is_unwritten_arabic(character: char) -> bool {
    matches!(character,
        '\u{0640}' | '\u{064B}'..='\u{0650}' | '\u{0652}' | '\u{200B}'..='\u{200F}')
}

fn arabic(character: char, last: bool) -> Option<&'static str> {
    Some(match character {
        '\u{0621}' => "XE",
        '\u{0622}' => "XAA",
        '\u{0623}' => "XAE",
        '\u{0624}' => "U",
        '\u{0625}' => "I",
        '\u{0626}' => "XI",
        '\u{0627}' => "A",
        '\u{0628}' => "B",
        '\u{0629}' if last => "XAH",
        '\u{0629}' => "XTA",
        '\u{062A}' => "T",
        '\u{062B}' => "XTH",
        '\u{062C}' => "J",
        '\u{062D}' => "XH",
        '\u{062E}' => "XKH",
        '\u{062F}' => "D",
        '\u{0630}' => "XDH",
        '\u{0631}' => "R",
        '\u{0632}' => "Z",
        '\u{0633}' => "S",
        '\u{0634}' => "XSH",
        '\u{0635}' => "XSS",
        '\u{0636}' => "XDZ",
        '\u{0637}' => "XTT",
        '\u{0638}' => "XZZ",
        '\u{0639}' => "E",
        '\u{063A}' => "G",
        '\u{0641}' => "F",
        '\u{0642}' => "Q",
        '\u{0643}' => "K",
        '\u{0644}' => "L",
        '\u{0645}' => "M",
        '\u{0646}' => "N",
        '\u{0647}' => "H",
        '\u{0648}' => "W",
        '\u{0649}' => "XAY",
        '\u{064A}' => "Y",
        '\u{0671}' => "XXA",
        '\u{0679}' => "XXT",
        '\u{067C}' => "XRT",
        '\u{067E}' => "P",
        '\u{0681}' => "XKE",
        '\u{0685}' => "XXH",
        '\u{0686}' => "XC",
        '\u{0688}' => "XXD",
        '\u{0689}' => "XDR",
        '\u{0691}' => "XXR",
        '\u{0693}' => "XRR",
        '\u{0696}' => "XRX",
        '\u{0698}' => "XJ",
        '\u{069A}' => "XXS",
        '\u{06A9}' => "XKK",
        '\u{06AB}' => "XXK",
        '\u{06AD}' => "XNG",
        '\u{06AF}' => "XGG",
        '\u{06BA}' => "XNN",
        '\u{06BC}' => "XXN",
        '\u{06BE}' => "XDO",
        '\u{06C0}' => "XYH",
        '\u{06C1}' => "XXG",
        '\u{06C2}' => "XGE",
        '\u{06C3}' => "XTG",
        '\u{06CC}' => "XYA",
        '\u{06CD}' => "XXY",
        '\u{06D0}' => "Y",
        '\u{06D2}' => "XYB",
        '\u{06D3}' => "XBE",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn latin_of(text: &str) -> String {
        to_latin(text, Scheme::default()).expect("known characters")
    }

    #[test]
    fn latin_letters_lose_their_marks() {
        for (text, latin) in [
            ("Nicolò", "NICOLO"),
            ("Müller", "MULLER"),
            ("Groß", "GROSS"),
            ("Łukasz", "LUKASZ"),
            ("Þór Ægisdóttir", "THOR AEGISDOTTIR"),
            ("Çelik", "CELIK"),
            ("ırmak", "IRMAK"),
            ("Nguyễn", "NGUYEN"),
            ("Ĳssel", "IJSSEL"),
        ] {
            assert_eq!(latin_of(text), latin);
        }
        let expanded = Scheme {
            latin: LatinStyle::Expanded,
            ..Scheme::default()
        };
        assert_eq!(
            to_latin("Müller Åsa Peñã", expanded).expect("known"),
            "MUELLER AASA PENXXA"
        );
    }

    #[test]
    fn cyrillic_follows_the_language() {
        assert_eq!(latin_of("Щербаков Юрий"), "SHCHERBAKOV IURII");
        let ukrainian = Scheme {
            cyrillic: CyrillicLanguage::Ukrainian,
            ..Scheme::default()
        };
        assert_eq!(
            to_latin("Гнатюк Юлія", ukrainian).expect("known"),
            "HNATIUK YULIIA"
        );
        let serbian = Scheme {
            cyrillic: CyrillicLanguage::Serbian,
            ..Scheme::default()
        };
        assert_eq!(to_latin("Живковић", serbian).expect("known"), "ZIVKOVIC");
    }

    #[test]
    fn arabic_is_written_with_escapes() {
        assert_eq!(latin_of("محمد"), "MXHMD");
        assert_eq!(latin_of("فاطمة"), "FAXTTMXAH");
        assert_eq!(latin_of("محمّد"), "MXHMMD");
        assert_eq!(latin_of("هـــدى"), "HDXAY");
    }

    #[test]
    fn names_become_components() {
        let name = |s, g| {
            let name = mrz_name(s, g, Scheme::default()).expect("good");
            (name.primary, name.secondary)
        };
        assert_eq!(
            name("D'Artagnan", "Anna-Maria"),
            ("DARTAGNAN".into(), "ANNA<MARIA".into())
        );
        assert_eq!(
            name("De’ Medici", "Nicolò  Aldo"),
            ("DE<MEDICI".into(), "NICOLO<ALDO".into())
        );
        assert_eq!(name("", "Arkfreith"), ("ARKFREITH".into(), String::new()));
        assert_eq!(name("St. John", "J."), ("ST<JOHN".into(), "J".into()));
        assert!(mrz_name("Louis 2", "", Scheme::default()).is_err());
        assert!(mrz_name("...", "", Scheme::default()).is_err());
        assert!(mrz_name("王", "", Scheme::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_spelled_or_refused(text in "\\PC{0,40}") {
            if let Ok(name) = mrz_name(&text, &text, Scheme::default()) {
                let fits = |s: &str| s.bytes().all(|b| b.is_ascii_uppercase() || b == b'<');
                prop_assert!(fits(&name.primary) && fits(&name.secondary));
            }
        }
    }
}
