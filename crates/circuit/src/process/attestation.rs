//! A substitute attestation: for a holder who cannot come, against a medical certificate (San Marino, DD 40/2025).

use super::{Aggregate, AttestationId, Context, Digest, DossierId, Reason, Right, SiteId};
use crate::rules::Refusal;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an attestation stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AttestationState {
    /// In force.
    Issued,
    /// The holder came.
    Ended,
    /// The holder did not come in time.
    Overrun,
}

/// An attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attestation {
    /// Its name.
    pub id: AttestationId,
    /// The dossier that waits for its holder.
    pub dossier: DossierId,
    /// The office.
    pub office: SiteId,
    /// The digest of the medical certificate: what it says is nobody else's business.
    pub certificate: Digest,
    /// The day by which the holder comes; the attestation is valid until then.
    pub return_by: Date,
    /// Where it stands.
    pub state: AttestationState,
}

/// What can be asked of an attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttestationCommand {
    /// Issues it.
    Issue {
        /// Its name.
        id: AttestationId,
        /// The dossier.
        dossier: DossierId,
        /// The office.
        office: SiteId,
        /// The medical certificate.
        certificate: String,
        /// When the inability ends.
        return_by: Date,
    },
    /// The holder came.
    End,
    /// The day passed.
    Overrun,
}

/// What can happen to an attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttestationEvent {
    /// Issued.
    Issued(Box<Attestation>),
    /// Ended.
    Ended,
    /// Overrun.
    Overrun,
}

impl Aggregate for Attestation {
    type Command = AttestationCommand;
    type Event = AttestationEvent;
    const KIND: &'static str = "attestation";

    fn decide(
        state: Option<&Self>,
        command: &AttestationCommand,
        context: &Context<'_>,
    ) -> Result<AttestationEvent, Refusal> {
        use AttestationCommand as C;
        let today = context.now.to_zoned(TimeZone::UTC).date();
        match (state, command) {
            (
                None,
                C::Issue {
                    id,
                    dossier,
                    office,
                    certificate,
                    return_by,
                },
            ) => {
                context.actor.needs_at(Right::HandOver, office)?;
                let days = context.rules.attestation_days;
                if days == 0 {
                    return Err(Reason::NotOffered.refusal());
                }
                if certificate.trim().is_empty() {
                    return Err(Reason::Medical.refusal());
                }
                let last = today.saturating_add(i32::from(days).days());
                if *return_by <= today || *return_by > last {
                    return Err(Reason::Malformed.refusal());
                }
                Ok(AttestationEvent::Issued(Box::new(Self {
                    id: id.clone(),
                    dossier: dossier.clone(),
                    office: office.clone(),
                    certificate: Digest::of(certificate.as_bytes()),
                    return_by: *return_by,
                    state: AttestationState::Issued,
                })))
            }
            (Some(_), C::Issue { .. }) => Err(Reason::Exists.refusal()),
            (None, _) => Err(Reason::Unknown.refusal()),
            (Some(known), C::End) => {
                context.actor.needs_at(Right::HandOver, &known.office)?;
                if known.state == AttestationState::Ended {
                    return Err(Reason::State.refusal());
                }
                Ok(AttestationEvent::Ended)
            }
            (Some(known), C::Overrun) => {
                context.actor.needs(Right::System)?;
                if known.state != AttestationState::Issued {
                    return Err(Reason::State.refusal());
                }
                if today <= known.return_by {
                    return Err(Reason::TooEarly.refusal());
                }
                Ok(AttestationEvent::Overrun)
            }
        }
    }

    fn apply(state: Option<Self>, event: &AttestationEvent) -> Result<Self, Refusal> {
        if let AttestationEvent::Issued(issued) = event {
            return Ok((**issued).clone());
        }
        let mut next = state.ok_or_else(|| Reason::State.refusal())?;
        next.state = match event {
            AttestationEvent::Issued(_) => next.state,
            AttestationEvent::Ended => AttestationState::Ended,
            AttestationEvent::Overrun => AttestationState::Overrun,
        };
        Ok(next)
    }
}
