//! Spoiled cards: photographed, destroyed before a witness, and forgotten.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Act, MARK, PROFILE, Town, life, person};
use jiff::SignedDuration;
use rilascio_circuit::process::{Actor, BlankSerial, Defect, OfficerId, Reference, Right};
use rilascio_exchange::message::{Bytes, Paper};
use rilascio_node::{Answer, Command, Error, Media, Role};
use rilascio_store::{Error as StoreError, journal};
use std::collections::BTreeSet;
use std::sync::Arc;

fn keeper() -> Actor {
    person("fabio", "works", &[Right::Stock, Right::Produce])
}

fn card() -> BlankSerial {
    BlankSerial::parse(&format!("{PROFILE}.SMP0000001")).unwrap()
}

/// Works whose profile asks for photographs, with a card that somebody spoiled.
fn spoiled() -> Town {
    let town = Town::under("spoiled_photograph = true\n");
    for act in life() {
        if let Act::Give(name @ ("blanks" | "initialise" | "assign"), who, command) = act {
            town.give(name, &who, &command).unwrap();
        }
    }
    let spoil = Command::SpoilBlank {
        blank: card(),
        defect: Defect::Handling,
    };
    town.give("spoil", &keeper(), &spoil).unwrap();
    town
}

fn photograph(bytes: &[u8]) -> Command {
    Command::PhotographBlank {
        blank: card(),
        papers: vec![Paper {
            title: Reference::parse("front").unwrap(),
            content: Bytes(bytes.to_vec()),
        }],
    }
}

fn destroy(town: &Town, name: &str) -> Result<Answer, Error> {
    let destroy = Command::DestroyBlanks {
        blanks: BTreeSet::from([card()]),
        second: OfficerId::parse("gino").unwrap(),
    };
    town.give(name, &keeper(), &destroy)
}

#[test]
fn no_card_is_destroyed_before_its_photograph_is_taken() {
    let mut town = spoiled();
    let early = destroy(&town, "early");
    assert!(matches!(early, Err(Error::Refused(why)) if why.rule == "circuit.photograph"));
    let picture = [&[0xFF, 0xD8, 0xFF, 0xE0], MARK].concat();
    for (name, wrong) in [("pdf", &b"%PDF-1.7"[..]), ("text", b"no image")] {
        let outcome = town.give(name, &keeper(), &photograph(wrong));
        assert!(matches!(outcome, Err(Error::Malformed { .. })), "{name}");
    }
    town.give("photograph", &keeper(), &photograph(&picture))
        .unwrap();

    let works = Arc::clone(&town.desks[&Role::Works]);
    let listed = works.photographs(&card(), &keeper(), town.now).unwrap();
    assert_eq!((listed.len(), listed[0].title.as_str()), (1, "front"));
    let seen = works.photograph(&card(), 1, &keeper(), town.now).unwrap();
    assert_eq!((seen.media, &seen.bytes[..]), (Media::Jpeg, &picture[..]));
    let clerk = person("anna", "gendarmeria", &[Right::Enrol]);
    assert!(works.photograph(&card(), 1, &clerk, town.now).is_err());
    assert!(works.photograph(&card(), 2, &keeper(), town.now).is_err());

    destroy(&town, "destroy").unwrap();
    let late = town.give("late", &keeper(), &photograph(&picture));
    assert!(matches!(late, Err(Error::Refused(why)) if why.rule == "circuit.state"));
    // The journal knows who looked, and nothing of what was seen.
    let entries = works
        .store()
        .read::<_, StoreError, _>(|tx| journal::entries(tx, 0, 1000))
        .unwrap();
    let mark = String::from_utf8_lossy(MARK).into_owned();
    assert!(
        entries
            .iter()
            .any(|entry| entry.kind == "papers" && entry.text.contains("read"))
    );
    assert!(entries.iter().all(|entry| !entry.text.contains(&mark)));

    // A face is not kept longer than a face.
    town.now += SignedDuration::from_hours(24 * 91);
    while works.work_one(&town.tools, town.now).unwrap() {}
    assert!(
        works
            .photographs(&card(), &keeper(), town.now)
            .unwrap()
            .is_empty()
    );
}
