//! One print laid over the other: which minutiae fall together, and whether the ridges flow alike.

use super::relaxation::Pair;
use crate::extraction::wrapped;
use crate::template::{FLOW_CELL, Minutia, NO_FLOW, PrintTemplate};
use std::f32::consts::PI;

/// How near two minutiae have to fall, in pixels.
const NEAR: f32 = 13.0;
/// The same for each pixel from the middle of what fits: skin stretches.
const STRETCH: f32 = 0.045;
const NEAR_MAX: f32 = 22.0;
/// How near they have to fall after the skin was followed.
const NEAR_AFTER: [f32; 3] = [14.0, 12.0, 10.0];
/// How far a drift of the skin reaches, in pixels, and how much holds it back.
const DRIFT: f32 = 60.0;
const DRIFT_REST: f32 = 0.5;
/// How much their directions may differ, in radians.
const TURN: f32 = 0.5;
/// Anchors that are tried.
const ANCHORS: usize = 5;

/// A place, the place it should come to, and how much that counts.
type WeightedPair = ((f32, f32), (f32, f32), f32);

/// A turn and a shift.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Motion {
    cos: f32,
    sin: f32,
    x: f32,
    y: f32,
}

impl Motion {
    fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        (
            self.cos * x - self.sin * y + self.x,
            self.sin * x + self.cos * y + self.y,
        )
    }

    fn angle(&self) -> f32 {
        self.sin.atan2(self.cos)
    }

    /// The motion that brings the first places nearest to the second, by least squares.
    fn fit(pairs: &[WeightedPair]) -> Option<Self> {
        let whole: f32 = pairs.iter().map(|(_, _, weight)| weight).sum();
        if whole <= 0.0 {
            return None;
        }
        let mean = |pick: fn(&WeightedPair) -> f32| {
            pairs.iter().map(|pair| pick(pair) * pair.2).sum::<f32>() / whole
        };
        let (ax, ay) = (mean(|p| p.0.0), mean(|p| p.0.1));
        let (bx, by) = (mean(|p| p.1.0), mean(|p| p.1.1));
        let (mut along, mut across) = (0.0, 0.0);
        for ((px, py), (qx, qy), weight) in pairs {
            let (px, py, qx, qy) = (px - ax, py - ay, qx - bx, qy - by);
            along += weight * (px * qx + py * qy);
            across += weight * (px * qy - py * qx);
        }
        let length = along.hypot(across);
        if length <= f32::EPSILON {
            return None;
        }
        let (cos, sin) = (along / length, across / length);
        Some(Self {
            cos,
            sin,
            x: bx - cos * ax + sin * ay,
            y: by - sin * ax - cos * ay,
        })
    }
}

/// A pair of minutiae that fall together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matched {
    /// The place of the minutia in the probe.
    pub probe: u16,
    /// The place of the minutia in the reference.
    pub reference: u16,
    /// How well they fall together, 0 to 1.
    pub closeness: f32,
}

/// How the probe lies on the reference.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alignment {
    /// The turn of the probe, in radians, clockwise.
    pub turn: f32,
    /// The shift after the turn, in pixels to the right.
    pub shift_x: f32,
    /// The shift after the turn, in pixels downwards.
    pub shift_y: f32,
    /// The minutiae that fall together.
    pub matched: Vec<Matched>,
    /// Minutiae of the probe that fall on the reference.
    pub probe_inside: f32,
    /// Minutiae of the reference that the probe covers.
    pub reference_inside: f32,
    /// Cells where both prints have ridges.
    pub overlap: u32,
    /// How alike the ridges flow there: 1 the same, 0 by chance.
    pub flow: f32,
}

impl Alignment {
    /// The sum of how well minutiae fall together.
    #[must_use]
    pub fn weight(&self) -> f32 {
        self.matched.iter().map(|pair| pair.closeness).sum()
    }
}

fn place(minutia: &Minutia) -> (f32, f32) {
    (minutia.x, minutia.y)
}

/// The minutiae that fall together under a motion.
fn under(
    motion: &Motion,
    probe: &PrintTemplate,
    reference: &PrintTemplate,
    middle: (f32, f32),
) -> Vec<Matched> {
    let placed: Vec<_> = probe
        .minutiae
        .iter()
        .map(|minutia| motion.apply(minutia.x, minutia.y))
        .collect();
    let limit =
        |(x, y): (f32, f32)| (NEAR + STRETCH * (x - middle.0).hypot(y - middle.1)).min(NEAR_MAX);
    together(&placed, motion.angle(), limit, probe, reference)
}

