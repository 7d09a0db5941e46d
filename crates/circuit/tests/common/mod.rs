//! Officers, rules, and how commands are given to things.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test uses its own part")]

use jiff::Timestamp;
use rilascio_circuit::process::*;
use rilascio_circuit::{CircuitRules, PaperCase};

pub fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

pub fn actor(name: &str, site: &str, rights: &[Right]) -> Actor {
    Actor {
        officer: OfficerId::parse(name).unwrap(),
        rights: rights.iter().copied().collect(),
        site: SiteId::parse(site).unwrap(),
        profiles: [].into(),
    }
}

pub const OFFICE: [Right; 4] = [Right::Enrol, Right::Approve, Right::HandOver, Right::Stock];

pub fn clerk(name: &str) -> Actor {
    actor(name, "roma", &OFFICE)
}

pub fn system() -> Actor {
    Actor::system(&SiteId::parse("centre").unwrap())
}

pub fn rules() -> CircuitRules {
    CircuitRules {
        identification: false,
        attestation_days: 30,
        paper: vec![PaperCase::Health],
        ..CircuitRules::default()
    }
}

/// Gives a command to a thing at a moment; the name of the rule that forbids it.
pub fn give_at<A: Aggregate + Clone>(
    state: &mut Option<A>,
    actor: &Actor,
    command: &A::Command,
    now: Timestamp,
) -> Result<(), &'static str> {
    let rules = rules();
    let context = Context {
        actor,
        now,
        rules: &rules,
    };
    let event = A::decide(state.as_ref(), command, &context).map_err(|refusal| refusal.rule)?;
    *state = Some(A::apply(state.clone(), &event).map_err(|refusal| refusal.rule)?);
    Ok(())
}

pub fn give<A: Aggregate + Clone>(
    state: &mut Option<A>,
    actor: &Actor,
    command: &A::Command,
) -> Result<(), &'static str> {
    give_at(state, actor, command, now())
}

pub fn document(number: &str) -> DocumentId {
    DocumentId::parse(number).unwrap()
}
