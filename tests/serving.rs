//! The serving program: killed two hundred times under load, asked without rights, copied while it runs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::server::{Server, ask, command, get_at, operator, sign_in, sign_in_at_first};
use common::{folder, rilascio};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Kills under load: the limit of the field is one, ours is this.
const KILLS: usize = 200;

/// A demonstration in which clerks are as quick as they like.
fn demo(data: &Path) -> Server {
    let quick = ["--limit-dossiers", "1000000"];
    let demo = ["--demo", "--dossiers", "7"];
    Server::start(data, &[&demo[..], &quick[..]].concat())
}

#[test]
fn two_hundred_kills_under_load_lose_and_double_nothing() {
    let data = folder("killed").join("data");
    let first = demo(&data);
    let password = first.password("questura-viterbo.bianchi");
    let token = sign_in(&first.address, "questura-viterbo.bianchi", &password).unwrap();
    let before = dossiers(&first.address, &token);
    let address = Arc::new(Mutex::new(first.address.clone()));
    let stop = Arc::new(AtomicBool::new(false));
    // Clerks ask until they are answered, under the same name; sessions outlive the process.
    let clerks: Vec<_> = (0..4)
        .map(|clerk| {
            let (address, stop, token) = (Arc::clone(&address), Arc::clone(&stop), token.clone());
            std::thread::spawn(move || {
                let mut opened = BTreeMap::new();
                let mut number = 0;
                let body = json!({ "profile": "it-pse", "reason": "first", "previous": null });
                while !stop.load(Ordering::Relaxed) {
                    number += 1;
                    let id = format!("clerk-{clerk}-{number}");
                    loop {
                        let place = address.lock().unwrap().clone();
                        match command(&place, &token, "open-dossier", &id, &body) {
                            Some((200, answer)) => {
                                opened.insert(id, answer["ids"][0].as_str().unwrap().to_owned());
                                break;
                            }
                            Some((status, answer)) => panic!("{status}: {answer}"),
                            None => std::thread::sleep(Duration::from_millis(5)),
                        }
                    }
                }
                opened
            })
        })
        .collect();
    let mut server = first;
    for round in 0..KILLS {
        // From at once to well into the work.
        std::thread::sleep(Duration::from_millis((round as u64 * 37) % 140));
        server.kill();
        server = Server::start(&data, &["--limit-dossiers", "1000000"]);
        *address.lock().unwrap() = server.address.clone();
    }
    std::thread::sleep(Duration::from_millis(300));
    stop.store(true, Ordering::Relaxed);
    let mut opened = BTreeMap::new();
    for clerk in clerks {
        opened.extend(clerk.join().unwrap());
    }
    let after = dossiers(&server.address, &token);
    let answered: BTreeSet<String> = opened.values().cloned().collect();
    assert_eq!(
        answered.len(),
        opened.len(),
        "every command has its own dossier"
    );
    let fresh: BTreeSet<String> = after.difference(&before).cloned().collect();
    assert_eq!(
        fresh, answered,
        "what was answered is there, and nothing else"
    );
    assert!(
        opened.len() > KILLS,
        "only {} commands between {KILLS} kills",
        opened.len()
    );
    server.stop();
    let audited = rilascio(&["audit", "verify", "--data", data.to_str().unwrap()]);
    assert!(audited.status.success(), "{}", common::errors(&audited));
    // The log says what happened, and nothing of anybody.
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    assert!(log.contains("open-dossier"));
    for name in ["Eriksson", "ERIKSSON", "RKSNMR", "Via Nazionale", &password] {
        assert!(!log.contains(name), "the log holds {name}");
    }
}

