//! Doc 9303-12, 4.3, table 7: one test for every field and extension.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{authority, ec, now};
use const_oid::ObjectIdentifier;
use der::Decode;
use rilascio_keys::{Curve, CurveEncoding, HashAlgorithm};
use rilascio_pki::{Certificate, DOCUMENT_TYPE_LIST, DocumentTypeList, Period};
use x509_cert::ext::pkix::crl::CrlDistributionPoints;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, GeneralNames};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, PrivateKeyUsagePeriod};

fn both() -> (Certificate, Certificate) {
    let (csca, signer) = authority(
        ec(Curve::BrainpoolP384r1, HashAlgorithm::Sha384, 1),
        ec(Curve::BrainpoolP256r1, HashAlgorithm::Sha256, 2),
        CurveEncoding::Explicit,
    );
    (csca.certificate().clone(), signer.certificate().clone())
}

fn extension(certificate: &Certificate, oid: &str) -> (bool, Vec<u8>) {
    let oid = ObjectIdentifier::new_unwrap(oid);
    let (critical, bytes) = certificate.extension(oid).expect("the extension is there");
    (critical, bytes.to_vec())
}

/// The decoder of x509-cert, which did not build the certificates.
fn foreign(certificate: &Certificate) -> x509_cert::Certificate {
    x509_cert::Certificate::from_der(certificate.der()).expect("a certificate")
}

#[test]
fn version_is_3_and_serial_is_positive_and_short() {
    for certificate in [both().0, both().1] {
        let foreign = foreign(&certificate);
        assert_eq!(foreign.tbs_certificate().version(), x509_cert::Version::V3);
        let serial = foreign.tbs_certificate().serial_number().as_bytes();
        assert!(serial.len() <= 20 && serial[0] & 0x80 == 0 && serial.iter().any(|b| *b != 0));
    }
}

#[test]
fn country_is_an_upper_case_printable_string_and_equal_in_both_names() {
    let (csca, signer) = both();
    for certificate in [&csca, &signer] {
        let subject = certificate
            .subject()
            .country()
            .expect("PrintableString")
            .expect("there");
        let issuer = certificate
            .issuer()
            .country()
            .expect("PrintableString")
            .expect("there");
        assert_eq!((subject.as_str(), issuer.as_str()), ("SM", "SM"));
        assert!(
            certificate
                .subject()
                .common_name()
                .expect("readable")
                .is_some()
        );
    }
    assert_eq!(signer.issuer(), csca.subject());
}

#[test]
fn validity_covers_documents_and_times_are_utc_until_2049() {
    use x509_cert::time::Time;
    let (csca, signer) = both();
    assert!(csca.validity().1 >= signer.validity().1);
    for certificate in [csca, signer] {
        let foreign = foreign(&certificate);
        let validity = foreign.tbs_certificate().validity();
        assert!(matches!(validity.not_before, Time::UtcTime(_)));
        assert!(matches!(validity.not_after, Time::UtcTime(_)));
    }
}

#[test]
fn keys_carry_explicit_parameters_with_cofactor_and_an_uncompressed_point() {
    let (csca, signer) = both();
    for certificate in [csca, signer] {
        let foreign = foreign(&certificate);
        let spki = foreign.tbs_certificate().subject_public_key_info();
        let parameters = spki.algorithm.parameters.as_ref().expect("there");
        assert!(
            parameters.decode_as::<ObjectIdentifier>().is_err(),
            "not a named curve"
        );
        assert_eq!(
            parameters.value().last(),
            Some(&1),
            "the cofactor ends the parameters"
        );
        assert_eq!(spki.subject_public_key.raw_bytes()[0], 4);
    }
}

#[test]
fn key_identifiers_link_both_certificates() {
    let (csca, signer) = both();
    let id = csca.subject_key_id().expect("readable").expect("there");
    assert_eq!(id.len(), 20);
    assert_eq!(
        signer.authority_key_id().expect("readable"),
        Some(id.clone())
    );
    assert_eq!(csca.authority_key_id().expect("readable"), Some(id));
    assert!(!extension(&csca, "2.5.29.14").0 && !extension(&signer, "2.5.29.35").0);
}

#[test]
fn key_usage_is_critical_and_exact() {
    let (csca, signer) = both();
    let read = |certificate: &Certificate| {
        let (critical, bytes) = extension(certificate, "2.5.29.15");
        assert!(critical);
        KeyUsage::from_der(&bytes).expect("readable")
    };
    let usage = read(&csca);
    assert!(usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());
    let usage = read(&signer);
    assert!(usage.digital_signature() && !usage.key_cert_sign() && !usage.crl_sign());
}

