//! The area of ridges as NFIQ 2.3 finds it (ImgProcROI), and how coherent the gradients on it are (QualityMap).
//!
//! What is ink is spread and told from paper twice; holes are filled, and the part that spans most is the print. Blurs are in
//! fixed point and thresholds in the order of sums that the published values come of.

use super::blocks::{Grey, Part, SIDE};

const EROSION: usize = 2;
const FIRST_BLUR: usize = 41;
const SECOND_BLUR: usize = 91;

/// The area of ridges.
pub(super) struct RidgeArea {
    /// How many pixels it has.
    pub(super) pixels: usize,
    /// The mean grey on it; 255 where there is none.
    pub(super) mean: f64,
    /// The sum of the coherences of the tiles that it touches.
    pub(super) coherence_sum: f64,
    /// Their mean.
    pub(super) coherence_mean: f64,
}

/// An 8-bit plane.
struct Plane {
    width: usize,
    height: usize,
    values: Vec<u8>,
}

impl RidgeArea {
    pub(super) fn of(image: &Grey) -> Self {
        let plane = Plane {
            width: image.width,
            height: image.height,
            values: image.values.iter().map(|value| *value as u8).collect(),
        };
        let ink = plane.eroded().blurred(FIRST_BLUR).parted();
        let inside = ink.blurred(SECOND_BLUR).parted().print();
        let greys = image.values.iter().zip(&inside);
        let (mut pixels, mut sum) = (0, 0.0);
        for (grey, _) in greys.filter(|(_, inside)| **inside) {
            pixels += 1;
            sum += grey;
        }
        let (mut coherence_sum, mut tiles) = (0.0, 0);
        for y in (0..image.height).step_by(SIDE) {
            for x in (0..image.width).step_by(SIDE) {
                let tile = image.part(x, y, SIDE, SIDE);
                let touched = (y..y + tile.height).any(|row| {
                    let start = row * image.width + x;
                    inside[start..start + tile.width].contains(&true)
                });
                if touched {
                    tiles += 1;
                    coherence_sum += coherence(&tile);
                }
            }
        }
        Self {
            pixels,
            mean: if pixels == 0 {
                255.0
            } else {
                sum / pixels as f64
            },
            coherence_sum,
            coherence_mean: coherence_sum / f64::from(tiles.max(1)),
        }
    }
}

/// How much the gradients of a tile point along one line, 0 to 1.
fn coherence(tile: &Part) -> f64 {
    let (mut along, mut across, mut lengths) = (0.0, 0.0, 0.0);
    for (dx, dy) in tile.gradients() {
        let (p, q) = (2.0 * dx * dy, dx * dx - dy * dy);
        along += p;
        across += q;
        lengths += p.hypot(q);
    }
    if lengths > 0.0 {
        along.hypot(across) / lengths
    } else {
        0.0
    }
}

/// A place beyond the edge, mirrored at the pixel of the edge.
fn mirrored(place: isize, length: usize) -> usize {
    let last = length as isize - 1;
    if last == 0 {
        return 0;
    }
    let folded = place.rem_euclid(2 * last);
    folded.min(2 * last - folded) as usize
}

/// The weights of a bell over `count` places (odd), in 256ths: rounding errors are carried to the next, the middle has the rest.
fn bell(count: usize) -> Vec<u32> {
    let sigma = 0.15 * count as f64 + 0.35;
    let weight = |n: usize| {
        let far = 2.0 * n as f64 + 1.0 - count as f64;
        (-far * far / (8.0 * sigma * sigma)).exp()
    };
    let whole: f64 = (0..count).map(weight).sum();
    let middle = count / 2;
    let mut taps = vec![0; count];
    let (mut carried, mut given) = (0.0, 0);
    for n in 0..middle {
        let wanted = 256.0 * weight(n) / whole + carried;
        let tap = wanted.round_ties_even();
        carried = wanted - tap;
        taps[n] = tap as u32;
        taps[count - 1 - n] = tap as u32;
        given += 2 * tap as u32;
    }
    taps[middle] = 256 - given;
    taps
}

impl Plane {
    fn with(&self, values: Vec<u8>) -> Self {
        Self {
            width: self.width,
            height: self.height,
            values,
        }
    }

    /// The darkest of 5 × 5 around every pixel.
    fn eroded(&self) -> Self {
        let darkest = |values: &[u8], stride: usize, length: usize, start: usize, n: usize| {
            let near = n.saturating_sub(EROSION)..(n + EROSION + 1).min(length);
            near.map(|n| values[start + n * stride])
                .min()
                .unwrap_or(255)
        };
        let (w, h) = (self.width, self.height);
        let rows: Vec<u8> = (0..w * h)
            .map(|place| darkest(&self.values, 1, w, place / w * w, place % w))
            .collect();
        let both = (0..w * h)
            .map(|place| darkest(&rows, w, h, place % w, place / w))
            .collect();
        self.with(both)
    }

    /// Blurred with a bell of so many pixels.
    fn blurred(&self, count: usize) -> Self {
        let taps = bell(count);
        let (w, h) = (self.width, self.height);
        let reach = (count / 2) as isize;
        let at_x: Vec<usize> = (-reach..w as isize + reach)
            .map(|x| mirrored(x, w))
            .collect();
        let mut rows = vec![0_u32; w * h];
        for (line, out) in self.values.chunks_exact(w).zip(rows.chunks_exact_mut(w)) {
            let wide: Vec<u32> = at_x.iter().map(|x| u32::from(line[*x])).collect();
            for (out, near) in out.iter_mut().zip(wide.windows(count)) {
                *out = near.iter().zip(&taps).map(|(value, tap)| value * tap).sum();
            }
        }
        let mut values = Vec::with_capacity(w * h);
        let mut sums = vec![0_u32; w];
        for y in 0..h as isize {
            sums.fill(0);
            for (tap, row) in taps.iter().zip(y - reach..) {
                let start = mirrored(row, h) * w;
                for (sum, value) in sums.iter_mut().zip(&rows[start..start + w]) {
                    *sum += tap * value;
                }
            }
            values.extend(sums.iter().map(|sum| ((sum + 32_768) >> 16) as u8));
        }
        self.with(values)
    }

