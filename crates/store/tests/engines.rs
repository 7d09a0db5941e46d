//! One suite over both engines: SQLite in a file, and a real PostgreSQL server where there is one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "common/postgres.rs"]
mod server;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_keys::MasterKey;
use rilascio_store::entity::{self, Entity};
use rilascio_store::journal::{self, Entry};
use rilascio_store::vault::{Compartment, VaultKeys};
use rilascio_store::work::{self, Outgoing};
use rilascio_store::{Error, Store, Tx, vault};
use std::collections::BTreeSet;
use std::sync::Arc;

fn entry(n: usize) -> Entry {
    Entry {
        seq: 0,
        kind: "dossier".into(),
        id: format!("d{}", n % 7),
        text: format!("{{\"n\":{n}}}"),
    }
}

fn thing(id: &str, version: i64, body: &str) -> Entity {
    Entity {
        id: id.into(),
        version,
        site: "office".into(),
        state: "draft".into(),
        due_ms: Some(10),
        body: body.into(),
    }
}

fn in_tx<T: Send + 'static>(
    store: &Store,
    f: impl FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    store.write(f)
}

fn keeps_all_or_nothing(store: &Store) {
    let refused: Result<(), Error> = in_tx(store, |tx| {
        journal::append(tx, &[entry(0)], None)?;
        entity::put(tx, "dossier", &thing("gone", 0, "{}"))?;
        Err(Error::Closed)
    });
    assert!(matches!(refused, Err(Error::Closed)));
    let (size, found) = in_tx(store, |tx| {
        Ok((
            journal::size_and_root(tx)?.0,
            entity::get(tx, "dossier", "gone")?,
        ))
    })
    .unwrap();
    assert_eq!((size, found), (0, None));
}

fn writes_only_what_nobody_else_wrote(store: &Store) {
    in_tx(store, |tx| entity::put(tx, "dossier", &thing("a", 0, "1"))).unwrap();
    let again = in_tx(store, |tx| entity::put(tx, "dossier", &thing("a", 0, "2")));
    assert!(matches!(again, Err(Error::Conflict)));
    in_tx(store, |tx| entity::put(tx, "dossier", &thing("a", 1, "3"))).unwrap();
    let stale = in_tx(store, |tx| entity::put(tx, "dossier", &thing("a", 1, "4")));
    assert!(matches!(stale, Err(Error::Conflict)));
    in_tx(store, |tx| entity::put(tx, "dossier", &thing("b", 0, "5"))).unwrap();
    let (a, listed, due, counts) = in_tx(store, |tx| {
        Ok((
            entity::get(tx, "dossier", "a")?.unwrap(),
            entity::list(tx, "dossier", Some("draft"), Some("office"), "a", 10)?,
            entity::due(tx, "dossier", 10, 10)?,
            entity::count(tx, "dossier")?,
        ))
    })
    .unwrap();
    assert_eq!((a.version, &a.body[..]), (2, "3"));
    assert_eq!(listed.iter().map(|e| &e.id[..]).collect::<Vec<_>>(), ["b"]);
    assert_eq!(due.len(), 2);
    assert_eq!(counts, [("draft".into(), "office".into(), 2)]);
}

