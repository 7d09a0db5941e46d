//! What is taken before it is confirmed: kept at every step, seen by its own office only, and forgotten when it was sent or
//! given up.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{MARK, PROFILE, Town, package, person};
use rilascio_circuit::process::{Actor, DossierId, IssueReason, Right};
use rilascio_node::{Command, Desk, Error, Role};
use rilascio_store::{Error as StoreError, journal};
use std::sync::Arc;

fn clerk() -> Actor {
    person("anna", "gendarmeria", &[Right::Enrol])
}

fn opened() -> (Town, Arc<Desk>, DossierId) {
    let town = Town::in_memory(None);
    let open = Command::OpenDossier {
        profile: PROFILE.into(),
        reason: IssueReason::First,
        previous: None,
    };
    let opened = town.give("open", &clerk(), &open).unwrap();
    let desk = Arc::clone(&town.desks[&Role::Office]);
    (town, desk, DossierId::parse(&opened.ids[0]).unwrap())
}

fn rule<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.rule,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_draft_outlives_the_node_and_is_forgotten_when_it_was_sent() {
    let (mut town, desk, id) = opened();
    let fields = r#"{"person":{"surname":"MARKED-SURNAME"}}"#;
    desk.save_draft(&id, fields, &clerk(), town.now).unwrap();
    desk.save_draft_image(&id, "right-index", MARK, &clerk(), town.now)
        .unwrap();
    drop(desk);
    town.restart();
    let desk = Arc::clone(&town.desks[&Role::Office]);
    let draft = desk.draft(&id, &clerk(), town.now).unwrap();
    assert_eq!(draft.fields.unwrap().as_str(), fields);
    let image = desk.draft_image(&id, "right-index", &clerk(), town.now);
    assert_eq!(&image.unwrap()[..], MARK);
    // Nobody elsewhere, and nobody without the right.
    let stranger = person("olga", "elsewhere", &[Right::Enrol]);
    assert_eq!(rule(desk.draft(&id, &stranger, town.now)), "circuit.site");
    let keeper = person("fabio", "gendarmeria", &[Right::Stock]);
    let seen = desk.draft_image(&id, "right-index", &keeper, town.now);
    assert_eq!(rule(seen), "circuit.right");
    for name in ["", "../x", "Right", &"x".repeat(41)] {
        let saved = desk.save_draft_image(&id, name, MARK, &clerk(), town.now);
        assert!(matches!(saved, Err(Error::Malformed { .. })), "{name}");
    }
    let large = "x".repeat(65 * 1024);
    let saved = desk.save_draft(&id, &large, &clerk(), town.now);
    assert_eq!(rule(saved), "circuit.too-many");
    let enrol = Command::Enrol {
        dossier: id.clone(),
        package: package(),
        confirmed: true,
    };
    town.give("enrol", &clerk(), &enrol).unwrap();
    let chief = person("bruno", "gendarmeria", &[Right::Approve]);
    let submit = Command::SubmitDossier {
        dossier: id.clone(),
    };
    town.give("submit", &chief, &submit).unwrap();
    let draft = desk.draft(&id, &clerk(), town.now).unwrap();
    assert!(draft.fields.is_none() && draft.images.is_empty());
    assert!(desk.save_draft(&id, fields, &clerk(), town.now).is_err());
    let entries = desk
        .store()
        .read::<_, StoreError, _>(|tx| journal::entries(tx, 0, 1000))
        .unwrap();
    let text: String = entries.into_iter().map(|entry| entry.text).collect();
    assert!(
        text.contains(r#"["read","image/right-index"]"#),
        "who looked"
    );
    assert!(!text.contains("MARKED"));
}

#[test]
fn a_draft_that_was_given_up_is_forgotten_in_time() {
    let (mut town, desk, id) = opened();
    desk.save_draft_image(&id, "portrait", MARK, &clerk(), town.now)
        .unwrap();
    // Whoever goes on with it has the whole term again.
    town.pass(60);
    desk.save_draft(&id, "{}", &clerk(), town.now).unwrap();
    town.pass(60);
    town.settle().unwrap();
    assert_eq!(desk.draft(&id, &clerk(), town.now).unwrap().images.len(), 1);
    town.pass(31);
    town.settle().unwrap();
    let draft = desk.draft(&id, &clerk(), town.now).unwrap();
    assert!(draft.images.is_empty() && draft.fields.is_none());
}
