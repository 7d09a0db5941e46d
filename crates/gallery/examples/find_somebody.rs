//! Enrols a hundred synthetic people and looks for one of them: `cargo run --release --example find_somebody`.
#![allow(clippy::print_stdout, reason = "an example")]

use jiff::civil::date;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::SyntheticPeople;
use rilascio_gallery::{Enrolment, Gallery, LiveProbe, Purpose, Question, threshold};
use rilascio_keys::MasterKey;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let people = SyntheticPeople { seed: 1 };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let key = Arc::new(MasterKey::generate(&mut rng));
    let folder = std::env::temp_dir().join("rilascio-find-somebody");
    let gallery = Gallery::open(&folder, key, Box::new(rng))?;
    let prints = (0..100).map(|person| Enrolment {
        subject: format!("dossier-{person}"),
        finger: 2,
        purpose: Purpose::Specimen,
        until: date(2036, 1, 1),
        template: people.template(person, 2, 1),
    });
    gallery.enrol(prints.collect())?;
    let question = Question {
        prints: vec![LiveProbe::new(2, people.template(42, 2, 2))],
        purpose: Purpose::Specimen,
        today: date(2026, 11, 22),
        most: 3,
    };
    println!("threshold {}", threshold(100, 1000.0));
    for candidate in gallery.search(&question)? {
        println!("{:>6} {}", candidate.score, candidate.subject);
    }
    drop(gallery);
    Ok(std::fs::remove_dir_all(folder)?)
}
