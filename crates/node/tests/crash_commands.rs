//! Every command there is, killed at every persistence point of its own and of what follows from it: nothing is lost,
//! nothing is done twice.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod lives;

use common::{OneProfile, Town, Yes};
use lives::*;
use rilascio_circuit::process::Dossier;
use rilascio_node::{Answer, Command, Error, Replay, Role};
use rilascio_store::{Error as StoreError, Point, Probe, Store, journal, work};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Counts persistence points from the moment it is armed, and stops at one of them.
struct Counter {
    left: AtomicI64,
    seen: AtomicI64,
}

impl Default for Counter {
    /// One that stops nobody.
    fn default() -> Self {
        Self {
            left: AtomicI64::new(-1),
            seen: AtomicI64::new(0),
        }
    }
}

impl Probe for Counter {
    fn at(&self, _: Point) -> Result<(), StoreError> {
        self.seen.fetch_add(1, Ordering::Relaxed);
        match self.left.fetch_sub(1, Ordering::Relaxed) {
            0 => Err(StoreError::Stopped),
            _ => Ok(()),
        }
    }
}

/// A town in which every command has its use.
fn town(probe: &Arc<Counter>, hits: bool) -> Town {
    let probe = Arc::clone(probe) as Arc<dyn Probe>;
    let mut town = Town::new(|_| Store::inline(None, Some(Arc::clone(&probe))).unwrap());
    town.profiles = Arc::new(OneProfile::with(
        "notice_days = 10\npaper = [\"health\"]\ncollection_days = 20\nsecond_opinion = true\n",
    ));
    if hits {
        town.tools.advisers = Yes::with_a_hit();
    }
    town.restart();
    town
}

/// Does one thing and what follows from it; after a kill everything starts again, and whoever had no answer asks again.
fn take(town: &mut Town, place: usize, act: &Act) {
    for attempt in 0.. {
        assert!(attempt < 3, "it stopped once only");
        let done = once(town, place, act).and_then(|()| {
            town.settle()?;
            // A node that died while it listened is tried again after a pause; it may have died then.
            for _ in 0..2 {
                town.wait();
                town.settle()?;
            }
            Ok(())
        });
        match done {
            Ok(()) => return,
            Err(Error::Store(StoreError::Stopped)) => {
                town.restart();
                town.wait();
            }
            Err(why) => panic!("{place}: {why}"),
        }
    }
}

fn once(town: &mut Town, place: usize, act: &Act) -> Result<(), Error> {
    let name = format!("act-{place}");
    let given: Result<Answer, Error> = match act {
        Act::Give(actor, command) => town.give(&name, actor, command),
        Act::Clear(actor) => {
            let (desk, now) = (&town.desks[&Role::Centre], town.now);
            let shown = desk.findings(&dossier(), actor, now)?;
            let clear = Command::ExamineFindings {
                dossier: dossier(),
                seen: shown.seen,
                clear: true,
            };
            town.give(&name, actor, &clear)
        }
        Act::Open(parcel) => town.open_parcel(&name, parcel, &office("carla"), &second()),
        Act::Pass(_) => Ok(Answer::default()),
    };
    given.map(drop)
}

/// What matters: how many steps every thing took and where it stands, without what chance gives.
fn shape(town: &Town) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (role, desk) in &town.desks {
        let entries = desk
            .store()
            .read::<_, StoreError, _>(|tx| journal::entries(tx, 0, 100_000))
            .unwrap();
        let mut replay = Replay::default();
        for entry in &entries {
            replay.take(entry).unwrap();
            // Who only looked may look again, and an office may miss a word of the centre that a newer one overtook.
            let words = *role == Role::Office && entry.kind == "dossier";
            if !words && !matches!(&entry.kind[..], "vault" | "day" | "look") {
                let of = format!("{}/{}/{}", role.name(), entry.kind, entry.id);
                *all.entry(of).or_insert_with(String::new) += "+";
            }
        }
        let (compared, known) = (replay.clone(), *role);
        desk.store()
            .read::<_, Error, _>(move |tx| compared.compare(tx, known))
            .unwrap();
        for (id, dossier) in &replay.dossiers {
            let Dossier { phase, order, .. } = dossier;
            let state = format!("{phase:?} {order:?}");
            all.insert(format!("{}/phase/{id}", role.name()), state);
        }
        if *role == Role::Works {
            all.insert("balance".into(), format!("{:?}", replay.balance));
        }
        let stuck = desk
            .store()
            .read::<_, StoreError, _>(|tx| {
                let mut stuck = work::waiting(tx, 9)?;
                stuck.extend(work::parked(tx, 9)?);
                Ok(stuck)
            })
            .unwrap();
        assert!(stuck.is_empty(), "{stuck:?}");
    }
    all
}

