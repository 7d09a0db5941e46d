//! Bin widths from the variances of the bands, and the quantisation itself.

use super::tree::{BANDS, Part, Tree};

/// Bin widths and zero bins; zero where a band is dropped.
pub(crate) struct Bins {
    pub(crate) q: [f32; BANDS],
    pub(crate) z: [f32; BANDS],
}

/// The bands of the three blocks of coded data.
pub(super) const BLOCKS: [std::ops::Range<usize>; 3] = [0..19, 19..52, 52..60];

/// Bands below this variance are dropped.
const VARIANCE_MIN: f32 = 1.01;
/// When the four lowest bands together vary less, the whole of every band is measured.
const VARIANCE_SMALL: f32 = 20_000.0;

fn variance(samples: &[f32], width: usize, part: Part) -> f32 {
    let count = part.w * part.h;
    if count < 2 {
        return 0.0;
    }
    let (mut sum, mut squares) = (0.0f32, 0.0f32);
    for row in part.y..part.y + part.h {
        for value in &samples[row * width + part.x..row * width + part.x + part.w] {
            sum += value;
            squares += value * value;
        }
    }
    (squares - sum * sum / count as f32) / (count as f32 - 1.0)
}

/// The part of a band where the finger is.
fn centre(band: Part) -> Part {
    let part = Part {
        x: band.x + band.w / 8,
        y: band.y + 9 * band.h / 32,
        w: 3 * band.w / 4,
        h: 7 * band.h / 16,
    };
    if part.w * part.h < 2 { band } else { part }
}

fn variances(samples: &[f32], width: usize, tree: &Tree) -> [f32; BANDS] {
    let mut out = [0.0; BANDS];
    for (value, band) in out.iter_mut().zip(&tree.bands) {
        *value = variance(samples, width, centre(*band));
    }
    if out[..4].iter().sum::<f32>() < VARIANCE_SMALL {
        for (value, band) in out.iter_mut().zip(&tree.bands) {
            *value = variance(samples, width, *band);
        }
    }
    out
}

fn weight(band: usize) -> f32 {
    match band {
        52 | 56 => 1.32,
        54 | 57 => 1.42,
        53 | 55 | 58 | 59 => 1.08,
        _ => 1.0,
    }
}

fn share(band: usize) -> f32 {
    match band {
        0..=3 => 1.0 / 1024.0,
        4..=50 => 1.0 / 256.0,
        _ => 1.0 / 16.0,
    }
}

/// Distributes the bits: bands that the rate leaves no bits for are taken out until none is left to take out.
pub(crate) fn bins(samples: &[f32], width: usize, tree: &Tree, rate: f32) -> Bins {
    let variances = variances(samples, width, tree);
    let mut relative = [0.0f32; BANDS];
    let mut sigma = [0.0f32; BANDS];
    let mut bits: Vec<usize> = Vec::with_capacity(BANDS);
    for band in 0..BANDS {
        if variances[band] < VARIANCE_MIN {
            continue;
        }
        sigma[band] = f64::from(variances[band]).sqrt() as f32;
        relative[band] = if band < 4 {
            1.0
        } else {
            let logarithm = f64::from(variances[band]).ln() as f32;
            (10.0 / f64::from(weight(band) * logarithm)) as f32
        };
        bits.push(band);
    }
    let kept = bits.clone();
    let mut q = 0.0f32;
    while !bits.is_empty() {
        let mut total = 0.0f32;
        let mut product = 1.0f32;
        for band in &bits {
            total += share(*band);
            let ratio = sigma[*band] / relative[*band];
            let power = f64::from(ratio).powf(f64::from(share(*band)));
            product = (f64::from(product) * power) as f32;
        }
        let first = 2f64.powf(f64::from(rate / total - 1.0)) / 2.5;
        let second = f64::from(product).powf(f64::from(-1.0 / total));
        q = (first * second) as f32;
        let before = bits.len();
        bits.retain(|band| f64::from(relative[*band] / q) < 5.0 * f64::from(sigma[*band]));
        if bits.len() == before {
            break;
        }
    }
    let mut out = Bins {
        q: [0.0; BANDS],
        z: [0.0; BANDS],
    };
    if bits.is_empty() || !q.is_finite() || q <= 0.0 {
        return out;
    }
    for band in kept {
        let width = relative[band] / q;
        out.q[band] = width;
        out.z[band] = (1.2 * f64::from(width)) as f32;
    }
    out
}

/// Quantises every band that is kept, row by row, in three blocks.
pub(crate) fn quantise(samples: &[f32], width: usize, tree: &Tree, bins: &Bins) -> [Vec<i16>; 3] {
    BLOCKS.map(|bands| {
        let mut out = Vec::new();
        for band in bands {
            let (q, z) = (bins.q[band], bins.z[band]);
            if q == 0.0 {
                continue;
            }
            let part = tree.bands[band];
            let half = z / 2.0;
            for row in part.y..part.y + part.h {
                let start = row * width + part.x;
                out.extend(samples[start..start + part.w].iter().map(|value| {
                    if *value > half {
                        ((value - half) / q + 1.0) as i16
                    } else if *value < -half {
                        ((value + half) / q - 1.0) as i16
                    } else {
                        0
                    }
                }));
            }
        }
        out
    })
}
