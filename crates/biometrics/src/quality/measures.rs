//! The native measures of NFIQ 2.3 (ISO/IEC 29794-4:2024) that need no trained model.

use super::blocks::{Grey, Part, Region, mean_and_deviation};
use std::f64::consts::PI;

/// A measure of many blocks: its mean, deviation and histogram of ten bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation, of the population.
    pub deviation: f64,
    /// How many values lie in each bin.
    pub bins: [u32; 10],
}

impl Spread {
    fn of(values: &[f64], limits: &[f64; 9]) -> Self {
        let (mean, deviation) = mean_and_deviation(values);
        let mut bins = [0; 10];
        for value in values {
            bins[limits.partition_point(|limit| limit <= value)] += 1;
        }
        Self {
            mean,
            deviation,
            bins,
        }
    }
}

/// The native measures of a print.
#[derive(Debug, Clone, PartialEq)]
pub struct PrintMeasures {
    /// Frequency domain analysis: how much of the spectrum across the ridges is in one place (`FDA`).
    pub frequency: Spread,
    /// Local clarity: how well ridges and valleys are told apart (`LCS`).
    pub clarity: Spread,
    /// Orientation certainty (`OCL`).
    pub certainty: Spread,
    /// Orientation flow: how much orientation changes from block to block (`OF`).
    pub flow: Spread,
    /// Ridge valley uniformity: widths of neighbouring ridges and valleys (`RVUP`).
    pub uniformity: Spread,
    /// The mean grey (`Mu`), of the image without its white frame.
    pub mean: f64,
    /// The mean of the means of blocks (`MMB`).
    pub block_mean: f64,
    /// The standard deviation of the image (`UniformImage`).
    pub deviation: f64,
}

const FREQUENCY: [f64; 9] = [0.268, 0.304, 0.33, 0.355, 0.38, 0.407, 0.44, 0.50, 1.0];
const CLARITY: [f64; 9] = [0.0, 0.70, 0.74, 0.77, 0.79, 0.81, 0.83, 0.85, 0.87];
const CERTAINTY: [f64; 9] = [0.337, 0.479, 0.579, 0.655, 0.716, 0.766, 0.81, 0.852, 0.898];
const FLOW: [f64; 9] = [
    0.01715, 0.035, 0.0557, 0.081, 0.115, 0.1718, 0.2569, 0.4758, 0.748,
];
const UNIFORMITY: [f64; 9] = [0.5, 0.667, 0.8, 1.0, 1.25, 1.5, 2.0, 24.0, 30.0];
/// Turns below this are no change, and the largest turn, in radians.
const TURN_MIN: f64 = 4.0 * PI / 180.0;
const TURN_MAX: f64 = PI / 2.0;

/// Measures an image; nothing where it is white.
pub(super) fn measure(image: &Grey) -> PrintMeasures {
    let regions = image.regions();
    let ridges: Vec<&Region> = regions.with_ridges().collect();
    let frequency: Vec<f64> = ridges
        .iter()
        .map(|region| frequency(&image.level_profile(region)))
        .collect();
    let clarity: Vec<f64> = ridges
        .iter()
        .map(|region| clarity(&image.upright(region, false)))
        .collect();
    let uniformity: Vec<f64> = ridges
        .iter()
        .flat_map(|region| uniformity(&image.upright(region, true)))
        .collect();
    let certainty: Vec<f64> = image
        .tiles()
        .filter(Part::is_whole)
        .filter_map(|tile| certainty(&tile))
        .collect();
    let mut flow = Vec::new();
    for row in 1..regions.rows.saturating_sub(1) {
        for column in 1..regions.columns.saturating_sub(1) {
            let near = |dy: usize, dx: usize| {
                &regions.regions[(row + dy - 1) * regions.columns + column + dx - 1]
            };
            let around = || (0..9).map(|n| near(n / 3, n % 3));
            if !around().all(|region| region.ridges) {
                continue;
            }
            let own = near(1, 1).orientation;
            let turn = around()
                .map(|region| (own - region.orientation).abs())
                .sum::<f64>()
                / 8.0;
            if turn > TURN_MIN {
                flow.push((turn - TURN_MIN) / (TURN_MAX - TURN_MIN));
            }
        }
    }
    let means: Vec<f64> = image
        .tiles()
        .map(|tile| mean_and_deviation(&tile.values).0)
        .collect();
    let (mean, deviation) = mean_and_deviation(&image.values);
    PrintMeasures {
        frequency: Spread::of(&frequency, &FREQUENCY),
        clarity: Spread::of(&clarity, &CLARITY),
        certainty: Spread::of(&certainty, &CERTAINTY),
        flow: Spread::of(&flow, &FLOW),
        uniformity: Spread::of(&uniformity, &UNIFORMITY),
        mean,
        block_mean: mean_and_deviation(&means).0,
        deviation,
    }
}

