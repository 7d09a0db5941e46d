//! The terms of a dossier: what lets them stand still, what a refusal needs, who hears an appeal, what raises an alarm.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rilascio_circuit::process::*;
use rilascio_circuit::{ActKind, CircuitRules};
use std::collections::BTreeSet;

fn start() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

fn after(days: i64) -> Timestamp {
    start() + SignedDuration::from_hours(24 * days)
}

/// The last second of that day, by the clock on the wall.
fn end_of(days: i64) -> Timestamp {
    after(days) + SignedDuration::new(14 * 3600 - 1, 0)
}

fn officer(name: &str, rights: &[Right]) -> Actor {
    Actor {
        officer: OfficerId::parse(name).unwrap(),
        rights: rights.iter().copied().collect(),
        site: SiteId::parse("centre").unwrap(),
        profiles: BTreeSet::new(),
    }
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

/// A dossier at the centre, and the terms of its profile.
struct Case {
    dossier: Option<Dossier>,
    rules: CircuitRules,
}

impl Case {
    fn new() -> Self {
        let rules = CircuitRules {
            identification: false,
            screening: false,
            decision_days: 60,
            papers_days: 30,
            notice_days: 10,
            appeal_days: 60,
            idle_days: 15,
            ..CircuitRules::default()
        };
        let mut case = Self {
            dossier: None,
            rules,
        };
        let clerk = Actor {
            site: SiteId::parse("roma").unwrap(),
            ..officer("anna", &[Right::Enrol])
        };
        let open = DossierCommand::Open {
            id: DossierId::parse("roma-1").unwrap(),
            profile: "it-pse".into(),
            office: SiteId::parse("roma").unwrap(),
            reason: IssueReason::First,
            previous: None,
            receipt: None,
        };
        case.give(&clerk, open, 0).unwrap();
        let enrolment = Enrolment {
            content: Digest::of(b"x"),
            prints: PrintsTaken::NotDue,
            signature: SignatureTaken::Taken,
            confirmed: true,
        };
        case.give(&clerk, DossierCommand::Enrol(enrolment), 0)
            .unwrap();
        let chief = Actor {
            officer: OfficerId::parse("bruno").unwrap(),
            rights: BTreeSet::from([Right::Approve]),
            site: clerk.site.clone(),
            profiles: BTreeSet::new(),
        };
        case.give(&chief, DossierCommand::Submit, 0).unwrap();
        let sent = case.dossier.take().unwrap();
        case.system(DossierCommand::Receive(Box::new(sent)), 0)
            .unwrap();
        case.system(DossierCommand::Identify(PrintSearch::NotDue), 0)
            .unwrap();
        case.system(DossierCommand::Screen(Screening::NotDue), 0)
            .unwrap();
        case.system(DossierCommand::Verify(ResidenceCheck::NotDue), 0)
            .unwrap();
        case
    }

    fn give_at(
        &mut self,
        actor: &Actor,
        command: DossierCommand,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let context = Context {
            actor,
            now,
            rules: &self.rules,
        };
        let event = Dossier::decide(self.dossier.as_ref(), &command, &context)
            .map_err(|refusal| refusal.rule)?;
        self.dossier =
            Some(Dossier::apply(self.dossier.clone(), &event).map_err(|refusal| refusal.rule)?);
        Ok(())
    }

    fn give(
        &mut self,
        actor: &Actor,
        command: DossierCommand,
        day: i64,
    ) -> Result<(), &'static str> {
        self.give_at(actor, command, after(day))
    }

    fn system(&mut self, command: DossierCommand, day: i64) -> Result<(), &'static str> {
        let system = Actor::system(&SiteId::parse("centre").unwrap());
        self.give(&system, command, day)
    }

    fn examine(&mut self, command: TermsCommand, day: i64) -> Result<(), &'static str> {
        let examiner = officer("dario", &[Right::Examine]);
        self.give(&examiner, DossierCommand::Terms(command), day)
    }

    fn propose(&mut self, grant: bool, day: i64) -> Result<(), &'static str> {
        let examiner = officer("dario", &[Right::Examine]);
        self.give(&examiner, DossierCommand::Propose(grant), day)
    }

    fn decide(&mut self, grant: bool, day: i64) -> Result<(), &'static str> {
        let director = officer("elena", &[Right::Decide]);
        self.give(&director, DossierCommand::Decide(grant), day)
    }

    fn terms(&self) -> &Terms {
        &self.dossier.as_ref().unwrap().terms
    }
}

fn give_notice() -> TermsCommand {
    TermsCommand::GiveNotice {
        grounds: reference("act-9"),
        after: 0,
    }
}

fn ask(days: u16) -> TermsCommand {
    TermsCommand::AskPapers {
        papers: BTreeSet::from([reference("rental-contract")]),
        days,
        after: 1,
    }
}

