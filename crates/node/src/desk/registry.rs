//! The registry: whether a document is valid, for offices, controls and other administrations.

use super::{check_items, not_ours, only_from};
use crate::applicant;
use crate::command::{Answer, Command};
use crate::ledger::Ledger;
use crate::{Error, Result};
use rilascio_circuit::process::{
    AccessGrant, GrantCommand, Reason, Reference, Registration, RegistrationCommand,
};
use rilascio_exchange::message::{Body, ITEMS_MAX, Message, StatusEntry};
use rilascio_store::work;
use std::collections::BTreeSet;

pub(super) fn execute(ledger: &mut Ledger<'_>, command: &Command) -> Result<Answer> {
    use Command as C;
    match command {
        C::GrantAccess {
            administration,
            purpose,
            until,
        } => {
            let number = work::take_numbers(ledger.tx, "grant", 1)?;
            let id = Reference::parse(&format!("G{number:05}"))
                .map_err(|why| Error::Malformed { what: "grant", why })?;
            let grant = AccessGrant {
                id: id.clone(),
                administration: administration.clone(),
                purpose: purpose.clone(),
                until: *until,
                ended: false,
            };
            let _: AccessGrant =
                ledger.step(id.as_str(), None, &GrantCommand::Give(Box::new(grant)))?;
            Ok(Answer::of(id, "given"))
        }
        C::EndAccess { grant } => {
            let _: AccessGrant = ledger.step(grant.as_str(), None, &GrantCommand::End)?;
            Ok(Answer::of(grant, "ended"))
        }
        C::LookUp {
            grant,
            document,
            case,
        } => {
            let grant: AccessGrant = ledger.known(grant.as_str())?;
            // Whoever looks up for an administration works for it.
            if ledger.actor.site.as_str() != grant.administration.as_str() {
                return Err(Reason::Site.refusal().into());
            }
            let look_up = RegistrationCommand::LookUp {
                grant: Box::new(grant.clone()),
                case: case.clone(),
            };
            let found: Registration = ledger.step(document.as_str(), None, &look_up)?;
            let known = &found.document;
            let today = ledger.today();
            // The receipt says who asked, for what and what was answered; both sides keep it.
            let receipt = serde_json::json!({
                "document": known.id, "state": known.state, "block": known.block, "since": known.since,
                "valid_today": known.is_valid_on(today), "valid_until": known.valid_until,
                "grant": grant.id, "administration": grant.administration, "purpose": grant.purpose,
                "case": case, "officer": ledger.actor.officer, "at": ledger.now, "number": found.looked_up,
            });
            let signed = ledger
                .desk
                .identity
                .sign(receipt.to_string().as_bytes(), ledger.now)?;
            let signed = rilascio_exchange::message::Bytes(signed);
            Ok(Answer {
                found: Some(serde_json::json!({ "answer": receipt, "receipt": signed })),
                ..Answer::of(document, crate::ledger::word(known.state))
            })
        }
        other => Err(Error::Role {
            command: other.name(),
            role: "registry",
        }),
    }
}

pub(super) fn receive(ledger: &mut Ledger<'_>, message: &Message) -> Result<()> {
    match &message.body {
        Body::DocumentRecord { document, receipt } => {
            only_from(message, &ledger.desk.routes.centre.clone())?;
            let record = RegistrationCommand::Record(document.clone());
            let known: Option<Registration> = ledger.get(document.id.as_str())?;
            // Words of the centre can overtake each other; an older one changes nothing.
            if known.is_some_and(|known| known.document.revision > document.revision) {
                return Ok(());
            }
            let _: Registration = ledger.step_by_system(document.id.as_str(), &record)?;
            if let Some(receipt) = receipt {
                applicant::file(ledger, &document.id, receipt)?;
            }
            ledger.job("publish-status", "status")
        }
        Body::Error { .. } => Ok(()),
        _ => Err(not_ours(message)),
    }
}

/// Publishes what changed since the last list; true when more is left.
pub(crate) fn publish(ledger: &mut Ledger<'_>) -> Result<bool> {
    let limit = u32::try_from(ITEMS_MAX).unwrap_or(u32::MAX);
    let changed: Vec<Registration> = ledger.list("changed", limit)?;
    if changed.is_empty() {
        return Ok(false);
    }
    let number = work::take_numbers(ledger.tx, "status-list", 1)?;
    let number = u64::try_from(number).unwrap_or(0);
    let mut entries = Vec::new();
    for known in &changed {
        let id = known.document.id.as_str();
        let _: Registration = ledger.step_by_system(id, &RegistrationCommand::Publish(number))?;
        entries.push(StatusEntry {
            document: known.document.id.clone(),
            state: known.document.state,
            block: known.document.block,
            since: known.document.since,
        });
    }
    let routes = &ledger.desk.routes;
    let mut receivers: BTreeSet<_> = routes.offices.values().cloned().collect();
    receivers.insert(routes.centre.clone());
    for receiver in receivers {
        let body = Body::StatusList {
            number,
            entries: entries.clone(),
        };
        check_items(&body, entries.len())?;
        ledger.send(&receiver, &format!("list-{number}"), body, None)?;
    }
    Ok(changed.len() >= ITEMS_MAX)
}
