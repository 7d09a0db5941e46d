//! What the circuit costs: `cargo bench -p rilascio-node --bench circuit`. Journal on, every commit synced.
//!
//! - dossiers per second from enrolment to certified and ordered, and to handed over, on empty tables and on tables with
//!   a million dossiers (the ratio should stay under 1.3), over SQLite and over a real PostgreSQL server
//! - the start of a node over a million dossiers (limit: 2 s), and the memory of the process
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on fails"
)]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../store/tests/common/postgres.rs"]
mod server;

use common::{PROFILE, Town, package_of, person};
use rilascio_circuit::process::{
    DossierId, HolderCheck, IssueReason, OfficerId, OrderId, Reference, Right, SiteId, Surrender,
};
use rilascio_node::{Command, Role};
use rilascio_store::{Error as StoreError, Store, journal};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Dossiers that are walked through.
const WALKED: usize = 120;
/// Dossiers that are there before.
const MILLION: u32 = 1_000_000;
/// Clerks who work at the same time.
const CLERKS: usize = 4;

/// Runs a piece of work for every dossier, by several clerks at once.
fn each(work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for clerk in 0..CLERKS {
            let work = &work;
            scope.spawn(move || (clerk..WALKED).step_by(CLERKS).for_each(work));
        }
    });
}

/// The workers of every node, at once.
fn settle(town: &Town) {
    std::thread::scope(|scope| {
        for _ in 0..CLERKS {
            scope.spawn(|| town.settle().unwrap());
        }
    });
    town.wait();
    town.settle().unwrap();
}

/// A surname that nobody else has.
fn name(mut n: usize) -> String {
    let mut name = "Walker ".to_owned();
    loop {
        name.push(char::from(b'a' + (n % 26) as u8));
        n /= 26;
        if n == 0 {
            return name;
        }
    }
}

/// Walks all dossiers: the rates to certified and to handed over, in dossiers per second.
fn walk(town: &Town) -> (f64, f64) {
    let office = [Right::Enrol, Right::Approve, Right::HandOver];
    let (clerk, chief) = (
        person("anna", "gendarmeria", &office),
        person("bruno", "gendarmeria", &office),
    );
    let (examiner, director) = (
        person("dario", "centre", &[Right::Examine]),
        person("elena", "centre", &[Right::Decide]),
    );
    let keeper = person("fabio", "works", &[Right::Stock, Right::Produce]);
    let second = OfficerId::parse("gino").unwrap();
    let count = u32::try_from(WALKED).unwrap();
    let give = |id: String, actor: &rilascio_circuit::process::Actor, command: Command| {
        town.give(&id, actor, &command).unwrap()
    };
    let profile = PROFILE.to_owned();
    let batch = Reference::parse("batch-1").unwrap();
    give(
        "r".into(),
        &keeper,
        Command::ReceiveBlanks {
            profile: profile.clone(),
            batch,
            count,
            second: second.clone(),
        },
    );
    give(
        "i".into(),
        &keeper,
        Command::InitialiseBlanks {
            profile: profile.clone(),
            count,
        },
    );
    give(
        "a".into(),
        &keeper,
        Command::AssignBlanks {
            profile,
            count,
            second: second.clone(),
        },
    );
    let ids: Vec<std::sync::OnceLock<DossierId>> =
        (0..WALKED).map(|_| std::sync::OnceLock::new()).collect();
    let dossier = |n: usize| ids[n].get().unwrap().clone();
    let start = Instant::now();
    each(|n| {
        let open = Command::OpenDossier {
            profile: PROFILE.into(),
            reason: IssueReason::First,
            previous: None,
        };
        let opened = give(format!("open-{n}"), &clerk, open);
        ids[n]
            .set(DossierId::parse(&opened.ids[0]).unwrap())
            .unwrap();
        give(
            format!("enrol-{n}"),
            &clerk,
            Command::Enrol {
                dossier: dossier(n),
                package: package_of(&name(n)),
                confirmed: true,
            },
        );
        give(
            format!("submit-{n}"),
            &chief,
            Command::SubmitDossier {
                dossier: dossier(n),
            },
        );
    });
    settle(town);
    each(|n| {
        give(
            format!("propose-{n}"),
            &examiner,
            Command::Propose {
                dossier: dossier(n),
                grant: true,
                reasons: None,
            },
        );
        give(
            format!("decide-{n}"),
            &director,
            Command::Decide {
                dossier: dossier(n),
                grant: true,
                express: false,
                reasons: None,
            },
        );
    });
    settle(town);
    let certified = start.elapsed();
    let orders: BTreeSet<OrderId> = (0..WALKED)
        .map(|n| OrderId::of(&dossier(n), 1).unwrap())
        .collect();
    let dispatch = Command::Dispatch {
        office: SiteId::parse("gendarmeria").unwrap(),
        orders,
        seal: Reference::parse("seal-1").unwrap(),
        tracking: None,
        second: second.clone(),
    };
    give("dispatch".into(), &keeper, dispatch);
    settle(town);
    town.open(&clerk, &chief.officer).unwrap();
    settle(town);
    each(|n| {
        give(
            format!("activate-{n}"),
            &clerk,
            Command::Activate {
                dossier: dossier(n),
                check: HolderCheck::Face,
            },
        );
        let (check, surrender) = (HolderCheck::Face, Surrender::FirstIssue);
        give(
            format!("hand-{n}"),
            &clerk,
            Command::HandOver {
                dossier: dossier(n),
                check,
                surrender,
            },
        );
    });
    settle(town);
    let handed = start.elapsed();
    let rate = |time: std::time::Duration| WALKED as f64 / time.as_secs_f64();
    (rate(certified), rate(handed))
}

