//! Messages between nodes: who may read them, who may write them, and what programs we did not write make of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_circuit::process::{DossierId, NodeId, Phase};
use rilascio_exchange::Error;
use rilascio_exchange::connection::{Circles, TlsTransport, listen};
use rilascio_exchange::envelope::{self, Circle, Identity};
use rilascio_exchange::message::{
    Acknowledgement, Body, Header, Message, MessageId, Outcome, SCHEMA,
};
use rilascio_keys::{Curve, EcPrivateKey, HashAlgorithm, PrivateKey, SignatureAlgorithm, Signer};
use rilascio_pki::{Certificate, NodeAuthority, Period, RevocationList};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

fn now() -> Timestamp {
    // Connections compare with the clock of the system.
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

struct Circuit {
    authority: NodeAuthority<Box<dyn Signer + Send + Sync>>,
    keys: BTreeMap<String, (Vec<u8>, Certificate)>,
}

impl Circuit {
    fn new(seed: u8, nodes: &[&str]) -> Self {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let period = Period::days(now() - SignedDuration::from_hours(24), 400).unwrap();
        let key = PrivateKey::generate_ec(Curve::P256, &mut rng);
        let signer = key
            .into_signer(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256))
            .unwrap();
        let signer: Box<dyn Signer + Send + Sync> = Box::new(signer);
        let authority = NodeAuthority::create(signer, "Test circuit", period, &mut rng).unwrap();
        let mut keys = BTreeMap::new();
        for node in nodes {
            let key = EcPrivateKey::generate(Curve::P256, &mut rng);
            let scalar = key.to_bytes().to_vec();
            let public = PrivateKey::Ec(key).public_key();
            let certificate = authority.certify(node, &public, period, &mut rng).unwrap();
            keys.insert((*node).to_owned(), (scalar, certificate));
        }
        Self { authority, keys }
    }

    fn identity(&self, node: &str) -> Identity {
        let (scalar, certificate) = &self.keys[node];
        Identity::new(certificate.clone(), scalar).unwrap()
    }

    fn list(&self, struck: &[&str]) -> RevocationList {
        let since = now() - SignedDuration::from_hours(1);
        let entries: Vec<_> = struck
            .iter()
            .map(|node| (self.keys[*node].1.serial().clone(), since))
            .collect();
        let period = Period::days(since, 30).unwrap();
        self.authority
            .issue_revocation_list(1, &entries, period)
            .unwrap()
    }

    fn circle(&self, struck: &[&str]) -> Circle {
        let members = self
            .keys
            .values()
            .map(|(_, certificate)| certificate.clone())
            .collect();
        Circle::new(
            self.authority.certificate().clone(),
            self.list(struck),
            members,
        )
        .unwrap()
    }
}

fn node(name: &str) -> NodeId {
    NodeId::parse(name).unwrap()
}

fn message(sender: &str, receiver: &str, created: Timestamp) -> Message {
    Message {
        header: Header {
            schema: SCHEMA.to_owned(),
            id: MessageId::parse("centre-1-abcd").unwrap(),
            sender: node(sender),
            receiver: node(receiver),
            created,
            answers: None,
            answer_by: None,
            test: true,
        },
        body: Body::DossierProgress {
            dossier: DossierId::parse("office-000001").unwrap(),
            phase: Phase::Ordered,
            document: None,
            order: None,
            word: 7,
            terms: Box::default(),
        },
    }
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([9; 32])
}

