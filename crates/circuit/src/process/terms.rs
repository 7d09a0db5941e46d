//! The terms of a dossier at the centre: the day by which it is decided, missing papers and notices that let that term
//! stand still, the appeal against a refusal, and the alarms of what is late or lies idle.

use super::dossier::in_phase;
use super::wall::{end_of_day, on_the_wall};
use super::{Context, Dossier, OfficerId, Phase, Reason, Reference, Right, Step};
use crate::rules::Refusal;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Papers in one request.
const PAPERS_MAX: usize = 20;

/// Papers that the applicant was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PapersRequest {
    /// When.
    pub asked: Timestamp,
    /// Until when the term stands still for them.
    pub until: Timestamp,
    /// Which.
    pub papers: BTreeSet<Reference>,
    /// The number of the last paper that was there before.
    pub after: u32,
    /// When they came, or the time for them was over.
    pub closed: Option<Timestamp>,
}

/// The notice that a refusal is meant, to which the applicant may answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalNotice {
    /// When it was given.
    pub given: Timestamp,
    /// Until when the applicant may answer.
    pub until: Timestamp,
    /// The act that states the grounds.
    pub grounds: Reference,
    /// The number of the last paper that was there before.
    pub after: u32,
    /// When the answer came, or the time for it was over.
    pub closed: Option<Timestamp>,
}

/// An appeal against a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// When it came.
    pub noted: Timestamp,
    /// The act by which it was brought.
    pub act: Reference,
    /// The act that ended it, and whether the applicant was right.
    pub outcome: Option<AppealOutcome>,
}

/// The end of an appeal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppealOutcome {
    /// The act.
    pub act: Reference,
    /// Whether the refusal fell.
    pub upheld: bool,
}

/// The terms of a dossier.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Terms {
    /// When the decision is due; nothing while the term stands still, where there is none, and after the decision.
    pub due: Option<Timestamp>,
    /// What is left of a term that stands still, in milliseconds.
    pub left_ms: Option<i64>,
    /// Papers that were asked for.
    pub papers: Option<PapersRequest>,
    /// The notice of a refusal.
    pub notice: Option<RefusalNotice>,
    /// When the answer was no.
    pub refused: Option<Timestamp>,
    /// The appeal.
    pub appeal: Option<Appeal>,
    /// The day on which the document was promised to be at its office.
    pub promised: Option<Date>,
    /// Since when it is late.
    pub late: Option<Timestamp>,
    /// Since when nobody has touched it, once that was noticed.
    pub idle: Option<Timestamp>,
}

/// Something that somebody should see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// The decision is overdue.
    Late,
    /// Nobody has touched it for long.
    Idle,
}

/// What can be asked of the terms of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermsCommand {
    /// Asks for papers: the term stands still, once.
    AskPapers {
        /// Which.
        papers: BTreeSet<Reference>,
        /// For how many days at most.
        days: u16,
        /// The number of the last paper that is there.
        after: u32,
    },
    /// All papers that were asked for came.
    TakePapers,
    /// Gives notice of a refusal; what was proposed before falls.
    GiveNotice {
        /// The act that states the grounds.
        grounds: Reference,
        /// The number of the last paper that is there.
        after: u32,
    },
    /// Notes that the applicant answered the notice.
    TakeAnswer,
    /// The time for papers or for an answer is over: the term runs again.
    Resume,
    /// Notes an appeal against a refusal that was handed over on that day; without one, on the day that the office noted,
    /// or else on the day of the decision.
    NoteAppeal(Reference, Option<Date>),
    /// Ends an appeal.
    DecideAppeal(AppealOutcome),
    /// Promises a day for the document.
    Promise(Date),
    /// Raises an alarm.
    Raise(Alarm),
}

/// What can happen to the terms of a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TermsEvent {
    /// Papers were asked for.
    PapersAsked(PapersRequest, OfficerId),
    /// A notice was given.
    NoticeGiven(RefusalNotice, OfficerId),
    /// The term runs again, since then.
    Resumed(Timestamp),
    /// An appeal came.
    Appealed(Appeal, OfficerId),
    /// An appeal ended.
    AppealEnded(AppealOutcome, OfficerId),
    /// A day was promised.
    Promised(Date),
    /// An alarm was raised.
    Raised(Alarm, Timestamp),
}

