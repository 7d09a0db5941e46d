//! SOD and EF.CardSecurity: signed, read, verified to the anchor, and refused when anything was altered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{authority, ec, now, rsa};
use jiff::ToSpan;
use proptest::prelude::*;
use rilascio_keys::{Curve, CurveEncoding, HashAlgorithm, RsaSize, SignatureAlgorithm};
use rilascio_mrtd::lds::{DataGroup, LdsVersion};
use rilascio_pki::{
    CARD_SECURITY, Certificate, Error, LdsSecurityObject, Period, RevocationList, SignedData, Sod,
    TrustAnchors, card_security, check_path,
};

const DG1: &[u8] = b"a first group";
const DG2: &[u8] = b"a second group";

#[test]
fn every_family_of_keys_signs_a_document_that_verifies() {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    let pss = SignatureAlgorithm::RsaPss;
    let families = [
        (
            ec(Curve::P384, Sha384, 1),
            ec(Curve::P256, Sha256, 2),
            CurveEncoding::Named,
        ),
        (
            ec(Curve::P521, Sha512, 1),
            ec(Curve::P384, Sha384, 2),
            CurveEncoding::Explicit,
        ),
        (
            ec(Curve::BrainpoolP512r1, Sha512, 1),
            ec(Curve::BrainpoolP384r1, Sha384, 2),
            CurveEncoding::Explicit,
        ),
        (
            rsa(RsaSize::Bits3072, pss(Sha512)),
            rsa(RsaSize::Bits2048, pss(Sha256)),
            CurveEncoding::Named,
        ),
    ];
    for (csca, signer, encoding) in families {
        let (csca, signer) = authority(csca, signer, encoding);
        for version in [LdsVersion::V1_7, LdsVersion::V1_8] {
            let groups = [(DataGroup::DG2, DG2), (DataGroup::DG1, DG1)];
            let object = LdsSecurityObject::of(Sha256, version, &groups);
            let sod = Sod::decode(&Sod::sign(&object, &signer, now()).unwrap()).unwrap();
            assert_eq!(sod.object, object);
            assert_eq!(
                sod.object.hashes[0].0,
                DataGroup::DG1,
                "in the order of the numbers"
            );
            sod.signed.verify().unwrap();
            assert!(sod.object.check(DataGroup::DG1, DG1).is_ok());
            assert!(sod.object.check(DataGroup::DG1, DG2).is_err());
            assert!(sod.object.check(DataGroup::DG3, DG1).is_err());
            let anchors = TrustAnchors {
                cscas: vec![csca.certificate().clone()],
                lists: vec![],
            };
            check_path(sod.signed.signer_certificate().unwrap(), &anchors, now()).unwrap();
        }
        let file = card_security(b"\x31\x00", &signer, now()).unwrap();
        let read = SignedData::decode(&file).unwrap();
        assert_eq!(
            (read.content_type, &read.content[..]),
            (CARD_SECURITY, &b"\x31\x00"[..])
        );
        read.verify().unwrap();
    }
}

#[test]
fn the_path_is_refused_for_the_right_reason() {
    let keys = || {
        (
            ec(Curve::P384, HashAlgorithm::Sha384, 1),
            ec(Curve::P256, HashAlgorithm::Sha256, 2),
        )
    };
    let (csca, signer) = authority(keys().0, keys().1, CurveEncoding::Named);
    let certificate = signer.certificate();
    let trust = |cscas: Vec<Certificate>| TrustAnchors {
        cscas,
        lists: vec![],
    };
    let good = trust(vec![csca.certificate().clone()]);
    assert!(matches!(
        check_path(certificate, &trust(vec![]), now()),
        Err(Error::NoAnchor { .. })
    ));
    let early = now() - 48.hours();
    assert!(matches!(
        check_path(certificate, &good, early),
        Err(Error::NotValid { .. })
    ));
    let (stranger, _) = authority(
        ec(Curve::P384, HashAlgorithm::Sha384, 9),
        keys().1,
        CurveEncoding::Named,
    );
    let wrong = trust(vec![stranger.certificate().clone()]);
    assert!(matches!(
        check_path(certificate, &wrong, now()),
        Err(Error::Signature { .. })
    ));
    let swapped = trust(vec![certificate.clone()]);
    assert!(check_path(csca.certificate(), &swapped, now()).is_err());
}

#[test]
fn revocation_counts_only_when_the_list_is_genuine_and_fresh() {
    let (csca, signer) = authority(
        ec(Curve::P384, HashAlgorithm::Sha384, 1),
        ec(Curve::P256, HashAlgorithm::Sha256, 2),
        CurveEncoding::Named,
    );
    let certificate = signer.certificate();
    let list = |revoked: &[_]| {
        csca.issue_revocation_list(1, revoked, Period::days(now(), 90).unwrap())
            .unwrap()
    };
    let check = |lists: Vec<RevocationList>, at| {
        let anchors = TrustAnchors {
            cscas: vec![csca.certificate().clone()],
            lists,
        };
        anchors.check_revocation(certificate, csca.certificate(), at)
    };
    assert_eq!(check(vec![], now()), Ok(false));
    assert_eq!(check(vec![list(&[])], now()), Ok(true));
    let revoked = list(&[(certificate.serial().clone(), now())]);
    assert!(matches!(
        check(vec![revoked.clone()], now()),
        Err(Error::Revoked { .. })
    ));
    let late = now() + (91 * 24).hours();
    assert!(matches!(
        check(vec![list(&[])], late),
        Err(Error::NotValid { .. })
    ));
    let mut forged = list(&[]).der().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    if let Ok(forged) = RevocationList::decode(&forged) {
        assert!(check(vec![forged], now()).is_err());
    }
}

fn sample() -> Vec<u8> {
    let (_, signer) = authority(
        ec(Curve::P384, HashAlgorithm::Sha384, 1),
        ec(Curve::P256, HashAlgorithm::Sha256, 2),
        CurveEncoding::Explicit,
    );
    let groups = [(DataGroup::DG1, DG1), (DataGroup::DG2, DG2)];
    let object = LdsSecurityObject::of(HashAlgorithm::Sha256, LdsVersion::V1_8, &groups);
    Sod::sign(&object, &signer, now()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_altered_sod_never_verifies_as_another(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let good = sample();
        let mut altered = good.clone();
        altered[at.index(good.len())] ^= 1 << bit;
        // What verifies still says the same: only bytes outside signature and content may differ.
        if let Some(sod) = Sod::decode(&altered).ok().filter(|sod| sod.signed.verify().is_ok()) {
            prop_assert_eq!(sod.object, Sod::decode(&good).unwrap().object);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Sod::decode(&bytes);
        let _ = Certificate::decode(&bytes);
        let _ = RevocationList::decode(&bytes);
        let _ = SignedData::decode(&bytes);
    }
}
