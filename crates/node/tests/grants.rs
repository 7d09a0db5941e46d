//! Rights for a time: a stand-in never has more than the absent officer, an emergency alarms until somebody else has looked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Town, person};
use jiff::{SignedDuration, Timestamp};
use rilascio_circuit::process::{Actor, ConsignmentId, OfficerId, Reference, Right};
use rilascio_node::{
    Command, Desk, EmergencyRequest, Error, GrantState, GrantStep, Prose, Role, SignIn,
    SubstitutionRequest,
};
use std::collections::BTreeSet;
use std::sync::Arc;

const PASSWORD: &str = "una-nuvola-sul-tavolo";
const REASON: &str = "The director fell ill, MARKED-NAME travels tonight.";

/// An office with a clerk, an approver, a stranger to both, and an administrator.
struct Office {
    town: Town,
    desk: Arc<Desk>,
}

fn rights(rights: &[Right]) -> BTreeSet<Right> {
    rights.iter().copied().collect()
}

fn rule(outcome: Result<impl Sized, Error>) -> &'static str {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.rule,
        Err(_) => "another fault",
        Ok(_) => "taken",
    }
}

impl Office {
    fn new() -> Self {
        let town = Town::in_memory(None);
        let desk = Arc::clone(&town.desks[&Role::Office]);
        let office = Self { town, desk };
        for (name, rights) in [
            ("anna", &[Right::Enrol][..]),
            (
                "bruno",
                &[Right::Approve, Right::HandOver, Right::Administer],
            ),
            ("capo", &[Right::Administer]),
            ("dora", &[Right::Administer, Right::Audit]),
        ] {
            office.name(name, "gendarmeria", rights);
        }
        office.name("elsa", "serravalle", &[Right::Enrol]);
        office
    }

    fn name(&self, name: &str, site: &str, rights: &[Right]) {
        let system = Actor::system(self.desk.site());
        let officer = person(name, site, rights);
        self.desk
            .name_officer(&system, &officer, PASSWORD, self.town.now)
            .unwrap();
    }

    fn token(&self, name: &str, now: Timestamp) -> String {
        let officer = OfficerId::parse(name).unwrap();
        match self.desk.sign_in(&officer, PASSWORD, None, now).unwrap() {
            Some(SignIn::Whole(token, _)) => token.to_string(),
            _ => panic!("the password is right"),
        }
    }

    /// Who is signed in at that time, with the rights of that time.
    fn at(&self, name: &str, now: Timestamp) -> Actor {
        let token = self.token(name, now);
        self.desk.session(&token, now).unwrap().unwrap().actor
    }

    fn request(&self, rights: &[Right]) -> SubstitutionRequest {
        SubstitutionRequest {
            absent: None,
            substitute: OfficerId::parse("anna").unwrap(),
            rights: self::rights(rights),
            from: self.town.now + SignedDuration::from_hours(1),
            until: self.town.now + SignedDuration::from_hours(49),
        }
    }

    fn step(&self, id: &Reference, step: GrantStep, name: &str, now: Timestamp) -> &'static str {
        rule(self.desk.step_grant(id, step, &self.at(name, now), now))
    }
}

#[test]
fn a_stand_in_has_the_rights_of_the_absent_officer_for_its_time_and_no_longer_than_these_last() {
    let office = Office::new();
    let now = office.town.now;
    let ask = |request, name: &str| {
        office
            .desk
            .ask_substitution(request, &office.at(name, now), now)
    };
    let asked = ask(office.request(&[Right::Approve]), "bruno").unwrap();
    assert_eq!(asked.state, GrantState::Asked);
    // Neither of the two approves it, nor somebody without the right.
    for name in ["anna", "bruno"] {
        let refused = office.step(&asked.id, GrantStep::Approve, name, now);
        assert!(
            ["circuit.right", "circuit.two-people"].contains(&refused),
            "{name}"
        );
    }
    assert_eq!(
        office.step(&asked.id, GrantStep::Approve, "elsa", now),
        "circuit.unknown"
    );
    assert_eq!(
        office.step(&asked.id, GrantStep::Approve, "capo", now),
        "taken"
    );
    assert_eq!(
        office.step(&asked.id, GrantStep::Approve, "dora", now),
        "circuit.state"
    );
    let after = |hours| now + SignedDuration::from_hours(hours);
    let own = rights(&[Right::Enrol]);
    let lent = rights(&[Right::Enrol, Right::Approve]);
    assert_eq!(office.at("anna", now).rights, own, "it has not begun");
    assert_eq!(office.at("anna", after(2)).rights, lent);
    assert_eq!(office.at("anna", after(49)).rights, own, "it is over");
    // A session that was open before has them too, and loses them again.
    let token = office.token("anna", after(2));
    assert!(
        office
            .desk
            .session(&token, after(2))
            .unwrap()
            .unwrap()
            .actor
            .rights
            == lent
    );
    office.name("bruno", "gendarmeria", &[Right::HandOver]);
    assert_eq!(
        office.at("anna", after(3)).rights,
        own,
        "the absent officer lost them"
    );
    office.name("bruno", "gendarmeria", &[Right::Approve]);
    assert_eq!(office.at("anna", after(3)).rights, lent);
    assert_eq!(
        office.step(&asked.id, GrantStep::End, "bruno", after(3)),
        "taken"
    );
    assert_eq!(office.at("anna", after(3)).rights, own, "it was ended");
}