impl Terms {
    /// The terms of a dossier that the centre takes in.
    pub(super) fn begin(context: &Context<'_>) -> Self {
        let days = context.rules.decision_days;
        Self {
            due: (days > 0).then(|| end_of_day(context.now, days)),
            ..Self::default()
        }
    }

    /// Until when the term stands still.
    #[must_use]
    pub fn stands_until(&self) -> Option<Timestamp> {
        let papers = self.papers.as_ref().filter(|asked| asked.closed.is_none());
        let notice = self.notice.as_ref().filter(|given| given.closed.is_none());
        let until = papers.map(|asked| asked.until);
        until.or(notice.map(|given| given.until))
    }

    /// Whether an appeal waits for its outcome.
    #[must_use]
    pub fn appeal_waits(&self) -> bool {
        self.appeal
            .as_ref()
            .is_some_and(|appeal| appeal.outcome.is_none())
    }

    fn stop(&mut self, at: Timestamp) {
        if let Some(due) = self.due.take() {
            self.left_ms = Some(due.as_millisecond() - at.as_millisecond());
        }
    }

    fn resume(&mut self, at: Timestamp) {
        if let Some(asked) = self.papers.as_mut().filter(|asked| asked.closed.is_none()) {
            asked.closed = Some(at);
        }
        if let Some(given) = self.notice.as_mut().filter(|given| given.closed.is_none()) {
            given.closed = Some(at);
        }
        if let Some(left) = self.left_ms.take() {
            let due = at.as_millisecond().saturating_add(left);
            self.due = Some(Timestamp::from_millisecond(due).unwrap_or(Timestamp::MAX));
        }
    }

    pub(super) fn apply(&mut self, event: &TermsEvent) {
        match event {
            TermsEvent::PapersAsked(asked, _) => {
                self.stop(asked.asked);
                self.papers = Some(asked.clone());
            }
            TermsEvent::NoticeGiven(given, _) => {
                self.stop(given.given);
                self.notice = Some(given.clone());
            }
            TermsEvent::Resumed(at) => self.resume(*at),
            TermsEvent::Appealed(appeal, _) => self.appeal = Some(appeal.clone()),
            TermsEvent::AppealEnded(outcome, _) => {
                if let Some(appeal) = &mut self.appeal {
                    appeal.outcome = Some(outcome.clone());
                }
            }
            TermsEvent::Promised(day) => self.promised = Some(*day),
            TermsEvent::Raised(Alarm::Late, at) => self.late = Some(*at),
            TermsEvent::Raised(Alarm::Idle, at) => self.idle = Some(*at),
        }
    }
}

impl Dossier {
    /// Whether the terms allow a proposal: not while papers may still come, and no refusal without its notice.
    pub(super) fn terms_allow(&self, grant: bool, context: &Context<'_>) -> Result<(), Refusal> {
        if self.terms.stands_until().is_some() {
            return Err(Reason::TermStands.refusal());
        }
        if !grant && context.rules.notice_days > 0 && self.terms.notice.is_none() {
            return Err(Reason::NoNotice.refusal());
        }
        Ok(())
    }

