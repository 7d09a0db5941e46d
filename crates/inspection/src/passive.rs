//! Passive authentication and everything else that the files alone can tell (Doc 9303-11, 5.1).

use crate::report::{CheckKind, Holder, Report};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rilascio_access::security_info;
use rilascio_mrtd::date::expiry_from_mrz;
use rilascio_mrtd::face::FaceFormat;
use rilascio_mrtd::lds::{DataGroup, Dg1, Dg2, EfCom, FileId};
use rilascio_pki::{
    CARD_SECURITY, Certificate, DOCUMENT_TYPE_LIST, DocumentTypeList, Error, SignedData, Sod,
    TrustAnchors, check_path,
};
use std::collections::BTreeMap;

/// Files by their identifier.
pub(crate) type Files = BTreeMap<FileId, Vec<u8>>;

/// Makes every check that needs no chip.
pub(crate) fn check_files(
    report: &mut Report,
    files: &Files,
    given_mrz: Option<&str>,
    anchors: &TrustAnchors,
    at: Timestamp,
) {
    let dg1 = check_mrz(report, files, given_mrz);
    let sod = check_sod(report, files, anchors, at);
    check_consistency(report, files, sod.as_ref(), dg1.as_ref());
    check_card_security(report, files, anchors, at);
    check_portrait(report, files);
    check_expiry(report, dg1.as_ref(), at);
}

fn check_mrz(report: &mut Report, files: &Files, given: Option<&str>) -> Option<Dg1> {
    let Some(bytes) = files.get(&FileId::Dg(DataGroup::DG1)) else {
        report.failed(CheckKind::MrzCheckDigits, "DG1 is not there");
        report.not_possible(CheckKind::MrzAgainstChip, "DG1 is not there");
        return None;
    };
    let dg1 = match Dg1::decode(bytes) {
        Ok(dg1) => dg1,
        Err(fault) => {
            report.failed(CheckKind::MrzCheckDigits, fault.to_string());
            report.not_possible(CheckKind::MrzAgainstChip, "DG1 cannot be read");
            return None;
        }
    };
    let mrz = &dg1.mrz;
    report.holder = Some(Holder {
        document_code: mrz.code.trim_end_matches('<').to_owned(),
        issuer: mrz.issuer.trim_end_matches('<').to_owned(),
        number: mrz.number.to_string(),
        surname: mrz.name.primary.replace('<', " "),
        given_names: mrz.name.secondary.replace('<', " "),
        nationality: mrz.nationality.trim_end_matches('<').to_owned(),
        birth_date: mrz.birth.clone(),
        sex: mrz.sex.as_viz().to_string(),
        expiry_date: mrz.expiry.clone(),
    });
    report.passed(
        CheckKind::MrzCheckDigits,
        format!("{:?}, all check digits right", mrz.format),
    );
    compare_mrz(report, &dg1, given);
    Some(dg1)
}

/// The MRZ that was given, whole or as number and dates, against DG1.
fn compare_mrz(report: &mut Report, dg1: &Dg1, given: Option<&str>) {
    let kind = CheckKind::MrzAgainstChip;
    let Some(given) = given else {
        report.not_possible(kind, "no MRZ was given");
        return;
    };
    let parts: Vec<&str> = given.split(',').map(str::trim).collect();
    let same = match parts[..] {
        [number, birth, expiry] => {
            let mrz = &dg1.mrz;
            number.eq_ignore_ascii_case(mrz.number.as_str())
                && birth == mrz.birth
                && expiry == mrz.expiry
        }
        _ => {
            let given: String = given.chars().filter(|c| !c.is_whitespace()).collect();
            given == dg1.mrz.as_str()
        }
    };
    if same {
        report.passed(kind, "the same");
    } else {
        report.failed(kind, "the MRZ that was given is not that of DG1");
    }
}

fn check_sod(
    report: &mut Report,
    files: &Files,
    anchors: &TrustAnchors,
    at: Timestamp,
) -> Option<Sod> {
    let unreadable = |report: &mut Report, why: &str, unsupported: bool| {
        if unsupported {
            report.not_possible(CheckKind::SodSignature, why);
        } else {
            report.failed(CheckKind::SodSignature, why);
        }
        for kind in [
            CheckKind::TrustPath,
            CheckKind::Revocation,
            CheckKind::DataGroupHashes,
        ] {
            report.not_possible(kind, "there is no readable SOD");
        }
    };
    let Some(bytes) = files.get(&FileId::Sod) else {
        unreadable(report, "EF.SOD is not there", false);
        return None;
    };
    let sod = match Sod::decode(bytes) {
        Ok(sod) => sod,
        Err(fault) => {
            unreadable(report, &fault.to_string(), is_unsupported(&fault));
            return None;
        }
    };
    match sod.signed.verify() {
        Ok(()) => {
            let by = signer_name(&sod.signed);
            let how = sod.signed.algorithm().name();
            report.passed(CheckKind::SodSignature, format!("{how} by {by}"));
        }
        Err(fault) => wrong(report, CheckKind::SodSignature, &fault),
    }
    check_trust(report, &sod.signed, anchors, at);
    check_hashes(report, files, &sod);
    Some(sod)
}

