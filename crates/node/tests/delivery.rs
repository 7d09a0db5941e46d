//! From the works to the holder: parcels that come back, shelves, and appointments.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Act, PROFILE, Town, Yes, life, package_of, person};
use jiff::civil::{DateTime, date};
use rilascio_circuit::process::{
    Actor, BlankState, ConsignmentId, ConsignmentState, DocumentId, DocumentState, DossierId,
    HolderCheck, IssueReason, OfficerId, OrderState, Phase, Reason, Reference, Right, SiteId,
    Surrender,
};
use rilascio_node::{Command, Error, Receipt, Role};
use std::collections::BTreeSet;
use std::sync::Arc;

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
        tracking: None,
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
fn a_parcel_of_which_the_office_never_speaks_is_given_up() {
    let town = on_the_way();
    town.give("back", &keeper(), &take_back(&[document()]))
        .unwrap();
    let lost = Command::ReportLostConsignment {
        consignment: ConsignmentId::parse("works-C000001").unwrap(),
    };
    town.give("lost", &keeper(), &lost).unwrap();
    town.settle().unwrap();
    assert_eq!(
        parcel(&town, Role::Works, "works-C000001"),
        ConsignmentState::Lost
    );
    let centre = town.books(Role::Centre);
    assert_eq!(
        centre.documents[document().as_str()].state,
        DocumentState::Blocked
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

/// Two documents that wait at their office, ready to be collected, and the mails that were sent.
fn two_ready() -> (Town, Arc<Yes>, [DossierId; 2]) {
    let mut town = Town::in_memory(None);
    let advisers = Arc::new(Yes::default());
    town.tools.advisers = Arc::clone(&advisers) as Arc<_>;
    let ids = [1, 2].map(|n| DossierId::parse(&format!("gendarmeria-{n:06}")).unwrap());
    let clerk = person("anna", "gendarmeria", &[Right::Enrol]);
    let chief = person("bruno", "gendarmeria", &[Right::Approve]);
    let examiner = person("dario", "centre", &[Right::Examine]);
    let director = person("elena", "centre", &[Right::Decide]);
    let give = |name: &str, who: &Actor, command: Command| {
        town.give(name, who, &command).unwrap();
    };
    for (id, surname) in ids.iter().zip(["Müller", "Rossi"]) {
        let mut package = package_of(surname);
        let mail = format!("[delivery]\nmail = \"{id}@example.org\"\n");
        package.application = package.application.replace("[delivery]\n", &mail);
        let open = Command::OpenDossier {
            profile: PROFILE.into(),
            reason: IssueReason::First,
            previous: None,
        };
        let enrol = Command::Enrol {
            dossier: id.clone(),
            package,
            confirmed: true,
        };
        give(&format!("open-{id}"), &clerk, open);
        give(&format!("enrol-{id}"), &clerk, enrol);
        let submit = Command::SubmitDossier {
            dossier: id.clone(),
        };
        give(&format!("submit-{id}"), &chief, submit);
    }
    town.settle().unwrap();
    for (act, name) in life().into_iter().zip(0..) {
        if let Act::Give("blanks" | "initialise" | "assign", who, command) = act {
            give(&format!("stock-{name}"), &who, command);
        }
    }
    for id in &ids {
        let propose = Command::Propose {
            dossier: id.clone(),
            grant: true,
            reasons: None,
        };
        let decide = Command::Decide {
            dossier: id.clone(),
            grant: true,
            express: false,
            reasons: None,
        };
        give(&format!("propose-{id}"), &examiner, propose);
        give(&format!("decide-{id}"), &director, decide);
    }
    town.settle().unwrap();
    give("send", &keeper(), send_again());
    town.settle().unwrap();
    town.open(&counter(), &second()).unwrap();
    for id in &ids {
        let activate = Command::Activate {
            dossier: id.clone(),
            check: HolderCheck::Face,
        };
        give(&format!("activate-{id}"), &counter(), activate);
    }
    town.settle().unwrap();
    (town, advisers, ids)
}

fn refused(outcome: Result<impl Sized, Error>) -> &'static str {
    match outcome.err().unwrap() {
        Error::Refused(why) => why.rule,
        other => panic!("{other}"),
    }
}

#[test]
fn a_time_is_given_to_as_many_as_there_are_places() {
    let (town, advisers, [one, other]) = two_ready();
    let desk = &town.desks[&Role::Office];
    let appoint = |name: &str, dossier: &DossierId, at: DateTime| {
        let dossier = dossier.clone();
        town.give(name, &counter(), &Command::SetAppointment { dossier, at })
    };
    let times = desk.free_times(&one, &counter(), town.now).unwrap();
    // 22 November 2026 is a Sunday; the office opens at nine the next day.
    let first = date(2026, 11, 23).at(9, 0, 0, 0);
    assert_eq!(times[0], first);
    appoint("a1", &one, first).unwrap();
    assert_eq!(refused(appoint("a2", &other, first)), "circuit.slot-taken");
    let free = desk.free_times(&other, &counter(), town.now).unwrap();
    assert!(!free.contains(&first));
    for (name, closed) in [
        ("today", date(2026, 11, 22).at(9, 0, 0, 0)),
        ("saturday", date(2026, 11, 28).at(9, 0, 0, 0)),
        ("afternoon", date(2026, 11, 23).at(13, 0, 0, 0)),
        ("between", date(2026, 11, 23).at(9, 7, 0, 0)),
        ("too-late", date(2027, 11, 23).at(9, 0, 0, 0)),
    ] {
        assert_eq!(
            refused(appoint(name, &other, closed)),
            "circuit.no-appointment",
            "{name}"
        );
    }
    // Whoever comes at another time leaves the place.
    appoint("a3", &one, times[1]).unwrap();
    appoint("a4", &other, first).unwrap();
    town.settle().unwrap();
    let call_off = Command::CallOffAppointment {
        dossier: other.clone(),
    };
    town.give("a5", &counter(), &call_off).unwrap();
    town.settle().unwrap();
    let mails = advisers.0.lock().unwrap();
    let mail = |word: &str| mails.iter().filter(|mail| mail.text.contains(word)).count();
    assert_eq!((mail("23/11/2026 09:00"), mail("23/11/2026 09:15")), (1, 1));
    assert_eq!(mail("is called off"), 1);
}

#[test]
fn the_holder_makes_an_appointment_with_the_receipt() {
    let (town, _, [one, _]) = two_ready();
    let desk = &town.desks[&Role::Office];
    let clerk = person("anna", "gendarmeria", &[Right::Enrol]);
    let receipt = desk.receipt(&one, &clerk, town.now).unwrap();
    let times = desk.times_of_holder(&receipt, town.now).unwrap();
    desk.holder_comes(&receipt, Some(times[3]), town.now)
        .unwrap();
    let seen = |receipt: &Receipt| {
        let mut view = rilascio_node::ApplicantView::default();
        assert!(desk.show_applicant(receipt, &mut view).unwrap());
        view.appointment
    };
    assert_eq!(seen(&receipt), Some(times[3]));
    let shelve = Command::ShelveDocument {
        dossier: one.clone(),
        shelf: Reference::parse("A-12").unwrap(),
    };
    town.give("shelve", &counter(), &shelve).unwrap();
    let site = SiteId::parse("gendarmeria").unwrap();
    let waiting = desk.waiting_documents(&site, town.now).unwrap();
    let own = waiting
        .iter()
        .find(|waiting| waiting.dossier == one)
        .unwrap();
    assert_eq!(own.appointment, Some(times[3]));
    assert_eq!(own.shelf.as_ref().unwrap().as_str(), "A-12");
    assert!(!own.overdue);
    desk.holder_comes(&receipt, None, town.now).unwrap();
    assert_eq!(seen(&receipt), None);

    let wrong = Receipt {
        code: "0000-0000-0000".to_owned(),
        ..receipt.clone()
    };
    assert_eq!(
        refused(desk.holder_comes(&wrong, Some(times[0]), town.now)),
        "circuit.unknown"
    );
    assert_eq!(
        refused(desk.times_of_holder(&wrong, town.now)),
        "circuit.unknown"
    );
    // Whoever has the document comes no more, and nothing of it lies on a shelf.
    let hand_over = Command::HandOver {
        dossier: one.clone(),
        check: HolderCheck::Finger,
        surrender: Surrender::FirstIssue,
    };
    town.give("hand-over", &counter(), &hand_over).unwrap();
    assert_eq!(
        refused(desk.holder_comes(&receipt, Some(times[0]), town.now)),
        "circuit.activation"
    );
    let waiting = desk.waiting_documents(&site, town.now).unwrap();
    assert!(waiting.iter().all(|waiting| waiting.dossier != one));
}
