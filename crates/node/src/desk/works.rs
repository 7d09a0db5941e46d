//! The works: orders, production and parcels.

use super::package::{BIOMETRICS, RECORD, check};
use super::stock::{
    blank_step, close_day, each_blank, move_blank, own_number, receive_blanks, take_stock,
};
use super::{not_ours, not_yet, only_from, returns, routing, spoilage};
use crate::command::{Answer, Command};
use crate::ledger::{Ledger, word};
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_circuit::process::{
    Blank, BlankCommand, BlankSerial, BlankState, Consignment, ConsignmentCommand, ConsignmentId,
    ConsignmentItem, ConsignmentState, Defect, Digest, Document, DocumentId, DocumentState, NodeId,
    OfficerId, Order, OrderCommand, OrderId, OrderState, Reason, Reference, SiteId,
};
use rilascio_circuit::{Profile, Record};
use rilascio_exchange::message::{
    Body, CertifiedRecord, ItemFault, ItemOutcome, Message, OrderItem, Package,
};
use rilascio_mrtd::code::DocumentNumber;
use rilascio_store::{entity, work};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What production needs to make one document.
pub struct ProductionRequest {
    /// The order.
    pub order: OrderId,
    /// The profile.
    pub profile: Arc<Profile>,
    /// What was taken at the desk.
    pub package: Package,
    /// The record, with its number and the serial of the blank.
    pub record: Record,
    /// When.
    pub at: Timestamp,
}

/// A document that was made, read back and found right.
pub struct MadeDocument {
    /// The digest of the security object.
    pub sod: Digest,
    /// The machine.
    pub machine: String,
}

/// Why no document was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductionFault {
    /// The blank is spoiled.
    Defect(Defect),
    /// The machine stands still; the blank is untouched.
    Standstill(String),
}

/// Machines, real or virtual.
pub trait Production: Send + Sync {
    /// Makes a document and reads it back.
    ///
    /// # Errors
    /// What became of the blank.
    fn make(
        &self,
        request: &ProductionRequest,
    ) -> std::result::Result<MadeDocument, ProductionFault>;
}

/// A blank that is bound to an order, with the record for it.
pub(crate) struct Bound {
    pub(crate) request: ProductionRequest,
    pub(crate) blank: BlankSerial,
    pub(crate) document: DocumentId,
}

