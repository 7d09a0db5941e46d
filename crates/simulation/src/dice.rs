//! Chance from a seed: every decision of a run comes from one stream.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::sync::{Arc, Mutex, PoisonError};

/// A stream of chance, shared by all parts of a world.
#[derive(Clone)]
pub struct Dice(Arc<Mutex<ChaCha20Rng>>);

impl Dice {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(Arc::new(Mutex::new(ChaCha20Rng::from_seed(bytes))))
    }

    /// A generator of its own, for a part that draws by itself.
    #[must_use]
    pub fn split(&self) -> ChaCha20Rng {
        let mut seed = [0; 32];
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut seed);
        ChaCha20Rng::from_seed(seed)
    }

    /// A number below `limit`.
    #[must_use]
    pub fn below(&self, limit: u64) -> u64 {
        let drawn = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next_u64();
        drawn % limit.max(1)
    }

    /// True in so many of a thousand cases.
    #[must_use]
    pub fn permille(&self, chance: u32) -> bool {
        self.below(1000) < u64::from(chance)
    }

    /// One of several.
    #[must_use]
    pub fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        let place = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of.get(place)
    }
}
