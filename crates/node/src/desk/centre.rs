//! The centre: takes dossiers in, has them identified and verified, decides, certifies, orders, keeps the register.

use super::acts::{self, ACTS};
use super::delivery::{complaint, handed_over, recalled};
use super::package::{RECORD, check};
use super::papers::PAPERS;
use super::{
    decision, hits, losses, not_ours, not_yet, only_from, opinion, papers, promise, returns,
    routing, screening, terms,
};
use crate::command::{Answer, Command};
use crate::ledger::{DAY_MS, Ledger, word};
use crate::worker::Identification;
use crate::{Error, Result};
use rilascio_circuit::process::{
    AppealOutcome, Digest, Document, DocumentCommand, DocumentId, DocumentState, Dossier,
    DossierCommand, DossierId, Order, OrderCommand, OrderId, OrderState, Phase, PrintSearch,
    PrintsTaken, Reason, ResidenceCheck, StandingState, Step, SuspicionCommand, SuspicionOutcome,
    TermsCommand,
};
use rilascio_exchange::message::{Body, ItemOutcome, Message, MessageId, Package};
use rilascio_store::work;

pub(super) fn execute(ledger: &mut Ledger<'_>, command: &Command) -> Result<Answer> {
    use Command as C;
    match command {
        C::Adjudicate { dossier, same } => {
            hits::may_judge(ledger, dossier)?;
            opinion::adjudicate(ledger, dossier, *same)
        }
        C::ExamineFindings {
            dossier,
            seen,
            clear,
        } => screening::examine(ledger, dossier, seen, *clear),
        C::SuspectFraud {
            dossier,
            fraud,
            report,
        } => {
            let raise = SuspicionCommand::Raise(*fraud, report.clone());
            step(ledger, dossier, &DossierCommand::Suspicion(raise))
        }
        C::JudgeSuspicion {
            dossier,
            established,
            act,
        } => {
            let outcome = SuspicionOutcome {
                established: *established,
                act: act.clone(),
            };
            let judge = SuspicionCommand::Judge(outcome);
            step(ledger, dossier, &DossierCommand::Suspicion(judge))
        }
        C::EnterWatch {
            list,
            act,
            until,
            person,
        } => screening::enter(ledger, list, act, *until, person),
        C::EndWatch { entry } => screening::end(ledger, entry),
        C::ReturnDossier { dossier } => {
            let answer = step(ledger, dossier, &DossierCommand::Return)?;
            tell_office(ledger, dossier, Phase::Draft)?;
            // Everything is taken again, and comes again.
            came_to_nothing(ledger, dossier)?;
            Ok(answer)
        }
        C::AskPapers {
            dossier,
            papers,
            days,
        } => terms::ask_papers(ledger, dossier, papers, *days),
        C::GiveNotice {
            dossier,
            grounds,
            reasons,
        } => terms::give_notice(ledger, dossier, grounds, reasons.as_ref()),
        C::NoteAnswer { dossier } => terms::take_answer(ledger, dossier),
        C::NoteAppeal {
            dossier,
            act,
            served,
        } => {
            let appeal = TermsCommand::NoteAppeal(act.clone(), *served);
            terms::take_step(ledger, dossier, appeal)
        }
        C::DecideAppeal {
            dossier,
            act,
            upheld,
        } => {
            let outcome = AppealOutcome {
                act: act.clone(),
                upheld: *upheld,
            };
            terms::take_step(ledger, dossier, TermsCommand::DecideAppeal(outcome))
        }
        C::Propose {
            dossier,
            grant,
            reasons,
        } => decision::propose(ledger, dossier, *grant, reasons.as_ref()),
        C::Decide {
            dossier,
            grant,
            express,
            reasons,
        } => decision::decide(ledger, dossier, *grant, *express, reasons.as_ref()),
        C::RecallOrder { dossier } => routing::recall_one(ledger, dossier),
        C::OrderAgain { dossier, express } => routing::order_again(ledger, dossier, *express),
        C::StopWorks { works, act } => routing::stand(ledger, works, StandingState::Stopped, act),
        C::LoseWorks { works, act } => routing::stand(ledger, works, StandingState::Lost, act),
        C::LoseDocument { dossier } => routing::lose_document(ledger, dossier),
        C::ResumeWorks { works, act } => routing::stand(ledger, works, StandingState::Running, act),
        C::CancelDossier { dossier, why } => {
            let answer = step(ledger, dossier, &DossierCommand::Cancel(*why))?;
            tell_office(ledger, dossier, Phase::Cancelled)?;
            came_to_nothing(ledger, dossier)?;
            Ok(answer)
        }
        C::BlockDocument { document, why } => {
            document_step(ledger, document, &DocumentCommand::Block(*why))
        }
        C::SuspendDocument { document } => {
            document_step(ledger, document, &DocumentCommand::Suspend)
        }
        C::ResumeDocument { document } => document_step(ledger, document, &DocumentCommand::Resume),
        C::ProposeRevocation { document } => {
            document_step(ledger, document, &DocumentCommand::ProposeRevocation)
        }
        C::ConfirmRevocation { document } => {
            document_step(ledger, document, &DocumentCommand::ConfirmRevocation)
        }
        other => Err(Error::Role {
            command: other.name(),
            role: "centre",
        }),
    }
}

