//! An authority to test with.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test uses its own part")]

use jiff::Timestamp;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rilascio_keys::{
    Curve, CurveEncoding, HashAlgorithm, PrivateKey, RsaSize, SignatureAlgorithm, Signer,
};
use rilascio_pki::{AuthorityNames, Csca, DocumentSigner, DocumentSignerPlan, Period};

type Key = Box<dyn Signer>;

/// The moment of every test.
pub fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

pub fn ec(curve: Curve, hash: HashAlgorithm, seed: u8) -> Box<dyn Signer> {
    let mut rng = ChaCha20Rng::from_seed([seed; 32]);
    let key = PrivateKey::generate_ec(curve, &mut rng);
    Box::new(key.into_signer(SignatureAlgorithm::Ecdsa(hash)).unwrap())
}

pub fn rsa(size: RsaSize, algorithm: SignatureAlgorithm) -> Box<dyn Signer> {
    Box::new(
        PrivateKey::generate_rsa(size)
            .unwrap()
            .into_signer(algorithm)
            .unwrap(),
    )
}

/// A CSCA of San Marino's shape and one of its document signers.
pub fn authority(
    csca: Box<dyn Signer>,
    signer: Box<dyn Signer>,
    encoding: CurveEncoding,
) -> (Csca<Key>, DocumentSigner<Key>) {
    let mut rng = ChaCha20Rng::from_seed([42; 32]);
    let names = AuthorityNames {
        country: "SM".into(),
        state: "SMR".into(),
        organisation: "SMR".into(),
        unit: Some("COUNTRY SIGNER CA".into()),
        mail: Some("csca@specimen.example".into()),
        uri: None,
        crl_uris: vec!["https://pkddownload1.icao.int/CRLs/SMR.crl".into()],
    };
    let key_use = Period::days(now(), 5 * 365).unwrap();
    let validity = Period::days(now(), 15 * 365 + 90).unwrap();
    let csca = Csca::create(
        csca,
        names,
        "SMR CSCA SPECIMEN",
        encoding,
        key_use,
        validity,
        &mut rng,
    )
    .unwrap();
    let plan = DocumentSignerPlan {
        common_name: "SMR DS SPECIMEN 1",
        key_use: Period::days(now(), 90).unwrap(),
        validity: Period::days(now(), 10 * 365 + 90).unwrap(),
        document_types: &["IR".into(), "AR".into()],
    };
    let signer = csca.issue_document_signer(signer, &plan, &mut rng).unwrap();
    (csca, signer)
}
