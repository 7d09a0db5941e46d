//! A dossier: one application of one person for one document, from draft to its end.

use super::collection::{Collection, CollectionCommand, CollectionEvent};
use super::facts::{
    Cancellation, Enrolment, HolderCheck, IssueReason, Phase, PrintSearch, PrintsTaken,
    ResidenceCheck, Screening, Step, Surrender,
};
use super::opinion::{OpinionCommand, OpinionEvent, Opinions};
use super::service::ServedAct;
use super::suspicion::{Suspicion, SuspicionCommand, SuspicionEvent};
use super::terms::{Terms, TermsCommand, TermsEvent};
use super::{
    Aggregate, Context, Digest, DocumentId, DossierId, OfficerId, OrderId, Reason, Right, SiteId,
};
use crate::rules::Refusal;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A dossier as a node knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dossier {
    /// Its name.
    pub id: DossierId,
    /// The profile of the document.
    pub profile: String,
    /// The office.
    pub office: SiteId,
    /// Why it is asked for.
    pub reason: IssueReason,
    /// The document that it replaces.
    pub previous: Option<DocumentId>,
    /// The digest of the applicant's receipt: whoever has number and code sees where it stands.
    pub receipt: Option<Digest>,
    /// Where it stands.
    pub phase: Phase,
    /// What was taken.
    pub enrolment: Option<Enrolment>,
    /// The identification.
    pub identification: Option<PrintSearch>,
    /// Whether the prints are those of the earlier document's holder; nothing when there is nothing to compare with.
    pub same_fingers: Option<bool>,
    /// What was said of the hits before they were judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opinion: Option<Opinions>,
    /// What an officer made of the hits: true when they are the same person.
    pub adjudication: Option<bool>,
    /// The comparison with other dossiers and watch-lists.
    pub screening: Option<Screening>,
    /// What an officer made of the findings: true when none stands against a grant.
    pub cleared: Option<bool>,
    /// The suspicion of a fraud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicion: Option<Suspicion>,
    /// The verification.
    pub residence: Option<ResidenceCheck>,
    /// The proposal: true to grant.
    pub proposal: Option<bool>,
    /// The digest of the certified record.
    pub certificate: Option<Digest>,
    /// The live order.
    pub order: Option<OrderId>,
    /// How many orders there were.
    pub orders: u16,
    /// The document.
    pub document: Option<DocumentId>,
    /// The newest word of another node that was followed: what tells an older word from a newer one.
    pub followed: i64,
    /// Who took which step.
    pub hands: BTreeMap<Step, OfficerId>,
    /// The terms that run, stand still or ran out.
    pub terms: Terms,
    /// The acts that the applicant was handed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub served: Vec<ServedAct>,
    /// When the office got the document.
    pub arrived: Option<Timestamp>,
    /// Where the document waits, and for when.
    #[serde(default, skip_serializing_if = "Collection::is_empty")]
    pub collection: Collection,
    /// When the biometric data were forgotten.
    pub forgotten: Option<Timestamp>,
    /// When it was opened.
    pub opened: Timestamp,
}

