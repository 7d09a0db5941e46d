//! The quality of a portrait at the counter: what Doc 9303-3, 3.9 and BSI TR-03121-3 let a program check.

mod face;
mod picture;

pub use face::{FaceBox, Point};

use crate::Result;
use crate::adjudication::Language;
use crate::image_file::png;
use image::imageops::{FilterType, crop_imm, resize};
use image::{ExtendedColorType, RgbImage};
use picture::Luma;

/// The portrait that goes to the works: width and height, in pixels.
pub const PORTRAIT_SIZE: (u32, u32) = (622, 800);

/// What is asked of a portrait; shares are of the width or height of the cut picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PortraitRules {
    /// The least distance of the eyes, in pixels of the taken picture.
    pub eye_distance_min: f32,
    /// The roll of the head at most, in degrees.
    pub roll_max: f32,
    /// The turn of the head at most, as the shift of the eyes against the face, in shares of its width.
    pub turn_max: f32,
    /// Head width.
    pub head_width: (f32, f32),
    /// The height of the eyes, from above.
    pub eye_line: (f32, f32),
    /// The middle of the face, from the left.
    pub centre: (f32, f32),
    /// Pixels at black and at white, each at most.
    pub clipped_max: f32,
}

impl Default for PortraitRules {
    /// TR-03121-3, enrolment of a face; for scanned photographs 120 pixels between the eyes are enough.
    fn default() -> Self {
        Self {
            eye_distance_min: 120.0,
            roll_max: 8.0,
            turn_max: 0.07,
            head_width: (0.45, 0.75),
            eye_line: (0.30, 0.50),
            centre: (0.45, 0.55),
            clipped_max: 0.001,
        }
    }
}

/// A check of a portrait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortraitCheck {
    /// There is a face.
    Face,
    /// There is only one.
    Alone,
    /// The eyes are found.
    Eyes,
    /// The picture has enough pixels.
    Resolution,
    /// The head is upright.
    Roll,
    /// The head looks straight ahead.
    Turn,
    /// The head is neither too small nor too large.
    HeadSize,
    /// The head is neither too high nor too low.
    EyeLine,
    /// The head is in the middle.
    Centre,
    /// The face is neither too dark nor too light.
    Exposure,
    /// Nothing is burnt out or black.
    Clipping,
    /// Both halves of the face are lit alike.
    Lighting,
    /// It is sharp.
    Sharpness,
    /// The background is even and light.
    Background,
    /// The eyes are open.
    EyesOpen,
    /// The mouth is closed.
    MouthClosed,
}

impl PortraitCheck {
    /// What a clerk can do about it.
    #[must_use]
    pub fn words(self, language: Language) -> &'static str {
        let (it, en) = match self {
            Self::Face => (
                "non si vede un volto: inquadrare la persona di fronte",
                "no face is seen: point the camera at the person's face",
            ),
            Self::Alone => (
                "si vede più di un volto: fotografare la persona da sola",
                "more than one face is seen: take the person alone",
            ),
            Self::Eyes => (
                "gli occhi non si distinguono: togliere occhiali con riflessi e capelli dal viso",
                "the eyes cannot be told: take off reflecting glasses, move hair from the face",
            ),
            Self::Resolution => (
                "il volto è troppo piccolo: avvicinarsi o aumentare la risoluzione",
                "the face is too small: move closer or raise the resolution",
            ),
            Self::Roll => (
                "la testa è inclinata: raddrizzarla",
                "the head is tilted: keep it upright",
            ),
            Self::Turn => (
                "la testa è girata: guardare dritto nella camera",
                "the head is turned: look straight into the camera",
            ),
            Self::HeadSize => (
                "la testa è troppo piccola o troppo grande nel riquadro",
                "the head is too small or too large in the frame",
            ),
            Self::EyeLine => (
                "il volto è troppo in alto o troppo in basso nel riquadro",
                "the face is too high or too low in the frame",
            ),
            Self::Centre => ("il volto non è al centro", "the face is not in the middle"),
            Self::Exposure => (
                "il volto è troppo scuro o troppo chiaro: regolare la luce",
                "the face is too dark or too light: change the light",
            ),
            Self::Clipping => (
                "ci sono zone bruciate o nere: ridurre i riflessi e le ombre",
                "parts are burnt out or black: reduce glare and shadows",
            ),
            Self::Lighting => (
                "un lato del volto è in ombra: illuminare entrambi i lati",
                "one side of the face is in shadow: light both sides",
            ),
            Self::Sharpness => (
                "la foto non è nitida: mettere a fuoco e stare fermi",
                "the picture is not sharp: focus and hold still",
            ),
            Self::Background => (
                "lo sfondo non è chiaro e uniforme",
                "the background is not light and even",
            ),
            Self::EyesOpen => (
                "gli occhi sembrano chiusi: ripetere la foto",
                "the eyes seem closed: take it again",
            ),
            Self::MouthClosed => (
                "la bocca sembra aperta: chiuderla",
                "the mouth seems open: close it",
            ),
        };
        match language {
            Language::Italian => it,
            Language::English => en,
        }
    }
}

