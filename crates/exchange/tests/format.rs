//! The published format: the schema of `docs/exchange`, its examples, and readers that take nothing else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use rilascio_biometrics::nist::{
    Compression, Envelope, PrintImage, Record, Transaction, read_print_record,
};
use rilascio_exchange::adapter::afis::{Afis, SimulatedAfis};
use rilascio_exchange::adapter::mail::{Mail, SimulatedMail};
use rilascio_exchange::adapter::residents::{
    Inquiry, Question, Resident, Residents, SimulatedResidents,
};
use rilascio_exchange::message::{Acknowledgement, Message};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/exchange")
}

/// Compares with the published file; writes it anew when `UPDATE_SCHEMAS` is set.
fn check_published(name: &str, value: &serde_json::Value) {
    let path = docs().join(name);
    let text = serde_json::to_string_pretty(value).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == text,
        "{name} is not what the program speaks: run UPDATE_SCHEMAS=1 cargo test -p rilascio-exchange"
    );
}

#[test]
fn the_published_schemas_are_those_that_the_program_speaks() {
    check_published(
        "message.schema.json",
        &schemars::schema_for!(Message).to_value(),
    );
    check_published(
        "acknowledgement.schema.json",
        &schemars::schema_for!(Acknowledgement).to_value(),
    );
}

#[test]
fn every_kind_has_an_example_that_schema_and_program_accept() {
    let schema = schemars::schema_for!(Message).to_value();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut kinds = BTreeSet::new();
    for entry in std::fs::read_dir(docs().join("examples"))
        .unwrap()
        .flatten()
    {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&value)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{}: {faults:?}", entry.path().display());
        let message: Message = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(
            serde_json::to_value(&message).unwrap(),
            value,
            "{}",
            entry.path().display()
        );
        assert_eq!(
            entry.file_name().to_str().unwrap(),
            format!("{}.json", message.body.kind())
        );
        kinds.insert(message.body.kind());
        // Another field is refused, not overlooked.
        let mut more = value;
        more["body"]["surprise"] = serde_json::json!(1);
        assert!(serde_json::from_value::<Message>(more.clone()).is_err());
        assert!(!validator.is_valid(&more));
    }
    let known = schema["$defs"]["Body"]["oneOf"].as_array().unwrap().len();
    assert_eq!(kinds.len(), known, "{kinds:?}");
}

fn transaction() -> Transaction {
    let envelope = Envelope {
        kind: "CPNU",
        day: "20261122",
        to: "AFIS",
        from: "CENTRE",
        control: "case-1",
        answers: None,
    };
    let print = PrintImage {
        finger: 2,
        size: (320, 480),
        compression: Compression::Png,
        quality: Some(64),
        bytes: &[0x1C, 0x1D, 0x1E, 0x1F, 0, 255],
    };
    Transaction::new(
        &envelope,
        vec![
            Record::new(2, &[(2, "00"), (3, "case-1")]),
            print.record(1, "CENTRE", "20261122"),
        ],
    )
}

