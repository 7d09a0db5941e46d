//! `rilascio issue`: the whole circuit for one person, without a browser.

use crate::advisers::{Addresses, Outside};
use crate::authority_store::AuthorityStore;
use crate::catalogue::Catalogue;
use crate::circuit_setup::{self, ISSUING_DESK, SetClock, Setup};
use crate::document_folder::{NewFolder, read_file};
use crate::entropy;
use crate::fault::Fault;
use crate::identification::Engine;
use crate::letters::Letters;
use crate::print_gallery;
use crate::virtual_works::{Product, Shared, VirtualWorks, images};
use crate::whole_way::{Circuit, Staff};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rand_core::Rng;
use rilascio_circuit::process::{DossierId, OrderId};
use rilascio_circuit::{Application, Profile, Record, Refusals, decide};
use rilascio_exchange::message::{Bytes, Package};
use rilascio_inspection::Outcome;
use rilascio_mrtd::code::DocumentNumber;
use rilascio_node::{Database, Installation, Role, Tools};
use rilascio_works::check_faces;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
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

const STEPS: u64 = 8;
/// How far the clock moves after the hand-over, so that the keys of what was forgotten are renewed, in milliseconds.
const AFTERWARDS_MS: i64 = 61_000;

type Made = Arc<Mutex<Option<(OrderId, Product)>>>;

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    let progress = progress_bar(arguments.quiet);
    let step = |text: &str| {
        progress.set_message(text.to_owned());
        progress.inc(1);
    };
    step("reading the application");
    let (text, application) = read_application(&arguments.application)?;
    let catalogue = Arc::new(Catalogue::new(arguments.profiles.as_deref()));
    let profile = catalogue.profile(&application.profile)?;
    let mut folder = NewFolder::begin(&arguments.out, arguments.replace)?;
    let at = moment_of_issue(arguments.date)?;
    let issued = at.to_zoned(TimeZone::UTC).date();

    step("applying the rules");
    // Before anything is opened: an application that is refused or cannot be drawn leaves no trace.
    let provisional = refuse(check(&profile, &application, issued))?;
    let package = read_package(&arguments.application, text, &application)?;
    let template = |path: &str| catalogue.template(path);
    check_faces(
        &profile,
        &provisional,
        &images(&application, &package, &provisional)?,
        &template,
    )?;

    step("opening the circuit");
    let made = Made::default();
    let clock = SetClock::at(at);
    let authorities = AuthorityStore::open(&arguments.data, &mut entropy::generator()?)?;
    let installation = circuit_setup::open(Setup {
        data: &arguments.data,
        roles: Role::ALL.into_iter().collect(),
        database: Database::Sqlite,
        catalogue: Arc::clone(&catalogue),
        clock: clock.clock(),
        master: authorities.master(),
        far: None,
    })?;
    refuse_used_number(&installation, &application)?;
    let (taken, bar) = (Arc::clone(&made), progress.clone());
    let (master, profiles) = (authorities.master(), Arc::clone(&catalogue));
    let works = Arc::new(VirtualWorks::new(
        authorities,
        catalogue,
        Box::new(move |request, product| {
            *taken.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((request.order.clone(), product));
            Ok(())
        }),
        Box::new(move |text| bar.set_message(text.to_owned())),
    ));
    let tools = Tools {
        transport: Arc::clone(&installation.local) as Arc<_>,
        advisers: Arc::new(Outside::open(
            Addresses::default(),
            Arc::clone(&profiles),
            clock.clock(),
            || {
                let gallery = print_gallery::open(&arguments.data, master, None)?;
                Ok(Some(Engine::new(gallery, profiles)))
            },
        )?),
        production: Arc::new(Shared(Arc::clone(&works))),
        scribe: Arc::new(Letters),
    };
    let mut circuit = Circuit {
        installation: &installation,
        tools: &tools,
        run: run_name()?,
        count: 0,
    };
    let staff = Staff::of(ISSUING_DESK)?;
    step("enrolling, and sending the dossier to the centre");
    let dossier = circuit.enrol(&staff, profile.name.as_ref(), package)?;
    circuit.submit(&staff, &dossier)?;
    step("deciding, certifying, producing");
    circuit.propose(&staff, &dossier, true)?;
    circuit.decide(&staff, profile.name.as_ref(), &dossier, true)?;
    let product = take_product(&made, &dossier, &works)?;
    step("sending, activating, handing over");
    circuit.deliver(&staff, &[&dossier])?;
    circuit.activate(&staff, &dossier)?;
    circuit.hand_over(&staff, &dossier)?;
    clock.advance(AFTERWARDS_MS);
    circuit.settle()?;

    step("writing the folder");
    write_product(&mut folder, &product)?;
    let files = folder.finish()?;
    progress.finish_and_clear();
    if !arguments.quiet {
        summary(&dossier, &product, &files);
    }
    Ok(ExitCode::SUCCESS)
}

