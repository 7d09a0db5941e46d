//! Several machines search one gallery: a real PostgreSQL server holds the truth, a real NATS server carries questions, and
//! workers are killed, stopped and started while searches go on.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
#[path = "../crates/store/tests/common/postgres.rs"]
mod server;

use common::folder;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::SyntheticPeople;
use rilascio_gallery::{
    Cluster, Enrolment, Error, Found, LiveProbe, PARTS, Purpose, Question, Truth, threshold,
};
use rilascio_keys::MasterKey;
use rilascio_store::Store;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const PEOPLE: SyntheticPeople = SyntheticPeople { seed: 77 };
const FINGERS: [u8; 2] = [2, 7];
/// The schema that the program uses.
const SCHEMA: &str = "rilascio_gallery";

/// A NATS server of the system.
struct Nats {
    process: Child,
    port: u16,
}

impl Nats {
    fn start() -> Option<Self> {
        let port = common::free_port();
        let started = Command::new("nats-server")
            .args(["-a", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = started else {
            eprintln!("skipped: no NATS server here (Debian: apt install nats-server)");
            return None;
        };
        let nats = Self { process, port };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(nats);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the NATS server does not answer");
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A worker in a process of its own.
struct Worker(Child);

impl Worker {
    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Both servers, a key and a folder.
struct Site {
    database: server::Server,
    nats: Nats,
    folder: PathBuf,
}

impl Site {
    fn new(name: &str) -> Option<Self> {
        let site = Self {
            database: server::Server::start(false)?,
            nats: Nats::start()?,
            folder: folder(name),
        };
        let key = MasterKey::generate(&mut ChaCha20Rng::seed_from_u64(9));
        std::fs::write(site.key(), key.as_bytes()).unwrap();
        Some(site)
    }

    fn key(&self) -> PathBuf {
        self.folder.join("search.key")
    }

    fn worker(&self, name: &str, key: &Path) -> Worker {
        let log = self.folder.join(format!("{name}.log"));
        let log = std::fs::File::options().append(true).create(true).open(log);
        let process = Command::new(env!("CARGO_BIN_EXE_rilascio"))
            .args(["identify", "worker", "--term", "2"])
            .args(["--database", &self.database.url()])
            .args(["--nats", &self.nats.url()])
            .arg("--key")
            .arg(key)
            .arg("--data")
            .arg(self.folder.join(name))
            .stderr(log.unwrap())
            .spawn();
        Worker(process.unwrap())
    }

    fn cluster(&self, key: &Path) -> Cluster {
        let key = MasterKey::from_bytes(&std::fs::read(key).unwrap()).unwrap();
        let store = Store::postgres(&self.database.url(), SCHEMA, 4).unwrap();
        let rng = Box::new(ChaCha20Rng::seed_from_u64(u64::from(self.nats.port)));
        let truth = Truth::open(store, Arc::new(key), rng, PARTS).unwrap();
        Cluster::connect(Arc::new(truth), &self.nats.url()).unwrap()
    }
}

fn prints(person: u64) -> Vec<Enrolment> {
    FINGERS
        .into_iter()
        .map(|finger| Enrolment {
            subject: format!("dossier-{person}"),
            finger,
            purpose: Purpose::Issuing,
            until: jiff::civil::date(2036, 1, 1),
            template: PEOPLE.template(person, finger, 1),
        })
        .collect()
}

fn question(person: u64) -> Question {
    Question {
        prints: FINGERS
            .into_iter()
            .map(|finger| LiveProbe::new(finger, PEOPLE.template(person, finger, 2)))
            .collect(),
        purpose: Purpose::Issuing,
        today: jiff::civil::date(2026, 11, 22),
        most: 5,
    }
}

/// The best candidate above the threshold.
fn best(found: &Found) -> Option<&str> {
    let least = threshold(found.records, 1000.0);
    let best = found.candidates.first()?;
    (best.score >= least).then_some(best.subject.as_str())
}

#[test]
fn workers_are_killed_during_searches_and_no_answer_is_wrong() {
    let Some(site) = Site::new("killed") else {
        return;
    };
    let cluster = site.cluster(&site.key());
    const KNOWN: u64 = 400;
    for first in (0..KNOWN).step_by(100) {
        let batch = (first..first + 100).flat_map(prints).collect();
        cluster.enrol(batch).unwrap();
    }
    let names = ["one", "two", "three"];
    let mut workers: Vec<Worker> = names.map(|name| site.worker(name, &site.key())).into();
    let over = AtomicBool::new(false);
    let kills = AtomicUsize::new(0);
    let (mut found, mut incomplete) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut turn = 0;
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(900));
                let place = turn % workers.len();
                // Its leases are not given back: others have to notice.
                workers[place].0.kill().unwrap();
                workers[place].0.wait().unwrap();
                kills.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(500));
                workers[place] = site.worker(names[place], &site.key());
                turn += 1;
            }
        });
        let mut next = KNOWN;
        while found < 25 || kills.load(Ordering::Relaxed) < 6 {
            // What was enrolled a moment ago is found, whoever answers.
            cluster.enrol(prints(next)).unwrap();
            let wanted = if found % 2 == 0 {
                next
            } else {
                found * 7 % KNOWN
            };
            next += 1;
            match cluster.search(&question(wanted)) {
                Ok(answer) => {
                    assert_eq!(best(&answer), Some(&format!("dossier-{wanted}")[..]));
                    assert_eq!(answer.records as u64, next * 2, "a part was left out");
                    found += 1;
                }
                Err(Error::Incomplete { parts, .. }) => {
                    assert!(!parts.is_empty());
                    incomplete += 1;
                }
                Err(why) => panic!("{why}"),
            }
            assert!(incomplete < 10, "too many searches without an answer");
        }
        over.store(true, Ordering::Relaxed);
    });
    eprintln!(
        "{found} searches answered, {incomplete} without all parts, {} kills",
        kills.load(Ordering::Relaxed)
    );
    // Erased is erased, at once and everywhere.
    let today = jiff::civil::date(2026, 11, 22);
    assert!(cluster.erase("dossier-11", today).unwrap());
    assert!(!cluster.erase("dossier-11", today).unwrap());
    let answer = cluster.search(&question(11)).unwrap();
    assert_eq!(best(&answer), None);
    assert_eq!(cluster.verify("dossier-11", &question(11)).unwrap(), None);
    let same = cluster
        .verify("dossier-12", &question(12))
        .unwrap()
        .unwrap();
    let other = cluster
        .verify("dossier-12", &question(13))
        .unwrap()
        .unwrap();
    assert!(same.score > threshold(1, 10_000.0) && other.score < threshold(1, 100.0));
    // What may not be compared any more is gone, and its traces a month later.
    let after = jiff::civil::date(2036, 1, 2);
    cluster.purge(after).unwrap();
    cluster
        .purge(after.saturating_add(jiff::Span::new().days(31)))
        .unwrap();
    let answer = cluster.search(&question(12)).unwrap();
    assert_eq!((answer.records, answer.candidates.len()), (0, 0));
}

