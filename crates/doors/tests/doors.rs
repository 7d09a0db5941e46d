//! The doors from outside: transactions, folders, OSIA by our client and by bare HTTP; what cannot be used is refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::nist::{
    Compression, Envelope, PrintImage, Record, Transaction, minutiae_record,
};
use rilascio_biometrics::{FingerView, RecordEdition, SyntheticPeople, read_print, write_template};
use rilascio_doors::osia::{AbisClient, AbisPrint, Register};
use rilascio_doors::{
    Access, Doors, NistAgency, NistDoor, Outcome, PrintEngine, Scope, serve, watch_folder,
};
use rilascio_gallery::Gallery;
use rilascio_keys::MasterKey;
use rilascio_store::Store;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const PEOPLE: SyntheticPeople = SyntheticPeople { seed: 3 };
const TODAY: Date = date(2026, 11, 22);
const TOKEN: &str = "the-token-of-a-test";
const READER: &str = "may-only-read";

fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("rilascio-doors-{}-{number}", std::process::id()))
}

fn key() -> Arc<MasterKey> {
    Arc::new(MasterKey::generate(&mut ChaCha20Rng::seed_from_u64(1)))
}

struct Site {
    doors: Doors,
    folder: PathBuf,
}

impl Site {
    fn new() -> Self {
        let folder = folder();
        let rng = || Box::new(ChaCha20Rng::seed_from_u64(2));
        let gallery = Gallery::open(&folder.join("gallery"), key(), rng()).unwrap();
        let engine = Arc::new(PrintEngine::new(Arc::new(gallery), 3650));
        let store = Store::sqlite(&folder.join("abis.db")).unwrap();
        let access = |name: &str, token: &str, scopes: &[Scope]| Access {
            name: name.into(),
            digest: Access::digest_of(token),
            scopes: scopes.iter().copied().collect(),
        };
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let doors = Doors {
            nist: Arc::new(NistDoor::new(Arc::clone(&engine), NistAgency::default())),
            register: Arc::new(Register::new(store, key(), rng())),
            engine,
            access: Arc::new(vec![
                access("all", TOKEN, &Scope::ALL),
                access("reader", READER, &[Scope::EncounterRead]),
            ]),
            clock: Arc::new(move || now),
            slots: Doors::slots(),
        };
        Self { doors, folder }
    }

