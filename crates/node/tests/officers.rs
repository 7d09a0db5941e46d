//! Officers who sign in: every wrong password costs more time, and too many of them lock the door.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Town, person};
use jiff::SignedDuration;
use rilascio_circuit::process::{Actor, Right};
use rilascio_node::{Error, Role, SignIn};

const PASSWORD: &str = "una-nuvola-sul-tavolo";

#[test]
fn each_wrong_password_doubles_the_wait_and_fifteen_lock_the_officer() {
    let town = Town::in_memory(None);
    let desk = &town.desks[&Role::Centre];
    let system = Actor::system(desk.site());
    let officer = person("dario", "centre", &[Right::Examine]);
    desk.name_officer(&system, &officer, PASSWORD, town.now)
        .unwrap();
    let mut now = town.now;
    for failures in 1_u32..=15 {
        let wrong = desk.sign_in(&officer.officer, "something-else", None, now);
        assert!(wrong.unwrap().is_none(), "{failures}");
        let wait = match failures {
            1 | 2 => 0,
            more => (5_i64 << (more - 3)).min(3600),
        };
        if wait > 0 && failures < 15 {
            let early = now + SignedDuration::from_millis(wait * 1000 - 1);
            let refused = desk.sign_in(&officer.officer, PASSWORD, None, early);
            assert!(
                matches!(&refused, Err(Error::Refused(why)) if why.rule == "circuit.too-early"),
                "{failures}"
            );
        }
        now += SignedDuration::from_secs(wait);
    }
    // Locked: the right password does not help, however long somebody waits.
    now += SignedDuration::from_hours(48);
    let tried = desk.sign_in(&officer.officer, PASSWORD, None, now).unwrap();
    assert!(tried.is_none());
    assert!(desk.session("none", now).unwrap().is_none());
    desk.name_officer(&system, &officer, PASSWORD, now).unwrap();
    let signed = desk.sign_in(&officer.officer, PASSWORD, None, now).unwrap();
    let Some(SignIn::Whole(token, session)) = signed else {
        panic!("the password is right");
    };
    assert_eq!(session.actor, officer);
    assert!(desk.session(&token, now).unwrap().is_some());
}

#[test]
fn a_session_that_nobody_uses_ends_after_half_an_hour_and_no_session_outlives_a_shift() {
    let town = Town::in_memory(None);
    let desk = &town.desks[&Role::Centre];
    let officer = person("dario", "centre", &[Right::Examine]);
    desk.name_officer(&Actor::system(desk.site()), &officer, PASSWORD, town.now)
        .unwrap();
    let sign_in = || match desk
        .sign_in(&officer.officer, PASSWORD, None, town.now)
        .unwrap()
    {
        Some(SignIn::Whole(token, _)) => token,
        _ => panic!("the password is right"),
    };
    let after = |minutes| town.now + SignedDuration::from_mins(minutes);
    let (idle, used) = (sign_in(), sign_in());
    assert!(desk.session(&idle, after(29)).unwrap().is_some());
    assert!(desk.session(&idle, after(29 + 31)).unwrap().is_none());
    for minute in (0..8 * 60).step_by(20) {
        assert!(
            desk.session(&used, after(minute)).unwrap().is_some(),
            "{minute}"
        );
    }
    assert!(desk.session(&used, after(8 * 60)).unwrap().is_none());
    assert!(
        desk.sessions(&officer.officer, after(8 * 60))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_password_that_was_drawn_is_good_for_choosing_another_and_for_a_week() {
    let town = Town::in_memory(None);
    let desk = &town.desks[&Role::Centre];
    let system = Actor::system(desk.site());
    let officer = person("dario", "centre", &[Right::Examine]);
    let name = || {
        desk.name_officer_at_first(&system, &officer, town.now)
            .unwrap()
    };
    let sign_in = |password: &str, now| match desk.sign_in(&officer.officer, password, None, now) {
        Ok(Some(SignIn::Whole(_, session))) => Ok(session.first_password),
        Err(Error::Refused(why)) => Err(why.rule),
        _ => panic!("the password is right"),
    };
    let first = name();
    assert_eq!(sign_in(&first, town.now), Ok(true));
    let change = |new: &str| {
        let changed = desk.change_password(&officer.officer, &first, new, town.now);
        match changed {
            Err(Error::Refused(why)) => why.rule,
            other => other.map(|()| "changed").unwrap(),
        }
    };
    for guessed in [
        &first[..],
        "dario-centre-dario",
        "passwordpassword",
        "short",
    ] {
        assert_eq!(change(guessed), "circuit.password", "{guessed}");
    }
    assert_eq!(change(PASSWORD), "changed");
    let later = town.now + SignedDuration::from_hours(24 * 8);
    assert_eq!(sign_in(PASSWORD, later), Ok(false), "what was chosen lasts");
    let late = name();
    assert_eq!(sign_in(&late, later), Err("circuit.password-ended"));
}
