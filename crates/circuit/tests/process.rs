//! The rules of the circuit, one by one: who may, who may not, and what comes of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::*;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rilascio_circuit::process::*;
use rilascio_circuit::{Identity, PaperCase};
use std::collections::BTreeSet;

/// A dossier of a renewal, on its way to that phase.
fn dossier(until: Phase) -> Option<Dossier> {
    use DossierCommand as C;
    let mut state: Option<Dossier> = None;
    let open = C::Open {
        id: DossierId::parse("roma-1").unwrap(),
        profile: "it-pse".into(),
        office: SiteId::parse("roma").unwrap(),
        reason: IssueReason::Renewal,
        previous: Some(document("it-pse.OLD")),
        receipt: None,
    };
    let enrolment = Enrolment {
        content: Digest::of(b"x"),
        prints: PrintsTaken::NotDue,
        signature: SignatureTaken::Taken,
        confirmed: true,
    };
    let order = OrderId::parse("roma-1-1").unwrap();
    let follow = |phase| C::Follow {
        phase,
        document: Some(document("it-pse.NEW")),
        order: None,
        word: None,
        terms: None,
    };
    let examiner = actor("dario", "centre", &[Right::Examine]);
    let director = actor("elena", "centre", &[Right::Decide]);
    let steps: Vec<(Phase, Actor, C)> = vec![
        (Phase::Draft, clerk("anna"), open),
        (Phase::Enrolled, clerk("anna"), C::Enrol(enrolment)),
        (Phase::Submitted, clerk("bruno"), C::Submit),
        (Phase::Examination, system(), follow(Phase::Examination)),
        (
            Phase::Examination,
            system(),
            C::Identify(PrintSearch::NotDue),
        ),
        (Phase::Examination, system(), C::Screen(Screening::Clear)),
        (
            Phase::Examination,
            system(),
            C::Verify(ResidenceCheck::NotDue),
        ),
        (Phase::Proposed, examiner, C::Propose(true)),
        (Phase::Authorised, director, C::Decide(true)),
        (Phase::Certified, system(), C::Certify(Digest::of(b"r"))),
        (Phase::Ordered, system(), C::Order(order)),
        (Phase::Dispatched, system(), follow(Phase::Dispatched)),
        (
            Phase::AtOffice,
            clerk("carla"),
            C::Arrive(document("it-pse.NEW")),
        ),
        (
            Phase::Activated,
            clerk("carla"),
            C::Activate(HolderCheck::Finger),
        ),
    ];
    for (phase, actor, command) in steps {
        if phase > until {
            break;
        }
        give(&mut state, &actor, &command).unwrap();
    }
    assert_eq!(state.as_ref().unwrap().phase, until);
    state
}

#[test]
fn every_rule_speaks_two_languages_and_says_what_to_do() {
    let mut codes = BTreeSet::new();
    for reason in Reason::ALL {
        let refusal = reason.refusal();
        assert!(codes.insert(refusal.rule), "{}", refusal.rule);
        for text in [
            &refusal.it,
            &refusal.en,
            &refusal.remedy_it,
            &refusal.remedy_en,
        ] {
            assert!(text.chars().count() > 5, "{}", refusal.rule);
        }
        assert_ne!(refusal.it, refusal.en);
    }
}

#[test]
fn four_eyes_from_enrolment_to_decision() {
    use DossierCommand as C;
    let mut state = dossier(Phase::Enrolled);
    assert_eq!(
        give(&mut state, &clerk("anna"), &C::Submit),
        Err("circuit.four-eyes")
    );
    assert_eq!(
        give(&mut state, &actor("bruno", "milano", &OFFICE), &C::Submit),
        Err("circuit.site")
    );
    assert_eq!(
        give(
            &mut state,
            &actor("bruno", "roma", &[Right::Enrol]),
            &C::Submit
        ),
        Err("circuit.right")
    );
    let mut state = dossier(Phase::Examination);
    let both = [Right::Examine, Right::Decide];
    assert_eq!(
        give(
            &mut state,
            &actor("anna", "centre", &both),
            &C::Propose(true)
        ),
        Err("circuit.four-eyes")
    );
    give(
        &mut state,
        &actor("dario", "centre", &both),
        &C::Propose(true),
    )
    .unwrap();
    for name in ["anna", "bruno", "dario"] {
        assert_eq!(
            give(&mut state, &actor(name, "centre", &both), &C::Decide(true)),
            Err("circuit.four-eyes"),
            "{name}"
        );
    }
    give(
        &mut state,
        &actor("elena", "centre", &both),
        &C::Decide(true),
    )
    .unwrap();
    // A proposal to refuse is not turned into a grant by one.
    let mut state = dossier(Phase::Examination);
    give(
        &mut state,
        &actor("dario", "centre", &both),
        &C::Propose(false),
    )
    .unwrap();
    assert_eq!(
        give(
            &mut state,
            &actor("elena", "centre", &both),
            &C::Decide(true)
        ),
        Err("circuit.two-people")
    );
}

