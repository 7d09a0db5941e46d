//! An impression: a finger laid on a sensor, shifted, turned, pressed, dry or wet, in part.

use super::master::{MasterPrint, PrintPattern};
use super::{normal, unit};
use rand_core::CryptoRng;
use std::f32::consts::{PI, TAU};

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

/// How a finger lies on a sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contact {
    /// Width of the sensor, in pixels.
    pub width: u32,
    /// Height of the sensor, in pixels.
    pub height: u32,
    /// How far the middle of the finger is from that of the sensor, in pixels.
    pub shift: (f32, f32),
    /// The turn of the finger, in radians, clockwise.
    pub turn: f32,
    /// How much the skin is stretched, in pixels at the edge of the contact.
    pub stretch: f32,
    /// The direction in which it is stretched, in radians.
    pub towards: f32,
    /// -1 very dry, 0 normal, 1 very wet.
    pub wetness: f32,
    /// The share of the finger that touches: 1 all of it.
    pub area: f32,
    /// Noise of skin and sensor: 0 none, 1 much.
    pub noise: f32,
}

impl Contact {
    /// A careful impression on a single-finger sensor of 16 × 20 mm (TR-03121).
    pub const CAREFUL: Self = Self {
        width: SyntheticPrint::WIDTH,
        height: SyntheticPrint::HEIGHT,
        shift: (0.0, 0.0),
        turn: 0.0,
        stretch: 0.0,
        towards: 0.0,
        wetness: 0.0,
        area: 1.0,
        noise: 0.2,
    };

    /// An impression as people give them: `care` 1 at a guided desk, 0 by somebody in a hurry.
    #[must_use]
    pub fn draw(care: f32, rng: &mut dyn CryptoRng) -> Self {
        let haste = 1.0 - care.clamp(0.0, 1.0);
        Self {
            shift: (
                (8.0 + 34.0 * haste) * normal(rng),
                (10.0 + 42.0 * haste) * normal(rng),
            ),
            turn: (0.06 + 0.22 * haste) * normal(rng),
            stretch: (2.0 + 16.0 * haste) * normal(rng).abs(),
            towards: TAU * unit(rng),
            wetness: ((0.2 + 0.6 * haste) * normal(rng)).clamp(-1.0, 1.0),
            area: 1.0 - (0.10 + 0.30 * haste) * unit(rng),
            noise: (0.2 + 0.9 * haste) * (0.4 + 0.6 * unit(rng)),
            ..Self::CAREFUL
        }
    }
}

/// Noise that changes over a few pixels: a grid of random values, interpolated.
struct SlowNoise {
    columns: usize,
    step: f32,
    values: Vec<f32>,
}

impl SlowNoise {
    fn new(width: u32, height: u32, step: f32, rng: &mut dyn CryptoRng) -> Self {
        let count = |side: u32| (side as f32 / step) as usize + 2;
        let (columns, rows) = (count(width), count(height));
        Self {
            columns,
            step,
            values: (0..columns * rows).map(|_| normal(rng)).collect(),
        }
    }

    fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x / self.step, y / self.step);
        let (left, upper) = (x as usize, y as usize);
        let (dx, dy) = (x - left as f32, y - upper as f32);
        let start = upper * self.columns + left;
        let line = |start: usize| self.values[start] * (1.0 - dx) + self.values[start + 1] * dx;
        line(start) * (1.0 - dy) + line(start + self.columns) * dy
    }
}

/// A scratch: a light line over the print.
struct Scratch {
    x: f32,
    y: f32,
    cos: f32,
    sin: f32,
    half: f32,
    width: f32,
}

impl Scratch {
    fn draw(width: u32, height: u32, rng: &mut dyn CryptoRng) -> Self {
        let (sin, cos) = (PI * unit(rng)).sin_cos();
        Self {
            x: width as f32 * unit(rng),
            y: height as f32 * unit(rng),
            cos,
            sin,
            half: 20.0 + 70.0 * unit(rng),
            width: 0.7 + 1.4 * unit(rng),
        }
    }

    /// How much of the ink is missing here, 0 to 1.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.x, y - self.y);
        let along = dx * self.cos + dy * self.sin;
        if along.abs() > self.half {
            return 0.0;
        }
        let across = (dy * self.cos - dx * self.sin) / self.width;
        (1.0 - across.abs() / 2.0).clamp(0.0, 1.0)
    }
}

impl SyntheticPrint {
    /// Width of a single-finger sensor at 500 pixels per inch (TR-03121: 16 mm).
    pub const WIDTH: u32 = 315;
    /// Height of a single-finger sensor at 500 pixels per inch (TR-03121: 20 mm).
    pub const HEIGHT: u32 = 394;

