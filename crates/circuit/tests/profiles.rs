//! The shipped profiles load; a wrong one is refused with file, line and reason.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use rilascio_circuit::Profile;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap()
}

#[test]
fn every_shipped_profile_loads_and_its_templates_are_there() {
    let mut loaded = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = std::fs::read_to_string(&path).unwrap();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let profile = Profile::parse(&file, &text).unwrap_or_else(|fault| panic!("{fault}"));
            assert_eq!(format!("{}.toml", profile.name.as_ref()), file);
            for face in profile.layout.face.as_ref() {
                assert!(folder().join(&face.template).is_file(), "{}", face.template);
            }
            loaded.push(profile.name.as_ref().clone());
        }
    }
    loaded.sort();
    let expected = [
        "it-cie",
        "it-passport",
        "it-pse",
        "sm-permit",
        "sm-residence-card",
        "specimen-utopia",
    ];
    assert_eq!(loaded, expected);
}

/// Replaces the first `from` by `to` and gives line and reason of the refusal.
fn refusal(name: &str, from: &str, to: &str) -> (usize, String) {
    let text = read(name);
    let at = text
        .find(from)
        .unwrap_or_else(|| panic!("{name} has no {from:?}"));
    let line = text[..at].matches('\n').count() + 1;
    let wrong = text.replacen(from, to, 1);
    let fault = Profile::parse("p.toml", &wrong).expect_err(to);
    assert!(
        fault
            .to_string()
            .starts_with(&format!("p.toml:{}:", fault.line))
    );
    assert!(
        fault.line >= line && fault.line <= line + 2,
        "{fault}, expected near line {line}"
    );
    (fault.line, fault.why)
}

#[test]
fn a_wrong_profile_is_refused_at_its_line_with_a_reason() {
    for (name, from, to, why) in [
        ("it-pse", "schema = 1", "schema = 2", "schema 1"),
        (
            "it-pse",
            "validity_days = 5696",
            "validity_days = 4294967295",
            "1 to 20000 days",
        ),
        (
            "it-pse",
            "schema = 1",
            "schema = 1\nnonsense = 3",
            "unknown field `nonsense`",
        ),
        (
            "it-pse",
            "state = \"ITA\"",
            "state = \"ITX\"",
            "not a code of ISO 3166-1",
        ),
        (
            "it-pse",
            "code = \"IR\"",
            "code = \"PP\"",
            "begins with P on TD3",
        ),
        (
            "it-pse",
            "number = \"I########\"",
            "number = \"i\"",
            "no number pattern",
        ),
        (
            "it-pse",
            "required = [\"birth_place\"",
            "required = [\"shoe_size\"",
            "no field 'shoe_size'",
        ),
        (
            "it-pse",
            "from_age = 18\nyears = 10",
            "from_age = 0\nyears = 10",
            "go up by age",
        ),
        ("it-pse", "years = 10", "years = 90", "1 to 15 years"),
        (
            "it-pse",
            "lines = [\"ASILO\"]",
            "lines = [\"ASILO POLITICO E ALTRO ANCORA\"]",
            "at most 21",
        ),
        (
            "it-pse",
            "order = [\"index\", \"thumb\"",
            "order = [\"index\", \"index\"",
            "each finger once",
        ),
        (
            "it-pse",
            "groups = [1, 2, 3, 7, 11, 12, 14, 15]",
            "groups = [1, 3, 7]",
            "DG1 and DG2",
        ),
        (
            "it-pse",
            "groups = [1, 2, 3, 7, 11, 12, 14, 15]",
            "groups = [1, 2, 7, 11, 12, 14, 15]",
            "DG3",
        ),
        (
            "it-pse",
            "key = \"rsa-2048\", hash = \"sha256\"",
            "key = \"rsa-2048\", hash = \"sha9\"",
            "sha9",
        ),
        (
            "it-pse",
            "access = [\"PACE\", \"BAC\"]",
            "access = [\"BAC\"]",
            "go together",
        ),
        (
            "it-pse",
            "curve = \"brainpoolP256r1\", cipher = \"aes-128\" }",
            "curve = \"P-999\", cipher = \"aes-128\" }",
            "P-999",
        ),
        (
            "it-pse",
            "bytes = 81920",
            "bytes = 8192",
            "the images alone need",
        ),
        (
            "it-pse",
            "key = \"rsa-4096\"",
            "key = \"rsa-1024\"",
            "rsa-2048",
        ),
        (
            "it-pse",
            "hash = \"sha512\"",
            "hash = \"sha1\"",
            "does not sign",
        ),
        (
            "it-pse",
            "country = \"IT\"",
            "country = \"it\"",
            "two capital letters",
        ),
        (
            "it-pse",
            "validity_days = 4208",
            "validity_days = 700",
            "outlives its documents",
        ),
        (
            "it-pse",
            "validity_days = 5696",
            "validity_days = 4300",
            "outlives its document signers",
        ),
        (
            "it-pse",
            "face_width = 622",
            "face_width = 9",
            "100 to 2000",
        ),
        (
            "it-pse",
            "width_mm = 85.60",
            "width_mm = 1.0",
            "20 to 300 mm",
        ),
        (
            "it-pse",
            "{ name = \"back\"",
            "{ name = \"front\"",
            "its own name",
        ),
        (
            "it-passport",
            "number = \"YA#######\"",
            "number = \"YA########\"",
            "at most 9",
        ),
        (
            "sm-residence-card",
            "access = [\"BAC\"]",
            "access = []",
            "BAC, PACE or both",
        ),
    ] {
        let (line, reason) = refusal(name, from, to);
        assert!(
            reason.contains(why),
            "{name}:{line}: {reason:?} does not say {why:?}"
        );
    }
}

#[test]
fn files_that_are_no_toml_or_too_large_are_refused() {
    assert!(Profile::parse("p.toml", "schema =").is_err());
    assert!(Profile::parse("p.toml", "").is_err());
    assert!(Profile::parse("p.toml", &"# long\n".repeat(200_000)).is_err());
}