fn dossiers(address: &str, token: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut after = String::new();
    loop {
        let path = format!("/v1/office/dossier?limit=500&after={after}");
        let (status, page) = ask(address, "GET", &path, &[("Authorization", token)], "").unwrap();
        assert_eq!(status, 200, "{page}");
        let page: Vec<Value> = serde_json::from_str(&page).unwrap();
        let Some(last) = page.last() else {
            return found;
        };
        after = last["id"].as_str().unwrap().to_owned();
        found.extend(
            page.iter()
                .map(|dossier| dossier["id"].as_str().unwrap().to_owned()),
        );
    }
}

#[test]
fn rights_are_checked_at_the_interface_and_a_dossier_goes_its_way() {
    let data = folder("interface").join("data");
    let server = demo(&data);
    let at = |officer: &str| sign_in(&server.address, officer, &server.password(officer)).unwrap();
    let give = |token: &str, name: &str, id: &str, body: Value| {
        command(&server.address, token, name, id, &body).unwrap()
    };
    let get = |token: &str, path: &str| {
        ask(
            &server.address,
            "GET",
            path,
            &[("Authorization", token)],
            "",
        )
        .unwrap()
    };
    let (rossi, bianchi) = (at("questura-viterbo.rossi"), at("questura-viterbo.bianchi"));
    let dossier = json!({ "dossier": "questura-viterbo-000001" });
    // Nobody without a session, with a wrong password, or with rights of another kind or place.
    assert_eq!(get("Bearer nobody", "/v1/session").0, 401);
    let wrong = json!({ "officer": "questura-viterbo.rossi", "password": "wrong" }).to_string();
    assert_eq!(
        ask(&server.address, "POST", "/v1/sign-in", &[], &wrong)
            .unwrap()
            .0,
        401
    );
    let (status, answer) = give(&bianchi, "submit-dossier", "a", dossier.clone());
    assert_eq!(
        (status, answer["code"].as_str()),
        (403, Some("circuit.right"))
    );
    let elsewhere = at("questura-roma.rossi");
    assert_eq!(
        give(&elsewhere, "submit-dossier", "b", dossier.clone()).0,
        403
    );
    assert_eq!(
        get(&elsewhere, "/v1/office/dossier/questura-viterbo-000001").0,
        404
    );
    assert_eq!(get(&rossi, "/v1/works/blank").0, 403);
    assert_eq!(get(&rossi, "/v1/centre/journal").0, 403);
    // A second officer who is nobody is no second officer.
    let keeper = at("works.keeper");
    let blanks =
        |second: &str| json!({ "profile": "it-pse", "batch": "b-2", "count": 1, "second": second });
    for second in ["nobody", "works.keeper", "questura-viterbo.rossi"] {
        let (status, answer) = give(&keeper, "receive-blanks", second, blanks(second));
        assert_eq!(
            (status, answer["code"].as_str()),
            (403, Some("circuit.two-people")),
            "{second}"
        );
    }
    assert_eq!(
        give(&keeper, "receive-blanks", "good", blanks("works.engraver")).0,
        200
    );
    // An office's keeper keeps nothing at the works.
    let (status, answer) = give(&rossi, "close-day", "c", json!({ "day": "2026-01-01" }));
    assert_eq!(
        (status, answer["code"].as_str()),
        (403, Some("circuit.site"))
    );
    // The same name is the same command; for another command it is refused.
    let (status, sent) = give(&rossi, "submit-dossier", "send", dossier.clone());
    assert_eq!(
        (status, sent["state"].as_str()),
        (200, Some("submitted")),
        "{sent}"
    );
    assert_eq!(
        give(&rossi, "submit-dossier", "send", dossier.clone()).1,
        sent
    );
    assert_eq!(
        give(
            &rossi,
            "submit-dossier",
            "send",
            json!({ "dossier": "questura-viterbo-000002" })
        )
        .0,
        409
    );
    assert_eq!(
        give(&rossi, "submit-dossier", "again", dossier.clone()).0,
        409
    );
    for (body, why) in [
        ("{", "no JSON"),
        ("{\"dossier\":7}", "a number"),
        ("{\"dossier\":\"../x\"}", "no name"),
    ] {
        let headers = [("Authorization", &rossi[..]), ("Idempotency-Key", "bad")];
        let (status, answer) = ask(
            &server.address,
            "POST",
            "/v1/commands/submit-dossier",
            &headers,
            body,
        )
        .unwrap();
        assert_eq!(status, 400, "{why}: {answer}");
    }
    // It arrives at the centre, is identified, examined and decided by two.
    let (examiner, director) = (at("centre.examiner"), at("centre.director"));
    let path = "/v1/centre/dossier/questura-viterbo-000001";
    let ready = |until: &str| {
        for _ in 0..200 {
            let (status, found) = get(&examiner, path);
            if status == 200 && found.contains(until) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{until} did not come: {:?}", get(&examiner, path));
    };
    ready("\"identification\":\"clear\"");
    let propose = json!({ "dossier": "questura-viterbo-000001", "grant": true });
    assert_eq!(give(&examiner, "propose", "p", propose).0, 200);
    let decide = json!({ "dossier": "questura-viterbo-000001", "grant": true, "express": true });
    assert_eq!(give(&director, "decide", "d", decide).0, 200);
    ready("\"phase\":\"produced\"");
    let card = data.join("cards");
    assert!(
        card.read_dir().unwrap().count() == 1,
        "the works made one card"
    );
    // The applicant sees it without an account, by the receipt.
    let printed = "/v1/office/dossier/questura-viterbo-000001/receipt";
    assert_eq!(get(&examiner, printed).0, 403);
    let (status, receipt) = get(&at("questura-viterbo.bianchi"), printed);
    assert_eq!(status, 200, "{receipt}");
    let look = || ask(&server.address, "POST", "/v1/applicant", &[], &receipt).unwrap();
    let registered = |seen: &str| seen.contains("\"documents\":[{");
    // The registry hears of the document a moment later.
    let seen = (0..200).map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        look()
    });
    let last = seen.take_while(|(_, seen)| !registered(seen)).last();
    let (status, seen) = look();
    assert!(status == 200 && registered(&seen), "{seen} {last:?}");
    let wrong = json!({ "dossier": "questura-viterbo-000001", "code": "0000-0000-0000" });
    let (status, _) = ask(
        &server.address,
        "POST",
        "/v1/applicant",
        &[],
        &wrong.to_string(),
    )
    .unwrap();
    assert_eq!(status, 404);
    // What it is, how it is, and how much it did.
    let (status, description) = get("", "/v1/openapi.json");
    assert!(status == 200 && description.contains("/v1/commands/hand-over"));
    assert!(get("", "/health").1.contains("\"status\":\"ok\""));
    assert!(
        get("", "/metrics")
            .1
            .contains("rilascio_commands{command=\"decide\",outcome=\"done\"} 1")
    );
    // A copy while it runs, with an older head beside it.
    let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
    let head = rilascio(&["audit", "head", "--data", &text(&data)]);
    assert!(head.status.success(), "{}", common::errors(&head));
    let file = data.with_extension("heads");
    std::fs::write(&file, &head.stdout).unwrap();
    let copy = data.with_extension("backup");
    assert!(
        rilascio(&["backup", "--data", &text(&data), "--out", &text(&copy)])
            .status
            .success()
    );
    assert!(!copy.join("master.key").exists() && !copy.join("works/vault").exists());
    server.stop();
    let verify = |data: &PathBuf| {
        rilascio(&[
            "audit",
            "verify",
            "--data",
            &text(data),
            "--head",
            &text(&file),
        ])
        .status
        .code()
    };
    assert_eq!(verify(&copy), Some(0));
    let restored = data.with_extension("restored");
    let output = rilascio(&[
        "restore",
        "--from",
        &text(&copy),
        "--keys",
        &text(&data),
        "--data",
        &text(&restored),
    ]);
    assert!(output.status.success(), "{}", common::errors(&output));
    assert_eq!(verify(&restored), Some(0));
    let again = Server::start(&restored, &[]);
    assert_eq!(
        get_at(&again.address, &examiner, path).0,
        200,
        "the restored node works"
    );
    again.stop();
    // An older state is not what the head says.
    let db = restored.join("centre/node.db");
    std::fs::write(
        &file,
        String::from_utf8_lossy(&head.stdout).replace("rilascio/centre\n", "rilascio/other\n"),
    )
    .unwrap();
    assert_eq!(verify(&restored), Some(1));
    assert!(db.is_file());
}

