//! What the centre hears of a document after it was made: complaints, losses, hand-overs, recalls.

use super::centre::{follow, forget, given_up, go, tell_office, tell_registry};
use super::{not_yet, only_from};
use crate::ledger::Ledger;
use crate::{Error, Result};
use rilascio_circuit::process::{
    BlankState, Block, Defect, Document, DocumentCommand, DocumentId, DocumentState, Dossier,
    DossierCommand, DossierId, IssueReason, NodeId, OfficerId, Order, OrderCommand, OrderId,
    OrderState, Phase, Reason, Surrender,
};
use rilascio_exchange::message::{Body, Message};
use rilascio_store::work;

/// The orders of a dossier, the newest first.
fn orders(ledger: &mut Ledger<'_>, dossier: &Dossier) -> Result<Vec<Order>> {
    let mut all = Vec::new();
    for attempt in (1..=dossier.orders).rev() {
        let id = OrderId::of(&dossier.id, attempt)
            .map_err(|why| Error::Malformed { what: "order", why })?;
        all.extend(ledger.get::<Order>(id.as_str())?);
    }
    Ok(all)
}

/// The works that made a document: another may make those of its profile now.
fn maker(ledger: &mut Ledger<'_>, dossier: &Dossier, document: &DocumentId) -> Result<NodeId> {
    let made = orders(ledger, dossier)?
        .into_iter()
        .find(|order| order.document.as_ref() == Some(document));
    match made {
        Some(order) => Ok(order.works),
        None => Ok(ledger.desk.routes.works_of(&dossier.profile)?[0].clone()),
    }
}

/// A document is defective or lost: it is blocked, its blank accounted for, and another is made.
pub(super) fn complaint(
    ledger: &mut Ledger<'_>,
    message: &Message,
    dossier: &DossierId,
    document: &DocumentId,
    defect: Option<Defect>,
) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let office = ledger.desk.routes.office(&known.office)?.clone();
    let sender = &message.header.sender;
    let from_works = if known.document.as_ref() == Some(document) {
        maker(ledger, &known, document)? == *sender
    } else {
        // Works whose order was given up may have made one all the same; it ends nothing.
        let all = orders(ledger, &known)?;
        all.iter().any(|order| order.works == *sender)
    };
    if !from_works {
        only_from(message, &office)?;
    }
    // The word that it was made has to come first: a complaint must not get lost before it.
    if ledger.get::<Document>(document.as_str())?.is_none() {
        return Err(not_yet());
    }
    let accepted = match (&known.order, known.document.as_ref() == Some(document)) {
        (Some(order), true) if !known.phase.is_end() => {
            let order = order.clone();
            let state: Order = ledger.known(order.as_str())?;
            if state.state == OrderState::Produced && message.header.sender == office {
                // The word that it left has to come first.
                return Err(not_yet());
            }
            let register: Document = ledger.known(document.as_str())?;
            let block = match defect {
                None if register.state == DocumentState::Produced => Block::LostInTransit,
                None => Block::Lost,
                Some(_) => Block::Defective,
            };
            if !register.is_dead() {
                let blocked: Document =
                    ledger.step_by_system(document.as_str(), &DocumentCommand::Block(block))?;
                tell_registry(ledger, &blocked)?;
            }
            if state.state != OrderState::Cancelled {
                let _: Order = ledger.step_by_system(order.as_str(), &OrderCommand::Cancel)?;
            }
            follow(ledger, dossier, &DossierCommand::Reorder(order))?;
            tell_office(ledger, dossier, Phase::Certified)?;
            ledger.job("certify", dossier.as_str())?;
            let state = if defect.is_some() {
                BlankState::Spoiled
            } else {
                BlankState::Missing
            };
            tell_works(ledger, &register, state, Vec::new())?;
            true
        }
        _ => known.phase.is_end(),
    };
    let body = Body::ComplaintResult {
        document: document.clone(),
        accepted,
    };
    ledger.send(
        &message.header.sender.clone(),
        dossier.as_str(),
        body,
        Some(&message.header.id),
    )
}

