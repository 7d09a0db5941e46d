//! What can go wrong in a gallery.

use std::path::Path;

/// A fault of a gallery, with a stable code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] rilascio_store::Error),
    /// A file is not what it should be.
    #[error("[GAL-001] {path}: {why}; restore the gallery, or enrol again from the dossiers")]
    Damaged {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// The key is another.
    #[error("[GAL-002] the key does not open this gallery")]
    Key,
    /// A name that cannot be kept.
    #[error("[GAL-003] a subject has 1 to 48 bytes of letters, digits, '-', '.', '_' and '/'")]
    Subject,
    /// There is nothing to compare.
    #[error("[GAL-004] the probe has no print with minutiae; take it again")]
    EmptyProbe,
    /// The folder is used by another process.
    #[error("[GAL-005] {path}: another process has this gallery open")]
    InUse {
        /// The folder.
        path: String,
    },
    /// The table of a gallery is not what it should be.
    #[error("[GAL-006] the table of the gallery: {why}; restore the data base")]
    Truth {
        /// Why.
        why: String,
    },
    /// A message between machines that cannot be read, or a worker that failed.
    #[error("[GAL-007] a message between search workers: {why}")]
    Message {
        /// Why.
        why: String,
    },
    /// The messaging server cannot be used.
    #[error("[GAL-008] the messaging server: {why}; check that nats-server runs and its address")]
    Messaging {
        /// Why.
        why: String,
    },
    /// Not all of the gallery was searched: there is no answer.
    #[error(
        "[GAL-009] no search worker answered for the parts {parts:?} ({why}); start workers, or wait until others take over"
    )]
    Incomplete {
        /// The parts.
        parts: Vec<i64>,
        /// What the last worker said, or that none was there.
        why: String,
    },
    /// More prints of one subject than can be kept.
    #[error("[GAL-011] a subject has at most {most} prints")]
    TooMany {
        /// The most.
        most: usize,
    },
    /// A copy missed erasures that left no trace.
    #[error("[GAL-010] the copy of part {part} is too old; it is made anew")]
    Outdated {
        /// The part.
        part: i64,
    },
}

impl Error {
    pub(crate) fn damaged(path: &Path, why: impl ToString) -> Self {
        Self::Damaged {
            path: path.display().to_string(),
            why: why.to_string(),
        }
    }

    pub(crate) fn messaging(why: impl ToString) -> Self {
        Self::Messaging {
            why: why.to_string(),
        }
    }

    pub(crate) fn file(path: &Path, why: impl ToString) -> Self {
        Self::File(rilascio_store::files::fault(path, why))
    }
}
