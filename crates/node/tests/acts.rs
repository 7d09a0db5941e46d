//! Acts: drawn up with their step, set, signed, sent to the office, kept as long as the record, in no table as plain text.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod lives;

use common::{Town, person};
use lives::{dossier, live, propose, refused, sent, why};
use rilascio_circuit::process::{Actor, Phase, Reference, Right};
use rilascio_circuit::{ACT_FACTS, ActKind};
use rilascio_node::{Act, ActEntry, Command, Error, Prose, Role};
use rilascio_pki::SignedData;
use std::process::Command as Program;
use std::sync::Arc;

/// A town whose profile gives notice of refusals.
fn town() -> Town {
    Town::under("notice_days = 10\n")
}

/// Lives the acts of a life, one after the other.
fn reader(role: Role) -> Actor {
    match role {
        Role::Office => person("anna", "gendarmeria", &[Right::Enrol]),
        _ => person("dario", "centre", &[Right::Examine]),
    }
}

fn acts(town: &Town, role: Role) -> Vec<ActEntry> {
    let found = town.desks[&role].acts(&dossier(), &reader(role), town.now);
    found.unwrap()
}

fn letter(town: &Town, role: Role, number: &Reference) -> Result<String, Error> {
    let read = town.desks[&role].act(&dossier(), number, &reader(role), town.now)?;
    Ok(String::from_utf8_lossy(&read.bytes).into_owned())
}

#[test]
fn an_office_gets_every_act_of_a_dossier_signed_by_the_centre() {
    let town = town();
    live(&town, "life", &refused()[..10]);
    for role in [Role::Centre, Role::Office] {
        let listed = acts(&town, role);
        let kinds: Vec<ActKind> = listed.iter().map(|entry| entry.act.kind).collect();
        assert_eq!(
            kinds,
            [ActKind::PapersRequest, ActKind::Refusal],
            "{role:?}"
        );
        assert_eq!(listed[0].act.number.as_str(), "centre-A000001");
        let asked = letter(&town, role, &listed[0].act.number).unwrap();
        let named = asked.contains("MUELLER") || asked.contains("MÜLLER");
        assert!(named && asked.contains("contract"), "{asked}");
        let refusal = letter(&town, role, &listed[1].act.number).unwrap();
        for fact in [why().as_str(), "La domanda è respinta", "dario", "elena"] {
            assert!(refusal.contains(fact), "{fact}: {refusal}");
        }
        for fact in ACT_FACTS {
            assert!(
                !refusal.contains(&format!("{{{fact}}}")),
                "{fact}: {refusal}"
            );
        }
    }
    assert_eq!(acts(&town, Role::Office), acts(&town, Role::Centre));
    // Its digest is in the journal; what it says is not.
    let entries = town.journal(Role::Centre);
    let texts: String = entries.into_iter().map(|entry| entry.text).collect();
    let refusal = &acts(&town, Role::Centre)[1];
    let digest = serde_json::to_string(&refusal.digest).unwrap();
    assert!(texts.contains(&digest));
    assert!(!texts.contains("redditi"));
}

#[test]
fn nobody_is_refused_without_reasons() {
    let town = Town::in_memory(None);
    live(&town, "life", &sent());
    let examiner = reader(Role::Centre);
    let refuse = Command::Propose {
        dossier: dossier(),
        grant: false,
        reasons: None,
    };
    let Err(Error::Refused(refusal)) = town.give("bare", &examiner, &refuse) else {
        panic!("a refusal without reasons was taken");
    };
    assert_eq!(refusal.rule, "circuit.reasons");
    // A director who does not follow a proposal says why.
    live(&town, "grant", &[propose(true)]);
    let decide = |reasons: Option<Prose>| Command::Decide {
        dossier: dossier(),
        grant: false,
        express: false,
        reasons,
    };
    let director = person("elena", "centre", &[Right::Decide]);
    assert!(town.give("silent", &director, &decide(None)).is_err());
    town.give("said", &director, &decide(Some(why()))).unwrap();
    town.settle().unwrap();
    let known = town.desks[&Role::Office].dossier(dossier().as_str());
    assert_eq!(known.unwrap().unwrap().phase, Phase::Refused);
    assert_eq!(acts(&town, Role::Office).len(), 1);
}

