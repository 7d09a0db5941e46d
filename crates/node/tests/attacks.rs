//! Ten thousand random attacks on a journal by somebody who can write the data base and has no key: all are found.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Act, Town, life};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rilascio_node::{Role, audit, sign_head};
use rilascio_store::Store;
use rilascio_store::journal::{Frontier, leaf_hash};
use rusqlite::{Connection, params};

const ATTACKS: usize = 10_000;

/// Makes hashes, subtrees and head fit the entries again: what a thorough forger does.
fn mend(db: &Connection) {
    let rows: Vec<(i64, String)> = db
        .prepare("SELECT seq, entry FROM journal_entry ORDER BY seq")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut frontier = Frontier::default();
    for (place, (seq, entry)) in rows.iter().enumerate() {
        let hash = leaf_hash(entry.as_bytes());
        frontier.push(hash);
        db.execute(
            "UPDATE journal_entry SET hash = ?1, seq = ?2 WHERE seq = ?3",
            params![&hash[..], place as i64, seq],
        )
        .unwrap();
    }
    db.execute(
        "UPDATE journal_head SET size = ?1, frontier = ?2",
        params![rows.len() as i64, frontier.to_bytes()],
    )
    .unwrap();
}

/// One attack: gives what it did.
fn attack(db: &Connection, size: i64, rng: &mut ChaCha20Rng) -> &'static str {
    let mut below = |limit: i64| (rng.next_u64() % limit as u64) as i64;
    let (one, other) = (below(size), below(size - 1));
    let other = if other >= one { other + 1 } else { other };
    let entry = |seq: i64| -> String {
        db.query_row(
            "SELECT entry FROM journal_entry WHERE seq = ?1",
            [seq],
            |row| row.get(0),
        )
        .unwrap()
    };
    let what = match below(6) {
        0 => {
            // One character of an entry becomes another.
            let text = entry(one);
            let place = below(text.len() as i64) as usize;
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(bytes).unwrap_or_else(|_| text + " ");
            db.execute(
                "UPDATE journal_entry SET entry = ?1 WHERE seq = ?2",
                params![changed, one],
            )
            .unwrap();
            "edit"
        }
        1 => {
            db.execute("DELETE FROM journal_entry WHERE seq = ?1", [one])
                .unwrap();
            "delete"
        }
        2 => {
            db.execute(
                "UPDATE journal_entry SET seq = -seq - 1000 WHERE seq >= ?1",
                [one],
            )
            .unwrap();
            db.execute(
                "UPDATE journal_entry SET seq = -seq - 999 WHERE seq <= -1000",
                [],
            )
            .unwrap();
            db.execute(
                "INSERT INTO journal_entry (seq, kind, id, entry, hash) SELECT ?1, kind, id, entry, hash
                 FROM journal_entry WHERE seq = ?2",
                params![one, (one + 1).min(size)],
            )
            .unwrap();
            "insert"
        }
        3 => {
            let (first, second) = (entry(one), entry(other));
            if first == second {
                return "same";
            }
            for (seq, from) in [(-1, one), (one, other), (other, -1)] {
                db.execute(
                    "UPDATE journal_entry SET seq = ?1 WHERE seq = ?2",
                    params![seq, from],
                )
                .unwrap();
            }
            "reorder"
        }
        4 => {
            // Everything after a point is gone, signed heads too: a return to an older state.
            db.execute("DELETE FROM journal_entry WHERE seq >= ?1", [one])
                .unwrap();
            db.execute("DELETE FROM journal_checkpoint WHERE size > ?1", [one])
                .unwrap();
            "truncate"
        }
        _ => {
            // Another history from a point on, of the same length.
            db.execute(
                "UPDATE journal_entry SET entry = REPLACE(entry, '\"at\":1', '\"at\":2') WHERE seq >= ?1",
                [one],
            )
            .unwrap();
            db.execute("DELETE FROM journal_checkpoint", []).unwrap();
            "fork"
        }
    };
    if below(2) == 0 {
        mend(db);
    }
    what
}

#[test]
fn ten_thousand_attacks_on_a_journal_are_all_found() {
    let folder = std::env::temp_dir().join(format!("rilascio-attacks-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("centre.db");
    let mut rng = ChaCha20Rng::from_seed([11; 32]);
    let town = Town::new(|role| {
        let path = (role == Role::Centre).then(|| path.clone());
        Store::inline(path.as_deref(), None).unwrap()
    });
    let key = std::sync::Arc::clone(&town.heads[1]);
    for (place, act) in life().into_iter().enumerate() {
        match &act {
            Act::Give(id, actor, command) => drop(town.give(id, actor, command).unwrap()),
            Act::Open(actor, second) => drop(town.open(actor, second).unwrap()),
            Act::Settle => town.settle().unwrap(),
        }
        if place == 9 {
            sign_head(town.desks[&Role::Centre].store(), &key).unwrap();
        }
    }
    let head = sign_head(town.desks[&Role::Centre].store(), &key).unwrap();
    drop(town);
    // The log is folded into the file when the last connection goes.
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
        .unwrap();
    let size: i64 = db
        .query_row("SELECT size FROM journal_head", [], |row| row.get(0))
        .unwrap();
    assert!(size > 15);
    let check = |store: &Store, head: Option<&str>| {
        audit(store, Role::Centre, &key.public(), head, &mut |_| {}).map(|found| found.size)
    };
    let store = Store::read_only(&path).unwrap();
    assert_eq!(check(&store, Some(&head)).unwrap(), size as u64);
    drop(store);
    let mut kinds = std::collections::BTreeMap::new();
    let original = std::fs::read(&path).unwrap();
    drop(db);
    for number in 0..ATTACKS {
        let place = folder.join(format!("attacked-{}.db", number % 4));
        std::fs::write(&place, &original).unwrap();
        let db = Connection::open(&place).unwrap();
        db.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN")
            .unwrap();
        let what = attack(&db, size, &mut rng);
        db.execute_batch("COMMIT").unwrap();
        drop(db);
        if what == "same" {
            continue;
        }
        *kinds.entry(what).or_insert(0) += 1;
        let store = Store::read_only(&place).unwrap();
        assert!(
            check(&store, Some(&head)).is_err(),
            "attack {number}, {what}, was not found"
        );
    }
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    assert!(kinds.values().sum::<i32>() > 9_900, "{kinds:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}
