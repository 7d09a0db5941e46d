//! The rules of the house that a machine can check: arrows between crates, sizes of files, what the text must not say.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use cargo_metadata::{DependencyKind, MetadataCommand};
use std::path::{Path, PathBuf};

/// The crates from the lowest to the highest: each may use only those before it (ARCHITECTURE.md).
const ORDER: [&str; 19] = [
    "rilascio-mrtd",
    "rilascio-keys",
    "rilascio-artwork",
    "rilascio-biometrics",
    "rilascio-pki",
    "rilascio-access",
    "rilascio-chip",
    "rilascio-inspection",
    "rilascio-circuit",
    "rilascio-works",
    "rilascio-store",
    "rilascio-gallery",
    "rilascio-learned",
    "rilascio-doors",
    "rilascio-exchange",
    "rilascio-node",
    "rilascio-simulation",
    "rilascio-portal",
    "rilascio",
];

/// The crates at the edge: these, and the program, meet files, sockets and threads.
const EDGE: [&str; 9] = [
    "rilascio-doors",
    "rilascio-gallery",
    "rilascio-learned",
    "rilascio-store",
    "rilascio-exchange",
    "rilascio-node",
    "rilascio-simulation",
    "rilascio-portal",
    "rilascio",
];

/// What only the edge may use: the pure crates see no socket, no clock and no randomness of their own.
const EDGE_ONLY: [&str; 15] = [
    "async-nats",
    "axum",
    "clap",
    "getrandom",
    "indicatif",
    "lettre",
    "memmap2",
    "pcsc",
    "postgres",
    "rten",
    "rusqlite",
    "rustix",
    "tokio",
    "tokio-rustls",
    "ureq",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_arrow_between_crates_points_down() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    assert_eq!(
        metadata.packages.len(),
        ORDER.len(),
        "a crate is missing in the order"
    );
    for package in &metadata.packages {
        let place = |name: &str| ORDER.iter().position(|known| *known == name);
        let own = place(&package.name).unwrap_or_else(|| panic!("{} has no place", package.name));
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Development {
                continue;
            }
            if let Some(used) = place(&dependency.name) {
                assert!(
                    used < own,
                    "{} must not use {}",
                    package.name,
                    dependency.name
                );
            }
            let pure = !EDGE.contains(&package.name.as_str());
            let edge = EDGE_ONLY.contains(&dependency.name.as_str());
            assert!(
                !(pure && edge),
                "{} must not use {}",
                package.name,
                dependency.name
            );
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources(&root(), &mut found);
    assert!(found.len() > 60);
    found
}

#[test]
fn no_file_is_longer_than_800_lines() {
    for file in all_sources() {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 800, "{} has {lines} lines", file.display());
    }
}

#[test]
fn pure_crates_read_no_clock_and_open_no_file() {
    let crates = root().join("crates");
    let words = [
        "SystemTime::now",
        "Timestamp::now",
        "Instant::now",
        "std::fs",
        "std::net",
        "std::env::var",
    ];
    for file in all_sources() {
        let inside = file.strip_prefix(&crates).ok();
        let part = |place: usize| {
            inside.and_then(|path| path.components().nth(place)?.as_os_str().to_str())
        };
        if part(1) != Some("src") {
            continue;
        }
        let edge = part(0).is_some_and(|name| EDGE.contains(&&format!("rilascio-{name}")[..]));
        let text = std::fs::read_to_string(&file).unwrap();
        // At the edge too the time comes in as an argument, so that a run can be replayed.
        for word in words
            .iter()
            .filter(|word| !edge || word.starts_with("Timestamp") || word.starts_with("System"))
        {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}

#[test]
fn every_crate_has_a_readme_and_an_example() {
    for name in &ORDER[..ORDER.len() - 1] {
        let folder = root()
            .join("crates")
            .join(name.trim_start_matches("rilascio-"));
        assert!(folder.join("README.md").is_file(), "{name}");
        let examples = std::fs::read_dir(folder.join("examples")).unwrap().count();
        assert!(examples > 0, "{name} has no example");
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let text = std::fs::read_to_string(root().join("DEPENDENCIES.md")).unwrap();
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            let ours = dependency.name.starts_with("rilascio");
            let listed = text.contains(&format!("`{}`", dependency.name));
            assert!(
                ours || listed,
                "DEPENDENCIES.md does not explain {}",
                dependency.name
            );
        }
    }
}
