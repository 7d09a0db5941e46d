//! The office: enrolment, parcels, activation, hand-over, attestations, paper, files of the old procedure.

use super::centre::record_term;
use super::package::check;
use super::{
    acts, collection, draft, losses, not_ours, not_yet, only_from, papers, promise, returns, terms,
};
use crate::command::{Answer, COUNT_MAX, Command};
use crate::ledger::{DAY_MS, Ledger, word};
use crate::measures::{QUALITY, step_of};
use crate::notice::Occasion;
use crate::{Error, Result};
use rilascio_circuit::process::{
    Attestation, AttestationCommand, AttestationId, AttestationState, Block, Consignment,
    ConsignmentCommand, ConsignmentState, Dossier, DossierCommand, DossierId, Enrolment,
    LegacyCommand, LegacyFile, Office, OfficerId, Phase, PrintsTaken, Reason, Sheet, SheetCommand,
};
use rilascio_exchange::message::{Body, Message, Package};
use rilascio_store::{entity, work};

/// The job that notes that a holder did not come in time.
pub(crate) const OVERRUN: &str = "overrun-attestation";

/// The last day of an attestation has passed.
pub(crate) fn overrun(ledger: &mut Ledger<'_>, attestation: &str) -> Result<()> {
    let known: Attestation = ledger.known(attestation)?;
    if known.state == AttestationState::Issued {
        let _: Attestation = ledger.step_by_system(attestation, &AttestationCommand::Overrun)?;
    }
    Ok(())
}