pub(super) fn execute(ledger: &mut Ledger<'_>, command: &Command) -> Result<Answer> {
    use Command as C;
    match command {
        C::ReceiveBlanks {
            profile,
            batch,
            count,
            second,
        } => receive_blanks(ledger, profile, batch.as_str(), *count, second),
        C::InitialiseBlanks { profile, count } => each_blank(
            ledger,
            profile,
            BlankState::Received,
            *count,
            &BlankCommand::Initialise,
        ),
        C::AssignBlanks {
            profile,
            count,
            second,
        } => {
            let assign = BlankCommand::Assign {
                second: second.clone(),
            };
            each_blank(ledger, profile, BlankState::Initialised, *count, &assign)
        }
        C::ReturnBlanks {
            profile,
            count,
            second,
        } => {
            let give_back = BlankCommand::Return {
                second: second.clone(),
            };
            each_blank(ledger, profile, BlankState::Assigned, *count, &give_back)
        }
        C::SpoilBlank { blank, defect } => {
            let known: Blank = ledger.known(blank.as_str())?;
            ledger.actor.needs_at(command.right(), &known.site)?;
            // What is bound or finished belongs to an order, and is spoiled through it.
            if !matches!(
                known.state,
                BlankState::Received | BlankState::Initialised | BlankState::Assigned
            ) {
                return Err(Reason::State.refusal().into());
            }
            blank_step(ledger, blank, &BlankCommand::Spoil(*defect))
        }
        C::PhotographBlank { blank, papers } => spoilage::photograph(ledger, blank, papers),
        C::DestroyBlanks { blanks, second } => spoilage::destroy(ledger, blanks, second),
        C::MissBlank { blank } => {
            let known: Blank = ledger.known(blank.as_str())?;
            ledger.actor.needs_at(command.right(), &known.site)?;
            if matches!(
                known.state,
                BlankState::Bound | BlankState::Finished | BlankState::Dispatched
            ) {
                return Err(Reason::State.refusal().into());
            }
            spoilage::forget_later(ledger, &known)?;
            blank_step(ledger, blank, &BlankCommand::Miss)
        }
        C::FindBlank { blank } => blank_step(ledger, blank, &BlankCommand::Find),
        C::TakeStock {
            profile,
            counted,
            second,
        } => take_stock(ledger, profile, counted, second),
        C::Dispatch {
            office,
            orders,
            seal,
            tracking,
            second,
        } => dispatch(ledger, office, orders, seal, tracking.as_ref(), second),
        C::ReportLostConsignment { consignment } => {
            let lost: Consignment =
                ledger.step(consignment.as_str(), None, &ConsignmentCommand::Lose)?;
            let office = ledger.desk.routes.office(&lost.office)?.clone();
            // Nobody waits for the office's word on it any more, be it that it comes or that it came back.
            for kind in ["consignment", "consignment-return"] {
                let (id, office) = (consignment.as_str(), office.as_str());
                work::answered_about(ledger.tx, kind, id, office)?;
            }
            lose_items(ledger, &lost, &lost.items)?;
            Ok(Answer::of(consignment, word(lost.state)))
        }
        C::TakeBackConsignment {
            consignment,
            found,
            second,
        } => returns::take_back(ledger, consignment, found, second),
        C::CloseDay { day } => close_day(ledger, *day),
        other => Err(Error::Role {
            command: other.name(),
            role: "works",
        }),
    }
}

pub(super) fn receive(ledger: &mut Ledger<'_>, message: &Message) -> Result<()> {
    let centre = ledger.desk.routes.centre.clone();
    match &message.body {
        Body::Order { items } => {
            only_from(message, &centre)?;
            super::check_items(&message.body, items.len())?;
            let mut outcomes = Vec::new();
            for item in items {
                outcomes.push(take_order(ledger, item, &centre)?);
            }
            let subject = items
                .first()
                .map_or("", |item| item.order.dossier.as_str())
                .to_owned();
            let body = Body::OrderInformation { items: outcomes };
            ledger.send(&centre, &subject, body, Some(&message.header.id))
        }
        Body::OrderRecall { orders, again } => {
            only_from(message, &centre)?;
            routing::asked_back(ledger, message, orders, *again)
        }
        Body::Receipt {
            consignment,
            missing,
            ..
        } => {
            let known: Consignment = ledger.known(consignment.as_str())?;
            let office = ledger.desk.routes.office(&known.office)?.clone();
            only_from(message, &office)?;
            work::answered_about(
                ledger.tx,
                "consignment",
                consignment.as_str(),
                office.as_str(),
            )?;
            // One that was reported lost and turned up stays lost: its documents are blocked.
            let awaited = [ConsignmentState::Dispatched, ConsignmentState::ComingBack];
            if !awaited.contains(&known.state) {
                return Ok(());
            }
            let acknowledge = ConsignmentCommand::Acknowledge {
                missing: missing.clone(),
            };
            let _: Consignment = ledger.step_by_system(consignment.as_str(), &acknowledge)?;
            Ok(())
        }
        Body::ReturnAnswer {
            consignment,
            agreed,
        } => returns::answered(ledger, message, consignment, *agreed),
        Body::StockMovement { blank, state, .. } => {
            only_from(message, &centre)?;
            let known: Blank = ledger.known(blank.as_str())?;
            let command = match state {
                BlankState::HandedOver => BlankCommand::HandOver,
                BlankState::Spoiled => BlankCommand::Spoil(Defect::Unused),
                BlankState::Missing => BlankCommand::Miss,
                _ => return Err(Reason::Malformed.refusal().into()),
            };
            match known.state {
                BlankState::Dispatched => {
                    move_blank(ledger, blank, &command, true)?;
                }
                // The centre gave the document up before it left: it is not sent any more.
                BlankState::Finished if *state != BlankState::HandedOver => {
                    move_blank(ledger, blank, &command, true)?;
                    if let Some(order) = &known.order {
                        let _: Order =
                            ledger.step_by_system(order.as_str(), &OrderCommand::Cancel)?;
                    }
                }
                _ => {}
            }
            Ok(())
        }
        Body::BalanceAnswer { day, agreed, .. } => {
            only_from(message, &centre)?;
            let id = day.to_string();
            let known = entity::get(ledger.tx, "day", &id)?;
            let row = entity::Entity {
                id,
                version: known.as_ref().map_or(0, |known| known.version),
                site: ledger.desk.site.to_string(),
                state: if *agreed { "agreed" } else { "differs" }.to_owned(),
                due_ms: None,
                body: known.map_or_else(|| "{}".to_owned(), |known| known.body),
            };
            Ok(entity::put(ledger.tx, "day", &row)?)
        }
        Body::ComplaintResult { .. } | Body::Error { .. } => Ok(()),
        _ => Err(not_ours(message)),
    }
}

