//! Parcels between works and office: one that comes back, one that is claimed back although it was opened.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Act, PROFILE, Town, life, person};
use rilascio_circuit::process::{
    Actor, BlankState, ConsignmentId, ConsignmentState, DocumentId, DocumentState, DossierId,
    OfficerId, OrderState, Phase, Reason, Reference, Right, SiteId,
};
use rilascio_node::{Command, Error, Role};
use std::collections::BTreeSet;

/// A circuit whose first parcel is on its way.
fn on_the_way() -> Town {
    let town = Town::in_memory(None);
    for act in life() {
        match act {
            Act::Give(name, actor, command) => drop(town.give(name, &actor, &command).unwrap()),
            Act::Settle => town.settle().unwrap(),
            Act::Open(..) => break,
        }
    }
    town
}

fn second() -> OfficerId {
    OfficerId::parse("gino").unwrap()
}

fn counter() -> Actor {
    person("carla", "gendarmeria", &[Right::HandOver])
}

fn keeper() -> Actor {
    person("fabio", "works", &[Right::Stock, Right::Produce])
}

fn document() -> DocumentId {
    DocumentId::parse(&format!("{PROFILE}.SMA000001")).unwrap()
}

fn take_back(found: &[DocumentId]) -> Command {
    Command::TakeBackConsignment {
        consignment: ConsignmentId::parse("works-C000001").unwrap(),
        found: found.iter().cloned().collect(),
        second: second(),
    }
}

fn send_again() -> Command {
    Command::Dispatch {
        office: SiteId::parse("gendarmeria").unwrap(),
        orders: BTreeSet::new(),
        seal: Reference::parse("seal-2").unwrap(),
        second: second(),
    }
}

fn phase(town: &Town, role: Role) -> Phase {
    let dossier = DossierId::parse("gendarmeria-000001").unwrap();
    town.books(role).dossiers[dossier.as_str()].phase
}

fn parcel(town: &Town, role: Role, name: &str) -> ConsignmentState {
    town.books(role).consignments[name].state
}

#[test]
fn what_comes_back_goes_out_in_another_parcel() {
    let town = on_the_way();
    town.give("back", &keeper(), &take_back(&[document()]))
        .unwrap();
    assert_eq!(
        parcel(&town, Role::Works, "works-C000001"),
        ConsignmentState::ComingBack
    );
    // Before the office has spoken nothing leaves a second time.
    assert!(town.give("early", &keeper(), &send_again()).is_err());
    town.settle().unwrap();
    assert_eq!(
        parcel(&town, Role::Works, "works-C000001"),
        ConsignmentState::Returned
    );
    for role in [Role::Office, Role::Centre] {
        assert_eq!(phase(&town, role), Phase::Produced, "{role:?}");
    }
    let works = town.books(Role::Works);
    assert_eq!(
        works.orders["gendarmeria-000001-1"].state,
        OrderState::Produced
    );
    assert!(
        works
            .blanks
            .values()
            .any(|blank| blank.state == BlankState::Finished)
    );
    let late = town.open(&counter(), &second());
    assert!(matches!(late, Err(Error::Refused(why)) if why.rule == Reason::State.refusal().rule));

    town.give("again", &keeper(), &send_again()).unwrap();
    town.settle().unwrap();
    assert_eq!(phase(&town, Role::Centre), Phase::Dispatched);
    town.open_parcel("open-second", "works-C000002", &counter(), &second())
        .unwrap();
    town.settle().unwrap();
    assert_eq!(phase(&town, Role::Office), Phase::AtOffice);
    assert_eq!(
        parcel(&town, Role::Works, "works-C000002"),
        ConsignmentState::Received
    );
}

#[test]
fn what_the_office_opened_does_not_come_back() {
    let town = on_the_way();
    town.open(&counter(), &second()).unwrap();
    town.give("back", &keeper(), &take_back(&[document()]))
        .unwrap();
    town.settle().unwrap();
    assert_eq!(
        parcel(&town, Role::Works, "works-C000001"),
        ConsignmentState::Received
    );
    assert_eq!(phase(&town, Role::Office), Phase::AtOffice);
    assert!(town.give("again", &keeper(), &send_again()).is_err());
}

#[test]
fn what_is_not_in_the_parcel_that_comes_back_is_blocked_and_made_again() {
    let town = on_the_way();
    town.give("back", &keeper(), &take_back(&[])).unwrap();
    town.settle().unwrap();
    let centre = town.books(Role::Centre);
    assert_eq!(
        centre.documents[document().as_str()].state,
        DocumentState::Blocked
    );
    let works = town.books(Role::Works);
    assert!(
        works
            .blanks
            .values()
            .any(|blank| blank.state == BlankState::Missing)
    );
    assert_eq!(
        works.orders["gendarmeria-000001-2"].state,
        OrderState::Produced
    );
}

#[test]
fn one_person_alone_counts_nothing_back() {
    let town = on_the_way();
    let alone = Command::TakeBackConsignment {
        consignment: ConsignmentId::parse("works-C000001").unwrap(),
        found: BTreeSet::from([document()]),
        second: keeper().officer,
    };
    assert!(town.give("alone", &keeper(), &alone).is_err());
    let foreign = take_back(&[DocumentId::parse(&format!("{PROFILE}.SMA000009")).unwrap()]);
    assert!(town.give("foreign", &keeper(), &foreign).is_err());
}
