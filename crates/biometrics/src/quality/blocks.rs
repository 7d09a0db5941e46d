//! Blocks of a print as ISO/IEC 29794-4:2024 and NFIQ 2.3 cut and turn them.

use std::f64::consts::PI;

/// The side of a block, in pixels at 500 per inch.
pub(super) const SIDE: usize = 32;
/// How far a turned block of 32 × 16 reaches beyond its own: a window of 36.
const BORDER: usize = 2;
const WINDOW: usize = SIDE + 2 * BORDER;
/// A block has ridges when its values differ by more than this share of those of the whole image.
const CONTRAST_MIN: f64 = 0.1;

/// A grey image in numbers, without its white frame.
pub(super) struct Grey {
    /// Where it begins in the image with the frame.
    left: usize,
    top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f64>,
}

/// Mean and standard deviation of a population.
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares = values.iter().map(|value| (value - mean) * (value - mean));
    (mean, (squares.sum::<f64>() / values.len() as f64).sqrt())
}

impl Grey {
    /// The part between the first and last row and column whose mean is at most 250; nothing when there is none.
    pub(super) fn cropped(width: usize, height: usize, pixels: &[u8]) -> Option<Self> {
        const WHITE: u64 = 250;
        let row_ink = |row: usize| {
            let line = &pixels[row * width..(row + 1) * width];
            line.iter().map(|pixel| u64::from(*pixel)).sum::<u64>() <= WHITE * width as u64
        };
        let column_ink = |column: usize| {
            let sum: u64 = (0..height)
                .map(|row| u64::from(pixels[row * width + column]))
                .sum();
            sum <= WHITE * height as u64
        };
        let (top, bottom) = ends(height, row_ink)?;
        let (left, right) = ends(width, column_ink)?;
        if bottom == top || right == left {
            return None;
        }
        let values = (top..=bottom)
            .flat_map(|row| &pixels[row * width + left..=row * width + right])
            .map(|pixel| f64::from(*pixel))
            .collect();
        Some(Self {
            left,
            top,
            width: right - left + 1,
            height: bottom - top + 1,
            values,
        })
    }

    /// The pixel at a place of the image with the frame; nothing outside.
    pub(super) fn place(&self, x: f32, y: f32) -> Option<(usize, usize)> {
        let at = |place: f32, first: usize, length: usize| {
            let place = (place.round().max(0.0) as usize).checked_sub(first)?;
            (place < length).then_some(place)
        };
        Some((at(x, self.left, self.width)?, at(y, self.top, self.height)?))
    }

    /// The values of a rectangle, cut at the edges of the image.
    pub(super) fn part(&self, x: usize, y: usize, width: usize, height: usize) -> Part {
        let (right, bottom) = ((x + width).min(self.width), (y + height).min(self.height));
        let values = (y..bottom)
            .flat_map(|row| &self.values[row * self.width + x..row * self.width + right])
            .copied()
            .collect();
        Part {
            width: right.saturating_sub(x),
            height: bottom.saturating_sub(y),
            values,
        }
    }

    /// Tiles of 32 × 32 from the upper left; the last of a line may be smaller.
    pub(super) fn tiles(&self) -> impl Iterator<Item = Part> {
        (0..self.height)
            .step_by(SIDE)
            .flat_map(move |y| (0..self.width).step_by(SIDE).map(move |x| (x, y)))
            .map(|(x, y)| self.part(x, y, SIDE, SIDE))
    }

    /// For every pixel whether its tile has ridges.
    fn mask(&self) -> Vec<bool> {
        let (_, deviation) = mean_and_deviation(&self.values);
        let mut mask = vec![false; self.values.len()];
        for y in (0..self.height).step_by(SIDE) {
            for x in (0..self.width).step_by(SIDE) {
                let tile = self.part(x, y, SIDE, SIDE);
                let ridges = deviation > 0.0
                    && mean_and_deviation(&tile.values).1 / deviation > CONTRAST_MIN;
                for row in y..y + tile.height {
                    mask[row * self.width + x..row * self.width + x + tile.width].fill(ridges);
                }
            }
        }
        mask
    }

    /// The regions whose window of 36 lies inside the image.
    pub(super) fn regions(&self) -> Regions {
        let mask = self.mask();
        let places = |length: usize| {
            (BORDER..(length + 1).saturating_sub(SIDE + BORDER))
                .step_by(SIDE)
                .collect::<Vec<_>>()
        };
        let (xs, ys) = (places(self.width), places(self.height));
        let mut regions = Vec::with_capacity(xs.len() * ys.len());
        for y in &ys {
            for x in &xs {
                let whole = (*y..y + SIDE).all(|row| {
                    mask[row * self.width + x..row * self.width + x + SIDE]
                        .iter()
                        .all(|m| *m)
                });
                let block = self.part(*x, *y, SIDE, SIDE);
                regions.push(Region {
                    x: *x,
                    y: *y,
                    ridges: whole,
                    orientation: block.orientation(),
                });
            }
        }
        Regions {
            columns: xs.len(),
            rows: ys.len(),
            regions,
        }
    }

