//! Writes three entries, signs a head and proves that the journal grew.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

use rand_chacha::rand_core::SeedableRng;
use rilascio_store::journal::{self, Checkpoint, Entry, HeadKey};
use rilascio_store::{Error, Store};

fn main() {
    let store = Store::inline(None, None).unwrap();
    let mut rng = rand_chacha::ChaCha20Rng::from_seed([7; 32]);
    let key = HeadKey::generate("rilascio/example", &mut rng);
    let mut heads = Vec::new();
    for n in 0..3 {
        let (size, root) = store
            .write::<_, Error, _>(move |tx| {
                let entry = Entry {
                    seq: 0,
                    kind: "dossier".into(),
                    id: format!("d{n}"),
                    text: format!("{{\"event\":\"opened\",\"n\":{n}}}"),
                };
                journal::append(tx, &[entry], None)?;
                journal::size_and_root(tx)
            })
            .unwrap();
        heads.push((size, root));
    }
    let (old, new) = (heads[0], heads[2]);
    let proof = store
        .read::<_, Error, _>(move |tx| journal::consistency_proof(tx, 1, 3))
        .unwrap();
    assert!(journal::verify_consistency(
        old.0, &old.1, new.0, &new.1, &proof
    ));
    let head = Checkpoint {
        origin: "rilascio/example".into(),
        size: new.0,
        root: new.1,
    };
    println!("{}\n{}", key.public(), head.sign(&key));
}
