//! What a blank chip answers to somebody without its transport keys.
#![allow(clippy::print_stdout)]

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rilascio_access::scp03::TransportKeys;
use rilascio_chip::Chip;

fn main() -> Result<(), rilascio_access::Error> {
    let serial = *b"BLANK00001";
    let keys = TransportKeys::diversify(&[0x5A; 16], &serial)?;
    let rng = Box::new(ChaCha20Rng::from_seed([8; 32]));
    let mut chip = Chip::blank(serial, keys, 81_920, rng);
    let select = [
        0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01,
    ];
    println!("SELECT: {:02X?}", chip.answer(&select));
    let update = [0x80, 0x50, 0x00, 0x00, 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 0x00];
    println!("INITIALIZE UPDATE: {} bytes", chip.answer(&update).len());
    Ok(())
}