/// Takes an order, or says what is wrong with it: the others of its message are not held up.
fn take_order(ledger: &mut Ledger<'_>, item: &OrderItem, centre: &NodeId) -> Result<ItemOutcome> {
    let order = &item.order;
    let outcome = |faults: Vec<ItemFault>| ItemOutcome {
        order: order.id.clone(),
        dossier: order.dossier.clone(),
        accepted: faults.is_empty(),
        faults,
    };
    let known: Option<Order> = ledger.get(order.id.as_str())?;
    if known.is_some() {
        return Ok(outcome(Vec::new()));
    }
    if routing::was_given_up(ledger, &order.id)? {
        return Ok(outcome(vec![ItemFault {
            code: "order.given-up".to_owned(),
            text: "the order was asked back before it came".to_owned(),
        }]));
    }
    for attempt in 1..order.id.attempt() {
        let earlier = OrderId::of(&order.dossier, attempt)
            .map_err(|why| Error::Malformed { what: "order", why })?;
        let earlier: Option<Order> = ledger.get(earlier.as_str())?;
        // The word that the earlier one was given up has to come first.
        if earlier.is_some_and(|earlier| earlier.is_live() && earlier.document.is_none()) {
            return Err(not_yet());
        }
    }
    if let Err(why) = check_order(ledger, item, centre) {
        let faults = match &why {
            Error::Application(refusals) => refusals
                .0
                .iter()
                .map(|refusal| ItemFault {
                    code: refusal.rule.to_owned(),
                    text: refusal.en.chars().take(80).collect(),
                })
                .collect(),
            Error::Store(_) => return Err(why),
            other => vec![ItemFault {
                code: other.code(),
                text: other.to_string().chars().take(80).collect(),
            }],
        };
        return Ok(outcome(faults));
    }
    let place = OrderCommand::Place(Box::new(order.clone()));
    let _: Order = ledger.step_by_system(order.id.as_str(), &place)?;
    let _: Order = ledger.step_by_system(order.id.as_str(), &OrderCommand::Accept)?;
    ledger.keep_package(order.id.as_str(), &item.package)?;
    // An express order is due before everything that is due now.
    let due = if order.express { 0 } else { ledger.now_ms() };
    ledger.job_at("produce", order.id.as_str(), due)?;
    Ok(outcome(Vec::new()))
}

