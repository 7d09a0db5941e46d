//! The answer of an inspection: a table for people, JSON for programs.

use crate::fault::Fault;
use rilascio_inspection::{Outcome, Report, Verdict};
use std::io::IsTerminal;

#[expect(
    clippy::print_stdout,
    reason = "the answer is the output of the command"
)]
pub(crate) fn print(report: &Report, json: bool) -> Result<(), Fault> {
    if json {
        let mut value = serde_json::to_value(report).map_err(Fault::failed)?;
        value["verdict"] = serde_json::to_value(report.verdict()).map_err(Fault::failed)?;
        println!(
            "{}",
            serde_json::to_string_pretty(&value).map_err(Fault::failed)?
        );
        return Ok(());
    }
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if let Some(holder) = &report.holder {
        println!(
            "{} {} {}: {} {}, {}, born {}, expires {}",
            holder.document_code,
            holder.issuer,
            holder.number,
            holder.given_names,
            holder.surname,
            holder.nationality,
            holder.birth_date,
            holder.expiry_date
        );
        println!();
    }
    for check in &report.checks {
        let (word, code) = match check.outcome {
            Outcome::Passed => ("passed", "32"),
            Outcome::Failed => ("FAILED", "31;1"),
            Outcome::NotPossible => ("not possible", "33"),
        };
        let padded = format!("{word:<13}");
        let word = if colour {
            format!("\x1b[{code}m{padded}\x1b[0m")
        } else {
            padded
        };
        println!("{:<23}{word} {}", check.check.title(), check.why);
    }
    let traffic = report.traffic;
    if traffic.commands > 0 {
        println!();
        println!(
            "{} commands, {} bytes sent, {} received",
            traffic.commands, traffic.bytes_sent, traffic.bytes_received
        );
    }
    println!();
    println!(
        "{}",
        match report.verdict() {
            Verdict::Valid => "the document is genuine and valid",
            Verdict::NotValid => "the document is NOT VALID",
            Verdict::Undetermined => "undetermined: no trust anchor vouches for the document",
        }
    );
    Ok(())
}
