//! Numbered sheets of security paper, for the cases in which a paper document is allowed.

use super::{
    Aggregate, Context, DossierId, OfficerId, Reason, Reference, Right, SheetNumber, SiteId,
};
use crate::profile::PaperCase;
use crate::rules::Refusal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a sheet is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum SheetState {
    /// Taken in charge.
    InStock,
    /// Issued to a holder.
    Issued,
    /// Spoiled.
    Spoiled,
    /// Destroyed before a witness.
    Destroyed,
    /// Not found.
    Missing,
}

/// A sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sheet {
    /// Its number.
    pub number: SheetNumber,
    /// The office that keeps it.
    pub office: SiteId,
    /// Where it is.
    pub state: SheetState,
    /// The dossier, and why paper was allowed.
    pub issued: Option<(DossierId, PaperCase)>,
}

/// What can be asked of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetCommand {
    /// Takes it in charge, with a second person.
    Receive {
        /// Its number.
        number: SheetNumber,
        /// The office.
        office: SiteId,
        /// The second person.
        second: OfficerId,
    },
    /// Issues it.
    Issue {
        /// The dossier.
        dossier: DossierId,
        /// Why paper is allowed.
        case: PaperCase,
        /// What documents the case.
        evidence: Option<Reference>,
    },
    /// It failed in the printer.
    Spoil,
    /// Destroys it before a witness.
    Destroy {
        /// The witness.
        second: OfficerId,
    },
    /// It cannot be found.
    Miss,
}

/// What can happen to a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetEvent {
    /// Taken in charge.
    Received(Box<Sheet>, OfficerId),
    /// Issued.
    Issued(DossierId, PaperCase),
    /// Spoiled.
    Spoiled,
    /// Destroyed.
    Destroyed(OfficerId),
    /// Missing.
    Missed,
}

impl Aggregate for Sheet {
    type Command = SheetCommand;
    type Event = SheetEvent;
    const KIND: &'static str = "sheet";

    fn decide(
        state: Option<&Self>,
        command: &SheetCommand,
        context: &Context<'_>,
    ) -> Result<SheetEvent, Refusal> {
        use SheetCommand as C;
        use SheetState as S;
        let actor = context.actor;
        if let C::Receive {
            number,
            office,
            second,
        } = command
        {
            actor.needs_at(Right::Stock, office)?;
            actor.beside(second)?;
            let sheet = Self {
                number: number.clone(),
                office: office.clone(),
                state: S::InStock,
                issued: None,
            };
            return match state {
                Some(_) => Err(Reason::Exists.refusal()),
                None => Ok(SheetEvent::Received(Box::new(sheet), second.clone())),
            };
        }
        let sheet = state.ok_or_else(|| Reason::Unknown.refusal())?;
        let from = |states: &[S]| {
            let fits = states.contains(&sheet.state);
            fits.then_some(()).ok_or_else(|| Reason::State.refusal())
        };
        match command {
            C::Receive { .. } => Err(Reason::Exists.refusal()),
            C::Issue {
                dossier,
                case,
                evidence,
            } => {
                actor.needs_at(Right::HandOver, &sheet.office)?;
                if context.rules.paper.is_empty() {
                    return Err(Reason::NotOffered.refusal());
                }
                let allowed = context.rules.paper.contains(case) && evidence.is_some();
                if !allowed {
                    return Err(Reason::Urgency.refusal());
                }
                from(&[S::InStock])?;
                Ok(SheetEvent::Issued(dossier.clone(), *case))
            }
            C::Spoil => {
                actor.needs_at(Right::Stock, &sheet.office)?;
                from(&[S::InStock])?;
                Ok(SheetEvent::Spoiled)
            }
            C::Destroy { second } => {
                actor.needs_at(Right::Stock, &sheet.office)?;
                actor.beside(second)?;
                from(&[S::InStock, S::Spoiled])?;
                Ok(SheetEvent::Destroyed(second.clone()))
            }
            C::Miss => {
                actor.needs_at(Right::Stock, &sheet.office)?;
                from(&[S::InStock, S::Spoiled])?;
                Ok(SheetEvent::Missed)
            }
        }
    }

    fn apply(state: Option<Self>, event: &SheetEvent) -> Result<Self, Refusal> {
        use SheetEvent as E;
        if let E::Received(sheet, _) = event {
            return Ok((**sheet).clone());
        }
        let mut next = state.ok_or_else(|| Reason::State.refusal())?;
        next.state = match event {
            E::Received(..) => next.state,
            E::Issued(dossier, case) => {
                next.issued = Some((dossier.clone(), *case));
                SheetState::Issued
            }
            E::Spoiled => SheetState::Spoiled,
            E::Destroyed(_) => SheetState::Destroyed,
            E::Missed => SheetState::Missing,
        };
        Ok(next)
    }
}
