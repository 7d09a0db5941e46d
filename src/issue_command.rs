//! `rilascio issue`: the whole way for one person, without a browser.

use crate::authority_store::{Authority, AuthorityStore};
use crate::catalogue::Catalogue;
use crate::document_folder::{NewFolder, read_file};
use crate::entropy;
use crate::fault::Fault;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rand_core::CryptoRng;
use rilascio_access::AccessPassword;
use rilascio_circuit::{Application, Profile, Record, Refusals, decide};
use rilascio_inspection::{Outcome, Report, Verdict, inspect_chip};
use rilascio_mrtd::code::DocumentNumber;
use rilascio_works::{DataSet, EngravedFace, Images, check_faces, engrave, prepare, virtual_chip};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio issue examples/it-pse/application.toml --out document"
)]
pub(crate) struct Arguments {
    /// The application file; paths in it start from its folder.
    application: PathBuf,
    /// The folder to write the document to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where keys, certificates and counters are kept.
    #[arg(long, value_name = "DIR", env = "RILASCIO_DATA", default_value_os_t = default_data())]
    data: PathBuf,
    /// A folder of profiles that is looked into before the built-in ones.
    #[arg(long, value_name = "DIR", env = "RILASCIO_PROFILES")]
    profiles: Option<PathBuf>,
    /// The day of issue; today if absent.
    #[arg(long, value_name = "CCYY-MM-DD")]
    date: Option<Date>,
    /// Replace a document that is in the folder already.
    #[arg(long)]
    replace: bool,
    /// Print nothing but errors.
    #[arg(long, short)]
    quiet: bool,
}

/// `$XDG_DATA_HOME/rilascio`, or the usual place for it.
pub(crate) fn default_data() -> PathBuf {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/share"));
    std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(home)
        .map_or_else(
            || PathBuf::from("rilascio-data"),
            |folder| folder.join("rilascio"),
        )
}

/// What was made, before it is written.
struct Document {
    data: DataSet,
    faces: Vec<EngravedFace>,
    proof: Vec<u8>,
    report: Report,
}

const STEPS: u64 = 7;

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    let progress = progress_bar(arguments.quiet);
    let step = |text: &str| {
        progress.set_message(text.to_owned());
        progress.inc(1);
    };
    step("reading the application");
    let application = read_application(&arguments.application)?;
    let catalogue = Catalogue::new(arguments.profiles.as_deref());
    let profile = catalogue.profile(&application.profile)?;
    let mut folder = NewFolder::begin(&arguments.out, arguments.replace)?;
    let at = moment_of_issue(arguments.date)?;
    let issued = at.to_zoned(TimeZone::UTC).date();

    step("applying the rules");
    // Once without a number: an application that is refused or cannot be drawn uses none up.
    let provisional = refuse(check(&profile, &application, issued))?;
    let images = read_images(&arguments.application, &application, &provisional)?;
    let template = |path: &str| catalogue.template(path);
    check_faces(&profile, &provisional, &images, &template)?;

    step("opening the authority");
    let mut rng = entropy::generator()?;
    let store = AuthorityStore::open(&arguments.data, &mut rng)?;
    let tell = |text: &str| progress.set_message(text.to_owned());
    let authority = store.authority(&profile, at, &mut rng, &tell)?;
    let record = numbered_record(&store, &profile, &application, issued)?;

    step("preparing the data");
    let document = make(
        &profile, &record, &images, &authority, &catalogue, at, &mut rng, &step,
    )?;

    step("writing the folder");
    write(&mut folder, &profile, &record, &authority, &document)?;
    let files = folder.finish()?;
    progress.finish_and_clear();
    if !arguments.quiet {
        summary(&profile, &record, &document, &files);
    }
    Ok(ExitCode::SUCCESS)
}

