//! The local spectrum of a print: orientation and period of its ridges, and where they are.

use super::plane::{Plane, percentile};
use multiversion::multiversion;
use std::f32::consts::{PI, TAU};

/// Orientations of the spectrum.
const ANGLES: usize = 16;
/// Periods of the spectrum, in pixels of extraction: ridges of 0.24 to 0.64 mm.
const PERIODS: [f32; 5] = [3.2, 4.1, 5.2, 6.6, 8.4];
/// The waves of the spectrum.
const WAVES: usize = ANGLES * PERIODS.len();
/// Half the side of the window, in pixels.
const REACH: usize = 8;
const SIDE: usize = 2 * REACH + 1;
/// The standard deviation of the window, in pixels.
const WINDOW: f32 = 4.0;
/// Pixels between two nodes: 12 at 500 per inch, the cell of a template's flow.
pub(super) const STEP: usize = 8;
/// Sums that are made side by side: cosine and sine of sixteen waves.
const LANES: usize = 32;
/// How strong the best wave must be for ridges, against all that is in the window.
const RIDGES_MIN: f32 = 0.065;
/// How much of the usual contrast a place must have.
const CONTRAST_MIN: f32 = 0.14;

/// Ridges around a node.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Node {
    /// The orientation of ridges, in [0, π), clockwise from the right.
    pub(super) orientation: f32,
    /// From ridge to ridge, in pixels.
    pub(super) period: f32,
    /// The share of the best wave, 0 to 1.
    pub(super) strength: f32,
    /// Whether there are ridges.
    pub(super) inside: bool,
    /// Sine and cosine of twice the orientation: orientations are put together by these.
    doubled: (f32, f32),
}

/// The nodes of a print.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Nodes {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) nodes: Vec<Node>,
}

/// The waves of the spectrum under the window.
pub(super) struct Waves {
    /// For every group of [`LANES`] and every pixel of the window the values of the group.
    values: Vec<[f32; LANES]>,
    /// The window.
    bell: Vec<f32>,
}

