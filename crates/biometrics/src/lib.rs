#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod error;
mod jpeg2000;
mod jpeg2000_encoder;
mod synthetic_print;
mod wsq;

pub use error::Error;
pub use jpeg2000::{Pixels, decode_jpeg2000, encode_jpeg2000};
pub use synthetic_print::{PrintPattern, SyntheticPrint};
pub use wsq::{encode_wsq, encode_wsq_within};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
