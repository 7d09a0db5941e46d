//! PostgreSQL: connections side by side, read committed, and transactions that run again when others are in the way.
//!
//! Kept to what distributed engines with PostgreSQL's protocol accept: no sequences, triggers, advisory locks,
//! `LISTEN`, cursors, temporary tables or deferred constraints; keys are ours; one statement per migration step.

use super::{ATTEMPTS_MAX, Work};
use crate::tx::{Row, Sql, Tx, Value};
use crate::{Error, Result, schema};
use postgres::types::{IsNull, ToSql, Type, private::BytesMut};
use postgres::{Client, Config, NoTls, Statement, Transaction};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The most transactions that wait; the next caller waits until there is room.
const QUEUE_MAX: usize = 1024;
/// How long a server may take to be connected to, and to acknowledge what was sent to it.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(30);
/// The first pause before a transaction is run again; it doubles each time.
const PAUSE: Duration = Duration::from_millis(1);

impl ToSql for Value {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) => number.to_sql(&Type::INT8, out),
            Self::Text(text) => text.to_sql(&Type::TEXT, out),
            Self::Bytes(bytes) => bytes.to_sql(&Type::BYTEA, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    postgres::types::to_sql_checked!();
}

type Statements = HashMap<&'static str, Statement>;

struct PostgresTx<'a, 'b> {
    transaction: &'a mut Transaction<'b>,
    statements: &'a mut Statements,
}

impl Tx for PostgresTx<'_, '_> {
    fn run(&mut self, sql: &'static Sql, arguments: &[Value]) -> Result<Vec<Row>> {
        let text = sql.for_postgres();
        let statement = match self.statements.get(text) {
            Some(known) => known.clone(),
            None => {
                let fresh = self.transaction.prepare(text)?;
                self.statements.insert(text, fresh.clone());
                fresh
            }
        };
        let arguments: Vec<&(dyn ToSql + Sync)> = arguments
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let rows = self.transaction.query(&statement, &arguments)?;
        rows.iter().map(read_row).collect()
    }
}

fn read_row(row: &postgres::Row) -> Result<Row> {
    let mut values = Vec::with_capacity(row.len());
    for (place, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(place)?.map(Value::Int),
            Type::TEXT => row.try_get::<_, Option<String>>(place)?.map(Value::Text),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(place)?.map(Value::Bytes),
            _ => {
                return Err(Error::Corrupt {
                    what: "a column of an unknown type",
                });
            }
        };
        values.push(value.unwrap_or(Value::Null));
    }
    Ok(Row(values))
}

/// A server that does not answer is noticed, where the address does not say otherwise.
fn config(url: &str) -> Result<Config> {
    let mut config: Config = url.parse()?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    config.keepalives_idle(SILENCE);
    Ok(config)
}

fn connect(url: &str, schema: &str) -> Result<Client> {
    let mut client = config(url)?.connect(NoTls)?;
    // The name comes from the configuration of the installation: letters only, so that it can stand in a statement.
    client.batch_execute(&format!("SET search_path TO {schema}"))?;
    Ok(client)
}

fn migrate(url: &str, schema: &str) -> Result<()> {
    let mut client = config(url)?.connect(NoTls)?;
    client.batch_execute(&format!(
        "CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path TO {schema}"
    ))?;
    client.batch_execute(schema::MIGRATION_TABLE)?;
    loop {
        let known: i64 = client
            .query_one("SELECT COALESCE(MAX(number), 0) FROM migration", &[])?
            .get(0);
        let Some((number, text)) = schema::pending(known)?.next() else {
            return Ok(());
        };
        // Every step can be repeated: replicas that start together do it twice and agree.
        for statement in schema::for_postgres(text).split(';') {
            if !statement.trim().is_empty() {
                client.batch_execute(statement)?;
            }
        }
        client.execute(
            "INSERT INTO migration (number) VALUES ($1) ON CONFLICT (number) DO NOTHING",
            &[&number],
        )?;
    }
}

enum Message {
    Work(Box<dyn Work>),
    Scrub(SyncSender<Result<()>>),
}

/// Connections, each with its thread.
pub(super) struct Threads {
    queue: Option<SyncSender<Message>>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    pub(super) fn open(url: &str, schema: &str, connections: usize) -> Result<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
        if schema.is_empty() || !schema.chars().all(plain) {
            return Err(Error::Engine {
                why: format!("'{schema}' is no name of a schema: a-z, 0-9 and '_' only"),
            });
        }
        // Replicas that start together meet: the one that comes second tries again.
        let mut attempts = 0;
        while let Err(why) = migrate(url, schema) {
            attempts += 1;
            let met = matches!(why, Error::Conflict) && attempts < ATTEMPTS_MAX;
            if !met {
                return Err(why);
            }
            std::thread::sleep(PAUSE * 100);
        }
        let (queue, wanted) = sync_channel(QUEUE_MAX);
        let wanted = Arc::new(Mutex::new(wanted));
        let mut threads = Vec::new();
        for _ in 0..connections.max(1) {
            let mut connection = Connection {
                url: url.to_owned(),
                schema: schema.to_owned(),
                client: connect(url, schema)?,
                statements: Statements::new(),
            };
            let wanted = Arc::clone(&wanted);
            threads.push(std::thread::spawn(move || serve(&mut connection, &wanted)));
        }
        Ok(Self {
            queue: Some(queue),
            threads,
        })
    }

    pub(super) fn send(&self, work: Box<dyn Work>) -> Result<()> {
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        queue.send(Message::Work(work)).map_err(|_| Error::Closed)
    }

    pub(super) fn scrub(&self) -> Result<()> {
        let (reply, answer) = sync_channel(1);
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        queue
            .send(Message::Scrub(reply))
            .map_err(|_| Error::Closed)?;
        answer.recv().unwrap_or(Err(Error::Closed))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.take();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

struct Connection {
    url: String,
    schema: String,
    client: Client,
    statements: Statements,
}

impl Connection {
    /// A server that was restarted gets a new connection.
    fn renew(&mut self) -> Result<()> {
        if self.client.is_closed() {
            self.client = connect(&self.url, &self.schema)?;
            self.statements.clear();
        }
        Ok(())
    }

    fn attempt(&mut self, work: &mut dyn Work) -> Result<()> {
        let mut pause = PAUSE;
        for _ in 0..ATTEMPTS_MAX {
            self.renew()?;
            let mut transaction = self.client.transaction()?;
            let keep = work.run(&mut PostgresTx {
                transaction: &mut transaction,
                statements: &mut self.statements,
            });
            if keep {
                match transaction.commit().map_err(Error::from) {
                    Err(Error::Conflict) => {}
                    outcome => return outcome,
                }
            } else {
                transaction.rollback()?;
                if !work.again() {
                    return Ok(());
                }
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(100));
        }
        Err(Error::Conflict)
    }
}

fn serve(connection: &mut Connection, wanted: &Mutex<Receiver<Message>>) {
    loop {
        let next = wanted.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(Message::Work(mut work)) => {
                let outcome = connection.attempt(work.as_mut());
                work.answer(outcome);
            }
            Ok(Message::Scrub(reply)) => {
                let tables = schema::SECRET_TABLES.join(", ");
                let run = connection.client.batch_execute(&format!("VACUUM {tables}"));
                drop(reply.send(run.map_err(Error::from)));
            }
            Err(_) => return,
        }
    }
}