#[test]
fn nobody_lends_what_they_do_not_have_or_to_themselves() {
    let office = Office::new();
    let now = office.town.now;
    let asked = |request, name: &str| {
        rule(
            office
                .desk
                .ask_substitution(request, &office.at(name, now), now),
        )
    };
    let named = |name: &str| Some(OfficerId::parse(name).unwrap());
    assert_eq!(
        asked(office.request(&[Right::Stock]), "bruno"),
        "circuit.right"
    );
    assert_eq!(
        asked(office.request(&[Right::Administer]), "bruno"),
        "circuit.right"
    );
    assert_eq!(asked(office.request(&[]), "bruno"), "circuit.right");
    let mut request = office.request(&[Right::Approve]);
    request.absent = named("bruno");
    assert_eq!(
        asked(request.clone(), "anna"),
        "circuit.right",
        "who stands in asks"
    );
    assert_eq!(asked(request.clone(), "capo"), "taken");
    request.substitute = named("elsa").unwrap();
    assert_eq!(asked(request.clone(), "capo"), "circuit.site");
    request.substitute = named("capo").unwrap();
    assert_eq!(asked(request.clone(), "capo"), "circuit.two-people");
    request.substitute = named("bruno").unwrap();
    assert_eq!(asked(request.clone(), "capo"), "circuit.two-people");
    let mut long = office.request(&[Right::Approve]);
    long.until = long.from + SignedDuration::from_hours(24 * 61);
    assert_eq!(asked(long, "bruno"), "circuit.malformed");
    let mut past = office.request(&[Right::Approve]);
    past.until = now;
    assert_eq!(asked(past, "bruno"), "circuit.malformed");
    // Who works on all documents does not stand in for somebody who works on some.
    let system = Actor::system(office.desk.site());
    let some = Actor {
        profiles: BTreeSet::from(["sm-permit".to_owned()]),
        ..person("gina", "gendarmeria", &[Right::Approve])
    };
    office
        .desk
        .name_officer(&system, &some, PASSWORD, now)
        .unwrap();
    let mut request = office.request(&[Right::Approve]);
    assert_eq!(asked(request.clone(), "gina"), "circuit.profile");
    request.substitute = named("gina").unwrap();
    request.rights = rights(&[Right::HandOver]);
    assert_eq!(asked(request, "bruno"), "taken");
    // What is lent cannot be lent on.
    let grant = office
        .desk
        .ask_substitution(
            office.request(&[Right::Approve]),
            &office.at("bruno", now),
            now,
        )
        .unwrap();
    assert_eq!(
        office.step(&grant.id, GrantStep::Approve, "dora", now),
        "taken"
    );
    let later = now + SignedDuration::from_hours(2);
    office.name("fede", "gendarmeria", &[Right::Enrol]);
    let mut on = office.request(&[Right::Approve]);
    on.substitute = named("fede").unwrap();
    let tried = office
        .desk
        .ask_substitution(on, &office.at("anna", later), later);
    assert_eq!(rule(tried), "circuit.right");
}

#[test]
fn a_stand_in_is_the_second_of_two_people() {
    let office = Office::new();
    let now = office.town.now;
    office.name("gino", "gendarmeria", &[Right::HandOver]);
    let grant = office
        .desk
        .ask_substitution(
            office.request(&[Right::HandOver]),
            &office.at("bruno", now),
            now,
        )
        .unwrap();
    assert_eq!(
        office.step(&grant.id, GrantStep::Approve, "capo", now),
        "taken"
    );
    let command = Command::ReceiveConsignment {
        consignment: ConsignmentId::parse("works-000001").unwrap(),
        found: BTreeSet::new(),
        second: OfficerId::parse("anna").unwrap(),
    };
    let gino = office.at("gino", now);
    assert_eq!(
        rule(office.desk.check_second(&command, &gino, now)),
        "circuit.two-people"
    );
    let later = now + SignedDuration::from_hours(2);
    assert_eq!(
        rule(office.desk.check_second(&command, &gino, later)),
        "taken"
    );
}

