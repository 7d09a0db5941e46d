//! The first stage of a search: cylinders in blocks of eight, compared by exclusive or and counting of bits.
//!
//! A print is 208 words: four blocks of 8 cylinders, sorted by direction. A block has 6 × 8 words of bits (direction by
//! direction, so that eight candidates lie side by side), the counts of bits, and the directions it spans. Everything is
//! integers and single divisions in the order that is written here: the same on every processor.

use super::cylinder::{Cylinder, WORDS};
use crate::matching::Prepared;
use multiversion::multiversion;

/// Cylinders that are packed, the best ones.
pub const PACKED_CYLINDERS: usize = 32;
/// Cylinders side by side.
const LANES: usize = 8;
const BLOCKS: usize = PACKED_CYLINDERS / LANES;
/// Words of a block: bits, two words of counts, one of spans, one free.
const BLOCK_WORDS: usize = WORDS * LANES + 4;
/// Words of a packed print: 26 lines of 64 bytes.
pub const PACKED_WORDS: usize = BLOCKS * BLOCK_WORDS;
/// Half of what directions may differ, in units of π/128: 45 degrees.
const TURN: i32 = 32;
/// The count of a place without a cylinder.
const NONE: u16 = u16::MAX;
/// Likeness that means nothing.
const CHANCE: f32 = 0.36;

/// A print as the first stage compares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedPrint {
    words: Box<[u64; PACKED_WORDS]>,
}

impl PackedPrint {
    /// The words, to be kept.
    #[must_use]
    pub fn words(&self) -> &[u64; PACKED_WORDS] {
        &self.words
    }

    /// A print of words that were kept; nothing when they are not as many.
    #[must_use]
    pub fn from_words(words: &[u64]) -> Option<Self> {
        let words: [u64; PACKED_WORDS] = words.try_into().ok()?;
        Some(Self {
            words: Box::new(words),
        })
    }

    /// Moves every bit of every cylinder to another place and turns some over, by a secret that is the same for all
    /// prints of a gallery. Likeness does not change; a print without the secret says nothing of its minutiae.
    #[must_use]
    pub fn disguised(&self, disguise: &Disguise) -> Self {
        let mut words = self.words.clone();
        for block in words.chunks_exact_mut(BLOCK_WORDS) {
            for lane in 0..LANES {
                if count(block, lane) == NONE {
                    continue;
                }
                let bits: [u64; WORDS] = std::array::from_fn(|word| block[word * LANES + lane]);
                for (word, value) in disguise.apply(&bits).into_iter().enumerate() {
                    block[word * LANES + lane] = value;
                }
            }
        }
        Self { words }
    }
}

/// A secret order of bits, and which of them are turned over.
#[derive(Clone)]
pub struct Disguise {
    order: Vec<u16>,
    turned: [u64; WORDS],
}

impl Disguise {
    /// Draws one.
    #[must_use]
    pub fn draw(rng: &mut dyn rand_core::CryptoRng) -> Self {
        let mut order: Vec<u16> = (0..(WORDS * 64) as u16).collect();
        for place in (1..order.len()).rev() {
            // The remainder favours some places by less than one in four million.
            let other = rng.next_u32() as usize % (place + 1);
            order.swap(place, other);
        }
        Self {
            order,
            turned: std::array::from_fn(|_| rng.next_u64()),
        }
    }

    fn apply(&self, bits: &[u64; WORDS]) -> [u64; WORDS] {
        let mut out = self.turned;
        for (to, from) in self.order.iter().enumerate() {
            let from = usize::from(*from);
            let bit = bits[from / 64] >> (from % 64) & 1;
            out[to / 64] ^= bit << (to % 64);
        }
        out
    }
}

impl Drop for Disguise {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.order.zeroize();
        self.turned.zeroize();
    }
}

fn count(block: &[u64], lane: usize) -> u16 {
    (block[WORDS * LANES + lane / 4] >> (16 * (lane % 4))) as u16
}

impl From<&Prepared> for PackedPrint {
    fn from(print: &Prepared) -> Self {
        // Minutiae are in the order of their quality, and so are their cylinders.
        let mut best: Vec<&Cylinder> = print.cylinders.iter().take(PACKED_CYLINDERS).collect();
        best.sort_by_key(|cylinder| cylinder.direction);
        let mut words = Box::new([0; PACKED_WORDS]);
        for (block, words) in words.chunks_exact_mut(BLOCK_WORDS).enumerate() {
            let lanes = best.iter().skip(block * LANES).take(LANES);
            let (mut first, mut last) = (255, 0);
            for lane in 0..LANES {
                words[WORDS * LANES + lane / 4] |= u64::from(NONE) << (16 * (lane % 4));
            }
            for (lane, cylinder) in lanes.enumerate() {
                for (word, bits) in cylinder.bits.iter().enumerate() {
                    words[word * LANES + lane] = *bits;
                }
                let place = WORDS * LANES + lane / 4;
                words[place] &= !(u64::from(NONE) << (16 * (lane % 4)));
                words[place] |= u64::from(cylinder.count() as u16) << (16 * (lane % 4));
                first = first.min(cylinder.direction);
                last = last.max(cylinder.direction);
                words[WORDS * LANES + 3] |= u64::from(cylinder.direction) << (8 * lane);
            }
            // A block without cylinders spans nothing.
            words[WORDS * LANES + 2] = if first <= last {
                1 << 16 | u64::from(last) << 8 | u64::from(first)
            } else {
                0
            };
        }
        Self { words }
    }
}

