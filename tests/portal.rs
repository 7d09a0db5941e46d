//! Every page in a real browser: a tour of all desks in both languages, judged by axe, and the way of one document from the
//! first form to its control, by keyboard.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::journey::{browser, travel};
use common::server::{Running, Server};
use common::{declaration, document, folder, free_port, root};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A document that opens with the number on its front.
fn with_can(cards: &Path) -> PathBuf {
    let folders = std::fs::read_dir(cards).unwrap().flatten();
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    folders.sort();
    let found = folders.into_iter().find(|folder| {
        folder.join("document.json").is_file() && document(folder)["can"].is_string()
    });
    found.unwrap()
}

/// Chips and fingers through the bridge of a desk, with a virtual chip and a simulated scanner.
fn devices(browser: &Path, bridge: &str, place: &Place<'_>) {
    let card = with_can(place.cards);
    let trust = place.operators.with_file_name("device.cer");
    let trust = trust.to_str().unwrap();
    let reader = format!("127.0.0.1:{}", free_port());
    let (_scanner, _) = Running::start(&["device", "--trust", trust]);
    let (_bridge, _) = Running::start(&[
        "bridge",
        "--portal",
        place.address.to_str().unwrap(),
        "--listen",
        bridge.strip_prefix("http://").unwrap(),
        "--vpcd",
        &reader,
        "--scanner-trust",
        trust,
    ]);
    let _chip = Running::silent(&["chip", card.to_str().unwrap(), "--vpcd", &reader]);
    travel(
        browser,
        bridge,
        "bridge.mjs",
        &[
            place.address,
            place.operators,
            &card,
            &place.pictures.join("bridge"),
        ],
    );
}

/// What the journeys of one installation share.
struct Place<'a> {
    address: &'a Path,
    operators: &'a Path,
    cards: &'a Path,
    pictures: &'a Path,
}

/// Browsers keep passkeys for names, not for numbers.
fn by_name(server: &Server) -> PathBuf {
    let port = server.address.rsplit(':').next().unwrap();
    PathBuf::from(format!("http://localhost:{port}"))
}

/// The console makes the first administrator, and a passkey comes first.
fn first_start(browser: &Path, pictures: &Path) {
    let data = folder("first-start");
    let roles = ["--roles", "centre,works,registry", "--require-passkeys"];
    let server = Server::start(&data, &roles);
    let token = server
        .said
        .iter()
        .find_map(|line| Some(line.split_once("/first-start with ")?.1.to_owned()))
        .unwrap();
    travel(
        browser,
        "http://127.0.0.1:4710",
        "first-start.mjs",
        &[&by_name(&server), Path::new(&token), pictures],
    );
    server.stop();
    // Each start shows another link, and none where everybody is named.
    let again = Server::start(&data, &["--roles", "centre,works,registry"]);
    assert!(again.said.iter().all(|line| !line.contains(&token)));
    assert!(again.said.iter().any(|line| line.contains("/first-start")));
    again.stop();
    let named = Server::start(&data, &["--roles", "centre,works"]);
    assert!(named.said.iter().all(|line| !line.contains("/first-start")));
    named.stop();
}

/// The operators of a demonstration with their passwords, in a file.
fn operators_of(server: &Server, data: &Path) -> PathBuf {
    let known: BTreeMap<&str, &str> = server
        .said
        .iter()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (name, password) = (words.next()?, words.next()?);
            (name.contains('.') && password.len() == 20).then_some((name, password))
        })
        .collect();
    assert!(known.len() > 10, "{:?}", server.said);
    let operators = data.join("operators.json");
    std::fs::write(&operators, serde_json::to_string(&known).unwrap()).unwrap();
    operators
}

/// Officers sign in with cards, over TLS of the program itself.
fn smart_cards(browser: &Path, pictures: &Path) {
    let data = folder("smart-cards");
    let server = Server::start(&data, &["--demo", "--dossiers", "5", "--tls", "127.0.0.1"]);
    let operators = operators_of(&server, &data);
    let requests = root().join("crates/pki/tests/data");
    travel(
        browser,
        "http://127.0.0.1:4710",
        "cards.mjs",
        &[
            Path::new(&format!("https://{}", server.address)),
            &operators,
            &requests.join("p256.csr"),
            &requests.join("p256.key"),
            pictures,
        ],
    );
    server.stop();
}

/// Nobody works at a browser that is not registered.
fn workstations(browser: &Path, pictures: &Path) {
    let data = folder("workstations");
    let server = Server::start(
        &data,
        &["--demo", "--dossiers", "5", "--require-workstations"],
    );
    let operators = operators_of(&server, &data);
    travel(
        browser,
        "http://127.0.0.1:4710",
        "workstations.mjs",
        &[
            Path::new(&format!("http://{}", server.address)),
            &operators,
            pictures,
        ],
    );
    server.stop();
}

#[test]
fn every_desk_works_in_a_browser() {
    let Some(browser) = browser() else { return };
    let data = folder("portal");
    let cards = data.join("cards");
    let bridge = format!("http://127.0.0.1:{}", free_port());
    let server = Server::start(
        &data,
        &[
            "--demo",
            "--dossiers",
            "84",
            "--cards",
            cards.to_str().unwrap(),
            "--bridge",
            &bridge,
        ],
    );
    let operators = operators_of(&server, &data);
    let address = PathBuf::from(format!("http://{}", server.address));
    // The pictures stay where somebody can look at them.
    let pictures = root().join("target/portal");
    let _ = std::fs::remove_dir_all(&pictures);
    travel(
        &browser,
        &bridge,
        "tour.mjs",
        &[&address, &operators, &pictures],
    );
    travel(
        &browser,
        &bridge,
        "passkey.mjs",
        &[&by_name(&server), &operators, &pictures.join("passkey")],
    );
    travel(
        &browser,
        &bridge,
        "help.mjs",
        &[&address, &operators, &pictures.join("help")],
    );
    travel(
        &browser,
        &bridge,
        "grants.mjs",
        &[&address, &operators, &pictures.join("grants")],
    );
    let examples = root().join("examples");
    travel(
        &browser,
        &bridge,
        "issue.mjs",
        &[
            &address,
            &operators,
            &examples,
            &cards,
            &pictures.join("issue"),
        ],
    );
    let place = Place {
        address: &address,
        operators: &operators,
        cards: &cards,
        pictures: &pictures,
    };
    devices(&browser, &bridge, &place);
    server.stop();
    first_start(&browser, &pictures.join("first-start"));
    smart_cards(&browser, &pictures.join("cards"));
    workstations(&browser, &pictures.join("workstations"));
    let folders = [
        "",
        "issue",
        "help",
        "grants",
        "cards",
        "workstations",
        "passkey",
        "bridge",
        "first-start",
    ]
    .map(|name| pictures.join(name));
    declaration::check(&folders.each_ref().map(PathBuf::as_path));
}
