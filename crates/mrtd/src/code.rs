//! Codes of states, persons without a state, sex and documents.

use crate::{Error, Result};
use std::fmt;

/// A state or organisation as the MRZ names it: ISO 3166-1 alpha-3 or a code of Doc 9303-3, section 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateCode([u8; 3]);

impl StateCode {
    /// Reads a code of three letters (`D` for Germany) that Doc 9303-3 or ISO 3166-1 knows.
    ///
    /// # Errors
    /// [`Error::Value`] for any other text.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim_end_matches('<');
        let known = STATES.split_ascii_whitespace().any(|code| code == text);
        if !known {
            return Err(Error::value(
                "state",
                text,
                "not a code of ISO 3166-1 alpha-3 or Doc 9303-3 section 5",
            ));
        }
        let mut code = *b"<<<";
        code[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self(code))
    }

    /// The code as the MRZ writes it, three characters.
    #[must_use]
    pub fn as_mrz(&self) -> &str {
        std::str::from_utf8(&self.0).expect("parse takes ASCII only")
    }

    /// The code without fillers.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.as_mrz().trim_end_matches('<')
    }
}

impl fmt::Display for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Sex as the document shows it (Doc 9303-3, 4.3 and 3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// `F` in both zones.
    Female,
    /// `M` in both zones.
    Male,
    /// `<` in the MRZ, `X` in the visual zone.
    Unspecified,
}

impl Sex {
    /// The character of the MRZ.
    #[must_use]
    pub fn as_mrz(self) -> char {
        match self {
            Self::Female => 'F',
            Self::Male => 'M',
            Self::Unspecified => '<',
        }
    }

    /// The character of the visual zone.
    #[must_use]
    pub fn as_viz(self) -> char {
        match self {
            Self::Unspecified => 'X',
            known => known.as_mrz(),
        }
    }

    /// Reads a character of either zone.
    ///
    /// # Errors
    /// [`Error::Value`] for any other character.
    pub fn parse(character: char) -> Result<Self> {
        match character {
            'F' => Ok(Self::Female),
            'M' => Ok(Self::Male),
            '<' | 'X' => Ok(Self::Unspecified),
            other => Err(Error::value("sex", other, "it is F, M, or X")),
        }
    }
}

/// A document number: capital letters and digits, 1 to 22 characters (Doc 9303-5, note j).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentNumber(String);

impl DocumentNumber {
    /// The longest number that a TD1 document can carry in its MRZ.
    pub const LENGTH_MAX: usize = 22;

    /// Reads a number; nothing is converted.
    ///
    /// # Errors
    /// [`Error::Value`] when it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Result<Self> {
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !fits {
            return Err(Error::value(
                "document number",
                text,
                "it has 1 to 22 capital letters and digits",
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The number without fillers.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DocumentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The two characters that begin the MRZ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentCode([u8; 2]);

impl DocumentCode {
    /// Reads one or two capital letters, the second may be a filler.
    ///
    /// # Errors
    /// [`Error::Value`] when the letters break Doc 9303-5 (TD1, TD2) or 9303-4 (TD3).
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| Err(Error::value("document code", text, why));
        let mut bytes = text.bytes();
        let first = bytes.next().unwrap_or(b' ');
        let second = bytes.next().unwrap_or(b'<');
        if bytes.next().is_some() || !(second.is_ascii_uppercase() || second == b'<') {
            return refuse("it has one or two capital letters");
        }
        if !matches!(first, b'A' | b'C' | b'I' | b'P' | b'V') {
            return refuse("the first letter is A, C or I on cards, P on passports, V on visas");
        }
        if matches!(first, b'A' | b'C' | b'I') && second == b'V' {
            return refuse("the second letter of a card is never V");
        }
        if first == b'A' && second == b'I' {
            return refuse("the letter I never follows A");
        }
        Ok(Self([first, second]))
    }

    /// The code as the MRZ writes it, two characters.
    #[must_use]
    pub fn as_mrz(&self) -> &str {
        std::str::from_utf8(&self.0).expect("parse takes ASCII only")
    }
}

impl fmt::Display for DocumentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_mrz().trim_end_matches('<'))
    }
}

/// ISO 3166-1 alpha-3, then what Doc 9303-3 section 5 adds or changes (`D` for Germany).
const STATES: &str = "ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL \
BEN BES BFA BGD BGR BHR BHS BIH BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL \
CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE D DJI DMA DNK DOM DZA ECU EGY ERI \
ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL \
GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN \
KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA \
MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA \
NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU \
ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ \
SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB \
VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE \
EUE GBD GBN GBO GBP GBS RKS UNA UNK UNO UTO XAA XBA XCC XCE XCO XDC XEC XES XIM XMP XOM XPO XXA \
XXB XXC XXX";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn germany_is_one_letter_and_italy_three() {
        assert_eq!(StateCode::parse("D<<").expect("known").as_mrz(), "D<<");
        assert_eq!(StateCode::parse("D").expect("known").as_str(), "D");
        assert_eq!(StateCode::parse("SMR").expect("known").as_mrz(), "SMR");
        for wrong in ["DEU", "IT", "", "ita", "D<A", "ROMA"] {
            assert!(StateCode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn document_codes_keep_to_the_rules() {
        for good in ["IR", "I<", "I", "C", "AR", "P", "PP", "AC", "ID"] {
            assert!(DocumentCode::parse(good).is_ok(), "{good}");
        }
        for wrong in ["IV", "AI", "X<", "", "IRR", "i<", "I1"] {
            assert!(DocumentCode::parse(wrong).is_err(), "{wrong}");
        }
    }
}