#[test]
fn basic_constraints_are_critical_in_the_csca_and_absent_in_the_signer() {
    let (csca, signer) = both();
    let (critical, bytes) = extension(&csca, "2.5.29.19");
    let constraints = BasicConstraints::from_der(&bytes).expect("readable");
    assert!(critical && constraints.ca && constraints.path_len_constraint == Some(0));
    assert!(
        signer
            .extension(ObjectIdentifier::new_unwrap("2.5.29.19"))
            .is_none()
    );
}

#[test]
fn private_key_usage_period_is_there_with_both_ends() {
    let (csca, signer) = both();
    for (certificate, days) in [(csca, 5 * 365), (signer, 90)] {
        let (critical, bytes) = extension(&certificate, "2.5.29.16");
        let period = PrivateKeyUsagePeriod::from_der(&bytes).expect("readable");
        let (from, to) = (
            period.not_before.expect("there"),
            period.not_after.expect("there"),
        );
        let span = to.to_unix_duration() - from.to_unix_duration();
        assert_eq!((critical, span.as_secs()), (false, days * 86_400));
    }
}

#[test]
fn alternative_names_hold_the_contact_and_the_three_letter_code() {
    let (csca, signer) = both();
    for certificate in [csca, signer] {
        for oid in ["2.5.29.17", "2.5.29.18"] {
            let (critical, bytes) = extension(&certificate, oid);
            let names = GeneralNames::from_der(&bytes).expect("readable");
            assert!(!critical);
            assert!(
                names
                    .iter()
                    .any(|name| matches!(name, GeneralName::Rfc822Name(_)))
            );
            let has_code = |name: &GeneralName| matches!(name, GeneralName::DirectoryName(name) if name.to_string() == "L=SMR");
            assert!(names.iter().any(has_code));
        }
    }
}

#[test]
fn revocation_list_addresses_are_https() {
    let (csca, signer) = both();
    for certificate in [csca, signer] {
        let (critical, bytes) = extension(&certificate, "2.5.29.31");
        let points = CrlDistributionPoints::from_der(&bytes).expect("readable");
        let Some(DistributionPointName::FullName(names)) = &points.0[0].distribution_point else {
            panic!("no full name");
        };
        let uri = matches!(&names[0], GeneralName::UniformResourceIdentifier(uri) if uri.as_str().starts_with("https://"));
        assert!(!critical && uri);
    }
}

#[test]
fn the_signer_lists_its_document_types() {
    let (csca, signer) = both();
    let (critical, bytes) = signer.extension(DOCUMENT_TYPE_LIST).expect("there");
    let list = DocumentTypeList::from_der(bytes).expect("readable");
    let types: Vec<&str> = list.types.iter().map(AsRef::as_ref).collect();
    assert_eq!(
        (critical, list.version, types),
        (false, 0, vec!["AR", "IR"])
    );
    assert!(csca.extension(DOCUMENT_TYPE_LIST).is_none());
}

#[test]
fn the_revocation_list_has_version_2_number_and_issuer_key_and_no_reasons() {
    let (csca, signer) = authority(
        ec(Curve::P384, HashAlgorithm::Sha384, 1),
        ec(Curve::P256, HashAlgorithm::Sha256, 2),
        CurveEncoding::Explicit,
    );
    let revoked = [(signer.certificate().serial().clone(), now())];
    let list = csca
        .issue_revocation_list(7, &revoked, Period::days(now(), 90).unwrap())
        .unwrap();
    assert_eq!(list.number(), Some(7));
    assert!(list.verify_issued_by(csca.certificate()).is_ok());
    assert!(list.check(signer.certificate()).is_err());
    assert!(list.check(csca.certificate()).is_ok());
    let foreign: x509_cert::crl::CertificateList = Decode::from_der(list.der()).expect("a list");
    assert_eq!(foreign.tbs_cert_list.version, x509_cert::Version::V2);
    let oids: Vec<String> = list.extensions().map(|e| e.extn_id.to_string()).collect();
    assert_eq!(oids, ["2.5.29.35", "2.5.29.20"]);
    let entries = foreign.tbs_cert_list.revoked_certificates.expect("one");
    assert!(
        entries[0].crl_entry_extensions.is_none(),
        "no reason codes (Doc 9303-12, 4.5)"
    );
    let empty = csca
        .issue_revocation_list(8, &[], Period::days(now(), 90).unwrap())
        .unwrap();
    let foreign: x509_cert::crl::CertificateList = Decode::from_der(empty.der()).expect("a list");
    assert!(
        foreign.tbs_cert_list.revoked_certificates.is_none(),
        "an empty list is left out"
    );
}
