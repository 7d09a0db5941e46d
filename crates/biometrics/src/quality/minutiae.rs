//! Measures of where the minutiae lie (FingerJetFX and FJFXPos of NFIQ 2.3).
//!
//! NFIQ 2 takes the minutiae of another extractor; these are of the engine's own, those that it is sure of.

use super::blocks::{Grey, SIDE, mean_and_deviation};
use super::measures::certainty;
use crate::template::Minutia;

/// Minutiae below this quality are not counted: so many are left as the other extractor finds on the published images.
const TRUSTED: u8 = 42;
/// Half the side of the square around the middle.
const NEAR: usize = 100;

/// What is measured of minutiae.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct MinutiaMeasures {
    pub(super) count: u32,
    pub(super) near_middle: u32,
    /// The share on blocks a little darker than the image.
    pub(super) dark: f64,
    /// The share on blocks with a certain orientation.
    pub(super) certain: f64,
}

pub(super) fn measure(image: &Grey, minutiae: &[Minutia]) -> MinutiaMeasures {
    let places: Vec<(usize, usize)> = minutiae
        .iter()
        .filter(|minutia| minutia.quality >= TRUSTED)
        .filter_map(|minutia| image.place(minutia.x, minutia.y))
        .collect();
    let count = places.len();
    if count == 0 {
        return MinutiaMeasures::default();
    }
    let middle =
        |pick: fn(&(usize, usize)) -> usize| places.iter().map(pick).sum::<usize>() / count;
    let (x, y) = (middle(|place| place.0), middle(|place| place.1));
    let near = |place: usize, middle: usize, length: usize| {
        (middle.saturating_sub(NEAR)..=(middle + NEAR).min(length - 1)).contains(&place)
    };
    let near_middle = places
        .iter()
        .filter(|place| near(place.0, x, image.width) && near(place.1, y, image.height))
        .count();
    let (mean, deviation) = mean_and_deviation(&image.values);
    let (mut dark, mut certain) = (0, 0);
    for (x, y) in &places {
        let (left, top) = (x.saturating_sub(SIDE / 2), y.saturating_sub(SIDE / 2));
        let block = image.part(left, top, SIDE, SIDE);
        let darker = (mean - mean_and_deviation(&block.values).0) / deviation;
        dark += u32::from(darker > 0.0 && darker <= 0.5);
        // This block is moved into the image, not cut.
        let inside = |start: usize, length: usize| start.min(length.saturating_sub(SIDE));
        let block = image.part(
            inside(left, image.width),
            inside(top, image.height),
            SIDE,
            SIDE,
        );
        let percent = (100.0 * certainty(&block).unwrap_or(0.0) + 0.5).floor();
        certain += u32::from(percent > 80.0);
    }
    MinutiaMeasures {
        count: count as u32,
        near_middle: near_middle as u32,
        dark: f64::from(dark) / count as f64,
        certain: f64::from(certain) / count as f64,
    }
}