/// The order is certified by the centre, for exactly this package, and keeps the rules of its profile.
fn check_order(ledger: &mut Ledger<'_>, item: &OrderItem, centre: &NodeId) -> Result<()> {
    let order = &item.order;
    let wrong = |why: &str| Error::Malformed {
        what: "order",
        why: why.to_owned(),
    };
    let (signer, content) = ledger
        .desk
        .circle()
        .verify(&item.certificate.0, ledger.now)?;
    let record: CertifiedRecord =
        serde_json::from_slice(&content).map_err(|_| wrong("its certificate holds no record"))?;
    if signer != *centre {
        return Err(wrong("its record is not certified by the centre"));
    }
    if record.dossier != order.dossier || record.profile != order.profile {
        return Err(wrong("its record is of another dossier"));
    }
    if record.content != item.package.digest() {
        return Err(wrong("its package is not the certified one"));
    }
    if order.certificate != Digest::of(&item.certificate.0) || order.works != ledger.desk.node {
        return Err(wrong("it does not fit its certificate or these works"));
    }
    let profile = ledger.profile(&order.profile)?;
    let checked = check(&profile, &item.package, ledger.today(), None)?;
    // A number that was asked for is this order's from here on; a document that is made again gets another.
    if let (Some(given), 1) = (&checked.application.document.number, order.id.attempt()) {
        let profile = ledger.profile(&order.profile)?;
        let pattern = profile.document.number.as_ref();
        let share = ledger.desk.routes.share(&order.profile, &ledger.desk.node);
        let foreign = share.highest > 0
            && pattern
                .place(given.as_str())
                .is_some_and(|place| !pattern.places(share).contains(&place));
        if foreign {
            return Err(wrong(&format!(
                "the number {given} is for other works to give"
            )));
        }
    }
    if let (Some(given), 1) = (&checked.application.document.number, order.id.attempt())
        && !burn(ledger, &order.profile, given.as_str(), &order.id)?
    {
        return Err(Error::Malformed {
            what: "number",
            why: format!("the number {given} was issued before"),
        });
    }
    Ok(())
}

/// Burns a number: it is never given again, whatever becomes of it.
fn burn(ledger: &mut Ledger<'_>, profile: &str, number: &str, order: &OrderId) -> Result<bool> {
    let id = format!("{profile}.{number}");
    if entity::get(ledger.tx, "number", &id)?.is_some() {
        return Ok(false);
    }
    let row = entity::Entity {
        id,
        version: 0,
        site: String::new(),
        state: profile.to_owned(),
        due_ms: None,
        body: order.to_string(),
    };
    entity::put(ledger.tx, "number", &row)?;
    Ok(true)
}

/// Binds a blank and a number to an order. One that was bound before and never finished is spoiled: nobody knows what
/// is on it.
pub(crate) fn bind(ledger: &mut Ledger<'_>, id: &OrderId) -> Result<Option<Bound>> {
    let order: Order = ledger.known(id.as_str())?;
    if !matches!(order.state, OrderState::Accepted | OrderState::InProduction) {
        return Ok(None);
    }
    if let Some(blank) = &order.blank {
        spoil(ledger, id, &blank.clone(), Defect::Breakdown)?;
    }
    let site = ledger.desk.site.clone();
    let state = format!("{}/{}", order.profile, word(BlankState::Assigned));
    let blanks: Vec<Blank> = ledger.list_at(&state, site.as_str(), 1)?;
    let Some(blank) = blanks.into_iter().next() else {
        return Err(Reason::NotYet.refusal().into());
    };
    let package = ledger
        .package(id.as_str())?
        .ok_or_else(|| Reason::State.refusal())?;
    let profile = ledger.profile(&order.profile)?;
    let bare = blank
        .serial
        .as_str()
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_owned();
    let given = check(&profile, &package, ledger.today(), None)?
        .application
        .document
        .number;
    let number = match given.filter(|_| id.attempt() == 1) {
        Some(given) => given,
        None => allocate(ledger, &profile, &order, &bare)?,
    };
    let record = check(&profile, &package, ledger.today(), Some((&number, &bare)))?.record;
    let document = DocumentId::parse(&format!("{}.{number}", order.profile)).map_err(|why| {
        Error::Malformed {
            what: "number",
            why,
        }
    })?;
    move_blank(ledger, &blank.serial, &BlankCommand::Bind(id.clone()), true)?;
    let _: Order = ledger.step_by_system(id.as_str(), &OrderCommand::Bind(blank.serial.clone()))?;
    Ok(Some(Bound {
        request: ProductionRequest {
            order: id.clone(),
            profile,
            package,
            record,
            at: ledger.now,
        },
        blank: blank.serial,
        document,
    }))
}

