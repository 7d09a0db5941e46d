//! Data preparation: every file of the chip, its keys, and the signatures.

use crate::data_groups::{self, Images};
use crate::release::verify;
use crate::secrets::ChipSecrets;
use crate::{Error, Result};
use der::Encode;
use jiff::Timestamp;
use rand_core::CryptoRng;
use rilascio_access::security_info::{PaceInfo, SecurityInfo, encode_dg14, encode_set};
use rilascio_circuit::{AccessProtocol, KeySpec, Profile, Record};
use rilascio_keys::{PrivateKey, SignatureAlgorithm, Signer};
use rilascio_mrtd::lds::{DataGroup, Dg1, EfCom, FileId};
use rilascio_mrtd::tlv;
use rilascio_pki::{DocumentSigner, LdsSecurityObject, Sod, TrustAnchors, card_security};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The files and secrets of one chip, signed and verified.
pub struct DataSet {
    /// The content of every file.
    pub files: BTreeMap<FileId, Vec<u8>>,
    /// What the chip keeps to itself.
    pub secrets: ChipSecrets,
}

/// Room that the chip's file system takes beside the contents, in bytes.
const CHIP_OVERHEAD_BYTES: usize = 1_024;

/// Makes the files of a chip, signs them, and verifies them up to the CSCA and against the record.
///
/// # Errors
/// When an image cannot be used, a signer fails, or what was made does not verify.
pub fn prepare<S: Signer>(
    profile: &Profile,
    record: &Record,
    images: &Images,
    signer: &DocumentSigner<S>,
    anchors: &TrustAnchors,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<DataSet> {
    let secrets = secrets(profile, record, rng)?;
    let mut groups = person_groups(profile, record, images, at, rng)?;
    let pace = pace_infos(profile);
    let authentication = authentication_infos(profile, &secrets)?;
    let all_infos = [&pace[..], &authentication].concat();
    if profile.chip.has_group(DataGroup::DG14) {
        groups.insert(DataGroup::DG14, encode_dg14(&all_infos));
    }
    if let Some((key, _)) = &secrets.active_authentication {
        let spki = key.public_key().to_spki(profile.signing.curve_parameters);
        let spki = spki.to_der().map_err(|fault| Error::Secrets {
            why: fault.to_string(),
        })?;
        groups.insert(
            DataGroup::DG15,
            tlv::encode(DataGroup::DG15.tag().into(), &spki),
        );
    }
    let listed: Vec<(DataGroup, &[u8])> = groups
        .iter()
        .map(|(group, bytes)| (*group, &bytes[..]))
        .collect();
    let object = LdsSecurityObject::of(profile.chip.hash, profile.chip.lds, &listed);
    let com = EfCom {
        version: profile.chip.lds,
        groups: groups.keys().copied().collect(),
    };
    let mut files = BTreeMap::new();
    files.insert(FileId::Com, com.encode());
    files.insert(FileId::Sod, Sod::sign(&object, signer, at)?);
    files.insert(FileId::AtrInfo, atr_info());
    files.insert(
        FileId::Dir,
        tlv::encode(0x61, &tlv::encode(0x4F, &FileId::AID)),
    );
    if profile.chip.has_access(AccessProtocol::Pace) {
        files.insert(FileId::CardAccess, encode_set(&pace));
    }
    if *profile.chip.card_security.as_ref() {
        files.insert(
            FileId::CardSecurity,
            card_security(&encode_set(&all_infos), signer, at)?,
        );
    }
    files.extend(
        groups
            .into_iter()
            .map(|(group, bytes)| (FileId::Dg(group), bytes)),
    );
    let data = DataSet { files, secrets };
    let needed = data.files.values().map(Vec::len).sum::<usize>() + CHIP_OVERHEAD_BYTES;
    if needed > data.secrets.bytes {
        return Err(Error::ChipTooSmall {
            room: data.secrets.bytes,
            needed,
        });
    }
    verify(&data, record, anchors, at)?;
    Ok(data)
}

fn person_groups(
    profile: &Profile,
    record: &Record,
    images: &Images,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<BTreeMap<DataGroup, Vec<u8>>> {
    let mut groups = BTreeMap::new();
    groups.insert(
        DataGroup::DG1,
        Dg1 {
            mrz: record.mrz.clone(),
        }
        .encode(),
    );
    groups.insert(
        DataGroup::DG2,
        data_groups::portrait(images, &profile.images)?.encode(),
    );
    if let Some(prints) = &profile.prints
        && let Some(dg3) = data_groups::prints(images, &profile.images, prints, rng)?
    {
        groups.insert(DataGroup::DG3, dg3.encode()?);
    }
    let signature = images.signature.as_ref().filter(|_| record.signs);
    if let (true, Some(signature)) = (profile.chip.has_group(DataGroup::DG7), signature) {
        groups.insert(DataGroup::DG7, data_groups::signature(signature)?.encode());
    }
    if profile.chip.has_group(DataGroup::DG11) {
        groups.insert(
            DataGroup::DG11,
            data_groups::personal_details(record).encode(),
        );
    }
    if profile.chip.has_group(DataGroup::DG12) {
        groups.insert(
            DataGroup::DG12,
            data_groups::document_details(record, at).encode(),
        );
    }
    Ok(groups)
}

fn secrets(profile: &Profile, record: &Record, rng: &mut dyn CryptoRng) -> Result<ChipSecrets> {
    let chip = &profile.chip;
    let can = chip.can.as_ref().then(|| {
        // Rejection of the last incomplete million keeps every number equally likely.
        const LIMIT: u32 = u32::MAX - u32::MAX % 1_000_000;
        let number = loop {
            let number = rng.next_u32();
            if number < LIMIT {
                break number % 1_000_000;
            }
        };
        Zeroizing::new(format!("{number:06}"))
    });
    let chip_authentication = chip
        .chip_authentication
        .as_ref()
        .map(|authentication| PrivateKey::generate_ec(authentication.as_ref().curve, rng));
    let active_authentication = match &chip.active_authentication {
        None => None,
        Some(active) => {
            let active = active.as_ref();
            let key = match active.key {
                KeySpec::Ec(curve) => PrivateKey::generate_ec(curve, rng),
                KeySpec::Rsa(size) => PrivateKey::generate_rsa(size)?,
            };
            Some((key, active.hash))
        }
    };
    Ok(ChipSecrets {
        bytes: *chip.bytes.as_ref(),
        mrz_information: Zeroizing::new(record.mrz.information()),
        can,
        allows_bac: chip.has_access(AccessProtocol::Bac),
        chip_authentication,
        active_authentication,
    })
}

fn pace_infos(profile: &Profile) -> Vec<SecurityInfo> {
    let info = |pace: &rilascio_circuit::PaceProfile| {
        SecurityInfo::Pace(PaceInfo {
            suite: pace.cipher.suite(),
            parameter_id: Some(pace.curve.parameter_id().into()),
        })
    };
    profile.chip.pace.as_ref().iter().map(info).collect()
}

fn authentication_infos(profile: &Profile, secrets: &ChipSecrets) -> Result<Vec<SecurityInfo>> {
    let mut infos = Vec::new();
    let chip = &profile.chip;
    if let (Some(authentication), Some(key)) =
        (&chip.chip_authentication, &secrets.chip_authentication)
    {
        let suite = authentication.as_ref().cipher.suite();
        let spki = key.public_key().to_spki(profile.signing.curve_parameters);
        let spki = spki.to_der().map_err(|fault| Error::Secrets {
            why: fault.to_string(),
        })?;
        infos.push(SecurityInfo::ChipAuthentication {
            suite,
            key_id: None,
        });
        infos.push(SecurityInfo::ChipAuthenticationPublicKey { spki, key_id: None });
    }
    if let Some((PrivateKey::Ec(_), hash)) = &secrets.active_authentication {
        let algorithm = SignatureAlgorithm::Ecdsa(*hash);
        infos.push(SecurityInfo::ActiveAuthentication { algorithm });
    }
    Ok(infos)
}

/// EF.ATR/INFO: the card capabilities of the ATR, and the longest messages (ISO/IEC 7816-4, 12.7.1).
fn atr_info() -> Vec<u8> {
    const LONGEST: [u8; 3] = [0x01, 0x00, 0x00];
    let lengths = [tlv::encode(0x02, &LONGEST), tlv::encode(0x02, &LONGEST)];
    [
        tlv::encode(0x47, &[0x84, 0x21, 0xC0]),
        tlv::encode_all(0x7F66, &lengths),
    ]
    .concat()
}
