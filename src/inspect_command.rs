//! `rilascio inspect`: reads and verifies a document.

use crate::authority_store::AuthorityStore;
use crate::document_folder::{read_chip_files, read_trust};
use crate::entropy;
use crate::fault::Fault;
use crate::issue_command::default_data;
use crate::report_table;
use crate::vpcd::VpcdReader;
use jiff::Timestamp;
use rilascio_access::AccessPassword;
use rilascio_access::channel::CardChannel;
use rilascio_inspection::{Report, Verdict, inspect_chip, inspect_files};
use rilascio_pki::TrustAnchors;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  rilascio inspect document\n  \
    rilascio inspect --vpcd 127.0.0.1:35963 --mrz I00000001,900101,310101 --trust document/trust\n  \
    rilascio inspect --reader 'Virtual PCD 00 00' --can 123456 --trust document/trust --json")]
#[command(group(clap::ArgGroup::new("what").required(true).args(["document", "vpcd", "reader"])))]
pub(crate) struct Arguments {
    /// The folder of an issued document; its files are checked without a chip.
    document: Option<PathBuf>,
    /// Wait at this address for a chip, as the vpcd driver does.
    #[arg(long, value_name = "HOST:PORT")]
    vpcd: Option<String>,
    /// The PC/SC reader with the chip; a part of its name is enough.
    #[arg(long, value_name = "NAME")]
    reader: Option<String>,
    /// The MRZ, or NUMBER,YYMMDD,YYMMDD: document number, birth date, expiry.
    #[arg(long, value_name = "TEXT", conflicts_with = "can")]
    mrz: Option<String>,
    /// The card access number.
    #[arg(long, value_name = "N")]
    can: Option<String>,
    /// A folder with CSCA certificates and revocation lists; else the document's own, or those of this installation.
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    /// The installation whose authorities are trusted when --trust is absent.
    #[arg(long, value_name = "DIR", env = "RILASCIO_DATA", default_value_os_t = default_data())]
    data: PathBuf,
    /// Judge as of this moment instead of now.
    #[arg(
        long,
        value_name = "TIME",
        help = "Judge as of this moment (CCYY-MM-DDThh:mm:ssZ)"
    )]
    at: Option<Timestamp>,
    /// How long to wait for a chip, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    wait: u64,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    let at = arguments.at.unwrap_or_else(Timestamp::now);
    let anchors = trust(arguments)?;
    let report = match (&arguments.document, &arguments.vpcd, &arguments.reader) {
        (Some(folder), ..) => {
            let files = read_chip_files(folder)?;
            inspect_files(&files, arguments.mrz.as_deref(), &anchors, at)
        }
        (_, Some(address), _) => {
            let password = password(arguments.mrz.as_deref(), arguments.can.as_deref())?;
            eprintln!("waiting for a chip at {address}");
            let mut reader = VpcdReader::wait(address, Duration::from_secs(arguments.wait))?;
            with_chip(arguments, &mut reader, &password, &anchors, at)?
        }
        (_, _, Some(name)) => {
            let password = password(arguments.mrz.as_deref(), arguments.can.as_deref())?;
            let mut reader = open_reader(name, Duration::from_secs(arguments.wait))?;
            with_chip(arguments, &mut *reader, &password, &anchors, at)?
        }
        _ => return Err(Fault::usage("give a folder, --vpcd or --reader")),
    };
    report_table::print(&report, arguments.json)?;
    Ok(match report.verdict() {
        Verdict::Valid => ExitCode::SUCCESS,
        Verdict::NotValid | Verdict::Undetermined => ExitCode::from(1),
    })
}

fn with_chip(
    arguments: &Arguments,
    channel: &mut dyn CardChannel,
    password: &AccessPassword,
    anchors: &TrustAnchors,
    at: Timestamp,
) -> Result<Report, Fault> {
    let mut rng = entropy::generator()?;
    Ok(inspect_chip(
        channel,
        password,
        arguments.mrz.as_deref(),
        anchors,
        at,
        &mut rng,
    ))
}

/// What opens a chip.
pub(crate) fn password(mrz: Option<&str>, can: Option<&str>) -> Result<AccessPassword, Fault> {
    match (mrz, can) {
        (Some(mrz), _) => AccessPassword::from_mrz_text(mrz).map_err(|fault| {
            Fault::usage(format!("--mrz: {fault}"))
                .remedy("give the whole MRZ, or NUMBER,YYMMDD,YYMMDD")
        }),
        (None, Some(can)) if can.len() == 6 && can.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(AccessPassword::can(can))
        }
        (None, Some(_)) => Err(Fault::usage("--can: a card access number has six digits")),
        (None, None) => Err(Fault::usage("a chip opens only with --mrz or --can")),
    }
}

fn trust(arguments: &Arguments) -> Result<TrustAnchors, Fault> {
    if let Some(folder) = &arguments.trust {
        return read_trust(folder);
    }
    let installation = AuthorityStore::trust_anchors(&arguments.data);
    if let Some(folder) = &arguments.document {
        let own = folder.join("trust");
        if own.is_dir() {
            let own = read_trust(&own)?;
            let known = own
                .cscas
                .iter()
                .all(|csca| installation.cscas.contains(csca));
            if !known || own.cscas.is_empty() {
                eprintln!(
                    "no anchor of this installation: the document is measured by the CSCA that came with it, \
                     which proves nothing about its origin; --trust DIR names anchors of your own"
                );
                return Ok(own);
            }
        }
    }
    Ok(installation)
}

#[cfg(feature = "pcsc")]
pub(crate) fn open_reader(name: &str, wait: Duration) -> Result<Box<dyn CardChannel>, Fault> {
    let reader = crate::pcsc_reader::PcscReader::open(name, wait)?;
    Ok(Box::new(reader))
}

#[cfg(not(feature = "pcsc"))]
pub(crate) fn open_reader(_name: &str, _wait: Duration) -> Result<Box<dyn CardChannel>, Fault> {
    Err(Fault::usage("this program was built without PC/SC")
        .remedy("build it with `cargo build --release --features pcsc` (needs libpcsclite-dev)"))
}