/// The minutiae that fall together when the skin follows what fits around each: stretched skin moves its neighbours too.
fn following(
    motion: &Motion,
    matched: &[Matched],
    near: f32,
    probe: &PrintTemplate,
    reference: &PrintTemplate,
) -> Vec<Matched> {
    let drifts: Vec<_> = matched
        .iter()
        .map(|pair| {
            let own = &probe.minutiae[usize::from(pair.probe)];
            let other = &reference.minutiae[usize::from(pair.reference)];
            let (x, y) = motion.apply(own.x, own.y);
            (pair.probe, x, y, other.x - x, other.y - y, pair.closeness)
        })
        .collect();
    let placed: Vec<_> = probe
        .minutiae
        .iter()
        .enumerate()
        .map(|(place, minutia)| {
            let (x, y) = motion.apply(minutia.x, minutia.y);
            let (mut dx, mut dy, mut weights) = (0.0, 0.0, DRIFT_REST);
            for (other, ox, oy, drift_x, drift_y, closeness) in &drifts {
                // Nobody follows itself.
                if usize::from(*other) == place {
                    continue;
                }
                let squared = (ox - x) * (ox - x) + (oy - y) * (oy - y);
                let weight = closeness * (-squared / (2.0 * DRIFT * DRIFT)).exp();
                dx += weight * drift_x;
                dy += weight * drift_y;
                weights += weight;
            }
            (x + dx / weights, y + dy / weights)
        })
        .collect();
    together(&placed, motion.angle(), |_| near, probe, reference)
}

/// The minutiae that fall together where those of the probe are placed, each used once, nearest first.
fn together(
    placed: &[(f32, f32)],
    angle: f32,
    limit: impl Fn((f32, f32)) -> f32,
    probe: &PrintTemplate,
    reference: &PrintTemplate,
) -> Vec<Matched> {
    let mut near = Vec::new();
    for (a, (one, (x, y))) in probe.minutiae.iter().zip(placed).enumerate() {
        let limit = limit((*x, *y));
        for (b, other) in reference.minutiae.iter().enumerate() {
            let distance = (other.x - x).hypot(other.y - y);
            if distance > limit {
                continue;
            }
            let turn = wrapped(one.direction + angle - other.direction).abs();
            if turn < TURN {
                let far = distance / limit;
                let trust = (f32::from(one.quality) * f32::from(other.quality)).sqrt() / 100.0;
                let closeness = trust.sqrt()
                    * (1.0 - 0.8 * far * far)
                    * (1.0 - 0.6 * (turn / TURN) * (turn / TURN));
                near.push(Matched {
                    probe: a as u16,
                    reference: b as u16,
                    closeness,
                });
            }
        }
    }
    near.sort_by(|a, b| {
        b.closeness
            .total_cmp(&a.closeness)
            .then((a.probe, a.reference).cmp(&(b.probe, b.reference)))
    });
    let mut taken = [
        vec![false; probe.minutiae.len()],
        vec![false; reference.minutiae.len()],
    ];
    near.retain(|pair| {
        let (a, b) = (usize::from(pair.probe), usize::from(pair.reference));
        let free = !taken[0][a] && !taken[1][b];
        if free {
            taken[0][a] = true;
            taken[1][b] = true;
        }
        free
    });
    near
}

/// The middle of what fits, on the reference.
fn middle(matched: &[Matched], reference: &PrintTemplate) -> (f32, f32) {
    let (mut x, mut y, mut weights) = (0.0, 0.0, 1e-6);
    for pair in matched {
        let minutia = &reference.minutiae[usize::from(pair.reference)];
        x += pair.closeness * minutia.x;
        y += pair.closeness * minutia.y;
        weights += pair.closeness;
    }
    (x / weights, y / weights)
}

