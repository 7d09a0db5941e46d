//! Minutiae as vortices: places around which the phase of the ridges turns once.

use super::enhancement::{Wave, WavePlane};
use super::plane::WORK_RESOLUTION;
use super::spectrum::Nodes;
use crate::template::{Minutia, MinutiaKind, TEMPLATE_RESOLUTION};
use std::f32::consts::{PI, TAU};

/// Pixels of the template for one of extraction.
pub(super) const SCALE: f32 = TEMPLATE_RESOLUTION as f32 / WORK_RESOLUTION;
/// Ridges must be around a minutia so far, in pixels of extraction.
const CLEARANCE: f32 = 6.0;
/// Where the ridge beside a minutia is looked at, in pixels of extraction.
const BESIDE: f32 = 3.0;
/// Two that turn against each other and are nearer than this are noise, in pixels of extraction.
const PAIR: f32 = 4.5;
/// The same for the two ends of a broken ridge.
const BREAK: f32 = 7.0;

/// A vortex.
#[derive(Debug, Clone, Copy)]
struct Vortex {
    x: f32,
    y: f32,
    /// +1 or -1.
    charge: f32,
    direction: f32,
    kind: MinutiaKind,
    quality: f32,
}

/// An angle in (-π, π].
pub(crate) fn wrapped(angle: f32) -> f32 {
    let turned = (angle + PI).rem_euclid(TAU) - PI;
    if turned <= -PI { turned + TAU } else { turned }
}

/// The turns of the phase around a cell, and where in it they centre.
fn turn(corners: [Wave; 4]) -> Option<(f32, f32, f32)> {
    let first = corners[0].orientation;
    let phases = corners.map(|wave| {
        let phase = wave.imaginary.atan2(wave.real);
        // Filters of orientations that are opposite count the phase the other way.
        if (wave.orientation - first).cos() < 0.0 {
            -phase
        } else {
            phase
        }
    });
    let mut sum = 0.0;
    for corner in 0..4 {
        sum += wrapped(phases[(corner + 1) % 4] - phases[corner]);
    }
    let charge = (sum / TAU).round();
    if charge == 0.0 {
        return None;
    }
    // The amplitude is least at the centre.
    let (mut x, mut y, mut weights) = (0.0, 0.0, 0.0);
    for (wave, (dx, dy)) in corners
        .iter()
        .zip([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
    {
        let weight = 1.0 / (wave.real.hypot(wave.imaginary) + 1e-4);
        x += weight * dx;
        y += weight * dy;
        weights += weight;
    }
    Some((charge.signum(), x / weights, y / weights))
}

fn find(plane: &WavePlane, nodes: &Nodes) -> Vec<Vortex> {
    let mut found = Vec::new();
    for y in 0..plane.height as isize - 1 {
        for x in 0..plane.width as isize - 1 {
            let corners = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(dx, dy)| plane.at(x + dx, y + dy));
            let [Some(a), Some(b), Some(c), Some(d)] = corners else {
                continue;
            };
            let Some((charge, dx, dy)) = turn([a, b, c, d]) else {
                continue;
            };
            let (px, py) = (x as f32 + dx, y as f32 + dy);
            let node = nodes.at(px, py);
            // The orientation of the flow, on the side of the filter's.
            let mut orientation = node.orientation;
            if (orientation - a.orientation).cos() < 0.0 {
                orientation += PI;
            }
            let direction = if charge > 0.0 {
                orientation
            } else {
                orientation + PI
            };
            let beside = plane.at(
                (px + BESIDE * direction.cos()).round() as isize,
                (py + BESIDE * direction.sin()).round() as isize,
            );
            let kind = match beside {
                Some(wave) if wave.real >= 0.0 => MinutiaKind::Ending,
                Some(_) => MinutiaKind::Bifurcation,
                None => MinutiaKind::Other,
            };
            found.push(Vortex {
                x: px,
                y: py,
                charge,
                direction: direction.rem_euclid(TAU),
                kind,
                quality: node.strength * surroundings(plane, px, py),
            });
        }
    }
    found
}

/// How high the ridges around a place are, 0 to 1; 0 where there are none on a side.
fn surroundings(plane: &WavePlane, x: f32, y: f32) -> f32 {
    const DIRECTIONS: usize = 12;
    let mut sum = 0.0;
    for step in 0..DIRECTIONS {
        let (sin, cos) = (TAU * step as f32 / DIRECTIONS as f32).sin_cos();
        let ring = |radius: f32| {
            plane.at(
                (x + radius * cos).round() as isize,
                (y + radius * sin).round() as isize,
            )
        };
        let (Some(near), Some(_)) = (ring(4.0), ring(CLEARANCE)) else {
            return 0.0;
        };
        sum += near.real.hypot(near.imaginary);
    }
    (sum / DIRECTIONS as f32).min(1.0)
}

/// Takes away what cancels itself: pairs that turn against each other, nearest first.
fn cancelled(vortices: &[Vortex]) -> Vec<Vortex> {
    let mut pairs = Vec::new();
    for (one, a) in vortices.iter().enumerate() {
        for (other, b) in vortices.iter().enumerate().skip(one + 1) {
            if a.charge == b.charge {
                continue;
            }
            let (dx, dy) = (b.x - a.x, b.y - a.y);
            let distance = dx.hypot(dy);
            if distance > BREAK {
                continue;
            }
            // The ends of a broken ridge look away from each other.
            let away = -(dx * a.direction.cos() + dy * a.direction.sin())
                + (dx * b.direction.cos() + dy * b.direction.sin());
            let broken = away > 1.5 * distance;
            if distance < PAIR || broken {
                pairs.push((distance, one, other));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut gone = vec![false; vortices.len()];
    for (_, one, other) in pairs {
        if !gone[one] && !gone[other] {
            gone[one] = true;
            gone[other] = true;
        }
    }
    vortices
        .iter()
        .zip(gone)
        .filter(|(_, gone)| !gone)
        .map(|(vortex, _)| *vortex)
        .collect()
}

/// The minutiae of a print, best first.
pub(super) fn minutiae(plane: &WavePlane, nodes: &Nodes) -> Vec<Minutia> {
    let mut left = cancelled(&find(plane, nodes));
    left.retain(|vortex| vortex.quality > 0.0);
    left.sort_by(|a, b| {
        b.quality
            .total_cmp(&a.quality)
            .then(a.y.total_cmp(&b.y))
            .then(a.x.total_cmp(&b.x))
    });
    left.iter()
        .map(|vortex| Minutia {
            x: (vortex.x + 0.5) * SCALE - 0.5,
            y: (vortex.y + 0.5) * SCALE - 0.5,
            direction: vortex.direction,
            kind: vortex.kind,
            quality: (100.0 * vortex.quality / (vortex.quality + 0.12)).clamp(1.0, 100.0) as u8,
        })
        .collect()
}
