//! A master print: an orientation field with loops and deltas, and ridges grown along it from noise.

use super::unit;
use multiversion::multiversion;
use rand_core::CryptoRng;
use std::f32::consts::{PI, TAU};

/// The class of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintPattern {
    /// No loop.
    Arch,
    /// A loop that opens to the left.
    LeftLoop,
    /// A loop that opens to the right.
    RightLoop,
    /// Two loops.
    Whorl,
}

impl PrintPattern {
    /// A pattern, as often as people have it: loops two in three, whorls more than one in four.
    #[must_use]
    pub fn draw(rng: &mut dyn CryptoRng) -> Self {
        match unit(rng) {
            share if share < 0.33 => Self::LeftLoop,
            share if share < 0.65 => Self::RightLoop,
            share if share < 0.93 => Self::Whorl,
            _ => Self::Arch,
        }
    }
}

/// The ridges of a finger tip: 21 × 27 mm at 500 pixels per inch, 1 on a ridge, -1 in a valley.
#[derive(Debug, Clone, PartialEq)]
pub struct MasterPrint {
    ridges: Vec<f32>,
}

/// Orientations that filters are made for.
const ORIENTATIONS: usize = 48;
/// Periods that filters are made for.
const PERIODS: usize = 4;
/// Half the side of a filter, in pixels.
const REACH: usize = 9;
/// A row of a filter, padded.
const ROW: usize = 32;
/// How often the filters are applied.
const GROWTH_STEPS: usize = 6;

/// A singular point: where, and +1 for a loop, -1 for a delta.
struct Singularity {
    x: f32,
    y: f32,
    sign: f32,
}

/// The flow of a finger.
pub(super) struct Field {
    pattern: PrintPattern,
    points: Vec<Singularity>,
    /// Slow waves that make every finger its own: amplitude, along x, along y, phase.
    waves: Vec<[f32; 4]>,
    bend: f32,
}

impl MasterPrint {
    /// Width, in pixels.
    pub const WIDTH: usize = 416;
    /// Height, in pixels.
    pub const HEIGHT: usize = 528;

    /// Grows a print; the same random numbers give the same print.
    #[must_use]
    pub fn grow(pattern: PrintPattern, rng: &mut dyn CryptoRng) -> Self {
        let (w, h) = (Self::WIDTH, Self::HEIGHT);
        let field = Field::draw(pattern, rng);
        let period = 8.2 + 2.2 * unit(rng);
        let tilt = [unit(rng) - 0.5, unit(rng) - 0.5];
        let choice: Vec<u16> = (0..w * h)
            .map(|n| {
                let (x, y) = ((n % w) as f32 / w as f32, (n / w) as f32 / h as f32);
                let turns = field.orientation(x, y).rem_euclid(PI) / PI;
                let angle = (turns * ORIENTATIONS as f32) as usize % ORIENTATIONS;
                // Ridges are wider towards the crease, and differ from side to side.
                let wide = 0.5 + 0.5 * (y - 0.5) + 0.6 * (tilt[0] * x + tilt[1] * y);
                let step = ((wide * PERIODS as f32) as usize).min(PERIODS - 1);
                (step * ORIENTATIONS + angle) as u16
            })
            .collect();
        let filters = filters(period);
        let mut ridges: Vec<f32> = (0..w * h).map(|_| 2.0 * unit(rng) - 1.0).collect();
        for _ in 0..GROWTH_STEPS {
            ridges = grow_once(&ridges, &choice, &filters);
        }
        Self { ridges }
    }

    /// The height of the ridges at a place, between pixels; zero outside.
    pub(super) fn at(&self, x: f32, y: f32) -> f32 {
        if !(x >= 0.0 && y >= 0.0) {
            return 0.0;
        }
        let (left, upper) = (x as usize, y as usize);
        if left + 1 >= Self::WIDTH || upper + 1 >= Self::HEIGHT {
            return 0.0;
        }
        let (dx, dy) = (x - left as f32, y - upper as f32);
        let start = upper * Self::WIDTH + left;
        let line = |start: usize| self.ridges[start] * (1.0 - dx) + self.ridges[start + 1] * dx;
        line(start) * (1.0 - dy) + line(start + Self::WIDTH) * dy
    }
}