fn signer_name(signed: &SignedData) -> String {
    signed.signer_certificate().map_or_else(
        |_| "an unknown signer".into(),
        |signer| signer.subject().to_string(),
    )
}

fn check_trust(report: &mut Report, signed: &SignedData, anchors: &TrustAnchors, at: Timestamp) {
    let (path, revocation) = (CheckKind::TrustPath, CheckKind::Revocation);
    if anchors.cscas.is_empty() {
        report.not_possible(path, "no trust anchor was given");
        report.not_possible(revocation, "no trust anchor was given");
        return;
    }
    let signer = match signed.signer_certificate() {
        Ok(signer) => signer,
        Err(fault) => {
            report.failed(path, fault.to_string());
            report.not_possible(revocation, "the signer is unknown");
            return;
        }
    };
    let csca = match check_path(signer, anchors, at) {
        Ok(csca) => csca,
        Err(fault) => {
            wrong(report, path, &fault);
            report.not_possible(revocation, "the path to the trust anchor is not good");
            return;
        }
    };
    report.passed(path, format!("to {}", csca.subject_name()));
    match anchors.check_revocation(signer, csca, at) {
        Ok(true) => report.passed(
            revocation,
            format!("{} is not revoked", signer.serial_hex()),
        ),
        Ok(false) => report.not_possible(revocation, "no revocation list of this CSCA was given"),
        Err(fault) => wrong(report, revocation, &fault),
    }
}

