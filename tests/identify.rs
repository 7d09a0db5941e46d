//! `rilascio identify`: synthetic fingers in every image format, evaluated, enrolled, searched, verified, erased.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{errors, folder, rilascio};
use image::{GrayImage, ImageFormat};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::{Contact, MasterPrint, PrintPattern, SyntheticPrint, encode_wsq};
use serde_json::Value;
use std::path::Path;

const FINGERS: u32 = 6;
const ENDINGS: [&str; 5] = ["tif", "png", "bmp", "pgm", "wsq"];

fn write(print: &SyntheticPrint, path: &Path) {
    let (width, height) = (print.width, print.height);
    if path.extension().unwrap() == "wsq" {
        let coded = encode_wsq(&print.pixels, width, height).unwrap();
        return std::fs::write(path, coded).unwrap();
    }
    let image = GrayImage::from_raw(width, height, print.pixels.clone()).unwrap();
    image
        .save_with_format(path, ImageFormat::from_path(path).unwrap())
        .unwrap();
}

/// A folder of impressions, each in another format.
fn population(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    std::fs::create_dir_all(&folder).unwrap();
    for finger in 0..FINGERS {
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(finger) + 900);
        let master = MasterPrint::grow(PrintPattern::draw(&mut rng), &mut rng);
        for (place, ending) in ENDINGS.iter().enumerate() {
            let print = master.press(&Contact::draw(0.5, &mut rng), &mut rng);
            let name = format!("{}_{}.{ending}", 101 + finger, place + 1);
            write(&print, &folder.join(name));
        }
    }
    std::fs::write(folder.join("notes.txt"), "no image").unwrap();
    folder
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_folder_is_evaluated_in_every_format() {
    let folder = population("evaluated");
    let det = folder.join("det.svg");
    let output = rilascio(&[
        "identify",
        "evaluate",
        &text(&folder),
        "--json",
        "--det",
        &text(&det),
    ]);
    assert!(output.status.success(), "{}", errors(&output));
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |name: &str| figures[name].as_f64().unwrap();
    assert_eq!(number("images"), 30.0);
    assert_eq!(number("comparisons_of_one_finger"), 60.0);
    assert_eq!(number("comparisons_of_two_fingers"), 375.0);
    assert!(number("eer") <= 0.02, "{figures}");
    assert!(
        number("fmr100") <= 0.05 && number("fmr1000") <= 0.05,
        "{figures}"
    );
    assert!(number("comparisons_per_second") > 10.0);
    let svg = std::fs::read_to_string(det).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("false match rate"));
    // What cannot be evaluated says why.
    let empty = rilascio(&["identify", "evaluate", env!("CARGO_MANIFEST_DIR")]);
    assert_eq!(empty.status.code(), Some(2));
    assert!(errors(&empty).contains("FINGER_IMPRESSION"));
    std::fs::write(folder.join("999_1.png"), "no image").unwrap();
    let broken = rilascio(&["identify", "evaluate", &text(&folder)]);
    assert_eq!(broken.status.code(), Some(3));
    assert!(errors(&broken).contains("999_1.png"), "{}", errors(&broken));
}

#[test]
fn a_person_is_enrolled_found_verified_and_erased() {
    let prints = population("gallery-prints");
    let data = folder("gallery-data");
    let file = |finger: u32, impression: usize| {
        text(&prints.join(format!(
            "{}_{impression}.{}",
            101 + finger,
            ENDINGS[impression - 1]
        )))
    };
    let data = text(&data);
    let run = |words: &[&str]| {
        let mut all = vec!["identify"];
        all.extend_from_slice(words);
        all.extend_from_slice(&["--data", &data]);
        rilascio(&all)
    };
    let nothing = run(&["search", &format!("right-index={}", file(0, 1))]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(errors(&nothing).contains("no gallery"));
    for person in 0..3 {
        let output = run(&[
            "enrol",
            "--subject",
            &format!("dossier-{person}"),
            &format!("right-index={}", file(2 * person, 1)),
            &format!("left-index={}", file(2 * person + 1, 2)),
        ]);
        assert!(output.status.success(), "{}", errors(&output));
    }
    let both = [
        format!("right-index={}", file(2, 3)),
        format!("left-index={}", file(3, 4)),
    ];
    let found = run(&["search", &both[0], &both[1], "--json"]);
    assert_eq!(found.status.code(), Some(0), "{}", errors(&found));
    let answer: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(answer["hits"], 1);
    assert_eq!(answer["candidates"][0]["subject"], "dossier-1");
    let verified = run(&["verify", "--subject", "dossier-1", &both[0]]);
    assert_eq!(verified.status.code(), Some(0), "{}", errors(&verified));
    let other = run(&["verify", "--subject", "dossier-2", &both[0]]);
    assert_eq!(other.status.code(), Some(1));
    let picture = prints.join("pair.svg");
    let pair = run(&[
        "verify",
        &file(2, 1),
        &file(2, 5),
        "--picture",
        &text(&picture),
    ]);
    assert_eq!(pair.status.code(), Some(0), "{}", errors(&pair));
    assert!(
        std::fs::read_to_string(picture)
            .unwrap()
            .contains("data:image/png;base64,")
    );
    assert_eq!(
        run(&["erase", "--subject", "dossier-1"]).status.code(),
        Some(0)
    );
    assert_eq!(run(&["search", &both[0], &both[1]]).status.code(), Some(1));
    let wrong = run(&["search", "right-ear=x.png"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(errors(&wrong).contains("FINGER=FILE"));
}

#[test]
fn a_print_is_measured_and_a_file_that_is_no_model_is_refused() {
    let folder = population("measured");
    let print = text(&folder.join("101_2.png"));
    let output = rilascio(&["identify", "quality", &print, "--json"]);
    assert!(output.status.success(), "{}", errors(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let score = answer["score"].as_u64().unwrap();
    assert!((20..=100).contains(&score), "{answer}");
    // What is said of the image, and the 69 measures of NFIQ 2.
    assert_eq!(answer["measures"].as_object().unwrap().len(), 4 + 69);
    assert!(answer["measures"]["OCL_Bin10_Mean"].as_f64().unwrap() > 0.4);
    let strict = rilascio(&["identify", "quality", &print, "--least", "100"]);
    assert_eq!(strict.status.code(), Some(1));
    let listed = rilascio(&["identify", "quality", &print, "--measures"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("\nMu: "));
    let notes = text(&folder.join("notes.txt"));
    let model = rilascio(&["identify", "evaluate", &text(&folder), "--model", &notes]);
    assert_eq!(model.status.code(), Some(3));
    assert!(
        errors(&model).contains("the model cannot be used"),
        "{}",
        errors(&model)
    );
}
