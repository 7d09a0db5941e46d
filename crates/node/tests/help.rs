//! The help desk: who sees a case, what is kept of it and how long; what officers read, and where it goes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Town, person};
use jiff::tz::TimeZone;
use rilascio_circuit::process::{Actor, Reference, Right};
use rilascio_exchange::message::{Bytes, Channel};
use rilascio_node::{Addition, ArticleDraft, CaseState, Error, Prose, Question, Role};
use rilascio_store::vault::Compartment;
use rilascio_store::{Error as StoreError, Tx, entity};
use std::collections::BTreeSet;
use std::sync::Arc;

const TEXT: &str = "La scheda di MARKED-NAME non si apre.";

fn prose(text: &str) -> Prose {
    Prose::parse(text).unwrap()
}

fn clerk() -> Actor {
    person("anna", "gendarmeria", &[Right::Enrol])
}

fn chief() -> Actor {
    person("capo", "gendarmeria", &[Right::Administer])
}

fn question() -> Question {
    Question {
        page: "/desk/office/dossier/gendarmeria-000001".into(),
        code: Some("circuit.state".into()),
        text: prose(TEXT),
    }
}

fn text(words: &str) -> Addition {
    Addition {
        text: Some(prose(words)),
        close: false,
        pass: false,
    }
}

fn rule(outcome: Result<impl Sized, Error>) -> &'static str {
    match outcome {
        Err(Error::Refused(refusal)) => refusal.rule,
        Err(_) => "another fault",
        Ok(_) => "taken",
    }
}

#[test]
fn a_case_is_answered_by_those_who_run_the_desk_and_seen_by_nobody_else() {
    let town = Town::in_memory(None);
    let desk = &town.desks[&Role::Office];
    let opened = desk.open_case(question(), &clerk(), town.now).unwrap();
    assert_eq!(opened.state, CaseState::Open);
    assert!(opened.due.is_some_and(|due| due > town.now));
    for stranger in [
        person("bruno", "gendarmeria", &[Right::Enrol, Right::Approve]),
        person("anna", "serravalle", &[Right::Enrol]),
        person("capo", "serravalle", &[Right::Administer]),
    ] {
        assert!(desk.cases(&stranger).unwrap().is_empty());
        assert_eq!(
            rule(desk.case(&opened.id, &stranger, town.now)),
            "circuit.unknown"
        );
        let added = desk.add_to_case(&opened.id, text("?"), &stranger, town.now);
        assert_eq!(rule(added), "circuit.unknown");
    }
    let answered = desk.add_to_case(&opened.id, text("Riprovi ora."), &chief(), town.now);
    let answered = answered.unwrap();
    assert_eq!((answered.state, answered.due), (CaseState::Answered, None));
    let again = desk.add_to_case(&opened.id, text("Ancora no."), &clerk(), town.now);
    assert_eq!(again.unwrap().state, CaseState::Open);
    let shown = desk.case(&opened.id, &clerk(), town.now).unwrap();
    let texts: Vec<&str> = shown.texts.iter().flatten().map(Prose::as_str).collect();
    assert_eq!(texts, [TEXT, "Riprovi ora.", "Ancora no."]);
    let who: Vec<&str> = shown
        .case
        .turns
        .iter()
        .map(|turn| turn.by.as_str())
        .collect();
    assert_eq!(who, ["anna", "capo", "anna"]);
}

#[test]
fn what_was_written_is_in_no_journal_and_forgotten_a_year_after_the_end() {
    let mut town = Town::in_memory(None);
    let desk = Arc::clone(&town.desks[&Role::Office]);
    let opened = desk.open_case(question(), &clerk(), town.now).unwrap();
    let said = town.journal(Role::Office);
    assert!(said.iter().all(|entry| !entry.text.contains("MARKED")));
    let close = Addition {
        text: None,
        close: true,
        pass: false,
    };
    let closed = desk.add_to_case(&opened.id, close, &chief(), town.now);
    assert_eq!(closed.unwrap().state, CaseState::Closed);
    town.pass(360);
    town.settle().unwrap();
    let shown = desk.case(&opened.id, &clerk(), town.now).unwrap();
    assert_eq!(shown.texts, [Some(prose(TEXT))]);
    town.pass(10);
    town.settle().unwrap();
    let shown = desk.case(&opened.id, &clerk(), town.now).unwrap();
    assert_eq!(shown.texts, [None]);
}

#[test]
fn a_case_that_nobody_closes_is_over_a_year_after_the_last_word() {
    let mut town = Town::in_memory(None);
    let desk = Arc::clone(&town.desks[&Role::Office]);
    let opened = desk.open_case(question(), &clerk(), town.now).unwrap();
    town.pass(200);
    let answered = desk.add_to_case(&opened.id, text("Riprovi."), &chief(), town.now);
    answered.unwrap();
    town.pass(300);
    town.settle().unwrap();
    let shown = desk.case(&opened.id, &clerk(), town.now).unwrap();
    assert_eq!(shown.texts[0], Some(prose(TEXT)));
    town.pass(70);
    town.settle().unwrap();
    let shown = desk.case(&opened.id, &clerk(), town.now).unwrap();
    assert_eq!(
        (shown.case.state, shown.texts),
        (CaseState::Closed, vec![None, None])
    );
}