/// The job that takes the prints of a dossier out of the gallery, unless it is on its way again.
pub(crate) const FORGET_PRINTS: &str = "forget-prints";
/// The same, at the end of the term for which they are kept there.
pub(crate) const PRINTS_ENDED: &str = "prints-ended";

/// A dossier came to nothing, or goes back: its prints leave the gallery and its marks the index. The record of one that
/// ended is kept for its term, everything else is forgotten.
pub(super) fn came_to_nothing(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    ledger.job(FORGET_PRINTS, dossier.as_str())?;
    hits::forget(ledger, dossier)?;
    screening::forget(ledger, dossier)?;
    let known: Dossier = ledger.known(dossier.as_str())?;
    if known.phase.is_end() {
        record_term(ledger, &known)?;
        forget(ledger, dossier)
    } else {
        ledger.forget_biometrics(dossier.as_str())?;
        ledger.forget(dossier.as_str(), PAPERS)?;
        Ok(())
    }
}

/// The record and the papers are forgotten at the end of their term.
pub(super) fn record_term(ledger: &mut Ledger<'_>, dossier: &Dossier) -> Result<()> {
    let years = ledger.profile(&dossier.profile)?.circuit.record_years;
    let end = ledger.now_ms() + i64::from(years) * 366 * DAY_MS;
    // A dossier that an appeal brought back has a later end.
    work::postpone_job(ledger.tx, "forget-record", dossier.id.as_str(), end)?;
    Ok(())
}

/// True while the prints of a dossier may be in the gallery.
pub(crate) fn prints_count(phase: Phase) -> bool {
    (Phase::Examination..=Phase::HandedOver).contains(&phase)
}

/// A step of a dossier by a person.
pub(super) fn step(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    command: &DossierCommand,
) -> Result<Answer> {
    let next: Dossier = ledger.step(dossier.as_str(), None, command)?;
    Ok(Answer::of(dossier, word(next.phase)))
}

/// A step of a document by a person; the registry hears of it.
fn document_step(
    ledger: &mut Ledger<'_>,
    document: &DocumentId,
    command: &DocumentCommand,
) -> Result<Answer> {
    let next: Document = ledger.step(document.as_str(), None, command)?;
    if !matches!(command, DocumentCommand::ProposeRevocation) {
        tell_registry(ledger, &next)?;
    }
    Ok(Answer::of(document, word(next.state)))
}

pub(super) fn tell_registry(ledger: &mut Ledger<'_>, document: &Document) -> Result<()> {
    let registry = ledger.desk.routes.registry.clone();
    let dossier: Option<Dossier> = ledger.get(document.dossier.as_str())?;
    let body = Body::DocumentRecord {
        document: Box::new(document.clone()),
        receipt: dossier.and_then(|dossier| dossier.receipt),
    };
    ledger.send(&registry, document.id.as_str(), body, None)
}

pub(super) fn tell_office(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    phase: Phase,
) -> Result<()> {
    answer_office(ledger, dossier, phase, None)
}

