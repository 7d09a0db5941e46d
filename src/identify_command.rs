//! `rilascio identify`: the fingerprint engine by hand.

use crate::authority_store::AuthorityStore;
use crate::entropy;
use crate::evaluation;
use crate::fault::Fault;
use crate::issue_command::default_data;
use crate::print_files::Reading;
use crate::print_measures;
use crate::search_worker;
use jiff::Zoned;
use jiff::civil::Date;
use rilascio_biometrics::{
    Comparison, FingerView, Language, RecordEdition, Shown, adjudication_svg, compare, in_words,
    print_quality, threshold_for, write_template,
};
use rilascio_gallery::{Candidate, Enrolment, Gallery, LiveProbe, Purpose, Question, threshold};
use rilascio_mrtd::finger::FingerPosition;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Put prints of somebody into the gallery.
    Enrol(EnrolArguments),
    /// Look for whoever gave these prints before. Exit 1 when nobody is above the threshold.
    Search(SearchArguments),
    /// Compare a print with another, or prints with those of one subject. Exit 1 when they do not match.
    Verify(VerifyArguments),
    /// Write the template of a print as a record of ISO/IEC 19794-2.
    Template(TemplateArguments),
    /// Measure how good a print is. Exit 1 when it is not good enough.
    Quality(print_measures::Arguments),
    /// Erase all prints of a subject, from the disk too.
    Erase(EraseArguments),
    /// Write the key that search workers need.
    WorkerKey(search_worker::KeyArguments),
    /// Be one of the machines that search a gallery in a data base together.
    Worker(search_worker::Arguments),
    /// Measure the error rates on a folder of images named as the FVC names them.
    Evaluate(evaluation::Arguments),
}

#[derive(clap::Args)]
struct Place {
    /// The data folder; its gallery is made when there is none.
    #[arg(long, value_name = "DIR", env = "RILASCIO_DATA", default_value_os_t = default_data())]
    data: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio identify enrol --subject dossier-17 right-index=ri.png left-index=li.wsq"
)]
struct EnrolArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    reading: Reading,
    /// Whose prints: a name that says nothing of the person.
    #[arg(long)]
    subject: String,
    /// The last day that they may be compared; ten years from today if absent.
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// The prints: FINGER=FILE.
    #[arg(required = true, value_name = "FINGER=FILE")]
    prints: Vec<String>,
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio identify search right-index=new.png left-index=other.png --one-in 1000"
)]
struct SearchArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    reading: Reading,
    /// The most candidates that are shown.
    #[arg(long, default_value_t = 10)]
    most: usize,
    /// How many searches of strangers may pass before one finds somebody.
    #[arg(long, default_value_t = 1000.0, value_name = "N")]
    one_in: f64,
    /// The prints of one person: FINGER=FILE.
    #[arg(required = true, value_name = "FINGER=FILE")]
    prints: Vec<String>,
}

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  rilascio identify verify one.png other.png --picture pair.svg\n  \
    rilascio identify verify --subject dossier-17 right-index=new.png"
)]
struct VerifyArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    reading: Reading,
    /// The subject of the gallery; without it two files are compared.
    #[arg(long)]
    subject: Option<String>,
    /// The false match rate that is accepted.
    #[arg(long, default_value_t = 0.0001, value_name = "RATE")]
    false_match_rate: f64,
    /// Draw two compared files into this SVG.
    #[arg(long, value_name = "FILE", conflicts_with = "subject")]
    picture: Option<PathBuf>,
    /// Two files; with --subject FINGER=FILE.
    #[arg(required = true, value_name = "FILE")]
    prints: Vec<String>,
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio identify template right-index=print.wsq --out print.fmr"
)]
struct TemplateArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    reading: Reading,
    /// The edition of the record: 2005 or 2011.
    #[arg(long, default_value = "2011", value_parser = ["2005", "2011"])]
    edition: String,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The print: FINGER=FILE.
    #[arg(value_name = "FINGER=FILE")]
    print: String,
}

#[derive(clap::Args)]
struct EraseArguments {
    #[command(flatten)]
    place: Place,
    /// Whose prints.
    #[arg(long)]
    subject: String,
}

/// The gallery of a data folder that has one.
fn open_existing(data: &Path) -> Result<Gallery, Fault> {
    if !data.join("gallery").is_dir() {
        return Err(
            Fault::usage(format!("{}: there is no gallery here", data.display()))
                .remedy("enrol somebody, or give --data another folder"),
        );
    }
    open(data)
}

