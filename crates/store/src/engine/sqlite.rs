//! SQLite: one writer that commits what waits in one group, and readers beside it.

use super::{ATTEMPTS_MAX, Work};
use crate::tx::{Point, Probe, Row, Sql, Tx, Value};
use crate::{Error, Result, schema};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// The most transactions in one commit.
const GROUP_MAX: usize = 128;
/// The most transactions that wait; the next caller waits until there is room.
const QUEUE_MAX: usize = 1024;
/// Threads that read.
const READERS: usize = 2;
/// Prepared statements that a connection keeps.
const STATEMENTS_MAX: usize = 200;
/// How long a connection waits for another process, in milliseconds.
const BUSY_MS: u64 = 5000;

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

struct SqliteTx<'a> {
    connection: &'a Connection,
    probe: Option<&'a dyn Probe>,
}

impl Tx for SqliteTx<'_> {
    fn run(&mut self, sql: &'static Sql, arguments: &[Value]) -> Result<Vec<Row>> {
        if let Some(probe) = self.probe
            && !sql.both.starts_with("SELECT")
        {
            probe.at(Point::Statement)?;
        }
        let mut statement = self.connection.prepare_cached(sql.for_sqlite())?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(arguments))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut values = Vec::with_capacity(columns);
            for column in 0..columns {
                values.push(match row.get_ref(column)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(number) => Value::Int(number),
                    ValueRef::Text(text) => {
                        let text = std::str::from_utf8(text).map_err(|_| Error::Corrupt {
                            what: "a text that is not UTF-8",
                        })?;
                        Value::Text(text.to_owned())
                    }
                    ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
                    ValueRef::Real(_) => {
                        return Err(Error::Corrupt {
                            what: "a number with a fraction",
                        });
                    }
                });
            }
            found.push(Row(values));
        }
        Ok(found)
    }
}

fn connect(path: Option<&Path>) -> Result<Connection> {
    let connection = match path {
        Some(path) => Connection::open(path)?,
        None => Connection::open_in_memory()?,
    };
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MS))?;
    // Deleted rows are overwritten, so that a destroyed key does not linger in a free page.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

fn migrate(connection: &Connection) -> Result<()> {
    let run = |text: &str| connection.execute_batch(text).map_err(Error::from);
    connection.execute_batch(schema::MIGRATION_TABLE)?;
    let known: i64 = connection.query_row(
        "SELECT COALESCE(MAX(number), 0) FROM migration",
        [],
        |row| row.get(0),
    )?;
    for (number, text) in schema::pending(known)? {
        run("BEGIN IMMEDIATE")?;
        run(&schema::for_sqlite(text))?;
        connection.execute("INSERT INTO migration (number) VALUES (?1)", [number])?;
        run("COMMIT")?;
    }
    Ok(())
}

/// Runs one piece of work in a savepoint; true when it is to be kept.
fn attempt(
    connection: &Connection,
    work: &mut dyn Work,
    probe: Option<&dyn Probe>,
) -> Result<bool> {
    let run = |text: &str| connection.prepare_cached(text)?.execute([]).map(drop);
    for _ in 0..ATTEMPTS_MAX {
        run("SAVEPOINT work")?;
        let keep = work.run(&mut SqliteTx { connection, probe });
        if keep {
            run("RELEASE work")?;
            return Ok(true);
        }
        run("ROLLBACK TO work")?;
        run("RELEASE work")?;
        if !work.again() {
            return Ok(false);
        }
    }
    Ok(false)
}

fn execute(connection: &Connection, text: &str) -> Result<()> {
    connection.prepare_cached(text)?.execute([])?;
    Ok(())
}

