//! Any bytes as a portrait from a chip.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_biometrics::decode_jpeg2000;

fuzz_target!(|bytes: &[u8]| {
    let _ = decode_jpeg2000(bytes);
});
