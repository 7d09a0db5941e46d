//! A circuit on several machines: nodes over mutual TLS, struck off, and several offices beside each other.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::server::{Server, command, get_at, operator, sign_in};
use common::{folder, rilascio};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An address of this machine at which nobody listens.
fn address() -> String {
    format!("127.0.0.1:{}", common::free_port())
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
        ["centre", "works", "registry"].map(|role| (role, address())),
        address(),
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
    let own = ["centre", "works", "registry"].map(|role| (role, address()));
    let theirs = [("north", address()), ("south", address())];
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

/// The application of Utopia with its real images, as a package.
fn real_package() -> Value {
    use base64ct::{Base64, Encoding};
    let folder = common::root().join("examples/specimen-utopia");
    let application = std::fs::read_to_string(folder.join("application.toml")).unwrap();
    let images: serde_json::Map<String, Value> = application
        .split('"')
        .filter(|part| part.ends_with(".png"))
        .map(|part| {
            let bytes = std::fs::read(folder.join(part)).unwrap();
            (part.to_owned(), json!(Base64::encode_string(&bytes)))
        })
        .collect();
    json!({ "application": application, "images": images })
}

#[test]
fn works_that_are_stopped_or_lost_hand_their_orders_to_those_that_stand_in() {
    let place = folder("stand-in");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (centre, south) = (place.join("centre"), place.join("south"));
    let run = |arguments: &[&str]| {
        let output = rilascio(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            common::errors(&output)
        );
    };
    run(&[
        "circuit",
        "found",
        "--roles",
        "office,centre,works,registry",
        "--data",
        &text(&centre),
    ]);
    run(&[
        "circuit",
        "member",
        "works",
        "--name",
        "works-south",
        "--stands-in",
        "specimen-utopia",
        "--data",
        &text(&centre),
        "--out",
        &text(&south),
    ]);
    let own = ["office", "centre", "works", "registry"].map(|role| (role, address()));
    let theirs = address();
    let mut here = vec![
        "--roles=office,centre,works,registry".to_owned(),
        format!("--peer=works-south={theirs}"),
    ];
    let mut there = vec![
        "--roles=works".to_owned(),
        format!("--messages=works={theirs}"),
    ];
    for (role, address) in &own {
        here.push(format!("--messages={role}={address}"));
        there.push(format!("--peer={role}={address}"));
    }
    let start = |data: &Path, arguments: &[String]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Server::start(data, &arguments)
    };
    let (one, two) = (start(&centre, &here), start(&south, &there));
    let signed =
        |server: &Server, data: &Path, role: &str, name: &str, site: &str, rights: &str| {
            let password = operator(data, role, name, site, rights);
            sign_in(&server.address, name, &password).unwrap()
        };
    let enroller = signed(&one, &centre, "office", "anna", "desk", "enrol");
    let approver = signed(&one, &centre, "office", "bruno", "desk", "approve");
    let examiner = signed(&one, &centre, "centre", "carla", "centre", "examine");
    let second_examiner = signed(&one, &centre, "centre", "chiara", "centre", "examine");
    let director = signed(
        &one,
        &centre,
        "centre",
        "dario",
        "centre",
        "decide,administer",
    );
    let keeper = signed(&two, &south, "works", "elena", "works", "stock,produce");
    operator(&south, "works", "fabio", "works", "stock");
    let give = |server: &Server, token: &str, name: &str, id: &str, body: Value| {
        let (status, answer) = command(&server.address, token, name, id, &body).unwrap();
        assert_eq!(status, 200, "{name}: {answer}");
        answer
    };
    let thing = |kind: &str, id: &str| -> Value {
        let path = format!("/v1/centre/{kind}/{id}");
        serde_json::from_str(&get_at(&one.address, &director, &path).1).unwrap()
    };
    let until = |what: &str, done: &dyn Fn() -> bool| {
        let come = (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            done()
        });
        assert!(come, "{what}");
    };
    let order = |dossier: &str, attempt: u32| thing("order", &format!("{dossier}-{attempt}"));
    // A dossier whose order waits for a blank at the first works.
    let ordered = |id: &str| {
        let open = json!({ "profile": "specimen-utopia", "reason": "first", "previous": null });
        let opened = give(&one, &enroller, "open-dossier", &format!("open-{id}"), open);
        let dossier = opened["ids"][0].as_str().unwrap().to_owned();
        let of = json!({ "dossier": dossier });
        let enrol = json!({ "dossier": dossier, "confirmed": true, "package": real_package() });
        give(&one, &enroller, "enrol", &format!("enrol-{id}"), enrol);
        give(
            &one,
            &approver,
            "submit-dossier",
            &format!("send-{id}"),
            of.clone(),
        );
        until("the dossier was identified and verified", &|| {
            let known = thing("dossier", &dossier);
            !known["identification"].is_null() && !known["residence"].is_null()
        });
        let known = thing("dossier", &dossier);
        if known["identification"] != json!("clear") {
            // This profile asks two.
            for (name, who) in [("judge", &examiner), ("again", &second_examiner)] {
                let judge = json!({ "dossier": dossier, "same": true });
                give(&one, who, "adjudicate", &format!("{name}-{id}"), judge);
            }
        }
        if known["screening"] != json!("clear") {
            let path = format!("/v1/centre/dossier/{dossier}/findings");
            let shown: Value =
                serde_json::from_str(&get_at(&one.address, &examiner, &path).1).unwrap();
            let clear = json!({ "dossier": dossier, "seen": shown["seen"], "clear": true });
            give(
                &one,
                &examiner,
                "examine-findings",
                &format!("clear-{id}"),
                clear,
            );
        }
        let propose = json!({ "dossier": dossier, "grant": true });
        give(
            &one,
            &examiner,
            "propose",
            &format!("propose-{id}"),
            propose,
        );
        let decide = json!({ "dossier": dossier, "grant": true, "express": false });
        give(&one, &director, "decide", &format!("decide-{id}"), decide);
        dossier
    };
    let first = ordered("1");
    until("the first works took the order", &|| {
        order(&first, 1)["state"] == json!("accepted")
    });
    assert_eq!(order(&first, 1)["works"], json!("works"));
    // The first works are stopped: they give back what they had not begun.
    let act = |works: &str| json!({ "works": works, "act": "act-1" });
    give(&one, &director, "stop-works", "stop", act("works"));
    until("the others got the order", &|| {
        order(&first, 2)["state"] == json!("accepted")
    });
    assert_eq!(order(&first, 1)["state"], json!("cancelled"));
    assert_eq!(order(&first, 2)["works"], json!("works-south"));
    let unknown = command(
        &one.address,
        &director,
        "stop-works",
        "stop-2",
        &act("nobody"),
    );
    assert_eq!(unknown.unwrap().0, 404);
    let count = json!({ "profile": "specimen-utopia", "count": 1 });
    let two_people =
        json!({ "profile": "specimen-utopia", "count": 1, "second": "fabio", "batch": "batch-1" });
    give(&two, &keeper, "receive-blanks", "receive", two_people);
    give(&two, &keeper, "initialise-blanks", "initialise", count);
    let assign = json!({ "profile": "specimen-utopia", "count": 1, "second": "fabio" });
    give(&two, &keeper, "assign-blanks", "assign", assign);
    until("the document was made", &|| {
        thing("dossier", &first)["phase"] == json!("produced")
    });
    // Whoever joined gives the upper half of the numbers and serials.
    assert_eq!(
        thing("dossier", &first)["document"],
        json!("specimen-utopia.D50000001")
    );
    assert_eq!(
        order(&first, 2)["blank"],
        json!("specimen-utopia.UTO5000001")
    );
    // Works that are lost answer nobody: what they had not made is made by others.
    give(&one, &director, "resume-works", "resume", act("works"));
    let second = ordered("2");
    until("the first works took the second order", &|| {
        order(&second, 1)["state"] == json!("accepted")
    });
    give(&one, &director, "lose-works", "lose", act("works"));
    until("the others got the second order", &|| {
        order(&second, 2)["works"] == json!("works-south")
    });
    assert_eq!(order(&second, 1)["state"], json!("cancelled"));
    two.stop();
    one.stop();
}
