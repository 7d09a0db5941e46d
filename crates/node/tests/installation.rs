//! An installation that runs for long: what ends is renewed in time.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{OneProfile, moment};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_keys::MasterKey;
use rilascio_node::{Database, Installation, Plan, Role, read_circle};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

#[test]
fn the_revocation_list_of_the_circuit_is_renewed_while_the_program_runs() {
    let folder = std::env::temp_dir().join(format!("rilascio-installation-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let days = Arc::new(AtomicI64::new(0));
    let passed = Arc::clone(&days);
    let now = move || -> Timestamp {
        moment() + SignedDuration::from_hours(24 * passed.load(Ordering::Relaxed))
    };
    let seeds = AtomicU64::new(1);
    let installation = Installation::open(&Plan {
        data: folder.clone(),
        roles: BTreeSet::from([Role::Centre]),
        database: Database::Sqlite,
        profiles: Arc::new(OneProfile::read()),
        offices: BTreeMap::new(),
        routes: None,
        test: true,
        clock: Arc::new(now.clone()),
        master: Arc::new(MasterKey::generate(&mut ChaCha20Rng::from_seed([1; 32]))),
        entropy: Arc::new(move || {
            let seed = seeds.fetch_add(1, Ordering::Relaxed);
            Box::new(ChaCha20Rng::seed_from_u64(seed))
        }),
        far: None,
    })
    .unwrap();
    let end = || read_circle(&folder).unwrap().list().period().1.unwrap();
    let first = end();
    installation.renew_circle().unwrap();
    assert_eq!(end(), first, "it lasts");
    // A year, day by day: the list never ends before the next one is there.
    for day in 1..=365 {
        days.store(day, Ordering::Relaxed);
        installation.renew_circle().unwrap();
        assert!(end() > now() + SignedDuration::from_hours(24 * 29), "{day}");
    }
    let circle = installation.desk(Role::Centre).unwrap().circle();
    assert_eq!(circle.list().period().1, Some(end()), "the desk has it too");
}
