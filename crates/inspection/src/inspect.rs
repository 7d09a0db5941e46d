//! The whole inspection, of a chip or of files.

use crate::authentication::{
    ChipAuthentication, active_authentication, best_pace, open_bac, open_pace, read_card_access,
};
use crate::passive::{Files, check_files};
use crate::report::{Check, CheckKind, Outcome, Report, Traffic};
use crate::terminal::{ReadError, Terminal};
use jiff::Timestamp;
use rand_core::CryptoRng;
use rilascio_access::channel::CardChannel;
use rilascio_access::security_info::{self, SecurityInfo};
use rilascio_access::{AccessPassword, PasswordKind};
use rilascio_mrtd::lds::{DataGroup, Dg3, EfCom, FileId};
use rilascio_pki::{Sod, TrustAnchors};

/// What was read from a chip, and what only the chip itself could show: the rest is judged from the files, anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The files, by their names.
    pub files: Files,
    /// Access, reading, and the authentications of the chip.
    pub checks: Vec<Check>,
    /// What went over the channel.
    pub traffic: Traffic,
}

impl Reading {
    /// What only a terminal that holds the chip can say.
    const KINDS: [CheckKind; 5] = [
        CheckKind::Access,
        CheckKind::Reading,
        CheckKind::ChipAuthentication,
        CheckKind::ActiveAuthentication,
        CheckKind::Fingerprints,
    ];

    /// Verifies what was read.
    ///
    /// `given_mrz` is the MRZ as it was typed or read optically, to be compared with DG1.
    #[must_use]
    pub fn judge(self, given_mrz: Option<&str>, anchors: &TrustAnchors, at: Timestamp) -> Report {
        let mut report = Report {
            holder: None,
            checks: self.checks,
            traffic: self.traffic,
        };
        report
            .checks
            .retain(|check| Self::KINDS.contains(&check.check));
        if report.outcome(CheckKind::Access) == Some(Outcome::Passed) {
            check_files(&mut report, &self.files, given_mrz, anchors, at);
        } else {
            if report.outcome(CheckKind::Access).is_none() {
                report.failed(CheckKind::Access, "nobody opened the chip");
            }
            for kind in CheckKind::AFTER_ACCESS {
                report.not_possible(kind, "the chip did not open");
            }
        }
        report
    }
}

