//! Synthetic fingerprints: an orientation field with loops and deltas, and ridges grown along it from noise.

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

/// A synthetic print: 8-bit grey, ridges dark, 500 pixels per inch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntheticPrint {
    /// Width, in pixels.
    pub width: u32,
    /// Height, in pixels.
    pub height: u32,
    /// The pixels, row by row.
    pub pixels: Vec<u8>,
}

/// Orientations that filters are made for.
const ORIENTATIONS: usize = 48;
/// Half the side of a filter, in pixels.
const REACH: isize = 9;
/// How often the filters are applied.
const GROWTH_STEPS: usize = 6;

/// A singular point: where, and +1 for a loop, -1 for a delta.
struct Singularity {
    x: f32,
    y: f32,
    sign: f32,
}

impl SyntheticPrint {
    /// Width of a single-finger sensor at 500 pixels per inch (TR-03121: 16 mm).
    pub const WIDTH: u32 = 315;
    /// Height of a single-finger sensor at 500 pixels per inch (TR-03121: 20 mm).
    pub const HEIGHT: u32 = 394;

    /// Grows a print; the same random numbers give the same print.
    #[must_use]
    pub fn grow(pattern: PrintPattern, rng: &mut dyn CryptoRng) -> Self {
        let (w, h) = (Self::WIDTH as usize, Self::HEIGHT as usize);
        let singularities = singularities(pattern, w as f32, h as f32, rng);
        let angles: Vec<usize> = (0..w * h)
            .map(|n| {
                orientation(
                    (n % w) as f32,
                    (n / w) as f32,
                    h as f32,
                    pattern,
                    &singularities,
                )
            })
            .collect();
        let period = 8.6 + 1.2 * unit(rng);
        let filters = filters(period);
        let mut ridges: Vec<f32> = (0..w * h).map(|_| 2.0 * unit(rng) - 1.0).collect();
        for _ in 0..GROWTH_STEPS {
            ridges = grow_once(&ridges, w, h, &angles, &filters);
        }
        let pixels = develop(&ridges, w, h, rng);
        Self {
            width: Self::WIDTH,
            height: Self::HEIGHT,
            pixels,
        }
    }
}

fn unit(rng: &mut dyn CryptoRng) -> f32 {
    rng.next_u32() as f32 / u32::MAX as f32
}

fn singularities(
    pattern: PrintPattern,
    w: f32,
    h: f32,
    rng: &mut dyn CryptoRng,
) -> Vec<Singularity> {
    let mut place = |x: f32, y: f32, sign: f32| Singularity {
        x: w * (x + 0.06 * (unit(rng) - 0.5)),
        y: h * (y + 0.06 * (unit(rng) - 0.5)),
        sign,
    };
    match pattern {
        PrintPattern::Arch => Vec::new(),
        PrintPattern::LeftLoop => vec![place(0.5, 0.42, 1.0), place(0.8, 0.75, -1.0)],
        PrintPattern::RightLoop => vec![place(0.5, 0.42, 1.0), place(0.2, 0.75, -1.0)],
        PrintPattern::Whorl => vec![
            place(0.5, 0.38, 1.0),
            place(0.5, 0.52, 1.0),
            place(0.14, 0.8, -1.0),
            place(0.86, 0.8, -1.0),
        ],
    }
}

/// The place of the ridge orientation in the table of filters: half the sum of the angles to loops less those to deltas.
fn orientation(x: f32, y: f32, h: f32, pattern: PrintPattern, points: &[Singularity]) -> usize {
    let mut angle = 0.0;
    for point in points {
        angle += 0.5 * point.sign * (y - point.y).atan2(x - point.x);
    }
    angle += match pattern {
        // Ridges rise in the middle of an arch, less towards the tip and the crease.
        PrintPattern::Arch => {
            let bend = (PI * (y / h)).sin().max(0.0);
            -0.9 * bend * ((x / (SyntheticPrint::WIDTH as f32) - 0.5) * TAU).sin()
        }
        // Loops and deltas balance: far from them ridges are level.
        _ => 0.0,
    };
    let turns = angle.rem_euclid(PI) / PI;
    (turns * ORIENTATIONS as f32) as usize % ORIENTATIONS
}