/// The next free number; on a booklet it is that of the blank.
fn allocate(
    ledger: &mut Ledger<'_>,
    profile: &Profile,
    order: &Order,
    serial: &str,
) -> Result<DocumentNumber> {
    let pattern = profile.document.number.as_ref();
    let number = if profile.document.serial.as_ref() == pattern {
        if !burn(ledger, &order.profile, serial, &order.id)? {
            return Err(Reason::Exists.refusal().into());
        }
        serial.to_owned()
    } else {
        loop {
            let next = work::take_numbers(ledger.tx, &format!("number/{}", order.profile), 1)?;
            let number = own_number(ledger, pattern, &order.profile, next)?;
            if burn(ledger, &order.profile, &number, &order.id)? {
                break number;
            }
        }
    };
    DocumentNumber::parse(&number).map_err(|why| Error::Malformed {
        what: "number",
        why: why.to_string(),
    })
}

/// The blank failed: it is kept for destruction, and the order waits for another.
pub(crate) fn spoil(
    ledger: &mut Ledger<'_>,
    id: &OrderId,
    blank: &BlankSerial,
    defect: Defect,
) -> Result<()> {
    let order: Order = ledger.known(id.as_str())?;
    if order.blank.as_ref() != Some(blank) || order.state != OrderState::InProduction {
        return Ok(());
    }
    move_blank(ledger, blank, &BlankCommand::Spoil(defect), true)?;
    let _: Order = ledger.step_by_system(id.as_str(), &OrderCommand::Spoil)?;
    Ok(())
}

/// The machine stands still and never touched the blank: it goes back to the table.
pub(crate) fn release(ledger: &mut Ledger<'_>, id: &OrderId, blank: &BlankSerial) -> Result<()> {
    let order: Order = ledger.known(id.as_str())?;
    if order.blank.as_ref() != Some(blank) || order.state != OrderState::InProduction {
        return Ok(());
    }
    move_blank(ledger, blank, &BlankCommand::Release, true)?;
    let _: Order = ledger.step_by_system(id.as_str(), &OrderCommand::Release)?;
    Ok(())
}

/// The document is made: the blank is finished, the centre hears of it, the biometric data are forgotten here.
pub(crate) fn finish(ledger: &mut Ledger<'_>, bound: &Bound, made: &MadeDocument) -> Result<bool> {
    let id = &bound.request.order;
    let order: Order = ledger.known(id.as_str())?;
    // Another worker took over meanwhile and spoiled this blank: the document does not count.
    if order.blank.as_ref() != Some(&bound.blank) || order.state != OrderState::InProduction {
        return Ok(false);
    }
    move_blank(ledger, &bound.blank, &BlankCommand::Finish, true)?;
    let produce = OrderCommand::Produce(bound.document.clone(), bound.blank.clone());
    let order: Order = ledger.step_by_system(id.as_str(), &produce)?;
    work::take_numbers(ledger.tx, "printed", 1)?;
    let record = &bound.request.record;
    let document = Document {
        id: bound.document.clone(),
        profile: order.profile.clone(),
        dossier: order.dossier.clone(),
        office: order.office.clone(),
        blank: bound.blank.clone(),
        sod: made.sod.clone(),
        valid_from: record.validity.from,
        valid_until: record.validity.until,
        state: DocumentState::Produced,
        block: None,
        since: ledger.now,
        proposed_by: None,
        revision: 0,
    };
    let body = Body::PrintNotification {
        order: id.clone(),
        document: Box::new(document),
        machine: made.machine.clone(),
        made: ledger.now,
        spoiled: order.spoiled,
    };
    let centre = ledger.desk.routes.centre.clone();
    ledger.send(&centre, order.dossier.as_str(), body, None)?;
    forget_order(ledger, id)?;
    Ok(true)
}

