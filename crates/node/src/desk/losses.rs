//! Reports of loss and theft: taken down at any office, heeded at once by the centre.

use super::centre::tell_registry;
use super::{not_ours, not_yet, only_from};
use crate::command::Answer;
use crate::ledger::{Ledger, word};
use crate::{Error, Result};
use rilascio_circuit::process::{
    Block, Document, DocumentCommand, DocumentId, DocumentState, Dossier, DossierId, Loss,
    LossCommand, LossReport, LossState, Phase, Reason, Reference,
};
use rilascio_exchange::message::{Body, Message};
use rilascio_store::work;

/// Takes a report down and sends it.
pub(super) fn report(
    ledger: &mut Ledger<'_>,
    document: &DocumentId,
    dossier: Option<&DossierId>,
    loss: Loss,
    report: &Reference,
) -> Result<Answer> {
    if let Some(dossier) = dossier {
        let known: Dossier = ledger.known(dossier.as_str())?;
        let handed_over =
            known.phase == Phase::HandedOver && known.document.as_ref() == Some(document);
        if !handed_over || known.office != ledger.actor.site {
            return Err(Reason::State.refusal().into());
        }
    }
    let number = work::take_numbers(ledger.tx, "loss-report", 1)?;
    let id = format!("{}-L{number:05}", ledger.actor.site);
    let id = Reference::parse(&id).map_err(|why| Error::Malformed {
        what: "name of a report",
        why,
    })?;
    let command = LossCommand::Report {
        id: id.clone(),
        document: document.clone(),
        dossier: dossier.cloned(),
        loss,
        report: report.clone(),
        office: ledger.actor.site.clone(),
    };
    let taken: LossReport = ledger.step(id.as_str(), None, &command)?;
    let state = word(taken.state);
    let centre = ledger.desk.routes.centre.clone();
    let body = Body::LossReport { report: taken };
    ledger.send(&centre, id.as_str(), body, None)?;
    Ok(Answer::of(id, state))
}

/// The centre heeds a report of an office.
pub(super) fn heed(ledger: &mut Ledger<'_>, message: &Message, report: &LossReport) -> Result<()> {
    let sender = &message.header.sender;
    let office = ledger.desk.routes.office(&report.office)?.clone();
    only_from(message, &office)?;
    let known: Option<Document> = ledger.get(report.document.as_str())?;
    let state = match known {
        None => LossState::Unknown,
        // Its holder has it: the word of the hand-over is on its way.
        Some(known) if known.state == DocumentState::Activated && report.dossier.is_some() => {
            return Err(not_yet());
        }
        // One that nobody was handed is where it should be: the number is another one.
        Some(known)
            if !matches!(
                known.state,
                DocumentState::InForce | DocumentState::Suspended
            ) =>
        {
            LossState::NotInForce
        }
        Some(_) => {
            let block = DocumentCommand::Block(Block::from(report.loss));
            let blocked: Document = ledger.step_by_system(report.document.as_str(), &block)?;
            tell_registry(ledger, &blocked)?;
            LossState::Blocked
        }
    };
    let system = ledger.actor.clone();
    let told = ("reported", report);
    ledger.note(&system, "loss", report.document.as_str(), &told)?;
    let body = Body::LossAnswer {
        report: report.id.clone(),
        state,
    };
    let answers = Some(&message.header.id);
    ledger.send(&sender.clone(), report.document.as_str(), body, answers)
}

/// What the centre made of a report.
pub(super) fn answered(
    ledger: &mut Ledger<'_>,
    message: &Message,
    report: &Reference,
    state: LossState,
) -> Result<()> {
    if state == LossState::Reported {
        return Err(not_ours(message));
    }
    only_from(message, &ledger.desk.routes.centre.clone())?;
    let answer = LossCommand::Answer(state);
    ledger
        .step_by_system::<LossReport>(report.as_str(), &answer)
        .map(drop)
}