#[test]
fn a_suspicion_stands_against_a_grant_until_another_has_judged_it() {
    use DossierCommand as C;
    let reference = |text: &str| Reference::parse(text).unwrap();
    let raise = || C::Suspicion(SuspicionCommand::Raise(Fraud::Morph, reference("report-1")));
    let judge = |established: bool| {
        C::Suspicion(SuspicionCommand::Judge(SuspicionOutcome {
            established,
            act: reference("act-1"),
        }))
    };
    let both = [Right::Examine, Right::Decide];
    let (one, other) = (
        actor("dario", "centre", &both),
        actor("elena", "centre", &both),
    );
    let decider = actor("elena", "centre", &[Right::Decide]);
    for phase in [Phase::Examination, Phase::Proposed, Phase::Authorised] {
        let mut state = dossier(phase);
        assert_eq!(give(&mut state, &decider, &raise()), Err("circuit.right"));
        give(&mut state, &one, &raise()).unwrap();
        let known = state.as_ref().unwrap();
        assert_eq!((known.phase, known.proposal), (Phase::Examination, None));
        assert_eq!(give(&mut state, &one, &raise()), Err("circuit.state"));
        assert_eq!(
            give(&mut state, &one, &C::Propose(true)),
            Err("circuit.suspicion")
        );
        assert_eq!(
            give(&mut state, &one, &judge(false)),
            Err("circuit.four-eyes")
        );
        let mut fraud = state.clone();
        give(&mut fraud, &other, &judge(true)).unwrap();
        assert_eq!(
            give(&mut fraud, &one, &C::Propose(true)),
            Err("circuit.fraud")
        );
        // What is established is not talked away by another suspicion.
        assert_eq!(give(&mut fraud, &one, &raise()), Err("circuit.fraud"));
        give(&mut fraud, &one, &C::Propose(false)).unwrap();
        give(&mut state, &other, &judge(false)).unwrap();
        assert_eq!(give(&mut state, &other, &judge(true)), Err("circuit.state"));
        give(&mut state, &one, &C::Propose(true)).unwrap();
    }
    // Once the record is certified the order is asked back, or the document revoked.
    let mut state = dossier(Phase::Certified);
    assert_eq!(give(&mut state, &one, &raise()), Err("circuit.state"));
    // It stays with the centre while the dossier is at its desk again.
    let mut state = dossier(Phase::Submitted);
    let sent = state.clone().unwrap();
    give(&mut state, &system(), &C::Receive(Box::new(sent.clone()))).unwrap_err();
    let mut state = dossier(Phase::Examination);
    give(&mut state, &one, &raise()).unwrap();
    give(&mut state, &one, &C::Return).unwrap();
    give(&mut state, &system(), &C::Receive(Box::new(sent))).unwrap();
    assert!(state.unwrap().suspicion.is_some());
}

#[test]
fn a_finding_is_examined_before_a_grant_and_brings_a_decided_dossier_back() {
    use DossierCommand as C;
    let examiner = actor("dario", "centre", &[Right::Examine]);
    let mut state = dossier(Phase::Authorised);
    give(&mut state, &system(), &C::Screen(Screening::Findings(1))).unwrap();
    let known = state.as_ref().unwrap();
    assert_eq!((known.phase, known.proposal), (Phase::Examination, None));
    assert_eq!(
        give(&mut state, &examiner, &C::Propose(true)),
        Err("circuit.screening")
    );
    let enroller = actor("anna", "centre", &[Right::Examine]);
    assert_eq!(
        give(&mut state, &enroller, &C::Examine(true)),
        Err("circuit.four-eyes")
    );
    let mut refused = state.clone();
    give(&mut refused, &examiner, &C::Examine(false)).unwrap();
    assert_eq!(
        give(&mut refused, &examiner, &C::Propose(true)),
        Err("circuit.findings")
    );
    give(&mut refused, &examiner, &C::Propose(false)).unwrap();
    give(&mut state, &examiner, &C::Examine(true)).unwrap();
    assert_eq!(
        give(&mut state, &examiner, &C::Examine(true)),
        Err("circuit.state")
    );
    give(&mut state, &examiner, &C::Propose(true)).unwrap();
    // What is certified is not brought back.
    let mut state = dossier(Phase::Certified);
    assert_eq!(
        give(&mut state, &system(), &C::Screen(Screening::Findings(1))),
        Err("circuit.certified")
    );
}

