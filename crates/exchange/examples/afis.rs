//! Asks a simulated AFIS twice about the same print.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

use rilascio_biometrics::nist::{Compression, PrintImage};
use rilascio_exchange::adapter::afis::{Afis, SimulatedAfis};

fn main() {
    let afis = Afis {
        address: SimulatedAfis::default().listen().unwrap().to_string(),
        agency: "AFIS".into(),
        own: "CENTRE".into(),
    };
    let print = PrintImage {
        finger: 2,
        size: (320, 480),
        compression: Compression::Png,
        quality: Some(64),
        bytes: b"the image",
    };
    for case in ["case-1", "case-2"] {
        let found = afis
            .search(case, "20261122", std::slice::from_ref(&print))
            .unwrap();
        println!("{case}: {found:?}");
    }
}
