//! The bodies of OSIA ABIS 1.6.0, in the names of its description.

use crate::engine::{Fingers, PrintEngine, check_count};
use crate::{Error, Result};
use base64ct::{Base64, Encoding};
use rilascio_biometrics::nist::Compression;
use rilascio_biometrics::{
    GreyImage, PrintTemplate, RecordEdition, decode_jpeg2000, read_print, read_template,
    write_template,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The resolution of an image that says none, in pixels per inch.
const RESOLUTION: u16 = 500;
/// The fingers, by their number from 1.
const FINGERS: [&str; 10] = [
    "RIGHT_THUMB",
    "RIGHT_INDEX",
    "RIGHT_MIDDLE",
    "RIGHT_RING",
    "RIGHT_LITTLE",
    "LEFT_THUMB",
    "LEFT_INDEX",
    "LEFT_MIDDLE",
    "LEFT_RING",
    "LEFT_LITTLE",
];
/// What a template of ours is called.
pub(crate) const TEMPLATE_FORMAT: &str = "ISO_19794_2_2011";
pub(crate) const FINGER: &str = "FINGER";

/// The name of a finger.
pub(crate) fn finger_name(finger: u8) -> &'static str {
    let place = usize::from(finger).wrapping_sub(1);
    FINGERS.get(place).copied().unwrap_or("UNKNOWN")
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OsiaError {
    /// A number; the interface defines none, ours is the HTTP status.
    pub code: i32,
    /// What was wrong.
    pub message: String,
}

/// Whether an encounter is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EncounterStatus {
    /// It is.
    Active,
    /// It is kept only.
    Inactive,
}

/// The names of an encounter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonIds {
    /// The person.
    pub person_id: String,
    /// The encounter.
    pub encounter_id: String,
}

/// What was taken of a person on one occasion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encounter {
    /// Its name, in answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter_id: Option<String>,
    /// Whether it is searched.
    pub status: EncounterStatus,
    /// What it was for, in words of those who use the system.
    pub encounter_type: String,
    /// The galleries it is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub galleries: Vec<String>,
    /// Anything, in base 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_data: Option<String>,
    /// Facts about the occasion.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub contextual_data: Map<String, Value>,
    /// Facts about the person.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub biographic_data: Map<String, Value>,
    /// What was taken.
    pub biometric_data: Vec<BiometricData>,
}

/// Something that was taken: one finger, a face, an iris.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BiometricData {
    /// `FINGER`, `FACE`, `IRIS`, `SIGNATURE` or `UNKNOWN`.
    pub biometric_type: String,
    /// Which finger, eye or side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biometric_sub_type: Option<String>,
    /// The image, in base 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Width of the image, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Height of the image, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Resolution of the image, in pixels per inch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<u16>,
    /// `NONE`, `WSQ`, `JPEG`, `JPEG2000` or `PNG`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// The template, in base 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Its format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_format: Option<String>,
    /// The quality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<i64>,
    /// How the quality was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality_format: Option<String>,
    /// Everything else, given back as it came.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// What the system made of something that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BiometricComputedData {
    /// As in [`BiometricData`].
    pub biometric_type: String,
    /// As in [`BiometricData`].
    pub biometric_sub_type: String,
    /// The template, in base 64.
    pub template: String,
    /// Its format.
    pub template_format: String,
}

/// The score of one comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScoreDetail {
    /// Hundredths of the logarithm of the likelihood ratio.
    pub score: f32,
    /// The encounter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encounter_id: Option<String>,
    /// As in [`BiometricData`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biometric_type: Option<String>,
    /// As in [`BiometricData`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biometric_sub_type: Option<String>,
}

/// Somebody who was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The person.
    pub person_id: String,
    /// The place, from 1.
    pub rank: i32,
    /// Hundredths of the logarithm of the likelihood ratio.
    pub score: f32,
    /// Finger by finger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<ScoreDetail>,
}

/// The answer of a comparison one to one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifyResult {
    /// Whether it is the same person.
    pub decision: bool,
    /// Finger by finger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<ScoreDetail>,
}

fn bytes_of(text: &str, what: &str) -> Result<Vec<u8>> {
    Base64::decode_vec(text).map_err(|_| Error::malformed(format!("{what} is not base 64")))
}

impl BiometricData {
    /// The finger, 1 to 10; nothing for anything else.
    fn finger(&self) -> Option<u8> {
        if self.biometric_type != FINGER {
            return None;
        }
        let name = self.biometric_sub_type.as_deref()?;
        let place = FINGERS.iter().position(|known| *known == name)?;
        u8::try_from(place + 1).ok()
    }

    fn pixels(&self, bytes: Vec<u8>) -> Result<GreyImage> {
        let resolution = self.resolution.unwrap_or(RESOLUTION);
        let raw = self.compression.as_deref() == Some("NONE");
        if raw {
            let (Some(width), Some(height)) = (self.width, self.height) else {
                return Err(Error::malformed(
                    "an image without compression needs width and height",
                ));
            };
            return Ok(GreyImage::new(width, height, resolution, bytes)?);
        }
        if Compression::of_bytes(&bytes) == Some(Compression::Jpeg2000) {
            let image = decode_jpeg2000(&bytes)?;
            if image.channels == 1 {
                let (width, height) = (image.width, image.height);
                return Ok(GreyImage::new(width, height, resolution, image.samples)?);
            }
            return Err(Error::malformed("a print in JPEG 2000 is grey"));
        }
        Ok(read_print(&bytes, resolution)?)
    }

    /// Finger and template: of the image, or the one that came; nothing for what is no finger or has neither.
    fn print(&self, engine: &PrintEngine) -> Result<Option<(u8, PrintTemplate)>> {
        let Some(finger) = self.finger() else {
            return Ok(None);
        };
        if let Some(image) = &self.image {
            let image = self.pixels(bytes_of(image, "image")?)?;
            return Ok(Some((finger, engine.template(&image)?)));
        }
        let Some(template) = &self.template else {
            return Ok(None);
        };
        // A template that does not say what it is is read as one, where it is one.
        let format = self.template_format.as_deref().unwrap_or(TEMPLATE_FORMAT);
        if !matches!(format, "ISO_19794_2" | "ISO_19794_2_2011") {
            return Err(Error::malformed(format!(
                "the template format '{format}'; ISO_19794_2 and ISO_19794_2_2011 are read"
            )));
        }
        let views = read_template(&bytes_of(template, "template")?)?;
        let view = views
            .into_iter()
            .find(|view| view.position == finger || view.position == 0);
        let view = view.ok_or_else(|| Error::malformed("the template is of another finger"))?;
        Ok(Some((finger, view.template)))
    }
}

/// Every finger of a list that can be compared.
pub(crate) fn fingers_of(data: &[BiometricData], engine: &PrintEngine) -> Result<Fingers> {
    check_count(data.iter().filter(|one| one.finger().is_some()).count())?;
    let mut fingers = Fingers::new();
    for one in data {
        fingers.extend(one.print(engine)?);
    }
    Ok(fingers)
}

/// A template as the interface gives it.
pub(crate) fn computed(finger: u8, template: PrintTemplate) -> Result<BiometricComputedData> {
    let view = rilascio_biometrics::FingerView {
        position: finger,
        impression: 0,
        quality: None,
        template,
    };
    let record = write_template(&[view], RecordEdition::V2011)?;
    Ok(BiometricComputedData {
        biometric_type: FINGER.to_owned(),
        biometric_sub_type: finger_name(finger).to_owned(),
        template: Base64::encode_string(&record),
        template_format: TEMPLATE_FORMAT.to_owned(),
    })
}
