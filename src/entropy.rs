//! Randomness of the operating system, which the pure crates are given.

use crate::fault::Fault;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use std::sync::Arc;

/// A generator seeded by the operating system.
pub(crate) fn generator() -> Result<ChaCha20Rng, Fault> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|why| Fault::failed(format!("the operating system gives no randomness: {why}")))?;
    Ok(ChaCha20Rng::from_seed(seed))
}

/// What makes generators for others.
pub(crate) type Maker = Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>;

/// A maker of such generators; one is made now, so that a system without randomness is noticed at the start.
pub(crate) fn maker() -> Result<Maker, Fault> {
    drop(generator()?);
    Ok(Arc::new(|| -> Box<dyn CryptoRng + Send> {
        Box::new(generator().expect("the operating system gave randomness before"))
    }))
}
