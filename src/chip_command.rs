//! `rilascio chip`: puts the chip of an issued document into a virtual reader.

use crate::document_folder::{read_chip_files, read_chip_secrets};
use crate::entropy;
use crate::fault::Fault;
use crate::vpcd;
use rilascio_works::{DataSet, virtual_chip};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  rilascio chip document &\n  pcsc_scan\n\n\
    The reader is vpcd of the vsmartcard project, as Debian's vsmartcard-vpcd has it for pcscd.")]
pub(crate) struct Arguments {
    /// The folder of an issued document.
    document: PathBuf,
    /// Where the reader listens.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:35963")]
    vpcd: String,
    /// End when the reader lets the chip go, instead of connecting again.
    #[arg(long)]
    once: bool,
}

/// How long between two tries to reach a reader.
const RETRY: Duration = Duration::from_millis(250);

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    let data = DataSet {
        files: read_chip_files(&arguments.document)?,
        secrets: read_chip_secrets(&arguments.document)?,
    };
    let mut rng = entropy::generator()?;
    let mut chip = virtual_chip(
        &data,
        Box::new(entropy::generator()?),
        &mut rng,
        &mut |_, _| {},
    )?;
    drop(data);
    eprintln!(
        "chip personalised and locked; looking for a reader at {}",
        arguments.vpcd
    );
    loop {
        match TcpStream::connect(&arguments.vpcd) {
            Ok(mut stream) => {
                eprintln!("in the reader at {}", arguments.vpcd);
                if let Err(why) = vpcd::serve(&mut chip, &mut stream) {
                    eprintln!("the reader broke off: {why}");
                }
                chip.reset();
                if arguments.once {
                    return Ok(ExitCode::SUCCESS);
                }
            }
            Err(why) if is_wrong_address(&why) => {
                return Err(Fault::usage(format!("--vpcd {}: {why}", arguments.vpcd))
                    .remedy("give HOST:PORT"));
            }
            Err(_) => {}
        }
        std::thread::sleep(RETRY);
    }
}

fn is_wrong_address(fault: &std::io::Error) -> bool {
    // A name that does not resolve has no kind of its own; a port that is no number is invalid input.
    matches!(fault.kind(), std::io::ErrorKind::InvalidInput)
        || fault.to_string().contains("failed to lookup address")
}
