//! The decision on a dossier: proposal, decision, certification, order.

use super::acts;
use super::centre::{came_to_nothing, follow, step, tell_office};
use super::package::{CERTIFICATE, RECORD};
use super::{not_yet, promise, routing};
use crate::command::Answer;
use crate::ledger::Ledger;
use crate::prose::Prose;
use crate::{Error, Result};
use rilascio_circuit::ActKind;
use rilascio_circuit::process::{
    Digest, Dossier, DossierCommand, DossierId, Order, OrderCommand, OrderId, OrderState, Phase,
    Reason,
};
use rilascio_exchange::message::{Body, Bytes, CertifiedRecord, OrderItem};

/// An examiner proposes; why not, where it is a refusal.
pub(super) fn propose(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    grant: bool,
    reasons: Option<&Prose>,
) -> Result<Answer> {
    if grant {
        acts::forget_reasons(ledger, dossier)?;
    } else {
        acts::take_reasons(ledger, dossier, ActKind::Refusal, reasons)?;
    }
    step(ledger, dossier, &DossierCommand::Propose(grant))
}

/// A director decides; the act says what, and why.
pub(super) fn decide(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    grant: bool,
    express: bool,
    reasons: Option<&Prose>,
) -> Result<Answer> {
    if !grant {
        acts::take_reasons(ledger, dossier, ActKind::Refusal, reasons)?;
    }
    let answer = step(ledger, dossier, &DossierCommand::Decide(grant))?;
    if grant {
        acts::draw_up(ledger, dossier, ActKind::Grant)?;
        ledger.job(certify_job(express), dossier.as_str())?;
    } else {
        acts::draw_up(ledger, dossier, ActKind::Refusal)?;
        tell_office(ledger, dossier, Phase::Refused)?;
        came_to_nothing(ledger, dossier)?;
    }
    Ok(answer)
}

/// The job that certifies and orders.
pub(super) fn certify_job(express: bool) -> &'static str {
    if express {
        "certify-express"
    } else {
        "certify"
    }
}

/// Freezes the record, signs it and orders the document.
pub(crate) fn certify(ledger: &mut Ledger<'_>, dossier: &DossierId, express: bool) -> Result<()> {
    let mut known: Dossier = ledger.known(dossier.as_str())?;
    if known.phase == Phase::Authorised {
        let enrolment = known
            .enrolment
            .as_ref()
            .ok_or_else(|| Reason::State.refusal())?;
        let record = CertifiedRecord {
            dossier: dossier.clone(),
            profile: known.profile.clone(),
            content: enrolment.content.clone(),
            certified: ledger.now,
        };
        let json = crate::ledger::encode("record", &record)?;
        let signed = ledger.desk.identity.sign(json.as_bytes(), ledger.now)?;
        ledger.keep(dossier.as_str(), RECORD, CERTIFICATE, &signed)?;
        known = follow(
            ledger,
            dossier,
            &DossierCommand::Certify(Digest::of(&signed)),
        )?;
    }
    if known.phase != Phase::Certified || known.order.is_some() {
        return Ok(());
    }
    let (Some(package), Some(digest)) =
        (ledger.package(dossier.as_str())?, known.certificate.clone())
    else {
        // The biometric data were forgotten: the dossier has to be enrolled again.
        return Err(Reason::State.refusal().into());
    };
    let compartment = rilascio_store::vault::Compartment {
        dossier: dossier.as_str(),
        part: RECORD,
    };
    let signed = compartment
        .get(ledger.tx, &ledger.vault, CERTIFICATE)?
        .ok_or_else(|| Reason::State.refusal())?;
    // Where all works of a profile stand still, its orders wait.
    let works = routing::running(ledger, &known.profile)?.ok_or_else(not_yet)?;
    let attempt = known
        .orders
        .checked_add(1)
        .ok_or_else(|| Reason::TooMany.refusal())?;
    let id =
        OrderId::of(dossier, attempt).map_err(|why| Error::Malformed { what: "order", why })?;
    let order = Order {
        id: id.clone(),
        dossier: dossier.clone(),
        profile: known.profile.clone(),
        works: works.clone(),
        office: known.office.clone(),
        certificate: digest,
        express,
        state: OrderState::Placed,
        blank: None,
        document: None,
        spoiled: 0,
        consignment: None,
    };
    let _: Order =
        ledger.step_by_system(id.as_str(), &OrderCommand::Place(Box::new(order.clone())))?;
    follow(ledger, dossier, &DossierCommand::Order(id))?;
    promise::make(ledger, dossier, &works, express)?;
    let body = Body::Order {
        items: vec![OrderItem {
            order,
            package,
            certificate: Bytes(signed.to_vec()),
        }],
    };
    ledger.send(&works, dossier.as_str(), body, None)?;
    tell_office(ledger, dossier, Phase::Ordered)
}