/// A portrait that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct PortraitQuality {
    /// The face.
    pub face: Option<FaceBox>,
    /// The eyes, the one on the left of the picture first.
    pub eyes: Option<[Point; 2]>,
    /// The checks that failed.
    pub failed: Vec<PortraitCheck>,
    /// The portrait cut for the document, 622 × 800, as PNG; nothing without eyes or without room around the head.
    pub cut: Option<Vec<u8>>,
}

/// How wide a head may be in the cut picture, the best first, and where its eyes are.
const HEAD_SHARES: [f32; 5] = [0.58, 0.62, 0.66, 0.70, 0.74];
const EYE_SHARE: f32 = 0.42;
/// The brightness of a face, 0 to 255, and how much its halves may differ.
const FACE_BRIGHTNESS: (f32, f32) = (55.0, 225.0);
const HALVES_MAX: f32 = 45.0;
/// The mean of absolute second differences in the face, against its contrast: less is blurred.
const SHARPNESS_MIN: f32 = 0.035;
/// The background: least brightness, largest deviation.
const BACKGROUND_MIN: f32 = 110.0;
const BACKGROUND_DEVIATION: f32 = 22.0;

/// Looks at a portrait: PNG or JPEG.
///
/// # Errors
/// When the bytes are no picture, or a larger one than a portrait can be.
pub fn portrait_quality(bytes: &[u8], rules: &PortraitRules) -> Result<PortraitQuality> {
    let picture = picture::read(bytes)?;
    let luma = Luma::of(&picture);
    let mut failed = Vec::new();
    let faces = face::faces(&luma)?;
    let Some(face) = faces.first().copied() else {
        failed.push(PortraitCheck::Face);
        return Ok(PortraitQuality {
            face: None,
            eyes: None,
            failed,
            cut: None,
        });
    };
    // A second face counts when it is no part of the first.
    if faces
        .iter()
        .skip(1)
        .any(|other| other.width > 0.4 * face.width && apart(&face, other))
    {
        failed.push(PortraitCheck::Alone);
    }
    light(&luma, &picture, &face, rules, &mut failed);
    let Some(eyes) = face::eyes(&luma, &face) else {
        failed.push(PortraitCheck::Eyes);
        return Ok(PortraitQuality {
            face: Some(face),
            eyes: None,
            failed,
            cut: None,
        });
    };
    geometry(&picture, &face, &eyes, rules, &mut failed);
    if !eyes.iter().all(|eye| is_open(&luma, eye, &face)) {
        failed.push(PortraitCheck::EyesOpen);
    }
    if mouth_is_open(&luma, &face, &eyes) {
        failed.push(PortraitCheck::MouthClosed);
    }
    failed.sort_unstable();
    Ok(PortraitQuality {
        cut: cut(&picture, &face, &eyes)
            .map(|cut| png(cut.as_raw(), PORTRAIT_SIZE, ExtendedColorType::Rgb8))
            .transpose()?,
        face: Some(face),
        eyes: Some(eyes),
        failed,
    })
}