    /// Serves in the background; the address.
    fn serve(&self) -> String {
        let (send, receive) = std::sync::mpsc::channel();
        let doors = self.doors.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                send.send(listener.local_addr().unwrap()).unwrap();
                serve(listener, doors, std::future::pending())
                    .await
                    .unwrap();
            });
        });
        format!("http://{}", receive.recv().unwrap())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn picture(person: u8, finger: &str) -> Vec<u8> {
    let path = format!(
        "{}/../../examples/images/prints/person-{person}/{finger}.png",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(path).unwrap()
}

fn transaction(kind: &str, case: &str, records: Vec<Record>) -> Vec<u8> {
    let envelope = Envelope {
        kind,
        day: "20261122",
        to: "AFIS",
        from: "POLICE",
        control: case,
        answers: None,
    };
    let mut all = vec![Record::new(2, &[(2, "00"), (3, case)])];
    all.extend(records);
    Transaction::new(&envelope, all).write()
}

/// Kind, candidates or fault of an answer.
fn read(answer: &[u8]) -> (String, Vec<String>) {
    let answer = Transaction::read(answer).unwrap();
    let record = &answer.records[1];
    let list = record.text(59).or_else(|| record.text(60)).unwrap();
    let parts = list.split('\u{1E}').filter(|part| !part.is_empty());
    (
        answer.head(4).unwrap().to_owned(),
        parts.map(str::to_owned).collect(),
    )
}

#[test]
fn transactions_with_images_and_minutiae_enrol_and_find() {
    let site = Site::new();
    let nist = &site.doors.nist;
    let bytes = picture(1, "right-index");
    let image = read_print(&bytes, 500).unwrap();
    let print = PrintImage {
        finger: 2,
        size: (image.width(), image.height()),
        compression: Compression::Png,
        quality: None,
        bytes: &bytes,
    };
    let raw = PrintImage {
        compression: Compression::None,
        bytes: image.pixels(),
        ..print.clone()
    };
    let first = transaction(
        "CPNU",
        "case-1",
        vec![print.record(1, "POLICE", "20261122")],
    );
    let (done, answer) = nist.answer(&first, TODAY);
    assert_eq!(done, Outcome::Done);
    assert_eq!(read(&answer), ("SRE".into(), vec![]));
    // The same finger, pixels in a record of the old kind, under another name.
    let second = transaction("SRCH", "case-2", vec![raw.legacy_record(1)]);
    let (kind, found) = read(&nist.answer(&second, TODAY).1);
    assert_eq!(kind, "SRE");
    assert!(found[0].starts_with("case-1\u{1F}"), "{found:?}");
    // Searched only: it was not kept.
    let third = transaction("SRCH", "case-3", vec![raw.legacy_record(1)]);
    assert_eq!(read(&nist.answer(&third, TODAY).1).1.len(), 1);
    // Minutiae without an image.
    for (case, kind) in [("case-8", "CPNU"), ("case-9", "SRCH")] {
        let impression = if kind == "CPNU" { 1 } else { 2 };
        let record = minutiae_record(&PEOPLE.template(8, 7, impression), 7, 1);
        let (_, found) = read(&nist.answer(&transaction(kind, case, vec![record]), TODAY).1);
        assert_eq!(found.is_empty(), kind == "CPNU", "{found:?}");
    }
    // What cannot be used is answered with why.
    let minutiae = minutiae_record(&PEOPLE.template(8, 7, 1), 7, 1);
    for (request, why) in [
        (b"nothing of the kind".to_vec(), "DOOR-001"),
        (transaction("SRCH", "case-4", vec![]), "no print"),
        (
            transaction("DPRS", "case-5", vec![minutiae.clone()]),
            "DPRS",
        ),
        (
            transaction("CPNU", "case 6", vec![minutiae.clone()]),
            "subject",
        ),
        (transaction("CPNU", "o/0", vec![minutiae]), "'/'"),
    ] {
        let (done, answer) = nist.answer(&request, TODAY);
        let (kind, said) = read(&answer);
        assert!(
            done == Outcome::Refused && kind == "ERR" && said[0].contains(why),
            "{said:?}"
        );
    }
}

#[test]
fn a_folder_is_emptied_and_every_request_answered() {
    let site = Site::new();
    let place = site.folder.join("exchange");
    std::fs::create_dir_all(place.join("in")).unwrap();
    let record = |impression| minutiae_record(&PEOPLE.template(1, 2, impression), 2, 1);
    let put = |name: &str, bytes: Vec<u8>| std::fs::write(place.join("in").join(name), bytes);
    put("1.nist", transaction("CPNU", "case-1", vec![record(1)])).unwrap();
    put("2.nist", transaction("SRCH", "case-2", vec![record(2)])).unwrap();
    put("3.nist", b"broken".to_vec()).unwrap();
    put("4.part", b"not whole yet".to_vec()).unwrap();
    let handled = watch_folder(&site.doors.nist, &place, TODAY).unwrap();
    assert_eq!((handled.done, handled.refused, handled.waiting), (2, 1, 0));
    let answer = std::fs::read(place.join("out/2.nist")).unwrap();
    assert!(read(&answer).1[0].starts_with("case-1"));
    assert_eq!(
        read(&std::fs::read(place.join("out/3.nist")).unwrap()).0,
        "ERR"
    );
    // A link is no request, and holds nothing up.
    std::os::unix::fs::symlink("/etc/hostname", place.join("in/0.nist")).unwrap();
    put("5.nist", transaction("SRCH", "case-5", vec![record(2)])).unwrap();
    assert_eq!(
        watch_folder(&site.doors.nist, &place, TODAY).unwrap().done,
        1
    );
    std::fs::remove_file(place.join("in/0.nist")).unwrap();
    assert!(place.join("in/4.part").exists() && !place.join("in/1.nist").exists());
    assert_eq!(
        watch_folder(&site.doors.nist, &place, TODAY).unwrap().done,
        0
    );
}

#[test]
fn our_client_and_our_server_of_osia_understand_each_other() {
    let site = Site::new();
    let client = AbisClient::new(&site.serve(), TOKEN, "permits", None).unwrap();
    let images = [1, 2, 3].map(|person| picture(person, "right-index"));
    let print = |place: usize| {
        vec![AbisPrint {
            finger: 2,
            image: &images[place],
            resolution: 500,
            quality: Some(60),
        }]
    };
    client.keep("anna", "e1", &print(0)).unwrap();
    client.keep("bruno", "e1", &print(1)).unwrap();
    assert!(client.identify("anna").unwrap().is_empty());
    // The same request again replaces, it does not double.
    client.keep("anna", "e1", &print(0)).unwrap();
    client.keep("swindler", "e1", &print(0)).unwrap();
    let found = client.identify("swindler").unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].person_id[..], found[0].rank), ("anna", 1));
    assert_eq!(
        found[0].scores[0].biometric_sub_type.as_deref(),
        Some("RIGHT_INDEX")
    );
    assert!(client.verify("anna", &print(0)).unwrap().unwrap().decision);
    assert!(!client.verify("anna", &print(2)).unwrap().unwrap().decision);
    assert_eq!(client.verify("nobody", &print(0)).unwrap(), None);
    assert!(client.erase("anna").unwrap());
    assert!(!client.erase("anna").unwrap());
    assert!(client.identify("swindler").unwrap().is_empty());
    let stranger = AbisClient::new(&site.serve(), "wrong", "permits", None).unwrap();
    assert!(stranger.identify("swindler").is_err());
    assert!(AbisClient::new("https://abis.example", TOKEN, "permits", None).is_err());
    // What is kept is sealed.
    let kept = std::fs::read_dir(&site.folder).unwrap().flatten();
    let files = kept.filter(|entry| entry.path().is_file());
    let written: Vec<u8> = files
        .flat_map(|entry| std::fs::read(entry.path()).unwrap())
        .collect();
    let holds = |what: &[u8]| written.windows(what.len()).any(|window| window == what);
    assert!(holds(b"swindler") && !holds(b"RIGHT_INDEX"));
}

