//! ANSI/NIST-ITL 1-2011 in traditional encoding: transactions, images of prints (Type-4, Type-14), minutiae (Type-9).

mod images;
mod minutiae;
mod transaction;

pub use images::{Compression, PrintImage, TakenPrint, read_print_record};
pub use minutiae::{minutiae_record, read_minutiae};
pub use transaction::{Envelope, RS, Record, Transaction, US};

use crate::Error;

const FORMAT: &str = "ANSI/NIST-ITL";

fn malformed(why: impl Into<String>) -> Error {
    Error::Codec {
        format: FORMAT,
        why: why.into(),
    }
}
