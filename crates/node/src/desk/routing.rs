//! Which works make a document: the first of its profile that run. What works had not made when they were stopped or
//! lost is made by the next; no dossier ever has two documents that count.

use super::centre::{follow, tell_office, tell_registry};
use super::decision::certify_job;
use super::delivery::move_stock;
use super::{only_from, promise};
use crate::command::Answer;
use crate::ledger::{Ledger, decode, word};
use crate::{Error, Result};
use rilascio_circuit::process::{
    Aggregate, BlankState, Block, Document, DocumentCommand, Dossier, DossierCommand, DossierId,
    NodeId, Order, OrderCommand, OrderId, OrderState, Phase, Reason, Reference, Standing,
    StandingCommand, StandingState,
};
use rilascio_exchange::message::{Body, Message};
use rilascio_store::{entity, work};
use std::collections::BTreeSet;

/// The job that takes orders from works which stand still.
pub(crate) const REROUTE: &str = "reroute";
/// Orders that are looked at in one transaction.
const PAGE: u32 = 100;

/// Where works stand; those of which there is no record run.
pub(crate) fn standing(ledger: &mut Ledger<'_>, works: &NodeId) -> Result<Option<Standing>> {
    ledger.get(works.as_str())
}

fn state_of(ledger: &mut Ledger<'_>, works: &NodeId) -> Result<StandingState> {
    let known = standing(ledger, works)?;
    Ok(known.map_or(StandingState::Running, |known| known.state))
}

/// The works that get an order for a document now, if any run.
pub(super) fn running(ledger: &mut Ledger<'_>, profile: &str) -> Result<Option<NodeId>> {
    for works in ledger.desk.routes.works_of(profile)? {
        if state_of(ledger, works)? == StandingState::Running {
            return Ok(Some(works.clone()));
        }
    }
    Ok(None)
}

/// Stops works, gives them up, or lets them run again.
pub(super) fn stand(
    ledger: &mut Ledger<'_>,
    works: &NodeId,
    to: StandingState,
    act: &Reference,
) -> Result<Answer> {
    let known = ledger.desk.routes.works.values().flatten();
    if !known.into_iter().any(|known| known == works) {
        return Err(Reason::Unknown.refusal().into());
    }
    let command = StandingCommand {
        works: works.clone(),
        to,
        act: act.clone(),
    };
    let next: Standing = ledger.step(works.as_str(), None, &command)?;
    if next.state != StandingState::Running {
        let now_ms = ledger.now_ms();
        work::hasten_job(ledger.tx, REROUTE, works.as_str(), now_ms)?;
    }
    Ok(Answer::of(works, word(next.state)))
}

/// Somebody asks for the order of a dossier back, to change it or to end the dossier.
pub(super) fn recall_one(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<Answer> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let id = known.order.ok_or_else(|| Reason::State.refusal())?;
    let order: Order = ledger.step(id.as_str(), None, &OrderCommand::AskBack)?;
    let body = Body::OrderRecall {
        orders: BTreeSet::from([id.clone()]),
        again: false,
    };
    ledger.send(&order.works, dossier.as_str(), body, None)?;
    note(ledger, BY_HAND, id.as_str())?;
    Ok(Answer::of(id, word(order.state)))
}

/// Somebody places the order of a certified dossier again.
pub(super) fn order_again(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    express: bool,
) -> Result<Answer> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    ledger.actor.needs_profile(&known.profile)?;
    if known.phase != Phase::Certified || known.order.is_some() {
        return Err(Reason::State.refusal().into());
    }
    ledger.job(certify_job(express), dossier.as_str())?;
    Ok(Answer::of(dossier, word(known.phase)))
}