#[test]
fn only_the_receiver_opens_what_a_node_of_the_circuit_sent_now() {
    let circuit = Circuit::new(1, &["centre", "office", "works"]);
    let circle = circuit.circle(&[]);
    let (centre, office, works) = (
        circuit.identity("centre"),
        circuit.identity("office"),
        circuit.identity("works"),
    );
    let sent = message("centre", "office", now());
    let sealed = envelope::seal(&sent, &centre, &circle, &mut rng()).unwrap();
    let opened = envelope::open(&sealed, &office, &circle, now()).unwrap();
    assert_eq!(opened.message, sent);
    // Somebody else cannot even read it.
    assert!(matches!(
        envelope::open(&sealed, &works, &circle, now()),
        Err(Error::Pki(_))
    ));
    // One who signs in another's name is found out.
    let forged = envelope::seal(&sent, &works, &circle, &mut rng()).unwrap();
    assert!(matches!(
        envelope::open(&forged, &office, &circle, now()),
        Err(Error::Sender { .. })
    ));
    // What is addressed to another is not taken, though it is sealed to us.
    let mut astray = message("centre", "office", now());
    astray.header.receiver = node("works");
    let json = serde_json::to_vec(&astray).unwrap();
    let signed = centre.sign(&json, now()).unwrap();
    let resealed =
        rilascio_pki::enveloped_data::seal(&signed, office.certificate(), &mut rng()).unwrap();
    assert!(matches!(
        envelope::open(&resealed, &office, &circle, now()),
        Err(Error::Receiver { .. })
    ));
    // Neither what is too old, nor what is from a time that has not come.
    for (created, late) in [
        (now() - SignedDuration::from_hours(31 * 24), true),
        (now() + SignedDuration::from_mins(11), false),
    ] {
        let sealed = envelope::seal(
            &message("centre", "office", created),
            &centre,
            &circle,
            &mut rng(),
        )
        .unwrap();
        assert!(
            matches!(
                envelope::open(&sealed, &office, &circle, now()),
                Err(Error::Time { .. })
            ),
            "{late}"
        );
    }
    // A sender that was struck off is not heard, nor one of another circuit.
    let struck = circuit.circle(&["centre"]);
    assert!(matches!(
        envelope::open(&sealed, &office, &struck, now()),
        Err(Error::Pki(_))
    ));
    let other = Circuit::new(2, &["centre"]);
    let foreign = envelope::seal(&sent, &other.identity("centre"), &circle, &mut rng()).unwrap();
    assert!(matches!(
        envelope::open(&foreign, &office, &circle, now()),
        Err(Error::Pki(_))
    ));
    // A list that ended says nothing about anybody.
    let later = now() + SignedDuration::from_hours(40 * 24);
    let late = envelope::seal(
        &message("centre", "office", later),
        &centre,
        &circle,
        &mut rng(),
    )
    .unwrap();
    assert!(matches!(
        envelope::open(&late, &office, &circle, later),
        Err(Error::Pki(_))
    ));
}

#[test]
fn no_changed_byte_changes_what_was_said_and_none_panics() {
    let circuit = Circuit::new(3, &["centre", "office"]);
    let circle = circuit.circle(&[]);
    let (centre, office) = (circuit.identity("centre"), circuit.identity("office"));
    let sent = message("centre", "office", now());
    let sealed = envelope::seal(&sent, &centre, &circle, &mut rng()).unwrap();
    for place in (0..sealed.len()).step_by(7) {
        let mut changed = sealed.clone();
        changed[place] ^= 0x41;
        let outcome = envelope::open(&changed, &office, &circle, now());
        // A name in the outer envelope that nobody relies on may change; what was said may not.
        assert!(
            outcome.is_err() || outcome.is_ok_and(|opened| opened.message == sent),
            "byte {place}"
        );
        let _ = envelope::open(&sealed[..place], &office, &circle, now()).unwrap_err();
    }
}

#[test]
fn acknowledgements_are_the_receivers_own_word() {
    let circuit = Circuit::new(4, &["centre", "office"]);
    let circle = circuit.circle(&[]);
    let word = Acknowledgement {
        schema: SCHEMA.to_owned(),
        message: MessageId::parse("m1").unwrap(),
        digest: rilascio_circuit::process::Digest::of(b"x"),
        receiver: node("office"),
        received: now(),
        outcome: Outcome::Refused {
            code: "circuit.state".into(),
            text: "no".into(),
        },
    };
    let signed = envelope::acknowledge(&word, &circuit.identity("office"), now()).unwrap();
    let read = envelope::read_acknowledgement(&signed, &node("office"), &circle, now()).unwrap();
    assert_eq!(read, word);
    let by_other = envelope::acknowledge(&word, &circuit.identity("centre"), now()).unwrap();
    assert!(envelope::read_acknowledgement(&by_other, &node("office"), &circle, now()).is_err());
}

