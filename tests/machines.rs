//! A circuit on several machines: nodes over mutual TLS, struck off, and several offices beside each other.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::server::{Server, command, get_at, operator, sign_in};
use common::{folder, rilascio};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A free port of this machine.
fn port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Opens, enrols and sends a dossier of Utopia; gives its name.
fn send_dossier(address: &str, enroller: &str, approver: &str, number: usize) -> String {
    let open = json!({ "profile": "specimen-utopia", "reason": "first", "previous": null });
    let opened = command(
        address,
        enroller,
        "open-dossier",
        &format!("open-{number}"),
        &open,
    )
    .unwrap()
    .1;
    let dossier = opened["ids"][0].as_str().unwrap().to_owned();
    let folder = common::root().join("examples/specimen-utopia");
    let application = std::fs::read_to_string(folder.join("application.toml")).unwrap();
    let mut images = serde_json::Map::new();
    for part in application.split('"').filter(|part| part.ends_with(".png")) {
        images.insert(part.to_owned(), json!("aW1hZ2U="));
    }
    let enrol = json!({ "dossier": dossier, "confirmed": true,
            "package": { "application": application, "images": images } });
    let enrolled = command(
        address,
        enroller,
        "enrol",
        &format!("enrol-{number}"),
        &enrol,
    )
    .unwrap();
    assert_eq!(enrolled.0, 200, "{}", enrolled.1);
    let submit = json!({ "dossier": dossier });
    assert_eq!(
        command(
            address,
            approver,
            "submit-dossier",
            &format!("send-{number}"),
            &submit
        )
        .unwrap()
        .0,
        200
    );
    dossier
}

#[test]
fn an_office_on_another_machine_speaks_to_the_centre_until_it_is_struck_off() {
    let place = folder("apart");
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let (centre, office) = (place.join("centre"), place.join("office"));
    let run = |arguments: &[&str]| {
        let output = rilascio(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            common::errors(&output)
        );
    };
    run(&["circuit", "found", "--data", &text(&centre)]);
    run(&[
        "circuit",
        "member",
        "office",
        "--data",
        &text(&centre),
        "--out",
        &text(&office),
    ]);
    let (own, theirs) = (
        ["centre", "works", "registry"].map(|role| (role, port())),
        port(),
    );
    let mut here = vec![
        "--roles".to_owned(),
        "centre,works,registry".to_owned(),
        format!("--peer=office={theirs}"),
    ];
    let mut there = vec![
        "--roles".to_owned(),
        "office".to_owned(),
        format!("--messages=office={theirs}"),
    ];
    for (role, address) in &own {
        here.push(format!("--messages={role}={address}"));
        there.push(format!("--peer={role}={address}"));
    }
    let start = |data: &PathBuf, arguments: &[String]| {
        Server::start(
            data,
            &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    let (one, two) = (start(&centre, &here), start(&office, &there));
    let enroller = operator(&office, "office", "anna", "desk", "enrol");
    let approver = operator(&office, "office", "bruno", "desk", "approve");
    let (enroller, approver) = (
        sign_in(&two.address, "anna", &enroller).unwrap(),
        sign_in(&two.address, "bruno", &approver).unwrap(),
    );
    let send = |number: usize| send_dossier(&two.address, &enroller, &approver, number);
    let phase = |dossier: &str| {
        let path = format!("/v1/office/dossier/{dossier}");
        let found: Value = serde_json::from_str(&get_at(&two.address, &approver, &path).1).unwrap();
        found["phase"].as_str().unwrap().to_owned()
    };
    let first = send(1);
    let arrived = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        phase(&first) == "examination"
    });
    assert!(
        arrived,
        "the centre took it in and answered: {}",
        phase(&first)
    );
    // Struck off, it is not heard any more: what it sends waits at its own door.
    one.stop();
    run(&["circuit", "strike", "office", "--data", &text(&centre)]);
    let one = start(&centre, &here);
    let second = send(2);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(phase(&second), "submitted");
    two.stop();
    one.stop();
}

