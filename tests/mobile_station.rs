//! A mobile station: an office on a laptop that takes a dossier in the browser while no other node is there, dies on the way,
//! and sends it when the centre can be reached.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::journey::{browser, travel};
use common::server::Server;
use common::{folder, free_port, root};
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn a_dossier_is_taken_while_nobody_else_is_there_and_arrives_later() {
    let Some(browser) = browser() else { return };
    let pictures = root().join("target/portal-mobile");
    let place = folder("mobile");
    let (centre, kit) = (place.join("centre"), place.join("kit"));
    std::fs::create_dir_all(&centre).unwrap();
    let offices = "[[office]]\nsite = \"gendarmeria\"\nname = \"Gendarmeria\"\n[office.starts]\nsm-permit = \"2020-01-01\"\n";
    std::fs::write(centre.join("offices.toml"), offices).unwrap();
    let run = |arguments: &[&str]| {
        let output = common::rilascio(arguments);
        assert!(output.status.success(), "{}", common::errors(&output));
    };
    let (centre_text, kit_text) = (centre.to_str().unwrap(), kit.to_str().unwrap());
    run(&["circuit", "found", "--data", centre_text]);
    run(&[
        "circuit",
        "member",
        "office",
        "--data",
        centre_text,
        "--out",
        kit_text,
    ]);
    std::fs::write(kit.join("offices.toml"), offices).unwrap();
    let address = || format!("127.0.0.1:{}", free_port());
    let own = ["centre", "works", "registry"].map(|role| (role, address()));
    let theirs = address();
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
    let start = |data: &Path, arguments: &[String]| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Server::start(data, &arguments)
    };
    let station = start(&kit, &there);
    let named = |name: &str, rights: &str| {
        common::server::operator(&kit, "office", name, "gendarmeria", rights)
    };
    let known = BTreeMap::from([
        ("anna", named("anna", "enrol")),
        ("bruno", named("bruno", "approve")),
    ]);
    let operators = place.join("operators.json");
    std::fs::write(&operators, serde_json::to_string(&known).unwrap()).unwrap();
    let examples = root().join("examples");
    let stage = |station: &Server, stage: &str| {
        travel(
            &browser,
            "http://127.0.0.1:4710",
            "mobile.mjs",
            &[
                Path::new(&format!("http://{}", station.address)),
                &operators,
                &examples,
                Path::new(stage),
                &pictures,
            ],
        );
    };
    stage(&station, "begin");
    station.kill();
    let station = start(&kit, &there);
    stage(&station, "send");
    let circuit = start(&centre, &here);
    stage(&station, "arrive");
    station.stop();
    circuit.stop();
}