/// The share of the strongest frequency of 32 means across the ridges.
fn frequency(profile: &[f64]) -> f64 {
    let length = profile.len();
    let amplitude = |k: usize| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, value) in profile.iter().enumerate() {
            let (sin, cos) = (2.0 * PI * (k * n % length) as f64 / length as f64).sin_cos();
            re += value * cos;
            im -= value * sin;
        }
        re.hypot(im)
    };
    let all: Vec<f64> = (1..length).map(amplitude).collect();
    let at = |k: usize| all[k - 1];
    // Both halves of the spectrum are the same; the first of equals counts.
    let peak = (1..length).fold(1, |best, k| if at(k) > at(best) { k } else { best });
    if peak == 1 || peak == length - 1 {
        return 1.0;
    }
    let sum: f64 = all[..length / 2 - 1].iter().sum();
    if sum <= 0.0 {
        return 0.0;
    }
    (at(peak) + 0.3 * (at(peak - 1) + at(peak + 1))) / sum
}

/// The means of the columns, the line through them, and which columns are ridges.
struct Profile {
    line: Vec<f64>,
    ridge: Vec<bool>,
}

fn profile(block: &[Vec<f64>]) -> Profile {
    let width = block[0].len();
    let means: Vec<f64> = (0..width)
        .map(|column| block.iter().map(|row| row[column]).sum::<f64>() / block.len() as f64)
        .collect();
    let count = width as f64;
    let (mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0);
    for (n, value) in means.iter().enumerate() {
        let x = (n + 1) as f64;
        sx += x;
        sy += value;
        sxx += x * x;
        sxy += x * value;
    }
    let rounded = |value: f64| (value * 1e10).round() / 1e10;
    let slope = (count * sxy - sx * sy) / (count * sxx - sx * sx);
    let start = rounded((sy - slope * sx) / count);
    let slope = rounded(slope);
    let line: Vec<f64> = (0..width).map(|n| (n + 1) as f64 * slope + start).collect();
    let ridge = means
        .iter()
        .zip(&line)
        .map(|(mean, line)| mean < line)
        .collect();
    Profile { line, ridge }
}

/// Where ridges and valleys change, among the first `last` columns.
fn changes(ridge: &[bool], last: usize) -> Vec<usize> {
    (1..=last)
        .filter(|n| ridge[*n] != ridge[n - 1])
        .map(|n| n - 1)
        .collect()
}

/// One less the shares of pixels that are on the wrong side of the line.
fn clarity(block: &[Vec<f64>]) -> f64 {
    let Profile { line, ridge } = profile(block);
    let changes = changes(&ridge, ridge.len() - 1);
    if changes.is_empty() {
        return 0.0;
    }
    // Widths are counted in units of 1/125 inch × 5: ridges of 3 to 10 pixels are from 0.15 to 0.5.
    let widths: Vec<f64> = std::iter::once(changes[0])
        .chain(changes.windows(2).map(|pair| pair[1] - pair[0]))
        .map(|width| width as f64 / 20.0)
        .collect();
    let mean_of = |first: usize| {
        let some: Vec<f64> = widths.iter().skip(first).step_by(2).copied().collect();
        mean_and_deviation(&some).0
    };
    let (ridges, valleys) = if ridge[0] {
        (mean_of(0), mean_of(1))
    } else {
        (mean_of(1), mean_of(0))
    };
    if !(0.15..=0.5).contains(&ridges) || !(0.1..=0.5).contains(&valleys) {
        return 0.0;
    }
    let wrong = |of_ridges: bool| {
        let (mut wrong, mut all) = (0_u32, 0_u32);
        for row in block {
            for ((value, line), ridge) in row.iter().zip(&line).zip(&ridge) {
                if *ridge == of_ridges {
                    all += 1;
                    wrong += u32::from((*value < *line) != of_ridges);
                }
            }
        }
        if all == 0 {
            0.0
        } else {
            f64::from(wrong) / f64::from(all)
        }
    };
    1.0 - (wrong(false) + wrong(true)) / 2.0
}

/// The ratios of neighbouring widths, ridge to valley.
fn uniformity(block: &[Vec<f64>]) -> Vec<f64> {
    let Profile { ridge, .. } = profile(block);
    let changes = changes(&ridge, ridge.len() - 2);
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
        return Vec::new();
    };
    if first + 1 >= *last {
        return Vec::new();
    }
    let begins_with_ridge = ridge[first + 1];
    // The first whole width is lost, and the others come in reverse: so the published values were made.
    let widths: Vec<f64> = changes[1..]
        .windows(2)
        .rev()
        .map(|pair| (pair[1] - pair[0]) as f64)
        .collect();
    let start = usize::from(begins_with_ridge);
    widths
        .windows(2)
        .enumerate()
        .map(|(n, pair)| {
            let ratio = pair[0] / pair[1];
            if n >= start && (n - start).is_multiple_of(2) {
                1.0 / ratio
            } else {
                ratio
            }
        })
        .collect()
}

/// How much of the gradients points one way; nothing for an even block.
fn certainty(tile: &Part) -> Option<f64> {
    let (xx, yy, xy) = tile.covariance();
    let root = ((xx - yy) * (xx - yy) + 4.0 * xy * xy).sqrt();
    let (most, least) = ((xx + yy + root) / 2.0, (xx + yy - root) / 2.0);
    (most > 0.0).then(|| 1.0 - least / most)
}
