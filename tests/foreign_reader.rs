//! The chip under a reader that we did not write: the crate `dmrtd` opens it by BAC and PACE, reads every file,
//! verifies the signatures to the CSCA, and challenges the chip.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{chip, issue, mrz};
use dmrtd::auth::passive::{self, DataGroup, TrustAnchor};
use dmrtd::com::{TransceiveError, Transceiver};
use dmrtd::lds::ef::ElementaryFile;
use dmrtd::passport::Passport;
use dmrtd::proto::access_key::AccessKey;
use dmrtd::proto::can_key::CanKey;
use dmrtd::proto::dba_key::DBAKey;
use rilascio_chip::Chip;
use rilascio_mrtd::mrz::Mrz;
use std::path::Path;

/// The wire between reader and chip.
struct Wire(Chip);

impl Transceiver for Wire {
    fn transceive(&mut self, command: &[u8]) -> Result<Vec<u8>, TransceiveError> {
        Ok(self.0.answer(command))
    }
}

fn key(folder: &Path, pace: bool) -> DBAKey {
    let mrz = Mrz::parse(&mrz(folder)).unwrap();
    let date = |text: &str, century: i32| {
        let part = |at: usize| text[at..at + 2].parse::<u32>().unwrap();
        chrono::NaiveDate::from_ymd_opt(century + part(0) as i32, part(2), part(4)).unwrap()
    };
    let (birth, expiry) = (date(&mrz.birth, 1900), date(&mrz.expiry, 2000));
    DBAKey::new(mrz.number.as_str(), birth, expiry, pace).unwrap()
}

fn by_bac(folder: &Path) -> Passport<Wire> {
    let mut reader = Passport::new(Wire(chip(folder)));
    reader.start_session(key(folder, false)).unwrap();
    reader
}

fn by_pace(folder: &Path, password: impl AccessKey) -> Passport<Wire> {
    let mut reader = Passport::new(Wire(chip(folder)));
    let access = reader.read_ef_card_access().unwrap();
    reader.start_session_pace(password, &access).unwrap();
    reader
}

/// Reads and verifies everything; `groups` beyond DG1 and DG2 that must be there.
fn read_everything(reader: &mut Passport<Wire>, folder: &Path, groups: &[u8]) {
    let number = Mrz::parse(&mrz(folder)).unwrap().number;
    let com = reader.read_ef_com().unwrap();
    assert!(!com.version().to_string().is_empty());
    let sod = reader.read_ef_sod().unwrap().to_bytes().to_vec();
    let dg1 = reader.read_ef_dg1().unwrap();
    assert_eq!(dg1.mrz().document_number(), number.as_str());
    let dg2 = reader.read_ef_dg2().unwrap();
    assert!(
        dg2.image_data
            .as_ref()
            .is_some_and(|image| image.len() > 4_000)
    );
    let mut read = vec![(1, dg1.to_bytes().to_vec()), (2, dg2.to_bytes().to_vec())];
    for group in groups {
        let bytes = match group {
            7 => reader.read_ef_dg7().unwrap().to_bytes().to_vec(),
            11 => reader.read_ef_dg11().unwrap().to_bytes().to_vec(),
            12 => reader.read_ef_dg12().unwrap().to_bytes().to_vec(),
            14 => reader.read_ef_dg14().unwrap().to_bytes().to_vec(),
            15 => reader.read_ef_dg15().unwrap().to_bytes().to_vec(),
            other => panic!("no reader for DG{other}"),
        };
        read.push((*group, bytes));
    }
    let given: Vec<DataGroup<'_>> = read
        .iter()
        .map(|(number, bytes)| DataGroup {
            number: *number,
            bytes,
        })
        .collect();
    let csca = std::fs::read(folder.join("trust/csca.cer")).unwrap();
    let anchor = TrustAnchor::from_certificate(&csca).unwrap();
    let verified = passive::verify(&sod, &given, &[anchor]).unwrap();
    assert!(verified.is_authentic(), "signature to the CSCA");
    assert_eq!(verified.verified_groups.len(), read.len());
    if groups.contains(&15) {
        reader
            .verify_active_authentication(&[0x11, 0x22, 0x33, 0x44, 5, 6, 7, 8])
            .unwrap();
    }
}

/// The prints stay closed, and the session lives on.
fn prints_are_closed(reader: &mut Passport<Wire>) {
    use dmrtd::proto::iso7816::response_apdu::StatusWord;
    let refused = reader.read_ef_dg3().unwrap_err();
    assert_eq!(
        refused.code,
        Some(StatusWord::SECURITY_STATUS_NOT_SATISFIED)
    );
    reader.read_ef_dg1().unwrap();
}

#[test]
fn reads_an_italian_permit_by_bac_and_by_pace_with_mrz_and_can() {
    let folder = issue("it-pse/application");
    let groups = [7, 11, 12, 14, 15];
    read_everything(&mut by_bac(&folder), &folder, &groups);
    read_everything(&mut by_pace(&folder, key(&folder, true)), &folder, &groups);
    let can = common::document(&folder)["can"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut reader = by_pace(&folder, CanKey::new(&can).unwrap());
    read_everything(&mut reader, &folder, &groups);
    prints_are_closed(&mut reader);
}

#[test]
fn reads_a_san_marino_permit_by_bac() {
    let folder = issue("sm-permit/application");
    let mut reader = by_bac(&folder);
    read_everything(&mut reader, &folder, &[11, 12, 14, 15]);
    prints_are_closed(&mut reader);
}

#[test]
fn reads_a_san_marino_residence_card_that_has_no_prints_at_all() {
    let folder = issue("sm-residence-card/application");
    let mut reader = by_bac(&folder);
    read_everything(&mut reader, &folder, &[11, 12, 15]);
    use dmrtd::proto::iso7816::response_apdu::StatusWord;
    assert_eq!(
        reader.read_ef_dg3().unwrap_err().code,
        Some(StatusWord::FILE_NOT_FOUND)
    );
    assert!(
        Passport::new(Wire(chip(&folder)))
            .read_ef_card_access()
            .is_err(),
        "no PACE"
    );
}

#[test]
fn reads_a_document_of_utopia_with_explicit_curves() {
    let folder = issue("specimen-utopia/application");
    let groups = [7, 11, 12, 14, 15];
    read_everything(&mut by_bac(&folder), &folder, &groups);
    let can = common::document(&folder)["can"]
        .as_str()
        .unwrap()
        .to_owned();
    read_everything(
        &mut by_pace(&folder, CanKey::new(&can).unwrap()),
        &folder,
        &groups,
    );
}

#[test]
fn reads_a_passport_and_an_identity_card() {
    let folder = issue("it-passport/application");
    read_everything(
        &mut by_pace(&folder, key(&folder, true)),
        &folder,
        &[7, 11, 12, 14, 15],
    );
    let folder = issue("it-cie/application");
    read_everything(
        &mut by_pace(&folder, key(&folder, true)),
        &folder,
        &[11, 12, 14, 15],
    );
}

#[test]
fn a_wrong_password_opens_nothing() {
    let folder = issue("it-pse/application");
    let can = common::document(&folder)["can"]
        .as_str()
        .unwrap()
        .to_owned();
    let wrong = format!("{:06}", (can.parse::<u32>().unwrap() + 1) % 1_000_000);
    let mut reader = Passport::new(Wire(chip(&folder)));
    let access = reader.read_ef_card_access().unwrap();
    assert!(
        reader
            .start_session_pace(CanKey::new(&wrong).unwrap(), &access)
            .is_err()
    );
    assert!(reader.read_ef_dg1().is_err());
}
