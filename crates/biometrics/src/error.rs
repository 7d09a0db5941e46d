//! What can be wrong with an image.

/// An image that cannot be coded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The size is outside what the format or a document takes.
    #[error("an image of {width} x {height} pixels cannot be used: {why}")]
    Size {
        /// Width, in pixels.
        width: u32,
        /// Height, in pixels.
        height: u32,
        /// The limit.
        why: &'static str,
    },
    /// The resolution is outside what can be compared.
    #[error("a print at {resolution} pixels per inch cannot be used: 250 to 1200")]
    Resolution {
        /// Pixels per inch.
        resolution: u16,
    },
    /// The encoder or decoder failed.
    #[error("{format}: {why}")]
    Codec {
        /// The format.
        format: &'static str,
        /// What the codec said.
        why: String,
    },
    /// A model file cannot be used.
    #[error("the model cannot be used: {why}")]
    Model {
        /// What is wrong with it.
        why: String,
    },
}

impl Error {
    /// The stable code of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Size { .. } => "BIO-001",
            Self::Resolution { .. } => "BIO-003",
            Self::Codec { .. } => "BIO-002",
            Self::Model { .. } => "BIO-004",
        }
    }
}
