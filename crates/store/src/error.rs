//! What can go wrong in the store.

/// A fault of the store, with a stable code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Somebody else changed the same thing: run the transaction again.
    #[error("[STORE-001] somebody else changed the same record; try again")]
    Conflict,
    /// The engine refused or failed.
    #[error("[STORE-002] the data base: {why}")]
    Engine {
        /// What it said.
        why: String,
    },
    /// What is stored cannot be so.
    #[error("[STORE-003] the data base holds {what}; restore it from a backup")]
    Corrupt {
        /// What was found.
        what: &'static str,
    },
    /// A sealed blob does not open, or its key was destroyed.
    #[error(
        "[STORE-004] sealed data of {dossier} cannot be opened: the key is another or was destroyed"
    )]
    Sealed {
        /// The dossier.
        dossier: String,
    },
    /// Something is larger than its limit.
    #[error("[STORE-005] {what} is larger than {limit} bytes")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The store was closed.
    #[error("[STORE-006] the store is closed")]
    Closed,
    /// The tables are of a newer version of this program.
    #[error(
        "[STORE-007] the data base was written by a newer version (schema {found}); update the program"
    )]
    Newer {
        /// The version that was found.
        found: i64,
    },
    /// A test stopped the process here.
    #[error("[STORE-008] stopped at a persistence point")]
    Stopped,
    /// The keys of the vault were renewed meanwhile.
    #[error("[STORE-010] the keys of the vault were renewed; read them again")]
    StaleKeys,
    /// A file cannot be read or written.
    #[error("[STORE-011] {path}: {why}")]
    File {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// A signed head that is none, or another's.
    #[error("[STORE-009] the signed head is refused: {why}")]
    Head {
        /// Why.
        why: String,
    },
}

impl From<rusqlite::Error> for Error {
    fn from(why: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match why.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::ConstraintViolation,
            ) => Self::Conflict,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt {
                what: "pages that are damaged",
            },
            _ => Self::Engine {
                why: why.to_string(),
            },
        }
    }
}

impl From<postgres::Error> for Error {
    fn from(why: postgres::Error) -> Self {
        use postgres::error::SqlState;
        let again = [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::UNIQUE_VIOLATION,
            // Replicas that make the same table at the same moment.
            SqlState::DUPLICATE_SCHEMA,
            SqlState::DUPLICATE_TABLE,
        ];
        match why.code() {
            Some(code) if again.contains(code) => Self::Conflict,
            _ => Self::Engine {
                why: why
                    .as_db_error()
                    .map_or_else(|| why.to_string(), ToString::to_string),
            },
        }
    }
}
