//! A gallery of many people: size, start, enrolment and search.
//!
//! `cargo bench -p rilascio-gallery --bench million -- --people 1000000`; 20,000 if not said. Each person has two prints.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use jiff::civil::date;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::SyntheticPeople;
use rilascio_gallery::{Enrolment, Gallery, LiveProbe, Purpose, Question, threshold};
use rilascio_keys::MasterKey;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

const PEOPLE: SyntheticPeople = SyntheticPeople { seed: 2026 };
const FINGERS: [u8; 2] = [2, 7];
/// People that are enrolled in one go.
const BATCH: u64 = 500;
const SEARCHES: u64 = 100;

fn open(folder: &Path) -> Gallery {
    let key = MasterKey::generate(&mut ChaCha20Rng::seed_from_u64(1));
    let rng = ChaCha20Rng::seed_from_u64(Instant::now().elapsed().as_nanos() as u64 + 2);
    Gallery::open(folder, Arc::new(key), Box::new(rng)).unwrap()
}

fn prints(person: u64) -> impl Iterator<Item = Enrolment> {
    FINGERS.into_iter().map(move |finger| Enrolment {
        subject: format!("dossier-{person}"),
        finger,
        purpose: Purpose::Specimen,
        until: date(2036, 1, 1),
        template: PEOPLE.template(person, finger, 1),
    })
}

/// Resident memory of this process, in megabytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    let people = given
        .iter()
        .position(|word| word == "--people")
        .and_then(|place| given.get(place + 1)?.parse().ok())
        .unwrap_or(20_000_u64);
    let folder =
        std::env::temp_dir().join(format!("rilascio-bench-gallery-{}", std::process::id()));
    let gallery = open(&folder);
    let started = Instant::now();
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let first = next.fetch_add(BATCH, Ordering::Relaxed);
                    if first >= people {
                        return;
                    }
                    let last = (first + BATCH).min(people);
                    gallery
                        .enrol((first..last).flat_map(prints).collect())
                        .unwrap();
                }
            });
        }
    });
    let took = started.elapsed().as_secs_f64();
    println!(
        "{people} people with two prints enrolled in {took:.0} s: {:.0} prints a second on {threads} cores, templates grown included",
        people as f64 * 2.0 / took
    );
    gallery.purge(date(2026, 11, 22)).unwrap();
    println!("{:?}", gallery.size());
    drop(gallery);
    let bytes: u64 = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    println!(
        "on the disk: {} MB, {} bytes a print",
        bytes / 1_000_000,
        bytes / (people * 2).max(1)
    );
    let started = Instant::now();
    let gallery = open(&folder);
    println!(
        "start: {:.3} s, {} MB resident",
        started.elapsed().as_secs_f64(),
        resident()
    );
    let least = threshold(people as usize, 1000.0);
    let (mut found, mut wrong) = (0, 0);
    let mut times: Vec<f64> = (0..SEARCHES)
        .map(|n| {
            // Every tenth is a stranger.
            let known = n % 10 != 0;
            let person = if known { n * 7919 % people } else { people + n };
            let question = Question {
                prints: FINGERS
                    .iter()
                    .map(|finger| LiveProbe::new(*finger, PEOPLE.template(person, *finger, 2)))
                    .collect(),
                purpose: Purpose::Specimen,
                today: date(2026, 11, 22),
                most: 10,
            };
            let started = Instant::now();
            let candidates = gallery.search(&question).unwrap();
            let took = started.elapsed().as_secs_f64();
            if let Some(best) = candidates.first().filter(|best| best.score >= least) {
                if known && best.subject == format!("dossier-{person}") {
                    found += 1;
                } else {
                    wrong += 1;
                }
            }
            took
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "search with two fingers: median {:.3} s, p99 {:.3} s (limit 3)",
        times[times.len() / 2],
        times[times.len() * 99 / 100]
    );
    println!(
        "{found} of {} found, {wrong} wrongly; {} MB resident",
        SEARCHES * 9 / 10,
        resident()
    );
    let started = Instant::now();
    for person in 0..20 {
        gallery
            .enrol(prints(people + 1000 + person).collect())
            .unwrap();
    }
    println!(
        "one enrolment, on the disk: {:.1} ms",
        started.elapsed().as_secs_f64() * 1000.0 / 20.0
    );
    drop(gallery);
    std::fs::remove_dir_all(folder).unwrap();
}
