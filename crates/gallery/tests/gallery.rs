//! A gallery of synthetic people: found, verified, erased; damaged and killed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::civil::{Date, date};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::{PackedPrint, Prepared, SyntheticPeople, compare};
use rilascio_gallery::{
    ChipPrint, Enrolment, Error, Gallery, GalleryKey, LiveProbe, Purpose, Question, copy_gallery,
    read_question, threshold,
};
use rilascio_keys::MasterKey;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const PEOPLE: SyntheticPeople = SyntheticPeople { seed: 42 };
const TODAY: Date = date(2026, 11, 22);
const FINGERS: [u8; 2] = [2, 7];

fn key() -> GalleryKey {
    Arc::new(MasterKey::generate(&mut ChaCha20Rng::seed_from_u64(1)))
}

fn open(folder: &Path) -> Result<Gallery, Error> {
    let rng = ChaCha20Rng::from_seed(std::array::from_fn(|n| n as u8));
    Gallery::open(folder, key(), Box::new(rng))
}

/// An empty folder of a test.
fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("rilascio-gallery-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

fn prints(person: u64) -> Vec<Enrolment> {
    FINGERS
        .iter()
        .map(|finger| Enrolment {
            subject: format!("dossier-{person}"),
            finger: *finger,
            purpose: Purpose::Issuing,
            until: date(2036, 1, 1),
            template: PEOPLE.template(person, *finger, 1),
        })
        .collect()
}

fn question(person: u64) -> Question {
    Question {
        prints: FINGERS
            .iter()
            .map(|finger| LiveProbe::new(*finger, PEOPLE.template(person, *finger, 2)))
            .collect(),
        purpose: Purpose::Issuing,
        today: TODAY,
        most: 5,
    }
}

/// Whether somebody is found first and above the threshold.
fn finds(gallery: &Gallery, person: u64) -> bool {
    let found = gallery.search(&question(person)).unwrap();
    let least = threshold(gallery.size().records, 1000.0);
    found
        .first()
        .is_some_and(|best| best.subject == format!("dossier-{person}") && best.score >= least)
}

#[test]
fn people_are_found_after_a_restart_and_not_after_they_were_erased() {
    let folder = folder("life");
    let gallery = open(&folder).unwrap();
    for person in 0..120 {
        gallery.enrol(prints(person)).unwrap();
    }
    assert!(matches!(open(&folder), Err(Error::InUse { .. })));
    let found = (0..120).filter(|person| finds(&gallery, *person)).count();
    assert!(found >= 110, "{found} of 120");
    assert!(!finds(&gallery, 500), "nobody enrolled this one");
    drop(gallery);
    // From the log, then from a segment.
    let gallery = open(&folder).unwrap();
    assert_eq!(gallery.size().in_log, 240);
    assert!(finds(&gallery, 7));
    gallery.purge(TODAY).unwrap();
    assert_eq!((gallery.size().in_log, gallery.size().segments), (0, 1));
    assert!(finds(&gallery, 7) && finds(&gallery, 8));
    let own = gallery.verify("dossier-7", &question(7)).unwrap().unwrap();
    let other = gallery.verify("dossier-7", &question(8)).unwrap().unwrap();
    assert!(own.score > 2000 && other.score < 0, "{own:?} {other:?}");
    assert_eq!(gallery.erase("dossier-7").unwrap(), 2);
    assert_eq!(gallery.erase("dossier-7").unwrap(), 0);
    assert!(!finds(&gallery, 7) && finds(&gallery, 8));
    assert_eq!(gallery.verify("dossier-7", &question(7)).unwrap(), None);
    drop(gallery);
    let gallery = open(&folder).unwrap();
    assert!(!finds(&gallery, 7), "it stays erased over a restart");
    assert_eq!(gallery.size().erased, 2);
    gallery.purge(TODAY).unwrap();
    assert_eq!((gallery.size().erased, gallery.size().records), (0, 238));
    std::fs::remove_dir_all(folder).unwrap();
}

/// Every byte of every file of a folder.
fn bytes_of(folder: &Path) -> Vec<u8> {
    std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .flat_map(|entry| std::fs::read(entry.path()).unwrap())
        .collect()
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[test]
fn nothing_plain_is_on_the_disk_and_nothing_at_all_after_a_purge() {
    let folder = folder("traces");
    let gallery = open(&folder).unwrap();
    for person in 0..6 {
        gallery.enrol(prints(person)).unwrap();
    }
    gallery.purge(TODAY).unwrap();
    let template = PEOPLE.template(3, 2, 1);
    let plain = template.to_bytes();
    let packed = PackedPrint::from(&Prepared::from(template));
    let cylinder: Vec<u8> = packed.words()[..16]
        .iter()
        .flat_map(|w| w.to_le_bytes())
        .collect();
    let before = bytes_of(&folder);
    assert!(!holds(&before, &plain[10..40]) && !holds(&before, &cylinder));
    assert!(holds(&before, b"dossier-3"));
    gallery.erase("dossier-3").unwrap();
    gallery.purge(TODAY).unwrap();
    assert!(!holds(&bytes_of(&folder), b"dossier-3"));
    let names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert_eq!(
        names.len(),
        5,
        "manifest, lock, secret, one log, one segment: {names:?}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn purpose_and_term_are_borders() {
    let folder = folder("borders");
    let gallery = open(&folder).unwrap();
    let mut ended = prints(1);
    ended
        .iter_mut()
        .for_each(|print| print.until = date(2026, 11, 21));
    gallery.enrol(ended).unwrap();
    gallery.enrol(prints(2)).unwrap();
    assert!(!finds(&gallery, 1), "its last day has passed");
    assert!(finds(&gallery, 2));
    let other = Question {
        purpose: Purpose::Specimen,
        ..question(2)
    };
    assert!(gallery.search(&other).unwrap().is_empty());
    gallery.purge(TODAY).unwrap();
    assert_eq!(gallery.size().records, 2, "the ended ones are gone");
    assert!(matches!(
        gallery.enrol(vec![Enrolment {
            subject: "Rossi Mario".into(),
            ..prints(3).remove(0)
        }]),
        Err(Error::Subject)
    ));
    // A print of a chip is compared once with a live one.
    let live = LiveProbe::new(2, PEOPLE.template(9, 2, 2));
    assert!(
        ChipPrint::new(PEOPLE.template(9, 2, 1))
            .compare(&live)
            .score()
            > 1000
    );
    assert!(
        ChipPrint::new(PEOPLE.template(8, 2, 1))
            .compare(&live)
            .score()
            < 300
    );
    drop(gallery);
    let stranger = Arc::new(MasterKey::generate(&mut ChaCha20Rng::seed_from_u64(2)));
    let rng = Box::new(ChaCha20Rng::seed_from_u64(3));
    assert!(matches!(
        Gallery::open(&folder, stranger, rng),
        Err(Error::Key)
    ));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn searching_goes_on_while_others_enrol_and_purge() {
    let folder = folder("together");
    let gallery = open(&folder).unwrap();
    for person in 0..20 {
        gallery.enrol(prints(person)).unwrap();
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for person in 20..60 {
                gallery.enrol(prints(person)).unwrap();
                if person % 10 == 0 {
                    gallery.purge(TODAY).unwrap();
                }
            }
        });
        for _ in 0..20 {
            assert!(finds(&gallery, 5));
        }
    });
    assert_eq!(gallery.size().records, 120);
    std::fs::remove_dir_all(folder).unwrap();
}

/// A log that was cut anywhere opens with what was whole; one that is damaged in the middle does not open.
#[test]
fn a_torn_log_loses_only_its_last_entry() {
    let folder = folder("torn");
    let gallery = open(&folder).unwrap();
    for person in 0..3 {
        gallery.enrol(prints(person)).unwrap();
    }
    drop(gallery);
    let log = folder.join("1.log");
    let whole = std::fs::read(&log).unwrap();
    for length in (8..whole.len()).step_by(211) {
        std::fs::write(&log, &whole[..length]).unwrap();
        let gallery = open(&folder).unwrap();
        let expected = 6 * (length - 8) / (whole.len() - 8);
        let there = gallery.size().records;
        assert!(
            there.abs_diff(expected) <= 1,
            "{length}: {there} and {expected}"
        );
    }
    // In the middle nothing is cut off: not by a changed byte, not by a changed length.
    for place in [8, 9, 12, 300] {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x40;
        std::fs::write(&log, &damaged).unwrap();
        assert!(
            matches!(open(&folder), Err(Error::Damaged { .. })),
            "{place}"
        );
    }
    std::fs::write(&log, &whole).unwrap();
    assert_eq!(open(&folder).unwrap().size().records, 6);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn damaged_segments_and_manifests_are_refused() {
    let folder = folder("damaged");
    let gallery = open(&folder).unwrap();
    gallery.enrol(prints(1)).unwrap();
    gallery.purge(TODAY).unwrap();
    drop(gallery);
    for name in ["2.segment", "manifest"] {
        let path = folder.join(name);
        let whole = std::fs::read(&path).unwrap();
        for place in [0, 9, 25, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            std::fs::write(&path, &damaged).unwrap();
            // A template that does not open is a fault of the search, everything else does not open at all.
            if let Ok(gallery) = open(&folder) {
                let found = gallery.search(&question(1));
                assert!(found.is_ok() || matches!(found, Err(Error::Damaged { .. })));
            }
        }
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(
            matches!(open(&folder), Err(Error::Damaged { .. })),
            "{name}"
        );
        std::fs::write(&path, &whole).unwrap();
    }
    assert!(finds(&open(&folder).unwrap(), 1));
    // Without its manifest, or its secret, a gallery is not begun anew over what is there.
    for name in ["manifest", "secret"] {
        std::fs::rename(folder.join(name), folder.join("away")).unwrap();
        assert!(
            matches!(open(&folder), Err(Error::Damaged { .. })),
            "{name}"
        );
        std::fs::rename(folder.join("away"), folder.join(name)).unwrap();
        assert!(finds(&open(&folder).unwrap(), 1));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// The child of the test below: enrols and erases until it is killed, and says what is on the disk.
#[test]
fn enrols_until_it_is_killed() {
    let Some(folder) = std::env::var_os("RILASCIO_GALLERY_CHILD") else {
        return;
    };
    let gallery = open(Path::new(&folder)).unwrap();
    let start = gallery.size().records as u64 * 1000;
    let mut out = std::io::stdout();
    for person in start.. {
        gallery.enrol(prints(person)).unwrap();
        writeln!(out, "enrolled {person}").unwrap();
        if person % 3 == 0 {
            gallery.erase(&format!("dossier-{person}")).unwrap();
            writeln!(out, "erased {person}").unwrap();
        }
        if person % 4 == 0 {
            gallery.purge(TODAY).unwrap();
        }
        out.flush().unwrap();
    }
}

#[test]
fn thirty_kills_lose_nothing_and_bring_nothing_back() {
    let folder = folder("killed");
    let (mut enrolled, mut erased) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..30_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["enrols_until_it_is_killed", "--exact", "--nocapture"])
            .env("RILASCIO_GALLERY_CHILD", &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            BufReader::new(output)
                .lines()
                .map_while(Result::ok)
                .collect::<Vec<_>>()
        });
        std::thread::sleep(Duration::from_millis(60 + round * 17 % 130));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reader.join().unwrap() {
            let Some((word, person)) = line.rsplit_once(' ') else {
                continue;
            };
            let Ok(person) = person.parse::<u64>() else {
                continue;
            };
            if word.ends_with("enrolled") {
                enrolled.insert(person);
            } else if word.ends_with("erased") {
                erased.insert(person);
            }
        }
    }
    assert!(
        enrolled.len() > 30,
        "the children worked: {}",
        enrolled.len()
    );
    let gallery = open(&folder).unwrap();
    for person in &enrolled {
        let known = gallery
            .verify(&format!("dossier-{person}"), &question(*person))
            .unwrap();
        if erased.contains(person) {
            assert_eq!(known, None, "{person} came back");
        } else if person % 3 != 0 {
            assert_eq!(known.unwrap().fingers.len(), 2, "{person} was lost");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_threshold_grows_with_the_gallery() {
    assert_eq!(threshold(1, 1.0), 0);
    assert!(threshold(1_000_000, 1000.0) > threshold(1000, 1000.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn questions_of_any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_question(&bytes);
    }

    #[test]
    fn damaged_logs_never_panic(place in 0usize..40_000, value in any::<u8>(), length in 0usize..40_000) {
        thread_local!(static LOG: (PathBuf, Vec<u8>) = {
            let folder = folder("fuzzed");
            let gallery = open(&folder).unwrap();
            (0..4).for_each(|person| gallery.enrol(prints(person)).unwrap());
            drop(gallery);
            let log = std::fs::read(folder.join("1.log")).unwrap();
            (folder, log)
        });
        LOG.with(|(folder, log)| {
            let mut log = log.clone();
            let place = place % log.len();
            log[place] = value;
            log.truncate(length.max(1));
            std::fs::write(folder.join("1.log"), &log).unwrap();
            let _ = open(folder);
        });
    }
}

#[test]
fn scores_of_one_person_and_of_two_are_apart() {
    let mut wrong = 0;
    for person in 0..200 {
        let probe = Prepared::from(PEOPLE.template(person, 2, 2));
        let own = compare(&probe, &PEOPLE.template(person, 2, 1).into()).score();
        let other = compare(&probe, &PEOPLE.template(person + 1, 2, 1).into()).score();
        wrong += usize::from(own <= other);
    }
    assert!(wrong <= 1, "{wrong} of 200");
}

#[test]
fn a_copy_is_made_while_others_enrol_erase_and_purge() {
    let (folder, to) = (folder("copied"), folder("copy"));
    let gallery = open(&folder).unwrap();
    for person in 0..20 {
        gallery.enrol(prints(person)).unwrap();
    }
    gallery.purge(TODAY).unwrap();
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| {
            for person in 100..160 {
                gallery.enrol(prints(person)).unwrap();
                if person % 9 == 0 {
                    gallery.erase(&format!("dossier-{}", person - 4)).unwrap();
                    gallery.purge(TODAY).unwrap();
                }
            }
        });
        for n in 0..8 {
            let to = to.join(n.to_string());
            copy_gallery(&folder, &to).unwrap();
            let copy = open(&to).unwrap();
            assert!(copy.size().records >= 40, "{:?}", copy.size());
            assert!((0..20).step_by(7).all(|person| finds(&copy, person)));
        }
        busy.join().unwrap();
    });
    let last = to.join("last");
    copy_gallery(&folder, &last).unwrap();
    let copy = open(&last).unwrap();
    assert_eq!(copy.size().records, gallery.size().records);
    assert!(finds(&copy, 159) && !finds(&copy, 113));
}
