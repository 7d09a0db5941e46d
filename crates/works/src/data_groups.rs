//! From the record and the images to the data groups of the person and the document.

use crate::{Error, Result};
use image::{DynamicImage, RgbImage, imageops};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand_core::CryptoRng;
use rilascio_artwork::open_picture;
use rilascio_biometrics::{encode_jpeg2000, encode_wsq_within};
use rilascio_circuit::{AbsentPrints, ChipImages, ImageRecords, PrintProfile, Record};
use rilascio_mrtd::face::{FaceFormat, FaceImage, FaceSource};
use rilascio_mrtd::finger::{FingerFormat, FingerImage, FingerPosition};
use rilascio_mrtd::lds::{Dg2, Dg3, Dg7, Dg11, Dg12, RecordGeneration};

/// The images of an application, as files.
pub struct Images {
    /// The portrait: PNG or JPEG.
    pub portrait: Vec<u8>,
    /// The signature, dark on light.
    pub signature: Option<Vec<u8>>,
    /// The prints that were chosen: finger, NFIQ 2 score, grey PNG at 500 pixels per inch.
    pub prints: Vec<(FingerPosition, Option<u8>, Vec<u8>)>,
}

/// The smallest portrait: below, no face can be compared.
const PORTRAIT_SIDE_MIN: u32 = 200;

/// Sides of a print, in pixels (TR-03121-3.2; NFIQ 2 takes nothing smaller).
const PRINT_SIDES: std::ops::RangeInclusive<u32> = 197..=1_000;

fn refuse(image: &str) -> impl Fn(&dyn std::fmt::Display) -> Error + '_ {
    move |why| Error::Image {
        image: image.to_owned(),
        why: why.to_string(),
    }
}

/// DG2: cut to the shape of the profile, made smaller but never larger, coded once.
pub(crate) fn portrait(images: &Images, limits: &ChipImages) -> Result<Dg2> {
    let refuse = refuse("portrait");
    let picture = open_picture(&images.portrait).map_err(|fault| refuse(&fault))?;
    let (width, height) = (
        u32::from(*limits.face_width.as_ref()),
        u32::from(*limits.face_height.as_ref()),
    );
    let cut = crop(&picture, width, height);
    if cut.width() < PORTRAIT_SIDE_MIN {
        return Err(refuse(&format!(
            "{} x {} pixels are too few; {width} x {height} are expected",
            picture.width(),
            picture.height()
        )));
    }
    let sized = if cut.width() > width {
        imageops::resize(&cut, width, height, imageops::FilterType::Lanczos3)
    } else {
        cut
    };
    let data = encode_jpeg2000(
        sized.as_raw(),
        sized.width(),
        sized.height(),
        *limits.face_bytes_max.as_ref(),
    )
    .map_err(|fault| refuse(&fault))?;
    Ok(Dg2 {
        face: FaceImage {
            width: sized.width() as u16,
            height: sized.height() as u16,
            format: FaceFormat::Jpeg2000,
            source: FaceSource::DigitalCamera,
            data,
        },
        generation: generation(limits),
    })
}

/// The standard of the image records.
fn generation(limits: &ChipImages) -> RecordGeneration {
    match limits.records {
        ImageRecords::Iso19794 => RecordGeneration::Iso19794,
        ImageRecords::Iso39794 => RecordGeneration::Iso39794,
    }
}

/// The largest middle part with the shape of `width` to `height`.
fn crop(picture: &RgbImage, width: u32, height: u32) -> RgbImage {
    let (w, h) = (u64::from(picture.width()), u64::from(picture.height()));
    let (ratio_w, ratio_h) = (u64::from(width), u64::from(height));
    let (cut_w, cut_h) = if w * ratio_h > h * ratio_w {
        (h * ratio_w / ratio_h, h)
    } else {
        (w, w * ratio_h / ratio_w)
    };
    let (x, y) = ((w - cut_w) / 2, (h - cut_h) / 2);
    imageops::crop_imm(picture, x as u32, y as u32, cut_w as u32, cut_h as u32).to_image()
}

