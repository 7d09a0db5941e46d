//! Any text as an application.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_circuit::Application;

fuzz_target!(|text: &str| {
    let _ = Application::parse("application.toml", text);
});
