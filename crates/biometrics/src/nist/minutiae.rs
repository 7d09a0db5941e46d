//! Minutiae in Type-9 records: the extended feature set (9.300 to 9.331) written and read, the INCITS 378 block (9.126 to
//! 9.137) and the legacy block (9.012) read.
//!
//! Coordinates of the extended set are hundredths of a millimetre from the upper left corner of the region, angles degrees
//! counter-clockwise from the right; the legacy block counts from the lower left and turns directions round.

use super::malformed;
use super::transaction::{RS, Record, US};
use crate::Result;
use crate::template::{
    MINUTIAE_MAX, Minutia, MinutiaKind, PrintTemplate, RidgeFlow, TEMPLATE_RESOLUTION,
};
use std::f32::consts::{PI, TAU};

/// Hundredths of a millimetre in an inch.
const UNITS_PER_INCH: f32 = 2540.0;
/// The most minutiae of field 9.331.
const LIST_MAX: usize = 999;
/// Quality of a minutia that says none.
const QUALITY: u8 = 50;
/// The largest side of a template, in pixels.
const SIDE_MAX: f32 = 16_383.0;

fn units(pixels: f32) -> u32 {
    (pixels * UNITS_PER_INCH / f32::from(TEMPLATE_RESOLUTION)).round() as u32
}

fn pixels(units: f32) -> f32 {
    units * f32::from(TEMPLATE_RESOLUTION) / UNITS_PER_INCH
}

/// Degrees counter-clockwise from the right, for a direction that turns clockwise.
fn degrees(direction: f32) -> u32 {
    ((-direction).rem_euclid(TAU).to_degrees().round() as u32) % 360
}

fn direction(degrees: f32) -> f32 {
    (-degrees.to_radians()).rem_euclid(TAU)
}

/// A Type-9 record of a template, under an information designation character.
#[must_use]
pub fn minutiae_record(template: &PrintTemplate, finger: u8, designation: usize) -> Record {
    let (rs, us) = (char::from(RS), char::from(US));
    let mut record = Record::new(
        9,
        &[
            (2, &format!("{designation:02}")),
            (3, "0"),
            (4, "U"),
            (
                300,
                &format!(
                    "{}{us}{}",
                    units(f32::from(template.width)).max(1),
                    units(f32::from(template.height)).max(1)
                ),
            ),
            (302, &finger.to_string()),
        ],
    );
    let minutiae: Vec<String> = template
        .minutiae
        .iter()
        .take(LIST_MAX)
        .map(|minutia| {
            let kind = match minutia.kind {
                MinutiaKind::Ending => 'E',
                MinutiaKind::Bifurcation => 'B',
                MinutiaKind::Other => 'X',
            };
            format!(
                "{}{us}{}{us}{}{us}{kind}",
                units(minutia.x),
                units(minutia.y),
                degrees(minutia.direction)
            )
        })
        .collect();
    if minutiae.is_empty() {
        // 9.334: none are there, not none were looked for.
        record.fields.insert(334, b"Y".to_vec());
    } else {
        let text = minutiae.join(&rs.to_string());
        record.fields.insert(331, text.into_bytes());
    }
    record
}

/// A number of digits, with a point at most.
fn number_of(item: &str) -> Option<f32> {
    let item = item.trim();
    let plain = !item.is_empty() && item.len() <= 12;
    let digits = item
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    (plain && digits).then(|| item.parse().ok()).flatten()
}

/// The best first: by quality, then from the middle outwards. A comparison looks at so many.
fn best_first(mut minutiae: Vec<Minutia>) -> Vec<Minutia> {
    let count = minutiae.len().max(1) as f32;
    let sum = minutiae
        .iter()
        .fold((0.0, 0.0), |sum, m| (sum.0 + m.x, sum.1 + m.y));
    let (x, y) = (sum.0 / count, sum.1 / count);
    let away = |m: &Minutia| (m.x - x).hypot(m.y - y);
    minutiae.sort_by(|a, b| b.quality.cmp(&a.quality).then(away(a).total_cmp(&away(b))));
    minutiae.truncate(MINUTIAE_MAX);
    minutiae
}

/// Items of a subfield as numbers; texts become nothing.
fn numbers(subfield: &str) -> Vec<Option<f32>> {
    let items = subfield.split(char::from(US));
    items.map(number_of).collect()
}

fn at(numbers: &[Option<f32>], place: usize, field: u16) -> Result<f32> {
    let found = numbers.get(place).copied().flatten();
    found.ok_or_else(|| malformed(format!("field 9.{field:03} lacks a number")))
}

fn quality(value: Option<f32>) -> u8 {
    match value {
        Some(value) if (1.0..=100.0).contains(&value) => value as u8,
        _ => QUALITY,
    }
}

/// The side of a template, from a number of pixels.
fn side(pixels: f32) -> u16 {
    pixels.round().clamp(1.0, SIDE_MAX) as u16
}