/// What can be asked of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DossierCommand {
    /// Opens it at an office.
    Open {
        /// Its name.
        id: DossierId,
        /// The profile.
        profile: String,
        /// The office.
        office: SiteId,
        /// Why.
        reason: IssueReason,
        /// What it replaces.
        previous: Option<DocumentId>,
        /// The digest of the receipt.
        receipt: Option<Digest>,
    },
    /// Notes what was taken.
    Enrol(Enrolment),
    /// Sends it to the centre.
    Submit,
    /// Takes in, at the centre, what an office sent.
    Receive(Box<Dossier>),
    /// Gives it back to the office, to be completed.
    Return,
    /// Notes what the search of the prints found.
    Identify(PrintSearch),
    /// Notes whether the prints are those of the earlier document's holder.
    Compare(bool),
    /// Judges the hits: true when all are the same person.
    Adjudicate(bool),
    /// Notes what other dossiers and watch-lists say; a new finding brings a dossier back to examination.
    Screen(Screening),
    /// Judges the findings: true when none stands against a grant.
    Examine(bool),
    /// Notes what the registry of residents answered.
    Verify(ResidenceCheck),
    /// Proposes to grant, or to refuse.
    Propose(bool),
    /// Grants or refuses.
    Decide(bool),
    /// Freezes the record.
    Certify(Digest),
    /// Orders the document.
    Order(OrderId),
    /// Ends the live order without a document, so that another can be placed.
    Reorder(OrderId),
    /// Follows a step that another node took.
    Follow {
        /// Where the dossier is now.
        phase: Phase,
        /// The document, once there is one.
        document: Option<DocumentId>,
        /// The order, when the centre tells its office.
        order: Option<OrderId>,
        /// The number of the centre's word.
        word: Option<i64>,
        /// The terms, when the centre tells its office.
        terms: Option<Box<Terms>>,
    },
    /// Moves the terms.
    Terms(TermsCommand),
    /// Gives an opinion on the hits before they are judged.
    Opinion(OpinionCommand),
    /// Raises the suspicion of a fraud, or judges it.
    Suspicion(SuspicionCommand),
    /// Shelves the document, or sets an appointment for it.
    Collection(CollectionCommand),
    /// Notes that the applicant was handed an act.
    Serve(ServedAct),
    /// Counts the document in at the office.
    Arrive(DocumentId),
    /// Gives a defective document back, to be made again.
    GiveBack,
    /// Activates the document.
    Activate(HolderCheck),
    /// Hands the document over.
    HandOver {
        /// How the holder was checked.
        check: HolderCheck,
        /// The old document.
        surrender: Surrender,
    },
    /// Recalls an uncollected document.
    Recall,
    /// Ends it without a document.
    Cancel(Cancellation),
    /// Forgets the biometric data.
    Forget,
}

/// What can happen to a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DossierEvent {
    /// Opened, or taken in at the centre.
    Opened(Box<Dossier>),
    /// Data were taken.
    Enrolled(Enrolment, OfficerId),
    /// Sent to the centre.
    Submitted(OfficerId),
    /// Back at the office.
    Returned,
    /// Identified.
    Identified(PrintSearch),
    /// Compared with the prints of the earlier document.
    Compared(bool),
    /// Hits were judged.
    Adjudicated(bool, OfficerId),
    /// Compared with other dossiers and watch-lists.
    Screened(Screening),
    /// Findings were judged.
    Examined(bool, OfficerId),
    /// Verified.
    Verified(ResidenceCheck),
    /// A decision was proposed.
    Proposed(bool, OfficerId),
    /// Decided.
    Decided(bool, OfficerId, Timestamp),
    /// The record was frozen.
    Certified(Digest),
    /// Ordered.
    Ordered(OrderId),
    /// The order ended without a document.
    OrderEnded(OrderId),
    /// Another node moved it.
    Followed(
        Phase,
        Option<DocumentId>,
        Option<OrderId>,
        Option<i64>,
        Option<Box<Terms>>,
    ),
    /// The terms moved.
    Terms(TermsEvent),
    /// An opinion on the hits was given.
    Opinion(OpinionEvent),
    /// The suspicion of a fraud was raised, or judged.
    Suspicion(SuspicionEvent),
    /// The document was shelved, or an appointment set.
    Collection(CollectionEvent),
    /// An act was handed over; the notice that it gives can be answered until then.
    Served(ServedAct, Option<Timestamp>),
    /// Counted in at the office.
    Arrived(DocumentId, Timestamp),
    /// The document was given back.
    GivenBack,
    /// The document was activated.
    Activated(HolderCheck, OfficerId),
    /// The document was handed over.
    HandedOver(HolderCheck, Surrender, OfficerId),
    /// The document was recalled.
    Recalled,
    /// Ended without a document.
    Cancelled(Cancellation),
    /// Biometric data were forgotten.
    Forgotten(Timestamp),
}

impl Dossier {
    pub(super) fn taken_by(&self, step: Step, officer: &OfficerId) -> bool {
        self.hands.get(&step) == Some(officer)
    }

    /// True when only that officer would have had the dossier in hand.
    fn alone(&self, officer: &OfficerId) -> bool {
        self.hands.values().all(|hand| hand == officer)
    }
}

pub(super) fn in_phase(dossier: &Dossier, phases: &[Phase]) -> Result<(), Refusal> {
    if phases.contains(&dossier.phase) {
        Ok(())
    } else if dossier.phase >= Phase::Certified && phases.iter().all(|p| *p < Phase::Certified) {
        Err(Reason::Certified.refusal())
    } else {
        Err(Reason::State.refusal())
    }
}