fn pass(town: &mut Town, act: &Act) {
    if let Act::Pass(days) = act {
        town.pass(*days);
    }
}

/// The commands of a life.
fn names(life: &[Act]) -> BTreeSet<&'static str> {
    life.iter()
        .filter_map(|act| match act {
            Act::Give(_, command) => Some(command.name()),
            Act::Clear(_) => Some("examine-findings"),
            Act::Open(_) => Some("receive-consignment"),
            Act::Pass(_) => None,
        })
        .collect()
}

/// A life that was killed stands where a calm one stands.
fn same(found: &BTreeMap<String, String>, expected: &BTreeMap<String, String>, what: &str) {
    // A blank that was in the machine when it died is spoiled and another is taken, with another number.
    let spoiled = found["balance"] != expected["balance"];
    let chance = |name: &str| {
        let parts = [
            "works/",
            "balance",
            "centre/document/",
            "registry/registration/",
        ];
        spoiled && parts.iter().any(|part| name.starts_with(part))
    };
    let wrong: Vec<&String> = expected
        .keys()
        .chain(found.keys())
        .filter(|name| found.get(*name) != expected.get(*name) && !chance(name))
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:?}");
}

/// One calm life tells how many persistence points each act has and where it leads. In as many lives as the longest act
/// has points, every act that another test does not kill is killed at the next of its points.
fn kill_everywhere(life: fn() -> Vec<Act>, hits: bool, from: usize) {
    let probe = Arc::new(Counter::default());
    let mut calm = town(&probe, hits);
    let mut expected = Vec::new();
    for (place, act) in life().iter().enumerate() {
        pass(&mut calm, act);
        let before = probe.seen.load(Ordering::Relaxed);
        // What follows is looking whether there is something to do.
        once(&mut calm, place, act).unwrap();
        calm.settle().unwrap();
        let points = probe.seen.load(Ordering::Relaxed) - before;
        take(&mut calm, place, act);
        expected.push((if place < from { 0 } else { points }, shape(&calm)));
    }
    let most = expected.iter().map(|(points, _)| *points).max().unwrap();
    assert!(most > 10, "{most} points are too few");
    let live = |point: i64| {
        let probe = Arc::new(Counter::default());
        let mut town = town(&probe, hits);
        let last = expected.iter().rposition(|(points, _)| point < *points);
        let until = last.map_or(0, |last| last + 1);
        let acts = life().into_iter().zip(&expected).take(until);
        for (place, (act, (points, shaped))) in acts.enumerate() {
            pass(&mut town, &act);
            if point < *points {
                probe.left.store(point, Ordering::Relaxed);
            }
            take(&mut town, place, &act);
            probe.left.store(-1, Ordering::Relaxed);
            if point < *points {
                same(
                    &shape(&town),
                    shaped,
                    &format!("act {place}, point {point}"),
                );
            }
        }
    };
    std::thread::scope(|scope| {
        for half in 0..2 {
            let live = &live;
            scope.spawn(move || (half..most).step_by(2).for_each(live));
        }
    });
}

#[test]
fn a_refused_applicant_is_lost_nowhere() {
    kill_everywhere(refused, false, 3);
}

#[test]
fn a_listed_applicant_is_lost_nowhere() {
    kill_everywhere(listed, false, 3);
}

#[test]
fn an_order_that_moves_is_lost_nowhere() {
    kill_everywhere(rerouted, true, 3);
}

#[test]
fn a_late_delivery_is_lost_nowhere() {
    kill_everywhere(delivered_late, false, 9);
}

#[test]
fn what_is_under_lock_is_lost_nowhere() {
    kill_everywhere(kept, false, 0);
}

#[test]
fn a_document_in_force_is_lost_nowhere() {
    kill_everywhere(in_force, false, handed_over().len());
    kill_everywhere(stolen, false, handed_over().len());
    kill_everywhere(lost, false, handed_over().len());
}

#[test]
fn no_command_is_left_out() {
    let mut given = BTreeSet::new();
    for life in [
        refused,
        listed,
        rerouted,
        delivered_late,
        kept,
        in_force,
        stolen,
        lost,
    ] {
        given.extend(names(&life()));
    }
    let all = Command::TABLE.iter().map(|(name, _, _)| *name);
    let left: Vec<_> = all.filter(|name| !given.contains(name)).collect();
    assert!(left.is_empty(), "{left:?}");
}
