//! The engraving job: the faces of a document from the profile's templates.

use crate::data_groups::Images;
use crate::{Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use rilascio_artwork::{FaceData, Layer, Stamp, Template, engraving, open_picture, preview, proof};
use rilascio_circuit::{Profile, Record};

/// Resolution of the engraving raster.
const ENGRAVING_DPI: f32 = 600.0;
/// Resolution of the picture for people.
const PREVIEW_DPI: f32 = 300.0;
/// The zone that portraits are prepared for, in millimetres: the largest of Doc 9303-3, 3.9.
const PORTRAIT_MM: (f32, f32) = (28.0, 36.0);

/// One face.
pub struct EngravedFace {
    /// The name of the face: `front`, `back`, `datapage`.
    pub name: String,
    /// The whole face, blank and engraving.
    pub svg: String,
    /// What the laser burns: 8 bit grey PNG at 600 dpi.
    pub engraving_png: Vec<u8>,
    /// The whole face in colour: PNG at 300 dpi.
    pub preview_png: Vec<u8>,
}

/// Sets every text of every face without rendering it: finds what does not fit before anything is used up.
///
/// # Errors
/// When a template is missing or wrong, an image cannot be used, or a text does not fit.
pub fn check_faces(
    profile: &Profile,
    record: &Record,
    images: &Images,
    template: &dyn Fn(&str) -> Option<String>,
) -> Result<()> {
    let data = face_data(profile, record, images, None)?;
    for face in profile.layout.face.as_ref() {
        let text = read_template(&face.template, template)?;
        Template::new(&face.template, &text).draw(&data, Layer::Whole)?;
    }
    Ok(())
}

fn read_template(path: &str, template: &dyn Fn(&str) -> Option<String>) -> Result<String> {
    template(path).ok_or_else(|| {
        Error::Artwork(rilascio_artwork::Error::Template {
            template: path.to_owned(),
            why: "there is no such file among the profiles".into(),
        })
    })
}

/// Draws every face and the proof. `template` gives the text of a template by its path.
///
/// # Errors
/// When a template is missing or wrong, an image cannot be used, or a text does not fit.
pub fn engrave(
    profile: &Profile,
    record: &Record,
    images: &Images,
    can: Option<&str>,
    template: &dyn Fn(&str) -> Option<String>,
    at: Timestamp,
) -> Result<(Vec<EngravedFace>, Vec<u8>)> {
    let data = face_data(profile, record, images, can)?;
    let (width, height) = (
        *profile.layout.width_mm.as_ref(),
        *profile.layout.height_mm.as_ref(),
    );
    let mut faces = Vec::new();
    for face in profile.layout.face.as_ref() {
        let path = &face.template;
        let text = read_template(path, template)?;
        let template = Template::new(path, &text);
        let svg = template.draw(&data, Layer::Whole)?;
        let burnt = template.draw(&data, Layer::Engraving)?;
        faces.push(EngravedFace {
            name: face.name.as_ref().clone(),
            engraving_png: engraving(&burnt, width, height, ENGRAVING_DPI)?,
            preview_png: preview(&svg, width, height, PREVIEW_DPI)?,
            svg,
        });
    }
    let pages: Vec<&str> = faces.iter().map(|face| &face.svg[..]).collect();
    let title = format!("{} {}", profile.title.en, record.number);
    let pdf = proof(&pages, width, height, &title, at)?;
    Ok((faces, pdf))
}

fn face_data(
    profile: &Profile,
    record: &Record,
    images: &Images,
    can: Option<&str>,
) -> Result<FaceData> {
    let picture = |name: &str, fault: rilascio_artwork::Error| Error::Image {
        image: name.to_owned(),
        why: fault.to_string(),
    };
    let portrait = open_picture(&images.portrait).map_err(|why| picture("portrait", why))?;
    let portrait = Stamp::portrait(&portrait, PORTRAIT_MM.0, PORTRAIT_MM.1, ENGRAVING_DPI)?;
    let signature = images.signature.as_ref().filter(|_| record.signs);
    let signature = signature
        .map(|file| Stamp::signature(&open_picture(file)?).map(|stamp| stamp.data_uri()))
        .transpose()
        .map_err(|why| picture("signature", why))?;
    let unlimited = profile
        .document
        .unlimited
        .as_ref()
        .filter(|_| record.validity.unlimited);
    Ok(FaceData {
        number: record.number.to_string(),
        serial: record.serial.clone(),
        can: can.map(str::to_owned),
        code: profile.document.code.as_ref().to_string(),
        state: profile.document.state.to_string(),
        surname: record.surname.clone(),
        given_names: record.given_names.clone(),
        sex: record.sex.as_viz().to_string(),
        birth_date: record.birth_date.as_viz(),
        birth_place: record.birth_place.clone(),
        nationality: record.nationality.to_string(),
        fiscal_code: record.fiscal_code.clone(),
        personal_number: record.personal_number.clone(),
        height: record.height_cm.map(|height| format!("{height} cm")),
        eye_colour: record.eye_colour.clone(),
        address: record.address.clone(),
        permit: record.permit_lines.clone(),
        issued: viz_date(record.issued),
        valid_from: viz_date(record.validity.from),
        valid_until: unlimited
            .cloned()
            .unwrap_or_else(|| viz_date(record.validity.until)),
        place: record.place.clone(),
        authority: record.authority.clone(),
        guardians: record.guardians.clone(),
        remarks: record.remarks.clone(),
        mrz: record.mrz.lines().into_iter().map(str::to_owned).collect(),
        portrait: portrait.data_uri(),
        signature_exempt: profile
            .signature
            .exempt
            .clone()
            .filter(|_| signature.is_none()),
        signature,
    })
}

/// `DD.MM.CCYY` (Doc 9303-3, 3.7; DM 28 September 2009, annex A).
fn viz_date(date: Date) -> String {
    format!("{:02}.{:02}.{:04}", date.day(), date.month(), date.year())
}
