//! Every fault of a document gives the right failed check, and no other.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{chip_of, rng, root};
use jiff::Timestamp;
use rilascio_access::AccessPassword;
use rilascio_access::channel::{CardChannel, ChannelError};
use rilascio_access::security_info::{PaceInfo, SecurityInfo, encode_set};
use rilascio_circuit::{Application, Profile, decide};
use rilascio_inspection::{CheckKind, Outcome, Report, Verdict, inspect_chip};
use rilascio_keys::{
    CipherSuite, Curve, CurveEncoding, HashAlgorithm, PrivateKey, SignatureAlgorithm, Signer,
};
use rilascio_mrtd::code::DocumentNumber;
use rilascio_mrtd::lds::{DataGroup, EfCom, FileId, LdsVersion};
use rilascio_mrtd::tlv;
use rilascio_pki::{
    Csca, DocumentSigner, DocumentSignerPlan, LdsSecurityObject, Period, Sod, TrustAnchors,
};
use rilascio_works::{DataSet, Images, prepare};

type Key = Box<dyn Signer + Send + Sync>;

struct Scene {
    csca: Csca<Key>,
    signer: DocumentSigner<Key>,
    anchors: TrustAnchors,
    data: DataSet,
    mrz: String,
}

fn now() -> Timestamp {
    common::MOMENT.parse().unwrap()
}

fn key(seed: u8) -> Key {
    let key = PrivateKey::generate_ec(Curve::BrainpoolP256r1, &mut rng(seed));
    Box::new(
        key.into_signer(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256))
            .unwrap(),
    )
}

fn authority(seed: u8, types: &[String]) -> (Csca<Key>, DocumentSigner<Key>) {
    let names = common::utopia();
    let validity = Period::days(now(), 5_000).unwrap();
    let mut rng = rng(seed);
    let csca = Csca::create(
        key(seed),
        names,
        "CSCA",
        CurveEncoding::Explicit,
        validity,
        validity,
        &mut rng,
    )
    .unwrap();
    let plan = DocumentSignerPlan {
        common_name: "DS 1",
        key_use: Period::days(now(), 90).unwrap(),
        validity: Period::days(now(), 4_000).unwrap(),
        document_types: types,
    };
    let signer = csca
        .issue_document_signer(key(seed + 1), &plan, &mut rng)
        .unwrap();
    (csca, signer)
}

fn scene_with(types: &[String]) -> Scene {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let profile = Profile::parse("p", &read("profiles/specimen-utopia.toml")).unwrap();
    let application =
        Application::parse("a", &read("examples/specimen-utopia/application.toml")).unwrap();
    let number = DocumentNumber::parse("D00000001").unwrap();
    let day = common::DAY.parse().unwrap();
    let record = decide(&profile, &application, day, &number, "UTO0000001").unwrap();
    let image =
        |path: &str| std::fs::read(root().join("examples/specimen-utopia").join(path)).unwrap();
    let images = Images {
        portrait: image(&application.images.portrait),
        signature: application.images.signature.as_deref().map(image),
        prints: vec![],
    };
    let (csca, signer) = authority(10, types);
    let list = csca
        .issue_revocation_list(1, &[], Period::days(now(), 90).unwrap())
        .unwrap();
    let anchors = TrustAnchors {
        cscas: vec![csca.certificate().clone()],
        lists: vec![list],
    };
    let mut record = record;
    record.prints.prints.clear();
    let data = prepare(
        &profile,
        &record,
        &images,
        &signer,
        &anchors,
        now(),
        &mut rng(3),
    )
    .unwrap();
    Scene {
        csca,
        signer,
        anchors,
        data,
        mrz: record.mrz.as_str().to_owned(),
    }
}

fn scene() -> Scene {
    scene_with(&["IR".into()])
}

impl Scene {
    fn inspect_at(&self, at: Timestamp) -> Report {
        let password = AccessPassword::mrz(&self.data.secrets.mrz_information);
        let mut chip = chip_of(&self.data);
        inspect_chip(
            &mut chip,
            &password,
            Some(&self.mrz),
            &self.anchors,
            at,
            &mut rng(4),
        )
    }

    fn inspect(&self) -> Report {
        self.inspect_at(now())
    }

    fn file(&mut self, file: FileId) -> &mut Vec<u8> {
        self.data.files.get_mut(&file).unwrap()
    }

    /// Signs the data groups as they are now.
    fn sign_again(&mut self) {
        let groups: Vec<(DataGroup, &[u8])> = self
            .data
            .files
            .iter()
            .filter_map(|(file, bytes)| match file {
                FileId::Dg(group) => Some((*group, &bytes[..])),
                _ => None,
            })
            .collect();
        let object = LdsSecurityObject::of(HashAlgorithm::Sha384, LdsVersion::V1_8, &groups);
        let sod = Sod::sign(&object, &self.signer, now()).unwrap();
        *self.file(FileId::Sod) = sod;
    }
}