fn journal_grows_and_proves_it(store: &Store) {
    let mut heads = Vec::new();
    let mut texts = Vec::new();
    let mut n = 0;
    for group in [1_usize, 1, 5, 250, 3, 300, 2] {
        let entries: Vec<Entry> = (n..n + group).map(entry).collect();
        texts.extend(entries.iter().map(|e| e.text.clone()));
        n += group;
        heads.push(
            in_tx(store, move |tx| {
                journal::append(tx, &entries, None)?;
                journal::size_and_root(tx)
            })
            .unwrap(),
        );
    }
    let hashes: Vec<_> = texts
        .iter()
        .map(|t| journal::leaf_hash(t.as_bytes()))
        .collect();
    for (size, root) in &heads {
        assert_eq!(*root, journal::root_of(&hashes[..*size as usize]));
    }
    let last = *heads.last().unwrap();
    for (size, root) in &heads {
        let size = *size;
        let proof = in_tx(store, move |tx| {
            journal::consistency_proof(tx, size, last.0)
        })
        .unwrap();
        assert!(journal::verify_consistency(
            size, root, last.0, &last.1, &proof
        ));
        let mut wrong = *root;
        wrong[0] ^= 1;
        assert!(!journal::verify_consistency(
            size, &wrong, last.0, &last.1, &proof
        ));
        for index in [0, size / 2, size - 1] {
            let proof = in_tx(store, move |tx| journal::inclusion_proof(tx, index, size)).unwrap();
            let leaf = hashes[index as usize];
            assert!(journal::verify_inclusion(&leaf, index, size, &proof, root));
            assert!(!journal::verify_inclusion(
                &wrong, index, size, &proof, root
            ));
        }
    }
    let of = in_tx(store, |tx| journal::entries_of(tx, "dossier", "d3", 1000)).unwrap();
    assert_eq!(
        of.len(),
        texts.len().div_ceil(7) - usize::from(texts.len() % 7 <= 3 && texts.len() % 7 != 0)
    );
    let too_many = in_tx(store, move |tx| journal::inclusion_proof(tx, 0, last.0 + 1));
    assert!(matches!(too_many, Err(Error::Head { .. })));
}

