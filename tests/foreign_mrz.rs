//! The crates `mrz` and `mrtd` agree with every MRZ of the examples.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{document, issue, mrz, root};

fn examples() -> Vec<String> {
    let mut names = Vec::new();
    for profile in std::fs::read_dir(root().join("examples"))
        .unwrap()
        .flatten()
    {
        for file in std::fs::read_dir(profile.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            let path = file.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let folder = profile.file_name().into_string().unwrap();
                names.push(format!(
                    "{folder}/{}",
                    path.file_stem().unwrap().to_string_lossy()
                ));
            }
        }
    }
    names.sort();
    names
}

#[test]
fn both_crates_read_what_was_issued() {
    let names = examples();
    assert!(names.len() >= 18, "{names:?}");
    for name in names {
        let folder = issue(&name);
        let json = document(&folder);
        let lines: Vec<&str> = json["mrz"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line.as_str().unwrap())
            .collect();
        let read = match lines[..] {
            [a, b, c] => mrz::parse_td1(a, b, c),
            [a, b] => mrz::parse_td3(a, b),
            _ => panic!("{lines:?}"),
        }
        .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(read.valid(), "{name}: {:?}", read.checks.failed());
        assert_eq!(
            read.document_number,
            json["number"].as_str().unwrap(),
            "{name}"
        );
        let nationality = read.nationality.trim_end_matches('<');
        assert_eq!(nationality, json["holder"]["nationality"].as_str().unwrap());
        if name.ends_with("unknown-birth-date") {
            assert_eq!(&lines[1][..6], "85<<<<");
            continue; // mrtd knows whole dates only.
        }
        match mrtd::parse(&mrz(&folder)) {
            Ok(mrtd::Document::IdentityCard(card)) => {
                assert_eq!(
                    card.document_number,
                    json["number"].as_str().unwrap(),
                    "{name}"
                );
            }
            Ok(mrtd::Document::Passport(passport)) => {
                assert_eq!(
                    passport.passport_number,
                    json["number"].as_str().unwrap(),
                    "{name}"
                );
            }
            Err(fault) => panic!("{name}: {fault}"),
        }
    }
}