/// One request by bare HTTP.
fn ask(base: &str, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let settings = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build();
    let agent: ureq::Agent = settings.into();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{base}{path}"))
        .header("Authorization", format!("Bearer {token}"))
        .body(body.to_string())
        .unwrap();
    let mut answer = agent.run(request).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (
        answer.status().as_u16(),
        serde_json::from_str(&text).unwrap_or(Value::Null),
    )
}

fn encounter(person: u64, impression: u32, galleries: &[&str], born: &str) -> Value {
    let view = FingerView {
        position: 2,
        impression: 0,
        quality: None,
        template: PEOPLE.template(person, 2, impression),
    };
    let record = write_template(&[view], RecordEdition::V2011).unwrap();
    use base64ct::{Base64, Encoding};
    json!({
        "status": "ACTIVE", "encounterType": "test", "galleries": galleries, "clientData": "c2VjcmV0",
        "biographicData": { "dateOfBirth": born },
        "biometricData": [
            { "biometricType": "FINGER", "biometricSubType": "RIGHT_INDEX", "templateFormat": "ISO_19794_2_2011",
              "template": Base64::encode_string(&record) },
            { "biometricType": "FACE", "biometricSubType": "PORTRAIT", "image": "aW1hZ2U=", "captureDevice": "camera" },
        ],
    })
}

