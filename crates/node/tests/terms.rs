//! Missing papers, notices, appeals and alarms from desk to desk: who hears of them, what is kept, what is forgotten.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{PROFILE, Town, Yes, package, person};
use jiff::SignedDuration;
use rilascio_circuit::process::{Actor, Dossier, DossierId, IssueReason, Phase, Reference, Right};
use rilascio_exchange::message::{Bytes, Paper};
use rilascio_node::{Answer, Command, Error, Media, Prose, Replay, Role};
use rilascio_store::{Error as StoreError, journal};
use std::collections::BTreeSet;
use std::sync::Arc;

const PDF: &[u8] = b"%PDF-1.7 MARKED-RENTAL-CONTRACT";

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

fn paper(title: &str, content: &[u8]) -> Paper {
    Paper {
        title: reference(title),
        content: Bytes(content.to_vec()),
    }
}

struct Case {
    town: Town,
    advisers: Arc<Yes>,
    dossier: DossierId,
    count: u32,
}

impl Case {
    /// A dossier of a holder with a mail address, at the centre; an identity card was brought with it.
    fn new() -> Self {
        let mut town = Town::in_memory(None);
        let advisers = Arc::new(Yes::default());
        town.tools.advisers = Arc::clone(&advisers) as Arc<_>;
        let mut case = Self {
            town,
            advisers,
            dossier: DossierId::parse("gendarmeria-000001").unwrap(),
            count: 0,
        };
        let open = Command::OpenDossier {
            profile: PROFILE.into(),
            reason: IssueReason::First,
            previous: None,
        };
        case.office(&open).unwrap();
        case.send();
        case
    }

    fn send(&mut self) {
        let mut package = package();
        let line = "[delivery]\nmail = \"titolare@example.org\"\n";
        package.application = package.application.replace("[delivery]\n", line);
        let enrol = Command::Enrol {
            dossier: self.dossier.clone(),
            package,
            confirmed: true,
        };
        self.office(&enrol).unwrap();
        self.bring(vec![paper("identity-card", &[0xFF, 0xD8, 0xFF, 0xE0])])
            .unwrap();
        let chief = person("bruno", "gendarmeria", &[Right::Approve]);
        let submit = Command::SubmitDossier {
            dossier: self.dossier.clone(),
        };
        self.give(&chief, &submit).unwrap();
        self.town.settle().unwrap();
    }

    fn give(&mut self, actor: &Actor, command: &Command) -> Result<Answer, Error> {
        self.count += 1;
        let name = format!("c{}", self.count);
        self.town.give(&name, actor, command)
    }

    fn office(&mut self, command: &Command) -> Result<Answer, Error> {
        let clerk = person("anna", "gendarmeria", &[Right::Enrol]);
        self.give(&clerk, command)
    }

    fn bring(&mut self, papers: Vec<Paper>) -> Result<Answer, Error> {
        let bring = Command::BringPapers {
            dossier: self.dossier.clone(),
            papers,
        };
        self.office(&bring)
    }

    fn examine(&mut self, command: &Command) -> Result<Answer, Error> {
        self.give(&person("dario", "centre", &[Right::Examine]), command)
    }

    fn ask(&mut self) {
        let ask = Command::AskPapers {
            dossier: self.dossier.clone(),
            papers: BTreeSet::from([reference("rental-contract")]),
            days: 20,
        };
        self.examine(&ask).unwrap();
        self.town.settle().unwrap();
    }

    fn at(&self, role: Role) -> Dossier {
        let desk = &self.town.desks[&role];
        desk.dossier(self.dossier.as_str()).unwrap().unwrap()
    }

    fn told(&self, word: &str) -> usize {
        let notices = self.advisers.0.lock().unwrap();
        let id = format!("{}.{word}.", self.dossier);
        notices
            .iter()
            .filter(|notice| notice.id.starts_with(&id))
            .count()
    }

    fn journal(&self, role: Role) -> Vec<journal::Entry> {
        let store = self.town.desks[&role].store();
        store
            .read::<_, StoreError, _>(|tx| journal::entries(tx, 0, 1000))
            .unwrap()
    }
}

