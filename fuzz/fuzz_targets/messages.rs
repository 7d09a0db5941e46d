//! Any bytes as a sealed message, a message, an acknowledgement and a transaction of an AFIS; the first byte says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use rilascio_biometrics::nist::{Transaction, read_minutiae, read_print_record};
use rilascio_exchange::message::{Acknowledgement, Message};
use rilascio_keys::{Curve, EcPrivateKey, HashAlgorithm, PrivateKey, SignatureAlgorithm};
use rilascio_pki::{Certificate, NodeAuthority, Period, SignedData, enveloped_data};
use std::sync::OnceLock;

fn receiver() -> &'static (Certificate, EcPrivateKey) {
    static RECEIVER: OnceLock<(Certificate, EcPrivateKey)> = OnceLock::new();
    RECEIVER.get_or_init(|| {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let period = Period::days(jiff::Timestamp::UNIX_EPOCH, 9_000).expect("a period");
        let signer = PrivateKey::generate_ec(Curve::P256, &mut rng)
            .into_signer(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256))
            .expect("a signer");
        let authority =
            NodeAuthority::create(signer, "Fuzz", period, &mut rng).expect("an authority");
        let key = EcPrivateKey::generate(Curve::P256, &mut rng);
        let twin = EcPrivateKey::from_bytes(Curve::P256, &key.to_bytes()).expect("a key");
        let public = PrivateKey::Ec(twin).public_key();
        let certificate = authority
            .certify("node", &public, period, &mut rng)
            .expect("a certificate");
        (certificate, key)
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Some((which, bytes)) = bytes.split_first() else {
        return;
    };
    match which % 5 {
        0 => {
            let (certificate, key) = receiver();
            let _ = enveloped_data::open(bytes, certificate, key);
        }
        1 => {
            if let Ok(signed) = SignedData::decode(bytes) {
                let _ = signed.verify();
            }
        }
        2 => {
            if let Ok(message) = serde_json::from_slice::<Message>(bytes) {
                let again = serde_json::to_vec(&message).expect("what was read is written");
                assert_eq!(
                    serde_json::from_slice::<Message>(&again).expect("and read"),
                    message
                );
            }
        }
        3 => {
            let _ = serde_json::from_slice::<Acknowledgement>(bytes);
        }
        _ => {
            if let Ok(read) = Transaction::read(bytes) {
                for record in &read.records {
                    let _ = read_minutiae(record);
                    if let Ok(Some(print)) = read_print_record(record) {
                        let _ = print.image();
                    }
                }
                let again = Transaction::read(&read.write()).expect("what was read is written");
                assert_eq!(again.records.len(), read.records.len());
            }
        }
    }
});