#[test]
fn two_offices_on_two_machines_each_serve_their_own_sites() {
    let place = folder("two-offices");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let centre = place.join("centre");
    std::fs::create_dir_all(&centre).unwrap();
    let offices = ["north", "south"].map(|site| {
        format!("[[office]]\nsite = \"{site}\"\nname = \"{site}\"\n[office.starts]\nspecimen-utopia = \"2020-01-01\"\n")
    });
    std::fs::write(centre.join("offices.toml"), offices.concat()).unwrap();
    let run = |arguments: &[&str]| {
        let output = rilascio(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            common::errors(&output)
        );
    };
    run(&["circuit", "found", "--data", &text(&centre)]);
    let member = |site: &str| {
        let (out, name) = (place.join(site), format!("office-{site}"));
        run(&[
            "circuit",
            "member",
            "office",
            "--name",
            &name,
            "--serves",
            site,
            "--data",
            &text(&centre),
            "--out",
            &text(&out),
        ]);
        out
    };
    let (north, south) = (member("north"), member("south"));
    // What the second one serves the first one has to be told, and who the second one is.
    std::fs::copy(centre.join("offices.toml"), north.join("offices.toml")).unwrap();
    let wrong = rilascio(&[
        "circuit",
        "member",
        "office",
        "--name",
        "office-x",
        "--serves",
        "nowhere",
        "--data",
        &text(&centre),
        "--out",
        &text(&place.join("x")),
    ]);
    assert_eq!(wrong.status.code(), Some(2));
    let own = ["centre", "works", "registry"].map(|role| (role, port()));
    let theirs = [("north", port()), ("south", port())];
    let mut here = vec!["--roles".to_owned(), "centre,works,registry".to_owned()];
    here.extend(
        theirs
            .iter()
            .map(|(site, address)| format!("--peer=office-{site}={address}")),
    );
    here.extend(
        own.iter()
            .map(|(role, address)| format!("--messages={role}={address}")),
    );
    let there = |address: &str| {
        let mut there = vec![
            "--roles".to_owned(),
            "office".to_owned(),
            format!("--messages=office={address}"),
        ];
        there.extend(
            own.iter()
                .map(|(role, address)| format!("--peer={role}={address}")),
        );
        there
    };
    let start = |data: &Path, arguments: Vec<String>| {
        Server::start(
            data,
            &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    let servers = [
        start(&north, there(&theirs[0].1)),
        start(&south, there(&theirs[1].1)),
        start(&centre, here),
    ];
    let signed: Vec<(String, String)> = [(&north, "north"), (&south, "south")]
        .iter()
        .enumerate()
        .map(|(place, (data, site))| {
            let (anna, bruno) = (format!("anna.{site}"), format!("bruno.{site}"));
            let enroller = operator(data, "office", &anna, site, "enrol");
            let approver = operator(data, "office", &bruno, site, "approve");
            let address = &servers[place].address;
            (
                sign_in(address, &anna, &enroller).unwrap(),
                sign_in(address, &bruno, &approver).unwrap(),
            )
        })
        .collect();
    let dossiers: Vec<String> = (0..2)
        .map(|place| {
            send_dossier(
                &servers[place].address,
                &signed[place].0,
                &signed[place].1,
                place,
            )
        })
        .collect();
    assert_eq!(dossiers, ["north-000001", "south-000001"]);
    for (place, dossier) in dossiers.iter().enumerate() {
        let path = format!("/v1/office/dossier/{dossier}");
        let come = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            get_at(&servers[place].address, &signed[place].1, &path)
                .1
                .contains("\"phase\":\"examination\"")
        });
        assert!(come, "{dossier}");
        let other = 1 - place;
        assert_eq!(
            get_at(&servers[other].address, &signed[other].1, &path).0,
            404
        );
    }
    // An officer of the north has no desk in the south.
    let stranger = operator(&south, "office", "carla", "north", "enrol");
    let stranger = sign_in(&servers[1].address, "carla", &stranger).unwrap();
    let open = json!({ "profile": "specimen-utopia", "reason": "first", "previous": null });
    let refused = command(
        &servers[1].address,
        &stranger,
        "open-dossier",
        "open",
        &open,
    )
    .unwrap();
    assert_eq!(refused.0, 403, "{}", refused.1);
    servers.into_iter().for_each(Server::stop);
}
