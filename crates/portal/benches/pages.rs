//! What pages cost: `cargo bench -p rilascio-portal --bench pages`.
//!
//! 300 signed-in operators, each with a page every six seconds on average, over an office and a centre with a million
//! dossiers on SQLite: the times of pages and of single look-ups, with the median and the slowest of a hundred.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on fails"
)]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rilascio_circuit::Profile;
use rilascio_circuit::process::{Actor, CollectionHours, Office, OfficerId, Right, SiteId};
use rilascio_keys::MasterKey;
use rilascio_node::{Api, Database, Installation, Plan, Profiles, Role, SignIn};
use rilascio_pki::TrustAnchors;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tower::ServiceExt;

const PROFILE: &str = "sm-permit";
const SITE: &str = "gendarmeria";
const PASSWORD: &str = "una-nuvola-sul-tavolo";
const DOSSIERS: u32 = 1_000_000;
const OPERATORS: usize = 300;
/// The mean time between two pages of an operator.
const PACE: Duration = Duration::from_secs(6);
const LASTS: Duration = Duration::from_secs(30);

struct OneProfile(Arc<Profile>);

impl Profiles for OneProfile {
    fn profile(&self, name: &str) -> Option<Arc<Profile>> {
        (name == PROFILE).then(|| Arc::clone(&self.0))
    }
}

fn repository(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(path)).unwrap()
}

fn installation(data: &Path) -> Installation {
    let text = repository("profiles/sm-permit.toml");
    let profile = Profile::parse("sm-permit.toml", &text).unwrap();
    let site = SiteId::parse(SITE).unwrap();
    let office = Office {
        site: site.clone(),
        name: "Gendarmeria".to_owned(),
        node: None,
        collection: CollectionHours::default(),
        starts: BTreeMap::from([(PROFILE.to_owned(), jiff::civil::date(2020, 1, 1))]),
    };
    Installation::open(&Plan {
        data: data.to_owned(),
        roles: Role::ALL.into_iter().collect(),
        database: Database::Sqlite,
        profiles: Arc::new(OneProfile(Arc::new(profile))),
        offices: BTreeMap::from([(site, office)]),
        routes: None,
        test: true,
        clock: Arc::new(jiff::Timestamp::now),
        master: Arc::new(MasterKey::generate(&mut ChaCha20Rng::from_seed([1; 32]))),
        entropy: Arc::new(|| {
            static COUNT: AtomicU64 = AtomicU64::new(2);
            Box::new(ChaCha20Rng::seed_from_u64(
                COUNT.fetch_add(1, Ordering::Relaxed),
            ))
        }),
        far: None,
    })
    .unwrap()
}

/// A million dossiers in examination, each due on a day of its own, by the engine's own series.
fn fill(database: &Path) {
    let text = repository("docs/exchange/examples/application-record.json");
    let message: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut dossier = message["body"]["dossier"].clone();
    dossier["phase"] = "examination".into();
    dossier["office"] = SITE.into();
    dossier["terms"]["due"] = "2030-03-17T17:46:40Z".into();
    dossier["id"] = "@@".into();
    let body = dossier.to_string().replace('\'', "''");
    let db = rusqlite::Connection::open(database).unwrap();
    db.execute_batch(&format!(
        "BEGIN;
        INSERT INTO entity (kind, id, version, site, state, due_ms, body)
        SELECT 'dossier', 'old-' || n, 1, '{SITE}', 'examination', 1900000000000 + n, replace('{body}', '@@', 'old-' || n)
        FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {DOSSIERS}) SELECT n FROM c);
        COMMIT; PRAGMA wal_checkpoint(TRUNCATE)"
    ))
    .unwrap();
}

async fn get(pages: &Router, cookie: &str, path: &str) -> (StatusCode, usize) {
    let request = Request::get(path).header("cookie", cookie);
    let request = request.body(Body::empty()).unwrap();
    let response = pages.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, bytes.len())
}