pub(super) fn execute(ledger: &mut Ledger<'_>, command: &Command) -> Result<Answer> {
    use Command as C;
    match command {
        C::OpenDossier {
            profile,
            reason,
            previous,
        } => {
            let office = own_office(ledger)?;
            let rules = ledger.profile(profile)?;
            office.opens(profile, ledger.today(), &rules.circuit)?;
            let number = work::take_numbers(ledger.tx, "dossier", 1)?;
            let id =
                DossierId::parse(&format!("{}-{number:06}", office.site)).map_err(malformed)?;
            let receipt = ledger.receipt(&id)?.digest();
            let open = DossierCommand::Open {
                id: id.clone(),
                profile: profile.clone(),
                office: office.site,
                reason: *reason,
                previous: previous.clone(),
                receipt: Some(receipt),
            };
            let answer = step(ledger, &id, Some(profile), &open)?;
            let opened: Dossier = ledger.known(id.as_str())?;
            terms::look_at(ledger, &opened)?;
            Ok(answer)
        }
        C::Enrol {
            dossier,
            package,
            confirmed,
        } => enrol(ledger, dossier, package, *confirmed),
        C::SubmitDossier { dossier } => {
            let submitted: Dossier =
                ledger.step(dossier.as_str(), None, &DossierCommand::Submit)?;
            let package = ledger
                .package(dossier.as_str())?
                .ok_or_else(|| Reason::State.refusal())?;
            let centre = ledger.desk.routes.centre.clone();
            let body = Body::ApplicationRecord {
                dossier: Box::new(submitted),
                package,
            };
            ledger.send(&centre, dossier.as_str(), body, None)?;
            papers::send(ledger, dossier, 0)?;
            // What was sent is in the record; the draft was for the desk.
            draft::forget(ledger, dossier)?;
            Ok(Answer::of(dossier, word(Phase::Submitted)))
        }
        C::BringPapers { dossier, papers } => papers::bring(ledger, dossier, papers),
        C::WithdrawDossier { dossier, why } => {
            let answer = step(ledger, dossier, None, &DossierCommand::Cancel(*why))?;
            let known: Dossier = ledger.known(dossier.as_str())?;
            // The centre gave it back, and still has what it holds.
            if known.followed > 0 {
                let body = Body::Withdrawal {
                    dossier: dossier.clone(),
                };
                to_centre(ledger, dossier, body)?;
            }
            forget(ledger, dossier)?;
            Ok(answer)
        }
        C::ReceiveConsignment {
            consignment,
            found,
            second,
        } => {
            let sent: Consignment = ledger.known(consignment.as_str())?;
            // Who opens a parcel works on everything that is inside, also on what is missing.
            for item in &sent.items {
                let known: Dossier = ledger.known(item.dossier.as_str())?;
                ledger.actor.needs_profile(&known.profile)?;
            }
            let receive = ConsignmentCommand::Receive {
                found: found.clone(),
                second: second.clone(),
            };
            let counted: Consignment = ledger.step(consignment.as_str(), None, &receive)?;
            count_in(ledger, &counted, second)?;
            Ok(Answer::of(consignment, word(counted.state)))
        }
        C::Complain { dossier, defect } => {
            let known: Dossier = ledger.known(dossier.as_str())?;
            let document = known.document.ok_or_else(|| Reason::State.refusal())?;
            let answer = step(ledger, dossier, None, &DossierCommand::GiveBack)?;
            let body = Body::Complaint {
                dossier: dossier.clone(),
                document,
                defect: Some(*defect),
            };
            to_centre(ledger, dossier, body)?;
            Ok(answer)
        }
        C::Activate { dossier, check } => {
            refuse_blocked(ledger, dossier)?;
            let active: Dossier =
                ledger.step(dossier.as_str(), None, &DossierCommand::Activate(*check))?;
            let body = Body::Activation {
                dossier: dossier.clone(),
                document: active
                    .document
                    .clone()
                    .ok_or_else(|| Reason::State.refusal())?,
                check: *check,
                officer: ledger.actor.officer.clone(),
                at: ledger.now,
            };
            to_centre(ledger, dossier, body)?;
            ledger.notify(&active)?;
            Ok(Answer::of(dossier, word(active.phase)))
        }
        C::HandOver {
            dossier,
            check,
            surrender,
        } => {
            refuse_blocked(ledger, dossier)?;
            let hand_over = DossierCommand::HandOver {
                check: *check,
                surrender: surrender.clone(),
            };
            let done: Dossier = ledger.step(dossier.as_str(), None, &hand_over)?;
            let body = Body::HandOver {
                dossier: dossier.clone(),
                document: done
                    .document
                    .clone()
                    .ok_or_else(|| Reason::State.refusal())?,
                surrender: surrender.clone(),
                officer: ledger.actor.officer.clone(),
                at: ledger.now,
            };
            to_centre(ledger, dossier, body)?;
            forget(ledger, dossier)?;
            Ok(Answer::of(dossier, word(done.phase)))
        }
        C::ShelveDocument { .. } | C::SetAppointment { .. } | C::CallOffAppointment { .. } => {
            collection::execute(ledger, command)
        }
        C::Recall { dossier } => {
            let recalled: Dossier = ledger.step(dossier.as_str(), None, &DossierCommand::Recall)?;
            let body = Body::Revocation {
                document: recalled
                    .document
                    .clone()
                    .ok_or_else(|| Reason::State.refusal())?,
                block: Block::Uncollected,
                since: ledger.now,
            };
            to_centre(ledger, dossier, body)?;
            forget(ledger, dossier)?;
            ledger.notify(&recalled)?;
            Ok(Answer::of(dossier, word(recalled.phase)))
        }
        C::ReportLoss {
            document,
            dossier,
            loss,
            report,
        } => losses::report(ledger, document, dossier.as_ref(), *loss, report),
        C::ServeAct {
            dossier,
            act_number,
        } => acts::serve(ledger, dossier, act_number),
        C::IssueAttestation {
            dossier,
            certificate,
            return_by,
        } => {
            let known: Dossier = ledger.known(dossier.as_str())?;
            if known.phase.is_end() {
                return Err(Reason::State.refusal().into());
            }
            let number = work::take_numbers(ledger.tx, "attestation", 1)?;
            let id = AttestationId::parse(&format!("{}-A{number:05}", known.office))
                .map_err(malformed)?;
            let issue = AttestationCommand::Issue {
                id: id.clone(),
                dossier: dossier.clone(),
                office: known.office.clone(),
                certificate: certificate.clone(),
                return_by: *return_by,
            };
            let issued: Attestation = ledger.step(id.as_str(), Some(&known.profile), &issue)?;
            ledger.job_after(OVERRUN, id.as_str(), *return_by)?;
            Ok(Answer::of(id, word(issued.state)))
        }
        C::EndAttestation { attestation } => {
            let known: Attestation = ledger.known(attestation.as_str())?;
            let dossier: Dossier = ledger.known(known.dossier.as_str())?;
            ledger.actor.needs_profile(&dossier.profile)?;
            let ended: Attestation =
                ledger.step(attestation.as_str(), None, &AttestationCommand::End)?;
            Ok(Answer::of(attestation, word(ended.state)))
        }
        C::ReceiveSheets { numbers, second } => {
            if numbers.is_empty() || numbers.len() > COUNT_MAX as usize {
                return Err(Reason::TooMany.refusal().into());
            }
            let office = ledger.actor.site.clone();
            for number in numbers {
                let receive = SheetCommand::Receive {
                    number: number.clone(),
                    office: office.clone(),
                    second: second.clone(),
                };
                let _: Sheet = ledger.step(number.as_str(), None, &receive)?;
            }
            Ok(Answer {
                ids: numbers.iter().map(ToString::to_string).collect(),
                state: "in-stock".to_owned(),
                found: None,
            })
        }
        C::IssuePaper {
            sheet,
            dossier,
            case,
            evidence,
        } => {
            let known: Dossier = ledger.known(dossier.as_str())?;
            ledger.actor.needs_at(command.right(), &known.office)?;
            ledger.actor.needs_profile(&known.profile)?;
            if known.phase.is_end() {
                return Err(Reason::State.refusal().into());
            }
            let issue = SheetCommand::Issue {
                dossier: dossier.clone(),
                case: *case,
                evidence: evidence.clone(),
            };
            let issued: Sheet = ledger.step(sheet.as_str(), Some(&known.profile), &issue)?;
            Ok(Answer::of(sheet, word(issued.state)))
        }
        C::SpoilSheet { sheet } => sheet_step(ledger, sheet.as_str(), &SheetCommand::Spoil),
        C::MissSheet { sheet } => sheet_step(ledger, sheet.as_str(), &SheetCommand::Miss),
        C::DestroySheet { sheet, second } => {
            let destroy = SheetCommand::Destroy {
                second: second.clone(),
            };
            sheet_step(ledger, sheet.as_str(), &destroy)
        }
        C::NoteLegacyFile { file, profile } => {
            let office = own_office(ledger)?;
            let rules = ledger.profile(profile)?;
            let start = office.starts.get(profile).copied();
            let until = office.legacy_until(profile, &rules.circuit);
            let (Some(start), Some(until)) = (start, until) else {
                return Err(Reason::RolloutBefore.refusal().into());
            };
            let note = LegacyCommand::Note {
                id: file.clone(),
                office: office.site,
                profile: profile.clone(),
                start,
                until,
            };
            let noted: LegacyFile = ledger.step(file.as_str(), Some(profile), &note)?;
            Ok(Answer::of(file, word(noted.state)))
        }
        C::FinishLegacyFile { file } => {
            let finished: LegacyFile = ledger.step(file.as_str(), None, &LegacyCommand::Finish)?;
            Ok(Answer::of(file, word(finished.state)))
        }
        C::ExceptLegacyFile { file, until, act } => {
            let except = LegacyCommand::Except {
                until: *until,
                act: act.clone(),
            };
            let excepted: LegacyFile = ledger.step(file.as_str(), None, &except)?;
            Ok(Answer::of(file, word(excepted.state)))
        }
        other => Err(Error::Role {
            command: other.name(),
            role: "office",
        }),
    }
}

