//! The circuit as state machines: what a desk may do to a dossier, an order, a blank, a consignment, a document.
//!
//! Everything here has one shape: `decide` takes what is known, a command and who gives it, and answers with an event
//! or a refusal; `apply` takes the event and gives the next state. Both are functions of plain values.

mod actor;
mod attestation;
mod balance;
mod blank;
mod clearance;
mod collection;
mod consignment;
mod document;
mod dossier;
mod facts;
mod following;
mod forecast;
mod id;
mod legacy;
mod loss;
mod opinion;
mod order;
mod reason;
mod registration;
mod rollout;
mod service;
mod sheet;
mod standing;
mod stocktake;
mod suspicion;
mod terms;
mod wall;
mod watch;

pub use actor::{Actor, Right};
pub use attestation::{Attestation, AttestationCommand, AttestationEvent, AttestationState};
pub use balance::{Balance, Bucket};
pub use blank::{Blank, BlankCommand, BlankEvent, BlankState, Defect};
pub use collection::{Collection, CollectionCommand, CollectionEvent, CollectionHours};
pub use consignment::{
    Consignment, ConsignmentCommand, ConsignmentEvent, ConsignmentItem, ConsignmentState,
};
pub use document::{Block, Document, DocumentCommand, DocumentEvent, DocumentState};
pub use dossier::{Dossier, DossierCommand, DossierEvent};
pub use facts::{
    Cancellation, Enrolment, HolderCheck, IssueReason, Phase, PrintSearch, PrintsTaken,
    ResidenceCheck, Screening, SignatureTaken, Step, Surrender,
};
pub use forecast::Backlog;
pub use id::{
    AttestationId, BlankSerial, ConsignmentId, Digest, DocumentId, DossierId, LegacyFileId, NodeId,
    OfficerId, OrderId, Reference, SheetNumber, SiteId, WatchEntryId,
};
pub use legacy::{LegacyCommand, LegacyEvent, LegacyFile, LegacyState};
pub use loss::{Loss, LossCommand, LossEvent, LossReport, LossState};
pub use opinion::{OpinionCommand, OpinionEvent, Opinions};
pub use order::{Order, OrderCommand, OrderEvent, OrderState};
pub use reason::Reason;
pub use registration::{
    AccessGrant, GrantCommand, GrantEvent, Registration, RegistrationCommand, RegistrationEvent,
};
pub use rollout::{Office, Procedure};
pub use service::ServedAct;
pub use sheet::{Sheet, SheetCommand, SheetEvent, SheetState};
pub use standing::{Standing, StandingCommand, StandingEvent, StandingState};
pub use stocktake::{Shelves, StockTake, StockTakeCommand, StockTakeEvent, StockTakeState};
pub use suspicion::{Fraud, Suspicion, SuspicionCommand, SuspicionEvent, SuspicionOutcome};
pub use terms::{
    Alarm, Appeal, AppealOutcome, PapersRequest, RefusalNotice, Terms, TermsCommand, TermsEvent,
};
pub use wall::{day_begins, on_the_wall};
pub use watch::{WatchCommand, WatchEntry, WatchEvent, WatchState};

use crate::profile::CircuitRules;
use crate::rules::Refusal;
use jiff::Timestamp;

/// Who gives a command, and when.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Who gives it.
    pub actor: &'a Actor,
    /// When.
    pub now: Timestamp,
    /// What the profile of the document says.
    pub rules: &'a CircuitRules,
}

/// Something with a life of its own in the circuit.
pub trait Aggregate: Sized {
    /// What can be asked of it.
    type Command;
    /// What can happen to it.
    type Event;
    /// What it is called in journals and tables.
    const KIND: &'static str;

    /// Whether a command is allowed, and what happens then.
    ///
    /// # Errors
    /// The rule that forbids it.
    fn decide(
        state: Option<&Self>,
        command: &Self::Command,
        context: &Context<'_>,
    ) -> Result<Self::Event, Refusal>;

    /// The state after an event.
    ///
    /// # Errors
    /// [`Refusal`] `circuit.state` when the event cannot follow on that state: a journal that was tampered with.
    fn apply(state: Option<Self>, event: &Self::Event) -> Result<Self, Refusal>;
}