/// Even Gabor filters without response to a flat area.
fn filters(period: f32) -> Vec<Vec<f32>> {
    let spread = 0.42 * period;
    (0..ORIENTATIONS)
        .map(|n| {
            let (sin, cos) = (PI * n as f32 / ORIENTATIONS as f32).sin_cos();
            let side = REACH * 2 + 1;
            let mut filter = Vec::with_capacity((side * side) as usize);
            let mut bell = Vec::with_capacity(filter.capacity());
            for dy in -REACH..=REACH {
                for dx in -REACH..=REACH {
                    let across = -(dx as f32) * sin + dy as f32 * cos;
                    let radius = (dx * dx + dy * dy) as f32;
                    let weight = (-radius / (2.0 * spread * spread)).exp();
                    bell.push(weight);
                    filter.push(weight * (TAU * across / period).cos());
                }
            }
            let flat = filter.iter().sum::<f32>() / bell.iter().sum::<f32>();
            filter
                .iter()
                .zip(&bell)
                .map(|(value, weight)| value - flat * weight)
                .collect()
        })
        .collect()
}

fn grow_once(
    ridges: &[f32],
    w: usize,
    h: usize,
    angles: &[usize],
    filters: &[Vec<f32>],
) -> Vec<f32> {
    let mut out = vec![0.0; ridges.len()];
    for y in 0..h {
        for x in 0..w {
            let filter = &filters[angles[y * w + x]];
            let mut sum = 0.0;
            let mut taps = filter.iter();
            for dy in -REACH..=REACH {
                let row = (y as isize + dy).clamp(0, h as isize - 1) as usize * w;
                for dx in -REACH..=REACH {
                    let column = (x as isize + dx).clamp(0, w as isize - 1) as usize;
                    sum += taps.next().copied().unwrap_or(0.0) * ridges[row + column];
                }
            }
            out[y * w + x] = (sum * 0.35).tanh();
        }
    }
    out
}

/// From ridges to an image: the shape of the contact, uneven pressure, pores and noise.
fn develop(ridges: &[f32], w: usize, h: usize, rng: &mut dyn CryptoRng) -> Vec<u8> {
    const PAPER: f32 = 242.0;
    const INK: f32 = 62.0;
    let (lean, swell) = (0.04 * (unit(rng) - 0.5), 0.96 + 0.06 * unit(rng));
    let phases: Vec<f32> = (0..4).map(|_| TAU * unit(rng)).collect();
    let mut out = Vec::with_capacity(ridges.len());
    for (n, ridge) in ridges.iter().enumerate() {
        let (x, y) = ((n % w) as f32 / w as f32, (n / w) as f32 / h as f32);
        let across = (x - 0.5 - lean * (y - 0.5)) / (0.47 * swell);
        let along = (y - 0.52) / (0.52 * swell);
        let edge = across.abs().powf(2.3) + along.abs().powf(2.6);
        let wobble = 0.04 * (9.0 * y + phases[0]).sin() + 0.04 * (7.0 * x + phases[1]).sin();
        let contact = ((1.0 - edge - wobble) * 9.0).clamp(0.0, 1.0);
        let pressure = 0.82 + 0.12 * (5.0 * x + phases[2]).sin() * (4.0 * y + phases[3]).cos();
        let noise = 14.0 * (unit(rng) + unit(rng) - 1.0);
        let ink = (0.5 + 0.5 * (1.6 * ridge).tanh() / 0.92) * contact * pressure;
        out.push((PAPER - (PAPER - INK) * ink.clamp(0.0, 1.0) + noise).clamp(0.0, 255.0) as u8);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    #[test]
    fn prints_repeat_by_seed_and_differ_by_person() {
        let grow = |seed| {
            SyntheticPrint::grow(PrintPattern::Whorl, &mut ChaCha20Rng::from_seed([seed; 32]))
        };
        let (one, again, other) = (grow(1), grow(1), grow(2));
        assert_eq!(one, again);
        assert_ne!(one, other);
        let dark = one.pixels.iter().filter(|pixel| **pixel < 128).count();
        let share = dark as f32 / one.pixels.len() as f32;
        assert!((0.2..0.6).contains(&share), "ridges cover {share}");
    }
}
