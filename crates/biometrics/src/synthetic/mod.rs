//! Synthetic fingers: a master print for each, and impressions of it as sensors take them.

mod impression;
mod master;
mod people;

pub use impression::{Contact, SyntheticPrint};
pub use master::{MasterPrint, PrintPattern};
pub use people::SyntheticPeople;

use rand_core::CryptoRng;

/// A number in [0, 1).
fn unit(rng: &mut dyn CryptoRng) -> f32 {
    (rng.next_u32() >> 8) as f32 / (1 << 24) as f32
}

/// A number around zero with the standard deviation one, never beyond 2.8.
fn normal(rng: &mut dyn CryptoRng) -> f32 {
    let sum: f32 = (0..8).map(|_| unit(rng)).sum();
    (sum - 4.0) * 1.224_745 * 0.572 + (unit(rng) - 0.5) * 0.3
}