fn tell_works(
    ledger: &mut Ledger<'_>,
    document: &Document,
    state: BlankState,
    officers: Vec<OfficerId>,
) -> Result<()> {
    let known: Dossier = ledger.known(document.dossier.as_str())?;
    let works = maker(ledger, &known, &document.id)?;
    move_stock(ledger, &works, document, state, officers)
}

/// Tells works what became of the blank of a document.
pub(super) fn move_stock(
    ledger: &mut Ledger<'_>,
    works: &NodeId,
    document: &Document,
    state: BlankState,
    officers: Vec<OfficerId>,
) -> Result<()> {
    let body = Body::StockMovement {
        blank: document.blank.clone(),
        state,
        officers,
    };
    ledger.send(works, document.id.as_str(), body, None)
}

pub(super) fn handed_over(
    ledger: &mut Ledger<'_>,
    known: &Dossier,
    document: &DocumentId,
    surrender: &Surrender,
    officer: &OfficerId,
) -> Result<()> {
    let in_force: Document =
        ledger.step_by_system(document.as_str(), &DocumentCommand::HandOver)?;
    let to = go(Phase::HandedOver, Some(document.clone()));
    follow(ledger, &known.id, &to)?;
    tell_registry(ledger, &in_force)?;
    let works = maker(ledger, known, document)?;
    work::take_numbers(ledger.tx, &format!("handed-over/{works}"), 1)?;
    let officers = vec![officer.clone()];
    move_stock(ledger, &works, &in_force, BlankState::HandedOver, officers)?;
    forget(ledger, &known.id)?;
    let old = match surrender {
        // Only the document that the dossier replaces: an office has no say about any other.
        Surrender::Document(old) => known
            .previous
            .clone()
            .filter(|previous| previous == old)
            .map(|old| (old, DocumentCommand::Surrender)),
        Surrender::Report(_) => known.previous.clone().map(|old| {
            let block = if known.reason == IssueReason::Theft {
                Block::Stolen
            } else {
                Block::Lost
            };
            (old, DocumentCommand::Block(block))
        }),
        Surrender::FirstIssue | Surrender::Missing => None,
    };
    let Some((old, command)) = old else {
        return Ok(());
    };
    // One of an earlier model is not in this register, one that was reported before is blocked already.
    let registered: Option<Document> = ledger.get(old.as_str())?;
    if registered.is_some_and(|old| old.id != *document) {
        match ledger.step_by_system::<Document>(old.as_str(), &command) {
            Ok(next) => tell_registry(ledger, &next)?,
            Err(Error::Refused(_)) => {}
            Err(why) => return Err(why),
        }
    }
    Ok(())
}

/// An uncollected document comes to its end.
pub(super) fn recalled(ledger: &mut Ledger<'_>, document: &Document, block: Block) -> Result<()> {
    if block != Block::Uncollected {
        return Err(Reason::Malformed.refusal().into());
    }
    let dossier = document.dossier.clone();
    let known: Dossier = ledger.known(dossier.as_str())?;
    if known.document.as_ref() != Some(&document.id) && !known.phase.is_end() {
        return given_up(ledger, &document.id);
    }
    if known.phase < Phase::Dispatched {
        return Err(not_yet());
    }
    if known.phase.is_end() {
        return Ok(());
    }
    let mut blocked = document.clone();
    if !document.is_dead() {
        blocked = ledger.step_by_system(document.id.as_str(), &DocumentCommand::Block(block))?;
        tell_registry(ledger, &blocked)?;
    }
    let to = go(Phase::Recalled, Some(document.id.clone()));
    follow(ledger, &dossier, &to)?;
    tell_works(ledger, &blocked, BlankState::Spoiled, Vec::new())?;
    forget(ledger, &dossier)
}
