//! `rilascio identify evaluate`: the error rates of the engine on a folder of images named as the FVC names them.

use crate::fault::Fault;
use crate::print_files::{Reading, is_image};
use indicatif::{ProgressBar, ProgressStyle};
use rilascio_biometrics::{ErrorRates, Prepared, compare};
use rilascio_gallery::on_all_processors;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio identify evaluate FVC2002/DB1_B --det det.svg\n\n\
    Images are named FINGER_IMPRESSION: 101_1.tif. Every pair is compared: one finger's impressions with each other, and\n\
    with all impressions of all other fingers. An image that gives no template scores nothing."
)]
pub(crate) struct Arguments {
    /// The folder of images.
    folder: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Write the curve of both error rates into this SVG file.
    #[arg(long, value_name = "FILE")]
    det: Option<PathBuf>,
    /// Write every score into this CSV file: probe, reference, score.
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// An impression of the folder.
struct Impression {
    finger: String,
    name: String,
    path: PathBuf,
}

/// The impressions of a folder, in the order of their names.
fn impressions(folder: &Path) -> Result<Vec<Impression>, Fault> {
    let entries = std::fs::read_dir(folder).map_err(|why| Fault::file(folder, why))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|why| Fault::file(folder, why))?.path();
        let stem = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let Some(stem) = stem.filter(|_| is_image(&path)) else {
            continue;
        };
        if let Some((finger, _)) = stem.rsplit_once('_') {
            found.push(Impression {
                finger: finger.to_owned(),
                name: stem.clone(),
                path,
            });
        }
    }
    found.sort_by(|a, b| {
        let key = |impression: &Impression| (impression.name.len(), impression.name.clone());
        key(a).cmp(&key(b))
    });
    Ok(found)
}

/// Does something with every number below `count` on all processors, and shows how far it is.
fn on_all<T: Send>(
    count: usize,
    what: &'static str,
    quiet: bool,
    work: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let bar = if quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(count as u64)
    };
    let style = ProgressStyle::with_template("{spinner} {pos} of {len} {msg}, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what);
    let done = on_all_processors(count, |place| {
        let result = work(place);
        bar.inc(1);
        result
    });
    bar.finish_and_clear();
    done
}

/// What an evaluation measured.
struct Measured {
    rates: ErrorRates,
    images: usize,
    failed: usize,
    same: usize,
    other: usize,
    extraction: Duration,
    comparisons_per_second: f64,
}

/// Scores of the comparisons of one impression with all after it.
fn compare_with_rest(
    place: usize,
    found: &[Impression],
    templates: &[Option<Prepared>],
) -> Vec<(usize, i32)> {
    (place + 1..found.len())
        .map(|other| {
            let score = match (&templates[place], &templates[other]) {
                (Some(probe), Some(reference)) => compare(probe, reference).score(),
                _ => i32::MIN,
            };
            (other, score)
        })
        .collect()
}

fn measure(arguments: &Arguments) -> Result<Measured, Fault> {
    let found = impressions(&arguments.folder)?;
    if found.is_empty() {
        return Err(Fault::usage(format!(
            "{}: no image is named FINGER_IMPRESSION",
            arguments.folder.display()
        ))
        .remedy("name them as 101_1.tif: finger 101, impression 1"));
    }
    let reader = arguments.reading.open()?;
    let made = on_all(found.len(), "images", arguments.json, |place| {
        let started = Instant::now();
        let image = reader.image(&found[place].path)?;
        let template = reader.template(&image).ok().map(Prepared::from);
        // Without cylinders there is nothing to compare: such an image fails to enrol.
        let template = template.filter(|template| !template.cylinders.is_empty());
        Ok::<_, Fault>((template, started.elapsed()))
    });
    let mut templates = Vec::with_capacity(made.len());
    let mut extraction = Duration::ZERO;
    for one in made {
        let (template, took) = one?;
        templates.push(template);
        extraction += took;
    }
    let extraction = extraction / u32::try_from(found.len()).unwrap_or(u32::MAX);
    let started = Instant::now();
    let scores = on_all(found.len(), "images compared", arguments.json, |place| {
        compare_with_rest(place, &found, &templates)
    });
    let took = started.elapsed().as_secs_f64();
    let (mut same, mut other) = (Vec::new(), Vec::new());
    let mut listed = String::from("probe,reference,score\n");
    for (place, row) in scores.iter().enumerate() {
        for (reference, score) in row {
            let (one, two) = (&found[place], &found[*reference]);
            if one.finger == two.finger {
                same.push(*score);
            } else {
                other.push(*score);
            }
            if arguments.scores.is_some() {
                use std::fmt::Write;
                let _ = writeln!(listed, "{},{},{score}", one.name, two.name);
            }
        }
    }
    if let Some(file) = &arguments.scores {
        rilascio_node::files::write_whole(file, listed.as_bytes(), false)?;
    }
    let rates = ErrorRates::of(&same, &other).ok_or_else(|| {
        Fault::usage("there are not two impressions of one finger, and of two fingers")
            .remedy("give a folder with at least two fingers and two impressions of each")
    })?;
    Ok(Measured {
        rates,
        images: found.len(),
        failed: templates.iter().filter(|made| made.is_none()).count(),
        same: same.len(),
        other: other.len(),
        extraction,
        comparisons_per_second: (same.len() + other.len()) as f64 / took.max(1e-9),
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are the output of the command"
)]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    let measured = measure(arguments)?;
    if let Some(file) = &arguments.det {
        let title = arguments.folder.display().to_string();
        let svg = measured.rates.det_svg(&title);
        rilascio_node::files::write_whole(file, svg.as_bytes(), false)?;
    }
    let rates = &measured.rates;
    let extraction_ms = measured.extraction.as_secs_f64() * 1000.0;
    if arguments.json {
        let figures: BTreeMap<&str, f64> = BTreeMap::from([
            ("eer", rates.equal()),
            ("fmr100", rates.non_match_at(0.01)),
            ("fmr1000", rates.non_match_at(0.001)),
            ("comparisons_per_second", measured.comparisons_per_second),
            ("extraction_ms", extraction_ms),
            ("images", measured.images as f64),
            ("images_without_template", measured.failed as f64),
            ("comparisons_of_one_finger", measured.same as f64),
            ("comparisons_of_two_fingers", measured.other as f64),
        ]);
        println!(
            "{}",
            serde_json::to_string_pretty(&figures).map_err(Fault::failed)?
        );
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{} images, {extraction_ms:.1} ms each; {} without a template",
        measured.images, measured.failed
    );
    println!(
        "{} comparisons of one finger, {} of two; {:.0} a second",
        measured.same, measured.other, measured.comparisons_per_second
    );
    println!("EER      {:.2} %", 100.0 * rates.equal());
    println!("FMR100   {:.2} %", 100.0 * rates.non_match_at(0.01));
    println!("FMR1000  {:.2} %", 100.0 * rates.non_match_at(0.001));
    Ok(ExitCode::SUCCESS)
}
