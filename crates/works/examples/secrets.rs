//! Reads the secrets of a specimen chip: `secrets DIR/chip/chip.toml`.
#![allow(clippy::print_stdout)]

use rilascio_works::ChipSecrets;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(path) = std::env::args().nth(1) else {
        return Err("give the path of a chip.toml".into());
    };
    let secrets = ChipSecrets::from_toml(&std::fs::read_to_string(path)?)?;
    println!(
        "a chip of {} bytes, BAC {}",
        secrets.bytes, secrets.allows_bac
    );
    Ok(())
}