fn progress_bar(quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(STEPS);
    let style = ProgressStyle::with_template("{spinner} [{pos}/{len}] {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn read_application(path: &Path) -> Result<Application, Fault> {
    let bytes =
        read_file(path).map_err(|fault| fault.remedy("give the path of an application file"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Fault::usage(format!("{}: the file is not UTF-8", path.display())))?;
    Application::parse(&path.display().to_string(), &text)
        .map_err(|fault| Fault::usage(fault).remedy("correct the application file there"))
}

/// Now, or noon of the day that was given.
fn moment_of_issue(date: Option<Date>) -> Result<Timestamp, Fault> {
    match date {
        None => Ok(Timestamp::now()),
        Some(date) => date
            .at(12, 0, 0, 0)
            .to_zoned(TimeZone::UTC)
            .map(|noon| noon.timestamp())
            .map_err(|why| Fault::usage(format!("--date {date}: {why}"))),
    }
}

/// Applies the rules with the first number of the range.
fn check(profile: &Profile, application: &Application, issued: Date) -> Result<Record, Refusals> {
    let first = profile
        .document
        .number
        .as_ref()
        .number(1)
        .unwrap_or_default();
    let number = DocumentNumber::parse(&first).expect("a pattern gives numbers");
    decide(profile, application, issued, &number, "")
}

fn numbered_record(
    store: &AuthorityStore,
    profile: &Profile,
    application: &Application,
    issued: Date,
) -> Result<Record, Fault> {
    let document = &profile.document;
    let name = profile.name.as_ref();
    let number = match &application.document.number {
        None => store.next_number(name, "number", document.number.as_ref())?,
        Some(given) if store.take_number(name, "number", given.as_str())? => given.to_string(),
        Some(given) => {
            return Err(
                Fault::refused(format!("the number {given} was issued before")).remedy(
                    "give another document.number, or leave it out so that one is allocated",
                ),
            );
        }
    };
    // On a booklet the number of the document is that of the blank.
    let serial = if document.serial.as_ref() == document.number.as_ref() {
        number.clone()
    } else {
        store.next_number(name, "serial", document.serial.as_ref())?
    };
    let number = DocumentNumber::parse(&number).map_err(Fault::failed)?;
    refuse(decide(profile, application, issued, &number, &serial))
}

fn refuse(decided: Result<Record, Refusals>) -> Result<Record, Fault> {
    decided.map_err(|Refusals(refusals)| {
        let italian = std::env::var("LANG").is_ok_and(|lang| lang.starts_with("it"));
        let lines: Vec<String> = refusals
            .iter()
            .map(|refusal| {
                let (why, remedy) = if italian {
                    (&refusal.it, &refusal.remedy_it)
                } else {
                    (&refusal.en, &refusal.remedy_en)
                };
                format!("  [{}] {why}\n    to do: {remedy}", refusal.rule)
            })
            .collect();
        Fault::refused(format!("the application is refused:\n{}", lines.join("\n")))
    })
}

fn read_images(path: &Path, application: &Application, record: &Record) -> Result<Images, Fault> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let read = |name: &str| {
        read_file(&folder.join(name)).map_err(|fault| {
            fault.remedy("correct the path in the application; paths start from its folder")
        })
    };
    let prints = record.prints.prints.iter().map(|place| {
        let print = &application.print[*place];
        Ok((print.finger, print.quality, read(&print.image)?))
    });
    Ok(Images {
        portrait: read(&application.images.portrait)?,
        signature: application
            .images
            .signature
            .as_deref()
            .map(read)
            .transpose()?,
        prints: prints.collect::<Result<_, Fault>>()?,
    })
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parts of one document, each used once"
)]
fn make(
    profile: &Profile,
    record: &Record,
    images: &Images,
    authority: &Authority,
    catalogue: &Catalogue,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    step: &dyn Fn(&str),
) -> Result<Document, Fault> {
    let data = prepare(
        profile,
        record,
        images,
        &authority.signer,
        &authority.anchors,
        at,
        rng,
    )?;
    step("engraving the faces");
    let can = data.secrets.can.as_ref().map(|can| can.as_str());
    let template = |path: &str| catalogue.template(path);
    let (faces, proof) = engrave(profile, record, images, can, &template, at)?;
    step("writing the chip and reading it back");
    let chip_rng = Box::new(entropy::generator()?);
    let mut chip = virtual_chip(&data, chip_rng, rng, &mut |_, _| {})?;
    let password = AccessPassword::mrz(&data.secrets.mrz_information);
    let mrz = Some(record.mrz.as_str());
    let report = inspect_chip(&mut chip, &password, mrz, &authority.anchors, at, rng);
    if report.verdict() != Verdict::Valid {
        let failed: Vec<String> = report
            .checks
            .iter()
            .filter(|check| check.outcome == Outcome::Failed)
            .map(|check| format!("{}: {}", check.check.title(), check.why))
            .collect();
        return Err(Fault::failed(format!(
            "the chip does not read back: {}",
            failed.join("; ")
        )));
    }
    Ok(Document {
        data,
        faces,
        proof,
        report,
    })
}