/// Looks at one page of the orders in a state and takes from works that stand still what others can make; gives the last
/// name of the page.
pub(crate) fn reroute(
    ledger: &mut Ledger<'_>,
    works: &NodeId,
    state: OrderState,
    after: &str,
) -> Result<Option<String>> {
    let standing = state_of(ledger, works)?;
    if standing == StandingState::Running {
        return Ok(None);
    }
    let rows = entity::list(
        ledger.tx,
        Order::KIND,
        Some(&word(state)),
        None,
        after,
        PAGE,
    )?;
    let last = rows.last().map(|row| row.id.clone());
    let mut asked = BTreeSet::new();
    for row in &rows {
        let order: Order = decode(row)?;
        if order.works != *works {
            continue;
        }
        match standing {
            StandingState::Lost => give_up(ledger, &order)?,
            _ if running(ledger, &order.profile)?.is_some() => {
                let _: Order = ledger.step_by_system(order.id.as_str(), &OrderCommand::AskBack)?;
                asked.insert(order.id);
            }
            // Nobody else can make it: it stays where it is.
            _ => {}
        }
    }
    if !asked.is_empty() {
        let body = Body::OrderRecall {
            orders: asked,
            again: true,
        };
        ledger.send(works, works.as_str(), body, None)?;
    }
    Ok(last)
}

/// The states of orders that works of a standing are not waited for.
pub(crate) fn rerouted(standing: Option<&Standing>) -> &'static [OrderState] {
    match standing.map_or(StandingState::Running, |known| known.state) {
        StandingState::Running => &[],
        StandingState::Stopped => &[OrderState::Placed, OrderState::Accepted],
        StandingState::Lost => &[
            OrderState::Placed,
            OrderState::Accepted,
            OrderState::AskedBack,
        ],
    }
}

/// An order of works that were lost is made by others; what they may yet make of it never counts.
fn give_up(ledger: &mut Ledger<'_>, order: &Order) -> Result<()> {
    // One that reached them is taken back when they are heard again.
    let body = Body::OrderRecall {
        orders: BTreeSet::from([order.id.clone()]),
        again: true,
    };
    ledger.send(&order.works, order.dossier.as_str(), body, None)?;
    // What somebody asked back waits for that person.
    let again = entity::get(ledger.tx, BY_HAND, order.id.as_str())?.is_none();
    ended(ledger, order, again)
}

/// Somebody gives up a document that lost works made and that never came: it is blocked, and made again by others.
pub(super) fn lose_document(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<Answer> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    ledger.actor.needs_profile(&known.profile)?;
    let id = known.order.ok_or_else(|| Reason::State.refusal())?;
    let order: Order = ledger.known(id.as_str())?;
    let lost = state_of(ledger, &order.works)? == StandingState::Lost;
    let on_its_way = matches!(order.state, OrderState::Produced | OrderState::Dispatched)
        && matches!(known.phase, Phase::Produced | Phase::Dispatched);
    // One of which more was heard is at its office.
    let (Some(document), true, true) = (&order.document, lost, on_its_way) else {
        return Err(Reason::State.refusal().into());
    };
    let mut blocked: Document = ledger.known(document.as_str())?;
    if !blocked.is_dead() {
        let block = DocumentCommand::Block(Block::LostInTransit);
        blocked = ledger.step_by_system(document.as_str(), &block)?;
        tell_registry(ledger, &blocked)?;
    }
    move_stock(
        ledger,
        &order.works,
        &blocked,
        BlankState::Missing,
        Vec::new(),
    )?;
    ended(ledger, &order, true)?;
    Ok(Answer::of(dossier, word(Phase::Certified)))
}

/// An order ended without a document that counts.
fn ended(ledger: &mut Ledger<'_>, order: &Order, again: bool) -> Result<()> {
    let next: Order = ledger.step_by_system(order.id.as_str(), &OrderCommand::Cancel)?;
    if next.document != order.document {
        // It was made while this was looked at: from the beginning.
        return Err(rilascio_store::Error::Conflict.into());
    }
    // If it did not reach the works, it is not sent any more.
    let dossier = order.dossier.as_str();
    work::answered_about(ledger.tx, "order", dossier, order.works.as_str())?;
    if order.document.is_none() {
        promise::ended(ledger, &order.works)?;
    }
    let reorder = DossierCommand::Reorder(order.id.clone());
    follow(ledger, &order.dossier, &reorder)?;
    tell_office(ledger, &order.dossier, Phase::Certified)?;
    if again {
        ledger.job(certify_job(order.express), order.dossier.as_str())?;
    }
    Ok(())
}

