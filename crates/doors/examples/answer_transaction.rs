//! Answers an ANSI/NIST-ITL transaction of a file with an empty gallery: answer_transaction REQUEST ANSWER
#![allow(clippy::unwrap_used, reason = "an example")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_doors::{NistAgency, NistDoor, Outcome, PrintEngine};
use rilascio_gallery::Gallery;
use rilascio_keys::MasterKey;
use std::sync::Arc;

fn main() {
    let mut given = std::env::args().skip(1);
    let (Some(request), Some(answer)) = (given.next(), given.next()) else {
        eprintln!("answer_transaction REQUEST ANSWER");
        return;
    };
    let folder = std::env::temp_dir().join(format!("rilascio-answer-{}", std::process::id()));
    let key = Arc::new(MasterKey::generate(&mut ChaCha20Rng::seed_from_u64(1)));
    let gallery = Gallery::open(&folder, key, Box::new(ChaCha20Rng::seed_from_u64(2))).unwrap();
    let engine = Arc::new(PrintEngine::new(Arc::new(gallery), 30));
    let door = NistDoor::new(engine, NistAgency::default());
    let today = jiff::civil::date(2026, 11, 22);
    let (done, bytes) = door.answer(&std::fs::read(request).unwrap(), today);
    std::fs::write(answer, bytes).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    std::process::exit(i32::from(done != Outcome::Done));
}
