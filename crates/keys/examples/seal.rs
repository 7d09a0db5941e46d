//! Makes a key, seals it, and opens it again.
#![allow(clippy::print_stdout)]

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rilascio_keys::{Curve, MasterKey, PrivateKey};

fn main() -> Result<(), rilascio_keys::Error> {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let master = MasterKey::generate(&mut rng);
    let key = PrivateKey::generate_ec(Curve::BrainpoolP384r1, &mut rng);
    let sealed = master.seal("csca", &key.to_bytes(), &mut rng);
    let opened = PrivateKey::from_bytes(&master.open("csca", &sealed)?)?;
    println!(
        "{} bytes sealed, the same key opened: {}",
        sealed.len(),
        opened.public_key() == key.public_key()
    );
    Ok(())
}
