//! The contract of the command line: paths, names, exit codes, and what a person reads.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::server::Running;
use common::{DAY, MOMENT, document, errors, folder, issue, mrz, rilascio, root};
use std::path::Path;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn code(arguments: &[&str]) -> (i32, String) {
    let output = rilascio(arguments);
    (output.status.code().unwrap(), errors(&output))
}

#[test]
fn a_document_folder_has_what_the_contract_names() {
    let card = issue("it-pse/application");
    for name in [
        "document.json",
        "card/front.svg",
        "card/front.png",
        "card/back.svg",
        "card/back.png",
        "card/proof.pdf",
        "chip/EF.COM.bin",
        "chip/EF.SOD.bin",
        "chip/EF.CardAccess.bin",
        "chip/EF.CardSecurity.bin",
        "chip/DG1.bin",
        "chip/DG15.bin",
        "chip/chip.toml",
        "trust/csca.cer",
        "trust/ds.cer",
        "trust/crl.der",
    ] {
        assert!(card.join(name).is_file(), "{name}");
    }
    let booklet = issue("it-passport/application");
    assert!(booklet.join("card/datapage.png").is_file());
    let json = std::fs::read_to_string(card.join("document.json")).unwrap();
    assert!(json.len() < 8_192, "no biometrics in document.json");
    let residence = issue("sm-residence-card/application");
    for absent in [
        "chip/DG3.bin",
        "chip/DG14.bin",
        "chip/EF.CardAccess.bin",
        "chip/DG7.bin",
    ] {
        assert!(
            !residence.join(absent).exists(),
            "{absent} is not in the profile"
        );
    }
}

#[test]
fn the_engraving_is_grey_at_600_dpi_and_the_proof_has_true_size() {
    let card = issue("sm-permit/application");
    let bytes = std::fs::read(card.join("card/back.png")).unwrap();
    let picture = image::load_from_memory(&bytes).unwrap();
    assert_eq!(picture.color(), image::ColorType::L8);
    assert_eq!((picture.width(), picture.height()), (2_022, 1_275));
    let phys = bytes
        .windows(4)
        .position(|window| window == b"pHYs")
        .unwrap();
    assert_eq!(
        bytes[phys + 4..phys + 8],
        23_622u32.to_be_bytes(),
        "600 dpi"
    );
    let dark = picture
        .to_luma8()
        .pixels()
        .filter(|pixel| pixel[0] < 128)
        .count();
    assert!(dark > 20_000, "the MRZ is engraved");
    let pdf = std::fs::read(card.join("card/proof.pdf")).unwrap();
    let text = String::from_utf8_lossy(&pdf);
    assert!(
        text.contains("/MediaBox[0 0 242.6457 153.01418]") || text.contains("242.64"),
        "true size"
    );
}

#[test]
fn a_refused_application_ends_with_1_and_names_rule_and_remedy() {
    let out = folder("refused");
    let example = std::fs::read_to_string(root().join("examples/it-pse/application.toml")).unwrap();
    let path = folder("refused-application").join("application.toml");
    std::fs::write(&path, example.replace("permanent-work", "tourism")).unwrap();
    let (code, said) = code(&["issue", text(&path), "--out", text(&out.join("d"))]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("[permit]") && said.contains("to do: choose one of: seasonal-work"),
        "{said}"
    );
    assert!(!out.join("d").exists(), "nothing is half written");
}