fn check_hashes(report: &mut Report, files: &Files, sod: &Sod) {
    let (mut good, mut wrong, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for (group, _) in &sod.object.hashes {
        match files.get(&FileId::Dg(*group)) {
            None => unread.push(group.to_string()),
            Some(bytes) => match sod.object.check(*group, bytes) {
                Ok(()) => good.push(group.to_string()),
                Err(_) => wrong.push(group.to_string()),
            },
        }
    }
    let unsigned = files.keys().filter_map(|file| match file {
        FileId::Dg(group) if !sod.object.hashes.iter().any(|(known, _)| known == group) => {
            Some(group.to_string())
        }
        _ => None,
    });
    wrong.extend(unsigned.map(|group| format!("{group} (not signed)")));
    let unread = if unread.is_empty() {
        String::new()
    } else {
        format!("; not read: {}", unread.join(" "))
    };
    let kind = CheckKind::DataGroupHashes;
    if !wrong.is_empty() {
        report.failed(
            kind,
            format!("not what was signed: {}{unread}", wrong.join(" ")),
        );
    } else if good.is_empty() {
        report.not_possible(kind, format!("no data group was read{unread}"));
    } else {
        report.passed(
            kind,
            format!("{} {}{unread}", sod.object.hash.name(), good.join(" ")),
        );
    }
}

fn check_consistency(report: &mut Report, files: &Files, sod: Option<&Sod>, dg1: Option<&Dg1>) {
    let mut faults = Vec::new();
    if let Some(sod) = sod {
        let signed: Vec<DataGroup> = sod.object.hashes.iter().map(|(group, _)| *group).collect();
        match files.get(&FileId::Com).map(|bytes| EfCom::decode(bytes)) {
            None => faults.push("EF.COM is not there".to_owned()),
            Some(Err(fault)) => faults.push(fault.to_string()),
            Some(Ok(com)) => {
                let mut listed = com.groups.clone();
                listed.sort();
                if listed != signed {
                    faults.push("EF.COM and the SOD list different data groups".to_owned());
                }
                // An SOD of version 0 does not say which version it is for.
                if sod.object.version != com.version && sod.object.version.lds() != "0107" {
                    faults.push("EF.COM and the SOD name different LDS versions".to_owned());
                }
            }
        }
        let signer = sod.signed.signer_certificate().ok();
        if let (Some(signer), Some(dg1)) = (signer, dg1) {
            faults.extend(document_type_fault(signer, dg1));
        }
    }
    let dg14 = files.get(&FileId::Dg(DataGroup::DG14));
    faults.extend(card_access_fault(files.get(&FileId::CardAccess), dg14));
    let kind = CheckKind::FileConsistency;
    if sod.is_none() {
        report.not_possible(kind, "there is no readable SOD");
    } else if faults.is_empty() {
        report.passed(kind, "EF.COM, EF.CardAccess, DG14 and the signer agree");
    } else {
        report.failed(kind, faults.join("; "));
    }
}

/// The signer must list the document's code, whole or its first letter (Doc 9303-12, 4.3.6).
fn document_type_fault(signer: &Certificate, dg1: &Dg1) -> Option<String> {
    let (_, bytes) = signer.extension(DOCUMENT_TYPE_LIST)?;
    let Ok(types) = DocumentTypeList::read(bytes) else {
        return Some("the document type list of the signer is malformed".into());
    };
    let code = dg1.mrz.code.trim_end_matches('<');
    let listed = types
        .iter()
        .map(|listed| listed.trim_end_matches('<'))
        .any(|listed| listed == code || code.get(..1).is_some_and(|first| listed == first));
    (!listed).then(|| format!("the signer signs {}, not {code}", types.join(", ")))
}

/// Every SecurityInfo of EF.CardAccess must be in DG14 (Doc 9303-11, 9.2.11), and every variant of PACE that DG14 signs
/// must be announced: who hides EF.CardAccess wants the terminal to fall back to BAC.
fn card_access_fault(access: Option<&Vec<u8>>, dg14: Option<&Vec<u8>>) -> Option<String> {
    let decode = |bytes: Option<&Vec<u8>>, read: fn(&[u8]) -> _| {
        bytes.map_or(Ok(Vec::new()), |bytes| read(bytes))
    };
    let Ok(announced) = decode(access, security_info::decode_set) else {
        return Some("EF.CardAccess cannot be read".into());
    };
    let Ok(signed) = decode(dg14, security_info::decode_dg14) else {
        return Some("DG14 cannot be read".into());
    };
    if announced.iter().any(|info| !signed.contains(info)) {
        return Some("DG14 does not repeat EF.CardAccess".into());
    }
    let hidden = signed
        .iter()
        .any(|info| info.is_pace() && !announced.contains(info));
    hidden.then(|| "EF.CardAccess hides PACE, which DG14 signs".into())
}

fn check_card_security(report: &mut Report, files: &Files, anchors: &TrustAnchors, at: Timestamp) {
    let Some(bytes) = files.get(&FileId::CardSecurity) else {
        return;
    };
    let kind = CheckKind::CardSecurity;
    let verified = SignedData::decode(bytes).and_then(|signed| {
        signed.verify()?;
        if !anchors.cscas.is_empty() {
            let signer = signed.signer_certificate()?;
            let csca = check_path(signer, anchors, at)?;
            anchors.check_revocation(signer, csca, at)?;
        }
        Ok(signed)
    });
    match verified {
        Err(fault) => wrong(report, kind, &fault),
        Ok(signed) if signed.content_type != CARD_SECURITY => {
            report.failed(kind, format!("the content is {}", signed.content_type));
        }
        Ok(signed) if security_info::decode_set(&signed.content).is_err() => {
            report.failed(kind, "the content is no set of SecurityInfos");
        }
        Ok(signed) => report.passed(kind, format!("signed by {}", signer_name(&signed))),
    }
}

/// True when the fault is a limit of this terminal and says nothing about the document.
fn is_unsupported(fault: &Error) -> bool {
    use rilascio_keys::Error::{Algorithm, PublicKey};
    matches!(fault, Error::Key(Algorithm { .. } | PublicKey { .. }))
}

/// A check that failed, or that this terminal cannot make.
fn wrong(report: &mut Report, kind: CheckKind, fault: &Error) {
    if is_unsupported(fault) {
        report.not_possible(kind, fault.to_string());
    } else {
        report.failed(kind, fault.to_string());
    }
}

fn check_portrait(report: &mut Report, files: &Files) {
    let kind = CheckKind::Portrait;
    let Some(bytes) = files.get(&FileId::Dg(DataGroup::DG2)) else {
        report.failed(kind, "DG2 is not there");
        return;
    };
    let face = match Dg2::decode(bytes) {
        Ok(dg2) => dg2.face,
        Err(fault) => {
            report.failed(kind, fault.to_string());
            return;
        }
    };
    let size = format!("{} x {}", face.width, face.height);
    match face.format {
        FaceFormat::Jpeg => report.passed(kind, format!("{size}, JPEG, {} bytes", face.data.len())),
        FaceFormat::Jpeg2000 => match rilascio_biometrics::decode_jpeg2000(&face.data) {
            Ok(pixels)
                if (pixels.width, pixels.height)
                    == (u32::from(face.width), u32::from(face.height)) =>
            {
                report.passed(
                    kind,
                    format!("{size}, JPEG 2000, {} bytes", face.data.len()),
                );
            }
            Ok(pixels) => report.failed(
                kind,
                format!(
                    "{size} announced, {} x {} decoded",
                    pixels.width, pixels.height
                ),
            ),
            Err(fault) => report.failed(kind, fault.to_string()),
        },
    }
}

fn check_expiry(report: &mut Report, dg1: Option<&Dg1>, at: Timestamp) {
    let kind = CheckKind::Expiry;
    let Some(dg1) = dg1 else {
        report.not_possible(kind, "DG1 cannot be read");
        return;
    };
    let today = at.to_zoned(TimeZone::UTC).date();
    match expiry_from_mrz(&dg1.mrz.expiry, today) {
        Ok(expiry) if expiry >= today => report.passed(kind, format!("valid until {expiry}")),
        Ok(expiry) => report.failed(kind, format!("expired on {expiry}")),
        Err(fault) => report.failed(kind, fault.to_string()),
    }
}