#[test]
fn a_case_that_the_desk_cannot_answer_goes_to_the_centre_and_comes_back() {
    let mut town = Town::in_memory(None);
    let [office, centre] = [Role::Office, Role::Centre].map(|role| Arc::clone(&town.desks[&role]));
    let opened = office.open_case(question(), &clerk(), town.now).unwrap();
    let pass = |words: Option<&str>| Addition {
        text: words.map(prose),
        close: false,
        pass: true,
    };
    let early = office.add_to_case(&opened.id, pass(None), &clerk(), town.now);
    assert_eq!(rule(early), "circuit.right");
    let passed = office.add_to_case(&opened.id, pass(Some("Non lo so.")), &chief(), town.now);
    let passed = passed.unwrap();
    assert!(passed.passed.is_some() && passed.state == CaseState::Open);
    let twice = office.add_to_case(&opened.id, pass(None), &chief(), town.now);
    assert_eq!(rule(twice), "circuit.state");
    let said = |case: &rilascio_node::ShownCase| -> Vec<String> {
        let texts = case.texts.iter().flatten();
        texts.map(|text| text.as_str().to_owned()).collect()
    };
    // What waits to be sent lies in the vault, as what was written does.
    let case = opened.id.clone();
    let sealed = office.store().read::<_, StoreError, _>(move |tx| {
        let waiting = rilascio_store::work::waiting(tx, 10)?;
        let place = Compartment {
            dossier: case.as_str(),
            part: &waiting[0].id,
        };
        place.names(tx)
    });
    assert_eq!(sealed.unwrap(), ["sealed"]);
    town.settle().unwrap();

    let helper = person("aldo", "centre", &[Right::Administer]);
    let there = centre.cases(&helper).unwrap();
    assert_eq!(there.len(), 1);
    let id = there[0].id.clone();
    assert_eq!(there[0].page, "/desk/office/dossier/gendarmeria-000001");
    let shown = centre.case(&id, &helper, town.now).unwrap();
    assert_eq!(said(&shown), [TEXT, "Non lo so."]);
    let nobody = person("anna", "gendarmeria", &[Right::Enrol]);
    assert_eq!(rule(centre.case(&id, &nobody, town.now)), "circuit.unknown");
    // An answer, another word, and the last answer.
    let answer = |words: &str, close| Addition {
        text: Some(prose(words)),
        close,
        pass: false,
    };
    let done = centre.add_to_case(&id, answer("Quale browser?", false), &helper, town.now);
    assert_eq!(done.unwrap().state, CaseState::Answered);
    town.settle().unwrap();
    let known = office.case(&opened.id, &clerk(), town.now).unwrap();
    assert_eq!(known.case.state, CaseState::Answered);
    let more = office.add_to_case(&opened.id, text("Il solito."), &clerk(), town.now);
    more.unwrap();
    town.settle().unwrap();
    let last = answer("Lo aggiorni.", true);
    centre.add_to_case(&id, last, &helper, town.now).unwrap();
    town.settle().unwrap();
    let all = [
        TEXT,
        "Non lo so.",
        "Quale browser?",
        "Il solito.",
        "Lo aggiorni.",
    ];
    for (desk, id, actor) in [
        (&office, &opened.id, clerk()),
        (&centre, &id, helper.clone()),
    ] {
        let shown = desk.case(id, &actor, town.now).unwrap();
        assert_eq!(said(&shown), all);
    }
    let known = office.case(&opened.id, &clerk(), town.now).unwrap();
    assert!(
        known.case.passed.is_none(),
        "the centre has nothing more to say"
    );
    assert_eq!(
        known.case.turns[2].node.as_ref().unwrap().as_str(),
        "centre"
    );
    // It can be passed on again: the centre gets what it does not have, and nothing twice.
    office
        .add_to_case(&opened.id, text("Non va."), &clerk(), town.now)
        .unwrap();
    office
        .add_to_case(&opened.id, pass(None), &chief(), town.now)
        .unwrap();
    town.settle().unwrap();
    let shown = centre.case(&id, &helper, town.now).unwrap();
    assert_eq!(said(&shown).last().unwrap(), "Non va.");
    assert_eq!((said(&shown).len(), shown.case.state), (6, CaseState::Open));
    // A year after the last word nothing of it is left anywhere.
    town.pass(370);
    town.settle().unwrap();
    for (desk, id, actor) in [(&office, &opened.id, clerk()), (&centre, &id, helper)] {
        let shown = desk.case(id, &actor, town.now).unwrap();
        assert_eq!(said(&shown), [""; 0]);
        assert_eq!(shown.case.state, CaseState::Closed);
    }
}

