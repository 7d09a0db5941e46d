//! The parts of a profile that are about the person and the card.

use rilascio_mrtd::finger::{FingerPosition, Hand};
use rilascio_mrtd::mrz::Format;
use rilascio_mrtd::transliteration::{LatinStyle, Scheme};
use serde::{Deserialize, Serialize};
use toml::Spanned;

/// A text in the two languages of every screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Italian.
    pub it: String,
    /// English.
    pub en: String,
}

/// The layout of the MRZ, as profiles write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum FormatName {
    /// A card of 85.60 x 53.98 mm.
    #[serde(rename = "TD1")]
    Td1,
    /// A card of 105 x 74 mm.
    #[serde(rename = "TD2")]
    Td2,
    /// A booklet.
    #[serde(rename = "TD3")]
    Td3,
}

impl FormatName {
    /// The layout.
    #[must_use]
    pub fn format(self) -> Format {
        match self {
            Self::Td1 => Format::Td1,
            Self::Td2 => Format::Td2,
            Self::Td3 => Format::Td3,
        }
    }
}

/// Where documents are produced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Issuance {
    /// In the printing works; blanks stay there.
    Central,
    /// At the issuing office, which keeps its own stock of blanks.
    Local,
}

/// How names are written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameProfile {
    /// Spelling of Latin letters with diacritics in the MRZ.
    #[serde(default)]
    pub latin: LatinSpelling,
}

/// [`LatinStyle`], as profiles write it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LatinSpelling {
    /// Ä A, Ö O, Ü U, Å A, Ñ N.
    #[default]
    Plain,
    /// Ä AE, Ö OE, Ü UE, Å AA, Ñ NXX.
    Expanded,
}

impl NameProfile {
    /// The scheme for names of a language.
    #[must_use]
    pub fn scheme(&self, cyrillic: rilascio_mrtd::transliteration::CyrillicLanguage) -> Scheme {
        let latin = match self.latin {
            LatinSpelling::Plain => LatinStyle::Plain,
            LatinSpelling::Expanded => LatinStyle::Expanded,
        };
        Scheme { latin, cyrillic }
    }
}

/// The longest texts that the document holds, in characters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Surname.
    pub surname: usize,
    /// Given names.
    pub given_names: usize,
    /// Place of birth.
    pub birth_place: usize,
    /// A line of the type of permit.
    pub permit_line: usize,
    /// Lines of the type of permit.
    pub permit_lines: usize,
    /// A line of remarks.
    pub remark_line: usize,
    /// Lines of remarks.
    pub remark_lines: usize,
    /// The issuing authority.
    pub authority: usize,
    /// A line of the address.
    pub address_line: usize,
}

/// How long a document is valid when the holder has at least an age.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidityRule {
    /// From this age at issue.
    pub from_age: Spanned<u8>,
    /// Years of validity at most.
    pub years: Spanned<u8>,
    /// Whether the document then lives on to the holder's next birthday.
    #[serde(default)]
    pub to_birthday: bool,
}

/// Whether a permit may have no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unlimited {
    /// It always has an end.
    #[default]
    Never,
    /// It may have none.
    Allowed,
}

/// A kind of permit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermitType {
    /// The name in application files.
    pub code: String,
    /// What the card says: at most the lines that the limits allow.
    pub lines: Vec<Spanned<String>>,
    /// What the kind is called.
    pub title: Text,
    /// Months of validity at most.
    pub months_max: Option<u16>,
    /// Whether the validity may have no end.
    #[serde(default)]
    pub unlimited: Unlimited,
}

/// A finger of either hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finger {
    /// Thumb.
    Thumb,
    /// Index finger.
    Index,
    /// Middle finger.
    Middle,
    /// Ring finger.
    Ring,
    /// Little finger.
    Little,
}

impl Finger {
    /// That finger of a hand.
    #[must_use]
    pub fn of(self, hand: Hand) -> FingerPosition {
        use FingerPosition as P;
        match (hand, self) {
            (Hand::Right, Self::Thumb) => P::RightThumb,
            (Hand::Right, Self::Index) => P::RightIndex,
            (Hand::Right, Self::Middle) => P::RightMiddle,
            (Hand::Right, Self::Ring) => P::RightRing,
            (Hand::Right, Self::Little) => P::RightLittle,
            (Hand::Left, Self::Thumb) => P::LeftThumb,
            (Hand::Left, Self::Index) => P::LeftIndex,
            (Hand::Left, Self::Middle) => P::LeftMiddle,
            (Hand::Left, Self::Ring) => P::LeftRing,
            (Hand::Left, Self::Little) => P::LeftLittle,
        }
    }

