//! Templates as records of ISO/IEC 19794-2: editions 2005 and 2011.
//!
//! Offsets and codes are those of clauses 8 of both editions. Angles are stored counter-clockwise in units of 360/256
//! degrees; this program keeps them clockwise, as the axes of an image turn.

use crate::byte_reader::ByteReader;
use crate::template::{
    MINUTIAE_MAX, Minutia, MinutiaKind, PrintTemplate, RidgeFlow, TEMPLATE_RESOLUTION,
};
use crate::{Error, Result};
use std::f32::consts::TAU;

const FORMAT: &str = "ISO/IEC 19794-2";
const MAGIC: &[u8; 4] = b"FMR\0";
const VERSION_2005: &[u8; 4] = b" 20\0";
const VERSION_2011: &[u8; 4] = b"030\0";
/// 500 pixels per inch, in pixels per centimetre.
const RATE: u16 = 197;
/// Sampling rates that are taken, in pixels per centimetre.
const RATES: std::ops::RangeInclusive<u16> = 98..=500;
/// The largest coordinate: 14 bits.
const COORDINATE_MAX: u16 = 0x3FFF;
/// The most minutiae of a view: their number has one byte.
const COUNT_MAX: usize = 255;
/// The most views of a record.
const VIEWS_MAX: u16 = 176;

/// The edition of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordEdition {
    /// ISO/IEC 19794-2:2005.
    V2005,
    /// ISO/IEC 19794-2:2011.
    V2011,
}

/// A finger of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct FingerView {
    /// The finger: 1 right thumb to 10 left little, 0 unknown.
    pub position: u8,
    /// How it was taken: 0 live, plain.
    pub impression: u8,
    /// 0 to 100, where it was measured.
    pub quality: Option<u8>,
    /// The minutiae.
    pub template: PrintTemplate,
}

fn fault(why: &'static str) -> Error {
    Error::Codec {
        format: FORMAT,
        why: why.to_owned(),
    }
}

/// Writes a record of one or more fingers.
///
/// # Errors
/// [`Error::Codec`] without a finger, with more than 176 or with sides or coordinates of more than 14 bits.
pub fn write_template(views: &[FingerView], edition: RecordEdition) -> Result<Vec<u8>> {
    let first = views
        .first()
        .ok_or_else(|| fault("a record has a finger"))?;
    let count = u16::try_from(views.len()).unwrap_or(u16::MAX);
    if count > VIEWS_MAX {
        return Err(fault("a record has at most 176 fingers"));
    }
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    match edition {
        RecordEdition::V2005 => {
            out.extend_from_slice(VERSION_2005);
            out.extend_from_slice(&[0; 6]);
            for side in [first.template.width, first.template.height, RATE, RATE] {
                out.extend_from_slice(&side.to_be_bytes());
            }
            out.extend_from_slice(&[count as u8, 0]);
            for view in views {
                let number = number_of(views, view);
                let kind = number << 4 | view.impression & 0x0F;
                out.extend_from_slice(&[
                    view.position,
                    kind,
                    view.quality.unwrap_or(0),
                    minutiae(view).len() as u8,
                ]);
                write_minutiae(&mut out, view)?;
                out.extend_from_slice(&[0, 0]);
            }
        }
        RecordEdition::V2011 => {
            out.extend_from_slice(VERSION_2011);
            out.extend_from_slice(&[0; 4]);
            out.extend_from_slice(&count.to_be_bytes());
            out.push(0);
            for view in views {
                let start = out.len();
                out.extend_from_slice(&[0; 4]);
                // No date; device unknown.
                out.extend_from_slice(&[0xFF; 9]);
                out.extend_from_slice(&[0; 5]);
                match view.quality {
                    Some(quality) => out.extend_from_slice(&[1, quality, 0, 0, 0, 0]),
                    None => out.push(0),
                }
                out.extend_from_slice(&[view.position, number_of(views, view)]);
                for value in [RATE, RATE] {
                    out.extend_from_slice(&value.to_be_bytes());
                }
                out.push(view.impression);
                for side in [view.template.width, view.template.height] {
                    out.extend_from_slice(&side.to_be_bytes());
                }
                // Six bytes a minutia; where a ridge ends, its valley divides.
                out.extend_from_slice(&[0x60, minutiae(view).len() as u8]);
                write_minutiae(&mut out, view)?;
                out.extend_from_slice(&[0, 0]);
                let length = (out.len() - start) as u32;
                out[start..start + 4].copy_from_slice(&length.to_be_bytes());
            }
        }
    }
    let length = out.len() as u32;
    out[8..12].copy_from_slice(&length.to_be_bytes());
    Ok(out)
}

