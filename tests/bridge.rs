//! The bridge of a desk: chips and fingers for the pages of one portal, and for nobody else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use base64ct::{Base64, Encoding};
use common::server::{Running, ask};
use common::{folder, free_port};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const PORTAL: &str = "https://portal.example";

/// A bridge with a chip on its reader and a scanner beside it.
struct Desk {
    address: String,
    _running: [Running; 3],
}

impl Desk {
    fn set_up(card: &Path) -> Self {
        let place = folder("bridge");
        let trust = place.join("device.cer");
        // Among the ports on which scanners are looked for.
        let scanner = (4501..=4600)
            .rev()
            .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok());
        let (device, _) = Running::start(&[
            "device",
            "--person",
            "2",
            "--port",
            &scanner.unwrap().to_string(),
            "--trust",
            trust.to_str().unwrap(),
        ]);
        let reader = format!("127.0.0.1:{}", free_port());
        let listen = format!("127.0.0.1:{}", free_port());
        let (bridge, address) = Running::start(&[
            "bridge",
            "--portal",
            PORTAL,
            "--listen",
            &listen,
            "--vpcd",
            &reader,
            "--scanner-trust",
            trust.to_str().unwrap(),
        ]);
        let chip = Running::silent(&["chip", card.to_str().unwrap(), "--vpcd", &reader]);
        Self {
            address: address.strip_prefix("http://").unwrap().to_owned(),
            _running: [device, bridge, chip],
        }
    }

    fn ask(&self, path: &str, question: &Value) -> (u16, Value) {
        let headers = [("Origin", PORTAL), ("Content-Type", "application/json")];
        let answer = ask(&self.address, "POST", path, &headers, &question.to_string());
        let (status, text) = answer.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

fn outcome<'a>(read: &'a Value, kind: &str) -> &'a str {
    let checks = read["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["check"] == kind);
    check.map_or("", |check| check["outcome"].as_str().unwrap())
}

#[test]
fn a_desk_reads_chips_and_fingers_for_its_portal_alone() {
    let card = common::issue("it-passport/application");
    let desk = Desk::set_up(&card);

    // Whoever is not the portal, or calls the bridge by another name, hears nothing.
    let own_host = desk.address.clone();
    for (origin, host) in [
        (None, own_host.as_str()),
        (Some("https://evil.example"), &own_host),
        (Some("https://portal.example.evil.example"), &own_host),
        (Some("null"), &own_host),
        (Some(PORTAL), "evil.example"),
    ] {
        let mut headers = vec![("Host", host)];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        for method in ["GET", "OPTIONS"] {
            let answer = common::server::ask_as(&desk.address, method, "/v1/bridge", &headers, "");
            assert_eq!(answer.unwrap().0, 403, "{method} {origin:?} {host}");
        }
    }
    let preflight = ask(
        &desk.address,
        "OPTIONS",
        "/v1/chip",
        &[("Origin", PORTAL)],
        "",
    );
    assert_eq!(preflight.unwrap().0, 200);
    let (_, there) = ask(
        &desk.address,
        "GET",
        "/v1/bridge",
        &[("Origin", PORTAL)],
        "",
    )
    .unwrap();
    let there: Value = serde_json::from_str(&there).unwrap();
    assert_eq!(there["chip"], true);
    assert_eq!(there["scanners"][0]["model"], "Rilascio Simulated slap");

    // Questions that are none.
    assert_eq!(desk.ask("/v1/chip", &json!({ "pin": "1" })).0, 400);
    assert_eq!(desk.ask("/v1/chip", &json!({})).0, 409);
    assert_eq!(desk.ask("/v1/chip", &json!({ "can": "12345a" })).0, 409);
    assert_eq!(desk.ask("/v1/finger", &json!({ "finger": "toe" })).0, 409);
    assert_eq!(
        desk.ask("/v1/finger", &json!({ "finger": "x".repeat(5000) }))
            .0,
        413
    );

    // The wrong key opens nothing; the right one gives the files as they were written, and what the chip proved.
    let (status, closed) = desk.ask("/v1/chip", &json!({ "mrz": "YA0000009,900131,361121" }));
    assert_eq!((status, outcome(&closed, "access")), (200, "failed"));
    assert_eq!(closed["files"], json!({}));
    let (status, read) = desk.ask("/v1/chip", &json!({ "mrz": common::mrz(&card) }));
    assert_eq!(status, 200, "{read}");
    for kind in [
        "access",
        "reading",
        "chip_authentication",
        "active_authentication",
    ] {
        assert_eq!(outcome(&read, kind), "passed", "{kind}: {read}");
    }
    for name in ["DG1.bin", "DG2.bin", "EF.SOD.bin"] {
        let given = Base64::decode_vec(read["files"][name].as_str().unwrap()).unwrap();
        assert_eq!(
            given,
            std::fs::read(card.join("chip").join(name)).unwrap(),
            "{name}"
        );
    }
    assert!(
        read["files"]["DG3.bin"].is_null(),
        "fingerprints stay in the chip"
    );

    // A finger, as the scanner signed it.
    let (status, print) = desk.ask("/v1/finger", &json!({ "finger": "left-index" }));
    assert_eq!(
        (status, print["finger"].as_str()),
        (200, Some("left-index")),
        "{print}"
    );
    let image = Base64::decode_vec(print["image"].as_str().unwrap()).unwrap();
    assert!(rilascio_biometrics::read_print(&image, 500).is_ok());
    assert!(print["quality"].as_u64().unwrap() > 30);
}

#[test]
fn a_bridge_listens_on_the_loopback_for_a_portal_that_has_an_origin() {
    for arguments in [
        ["bridge", "--portal", PORTAL, "--listen", "0.0.0.0:4710"],
        [
            "bridge",
            "--portal",
            "portal.example",
            "--listen",
            "127.0.0.1:0",
        ],
        [
            "bridge",
            "--portal",
            "https://a.example/x",
            "--listen",
            "127.0.0.1:0",
        ],
        ["bridge", "--portal", "file://x", "--listen", "127.0.0.1:0"],
    ] {
        let output = common::rilascio(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let missing: PathBuf = folder("bridge-trust").join("none.cer");
    let output = common::rilascio(&[
        "bridge",
        "--portal",
        PORTAL,
        "--scanner-trust",
        missing.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(common::errors(&output).contains("none.cer"));
}