#[test]
fn prints_of_another_than_the_earlier_holder_are_examined() {
    use DossierCommand as C;
    let examiner = actor("dario", "centre", &[Right::Examine]);
    let mut state = dossier(Phase::Examination);
    give(&mut state, &system(), &C::Compare(false)).unwrap();
    assert_eq!(
        give(&mut state, &examiner, &C::Propose(true)),
        Err("circuit.identification")
    );
    let mut other = state.clone();
    give(&mut other, &examiner, &C::Adjudicate(false)).unwrap();
    assert_eq!(
        give(&mut other, &examiner, &C::Propose(true)),
        Err("circuit.other-identity")
    );
    give(&mut state, &examiner, &C::Adjudicate(true)).unwrap();
    give(&mut state, &examiner, &C::Propose(true)).unwrap();
}

#[test]
fn two_spellings_of_one_person_share_a_word() {
    let words = |surname: &str, given_names: &str, day: &str, number: Option<&str>| {
        Identity {
            surname,
            given_names,
            language: None,
            birth_date: rilascio_mrtd::date::BirthDate::parse(day).unwrap(),
            numbers: [number, None],
        }
        .words()
    };
    let known = words(
        "Müller-Lüdenscheidt",
        "Anna Maria",
        "1984-08-12",
        Some("A 1"),
    );
    for (surname, given_names, day, number, same) in [
        (
            "MUELLER LUEDENSCHEIDT",
            "Anna Maria",
            "1984-08-12",
            None,
            true,
        ),
        ("Muller Ludenscheidt", "Anna", "1984-08-12", None, true),
        (
            "Anna Maria",
            "Müller Lüdenscheidt",
            "1984-08-12",
            None,
            true,
        ),
        ("Rossi", "Maria", "1990-01-01", Some("a1"), true),
        (
            "Müller-Lüdenscheidt",
            "Anna Maria",
            "1984-08-13",
            None,
            false,
        ),
        ("Müller", "Anna Maria", "1984-08-12", None, false),
    ] {
        let found = words(surname, given_names, day, number);
        assert_eq!(!known.is_disjoint(&found), same, "{surname} {given_names}");
    }
    assert!(words("\u{13000}", "", "1984-08-12", None).is_empty());
}

#[test]
fn a_watch_entry_is_ended_by_another() {
    let mut state: Option<WatchEntry> = None;
    let watcher = actor("wanda", "centre", &[Right::Watch]);
    let name = |text: &str| Reference::parse(text).unwrap();
    let enter = |until| WatchCommand::Enter {
        id: WatchEntryId::parse("W1").unwrap(),
        list: name("list"),
        act: name("order-1"),
        until,
    };
    let today = jiff::civil::date(2026, 11, 22);
    let examiner = actor("dario", "centre", &[Right::Examine]);
    assert_eq!(
        give(&mut state, &examiner, &enter(today)),
        Err("circuit.right")
    );
    let past = enter(today.yesterday().unwrap());
    assert_eq!(give(&mut state, &watcher, &past), Err("circuit.malformed"));
    give(&mut state, &watcher, &enter(today)).unwrap();
    assert_eq!(
        give(&mut state, &watcher, &WatchCommand::End),
        Err("circuit.two-people")
    );
    assert_eq!(
        give(&mut state, &system(), &WatchCommand::Lapse),
        Err("circuit.too-early")
    );
    let other = actor("vera", "centre", &[Right::Watch]);
    give(&mut state, &other, &WatchCommand::End).unwrap();
    assert_eq!(
        give(&mut state, &other, &WatchCommand::End),
        Err("circuit.state")
    );
}

