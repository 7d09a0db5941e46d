//! Any text as a profile.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_circuit::Profile;

fuzz_target!(|text: &str| {
    let _ = Profile::parse("profile.toml", text);
});
