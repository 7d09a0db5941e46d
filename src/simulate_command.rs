//! `rilascio simulate`: a whole country under faults, from a seed.

use crate::catalogue::{Catalogue, LoadedProfiles};
use crate::document_folder::read_file;
use crate::fault::Fault;
use crate::samples::samples;
use indicatif::{ProgressBar, ProgressStyle};
use rilascio_node::Profiles;
use rilascio_simulation::{Sample, Scenario, Summary, run as simulate};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  rilascio simulate --seed 7 --days 3\n  rilascio simulate --seed 1 --runs 1000 --days 1\n\n\
    The last line is 'state' and the hash of the final state: a seed gives the same on any machine.\n\
    Exit 1 names the broken invariant, the seed and the event."
)]
pub(crate) struct Arguments {
    /// A scenario file (TOML); the usual troubles if absent.
    scenario: Option<PathBuf>,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many days.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// How many runs: this seed and those after it.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Print nothing but the last line.
    #[arg(long, short)]
    quiet: bool,
}

type Outcome = (u64, Result<Summary, rilascio_simulation::Fault>);

#[expect(
    clippy::print_stdout,
    reason = "the summary is the output of the command"
)]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    let scenario = match &arguments.scenario {
        None => Scenario::default(),
        Some(path) => {
            let text = read_file(path)?;
            Scenario::parse(&String::from_utf8_lossy(&text))
                .map_err(|why| Fault::usage(format!("{}: {why}", path.display())))?
        }
    };
    let people = samples(None, false)?;
    let catalogue = Arc::new(Catalogue::new(None));
    let profiles: Arc<dyn Profiles> = Arc::new(LoadedProfiles::new(catalogue));
    let mut outcomes = run_all(arguments, &scenario, &profiles, &people);
    outcomes.sort_by_key(|(seed, _)| *seed);
    let mut total = Summary::default();
    for (seed, outcome) in outcomes {
        match outcome {
            Ok(summary) => add(&mut total, summary),
            Err(why) => {
                return Err(
                    Fault::refused(format!("seed {seed}: {why}")).remedy(format!(
                        "replay it: rilascio simulate --seed {seed} --days {}",
                        arguments.days
                    )),
                );
            }
        }
    }
    if !arguments.quiet {
        println!(
            "{} runs of {} days, every invariant held after every event",
            arguments.runs, arguments.days
        );
        println!(
            "    {} dossiers, {} documents handed over",
            total.dossiers, total.handed_over
        );
        println!(
            "    {} commands done, {} refused by a rule",
            total.commands, total.refused
        );
        println!("    {} events in the journals", total.events);
        println!(
            "    {} kills of nodes, {} parcels lost, {} brought back, {} works stopped or lost",
            total.kills, total.parcels_lost, total.parcels_back, total.works_failed
        );
    }
    println!("state {}", total.state);
    Ok(ExitCode::SUCCESS)
}

/// Runs the seeds on all processors.
fn run_all(
    arguments: &Arguments,
    scenario: &Scenario,
    profiles: &Arc<dyn Profiles>,
    people: &[Sample],
) -> Vec<Outcome> {
    let bar = if arguments.quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(arguments.runs * u64::from(arguments.days))
    };
    let style = ProgressStyle::with_template("{spinner} {pos} of {len} simulated days, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let next = AtomicU64::new(0);
    let outcomes = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= arguments.runs {
                        return;
                    }
                    let seed = arguments.seed.wrapping_add(place);
                    let outcome = simulate(
                        scenario,
                        seed,
                        arguments.days,
                        profiles,
                        people,
                        &mut |_| bar.inc(1),
                    );
                    if outcome.is_err() {
                        // The first broken seed is enough.
                        next.store(arguments.runs, Ordering::Relaxed);
                    }
                    outcomes
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((seed, outcome));
                }
            });
        }
    });
    bar.finish_and_clear();
    outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Sums up; the state of several runs is the hash over the hash so far and the next.
fn add(total: &mut Summary, run: Summary) {
    total.dossiers += run.dossiers;
    total.works_failed += run.works_failed;
    total.commands += run.commands;
    total.refused += run.refused;
    total.kills += run.kills;
    total.parcels_lost += run.parcels_lost;
    total.parcels_back += run.parcels_back;
    total.handed_over += run.handed_over;
    total.events += run.events;
    total.state = if total.state.is_empty() {
        run.state
    } else {
        let both = format!("{}{}", total.state, run.state);
        rilascio_circuit::process::Digest::of(both.as_bytes())
            .as_str()
            .to_owned()
    };
}