/// A document that the registry names as blocked is kept, not handed over.
fn refuse_blocked(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let Some(document) = known.document else {
        return Ok(());
    };
    let status = entity::get(ledger.tx, "status", document.as_str())?;
    let valid = status
        .is_none_or(|status| matches!(&status.state[..], "produced" | "activated" | "in-force"));
    if valid {
        Ok(())
    } else {
        Err(Reason::Blocked.refusal().into())
    }
}

fn malformed(why: String) -> Error {
    Error::Malformed { what: "name", why }
}

fn own_office(ledger: &Ledger<'_>) -> Result<Office> {
    let office = ledger.desk.offices.get(&ledger.actor.site).cloned();
    office.ok_or_else(|| Reason::Site.refusal().into())
}

fn step(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    profile: Option<&str>,
    command: &DossierCommand,
) -> Result<Answer> {
    let next: Dossier = ledger.step(dossier.as_str(), profile, command)?;
    Ok(Answer::of(dossier, word(next.phase)))
}

fn sheet_step(ledger: &mut Ledger<'_>, sheet: &str, command: &SheetCommand) -> Result<Answer> {
    let next: Sheet = ledger.step(sheet, None, command)?;
    Ok(Answer::of(sheet, word(next.state)))
}

pub(super) fn to_centre(ledger: &mut Ledger<'_>, dossier: &DossierId, body: Body) -> Result<()> {
    let centre = ledger.desk.routes.centre.clone();
    ledger.send(&centre, dossier.as_str(), body, None)
}