#[test]
fn certification_freezes_and_one_order_lives_at_a_time() {
    use DossierCommand as C;
    let mut state = dossier(Phase::Certified);
    let enrolment = state.as_ref().unwrap().enrolment.clone().unwrap();
    assert_eq!(
        give(&mut state, &clerk("anna"), &C::Enrol(enrolment)),
        Err("circuit.certified")
    );
    give(
        &mut state,
        &system(),
        &C::Order(OrderId::parse("roma-1-1").unwrap()),
    )
    .unwrap();
    let second = OrderId::parse("roma-1-2").unwrap();
    assert_eq!(
        give(&mut state, &system(), &C::Order(second.clone())),
        Err("circuit.live-order")
    );
    assert_eq!(
        give(&mut state, &system(), &C::Reorder(second.clone())),
        Err("circuit.state")
    );
    give(
        &mut state,
        &system(),
        &C::Reorder(OrderId::parse("roma-1-1").unwrap()),
    )
    .unwrap();
    give(&mut state, &system(), &C::Order(second)).unwrap();
    assert_eq!(
        give(
            &mut state,
            &clerk("anna"),
            &C::Order(OrderId::parse("x").unwrap())
        ),
        Err("circuit.right")
    );
}

#[test]
fn hand_over_takes_activation_a_check_and_the_old_document() {
    let hand_over = |check, surrender| DossierCommand::HandOver { check, surrender };
    let finger = HolderCheck::Finger;
    let old = Surrender::Document(document("it-pse.OLD"));
    let mut state = dossier(Phase::AtOffice);
    assert_eq!(
        give(&mut state, &clerk("carla"), &hand_over(finger, old.clone())),
        Err("circuit.activation")
    );
    let failed = DossierCommand::Activate(HolderCheck::Failed);
    assert_eq!(
        give(&mut state, &clerk("carla"), &failed),
        Err("circuit.holder-check")
    );
    let mut state = dossier(Phase::Activated);
    assert_eq!(
        give(
            &mut state,
            &clerk("carla"),
            &hand_over(HolderCheck::Failed, old.clone())
        ),
        Err("circuit.holder-check")
    );
    for missing in [
        Surrender::Missing,
        Surrender::FirstIssue,
        Surrender::Document(document("it-pse.OTHERS")),
    ] {
        assert_eq!(
            give(&mut state, &clerk("carla"), &hand_over(finger, missing)),
            Err("circuit.surrender")
        );
    }
    let report = Surrender::Report(Reference::parse("denuncia-7").unwrap());
    let mut reported = state.clone();
    give(&mut reported, &clerk("carla"), &hand_over(finger, report)).unwrap();
    give(&mut state, &clerk("carla"), &hand_over(finger, old)).unwrap();
    assert_eq!(state.unwrap().phase, Phase::HandedOver);
}

#[test]
fn uncollected_documents_are_recalled_after_their_term_only() {
    let mut state = dossier(Phase::AtOffice);
    let recall = DossierCommand::Recall;
    assert_eq!(
        give(&mut state, &clerk("carla"), &recall),
        Err("circuit.too-early")
    );
    let later = now() + SignedDuration::from_hours(181 * 24);
    give_at(&mut state, &clerk("carla"), &recall, later).unwrap();
}

#[test]
fn attestations_take_a_medical_certificate_and_a_day_to_come() {
    let issue = |certificate: &str, day: &str| AttestationCommand::Issue {
        id: AttestationId::parse("roma-A1").unwrap(),
        dossier: DossierId::parse("roma-1").unwrap(),
        office: SiteId::parse("roma").unwrap(),
        certificate: certificate.into(),
        return_by: day.parse().unwrap(),
    };
    let mut state: Option<Attestation> = None;
    assert_eq!(
        give(&mut state, &clerk("anna"), &issue(" ", "2026-12-01")),
        Err("circuit.medical-certificate")
    );
    assert_eq!(
        give(&mut state, &clerk("anna"), &issue("C-1", "2026-11-22")),
        Err("circuit.malformed")
    );
    assert_eq!(
        give(&mut state, &clerk("anna"), &issue("C-1", "2027-01-30")),
        Err("circuit.malformed")
    );
    give(&mut state, &clerk("anna"), &issue("C-1", "2026-12-01")).unwrap();
    assert!(
        !format!("{state:?}").contains("C-1"),
        "what the certificate says is kept by nobody"
    );
    assert_eq!(
        give(&mut state, &system(), &AttestationCommand::Overrun),
        Err("circuit.too-early")
    );
    let later = now() + SignedDuration::from_hours(20 * 24);
    give_at(&mut state, &system(), &AttestationCommand::Overrun, later).unwrap();
    give_at(&mut state, &clerk("anna"), &AttestationCommand::End, later).unwrap();
}

