//! `rilascio identify`: the fingerprint engine by hand.

use crate::evaluation;
use crate::fault::Fault;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Measure the error rates on a folder of images named as the FVC names them.
    Evaluate(evaluation::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    match &arguments.action {
        Action::Evaluate(arguments) => evaluation::run(arguments),
    }
}