/// The rows of a finished dossier, a million times, by the engine's own series.
const BODY: &str = r#"{"id":"old","profile":"sm-permit","office":"gendarmeria","reason":"first","previous":null,"phase":"handed-over","enrolment":{"content":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","prints":"taken","signature":"taken","confirmed":true},"identification":"clear","adjudication":null,"residence":"not-due","proposal":true}"#;

fn fill(series: &str, bytes: &str, execute: &mut dyn FnMut(&str)) {
    execute(&format!(
        "INSERT INTO entity (kind, id, version, site, state, due_ms, body)
         SELECT 'dossier', 'old-' || n, 9, 'gendarmeria', 'handed-over', NULL, '{BODY}' FROM {series}"
    ));
    execute(&format!(
        "INSERT INTO journal_entry (seq, kind, id, entry, hash)
         SELECT n - 1, 'dossier', 'old-' || n, '{BODY}', {bytes} FROM {series}"
    ));
}

/// As many hashes as a tree of a million leaves has complete subtrees at its edge.
fn frontier() -> Vec<u8> {
    vec![7; 32 * MILLION.count_ones() as usize]
}

fn fill_sqlite(path: &Path) {
    drop(Store::sqlite(path).unwrap());
    let db = rusqlite::Connection::open(path).unwrap();
    let series = format!(
        "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {MILLION}) SELECT n FROM c)"
    );
    db.execute_batch("BEGIN").unwrap();
    fill(&series, "zeroblob(32)", &mut |sql| {
        db.execute_batch(sql).unwrap()
    });
    db.execute(
        "INSERT INTO journal_head (name, size, frontier, note) VALUES ('journal', ?1, ?2, '')",
        (MILLION, frontier()),
    )
    .unwrap();
    db.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
}

fn fill_postgres(url: &str, schema: &str) {
    drop(Store::postgres(url, schema, 1).unwrap());
    let mut db = postgres::Client::connect(url, postgres::NoTls).unwrap();
    db.batch_execute(&format!("SET search_path TO {schema}"))
        .unwrap();
    fill(
        &format!("generate_series(1, {MILLION}) AS s(n)"),
        r"decode(repeat('00', 32), 'hex')",
        &mut |sql| db.batch_execute(sql).unwrap(),
    );
    let size = i64::from(MILLION);
    db.execute(
        "INSERT INTO journal_head (name, size, frontier, note) VALUES ('journal', $1, $2, '')",
        &[&size, &frontier()],
    )
    .unwrap();
    db.batch_execute("VACUUM ANALYZE").unwrap();
}

fn memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or("0");
    line.split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}

fn report(engine: &str, empty: (f64, f64), full: (f64, f64)) {
    println!("{engine}, {CLERKS} clerks, {WALKED} dossiers, every commit synced");
    println!(
        "    enrolment to certified and ordered   {:>7.1}/s empty  {:>7.1}/s on a million  ratio {:.2}",
        empty.0,
        full.0,
        empty.0 / full.0
    );
    println!(
        "    enrolment to handed over             {:>7.1}/s empty  {:>7.1}/s on a million  ratio {:.2}",
        empty.1,
        full.1,
        empty.1 / full.1
    );
}

fn main() {
    let folder: PathBuf =
        std::env::temp_dir().join(format!("rilascio-bench-{}", std::process::id()));
    let path = |kind: &str, role: Role| {
        let folder = folder.join(kind);
        std::fs::create_dir_all(&folder).unwrap();
        folder.join(format!("{}.db", role.name()))
    };
    let sqlite = |kind: &str| walk(&Town::new(|role| Store::sqlite(&path(kind, role)).unwrap()));
    let empty = sqlite("empty");
    for role in [Role::Office, Role::Centre] {
        fill_sqlite(&path("full", role));
    }
    let full = sqlite("full");
    report("SQLite", empty, full);
    let start = Instant::now();
    let town = Town::new(|role| Store::sqlite(&path("full", role)).unwrap());
    let size = town.desks[&Role::Centre]
        .store()
        .read::<_, StoreError, _>(|tx| Ok(journal::size_and_root(tx)?.0));
    println!(
        "    start over {} entries                {:.3} s (limit 2 s)",
        size.unwrap(),
        start.elapsed().as_secs_f64()
    );
    println!(
        "    memory at most                       {:.0} MiB",
        memory_mib()
    );
    drop(town);
    std::fs::remove_dir_all(&folder).unwrap();
    let Some(server) = server::Server::start(true) else {
        return;
    };
    let url = server.url();
    let postgres = |kind: &str| {
        walk(&Town::new(|role| {
            Store::postgres(&url, &format!("{kind}_{}", role.name()), CLERKS).unwrap()
        }))
    };
    let empty = postgres("empty");
    for role in [Role::Office, Role::Centre] {
        fill_postgres(&url, &format!("full_{}", role.name()));
    }
    report("PostgreSQL", empty, postgres("full"));
}