/// The works say what became of orders that were asked back.
pub(super) fn recall_answered(
    ledger: &mut Ledger<'_>,
    message: &Message,
    given_up: &BTreeSet<OrderId>,
    kept: &BTreeSet<OrderId>,
    again: bool,
) -> Result<()> {
    super::check_items(&message.body, given_up.len() + kept.len())?;
    for id in given_up.iter().chain(kept) {
        let order: Order = ledger.known(id.as_str())?;
        only_from(message, &order.works)?;
        // It was made, refused or given up meanwhile: that counts.
        if order.state != OrderState::AskedBack {
            continue;
        }
        if given_up.contains(id) {
            ended(ledger, &order, again)?;
        } else {
            match ledger.step_by_system::<Order>(id.as_str(), &OrderCommand::Keep) {
                // It was made in the meantime.
                Ok(_) | Err(Error::Refused(_)) => {}
                Err(why) => return Err(why),
            }
        }
    }
    Ok(())
}

/// Works that were given up made a document after all: it is on record, never valid, and its blank is to be destroyed.
pub(super) fn too_late(ledger: &mut Ledger<'_>, order: &Order, document: &Document) -> Result<()> {
    let register = DocumentCommand::Register(Box::new(document.clone()));
    let _: Document = ledger.step_by_system(document.id.as_str(), &register)?;
    let block = DocumentCommand::Block(Block::Defective);
    let blocked: Document = ledger.step_by_system(document.id.as_str(), &block)?;
    work::take_numbers(ledger.tx, &format!("printed/{}", order.works), 1)?;
    move_stock(
        ledger,
        &order.works,
        document,
        BlankState::Spoiled,
        Vec::new(),
    )?;
    tell_registry(ledger, &blocked)
}

/// The row that says that an order was given up before it came: it is not taken any more.
const GIVEN_UP: &str = "given-up";
/// The row that says that somebody asked an order back, to change it or to end its dossier.
const BY_HAND: &str = "asked-back-by-hand";

/// At the works: an order was given up before it came.
pub(super) fn was_given_up(ledger: &mut Ledger<'_>, order: &OrderId) -> Result<bool> {
    Ok(entity::get(ledger.tx, GIVEN_UP, order.as_str())?.is_some())
}

/// At the works: the centre asks for orders back. What is not begun is given up and forgotten.
pub(super) fn asked_back(
    ledger: &mut Ledger<'_>,
    message: &Message,
    orders: &BTreeSet<OrderId>,
    again: bool,
) -> Result<()> {
    super::check_items(&message.body, orders.len())?;
    let (mut given_up, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for id in orders {
        let known: Option<Order> = ledger.get(id.as_str())?;
        let begun = match known.as_ref().map(|order| (order.state, &order.blank)) {
            None => {
                note(ledger, GIVEN_UP, id.as_str())?;
                false
            }
            Some((OrderState::Cancelled | OrderState::Rejected, _)) => false,
            Some(
                (OrderState::Placed | OrderState::Accepted, _) | (OrderState::InProduction, None),
            ) => {
                let _: Order = ledger.step_by_system(id.as_str(), &OrderCommand::Cancel)?;
                super::works::forget_order(ledger, id)?;
                false
            }
            Some(_) => true,
        };
        let answer = if begun { &mut kept } else { &mut given_up };
        answer.insert(id.clone());
    }
    let body = Body::RecallAnswer {
        given_up,
        kept,
        again,
    };
    let centre = ledger.desk.routes.centre.clone();
    let subject = ledger.desk.node.to_string();
    ledger.send(&centre, &subject, body, Some(&message.header.id))
}

/// Keeps a row about something, once.
fn note(ledger: &mut Ledger<'_>, kind: &str, id: &str) -> Result<()> {
    if entity::get(ledger.tx, kind, id)?.is_some() {
        return Ok(());
    }
    let row = entity::Entity {
        id: id.to_owned(),
        version: 0,
        site: String::new(),
        state: String::new(),
        due_ms: None,
        body: "{}".to_owned(),
    };
    Ok(entity::put(ledger.tx, kind, &row)?)
}