#[test]
fn papers_are_asked_for_brought_and_read() {
    let mut case = Case::new();
    let due = case.at(Role::Centre).terms.due.unwrap();
    case.ask();
    let office = case.at(Role::Office);
    assert_eq!(
        office.terms.papers.as_ref().unwrap().papers,
        BTreeSet::from([reference("rental-contract")])
    );
    assert_eq!(case.told("papers"), 1);
    case.town.pass(3);
    case.town.settle().unwrap();
    for (wrong, what) in [
        (vec![], "nothing"),
        (vec![paper("note", b"just text")], "no known format"),
        (
            vec![paper("long", &[b"%PDF-", &vec![0; 6 << 20][..]].concat())],
            "too large",
        ),
    ] {
        assert!(case.bring(wrong).is_err(), "{what}");
    }
    // Another paper is not the one that is missing.
    case.bring(vec![paper("photograph", PDF)]).unwrap();
    case.town.settle().unwrap();
    assert!(case.at(Role::Centre).terms.stands_until().is_some());
    case.bring(vec![paper("rental-contract", PDF)]).unwrap();
    case.town.settle().unwrap();
    let known = case.at(Role::Centre);
    let moved = known.terms.due.unwrap().duration_since(due);
    // Three days and the hour after which the nodes do their work.
    assert!(moved >= SignedDuration::from_hours(72) && moved <= SignedDuration::from_hours(74));
    let closed = |dossier: &Dossier| dossier.terms.papers.as_ref().unwrap().closed.is_some();
    assert!(closed(&known) && closed(&case.at(Role::Office)));
    let centre = &case.town.desks[&Role::Centre];
    let examiner = person("dario", "centre", &[Right::Examine]);
    let listed = centre
        .papers(&case.dossier, &examiner, case.town.now)
        .unwrap();
    let titles: Vec<&str> = listed.iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(titles, ["identity-card", "photograph", "rental-contract"]);
    let read = centre
        .paper(&case.dossier, 3, &examiner, case.town.now)
        .unwrap();
    assert_eq!((read.media, &read.bytes[..]), (Media::Pdf, PDF));
    assert!(
        centre
            .paper(&case.dossier, 4, &examiner, case.town.now)
            .is_err()
    );
    // Journals hold who read what, and nothing of what it says; they replay to what the tables say.
    for role in [Role::Office, Role::Centre] {
        let mut replay = Replay::default();
        for entry in case.journal(role) {
            assert!(!entry.text.contains("MARKED"), "{}", entry.text);
            replay.take(&entry).unwrap();
        }
        assert_eq!(replay.dossiers[case.dossier.as_str()], case.at(role));
    }
    let entries = case.journal(Role::Centre);
    assert!(
        entries
            .iter()
            .any(|entry| entry.text.contains(r#"["read",3]"#))
    );
}

#[test]
fn a_term_that_nobody_answers_runs_again_by_itself_and_alarms_follow() {
    let mut case = Case::new();
    case.ask();
    case.town.pass(21);
    case.town.settle().unwrap();
    let known = case.at(Role::Centre);
    assert!(known.terms.papers.unwrap().closed.is_some());
    assert!(known.terms.due.is_some() && known.terms.late.is_none());
    assert!(case.at(Role::Office).terms.papers.unwrap().closed.is_some());
    let urgent = |case: &Case| {
        let centre = &case.town.desks[&Role::Centre];
        centre.due_dossiers(case.town.now, 10).unwrap()
    };
    assert!(urgent(&case).is_empty());
    // 30 days to decide, less those that had passed.
    case.town.pass(16);
    case.town.settle().unwrap();
    let known = case.at(Role::Centre);
    assert!(known.terms.idle.is_some() && known.terms.late.is_none());
    case.town.pass(20);
    case.town.settle().unwrap();
    assert!(case.at(Role::Centre).terms.late.is_some());
    assert_eq!(urgent(&case).len(), 1);
}

#[test]
fn an_idle_draft_is_noticed_at_its_office() {
    let mut case = Case::new();
    let open = Command::OpenDossier {
        profile: PROFILE.into(),
        reason: IssueReason::First,
        previous: None,
    };
    case.office(&open).unwrap();
    case.dossier = DossierId::parse("gendarmeria-000002").unwrap();
    case.town.pass(14);
    case.town.settle().unwrap();
    assert!(case.at(Role::Office).terms.idle.is_none());
    case.town.pass(2);
    case.town.settle().unwrap();
    assert!(case.at(Role::Office).terms.idle.is_some());
}

#[test]
fn an_appeal_brings_a_refused_dossier_back_to_the_desk() {
    let mut case = Case::new();
    let dossier = case.dossier.clone();
    let propose = Command::Propose {
        dossier: dossier.clone(),
        grant: false,
        reasons: Prose::parse("I redditi non bastano.").ok(),
    };
    case.examine(&propose).unwrap();
    let decide = Command::Decide {
        dossier: dossier.clone(),
        grant: false,
        express: false,
        reasons: None,
    };
    let director = person("elena", "centre", &[Right::Decide]);
    case.give(&director, &decide).unwrap();
    case.town.settle().unwrap();
    assert_eq!(case.at(Role::Office).phase, Phase::Refused);
    let appeal = Command::NoteAppeal {
        dossier: dossier.clone(),
        act: reference("appeal-1"),
        served: None,
    };
    case.examine(&appeal).unwrap();
    case.town.settle().unwrap();
    assert!(case.at(Role::Office).terms.appeal_waits());
    let outcome = Command::DecideAppeal {
        dossier,
        act: reference("judgment-1"),
        upheld: true,
    };
    let other = person("fulvia", "centre", &[Right::Decide]);
    case.give(&other, &outcome).unwrap();
    case.town.settle().unwrap();
    assert_eq!(case.at(Role::Office).phase, Phase::Draft);
    // Everything is taken again, and judged again.
    case.send();
    let again = case.at(Role::Centre);
    assert_eq!(again.phase, Phase::Examination);
    assert!(again.terms.appeal.unwrap().outcome.unwrap().upheld);
    assert_eq!(case.told("refused"), 1);
}
