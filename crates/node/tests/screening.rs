//! Nobody gets a second document, or one against a watch-list, unseen: and the tables do not say who is on a list.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{PROFILE, Town, package_of, person};
use rilascio_circuit::process::{
    Actor, Digest, Dossier, DossierId, IssueReason, Phase, Reference, Right, Screening,
    WatchEntryId,
};
use rilascio_node::{Answer, Command, Error, Finding, Replay, Role, WatchedPerson};
use rilascio_store::journal;
use rilascio_store::{Error as StoreError, Store, mark};

struct Office {
    town: Town,
    count: u32,
}

fn examiner() -> Actor {
    person("dario", "centre", &[Right::Examine])
}

fn refused(outcome: Result<Answer, Error>) -> &'static str {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.rule,
        other => panic!("{other:?}"),
    }
}

impl Office {
    fn give(&mut self, actor: &Actor, command: &Command) -> Result<Answer, Error> {
        self.count += 1;
        self.town.give(&format!("c{}", self.count), actor, command)
    }

    /// A dossier of somebody of that surname, at the centre.
    fn send(&mut self, surname: &str, package: Option<&str>) -> DossierId {
        let rights = [Right::Enrol, Right::Approve];
        let (clerk, chief) = (
            person("anna", "gendarmeria", &rights),
            person("bruno", "gendarmeria", &rights),
        );
        let open = Command::OpenDossier {
            profile: PROFILE.into(),
            reason: IssueReason::First,
            previous: None,
        };
        let opened = self.give(&clerk, &open).unwrap();
        let dossier = DossierId::parse(&opened.ids[0]).unwrap();
        let mut taken = package_of(surname);
        if let Some(day) = package {
            taken.application = taken.application.replace("1986-05-23", day);
        }
        let enrol = Command::Enrol {
            dossier: dossier.clone(),
            package: taken,
            confirmed: true,
        };
        self.give(&clerk, &enrol).unwrap();
        let submit = Command::SubmitDossier {
            dossier: dossier.clone(),
        };
        self.give(&chief, &submit).unwrap();
        self.town.settle().unwrap();
        dossier
    }

    fn at_centre(&self, dossier: &DossierId) -> Dossier {
        let desk = &self.town.desks[&Role::Centre];
        desk.dossier(dossier.as_str()).unwrap().unwrap()
    }

    fn propose(&mut self, dossier: &DossierId) -> Result<Answer, Error> {
        let propose = Command::Propose {
            dossier: dossier.clone(),
            grant: true,
            reasons: None,
        };
        self.give(&examiner(), &propose)
    }

    fn enter(&mut self, surname: &str, days: i64) -> WatchEntryId {
        let name = |text: &str| Reference::parse(text).unwrap();
        let enter = Command::EnterWatch {
            list: name("national"),
            act: name("order-7"),
            until: jiff::civil::date(2026, 11, 22)
                .checked_add(jiff::Span::new().days(days))
                .unwrap(),
            person: WatchedPerson {
                surname: surname.into(),
                given_names: "Katharina".into(),
                birth_date: "1986-05-23".into(),
                number: None,
            },
        };
        let watcher = person("wanda", "centre", &[Right::Watch]);
        let entered = self.give(&watcher, &enter).unwrap();
        WatchEntryId::parse(&entered.ids[0]).unwrap()
    }
}

fn office() -> Office {
    Office {
        town: Town::in_memory(None),
        count: 0,
    }
}

#[test]
fn a_second_dossier_of_one_person_is_found_and_examined() {
    let mut office = office();
    let first = office.send("Müller", None);
    assert_eq!(office.at_centre(&first).screening, Some(Screening::Clear));
    let twin = office.send("Müller", Some("1986-05-24"));
    assert_eq!(office.at_centre(&twin).screening, Some(Screening::Clear));
    let second = office.send("MUELLER", None);
    assert_eq!(
        office.at_centre(&second).screening,
        Some(Screening::Findings(1))
    );
    assert_eq!(refused(office.propose(&second)), "circuit.screening");
    let centre = office.town.desks[&Role::Centre].clone();
    let now = office.town.now;
    let shown = centre.findings(&second, &examiner(), now).unwrap();
    let found = &shown.findings;
    assert_eq!(
        found[0].finding,
        Finding::OtherDossier {
            dossier: first.clone()
        }
    );
    assert_eq!(found[0].person.as_ref().unwrap().surname, "Müller");
    let director = person("elena", "centre", &[Right::Decide]);
    assert!(centre.findings(&second, &director, now).is_err());
    let examine = |seen: Digest| Command::ExamineFindings {
        dossier: second.clone(),
        seen,
        clear: true,
    };
    // What nobody saw is not judged.
    let early = examine(Digest::of(b"other findings"));
    assert_eq!(
        refused(office.give(&examiner(), &early)),
        "circuit.findings-changed"
    );
    office
        .give(&examiner(), &examine(shown.seen.clone()))
        .unwrap();
    office.propose(&second).unwrap();
    // What came to nothing is not found any more.
    let cancel = Command::CancelDossier {
        dossier: first,
        why: rilascio_circuit::process::Cancellation::Withdrawn,
    };
    office.give(&director, &cancel).unwrap();
    let cancel = Command::CancelDossier {
        dossier: second,
        why: rilascio_circuit::process::Cancellation::Withdrawn,
    };
    office.give(&director, &cancel).unwrap();
    let third = office.send("Muller", None);
    assert_eq!(office.at_centre(&third).screening, Some(Screening::Clear));
}

