//! Cases that a desk cannot answer itself: they go on to the centre with all that was written, and its answers come back.

use super::cases::{
    self, CASE, CaseOrigin, CaseState, HelpCase, Turn, due, keep_for_its_term, new_name, put,
    text_of,
};
use crate::Result;
use crate::ledger::{Ledger, decode_as};
use crate::prose::Prose;
use crate::role::Role;
use rilascio_circuit::process::{NodeId, Reason, Reference};
use rilascio_exchange::message::{Body, HelpQuestion, HelpTurn, Message};
use rilascio_store::entity::{self, Entity};

/// The rows that say which case of ours a case of another desk is.
const ORIGIN: &str = "help-origin";

/// Marks a case as passed on: once, and not at the centre itself.
pub(super) fn begin(ledger: &mut Ledger<'_>, case: &mut HelpCase) -> Result<()> {
    let ended = case.state == CaseState::Closed;
    if ledger.desk.role == Role::Centre || case.passed.is_some() || ended {
        return Err(Reason::State.refusal().into());
    }
    case.passed = Some(ledger.now);
    case.state = CaseState::Open;
    case.due = due(ledger.now);
    let actor = ledger.actor.clone();
    ledger.note(&actor, CASE, case.id.as_str(), &"passed-on")
}

/// Tells the other side what was written here and it does not know yet, or that the case is over; nothing of a case that
/// this desk keeps.
pub(super) fn tell(ledger: &mut Ledger<'_>, case: &mut HelpCase) -> Result<()> {
    if case.origin.is_none() && case.passed.is_none() {
        return Ok(());
    }
    let mut turns = Vec::new();
    for (place, turn) in case.turns.iter().enumerate() {
        if place < case.told.unwrap_or(0) || turn.node.is_some() {
            continue;
        }
        if let Some(text) = text_of(ledger, &case.id, place + 1)? {
            turns.push(HelpTurn {
                by: turn.by.clone(),
                at: turn.at,
                text: text.as_str().to_owned(),
            });
        }
    }
    case.told = Some(case.turns.len());
    let closed = case.state == CaseState::Closed;
    if let Some(origin) = &case.origin {
        let body = Body::HelpAnswer {
            case: origin.case.clone(),
            turns,
            closed,
        };
        return ledger.send(&origin.node.clone(), case.id.as_str(), body, None);
    }
    if closed {
        case.passed = None;
    }
    let body = Body::HelpCase {
        question: HelpQuestion {
            case: case.id.clone(),
            officer: case.officer.clone(),
            site: case.site.clone(),
            page: case.page.clone(),
            code: case.code.clone(),
        },
        turns,
        closed,
    };
    let centre = ledger.desk.routes.centre.clone();
    ledger.send(&centre, case.id.as_str(), body, None)
}

/// Adds what was written at another node, in the order in which it was written.
fn take(
    ledger: &mut Ledger<'_>,
    case: &mut HelpCase,
    node: &NodeId,
    turns: &[HelpTurn],
) -> Result<()> {
    for written in turns {
        let text = Prose::parse(&written.text).map_err(|_| Reason::Malformed.refusal())?;
        let turn = Turn {
            by: written.by.clone(),
            at: written.at,
            node: Some(node.clone()),
        };
        cases::write(ledger, case, turn, &text)?;
    }
    // What was written here while the desk kept the case is still to be told.
    if case.origin.is_some() || case.passed.is_some() {
        case.told = Some(case.turns.len());
    }
    keep_for_its_term(ledger, &case.id)
}

/// The case of ours that another desk's is, with the version of its row.
fn of_origin(
    ledger: &mut Ledger<'_>,
    node: &NodeId,
    case: &Reference,
) -> Result<Option<(HelpCase, i64)>> {
    let Some(row) = entity::get(ledger.tx, ORIGIN, &format!("{node}/{case}"))? else {
        return Ok(None);
    };
    let own: Reference = decode_as(ORIGIN, &row)?;
    let Some(row) = entity::get(ledger.tx, CASE, own.as_str())? else {
        return Ok(None);
    };
    Ok(Some((decode_as(CASE, &row)?, row.version)))
}

/// A desk passed a case on, or somebody there wrote more.
fn passed_on(
    ledger: &mut Ledger<'_>,
    node: &NodeId,
    question: &HelpQuestion,
    turns: &[HelpTurn],
    closed: bool,
) -> Result<()> {
    let (mut case, version) = match of_origin(ledger, node, &question.case)? {
        Some(known) => known,
        None => {
            let case = HelpCase {
                id: new_name(ledger)?,
                officer: question.officer.clone(),
                site: question.site.clone(),
                page: cases::page(&question.page)?,
                code: question.code.as_deref().map(cases::code).transpose()?,
                state: CaseState::Open,
                due: None,
                turns: Vec::new(),
                passed: None,
                told: None,
                origin: Some(CaseOrigin {
                    node: node.clone(),
                    case: question.case.clone(),
                }),
            };
            let row = Entity {
                id: format!("{node}/{}", question.case),
                version: 0,
                site: ledger.desk.site.to_string(),
                state: String::new(),
                due_ms: None,
                body: crate::ledger::encode(ORIGIN, &case.id)?,
            };
            entity::put(ledger.tx, ORIGIN, &row)?;
            (case, 0)
        }
    };
    take(ledger, &mut case, node, turns)?;
    if closed {
        (case.state, case.due) = (CaseState::Closed, None);
    } else if !turns.is_empty() {
        (case.state, case.due) = (CaseState::Open, due(ledger.now));
    }
    put(ledger, &case, version)
}

/// The centre wrote in a case that this desk passed on.
fn answered(
    ledger: &mut Ledger<'_>,
    node: &NodeId,
    case: &Reference,
    turns: &[HelpTurn],
    closed: bool,
) -> Result<()> {
    let row = entity::get(ledger.tx, CASE, case.as_str())?;
    let row = row.ok_or_else(|| Reason::Unknown.refusal())?;
    let mut case: HelpCase = decode_as(CASE, &row)?;
    take(ledger, &mut case, node, turns)?;
    // Who asked has ended it, or goes on with those who run the desk.
    if closed {
        case.passed = None;
    }
    if case.state != CaseState::Closed && !turns.is_empty() {
        (case.state, case.due) = (CaseState::Answered, None);
    }
    put(ledger, &case, row.version)
}

/// What another node says of a case; true when the message was about one.
pub(super) fn receive(ledger: &mut Ledger<'_>, message: &Message) -> Result<bool> {
    let sender = &message.header.sender;
    match &message.body {
        Body::HelpCase {
            question,
            turns,
            closed,
        } if ledger.desk.role == Role::Centre => {
            passed_on(ledger, sender, question, turns, *closed)?;
        }
        Body::HelpAnswer {
            case,
            turns,
            closed,
        } if ledger.desk.role != Role::Centre => {
            super::only_from(message, &ledger.desk.routes.centre.clone())?;
            answered(ledger, sender, case, turns, *closed)?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}
