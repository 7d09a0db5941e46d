//! The native measures of NFIQ 2.3 (ISO/IEC 29794-4:2024).

use super::blocks::{Grey, Part, Region, mean_and_deviation};
use super::forest::{VALUES, votes};
use super::minutiae;
use super::ridge_area::RidgeArea;
use crate::template::Minutia;
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
    /// How many values there are.
    fn count(&self) -> u32 {
        self.bins.iter().sum()
    }

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
    /// The mean grey on the area of ridges (`ImgProcROIArea_Mean`).
    pub area_mean: f64,
    /// The pixels of that area (`SufficientFingerprintForeground`).
    pub area_pixels: u32,
    /// The sum of the coherences of gradients there (`OrientationMap_ROIFilter_CoherenceSum`).
    pub coherence_sum: f64,
    /// Their mean (`OrientationMap_ROIFilter_CoherenceRel`).
    pub coherence_mean: f64,
    /// The minutiae that count (`FingerJetFX_MinutiaeCount`); NFIQ 2 has them of another extractor, and so what follows.
    pub minutiae: u32,
    /// Those in 200 × 200 pixels around their middle (`FingerJetFX_MinCount_COMMinRect200x200`).
    pub minutiae_near_middle: u32,
    /// The share on blocks a little darker than the image (`FJFXPos_Mu_MinutiaeQuality_2`).
    pub minutiae_dark: f64,
    /// The share on blocks of certain orientation (`FJFXPos_OCL_MinutiaeQuality_80`).
    pub minutiae_certain: f64,
}

/// Values of the frequency below which NFIQ 2 does not judge a print.
const FREQUENCIES_MIN: u32 = 10;
/// Minutiae below which it does not.
const MINUTIAE_MIN: u32 = 4;

impl PrintMeasures {
    /// What NFIQ 2 says of the image before it judges: under its names, in its order.
    #[must_use]
    pub fn conditions(&self) -> Vec<(String, f64)> {
        [
            ("UniformImage", self.deviation),
            ("EmptyImageOrContrastTooLow", self.mean),
            ("FingerprintImageWithMinutiae", f64::from(self.minutiae)),
            (
                "SufficientFingerprintForeground",
                f64::from(self.area_pixels),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// The 69 native measures under the names that NFIQ 2 gives them, in its order.
    #[must_use]
    pub fn named(&self) -> Vec<(String, f64)> {
        let mut named = Vec::with_capacity(VALUES);
        let spread = |named: &mut Vec<_>, name: &str, spread: &Spread| {
            let bins = spread.bins.iter().enumerate();
            named.extend(bins.map(|(n, count)| (format!("{name}_Bin10_{n}"), f64::from(*count))));
            named.push((format!("{name}_Bin10_Mean"), spread.mean));
            named.push((format!("{name}_Bin10_StdDev"), spread.deviation));
        };
        let single = |named: &mut Vec<_>, name: &str, value: f64| {
            named.push((name.to_owned(), value));
        };
        spread(&mut named, "FDA", &self.frequency);
        single(
            &mut named,
            "FingerJetFX_MinCount_COMMinRect200x200",
            self.minutiae_near_middle.into(),
        );
        single(
            &mut named,
            "FingerJetFX_MinutiaeCount",
            self.minutiae.into(),
        );
        single(
            &mut named,
            "FJFXPos_Mu_MinutiaeQuality_2",
            self.minutiae_dark,
        );
        single(
            &mut named,
            "FJFXPos_OCL_MinutiaeQuality_80",
            self.minutiae_certain,
        );
        single(&mut named, "ImgProcROIArea_Mean", self.area_mean);
        spread(&mut named, "LCS", &self.clarity);
        single(&mut named, "MMB", self.block_mean);
        single(&mut named, "Mu", self.mean);
        spread(&mut named, "OCL", &self.certainty);
        spread(&mut named, "OF", &self.flow);
        single(
            &mut named,
            "OrientationMap_ROIFilter_CoherenceRel",
            self.coherence_mean,
        );
        single(
            &mut named,
            "OrientationMap_ROIFilter_CoherenceSum",
            self.coherence_sum,
        );
        spread(&mut named, "RVUP", &self.uniformity);
        named
    }

    /// The score of the forest, 0 to 100; nothing for a print that NFIQ 2 does not judge, with too few ridges.
    #[must_use]
    pub fn score(&self) -> Option<u8> {
        let spreads = [&self.clarity, &self.certainty, &self.flow, &self.uniformity];
        let judged = self.frequency.count() >= FREQUENCIES_MIN
            && self.minutiae >= MINUTIAE_MIN
            && spreads.iter().all(|spread| spread.count() > 0);
        let mut values = [0.0; VALUES];
        for (value, (_, named)) in values.iter_mut().zip(self.named()) {
            *value = named as f32;
        }
        judged.then(|| votes(&values))
    }
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
pub(super) fn measure(image: &Grey, minutiae: &[Minutia]) -> PrintMeasures {
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
    let area = RidgeArea::of(image);
    let of_minutiae = minutiae::measure(image, minutiae);
    PrintMeasures {
        frequency: Spread::of(&frequency, &FREQUENCY),
        clarity: Spread::of(&clarity, &CLARITY),
        certainty: Spread::of(&certainty, &CERTAINTY),
        flow: Spread::of(&flow, &FLOW),
        uniformity: Spread::of(&uniformity, &UNIFORMITY),
        mean,
        block_mean: mean_and_deviation(&means).0,
        deviation,
        area_mean: area.mean,
        area_pixels: area.pixels as u32,
        coherence_sum: area.coherence_sum,
        coherence_mean: area.coherence_mean,
        minutiae: of_minutiae.count,
        minutiae_near_middle: of_minutiae.near_middle,
        minutiae_dark: of_minutiae.dark,
        minutiae_certain: of_minutiae.certain,
    }
}

/// The share of the strongest frequency of 32 means across the ridges.
fn frequency(profile: &[f64]) -> f64 {
    let length = profile.len();
    // An even block has no spectrum, and the first frequency is as good as any.
    if profile
        .iter()
        .all(|value| (value - profile[0]).abs() < 1e-9)
    {
        return 1.0;
    }
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

/// A mean, summed in fours and multiplied by the share of one: at the limits of widths the last bit decides.
fn mean_in_fours(values: &[f64]) -> f64 {
    let (fours, rest) = values.as_chunks::<4>();
    let mut sum = 0.0;
    for [a, b, c, d] in fours {
        sum += a + b + c + d;
    }
    for value in rest {
        sum += value;
    }
    sum * (1.0 / values.len().max(1) as f64)
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
        mean_in_fours(&some)
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
pub(super) fn certainty(tile: &Part) -> Option<f64> {
    let (xx, yy, xy) = tile.covariance();
    let root = ((xx - yy) * (xx - yy) + 4.0 * xy * xy).sqrt();
    let (most, least) = ((xx + yy + root) / 2.0, (xx + yy - root) / 2.0);
    (most > 0.0).then(|| 1.0 - least / most)
}
