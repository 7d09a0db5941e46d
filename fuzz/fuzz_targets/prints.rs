//! Any bytes as the image of a print; what is one is made into a template.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_biometrics::{Extract, Extractor, decode_wsq, read_print};
use std::sync::LazyLock;

static EXTRACTOR: LazyLock<Extractor> = LazyLock::new(Extractor::new);

fuzz_target!(|bytes: &[u8]| {
    let _ = decode_wsq(bytes);
    if let Ok(image) = read_print(bytes, 500) {
        // Large ones would take longer than a fuzzer waits.
        if image.pixels().len() < 40_000 {
            let _ = EXTRACTOR.extract(&image);
        }
    }
});
