//! Native measures and scores beside those that NIST published for five images (usnistgov/NFIQ2, examples).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "a test says what it skipped")]

use rilascio_biometrics::{Extract, Extractor, PrintMeasures, print_quality, read_print};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The published values of an image.
type Published = BTreeMap<String, f64>;

/// The folder of the images; nothing where it is not there.
fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/nfiq2");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

/// What is published of an image, and what is measured here.
fn both(folder: &Path, n: u8) -> (Published, PrintMeasures) {
    let image = std::fs::read(folder.join(format!("SFinGe_Test0{n}.pgm"))).unwrap();
    let text = std::fs::read_to_string(folder.join(format!("SFinGe_Test0{n}_output.txt"))).unwrap();
    let published = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().parse().unwrap()))
        .collect();
    let image = read_print(&image, 500).unwrap();
    let template = Extractor::new().extract(&image).unwrap();
    let quality = print_quality(&image, &template).unwrap();
    (published, quality.measures.unwrap())
}

/// The measures of minutiae are of another extractor.
fn is_of_minutiae(name: &str) -> bool {
    ["FingerJetFX", "FJFXPos", "FingerprintImageWithMinutiae"]
        .iter()
        .any(|start| name.starts_with(start))
}

#[test]
fn measures_are_those_that_nist_published() {
    let Some(folder) = folder() else { return };
    for n in 1..=5 {
        let (published, measures) = both(&folder, n);
        let mut ours = measures.conditions();
        ours.extend(measures.named());
        // The score is the one value that is neither.
        assert_eq!(ours.len() + 1, published.len());
        for (name, value) in ours {
            let theirs = published[&name];
            if is_of_minutiae(&name) {
                eprintln!("image {n}: {name} {value:.3}, published {theirs}");
                continue;
            }
            // Six digits are published.
            let off = (value - theirs).abs() / theirs.abs().max(1e-9);
            assert!(off < 1e-5, "image {n}: {name} {value}, published {theirs}");
        }
    }
}

#[test]
fn scores_are_near_those_that_nist_published() {
    let Some(folder) = folder() else { return };
    let mut off = Vec::new();
    for n in 1..=5 {
        let (published, measures) = both(&folder, n);
        let (ours, theirs) = (measures.score().unwrap(), published["UnifiedQualityScore"]);
        eprintln!("image {n}: score {ours}, published {theirs}");
        off.push((f64::from(ours) - theirs).abs());
        // With the published minutiae nothing is left that could differ.
        let theirs_in = PrintMeasures {
            minutiae: published["FingerJetFX_MinutiaeCount"] as u32,
            minutiae_near_middle: published["FingerJetFX_MinCount_COMMinRect200x200"] as u32,
            minutiae_dark: published["FJFXPos_Mu_MinutiaeQuality_2"],
            minutiae_certain: published["FJFXPos_OCL_MinutiaeQuality_80"],
            ..measures
        };
        assert_eq!(theirs_in.score().map(f64::from), Some(theirs), "image {n}");
    }
    assert!(off.iter().all(|off| *off <= 8.0), "{off:?}");
}
