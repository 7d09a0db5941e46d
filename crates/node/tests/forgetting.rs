//! Marked biometric data: in no file before hand-over but sealed, and after it opened by nothing that is left.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Act, MARK, Town, life};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_keys::MasterKey;
use rilascio_node::{FileKeeper, Role, VaultKeeper, read_wrapped};
use rilascio_store::vault::{self, Compartment};
use rilascio_store::{Error as StoreError, Store, work};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Every file below a folder that holds the mark, as it is, in base64 or in hexadecimal.
fn leaks(folder: &Path) -> Vec<PathBuf> {
    let base64 = "TUFSS0VELUJJT01FVFJJQy1EQVRBLTAxMjM0NTY3";
    let hex: String = MARK.iter().map(|byte| format!("{byte:02x}")).collect();
    let needles: [&[u8]; 3] = [&MARK[..20], &base64.as_bytes()[..24], &hex.as_bytes()[..40]];
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(leaks(&path));
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        if needles
            .iter()
            .any(|needle| bytes.windows(needle.len()).any(|window| window == *needle))
        {
            found.push(path);
        }
    }
    found
}

/// Whether any biometric blob of the dossier opens with the keys that a desk has now.
fn opens(store: &Store, town: &Town, role: Role, dossier: &'static str) -> bool {
    let keys = town.desks[&role].vault_keys();
    store
        .read::<_, StoreError, _>(move |tx| {
            let compartment = Compartment {
                dossier,
                part: "biometrics",
            };
            for name in compartment.names(tx)? {
                if matches!(compartment.get(tx, &keys, &name), Ok(Some(_))) {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .unwrap()
}

#[test]
fn marked_data_leak_nowhere_and_nothing_opens_them_after_hand_over() {
    let folder = std::env::temp_dir().join(format!("rilascio-forgetting-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("live")).unwrap();
    let path = |role: Role| folder.join("live").join(format!("{}.db", role.name()));
    let town = Town::new(|role| Store::sqlite(&path(role)).unwrap());
    let before = folder.join("before");
    let early = folder.join("early");
    for act in life() {
        match &act {
            Act::Give(id, actor, command) => {
                if *id == "hand-over" {
                    // A backup, and a thief's copy of every file, log included, while the data are still needed.
                    std::fs::create_dir_all(before.join("files")).unwrap();
                    for role in Role::ALL {
                        town.desks[&role]
                            .store()
                            .copy_to(&before.join(format!("{}.db", role.name())))
                            .unwrap();
                    }
                    for entry in std::fs::read_dir(folder.join("live")).unwrap().flatten() {
                        std::fs::copy(entry.path(), before.join("files").join(entry.file_name()))
                            .unwrap();
                    }
                    let centre = Store::read_only(&before.join("centre.db")).unwrap();
                    assert!(
                        opens(&centre, &town, Role::Centre, "gendarmeria-000001"),
                        "now they are needed"
                    );
                }
                town.give(id, actor, command).map(drop).unwrap();
                if *id == "submit" {
                    // And one while the message with everything in it waits to be sent.
                    std::fs::create_dir_all(&early).unwrap();
                    town.desks[&Role::Office]
                        .store()
                        .copy_to(&early.join("office.db"))
                        .unwrap();
                }
            }
            Act::Open(actor, second) => town.open(actor, second).map(drop).unwrap(),
            Act::Settle => town.settle().unwrap(),
        }
        assert_eq!(leaks(&folder), Vec::<PathBuf>::new());
    }
    // The keys that wrapped are renewed a minute after something was forgotten.
    town.wait();
    town.settle().unwrap();
    assert_eq!(leaks(&folder), Vec::<PathBuf>::new());
    for role in [Role::Office, Role::Centre, Role::Works] {
        let dossier = if role == Role::Works {
            "gendarmeria-000001-1"
        } else {
            "gendarmeria-000001"
        };
        let places = [
            path(role),
            before.join(format!("{}.db", role.name())),
            before.join("files").join(format!("{}.db", role.name())),
        ];
        for place in places {
            let store = Store::read_only(&place).unwrap();
            assert!(!opens(&store, &town, role, dossier), "{}", place.display());
        }
    }
    // The message that waited is in the copy, and nothing opens it: neither its receiver nor anybody else.
    let store = Store::read_only(&early.join("office.db")).unwrap();
    let waiting = store
        .read::<_, StoreError, _>(|tx| work::waiting(tx, 10))
        .unwrap();
    assert_eq!(waiting.len(), 1);
    let (id, keys) = (
        waiting[0].id.clone(),
        town.desks[&Role::Office].vault_keys(),
    );
    let kept = store.read::<_, StoreError, _>(move |tx| {
        let compartment = Compartment {
            dossier: "gendarmeria-000001",
            part: &id,
        };
        assert_eq!(compartment.names(tx)?, ["sealed"]);
        Ok(compartment.get(tx, &keys, "sealed").is_err())
    });
    assert!(kept.unwrap());
    let forgotten = town.desks[&Role::Centre]
        .dossier("gendarmeria-000001")
        .unwrap()
        .unwrap();
    assert!(
        forgotten.forgotten.is_some(),
        "the journal says that it happened"
    );
    drop(town);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn an_office_keeps_prints_for_the_hand_over_where_the_profile_says_so_and_not_longer() {
    let office = |town: &Town| {
        let store = town.desks[&Role::Office].store();
        opens(store, town, Role::Office, "gendarmeria-000001")
    };
    for (rules, keeps) in [("", true), ("finger_at_hand_over = false\n", false)] {
        let town = Town::under(rules);
        for act in life() {
            match &act {
                Act::Give(id, actor, command) => {
                    if *id == "hand-over" {
                        assert_eq!(office(&town), keeps);
                    }
                    town.give(id, actor, command).map(drop).unwrap();
                }
                Act::Open(actor, second) => town.open(actor, second).map(drop).unwrap(),
                Act::Settle => town.settle().unwrap(),
            }
        }
        assert!(!office(&town), "the holder has the document");
    }
    // Nobody collects it: ninety days after the order they are forgotten all the same.
    let mut town = Town::under("");
    for act in life() {
        match &act {
            Act::Give("hand-over", ..) => break,
            Act::Give(id, actor, command) => town.give(id, actor, command).map(drop).unwrap(),
            Act::Open(actor, second) => town.open(actor, second).map(drop).unwrap(),
            Act::Settle => town.settle().unwrap(),
        }
    }
    assert!(office(&town));
    town.pass(90);
    town.settle().unwrap();
    assert!(!office(&town), "the term has ended");
    let desk = &town.desks[&Role::Office];
    let known = desk.dossier("gendarmeria-000001").unwrap().unwrap();
    assert!(known.forgotten.is_some());
}

#[test]
fn a_backup_older_than_a_renewal_opens_with_what_the_keeper_holds() {
    let folder = std::env::temp_dir().join(format!("rilascio-renewal-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let master = Arc::new(MasterKey::generate(&mut rng));
    let vault_folder = folder.join("vault");
    let open = || {
        let rng = Box::new(ChaCha20Rng::from_seed([8; 32]));
        FileKeeper::open(&vault_folder, "office", Arc::clone(&master), rng).unwrap()
    };
    let keeper = open();
    let store = Store::sqlite(&folder.join("live.db")).unwrap();
    let part = |dossier| Compartment {
        dossier,
        part: "biometrics",
    };
    let keys = Arc::new(keeper.load().unwrap());
    let held = Arc::clone(&keys);
    store
        .write::<_, StoreError, _>(move |tx| {
            let mut rng = ChaCha20Rng::from_seed([7; 32]);
            part("living").put(tx, &held, "face", MARK, &mut rng)?;
            part("gone").put(tx, &held, "face", MARK, &mut rng)
        })
        .unwrap();
    let backup = folder.join("backup.db");
    store.copy_to(&backup).unwrap();
    // One is forgotten, and the key is renewed.
    store
        .write::<_, StoreError, _>(move |tx| part("gone").forget(tx).map(drop))
        .unwrap();
    let renewed = Arc::new(keeper.add_generation().unwrap());
    store
        .write::<_, StoreError, _>(move |tx| {
            vault::begin_generation(tx, renewed.current())?;
            let mut rng = ChaCha20Rng::from_seed([6; 32]);
            vault::rewrap(tx, &renewed, 100, &mut rng).map(drop)
        })
        .unwrap();
    let mut pages = vec![
        Vec::new(),
        store
            .read::<_, StoreError, _>(|tx| vault::wrapped_keys(tx, None, 100))
            .unwrap(),
    ];
    keeper
        .keep_wrapped(&mut || Ok(pages.pop().unwrap()))
        .unwrap();
    keeper.destroy_old().unwrap();
    // The backup comes back, and the keeper with it.
    let restored = Store::sqlite(&backup).unwrap();
    let opens = |dossier: &'static str| {
        let keys = open().load().unwrap();
        restored
            .read::<_, StoreError, _>(move |tx| part(dossier).get(tx, &keys, "face"))
            .is_ok_and(|found| found.is_some_and(|bytes| &bytes[..] == MARK))
    };
    assert!(!opens("living"), "its wrapping key was destroyed");
    read_wrapped(&vault_folder, |page| {
        Ok(restored.write::<_, StoreError, _>(move |tx| vault::put_back(tx, &page))?)
    })
    .unwrap();
    assert!(opens("living"), "the newer wrapping opens it");
    assert!(!opens("gone"), "what was forgotten stays forgotten");
    std::fs::write(vault_folder.join("wrapped"), "living\tbiometrics\tx\t00\n").unwrap();
    let why = read_wrapped(&vault_folder, |_| Ok(())).unwrap_err();
    assert!(why.to_string().contains("line 1"), "{why}");
    std::fs::remove_dir_all(&folder).unwrap();
}
