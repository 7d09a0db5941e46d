//! What can go wrong with the visible faces.

/// A template, picture or text that cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A template that is wrong, or asks for what is not there.
    #[error("template {template}: {why}")]
    Template {
        /// The path of the template.
        template: String,
        /// Where and why.
        why: String,
    },
    /// A picture that cannot be read.
    #[error("the picture cannot be used: {why}")]
    Picture {
        /// Why.
        why: String,
    },
    /// A face that cannot be rendered.
    #[error("the face cannot be rendered: {why}")]
    Render {
        /// Why.
        why: String,
    },
}

impl Error {
    /// The stable code of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Template { .. } => "ART-001",
            Self::Picture { .. } => "ART-002",
            Self::Render { .. } => "ART-003",
        }
    }
}