#[test]
fn an_emergency_holds_at_once_alarms_and_is_reviewed_by_somebody_else() {
    let office = Office::new();
    let now = office.town.now;
    let take = |right, minutes, name: &str, now| {
        let request = EmergencyRequest {
            right,
            reason: Prose::parse(REASON).unwrap(),
            minutes,
        };
        office
            .desk
            .take_in_emergency(request, &office.at(name, now), now)
    };
    assert_eq!(rule(take(Right::Audit, 30, "anna", now)), "circuit.right");
    assert_eq!(
        rule(take(Right::Decide, 30, "anna", now)),
        "circuit.right",
        "of the centre"
    );
    assert_eq!(rule(take(Right::Enrol, 30, "anna", now)), "circuit.exists");
    assert_eq!(
        rule(take(Right::HandOver, 61, "anna", now)),
        "circuit.malformed"
    );
    let grant = take(Right::HandOver, 30, "anna", now).unwrap();
    assert_eq!(
        rule(take(Right::Approve, 30, "anna", now)),
        "circuit.exists"
    );
    let after = |minutes| now + SignedDuration::from_mins(minutes);
    assert!(
        office
            .at("anna", after(29))
            .rights
            .contains(&Right::HandOver)
    );
    assert!(
        !office
            .at("anna", after(30))
            .rights
            .contains(&Right::HandOver)
    );
    // Those who run the site see it with its reason, others do not.
    let seen = |name: &str| office.desk.grants(&office.at(name, now), now).unwrap();
    assert!(seen("elsa").is_empty() && seen("bruno").len() == 1);
    let shown = &seen("capo")[0];
    assert!(shown.holds && shown.grant.alarms());
    assert_eq!(shown.reason.as_ref().map(Prose::as_str), Some(REASON));
    assert_eq!(
        office.step(&grant.id, GrantStep::Review, "capo", now),
        "circuit.state",
        "it holds"
    );
    assert_eq!(
        office.step(&grant.id, GrantStep::Review, "anna", after(31)),
        "circuit.right"
    );
    assert_eq!(
        office.step(&grant.id, GrantStep::Review, "capo", after(31)),
        "taken"
    );
    let reviewed = &office
        .desk
        .grants(&office.at("capo", now), after(31))
        .unwrap()[0];
    assert!(!reviewed.grant.alarms());
    assert_eq!(
        reviewed.grant.judged_by.as_ref().map(OfficerId::as_str),
        Some("capo")
    );
    // An administrator who takes a right does not review it.
    let own = take(Right::Enrol, 5, "capo", now).unwrap();
    assert_eq!(
        office.step(&own.id, GrantStep::Review, "capo", after(6)),
        "circuit.two-people"
    );
    assert_eq!(
        office.step(&own.id, GrantStep::Review, "dora", after(6)),
        "taken"
    );
    // The journal has who, what and when, and no word of the reason.
    let journal = office.town.journal(Role::Office);
    let text = || journal.iter().map(|entry| &entry.text[..]);
    assert!(text().any(|line| line.contains("taken") && line.contains("hand-over")));
    assert!(text().all(|line| !line.contains("MARKED-NAME")));
}

#[test]
fn no_alarm_is_lost_behind_other_grants_and_with_three_there_is_no_other() {
    let office = Office::new();
    let now = office.town.now;
    let take = |now| {
        let request = EmergencyRequest {
            right: Right::HandOver,
            reason: Prose::parse(REASON).unwrap(),
            minutes: 1,
        };
        office
            .desk
            .take_in_emergency(request, &office.at("anna", now), now)
    };
    let after = |minutes| now + SignedDuration::from_mins(minutes);
    let first = take(now).unwrap();
    assert_eq!(office.step(&first.id, GrantStep::End, "anna", now), "taken");
    // Its officer fills the lists with what ended as well.
    let (bruno, anna) = (office.at("bruno", now), office.at("anna", now));
    for _ in 0..520 {
        let asked = office
            .desk
            .ask_substitution(office.request(&[Right::Approve]), &bruno, now)
            .unwrap();
        office
            .desk
            .step_grant(&asked.id, GrantStep::End, &anna, now)
            .unwrap();
    }
    let alarms = |name: &str| office.desk.alarms(&office.at(name, now)).unwrap();
    assert!(alarms("capo").iter().eq([&first.id]));
    assert!(alarms("anna").is_empty() && alarms("elsa").is_empty());
    let seen = office.desk.grants(&office.at("capo", now), now).unwrap();
    assert!(seen.iter().any(|shown| shown.grant.id == first.id));
    take(after(1)).unwrap();
    take(after(2)).unwrap();
    assert_eq!(rule(take(after(3))), "circuit.too-many");
    assert_eq!(
        office.step(&first.id, GrantStep::Review, "capo", after(4)),
        "taken"
    );
    let last = take(after(5)).unwrap();
    assert!(
        office
            .at("anna", after(5))
            .rights
            .contains(&Right::HandOver)
    );
    assert_eq!(alarms("dora").len(), 3);
    // Whoever is named anew has nothing that was lent.
    office.name("anna", "gendarmeria", &[Right::Enrol]);
    assert_eq!(office.at("anna", after(5)).rights, rights(&[Right::Enrol]));
    assert!(alarms("dora").contains(&last.id), "the alarm stays");
}