    /// Grows a finger and takes one careful impression; the same random numbers give the same print.
    #[must_use]
    pub fn grow(pattern: PrintPattern, rng: &mut dyn CryptoRng) -> Self {
        MasterPrint::grow(pattern, rng).press(&Contact::CAREFUL, rng)
    }
}

impl MasterPrint {
    /// Takes an impression.
    #[must_use]
    pub fn press(&self, contact: &Contact, rng: &mut dyn CryptoRng) -> SyntheticPrint {
        const PAPER: f32 = 240.0;
        let (width, height) = (contact.width, contact.height);
        let ink = 50.0 + 40.0 * unit(rng);
        let coarse = SlowNoise::new(width, height, 26.0, rng);
        let middle = SlowNoise::new(width, height, 7.0, rng);
        let fine = SlowNoise::new(width, height, 2.3, rng);
        let edge = SlowNoise::new(width, height, 34.0, rng);
        let scratches: Vec<Scratch> = (0..(contact.noise * 9.0 * unit(rng)) as usize)
            .map(|_| Scratch::draw(width, height, rng))
            .collect();
        let (sin, cos) = contact.turn.sin_cos();
        let (push_y, push_x) = contact.towards.sin_cos();
        let twist = 0.5 * contact.stretch * normal(rng);
        // The half axes of the contact on the finger.
        let (across, along) = (
            0.43 * Self::WIDTH as f32 * contact.area,
            0.44 * Self::HEIGHT as f32 * contact.area,
        );
        let (off_x, off_y) = (
            (1.0 - contact.area) * 0.3 * Self::WIDTH as f32 * (unit(rng) - 0.5),
            (1.0 - contact.area) * 0.3 * Self::HEIGHT as f32 * (unit(rng) - 0.5),
        );
        let mut pixels = Vec::with_capacity((width * height) as usize);
        for row in 0..height {
            for column in 0..width {
                let (x, y) = (column as f32, row as f32);
                // From the sensor to the finger.
                let dx = x - 0.5 * width as f32 - contact.shift.0;
                let dy = y - 0.5 * height as f32 - contact.shift.1;
                let (fx, fy) = (dx * cos + dy * sin, dy * cos - dx * sin);
                let (u, v) = ((fx - off_x) / across, (fy - off_y) / along);
                let radius = (u * u + v * v).sqrt();
                // The middle sticks to the sensor, the rest is drawn along and twisted.
                let pull = ((radius - 0.35) / 0.65).clamp(0.0, 1.5);
                let pull = pull * pull * (3.0 - 2.0 * pull.min(1.0)) / 1.0_f32.max(pull);
                let sx = fx + contact.stretch * pull * push_x - twist * pull * v;
                let sy = fy + contact.stretch * pull * push_y + twist * pull * u;
                let ridge = self.at(
                    sx + 0.5 * Self::WIDTH as f32,
                    sy + 0.5 * Self::HEIGHT as f32,
                );
                let shape = u.abs().powf(2.3) + v.abs().powf(2.4);
                let touch = ((1.0 - shape + 0.10 * edge.at(x, y)) * 7.0).clamp(0.0, 1.0);
                // Wet skin fills valleys, dry skin breaks ridges.
                let wet = contact.wetness + contact.noise * 0.6 * coarse.at(x, y);
                let rough = contact.noise * (1.1 * middle.at(x, y) + 1.0 * fine.at(x, y));
                // Where skin is worn or smeared little of the ridges is left.
                let worn = contact.noise * (0.5 + 0.8 * edge.at(x, y)).clamp(0.0, 1.0);
                let level = ridge * (1.0 - 0.8 * worn.min(1.0))
                    + 0.9 * wet.clamp(-1.3, 1.3)
                    + rough * (0.75 - 0.4 * wet.min(0.0));
                let mut dark = 0.5 + 0.5 * (1.8 * level).tanh();
                for scratch in &scratches {
                    dark *= 1.0 - 0.9 * scratch.at(x, y);
                }
                let pressure = (0.85 + 0.15 * wet).clamp(0.45, 1.0);
                let grain = 9.0 * (0.4 + contact.noise) * (unit(rng) + unit(rng) - 1.0);
                let value = PAPER - (PAPER - ink) * (dark * touch * pressure) + grain;
                pixels.push(value.clamp(0.0, 255.0) as u8);
            }
        }
        SyntheticPrint {
            width,
            height,
            pixels,
        }
    }
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