#[test]
fn a_case_of_nothing_is_refused() {
    let town = Town::in_memory(None);
    let desk = &town.desks[&Role::Office];
    let opened = desk.open_case(question(), &clerk(), town.now).unwrap();
    let nothing = Addition {
        text: None,
        close: false,
        pass: false,
    };
    let added = desk.add_to_case(&opened.id, nothing, &clerk(), town.now);
    assert_eq!(rule(added), "circuit.malformed");
    for page in ["/\u{e8}", "/a\nb", &"/".repeat(201)] {
        let wrong = Question {
            page: page.to_owned(),
            ..question()
        };
        assert!(desk.open_case(wrong, &clerk(), town.now).is_err(), "{page}");
    }
}

fn draft(file: Option<&[u8]>) -> ArticleDraft {
    ArticleDraft {
        channel: Channel::Manual,
        title_it: prose("Impronte"),
        title_en: Some(prose("Fingerprints")),
        text_it: prose("La seconda edizione."),
        text_en: None,
        roles: BTreeSet::from([Role::Office]),
        until: None,
        file: file.map(|file| Bytes(file.to_vec())),
    }
}

fn director() -> Actor {
    person("carla", "centre", &[Right::Administer])
}

/// What somebody reads at a desk, by name.
fn read(town: &Town, role: Role, actor: &Actor) -> Vec<Reference> {
    let today = town.now.to_zoned(TimeZone::UTC).date();
    let found = town.desks[&role].articles(actor, today).unwrap();
    found.into_iter().map(|one| one.bulletin.id).collect()
}

#[test]
fn what_the_centre_publishes_is_read_at_the_desks_that_it_is_for() {
    let town = Town::in_memory(None);
    let centre = &town.desks[&Role::Centre];
    let file = b"%PDF-1.7 manual";
    assert_eq!(
        rule(centre.publish_article(draft(None), &clerk(), town.now)),
        "circuit.right"
    );
    let made = centre.publish_article(draft(Some(file)), &director(), town.now);
    let made = made.unwrap().bulletin;
    assert_eq!(made.text_en, "La seconda edizione.");
    town.settle().unwrap();
    let elsewhere = person("dino", "serravalle", &[Right::Enrol]);
    for actor in [clerk(), elsewhere] {
        assert_eq!(
            read(&town, Role::Office, &actor),
            std::slice::from_ref(&made.id)
        );
    }
    let engraver = person("fabio", "works", &[Right::Produce]);
    assert!(read(&town, Role::Works, &engraver).is_empty());
    let office = &town.desks[&Role::Office];
    let bytes = office.article_file(&made.id, &clerk(), town.now).unwrap();
    assert_eq!(&bytes[..], file);
    // An office withdraws nothing of the centre.
    assert_eq!(
        rule(office.withdraw_article(&made.id, &chief(), town.now)),
        "circuit.site"
    );
    centre
        .withdraw_article(&made.id, &director(), town.now)
        .unwrap();
    town.settle().unwrap();
    assert!(read(&town, Role::Office, &clerk()).is_empty());
    assert!(office.article_file(&made.id, &clerk(), town.now).is_err());
    // Nothing of what it said is left, and nobody else ever had it.
    let row = |role: Role| {
        let id = made.id.to_string();
        let read = move |tx: &mut dyn Tx| entity::get(tx, "article", &id);
        let store = town.desks[&role].store();
        store.read::<_, StoreError, _>(read).unwrap()
    };
    for role in [Role::Centre, Role::Office] {
        let body = row(role).unwrap().body;
        assert!(
            !body.contains("edizione") && !body.contains("Impronte"),
            "{body}"
        );
    }
    assert!(row(Role::Works).is_none());
}

#[test]
fn an_office_publishes_for_itself_and_until_a_day() {
    let mut town = Town::in_memory(None);
    let office = Arc::clone(&town.desks[&Role::Office]);
    let today = town.now.to_zoned(TimeZone::UTC).date();
    let mut news = draft(None);
    news.channel = Channel::News;
    news.until = Some(today.tomorrow().unwrap());
    let made = office.publish_article(news, &chief(), town.now).unwrap();
    assert_eq!(read(&town, Role::Office, &clerk()), [made.bulletin.id]);
    let elsewhere = person("dino", "serravalle", &[Right::Enrol]);
    assert!(read(&town, Role::Office, &elsewhere).is_empty());
    town.pass(2);
    assert!(read(&town, Role::Office, &clerk()).is_empty());
}

#[test]
fn a_file_that_is_none_of_the_known_kinds_is_refused() {
    let town = Town::in_memory(None);
    let centre = &town.desks[&Role::Centre];
    let large = [b"%PDF-".to_vec(), vec![0; 5 * 1024 * 1024]].concat();
    for file in [&b"MZ\x90\x00"[..], b"", b"<html>", &large] {
        let made = centre.publish_article(draft(Some(file)), &director(), town.now);
        assert!(made.is_err(), "{} bytes", file.len());
    }
    let zip = centre.publish_article(draft(Some(b"PK\x03\x04")), &director(), town.now);
    assert!(zip.is_ok());
    let mut long = draft(None);
    long.title_it = prose(&"a".repeat(121));
    assert!(centre.publish_article(long, &director(), town.now).is_err());
}
