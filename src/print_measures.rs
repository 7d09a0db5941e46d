//! `rilascio identify quality`: how good a print is, and every native measure of it.

use crate::fault::Fault;
use crate::print_files::Reading;
use rilascio_biometrics::{Language, PrintQuality, print_quality};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio identify quality print.wsq --measures\n\n\
    The score is that of NFIQ 2.3, 0 to 100, with minutiae of this engine. Exit 1 when it is below --least."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    reading: Reading,
    /// The least score that is good enough.
    #[arg(long, value_name = "SCORE", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    least: u8,
    /// Print every measure, under the name that NFIQ 2 gives it.
    #[arg(long)]
    measures: bool,
    /// Print JSON, measures included.
    #[arg(long)]
    json: bool,
    /// The image.
    print: PathBuf,
}

/// The measures by name: first what is said of the image, then the 69.
fn measures(quality: &PrintQuality) -> Vec<(String, f64)> {
    let all = quality.measures.iter();
    all.flat_map(|found| found.conditions().into_iter().chain(found.named()))
        .collect()
}

#[expect(clippy::print_stdout, reason = "the answer is the output")]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    let reader = arguments.reading.open()?;
    let image = reader.image(&arguments.print)?;
    let fault = |why| Fault::file(&arguments.print, why);
    let template = reader.template(&image).map_err(fault)?;
    let quality = print_quality(&image, &template).map_err(fault)?;
    let advice: Vec<&str> = quality
        .advice
        .iter()
        .map(|advice| advice.words(Language::English))
        .collect();
    let measures = measures(&quality);
    if arguments.json {
        let measures: Map<String, Value> = measures
            .into_iter()
            .map(|(name, value)| (name, json!(value)))
            .collect();
        let answer = json!({
            "score": quality.score,
            "area_mm2": quality.area_mm2,
            "advice": advice,
            "measures": measures,
        });
        let text = serde_json::to_string_pretty(&answer).map_err(Fault::failed)?;
        println!("{text}");
    } else {
        println!(
            "score {} of 100; ridges on {:.0} square millimetres",
            quality.score, quality.area_mm2
        );
        for advice in advice {
            println!("{advice}");
        }
        if arguments.measures {
            for (name, value) in measures {
                println!("{name}: {value:.6}");
            }
        }
    }
    Ok(ExitCode::from(u8::from(quality.score < arguments.least)))
}