/// The gallery of a data folder, sealed with its master key; a new one is made.
fn open(data: &Path) -> Result<Gallery, Fault> {
    rilascio_node::files::make_folder(data)?;
    let mut rng = entropy::generator()?;
    let master = AuthorityStore::master_key(data, &mut rng)?;
    Gallery::open(
        &data.join("gallery"),
        Arc::new(master),
        Box::new(entropy::generator()?),
    )
    .map_err(Fault::failed)
}

fn today() -> Date {
    Zoned::now().date()
}

/// `FINGER=FILE`.
fn finger_and_file(text: &str) -> Result<(u8, PathBuf), Fault> {
    let wrong = || {
        Fault::usage(format!("'{text}' is not FINGER=FILE"))
            .remedy("fingers are right-thumb, right-index, right-middle, right-ring, right-little, and left-…")
    };
    let (finger, file) = text.split_once('=').ok_or_else(wrong)?;
    let finger = FingerPosition::from_name(finger).ok_or_else(wrong)?;
    Ok((finger as u8, file.into()))
}

fn probes(prints: &[String], reading: &Reading) -> Result<Vec<LiveProbe>, Fault> {
    let reader = reading.open()?;
    prints
        .iter()
        .map(|text| {
            let (finger, file) = finger_and_file(text)?;
            Ok(LiveProbe::new(finger, reader.take(&file)?.1))
        })
        .collect()
}

fn candidate_json(candidate: &Candidate) -> Value {
    let fingers: Vec<Value> = candidate
        .fingers
        .iter()
        .map(|finger| json!({ "finger": finger.finger, "score": finger.score }))
        .collect();
    json!({ "subject": candidate.subject, "score": candidate.score, "fingers": fingers })
}

#[expect(clippy::print_stdout, reason = "the answer is the output")]
fn print_json(value: &Value) -> Result<(), Fault> {
    println!(
        "{}",
        serde_json::to_string_pretty(value).map_err(Fault::failed)?
    );
    Ok(())
}

fn yes_or_no(yes: bool) -> ExitCode {
    ExitCode::from(u8::from(!yes))
}

