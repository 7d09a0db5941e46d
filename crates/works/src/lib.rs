#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod data_groups;
mod encoding;
mod engraving;
mod error;
mod preparation;
mod release;
mod secrets;

pub use data_groups::Images;
pub use encoding::{personalise, virtual_chip};
pub use engraving::{EngravedFace, check_faces, engrave};
pub use error::Error;
pub use preparation::{DataSet, prepare};
pub use secrets::ChipSecrets;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
