//! Rilascio: the issuing circuit of electronic identity documents. A table of subcommands.
#![forbid(unsafe_code)]

mod abis_command;
mod advisers;
mod audit_command;
mod authority_store;
mod backup_command;
mod bridge;
mod bridge_command;
mod catalogue;
mod certificate_dates;
mod chip_command;
mod circuit_command;
mod circuit_setup;
mod configuration;
mod demonstration;
mod demonstration_help;
mod device_command;
mod document_folder;
mod entropy;
mod evaluation;
mod fault;
mod identification;
mod identify_command;
mod inspect_command;
mod issue_command;
mod letters;
mod operator_command;
#[cfg(feature = "pcsc")]
mod pcsc_reader;
mod print_files;
mod print_gallery;
mod print_measures;
mod report_table;
mod samples;
mod search_worker;
mod serve_command;
mod simulate_command;
mod virtual_works;
mod vpcd;
mod whole_way;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::process::ExitCode;

/// The issuing circuit of electronic identity documents, from the application to the border.
#[derive(Parser)]
#[command(name = "rilascio", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 good, 1 the answer is no, 2 used wrongly, 3 could not be done."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the nodes of an installation: office, centre, works, registry.
    Serve(Box<serve_command::Arguments>),
    /// Issue a document from an application file: data, signatures, faces, chip.
    Issue(issue_command::Arguments),
    /// Put the chip of an issued document into a virtual PC/SC reader (vpcd).
    Chip(chip_command::Arguments),
    /// Read and verify a document: a folder, a chip over vpcd, or a PC/SC reader.
    Inspect(inspect_command::Arguments),
    /// Sign the heads of the journals; verify a copy against an older head.
    Audit(audit_command::Arguments),
    /// Found a circuit over several machines; add and strike off nodes.
    Circuit(circuit_command::Arguments),
    /// Name an operator; the password is printed once.
    Operator(operator_command::Arguments),
    /// Enrol, search, verify and evaluate fingerprints.
    Identify(identify_command::Arguments),
    /// Be an ABIS for others: OSIA ABIS 1.6, ANSI/NIST-ITL over HTTP and folders.
    Abis(abis_command::Arguments),
    /// Be a simulated fingerprint scanner (MOSIP SBI).
    Device(device_command::Arguments),
    /// Let a portal's pages use the chip reader and the scanner of this computer.
    Bridge(bridge_command::Arguments),
    /// Copy an installation while it runs.
    Backup(backup_command::BackupArguments),
    /// Make an installation from a backup and its keys.
    Restore(backup_command::RestoreArguments),
    /// Simulate a whole country under faults, from a seed.
    Simulate(simulate_command::Arguments),
}

fn main() -> ExitCode {
    let given: Vec<_> = std::env::args_os().collect();
    let command = match configuration::apply(Arguments::command(), &given) {
        Ok(command) => command,
        Err(fault) => return refuse(&fault),
    };
    let matches = command.get_matches_from(given);
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(why) => why.exit(),
    };
    let result = match arguments.command {
        Command::Serve(arguments) => serve_command::run(&arguments),
        Command::Issue(arguments) => issue_command::run(&arguments),
        Command::Chip(arguments) => chip_command::run(&arguments),
        Command::Inspect(arguments) => inspect_command::run(&arguments),
        Command::Audit(arguments) => audit_command::run(&arguments),
        Command::Circuit(arguments) => circuit_command::run(&arguments),
        Command::Operator(arguments) => operator_command::run(&arguments),
        Command::Identify(arguments) => identify_command::run(&arguments),
        Command::Abis(arguments) => abis_command::run(&arguments),
        Command::Device(arguments) => device_command::run(&arguments),
        Command::Bridge(arguments) => bridge_command::run(&arguments),
        Command::Backup(arguments) => backup_command::backup(&arguments),
        Command::Restore(arguments) => backup_command::restore(&arguments),
        Command::Simulate(arguments) => simulate_command::run(&arguments),
    };
    match result {
        Ok(code) => code,
        Err(fault) => refuse(&fault),
    }
}

fn refuse(fault: &fault::Fault) -> ExitCode {
    eprintln!("rilascio: {fault}");
    fault.exit_code()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
