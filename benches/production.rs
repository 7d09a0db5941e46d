//! What production and inspection cost: `cargo bench`. Every figure stands beside its limit, measured in the same run.
//!
//! - documents prepared per second without images (data groups, SOD, verification up to the CSCA), beside the bare
//!   signatures and verifications of the same keys that one document needs
//! - a whole `issue` in wall time, with authorities that are there already
//! - commands and bytes of one whole inspection
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{chip_of, data_set, issue, rng};
use jiff::Timestamp;
use rilascio_access::AccessPassword;
use rilascio_inspection::inspect_chip;
use rilascio_keys::{
    Curve, CurveEncoding, HashAlgorithm, PrivateKey, PublicKey, RsaSize, SignatureAlgorithm, Signer,
};
use rilascio_mrtd::lds::{DataGroup, FileId, LdsVersion};
use rilascio_pki::{
    Csca, DocumentSigner, DocumentSignerPlan, LdsSecurityObject, Period, Sod, TrustAnchors,
    check_path,
};
use std::time::{Duration, Instant};

type Key = Box<dyn Signer + Send + Sync>;

/// Runs something for about a second and gives how often it ran in a second.
fn rate(mut work: impl FnMut()) -> f64 {
    work();
    let (start, mut count) = (Instant::now(), 0u32);
    while start.elapsed() < Duration::from_secs(1) {
        work();
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

fn authority(
    csca: Key,
    signer: Key,
    now: Timestamp,
) -> (Csca<Key>, DocumentSigner<Key>, TrustAnchors) {
    let names = common::utopia();
    let validity = Period::days(now, 5_000).unwrap();
    let encoding = CurveEncoding::Explicit;
    let csca = Csca::create(
        csca,
        names,
        "CSCA",
        encoding,
        validity,
        validity,
        &mut rng(1),
    )
    .unwrap();
    let plan = DocumentSignerPlan {
        common_name: "DS",
        key_use: validity,
        validity,
        document_types: &["IR".into()],
    };
    let signer = csca
        .issue_document_signer(signer, &plan, &mut rng(2))
        .unwrap();
    let list = csca.issue_revocation_list(1, &[], validity).unwrap();
    let anchors = TrustAnchors {
        cscas: vec![csca.certificate().clone()],
        lists: vec![list],
    };
    (csca, signer, anchors)
}

fn preparation(name: &str, csca: Key, signer: Key) {
    let now: Timestamp = common::MOMENT.parse().unwrap();
    let groups: Vec<(DataGroup, Vec<u8>)> = data_set(&issue("specimen-utopia/application"))
        .files
        .into_iter()
        .filter_map(|(file, bytes)| match file {
            FileId::Dg(group) => Some((group, bytes)),
            _ => None,
        })
        .collect();
    let csca_key: PublicKey = csca.public_key();
    let csca_algorithm = csca.algorithm();
    let csca_signature = csca.sign(b"record").unwrap();
    let (_csca, signer, anchors) = authority(csca, signer, now);
    let given: Vec<(DataGroup, &[u8])> = groups
        .iter()
        .map(|(group, bytes)| (*group, &bytes[..]))
        .collect();
    let documents = rate(|| {
        let object = LdsSecurityObject::of(HashAlgorithm::Sha256, LdsVersion::V1_8, &given);
        let file = Sod::sign(&object, &signer, now).unwrap();
        let sod = Sod::decode(&file).unwrap();
        sod.signed.verify().unwrap();
        for (group, bytes) in &given {
            sod.object.check(*group, bytes).unwrap();
        }
        check_path(sod.signed.signer_certificate().unwrap(), &anchors, now).unwrap();
    });
    // The limit: one signature and its verification, and that of the certificate, with the same keys.
    let key = signer.certificate().public_key().unwrap();
    let bare = rate(|| {
        let signature = signer.signer().sign(b"record").unwrap();
        key.verify(signer.signer().algorithm(), b"record", &signature)
            .unwrap();
        csca_key
            .verify(csca_algorithm, b"record", &csca_signature)
            .unwrap();
    });
    println!(
        "prepared and verified, {name:<28} {documents:>8.0} /s   bare signatures {bare:>8.0} /s   ratio {:.2}",
        documents / bare
    );
}

fn ec(curve: Curve, hash: HashAlgorithm, seed: u8) -> Key {
    let key = PrivateKey::generate_ec(curve, &mut rng(seed));
    Box::new(key.into_signer(SignatureAlgorithm::Ecdsa(hash)).unwrap())
}

fn rsa(size: RsaSize, hash: HashAlgorithm) -> Key {
    let key = PrivateKey::generate_rsa(size).unwrap();
    Box::new(key.into_signer(SignatureAlgorithm::RsaPss(hash)).unwrap())
}

fn whole_issue(example: &str) {
    const RUNS: usize = 5;
    issue(example);
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            issue(example);
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "issue {example:<40} {:>6.2} s (median of {RUNS}, limit 3 s, ratio {:.2})",
        times[RUNS / 2],
        times[RUNS / 2] / 3.0
    );
}

fn whole_inspection(example: &str) {
    let folder = issue(example);
    let data = data_set(&folder);
    let bytes: usize = data.files.values().map(Vec::len).sum();
    let password = AccessPassword::mrz(&data.secrets.mrz_information);
    let now: Timestamp = common::MOMENT.parse().unwrap();
    let mut chip = chip_of(&data);
    let start = Instant::now();
    let report = inspect_chip(
        &mut chip,
        &password,
        None,
        &TrustAnchors::default(),
        now,
        &mut rng(3),
    );
    let traffic = report.traffic;
    let total = traffic.bytes_sent + traffic.bytes_received;
    println!(
        "inspection {example:<35} {:>4} commands {total:>6} bytes, {bytes} in files (DG3 unread), {:.0} ms of computing",
        traffic.commands,
        start.elapsed().as_secs_f64() * 1e3
    );
}

fn main() {
    preparation(
        "brainpoolP384r1/P256r1",
        ec(Curve::BrainpoolP384r1, HashAlgorithm::Sha384, 1),
        ec(Curve::BrainpoolP256r1, HashAlgorithm::Sha256, 2),
    );
    preparation(
        "P-384/P-256",
        ec(Curve::P384, HashAlgorithm::Sha384, 1),
        ec(Curve::P256, HashAlgorithm::Sha256, 2),
    );
    preparation(
        "RSA-4096/3072 PSS",
        rsa(RsaSize::Bits4096, HashAlgorithm::Sha512),
        rsa(RsaSize::Bits3072, HashAlgorithm::Sha256),
    );
    for example in [
        "it-pse/application",
        "sm-permit/application",
        "it-passport/application",
    ] {
        whole_issue(example);
    }
    for example in ["it-pse/application", "sm-residence-card/application"] {
        whole_inspection(example);
    }
}
