//! Millions of people at the level of templates: minutiae by formula, a seed for everything.

use super::master::{Field, MasterPrint, PrintPattern};
use super::{normal, unit};
use crate::template::{FLOW_CELL, Minutia, MinutiaKind, NO_FLOW, PrintTemplate, RidgeFlow};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_core::CryptoRng;
use std::f32::consts::{PI, TAU};

/// Minutiae of a finger: people have 30 to 70 on what a sensor sees.
const MINUTIAE: std::ops::Range<usize> = 34..66;
/// Minutiae of one finger are at least so far apart, in pixels.
const APART: f32 = 11.0;
/// The half axes of what a sensor sees, in pixels.
const ACROSS: f32 = 135.0;
const ALONG: f32 = 175.0;
/// The side of a template, in pixels.
const WIDTH: f32 = 320.0;
const HEIGHT: f32 = 400.0;

/// A population that is the same for the same seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntheticPeople {
    /// The seed.
    pub seed: u64,
}

impl SyntheticPeople {
    fn generator(self, person: u64, finger: u8, impression: u64) -> ChaCha20Rng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&person.to_le_bytes());
        seed[16] = finger;
        seed[17..25].copy_from_slice(&impression.to_le_bytes());
        ChaCha20Rng::from_seed(seed)
    }

    /// The template of an impression of a finger.
    #[must_use]
    pub fn template(self, person: u64, finger: u8, impression: u32) -> PrintTemplate {
        let mut own = self.generator(person, finger, 0);
        let field = Field::draw(PrintPattern::draw(&mut own), &mut own);
        let minutiae = minutiae(&field, &mut own);
        let mut chance = self.generator(person, finger, u64::from(impression) + 1);
        impress(&field, &minutiae, &mut chance)
    }
}

/// The orientation of the ridges at a place, from the middle of the finger.
fn orientation(field: &Field, x: f32, y: f32) -> f32 {
    field
        .orientation(
            x / MasterPrint::WIDTH as f32 + 0.5,
            y / MasterPrint::HEIGHT as f32 + 0.5,
        )
        .rem_euclid(PI)
}

fn minutiae(field: &Field, rng: &mut dyn CryptoRng) -> Vec<Minutia> {
    let wanted = MINUTIAE.start + (unit(rng) * MINUTIAE.len() as f32) as usize;
    let mut all: Vec<Minutia> = Vec::with_capacity(wanted);
    // A place that is taken is drawn again; after so many draws the finger has fewer.
    for _ in 0..wanted * 4 {
        if all.len() == wanted {
            break;
        }
        let (radius, angle) = (unit(rng).sqrt(), TAU * unit(rng));
        let (x, y) = (
            1.15 * ACROSS * radius * angle.cos(),
            1.15 * ALONG * radius * angle.sin(),
        );
        if all
            .iter()
            .any(|other| (other.x - x).hypot(other.y - y) < APART)
        {
            continue;
        }
        let turned = if unit(rng) < 0.5 { 0.0 } else { PI };
        all.push(Minutia {
            x,
            y,
            direction: orientation(field, x, y) + turned,
            kind: if unit(rng) < 0.55 {
                MinutiaKind::Ending
            } else {
                MinutiaKind::Bifurcation
            },
            quality: (55.0 + 40.0 * unit(rng)) as u8,
        });
    }
    all
}

fn impress(field: &Field, minutiae: &[Minutia], rng: &mut dyn CryptoRng) -> PrintTemplate {
    let turn = 0.15 * normal(rng);
    let (shift_x, shift_y) = (18.0 * normal(rng), 22.0 * normal(rng));
    let (pull_x, pull_y) = (5.0 * normal(rng), 5.0 * normal(rng));
    let (sin, cos) = turn.sin_cos();
    let put = |x: f32, y: f32| {
        let far = (x / ACROSS).hypot(y / ALONG).min(1.0);
        let (x, y) = (x + pull_x * far * far, y + pull_y * far * far);
        (
            WIDTH / 2.0 + shift_x + x * cos - y * sin,
            HEIGHT / 2.0 + shift_y + x * sin + y * cos,
        )
    };
    let seen = |x: f32, y: f32| {
        (x / ACROSS).hypot(y / ALONG) < 1.0 && {
            let (x, y) = put(x, y);
            (8.0..WIDTH - 8.0).contains(&x) && (8.0..HEIGHT - 8.0).contains(&y)
        }
    };
    let mut out = Vec::with_capacity(minutiae.len() + 6);
    for minutia in minutiae {
        if !seen(minutia.x, minutia.y) || unit(rng) < 0.14 {
            continue;
        }
        let (x, y) = put(minutia.x, minutia.y);
        out.push(Minutia {
            x: x + 1.6 * normal(rng),
            y: y + 1.6 * normal(rng),
            direction: (minutia.direction + turn + 0.08 * normal(rng)).rem_euclid(TAU),
            quality: (f32::from(minutia.quality) + 6.0 * normal(rng)).clamp(1.0, 100.0) as u8,
            ..*minutia
        });
    }
    // What is taken for a minutia and is none.
    for _ in 0..(7.0 * unit(rng)) as usize {
        let (x, y) = (
            2.0 * ACROSS * (unit(rng) - 0.5),
            2.0 * ALONG * (unit(rng) - 0.5),
        );
        if seen(x, y) {
            let turned = if unit(rng) < 0.5 { 0.0 } else { PI };
            let (px, py) = put(x, y);
            out.push(Minutia {
                x: px,
                y: py,
                direction: (orientation(field, x, y) + turn + turned).rem_euclid(TAU),
                kind: MinutiaKind::Ending,
                quality: (10.0 + 50.0 * unit(rng)) as u8,
            });
        }
    }
    out.sort_by_key(|minutia| std::cmp::Reverse(minutia.quality));
    let (columns, rows) = (
        (WIDTH as u16).div_ceil(FLOW_CELL),
        (HEIGHT as u16).div_ceil(FLOW_CELL),
    );
    let cells = (0..columns * rows)
        .map(|cell| {
            let centre = |n: u16| (f32::from(n) + 0.5) * f32::from(FLOW_CELL);
            let (dx, dy) = (
                centre(cell % columns) - WIDTH / 2.0 - shift_x,
                centre(cell / columns) - HEIGHT / 2.0 - shift_y,
            );
            let (x, y) = (dx * cos + dy * sin, dy * cos - dx * sin);
            if (x / ACROSS).hypot(y / ALONG) < 1.0 {
                let angle = (orientation(field, x, y) + turn).rem_euclid(PI);
                ((angle / PI * 128.0).round() as u32 % 128) as u8
            } else {
                NO_FLOW
            }
        })
        .collect();
    PrintTemplate {
        width: WIDTH as u16,
        height: HEIGHT as u16,
        minutiae: out,
        flow: RidgeFlow {
            columns,
            rows,
            cells,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Prepared, compare};

    #[test]
    fn a_person_is_alike_to_itself_only() {
        let people = SyntheticPeople { seed: 3 };
        assert_eq!(people.template(7, 2, 1), people.template(7, 2, 1));
        let probe = Prepared::from(people.template(7, 2, 1));
        let own = compare(&probe, &people.template(7, 2, 2).into()).score();
        for other in 8..20 {
            let score = compare(&probe, &people.template(other, 2, 1).into()).score();
            assert!(score < own, "{other}: {score} and {own}");
        }
        let finger = compare(&probe, &people.template(7, 3, 1).into()).score();
        assert!(finger < own, "another finger: {finger} and {own}");
    }
}
