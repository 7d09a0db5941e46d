//! Both sides of PACE in one process.
#![allow(clippy::print_stdout)]

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rilascio_access::{AccessPassword, pace::Pace, security_info::PaceInfo};
use rilascio_keys::CipherSuite;

fn main() -> Result<(), rilascio_access::Error> {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let info = PaceInfo {
        suite: CipherSuite::Aes256,
        parameter_id: Some(17),
    };
    let password = AccessPassword::can("500540");
    let (sealed, chip) = Pace::new(info, &password)?.choose_nonce(&mut rng)?;
    let terminal = Pace::new(info, &password)?.open_nonce(&sealed, &mut rng)?;
    let (chip_point, terminal_point) = (chip.point().to_vec(), terminal.point().to_vec());
    let (chip, terminal) = (
        chip.map(&terminal_point, &mut rng)?,
        terminal.map(&chip_point, &mut rng)?,
    );
    let (chip_point, terminal_point) = (chip.point().to_vec(), terminal.point().to_vec());
    let (chip, terminal) = (chip.agree(&terminal_point)?, terminal.agree(&chip_point)?);
    let token = terminal.token().to_vec();
    let answer = chip.token().to_vec();
    chip.confirm(&token)?;
    terminal.confirm(&answer)?;
    println!("both sides hold the same keys");
    Ok(())
}
