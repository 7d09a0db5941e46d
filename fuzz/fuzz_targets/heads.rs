//! Any text as a signed head and as the key that verifies one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_store::journal::{Checkpoint, Frontier, NoteKey};

const KEY: &str = "rilascio/example+094d59bf+AeeaTmIVg2dHhVhYZtyFT7heK10ghpNIOkzezZAfQ9hd";

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let key = NoteKey::parse(KEY).expect("a key");
    let _ = Checkpoint::verify(&text, &key);
    let _ = Checkpoint::cosignature(&text, &key);
    if let Ok(read) = NoteKey::parse(&text) {
        assert_eq!(
            NoteKey::parse(&read.to_string()).expect("what was read is written"),
            read
        );
    }
    if let Some((size, hashes)) = bytes.split_first() {
        if let Some(mut frontier) = Frontier::from_parts(u64::from(*size), hashes) {
            frontier.push([7; 32]);
            let _ = frontier.root();
        }
    }
});