#[test]
fn transactions_of_ansi_nist_read_as_they_were_written() {
    let written = transaction();
    let bytes = written.write();
    assert!(bytes.starts_with(b"1.001:"));
    let read = Transaction::read(&bytes).unwrap();
    assert_eq!(read.head(4), Some("CPNU"));
    assert_eq!(read.head(9), Some("case-1"));
    assert_eq!(
        read_print_record(&read.records[2])
            .unwrap()
            .map(|print| (print.finger, print.bytes)),
        Some((2, &[0x1C, 0x1D, 0x1E, 0x1F, 0, 255][..]))
    );
    for cut in 0..bytes.len() {
        assert!(Transaction::read(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_of_transactions_fail_otherwise(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Transaction::read(&bytes);
    }

    #[test]
    fn changed_transactions_are_read_or_refused(place in 0usize..300, byte: u8) {
        let mut bytes = transaction().write();
        let length = bytes.len();
        bytes[place % length] = byte;
        let _ = Transaction::read(&bytes);
    }
}

#[test]
fn the_afis_answers_over_its_socket() {
    let address = SimulatedAfis::default().listen().unwrap().to_string();
    let afis = Afis {
        address,
        agency: "AFIS".into(),
        own: "CENTRE".into(),
    };
    let print = |bytes: &'static [u8]| PrintImage {
        finger: 2,
        size: (1, 1),
        compression: Compression::Png,
        quality: None,
        bytes,
    };
    assert!(
        afis.search("case-1", "20261122", &[print(b"loop"), print(b"whorl")])
            .unwrap()
            .is_empty()
    );
    assert!(
        afis.search("case-1", "20261122", &[print(b"loop")])
            .unwrap()
            .is_empty(),
        "oneself is no hit"
    );
    assert_eq!(
        afis.search("case-2", "20261122", &[print(b"whorl")])
            .unwrap(),
        ["case-1"]
    );
    let nobody = Afis {
        address: "127.0.0.1:1".into(),
        ..afis
    };
    assert!(
        nobody
            .search("case-3", "20261122", &[print(b"arch")])
            .is_err()
    );
}

fn anna() -> Resident {
    Resident {
        surname: "Rossi".into(),
        given_names: "Anna".into(),
        sex: "F".into(),
        birth_date: "1984-08-12".into(),
        birth_place: Some("Roma (RM)".into()),
        birth_country: None,
        nationality: "ITA".into(),
        street: Some("Via Appia 1".into()),
        place: Some("00184 Roma RM".into()),
        country: None,
    }
}

#[test]
fn residents_are_confirmed_by_the_registry_or_the_older_index() {
    let registry = SimulatedResidents {
        unknown: BTreeSet::from(["Nessuno".to_owned()]),
        not_joined: BTreeSet::from(["Antico".to_owned()]),
        people: BTreeMap::from([("RSSNNA84M52H501X".to_owned(), anna())]),
    };
    let registry = registry.listen().unwrap().to_string();
    let index = SimulatedResidents::default().listen().unwrap().to_string();
    let question = |surname: &str, municipality: &str| Question {
        case: "case-1".into(),
        code: None,
        surname: surname.into(),
        given_names: "Anna".into(),
        birth_date: "1984-08-12".into(),
        municipality: municipality.into(),
    };
    let both = Residents {
        registry: registry.clone(),
        index: Some(index),
    };
    assert!(both.confirm(&question("Rossi", "Roma")).unwrap());
    assert!(!both.confirm(&question("Nessuno", "Roma")).unwrap());
    assert!(both.confirm(&question("Rossi", "Antico")).unwrap());
    // The national registry gives what it has of a number.
    let find = |code: &str| {
        both.find(&Inquiry {
            case: "case-1".into(),
            code: code.into(),
        })
    };
    assert_eq!(find("RSSNNA84M52H501X").unwrap(), Some(anna()));
    assert_eq!(find("RSSNNA84M52H501Y").unwrap(), None);
    let alone = Residents {
        registry,
        index: None,
    };
    assert!(alone.confirm(&question("Rossi", "Antico")).is_err());
}

#[test]
fn notices_reach_the_mail_server() {
    let (address, mails) = SimulatedMail::listen().unwrap();
    let mail = Mail {
        host: address.ip().to_string(),
        port: address.port(),
        from: "permessi@example.org".into(),
    };
    mail.send(
        "pratica-1.activated",
        "titolare@example.org",
        "Documento pronto",
        "Il documento è pronto.",
    )
    .unwrap();
    let text = mails
        .recv_timeout(std::time::Duration::from_secs(10))
        .unwrap();
    assert!(
        text.contains("Message-ID: <pratica-1.activated@")
            && text.contains("To: titolare@example.org")
            && text.contains("Subject: Documento pronto"),
        "{text}"
    );
    assert!(mail.send("x", "no address", "x", "y").is_err());
}