#[test]
fn paper_is_for_the_listed_cases_with_evidence_on_a_counted_sheet() {
    let receive = |second: &str| SheetCommand::Receive {
        number: SheetNumber::parse("A-100").unwrap(),
        office: SiteId::parse("roma").unwrap(),
        second: OfficerId::parse(second).unwrap(),
    };
    let issue = |case, evidence: Option<&str>| SheetCommand::Issue {
        dossier: DossierId::parse("roma-1").unwrap(),
        case,
        evidence: evidence.map(|text| Reference::parse(text).unwrap()),
    };
    let mut state: Option<Sheet> = None;
    assert_eq!(
        give(&mut state, &clerk("anna"), &receive("anna")),
        Err("circuit.two-people")
    );
    give(&mut state, &clerk("anna"), &receive("bruno")).unwrap();
    assert_eq!(
        give(
            &mut state,
            &clerk("anna"),
            &issue(PaperCase::Travel, Some("t-1"))
        ),
        Err("circuit.urgency")
    );
    assert_eq!(
        give(&mut state, &clerk("anna"), &issue(PaperCase::Health, None)),
        Err("circuit.urgency")
    );
    give(
        &mut state,
        &clerk("anna"),
        &issue(PaperCase::Health, Some("h-1")),
    )
    .unwrap();
    assert_eq!(
        give(&mut state, &clerk("anna"), &SheetCommand::Spoil),
        Err("circuit.state")
    );
}

#[test]
fn offices_start_by_date_and_old_files_end_within_three_months() {
    let start = jiff::civil::date(2013, 12, 16);
    let office = Office {
        site: SiteId::parse("viterbo").unwrap(),
        node: None,
        name: "Viterbo".into(),
        collection: CollectionHours::default(),
        starts: [("it-pse".to_owned(), start)].into(),
    };
    let rules = rules();
    let procedure = |y, m, d| office.procedure("it-pse", jiff::civil::date(y, m, d), &rules);
    assert_eq!(procedure(2013, 12, 15), Procedure::Old);
    assert_eq!(procedure(2013, 12, 16), Procedure::Both);
    assert_eq!(procedure(2014, 3, 16), Procedure::Both);
    assert_eq!(procedure(2014, 3, 17), Procedure::New);
    assert_eq!(
        office.opens("it-cie", start, &rules).unwrap_err().rule,
        "circuit.rollout"
    );
    let clerk = actor("anna", "viterbo", &OFFICE);
    let note = LegacyCommand::Note {
        id: LegacyFileId::parse("f-1").unwrap(),
        office: office.site.clone(),
        profile: "it-pse".into(),
        start,
        until: office.legacy_until("it-pse", &rules).unwrap(),
    };
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut state: Option<LegacyFile> = None;
    assert_eq!(
        give_at(&mut state, &clerk, &note, at("2013-12-16T08:00:00Z")),
        Err("circuit.legacy-closed")
    );
    give_at(&mut state, &clerk, &note, at("2013-12-01T08:00:00Z")).unwrap();
    let late = at("2014-04-01T08:00:00Z");
    assert_eq!(
        give_at(&mut state, &clerk, &LegacyCommand::Finish, late),
        Err("circuit.legacy-closed")
    );
    let except = LegacyCommand::Except {
        until: jiff::civil::date(2014, 5, 1),
        act: Reference::parse("circ-44").unwrap(),
    };
    assert_eq!(
        give_at(&mut state, &clerk, &except, late),
        Err("circuit.right")
    );
    give_at(
        &mut state,
        &actor("capo", "viterbo", &[Right::Administer]),
        &except,
        late,
    )
    .unwrap();
    give_at(&mut state, &clerk, &LegacyCommand::Finish, late).unwrap();
    assert!(
        state.unwrap().exception.is_some(),
        "the exception stays on record"
    );
}

fn registered() -> Option<Document> {
    let mut state: Option<Document> = None;
    let register = Document {
        id: document("it-pse.NEW"),
        profile: "it-pse".into(),
        dossier: DossierId::parse("roma-1").unwrap(),
        office: SiteId::parse("roma").unwrap(),
        blank: BlankSerial::parse("it-pse.S1").unwrap(),
        sod: Digest::of(b"sod"),
        valid_from: jiff::civil::date(2026, 11, 22),
        valid_until: jiff::civil::date(2028, 11, 21),
        state: DocumentState::Produced,
        block: None,
        since: now(),
        proposed_by: None,
        revision: 0,
    };
    give(
        &mut state,
        &system(),
        &DocumentCommand::Register(Box::new(register)),
    )
    .unwrap();
    state
}

