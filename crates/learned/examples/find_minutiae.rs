//! Finds the minutiae of a print with a network: `find_minutiae MODEL.onnx PRINT.png`.
#![allow(clippy::print_stdout, reason = "an example")]

use rilascio_biometrics::{Extract, read_print};
use rilascio_learned::LearnedExtractor;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [model, print] = &given[..] else {
        return Err("give a model and a print".into());
    };
    let extractor = LearnedExtractor::new(std::fs::read(model)?)?;
    let image = read_print(&std::fs::read(print)?, 500)?;
    for minutia in extractor.extract(&image)?.minutiae {
        println!(
            "{:>5} {:>5} {:>6.2} {:?} {}",
            minutia.x, minutia.y, minutia.direction, minutia.kind, minutia.quality
        );
    }
    Ok(())
}
