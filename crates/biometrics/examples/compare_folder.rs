//! What the weights of the score were fitted on: measures of every pair of a folder of PNG images, as CSV.
//!
//! `cargo run --release --example compare_folder FOLDER > measures.csv`
#![allow(clippy::print_stdout, reason = "an example")]

use rilascio_biometrics::{Extract, Extractor, Prepared, compare, read_print};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("give a folder")?;
    let extractor = Extractor::new();
    let mut prints = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let image = read_print(&std::fs::read(&path)?, 500)?;
        prints.push((name, Prepared::from(extractor.extract(&image)?)));
    }
    prints.sort_by(|a, b| a.0.cmp(&b.0));
    println!(
        "probe,reference,same,support,matched,weight,probe_inside,reference_inside,overlap,flow,turn,probe_minutiae,reference_minutiae,score"
    );
    for (place, (one, probe)) in prints.iter().enumerate() {
        for (two, reference) in &prints[place + 1..] {
            let found = compare(probe, reference);
            let laid = &found.alignment;
            let same = one.split('_').next() == two.split('_').next();
            println!(
                "{one},{two},{},{:.4},{},{:.3},{},{},{},{:.4},{:.3},{},{},{}",
                u8::from(same),
                found.support,
                laid.matched.len(),
                laid.weight(),
                laid.probe_inside,
                laid.reference_inside,
                laid.overlap,
                laid.flow,
                laid.turn,
                probe.template.minutiae.len(),
                reference.template.minutiae.len(),
                found.score()
            );
        }
    }
    Ok(())
}