    /// Which finger of its hand a position is.
    #[must_use]
    pub fn of_position(position: FingerPosition) -> Self {
        [
            Self::Thumb,
            Self::Index,
            Self::Middle,
            Self::Ring,
            Self::Little,
        ][(position as usize - 1) % 5]
    }
}

/// What replaces a finger that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fallback {
    /// Each hand gives its next finger.
    Hand,
    /// Both hands give the same next finger.
    Pair,
}

/// What the chip holds when no print can be taken, or none is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsentPrints {
    /// DG3 without prints, made unlike any other by random bytes.
    EmptyGroup,
    /// No DG3.
    NoGroup,
}

/// The least NFIQ 2 score of a finger.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Thumbs.
    pub thumb: u8,
    /// Index fingers.
    pub index: u8,
    /// Middle fingers.
    pub middle: u8,
    /// Ring fingers.
    pub ring: u8,
    /// Little fingers.
    pub little: u8,
}

impl Thresholds {
    /// The threshold of a finger.
    #[must_use]
    pub fn of(&self, finger: Finger) -> u8 {
        match finger {
            Finger::Thumb => self.thumb,
            Finger::Index => self.index,
            Finger::Middle => self.middle,
            Finger::Ring => self.ring,
            Finger::Little => self.little,
        }
    }
}

/// Fingerprints.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintProfile {
    /// From this age they are taken.
    pub from_age: Spanned<u8>,
    /// The fingers in the order of preference.
    pub order: Spanned<Vec<Finger>>,
    /// What replaces a finger that cannot be used.
    pub fallback: Fallback,
    /// The least scores.
    pub thresholds: Thresholds,
    /// How often a finger is taken at most, before the best print counts.
    #[serde(default = "three")]
    pub attempts: u8,
    /// What the chip holds without prints.
    pub absent: AbsentPrints,
    /// A document of a holder who should give prints and cannot is valid for this long at most, in months.
    pub without_months_max: Option<u8>,
}

/// TR-03121-3: two more attempts after the first.
fn three() -> u8 {
    3
}

/// The holder's signature.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureProfile {
    /// From this age the holder signs.
    pub from_age: Spanned<u8>,
    /// What is printed in its place for those who do not sign; nothing if absent.
    pub exempt: Option<String>,
}

/// The standard of the image records on the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum ImageRecords {
    /// ISO/IEC 19794: every reader reads it.
    #[default]
    #[serde(rename = "19794")]
    Iso19794,
    /// ISO/IEC 39794, which Doc 9303-10 introduces.
    #[serde(rename = "39794")]
    Iso39794,
}

/// The images on the chip.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipImages {
    /// Width of the portrait, in pixels.
    pub face_width: Spanned<u16>,
    /// Height of the portrait, in pixels.
    pub face_height: Spanned<u16>,
    /// The most bytes of the compressed portrait.
    pub face_bytes_max: Spanned<usize>,
    /// The most bytes of a compressed fingerprint.
    pub print_bytes_max: Spanned<usize>,
    /// The number under which the WSQ encoder was certified (IAFIS-IC-0110); 0 while it is not.
    #[serde(default)]
    pub wsq_certificate: u16,
    /// The standard of their records; `19794` if absent.
    #[serde(default)]
    pub records: ImageRecords,
    /// The oldest portrait that is accepted, in days.
    pub portrait_days_max: Option<u16>,
}

/// One visible face.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Face {
    /// The name of the output files: `front`, `back`, `datapage`.
    pub name: Spanned<String>,
    /// The path of the SVG template, from the folder of profiles.
    pub template: String,
}

/// The visible faces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayoutProfile {
    /// Width, in millimetres.
    pub width_mm: Spanned<f32>,
    /// Height, in millimetres.
    pub height_mm: Spanned<f32>,
    /// The faces.
    pub face: Spanned<Vec<Face>>,
}
