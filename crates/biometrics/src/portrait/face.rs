//! Where the face and the eyes are.

use super::picture::Luma;
use crate::{Error, Result};
use rustface::{ImageData, Model};
use std::io::Cursor;
use std::sync::LazyLock;

/// The model of the detector: frontal faces (origin and licence in `data/README.md`).
static MODEL: LazyLock<Result<Model, String>> = LazyLock::new(|| {
    let bytes = include_bytes!("../../data/seeta_fd_frontal_v1.0.bin");
    rustface::read_model(Cursor::new(&bytes[..])).map_err(|why| why.to_string())
});

/// The detector looks at pictures of about this height: larger ones are made smaller.
const LOOK_HEIGHT: usize = 400;
/// The smallest face, as a share of the height of the picture.
const FACE_MIN: f32 = 0.12;
/// The least score of the detector.
const SCORE_MIN: f64 = 2.0;

/// A rectangle of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceBox {
    /// From the left.
    pub x: f32,
    /// From above.
    pub y: f32,
    /// Width, that of the face from ear to ear.
    pub width: f32,
    /// Height.
    pub height: f32,
}

/// A point of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// From the left.
    pub x: f32,
    /// From above.
    pub y: f32,
}

/// The faces of a picture, the largest first.
pub(super) fn faces(picture: &Luma) -> Result<Vec<FaceBox>> {
    let fault = |why: &str| Error::Codec {
        format: "face detector",
        why: why.to_owned(),
    };
    let model = MODEL.as_ref().map_err(|why| fault(why))?.clone();
    let step = (picture.height as f32 / LOOK_HEIGHT as f32).max(1.0);
    let small = picture.reduced(step);
    let mut detector = rustface::create_detector_with_model(model);
    // Faces below 20 pixels are beyond the detector.
    detector.set_min_face_size(((small.height as f32 * FACE_MIN) as u32).max(20));
    detector.set_score_thresh(SCORE_MIN);
    detector.set_pyramid_scale_factor(0.8);
    detector.set_slide_window_step(4, 4);
    let pixels: Vec<u8> = small.values.iter().map(|value| *value as u8).collect();
    if small.width < 40 || small.height < 40 {
        return Ok(Vec::new());
    }
    let data = ImageData::new(&pixels, small.width as u32, small.height as u32);
    let mut found: Vec<FaceBox> = detector
        .detect(&data)
        .iter()
        .map(|face| {
            let place = face.bbox();
            FaceBox {
                x: place.x() as f32 * step,
                y: place.y() as f32 * step,
                width: place.width() as f32 * step,
                height: place.height() as f32 * step,
            }
        })
        .collect();
    found.sort_by(|a, b| b.width.total_cmp(&a.width));
    Ok(found)
}

/// The middle of an eye in a window of a picture: where most gradients point away from (Timm and Barth, 2011).
fn eye_in(picture: &Luma, x: f32, y: f32, side: f32) -> Option<Point> {
    const GRID: usize = 26;
    let step = side / GRID as f32;
    if step <= 0.0 {
        return None;
    }
    let at = |column: usize, row: usize| {
        picture.mean_around(
            x + (column as f32 + 0.5) * step,
            y + (row as f32 + 0.5) * step,
            step,
        )
    };
    let values: Vec<f32> = (0..GRID * GRID).map(|n| at(n % GRID, n / GRID)).collect();
    let value = |column: usize, row: usize| values[row * GRID + column];
    let mut gradients = Vec::new();
    for row in 1..GRID - 1 {
        for column in 1..GRID - 1 {
            let dx = value(column + 1, row) - value(column - 1, row);
            let dy = value(column, row + 1) - value(column, row - 1);
            gradients.push((column as f32, row as f32, dx, dy, dx.hypot(dy)));
        }
    }
    let usual = gradients.iter().map(|g| g.4).sum::<f32>() / gradients.len() as f32;
    gradients.retain(|gradient| gradient.4 > 1.2 * usual && gradient.4 > 4.0);
    let mut best: Option<(f32, usize, usize)> = None;
    for row in 2..GRID - 2 {
        for column in 2..GRID - 2 {
            let mut sum = 0.0;
            for (gx, gy, dx, dy, length) in &gradients {
                let (px, py) = (gx - column as f32, gy - row as f32);
                let far = px.hypot(py);
                if far > 0.5 && far < GRID as f32 * 0.35 {
                    // From the dark middle outwards it gets lighter.
                    let along = ((px * dx + py * dy) / (far * length)).max(0.0);
                    sum += along * along;
                }
            }
            let dark = 255.0 - value(column, row);
            // The middle of the window is likelier than its edge, where brows are.
            let (ox, oy) = (
                column as f32 / GRID as f32 - 0.5,
                row as f32 / GRID as f32 - 0.55,
            );
            let likely = (-(ox * ox + 1.6 * oy * oy) / 0.09).exp();
            let score = sum * dark * likely;
            if best.is_none_or(|(known, _, _)| score > known) {
                best = Some((score, column, row));
            }
        }
    }
    best.filter(|(score, _, _)| *score > 0.0)
        .map(|(_, column, row)| Point {
            x: x + (column as f32 + 0.5) * step,
            y: y + (row as f32 + 0.5) * step,
        })
}

/// The eyes of a face: the one on the left of the picture first.
pub(super) fn eyes(picture: &Luma, face: &FaceBox) -> Option<[Point; 2]> {
    let side = 0.30 * face.width;
    let window = |centre: f32| {
        eye_in(
            picture,
            face.x + centre * face.width - side / 2.0,
            face.y + 0.37 * face.height - side / 2.0,
            side,
        )
    };
    Some([window(0.30)?, window(0.70)?])
}