impl Waves {
    pub(super) fn new() -> Self {
        let reach = REACH as isize;
        let places: Vec<(f32, f32)> = (-reach..=reach)
            .flat_map(|y| (-reach..=reach).map(move |x| (x as f32, y as f32)))
            .collect();
        let bell: Vec<f32> = places
            .iter()
            .map(|(x, y)| (-(x * x + y * y) / (2.0 * WINDOW * WINDOW)).exp())
            .collect();
        let whole: f32 = bell.iter().sum();
        let groups = WAVES * 2 / LANES;
        let mut values = vec![[0.0; LANES]; groups * places.len()];
        for wave in 0..WAVES {
            let (angle, period) = (wave % ANGLES, PERIODS[wave / ANGLES]);
            let (sin, cos) = (PI * angle as f32 / ANGLES as f32).sin_cos();
            // Across the ridges.
            let phase = |x: f32, y: f32| TAU / period * (y * cos - x * sin);
            let mut parts: [Vec<f32>; 2] = [Vec::new(), Vec::new()];
            for (x, y) in &places {
                let (imaginary, real) = phase(*x, *y).sin_cos();
                parts[0].push(real);
                parts[1].push(imaginary);
            }
            // Nothing of an even area.
            let flat: f32 = parts[0].iter().zip(&bell).map(|(a, b)| a * b).sum::<f32>() / whole;
            parts[0].iter_mut().for_each(|value| *value -= flat);
            for (part, column) in parts.iter().zip([0, 1]) {
                let power: f32 = part.iter().zip(&bell).map(|(a, b)| a * a * b).sum();
                let scale = 1.0 / power.sqrt();
                let lane = wave * 2 + column;
                for (place, value) in part.iter().enumerate() {
                    values[lane / LANES * places.len() + place][lane % LANES] =
                        value * bell[place] * scale;
                }
            }
        }
        Self { values, bell }
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
fn sums(window: &[f32], waves: &[[f32; LANES]]) -> [f32; LANES] {
    let mut sums = [0.0; LANES];
    for (value, wave) in window.iter().zip(waves) {
        for (sum, wave) in sums.iter_mut().zip(wave) {
            *sum += value * wave;
        }
    }
    sums
}

/// The power of every wave at a place, as a share of all that is in the window.
fn spectrum(wide: &Plane, x: usize, y: usize, waves: &Waves) -> [f32; WAVES] {
    // The plane is padded by the reach of the window.
    let mut window = [0.0_f32; SIDE * SIDE];
    for (line, out) in window.chunks_exact_mut(SIDE).enumerate() {
        let start = (y + line) * wide.width + x;
        out.copy_from_slice(&wide.values[start..start + SIDE]);
    }
    let all: f32 = window
        .iter()
        .zip(&waves.bell)
        .map(|(value, bell)| value * value * bell)
        .sum();
    let mut power = [0.0; WAVES];
    let floor = 1.0;
    for (group, values) in waves.values.chunks_exact(SIDE * SIDE).enumerate() {
        let sums = sums(&window, values);
        for (pair, parts) in sums.chunks_exact(2).enumerate() {
            power[group * LANES / 2 + pair] =
                (parts[0] * parts[0] + parts[1] * parts[1]) / (all + floor);
        }
    }
    power
}

/// Every channel over its neighbours, by 1-2-1 in both directions.
fn smoothed(channels: &[[f32; WAVES]], columns: usize, rows: usize) -> Vec<[f32; WAVES]> {
    let line = |values: &[[f32; WAVES]], along: usize, length: usize| {
        let mut out = vec![[0.0; WAVES]; values.len()];
        for place in 0..values.len() {
            let position = place / along % length;
            let before = if position == 0 { place } else { place - along };
            let after = if position + 1 == length {
                place
            } else {
                place + along
            };
            for wave in 0..WAVES {
                out[place][wave] = 0.25 * values[before][wave]
                    + 0.5 * values[place][wave]
                    + 0.25 * values[after][wave];
            }
        }
        out
    };
    let across = line(channels, 1, columns);
    line(&across, columns, rows)
}

/// The best orientation, its period and its share.
fn best(power: &[f32; WAVES]) -> (f32, f32, f32) {
    let mut by_angle = [0.0_f32; ANGLES];
    for (wave, value) in power.iter().enumerate() {
        by_angle[wave % ANGLES] += value;
    }
    let peak = (0..WAVES)
        .max_by(|a, b| power[*a].total_cmp(&power[*b]))
        .unwrap_or(0);
    let angle = peak % ANGLES;
    // The mean of the doubled angle around the peak.
    let (mut sin, mut cos) = (0.0, 0.0);
    for step in -3_isize..=3 {
        let near = (angle as isize + step).rem_euclid(ANGLES as isize) as usize;
        let weight = by_angle[near] * by_angle[near];
        let doubled = TAU * near as f32 / ANGLES as f32;
        sin += weight * doubled.sin();
        cos += weight * doubled.cos();
    }
    let orientation = (0.5 * sin.atan2(cos)).rem_euclid(PI);
    let (mut sum, mut weights) = (0.0, 0.0);
    for (place, period) in PERIODS.iter().enumerate() {
        let share: f32 = [ANGLES - 1, 0, 1]
            .iter()
            .map(|turn| power[place * ANGLES + (angle + turn) % ANGLES])
            .sum();
        let weight = share * share;
        sum += weight * period.ln();
        weights += weight;
    }
    let period = if weights > 0.0 {
        (sum / weights).exp()
    } else {
        PERIODS[2]
    };
    (orientation, period, power[peak])
}

/// The flow of ridges in an equalised plane.
pub(super) fn flow(plane: &Plane, contrast: &Plane, waves: &Waves) -> Nodes {
    let (columns, rows) = (
        plane.width.div_ceil(STEP).max(1),
        plane.height.div_ceil(STEP).max(1),
    );
    let wide = plane.padded(REACH);
    let place = |n: usize, length: usize| (n * STEP + STEP / 2).min(length - 1);
    let mut channels: Vec<[f32; WAVES]> = Vec::with_capacity(columns * rows);
    let mut contrasts = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let (x, y) = (place(column, plane.width), place(row, plane.height));
            channels.push(spectrum(&wide, x, y, waves));
            contrasts.push(contrast.values[y * plane.width + x]);
        }
    }
    for _ in 0..2 {
        channels = smoothed(&channels, columns, rows);
    }
    let usual = percentile(&contrasts, 90);
    let nodes = channels
        .iter()
        .zip(&contrasts)
        .map(|(power, contrast)| {
            let (orientation, period, strength) = best(power);
            Node {
                orientation,
                period,
                strength,
                inside: strength > RIDGES_MIN && *contrast > (CONTRAST_MIN * usual).max(2.0),
                doubled: (0.0, 1.0),
            }
        })
        .collect();
    let mut found = Nodes {
        columns,
        rows,
        nodes,
    };
    found.close();
    found.settle();
    found
}

