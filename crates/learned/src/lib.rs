#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod extractor;
mod graph;

pub use extractor::{LearnedExtractor, MODEL_BYTES_MAX};
