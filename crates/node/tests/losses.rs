//! A loss reported at an office: blocked at the centre, known to the registry, answered at the office.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod lives;

use common::{PROFILE, Town, person};
use lives::{document, handed_over, live, reference};
use rilascio_circuit::process::{
    Actor, Block, Document, DocumentId, DocumentState, Loss, LossReport, LossState, Registration,
    Right,
};
use rilascio_node::{Answer, Command, Error, Role};
use rilascio_store::{Error as StoreError, Tx, entity};
use serde::de::DeserializeOwned;

fn row<T: DeserializeOwned>(town: &Town, role: Role, kind: &'static str, id: &str) -> T {
    let id = id.to_owned();
    let store = town.desks[&role].store();
    let found = store.read::<_, StoreError, _>(move |tx: &mut dyn Tx| entity::get(tx, kind, &id));
    serde_json::from_str(&found.unwrap().unwrap().body).unwrap()
}

fn clerk() -> Actor {
    person("carla", "gendarmeria", &[Right::HandOver])
}

fn report(town: &Town, name: &str, actor: &Actor, document: &DocumentId) -> Result<Answer, Error> {
    let command = Command::ReportLoss {
        document: document.clone(),
        dossier: None,
        loss: Loss::Stolen,
        report: reference("police-77"),
    };
    let done = town.give(name, actor, &command);
    town.settle().unwrap();
    done
}

fn rule(outcome: Result<Answer, Error>) -> &'static str {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.rule,
        other => panic!("it was taken: {other:?}"),
    }
}

#[test]
fn a_loss_reported_at_an_office_blocks_the_document_everywhere() {
    let town = Town::in_memory(None);
    live(&town, "life", &handed_over());
    let id = document();
    let last = |town: &Town, number: u32| -> LossReport {
        row(
            town,
            Role::Office,
            "loss-report",
            &format!("gendarmeria-L{number:05}"),
        )
    };
    let nobody = person("ugo", "gendarmeria", &[Right::Enrol]);
    assert_eq!(rule(report(&town, "right", &nobody, &id)), "circuit.right");
    report(&town, "stolen", &clerk(), &id).unwrap();
    assert_eq!(last(&town, 1).state, LossState::Blocked);
    let known: Document = row(&town, Role::Centre, "document", id.as_str());
    assert_eq!(
        (known.state, known.block),
        (DocumentState::Blocked, Some(Block::Stolen))
    );
    let registered: Registration = row(&town, Role::Registry, "registration", id.as_str());
    assert_eq!(registered.document.state, DocumentState::Blocked);
    // Reported twice it is told so, and a number that nobody has is answered too.
    report(&town, "again", &clerk(), &id).unwrap();
    assert_eq!(last(&town, 2).state, LossState::NotInForce);
    let none = DocumentId::parse(&format!("{PROFILE}.SMA999999")).unwrap();
    report(&town, "mistyped", &clerk(), &none).unwrap();
    assert_eq!(last(&town, 3).state, LossState::Unknown);
}

#[test]
fn a_mistyped_number_blocks_nothing_that_is_on_its_way() {
    let town = Town::in_memory(None);
    let mut acts = handed_over();
    let before = acts.len() - 3;
    acts.truncate(before);
    live(&town, "life", &acts);
    let id = document();
    report(&town, "mistyped", &clerk(), &id).unwrap();
    let told: LossReport = row(&town, Role::Office, "loss-report", "gendarmeria-L00001");
    assert_eq!(told.state, LossState::NotInForce);
    let known: Document = row(&town, Role::Centre, "document", id.as_str());
    assert_eq!(known.state, DocumentState::Produced);
}

#[test]
fn a_loss_that_overtakes_the_hand_over_is_heeded_after_it() {
    let town = Town::in_memory(None);
    let mut acts = handed_over();
    let hand_over = acts.pop().unwrap();
    live(&town, "life", &acts);
    let lives::Act::Give(officer, command) = hand_over else {
        panic!("the last act is the hand-over");
    };
    let lost = Command::ReportLoss {
        document: document(),
        dossier: Some(lives::dossier()),
        loss: Loss::Lost,
        report: reference("report-1"),
    };
    assert_eq!(rule(town.give("early", &clerk(), &lost)), "circuit.state");
    // Both wait to be sent when the centre is heard again.
    town.give("hand-over", &officer, &command).unwrap();
    town.give("lost", &clerk(), &lost).unwrap();
    town.settle().unwrap();
    let told: LossReport = row(&town, Role::Office, "loss-report", "gendarmeria-L00001");
    assert_eq!(told.state, LossState::Blocked);
}
