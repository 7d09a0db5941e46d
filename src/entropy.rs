//! Randomness of the operating system, which the pure crates are given.

use crate::fault::Fault;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// A generator seeded by the operating system.
pub(crate) fn generator() -> Result<ChaCha20Rng, Fault> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|why| Fault::failed(format!("the operating system gives no randomness: {why}")))?;
    Ok(ChaCha20Rng::from_seed(seed))
}
