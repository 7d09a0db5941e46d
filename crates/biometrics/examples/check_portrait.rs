//! Says what a clerk would hear of a portrait, and writes the cut one: `check_portrait portrait.png cut.png`.
#![allow(clippy::print_stdout, reason = "an example")]

use rilascio_biometrics::{Language, PortraitRules, portrait_quality};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give a portrait")?;
    let started = std::time::Instant::now();
    let found = portrait_quality(&std::fs::read(path)?, &PortraitRules::default())?;
    println!(
        "face {:?}\neyes {:?}\n{:?}",
        found.face,
        found.eyes,
        started.elapsed()
    );
    for check in &found.failed {
        println!("{check:?}: {}", check.words(Language::English));
    }
    if let (Some(to), Some(cut)) = (std::env::args().nth(2), &found.cut) {
        std::fs::write(to, cut)?;
    }
    Ok(())
}