#[test]
fn the_term_stands_still_once_for_papers() {
    let mut case = Case::new();
    assert_eq!(case.terms().due, Some(end_of(60)));
    assert_eq!(case.examine(ask(31), 5), Err("circuit.malformed"));
    assert_eq!(case.examine(ask(0), 5), Err("circuit.malformed"));
    case.examine(ask(20), 5).unwrap();
    assert_eq!(case.terms().due, None);
    assert_eq!(case.terms().stands_until(), Some(end_of(25)));
    // Nobody decides without what was asked for, while it may still come.
    assert_eq!(case.propose(true, 6), Err("circuit.term-stands"));
    assert_eq!(case.propose(false, 6), Err("circuit.term-stands"));
    let resume = || DossierCommand::Terms(TermsCommand::Resume);
    // Who may come on the last day may come until it is over.
    assert_eq!(case.system(resume(), 25), Err("circuit.too-early"));
    case.system(DossierCommand::Terms(TermsCommand::TakePapers), 12)
        .unwrap();
    assert_eq!(case.terms().due, Some(end_of(67)));
    assert_eq!(case.examine(ask(5), 13), Err("circuit.asked-before"));
    case.propose(true, 13).unwrap();
    case.decide(true, 14).unwrap();
    case.system(DossierCommand::Certify(Digest::of(b"r")), 14)
        .unwrap();
    assert_eq!(case.terms().due, None);
}

#[test]
fn papers_that_never_come_let_the_term_run_again() {
    let mut case = Case::new();
    case.examine(ask(20), 5).unwrap();
    // The job that looked was late: the term runs since the day on which it should.
    case.system(DossierCommand::Terms(TermsCommand::Resume), 40)
        .unwrap();
    let left = end_of(60).duration_since(after(5));
    assert_eq!(case.terms().due, Some(end_of(25) + left));
    case.propose(true, 41).unwrap();
}

#[test]
fn no_refusal_without_a_notice_that_was_answered_or_whose_time_passed() {
    let mut case = Case::new();
    assert_eq!(case.propose(false, 1), Err("circuit.notice"));
    let notice = || give_notice();
    case.examine(notice(), 1).unwrap();
    assert_eq!(case.propose(false, 2), Err("circuit.term-stands"));
    case.system(DossierCommand::Terms(TermsCommand::Resume), 12)
        .unwrap();
    assert_eq!(case.examine(notice(), 12), Err("circuit.exists"));
    case.propose(false, 12).unwrap();
    case.decide(false, 13).unwrap();
    assert_eq!(case.dossier.unwrap().phase, Phase::Refused);
    // A proposal to grant cannot be turned into a refusal without notice either: it goes back to be noticed.
    let mut turned = Case::new();
    turned.propose(true, 1).unwrap();
    assert_eq!(turned.decide(false, 2), Err("circuit.notice"));
    turned.examine(give_notice(), 3).unwrap();
    assert_eq!(turned.decide(true, 4), Err("circuit.state"));
    // Papers are not what was waited for; an answer is read by an examiner.
    let take = DossierCommand::Terms(TermsCommand::TakePapers);
    assert_eq!(turned.system(take, 4), Err("circuit.state"));
    turned.examine(TermsCommand::TakeAnswer, 5).unwrap();
    turned.propose(false, 6).unwrap();
    turned.decide(false, 7).unwrap();
}

/// A refusal of the first day on which one can be.
fn refused() -> Case {
    let mut case = Case::new();
    case.examine(give_notice(), 1).unwrap();
    case.system(DossierCommand::Terms(TermsCommand::Resume), 12)
        .unwrap();
    case.propose(false, 12).unwrap();
    case.decide(false, 13).unwrap();
    case
}

/// An act that was given on one day and handed over on another.
fn served(kind: ActKind, given: i64, at: i64) -> DossierCommand {
    DossierCommand::Serve(ServedAct {
        act: reference(&format!("act-{given}")),
        kind,
        given: after(given),
        at: after(at),
        officer: clerk().officer,
    })
}

fn clerk() -> Actor {
    Actor {
        site: SiteId::parse("roma").unwrap(),
        ..officer("carla", &[Right::HandOver])
    }
}