fn enrol(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    package: &Package,
    confirmed: bool,
) -> Result<Answer> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let profile = ledger.profile(&known.profile)?;
    let checked = check(&profile, package, ledger.today(), None)?;
    let enrolment = Enrolment {
        content: package.digest(),
        prints: checked.prints,
        signature: checked.signature,
        confirmed,
    };
    let answer = step(ledger, dossier, None, &DossierCommand::Enrol(enrolment))?;
    ledger.keep_package(dossier.as_str(), package)?;
    let prints = checked.application.print.iter();
    let quality: Vec<u8> = prints
        .filter_map(|print| print.quality)
        .map(step_of)
        .collect();
    // For the statistics alone: of no dossier, and no finger.
    let actor = ledger.actor.clone();
    ledger.note(&actor, QUALITY, &known.profile, &quality)?;
    Ok(answer)
}

/// Forgets the biometric data of a dossier, if any are left; the rest has its term.
fn forget(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    if known.phase.is_end() {
        record_term(ledger, &known)?;
    }
    if ledger.forget_biometrics(dossier.as_str())? && known.forgotten.is_none() {
        let _: Dossier = ledger.step_by_system(dossier.as_str(), &DossierCommand::Forget)?;
    }
    Ok(())
}

/// The document is ordered: the office keeps what it took for the comparison at hand-over, where there is one and prints
/// were taken, and not longer than biometric data may be kept at all.
fn forget_or_keep(ledger: &mut Ledger<'_>, dossier: &Dossier) -> Result<()> {
    let rules = ledger.profile(&dossier.profile)?.circuit.clone();
    let taken = dossier.enrolment.as_ref().map(|taken| taken.prints);
    if !rules.finger_at_hand_over || taken != Some(PrintsTaken::Taken) {
        return forget(ledger, &dossier.id);
    }
    let due = ledger.now_ms() + i64::from(rules.biometrics_days) * DAY_MS;
    ledger.job_at("forget-biometrics", dossier.id.as_str(), due)
}

/// What was in the parcel is at the office; what was not is reported to works and centre.
fn count_in(ledger: &mut Ledger<'_>, counted: &Consignment, second: &OfficerId) -> Result<()> {
    for item in &counted.items {
        if counted.missing.contains(&item.document) {
            let body = Body::Complaint {
                dossier: item.dossier.clone(),
                document: item.document.clone(),
                defect: None,
            };
            to_centre(ledger, &item.dossier, body)?;
        } else {
            let known: Dossier = ledger.known(item.dossier.as_str())?;
            // A document that the centre has meanwhile given up is not taken in.
            if known.phase == Phase::Dispatched && known.document.as_ref() == Some(&item.document) {
                let arrive = DossierCommand::Arrive(item.document.clone());
                let arrived: Dossier = ledger.step(item.dossier.as_str(), None, &arrive)?;
                promise::came(ledger, &arrived)?;
                terms::look_at(ledger, &arrived)?;
            }
        }
    }
    let body = Body::Receipt {
        consignment: counted.id.clone(),
        missing: counted.missing.clone(),
        officers: [ledger.actor.officer.clone(), second.clone()],
    };
    ledger.send(&counted.works.clone(), counted.id.as_str(), body, None)
}

