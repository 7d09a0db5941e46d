//! Requests that OpenSSL made, and the certificates that the operators' authority answers with.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::Timestamp;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_keys::{Curve, EcPrivateKey, HashAlgorithm, PrivateKey, SignatureAlgorithm};
use rilascio_pki::{
    CertificationRequest, Error, NodeAuthority, OperatorAuthority, Period, check_node,
};

/// Made by OpenSSL 3.0: `openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1`, and `rsa:2048`.
const P256: &[u8] = include_bytes!("data/p256.csr");
const RSA: &[u8] = include_bytes!("data/rsa2048.csr");

fn moment() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().unwrap()
}

fn decade() -> Period {
    Period::days(moment(), 3650).unwrap()
}

fn signer(seed: u64) -> impl rilascio_keys::Signer {
    let key = EcPrivateKey::generate(Curve::P256, &mut ChaCha20Rng::seed_from_u64(seed));
    let algorithm = SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256);
    PrivateKey::Ec(key).into_signer(algorithm).unwrap()
}

fn authority() -> OperatorAuthority<impl rilascio_keys::Signer> {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    OperatorAuthority::create(signer(1), "Rilascio", decade(), &mut rng).unwrap()
}

#[test]
fn a_card_has_the_key_of_the_request_and_the_name_of_the_officer() {
    let (authority, mut rng) = (authority(), ChaCha20Rng::seed_from_u64(2));
    let circuit = NodeAuthority::create(signer(7), "Rilascio", decade(), &mut rng).unwrap();
    for der in [P256, RSA] {
        let request = CertificationRequest::decode(der).unwrap();
        let period = Period::days(moment(), 730).unwrap();
        let card = authority
            .certify_card("questura-roma.rossi", &request, period, &mut rng)
            .unwrap();
        card.verify_issued_by(authority.certificate()).unwrap();
        assert_eq!(&card.public_key().unwrap(), request.public_key());
        assert!(card.subject_name().contains("questura-roma.rossi"));
        // What the request says of itself is not in it.
        let text = String::from_utf8_lossy(card.der()).into_owned();
        assert!(!text.contains("whoever") && !text.contains("elsewhere"));
        // A card is no node: it cannot sign messages of the circuit.
        let list = circuit.issue_revocation_list(1, &[], period).unwrap();
        assert!(check_node(&card, circuit.certificate(), &list, moment()).is_err());
    }
}

#[test]
fn a_host_has_its_names_and_addresses() {
    let (authority, mut rng) = (authority(), ChaCha20Rng::seed_from_u64(3));
    let key = PrivateKey::Ec(EcPrivateKey::generate(Curve::P256, &mut rng)).public_key();
    let period = Period::days(moment(), 90).unwrap();
    let hosts = ["portal.example".to_owned(), "127.0.0.1".to_owned()];
    let host = authority
        .certify_host(&hosts, &key, period, &mut rng)
        .unwrap();
    host.verify_issued_by(authority.certificate()).unwrap();
    let name = [&[0x82, 14][..], b"portal.example"].concat();
    let address = [0x87, 4, 127, 0, 0, 1];
    for wanted in [&name[..], &address] {
        assert!(host.der().windows(wanted.len()).any(|part| part == wanted));
    }
    let wrong = ["wörld".to_owned()];
    assert!(
        authority
            .certify_host(&wrong, &key, period, &mut rng)
            .is_err()
    );
}

#[test]
fn a_request_that_somebody_changed_is_refused() {
    let mut changed = P256.to_vec();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    assert!(CertificationRequest::decode(&changed).is_err());
    // Another name under the same signature.
    let place = P256.windows(7).position(|part| part == b"whoever").unwrap();
    let mut renamed = P256.to_vec();
    renamed[place] = b'W';
    assert!(CertificationRequest::decode(&renamed).is_err());
    assert!(matches!(
        CertificationRequest::decode(&vec![0x30; 20_000]),
        Err(Error::Malformed { .. })
    ));
}

proptest! {
    #[test]
    fn any_bytes_are_a_request_or_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = CertificationRequest::decode(&bytes);
    }

    #[test]
    fn a_damaged_request_is_a_fault_or_has_the_same_key(place in 0..1000_usize, bit in 0..8_u8) {
        for der in [P256, RSA] {
            let mut damaged = der.to_vec();
            let place = place % damaged.len();
            damaged[place] ^= 1 << bit;
            // Parameters of an algorithm that has none are not signed: whatever stands there, the key is the same.
            if let Ok(request) = CertificationRequest::decode(&damaged) {
                prop_assert_eq!(request, CertificationRequest::decode(der).unwrap());
            }
        }
    }
}