    /// The window of a region turned by an angle, nearest neighbour; `wide` takes two more pixels on each side.
    fn turned(&self, region: &Region, angle: f64, wide: bool) -> Vec<f64> {
        let margin = if wide { 2 } else { 0 };
        let side = (WINDOW + 2 * margin) as f64;
        let centre = side / 2.0;
        // OpenCV's fixed point of ten bits.
        let (sin, cos) = angle.sin_cos();
        let fixed = |value: f64| (value * 1024.0).round_ties_even() as i64;
        let offset_x = centre - cos * centre + sin * centre;
        let offset_y = centre - sin * centre - cos * centre;
        let origin = |place: usize| place as i64 - (BORDER + margin) as i64;
        let mut out = Vec::with_capacity(WINDOW * WINDOW);
        for y in 0..WINDOW {
            for x in 0..WINDOW {
                let (x, y) = (x as f64, y as f64);
                let sx = (fixed(-sin * y + offset_x) + 512 + fixed(cos * x)) >> 10;
                let sy = (fixed(cos * y + offset_y) + 512 + fixed(sin * x)) >> 10;
                let inside = (0..side as i64).contains(&sx) && (0..side as i64).contains(&sy);
                let (column, row) = (origin(region.x) + sx, origin(region.y) + sy);
                let there = inside
                    && (0..self.width as i64).contains(&column)
                    && (0..self.height as i64).contains(&row);
                out.push(if there {
                    self.values[row as usize * self.width + column as usize]
                } else {
                    0.0
                });
            }
        }
        out
    }

    /// A region turned so that ridges are upright: 16 rows of 32.
    pub(super) fn upright(&self, region: &Region, wide: bool) -> Vec<Vec<f64>> {
        let turned = self.turned(region, region.orientation, wide);
        (10..26)
            .map(|row| turned[row * WINDOW + 2..row * WINDOW + 34].to_vec())
            .collect()
    }

    /// The means of 32 rows of a region turned so that ridges are level.
    pub(super) fn level_profile(&self, region: &Region) -> Vec<f64> {
        let turned = self.turned(region, region.orientation + PI / 2.0, true);
        (2..34)
            .map(|row| {
                turned[row * WINDOW + 10..row * WINDOW + 26]
                    .iter()
                    .sum::<f64>()
                    / 16.0
            })
            .collect()
    }
}

/// The first and last place that holds.
fn ends(length: usize, holds: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
    let first = (0..length).find(|place| holds(*place))?;
    let last = (0..length).rev().find(|place| holds(*place))?;
    Some((first, last))
}

/// A rectangle of values.
pub(super) struct Part {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f64>,
}

impl Part {
    pub(super) fn is_whole(&self) -> bool {
        self.width == SIDE && self.height == SIDE
    }

    /// Both differences at every value, from values of the rectangle only.
    pub(super) fn gradients(&self) -> Vec<(f64, f64)> {
        let difference = |before: f64, after: f64, whole: bool| {
            if whole {
                (after - before) / 2.0
            } else {
                after - before
            }
        };
        let at = |x: usize, y: usize| self.values[y * self.width + x];
        let mut out = Vec::with_capacity(self.values.len());
        for y in 0..self.height {
            for x in 0..self.width {
                let (left, right) = (x.saturating_sub(1), (x + 1).min(self.width - 1));
                let (upper, lower) = (y.saturating_sub(1), (y + 1).min(self.height - 1));
                out.push((
                    difference(at(left, y), at(right, y), right - left == 2),
                    difference(at(x, upper), at(x, lower), lower - upper == 2),
                ));
            }
        }
        out
    }

    /// The means of the squares and of the product of the gradients.
    pub(super) fn covariance(&self) -> (f64, f64, f64) {
        let count = self.values.len() as f64;
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for (dx, dy) in self.gradients() {
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
        (xx / count, yy / count, xy / count)
    }

    /// The direction across the ridges. The standard's implementation has the product once where the mathematics has
    /// it twice; its published values come of that.
    fn orientation(&self) -> f64 {
        let (xx, yy, xy) = self.covariance();
        let norm = xy * xy + (xx - yy) * (xx - yy) + f64::EPSILON;
        0.5 * (xy / norm).atan2((xx - yy) / norm)
    }
}

/// A block of 32 × 32 with its orientation.
pub(super) struct Region {
    x: usize,
    y: usize,
    pub(super) ridges: bool,
    pub(super) orientation: f64,
}

/// The regions of an image, row by row.
pub(super) struct Regions {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) regions: Vec<Region>,
}

impl Regions {
    pub(super) fn with_ridges(&self) -> impl Iterator<Item = &Region> {
        self.regions.iter().filter(|region| region.ridges)
    }
}