impl Nodes {
    /// Takes away what another estimate has no ridges for.
    pub(super) fn keep_within(&mut self, other: &Self) {
        for (node, other) in self.nodes.iter_mut().zip(&other.nodes) {
            node.inside = other.inside;
            // The blend is cleaner than the print was.
            node.strength = node.strength.min(0.5 * (node.strength + other.strength));
        }
    }

    fn neighbours(&self, place: usize) -> impl Iterator<Item = usize> + use<> {
        let (columns, rows) = (self.columns as isize, self.rows as isize);
        let (column, row) = (place as isize % columns, place as isize / columns);
        (-1..=1)
            .flat_map(|dy| (-1..=1).map(move |dx| (dx, dy)))
            .filter(|shift| *shift != (0, 0))
            .map(move |(dx, dy)| (column + dx, row + dy))
            .filter(move |(x, y)| (0..columns).contains(x) && (0..rows).contains(y))
            .map(move |(x, y)| (y * columns + x) as usize)
    }

    /// One whole area: no specks, no holes.
    fn close(&mut self) {
        for _ in 0..2 {
            let votes: Vec<bool> = (0..self.nodes.len())
                .map(|place| {
                    let (mut yes, mut all) = (0, 0);
                    for near in self.neighbours(place) {
                        yes += usize::from(self.nodes[near].inside);
                        all += 1;
                    }
                    if self.nodes[place].inside {
                        yes * 8 > all * 2
                    } else {
                        yes * 8 >= all * 6
                    }
                })
                .collect();
            for (node, vote) in self.nodes.iter_mut().zip(votes) {
                node.inside = vote;
            }
        }
        let areas = self.areas(true);
        let largest = areas.iter().map(Vec::len).max().unwrap_or(0);
        for area in areas.iter().filter(|area| area.len() * 4 < largest) {
            area.iter()
                .for_each(|place| self.nodes[*place].inside = false);
        }
        for hole in self.areas(false) {
            let at_edge = hole.iter().any(|place| {
                let (column, row) = (place % self.columns, place / self.columns);
                column == 0 || row == 0 || column + 1 == self.columns || row + 1 == self.rows
            });
            if !at_edge && hole.len() <= 12 {
                hole.iter()
                    .for_each(|place| self.nodes[*place].inside = true);
            }
        }
    }