#[test]
fn an_administrator_names_officers_under_a_configuration_file() {
    let data = folder("administration");
    let file = data.with_extension("toml");
    std::fs::write(&file, "dossiers = 5\nroles = [\"office\", \"centre\", \"works\", \"registry\"]\nlog-json = true\n").unwrap();
    let server = Server::start(&data, &["--demo", "--config", file.to_str().unwrap()]);
    let password = server.password("registry.clerk");
    let admin = sign_in(&server.address, "registry.clerk", &password).unwrap();
    let send = |method: &str, path: &str, body: &str| {
        let (status, answer) = ask(
            &server.address,
            method,
            path,
            &[("Authorization", &admin)],
            body,
        )
        .unwrap();
        (status, serde_json::from_str::<Value>(&answer).unwrap())
    };
    let officer = json!({ "officer": "inps.reader", "site": "INPS", "rights": ["look-up"], "own_password": password });
    // A session that was left open is not enough to name somebody.
    let mut careless = officer.clone();
    careless["own_password"] = json!("something-else-entirely");
    let (status, refused) = send("POST", "/v1/registry/officers", &careless.to_string());
    assert_eq!(
        (status, refused["code"].as_str()),
        (403, Some("circuit.password-wrong"))
    );
    let officer = officer.to_string();
    let (status, named) = send("POST", "/v1/registry/officers", &officer);
    assert_eq!(status, 200, "{named}");
    let first = named["password"].as_str().unwrap();
    let token = sign_in_at_first(&server.address, "inps.reader", first);
    assert_eq!(get_at(&server.address, &token, "/v1/session").0, 200);
    assert_eq!(
        get_at(&server.address, &token, "/v1/registry/officers").0,
        403
    );
    let (_, listed) = send("GET", "/v1/registry/officers", "");
    assert!(listed.to_string().contains("inps.reader") && !listed.to_string().contains("argon2"));
    assert_eq!(
        send("DELETE", "/v1/registry/officers/inps.reader", "").0,
        200
    );
    assert_eq!(get_at(&server.address, &token, "/v1/session").0, 401);
    let (status, jobs) = send("GET", "/v1/registry/jobs?state=ready", "");
    assert!(status == 200 && jobs.is_array(), "{jobs}");
    assert_eq!(
        send("POST", "/v1/registry/jobs/again/publish-status/none", "").0,
        404
    );
    let own =
        json!({ "officer": "registry.clerk", "site": "registry", "rights": ["audit"], "own_password": password }).to_string();
    assert_eq!(send("POST", "/v1/registry/officers", &own).0, 403);
    let director =
        json!({ "officer": "centre.director", "site": "centre", "rights": ["decide"], "own_password": password }).to_string();
    assert_eq!(send("POST", "/v1/centre/officers", &director).0, 403);
    assert_eq!(send("GET", "/v1/works/jobs?state=ready", "").0, 403);
    // The registry names nobody who works at another desk, and gives no right that is none of its own.
    for (site, rights) in [
        ("centre", json!(["look-up"])),
        ("questura-roma", json!(["look-up"])),
        ("registry", json!(["decide"])),
        ("inps", json!(["administer"])),
        ("registry", json!(["audit"])),
    ] {
        let officer =
            json!({ "officer": "up.climber", "site": site, "rights": rights, "own_password": password })
                .to_string();
        assert_eq!(
            send("POST", "/v1/registry/officers", &officer).0,
            403,
            "{officer}"
        );
    }
    // Officers of another role's site are named by that role.
    let stranger =
        json!({ "officer": "x.y", "site": "nowhere", "rights": [], "own_password": password })
            .to_string();
    assert_eq!(send("POST", "/v1/works/officers", &stranger).0, 403);
    server.stop();
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    assert!(
        log.lines().all(|line| line.starts_with('{')),
        "the file asked for JSON"
    );
    std::fs::write(&file, "port = 80\n").unwrap();
    let refused = rilascio(&["serve", "--config", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    let said = common::errors(&refused);
    assert!(
        said.contains("'port' is not a setting") && said.contains("listen"),
        "{said}"
    );
}

#[test]
fn an_officer_of_some_documents_sees_and_moves_no_others() {
    let data = folder("profiles").join("data");
    let server = demo(&data);
    let password = server.password("questura-viterbo.neri");
    let admin = sign_in(&server.address, "questura-viterbo.neri", &password).unwrap();
    let send = |token: &str, method: &str, path: &str, body: &Value| {
        let headers = [("Authorization", token)];
        let (status, answer) =
            ask(&server.address, method, path, &headers, &body.to_string()).unwrap();
        (status, serde_json::from_str(&answer).unwrap_or(Value::Null))
    };
    let get = |token: &str, path: &str| send(token, "GET", path, &Value::Null);
    let name = |by: &str, officer: &str, rights: &[&str], profiles: &[&str]| {
        let own = if by == admin {
            &password
        } else {
            "una-nuvola-sul-tavolo"
        };
        let officer = json!({ "officer": officer, "site": "questura-viterbo", "rights": rights, "profiles": profiles, "own_password": own });
        let (status, named) = send(by, "POST", "/v1/office/officers", &officer);
        let token = named["password"].as_str().map(|first| {
            sign_in_at_first(&server.address, officer["officer"].as_str().unwrap(), first)
        });
        (status, token)
    };
    assert_eq!(name(&admin, "a.b", &["enrol"], &["no-such-profile"]).0, 400);
    let all = name(&admin, "all.documents", &["enrol"], &[]).1.unwrap();
    let passports = name(
        &admin,
        "of.passports",
        &["enrol", "hand-over"],
        &["it-passport"],
    );
    let passports = passports.1.unwrap();
    let place = "/v1/office/dossier/questura-viterbo-000001";
    let (status, known) = get(&all, place);
    assert_eq!((status, &known["profile"]), (200, &json!("it-pse")));
    for path in ["", "/record", "/papers", "/acts", "/draft", "/receipt"] {
        let (status, said) = get(&passports, &format!("{place}{path}"));
        assert!(matches!(status, 403 | 404), "{path}: {status} {said}");
    }
    let past = "/v1/office/journal/of/dossier/questura-viterbo-000001";
    assert_eq!((get(&all, past).0, get(&passports, past).0), (200, 404));
    let profiles = |token: &str| -> BTreeSet<String> {
        let (_, listed) = get(token, "/v1/office/dossier?limit=500");
        let listed = listed.as_array().unwrap().iter();
        listed
            .map(|one| one["profile"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(profiles(&all).contains("it-pse"));
    assert!(
        profiles(&passports)
            .iter()
            .all(|name| name == "it-passport")
    );
    let open = json!({ "profile": "it-pse", "reason": "first", "previous": null });
    let (status, refused) =
        command(&server.address, &passports, "open-dossier", "a", &open).unwrap();
    assert_eq!((status, &refused["code"]), (403, &json!("circuit.profile")));
    let (status, _) = command(&server.address, &all, "open-dossier", "b", &open).unwrap();
    assert_eq!(status, 200);
    // Who administers some documents names nobody for others.
    let chief = name(&admin, "chief.passports", &["administer"], &["it-passport"])
        .1
        .unwrap();
    assert_eq!(name(&chief, "c.d", &["enrol"], &[]).0, 403);
    assert_eq!(name(&chief, "c.d", &["enrol"], &["it-pse"]).0, 403);
    assert_eq!(name(&chief, "c.d", &["enrol"], &["it-passport"]).0, 200);
    server.stop();
}

#[test]
fn guessing_passwords_takes_ever_longer_and_another_password_ends_all_sessions() {
    let data = folder("guessing");
    let server = Server::start(&data, &["--roles", "centre"]);
    let password = operator(&data, "centre", "dario", "centre", "examine");
    let try_with = |password: &str| {
        let body = json!({ "officer": "dario", "password": password }).to_string();
        let answer = ask(&server.address, "POST", "/v1/sign-in", &[], &body).unwrap();
        let code: Value = serde_json::from_str(&answer.1).unwrap_or_default();
        (
            answer.0,
            code["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let token = sign_in(&server.address, "dario", &password).unwrap();
    for _ in 0..3 {
        assert_eq!(try_with("wrong-password-0").0, 401);
    }
    // Now even the right one waits.
    assert_eq!(try_with(&password), (409, "circuit.too-early".to_owned()));
    std::thread::sleep(Duration::from_millis(5200));
    let headers = [("Authorization", token.as_str())];
    let change = |present: &str, new: &str| {
        let body = json!({ "present": present, "new": new }).to_string();
        ask(&server.address, "POST", "/v1/password", &headers, &body)
            .unwrap()
            .0
    };
    assert_eq!(change(&password, "short"), 400);
    let (status, sessions) = ask(&server.address, "GET", "/v1/sessions", &headers, "").unwrap();
    let sessions: Value = serde_json::from_str(&sessions).unwrap();
    assert!(
        status == 200 && sessions[0]["present"] == true,
        "{sessions}"
    );
    assert_eq!(change(&password, "una-nuvola-sul-tavolo"), 200);
    // Every session of before has ended, and so has the old password.
    assert_eq!(get_at(&server.address, &token, "/v1/session").0, 401);
    assert_eq!(try_with(&password).0, 401);
    let token = sign_in(&server.address, "dario", "una-nuvola-sul-tavolo").unwrap();
    let headers = [("Authorization", token.as_str())];
    let other = sign_in(&server.address, "dario", "una-nuvola-sul-tavolo").unwrap();
    let (_, sessions) = ask(&server.address, "GET", "/v1/sessions", &headers, "").unwrap();
    let sessions: Vec<Value> = serde_json::from_str(&sessions).unwrap();
    assert_eq!(sessions.len(), 2);
    let there = sessions
        .iter()
        .find(|session| session["present"] == false)
        .unwrap();
    let end = |name: &str, password: &str| {
        let (path, body) = (
            format!("/v1/sessions/{name}/end"),
            json!({ "password": password }),
        );
        let ended = ask(&server.address, "POST", &path, &headers, &body.to_string());
        ended.unwrap().0
    };
    let there = there["name"].as_str().unwrap();
    assert_eq!(end(there, "something-else-entirely"), 403);
    assert_eq!(end(there, "una-nuvola-sul-tavolo"), 200);
    assert_eq!(get_at(&server.address, &other, "/v1/session").0, 401);
    assert_eq!(end("none", "una-nuvola-sul-tavolo"), 404);
    server.stop();
}

#[test]
fn an_address_that_asks_too_often_waits_and_a_proxy_says_whose_it_is() {
    let data = folder("limits").join("data");
    let more = [
        "--demo",
        "--dossiers",
        "5",
        "--limit-applicants",
        "3",
        "--proxy",
        "127.0.0.1",
    ];
    let server = Server::start(&data, &more);
    let receipt =
        json!({ "dossier": "questura-viterbo-000001", "code": "AAAA-AAAA-AAAA" }).to_string();
    let ask_for = |headers: &[(&str, &str)]| {
        ask(&server.address, "POST", "/v1/applicant", headers, &receipt)
            .unwrap()
            .0
    };
    let from = |address: &str| ask_for(&[("X-Forwarded-For", address)]);
    for _ in 0..3 {
        assert_ne!(from("203.0.113.9, 192.0.2.1"), 429);
    }
    // The last word is the proxy's; what the visitor wrote before it says nothing.
    assert_eq!(from("198.51.100.7, 192.0.2.1"), 429);
    assert_ne!(from("192.0.2.2"), 429);
    // Measures are for this machine, not for who comes by the proxy.
    let measures = |address: &str| {
        let headers = [("X-Forwarded-For", address)];
        ask(&server.address, "GET", "/metrics", &headers, "")
            .unwrap()
            .0
    };
    assert_eq!((measures("127.0.0.1"), measures("192.0.2.2")), (200, 403));
    server.stop();
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    assert!(
        log.contains("an address asks too often") && log.contains("192.0.2.1"),
        "{log}"
    );
    // Without that option nobody is believed.
    let server = Server::start(&data, &["--demo", "--limit-applicants", "3"]);
    let from = |address: &str| {
        let headers = [("X-Forwarded-For", address)];
        ask(&server.address, "POST", "/v1/applicant", &headers, &receipt)
            .unwrap()
            .0
    };
    for last in 1..=3 {
        assert_ne!(from(&format!("192.0.2.{last}")), 429);
    }
    assert_eq!(from("192.0.2.4"), 429);
    server.stop();
}

#[test]
fn the_registry_of_residents_is_asked_for_a_dossier_whose_profile_has_it() {
    let data = folder("residents").join("data");
    let server = demo(&data);
    let at = |officer: &str| sign_in(&server.address, officer, &server.password(officer)).unwrap();
    let open = |token: &str, profile: &str| {
        let body = json!({ "profile": profile, "reason": "first", "previous": null });
        let (status, answer) =
            command(&server.address, token, "open-dossier", profile, &body).unwrap();
        assert_eq!(status, 200, "{answer}");
        answer["ids"][0].as_str().unwrap().to_owned()
    };
    let find = |token: &str, dossier: &str, code: &str| {
        let path = format!("/v1/office/dossier/{dossier}/resident");
        let (headers, body) = (
            [("Authorization", token)],
            json!({ "code": code }).to_string(),
        );
        let (status, answer) = ask(&server.address, "POST", &path, &headers, &body).unwrap();
        (status, serde_json::from_str::<Value>(&answer).unwrap())
    };
    let (registrar, police) = (at("comune-ravenna.bianchi"), at("questura-viterbo.bianchi"));
    let dossier = open(&registrar, "it-cie");
    let (status, found) = find(&registrar, &dossier, "DLLGLI93H58E506P");
    assert_eq!((status, &found["given_names"]), (200, &json!("Giulia")));
    assert_eq!(find(&registrar, &dossier, "RSSMRA80A01H501U").0, 404);
    assert_eq!(find(&registrar, &dossier, "no number").0, 400);
    assert_eq!(find(&police, &dossier, "DLLGLI93H58E506P").0, 403);
    // An image is one, by its first bytes.
    let draw = |bytes: &str| {
        let path = format!("/v1/office/dossier/{dossier}/draft/images/portrait");
        let headers = [("Authorization", &registrar[..])];
        ask(&server.address, "PUT", &path, &headers, bytes)
            .unwrap()
            .0
    };
    assert_eq!(
        (draw("<svg onload=''/>"), draw("BM and pixels")),
        (400, 200)
    );
    let other = open(&police, "it-passport");
    let (status, refused) = find(&police, &other, "DLLGLI93H58E506P");
    assert_eq!(
        (status, &refused["code"]),
        (409, &json!("circuit.not-offered"))
    );
    server.stop();
}
