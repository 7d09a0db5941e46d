//! The proof: a PDF with one page per face, at true size.

use crate::raster::parse;
use crate::{Error, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use krilla::geom::Size;
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::{Document, SerializeSettings};
use krilla_svg::{SurfaceExt, SvgSettings};

pub(crate) const POINTS_PER_MM: f32 = 72.0 / 25.4;

/// A time as the metadata of a PDF have it.
pub(crate) fn created(at: Timestamp) -> DateTime {
    let civil = at.to_zoned(TimeZone::UTC).datetime();
    DateTime::new(civil.year().unsigned_abs())
        .month(civil.month().unsigned_abs())
        .day(civil.day().unsigned_abs())
        .hour(civil.hour().unsigned_abs())
        .minute(civil.minute().unsigned_abs())
        .second(civil.second().unsigned_abs())
        .utc_offset_hour(0)
}

/// Draws faces, each on a page of exactly its size.
///
/// # Errors
/// [`Error::Render`].
pub fn proof(
    faces: &[&str],
    width_mm: f32,
    height_mm: f32,
    title: &str,
    at: Timestamp,
) -> Result<Vec<u8>> {
    let fault = |why: &str| Error::Render {
        why: why.to_owned(),
    };
    let size = Size::from_wh(width_mm * POINTS_PER_MM, height_mm * POINTS_PER_MM)
        .ok_or_else(|| fault("a page without size"))?;
    let settings = SerializeSettings {
        enable_tagging: false,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    for face in faces {
        let tree = parse(face)?;
        let mut page = document.start_page_with(PageSettings::new(size));
        let mut surface = page.surface();
        surface
            .draw_svg(&tree, size, SvgSettings::default())
            .ok_or_else(|| fault("the face cannot be drawn"))?;
        surface.finish();
        page.finish();
    }
    let metadata = Metadata::new()
        .title(title.to_owned())
        .creator("Rilascio".to_owned())
        .creation_date(created(at));
    document.set_metadata(metadata);
    document.finish().map_err(|why| fault(&format!("{why:?}")))
}
