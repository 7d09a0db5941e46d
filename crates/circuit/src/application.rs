//! What somebody applies for: one person, one document (the application file).

use crate::source::{self, SourceError};
use jiff::civil::Date;
use rilascio_mrtd::code::{DocumentNumber, Sex, StateCode};
use rilascio_mrtd::date::BirthDate;
use rilascio_mrtd::finger::FingerPosition;
use rilascio_mrtd::transliteration::CyrillicLanguage;
use serde::{Deserialize, Deserializer};

/// The most prints, guardians or missing fingers in a file.
const ENTRIES_MAX: usize = 10;

/// An application as it was written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The name of the profile.
    pub profile: String,
    /// The applicant.
    pub person: Person,
    /// Parents or guardians of a minor.
    #[serde(default)]
    pub guardian: Vec<Guardian>,
    /// What is to be issued.
    pub document: ApplicationDocument,
    /// Where it goes.
    pub delivery: Delivery,
    /// Portrait and signature.
    pub images: Images,
    /// Fingerprints.
    #[serde(default)]
    pub print: Vec<PrintImage>,
    /// Fingers that cannot give a print.
    #[serde(default)]
    pub missing: Vec<MissingFinger>,
}

/// The applicant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The surname, in any script; may be empty for a holder with one name.
    #[serde(default)]
    pub surname: String,
    /// The given names, in any script.
    #[serde(default)]
    pub given_names: String,
    /// The spelling of another document, mostly the passport, when the names are not in Latin letters.
    pub latin: Option<LatinNames>,
    /// The language of a name in Cyrillic letters.
    #[serde(default, deserialize_with = "language")]
    pub language: CyrillicLanguage,
    /// `F`, `M` or `X`.
    #[serde(deserialize_with = "sex")]
    pub sex: Sex,
    /// `CCYY-MM-DD`, `XX` for unknown parts.
    #[serde(deserialize_with = "birth")]
    pub birth_date: BirthDate,
    /// Place of birth.
    pub birth_place: Option<String>,
    /// State of birth.
    #[serde(default, deserialize_with = "optional_state")]
    pub birth_country: Option<StateCode>,
    /// Nationality, or one of XXA (stateless), XXB, XXC (refugees), XXX.
    #[serde(deserialize_with = "state")]
    pub nationality: StateCode,
    /// Fiscal code (Italy) or ISS code (San Marino).
    pub fiscal_code: Option<String>,
    /// Personal number.
    pub personal_number: Option<String>,
    /// Height, in centimetres.
    pub height_cm: Option<u16>,
    /// Colour of the eyes.
    pub eye_colour: Option<String>,
    /// Address.
    pub address: Option<Address>,
}

/// Names in Latin letters, as another document spells them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatinNames {
    /// The surname.
    #[serde(default)]
    pub surname: String,
    /// The given names.
    #[serde(default)]
    pub given_names: String,
}

/// An address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number.
    pub street: String,
    /// Postal code and place.
    pub place: String,
    /// The state, when it is another than the issuer.
    #[serde(default, deserialize_with = "optional_state")]
    pub country: Option<StateCode>,
}

/// A parent or guardian.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardian {
    /// The surname.
    pub surname: String,
    /// The given names.
    pub given_names: String,
}

/// What is to be issued.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationDocument {
    /// The number; taken from the profile's range if absent.
    #[serde(default, deserialize_with = "optional_number")]
    pub number: Option<DocumentNumber>,
    /// The kind of permit, by its code in the profile.
    pub permit: Option<String>,
    /// The first day of validity; the day of issue if absent.
    #[serde(default, deserialize_with = "source::optional_date")]
    pub valid_from: Option<Date>,
    /// The last day of validity; as long as the profile allows if absent.
    #[serde(default, deserialize_with = "source::optional_date")]
    pub valid_until: Option<Date>,
    /// Whether the permit has no end.
    #[serde(default)]
    pub unlimited: bool,
    /// Place of issue.
    pub place: String,
    /// Issuing authority.
    pub authority: String,
    /// Remarks to print.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// The name in the MRZ where automatic truncation does harm, `PRIMARY<<SECONDARY`.
    pub mrz_name: Option<String>,
}

/// Where the document goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// The office that hands it over.
    pub office: String,
    /// The address, if it is sent.
    pub address: Option<Address>,
    /// The mail address for notices to the holder.
    #[serde(default, deserialize_with = "optional_mail")]
    pub mail: Option<String>,
}