/// The best of the alignments that the strongest pairs suggest.
pub(super) fn align(
    probe: &PrintTemplate,
    reference: &PrintTemplate,
    pairs: &[Pair],
    agreements: &[f32],
) -> Alignment {
    let count = pairs.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| {
        pairs[*b]
            .support
            .total_cmp(&pairs[*a].support)
            .then(a.cmp(b))
    });
    let mut best: Option<(f32, Motion, Vec<Matched>)> = None;
    let mut tried: Vec<usize> = Vec::with_capacity(ANCHORS);
    for anchor in order {
        if tried.len() == ANCHORS {
            break;
        }
        // Pairs that agree with one that was tried give the same motion.
        if tried
            .iter()
            .any(|other| agreements[anchor * count + other] > 0.5)
        {
            continue;
        }
        tried.push(anchor);
        let row = &agreements[anchor * count..(anchor + 1) * count];
        let mut fitting: Vec<_> = row
            .iter()
            .zip(pairs)
            .filter(|(agreement, _)| **agreement > 0.2)
            .map(|(agreement, pair)| {
                (
                    place(&probe.minutiae[usize::from(pair.probe)]),
                    place(&reference.minutiae[usize::from(pair.reference)]),
                    agreement * pair.support,
                )
            })
            .collect();
        let own = &pairs[anchor];
        let at = place(&reference.minutiae[usize::from(own.reference)]);
        fitting.push((
            place(&probe.minutiae[usize::from(own.probe)]),
            at,
            own.support,
        ));
        if fitting.len() < 3 {
            continue;
        }
        let Some(mut motion) = Motion::fit(&fitting) else {
            continue;
        };
        let mut matched = under(&motion, probe, reference, at);
        for _ in 0..2 {
            let places: Vec<_> = matched
                .iter()
                .map(|pair| {
                    (
                        place(&probe.minutiae[usize::from(pair.probe)]),
                        place(&reference.minutiae[usize::from(pair.reference)]),
                        pair.closeness,
                    )
                })
                .collect();
            if places.len() < 3 {
                break;
            }
            let Some(better) = Motion::fit(&places) else {
                break;
            };
            motion = better;
            matched = under(&motion, probe, reference, middle(&matched, reference));
        }
        let weight: f32 = matched.iter().map(|pair| pair.closeness).sum();
        if best.as_ref().is_none_or(|(known, _, _)| weight > *known) {
            best = Some((weight, motion, matched));
        }
    }
    let Some((_, motion, matched)) = best else {
        return Alignment::default();
    };
    // What came near pulls its own neighbours along.
    let mut matched = matched;
    for near in NEAR_AFTER {
        matched = following(&motion, &matched, near, probe, reference);
    }
    measure(&motion, matched, probe, reference)
}

/// What lies on what.
fn measure(
    motion: &Motion,
    matched: Vec<Matched>,
    probe: &PrintTemplate,
    reference: &PrintTemplate,
) -> Alignment {
    let back = Motion {
        cos: motion.cos,
        sin: -motion.sin,
        x: -(motion.cos * motion.x + motion.sin * motion.y),
        y: motion.sin * motion.x - motion.cos * motion.y,
    };
    let inside = |from: &PrintTemplate, to: &PrintTemplate, motion: &Motion| {
        from.minutiae
            .iter()
            .filter(|minutia| {
                let (x, y) = motion.apply(minutia.x, minutia.y);
                if to.flow.cells.is_empty() {
                    (0.0..f32::from(to.width)).contains(&x)
                        && (0.0..f32::from(to.height)).contains(&y)
                } else {
                    to.flow.at(x, y).is_some()
                }
            })
            .map(|minutia| (f32::from(minutia.quality) / 100.0).sqrt())
            .sum::<f32>()
    };
    let angle = motion.angle();
    let (mut overlap, mut alike) = (0_u32, 0.0);
    for (cell, value) in probe.flow.cells.iter().enumerate() {
        if *value == NO_FLOW {
            continue;
        }
        let columns = usize::from(probe.flow.columns);
        let centre = |n: usize| (n as f32 + 0.5) * f32::from(FLOW_CELL);
        let (x, y) = motion.apply(centre(cell % columns), centre(cell / columns));
        if let Some(other) = reference.flow.at(x, y) {
            let own = f32::from(*value) * PI / 128.0 + angle;
            overlap += 1;
            alike += (2.0 * (own - other)).cos();
        }
    }
    Alignment {
        turn: angle,
        shift_x: motion.x,
        shift_y: motion.y,
        probe_inside: inside(probe, reference, motion),
        reference_inside: inside(reference, probe, &back),
        matched,
        overlap,
        flow: if overlap > 0 {
            alike / overlap as f32
        } else {
            0.0
        },
    }
}