fn answer_office(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    phase: Phase,
    answers: Option<&MessageId>,
) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let office = ledger.desk.routes.office(&known.office)?.clone();
    let row = rilascio_store::entity::get(ledger.tx, "dossier", dossier.as_str())?;
    let order = match known.order {
        // A parcel of an order of which the office heard nothing would wait for its word.
        None if phase == Phase::Certified && known.orders > 0 => {
            let last = OrderId::of(dossier, known.orders);
            Some(last.map_err(|why| Error::Malformed { what: "order", why })?)
        }
        live => live,
    };
    let body = Body::DossierProgress {
        dossier: dossier.clone(),
        phase,
        document: known.document,
        order,
        word: row.map_or(0, |row| row.version),
        terms: Box::new(known.terms),
    };
    ledger.send(&office, dossier.as_str(), body, answers)
}

pub(super) fn forget(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    if ledger.forget_biometrics(dossier.as_str())? {
        let known: Dossier = ledger.known(dossier.as_str())?;
        if known.forgotten.is_none() {
            follow(ledger, dossier, &DossierCommand::Forget)?;
        }
    }
    Ok(())
}

/// The step of a dossier that another node took.
pub(super) fn go(phase: Phase, document: Option<DocumentId>) -> DossierCommand {
    DossierCommand::Follow {
        phase,
        document,
        order: None,
        word: None,
        terms: None,
    }
}

pub(super) fn follow(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    command: &DossierCommand,
) -> Result<Dossier> {
    ledger.step_by_system(dossier.as_str(), command)
}

