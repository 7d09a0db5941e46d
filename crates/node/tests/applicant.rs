//! A holder without an account sees where the dossier is, and which administration looked the document up.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Act, Town, life, person};
use rilascio_circuit::process::{DocumentState, DossierId, Phase, Reference, Right};
use rilascio_node::{ApplicantView, Command, Receipt, Role};

fn look(town: &Town, receipt: &Receipt) -> Option<ApplicantView> {
    let mut view = ApplicantView::default();
    let mut known = false;
    for desk in town.desks.values() {
        known |= desk.show_applicant(receipt, &mut view).unwrap();
    }
    known.then_some(view)
}

#[test]
fn the_receipt_shows_the_dossier_its_document_and_who_looked() {
    let town = Town::in_memory(None);
    let dossier = DossierId::parse("gendarmeria-000001").unwrap();
    let office = town.desks[&Role::Office].clone();
    let mut receipt = None;
    for act in life() {
        match &act {
            Act::Give(id, actor, command) => drop(town.give(id, actor, command).unwrap()),
            Act::Open(actor, second) => drop(town.open(actor, second).unwrap()),
            Act::Settle => town.settle().unwrap(),
        }
        if receipt.is_none() {
            let clerk = person("anna", "gendarmeria", &[Right::Enrol]);
            let made = office.receipt(&dossier, &clerk, town.now).unwrap();
            let again = office.receipt(&dossier, &clerk, town.now).unwrap();
            assert_eq!(made, again);
            let phase = look(&town, &made).unwrap().phase;
            assert_eq!(phase, Some(Phase::Draft));
            let stranger = person("olga", "elsewhere", &[Right::Enrol]);
            assert!(office.receipt(&dossier, &stranger, town.now).is_err());
            receipt = Some(made);
        }
    }
    let receipt = receipt.unwrap();
    let view = look(&town, &receipt).unwrap();
    assert_eq!(view.phase, Some(Phase::HandedOver));
    // Three working days from the Sunday on which it was ordered; it came on the same day.
    assert_eq!(view.promised, Some(jiff::civil::date(2026, 11, 25)));
    let promises = office.promises().unwrap();
    assert_eq!((promises.kept, promises.missed), (1, 0));
    assert_eq!(view.documents.len(), 1);
    assert_eq!(view.documents[0].state, DocumentState::InForce);
    assert!(view.documents[0].seen_by.is_empty());
    let name = |text: &str| Reference::parse(text).unwrap();
    let clerk = person("rita", "registry", &[Right::Administer]);
    let grant = Command::GrantAccess {
        administration: name("labour-office"),
        purpose: name("act-12"),
        until: jiff::civil::date(2027, 1, 1),
    };
    let grant = town.give("grant", &clerk, &grant).unwrap();
    let visitor = person("luca", "labour-office", &[Right::LookUp]);
    let look_up = Command::LookUp {
        grant: name(&grant.ids[0]),
        document: view.documents[0].document.clone(),
        case: name("case-7"),
    };
    town.give("look", &visitor, &look_up).unwrap();
    let seen = look(&town, &receipt).unwrap().documents[0].seen_by.clone();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].administration.as_str(), seen[0].case.as_str()),
        ("labour-office", "case-7")
    );
    // Written down by hand.
    let sloppy = Receipt {
        dossier: dossier.clone(),
        code: receipt
            .code
            .replace('-', " ")
            .replace('0', "o")
            .to_lowercase(),
    };
    assert_eq!(look(&town, &sloppy), look(&town, &receipt));
    for code in ["", "0000-0000-0000", &receipt.code[1..]] {
        let wrong = Receipt {
            dossier: dossier.clone(),
            code: code.to_owned(),
        };
        assert_eq!(look(&town, &wrong), None);
    }
}
