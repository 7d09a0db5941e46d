#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod adjudication;
mod byte_reader;
mod error;
mod evaluation;
mod extraction;
mod grey_image;
mod image_file;
mod jpeg2000;
mod jpeg2000_encoder;
mod matching;
pub mod nist;
mod portrait;
mod print_image;
mod quality;
mod synthetic;
mod template;
mod template_bytes;
mod template_record;
mod wsq;

pub use adjudication::{Language, Shown, adjudication_svg, in_words};
pub use error::Error;
pub use evaluation::{ErrorRates, RatesAt};
pub use extraction::{Extract, Extractor};
pub use grey_image::GreyImage;
pub use jpeg2000::{Pixels, decode_jpeg2000, encode_jpeg2000};
pub use matching::{
    Alignment, Comparison, Cylinder, Disguise, Matched, PACKED_CYLINDERS, PACKED_WORDS,
    PackedPrint, Prepared, SearchProbe, compare, cylinders, threshold_for,
};
pub use portrait::{
    FaceBox, PORTRAIT_SIZE, Point, PortraitCheck, PortraitQuality, PortraitRules, portrait_quality,
};
pub use print_image::read_print;
pub use quality::{
    Advice, Attempt, Capture, CaptureRules, Mistake, PrintMeasures, PrintQuality, Spread, Verdict,
    find_mistake, print_quality,
};
pub use synthetic::{Contact, MasterPrint, PrintPattern, SyntheticPeople, SyntheticPrint};
pub use template::{
    FLOW_CELL, MINUTIAE_MAX, Minutia, MinutiaKind, NO_FLOW, PrintTemplate, RidgeFlow,
    TEMPLATE_RESOLUTION,
};
pub use template_record::{FingerView, RecordEdition, read_template, write_template};
pub use wsq::{WsqImage, decode_wsq, encode_wsq, encode_wsq_within};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