/// A name that no other run has.
fn run_name() -> Result<String, Fault> {
    let number = entropy::generator()?.next_u64();
    Ok(format!("issue-{number:016x}"))
}

/// The document of this dossier, or why there is none.
fn take_product(made: &Made, dossier: &DossierId, works: &VirtualWorks) -> Result<Product, Fault> {
    let product = made.lock().unwrap_or_else(PoisonError::into_inner).take();
    match product {
        Some((order, product)) if order.as_str().starts_with(&format!("{dossier}-")) => Ok(product),
        _ => Err(works.last_fault().unwrap_or_else(|| {
            Fault::failed(format!("the works made no document for dossier {dossier}"))
                .remedy("look at the journal with rilascio audit, and issue again")
        })),
    }
}

/// A number that the application asks for must be free.
fn refuse_used_number(installation: &Installation, application: &Application) -> Result<(), Fault> {
    let Some(number) = &application.document.number else {
        return Ok(());
    };
    let id = format!("{}.{number}", application.profile);
    let works = installation.desk(Role::Works)?;
    let used = works
        .store()
        .read::<_, rilascio_store::Error, _>(move |tx| {
            rilascio_store::entity::get(tx, "number", &id)
        })?;
    match used {
        None => Ok(()),
        Some(_) => Err(
            Fault::refused(format!("the number {number} was issued before"))
                .remedy("give another document.number, or leave it out so that one is allocated"),
        ),
    }
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

fn read_application(path: &Path) -> Result<(String, Application), Fault> {
    let bytes =
        read_file(path).map_err(|fault| fault.remedy("give the path of an application file"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Fault::usage(format!("{}: the file is not UTF-8", path.display())))?;
    let application = Application::parse(&path.display().to_string(), &text)
        .map_err(|fault| Fault::usage(fault).remedy("correct the application file there"))?;
    Ok((text, application))
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

/// The application with its images: what the desk sends to the centre.
fn read_package(path: &Path, text: String, application: &Application) -> Result<Package, Fault> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let names = application.image_names();
    let mut images = BTreeMap::new();
    for name in names {
        let bytes = read_file(&folder.join(name)).map_err(|fault| {
            fault.remedy("correct the path in the application; paths start from its folder")
        })?;
        images.insert(name.clone(), Bytes(bytes));
    }
    Ok(Package {
        application: text,
        images,
    })
}

/// Writes the files of a document into its folder.
pub(crate) fn write_product(folder: &mut NewFolder, product: &Product) -> Result<(), Fault> {
    let json = serde_json::to_vec_pretty(&describe(product))
        .map_err(|why| Fault::failed(format!("document.json: {why}")))?;
    folder.write("document.json", &json)?;
    for face in &product.faces {
        folder.write(&format!("card/{}.svg", face.name), face.svg.as_bytes())?;
        folder.write(&format!("card/{}.png", face.name), &face.engraving_png)?;
        folder.write(
            &format!("card/{}-preview.png", face.name),
            &face.preview_png,
        )?;
    }
    folder.write("card/proof.pdf", &product.proof)?;
    for (file, content) in &product.data.files {
        folder.write(&format!("chip/{}.bin", file.name()), content)?;
    }
    folder.write("chip/chip.toml", product.data.secrets.to_toml()?.as_bytes())?;
    folder.write("trust/csca.cer", product.authority.csca.der())?;
    folder.write("trust/ds.cer", product.authority.signer.certificate().der())?;
    folder.write("trust/crl.der", product.authority.list.der())
}

/// What was issued, without biometrics.
fn describe(product: &Product) -> serde_json::Value {
    let Product {
        profile,
        record,
        data,
        ..
    } = product;
    let files: Vec<String> = data.files.keys().map(|file| file.name()).collect();
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
        "can": data.secrets.can.as_ref().map(|can| can.as_str()),
        "signs": record.signs,
        "prints": data.files.contains_key(&rilascio_mrtd::lds::FileId::Dg(
            rilascio_mrtd::lds::DataGroup::DG3
        )).then_some(record.prints.prints.len()),
        "chip_files": files,
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the summary is the output of the command"
)]
fn summary(dossier: &DossierId, product: &Product, files: &[PathBuf]) {
    let Product {
        profile,
        record,
        data,
        report,
        ..
    } = product;
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
    if let Some(can) = &data.secrets.can {
        println!("    CAN {}", can.as_str());
    }
    println!("dossier {dossier}: enrolled, decided by two, certified, produced, handed over");
    let passed = report
        .checks
        .iter()
        .filter(|c| c.outcome == Outcome::Passed)
        .count();
    let traffic = report.traffic;
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