/// The probe of a search: its cylinders one by one.
pub struct SearchProbe {
    cylinders: Vec<([u64; WORDS], f32, i32)>,
}

impl From<&PackedPrint> for SearchProbe {
    fn from(print: &PackedPrint) -> Self {
        let mut cylinders = Vec::with_capacity(PACKED_CYLINDERS);
        for block in print.words.chunks_exact(BLOCK_WORDS) {
            for lane in 0..LANES {
                let count = count(block, lane);
                if count != NONE {
                    let bits = std::array::from_fn(|word| block[word * LANES + lane]);
                    let direction = (block[WORDS * LANES + 3] >> (8 * lane)) as u8;
                    cylinders.push((bits, f32::from(count), i32::from(direction)));
                }
            }
        }
        Self { cylinders }
    }
}

/// Whether a direction comes near a span, around the circle.
#[inline(always)]
fn reaches(direction: i32, span: u64) -> bool {
    let (first, last) = ((span & 0xFF) as i32, (span >> 8 & 0xFF) as i32);
    let after = (direction - first + TURN) & 0xFF;
    span >> 16 != 0 && after <= last - first + 2 * TURN
}

/// The likeness of one cylinder to the eight of a block, kept where it is more than before.
#[inline(always)]
fn raise(
    best: &mut [f32; LANES],
    bits: &[u64; WORDS],
    own: f32,
    block: &[[u64; LANES]],
    counts: &[f32; LANES],
) {
    let mut differ = [0_u64; LANES];
    for (bits, lanes) in bits.iter().zip(block) {
        for lane in 0..LANES {
            differ[lane] += u64::from((bits ^ lanes[lane]).count_ones());
        }
    }
    for lane in 0..LANES {
        let both = own + counts[lane];
        let alike = (both - differ[lane] as i32 as f32) / both;
        best[lane] = if alike > best[lane] {
            alike
        } else {
            best[lane]
        };
    }
}

/// The greatest of eight, in pairs.
#[inline(always)]
fn greatest(values: &[f32; LANES]) -> f32 {
    let max = |a: f32, b: f32| if a > b { a } else { b };
    let four: [f32; 4] = std::array::from_fn(|n| max(values[n], values[n + 4]));
    max(max(four[0], four[2]), max(four[1], four[3]))
}

#[multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx512vpopcntdq+popcnt",
    "x86_64+avx2+popcnt",
    "aarch64+neon"
))]
fn likeness(probe: &[([u64; WORDS], f32, i32)], print: &[u64]) -> u32 {
    let mut best = [[CHANCE; LANES]; PACKED_CYLINDERS];
    for block in print.chunks_exact(BLOCK_WORDS) {
        let (lanes, rest) = block.split_at(WORDS * LANES);
        let (lanes, _) = lanes.as_chunks::<LANES>();
        // A place without a cylinder has a count with which the likeness comes out below zero.
        let counts: [f32; LANES] = std::array::from_fn(|lane| {
            let packed = (rest[lane / 4] >> (16 * (lane % 4))) as u16;
            if packed == NONE {
                -1.0
            } else {
                f32::from(packed)
            }
        });
        let span = rest[2];
        let mut near = 0_u32;
        for (place, (_, _, direction)) in probe.iter().take(PACKED_CYLINDERS).enumerate() {
            near |= u32::from(reaches(*direction, span)) << place;
        }
        // One after the other: eight lanes of one cylinder fill a register, cylinders side by side would not.
        while near != 0 {
            let place = near.trailing_zeros() as usize;
            near &= near - 1;
            let (bits, own, _) = &probe[place];
            raise(&mut best[place], bits, *own, lanes, &counts);
        }
    }
    let mut sum = 0.0_f32;
    for lanes in best.iter().take(probe.len()) {
        let over = greatest(lanes) - CHANCE;
        sum += over * over;
    }
    // More minutiae than the probe has cannot be found.
    (sum * 65_536.0 / (probe.len() as f32 + 4.0)) as u32
}

impl SearchProbe {
    /// How alike a packed print is: 0 not at all.
    ///
    /// # Panics
    /// Never: a slice of another length than [`PACKED_WORDS`] is compared as far as it goes.
    #[must_use]
    pub fn likeness(&self, print: &[u64]) -> u32 {
        if self.cylinders.is_empty() {
            return 0;
        }
        likeness(&self.cylinders, print)
    }
}