pub(super) fn receive(ledger: &mut Ledger<'_>, message: &Message) -> Result<()> {
    let centre = ledger.desk.routes.centre.clone();
    match &message.body {
        Body::DossierProgress {
            dossier,
            phase,
            document,
            order,
            word,
            terms,
        } => {
            only_from(message, &centre)?;
            let known: Dossier = ledger.known(dossier.as_str())?;
            // Only an appeal opens again what had ended, or the word that what was handed over had been given up.
            if known.phase.is_end() && !matches!(known.phase, Phase::Refused | Phase::HandedOver) {
                return Ok(());
            }
            let follow = DossierCommand::Follow {
                phase: *phase,
                document: document.clone(),
                order: order.clone(),
                word: Some(*word),
                terms: Some(terms.clone()),
            };
            // Words of the centre can overtake each other; one that comes too late changes nothing.
            match ledger.step_by_system::<Dossier>(dossier.as_str(), &follow) {
                Ok(followed) => {
                    tell_holder(ledger, &known, &followed)?;
                    match phase {
                        Phase::Refused | Phase::Cancelled => forget(ledger, dossier),
                        Phase::Ordered => forget_or_keep(ledger, &followed),
                        _ => Ok(()),
                    }
                }
                Err(Error::Refused(_)) => Ok(()),
                Err(why) => Err(why),
            }
        }
        Body::Consignment { consignment } => {
            if consignment.works != message.header.sender
                || consignment.state != ConsignmentState::Dispatched
            {
                return Err(not_ours(message));
            }
            super::check_items(&message.body, consignment.items.len())?;
            for item in &consignment.items {
                let known: Option<Dossier> = ledger.get(item.dossier.as_str())?;
                let Some(known) = known else {
                    return Err(Reason::Unknown.refusal().into());
                };
                if known.office != consignment.office {
                    return Err(Reason::Site.refusal().into());
                }
                // What came to nothing waits for no document, whatever order it had.
                let over = known.phase.is_end() && known.phase != Phase::HandedOver;
                if over || known.order.as_ref() != Some(&item.order) {
                    // The word that it was ordered has to come first; to what came to nothing there comes none.
                    if item.order.attempt() > known.orders && !over {
                        return Err(not_yet());
                    }
                    // The centre has given this order up meanwhile.
                    continue;
                }
                let follow = DossierCommand::Follow {
                    phase: Phase::Dispatched,
                    document: Some(item.document.clone()),
                    order: None,
                    word: None,
                    terms: None,
                };
                let _: Dossier = ledger.step_by_system(item.dossier.as_str(), &follow)?;
            }
            let dispatch = ConsignmentCommand::Dispatch {
                consignment: Box::new(consignment.clone()),
                second: None,
            };
            let _: Consignment = ledger.step_by_system(consignment.id.as_str(), &dispatch)?;
            Ok(())
        }
        Body::Act {
            dossier,
            act,
            content,
        } => {
            only_from(message, &centre)?;
            acts::receive(ledger, &centre, dossier, act, content)
        }
        Body::ConsignmentReturn { consignment } => returns::asked(ledger, message, consignment),
        Body::StatusList { number, entries } => {
            only_from(message, &ledger.desk.routes.registry.clone())?;
            super::check_items(&message.body, entries.len())?;
            keep_status(ledger, *number, entries)
        }
        Body::LossAnswer { report, state } => losses::answered(ledger, message, report, *state),
        Body::ComplaintResult { .. } | Body::Error { .. } => Ok(()),
        _ => Err(not_ours(message)),
    }
}

/// The holder hears of a decision, of missing papers and of a notice, once; the desk watches what came back to it.
fn tell_holder(ledger: &mut Ledger<'_>, before: &Dossier, after: &Dossier) -> Result<()> {
    let (old, new) = (&before.terms, &after.terms);
    if after.phase == Phase::Refused && before.phase != Phase::Refused {
        ledger.notify(after)?;
    }
    if old.papers.is_none() && new.papers.as_ref().is_some_and(|p| p.closed.is_none()) {
        ledger.notify_of(after, Occasion::Papers)?;
    }
    if old.notice.is_none() && new.notice.as_ref().is_some_and(|n| n.closed.is_none()) {
        ledger.notify_of(after, Occasion::Notice)?;
    }
    if after.phase == Phase::Draft {
        terms::look_at(ledger, after)?;
    }
    Ok(())
}

/// Keeps what the registry says of documents, so that an office can answer off line.
fn keep_status(
    ledger: &mut Ledger<'_>,
    number: u64,
    entries: &[rilascio_exchange::message::StatusEntry],
) -> Result<()> {
    for entry in entries {
        let id = entry.document.as_str();
        let known = entity::get(ledger.tx, "status", id)?;
        let newest = known.as_ref().and_then(|known| known.due_ms).unwrap_or(0);
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        if newest >= number {
            continue;
        }
        let row = entity::Entity {
            id: id.to_owned(),
            version: known.map_or(0, |known| known.version),
            site: String::new(),
            state: word(entry.state),
            due_ms: Some(number),
            body: crate::ledger::encode("status", entry)?,
        };
        entity::put(ledger.tx, "status", &row)?;
    }
    Ok(())
}
