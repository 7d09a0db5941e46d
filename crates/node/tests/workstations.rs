//! Workstations: registered by who runs the site, known by a token, blocked and opened again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Town, person};
use jiff::SignedDuration;
use rilascio_circuit::process::Right;
use rilascio_node::{Error, Role, WorkstationState};

fn rule(outcome: Result<impl Sized, Error>) -> &'static str {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.rule,
        Err(_) => "another fault",
        Ok(_) => "taken",
    }
}

#[test]
fn a_workstation_is_of_its_site_and_remembers_what_was_found_there() {
    let town = Town::in_memory(None);
    let (desk, now) = (&town.desks[&Role::Office], town.now);
    let chief = person("capo", "gendarmeria", &[Right::Administer]);
    let clerk = person("anna", "gendarmeria", &[Right::Enrol]);
    let elsewhere = person("capo", "serravalle", &[Right::Administer]);
    assert_eq!(
        rule(desk.register_workstation("Sportello 1", &clerk, now)),
        "circuit.right"
    );
    for name in ["", "  ", "a\nb", &"x".repeat(61)] {
        assert_eq!(
            rule(desk.register_workstation(name, &chief, now)),
            "another fault"
        );
    }
    let (station, token) = desk
        .register_workstation("Sportello 1", &chief, now)
        .unwrap();
    assert!(desk.workstation("another token").unwrap().is_none());
    assert_eq!(desk.workstation(&token).unwrap(), Some(station.clone()));
    assert!(desk.workstations(&elsewhere).unwrap().is_empty());
    assert_eq!(rule(desk.workstations(&clerk)), "circuit.right");
    // What is found is noted, once a minute.
    desk.see_workstation(&token, Some("0.1.0"), now).unwrap();
    let soon = now + SignedDuration::from_secs(59);
    desk.see_workstation(&token, None, soon).unwrap();
    let seen = desk.workstation(&token).unwrap().unwrap();
    assert_eq!(
        (seen.seen, seen.bridge.as_deref()),
        (Some(now), Some("0.1.0"))
    );
    let later = now + SignedDuration::from_secs(60);
    desk.see_workstation(&token, None, later).unwrap();
    assert_eq!(desk.workstation(&token).unwrap().unwrap().seen, Some(later));
    assert_eq!(
        rule(desk.see_workstation(&token, Some(&"9".repeat(21)), later)),
        "another fault"
    );
    desk.see_workstation("another token", Some("0.1.0"), later)
        .unwrap();
    // Blocked by who runs its site, and nobody else.
    let set = |state, by| rule(desk.set_workstation(&station.id, state, by, now));
    assert_eq!(
        set(WorkstationState::Blocked, &elsewhere),
        "circuit.unknown"
    );
    assert_eq!(set(WorkstationState::Blocked, &clerk), "circuit.right");
    assert_eq!(set(WorkstationState::Registered, &chief), "circuit.state");
    assert_eq!(set(WorkstationState::Blocked, &chief), "taken");
    let blocked = desk.workstation(&token).unwrap().unwrap();
    assert_eq!(blocked.state, WorkstationState::Blocked);
    assert_eq!(set(WorkstationState::Registered, &chief), "taken");
    // The journal has what was done, and no token.
    let journal = town.journal(Role::Office);
    assert!(
        journal
            .iter()
            .filter(|entry| entry.kind == "workstation")
            .count()
            == 3
    );
    assert!(journal.iter().all(|entry| !entry.text.contains(&token[..])));
}