fn summary(name: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    println!(
        "    {name:<28} {:>6} pages   median {:>7.1} ms   p99 {:>7.1} ms   slowest {:>7.1} ms",
        times.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn main() {
    let folder = std::env::temp_dir().join(format!("rilascio-pages-{}", std::process::id()));
    drop(installation(&folder));
    for role in [Role::Office, Role::Centre] {
        let file = std::fs::read_dir(folder.join(role.name()))
            .unwrap()
            .flatten();
        let file = file
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|end| end == "db"));
        fill(&file.unwrap());
    }
    let installation = Arc::new(installation(&folder));
    let people: [(Role, &str, &str, &[Right]); 2] = [
        (Role::Office, SITE, "anna", &[Right::Enrol, Right::HandOver]),
        (Role::Centre, "centre", "dario", &[Right::Examine]),
    ];
    for (role, site, name, rights) in people {
        let desk = installation.desk(role).unwrap();
        let actor = Actor {
            officer: OfficerId::parse(name).unwrap(),
            rights: rights.iter().copied().collect(),
            site: SiteId::parse(site).unwrap(),
            profiles: [].into(),
        };
        let system = Actor::system(desk.site());
        desk.name_officer(&system, &actor, PASSWORD, jiff::Timestamp::now())
            .unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(&installation));
    std::fs::remove_dir_all(&folder).unwrap();
}

async fn measure(installation: &Arc<Installation>) {
    let now = jiff::Timestamp::now();
    let interface = Api::new(Arc::clone(installation), None).router();
    let pages = rilascio_portal::router(
        interface,
        Arc::new(TrustAnchors::default),
        Arc::clone(&installation.clock),
        "http://127.0.0.1:4710",
    );
    let sign_in = |role: Role, name: &str| {
        let officer = OfficerId::parse(name).unwrap();
        let found = installation
            .desk(role)
            .unwrap()
            .sign_in(&officer, PASSWORD, None, now);
        let Some(SignIn::Whole(token, _)) = found.unwrap() else {
            panic!("{name} signs in by the password alone");
        };
        format!("__Host-rilascio={}", token.as_str())
    };
    let (clerk, examiner) = (
        sign_in(Role::Office, "anna"),
        sign_in(Role::Centre, "dario"),
    );
    let kinds: [(&str, &str, &str); 6] = [
        ("home", &clerk, "/"),
        ("list", &clerk, "/desk/office/dossier?state=examination"),
        (
            "dossier at the office",
            &clerk,
            "/desk/office/dossier/old-#",
        ),
        ("queue by deadline", &examiner, "/desk/centre/queue"),
        (
            "dossier at the centre",
            &examiner,
            "/desk/centre/dossier/old-#",
        ),
        (
            "form of a command",
            &examiner,
            "/do/ask-papers?dossier=old-#",
        ),
    ];
    let times: Arc<Mutex<BTreeMap<&str, Vec<Duration>>>> = Arc::default();
    let until = Instant::now() + LASTS;
    let mut tasks = Vec::new();
    for operator in 0..OPERATORS {
        let mut dice = ChaCha20Rng::seed_from_u64(operator as u64);
        let (pages, times) = (pages.clone(), Arc::clone(&times));
        let kinds = kinds.map(|(name, cookie, path)| (name, cookie.to_owned(), path));
        tasks.push(tokio::spawn(async move {
            loop {
                let pause = PACE.mul_f64(f64::from(dice.next_u32()) / f64::from(u32::MAX) * 2.0);
                tokio::time::sleep(pause).await;
                if Instant::now() > until {
                    return;
                }
                let (name, cookie, path) = &kinds[dice.next_u32() as usize % kinds.len()];
                let number = 1 + dice.next_u32() % DOSSIERS;
                let start = Instant::now();
                let (status, size) =
                    get(&pages, cookie, &path.replace('#', &number.to_string())).await;
                assert!(status == StatusCode::OK && size > 1000, "{path}: {status}");
                times
                    .lock()
                    .unwrap()
                    .entry(name)
                    .or_default()
                    .push(start.elapsed());
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    println!(
        "{OPERATORS} operators, a page every {} s each, {DOSSIERS} dossiers, SQLite",
        PACE.as_secs()
    );
    let mut all = Vec::new();
    for (name, mut times) in std::mem::take(&mut *times.lock().unwrap()) {
        all.extend_from_slice(&times);
        summary(name, &mut times);
    }
    summary("all", &mut all);
}
