//! Inspects a document that has no files, to show what a report looks like.
#![allow(clippy::print_stdout)]

use rilascio_inspection::inspect_files;
use rilascio_pki::TrustAnchors;

fn main() {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let report = inspect_files(&Default::default(), None, &TrustAnchors::default(), at);
    for check in &report.checks {
        println!(
            "{:<22} {:?}: {}",
            check.check.title(),
            check.outcome,
            check.why
        );
    }
}