/// Inspects a chip: opens, authenticates, reads and verifies it.
///
/// `given_mrz` is the MRZ as it was typed or read optically, to be compared with DG1.
#[must_use]
pub fn inspect_chip(
    channel: &mut dyn CardChannel,
    password: &AccessPassword,
    given_mrz: Option<&str>,
    anchors: &TrustAnchors,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Report {
    read_chip(channel, password, rng).judge(given_mrz, anchors, at)
}

/// Opens, authenticates and reads a chip.
#[must_use]
pub fn read_chip(
    channel: &mut dyn CardChannel,
    password: &AccessPassword,
    rng: &mut dyn CryptoRng,
) -> Reading {
    let mut report = Report::default();
    let mut terminal = Terminal::new(channel);
    let mut files = Files::new();
    match open(&mut terminal, password, &mut files, rng) {
        Ok(how) => {
            report.passed(CheckKind::Access, how);
            read_and_authenticate(&mut report, &mut terminal, password, &mut files, rng);
        }
        Err(why) => {
            files.clear();
            report.failed(CheckKind::Access, why);
        }
    }
    Reading {
        files,
        checks: report.checks,
        traffic: terminal.traffic(),
    }
}

/// Inspects the files of a document without its chip.
#[must_use]
pub fn inspect_files(
    files: &Files,
    given_mrz: Option<&str>,
    anchors: &TrustAnchors,
    at: Timestamp,
) -> Report {
    let mut report = Report::default();
    for kind in [
        CheckKind::Access,
        CheckKind::ChipAuthentication,
        CheckKind::ActiveAuthentication,
    ] {
        report.not_possible(kind, "these are files; there is no chip");
    }
    if let Some(bytes) = files.get(&FileId::Dg(DataGroup::DG3)) {
        match Dg3::decode(bytes) {
            Ok(dg3) if dg3.fingers.is_empty() => {
                report.passed(CheckKind::Fingerprints, "DG3 states that there are none");
            }
            Ok(dg3) => {
                let names: Vec<&str> = dg3.fingers.iter().map(|f| f.position.name()).collect();
                report.passed(CheckKind::Fingerprints, names.join(", "));
            }
            Err(fault) => report.failed(CheckKind::Fingerprints, fault.to_string()),
        }
    }
    check_files(&mut report, files, given_mrz, anchors, at);
    report
}

/// Opens a session with PACE, or with BAC where the chip has no PACE, and selects the application.
fn open(
    terminal: &mut Terminal<'_>,
    password: &AccessPassword,
    files: &mut Files,
    rng: &mut dyn CryptoRng,
) -> Result<String, String> {
    terminal.set_session(None);
    let text = |fault: ReadError| fault.to_string();
    let card_access = read_card_access(terminal).map_err(text)?;
    let pace = card_access.as_deref().and_then(best_pace);
    files.extend(card_access.map(|file| (FileId::CardAccess, file)));
    if let Some(info) = pace {
        open_pace(terminal, info, password, rng).map_err(|fault| format!("PACE: {fault}"))?;
        if let Ok(file) = terminal.read_file(FileId::CardSecurity) {
            files.insert(FileId::CardSecurity, file);
        }
        if !terminal.has_session() {
            // A chip without the file may end the session over the question: ask no more.
            open_pace(terminal, info, password, rng).map_err(|fault| format!("PACE: {fault}"))?;
        }
        terminal.select_application().map_err(text)?;
        let curve = info.curve().map_or("", |curve| curve.name());
        let password = match password.kind() {
            PasswordKind::Mrz => "MRZ",
            PasswordKind::Can => "CAN",
        };
        return Ok(format!(
            "PACE-GM {curve} {:?} with the {password}",
            info.suite
        ));
    }
    if password.kind() == PasswordKind::Can {
        return Err(
            "the chip has no PACE that this terminal computes, and BAC needs the MRZ".into(),
        );
    }
    terminal.select_application().map_err(text)?;
    open_bac(terminal, password, rng).map_err(|fault| format!("BAC: {fault}"))?;
    Ok("BAC".into())
}

fn read_and_authenticate(
    report: &mut Report,
    terminal: &mut Terminal<'_>,
    password: &AccessPassword,
    files: &mut Files,
    rng: &mut dyn CryptoRng,
) {
    let mut problems = Vec::new();
    for file in [FileId::Com, FileId::Sod] {
        read_into(terminal, file, files, &mut problems);
    }
    let groups = groups_to_read(files);
    let has = |group| groups.contains(&group);
    if has(DataGroup::DG14) {
        read_into(terminal, FileId::Dg(DataGroup::DG14), files, &mut problems);
    }
    let infos = files
        .get(&FileId::Dg(DataGroup::DG14))
        .and_then(|bytes| security_info::decode_dg14(bytes).ok())
        .unwrap_or_default();
    run_chip_authentication(report, terminal, password, &infos, files, rng);
    if has(DataGroup::DG15) {
        read_into(terminal, FileId::Dg(DataGroup::DG15), files, &mut problems);
    }
    run_active_authentication(report, terminal, &infos, files, rng);
    if !terminal.has_session() {
        // A chip that fails an authentication may have ended the session: what it says is still worth reading.
        if let Err(why) = open(terminal, password, files, rng) {
            problems.push(why);
        }
    }
    for group in groups {
        if !matches!(group, DataGroup::DG14 | DataGroup::DG15) {
            if group.is_sensitive() {
                report.not_possible(
                    CheckKind::Fingerprints,
                    format!("{group} opens only to Terminal Authentication"),
                );
            } else {
                read_into(terminal, FileId::Dg(group), files, &mut problems);
                if !terminal.has_session() {
                    // Never go on in the clear.
                    break;
                }
            }
        }
    }
    if problems.is_empty() {
        report.passed(CheckKind::Reading, format!("{} files", files.len()));
    } else {
        report.failed(CheckKind::Reading, problems.join("; "));
    }
}

/// What the SOD and EF.COM list, and DG1 and DG2 in any case.
fn groups_to_read(files: &Files) -> Vec<DataGroup> {
    let mut groups = vec![DataGroup::DG1, DataGroup::DG2];
    if let Some(Ok(sod)) = files.get(&FileId::Sod).map(|bytes| Sod::decode(bytes)) {
        groups.extend(sod.object.hashes.iter().map(|(group, _)| *group));
    }
    if let Some(Ok(com)) = files.get(&FileId::Com).map(|bytes| EfCom::decode(bytes)) {
        groups.extend(com.groups);
    }
    groups.sort();
    groups.dedup();
    groups
}

fn read_into(
    terminal: &mut Terminal<'_>,
    file: FileId,
    files: &mut Files,
    problems: &mut Vec<String>,
) {
    match terminal.read_file(file) {
        Ok(content) => {
            files.insert(file, content);
        }
        Err(fault) => problems.push(fault.to_string()),
    }
}

fn run_chip_authentication(
    report: &mut Report,
    terminal: &mut Terminal<'_>,
    password: &AccessPassword,
    infos: &[SecurityInfo],
    files: &mut Files,
    rng: &mut dyn CryptoRng,
) {
    let kind = CheckKind::ChipAuthentication;
    let Some(announced) = ChipAuthentication::announced(infos) else {
        if infos.iter().any(SecurityInfo::is_chip_authentication) {
            report.not_possible(
                kind,
                "announced in a form that this terminal does not compute",
            );
        } else {
            report.not_possible(kind, "the document does not announce it");
        }
        return;
    };
    let how = format!("{} {:?}", announced.curve.name(), announced.suite);
    // Reading EF.COM again is the proof: only the holder of the private key can answer in the new session.
    let result = announced
        .run(terminal, rng)
        .and_then(|()| terminal.read_file(FileId::Com))
        .map(|again| files.get(&FileId::Com).is_none_or(|known| *known == again));
    match result {
        Ok(true) => report.passed(kind, how),
        Ok(false) => report.failed(kind, "EF.COM reads differently in the new session"),
        Err(fault) => {
            report.failed(kind, fault.to_string());
            let _ = open(terminal, password, files, rng);
        }
    }
}

fn run_active_authentication(
    report: &mut Report,
    terminal: &mut Terminal<'_>,
    infos: &[SecurityInfo],
    files: &Files,
    rng: &mut dyn CryptoRng,
) {
    let kind = CheckKind::ActiveAuthentication;
    let Some(dg15) = files.get(&FileId::Dg(DataGroup::DG15)) else {
        report.not_possible(kind, "the document has no DG15");
        return;
    };
    match active_authentication(terminal, dg15, infos, rng) {
        Ok(how) => report.passed(kind, how),
        Err(fault) => report.failed(kind, fault.to_string()),
    }
}