pub(super) fn receive(ledger: &mut Ledger<'_>, message: &Message) -> Result<()> {
    match &message.body {
        Body::ApplicationRecord { dossier, package } => take_in(ledger, message, dossier, package),
        Body::OrderInformation { items } => {
            super::check_items(&message.body, items.len())?;
            items
                .iter()
                .try_for_each(|item| order_information(ledger, message, item))
        }
        Body::RecallAnswer {
            given_up,
            kept,
            again,
        } => routing::recall_answered(ledger, message, given_up, kept, *again),
        Body::PrintNotification {
            order, document, ..
        } => printed(ledger, message, order, document),
        Body::Consignment { consignment } => {
            super::check_items(&message.body, consignment.items.len())?;
            if !returns::left(ledger, &message.header.sender, &consignment.id)? {
                return Ok(());
            }
            for item in &consignment.items {
                let order: Order = ledger.known(item.order.as_str())?;
                only_from(message, &order.works)?;
                match order.state {
                    OrderState::Produced => {}
                    OrderState::Placed | OrderState::Accepted | OrderState::AskedBack => {
                        return Err(not_yet());
                    }
                    // The word that the parcel before came back has to come first.
                    OrderState::Dispatched => return Err(not_yet()),
                    // Given up meanwhile.
                    _ => continue,
                }
                let dispatch = OrderCommand::Dispatch(consignment.id.clone());
                let _: Order = ledger.step_by_system(item.order.as_str(), &dispatch)?;
                // An activation may have come before the word that the parcel left.
                let known: Dossier = ledger.known(item.dossier.as_str())?;
                if known.phase < Phase::Dispatched {
                    follow(
                        ledger,
                        &item.dossier,
                        &go(Phase::Dispatched, Some(item.document.clone())),
                    )?;
                }
            }
            Ok(())
        }
        Body::ConsignmentBack { consignment, items } => {
            returns::told(ledger, message, consignment, items)
        }
        Body::Complaint {
            dossier,
            document,
            defect,
        } => complaint(ledger, message, dossier, document, *defect),
        Body::Activation {
            dossier, document, ..
        } => {
            let known = of_office(ledger, message, dossier)?;
            if known.document.as_ref() != Some(document) {
                return given_up(ledger, document);
            }
            match known.phase {
                Phase::Produced | Phase::Dispatched => {}
                phase if phase < Phase::Produced => return Err(not_yet()),
                _ => return Err(Reason::State.refusal().into()),
            }
            let to = go(Phase::Activated, Some(document.clone()));
            // A document that was blocked on its way stays blocked: the dossier does not move on either.
            let active: Document =
                ledger.step_by_system(document.as_str(), &DocumentCommand::Activate)?;
            follow(ledger, dossier, &to)?;
            tell_registry(ledger, &active)
        }
        Body::HandOver {
            dossier,
            document,
            surrender,
            officer,
            ..
        } => {
            let known = of_office(ledger, message, dossier)?;
            if known.document.as_ref() != Some(document) {
                return given_up(ledger, document);
            }
            if known.phase < Phase::Activated {
                return Err(not_yet());
            }
            handed_over(ledger, &known, document, surrender, officer)
        }
        Body::Revocation {
            document, block, ..
        } => {
            let known: Document = ledger.known(document.as_str())?;
            let office = ledger.desk.routes.office(&known.office)?.clone();
            only_from(message, &office)?;
            recalled(ledger, &known, *block)
        }
        Body::DailyBalance {
            day,
            balance,
            printed,
            ..
        } => {
            let own_printed =
                work::read_number(ledger.tx, &format!("printed/{}", message.header.sender))?;
            let own_handed =
                work::read_number(ledger.tx, &format!("handed-over/{}", message.header.sender))?;
            let count = |number: i64| u64::try_from(number).unwrap_or(0);
            let agreed = balance.holds()
                && *printed == count(own_printed)
                && balance.handed_over == count(own_handed);
            let body = Body::BalanceAnswer {
                day: *day,
                agreed,
                printed: count(own_printed),
                handed_over: count(own_handed),
            };
            ledger.send(
                &message.header.sender.clone(),
                &day.to_string(),
                body,
                Some(&message.header.id),
            )
        }
        Body::LossReport { report } => losses::heed(ledger, message, report),
        Body::Service { dossier, served } => {
            of_office(ledger, message, dossier)?;
            acts::was_served(ledger, dossier, served)
        }
        Body::Withdrawal { dossier } => {
            let known = of_office(ledger, message, dossier)?;
            if known.phase == Phase::Draft {
                follow(ledger, dossier, &go(Phase::Cancelled, None))?;
                came_to_nothing(ledger, dossier)?;
            }
            Ok(())
        }
        Body::Papers {
            dossier,
            number,
            paper,
        } => {
            // The dossier itself has to come first.
            if ledger.get::<Dossier>(dossier.as_str())?.is_none() {
                return Err(not_yet());
            }
            let known = of_office(ledger, message, dossier)?;
            papers::receive(ledger, &known, *number, paper)
        }
        Body::StatusList { .. } => only_from(message, &ledger.desk.routes.registry.clone()),
        Body::Error { .. } => Ok(()),
        _ => Err(not_ours(message)),
    }
}

/// A document that is not the dossier's was given up meanwhile, or the word of it has still to come. One that was given up
/// gets no further; its office has the word, or will.
pub(super) fn given_up(ledger: &mut Ledger<'_>, document: &DocumentId) -> Result<()> {
    let registered: Option<Document> = ledger.get(document.as_str())?;
    if registered.is_some_and(|known| known.is_dead()) {
        Ok(())
    } else {
        Err(not_yet())
    }
}

/// The dossier, when the message comes from its office.
fn of_office(ledger: &mut Ledger<'_>, message: &Message, dossier: &DossierId) -> Result<Dossier> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let office = ledger.desk.routes.office(&known.office)?.clone();
    only_from(message, &office)?;
    Ok(known)
}