fn apart(one: &FaceBox, other: &FaceBox) -> bool {
    let (x, y) = (other.x + other.width / 2.0, other.y + other.height / 2.0);
    !(one.x..one.x + one.width).contains(&x) || !(one.y..one.y + one.height).contains(&y)
}

fn within(value: f32, (least, most): (f32, f32)) -> bool {
    (least..=most).contains(&value)
}

fn geometry(
    picture: &RgbImage,
    face: &FaceBox,
    eyes: &[Point; 2],
    rules: &PortraitRules,
    failed: &mut Vec<PortraitCheck>,
) {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let (dx, dy) = (eyes[1].x - eyes[0].x, eyes[1].y - eyes[0].y);
    let middle = (eyes[0].x + eyes[1].x) / 2.0;
    let line = (eyes[0].y + eyes[1].y) / 2.0;
    let turn = (middle - face.x - face.width / 2.0) / face.width;
    for (holds, check) in [
        (
            dx.hypot(dy) >= rules.eye_distance_min,
            PortraitCheck::Resolution,
        ),
        (
            dy.atan2(dx).to_degrees().abs() <= rules.roll_max,
            PortraitCheck::Roll,
        ),
        (turn.abs() <= rules.turn_max, PortraitCheck::Turn),
        (
            within(face.width / width, rules.head_width),
            PortraitCheck::HeadSize,
        ),
        (
            within(line / height, rules.eye_line),
            PortraitCheck::EyeLine,
        ),
        (within(middle / width, rules.centre), PortraitCheck::Centre),
    ] {
        if !holds {
            failed.push(check);
        }
    }
}

/// Mean and standard deviation of the pixels of a rectangle.
fn spread(luma: &Luma, x: f32, y: f32, width: f32, height: f32) -> (f32, f32) {
    let range = |start: f32, length: f32, most: usize| {
        let first = (start.max(0.0) as usize).min(most);
        let last = ((start + length).max(0.0) as usize).min(most);
        first..last.max(first)
    };
    let mut values = Vec::new();
    for row in range(y, height, luma.height) {
        for column in range(x, width, luma.width) {
            values.push(luma.values[row * luma.width + column]);
        }
    }
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let squares: f32 = values
        .iter()
        .map(|value| (value - mean) * (value - mean))
        .sum();
    (mean, (squares / values.len() as f32).sqrt())
}

fn light(
    luma: &Luma,
    picture: &RgbImage,
    face: &FaceBox,
    rules: &PortraitRules,
    failed: &mut Vec<PortraitCheck>,
) {
    let (x, y) = (face.x + 0.15 * face.width, face.y + 0.15 * face.height);
    let (w, h) = (0.7 * face.width, 0.75 * face.height);
    let (mean, contrast) = spread(luma, x, y, w, h);
    if !within(mean, FACE_BRIGHTNESS) {
        failed.push(PortraitCheck::Exposure);
    }
    let (left, _) = spread(luma, x, y, w / 2.0, h);
    let (right, _) = spread(luma, x + w / 2.0, y, w / 2.0, h);
    if (left - right).abs() > HALVES_MAX {
        failed.push(PortraitCheck::Lighting);
    }
    let count = picture.pixels().len() as f32;
    let share = |value: u8| {
        let all = picture.pixels().filter(|pixel| pixel.0 == [value; 3]);
        all.count() as f32 / count
    };
    if share(0) > rules.clipped_max || share(255) > rules.clipped_max {
        failed.push(PortraitCheck::Clipping);
    }
    if sharpness(luma, x, y, w, h) < SHARPNESS_MIN * contrast.max(1.0) {
        failed.push(PortraitCheck::Sharpness);
    }
    // Beside the head, above the shoulders.
    let top = face.y + 0.3 * face.height;
    let side = (0.12 * luma.width as f32).min((face.x - 0.25 * face.width).max(8.0));
    let right = luma.width as f32 - side;
    let (one, first) = spread(luma, 0.0, 0.0, side, top);
    let (other, second) = spread(luma, right, 0.0, side, top);
    let even = first.max(second) < BACKGROUND_DEVIATION
        && (one - other).abs() < 2.0 * BACKGROUND_DEVIATION;
    if !even || one.min(other) < BACKGROUND_MIN {
        failed.push(PortraitCheck::Background);
    }
}

