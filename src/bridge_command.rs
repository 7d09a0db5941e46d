//! `rilascio bridge`: lets the pages of a portal use the chip reader and the scanner of this computer.

use crate::bridge::{Bridge, ChipReader, router};
use crate::fault::Fault;
use crate::serve_command::{runtime, start_log, stopped};
use axum::http::HeaderValue;
use rilascio_pki::Certificate;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use tokio::net::TcpListener;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  rilascio bridge --portal https://rilascio.example --reader 'ACS ACR1252'\n  \
    rilascio device --trust device.cer &\n  rilascio bridge --portal http://127.0.0.1:8380 --scanner-trust device.cer\n\n\
    It answers on the loopback, to pages of that portal alone, and keeps nothing. Scanners speak MOSIP's Secure Biometric\n\
    Interface on ports 4501 to 4600; only those whose maker is trusted are asked."
)]
pub(crate) struct Arguments {
    /// The portal whose pages are answered, as the browser names it: scheme, host and port.
    #[arg(long, value_name = "ORIGIN")]
    portal: String,
    /// Where it listens, on the loopback.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4710")]
    listen: SocketAddr,
    /// The PC/SC reader for chips; a part of its name is enough.
    #[arg(long, value_name = "NAME", conflicts_with = "vpcd")]
    reader: Option<String>,
    /// Read chips as the vpcd driver does, at this address.
    #[arg(long, value_name = "HOST:PORT")]
    vpcd: Option<String>,
    /// The certificate of a maker of scanners, in DER; may be given again.
    #[arg(long, value_name = "FILE")]
    scanner_trust: Vec<PathBuf>,
}

/// An origin: scheme, host and perhaps a port, and nothing behind.
pub(crate) fn origin(option: &str, text: &str) -> Result<String, Fault> {
    let wrong = || {
        Fault::usage(format!("{option}: '{text}' is no origin"))
            .remedy("give scheme, host and port, as in https://rilascio.example")
    };
    let text = text.strip_suffix('/').unwrap_or(text);
    let (scheme, host) = text.split_once("://").ok_or_else(wrong)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if !matches!(scheme, "http" | "https") || host.is_empty() || !host.chars().all(plain) {
        return Err(wrong());
    }
    // As browsers write it: without the port that the scheme has anyway.
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(usual).unwrap_or(host);
    Ok(format!("{scheme}://{host}").to_ascii_lowercase())
}

fn certificate(path: &Path) -> Result<Certificate, Fault> {
    let bytes = std::fs::read(path).map_err(|why| Fault::file(path, why))?;
    Certificate::decode(&bytes).map_err(|why| Fault::file(path, why))
}

/// The names under which pages call a bridge at that address.
fn hosts(address: SocketAddr) -> Vec<String> {
    let mut hosts = vec![address.to_string(), format!("localhost:{}", address.port())];
    if address.port() == 80 {
        hosts.extend([address.ip().to_string(), "localhost".to_owned()]);
    }
    hosts
}

#[expect(
    clippy::print_stdout,
    reason = "the address is the output of the command"
)]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    start_log(false);
    let portal = origin("--portal", &arguments.portal)?;
    let portal = HeaderValue::from_str(&portal).map_err(Fault::usage)?;
    if !arguments.listen.ip().is_loopback() {
        return Err(Fault::usage(format!(
            "--listen: {} is not the loopback",
            arguments.listen
        ))
        .remedy("a bridge serves the computer that it runs on, and no other"));
    }
    let anchors: Vec<Certificate> = arguments
        .scanner_trust
        .iter()
        .map(|path| certificate(path))
        .collect::<Result<_, Fault>>()?;
    let pcsc = arguments.reader.clone().map(ChipReader::Pcsc);
    let reader = pcsc.or_else(|| arguments.vpcd.clone().map(ChipReader::Vpcd));
    let runtime = runtime()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(arguments.listen).await;
        let listener = listener.map_err(|why| {
            Fault::failed(format!("cannot listen at {}: {why}", arguments.listen))
                .remedy("stop the other bridge, or give another --listen")
        })?;
        let address = listener.local_addr().map_err(Fault::failed)?;
        let bridge = Bridge {
            portal,
            hosts: hosts(address),
            reader,
            anchors,
            busy: Mutex::new(()),
        };
        let stopped = stopped();
        println!("listening on http://{address}");
        axum::serve(listener, router(bridge))
            .with_graceful_shutdown(stopped)
            .await
            .map_err(Fault::failed)
    })?;
    Ok(ExitCode::SUCCESS)
}
