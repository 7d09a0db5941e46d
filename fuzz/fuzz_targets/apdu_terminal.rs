//! Any answers to the terminal; the first byte of each gives its length.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rilascio_access::AccessPassword;
use rilascio_access::channel::{CardChannel, ChannelError};
use rilascio_inspection::{Verdict, inspect_chip};
use rilascio_pki::TrustAnchors;

struct Script<'a>(&'a [u8]);

impl CardChannel for Script<'_> {
    fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let (length, tail) = self
            .0
            .split_first()
            .ok_or_else(|| ChannelError::new("the end"))?;
        let (answer, tail) = tail.split_at(usize::from(*length).min(tail.len()));
        self.0 = tail;
        Ok(answer.to_vec())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut rng = ChaCha20Rng::from_seed([4; 32]);
    let report = inspect_chip(
        &mut Script(bytes),
        &AccessPassword::can("123456"),
        None,
        &TrustAnchors::default(),
        jiff::Timestamp::UNIX_EPOCH,
        &mut rng,
    );
    assert_ne!(report.verdict(), Verdict::Valid);
});
