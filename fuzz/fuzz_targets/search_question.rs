//! Any bytes as a question between search workers, as it is inside its seal.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = rilascio_gallery::read_question(bytes);
});