fn write(
    folder: &mut NewFolder,
    profile: &Profile,
    record: &Record,
    authority: &Authority,
    document: &Document,
) -> Result<(), Fault> {
    let json = serde_json::to_vec_pretty(&describe(profile, record, document))
        .map_err(|why| Fault::failed(format!("document.json: {why}")))?;
    folder.write("document.json", &json)?;
    for face in &document.faces {
        folder.write(&format!("card/{}.svg", face.name), face.svg.as_bytes())?;
        folder.write(&format!("card/{}.png", face.name), &face.engraving_png)?;
        folder.write(
            &format!("card/{}-preview.png", face.name),
            &face.preview_png,
        )?;
    }
    folder.write("card/proof.pdf", &document.proof)?;
    for (file, content) in &document.data.files {
        folder.write(&format!("chip/{}.bin", file.name()), content)?;
    }
    folder.write(
        "chip/chip.toml",
        document.data.secrets.to_toml()?.as_bytes(),
    )?;
    folder.write("trust/csca.cer", authority.csca.der())?;
    folder.write("trust/ds.cer", authority.signer.certificate().der())?;
    folder.write("trust/crl.der", authority.list.der())
}

/// What was issued, without biometrics.
fn describe(profile: &Profile, record: &Record, document: &Document) -> serde_json::Value {
    let files: Vec<String> = document.data.files.keys().map(|file| file.name()).collect();
    serde_json::json!({
        "schema": 1,
        "profile": profile.name.as_ref(),
        "title": { "it": profile.title.it, "en": profile.title.en },
        "number": record.number.as_str(),
        "serial": record.serial,
        "issuing_state": profile.document.state.as_str(),
        "issued": record.issued.to_string(),
        "valid_from": record.validity.from.to_string(),
        "valid_until": record.validity.until.to_string(),
        "unlimited": record.validity.unlimited,
        "place": record.place,
        "authority": record.authority,
        "holder": {
            "surname": record.surname,
            "given_names": record.given_names,
            "full_name": record.full_name,
            "sex": record.sex.as_viz().to_string(),
            "birth_date": record.birth_date.to_string(),
            "birth_place": record.birth_place,
            "nationality": record.nationality.as_str(),
            "fiscal_code": record.fiscal_code,
            "personal_number": record.personal_number,
            "height_cm": record.height_cm,
            "address": record.address,
            "guardians": record.guardians,
        },
        "permit": record.permit_lines,
        "remarks": record.remarks,
        "mrz": record.mrz.lines(),
        "can": document.data.secrets.can.as_ref().map(|can| can.as_str()),
        "signs": record.signs,
        "prints": document.data.files.contains_key(&rilascio_mrtd::lds::FileId::Dg(
            rilascio_mrtd::lds::DataGroup::DG3
        )).then_some(record.prints.prints.len()),
        "chip_files": files,
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the summary is the output of the command"
)]
fn summary(profile: &Profile, record: &Record, document: &Document, files: &[PathBuf]) {
    println!(
        "{}: {} {}",
        profile.title.en, profile.document.state, record.number
    );
    println!(
        "{} {}, valid until {}",
        record.given_names, record.surname, record.validity.until
    );
    for line in record.mrz.lines() {
        println!("    {line}");
    }
    if let Some(can) = &document.data.secrets.can {
        println!("    CAN {}", can.as_str());
    }
    let passed = document
        .report
        .checks
        .iter()
        .filter(|c| c.outcome == Outcome::Passed)
        .count();
    let traffic = document.report.traffic;
    println!(
        "chip read back: {passed} checks passed, none failed; {} commands, {} bytes",
        traffic.commands,
        traffic.bytes_sent + traffic.bytes_received
    );
    println!("{} files:", files.len());
    for file in files {
        println!("    {}", file.display());
    }
}