    /// Connected nodes that are inside, or outside.
    fn areas(&self, inside: bool) -> Vec<Vec<usize>> {
        let mut seen = vec![false; self.nodes.len()];
        let mut areas = Vec::new();
        for start in 0..self.nodes.len() {
            if seen[start] || self.nodes[start].inside != inside {
                continue;
            }
            seen[start] = true;
            let mut area = vec![start];
            let mut next = 0;
            while let Some(place) = area.get(next).copied() {
                next += 1;
                for near in self.neighbours(place) {
                    if !seen[near] && self.nodes[near].inside == inside {
                        seen[near] = true;
                        area.push(near);
                    }
                }
            }
            areas.push(area);
        }
        areas
    }

    /// Orientation and period of weak nodes follow those of strong ones around them.
    fn settle(&mut self) {
        for _ in 0..2 {
            let before = self.nodes.clone();
            for place in 0..before.len() {
                let weight = |node: &Node| {
                    let area = if node.inside { 1.0 } else { 0.05 };
                    area * node.strength * node.strength
                };
                let own = &before[place];
                let (mut sin, mut cos) = (0.0, 0.0);
                let (mut period, mut weights) = (0.0, 0.0);
                let mut add = |node: &Node, share: f32| {
                    let weight = share * weight(node);
                    sin += weight * (2.0 * node.orientation).sin();
                    cos += weight * (2.0 * node.orientation).cos();
                    period += weight * node.period;
                    weights += weight;
                };
                // A strong node keeps its own orientation: a core is where neighbours disagree.
                add(own, 2.0 + 18.0 * own.strength);
                for near in self.neighbours(place) {
                    add(&before[near], 0.5);
                }
                if weights > 0.0 {
                    let node = &mut self.nodes[place];
                    node.orientation = (0.5 * sin.atan2(cos)).rem_euclid(PI);
                    node.period = period / weights;
                }
            }
        }
        // Periods change slowly over a finger.
        for _ in 0..2 {
            let before = self.nodes.clone();
            for place in 0..before.len() {
                let (mut sum, mut weights) = (0.0, 0.0);
                for near in self.neighbours(place).chain([place]) {
                    let node = &before[near];
                    let weight = if node.inside { 1.0 } else { 0.02 } * node.strength;
                    sum += weight * node.period;
                    weights += weight;
                }
                if weights > 0.0 {
                    self.nodes[place].period = sum / weights;
                }
            }
        }
        for node in &mut self.nodes {
            node.doubled = (2.0 * node.orientation).sin_cos();
        }
    }

    /// Orientation, period and strength at a pixel, between the nodes around it.
    pub(super) fn at(&self, x: f32, y: f32) -> Node {
        let half = STEP as f32 / 2.0;
        let (column, row) = ((x - half) / STEP as f32, (y - half) / STEP as f32);
        let column = column.clamp(0.0, (self.columns - 1) as f32);
        let row = row.clamp(0.0, (self.rows - 1) as f32);
        let (left, upper) = (column as usize, row as usize);
        let (right, lower) = (
            (left + 1).min(self.columns - 1),
            (upper + 1).min(self.rows - 1),
        );
        let (dx, dy) = (column - left as f32, row - upper as f32);
        let (mut sin, mut cos) = (0.0, 0.0);
        let (mut period, mut strength, mut inside) = (0.0, 0.0, 0.0);
        for (place, weight) in [
            (upper * self.columns + left, (1.0 - dx) * (1.0 - dy)),
            (upper * self.columns + right, dx * (1.0 - dy)),
            (lower * self.columns + left, (1.0 - dx) * dy),
            (lower * self.columns + right, dx * dy),
        ] {
            let node = &self.nodes[place];
            let trust = weight * (node.strength + 1e-3);
            sin += trust * node.doubled.0;
            cos += trust * node.doubled.1;
            period += weight * node.period;
            strength += weight * node.strength;
            inside += if node.inside { weight } else { 0.0 };
        }
        Node {
            orientation: (0.5 * sin.atan2(cos)).rem_euclid(PI),
            period,
            strength,
            inside: inside >= 0.5,
            doubled: (0.0, 1.0),
        }
    }
}