/// DG3: one record per print; without prints an empty group with random filler, or no group.
pub(crate) fn prints(
    images: &Images,
    limits: &ChipImages,
    profile: &PrintProfile,
    rng: &mut dyn CryptoRng,
) -> Result<Option<Dg3>> {
    if images.prints.is_empty() {
        return Ok(match profile.absent {
            AbsentPrints::NoGroup => None,
            AbsentPrints::EmptyGroup => {
                let mut filler = [0; 16];
                rng.fill_bytes(&mut filler);
                Some(Dg3 {
                    fingers: Vec::new(),
                    filler: Some(filler),
                    generation: generation(limits),
                })
            }
        });
    }
    let fingers = images
        .prints
        .iter()
        .map(|(position, quality, file)| {
            let refuse = refuse(position.name());
            if !file.starts_with(b"\x89PNG") {
                return Err(refuse(
                    &"a print comes as PNG: it is compressed once, for the chip",
                ));
            }
            let picture = open_picture(file).map_err(|fault| refuse(&fault))?;
            let grey = DynamicImage::ImageRgb8(picture).to_luma8();
            let (width, height) = (grey.width(), grey.height());
            let outside = |side| !PRINT_SIDES.contains(&side);
            if outside(width) || outside(height) {
                return Err(refuse(&format!(
                    "{width} x {height} pixels; 197 to 1000 at 500 ppi"
                )));
            }
            let dark = grey.as_raw().iter().filter(|value| **value < 128).count();
            if dark * 20 < grey.as_raw().len() {
                return Err(refuse(&"the image shows no ridges"));
            }
            let bytes_max = *limits.print_bytes_max.as_ref();
            let data = encode_wsq_within(
                grey.as_raw(),
                width,
                height,
                bytes_max,
                limits.wsq_certificate,
            )
            .map_err(|fault| refuse(&fault))?;
            Ok(FingerImage {
                position: *position,
                width: width as u16,
                height: height as u16,
                format: FingerFormat::Wsq,
                quality: quality.unwrap_or(FingerImage::QUALITY_UNKNOWN),
                data,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Some(Dg3 {
        fingers,
        filler: None,
        generation: generation(limits),
    }))
}

/// DG7: the signature in JPEG, grey.
pub(crate) fn signature(file: &[u8]) -> Result<Dg7> {
    const WIDTH_MAX: u32 = 561;
    const QUALITY: u8 = 85;
    let refuse = refuse("signature");
    let picture = open_picture(file).map_err(|fault| refuse(&fault))?;
    let mut grey = DynamicImage::ImageRgb8(picture).to_luma8();
    if grey.width() > WIDTH_MAX {
        let height = (grey.height() * WIDTH_MAX / grey.width()).max(1);
        grey = imageops::resize(&grey, WIDTH_MAX, height, imageops::FilterType::Lanczos3);
    }
    let mut image = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut image, QUALITY);
    grey.write_with_encoder(encoder)
        .map_err(|fault| refuse(&fault))?;
    Ok(Dg7 { image })
}

/// DG11: what the MRZ has no room for.
pub(crate) fn personal_details(record: &Record) -> Dg11 {
    // The parts of a place are the place and its state.
    let fill = |text: &String| text.replace(" (", "<").replace(')', "");
    let join = |parts: &[String]| (!parts.is_empty()).then(|| parts.join("<"));
    Dg11 {
        full_name: Some(record.full_name.clone()),
        personal_number: record
            .personal_number
            .clone()
            .or_else(|| record.fiscal_code.clone()),
        birth_date: Some(record.birth_date.as_dg11()),
        birth_place: record.birth_place.as_ref().map(fill),
        address: join(&record.address),
        custody: join(&record.guardians),
    }
}

/// DG12: who issued the document, when and with which remarks.
pub(crate) fn document_details(record: &Record, at: Timestamp) -> Dg12 {
    let civil = at.to_zoned(TimeZone::UTC).datetime();
    let date = civil.date();
    let day =
        |date: jiff::civil::Date| format!("{:04}{:02}{:02}", date.year(), date.month(), date.day());
    Dg12 {
        authority: Some(record.authority.clone()),
        issued: Some(day(record.issued)),
        observations: (!record.remarks.is_empty()).then(|| record.remarks.join(" ")),
        personalised: Some(format!(
            "{}{:02}{:02}{:02}",
            day(date),
            civil.hour(),
            civil.minute(),
            civil.second()
        )),
        system: Some(format!("RILASCIO {}", record.serial)),
    }
}