#[test]
fn openssl_opens_and_verifies_a_message() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: no openssl here (Debian: apt install openssl)");
        return;
    }
    let circuit = Circuit::new(5, &["centre", "office"]);
    let circle = circuit.circle(&[]);
    let sent = message("centre", "office", now());
    let sealed = envelope::seal(&sent, &circuit.identity("centre"), &circle, &mut rng()).unwrap();
    let folder: PathBuf =
        std::env::temp_dir().join(format!("rilascio-openssl-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (scalar, certificate) = &circuit.keys["office"];
    let key = EcPrivateKey::from_bytes(Curve::P256, scalar)
        .unwrap()
        .to_sec1_der()
        .unwrap();
    let (sealed, key) = (file("message.der", &sealed), file("office.key", &key));
    let certificate = file("office.cer", certificate.der());
    let authority = file("authority.cer", circuit.authority.certificate().der());
    let pem = |from: &str, kind: &str| {
        let to = format!("{from}.pem");
        let status = Command::new("openssl")
            .args([kind, "-inform", "DER", "-in", from, "-out", &to])
            .output()
            .unwrap();
        assert!(
            status.status.success(),
            "{}",
            String::from_utf8_lossy(&status.stderr)
        );
        to
    };
    let (key, certificate, authority) = (
        pem(&key, "ec"),
        pem(&certificate, "x509"),
        pem(&authority, "x509"),
    );
    let signed = folder.join("signed.der").to_str().unwrap().to_owned();
    let opened = Command::new("openssl")
        .args([
            "cms",
            "-decrypt",
            "-inform",
            "DER",
            "-in",
            &sealed,
            "-recip",
            &certificate,
            "-inkey",
            &key,
            "-binary",
        ])
        .args(["-out", &signed])
        .output()
        .unwrap();
    assert!(
        opened.status.success(),
        "{}",
        String::from_utf8_lossy(&opened.stderr)
    );
    let verified = Command::new("openssl")
        .args([
            "cms", "-verify", "-inform", "DER", "-in", &signed, "-CAfile", &authority, "-purpose",
            "any", "-binary",
        ])
        .output()
        .unwrap();
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stderr)
    );
    let read: Message = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(read, sent);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn nodes_meet_over_mutual_tls_and_strangers_do_not() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let circuit = Circuit::new(6, &["centre", "office", "struck"]);
    let stranger = Circuit::new(7, &["office"]);
    let (socket, address) = runtime.block_on(async {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        (socket, address)
    });
    let own = circuit.identity("centre");
    let known = Arc::new(Mutex::new(Arc::new(circuit.circle(&["struck"]))));
    let circles: Circles = {
        let known = Arc::clone(&known);
        Arc::new(move || Arc::clone(&known.lock().unwrap()))
    };
    runtime.spawn(async move {
        let echo = Arc::new(|sealed: Vec<u8>| {
            (sealed != b"bad").then(|| [b"seen ", &sealed[..]].concat())
        });
        listen(socket, &own, circles, echo).await.unwrap();
    });
    let transport = |circuit: &Circuit, name: &str, circle: Circle| {
        let addresses = BTreeMap::from([
            (node("centre"), address.clone()),
            (node("office"), address.clone()),
        ]);
        let circle = Arc::new(circle);
        let circles = Arc::new(move || Arc::clone(&circle));
        TlsTransport::new(&circuit.identity(name), circles, addresses).unwrap()
    };
    let office = transport(&circuit, "office", circuit.circle(&["struck"]));
    assert_eq!(
        office.send(&node("centre"), b"hello").unwrap(),
        b"seen hello"
    );
    let large = vec![7; 900_000];
    assert_eq!(
        office.send(&node("centre"), &large).unwrap().len(),
        large.len() + 5
    );
    assert!(
        office.send(&node("centre"), b"bad").is_err(),
        "what was not opened is not acknowledged"
    );
    // The node at that address is not the office, whatever the directory says.
    assert!(office.send(&node("office"), b"hello").is_err());
    let struck = transport(&circuit, "struck", circuit.circle(&[]));
    assert!(struck.send(&node("centre"), b"hello").is_err());
    let foreign = transport(&stranger, "office", stranger.circle(&[]));
    assert!(foreign.send(&node("centre"), b"hello").is_err());
    // Whoever is struck off while the program runs stays outside from then on.
    *known.lock().unwrap() = Arc::new(circuit.circle(&["struck", "office"]));
    assert!(office.send(&node("centre"), b"hello").is_err());
}
