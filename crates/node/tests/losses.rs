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
    let state =
        |town: &Town| row::<LossReport>(town, Role::Office, "loss-report", id.as_str()).state;
    assert_eq!(
        rule(report(
            &town,
            "right",
            &person("ugo", "gendarmeria", &[Right::Enrol]),
            &id
        )),
        "circuit.right"
    );
    report(&town, "stolen", &clerk(), &id).unwrap();
    assert_eq!(state(&town), LossState::Blocked);
    let known: Document = row(&town, Role::Centre, "document", id.as_str());
    assert_eq!(
        (known.state, known.block),
        (DocumentState::Blocked, Some(Block::Stolen))
    );
    let registered: Registration = row(&town, Role::Registry, "registration", id.as_str());
    assert_eq!(registered.document.state, DocumentState::Blocked);
    assert_eq!(
        rule(report(&town, "again", &clerk(), &id)),
        "circuit.exists"
    );
    // A number that nobody has is answered too, and can be reported again when it was mistyped.
    let none = DocumentId::parse(&format!("{PROFILE}.SMA999999")).unwrap();
    for name in ["mistyped", "mistyped-again"] {
        report(&town, name, &clerk(), &none).unwrap();
        let told: LossReport = row(&town, Role::Office, "loss-report", none.as_str());
        assert_eq!(told.state, LossState::Unknown);
    }
}