impl Field {
    pub(super) fn draw(pattern: PrintPattern, rng: &mut dyn CryptoRng) -> Self {
        let mut place = |x: f32, y: f32, sign: f32| Singularity {
            x: x + 0.10 * (unit(rng) - 0.5),
            y: y + 0.10 * (unit(rng) - 0.5),
            sign,
        };
        let points = match pattern {
            PrintPattern::Arch => Vec::new(),
            PrintPattern::LeftLoop => vec![place(0.5, 0.42, 1.0), place(0.78, 0.72, -1.0)],
            PrintPattern::RightLoop => vec![place(0.5, 0.42, 1.0), place(0.22, 0.72, -1.0)],
            PrintPattern::Whorl => vec![
                place(0.5, 0.38, 1.0),
                place(0.5, 0.50, 1.0),
                place(0.16, 0.76, -1.0),
                place(0.84, 0.76, -1.0),
            ],
        };
        let waves = (0..5)
            .map(|_| {
                [
                    0.16 * (unit(rng) - 0.5),
                    TAU * (2.4 * unit(rng) - 1.2),
                    TAU * (2.4 * unit(rng) - 1.2),
                    TAU * unit(rng),
                ]
            })
            .collect();
        Self {
            pattern,
            points,
            waves,
            bend: 0.7 + 0.5 * unit(rng),
        }
    }

    /// Half the sum of the angles to loops less those to deltas, and what is the finger's own.
    pub(super) fn orientation(&self, x: f32, y: f32) -> f32 {
        let aspect = MasterPrint::HEIGHT as f32 / MasterPrint::WIDTH as f32;
        let mut angle = 0.0;
        for point in &self.points {
            angle += 0.5 * point.sign * (aspect * (y - point.y)).atan2(x - point.x);
        }
        for [amplitude, along, across, phase] in &self.waves {
            angle += amplitude * (along * x + across * y + phase).sin();
        }
        if self.pattern == PrintPattern::Arch {
            // Ridges rise in the middle of an arch, less towards the tip and the crease.
            let rise = (PI * y).sin().max(0.0);
            angle += self.bend * rise * ((x - 0.5) * TAU).sin();
        }
        angle
    }
}

/// Even filters without response to a flat area, for every period and orientation.
fn filters(period: f32) -> Vec<[[f32; ROW]; 2 * REACH + 1]> {
    let mut filters = Vec::with_capacity(PERIODS * ORIENTATIONS);
    for step in 0..PERIODS {
        let period = period * (0.9 + 0.065 * step as f32);
        // Longer along the ridges than across: fewer ridges end.
        let (spread, long) = (0.42 * period, 0.62 * period);
        for n in 0..ORIENTATIONS {
            let (sin, cos) = (PI * n as f32 / ORIENTATIONS as f32).sin_cos();
            let wave = |row: usize, column: usize| {
                let (x, y) = (column as f32 - REACH as f32, row as f32 - REACH as f32);
                let (along, across) = (x * cos + y * sin, y * cos - x * sin);
                let far = across * across / (spread * spread) + along * along / (long * long);
                let bell = (-far / 2.0).exp();
                (bell, bell * (TAU * across / period).cos())
            };
            let side = 2 * REACH + 1;
            let (mut bells, mut sum) = (0.0, 0.0);
            for place in 0..side * side {
                let (bell, value) = wave(place / side, place % side);
                bells += bell;
                sum += value;
            }
            let mut filter = [[0.0; ROW]; 2 * REACH + 1];
            for (row, line) in filter.iter_mut().enumerate() {
                for (column, out) in line.iter_mut().take(side).enumerate() {
                    let (bell, value) = wave(row, column);
                    *out = value - sum / bells * bell;
                }
            }
            filters.push(filter);
        }
    }
    filters
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn filtered(values: &[f32], stride: usize, filter: &[[f32; ROW]; 2 * REACH + 1]) -> f32 {
    let mut sums = [0.0_f32; ROW];
    for (row, taps) in filter.iter().enumerate() {
        let line = &values[row * stride..row * stride + ROW];
        for lane in 0..ROW {
            sums[lane] += line[lane] * taps[lane];
        }
    }
    sums.iter().sum()
}

fn grow_once(ridges: &[f32], choice: &[u16], filters: &[[[f32; ROW]; 2 * REACH + 1]]) -> Vec<f32> {
    let (w, h) = (MasterPrint::WIDTH, MasterPrint::HEIGHT);
    let stride = w + 2 * REACH + ROW;
    // The edge is repeated outwards.
    let mut wide = vec![0.0; stride * (h + 2 * REACH + 1)];
    for y in 0..h + 2 * REACH {
        let row = y.saturating_sub(REACH).min(h - 1) * w;
        for x in 0..w + 2 * REACH {
            wide[y * stride + x] = ridges[row + x.saturating_sub(REACH).min(w - 1)];
        }
    }
    let mut out = Vec::with_capacity(ridges.len());
    for y in 0..h {
        for x in 0..w {
            let filter = &filters[usize::from(choice[y * w + x])];
            out.push((filtered(&wide[y * stride + x..], stride, filter) * 0.35).tanh());
        }
    }
    out
}
