//! What the tests of the program share: the program itself, folders to work in, and a chip to talk to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test uses its own part")]

pub mod declaration;
pub mod journey;
pub mod server;

use rilascio_access::channel::CardChannel;
use rilascio_chip::Chip;
use rilascio_mrtd::lds::FileId;
use rilascio_pki::AuthorityNames;
use rilascio_works::{ChipSecrets, DataSet, virtual_chip};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The day on which every example of the repository is issued.
pub const DAY: &str = "2026-11-22";
/// A moment of that day, to inspect at.
pub const MOMENT: &str = "2026-11-22T18:00:00Z";

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A port of this machine that nobody listens at. It lies below those that the system gives to connections by itself: none of
/// them takes it before the program listens.
pub fn free_port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let first = std::process::id() as usize % 10_000;
    loop {
        let next = (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        let port = u16::try_from(20_000 + next).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A folder of its own, empty at first.
pub fn folder(name: &str) -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("{}-{count}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// The data folder that the tests of one process share, so that each CSCA is made once.
pub fn data() -> &'static Path {
    static DATA: OnceLock<PathBuf> = OnceLock::new();
    DATA.get_or_init(|| folder("data"))
}

/// Runs the program.
pub fn rilascio(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rilascio"))
        .args(arguments)
        .env("RILASCIO_DATA", data())
        .env("LANG", "C")
        .env_remove("RILASCIO_MASTER_KEY")
        .env_remove("RILASCIO_PROFILES")
        .output()
        .unwrap()
}

/// The standard error of a run.
pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Issues an example and gives the folder of the document.
pub fn issue(example: &str) -> PathBuf {
    let out = folder(&example.replace('/', "-"));
    let application = root().join("examples").join(format!("{example}.toml"));
    let output = rilascio(&[
        "issue",
        application.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--date",
        DAY,
        "--quiet",
    ]);
    assert!(output.status.success(), "{example}: {}", errors(&output));
    out
}

/// `document.json` of a document.
pub fn document(folder: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(folder.join("document.json")).unwrap()).unwrap()
}

/// The lines of its MRZ in one piece.
pub fn mrz(folder: &Path) -> String {
    let json = document(folder);
    json["mrz"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect()
}

/// The files of the chip.
pub fn chip_files(folder: &Path) -> BTreeMap<FileId, Vec<u8>> {
    std::fs::read_dir(folder.join("chip"))
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let file = FileId::from_name(name.strip_suffix(".bin")?)?;
            Some((file, std::fs::read(entry.path()).unwrap()))
        })
        .collect()
}

/// The files and secrets of a document, as production had them.
pub fn data_set(folder: &Path) -> DataSet {
    let secrets = std::fs::read_to_string(folder.join("chip/chip.toml")).unwrap();
    DataSet {
        files: chip_files(folder),
        secrets: ChipSecrets::from_toml(&secrets).unwrap(),
    }
}

/// The names of an authority that does not exist.
pub fn utopia() -> AuthorityNames {
    AuthorityNames {
        country: "UT".into(),
        state: "UTO".into(),
        organisation: "Utopia".into(),
        unit: None,
        mail: None,
        uri: None,
        crl_uris: vec!["https://csca.utopia.example/UTO.crl".into()],
    }
}

/// A generator that repeats.
pub fn rng(seed: u8) -> rand_chacha::ChaCha20Rng {
    use rand_chacha::rand_core::SeedableRng;
    rand_chacha::ChaCha20Rng::from_seed([seed; 32])
}

/// A chip with these files, personalised by commands and locked.
pub fn chip_of(data: &DataSet) -> Chip {
    virtual_chip(data, Box::new(rng(1)), &mut rng(2), &mut |_, _| {}).unwrap()
}

/// The chip of a document.
pub fn chip(folder: &Path) -> Chip {
    chip_of(&data_set(folder))
}

/// Sends a command written in hexadecimal; gives data and status in hexadecimal.
pub fn send(chip: &mut dyn CardChannel, command: &str) -> String {
    let text: String = command.split_whitespace().collect();
    let bytes: Vec<u8> = (0..text.len() / 2)
        .map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap())
        .collect();
    chip.transmit(&bytes)
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect()
}
