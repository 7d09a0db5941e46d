//! A parcel that comes back to the works. The office alone says whether it was opened there: only what it will not open any
//! more goes back on the shelf, and out again in another parcel.

use super::centre::{follow, go};
use super::stock::move_blank;
use super::works::lose_items;
use super::{not_yet, only_from};
use crate::Result;
use crate::command::Answer;
use crate::ledger::{Ledger, word};
use rilascio_circuit::process::{
    Blank, BlankCommand, BlankState, Consignment, ConsignmentCommand, ConsignmentId,
    ConsignmentItem, ConsignmentState, DocumentId, Dossier, NodeId, OfficerId, Order, OrderCommand,
    OrderState, Phase, Reason,
};
use rilascio_exchange::message::{Body, Message};
use rilascio_store::{entity, work};
use std::collections::BTreeSet;

/// At the works: two people count what came back, and the office is asked.
pub(super) fn take_back(
    ledger: &mut Ledger<'_>,
    consignment: &ConsignmentId,
    found: &BTreeSet<DocumentId>,
    second: &OfficerId,
) -> Result<Answer> {
    let take_back = ConsignmentCommand::TakeBack {
        found: found.clone(),
        second: second.clone(),
    };
    let back: Consignment = ledger.step(consignment.as_str(), None, &take_back)?;
    let office = ledger.desk.routes.office(&back.office)?.clone();
    let body = Body::ConsignmentReturn {
        consignment: consignment.clone(),
    };
    ledger.send(&office, consignment.as_str(), body, None)?;
    Ok(Answer::of(consignment, word(back.state)))
}

/// At the office: a parcel that was not opened here is not waited for any more.
pub(super) fn asked(
    ledger: &mut Ledger<'_>,
    message: &Message,
    consignment: &ConsignmentId,
) -> Result<()> {
    // The word that it was sent has to come first.
    let known: Option<Consignment> = ledger.get(consignment.as_str())?;
    let known = known.ok_or_else(not_yet)?;
    only_from(message, &known.works)?;
    let agreed = known.state == ConsignmentState::Dispatched;
    if agreed {
        let _: Consignment =
            ledger.step_by_system(consignment.as_str(), &ConsignmentCommand::Return)?;
        for item in &known.items {
            on_the_shelf_again(ledger, item)?;
        }
    }
    let body = Body::ReturnAnswer {
        consignment: consignment.clone(),
        agreed,
    };
    ledger.send(
        &known.works,
        consignment.as_str(),
        body,
        Some(&message.header.id),
    )
}

/// At the works: the office's word. What it did not open is on the shelf again; what was not in it is lost.
pub(super) fn answered(
    ledger: &mut Ledger<'_>,
    message: &Message,
    consignment: &ConsignmentId,
    agreed: bool,
) -> Result<()> {
    let known: Consignment = ledger.known(consignment.as_str())?;
    let office = ledger.desk.routes.office(&known.office)?.clone();
    only_from(message, &office)?;
    // What the office opened, its receipt tells.
    if !agreed || known.state != ConsignmentState::ComingBack {
        return Ok(());
    }
    let back: Consignment =
        ledger.step_by_system(consignment.as_str(), &ConsignmentCommand::Return)?;
    work::answered_about(
        ledger.tx,
        "consignment",
        consignment.as_str(),
        office.as_str(),
    )?;
    let (missing, found): (Vec<ConsignmentItem>, Vec<ConsignmentItem>) = back
        .items
        .iter()
        .cloned()
        .partition(|item| back.missing.contains(&item.document));
    for item in &found {
        let blank: Blank = ledger.known(item.blank.as_str())?;
        // Of one that the centre gave up meanwhile the blank waits for its destruction.
        if blank.state == BlankState::Dispatched {
            move_blank(ledger, &item.blank, &BlankCommand::ComeBack, true)?;
            let _: Order = ledger.step_by_system(item.order.as_str(), &OrderCommand::ComeBack)?;
        }
    }
    lose_items(ledger, &back, &missing)?;
    let centre = ledger.desk.routes.centre.clone();
    let body = Body::ConsignmentBack {
        consignment: consignment.clone(),
        items: found,
    };
    ledger.send(&centre, consignment.as_str(), body, None)
}

/// Where a parcel is, as the centre heard of it: both words about it write this row, so that neither overlooks the other.
const WAY: &str = "way";
const LEFT: &str = "left";
const BACK: &str = "back";

fn way(
    ledger: &mut Ledger<'_>,
    sender: &NodeId,
    consignment: &ConsignmentId,
) -> Result<entity::Entity> {
    // A node speaks of its own parcels.
    let id = format!("{sender}/{consignment}");
    let known = entity::get(ledger.tx, WAY, &id)?;
    Ok(known.unwrap_or_else(|| entity::Entity {
        id,
        version: 0,
        site: String::new(),
        state: LEFT.to_owned(),
        due_ms: None,
        body: "{}".to_owned(),
    }))
}

/// At the centre: a parcel left its works; false when the word that it came back was here first.
pub(super) fn left(
    ledger: &mut Ledger<'_>,
    sender: &NodeId,
    consignment: &ConsignmentId,
) -> Result<bool> {
    let row = way(ledger, sender, consignment)?;
    let there = row.state == LEFT;
    entity::put(ledger.tx, WAY, &row)?;
    Ok(there)
}

/// At the centre: these documents are at their works again.
pub(super) fn told(
    ledger: &mut Ledger<'_>,
    message: &Message,
    consignment: &ConsignmentId,
    items: &[ConsignmentItem],
) -> Result<()> {
    super::check_items(&message.body, items.len())?;
    let mut row = way(ledger, &message.header.sender, consignment)?;
    BACK.clone_into(&mut row.state);
    entity::put(ledger.tx, WAY, &row)?;
    for item in items {
        let order: Order = ledger.known(item.order.as_str())?;
        only_from(message, &order.works)?;
        if order.dossier != item.dossier {
            return Err(Reason::NotInParcel.refusal().into());
        }
        let own = order.document.as_ref() == Some(&item.document);
        let with_it = order.consignment.as_ref();
        if own
            && order.state == OrderState::Dispatched
            && with_it.is_none_or(|parcel| parcel == consignment)
        {
            let _: Order = ledger.step_by_system(item.order.as_str(), &OrderCommand::ComeBack)?;
            on_the_shelf_again(ledger, item)?;
        }
    }
    Ok(())
}

/// A document is not on its way any more, but at its works.
fn on_the_shelf_again(ledger: &mut Ledger<'_>, item: &ConsignmentItem) -> Result<()> {
    let known: Dossier = ledger.known(item.dossier.as_str())?;
    // Given up meanwhile, or sent again and taken in.
    if known.phase == Phase::Dispatched && known.document.as_ref() == Some(&item.document) {
        let back = go(Phase::Produced, Some(item.document.clone()));
        follow(ledger, &item.dossier, &back)?;
    }
    Ok(())
}