fn many_callers_lose_nothing(store: &Store) {
    let before = in_tx(store, |tx| Ok(journal::size_and_root(tx)?.0)).unwrap();
    let store = Arc::new(store.clone());
    let threads: Vec<_> = (0..8)
        .map(|thread: i64| {
            let store = Arc::clone(&store);
            std::thread::spawn(move || {
                for n in 0..25 {
                    let number = store
                        .write::<_, Error, _>(move |tx| {
                            journal::append(tx, &[entry(n)], None)?;
                            work::take_numbers(tx, "parallel", 1)
                        })
                        .unwrap();
                    assert!(number > 0, "{thread}");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let (size, number) = in_tx(&store, |tx| {
        Ok((
            journal::size_and_root(tx)?.0,
            work::read_number(tx, "parallel")?,
        ))
    })
    .unwrap();
    assert_eq!((size - before, number), (200, 200));
}

fn outbox_delivers_delays_and_parks(store: &Store) {
    let message = |id: &str| Outgoing {
        id: id.into(),
        receiver: "works".into(),
        kind: "order".into(),
        subject: "d1".into(),
        body: vec![1, 2, 3],
        answer_by_ms: Some(500),
    };
    let (one, two) = (message("m1"), message("m2"));
    in_tx(store, move |tx| {
        work::send(tx, &one, 100)?;
        work::send(tx, &one, 100)?;
        work::send(tx, &two, 101)
    })
    .unwrap();
    let claim = |now: i64| in_tx(store, move |tx| work::claim_message(tx, now, now + 50)).unwrap();
    assert_eq!(claim(99), None);
    let first = claim(101).unwrap();
    assert_eq!((&first.message.id[..], first.attempts), ("m1", 1));
    assert_eq!(claim(101).unwrap().message.id, "m2");
    assert_eq!(claim(101), None, "both are held by workers");
    assert_eq!(
        claim(151).unwrap().attempts,
        2,
        "a worker that died gives way"
    );
    in_tx(store, |tx| {
        work::delivered(tx, "m1", b"receipt", true)?;
        work::not_delivered(tx, "m2", 1, Some(300), 151, "refused the connection")
    })
    .unwrap();
    assert_eq!(claim(299), None);
    assert_eq!(claim(300).unwrap().message.id, "m2");
    in_tx(store, |tx| {
        work::not_delivered(tx, "m2", 2, None, 300, "gave up")
    })
    .unwrap();
    let (parked, overdue) = in_tx(store, |tx| {
        Ok((work::parked(tx, 10)?, work::overdue(tx, 500, 10)?))
    })
    .unwrap();
    assert_eq!(
        (&parked[0].id[..], parked[0].fault.as_deref()),
        ("m2", Some("gave up"))
    );
    assert_eq!(overdue[0].id, "m1");
    assert!(in_tx(store, |tx| work::unpark(tx, "m2", 600)).unwrap());
    assert!(!in_tx(store, |tx| work::unpark(tx, "m1", 600)).unwrap());
    in_tx(store, |tx| work::answered(tx, "m1", "works")).unwrap();
    let counts = in_tx(store, work::count_messages).unwrap();
    assert_eq!(counts, [("answered".into(), 1), ("ready".into(), 1)]);
}

fn replicas_share_jobs_without_doubling(store: &Store) {
    in_tx(store, |tx| {
        for n in 0..200 {
            work::add_job(tx, &format!("j{n}"), "certify", "d", 0)?;
            work::add_job(tx, &format!("j{n}"), "certify", "d", 0)?;
        }
        Ok(())
    })
    .unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let store = store.clone();
            std::thread::spawn(move || {
                let mut done = Vec::new();
                while let Some(job) = store
                    .write::<_, Error, _>(|tx| work::claim_job(tx, 1, 1_000_000))
                    .unwrap()
                {
                    done.push(job.id.clone());
                    assert!(
                        store
                            .write::<_, Error, _>(move |tx| work::end_job(tx, &job))
                            .unwrap()
                    );
                }
                done
            })
        })
        .collect();
    let done: Vec<String> = threads
        .into_iter()
        .flat_map(|t| t.join().unwrap())
        .collect();
    let unique: BTreeSet<&String> = done.iter().collect();
    assert_eq!((done.len(), unique.len()), (200, 200));
}

fn vault_forgets(store: &Store) {
    let keys = |generations: &[i64]| {
        let made = generations.iter().map(|n| {
            (
                *n,
                MasterKey::from_bytes(&[u8::try_from(*n).unwrap(); 32]).unwrap(),
            )
        });
        Arc::new(VaultKeys::new(made.collect()).unwrap())
    };
    let compartment = |dossier: &'static str| Compartment {
        dossier,
        part: "biometrics",
    };
    let first = keys(&[1]);
    let held = Arc::clone(&first);
    in_tx(store, move |tx| {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        compartment("d1").put(tx, &held, "portrait", b"face of one", &mut rng)?;
        compartment("d1").put(tx, &held, "print", b"finger of one", &mut rng)?;
        compartment("d2").put(tx, &held, "portrait", b"face of two", &mut rng)
    })
    .unwrap();
    let held = Arc::clone(&first);
    let (face, names) = in_tx(store, move |tx| {
        let face = compartment("d1").get(tx, &held, "portrait")?.unwrap();
        Ok((face.to_vec(), compartment("d1").names(tx)?))
    })
    .unwrap();
    assert_eq!(
        (&face[..], &names[..]),
        (
            &b"face of one"[..],
            &["portrait".to_owned(), "print".to_owned()][..]
        )
    );
    assert_eq!(
        in_tx(store, move |tx| compartment("d1").forget(tx)).unwrap(),
        Some(1)
    );
    assert_eq!(
        in_tx(store, move |tx| compartment("d1").forget(tx)).unwrap(),
        None
    );
    // The living are wrapped anew; then the old generation opens nothing.
    let both = keys(&[1, 2]);
    let rewrapped = in_tx(store, move |tx| {
        vault::rewrap(tx, &both, 100, &mut ChaCha20Rng::from_seed([2; 32]))
    });
    assert_eq!(rewrapped.unwrap(), 1);
    let old = in_tx(store, move |tx| {
        compartment("d2").get(tx, &first, "portrait")
    });
    assert!(matches!(old, Err(Error::Sealed { .. })));
    let second = keys(&[2]);
    let opened = in_tx(store, move |tx| {
        compartment("d2").get(tx, &second, "portrait")
    })
    .unwrap();
    assert_eq!(&opened.unwrap()[..], b"face of two");
    store.scrub().unwrap();
}

fn remembers_commands_and_messages(store: &Store) {
    in_tx(store, |tx| {
        work::note_command(tx, "c1", "digest", "answer", 5)?;
        work::receive(tx, "office", "m9", "digest", 5, b"ack")
    })
    .unwrap();
    let (command, message) = in_tx(store, |tx| {
        Ok((
            work::done_before(tx, "c1")?,
            work::received(tx, "office", "m9")?,
        ))
    })
    .unwrap();
    assert_eq!(command, Some(("digest".into(), "answer".into())));
    assert_eq!(message, Some(("digest".into(), b"ack".to_vec())));
    in_tx(store, |tx| work::forget_received(tx, 6)).unwrap();
    assert_eq!(
        in_tx(store, |tx| work::done_before(tx, "c1")).unwrap(),
        None
    );
}

fn suite(store: &Store) {
    keeps_all_or_nothing(store);
    writes_only_what_nobody_else_wrote(store);
    journal_grows_and_proves_it(store);
    many_callers_lose_nothing(store);
    outbox_delivers_delays_and_parks(store);
    replicas_share_jobs_without_doubling(store);
    vault_forgets(store);
    remembers_commands_and_messages(store);
}

#[test]
fn sqlite_passes_the_suite() {
    let folder = std::env::temp_dir().join(format!("rilascio-store-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("node.db");
    suite(&Store::sqlite(&path).unwrap());
    // What was written is there after a restart, and a copy reads like the original.
    let store = Store::sqlite(&path).unwrap();
    store.copy_to(&folder.join("copy.db")).unwrap();
    let head = in_tx(&store, journal::size_and_root).unwrap();
    let copy = Store::read_only(&folder.join("copy.db")).unwrap();
    assert_eq!(
        copy.read::<_, Error, _>(journal::size_and_root).unwrap(),
        head
    );
    assert!(in_tx(&copy, |tx| work::take_numbers(tx, "x", 1)).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn sqlite_in_memory_passes_the_suite() {
    suite(&Store::inline(None, None).unwrap());
}

#[test]
fn postgresql_passes_the_suite() {
    let Some(server) = server::Server::start(false) else {
        return;
    };
    suite(&Store::postgres(&server.url(), "suite", 8).unwrap());
    assert!(Store::postgres(&server.url(), "no; drop", 1).is_err());
    // Two replicas over the same tables: what one adds, the other claims.
    let one = Store::postgres(&server.url(), "replicas", 4).unwrap();
    let two = Store::postgres(&server.url(), "replicas", 4).unwrap();
    in_tx(&one, |tx| work::add_job(tx, "j", "k", "s", 0)).unwrap();
    assert!(
        in_tx(&two, |tx| work::claim_job(tx, 1, 100))
            .unwrap()
            .is_some()
    );
    assert!(
        in_tx(&one, |tx| work::claim_job(tx, 1, 100))
            .unwrap()
            .is_none()
    );
}

#[test]
fn every_statement_is_understood_by_both_engines() {
    let folder = std::env::temp_dir().join(format!("rilascio-statements-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("node.db");
    drop(Store::sqlite(&path).unwrap());
    let sqlite = rusqlite::Connection::open(&path).unwrap();
    for sql in rilascio_store::statements() {
        let text = sql.for_sqlite();
        sqlite
            .prepare(text)
            .unwrap_or_else(|why| panic!("{text}: {why}"));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    let Some(server) = server::Server::start(false) else {
        return;
    };
    drop(Store::postgres(&server.url(), "statements", 1).unwrap());
    let mut client = postgres::Client::connect(&server.url(), postgres::NoTls).unwrap();
    client
        .batch_execute("SET search_path TO statements")
        .unwrap();
    for sql in rilascio_store::statements() {
        let text = sql.for_postgres();
        client
            .prepare(text)
            .unwrap_or_else(|why| panic!("{text}: {why}"));
    }
}
