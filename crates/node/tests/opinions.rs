//! Two opinions on hits, the second given without knowing the first; a third where they differ.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod lives;

use common::{Town, Yes, person};
use lives::{Act, DOSSIER, dossier, sent};
use rilascio_circuit::process::{Actor, Digest, Dossier, Right};
use rilascio_node::{Answer, Command, Error, Role};

/// A dossier with a hit, under a profile that asks for two opinions or for one.
fn town(rules: &str) -> Town {
    let mut town = Town::under(rules);
    town.tools.advisers = Yes::with_a_hit();
    for (place, act) in sent().iter().enumerate() {
        if let Act::Give(actor, command) = act {
            town.give(&format!("sent-{place}"), actor, command).unwrap();
        }
    }
    town.settle().unwrap();
    town
}

fn examiner(name: &str) -> Actor {
    person(name, "centre", &[Right::Examine])
}

fn say(town: &Town, name: &str, same: bool) -> Result<Answer, Error> {
    let judge = Command::Adjudicate {
        dossier: dossier(),
        same,
    };
    town.give(&format!("{name}-{same}"), &examiner(name), &judge)
}

fn at_centre(town: &Town) -> Dossier {
    let found = town.desks[&Role::Centre].dossier(DOSSIER);
    found.unwrap().unwrap()
}

fn journal_of(town: &Town) -> Vec<String> {
    let entries = town.journal(Role::Centre);
    entries.into_iter().map(|entry| entry.text).collect()
}

fn rule(outcome: Result<Answer, Error>) -> &'static str {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.rule,
        Err(_) => "another fault",
        Ok(_) => "taken",
    }
}

#[test]
fn a_second_opinion_is_given_without_knowing_the_first() {
    let said = [true, false].map(|same| {
        let town = town("second_opinion = true\n");
        say(&town, "dario", same).unwrap();
        let known = at_centre(&town);
        assert_eq!(known.adjudication, None);
        assert_eq!(known.opinion.as_ref().unwrap().first.as_str(), "dario");
        assert_eq!(rule(say(&town, "dario", !same)), "circuit.four-eyes");
        let last = journal_of(&town).pop().unwrap();
        // All that differs between the two is a digest with a salt.
        last.replace(known.opinion.unwrap().seal.as_str(), "seal")
    });
    assert_eq!(said[0], said[1]);
}

#[test]
fn two_that_agree_are_a_judgement_and_the_first_is_opened() {
    let town = town("second_opinion = true\n");
    say(&town, "dario", true).unwrap();
    say(&town, "elena", true).unwrap();
    let known = at_centre(&town);
    assert_eq!(known.adjudication, Some(true));
    #[derive(serde::Deserialize)]
    struct Line {
        event: (String, Vec<u8>),
    }
    let lines = journal_of(&town);
    let opened: Line = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(opened.event.0, "opened");
    assert_eq!(Digest::of(&opened.event.1), known.opinion.unwrap().seal);
    assert_eq!(opened.event.1.last(), Some(&1));
}

#[test]
fn where_two_differ_a_third_judges() {
    let town = town("second_opinion = true\n");
    say(&town, "dario", true).unwrap();
    say(&town, "elena", false).unwrap();
    let known = at_centre(&town);
    assert_eq!(known.adjudication, None);
    assert_eq!(known.opinion.unwrap().second.unwrap().as_str(), "elena");
    for before in ["dario", "elena"] {
        assert_eq!(
            rule(say(&town, before, before == "elena")),
            "circuit.four-eyes"
        );
    }
    say(&town, "franca", false).unwrap();
    assert_eq!(at_centre(&town).adjudication, Some(false));
}

#[test]
fn where_the_profile_asks_for_one_opinion_it_is_the_judgement() {
    let town = town("");
    say(&town, "dario", true).unwrap();
    let known = at_centre(&town);
    assert_eq!((known.adjudication, known.opinion), (Some(true), None));
}
