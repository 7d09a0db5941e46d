//! Analysis: every row, then every column of a part goes through both filters; and synthesis, the way back.

#![expect(
    clippy::excessive_precision,
    reason = "the taps as the standard writes them"
)]

use super::tree::Tree;

/// The low-pass filter, nine taps, whole-sample symmetric.
pub(crate) const LOW: [f32; 9] = [
    0.037_828_455_506_995_46,
    -0.023_849_465_019_380_00,
    -0.110_624_404_418_423_42,
    0.377_402_855_612_653_80,
    0.852_698_679_009_403_44,
    0.377_402_855_612_653_80,
    -0.110_624_404_418_423_42,
    -0.023_849_465_019_380_00,
    0.037_828_455_506_995_46,
];

/// The high-pass filter, seven taps, whole-sample symmetric.
pub(crate) const HIGH: [f32; 7] = [
    0.064_538_882_628_938_45,
    -0.040_689_417_609_558_44,
    -0.418_092_273_222_212_21,
    0.788_485_616_405_664_39,
    -0.418_092_273_222_212_21,
    -0.040_689_417_609_558_44,
    0.064_538_882_628_938_45,
];

pub(crate) fn decompose(samples: &mut [f32], width: usize, tree: &Tree) {
    let mut line = Vec::new();
    let mut split = Vec::new();
    for node in &tree.nodes {
        let part = node.part;
        for row in 0..part.h {
            let start = (part.y + row) * width + part.x;
            line.clear();
            line.extend_from_slice(&samples[start..start + part.w]);
            filter(&line, node.swap_rows, &mut split);
            samples[start..start + part.w].copy_from_slice(&split);
        }
        for column in 0..part.w {
            let at = |row: usize| (part.y + row) * width + part.x + column;
            line.clear();
            line.extend((0..part.h).map(|row| samples[at(row)]));
            filter(&line, node.swap_columns, &mut split);
            for (row, value) in split.iter().enumerate() {
                samples[at(row)] = *value;
            }
        }
    }
}

/// Splits a line into its low and high half; `swap` puts the high half first.
fn filter(line: &[f32], swap: bool, out: &mut Vec<f32>) {
    let length = line.len();
    out.clear();
    if length < 2 {
        out.extend_from_slice(line);
        return;
    }
    let low = |k: usize| tap(line, &LOW, 2 * k as isize - 4);
    let high = |k: usize| tap(line, &HIGH, 2 * k as isize - 2);
    let (lows, highs) = (length.div_ceil(2), length / 2);
    if swap {
        out.extend((0..highs).map(high));
        out.extend((0..lows).map(low));
    } else {
        out.extend((0..lows).map(low));
        out.extend((0..highs).map(high));
    }
}

fn tap(line: &[f32], taps: &[f32], start: isize) -> f32 {
    let mut sum = 0.0;
    for (n, tap) in taps.iter().enumerate() {
        sum += tap * line[mirror(start + n as isize, line.len())];
    }
    sum
}

/// Whole-sample symmetric continuation beyond both ends.
fn mirror(place: isize, length: usize) -> usize {
    let period = 2 * (length as isize - 1);
    let place = place.rem_euclid(period);
    if place < length as isize {
        place as usize
    } else {
        (period - place) as usize
    }
}

/// The filters of synthesis, from their middle outwards.
pub(crate) struct Synthesis {
    low: Vec<f32>,
    high: Vec<f32>,
}

impl Synthesis {
    /// Those that undo the filters of analysis, given from their middle outwards: each is the other with every second
    /// sign turned.
    pub(crate) fn of_analysis(low: &[f32], high: &[f32]) -> Self {
        let turned = |taps: &[f32]| {
            taps.iter()
                .enumerate()
                .map(|(place, tap)| if place % 2 == 0 { *tap } else { -tap })
                .collect()
        };
        Self {
            low: turned(high),
            high: turned(low),
        }
    }
}

/// Puts the image together again, the last split first.
pub(crate) fn compose(samples: &mut [f32], width: usize, tree: &Tree, filters: &Synthesis) {
    let mut line = Vec::new();
    let mut whole = Vec::new();
    for node in tree.nodes.iter().rev() {
        let part = node.part;
        for column in 0..part.w {
            let at = |row: usize| (part.y + row) * width + part.x + column;
            line.clear();
            line.extend((0..part.h).map(|row| samples[at(row)]));
            join(&line, node.swap_columns, filters, &mut whole);
            for (row, value) in whole.iter().enumerate() {
                samples[at(row)] = *value;
            }
        }
        for row in 0..part.h {
            let start = (part.y + row) * width + part.x;
            line.clear();
            line.extend_from_slice(&samples[start..start + part.w]);
            join(&line, node.swap_rows, filters, &mut whole);
            samples[start..start + part.w].copy_from_slice(&whole);
        }
    }
}

/// A line from its halves.
fn join(line: &[f32], swap: bool, filters: &Synthesis, out: &mut Vec<f32>) {
    let length = line.len();
    out.clear();
    if length < 2 {
        out.extend_from_slice(line);
        return;
    }
    let (lows, highs) = (length.div_ceil(2), length / 2);
    let (first_low, first_high) = if swap { (highs, 0) } else { (0, lows) };
    // Low values stand at even places, high ones at odd places.
    let at = |place: isize| {
        let place = mirror(place, length);
        let start = if place.is_multiple_of(2) {
            first_low
        } else {
            first_high
        };
        line[start + place / 2]
    };
    out.extend((0..length as isize).map(|place| {
        let mut sum = 0.0;
        for (even, taps) in [(true, &filters.low), (false, &filters.high)] {
            for (far, tap) in taps.iter().enumerate() {
                let far = far as isize;
                if ((place + far) % 2 == 0) != even {
                    continue;
                }
                sum += tap * at(place + far);
                if far > 0 {
                    sum += tap * at(place - far);
                }
            }
        }
        sum
    }));
}
