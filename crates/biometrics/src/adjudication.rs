//! The picture that an examiner decides by: two prints side by side, what fits marked, and what the score means.

use crate::image_file::{escaped, png};
use crate::matching::Comparison;
use crate::template::{Minutia, PrintTemplate};
use crate::{GreyImage, Result};
use base64ct::{Base64, Encoding};
use image::ExtendedColorType;
use std::fmt::Write;

/// The language of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Italian.
    Italian,
    /// English.
    English,
}

/// A print of the picture.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The image.
    pub image: &'a GreyImage,
    /// Its template.
    pub template: &'a PrintTemplate,
}

/// Between the two prints, and above them, in pixels.
const GAP: f32 = 40.0;
const TOP: f32 = 34.0;
/// Below them, for the words.
const BOTTOM: f32 = 64.0;
/// Pairs whose lines are drawn: more of them would hide the prints.
const LINES_MAX: usize = 14;
/// Blue and orange can be told apart by everybody.
const FITS: &str = "#0b5cad";
const ALONE: &str = "#b35900";

/// What a score means, in words.
#[must_use]
pub fn in_words(score: i32, language: Language) -> &'static str {
    let place = [0, 460, 920, 1380]
        .iter()
        .filter(|limit| score >= **limit)
        .count();
    let words = match language {
        Language::Italian => [
            "le impronte non concordano",
            "concordanza debole: più di un caso su 100 tra dita diverse",
            "concordanza dubbia: meno di un caso su 100 tra dita diverse",
            "concordanza forte: meno di un caso su 10 000 tra dita diverse",
            "concordanza molto forte: oltre quanto è stato misurato su dita diverse",
        ],
        Language::English => [
            "the prints do not agree",
            "weak agreement: more than one case in 100 between different fingers",
            "doubtful agreement: less than one case in 100 between different fingers",
            "strong agreement: less than one case in 10 000 between different fingers",
            "very strong agreement: beyond what was measured between different fingers",
        ],
    };
    words[place]
}

/// Draws two prints that were compared, as SVG with everything in it.
///
/// # Errors
/// [`crate::Error::Codec`] when an image cannot be written.
pub fn adjudication_svg(
    probe: Shown<'_>,
    reference: Shown<'_>,
    comparison: &Comparison,
    language: Language,
) -> Result<String> {
    let side = |shown: &Shown<'_>| {
        let scale = 500.0 / f32::from(shown.image.resolution());
        (
            shown.image.width() as f32 * scale,
            shown.image.height() as f32 * scale,
        )
    };
    let ((left_width, left_height), (right_width, right_height)) = (side(&probe), side(&reference));
    let shift = left_width + GAP;
    let (width, tall) = (shift + right_width, left_height.max(right_height));
    let height = TOP + tall + BOTTOM;
    let matched = &comparison.alignment.matched;
    let words = in_words(comparison.score(), language);
    let counted = match language {
        Language::Italian => format!(
            "minuzie concordanti: {} su {} e {}; punteggio {:.1}",
            matched.len(),
            probe.template.minutiae.len(),
            reference.template.minutiae.len(),
            f64::from(comparison.score()) / 100.0
        ),
        Language::English => format!(
            "minutiae that fit: {} of {} and {}; score {:.1}",
            matched.len(),
            probe.template.minutiae.len(),
            reference.template.minutiae.len(),
            f64::from(comparison.score()) / 100.0
        ),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
        font-family=\"sans-serif\" font-size=\"15\"><title>{}</title><desc>{}</desc>\
        <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
        escaped(words),
        escaped(&counted)
    );
    for (shown, x, (w, h)) in [
        (&probe, 0.0, (left_width, left_height)),
        (&reference, shift, (right_width, right_height)),
    ] {
        let _ = write!(
            svg,
            "<text x=\"{x:.0}\" y=\"22\">{}</text>\
            <image x=\"{x:.0}\" y=\"{TOP}\" width=\"{w:.0}\" height=\"{h:.0}\" href=\"data:image/png;base64,{}\"/>",
            escaped(shown.name),
            Base64::encode_string(&png(
                shown.image.pixels(),
                (shown.image.width(), shown.image.height()),
                ExtendedColorType::L8,
            )?)
        );
    }
    let mut best: Vec<_> = matched.iter().collect();
    best.sort_by(|a, b| b.closeness.total_cmp(&a.closeness));
    for pair in best.iter().take(LINES_MAX) {
        let places = (
            probe.template.minutiae.get(usize::from(pair.probe)),
            reference.template.minutiae.get(usize::from(pair.reference)),
        );
        if let (Some(a), Some(b)) = places {
            let _ = write!(
                svg,
                "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" stroke=\"{FITS}\" stroke-opacity=\"0.35\"/>",
                a.x,
                a.y + TOP,
                b.x + shift,
                b.y + TOP
            );
        }
    }
    let mut fits = [
        vec![false; probe.template.minutiae.len()],
        vec![false; reference.template.minutiae.len()],
    ];
    for pair in matched {
        for (fits, place) in fits.iter_mut().zip([pair.probe, pair.reference]) {
            if let Some(fit) = fits.get_mut(usize::from(place)) {
                *fit = true;
            }
        }
    }
    for ((shown, x), fits) in [(&probe, 0.0), (&reference, shift)].iter().zip(&fits) {
        for (minutia, fit) in shown.template.minutiae.iter().zip(fits) {
            mark(&mut svg, minutia, *x, *fit);
        }
    }
    let _ = write!(
        svg,
        "<text x=\"0\" y=\"{:.0}\" font-weight=\"bold\">{}</text><text x=\"0\" y=\"{:.0}\">{}</text></svg>",
        TOP + tall + 26.0,
        escaped(words),
        TOP + tall + 50.0,
        escaped(&counted)
    );
    Ok(svg)
}

/// A minutia: a full circle where it fits, a broken one where it stands alone, so that colour is not all.
fn mark(svg: &mut String, minutia: &Minutia, shift: f32, fits: bool) {
    let (sin, cos) = minutia.direction.sin_cos();
    let (x, y) = (minutia.x + shift, minutia.y + TOP);
    let (colour, dash) = if fits {
        (FITS, "")
    } else {
        (ALONE, " stroke-dasharray=\"2 2\"")
    };
    let _ = write!(
        svg,
        "<g fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.4\"{dash}><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>\
        <path d=\"M{:.1} {:.1}l{:.1} {:.1}\"/></g>",
        x + 4.0 * cos,
        y + 4.0 * sin,
        8.0 * cos,
        8.0 * sin
    );
}