#[test]
fn a_dossier_that_went_back_leaves_nothing_behind_and_ends_with_its_office() {
    let mut office = office();
    let dossier = office.send("Müller", None);
    let back = Command::ReturnDossier {
        dossier: dossier.clone(),
    };
    office.give(&examiner(), &back).unwrap();
    office.town.settle().unwrap();
    let next = office.send("Müller", None);
    assert_eq!(office.at_centre(&next).screening, Some(Screening::Clear));
    let clerk = person("anna", "gendarmeria", &[Right::Enrol]);
    let withdraw = Command::WithdrawDossier {
        dossier: dossier.clone(),
        why: rilascio_circuit::process::Cancellation::Withdrawn,
    };
    office.give(&clerk, &withdraw).unwrap();
    office.town.settle().unwrap();
    assert_eq!(office.at_centre(&dossier).phase, Phase::Cancelled);
}

#[test]
fn an_entry_of_whom_only_the_year_is_known_meets_the_whole_date() {
    let mut office = office();
    let name = |text: &str| Reference::parse(text).unwrap();
    let enter = |day: &str| Command::EnterWatch {
        list: name("national"),
        act: name("order-8"),
        until: jiff::civil::date(2026, 12, 1),
        person: WatchedPerson {
            surname: "Mueller".into(),
            given_names: "Katharina".into(),
            birth_date: day.into(),
            number: None,
        },
    };
    let watcher = person("wanda", "centre", &[Right::Watch]);
    office.give(&watcher, &enter("1985-XX-XX")).unwrap();
    let dossier = office.send("Müller", None);
    assert_eq!(office.at_centre(&dossier).screening, Some(Screening::Clear));
    office.give(&watcher, &enter("1986-XX-XX")).unwrap();
    assert_eq!(
        office.at_centre(&dossier).screening,
        Some(Screening::Findings(1))
    );
    // Two of whom all is known are not one because they share a year.
    let twin = office.send("Müller", Some("1986-05-24"));
    assert_eq!(
        office.at_centre(&twin).screening,
        Some(Screening::Findings(1))
    );
}

#[test]
fn an_entry_stops_a_dossier_that_was_decided_already() {
    let mut office = office();
    let dossier = office.send("Müller", None);
    office.propose(&dossier).unwrap();
    let other = office.send("Schmidt", None);
    let entry = office.enter("Mueller", 3);
    let known = office.at_centre(&dossier);
    assert_eq!(
        (known.phase, known.screening),
        (Phase::Examination, Some(Screening::Findings(1)))
    );
    assert_eq!(office.at_centre(&other).screening, Some(Screening::Clear));
    let director = person("elena", "centre", &[Right::Decide]);
    let decide = Command::Decide {
        dossier: dossier.clone(),
        grant: true,
        express: false,
        reasons: None,
    };
    assert_eq!(refused(office.give(&director, &decide)), "circuit.state");
    // One who entered it does not end it.
    let end = Command::EndWatch {
        entry: entry.clone(),
    };
    let watcher = |name: &str| person(name, "centre", &[Right::Watch]);
    assert_eq!(
        refused(office.give(&watcher("wanda"), &end)),
        "circuit.two-people"
    );
    office.give(&watcher("vera"), &end).unwrap();
    let next = office.send("Mueller", Some("1986-05-25"));
    assert_eq!(office.at_centre(&next).screening, Some(Screening::Clear));
}

#[test]
fn an_entry_lapses_and_nothing_says_who_was_meant() {
    let folder = std::env::temp_dir().join(format!("rilascio-screening-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let at = |role: Role| folder.join(role.name());
    let mut office = Office {
        town: Town::new(|role| Store::sqlite(&at(role)).unwrap()),
        count: 0,
    };
    let entry = office.enter("Zzyzxmark", 1);
    office.send("Zzyzxmark", None);
    let centre = office.town.desks[&Role::Centre].clone();
    let marks = |id: String| {
        centre
            .store()
            .read::<_, StoreError, _>(move |tx| mark::of(tx, "watch-entry", &id))
            .unwrap()
    };
    assert!(!marks(entry.to_string()).is_empty());
    // Two days later.
    for _ in 0..(2 * 24 * 60 / 2) {
        office.town.wait();
    }
    office.town.settle().unwrap();
    assert!(marks(entry.to_string()).is_empty());
    let entries = centre
        .store()
        .read::<_, StoreError, _>(|tx| journal::entries(tx, 0, 10_000))
        .unwrap();
    let mut replay = Replay::default();
    entries.iter().for_each(|entry| replay.take(entry).unwrap());
    assert_eq!(
        replay.watch[entry.as_str()].state,
        rilascio_circuit::process::WatchState::Lapsed
    );
    drop(centre);
    drop(office);
    let written: Vec<u8> = std::fs::read_dir(&folder)
        .unwrap()
        .flat_map(|path| std::fs::read(path.unwrap().path()).unwrap())
        .collect();
    let holds = |name: &[u8]| {
        written
            .windows(name.len())
            .any(|window| window.eq_ignore_ascii_case(name))
    };
    assert!(holds(b"watch-entry") && !holds(b"zzyzxmark"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_right_is_asked_for() {
    let mut office = office();
    let dossier = office.send("Müller", None);
    let seen = office.town.desks[&Role::Centre]
        .findings(&dossier, &examiner(), office.town.now)
        .unwrap()
        .seen;
    let examine = Command::ExamineFindings {
        dossier,
        seen,
        clear: true,
    };
    let director = person("elena", "centre", &[Right::Decide]);
    assert_eq!(refused(office.give(&director, &examine)), "circuit.right");
    assert_eq!(refused(office.give(&examiner(), &examine)), "circuit.state");
}