/// The mean of absolute second differences, at the scale of a face of 300 pixels.
fn sharpness(luma: &Luma, x: f32, y: f32, width: f32, height: f32) -> f32 {
    let step = (width / 210.0).max(1.0);
    let (columns, rows) = ((width / step) as usize, (height / step) as usize);
    let (mut sum, mut count) = (0.0, 0.0_f32);
    for row in 0..rows {
        for column in 0..columns {
            let (px, py) = (x + column as f32 * step, y + row as f32 * step);
            let at = |dx: f32, dy: f32| luma.near(px + dx * step, py + dy * step);
            sum +=
                (4.0 * at(0.0, 0.0) - at(1.0, 0.0) - at(-1.0, 0.0) - at(0.0, 1.0) - at(0.0, -1.0))
                    .abs();
            count += 1.0;
        }
    }
    sum / count.max(1.0)
}

/// An open eye has a dark iris beside something light.
fn is_open(luma: &Luma, eye: &Point, face: &FaceBox) -> bool {
    let side = 0.16 * face.width;
    let iris = luma.mean_around(eye.x, eye.y, 0.035 * face.width);
    let mut lightest = 0.0_f32;
    for step in -8..=8 {
        let x = eye.x + step as f32 / 8.0 * side / 2.0;
        lightest = lightest.max(luma.mean_around(x, eye.y, 0.02 * face.width));
    }
    let (mean, _) = spread(
        luma,
        eye.x - side / 2.0,
        eye.y - side / 4.0,
        side,
        side / 2.0,
    );
    iris < mean && lightest - iris > 35.0
}

/// An open mouth is a dark or very light area, higher than lips are.
fn mouth_is_open(luma: &Luma, face: &FaceBox, eyes: &[Point; 2]) -> bool {
    let distance = eyes[1].x - eyes[0].x;
    let middle = (eyes[0].x + eyes[1].x) / 2.0;
    let line = (eyes[0].y + eyes[1].y) / 2.0;
    // The mouth is about one distance of the eyes below them.
    let (skin, _) = spread(
        luma,
        middle - 0.6 * distance,
        line + 0.4 * distance,
        0.3 * distance,
        0.3 * distance,
    );
    let rows = (0.7 * distance) as usize;
    let mut run = 0_usize;
    let mut longest = 0;
    for row in 0..rows {
        let y = line + 0.75 * distance + row as f32;
        let value = luma.mean_around(middle, y, 0.05 * face.width);
        if value < 0.42 * skin || value > 1.25 * skin {
            run += 1;
            longest = longest.max(run);
        } else {
            run = 0;
        }
    }
    longest as f32 > 0.17 * distance
}

/// The part of the picture that the document takes, never enlarged beyond twice: the head as small as there is room for;
/// nothing when it is too near an edge.
fn cut(picture: &RgbImage, face: &FaceBox, eyes: &[Point; 2]) -> Option<RgbImage> {
    HEAD_SHARES.iter().find_map(|share| {
        let width = face.width / share;
        let height = width * PORTRAIT_SIZE.1 as f32 / PORTRAIT_SIZE.0 as f32;
        let x = (eyes[0].x + eyes[1].x) / 2.0 - width / 2.0;
        let y = (eyes[0].y + eyes[1].y) / 2.0 - EYE_SHARE * height;
        let fits = x >= -1.0
            && y >= -1.0
            && x + width <= picture.width() as f32 + 1.0
            && y + height <= picture.height() as f32 + 1.0;
        if !fits || width * 2.0 < PORTRAIT_SIZE.0 as f32 {
            return None;
        }
        let (x, y) = (x.max(0.0) as u32, y.max(0.0) as u32);
        let part = crop_imm(picture, x, y, width as u32, height as u32).to_image();
        let (width, height) = PORTRAIT_SIZE;
        Some(resize(&part, width, height, FilterType::CatmullRom))
    })
}
