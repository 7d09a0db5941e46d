//! Any text as a name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_mrtd::transliteration::{Scheme, mrz_name};

fuzz_target!(|names: (&str, &str)| {
    if let Ok(name) = mrz_name(names.0, names.1, Scheme::default()) {
        assert_eq!(name.fit(30).len(), 30);
        assert_eq!(name.fit(39).len(), 39);
    }
});