fn scrub(connection: &Connection) -> Result<()> {
    // Busy readers keep part of the log; the next round takes it.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

fn copy(connection: &Connection, path: &Path) -> Result<()> {
    connection.backup("main", path, None::<fn(rusqlite::backup::Progress)>)?;
    Ok(())
}

enum Message {
    Work(Box<dyn Work>),
    Scrub(SyncSender<Result<()>>),
}

/// A writer thread and readers.
pub(super) struct Threads {
    path: PathBuf,
    write: Option<SyncSender<Message>>,
    read: Option<SyncSender<Message>>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let writer = connect(Some(path))?;
        migrate(&writer)?;
        let (write, wanted) = sync_channel(QUEUE_MAX);
        let mut threads = vec![std::thread::spawn(move || serve_writes(&writer, &wanted))];
        let (read, wanted) = sync_channel(QUEUE_MAX);
        let wanted = Arc::new(Mutex::new(wanted));
        for _ in 0..READERS {
            let reader = connect(Some(path))?;
            reader.execute_batch("PRAGMA query_only = ON")?;
            let wanted = Arc::clone(&wanted);
            threads.push(std::thread::spawn(move || serve_reads(&reader, &wanted)));
        }
        Ok(Self {
            path: path.to_owned(),
            write: Some(write),
            read: Some(read),
            threads,
        })
    }

    pub(super) fn send(&self, work: Box<dyn Work>, writes: bool) -> Result<()> {
        let queue = if writes { &self.write } else { &self.read };
        let queue = queue.as_ref().ok_or(Error::Closed)?;
        queue.send(Message::Work(work)).map_err(|_| Error::Closed)
    }

    pub(super) fn scrub(&self) -> Result<()> {
        let (reply, answer) = sync_channel(1);
        let queue = self.write.as_ref().ok_or(Error::Closed)?;
        queue
            .send(Message::Scrub(reply))
            .map_err(|_| Error::Closed)?;
        answer.recv().unwrap_or(Err(Error::Closed))
    }

    /// Copies over a connection of its own: writers go on meanwhile.
    pub(super) fn copy_to(&self, path: &Path) -> Result<()> {
        Inline::read_only(&self.path)?.copy_to(path)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.write.take();
        self.read.take();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn serve_writes(connection: &Connection, wanted: &Receiver<Message>) {
    while let Ok(first) = wanted.recv() {
        let mut group = Vec::new();
        let mut others = Vec::new();
        for message in std::iter::once(first).chain(wanted.try_iter().take(GROUP_MAX - 1)) {
            match message {
                Message::Work(work) => group.push(work),
                other => others.push(other),
            }
        }
        commit(connection, group);
        for other in others {
            match other {
                Message::Scrub(reply) => drop(reply.send(scrub(connection))),
                Message::Work(work) => commit(connection, vec![work]),
            }
        }
    }
}

/// Runs what waits in one transaction, each piece in its own savepoint, and answers all after the commit.
fn commit(connection: &Connection, mut group: Vec<Box<dyn Work>>) {
    if group.is_empty() {
        return;
    }
    let mut run = || -> Result<()> {
        execute(connection, "BEGIN IMMEDIATE")?;
        for work in &mut group {
            attempt(connection, work.as_mut(), None)?;
        }
        execute(connection, "COMMIT")
    };
    let outcome = run();
    if outcome.is_err() && !connection.is_autocommit() {
        let _ = execute(connection, "ROLLBACK");
    }
    for mut work in group {
        work.answer(match &outcome {
            Ok(()) => Ok(()),
            Err(why) => Err(Error::Engine {
                why: why.to_string(),
            }),
        });
    }
}

fn serve_reads(connection: &Connection, wanted: &Mutex<Receiver<Message>>) {
    loop {
        let next = wanted.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Message::Work(mut work)) = next else {
            return;
        };
        // A reader sees one state of the data base from its first to its last statement.
        let mut run = || -> Result<()> {
            execute(connection, "BEGIN")?;
            attempt(connection, work.as_mut(), None)?;
            execute(connection, "COMMIT")
        };
        let outcome = run();
        if outcome.is_err() && !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
        work.answer(outcome);
    }
}

/// A connection on the caller's thread.
pub(super) struct Inline {
    connection: Mutex<Connection>,
    probe: Option<Arc<dyn Probe>>,
}

impl Inline {
    pub(super) fn open(path: Option<&Path>, probe: Option<Arc<dyn Probe>>) -> Result<Self> {
        let connection = connect(path)?;
        migrate(&connection)?;
        Ok(Self {
            connection: Mutex::new(connection),
            probe,
        })
    }

    pub(super) fn read_only(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        Ok(Self {
            connection: Mutex::new(connection),
            probe: None,
        })
    }

    pub(super) fn run(&self, work: &mut dyn Work) {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let probe = self.probe.as_deref();
        let at = |point| probe.map_or(Ok(()), |probe| probe.at(point));
        let mut run = || -> Result<()> {
            execute(&connection, "BEGIN")?;
            if attempt(&connection, work, probe)? {
                at(Point::BeforeCommit)?;
                execute(&connection, "COMMIT")?;
                at(Point::AfterCommit)
            } else {
                execute(&connection, "ROLLBACK")
            }
        };
        let outcome = run();
        if outcome.is_err() && !connection.is_autocommit() {
            let _ = execute(&connection, "ROLLBACK");
        }
        work.answer(outcome);
    }

    pub(super) fn scrub(&self) -> Result<()> {
        scrub(
            &self
                .connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    pub(super) fn copy_to(&self, path: &Path) -> Result<()> {
        copy(
            &self
                .connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
            path,
        )
    }
}