/// What came with an order is forgotten: it is made, or given up.
pub(super) fn forget_order(ledger: &mut Ledger<'_>, id: &OrderId) -> Result<()> {
    ledger.forget(id.as_str(), BIOMETRICS)?;
    ledger.forget(id.as_str(), RECORD)?;
    Ok(())
}

fn dispatch(
    ledger: &mut Ledger<'_>,
    office: &SiteId,
    orders: &BTreeSet<OrderId>,
    seal: &Reference,
    tracking: Option<&Reference>,
    second: &OfficerId,
) -> Result<Answer> {
    let finished: Vec<Order> = if orders.is_empty() {
        let mut all: Vec<Order> =
            ledger.list_at(&word(OrderState::Produced), office.as_str(), 500)?;
        // Everything that is ready, of the documents that this officer works on.
        all.retain(|order| ledger.actor.works_on(&order.profile));
        all
    } else {
        orders
            .iter()
            .map(|id| ledger.known(id.as_str()))
            .collect::<Result<_>>()?
    };
    let number = work::take_numbers(ledger.tx, "consignment", 1)?;
    let id = format!("{}-C{number:06}", ledger.desk.node);
    let id = ConsignmentId::parse(&id).map_err(|why| Error::Malformed {
        what: "consignment",
        why,
    })?;
    let mut items = Vec::new();
    for order in finished {
        let (Some(document), Some(blank), true) =
            (order.document, order.blank, order.office == *office)
        else {
            return Err(Reason::State.refusal().into());
        };
        move_blank(ledger, &blank, &BlankCommand::Dispatch, false)?;
        let _: Order = ledger.step(order.id.as_str(), None, &OrderCommand::Dispatch(id.clone()))?;
        items.push(ConsignmentItem {
            dossier: order.dossier,
            order: order.id,
            document,
            blank,
        });
    }
    let consignment = Consignment {
        id: id.clone(),
        works: ledger.desk.node.clone(),
        office: office.clone(),
        seal: seal.to_string(),
        tracking: tracking.cloned(),
        items,
        state: ConsignmentState::Dispatched,
        missing: BTreeSet::new(),
    };
    let command = ConsignmentCommand::Dispatch {
        consignment: Box::new(consignment.clone()),
        second: Some(second.clone()),
    };
    let _: Consignment = ledger.step(id.as_str(), None, &command)?;
    let receivers = [
        ledger.desk.routes.office(office)?.clone(),
        ledger.desk.routes.centre.clone(),
    ];
    for receiver in receivers {
        let body = Body::Consignment {
            consignment: consignment.clone(),
        };
        ledger.send(&receiver, id.as_str(), body, None)?;
    }
    Ok(Answer::of(id, "dispatched"))
}

/// Documents that the courier lost: the centre blocks them before they were ever valid.
pub(super) fn lose_items(
    ledger: &mut Ledger<'_>,
    lost: &Consignment,
    items: &[ConsignmentItem],
) -> Result<()> {
    let centre = ledger.desk.routes.centre.clone();
    for item in items {
        let body = Body::Complaint {
            dossier: item.dossier.clone(),
            document: item.document.clone(),
            defect: None,
        };
        ledger.send(&centre, lost.id.as_str(), body, None)?;
    }
    Ok(())
}
