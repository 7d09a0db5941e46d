//! What can go wrong at a door.

/// A fault of a door, with a stable code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What came cannot be used.
    #[error("[DOOR-001] {why}")]
    Malformed {
        /// Why.
        why: String,
    },
    /// Nobody has that name.
    #[error("[DOOR-002] there is no {what}")]
    Unknown {
        /// What is not there.
        what: &'static str,
    },
    /// The name is taken, or two things stand against each other.
    #[error("[DOOR-003] {why}")]
    Conflict {
        /// Why.
        why: String,
    },
    /// The gallery failed.
    #[error(transparent)]
    Gallery(#[from] rilascio_gallery::Error),
    /// The tables failed.
    #[error(transparent)]
    Store(#[from] rilascio_store::Error),
    /// Another system failed or cannot be reached.
    #[error("[DOOR-004] {peer}: {why}")]
    Peer {
        /// Which.
        peer: String,
        /// Why.
        why: String,
    },
    /// Too many ask at once.
    #[error("[DOOR-008] too many requests are in hand; try again in a moment")]
    Busy,
    /// A part of this program failed.
    #[error("[DOOR-009] {why}")]
    Internal {
        /// Why.
        why: String,
    },
    /// A device that cannot be believed.
    #[error("[DOOR-007] {why}")]
    Untrusted {
        /// Why.
        why: String,
    },
    /// A folder or file cannot be used.
    #[error("[DOOR-005] {path}: {why}")]
    File {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// What is kept cannot be read.
    #[error("[DOOR-006] an encounter that is kept cannot be read: {why}")]
    Corrupt {
        /// Why.
        why: String,
    },
}

impl Error {
    /// True for what is nobody's fault who asks: it may be good in a moment.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Gallery(why) => !matches!(
                why,
                rilascio_gallery::Error::EmptyProbe | rilascio_gallery::Error::Subject
            ),
            Self::Store(_) | Self::Peer { .. } | Self::Busy | Self::Internal { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn malformed(why: impl ToString) -> Self {
        Self::Malformed {
            why: why.to_string(),
        }
    }
}

impl From<rilascio_biometrics::Error> for Error {
    fn from(why: rilascio_biometrics::Error) -> Self {
        Self::malformed(why)
    }
}

impl rilascio_store::Fault for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(why) if why.is_conflict())
    }
}