/// Portrait and signature, as paths from the application file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    /// The portrait: PNG or JPEG.
    pub portrait: String,
    /// When it was taken.
    #[serde(default, deserialize_with = "source::optional_date")]
    pub portrait_taken: Option<Date>,
    /// The signature: PNG, dark on light.
    pub signature: Option<String>,
    /// Why a holder old enough to sign cannot.
    pub signature_exempt: Option<String>,
}

/// A fingerprint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintImage {
    /// The finger: `right-index`.
    #[serde(deserialize_with = "finger")]
    pub finger: FingerPosition,
    /// The image: grey PNG at 500 pixels per inch.
    pub image: String,
    /// NFIQ 2 score, 0 to 100, as the capture device measured it.
    pub quality: Option<u8>,
}

/// A finger that cannot give a print.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingFinger {
    /// The finger.
    #[serde(deserialize_with = "finger")]
    pub finger: FingerPosition,
    /// Why, as the remarks will say it.
    pub reason: String,
}

impl Application {
    /// The names of all images: portrait, signature, prints.
    pub fn image_names(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.images.portrait)
            .chain(&self.images.signature)
            .chain(self.print.iter().map(|print| &print.image))
    }

    /// Reads an application file.
    ///
    /// # Errors
    /// The first fault, with file, line and reason.
    pub fn parse(file: &str, text: &str) -> Result<Self, SourceError> {
        let application: Self = source::parse(file, text)?;
        let lists = [
            ("print", application.print.len()),
            ("missing", application.missing.len()),
            ("guardian", application.guardian.len()),
        ];
        for (name, count) in lists {
            if count > ENTRIES_MAX {
                let why = format!("{count} entries of [[{name}]]; there are at most {ENTRIES_MAX}");
                return Err(SourceError::at(file, text, 0..0, why));
            }
        }
        Ok(application)
    }
}

/// A mail address as RFC 5321 bounds it: one `@`, nothing that could be a second header.
fn optional_mail<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    source::from_text(deserializer, |text| {
        let (local, domain) = text
            .split_once('@')
            .ok_or_else(|| format!("mail address '{text}' has no @"))?;
        let plain = text
            .chars()
            .all(|sign| !sign.is_whitespace() && !sign.is_control() && !"<>,;:\"".contains(sign));
        let fits = (1..=64).contains(&local.len())
            && (1..=255).contains(&domain.len())
            && !domain.contains('@');
        if plain && fits {
            Ok(text.to_owned())
        } else {
            Err(format!("'{text}' is not a mail address"))
        }
    })
    .map(Some)
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CyrillicLanguage, D::Error> {
    source::from_text(deserializer, |text| match text {
        "ru" => Ok(CyrillicLanguage::Russian),
        "be" => Ok(CyrillicLanguage::Belarusian),
        "bg" => Ok(CyrillicLanguage::Bulgarian),
        "mk" => Ok(CyrillicLanguage::Macedonian),
        "sr" => Ok(CyrillicLanguage::Serbian),
        "uk" => Ok(CyrillicLanguage::Ukrainian),
        other => Err(format!(
            "language '{other}'; it is ru, be, bg, mk, sr or uk"
        )),
    })
}

fn sex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sex, D::Error> {
    source::from_text(deserializer, |text| match text {
        "F" => Ok(Sex::Female),
        "M" => Ok(Sex::Male),
        "X" => Ok(Sex::Unspecified),
        other => Err(format!("sex '{other}'; it is F, M or X")),
    })
}

fn birth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BirthDate, D::Error> {
    source::from_text(deserializer, BirthDate::parse)
}

fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StateCode, D::Error> {
    source::from_text(deserializer, StateCode::parse)
}

fn optional_state<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<StateCode>, D::Error> {
    state(deserializer).map(Some)
}

fn optional_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DocumentNumber>, D::Error> {
    source::from_text(deserializer, DocumentNumber::parse).map(Some)
}

fn finger<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FingerPosition, D::Error> {
    source::from_text(deserializer, |text| {
        let names: Vec<&str> = FingerPosition::ALL.iter().map(|f| f.name()).collect();
        FingerPosition::from_name(text)
            .ok_or_else(|| format!("finger '{text}'; it is one of {}", names.join(", ")))
    })
}
