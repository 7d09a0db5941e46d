//! `rilascio device`: a simulated capture device on the loopback, for desks without a scanner.

use crate::entropy;
use crate::fault::Fault;
use crate::samples::print_of;
use crate::serve_command::{runtime, start_log, stopped};
use jiff::Timestamp;
use rilascio_biometrics::{GreyImage, read_print};
use rilascio_doors::sbi::{DeviceKey, FingersOnGlass, PORTS, SimulatedDevice, serve_device};
use rilascio_mrtd::finger::FingerPosition;
use rilascio_node::files::write_whole;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio device --person 2 --trust device.cer\n\n\
    It speaks MOSIP's Secure Biometric Interface (MDS 0.9.5, SBI 1.0): MOSIPDISC, MOSIPDINFO, RCAPTURE and STREAM on a port\n\
    of 4501 to 4600. Keys are made at each start; what is written with --trust vouches for it."
)]
pub(crate) struct Arguments {
    /// Whose fingers lie on the glass: one of the synthetic people, 1 to 3.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    person: u8,
    /// The port; the first free one of 4501 to 4600 if absent.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Write the certificate that vouches for the device, in DER.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

/// A synthetic person.
struct Sample(u8);

impl FingersOnGlass for Sample {
    fn picture(&self, finger: FingerPosition, _: u32) -> Option<GreyImage> {
        read_print(print_of(self.0, finger)?, 500).ok()
    }
}

async fn listen(port: Option<u16>) -> Result<TcpListener, Fault> {
    let ports: Vec<u16> = port.map_or_else(|| PORTS.collect(), |port| vec![port]);
    for port in ports {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            return Ok(listener);
        }
    }
    Err(Fault::failed("no port is free").remedy("give another --port"))
}

#[expect(
    clippy::print_stdout,
    reason = "the address is the output of the command"
)]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    start_log(false);
    let key = DeviceKey::make(Timestamp::now(), &mut entropy::generator()?);
    let key = key.map_err(Fault::failed)?;
    if let Some(path) = &arguments.trust {
        write_whole(path, key.provider().der(), false)?;
    }
    let runtime = runtime()?;
    runtime.block_on(async {
        let listener = listen(arguments.port).await?;
        let port = listener.local_addr().map_err(Fault::failed)?.port();
        let fingers = Box::new(Sample(arguments.person));
        let device = SimulatedDevice::new(key, fingers, Arc::new(Timestamp::now), port);
        let stopped = stopped();
        println!("listening on http://127.0.0.1:{port}");
        serve_device(listener, device, stopped)
            .await
            .map_err(Fault::failed)
    })?;
    Ok(ExitCode::SUCCESS)
}
