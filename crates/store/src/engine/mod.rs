//! The engines: SQLite in a file or in memory, and a PostgreSQL server.

mod postgres;
mod sqlite;

use crate::tx::{Probe, Tx};
use crate::{Error, Result};
use std::path::Path;
use std::sync::Arc;

/// How often a transaction is run again when others are in its way.
const ATTEMPTS_MAX: u32 = 20;

/// Work on its way to an engine: runs in a transaction and answers by itself.
trait Work: Send {
    /// Runs; true when its changes are to be kept.
    fn run(&mut self, tx: &mut dyn Tx) -> bool;
    /// True when the last run met somebody else and should be repeated.
    fn again(&self) -> bool;
    /// Tells the caller; `committed` is the engine's word on the transaction.
    fn answer(&mut self, committed: Result<()>);
}

struct Call<F, T, E> {
    function: F,
    outcome: Option<Result<T, E>>,
    conflict: bool,
    reply: std::sync::mpsc::SyncSender<Result<T, E>>,
}

/// A fault that may be the store's own: tells conflicts from refusals.
pub trait Fault: From<Error> + Send + 'static {
    /// True for [`Error::Conflict`].
    fn is_conflict(&self) -> bool;
}

impl Fault for Error {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

impl<F, T, E> Work for Call<F, T, E>
where
    F: FnMut(&mut dyn Tx) -> Result<T, E> + Send,
    T: Send,
    E: Fault,
{
    fn run(&mut self, tx: &mut dyn Tx) -> bool {
        let outcome = (self.function)(tx);
        self.conflict = outcome.as_ref().is_err_and(Fault::is_conflict);
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn again(&self) -> bool {
        self.conflict
    }

    fn answer(&mut self, committed: Result<()>) {
        let answer = match (self.outcome.take(), committed) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(why)), _) => Err(why),
            (_, Err(why)) => Err(why.into()),
            (None, Ok(())) => Err(Error::Closed.into()),
        };
        // A caller that went away does not want to know.
        let _ = self.reply.send(answer);
    }
}

enum Engine {
    Sqlite(sqlite::Threads),
    Inline(sqlite::Inline),
    Postgres(postgres::Threads),
}

/// A data base of one node.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
}

impl Store {
    /// Opens or makes an SQLite file: write-ahead log, every commit synced to the disk.
    ///
    /// # Errors
    /// When the file cannot be opened, is damaged or newer than this program.
    pub fn sqlite(path: &Path) -> Result<Self> {
        let engine = Engine::Sqlite(sqlite::Threads::open(path)?);
        Ok(Self {
            engine: Arc::new(engine),
        })
    }

    /// An SQLite data base that runs each transaction on the caller's thread: in memory without a path.
    ///
    /// # Errors
    /// Those of [`sqlite`](Self::sqlite).
    pub fn inline(path: Option<&Path>, probe: Option<Arc<dyn Probe>>) -> Result<Self> {
        let engine = Engine::Inline(sqlite::Inline::open(path, probe)?);
        Ok(Self {
            engine: Arc::new(engine),
        })
    }

    /// Opens an SQLite file for reading only; nothing of it is changed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_only(path: &Path) -> Result<Self> {
        let engine = Engine::Inline(sqlite::Inline::read_only(path)?);
        Ok(Self {
            engine: Arc::new(engine),
        })
    }

    /// Connects to a PostgreSQL server, with its own schema and that many connections.
    ///
    /// # Errors
    /// When the server cannot be reached, or its tables are newer than this program.
    pub fn postgres(url: &str, schema: &str, connections: usize) -> Result<Self> {
        let engine = Engine::Postgres(postgres::Threads::open(url, schema, connections)?);
        Ok(Self {
            engine: Arc::new(engine),
        })
    }

    /// Runs a function in a transaction: all of it is kept, or nothing. It may be run more than once.
    ///
    /// # Errors
    /// What the function answers, or what the engine says.
    pub fn write<T, E, F>(&self, function: F) -> Result<T, E>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Fault,
    {
        self.send(function, true)
    }

    /// Runs a function that changes nothing.
    ///
    /// # Errors
    /// What the function answers, or what the engine says.
    pub fn read<T, E, F>(&self, function: F) -> Result<T, E>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Fault,
    {
        self.send(function, false)
    }

    fn send<T, E, F>(&self, function: F, writes: bool) -> Result<T, E>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Fault,
    {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let mut call = Call {
            function,
            outcome: None,
            conflict: false,
            reply,
        };
        match &*self.engine {
            Engine::Inline(inline) => inline.run(&mut call),
            Engine::Sqlite(threads) => threads.send(Box::new(call), writes)?,
            Engine::Postgres(threads) => threads.send(Box::new(call))?,
        }
        answer.recv().unwrap_or(Err(Error::Closed.into()))
    }

    /// Removes what deleted rows left behind in the data base's own files.
    ///
    /// # Errors
    /// What the engine says.
    pub fn scrub(&self) -> Result<()> {
        match &*self.engine {
            Engine::Inline(inline) => inline.scrub(),
            Engine::Sqlite(threads) => threads.scrub(),
            Engine::Postgres(threads) => threads.scrub(),
        }
    }

    /// Copies an SQLite data base to a file while it is in use.
    ///
    /// # Errors
    /// What the engine says; a PostgreSQL server has its own tools for this.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        match &*self.engine {
            Engine::Inline(inline) => inline.copy_to(path),
            Engine::Sqlite(threads) => threads.copy_to(path),
            Engine::Postgres(_) => Err(Error::Engine {
                why: "copy a PostgreSQL data base with pg_dump".to_owned(),
            }),
        }
    }
}
