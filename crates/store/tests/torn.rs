//! A disk that lies: the last writes are torn, overwritten with garbage, or never reached it. What is left is a whole
//! beginning of the journal.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rilascio_store::entity::{self, Entity};
use rilascio_store::journal::{self, Checkpoint, Entry, HeadKey};
use rilascio_store::{Error, Store};
use std::sync::Arc;

const ENTRIES: u64 = 60;
const CASES: u64 = 300;

#[test]
fn torn_and_dropped_writes_leave_a_whole_beginning() {
    let folder = std::env::temp_dir().join(format!("rilascio-torn-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut rng = ChaCha20Rng::from_seed([4; 32]);
    let key = Arc::new(HeadKey::generate("rilascio/torn", &mut rng));
    let path = folder.join("node.db");
    let store = Store::inline(Some(&path), None).unwrap();
    let mut roots = vec![journal::root_of(&[])];
    for n in 0..ENTRIES {
        let key = Arc::clone(&key);
        let root = store.write::<_, Error, _>(move |tx| {
            let entry = Entry {
                seq: 0,
                kind: "dossier".into(),
                id: format!("d{n}"),
                text: format!("{{\"n\":{n}}}"),
            };
            let row = Entity {
                id: format!("d{n}"),
                version: 0,
                site: "office".into(),
                state: "draft".into(),
                due_ms: None,
                body: "x".repeat(usize::try_from(n).unwrap() * 40),
            };
            entity::put(tx, "dossier", &row)?;
            journal::append(tx, &[entry], Some(&key))?;
            Ok(journal::size_and_root(tx)?.1)
        });
        roots.push(root.unwrap());
    }
    // As the files are at the moment of the crash: everything is in the log, nothing was folded into the tables.
    let tables = std::fs::read(&path).unwrap();
    let log = std::fs::read(folder.join("node.db-wal")).unwrap();
    drop(store);
    let mut shortest = ENTRIES;
    for case in 0..CASES {
        let place = folder.join(format!("case-{case}.db"));
        let mut log = log.clone();
        let at = usize::try_from(rng.next_u64()).unwrap_or(0) % log.len();
        match case % 4 {
            0 => log.truncate(at),
            1 => rng.fill_bytes(&mut log[at..]),
            // A sector in the middle never reached the disk, those after it did.
            2 => {
                let end = (at + 512).min(log.len());
                log[at..end].fill(0);
            }
            _ => log[at] ^= 1 << (rng.next_u64() % 8),
        }
        std::fs::write(&place, &tables).unwrap();
        std::fs::write(folder.join(format!("case-{case}.db-wal")), &log).unwrap();
        let store = Store::inline(Some(&place), None).unwrap();
        let (size, root, entries, rows, note) = store
            .read::<_, Error, _>(|tx| {
                let (size, root) = journal::size_and_root(tx)?;
                let entries = journal::entries(tx, 0, 1000)?;
                let rows = entity::list(tx, "dossier", None, None, "", 1000)?;
                Ok((
                    size,
                    root,
                    entries,
                    rows.len() as u64,
                    journal::head_note(tx)?,
                ))
            })
            .unwrap();
        shortest = shortest.min(size);
        assert_eq!(root, roots[usize::try_from(size).unwrap()], "case {case}");
        assert_eq!(
            (entries.len() as u64, rows),
            (size, size),
            "case {case}: both or neither"
        );
        let hashes: Vec<_> = entries
            .iter()
            .map(|entry| journal::leaf_hash(entry.text.as_bytes()))
            .collect();
        assert_eq!(journal::root_of(&hashes), root, "case {case}");
        if size > 0 {
            let head = Checkpoint::verify(&note.unwrap(), &key.public()).unwrap();
            assert_eq!((head.size, head.root), (size, root), "case {case}");
        }
        // And it goes on from there.
        let key = Arc::clone(&key);
        let next = store.write::<_, Error, _>(move |tx| {
            let entry = Entry {
                seq: 0,
                kind: "dossier".into(),
                id: "next".into(),
                text: "{}".into(),
            };
            journal::append(tx, &[entry], Some(&key))?;
            Ok(journal::size_and_root(tx)?.0)
        });
        assert_eq!(next.unwrap(), size + 1);
    }
    assert!(
        shortest < ENTRIES / 2,
        "the cases are too gentle: {shortest}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