#[test]
fn a_stopped_worker_is_slow_and_the_other_one_answers() {
    let Some(site) = Site::new("stopped") else {
        return;
    };
    let cluster = site.cluster(&site.key());
    cluster.enrol((0..60).flat_map(prints).collect()).unwrap();
    let workers = ["one", "two"].map(|name| site.worker(name, &site.key()));
    // Both hold every part, then one stops without giving anything back.
    for _ in 0..4 {
        cluster.search(&question(5)).unwrap();
        std::thread::sleep(Duration::from_millis(500));
    }
    workers[0].signal("-STOP");
    for person in 0..4 {
        let answer = cluster.search(&question(person)).unwrap();
        assert_eq!(best(&answer), Some(&format!("dossier-{person}")[..]));
    }
    workers[0].signal("-CONT");
    // A worker that is stopped in order gives its parts back at once.
    workers[1].signal("-TERM");
    let answer = cluster.search(&question(9)).unwrap();
    assert_eq!(best(&answer), Some("dossier-9"));
}

#[test]
fn nobody_answers_and_the_search_says_so() {
    let Some(site) = Site::new("nobody") else {
        return;
    };
    let cluster = site.cluster(&site.key());
    let cluster = cluster.with_deadline(Duration::from_secs(1));
    cluster.enrol(prints(1)).unwrap();
    let Err(Error::Incomplete { parts, .. }) = cluster.search(&question(1)) else {
        panic!("a search without workers found something");
    };
    assert_eq!(parts, (0..i64::from(PARTS)).collect::<Vec<_>>());
    // A worker with another key opens nothing.
    let wrong = site.folder.join("wrong.key");
    let key = MasterKey::generate(&mut ChaCha20Rng::seed_from_u64(10));
    std::fs::write(&wrong, key.as_bytes()).unwrap();
    let mut worker = site.worker("wrong", &wrong);
    assert_eq!(worker.0.wait().unwrap().code(), Some(3));
    let said = std::fs::read_to_string(site.folder.join("wrong.log")).unwrap();
    assert!(said.contains("search.key"), "{said}");
}

#[test]
fn the_centre_identifies_with_search_workers() {
    let Some(site) = Site::new("centre") else {
        return;
    };
    let data = site.folder.join("installation");
    let key = site.folder.join("centre.key");
    let made = Command::new(env!("CARGO_BIN_EXE_rilascio"))
        .args(["identify", "worker-key", "--data"])
        .arg(&data)
        .arg("--out")
        .arg(&key)
        .env_remove("RILASCIO_MASTER_KEY")
        .status();
    assert!(made.unwrap().success());
    let mut program = Command::new(env!("CARGO_BIN_EXE_rilascio"))
        .args([
            "serve",
            "--demo",
            "--dossiers",
            "24",
            "--listen",
            "127.0.0.1:0",
        ])
        .args([
            "--database",
            &site.database.url(),
            "--nats",
            &site.nats.url(),
        ])
        .arg("--data")
        .arg(&data)
        .env_remove("RILASCIO_MASTER_KEY")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _worker = site.worker("one", &key);
    let mut said = std::io::BufReader::new(program.stdout.take().unwrap());
    let listening = loop {
        let mut line = String::new();
        if std::io::BufRead::read_line(&mut said, &mut line).unwrap() == 0 {
            break false;
        }
        if line.starts_with("listening on") {
            break true;
        }
    };
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(listening, "the demonstration was not filled");
    // The prints of the residence permits are in the table, and found.
    let image = common::root().join("examples/images/prints/person-1/right-index.png");
    let image = rilascio_biometrics::read_print(&std::fs::read(image).unwrap(), 500).unwrap();
    use rilascio_biometrics::Extract;
    let template = rilascio_biometrics::Extractor::new()
        .extract(&image)
        .unwrap();
    let asked = Question {
        prints: vec![LiveProbe::new(2, template)],
        ..question(0)
    };
    let found = site.cluster(&key).search(&asked).unwrap();
    let best = best(&found).unwrap();
    assert!(
        best.starts_with("questura-") || best.starts_with("gendarmeria-"),
        "{best}"
    );
    assert!(!data.join("gallery").exists());
}
