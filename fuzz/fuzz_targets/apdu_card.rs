//! Any commands at a blank chip, one after the other; the first byte of each gives its length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rilascio_access::scp03::TransportKeys;
use rilascio_chip::Chip;

fuzz_target!(|bytes: &[u8]| {
    let keys = TransportKeys::diversify(&[1; 16], &[2; 10]).expect("an AES-128 key");
    let rng = Box::new(ChaCha20Rng::from_seed([3; 32]));
    let mut chip = Chip::blank([2; 10], keys, 4_096, rng);
    let mut rest = bytes;
    while let Some((length, tail)) = rest.split_first() {
        let (command, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        assert!(chip.answer(command).len() >= 2);
        rest = tail;
    }
});
