//! Any text as an MRZ.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_mrtd::mrz::Mrz;

fuzz_target!(|text: &str| {
    if let Ok(mrz) = Mrz::parse(text) {
        assert_eq!(Mrz::parse(mrz.as_str()).as_ref(), Ok(&mrz));
        let _ = mrz.information();
    }
});