#[test]
fn wrong_use_ends_with_2_and_says_where() {
    let wrong = folder("wrong").join("application.toml");
    std::fs::write(&wrong, "profile = \"it-pse\"\nnonsense = 1\n").unwrap();
    let out = folder("wrong-out");
    let out = text(&out);
    let (status, said) = code(&["issue", text(&wrong), "--out", out]);
    assert_eq!(status, 2);
    assert!(
        said.contains("application.toml:2:1: unknown field `nonsense`"),
        "{said}"
    );
    let example = root().join("examples/it-pse/application.toml");
    let profiles = folder("wrong-profiles");
    std::fs::write(profiles.join("it-pse.toml"), "schema = 1\nname = 3\n").unwrap();
    let arguments = [
        "issue",
        text(&example),
        "--out",
        out,
        "--profiles",
        text(&profiles),
    ];
    let (status, said) = code(&arguments);
    assert_eq!(status, 2);
    assert!(said.contains("it-pse.toml:2:8"), "{said}");
    assert_eq!(
        code(&["inspect", "--vpcd", "127.0.0.1:1"]).0,
        2,
        "no password"
    );
    assert_eq!(
        code(&["inspect", "--vpcd", "127.0.0.1:1", "--can", "12"]).0,
        2
    );
    assert_eq!(code(&["inspect"]).0, 2);
    assert_eq!(code(&["frobnicate"]).0, 2);
    let issued = issue("it-cie/application");
    let arguments = ["issue", text(&example), "--out", text(&issued)];
    let (status, said) = code(&arguments);
    assert_eq!(status, 2);
    assert!(
        said.contains("is not empty") && said.contains("--replace"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_done_ends_with_3() {
    let (status, said) = code(&["issue", "/nowhere/application.toml", "--out", "x"]);
    assert_eq!(status, 3);
    assert!(
        said.contains("/nowhere/application.toml") && said.contains("to do:"),
        "{said}"
    );
    assert_eq!(code(&["inspect", "/nowhere"]).0, 3);
    let (status, said) = code(&[
        "inspect",
        "--vpcd",
        "127.0.0.1:0",
        "--can",
        "123456",
        "--wait",
        "0",
    ]);
    assert_eq!(status, 3, "{said}");
}

#[test]
fn every_subcommand_explains_itself_with_an_example() {
    for subcommand in ["issue", "chip", "inspect"] {
        let output = rilascio(&[subcommand, "--help"]);
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && help.contains("Example"),
            "{help}"
        );
        assert!(help.contains(&format!("rilascio {subcommand}")), "{help}");
    }
}

#[test]
fn a_folder_is_inspected_with_table_json_and_exit_code() {
    let card = issue("specimen-utopia/application");
    let good = rilascio(&["inspect", text(&card), "--at", MOMENT]);
    assert_eq!(
        good.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&good.stdout)
    );
    let table = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(
        table.contains("genuine and valid") && table.contains("not possible"),
        "{table}"
    );
    let dg1 = card.join("chip/DG1.bin");
    let mut bytes = std::fs::read(&dg1).unwrap();
    let last = bytes.len() - 1;
    bytes[last] = b'Z';
    std::fs::write(&dg1, bytes).unwrap();
    let bad = rilascio(&["inspect", text(&card), "--at", MOMENT, "--json"]);
    assert_eq!(bad.status.code(), Some(1));
    let json: serde_json::Value = serde_json::from_slice(&bad.stdout).unwrap();
    assert_eq!(json["verdict"], "not_valid");
    let failed: Vec<&str> = json["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["outcome"] == "failed")
        .map(|check| check["check"].as_str().unwrap())
        .collect();
    assert_eq!(failed, ["data_group_hashes"]);
    let foreign = issue("sm-permit/application");
    let other = foreign.join("trust");
    let output = rilascio(&[
        "inspect",
        text(&card),
        "--trust",
        text(&other),
        "--at",
        MOMENT,
    ]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "another state's CSCA does not vouch"
    );
}

#[test]
fn a_chip_is_inspected_over_vpcd() {
    let card = issue("it-passport/application");
    let address = format!("127.0.0.1:{}", common::free_port());
    let _chip = Running::silent(&["chip", text(&card), "--vpcd", &address]);
    let zone = mrz(&card);
    let trust = card.join("trust");
    // Twice: the chip connects again.
    for _ in 0..2 {
        let arguments = [
            "inspect",
            "--vpcd",
            &address,
            "--mrz",
            &zone,
            "--trust",
            text(&trust),
            "--at",
            MOMENT,
        ];
        let output = rilascio(&arguments);
        let table = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{table}{}", errors(&output));
        for check in [
            "access",
            "chip authentication",
            "active authentication",
            "trust path",
        ] {
            let line = table.lines().find(|line| line.starts_with(check)).unwrap();
            assert!(line.contains("passed"), "{line}");
        }
    }
    let arguments = [
        "inspect",
        "--vpcd",
        &address,
        "--mrz",
        "YA0000009,900131,361121",
    ];
    let output = rilascio(&arguments);
    assert_eq!(output.status.code(), Some(1), "the wrong key opens nothing");
}

#[test]
fn numbers_are_never_given_twice_and_keys_are_sealed() {
    let (one, two) = (
        issue("sm-permit/application"),
        issue("sm-permit/minor-with-guardians"),
    );
    assert_ne!(document(&one)["number"], document(&two)["number"]);
    assert_ne!(document(&one)["serial"], document(&two)["serial"]);
    let data = common::data();
    let key = std::fs::read(data.join("authorities/smr/csca.key")).unwrap();
    let der_of_a_key = [0x30, 0x82];
    assert!(!key.windows(2).take(3).any(|window| window == der_of_a_key));
    #[cfg(unix)]
    for secret in [
        "master.key",
        "authorities/smr/csca.key",
        "authorities/smr/ds-1.key",
    ] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(data.join(secret))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{secret} is for its owner only");
    }
}

#[test]
fn nothing_is_lost_or_given_twice_when_files_are_broken() {
    let own = folder("own-data");
    let example = root().join("examples/specimen-utopia/application.toml");
    let run = |out: &Path, extra: &[&str]| {
        let mut arguments = vec![
            "issue",
            text(&example),
            "--out",
            text(out),
            "--data",
            text(&own),
            "-q",
        ];
        arguments.extend_from_slice(extra);
        code(&arguments)
    };
    let out = folder("own-out");
    assert_eq!(run(&out.join("one"), &[]).0, 0);
    let tables = own.join("works/node.db");
    let whole = std::fs::read(&tables).unwrap();
    std::fs::write(&tables, vec![0xFF; whole.len()]).unwrap();
    for log in ["works/node.db-wal", "works/node.db-shm"] {
        let _ = std::fs::remove_file(own.join(log));
    }
    let (status, said) = run(&out.join("two"), &[]);
    assert_eq!(status, 3, "{said}");
    assert!(
        said.contains("restore it from a backup") && !out.join("two").exists(),
        "{said}"
    );
    std::fs::write(&tables, whole).unwrap();
    assert_eq!(run(&out.join("two"), &[]).0, 0);
    let number = |name: &str| document(&out.join(name))["number"].clone();
    assert_ne!(number("one"), number("two"));
    // An application that cannot be drawn uses no number up.
    let broken = example.with_file_name("application.toml");
    let wrong = std::fs::read_to_string(broken)
        .unwrap()
        .replace("amina-signature", "no-such");
    let path = own.join("wrong.toml");
    let images = format!("{}/examples/images", root().display());
    std::fs::write(&path, wrong.replace("../images", &images)).unwrap();
    let (status, said) = code(&[
        "issue",
        text(&path),
        "--out",
        text(&out.join("x")),
        "--data",
        text(&own),
    ]);
    assert_eq!(status, 3);
    assert!(
        said.contains("no-such.png") && said.contains("to do:"),
        "{said}"
    );
    // A lost master key is not replaced by a new one.
    let key = std::fs::read(own.join("master.key")).unwrap();
    std::fs::remove_file(own.join("master.key")).unwrap();
    assert_eq!(run(&out.join("three"), &[]).0, 3);
    assert!(!own.join("master.key").exists());
    std::fs::write(own.join("master.key"), key).unwrap();
    // A document is replaced as a whole, and only on demand.
    assert_eq!(run(&out.join("one"), &[]).0, 2);
    let first = number("one");
    assert_eq!(run(&out.join("one"), &["--replace"]).0, 0);
    assert_ne!(number("one"), first);
    let left: Vec<_> = std::fs::read_dir(&out)
        .unwrap()
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_number_in_the_application_is_given_once() {
    let example = root().join("examples/it-cie/application.toml");
    let images = format!("{}/examples/images", root().display());
    let path = folder("given").join("application.toml");
    let text_of = std::fs::read_to_string(example)
        .unwrap()
        .replace("../images", &images);
    std::fs::write(
        &path,
        text_of.replace("[document]", "[document]\nnumber = \"CZ99999ZZ\""),
    )
    .unwrap();
    let out = folder("given-out");
    let run = |name: &str| {
        code(&[
            "issue",
            text(&path),
            "--out",
            text(&out.join(name)),
            "--date",
            DAY,
            "-q",
        ])
    };
    assert_eq!(run("one").0, 0);
    let (status, said) = run("two");
    assert_eq!(status, 1);
    assert!(said.contains("CZ99999ZZ was issued before"), "{said}");
}

#[test]
fn a_sixth_document_needs_no_rust() {
    let profiles = folder("seventh");
    let source = root().join("profiles");
    let text_of = |name: &str| std::fs::read_to_string(source.join(name)).unwrap();
    let profile = text_of("specimen-utopia.toml")
        .replace("name = \"specimen-utopia\"", "name = \"seventh\"")
        .replace("format = \"TD1\"", "format = \"TD2\"")
        .replace("optional_data_1 = \"personal_number\"\n", "")
        .replace("width_mm = 85.60", "width_mm = 105.00")
        .replace("[images]\n", "[images]\nrecords = \"39794\"\n")
        .replace("specimen-utopia/front.svg", "seventh/front.svg");
    std::fs::write(profiles.join("seventh.toml"), profile).unwrap();
    std::fs::create_dir(profiles.join("seventh")).unwrap();
    std::fs::write(
        profiles.join("seventh/front.svg"),
        text_of("specimen-utopia/front.svg"),
    )
    .unwrap();
    let example = root().join("examples/specimen-utopia");
    let application = std::fs::read_to_string(example.join("application.toml")).unwrap();
    let application = application
        .replace("\"specimen-utopia\"", "\"seventh\"")
        .replace(
            "\"../images",
            &format!("\"{}/examples/images", root().display()),
        );
    let path = profiles.join("application.toml");
    std::fs::write(&path, application).unwrap();
    let out = folder("seventh-out");
    let arguments = [
        "issue",
        text(&path),
        "--out",
        text(&out),
        "--profiles",
        text(&profiles),
        "--date",
        DAY,
        "-q",
    ];
    let (status, said) = code(&arguments);
    assert_eq!(status, 0, "{said}");
    assert_eq!(document(&out)["mrz"].as_array().unwrap().len(), 2, "TD2");
    // Its images are records of the newer generation, and our terminal reads them.
    let portrait = std::fs::read(out.join("chip/DG2.bin")).unwrap();
    assert!(portrait.windows(2).any(|tag| tag == [0x7F, 0x2E]));
    let (status, said) = code(&["inspect", text(&out), "--at", MOMENT]);
    assert_eq!(status, 0, "{said}");
}