impl Aggregate for Dossier {
    type Command = DossierCommand;
    type Event = DossierEvent;
    const KIND: &'static str = "dossier";

    fn decide(
        state: Option<&Self>,
        command: &DossierCommand,
        context: &Context<'_>,
    ) -> Result<DossierEvent, Refusal> {
        use DossierCommand as C;
        use DossierEvent as E;
        let actor = context.actor;
        let me = || actor.officer.clone();
        match command {
            C::Open {
                id,
                profile,
                office,
                reason,
                previous,
                receipt,
            } => {
                actor.needs_at(Right::Enrol, office)?;
                if state.is_some() {
                    return Err(Reason::Exists.refusal());
                }
                let opened = Self {
                    id: id.clone(),
                    profile: profile.clone(),
                    office: office.clone(),
                    reason: *reason,
                    previous: previous.clone(),
                    receipt: receipt.clone(),
                    phase: Phase::Draft,
                    enrolment: None,
                    identification: None,
                    same_fingers: None,
                    opinion: None,
                    adjudication: None,
                    screening: None,
                    cleared: None,
                    suspicion: None,
                    residence: None,
                    proposal: None,
                    certificate: None,
                    order: None,
                    orders: 0,
                    document: None,
                    followed: 0,
                    hands: BTreeMap::new(),
                    terms: Terms::default(),
                    served: Vec::new(),
                    arrived: None,
                    collection: Collection::default(),
                    forgotten: None,
                    opened: context.now,
                };
                return Ok(E::Opened(Box::new(opened)));
            }
            C::Receive(sent) => {
                actor.needs(Right::System)?;
                let again = state.is_some_and(|known| known.phase != Phase::Draft);
                if again || sent.phase != Phase::Submitted || sent.enrolment.is_none() {
                    return Err(Reason::Exists.refusal());
                }
                let mut taken = sent.clone();
                taken.phase = Phase::Examination;
                taken.terms = Terms::begin(context);
                taken.terms.appeal = state.and_then(|known| known.terms.appeal.clone());
                taken.suspicion = state.and_then(|known| known.suspicion.clone());
                return Ok(E::Opened(taken));
            }
            _ => {}
        }
        let dossier = state.ok_or_else(|| Reason::Unknown.refusal())?;
        match command {
            C::Open { .. } | C::Receive(_) => Err(Reason::Exists.refusal()),
            C::Enrol(enrolment) => {
                actor.needs_at(Right::Enrol, &dossier.office)?;
                in_phase(dossier, &[Phase::Draft, Phase::Enrolled])?;
                if !enrolment.confirmed {
                    return Err(Reason::Unconfirmed.refusal());
                }
                Ok(E::Enrolled(enrolment.clone(), me()))
            }
            C::Submit => {
                actor.needs_at(Right::Approve, &dossier.office)?;
                in_phase(dossier, &[Phase::Enrolled])?;
                if dossier.taken_by(Step::Enrol, &actor.officer) {
                    return Err(Reason::FourEyes.refusal());
                }
                Ok(E::Submitted(me()))
            }
            C::Return => {
                actor.needs(Right::Examine)?;
                in_phase(dossier, &[Phase::Examination, Phase::Proposed])?;
                Ok(E::Returned)
            }
            C::Identify(found) => {
                actor.needs(Right::System)?;
                in_phase(dossier, &[Phase::Examination])?;
                if dossier.identification.is_some() {
                    return Err(Reason::State.refusal());
                }
                let taken = |e: &Enrolment| e.prints == PrintsTaken::Taken;
                let due =
                    context.rules.identification && dossier.enrolment.as_ref().is_some_and(taken);
                if due == (*found == PrintSearch::NotDue) {
                    return Err(Reason::Malformed.refusal());
                }
                Ok(E::Identified(*found))
            }
            C::Compare(same) => {
                actor.needs(Right::System)?;
                in_phase(dossier, &[Phase::Examination])?;
                if dossier.same_fingers.is_some() || dossier.previous.is_none() {
                    return Err(Reason::State.refusal());
                }
                Ok(E::Compared(*same))
            }
            C::Screen(found) => {
                actor.needs(Right::System)?;
                in_phase(
                    dossier,
                    &[Phase::Examination, Phase::Proposed, Phase::Authorised],
                )?;
                if context.rules.screening == (*found == Screening::NotDue) {
                    return Err(Reason::Malformed.refusal());
                }
                Ok(E::Screened(*found))
            }
            C::Examine(clear) => {
                actor.needs(Right::Examine)?;
                in_phase(dossier, &[Phase::Examination])?;
                if !matches!(dossier.screening, Some(Screening::Findings(_)))
                    || dossier.cleared.is_some()
                {
                    return Err(Reason::State.refusal());
                }
                if dossier.taken_by(Step::Enrol, &actor.officer) {
                    return Err(Reason::FourEyes.refusal());
                }
                Ok(E::Examined(*clear, me()))
            }
            C::Adjudicate(same) => {
                dossier.decide_judgement(context)?;
                Ok(E::Adjudicated(*same, me()))
            }
            C::Opinion(command) => Ok(E::Opinion(dossier.decide_opinion(command, context)?)),
            C::Verify(answer) => {
                actor.needs(Right::System)?;
                in_phase(dossier, &[Phase::Examination])?;
                if dossier.residence.is_some() {
                    return Err(Reason::State.refusal());
                }
                if context.rules.residents == (*answer == ResidenceCheck::NotDue) {
                    return Err(Reason::Malformed.refusal());
                }
                Ok(E::Verified(*answer))
            }
            C::Propose(grant) => {
                actor.needs(Right::Examine)?;
                in_phase(dossier, &[Phase::Examination])?;
                if dossier.taken_by(Step::Enrol, &actor.officer) {
                    return Err(Reason::FourEyes.refusal());
                }
                dossier.terms_allow(*grant, context)?;
                if *grant {
                    dossier.is_clear()?;
                }
                Ok(E::Proposed(*grant, me()))
            }
            C::Decide(grant) => {
                actor.needs(Right::Decide)?;
                in_phase(dossier, &[Phase::Proposed])?;
                let before = [Step::Enrol, Step::Submit, Step::Propose];
                if before
                    .iter()
                    .any(|step| dossier.taken_by(*step, &actor.officer))
                {
                    return Err(Reason::FourEyes.refusal());
                }
                if *grant {
                    // A grant takes two who say yes.
                    if dossier.proposal != Some(true) {
                        return Err(Reason::TwoPeople.refusal());
                    }
                    dossier.is_clear()?;
                }
                if !*grant {
                    dossier.terms_allow(false, context)?;
                }
                Ok(E::Decided(*grant, me(), context.now))
            }
            C::Certify(digest) => {
                actor.needs(Right::System)?;
                in_phase(dossier, &[Phase::Authorised])?;
                Ok(E::Certified(digest.clone()))
            }
            C::Order(order) => {
                actor.needs(Right::System)?;
                if dossier.order.is_some() {
                    return Err(Reason::LiveOrder.refusal());
                }
                in_phase(dossier, &[Phase::Certified])?;
                Ok(E::Ordered(order.clone()))
            }
            C::Reorder(order) => {
                actor.needs(Right::System)?;
                if dossier.order.as_ref() != Some(order) {
                    return Err(Reason::State.refusal());
                }
                in_phase(
                    dossier,
                    &[
                        Phase::Ordered,
                        Phase::InProduction,
                        Phase::Produced,
                        Phase::Dispatched,
                        Phase::AtOffice,
                        Phase::Activated,
                    ],
                )?;
                Ok(E::OrderEnded(order.clone()))
            }
            C::Follow {
                phase,
                document,
                order,
                word,
                terms,
            } => {
                actor.needs(Right::System)?;
                if word.is_some_and(|word| word <= dossier.followed) {
                    return Err(Reason::Exists.refusal());
                }
                let can = match word {
                    Some(_) => dossier.can_obey(*phase, order.as_ref()),
                    None => dossier.phase != *phase && dossier.can_follow(*phase),
                };
                if !can {
                    return Err(Reason::State.refusal());
                }
                Ok(E::Followed(
                    *phase,
                    document.clone(),
                    order.clone(),
                    *word,
                    terms.clone(),
                ))
            }
            C::Terms(command) => Ok(E::Terms(dossier.decide_terms(command, context)?)),
            C::Suspicion(command) => Ok(E::Suspicion(dossier.decide_suspicion(command, context)?)),
            C::Collection(command) => {
                Ok(E::Collection(dossier.decide_collection(command, context)?))
            }
            C::Serve(served) => dossier.decide_service(served, context),
            C::Arrive(document) => {
                actor.needs_at(Right::HandOver, &dossier.office)?;
                in_phase(dossier, &[Phase::Dispatched])?;
                if dossier.document.as_ref() != Some(document) {
                    return Err(Reason::NotInParcel.refusal());
                }
                Ok(E::Arrived(document.clone(), context.now))
            }
            C::GiveBack => {
                actor.needs_at(Right::HandOver, &dossier.office)?;
                in_phase(dossier, &[Phase::AtOffice, Phase::Activated])?;
                Ok(E::GivenBack)
            }
            C::Activate(check) => {
                actor.needs_at(Right::HandOver, &dossier.office)?;
                in_phase(dossier, &[Phase::AtOffice])?;
                if *check == HolderCheck::Failed {
                    return Err(Reason::HolderUnchecked.refusal());
                }
                Ok(E::Activated(*check, me()))
            }
            C::HandOver { check, surrender } => {
                actor.needs_at(Right::HandOver, &dossier.office)?;
                if dossier.phase == Phase::AtOffice {
                    return Err(Reason::NotActivated.refusal());
                }
                in_phase(dossier, &[Phase::Activated])?;
                if *check == HolderCheck::Failed {
                    return Err(Reason::HolderUnchecked.refusal());
                }
                dossier.check_surrender(surrender, context)?;
                if dossier.alone(&actor.officer) {
                    return Err(Reason::Alone.refusal());
                }
                Ok(E::HandedOver(*check, surrender.clone(), me()))
            }
            C::Recall => {
                actor.needs_at(Right::HandOver, &dossier.office)?;
                in_phase(dossier, &[Phase::AtOffice, Phase::Activated])?;
                let days = i64::from(context.rules.collection_days);
                let waited = dossier
                    .arrived
                    .is_some_and(|at| context.now.duration_since(at).as_hours() >= days * 24);
                if !waited {
                    return Err(Reason::TooEarly.refusal());
                }
                Ok(E::Recalled)
            }
            C::Cancel(why) => {
                match dossier.phase {
                    Phase::Draft | Phase::Enrolled => {
                        actor.needs_at(Right::Enrol, &dossier.office)?;
                    }
                    Phase::Examination | Phase::Proposed | Phase::Authorised | Phase::Certified => {
                        actor.needs(Right::Decide)?
                    }
                    _ => return Err(Reason::State.refusal()),
                }
                if dossier.phase >= Phase::Certified && *why == Cancellation::Mistake {
                    return Err(Reason::Certified.refusal());
                }
                Ok(E::Cancelled(*why))
            }
            C::Forget => {
                actor.needs(Right::System)?;
                if dossier.forgotten.is_some() {
                    return Err(Reason::State.refusal());
                }
                Ok(E::Forgotten(context.now))
            }
        }
    }

