//! Minutia cylinder codes as bits: what lies around each minutia, 8 × 8 cells and 6 directions.
//!
//! The measures are those of Cappelli, Ferrara and Maltoni, "Minutia Cylinder-Code", IEEE TPAMI 32(12), 2010: radius 70
//! pixels at 500 per inch, spatial deviation 28/3, directional deviation 2π/9.

use crate::extraction::wrapped;
use crate::template::{Minutia, PrintTemplate, RidgeFlow};
use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

/// Words of a cylinder: one for each direction, a bit for each cell.
pub(crate) const WORDS: usize = 6;
const CELLS: usize = 8;
const RADIUS: f32 = 70.0;
const CELL: f32 = 2.0 * RADIUS / CELLS as f32;
const SPREAD: f32 = 28.0 / 3.0;
const TURN_SPREAD: f32 = TAU / 9.0;
/// How much has to lie in a cell for its bit.
const FILLED: f32 = 0.009;
/// How far from other minutiae an area is still known, where there is no flow.
const KNOWN: f32 = 50.0;
/// Bits below which a cylinder says nothing.
const BITS_MIN: u32 = 10;

/// The surroundings of one minutia.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cylinder {
    /// The minutia, by its place in the template.
    pub minutia: u16,
    /// A word for each direction.
    pub bits: [u64; WORDS],
    /// Cells that lie on the print.
    pub valid: u64,
    /// The direction of the minutia, in units of π/128.
    pub direction: u8,
}

impl Cylinder {
    /// How many bits are set.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.bits.iter().map(|word| word.count_ones()).sum()
    }

    /// How alike two cylinders are over the cells that lie on both prints, 0 to 1.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> f32 {
        let both = self.valid & other.valid;
        let (mut differ, mut own, mut their) = (0, 0, 0);
        for (a, b) in self.bits.iter().zip(&other.bits) {
            differ += ((a ^ b) & both).count_ones();
            own += (a & both).count_ones();
            their += (b & both).count_ones();
        }
        let smaller = self.valid.count_ones().max(other.valid.count_ones());
        if both.count_ones() * 10 < smaller * 6 || own + their < BITS_MIN {
            return 0.0;
        }
        1.0 - (differ as f32).sqrt() / ((own as f32).sqrt() + (their as f32).sqrt())
    }
}

/// The share of a normal distribution around `turn` that lies in a slice of a sixth of a turn.
fn directional(turn: f32) -> f32 {
    // A logistic curve stands for the normal distribution: within 0.01 of it.
    let below = |x: f32| 1.0 / (1.0 + (-1.702 * x / TURN_SPREAD).exp());
    let half = TAU / (2.0 * WORDS as f32);
    below(turn + half) - below(turn - half)
}

/// Turns that shares are kept for.
const TURNS: usize = 512;

/// For every turn what falls into each slice.
static SHARES: LazyLock<[[f32; WORDS]; TURNS]> = LazyLock::new(|| {
    std::array::from_fn(|turn| {
        let turn = wrapped((turn as f32 + 0.5) * TAU / TURNS as f32);
        std::array::from_fn(|word| {
            let middle = -PI + (word as f32 + 0.5) * TAU / WORDS as f32;
            directional(wrapped(turn - middle))
        })
    })
});

/// Whether a place is on the print.
fn on_print(flow: &RidgeFlow, minutiae: &[Minutia], x: f32, y: f32) -> bool {
    if flow.cells.is_empty() {
        return minutiae
            .iter()
            .any(|other| (other.x - x).hypot(other.y - y) < KNOWN);
    }
    flow.at(x, y).is_some()
}

fn cylinder(template: &PrintTemplate, place: usize) -> Option<Cylinder> {
    let centre = template.minutiae[place];
    let (sin, cos) = centre.direction.sin_cos();
    let mut filled = [[0.0_f32; WORDS]; CELLS * CELLS];
    let mut near = 0;
    let reach = 2.2 * SPREAD;
    for (other, minutia) in template.minutiae.iter().enumerate() {
        let (dx, dy) = (minutia.x - centre.x, minutia.y - centre.y);
        if other == place || dx * dx + dy * dy > (RADIUS + reach) * (RADIUS + reach) {
            continue;
        }
        near += 1;
        // The direction of the minutia is the first axis.
        let (u, v) = (dx * cos + dy * sin, dy * cos - dx * sin);
        let turn = (minutia.direction - centre.direction).rem_euclid(TAU) / TAU;
        let shares = &SHARES[(turn * TURNS as f32) as usize % TURNS];
        let range = |value: f32| {
            let first = ((value - reach + RADIUS) / CELL - 0.5).ceil().max(0.0) as usize;
            let last = ((value + reach + RADIUS) / CELL - 0.5).floor();
            first..(last.min(CELLS as f32 - 1.0) + 1.0).max(0.0) as usize
        };
        // The bell is a product: of how far it is along, and how far across.
        let bell = |far: f32| (-far * far / (2.0 * SPREAD * SPREAD)).exp();
        let across: [f32; CELLS] = std::array::from_fn(|n| bell(cell_centre(0, n).0 - u));
        for row in range(v) {
            let along = bell(cell_centre(row, 0).1 - v) / (SPREAD * TAU.sqrt());
            for column in range(u) {
                let weight = along * across[column];
                for (filled, share) in filled[row * CELLS + column].iter_mut().zip(shares) {
                    *filled += weight * share;
                }
            }
        }
    }
    let mut valid = 0_u64;
    for row in 0..CELLS {
        for column in 0..CELLS {
            let (u, v) = cell_centre(row, column);
            let (x, y) = (centre.x + u * cos - v * sin, centre.y + u * sin + v * cos);
            if u * u + v * v <= RADIUS * RADIUS
                && on_print(&template.flow, &template.minutiae, x, y)
            {
                valid |= 1 << (row * CELLS + column);
            }
        }
    }
    let mut bits = [0; WORDS];
    for (cell, values) in filled.iter().enumerate() {
        for (word, value) in bits.iter_mut().zip(values) {
            if *value > FILLED {
                *word |= valid & 1 << cell;
            }
        }
    }
    let made = Cylinder {
        minutia: place as u16,
        bits,
        valid,
        direction: (centre.direction / PI * 128.0).round() as i32 as u8,
    };
    (near >= 2 && made.count() >= BITS_MIN && valid.count_ones() >= 20).then_some(made)
}

/// The centre of a cell, along and across the direction of the minutia.
fn cell_centre(row: usize, column: usize) -> (f32, f32) {
    let middle = |n: usize| (n as f32 + 0.5) * CELL - RADIUS;
    (middle(column), middle(row))
}

/// The cylinders of a template, in the order of its minutiae.
#[must_use]
pub fn cylinders(template: &PrintTemplate) -> Vec<Cylinder> {
    (0..template.minutiae.len())
        .filter_map(|place| cylinder(template, place))
        .collect()
}
