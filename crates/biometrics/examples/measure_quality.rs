//! Measures of every PNG of a folder as CSV: what the weights of the quality score were fitted on.
#![allow(clippy::print_stdout, reason = "an example")]

use rilascio_biometrics::{Extract, Extractor, Language, print_quality, read_print};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("give a folder")?;
    let extractor = Extractor::new();
    println!("name,certainty,clarity,frequency,flow,uniformity,area,trusted,score,advice");
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let image = read_print(&std::fs::read(&path)?, 500)?;
        let template = extractor.extract(&image)?;
        let quality = print_quality(&image, &template)?;
        let Some(measures) = &quality.measures else {
            continue;
        };
        let trusted: f64 = template
            .minutiae
            .iter()
            .map(|m| f64::from(m.quality) / 100.0)
            .sum();
        let advice = quality
            .advice
            .first()
            .map_or("", |advice| advice.words(Language::English));
        println!(
            "{name},{:.4},{:.4},{:.4},{:.4},{:.4},{:.1},{trusted:.2},{},{}",
            measures.certainty.mean,
            measures.clarity.mean,
            measures.frequency.mean,
            measures.flow.mean,
            measures.uniformity.deviation,
            quality.area_mm2,
            quality.score,
            advice.replace(',', ";")
        );
    }
    Ok(())
}
