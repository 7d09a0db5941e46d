//! The quality of a print at its capture: measures, one number, and what to do about it.

mod blocks;
mod capture;
mod forest;
mod measures;
mod minutiae;
mod ridge_area;

pub use capture::{Attempt, Capture, CaptureRules, Mistake, Verdict, find_mistake};
pub use measures::{PrintMeasures, Spread};

use crate::adjudication::Language;
use crate::template::{FLOW_CELL, NO_FLOW, PrintTemplate, TEMPLATE_RESOLUTION};
use crate::{GreyImage, Result};
use blocks::Grey;

/// What a clerk can tell the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Advice {
    /// Nothing is there.
    Empty,
    /// Too little of the finger.
    LayFlat,
    /// It lies too far left.
    MoveRight,
    /// It lies too far right.
    MoveLeft,
    /// It lies too high.
    MoveDown,
    /// It lies too low.
    MoveUp,
    /// The ridges break.
    Moisten,
    /// The valleys are filled.
    Dry,
    /// The ridges are blurred or worn.
    HoldStill,
}

impl Advice {
    /// A sentence for the clerk.
    #[must_use]
    pub fn words(self, language: Language) -> &'static str {
        let (it, en) = match self {
            Self::Empty => (
                "nessuna impronta: appoggiare il dito sul sensore",
                "no print: lay the finger on the sensor",
            ),
            Self::LayFlat => (
                "si vede poco del dito: appoggiarlo piatto e premere un poco di più",
                "little of the finger is seen: lay it flat and press a little more",
            ),
            Self::MoveRight => ("spostare il dito a destra", "move the finger to the right"),
            Self::MoveLeft => ("spostare il dito a sinistra", "move the finger to the left"),
            Self::MoveDown => ("spostare il dito verso il basso", "move the finger down"),
            Self::MoveUp => ("spostare il dito verso l'alto", "move the finger up"),
            Self::Moisten => (
                "il dito è secco: inumidirlo un poco e premere di più",
                "the finger is dry: moisten it a little and press more",
            ),
            Self::Dry => (
                "il dito è umido: asciugarlo, pulire il sensore e premere di meno",
                "the finger is wet: dry it, clean the sensor and press less",
            ),
            Self::HoldStill => (
                "le creste non sono nitide: tenere il dito fermo, pulire dito e sensore",
                "the ridges are not clear: hold the finger still, clean finger and sensor",
            ),
        };
        match language {
            Language::Italian => it,
            Language::English => en,
        }
    }
}

/// The quality of a print.
#[derive(Debug, Clone, PartialEq)]
pub struct PrintQuality {
    /// 0 to 100, the score of NFIQ 2 with our minutiae: how well the print will be recognised. 0 where NFIQ 2 would not judge.
    pub score: u8,
    /// The native measures; nothing for an empty image.
    pub measures: Option<PrintMeasures>,
    /// The area of ridges, in square millimetres.
    pub area_mm2: f32,
    /// What to do, the most important first.
    pub advice: Vec<Advice>,
}

/// Square millimetres of a cell of the flow.
const CELL_MM2: f32 = (FLOW_CELL as f32 / 500.0 * 25.4) * (FLOW_CELL as f32 / 500.0 * 25.4);
/// Less than this is too little of a finger.
const AREA_MIN: f32 = 110.0;
/// How far the middle of the print may be from that of the image, as a share of its side.
const OFF_CENTRE: f32 = 0.13;
/// Shares of dark pixels on the print: below it is dry, above it is wet.
const DRY: f32 = 0.39;
const WET: f32 = 0.60;
/// A score below which something is said about clearness.
const CLEAR: u8 = 30;

/// Measures a print whose template was made.
///
/// # Errors
/// When the image cannot be brought to 500 pixels per inch.
pub fn print_quality(image: &GreyImage, template: &PrintTemplate) -> Result<PrintQuality> {
    let image = image.at_resolution(TEMPLATE_RESOLUTION)?;
    let grey = Grey::cropped(
        image.width() as usize,
        image.height() as usize,
        image.pixels(),
    );
    let measures = grey
        .as_ref()
        .map(|grey| measures::measure(grey, &template.minutiae));
    let ridges: Vec<usize> = (0..template.flow.cells.len())
        .filter(|cell| template.flow.cells[*cell] != NO_FLOW)
        .collect();
    let area_mm2 = ridges.len() as f32 * CELL_MM2;
    let score = measures
        .as_ref()
        .and_then(PrintMeasures::score)
        .unwrap_or(0);
    let advice = advice(&image, template, &ridges, area_mm2, score);
    Ok(PrintQuality {
        score,
        measures,
        area_mm2,
        advice,
    })
}

fn advice(
    image: &GreyImage,
    template: &PrintTemplate,
    ridges: &[usize],
    area_mm2: f32,
    score: u8,
) -> Vec<Advice> {
    if ridges.len() < 20 || template.minutiae.len() < 4 {
        return vec![Advice::Empty];
    }
    let columns = usize::from(template.flow.columns).max(1);
    let mut advice = Vec::new();
    let middle = |pick: fn(usize, usize) -> usize, count: u16| {
        let sum: usize = ridges.iter().map(|cell| pick(*cell, columns)).sum();
        (sum as f32 / ridges.len() as f32 + 0.5) / f32::from(count.max(1)) - 0.5
    };
    let across = middle(|cell, columns| cell % columns, template.flow.columns);
    let along = middle(|cell, columns| cell / columns, template.flow.rows);
    if area_mm2 < AREA_MIN {
        advice.push(Advice::LayFlat);
    }
    for (far, after, before) in [
        (across, Advice::MoveLeft, Advice::MoveRight),
        (along, Advice::MoveUp, Advice::MoveDown),
    ] {
        if far > OFF_CENTRE {
            advice.push(after);
        } else if far < -OFF_CENTRE {
            advice.push(before);
        }
    }
    match dark_share(image, ridges, columns) {
        share if share < DRY => advice.push(Advice::Moisten),
        share if share > WET => advice.push(Advice::Dry),
        _ => {}
    }
    if score < CLEAR && advice.is_empty() {
        advice.push(Advice::HoldStill);
    }
    advice
}

/// The share of pixels on the print that are darker than the middle between ink and paper.
fn dark_share(image: &GreyImage, ridges: &[usize], columns: usize) -> f32 {
    let width = image.width() as usize;
    let mut counts = [0_u32; 256];
    for cell in ridges {
        let (x, y) = (
            cell % columns * usize::from(FLOW_CELL),
            cell / columns * usize::from(FLOW_CELL),
        );
        for row in y..(y + usize::from(FLOW_CELL)).min(image.height() as usize) {
            let end = (x + usize::from(FLOW_CELL)).min(width);
            for pixel in &image.pixels()[row * width + x.min(end)..row * width + end] {
                counts[usize::from(*pixel)] += 1;
            }
        }
    }
    let all: u32 = counts.iter().sum();
    let level = |share: f32| {
        let mut sum = 0;
        counts
            .iter()
            .position(|count| {
                sum += count;
                sum as f32 >= share * all as f32
            })
            .unwrap_or(255)
    };
    let (ink, paper) = (level(0.02), level(0.98));
    let between = usize::midpoint(ink, paper);
    let dark: u32 = counts[..=between].iter().sum();
    dark as f32 / all.max(1) as f32
}
