//! Which minutiae belong together: pairs that look alike support each other when they lie alike.

use super::cylinder::Cylinder;
use crate::template::{Minutia, PrintTemplate};

/// The most pairs that are weighed.
const PAIRS_MAX: usize = 110;
/// The most pairs of one minutia.
const PER_MINUTIA: u8 = 3;
/// Rounds of mutual support.
const ROUNDS: usize = 5;
/// How much of its own a pair keeps in each round.
const OWN: f32 = 0.5;
/// Directions of a pair may differ by less than this cosine.
const TURN_COS_MIN: f32 = -0.3;

/// A pair of minutiae that may be the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pair {
    pub(super) probe: u16,
    pub(super) reference: u16,
    /// How alike their surroundings are, 0 to 1.
    pub(super) likeness: f32,
    /// The same after mutual support.
    pub(super) support: f32,
    /// The turn from probe to reference, as cosine and sine.
    pub(super) turn: (f32, f32),
}

/// The pairs that are most alike.
pub(super) fn candidates(
    probe: &PrintTemplate,
    reference: &PrintTemplate,
    ours: &[Cylinder],
    theirs: &[Cylinder],
) -> Vec<Pair> {
    let mut all = Vec::with_capacity(ours.len() * 8);
    for a in ours {
        let one = &probe.minutiae[usize::from(a.minutia)];
        for b in theirs {
            let other = &reference.minutiae[usize::from(b.minutia)];
            let (sin, cos) = (other.direction - one.direction).sin_cos();
            if cos < TURN_COS_MIN {
                continue;
            }
            let likeness = a.likeness(b);
            if likeness > 0.2 {
                all.push(Pair {
                    probe: a.minutia,
                    reference: b.minutia,
                    likeness,
                    support: likeness,
                    turn: (cos, sin),
                });
            }
        }
    }
    all.sort_by(|a, b| {
        b.likeness
            .total_cmp(&a.likeness)
            .then((a.probe, a.reference).cmp(&(b.probe, b.reference)))
    });
    let mut used = [
        vec![0_u8; probe.minutiae.len()],
        vec![0_u8; reference.minutiae.len()],
    ];
    all.retain(|pair| {
        let (a, b) = (usize::from(pair.probe), usize::from(pair.reference));
        let free = used[0][a] < PER_MINUTIA && used[1][b] < PER_MINUTIA;
        if free {
            used[0][a] += 1;
            used[1][b] += 1;
        }
        free
    });
    all.truncate(PAIRS_MAX.min(ours.len() + theirs.len()));
    all
}

/// How well two pairs lie alike, 0 to 1.
fn agreement(one: &Pair, other: &Pair, probe: &[Minutia], reference: &[Minutia]) -> f32 {
    if one.probe == other.probe || one.reference == other.reference {
        return 0.0;
    }
    let together = one.turn.0 * other.turn.0 + one.turn.1 * other.turn.1;
    // Turns may differ by 11 degrees freely, by 32 not at all.
    let turning = ((together - 0.85) / 0.13).clamp(0.0, 1.0);
    if turning == 0.0 {
        return 0.0;
    }
    let (a, b) = (
        &probe[usize::from(one.probe)],
        &probe[usize::from(other.probe)],
    );
    let (c, d) = (
        &reference[usize::from(one.reference)],
        &reference[usize::from(other.reference)],
    );
    let (ax, ay) = (b.x - a.x, b.y - a.y);
    let (cx, cy) = (d.x - c.x, d.y - c.y);
    let length = (one.turn.0 + other.turn.0).hypot(one.turn.1 + other.turn.1);
    let (cos, sin) = (
        (one.turn.0 + other.turn.0) / length,
        (one.turn.1 + other.turn.1) / length,
    );
    let (ex, ey) = (ax * cos - ay * sin - cx, ax * sin + ay * cos - cy);
    let error = ex.hypot(ey);
    let distance = ax.hypot(ay);
    let (free, never) = (4.0 + 0.05 * distance, 11.0 + 0.13 * distance);
    turning * ((never - error) / (never - free)).clamp(0.0, 1.0)
}

/// Lets the pairs support each other; gives them, best first, and the support of each by each.
pub(super) fn relax(pairs: &mut [Pair], probe: &[Minutia], reference: &[Minutia]) -> Vec<f32> {
    let count = pairs.len();
    let mut agreements = vec![0.0_f32; count * count];
    for one in 0..count {
        for other in one + 1..count {
            let value = agreement(&pairs[one], &pairs[other], probe, reference);
            agreements[one * count + other] = value;
            agreements[other * count + one] = value;
        }
    }
    let share = (1.0 - OWN) / count.saturating_sub(1).max(1) as f32;
    for _ in 0..ROUNDS {
        let before: Vec<f32> = pairs.iter().map(|pair| pair.support).collect();
        for (place, pair) in pairs.iter_mut().enumerate() {
            let row = &agreements[place * count..(place + 1) * count];
            let sum: f32 = row.iter().zip(&before).map(|(a, b)| a * b).sum();
            pair.support = OWN * before[place] + share * sum;
        }
    }
    agreements
}