#[test]
fn a_document_is_valid_from_hand_over_until_somebody_blocks_it() {
    use DocumentCommand as C;
    let day = jiff::civil::date(2026, 12, 1);
    let mut state = registered();
    assert!(!state.as_ref().unwrap().is_valid_on(day));
    give(&mut state, &system(), &C::Activate).unwrap();
    assert!(!state.as_ref().unwrap().is_valid_on(day));
    // Lost on the way means before anybody activated it.
    assert_eq!(
        give(&mut state, &system(), &C::Block(Block::LostInTransit)),
        Err("circuit.state")
    );
    give(&mut state, &system(), &C::HandOver).unwrap();
    assert!(state.as_ref().unwrap().is_valid_on(day));
    assert!(
        !state
            .as_ref()
            .unwrap()
            .is_valid_on(jiff::civil::date(2028, 11, 22))
    );
    let revoker = |name: &str| actor(name, "centre", &[Right::Revoke]);
    for alone in [
        Block::Revoked,
        Block::Annulled,
        Block::Death,
        Block::Defective,
    ] {
        assert_eq!(
            give(&mut state, &revoker("rita"), &C::Block(alone)),
            Err("circuit.two-people")
        );
    }
    assert_eq!(
        give(&mut state, &revoker("rita"), &C::ConfirmRevocation),
        Err("circuit.state")
    );
    give(&mut state, &revoker("rita"), &C::ProposeRevocation).unwrap();
    assert_eq!(
        give(&mut state, &revoker("rita"), &C::ConfirmRevocation),
        Err("circuit.two-people")
    );
    give(&mut state, &revoker("sara"), &C::ConfirmRevocation).unwrap();
    assert!(!state.as_ref().unwrap().is_valid_on(day));
    assert_eq!(
        give(&mut state, &system(), &C::HandOver),
        Err("circuit.blocked")
    );
    let mut stolen = registered();
    give(&mut stolen, &revoker("rita"), &C::Block(Block::Stolen)).unwrap();
}

fn blank_commands() -> impl Strategy<Value = (bool, BlankCommand)> {
    let second = OfficerId::parse("gino").unwrap();
    let order = OrderId::parse("o-1").unwrap();
    let commands = vec![
        BlankCommand::Initialise,
        BlankCommand::Assign {
            second: second.clone(),
        },
        BlankCommand::Return {
            second: second.clone(),
        },
        BlankCommand::Bind(order),
        BlankCommand::Release,
        BlankCommand::Finish,
        BlankCommand::Dispatch,
        BlankCommand::HandOver,
        BlankCommand::Spoil(Defect::Chip),
        BlankCommand::Destroy { second },
        BlankCommand::Miss,
        BlankCommand::Find,
    ];
    (any::<bool>(), proptest::sample::select(commands))
}

proptest! {
    /// Whatever is asked of blanks, every one of them is somewhere, and what is gone does not come back.
    #[test]
    fn the_material_balance_holds_after_every_event(commands in proptest::collection::vec((0usize..4, blank_commands()), 1..200)) {
        let keeper = actor("fabio", "works", &[Right::Stock, Right::Produce]);
        let system = Actor::system(&SiteId::parse("works").unwrap());
        let mut balance = Balance::default();
        let mut blanks: Vec<Option<Blank>> = vec![None; 4];
        for (number, blank) in blanks.iter_mut().enumerate() {
            let receive = BlankCommand::Receive {
                serial: BlankSerial::parse(&format!("p.{number}")).unwrap(),
                profile: "p".into(),
                batch: "b".into(),
                site: SiteId::parse("works").unwrap(),
                second: OfficerId::parse("gino").unwrap(),
            };
            give(blank, &keeper, &receive).unwrap();
            prop_assert!(balance.step(None, Bucket::InStock));
        }
        for (number, (by_system, command)) in commands {
            let before = blanks[number].clone().unwrap();
            let who = if by_system { &system } else { &keeper };
            if give(&mut blanks[number], who, &command).is_err() {
                prop_assert_eq!(blanks[number].as_ref(), Some(&before));
                continue;
            }
            let after = blanks[number].as_ref().unwrap();
            let (from, to) = (before.state.bucket(), after.state.bucket());
            if from != to {
                prop_assert!(balance.step(Some(from), to));
            }
            prop_assert!(balance.holds());
            prop_assert_ne!(before.state, BlankState::Destroyed);
            prop_assert_ne!(before.state, BlankState::HandedOver);
        }
    }
}