    pub(super) fn decide_terms(
        &self,
        command: &TermsCommand,
        context: &Context<'_>,
    ) -> Result<TermsEvent, Refusal> {
        let (actor, rules, now) = (context.actor, context.rules, context.now);
        let in_examination = || in_phase(self, &[Phase::Examination]);
        let me = || actor.officer.clone();
        match command {
            TermsCommand::AskPapers {
                papers,
                days,
                after,
            } => {
                actor.needs(Right::Examine)?;
                in_examination()?;
                if rules.papers_days == 0 {
                    return Err(Reason::NotOffered.refusal());
                }
                if self.terms.stands_until().is_some() {
                    return Err(Reason::TermStands.refusal());
                }
                if self.terms.papers.is_some() {
                    return Err(Reason::AskedBefore.refusal());
                }
                let sound = !papers.is_empty() && *days > 0 && *days <= rules.papers_days;
                if !sound || papers.len() > PAPERS_MAX {
                    return Err(Reason::Malformed.refusal());
                }
                let asked = PapersRequest {
                    asked: now,
                    until: end_of_day(now, *days),
                    papers: papers.clone(),
                    after: *after,
                    closed: None,
                };
                Ok(TermsEvent::PapersAsked(asked, me()))
            }
            TermsCommand::GiveNotice { grounds, after } => {
                actor.needs(Right::Examine)?;
                // A director who would refuse what was proposed gives it back to be noticed first.
                if self.phase != Phase::Proposed {
                    in_examination()?;
                }
                if rules.notice_days == 0 {
                    return Err(Reason::NotOffered.refusal());
                }
                if self.terms.stands_until().is_some() {
                    return Err(Reason::TermStands.refusal());
                }
                if self.terms.notice.is_some() {
                    return Err(Reason::Exists.refusal());
                }
                let given = RefusalNotice {
                    given: now,
                    until: end_of_day(now, rules.notice_days),
                    grounds: grounds.clone(),
                    after: *after,
                    closed: None,
                };
                Ok(TermsEvent::NoticeGiven(given, me()))
            }
            TermsCommand::TakePapers => {
                actor.needs(Right::System)?;
                let papers = self.terms.papers.as_ref();
                papers
                    .is_some_and(|asked| asked.closed.is_none())
                    .then_some(TermsEvent::Resumed(now))
                    .ok_or_else(|| Reason::State.refusal())
            }
            TermsCommand::TakeAnswer => {
                actor.needs(Right::Examine)?;
                let notice = self.terms.notice.as_ref();
                notice
                    .is_some_and(|given| given.closed.is_none())
                    .then_some(TermsEvent::Resumed(now))
                    .ok_or_else(|| Reason::State.refusal())
            }
            TermsCommand::Resume => {
                actor.needs(Right::System)?;
                match self.terms.stands_until() {
                    Some(until) if until <= now => Ok(TermsEvent::Resumed(until)),
                    Some(_) => Err(Reason::TooEarly.refusal()),
                    None => Err(Reason::State.refusal()),
                }
            }
            TermsCommand::NoteAppeal(act, served) => {
                actor.needs(Right::Examine)?;
                let (Phase::Refused, Some(refused)) = (self.phase, self.terms.refused) else {
                    return Err(Reason::State.refusal());
                };
                // One appeal against one refusal.
                let outcome = self.terms.appeal.as_ref().map(|appeal| &appeal.outcome);
                let open = match outcome {
                    None => true,
                    Some(outcome) => outcome.as_ref().is_some_and(|outcome| outcome.upheld),
                };
                if !open {
                    return Err(Reason::State.refusal());
                }
                // Nobody was handed an act before it was given, or after today.
                let decided = on_the_wall(refused).date();
                let noted = self.refusal_served().map(|at| on_the_wall(at).date());
                let served = served.or(noted).unwrap_or(decided);
                if served < decided || served > on_the_wall(now).date() {
                    return Err(Reason::Malformed.refusal());
                }
                let later = served.duration_since(decided).as_hours() / 24;
                let days = u16::try_from(later).unwrap_or(u16::MAX);
                if now > end_of_day(refused, rules.appeal_days.saturating_add(days)) {
                    return Err(Reason::AppealLate.refusal());
                }
                let appeal = Appeal {
                    noted: now,
                    act: act.clone(),
                    outcome: None,
                };
                Ok(TermsEvent::Appealed(appeal, me()))
            }
            TermsCommand::DecideAppeal(outcome) => {
                actor.needs(Right::Decide)?;
                if self.phase != Phase::Refused || !self.terms.appeal_waits() {
                    return Err(Reason::State.refusal());
                }
                let before = [Step::Propose, Step::Decide];
                if before
                    .iter()
                    .any(|step| self.hands.get(step) == Some(&actor.officer))
                {
                    return Err(Reason::FourEyes.refusal());
                }
                Ok(TermsEvent::AppealEnded(outcome.clone(), me()))
            }
            TermsCommand::Promise(day) => {
                actor.needs(Right::System)?;
                if self.phase != Phase::Ordered {
                    return Err(Reason::State.refusal());
                }
                Ok(TermsEvent::Promised(*day))
            }
            TermsCommand::Raise(alarm) => {
                actor.needs(Right::System)?;
                let raised = match alarm {
                    Alarm::Late => {
                        self.terms.late.is_none() && self.terms.due.is_some_and(|due| due <= now)
                    }
                    Alarm::Idle => self.terms.idle.is_none() && !self.phase.is_end(),
                };
                raised
                    .then_some(TermsEvent::Raised(*alarm, now))
                    .ok_or_else(|| Reason::State.refusal())
            }
        }
    }
}
