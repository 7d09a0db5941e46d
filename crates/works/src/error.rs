//! What can go wrong in production.

use rilascio_access::apdu::StatusWord;

/// A document that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An image of the application that cannot be used.
    #[error("{image}: {why}")]
    Image {
        /// Portrait, signature, or the name of the finger.
        image: String,
        /// Why.
        why: String,
    },
    /// What was made does not say what was decided. This is a fault of the program.
    #[error("not released: {what} differs from the record")]
    NotReleased {
        /// What differs.
        what: String,
    },
    /// The files need more room than the chip has.
    #[error("the chip has room for {room} bytes, the files take {needed}")]
    ChipTooSmall {
        /// Bytes of the chip.
        room: usize,
        /// Bytes of the files.
        needed: usize,
    },
    /// A chip that refuses a command of personalisation.
    #[error("the chip refuses {command} with {status}")]
    ChipRefused {
        /// The command.
        command: &'static str,
        /// The status word.
        status: StatusWord,
    },
    /// A file with the secrets of a chip that cannot be read.
    #[error("the secrets of the chip cannot be read: {why}")]
    Secrets {
        /// Why.
        why: String,
    },
    /// A key or signature.
    #[error(transparent)]
    Key(#[from] rilascio_keys::Error),
    /// A certificate or signed object.
    #[error(transparent)]
    Pki(#[from] rilascio_pki::Error),
    /// A file that does not read back.
    #[error(transparent)]
    Data(#[from] rilascio_mrtd::Error),
    /// The channel to the chip.
    #[error(transparent)]
    Access(#[from] rilascio_access::Error),
    /// The carrier of the channel.
    #[error(transparent)]
    Channel(#[from] rilascio_access::channel::ChannelError),
    /// A visible face.
    #[error(transparent)]
    Artwork(#[from] rilascio_artwork::Error),
}

impl Error {
    /// The stable code of the fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Image { .. } => "WORKS-001",
            Self::NotReleased { .. } => "WORKS-002",
            Self::ChipTooSmall { .. } => "WORKS-003",
            Self::ChipRefused { .. } => "WORKS-004",
            Self::Secrets { .. } => "WORKS-005",
            Self::Channel(_) => "WORKS-006",
            Self::Key(fault) => fault.code(),
            Self::Pki(fault) => fault.code(),
            Self::Data(fault) => fault.code(),
            Self::Access(fault) => fault.code(),
            Self::Artwork(fault) => fault.code(),
        }
    }
}
