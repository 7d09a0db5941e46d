//! Notices to holders: sent once for each step that asks something of them, without a name in mail, journal or tables.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Act, Town, Yes, life};
use rilascio_node::{Command, Role};
use std::sync::Arc;

const ADDRESS: &str = "titolare@example.org";

/// Lives the first life with that mail address; gives the notices and all journal text of the office.
fn live(address: Option<&str>) -> (Vec<rilascio_node::Notice>, String) {
    let mut town = Town::in_memory(None);
    let advisers = Arc::new(Yes::default());
    town.tools.advisers = Arc::clone(&advisers) as Arc<_>;
    for act in life() {
        match act {
            Act::Give(id, actor, mut command) => {
                if let (Command::Enrol { package, .. }, Some(address)) = (&mut command, address) {
                    let line = format!("[delivery]\nmail = \"{address}\"\n");
                    package.application = package.application.replace("[delivery]\n", &line);
                }
                town.give(id, &actor, &command).unwrap();
            }
            Act::Open(actor, second) => {
                town.open(&actor, &second).unwrap();
            }
            Act::Settle => town.settle().unwrap(),
        }
    }
    let office = &town.desks[&Role::Office];
    let entries = office
        .store()
        .read::<_, rilascio_store::Error, _>(|tx| rilascio_store::journal::entries(tx, 0, 1000))
        .unwrap();
    let text = entries.into_iter().map(|entry| entry.text).collect();
    let notices = advisers.0.lock().unwrap().clone();
    (notices, text)
}

#[test]
fn the_holder_is_told_once_that_the_document_is_ready() {
    let (notices, journal) = live(Some(ADDRESS));
    let [notice] = &notices[..] else {
        panic!("one notice: {notices:?}");
    };
    assert_eq!(notice.to, ADDRESS);
    assert_eq!(notice.id, "gendarmeria-000001.activated");
    assert!(notice.text.contains("può essere ritirato") && notice.text.contains("ready"));
    assert!(journal.contains(r#""outcome":"sent""#), "{journal}");
    assert!(!journal.contains(ADDRESS), "an address is personal");
}

#[test]
fn without_an_address_it_is_noted_that_nobody_was_told() {
    let (notices, journal) = live(None);
    assert!(notices.is_empty());
    assert!(journal.contains(r#""outcome":"no-address""#), "{journal}");
}