fn take_in(
    ledger: &mut Ledger<'_>,
    message: &Message,
    sent: &Dossier,
    package: &Package,
) -> Result<()> {
    let office = ledger.desk.routes.office(&sent.office)?.clone();
    only_from(message, &office)?;
    let profile = ledger.profile(&sent.profile)?;
    let enrolment = sent
        .enrolment
        .as_ref()
        .ok_or_else(|| Reason::Malformed.refusal())?;
    let checked = check(&profile, package, ledger.today(), None)?;
    let same = enrolment.content == package.digest()
        && enrolment.prints == checked.prints
        && enrolment.signature == checked.signature;
    if !same {
        return Err(Error::Malformed {
            what: "dossier",
            why: "its facts are not those of its package".into(),
        });
    }
    let dossier = &sent.id;
    // Dossiers of an office carry its name; one that came before stays with its office.
    let known: Option<Dossier> = ledger.get(dossier.as_str())?;
    let own_name = dossier
        .as_str()
        .strip_prefix(sent.office.as_str())
        .is_some_and(|rest| rest.starts_with('-'));
    // A node that gives a known name to another applicant would put one in the place of the other.
    let other = known
        .as_ref()
        .is_some_and(|known| known.receipt != sent.receipt);
    if !own_name
        || other
        || known
            .as_ref()
            .is_some_and(|known| known.office != sent.office || known.profile != sent.profile)
    {
        return Err(Reason::Site.refusal().into());
    }
    // What the office says of later steps is not the office's to say.
    let mut fresh = sent.clone();
    fresh
        .hands
        .retain(|step, _| matches!(step, Step::Enrol | Step::Submit));
    fresh.orders = known.as_ref().map_or(0, |known| known.orders);
    fresh.followed = known.as_ref().map_or(0, |known| known.followed);
    fresh.served = known
        .as_ref()
        .map_or_else(Vec::new, |known| known.served.clone());
    fresh.arrived = None;
    fresh.identification = None;
    fresh.same_fingers = None;
    fresh.opinion = None;
    fresh.adjudication = None;
    fresh.screening = None;
    fresh.cleared = None;
    fresh.suspicion = None;
    fresh.residence = None;
    fresh.proposal = None;
    fresh.certificate = None;
    fresh.order = None;
    fresh.document = None;
    fresh.forgotten = None;
    let receive = DossierCommand::Receive(Box::new(fresh));
    let _: Dossier = ledger.begin_by_system(dossier.as_str(), &sent.profile, &receive)?;
    ledger.keep_package(dossier.as_str(), package)?;
    acts::forget_reasons(ledger, dossier)?;
    screening::take_in(ledger, dossier, &checked.application)?;
    if profile.circuit.identification && enrolment.prints == PrintsTaken::Taken {
        ledger.job("identify", dossier.as_str())?;
    } else {
        follow(
            ledger,
            dossier,
            &DossierCommand::Identify(PrintSearch::NotDue),
        )?;
    }
    if profile.circuit.residents {
        ledger.job("verify", dossier.as_str())?;
    } else {
        follow(
            ledger,
            dossier,
            &DossierCommand::Verify(ResidenceCheck::NotDue),
        )?;
    }
    let taken: Dossier = ledger.known(dossier.as_str())?;
    terms::look_at(ledger, &taken)?;
    answer_office(
        ledger,
        dossier,
        Phase::Examination,
        Some(&message.header.id),
    )
}

fn order_information(ledger: &mut Ledger<'_>, message: &Message, item: &ItemOutcome) -> Result<()> {
    let order: Order = ledger.known(item.order.as_str())?;
    only_from(message, &order.works)?;
    // What was asked back is answered by itself: that answer says whether others make it.
    if order.state != OrderState::Placed {
        return Ok(());
    }
    let dossier = order.dossier;
    if item.accepted {
        let _: Order = ledger.step_by_system(item.order.as_str(), &OrderCommand::Accept)?;
        let to = go(Phase::InProduction, None);
        follow(ledger, &dossier, &to)?;
    } else {
        let _: Order = ledger.step_by_system(item.order.as_str(), &OrderCommand::Reject)?;
        promise::ended(ledger, &order.works)?;
        follow(
            ledger,
            &dossier,
            &DossierCommand::Reorder(item.order.clone()),
        )?;
        tell_office(ledger, &dossier, Phase::Certified)?;
    }
    Ok(())
}

