//! The analysis: every row, then every column of a part goes through both filters.

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