#[expect(clippy::print_stdout, reason = "the answer is the output")]
fn enrol(arguments: &EnrolArguments) -> Result<ExitCode, Fault> {
    let until = match arguments.until {
        Some(until) => until,
        None => today()
            .checked_add(jiff::Span::new().years(10))
            .map_err(Fault::failed)?,
    };
    let prints = probes(&arguments.prints, &arguments.reading)?;
    let minutiae: Vec<usize> = prints
        .iter()
        .map(|print| print.print().template.minutiae.len())
        .collect();
    let records = prints
        .into_iter()
        .map(|print| Enrolment {
            subject: arguments.subject.clone(),
            finger: print.finger(),
            purpose: Purpose::Issuing,
            until,
            template: print.into_template(),
        })
        .collect();
    let gallery = open(&arguments.place.data)?;
    gallery.enrol(records).map_err(Fault::failed)?;
    let size = gallery.size();
    if arguments.place.json {
        print_json(
            &json!({ "subject": arguments.subject, "minutiae": minutiae, "records": size.records }),
        )?;
    } else {
        println!(
            "{}: {} prints with {minutiae:?} minutiae, until {until}; {} in the gallery",
            arguments.subject,
            minutiae.len(),
            size.records
        );
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the answer is the output")]
fn search(arguments: &SearchArguments) -> Result<ExitCode, Fault> {
    let gallery = open_existing(&arguments.place.data)?;
    let question = Question {
        prints: probes(&arguments.prints, &arguments.reading)?,
        purpose: Purpose::Issuing,
        today: today(),
        most: arguments.most,
    };
    let found = gallery.search(&question).map_err(Fault::failed)?;
    let least = threshold(gallery.size().records, arguments.one_in);
    let hits = found.iter().filter(|one| one.score >= least).count();
    if arguments.place.json {
        let shown: Vec<Value> = found.iter().map(candidate_json).collect();
        print_json(&json!({ "threshold": least, "hits": hits, "candidates": shown }))?;
    } else {
        println!(
            "{hits} above the threshold {:.1} of {} prints",
            f64::from(least) / 100.0,
            gallery.size().records
        );
        for one in &found {
            let mark = if one.score >= least { "*" } else { " " };
            println!(
                "{mark} {:>8.1}  {}",
                f64::from(one.score) / 100.0,
                one.subject
            );
        }
    }
    Ok(yes_or_no(hits > 0))
}

#[expect(clippy::print_stdout, reason = "the answer is the output")]
fn verify(arguments: &VerifyArguments) -> Result<ExitCode, Fault> {
    let rate = arguments.false_match_rate;
    if !(rate > 0.0 && rate < 1.0) {
        return Err(Fault::usage("--false-match-rate is between 0 and 1"));
    }
    let least = threshold_for(rate);
    let (score, matched) = match &arguments.subject {
        Some(subject) => {
            let gallery = open_existing(&arguments.place.data)?;
            let question = Question {
                prints: probes(&arguments.prints, &arguments.reading)?,
                purpose: Purpose::Issuing,
                today: today(),
                most: 1,
            };
            let found = gallery
                .verify(subject, &question)
                .map_err(Fault::failed)?
                .ok_or_else(|| {
                    Fault::refused(format!("{subject} has none of these fingers"))
                        .remedy("enrol them first")
                })?;
            (found.score, None)
        }
        None => {
            let comparison = verify_files(arguments)?;
            (comparison.score(), Some(comparison.alignment.matched.len()))
        }
    };
    if arguments.place.json {
        print_json(
            &json!({ "match": score >= least, "score": score, "threshold": least, "minutiae": matched }),
        )?;
    } else {
        println!(
            "{}: score {:.1}, threshold {:.1} (false match rate {rate}); {}",
            if score >= least { "match" } else { "no match" },
            f64::from(score) / 100.0,
            f64::from(least) / 100.0,
            in_words(score, Language::English)
        );
    }
    Ok(yes_or_no(score >= least))
}

fn verify_files(arguments: &VerifyArguments) -> Result<Comparison, Fault> {
    let [one, other] = &arguments.prints[..] else {
        return Err(Fault::usage("give two files, or --subject and FINGER=FILE"));
    };
    let reader = arguments.reading.open()?;
    let (first, second) = (reader.take(Path::new(one))?, reader.take(Path::new(other))?);
    let comparison = compare(&first.1.clone().into(), &second.1.clone().into());
    if let Some(file) = &arguments.picture {
        let shown = |name, (image, template)| Shown {
            name,
            image,
            template,
        };
        let svg = adjudication_svg(
            shown(one, (&first.0, &first.1)),
            shown(other, (&second.0, &second.1)),
            &comparison,
            Language::English,
        )
        .map_err(Fault::failed)?;
        rilascio_node::files::write_whole(file, svg.as_bytes(), true)?;
    }
    Ok(comparison)
}

#[expect(clippy::print_stdout, reason = "the answer is the output")]
fn template(arguments: &TemplateArguments) -> Result<ExitCode, Fault> {
    let (finger, file) = finger_and_file(&arguments.print)?;
    let (image, template) = arguments.reading.open()?.take(&file)?;
    let quality = print_quality(&image, &template).map_err(Fault::failed)?;
    let edition = if arguments.edition == "2005" {
        RecordEdition::V2005
    } else {
        RecordEdition::V2011
    };
    let minutiae: Vec<Value> = template
        .minutiae
        .iter()
        .map(|minutia| json!({ "x": minutia.x, "y": minutia.y, "direction": minutia.direction, "quality": minutia.quality }))
        .collect();
    let view = FingerView {
        position: finger,
        impression: 0,
        quality: Some(quality.score),
        template,
    };
    let record = write_template(&[view], edition).map_err(Fault::failed)?;
    rilascio_node::files::write_whole(&arguments.out, &record, true)?;
    if arguments.place.json {
        print_json(&json!({ "quality": quality.score, "minutiae": minutiae }))?;
    } else {
        println!(
            "{} minutiae, quality {}, in {}",
            minutiae.len(),
            quality.score,
            arguments.out.display()
        );
        for advice in &quality.advice {
            println!("{}", advice.words(Language::English));
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "the answer is the output")]
fn erase(arguments: &EraseArguments) -> Result<ExitCode, Fault> {
    let gallery = open_existing(&arguments.place.data)?;
    let erased = gallery.erase(&arguments.subject).map_err(Fault::failed)?;
    gallery.purge(today()).map_err(Fault::failed)?;
    if arguments.place.json {
        print_json(&json!({ "erased": erased, "records": gallery.size().records }))?;
    } else {
        println!("{erased} prints of {} erased", arguments.subject);
    }
    Ok(yes_or_no(erased > 0))
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    match &arguments.action {
        Action::Enrol(arguments) => enrol(arguments),
        Action::Search(arguments) => search(arguments),
        Action::Verify(arguments) => verify(arguments),
        Action::Template(arguments) => template(arguments),
        Action::Quality(arguments) => print_measures::run(arguments),
        Action::Erase(arguments) => erase(arguments),
        Action::WorkerKey(arguments) => search_worker::write_key(arguments),
        Action::Worker(arguments) => search_worker::run(arguments),
        Action::Evaluate(arguments) => evaluation::run(arguments),
    }
}