/// How many views of the same finger come before.
fn number_of(views: &[FingerView], view: &FingerView) -> u8 {
    let before = views
        .iter()
        .take_while(|other| !std::ptr::eq(*other, view))
        .filter(|other| other.position == view.position);
    before.count().min(15) as u8
}

fn minutiae(view: &FingerView) -> &[Minutia] {
    let all = &view.template.minutiae;
    &all[..all.len().min(COUNT_MAX)]
}

fn write_minutiae(out: &mut Vec<u8>, view: &FingerView) -> Result<()> {
    if view.template.width > COORDINATE_MAX || view.template.height > COORDINATE_MAX {
        return Err(fault("an image side has at most 14 bits"));
    }
    for minutia in minutiae(view) {
        let kind = match minutia.kind {
            MinutiaKind::Other => 0_u16,
            MinutiaKind::Ending => 1,
            MinutiaKind::Bifurcation => 2,
        };
        let place = |value: f32| value.round().clamp(0.0, f32::from(COORDINATE_MAX)) as u16;
        out.extend_from_slice(&(kind << 14 | place(minutia.x)).to_be_bytes());
        out.extend_from_slice(&place(minutia.y).to_be_bytes());
        let turned = (-minutia.direction).rem_euclid(TAU) / TAU * 256.0;
        out.extend_from_slice(&[(turned.round() as u16 & 0xFF) as u8, minutia.quality]);
    }
    Ok(())
}

/// Reads a record of either edition; coordinates become those at 500 pixels per inch.
///
/// # Errors
/// [`Error::Codec`] for anything that is no whole record of ISO/IEC 19794-2:2005 or :2011.
pub fn read_template(record: &[u8]) -> Result<Vec<FingerView>> {
    let mut reader = ByteReader::new(record, FORMAT);
    if reader.take(4)? != MAGIC {
        return Err(fault("it does not begin with FMR"));
    }
    let version = reader.take(4)?;
    let length = reader.long()?;
    if length as usize != record.len() {
        return Err(fault("its length is not the one it says"));
    }
    if version == VERSION_2005 {
        read_2005(&mut reader)
    } else if version == VERSION_2011 {
        read_2011(&mut reader)
    } else {
        Err(fault("the edition is neither 2005 nor 2011"))
    }
}

fn read_2005(reader: &mut ByteReader<'_>) -> Result<Vec<FingerView>> {
    reader.short()?;
    let (width, height) = (reader.short()?, reader.short()?);
    let rates = (reader.short()?, reader.short()?);
    let count = reader.byte()?;
    reader.byte()?;
    let mut views = Vec::new();
    for _ in 0..count {
        let (position, kind) = (reader.byte()?, reader.byte()?);
        let (quality, minutiae) = (reader.byte()?, reader.byte()?);
        let template = read_minutiae(reader, (width, height), rates, minutiae, 6)?;
        let extended = reader.short()?;
        reader.take(extended.into())?;
        views.push(FingerView {
            position,
            impression: kind & 0x0F,
            quality: (1..=100).contains(&quality).then_some(quality),
            template,
        });
    }
    ended(reader, views)
}

