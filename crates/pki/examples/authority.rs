//! Makes a CSCA, a document signer and a signed document, and verifies it.
#![allow(clippy::print_stdout)]

use jiff::Timestamp;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rilascio_keys::{Curve, CurveEncoding, HashAlgorithm, PrivateKey, SignatureAlgorithm};
use rilascio_mrtd::lds::{DataGroup, LdsVersion};
use rilascio_pki::{AuthorityNames, Csca, DocumentSignerPlan, LdsSecurityObject, Period, Sod};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let now: Timestamp = "2026-11-22T10:00:00Z".parse()?;
    let algorithm = SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256);
    let mut key = || PrivateKey::generate_ec(Curve::P256, &mut rng).into_signer(algorithm);
    let (csca_key, signer_key) = (key()?, key()?);
    let names = AuthorityNames {
        country: "UT".into(),
        state: "UTO".into(),
        organisation: "Utopia".into(),
        unit: None,
        mail: None,
        uri: None,
        crl_uris: vec!["https://utopia.example/uto.crl".into()],
    };
    let encoding = CurveEncoding::Named;
    let (key_use, validity) = (Period::days(now, 3 * 365)?, Period::days(now, 13 * 365)?);
    let csca = Csca::create(
        csca_key, names, "CSCA", encoding, key_use, validity, &mut rng,
    )?;
    let plan = DocumentSignerPlan {
        common_name: "DS 1",
        key_use: Period::days(now, 90)?,
        validity: Period::days(now, 10 * 365)?,
        document_types: &["P".into()],
    };
    let signer = csca.issue_document_signer(signer_key, &plan, &mut rng)?;
    let groups: [(DataGroup, &[u8]); 2] = [(DataGroup::DG1, b"one"), (DataGroup::DG2, b"two")];
    let object = LdsSecurityObject::of(HashAlgorithm::Sha256, LdsVersion::V1_8, &groups);
    let file = Sod::sign(&object, &signer, now)?;
    Sod::decode(&file)?.signed.verify()?;
    println!(
        "EF.SOD of {} bytes, signed by {}",
        file.len(),
        signer.certificate().subject()
    );
    Ok(())
}