#[test]
fn the_centre_hears_when_an_office_handed_an_act_over() {
    let mut town = town();
    live(&town, "life", &refused()[..10]);
    let refusal = acts(&town, Role::Office)[1].act.clone();
    town.pass(5);
    let clerk = person("carla", "gendarmeria", &[Right::HandOver]);
    let serve = |act: &Reference| Command::ServeAct {
        dossier: dossier(),
        act_number: act.clone(),
    };
    town.give("serve", &clerk, &serve(&refusal.number)).unwrap();
    town.settle().unwrap();
    for role in [Role::Office, Role::Centre] {
        let known = town.desks[&role].dossier(dossier().as_str());
        let served = known.unwrap().unwrap().served;
        assert_eq!(served.len(), 1, "{role:?}");
        assert_eq!(served[0].act, refusal.number);
        assert_eq!(
            (served[0].at, &served[0].officer),
            (town.now, &clerk.officer)
        );
    }
    let refused = |act: &Reference| match town.give("again", &clerk, &serve(act)) {
        Err(Error::Refused(refusal)) => refusal.rule,
        other => panic!("it was taken: {other:?}"),
    };
    assert_eq!(refused(&refusal.number), "circuit.exists");
    let other = Reference::parse("centre-A999999").unwrap();
    assert_eq!(refused(&other), "circuit.unknown");
}

#[test]
fn acts_are_kept_as_long_as_the_record_and_no_longer() {
    let mut town = town();
    live(&town, "life", &refused()[..10]);
    let number = acts(&town, Role::Office)[1].act.number.clone();
    town.pass(3000);
    town.settle().unwrap();
    assert!(letter(&town, Role::Office, &number).is_ok());
    town.pass(11 * 366 - 3000);
    town.settle().unwrap();
    for role in [Role::Centre, Role::Office] {
        assert!(acts(&town, role).is_empty(), "{role:?}");
        assert!(letter(&town, role, &number).is_err());
    }
}

#[test]
fn a_letter_that_cannot_be_set_waits_and_is_set_later() {
    struct Broken;
    impl rilascio_node::Scribe for Broken {
        fn write(&self, _: &Act) -> Result<Vec<u8>, String> {
            Err("no font".into())
        }
    }
    let mut town = town();
    let whole = std::mem::replace(&mut town.tools.scribe, Arc::new(Broken));
    live(&town, "life", &refused()[..4]);
    assert!(acts(&town, Role::Centre).is_empty());
    town.tools.scribe = whole;
    town.pass(1);
    town.settle().unwrap();
    assert_eq!(acts(&town, Role::Office).len(), 1);
}

#[test]
fn openssl_verifies_an_act_as_an_advanced_signature() {
    if Program::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: no openssl here (Debian: apt install openssl)");
        return;
    }
    let town = town();
    live(&town, "life", &refused()[..10]);
    let number = acts(&town, Role::Office)[1].act.number.clone();
    let desk = &town.desks[&Role::Office];
    let signed = desk.signed_act(&dossier(), &number, &reader(Role::Office), town.now);
    let signed = signed.unwrap();
    let folder = std::env::temp_dir().join(format!("rilascio-act-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(file("act.p7m"), &signed).unwrap();
    std::fs::write(file("ca.cer"), town.authority_certificate().der()).unwrap();
    let run = |arguments: &[&str]| {
        let done = Program::new("openssl").args(arguments).output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        done.stdout
    };
    run(&[
        "x509",
        "-inform",
        "DER",
        "-in",
        &file("ca.cer"),
        "-out",
        &file("ca.pem"),
    ]);
    let at = town.now.as_second().to_string();
    let content = run(&[
        "cms",
        "-verify",
        "-cades",
        "-binary",
        "-inform",
        "DER",
        "-in",
        &file("act.p7m"),
        "-CAfile",
        &file("ca.pem"),
        "-purpose",
        "any",
        "-attime",
        &at,
    ]);
    assert_eq!(content, SignedData::decode(&signed).unwrap().content);
    std::fs::remove_dir_all(&folder).unwrap();
}
