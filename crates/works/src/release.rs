//! Verification before release: nothing leaves that does not verify, or says something else than the record.

use crate::preparation::DataSet;
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_access::security_info;
use rilascio_circuit::Record;
use rilascio_keys::PublicKey;
use rilascio_mrtd::lds::{DataGroup, Dg1, Dg2, Dg3, Dg11, Dg12, EfCom, FileId};
use rilascio_mrtd::tlv;
use rilascio_pki::{CARD_SECURITY, SignedData, Sod, TrustAnchors, check_path};

/// Reads every file back and compares it with the record and with what was signed.
pub(crate) fn verify(
    data: &DataSet,
    record: &Record,
    anchors: &TrustAnchors,
    at: Timestamp,
) -> Result<()> {
    let sod = Sod::decode(file(data, FileId::Sod)?)?;
    verify_signer(&sod.signed, anchors, at)?;
    let groups: Vec<DataGroup> = data
        .files
        .keys()
        .filter_map(|file| match file {
            FileId::Dg(group) => Some(*group),
            _ => None,
        })
        .collect();
    let signed: Vec<DataGroup> = sod.object.hashes.iter().map(|(group, _)| *group).collect();
    let listed = EfCom::decode(file(data, FileId::Com)?)?.groups;
    same("the list of data groups", &signed, &groups)?;
    same("EF.COM", &listed, &groups)?;
    for group in &groups {
        sod.object.check(*group, file(data, FileId::Dg(*group))?)?;
    }
    verify_person(data, record)?;
    verify_keys(data)?;
    if let Some(bytes) = data.files.get(&FileId::CardSecurity) {
        let signed = SignedData::decode(bytes)?;
        same("EF.CardSecurity", &signed.content_type, &CARD_SECURITY)?;
        verify_signer(&signed, anchors, at)?;
    }
    Ok(())
}

fn verify_signer(signed: &SignedData, anchors: &TrustAnchors, at: Timestamp) -> Result<()> {
    signed.verify()?;
    let signer = signed.signer_certificate()?;
    let csca = check_path(signer, anchors, at)?;
    anchors.check_revocation(signer, csca, at)?;
    Ok(())
}

fn verify_person(data: &DataSet, record: &Record) -> Result<()> {
    let dg1 = Dg1::decode(file(data, FileId::Dg(DataGroup::DG1))?)?;
    same("DG1", &dg1.mrz, &record.mrz)?;
    let face = Dg2::decode(file(data, FileId::Dg(DataGroup::DG2))?)?.face;
    let decoded =
        rilascio_biometrics::decode_jpeg2000(&face.data).map_err(|fault| Error::Image {
            image: "portrait".into(),
            why: fault.to_string(),
        })?;
    let size = (u32::from(face.width), u32::from(face.height));
    same("DG2", &(decoded.width, decoded.height), &size)?;
    if let Some(bytes) = data.files.get(&FileId::Dg(DataGroup::DG3)) {
        let fingers = Dg3::decode(bytes)?.fingers;
        same("DG3", &fingers.len(), &record.prints.prints.len())?;
    }
    if let Some(bytes) = data.files.get(&FileId::Dg(DataGroup::DG11)) {
        let details = Dg11::decode(bytes)?;
        same(
            "DG11",
            &details.full_name.as_deref(),
            &Some(&record.full_name[..]),
        )?;
        same(
            "DG11",
            &details.birth_date,
            &Some(record.birth_date.as_dg11()),
        )?;
    }
    if let Some(bytes) = data.files.get(&FileId::Dg(DataGroup::DG12)) {
        let details = Dg12::decode(bytes)?;
        same(
            "DG12",
            &details.authority.as_deref(),
            &Some(&record.authority[..]),
        )?;
    }
    Ok(())
}

/// The public keys on the chip are those of its private ones.
fn verify_keys(data: &DataSet) -> Result<()> {
    if let Some(bytes) = data.files.get(&FileId::Dg(DataGroup::DG15)) {
        let spki = tlv::read_only("DG15", DataGroup::DG15.tag().into(), bytes)?;
        let key = data
            .secrets
            .active_authentication
            .as_ref()
            .map(|(key, _)| key.public_key());
        same("DG15", &key, &Some(PublicKey::from_spki_der(spki)?))?;
    }
    let key = data
        .secrets
        .chip_authentication
        .as_ref()
        .map(|key| key.public_key());
    if let (Some(key), Some(bytes)) = (key, data.files.get(&FileId::Dg(DataGroup::DG14))) {
        let infos = security_info::decode_dg14(bytes)?;
        let announced = infos.iter().find_map(|info| match info {
            security_info::SecurityInfo::ChipAuthenticationPublicKey { spki, .. } => Some(spki),
            _ => None,
        });
        let announced = announced
            .map(|spki| PublicKey::from_spki_der(spki))
            .transpose()?;
        same("DG14", &announced, &Some(key))?;
    }
    Ok(())
}

fn file(data: &DataSet, file: FileId) -> Result<&[u8]> {
    let missing = || Error::NotReleased { what: file.name() };
    data.files.get(&file).map(Vec::as_slice).ok_or_else(missing)
}

fn same<T: PartialEq>(what: &str, made: &T, decided: &T) -> Result<()> {
    if made == decided {
        Ok(())
    } else {
        Err(Error::NotReleased {
            what: what.to_owned(),
        })
    }
}
