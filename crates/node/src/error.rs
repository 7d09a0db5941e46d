//! Why a node did not do what it was asked.

use rilascio_circuit::{Refusal, Refusals};

/// A fault of a node, with a stable code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule forbids it.
    #[error("[{}] {}; {}", .0.rule, .0.en, .0.remedy_en)]
    Refused(Box<Refusal>),
    /// An application breaks rules of its profile.
    #[error("{0}")]
    Application(Refusals),
    /// Something in the request is malformed.
    #[error("[NODE-001] {what}: {why}")]
    Malformed {
        /// What.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// The installation knows no such profile.
    #[error("[NODE-002] there is no profile '{name}' here")]
    Profile {
        /// Its name.
        name: String,
    },
    /// The configuration names no node for this.
    #[error("[NODE-003] the configuration names no node for {what}")]
    Route {
        /// What.
        what: String,
    },
    /// A command of that name was given before, with another content.
    #[error(
        "[NODE-004] another command of the name {id} was given before; take a new name for a new command"
    )]
    CommandReused {
        /// Its name.
        id: String,
    },
    /// The command belongs to another role.
    #[error("[NODE-005] the command '{command}' is not one of {role}")]
    Role {
        /// The command.
        command: &'static str,
        /// The role.
        role: &'static str,
    },
    /// What is stored cannot be so.
    #[error(
        "[NODE-006] {what} {id} cannot be read: {why}; verify the journal and restore a backup"
    )]
    Corrupt {
        /// What.
        what: &'static str,
        /// Which.
        id: String,
        /// Why.
        why: String,
    },
    /// A journal is not believed.
    #[error("[NODE-008] the journal does not hold: {why}")]
    Journal {
        /// Why.
        why: String,
    },
    /// The store fails.
    #[error(transparent)]
    Store(#[from] rilascio_store::Error),
    /// The exchange fails.
    #[error(transparent)]
    Exchange(#[from] rilascio_exchange::Error),
}

/// A file that cannot be used.
pub(crate) fn file_fault(path: &std::path::Path, why: impl ToString) -> Error {
    rilascio_store::files::fault(path, why).into()
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl rilascio_store::Fault for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(rilascio_store::Error::Conflict))
    }
}

impl Error {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Refused(refusal) => refusal.rule.to_owned(),
            Self::Application(refusals) => refusals
                .0
                .first()
                .map_or("application", |first| first.rule)
                .to_owned(),
            other => {
                let text = other.to_string();
                let code = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                code.map_or_else(|| "NODE-000".to_owned(), |(code, _)| code.to_owned())
            }
        }
    }
}