/// Finger and template of a Type-9 record; nothing of any other.
///
/// # Errors
/// When a field that is needed is missing or wrong.
pub fn read_minutiae(record: &Record) -> Result<Option<(u8, PrintTemplate)>> {
    if record.kind != 9 {
        return Ok(None);
    }
    let subfields = |field: u16| -> Option<Vec<&str>> {
        let text = record.text(field)?;
        Some(
            text.split(char::from(RS))
                .filter(|part| !part.is_empty())
                .collect(),
        )
    };
    let (finger, template) = if record.fields.contains_key(&300) {
        (302, extended(record, &subfields(331).unwrap_or_default())?)
    } else if let Some(list) = subfields(137) {
        (134, incits(record, &list)?)
    } else if let Some(list) = subfields(12) {
        (6, legacy(&list)?)
    } else {
        return Err(malformed(
            "a Type-9 record without minutiae (9.331, 9.137 or 9.012)",
        ));
    };
    let position = record.text(finger).unwrap_or("0");
    let first = position.split([char::from(RS), char::from(US)]).next();
    let position = first.unwrap_or_default().trim();
    let position = position
        .parse::<u8>()
        .ok()
        .filter(|finger| (1..=10).contains(finger));
    let position =
        position.ok_or_else(|| malformed("a Type-9 record that does not say which finger"))?;
    Ok(Some((position, template)))
}

fn template(width: f32, height: f32, minutiae: Vec<Minutia>) -> PrintTemplate {
    PrintTemplate {
        width: side(width),
        height: side(height),
        minutiae: best_first(minutiae),
        flow: RidgeFlow::default(),
    }
}

fn extended(record: &Record, list: &[&str]) -> Result<PrintTemplate> {
    let region = numbers(record.text(300).unwrap_or_default());
    let mut minutiae = Vec::new();
    for subfield in list.iter().take(LIST_MAX) {
        let items = numbers(subfield);
        let kind = match subfield.split(char::from(US)).nth(3) {
            Some("E") => MinutiaKind::Ending,
            Some("B") => MinutiaKind::Bifurcation,
            Some("X") => MinutiaKind::Other,
            _ => return Err(malformed("a minutia of 9.331 is E, B or X")),
        };
        minutiae.push(Minutia {
            x: pixels(at(&items, 0, 331)?).clamp(0.0, SIDE_MAX),
            y: pixels(at(&items, 1, 331)?).clamp(0.0, SIDE_MAX),
            direction: direction(at(&items, 2, 331)?),
            kind,
            quality: QUALITY,
        });
    }
    Ok(template(
        pixels(at(&region, 0, 300)?),
        pixels(at(&region, 1, 300)?),
        minutiae,
    ))
}

fn incits(record: &Record, list: &[&str]) -> Result<PrintTemplate> {
    let number = |field: u16| {
        record
            .text(field)
            .map(numbers)
            .and_then(|n| n.first().copied()?)
    };
    // 9.130: 1 counts pixels in an inch, 2 in a centimetre.
    let per_inch = match (number(130), number(131)) {
        (Some(2.0), Some(rate)) => rate * 2.54,
        (_, Some(rate)) => rate,
        _ => f32::from(TEMPLATE_RESOLUTION),
    };
    if !(100.0..=2000.0).contains(&per_inch) {
        return Err(malformed("the resolution of field 9.131"));
    }
    let scale = f32::from(TEMPLATE_RESOLUTION) / per_inch;
    // Units of two degrees; some write degrees, and then some angle is beyond them.
    let in_degrees = list.iter().any(|subfield| {
        let angle = numbers(subfield).get(3).copied().flatten();
        angle.is_some_and(|angle| angle >= 180.0)
    });
    let mut minutiae = Vec::new();
    let (mut right, mut low) = (1.0_f32, 1.0_f32);
    for subfield in list.iter().take(LIST_MAX) {
        let items = numbers(subfield);
        let (x, y) = (at(&items, 1, 137)? * scale, at(&items, 2, 137)? * scale);
        let angle = at(&items, 3, 137)?;
        let angle = if in_degrees { angle } else { angle * 2.0 };
        (right, low) = (right.max(x), low.max(y));
        minutiae.push(Minutia {
            x: x.clamp(0.0, SIDE_MAX),
            y: y.clamp(0.0, SIDE_MAX),
            direction: direction(angle),
            kind: match at(&items, 4, 137)? as i32 {
                1 => MinutiaKind::Ending,
                2 => MinutiaKind::Bifurcation,
                _ => MinutiaKind::Other,
            },
            quality: quality(items.get(5).copied().flatten()),
        });
    }
    let wide = number(128).map_or(right, |wide| wide * scale);
    let high = number(129).map_or(low, |high| high * scale);
    Ok(template(wide, high, minutiae))
}

fn legacy(list: &[&str]) -> Result<PrintTemplate> {
    let mut minutiae = Vec::new();
    for subfield in list.iter().take(LIST_MAX) {
        let mut items = subfield.split(char::from(US)).skip(1);
        let place = items.next().unwrap_or_default();
        let part = |from: usize, to: usize| place.get(from..to).and_then(number_of);
        let (Some(x), Some(y), Some(turn)) = (part(0, 4), part(4, 8), part(8, 11)) else {
            return Err(malformed("a minutia of 9.012 is XXXXYYYYTTT"));
        };
        let quality = quality(items.next().and_then(number_of));
        let kind = match items.next().map(str::trim) {
            Some("A") => MinutiaKind::Ending,
            Some("B") => MinutiaKind::Bifurcation,
            _ => MinutiaKind::Other,
        };
        minutiae.push(Minutia {
            x: pixels(x),
            y: pixels(y),
            direction: (direction(turn) + PI).rem_euclid(TAU),
            kind,
            quality,
        });
    }
    // From below to above; the height of the image is not said.
    let high = minutiae.iter().fold(0.0_f32, |high, m| high.max(m.y)) + 1.0;
    let wide = minutiae.iter().fold(0.0_f32, |wide, m| wide.max(m.x)) + 1.0;
    for minutia in &mut minutiae {
        minutia.y = high - minutia.y;
    }
    Ok(template(wide, high, minutiae))
}