#[test]
fn terms_count_from_the_day_on_which_the_office_handed_an_act_over() {
    let mut case = refused();
    let act = served(ActKind::Refusal, 13, 20);
    case.give(&clerk(), act.clone(), 20).unwrap();
    assert_eq!(case.give(&clerk(), act, 21), Err("circuit.exists"));
    let appeal = || TermsCommand::NoteAppeal(reference("tar-1"), None);
    let mut late = Case {
        dossier: case.dossier.clone(),
        ..Case::new()
    };
    assert_eq!(late.examine(appeal(), 81), Err("circuit.appeal-late"));
    case.examine(appeal(), 80).unwrap();

    // A notice can be answered for the whole time, from the day on which it was handed over.
    let mut case = Case::new();
    case.examine(give_notice(), 1).unwrap();
    let before = case.terms().stands_until().unwrap();
    let never = served(ActKind::RefusalNotice, 1, 0);
    assert_eq!(case.give(&clerk(), never, 4), Err("circuit.malformed"));
    let elsewhere = Actor {
        site: SiteId::parse("dogana").unwrap(),
        ..clerk()
    };
    let act = served(ActKind::RefusalNotice, 1, 4);
    assert_eq!(case.give(&elsewhere, act.clone(), 4), Err("circuit.site"));
    case.give(&clerk(), act, 4).unwrap();
    let until = case.terms().stands_until().unwrap();
    assert_eq!(until.duration_since(before).as_hours(), 3 * 24);
}

#[test]
fn an_appeal_is_heard_by_others_and_brings_the_dossier_back() {
    let appeal = || TermsCommand::NoteAppeal(reference("tar-1"), None);
    assert_eq!(refused().examine(appeal(), 74), Err("circuit.appeal-late"));
    // The term counts from the day on which the refusal was handed over.
    let served = |day| {
        let day = on_the_wall(after(day)).date();
        TermsCommand::NoteAppeal(reference("tar-1"), Some(day))
    };
    refused().examine(served(20), 80).unwrap();
    assert_eq!(
        refused().examine(served(20), 81),
        Err("circuit.appeal-late")
    );
    for never in [12, 31] {
        assert_eq!(
            refused().examine(served(never), 30),
            Err("circuit.malformed")
        );
    }
    let mut case = refused();
    case.examine(appeal(), 30).unwrap();
    assert!(case.terms().appeal_waits());
    assert_eq!(case.examine(appeal(), 31), Err("circuit.state"));
    let outcome = |upheld| {
        DossierCommand::Terms(TermsCommand::DecideAppeal(AppealOutcome {
            act: reference("judgment-4"),
            upheld,
        }))
    };
    let same = officer("elena", &[Right::Decide]);
    let other = officer("fulvia", &[Right::Decide]);
    assert_eq!(
        case.give(&same, outcome(true), 40),
        Err("circuit.four-eyes")
    );
    let mut lost = Case {
        dossier: case.dossier.clone(),
        rules: case.rules.clone(),
    };
    case.give(&other, outcome(true), 40).unwrap();
    let back = case.dossier.unwrap();
    assert_eq!(back.phase, Phase::Draft);
    assert!(back.terms.appeal.unwrap().outcome.unwrap().upheld);
    lost.give(&other, outcome(false), 40).unwrap();
    assert_eq!(lost.dossier.as_ref().unwrap().phase, Phase::Refused);
    assert_eq!(lost.examine(appeal(), 41), Err("circuit.state"));
    assert_eq!(Case::new().examine(appeal(), 1), Err("circuit.state"));
}

#[test]
fn an_alarm_is_raised_once_and_a_step_ends_idleness() {
    let mut case = Case::new();
    let raise = |alarm| DossierCommand::Terms(TermsCommand::Raise(alarm));
    assert_eq!(case.system(raise(Alarm::Late), 59), Err("circuit.state"));
    case.system(raise(Alarm::Idle), 59).unwrap();
    assert_eq!(case.system(raise(Alarm::Idle), 59), Err("circuit.state"));
    assert_eq!(case.system(raise(Alarm::Late), 60), Err("circuit.state"));
    case.system(raise(Alarm::Late), 61).unwrap();
    assert_eq!(case.system(raise(Alarm::Late), 61), Err("circuit.state"));
    case.propose(true, 61).unwrap();
    assert_eq!(case.terms().idle, None);
    assert_eq!(case.terms().late, Some(after(61)));
    let person = officer("dario", &[Right::Examine]);
    assert_eq!(
        case.give(&person, raise(Alarm::Idle), 61),
        Err("circuit.right")
    );
}

proptest! {
    /// However long it stands still, the term has as much left as when it stopped.
    #[test]
    fn nothing_of_a_term_is_lost(asked in 0_i64..59, waited in 0_u16..30, minutes in 0_i64..1440) {
        let mut case = Case::new();
        let at = after(asked) + SignedDuration::from_mins(minutes);
        let examiner = officer("dario", &[Right::Examine]);
        case.give_at(&examiner, DossierCommand::Terms(ask(30)), at).unwrap();
        let system = Actor::system(&SiteId::parse("centre").unwrap());
        let came = at + SignedDuration::from_hours(24 * i64::from(waited));
        case.give_at(&system, DossierCommand::Terms(TermsCommand::TakePapers), came).unwrap();
        let stood = came.duration_since(at);
        prop_assert_eq!(case.terms().due, Some(end_of(60) + stood));
    }
}
