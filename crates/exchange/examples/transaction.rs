//! Writes a search request to an AFIS, as it goes over the wire, to standard output.
#![allow(clippy::unwrap_used, reason = "an example")]

use rilascio_biometrics::nist::{Compression, Envelope, PrintImage, Record, Transaction};
use std::io::Write;

fn main() {
    let print = PrintImage {
        finger: 2,
        size: (320, 480),
        compression: Compression::Png,
        quality: Some(64),
        // Separators inside an image are no separators.
        bytes: b"\x89PNG\x1c\x1d\x1e\x1f",
    };
    let envelope = Envelope {
        kind: "CPNU",
        day: "20261122",
        to: "AFIS",
        from: "CENTRE",
        control: "case-1",
        answers: None,
    };
    let records = vec![
        Record::new(2, &[(2, "00"), (3, "case-1")]),
        print.record(1, "CENTRE", "20261122"),
    ];
    std::io::stdout()
        .write_all(&Transaction::new(&envelope, records).write())
        .unwrap();
}