fn printed(
    ledger: &mut Ledger<'_>,
    message: &Message,
    id: &OrderId,
    document: &Document,
) -> Result<()> {
    let order: Order = ledger.known(id.as_str())?;
    only_from(message, &order.works)?;
    let sound = document.dossier == order.dossier
        && document.profile == order.profile
        && document.office == order.office
        && document.state == DocumentState::Produced;
    if !sound {
        return Err(Reason::Malformed.refusal().into());
    }
    match order.state {
        OrderState::Accepted | OrderState::AskedBack => {}
        OrderState::Placed => return Err(not_yet()),
        OrderState::Cancelled if order.document.is_none() => {
            return routing::too_late(ledger, &order, document);
        }
        _ => return Err(Reason::State.refusal().into()),
    }
    let produce = OrderCommand::Produce(document.id.clone(), document.blank.clone());
    let _: Order = ledger.step_by_system(id.as_str(), &produce)?;
    let register = DocumentCommand::Register(Box::new(document.clone()));
    let registered: Document = ledger.step_by_system(document.id.as_str(), &register)?;
    let to = go(Phase::Produced, Some(document.id.clone()));
    follow(ledger, &order.dossier, &to)?;
    work::take_numbers(ledger.tx, &format!("printed/{}", order.works), 1)?;
    promise::made(ledger, &order.works)?;
    let rules = ledger.profile(&document.profile)?;
    let biometrics = ledger.now_ms() + i64::from(rules.circuit.biometrics_days) * DAY_MS;
    ledger.job_at("forget-biometrics", order.dossier.as_str(), biometrics)?;
    let dossier: Dossier = ledger.known(order.dossier.as_str())?;
    record_term(ledger, &dossier)?;
    ledger.job_after("expire", document.id.as_str(), document.valid_until)?;
    tell_registry(ledger, &registered)
}

/// An answer about data that were replaced meanwhile does not count: it is asked again.
fn about(known: &Dossier, content: &Digest) -> Result<()> {
    let replaced = known
        .enrolment
        .as_ref()
        .is_some_and(|enrolment| enrolment.content != *content);
    if replaced { Err(not_yet()) } else { Ok(()) }
}

/// Notes what the search of the prints found.
pub(crate) fn identified(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    content: &Digest,
    found: &Identification,
) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    about(&known, content)?;
    if known.phase == Phase::Examination && known.identification.is_none() {
        if let Some(same) = found.same_as_previous {
            follow(ledger, dossier, &DossierCommand::Compare(same))?;
        }
        follow(ledger, dossier, &DossierCommand::Identify(found.search))?;
        hits::keep(ledger, &known, found)?;
        let days = ledger.profile(&known.profile)?.circuit.gallery_days;
        let end = ledger.now_ms() + (i64::from(days) + 1) * DAY_MS;
        ledger.job_at(PRINTS_ENDED, dossier.as_str(), end)?;
    } else if !prints_count(known.phase) {
        // It went back or ended while its prints were searched: what was kept of them goes too.
        ledger.job(FORGET_PRINTS, dossier.as_str())?;
    }
    Ok(())
}

/// Notes what the registry of residents answered.
pub(crate) fn verified(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    content: &Digest,
    answer: ResidenceCheck,
) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    about(&known, content)?;
    if known.phase == Phase::Examination && known.residence.is_none() {
        follow(ledger, dossier, &DossierCommand::Verify(answer))?;
    }
    Ok(())
}

/// A document's last day has passed.
pub(crate) fn expire(ledger: &mut Ledger<'_>, document: &DocumentId) -> Result<()> {
    let known: Document = ledger.known(document.as_str())?;
    if known.is_dead() {
        return Ok(());
    }
    let expired: Document = ledger.step_by_system(document.as_str(), &DocumentCommand::Expire)?;
    tell_registry(ledger, &expired)
}

/// The term of biometric data has ended.
pub(crate) fn forget_biometrics(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    forget(ledger, dossier)
}

/// The term of the record has ended.
pub(crate) fn forget_record(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    // A court may still want to see it.
    let known: Option<Dossier> = ledger.get(dossier.as_str())?;
    if known.is_some_and(|known| known.terms.appeal_waits()) {
        return Err(not_yet());
    }
    forget(ledger, dossier)?;
    hits::forget(ledger, dossier)?;
    screening::forget(ledger, dossier)?;
    for part in [RECORD, PAPERS, ACTS] {
        ledger.forget(dossier.as_str(), part)?;
    }
    Ok(())
}
