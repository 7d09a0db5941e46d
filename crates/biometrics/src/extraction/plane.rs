//! Planes of numbers: resampling, blurring, local contrast.

use crate::GreyImage;

/// Pixels per inch that extraction works at: ridges of 0.24 to 0.64 mm have periods of 3 to 8.4 pixels.
pub(super) const WORK_RESOLUTION: f32 = 1000.0 / 3.0;

/// A plane of numbers, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

impl Plane {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            values: vec![0.0; width * height],
        }
    }

    /// The plane with `margin` more on every side, filled with zeros.
    pub(super) fn padded(&self, margin: usize) -> Self {
        let mut wide = Self::new(self.width + 2 * margin, self.height + 2 * margin);
        for (row, values) in self.values.chunks_exact(self.width).enumerate() {
            let start = (row + margin) * wide.width + margin;
            wide.values[start..start + self.width].copy_from_slice(values);
        }
        wide
    }

    /// Three box blurs in both directions: nearly a bell of the standard deviation `sigma`.
    pub(super) fn blurred(&self, sigma: f32) -> Self {
        let reach = (((4.0 * sigma * sigma + 1.0).sqrt() - 1.0) / 2.0).round() as usize;
        let mut out = self.clone();
        if reach == 0 {
            return out;
        }
        for _ in 0..3 {
            out.box_rows(reach);
            out = out.turned();
            out.box_rows(reach);
            out = out.turned();
        }
        out
    }

    fn box_rows(&mut self, reach: usize) {
        let width = self.width;
        let share = 1.0 / (2 * reach + 1) as f32;
        let mut line = Vec::new();
        for row in self.values.chunks_exact_mut(width) {
            line.clear();
            line.extend_from_slice(row);
            let at = |place: isize| line[place.clamp(0, width as isize - 1) as usize];
            let mut sum: f32 = (-(reach as isize)..=reach as isize).map(at).sum();
            for (place, value) in row.iter_mut().enumerate() {
                *value = sum * share;
                let place = place as isize;
                sum += at(place + 1 + reach as isize) - at(place - reach as isize);
            }
        }
    }

    /// Rows become columns.
    fn turned(&self) -> Self {
        let mut out = Self::new(self.height, self.width);
        for (y, row) in self.values.chunks_exact(self.width).enumerate() {
            for (x, value) in row.iter().enumerate() {
                out.values[x * self.height + y] = *value;
            }
        }
        out
    }
}

/// The weights of a triangle filter that brings a line of `from` pixels to `to` pixels.
fn weights(from: usize, to: usize, ratio: f32) -> Vec<(usize, Vec<f32>)> {
    let reach = ratio.max(1.0);
    (0..to)
        .map(|place| {
            let centre = (place as f32 + 0.5) * ratio - 0.5;
            let first = (centre - reach).ceil().max(0.0) as usize;
            let last = ((centre + reach).floor().max(0.0) as usize).min(from - 1);
            let first = first.min(last);
            let mut taps: Vec<f32> = (first..=last)
                .map(|tap| (1.0 - (tap as f32 - centre).abs() / reach).max(1e-3))
                .collect();
            let sum: f32 = taps.iter().sum();
            taps.iter_mut().for_each(|tap| *tap /= sum);
            (first, taps)
        })
        .collect()
}

/// The image at another resolution, in pixels per inch.
pub(super) fn resampled(image: &GreyImage, resolution: f32) -> Plane {
    let ratio = f32::from(image.resolution()) / resolution;
    let (width, height) = (image.width() as usize, image.height() as usize);
    let side = |length: usize| ((length as f32 / ratio).round() as usize).max(1);
    let (to_width, to_height) = (side(width), side(height));
    let columns = weights(width, to_width, ratio);
    let mut narrow = vec![0.0_f32; to_width * height];
    for (row, out) in image
        .pixels()
        .chunks_exact(width)
        .zip(narrow.chunks_exact_mut(to_width))
    {
        for ((first, taps), out) in columns.iter().zip(out) {
            *out = taps
                .iter()
                .zip(&row[*first..])
                .map(|(tap, pixel)| tap * f32::from(*pixel))
                .sum();
        }
    }
    let mut plane = Plane::new(to_width, to_height);
    let rows = weights(height, to_height, ratio);
    for ((first, taps), out) in rows.iter().zip(plane.values.chunks_exact_mut(to_width)) {
        for (tap, row) in taps
            .iter()
            .zip(narrow[first * to_width..].chunks_exact(to_width))
        {
            for (out, value) in out.iter_mut().zip(row) {
                *out += tap * value;
            }
        }
    }
    plane
}

/// Ridges positive, valleys negative, of equal contrast everywhere; and the contrast that was there, in grey levels.
pub(super) fn equalised(plane: &Plane) -> (Plane, Plane) {
    let mean = plane.blurred(5.0);
    let mut centred = plane.clone();
    for (value, mean) in centred.values.iter_mut().zip(&mean.values) {
        *value = mean - *value;
    }
    let mut squares = centred.clone();
    squares.values.iter_mut().for_each(|value| *value *= *value);
    let mut contrast = squares.blurred(7.0);
    contrast
        .values
        .iter_mut()
        .for_each(|value| *value = value.max(0.0).sqrt());
    let floor = 2.0 + 0.12 * percentile(&contrast.values, 90);
    for (value, contrast) in centred.values.iter_mut().zip(&contrast.values) {
        *value = (*value / (contrast + floor)).clamp(-2.2, 2.2);
    }
    (centred, contrast)
}

/// The value below which `per_cent` of all lie.
pub(super) fn percentile(values: &[f32], per_cent: usize) -> f32 {
    let mut sorted = values.to_vec();
    let place = (sorted.len() * per_cent / 100).min(sorted.len().saturating_sub(1));
    if sorted.is_empty() {
        return 0.0;
    }
    *sorted.select_nth_unstable_by(place, f32::total_cmp).1
}