fn read_2011(reader: &mut ByteReader<'_>) -> Result<Vec<FingerView>> {
    let count = reader.short()?;
    let certified = reader.byte()?;
    if count > VIEWS_MAX || certified > 1 {
        return Err(fault("a number in its header is out of range"));
    }
    let mut views = Vec::new();
    for _ in 0..count {
        let length = reader.long()?;
        let rest = length
            .checked_sub(4)
            .ok_or_else(|| fault("a finger shorter than its header"))?;
        let mut inside = reader.part(rest as usize)?;
        inside.take(14)?;
        let mut quality = None;
        for _ in 0..inside.byte()? {
            let block = inside.take(5)?;
            quality = quality.or((block[0] <= 100).then_some(block[0]));
        }
        if certified == 1 {
            let blocks = inside.byte()?;
            inside.take(usize::from(blocks) * 3)?;
        }
        let position = inside.byte()?;
        inside.byte()?;
        let rates = (inside.short()?, inside.short()?);
        let impression = inside.byte()?;
        let sides = (inside.short()?, inside.short()?);
        let bytes = inside.byte()? >> 4;
        let minutiae = inside.byte()?;
        let template = read_minutiae(&mut inside, sides, rates, minutiae, bytes)?;
        let extended = inside.short()?;
        inside.take(extended.into())?;
        views.push(FingerView {
            position,
            impression,
            quality,
            template,
        });
        if !inside.rest.is_empty() {
            return Err(fault("a finger is longer than its parts"));
        }
    }
    ended(reader, views)
}

fn ended(reader: &ByteReader<'_>, views: Vec<FingerView>) -> Result<Vec<FingerView>> {
    if reader.rest.is_empty() {
        Ok(views)
    } else {
        Err(fault("something follows the last finger"))
    }
}

fn read_minutiae(
    reader: &mut ByteReader<'_>,
    (width, height): (u16, u16),
    rates: (u16, u16),
    count: u8,
    bytes: u8,
) -> Result<PrintTemplate> {
    if !matches!(bytes, 5 | 6) {
        return Err(fault("a minutia has 5 or 6 bytes"));
    }
    if !RATES.contains(&rates.0) || !RATES.contains(&rates.1) {
        return Err(fault(
            "a sampling rate outside 98 to 500 pixels per centimetre",
        ));
    }
    if width > COORDINATE_MAX || height > COORDINATE_MAX {
        return Err(fault("an image side has at most 14 bits"));
    }
    let scale = |rate: u16| f32::from(RATE) / f32::from(rate);
    let (across, along) = (scale(rates.0), scale(rates.1));
    let mut minutiae = Vec::with_capacity(count.into());
    for _ in 0..count {
        let (first, second) = (reader.short()?, reader.short()?);
        let angle = reader.byte()?;
        let quality = if bytes == 6 { reader.byte()? } else { 0 };
        minutiae.push(Minutia {
            x: f32::from(first & COORDINATE_MAX) * across,
            y: f32::from(second & COORDINATE_MAX) * along,
            direction: (-f32::from(angle) / 256.0 * TAU).rem_euclid(TAU),
            kind: match first >> 14 {
                1 => MinutiaKind::Ending,
                2 => MinutiaKind::Bifurcation,
                0 => MinutiaKind::Other,
                _ => return Err(fault("a kind of minutia that there is not")),
            },
            // Where nobody measured it, it is in the middle.
            quality: if (1..=100).contains(&quality) {
                quality
            } else {
                50
            },
        });
    }
    minutiae.sort_by_key(|minutia| std::cmp::Reverse(minutia.quality));
    minutiae.truncate(MINUTIAE_MAX);
    let side = |pixels: u16, scale: f32| (f32::from(pixels) * scale) as u16;
    const { assert!(TEMPLATE_RESOLUTION == 500) };
    Ok(PrintTemplate {
        width: side(width, across),
        height: side(height, along),
        minutiae,
        flow: RidgeFlow::default(),
    })
}
