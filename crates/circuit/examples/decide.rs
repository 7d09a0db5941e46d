//! Applies a profile to an application: `cargo run -p rilascio-circuit --example decide -- PROFILE.toml APPLICATION.toml`.
#![allow(clippy::print_stdout)]

use rilascio_circuit::{Application, Profile, decide};
use rilascio_mrtd::code::DocumentNumber;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(profile), Some(application)) = (arguments.next(), arguments.next()) else {
        return Err("give a profile and an application".into());
    };
    let profile = Profile::parse(&profile, &std::fs::read_to_string(&profile)?)?;
    let application = Application::parse(&application, &std::fs::read_to_string(&application)?)?;
    let number = profile
        .document
        .number
        .as_ref()
        .number(0)
        .unwrap_or_default();
    let number = DocumentNumber::parse(&number)?;
    let serial = profile
        .document
        .serial
        .as_ref()
        .number(0)
        .unwrap_or_default();
    let issued = "2026-11-22".parse()?;
    println!(
        "{}",
        decide(&profile, &application, issued, &number, &serial)?.mrz
    );
    Ok(())
}