    fn apply(state: Option<Self>, event: &DossierEvent) -> Result<Self, Refusal> {
        use DossierEvent as E;
        if let E::Opened(opened) = event {
            return Ok((**opened).clone());
        }
        let mut next = state.ok_or_else(|| Reason::State.refusal())?;
        // An alarm is no step.
        if !matches!(event, E::Terms(TermsEvent::Raised(..))) {
            next.terms.idle = None;
        }
        let mut hand = |step: Step, officer: &OfficerId| {
            next.hands.insert(step, officer.clone());
        };
        match event {
            E::Opened(_) => {}
            E::Enrolled(enrolment, officer) => {
                hand(Step::Enrol, officer);
                next.enrolment = Some(enrolment.clone());
                next.phase = Phase::Enrolled;
            }
            E::Submitted(officer) => {
                hand(Step::Submit, officer);
                next.phase = Phase::Submitted;
            }
            E::Returned => next.reopen(),
            E::Identified(found) => next.identification = Some(*found),
            E::Compared(same) => next.same_fingers = Some(*same),
            E::Screened(found) => {
                next.screening = Some(*found);
                next.cleared = None;
                if matches!(found, Screening::Findings(_)) {
                    next.examine_again();
                }
            }
            E::Suspicion(SuspicionEvent::Suspected(suspicion)) => {
                next.suspicion = Some(suspicion.clone());
                next.examine_again();
            }
            E::Suspicion(SuspicionEvent::Judged(outcome, _)) => {
                if let Some(suspicion) = &mut next.suspicion {
                    suspicion.outcome = Some(outcome.clone());
                }
            }
            E::Examined(clear, officer) => {
                hand(Step::Examine, officer);
                next.cleared = Some(*clear);
            }
            E::Adjudicated(same, officer) => {
                hand(Step::Adjudicate, officer);
                next.adjudication = Some(*same);
            }
            E::Opinion(event) => next.apply_opinion(event),
            E::Verified(answer) => next.residence = Some(*answer),
            E::Proposed(grant, officer) => {
                hand(Step::Propose, officer);
                next.proposal = Some(*grant);
                next.phase = Phase::Proposed;
            }
            E::Decided(true, officer, _) => {
                hand(Step::Decide, officer);
                next.phase = Phase::Authorised;
            }
            E::Decided(false, officer, at) => {
                hand(Step::Decide, officer);
                next.terms.due = None;
                next.terms.refused = Some(*at);
                next.phase = Phase::Refused;
            }
            E::Certified(digest) => {
                next.terms.due = None;
                next.certificate = Some(digest.clone());
                next.phase = Phase::Certified;
            }
            E::Ordered(order) => {
                next.order = Some(order.clone());
                next.orders = next.orders.saturating_add(1);
                next.phase = Phase::Ordered;
            }
            E::OrderEnded(_) => {
                next.order = None;
                next.document = None;
                next.arrived = None;
                next.phase = Phase::Certified;
            }
            E::Followed(Phase::Draft, _, _, word, terms) => {
                next.followed = word.unwrap_or(next.followed);
                next.reopen();
                if let Some(terms) = terms {
                    next.terms = (**terms).clone();
                }
            }
            E::Followed(phase, document, order, word, terms) => {
                next.followed = word.unwrap_or(next.followed);
                if let Some(terms) = terms {
                    next.terms = (**terms).clone();
                }
                if let Some(order) = order {
                    next.orders = order.attempt();
                    next.order = Some(order.clone());
                }
                if *phase == Phase::Certified {
                    next.order = None;
                }
                if matches!(phase, Phase::Certified | Phase::Ordered) {
                    next.document = None;
                    next.arrived = None;
                } else if document.is_some() {
                    next.document.clone_from(document);
                }
                next.phase = *phase;
            }
            E::Collection(event) => next.collection.apply(event),
            E::Arrived(_, at) => {
                next.arrived = Some(*at);
                next.phase = Phase::AtOffice;
            }
            E::GivenBack => {
                next.document = None;
                next.arrived = None;
                next.phase = Phase::Certified;
            }
            E::Activated(_, officer) => {
                hand(Step::Activate, officer);
                next.phase = Phase::Activated;
            }
            E::HandedOver(_, _, officer) => {
                hand(Step::HandOver, officer);
                next.phase = Phase::HandedOver;
            }
            E::Recalled => next.phase = Phase::Recalled,
            E::Cancelled(_) => {
                next.terms.due = None;
                next.phase = Phase::Cancelled;
            }
            E::Terms(event) => {
                next.terms.apply(event);
                if matches!(event, TermsEvent::NoticeGiven(..)) {
                    next.phase = Phase::Examination;
                    next.proposal = None;
                    next.hands.remove(&Step::Propose);
                }
                if matches!(event, TermsEvent::AppealEnded(outcome, _) if outcome.upheld) {
                    next.suspicion = None;
                    next.reopen();
                }
            }
            E::Served(served, until) => next.apply_service(served, *until),
            E::Forgotten(at) => next.forgotten = Some(*at),
        }
        // What is not at the office any more lies on no shelf there.
        if !matches!(next.phase, Phase::AtOffice | Phase::Activated) {
            next.collection = Collection::default();
        }
        Ok(next)
    }
}

impl Dossier {
    /// Whoever proposed and decided did not know of it.
    fn examine_again(&mut self) {
        self.proposal = None;
        self.phase = Phase::Examination;
        self.hands.remove(&Step::Propose);
        self.hands.remove(&Step::Decide);
    }

    /// Back at the desk: what the centre found out no longer counts.
    fn reopen(&mut self) {
        self.phase = Phase::Draft;
        self.enrolment = None;
        self.identification = None;
        self.same_fingers = None;
        self.opinion = None;
        self.adjudication = None;
        self.screening = None;
        self.cleared = None;
        self.residence = None;
        self.proposal = None;
        self.hands.clear();
        self.forgotten = None;
        // Whoever judges a second time knows of the appeal that made it necessary.
        self.terms = Terms {
            appeal: self.terms.appeal.take(),
            ..Terms::default()
        };
    }
}