fn failed(report: &Report) -> Vec<CheckKind> {
    let failed = report
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed);
    failed.map(|check| check.check).collect()
}

fn expect(report: &Report, kinds: &[CheckKind]) {
    assert_eq!(failed(report), kinds, "{:#?}", report.checks);
    let verdict = if kinds.is_empty() {
        Verdict::Valid
    } else {
        Verdict::NotValid
    };
    assert_eq!(report.verdict(), verdict);
}

#[test]
fn a_good_document_passes() {
    expect(&scene().inspect(), &[]);
}

#[test]
fn an_altered_data_group() {
    let mut scene = scene();
    let file = scene.file(FileId::Dg(DataGroup::DG11));
    *file.last_mut().unwrap() ^= 1;
    expect(&scene.inspect(), &[CheckKind::DataGroupHashes]);
}

#[test]
fn an_altered_signature() {
    let mut scene = scene();
    *scene.file(FileId::Sod).last_mut().unwrap() ^= 1;
    expect(&scene.inspect(), &[CheckKind::SodSignature]);
}

#[test]
fn an_unreadable_sod() {
    let mut scene = scene();
    *scene.file(FileId::Sod) = tlv::encode(0x77, b"nothing");
    expect(&scene.inspect(), &[CheckKind::SodSignature]);
}

#[test]
fn another_csca_of_the_same_name() {
    let mut scene = scene();
    scene.anchors.cscas = vec![authority(20, &[]).0.certificate().clone()];
    expect(
        &scene.inspect(),
        &[CheckKind::TrustPath, CheckKind::CardSecurity],
    );
}

#[test]
fn no_trust_anchor_is_no_yes() {
    let mut scene = scene();
    scene.anchors = TrustAnchors::default();
    let report = scene.inspect();
    assert_eq!(failed(&report), []);
    assert_eq!(report.verdict(), Verdict::Undetermined);
}

#[test]
fn a_document_signer_that_is_not_valid_yet() {
    let scene = scene();
    let early = now() - jiff::SignedDuration::from_hours(24);
    expect(
        &scene.inspect_at(early),
        &[CheckKind::TrustPath, CheckKind::CardSecurity],
    );
}

#[test]
fn a_revoked_document_signer() {
    let mut scene = scene();
    let serial = scene.signer.certificate().serial().clone();
    let period = Period::days(now(), 90).unwrap();
    let list = scene
        .csca
        .issue_revocation_list(2, &[(serial, now())], period)
        .unwrap();
    scene.anchors.lists = vec![list];
    // The same certificate signed EF.CardSecurity.
    expect(
        &scene.inspect(),
        &[CheckKind::Revocation, CheckKind::CardSecurity],
    );
}

#[test]
fn a_signer_for_other_documents() {
    expect(
        &scene_with(&["P".into()]).inspect(),
        &[CheckKind::FileConsistency],
    );
}

#[test]
fn a_copied_chip_without_the_key_of_active_authentication() {
    let mut scene = scene();
    let other = PrivateKey::generate_ec(Curve::P256, &mut rng(77));
    scene.data.secrets.active_authentication = Some((other, HashAlgorithm::Sha256));
    expect(&scene.inspect(), &[CheckKind::ActiveAuthentication]);
}

#[test]
fn a_copied_chip_without_the_key_of_chip_authentication() {
    let mut scene = scene();
    let other = PrivateKey::generate_ec(Curve::P384, &mut rng(78));
    scene.data.secrets.chip_authentication = Some(other);
    expect(&scene.inspect(), &[CheckKind::ChipAuthentication]);
}

#[test]
fn a_wrong_password() {
    let scene = scene();
    let password = AccessPassword::mrz("D00000001<8702280<2811213");
    let mut chip = chip_of(&scene.data);
    let report = inspect_chip(
        &mut chip,
        &password,
        None,
        &scene.anchors,
        now(),
        &mut rng(4),
    );
    expect(&report, &[CheckKind::Access]);
}

#[test]
fn a_printed_mrz_that_is_not_that_of_the_chip() {
    let mut scene = scene();
    scene.mrz = scene.mrz.replacen("OESTERGAARD", "OESTERGAARB", 1);
    expect(&scene.inspect(), &[CheckKind::MrzAgainstChip]);
}

#[test]
fn a_wrong_check_digit_though_signed() {
    let mut scene = scene();
    let file = scene.file(FileId::Dg(DataGroup::DG1));
    // The check digit of the document number stands at 15 of the zone, which begins after five bytes.
    file[5 + 14] = if file[5 + 14] == b'0' { b'1' } else { b'0' };
    scene.sign_again();
    expect(&scene.inspect(), &[CheckKind::MrzCheckDigits]);
}