    /// Light and dark, told apart by Otsu's threshold: 255 above it.
    fn parted(&self) -> Self {
        let limit = self.threshold();
        let part = |value: &u8| if *value > limit { 255 } else { 0 };
        self.with(self.values.iter().map(part).collect())
    }

    fn threshold(&self) -> u8 {
        let mut counts = [0_u32; 256];
        for value in &self.values {
            counts[usize::from(*value)] += 1;
        }
        let share = 1.0 / self.values.len() as f64;
        let mut mean = 0.0;
        for (value, count) in counts.iter().enumerate() {
            mean += value as f64 * f64::from(*count);
        }
        mean *= share;
        let few = f64::from(f32::EPSILON);
        let (mut below, mut mean_below) = (0.0, 0.0);
        let (mut best, mut limit) = (0.0, 0);
        for (value, count) in counts.iter().enumerate() {
            let one = f64::from(*count) * share;
            mean_below *= below;
            below += one;
            let above = 1.0 - below;
            if f64::min(below, above) < few || f64::max(below, above) > 1.0 - few {
                continue;
            }
            mean_below = (mean_below + value as f64 * one) / below;
            let mean_above = (mean - below * mean_below) / above;
            let apart = below * above * (mean_below - mean_above) * (mean_below - mean_above);
            if apart > best {
                best = apart;
                limit = value as u8;
            }
        }
        limit
    }

    /// For every pixel whether it is of the print: of the dark part that spans most, light parts inside counted as dark.
    fn print(&self) -> Vec<bool> {
        let mut dark: Vec<bool> = self.values.iter().map(|value| *value == 0).collect();
        for part in self.parts(&dark, false) {
            if !part.touches_edge {
                for place in part.places {
                    dark[place] = true;
                }
            }
        }
        let mut best: Option<Component> = None;
        for part in self.parts(&dark, true) {
            if best.as_ref().is_none_or(|known| part.span() > known.span()) {
                best = Some(part);
            }
        }
        let mut inside = vec![false; self.values.len()];
        for place in best.into_iter().flat_map(|part| part.places) {
            inside[place] = true;
        }
        inside
    }

    /// The parts that hang together over their sides, in the order of their first pixels.
    fn parts(&self, dark: &[bool], wanted: bool) -> Vec<Component> {
        let (w, h) = (self.width, self.height);
        let mut seen = vec![false; dark.len()];
        let mut parts = Vec::new();
        for first in 0..dark.len() {
            if seen[first] || dark[first] != wanted {
                continue;
            }
            seen[first] = true;
            let mut part = Component::at(first % w, first / w);
            let mut waiting = vec![first];
            while let Some(place) = waiting.pop() {
                let (x, y) = (place % w, place / w);
                part.take(place, x, y, w, h);
                let near = [
                    (x > 0).then(|| place - 1),
                    (x + 1 < w).then(|| place + 1),
                    (y > 0).then(|| place - w),
                    (y + 1 < h).then(|| place + w),
                ];
                for next in near.into_iter().flatten() {
                    if !seen[next] && dark[next] == wanted {
                        seen[next] = true;
                        waiting.push(next);
                    }
                }
            }
            parts.push(part);
        }
        parts
    }
}

/// Pixels that hang together.
struct Component {
    places: Vec<usize>,
    left: usize,
    right: usize,
    top: usize,
    bottom: usize,
    touches_edge: bool,
}

impl Component {
    fn at(x: usize, y: usize) -> Self {
        Self {
            places: Vec::new(),
            left: x,
            right: x,
            top: y,
            bottom: y,
            touches_edge: false,
        }
    }

    fn take(&mut self, place: usize, x: usize, y: usize, width: usize, height: usize) {
        self.places.push(place);
        self.left = self.left.min(x);
        self.right = self.right.max(x);
        self.top = self.top.min(y);
        self.bottom = self.bottom.max(y);
        self.touches_edge |= x == 0 || y == 0 || x + 1 == width || y + 1 == height;
    }

    /// The area of the rectangle around it.
    fn span(&self) -> usize {
        (self.right - self.left + 1) * (self.bottom - self.top + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bells_are_those_of_the_published_values() {
        let first: Vec<u32> = bell(FIRST_BLUR).into_iter().take(21).collect();
        let known = [
            0, 0, 1, 0, 1, 1, 2, 2, 3, 3, 5, 6, 8, 8, 11, 11, 13, 15, 15, 15, 16,
        ];
        assert_eq!(first, known);
        assert_eq!(bell(SECOND_BLUR)[45], 8);
        assert_eq!(bell(SECOND_BLUR).iter().sum::<u32>(), 256);
    }

    #[test]
    fn places_beyond_an_edge_are_mirrored_as_often_as_it_takes() {
        let five: Vec<usize> = (-3..8).map(|place| mirrored(place, 5)).collect();
        assert_eq!(five, [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]);
        assert_eq!(mirrored(-40, 2), 0);
        assert_eq!(mirrored(7, 1), 0);
    }
}
