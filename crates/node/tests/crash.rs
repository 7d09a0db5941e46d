//! Every step of a whole life, killed at every persistence point: nothing is lost, nothing is done twice.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Act, Town, life};
use rilascio_node::{Error, Replay, Role};
use rilascio_store::journal::{self, Entry};
use rilascio_store::{Error as StoreError, Point, Probe};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Counts persistence points, and stops at one of them.
struct Counter {
    seen: AtomicI64,
    stop_at: AtomicI64,
}

impl Counter {
    fn new(stop_at: i64) -> Arc<Self> {
        Arc::new(Self {
            seen: AtomicI64::new(0),
            stop_at: AtomicI64::new(stop_at),
        })
    }
}

impl Probe for Counter {
    fn at(&self, _: Point) -> Result<(), StoreError> {
        let here = self.seen.fetch_add(1, Ordering::Relaxed);
        if here == self.stop_at.load(Ordering::Relaxed) {
            return Err(StoreError::Stopped);
        }
        Ok(())
    }
}

fn stopped(why: &Error) -> bool {
    matches!(why, Error::Store(StoreError::Stopped))
}

/// Lives the whole life; after a kill everything starts again and whoever had no answer asks again.
fn live(probe: &Arc<Counter>) -> Town {
    let mut town = Town::in_memory(Some(Arc::clone(probe) as Arc<dyn Probe>));
    for act in life().into_iter().chain([Act::Settle]) {
        for attempt in 0.. {
            assert!(attempt < 3, "it stopped once only");
            let outcome = match &act {
                Act::Give(id, actor, command) => town.give(id, actor, command).map(drop),
                Act::Open(actor, second) => town.open(actor, second).map(drop),
                // A node that died while it listened is tried again after a pause.
                Act::Settle => town.settle().and_then(|()| {
                    town.wait();
                    town.settle()
                }),
            };
            match outcome {
                Ok(()) => break,
                Err(why) if stopped(&why) => {
                    town.restart();
                    town.wait();
                }
                Err(why) => panic!("{why}"),
            }
        }
    }
    town
}

/// What matters in the end: the state of every thing, without the times and names that chance gives.
fn shape(town: &Town) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (role, desk) in &town.desks {
        let entries: Vec<Entry> = desk
            .store()
            .read::<_, StoreError, _>(|tx| journal::entries(tx, 0, 100_000))
            .unwrap();
        let mut replay = Replay::default();
        for entry in &entries {
            replay.take(entry).unwrap();
            let of = format!("{}/{}/{}", role.name(), entry.kind, entry.id);
            // A number that was on a blank in a machine that died is burnt: documents count without theirs.
            let of = if matches!(&entry.kind[..], "document" | "registration") {
                format!("{}/{}", role.name(), entry.kind)
            } else {
                of
            };
            if !matches!(&entry.kind[..], "vault" | "day") {
                *all.entry(of).or_insert_with(String::new) += "+";
            }
        }
        let (compared, role) = (replay.clone(), *role);
        desk.store()
            .read::<_, Error, _>(move |tx| compared.compare(tx, role))
            .unwrap();
        for (id, dossier) in &replay.dossiers {
            all.insert(
                format!("{}/phase/{id}", role.name()),
                format!("{:?}", dossier.phase),
            );
        }
        for (id, document) in &replay.documents {
            assert!(id.starts_with("sm-permit.SMA"), "{id}");
            all.insert(
                format!("{}/state", role.name()),
                format!("{:?}", document.state),
            );
        }
        if role == Role::Works {
            all.insert("balance".into(), format!("{:?}", replay.balance));
        }
        let (waiting, parked) = desk
            .store()
            .read::<_, StoreError, _>(|tx| {
                Ok((
                    rilascio_store::work::waiting(tx, 9)?,
                    rilascio_store::work::parked(tx, 9)?,
                ))
            })
            .unwrap();
        assert!(
            waiting.is_empty() && parked.is_empty(),
            "{waiting:?} {parked:?}"
        );
    }
    all
}

#[test]
fn a_kill_at_every_persistence_point_loses_nothing_and_doubles_nothing() {
    let calm = Counter::new(-1);
    let town = live(&calm);
    let points = calm.seen.load(Ordering::Relaxed);
    let expected = shape(&town);
    assert_eq!(expected["centre/phase/gendarmeria-000001"], "HandedOver");
    assert_eq!(expected["office/phase/gendarmeria-000001"], "HandedOver");
    assert!(points > 300, "{points} points are too few to be all");
    // Two threads share the points.
    std::thread::scope(|scope| {
        for half in 0..2 {
            let expected = &expected;
            scope.spawn(move || {
                for point in (half..points).step_by(2) {
                    let town = live(&Counter::new(point));
                    let found = shape(&town);
                    let differs = |name: &&String| found.get(*name) != expected.get(*name);
                    // A blank that was in the machine when it died is spoiled and another is taken: nobody knows what
                    // is on it. Everything else is the same.
                    let spoiled = found
                        .get("balance")
                        .is_some_and(|balance| balance.contains("spoiled: 1"));
                    let wrong: Vec<&String> = expected
                        .keys()
                        .chain(found.keys())
                        .filter(differs)
                        .filter(|name| {
                            !spoiled || !(name.starts_with("works/") || *name == "balance")
                        })
                        .collect();
                    assert!(wrong.is_empty(), "point {point}: {wrong:?}");
                }
            });
        }
    });
}