#[test]
fn a_list_of_files_that_is_not_true() {
    let mut scene = scene();
    let mut com = EfCom::decode(scene.file(FileId::Com)).unwrap();
    com.groups.retain(|group| *group != DataGroup::DG12);
    *scene.file(FileId::Com) = com.encode();
    expect(&scene.inspect(), &[CheckKind::FileConsistency]);
}

#[test]
fn a_protocol_that_nobody_signed() {
    let mut scene = scene();
    let info = |suite, id| {
        SecurityInfo::Pace(PaceInfo {
            suite,
            parameter_id: Some(id),
        })
    };
    let infos = [
        info(CipherSuite::Aes128, 13),
        info(CipherSuite::TripleDes, 12),
    ];
    *scene.file(FileId::CardAccess) = encode_set(&infos);
    expect(&scene.inspect(), &[CheckKind::FileConsistency]);
}

#[test]
fn a_chip_that_hides_pace_to_be_opened_by_bac() {
    let mut scene = scene();
    scene.data.files.remove(&FileId::CardAccess);
    expect(&scene.inspect(), &[CheckKind::FileConsistency]);
}

#[test]
fn a_zone_without_a_document_code() {
    let mut scene = scene();
    let file = scene.file(FileId::Dg(DataGroup::DG1));
    file[5..7].copy_from_slice(b"<<");
    scene.sign_again();
    expect(
        &scene.inspect(),
        &[CheckKind::MrzAgainstChip, CheckKind::FileConsistency],
    );
}

#[test]
fn an_altered_card_security() {
    let mut scene = scene();
    *scene.file(FileId::CardSecurity).last_mut().unwrap() ^= 1;
    expect(&scene.inspect(), &[CheckKind::CardSecurity]);
}

#[test]
fn a_portrait_that_does_not_decode_though_signed() {
    let mut scene = scene();
    let file = scene.file(FileId::Dg(DataGroup::DG2));
    let middle = file.len() / 2;
    for byte in &mut file[80..middle] {
        *byte = 0xFF;
    }
    scene.sign_again();
    expect(&scene.inspect(), &[CheckKind::Portrait]);
}

#[test]
fn a_file_that_is_listed_and_not_there() {
    let mut scene = scene();
    scene.data.files.remove(&FileId::Dg(DataGroup::DG12));
    expect(&scene.inspect(), &[CheckKind::Reading]);
}

#[test]
fn an_expired_document() {
    let scene = scene();
    let late = now() + jiff::SignedDuration::from_hours(24 * 365 * 3);
    let report = scene.inspect_at(late);
    // The revocation list is older than 90 days then, too.
    expect(
        &report,
        &[
            CheckKind::Revocation,
            CheckKind::CardSecurity,
            CheckKind::Expiry,
        ],
    );
}

/// A chip that falls silent after some commands.
struct Dying(rilascio_chip::Chip, usize);

impl CardChannel for Dying {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ChannelError> {
        self.1 = self
            .1
            .checked_sub(1)
            .ok_or_else(|| ChannelError::new("the card is gone"))?;
        self.0.transmit(command)
    }
}

#[test]
fn a_chip_that_is_taken_away_at_any_moment() {
    let scene = scene();
    for commands in (0..40).chain([60, 100, 150]) {
        let password = AccessPassword::mrz(&scene.data.secrets.mrz_information);
        let mut chip = Dying(chip_of(&scene.data), commands);
        let report = inspect_chip(
            &mut chip,
            &password,
            None,
            &scene.anchors,
            now(),
            &mut rng(4),
        );
        assert_eq!(
            report.verdict(),
            Verdict::NotValid,
            "after {commands} commands"
        );
    }
}

/// A card that answers anything.
struct Babbling(rand_chacha::ChaCha20Rng);

impl CardChannel for Babbling {
    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, ChannelError> {
        use rand_chacha::rand_core::Rng;
        let mut bytes = vec![0; (self.0.next_u32() % 300) as usize];
        self.0.fill_bytes(&mut bytes);
        if !self.0.next_u32().is_multiple_of(4) {
            bytes.extend_from_slice(&[0x90, 0x00]);
        }
        Ok(bytes)
    }
}

#[test]
fn a_card_that_answers_anything_is_not_valid() {
    for seed in 0..100 {
        let password = AccessPassword::can("123456");
        let mut card = Babbling(rng(seed));
        let report = inspect_chip(
            &mut card,
            &password,
            None,
            &TrustAnchors::default(),
            now(),
            &mut rng(4),
        );
        assert_eq!(report.verdict(), Verdict::NotValid);
    }
}
