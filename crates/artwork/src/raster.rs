//! From SVG to pixels.

use crate::fonts::options;
use crate::{Error, Result};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::Tree;

/// The most pixels of a raster.
const PIXELS_MAX: f32 = 60_000_000.0;

fn render_error(fault: impl std::fmt::Display) -> Error {
    Error::Render {
        why: fault.to_string(),
    }
}

pub(crate) fn parse(svg: &str) -> Result<Tree> {
    Tree::from_str(svg, &options()).map_err(render_error)
}

fn render(svg: &str, width_mm: f32, height_mm: f32, dpi: f32) -> Result<Pixmap> {
    let tree = parse(svg)?;
    let (width, height) = (width_mm / 25.4 * dpi, height_mm / 25.4 * dpi);
    if !(width >= 1.0 && height >= 1.0 && width * height <= PIXELS_MAX) {
        return Err(render_error(format!(
            "{width_mm} x {height_mm} mm at {dpi} dpi"
        )));
    }
    let mut pixels = Pixmap::new(width.round() as u32, height.round() as u32)
        .ok_or_else(|| render_error("no memory for the raster"))?;
    pixels.fill(Color::WHITE);
    let scale = Transform::from_scale(
        pixels.width() as f32 / tree.size().width(),
        pixels.height() as f32 / tree.size().height(),
    );
    resvg::render(&tree, scale, &mut pixels.as_mut());
    Ok(pixels)
}

/// The raster that a laser burns: 8 bit grey PNG with its resolution, black is burnt.
///
/// # Errors
/// [`Error::Render`].
pub fn engraving(svg: &str, width_mm: f32, height_mm: f32, dpi: f32) -> Result<Vec<u8>> {
    let pixels = render(svg, width_mm, height_mm, dpi)?;
    let grey: Vec<u8> = pixels
        .data()
        .chunks_exact(4)
        .map(|p| {
            let [r, g, b] = [p[0], p[1], p[2]].map(u32::from);
            ((2126 * r + 7152 * g + 722 * b + 5000) / 10_000) as u8
        })
        .collect();
    png(
        &grey,
        pixels.width(),
        pixels.height(),
        png::ColorType::Grayscale,
        dpi,
    )
}

/// A picture of the face for people: colour PNG with its resolution.
///
/// # Errors
/// [`Error::Render`].
pub fn preview(svg: &str, width_mm: f32, height_mm: f32, dpi: f32) -> Result<Vec<u8>> {
    let pixels = render(svg, width_mm, height_mm, dpi)?;
    let colour: Vec<u8> = pixels
        .data()
        .chunks_exact(4)
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect();
    png(
        &colour,
        pixels.width(),
        pixels.height(),
        png::ColorType::Rgb,
        dpi,
    )
}

fn png(
    pixels: &[u8],
    width: u32,
    height: u32,
    colour: png::ColorType,
    dpi: f32,
) -> Result<Vec<u8>> {
    let per_metre = (dpi / 0.0254).round() as u32;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header().map_err(render_error)?;
    writer.write_image_data(pixels).map_err(render_error)?;
    writer.finish().map_err(render_error)?;
    Ok(out)
}
