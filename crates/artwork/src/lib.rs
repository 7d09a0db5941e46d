#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod figures;
mod fonts;
mod letter;
mod proof;
mod raster;
mod stamp;
mod template;

pub use error::Error;
pub use letter::{Block, Letter, Style, letter};
pub use proof::proof;
pub use raster::{engraving, preview};
pub use stamp::{Stamp, open_picture};
pub use template::{FaceData, Layer, Template};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
