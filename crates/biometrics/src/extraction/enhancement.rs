//! Ridges as a wave: at every pixel the amplitude and phase of what goes across the local orientation.

use super::plane::Plane;
use super::spectrum::{Node, Nodes};
use multiversion::multiversion;
use std::f32::consts::{PI, TAU};

/// Orientations of the filters.
const ANGLES: usize = 32;
/// The shortest period of a filter, in pixels, and the ratio from one to the next.
const PERIOD_MIN: f32 = 2.8;
const PERIOD_RATIO: f32 = 1.12;
const PERIODS: usize = 11;
/// Half the side of a filter.
const REACH: usize = 7;
/// A row of a filter, padded.
const ROW: usize = 16;
const ROWS: usize = 2 * REACH + 1;

/// A filter: rows of its real and of its imaginary part.
struct Filter {
    real: [[f32; ROW]; ROWS],
    imaginary: [[f32; ROW]; ROWS],
}

/// The filters of every orientation and period.
pub(super) struct Filters(Vec<Filter>);

/// The wave at a pixel.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Wave {
    pub(super) real: f32,
    pub(super) imaginary: f32,
    /// The orientation of the filter: the phase grows along this plus a quarter turn.
    pub(super) orientation: f32,
    /// Whether it was computed.
    pub(super) inside: bool,
}

/// The waves of a print, row by row.
pub(super) struct WavePlane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) waves: Vec<Wave>,
}

impl Filters {
    /// Filters that reach `along` pixels in the direction of the ridges (standard deviation).
    pub(super) fn new(along: f32) -> Self {
        let mut filters = Vec::with_capacity(ANGLES * PERIODS);
        for period in 0..PERIODS {
            let period = PERIOD_MIN * PERIOD_RATIO.powi(period as i32);
            for angle in 0..ANGLES {
                filters.push(Filter::new(
                    PI * angle as f32 / ANGLES as f32,
                    period,
                    along,
                ));
            }
        }
        Self(filters)
    }

    fn for_node(&self, node: &Node) -> (&Filter, f32) {
        let angle = (node.orientation / PI * ANGLES as f32).round() as usize % ANGLES;
        let step = (node.period / PERIOD_MIN).max(1.0).ln() / PERIOD_RATIO.ln();
        let period = (step.round() as usize).min(PERIODS - 1);
        (
            &self.0[period * ANGLES + angle],
            PI * angle as f32 / ANGLES as f32,
        )
    }
}

impl Filter {
    fn new(angle: f32, period: f32, along: f32) -> Self {
        let across = 0.42 * period + 0.7;
        let (sin, cos) = angle.sin_cos();
        let mut filter = Self {
            real: [[0.0; ROW]; ROWS],
            imaginary: [[0.0; ROW]; ROWS],
        };
        let (mut flat, mut whole, mut power) = (0.0, 0.0, 0.0);
        let place = |row: usize, column: usize| {
            let (x, y) = (column as f32 - REACH as f32, row as f32 - REACH as f32);
            let (u, v) = (x * cos + y * sin, y * cos - x * sin);
            let bell = (-u * u / (2.0 * along * along) - v * v / (2.0 * across * across)).exp();
            (v, bell)
        };
        for row in 0..ROWS {
            for column in 0..ROWS {
                let (v, bell) = place(row, column);
                flat += bell * (TAU * v / period).cos();
                whole += bell;
            }
        }
        for row in 0..ROWS {
            for column in 0..ROWS {
                let (v, bell) = place(row, column);
                let (sin, cos) = (TAU * v / period).sin_cos();
                filter.real[row][column] = bell * (cos - flat / whole);
                filter.imaginary[row][column] = -bell * sin;
                power += bell * cos * cos;
            }
        }
        // A ridge pattern of amplitude one answers with one.
        for row in filter.real.iter_mut().chain(&mut filter.imaginary) {
            row.iter_mut().for_each(|value| *value /= power);
        }
        filter
    }
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx2+fma",
    "aarch64+neon"
))]
fn answer(
    values: &[f32],
    width: usize,
    real: &[[f32; ROW]; ROWS],
    imaginary: &[[f32; ROW]; ROWS],
) -> (f32, f32) {
    let (mut re, mut im) = ([0.0_f32; ROW], [0.0_f32; ROW]);
    for row in 0..ROWS {
        let start = row * width;
        let line = &values[start..start + ROW];
        for lane in 0..ROW {
            re[lane] += line[lane] * real[row][lane];
            im[lane] += line[lane] * imaginary[row][lane];
        }
    }
    (re.iter().sum(), im.iter().sum())
}

impl WavePlane {
    /// Filters a plane along its flow, where there are ridges and one node around.
    pub(super) fn of(plane: &Plane, nodes: &Nodes, filters: &Filters) -> Self {
        let wide = plane.padded(REACH + 1);
        let mut waves = vec![Wave::default(); plane.width * plane.height];
        for y in 0..plane.height {
            for x in 0..plane.width {
                let node = nodes.at(x as f32, y as f32);
                if !node.inside {
                    continue;
                }
                let (filter, orientation) = filters.for_node(&node);
                let start = (y + 1) * wide.width + x + 1;
                let (real, imaginary) = answer(
                    &wide.values[start..],
                    wide.width,
                    &filter.real,
                    &filter.imaginary,
                );
                waves[y * plane.width + x] = Wave {
                    real,
                    imaginary,
                    orientation,
                    inside: true,
                };
            }
        }
        Self {
            width: plane.width,
            height: plane.height,
            waves,
        }
    }

    /// The plane of a second pass: what was there, and the ridges that were found, of equal height.
    pub(super) fn blended(&self, plane: &Plane, share: f32) -> Plane {
        let mut out = plane.clone();
        for (value, wave) in out.values.iter_mut().zip(&self.waves) {
            if wave.inside {
                let amplitude = wave.real.hypot(wave.imaginary);
                let ridge = wave.real / (amplitude + 0.15);
                *value = (1.0 - share) * *value + share * 1.2 * ridge;
            }
        }
        out
    }

    pub(super) fn at(&self, x: isize, y: isize) -> Option<Wave> {
        if x < 0 || y < 0 || x >= self.width as isize || y >= self.height as isize {
            return None;
        }
        let wave = self.waves[y as usize * self.width + x as usize];
        wave.inside.then_some(wave)
    }
}