#[test]
fn every_operation_of_osia_does_what_the_interface_says() {
    let site = Site::new();
    let base = site.serve();
    let call = |method: &str, path: &str, body: Value| {
        let more = if path.contains('?') { '&' } else { '?' };
        ask(
            &base,
            method,
            &format!("{path}{more}transactionId=t1"),
            TOKEN,
            &body,
        )
    };
    let nothing = Value::Null;
    // Without a transaction, a token or a scope.
    assert_eq!(ask(&base, "GET", "/v1/galleries", TOKEN, &nothing).0, 400);
    let path = "/v1/galleries?transactionId=t";
    assert_eq!(ask(&base, "GET", path, "nobody", &nothing).0, 401);
    assert_eq!(ask(&base, "GET", path, READER, &nothing).0, 403);
    // Names by the server, and by the caller.
    let (status, ids) = call("POST", "/v1/persons", encounter(1, 1, &["a"], "1980-01-01"));
    assert_eq!(status, 200, "{ids}");
    let first = ids["personId"].as_str().unwrap().to_owned();
    let more = format!("/v1/persons/{first}/encounters");
    let (_, ids) = call("POST", &more, encounter(1, 2, &["b"], "1980-01-01"));
    assert_eq!(ids["personId"], first.as_str());
    let named = "/v1/persons/p%202/encounters/e-1";
    let (status, _) = call("POST", named, encounter(2, 1, &["a", "b"], "1990-05-05"));
    assert_eq!(status, 200);
    assert_eq!(call("POST", named, encounter(2, 1, &["a"], "x")).0, 409);
    // What was kept comes back as it was, with its name.
    let (status, kept) = call("GET", named, nothing.clone());
    assert_eq!((status, &kept["encounterId"]), (200, &json!("e-1")));
    assert_eq!(kept["biometricData"][1]["captureDevice"], "camera");
    assert_eq!(kept["clientData"], "c2VjcmV0");
    assert_eq!(
        call("GET", &more, nothing.clone())
            .1
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        call("GET", "/v1/persons/nobody/encounters", nothing.clone()).0,
        404
    );
    assert_eq!(
        call("GET", "/v1/galleries", nothing.clone()).1,
        json!(["a", "b"])
    );
    let (_, content) = call("GET", "/v1/galleries/b?limit=1&offset=1", nothing.clone());
    assert_eq!(content.as_array().unwrap().len(), 1);
    let (_, templates) = call("GET", &format!("{named}/templates"), nothing.clone());
    assert_eq!(templates[0]["templateFormat"], "ISO_19794_2_2011");
    // Search: by data, by person, within a gallery, with a filter, threshold and number.
    let probe = encounter(1, 3, &[], "")["biometricData"].clone();
    let identify = |path: &str, filter: Value| {
        call(
            "POST",
            path,
            json!({ "filter": filter, "biometricData": probe }),
        )
    };
    let (status, found) = identify("/v1/identify/ALL", json!({}));
    assert_eq!(status, 200, "{found}");
    assert_eq!(found[0]["personId"], first.as_str());
    assert_eq!(found[0]["scores"].as_array().unwrap().len(), 2);
    let (_, found) = identify("/v1/identify/a", json!({}));
    assert_eq!(found[0]["scores"].as_array().unwrap().len(), 1);
    assert_eq!(identify("/v1/identify/none", json!({})).0, 404);
    for (filter, some) in [
        (
            json!({ "dateOfBirthMin": "1979-01-01", "dateOfBirthMax": "1981-01-01" }),
            true,
        ),
        (json!({ "dateOfBirthMin": "1985-01-01" }), false),
        (json!({ "dateOfBirth": "1980-01-01" }), true),
        (json!({ "eyes": "green" }), false),
    ] {
        let (_, found) = identify("/v1/identify/ALL", filter.clone());
        assert_eq!(!found.as_array().unwrap().is_empty(), some, "{filter}");
    }
    let (_, found) = identify("/v1/identify/ALL?threshold=1000000", json!({}));
    assert_eq!(found, json!([]));
    let own = format!("/v1/identify/ALL/{first}");
    assert_eq!(call("POST", &own, json!({})), (200, json!([])));
    // Verification.
    let verify = format!("/v1/verify/ALL/{first}");
    let body = json!({ "biometricData": probe });
    assert_eq!(call("POST", &verify, body.clone()).1["decision"], true);
    assert_eq!(
        call("POST", "/v1/verify/ALL/p%202", body).1["decision"],
        false
    );
    let pair = json!({ "biometricData1": probe, "biometricData2": encounter(1, 4, &[], "")["biometricData"] });
    assert_eq!(call("POST", "/v1/verify", pair).1["decision"], true);
    // Inactive encounters and other galleries are not searched.
    assert_eq!(
        call(
            "PUT",
            &format!("{named}/status?status=INACTIVE"),
            nothing.clone()
        )
        .0,
        204
    );
    let body = json!({ "biometricData": encounter(2, 5, &[], "")["biometricData"] });
    assert_eq!(call("POST", "/v1/verify/ALL/p%202", body.clone()).0, 404);
    assert_eq!(
        call(
            "PUT",
            &format!("{named}/status?status=ACTIVE"),
            nothing.clone()
        )
        .0,
        204
    );
    assert_eq!(
        call("PUT", &format!("{named}/galleries"), json!(["c"])).0,
        204
    );
    assert_eq!(call("POST", "/v1/verify/a/p%202", body.clone()).0, 404);
    assert_eq!(
        call("POST", "/v1/verify/c/p%202", body.clone()).1["decision"],
        true
    );
    // Merge and move, and what stands against them.
    assert_eq!(
        call(
            "POST",
            "/v1/persons/p3/encounters/e-1",
            encounter(3, 1, &["a"], "x")
        )
        .0,
        200
    );
    assert_eq!(
        call("POST", "/v1/persons/p%202/merge/p3", nothing.clone()).0,
        409
    );
    let moved = "/v1/persons/p4/move/p%202/encounters/e-1";
    assert_eq!(
        call("POST", moved, nothing.clone()).0,
        404,
        "nobody is made by a move"
    );
    let p4 = "/v1/persons/p4/encounters/e-0";
    assert_eq!(call("POST", p4, encounter(4, 1, &["a"], "x")).0, 200);
    assert_eq!(call("POST", moved, nothing.clone()).0, 204);
    assert_eq!(call("GET", named, nothing.clone()).0, 404);
    assert_eq!(call("POST", "/v1/verify/c/p4", body).1["decision"], true);
    assert_eq!(
        call(
            "POST",
            &format!("/v1/persons/p4/merge/{first}"),
            nothing.clone()
        )
        .0,
        204
    );
    assert_eq!(
        call("GET", "/v1/persons/p4/encounters", nothing.clone())
            .1
            .as_array()
            .unwrap()
            .len(),
        4
    );
    // The end.
    assert_eq!(
        call("DELETE", "/v1/persons/p3/encounters/e-1", nothing.clone()).0,
        204
    );
    assert_eq!(call("DELETE", "/v1/persons/p3", nothing.clone()).0, 404);
    assert_eq!(call("DELETE", "/v1/persons/p4", nothing.clone()).0, 204);
    assert_eq!(identify("/v1/identify/ALL", json!({})).1, json!([]));
    assert_eq!(call("GET", "/v1/tasks/t/status", nothing).0, 404);
    // Bodies that are none.
    for body in [
        json!({}),
        json!({ "status": "ASLEEP", "encounterType": "x", "biometricData": [] }),
        json!({ "status": "ACTIVE", "encounterType": "x", "biometricData": [], "surprise": 1 }),
        json!({ "status": "ACTIVE", "encounterType": "x", "galleries": ["ALL"], "biometricData": [] }),
        json!({ "status": "ACTIVE", "encounterType": "x", "biometricData": [
            { "biometricType": "FINGER", "biometricSubType": "RIGHT_INDEX", "image": "not base 64!" }] }),
        json!({ "status": "ACTIVE", "encounterType": "x", "biometricData": [
            { "biometricType": "FINGER", "biometricSubType": "RIGHT_INDEX", "image": "aW1hZ2U=" }] }),
    ] {
        let (status, fault) = call("POST", "/v1/persons", body.clone());
        assert_eq!(status, 400, "{body}");
        assert_eq!(fault["code"], 400);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_bytes_make_the_door_of_transactions_fail(
        place in 0usize..2000,
        byte: u8,
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        thread_local!(static SITE: Site = Site::new());
        SITE.with(|site| {
            let mut changed = transaction(
                "SRCH",
                "case",
                vec![minutiae_record(&PEOPLE.template(1, 2, 1), 2, 1)],
            );
            let length = changed.len();
            changed[place % length] = byte;
            for request in [changed, bytes.clone()] {
                let (_, answer) = site.doors.nist.answer(&request, TODAY);
                Transaction::read(&answer).unwrap();
            }
        });
    }
}
