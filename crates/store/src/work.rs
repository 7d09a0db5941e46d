//! Work that waits in the tables: outgoing messages and jobs. A worker claims it for a time; if it dies, another does.

use crate::tx::{Row, Sql, Tx, Value, statements};
use crate::{Error, Result};

statements! {
    SEND = "INSERT INTO outbox (id, receiver, kind, subject, state, body, created_ms, due_ms, attempts, answer_by_ms)
        VALUES ($1, $2, $3, $4, 'ready', $5, $6, $6, 0, $7) ON CONFLICT (id) DO NOTHING";
    CLAIM_MESSAGE = "UPDATE outbox SET due_ms = $2, attempts = attempts + 1 WHERE id =
        (SELECT id FROM outbox WHERE state = 'ready' AND due_ms <= $1 ORDER BY due_ms, id LIMIT 1)
        RETURNING id, receiver, kind, subject, body, attempts, answer_by_ms",
        postgres: "UPDATE outbox SET due_ms = $2, attempts = attempts + 1 WHERE id =
        (SELECT id FROM outbox WHERE state = 'ready' AND due_ms <= $1 ORDER BY due_ms, id LIMIT 1
         FOR UPDATE SKIP LOCKED)
        RETURNING id, receiver, kind, subject, body, attempts, answer_by_ms";
    SETTLE = "UPDATE outbox SET state = CASE WHEN state = 'answered' THEN 'answered' ELSE $2 END, body = $3,
        fault = NULL WHERE id = $1 AND state IN ('ready', 'answered')";
    DELAY = "UPDATE outbox SET state = $2, due_ms = $3, fault = $4 WHERE id = $1 AND state = 'ready' AND attempts = $5";
    HOLD = "UPDATE outbox SET due_ms = $2 WHERE receiver = $1 AND state = 'ready' AND due_ms < $2";
    ANSWERED = "UPDATE outbox SET body = CASE WHEN state = 'delivered' THEN body ELSE $3 END, state = 'answered'
        WHERE id = $1 AND receiver = $2 AND state IN ('ready', 'delivered', 'parked')";
    ANSWERED_ABOUT = "UPDATE outbox SET state = 'answered' WHERE kind = $1 AND subject = $2 AND receiver = $3
        AND state IN ('ready', 'delivered', 'parked')";
    UNPARK = "UPDATE outbox SET state = 'ready', attempts = 0, due_ms = $2 WHERE id = $1 AND state = 'parked'
        RETURNING id";
    OVERDUE = "SELECT id, receiver, kind, subject, fault FROM outbox WHERE state = 'delivered' AND answer_by_ms <= $1
        ORDER BY answer_by_ms LIMIT $2";
    IN_STATE = "SELECT id, receiver, kind, subject, fault FROM outbox WHERE state = $1 ORDER BY due_ms LIMIT $2";
    COUNT_MESSAGES = "SELECT state, COUNT(*) FROM outbox GROUP BY state ORDER BY state";
    NEXT_MESSAGE = "SELECT due_ms FROM outbox WHERE state = 'ready' ORDER BY due_ms LIMIT 1";
    ADD_JOB = "INSERT INTO job (id, kind, subject, state, due_ms, attempts) VALUES ($1, $2, $3, 'ready', $4, 0)
        ON CONFLICT (id) DO UPDATE SET state = 'ready', attempts = 0, due_ms = excluded.due_ms
        WHERE job.state = 'parked'";
    HASTEN_JOB = "INSERT INTO job (id, kind, subject, state, due_ms, attempts) VALUES ($1, $2, $3, 'ready', $4, 0)
        ON CONFLICT (id) DO UPDATE SET state = 'ready', attempts = 0, due_ms = excluded.due_ms
        WHERE job.state = 'parked' OR job.due_ms > excluded.due_ms";
    POSTPONE_JOB = "INSERT INTO job (id, kind, subject, state, due_ms, attempts) VALUES ($1, $2, $3, 'ready', $4, 0)
        ON CONFLICT (id) DO UPDATE SET state = 'ready', attempts = 0, due_ms = excluded.due_ms
        WHERE job.state = 'parked' OR job.due_ms < excluded.due_ms";
    CLAIM_JOB = "UPDATE job SET due_ms = $2, attempts = attempts + 1 WHERE id =
        (SELECT id FROM job WHERE state = 'ready' AND due_ms <= $1 ORDER BY due_ms, id LIMIT 1)
        RETURNING id, kind, subject, attempts",
        postgres: "UPDATE job SET due_ms = $2, attempts = attempts + 1 WHERE id =
        (SELECT id FROM job WHERE state = 'ready' AND due_ms <= $1 ORDER BY due_ms, id LIMIT 1
         FOR UPDATE SKIP LOCKED)
        RETURNING id, kind, subject, attempts";
    END_JOB = "DELETE FROM job WHERE id = $1 AND attempts = $2 RETURNING id";
    DELAY_JOB = "UPDATE job SET state = $2, due_ms = $3, fault = $4 WHERE id = $1 AND attempts = $5";
    COUNT_JOBS = "SELECT state, COUNT(*) FROM job GROUP BY state ORDER BY state";
    UNPARK_JOB = "UPDATE job SET state = 'ready', attempts = 0, due_ms = $2 WHERE id = $1 AND state = 'parked'
        RETURNING id";
    JOBS_IN_STATE = "SELECT id, kind, subject, attempts, due_ms, fault FROM job WHERE state = $1 ORDER BY due_ms LIMIT $2";
    NEXT_JOB = "SELECT due_ms FROM job WHERE state = 'ready' ORDER BY due_ms LIMIT 1";
    RECEIVED = "SELECT digest, answer FROM inbox WHERE sender = $1 AND id = $2";
    RECEIVE = "INSERT INTO inbox (sender, id, digest, at_ms, answer) VALUES ($1, $2, $3, $4, $5)";
    FORGET_RECEIVED = "DELETE FROM inbox WHERE at_ms < $1";
    DONE_BEFORE = "SELECT digest, answer FROM command WHERE id = $1";
    NOTE_COMMAND = "INSERT INTO command (id, digest, answer, at_ms) VALUES ($1, $2, $3, $4)";
    FORGET_COMMANDS = "DELETE FROM command WHERE at_ms < $1";
    COUNT_UP = "UPDATE counter SET value = value + $2 WHERE name = $1 RETURNING value";
    START_COUNT = "INSERT INTO counter (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    SKIP = "UPDATE counter SET value = value + $1 WHERE name LIKE 'number/%' OR name LIKE 'serial/%'
        OR name IN ('dossier', 'consignment', 'attestation', 'message', 'grant', 'status-list', 'watch-entry', 'stock-take')";
    READ_COUNT = "SELECT value FROM counter WHERE name = $1";
}

/// What waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The name of the message.
    pub id: String,
    /// Who gets it.
    pub receiver: String,
    /// What it is.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// The sealed message.
    pub body: Vec<u8>,
    /// By when an answer is due, in milliseconds since 1970.
    pub answer_by_ms: Option<i64>,
}

/// A message that a worker holds for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The message.
    pub message: Outgoing,
    /// How often it was tried, this time included.
    pub attempts: i64,
}

/// A job that a worker holds for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name: a second job of that name is the same.
    pub id: String,
    /// What is to be done.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// How often it was tried, this time included.
    pub attempts: i64,
}

/// A message that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// The name of the message.
    pub id: String,
    /// Who should have got or answered it.
    pub receiver: String,
    /// What it is.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// Why it is stuck.
    pub fault: Option<String>,
}

/// Puts a message into the outbox; one that is there already stays as it is.
///
/// # Errors
/// What the engine says.
pub fn send(tx: &mut dyn Tx, message: &Outgoing, now_ms: i64) -> Result<()> {
    let arguments = [
        Value::from(&message.id[..]),
        Value::from(&message.receiver[..]),
        Value::from(&message.kind[..]),
        Value::from(&message.subject[..]),
        Value::from(&message.body[..]),
        Value::Int(now_ms),
        message.answer_by_ms.map_or(Value::Null, Value::Int),
    ];
    tx.run(&SEND, &arguments)?;
    Ok(())
}

/// Claims the message that waits longest, until `until_ms`.
///
/// # Errors
/// What the engine says.
pub fn claim_message(tx: &mut dyn Tx, now_ms: i64, until_ms: i64) -> Result<Option<Claimed>> {
    let rows = tx.run(&CLAIM_MESSAGE, &[now_ms.into(), until_ms.into()])?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(Claimed {
        message: Outgoing {
            id: row.text(0)?.to_owned(),
            receiver: row.text(1)?.to_owned(),
            kind: row.text(2)?.to_owned(),
            subject: row.text(3)?.to_owned(),
            body: row.bytes(4)?.to_vec(),
            answer_by_ms: row.optional_int(6)?,
        },
        attempts: row.int(5)?,
    }))
}

/// A message was taken: keeps the receiver's signed receipt in place of the body.
///
/// # Errors
/// What the engine says.
pub fn delivered(tx: &mut dyn Tx, id: &str, receipt: &[u8], expects_answer: bool) -> Result<()> {
    let state = if expects_answer {
        "delivered"
    } else {
        "answered"
    };
    tx.run(&SETTLE, &[id.into(), state.into(), receipt.into()])?;
    Ok(())
}

/// A message whose matter has ended before it could be sent: it stays on record, and is not sent any more.
///
/// # Errors
/// What the engine says.
pub fn moot(tx: &mut dyn Tx, id: &str) -> Result<()> {
    tx.run(&SETTLE, &[id.into(), "moot".into(), (&[][..]).into()])?;
    Ok(())
}

/// The state and the time of what failed: it waits for its next try, or is parked.
fn next_try(again_ms: Option<i64>, now_ms: i64) -> (&'static str, i64) {
    again_ms.map_or(("parked", now_ms), |again| ("ready", again))
}

/// What is kept of a reason: enough to read, nothing that a table cannot hold.
fn reason(why: &str) -> Value {
    const CHARACTERS_MAX: usize = 300;
    let plain: String = why
        .chars()
        .filter(|c| !c.is_control())
        .take(CHARACTERS_MAX)
        .collect();
    Value::Text(plain)
}

/// A message was not taken in that attempt: tries again later, or parks it. Of another attempt nothing is changed.
///
/// # Errors
/// What the engine says.
pub fn not_delivered(
    tx: &mut dyn Tx,
    id: &str,
    attempt: i64,
    again_ms: Option<i64>,
    now_ms: i64,
    why: &str,
) -> Result<()> {
    let (state, due) = next_try(again_ms, now_ms);
    tx.run(
        &DELAY,
        &[
            id.into(),
            state.into(),
            due.into(),
            reason(why),
            attempt.into(),
        ],
    )?;
    Ok(())
}

/// A receiver cannot be reached: what else waits for it does not hold up the others.
///
/// # Errors
/// What the engine says.
pub fn hold(tx: &mut dyn Tx, receiver: &str, until_ms: i64) -> Result<()> {
    tx.run(&HOLD, &[receiver.into(), until_ms.into()])?;
    Ok(())
}

/// The answer to a message came, from whom it was sent to.
///
/// # Errors
/// What the engine says.
pub fn answered(tx: &mut dyn Tx, id: &str, receiver: &str) -> Result<()> {
    tx.run(
        &ANSWERED,
        &[id.into(), receiver.into(), Value::Bytes(Vec::new())],
    )?;
    Ok(())
}

/// Sends a parked message again; false when it was not parked.
///
/// # Errors
/// What the engine says.
pub fn unpark(tx: &mut dyn Tx, id: &str, now_ms: i64) -> Result<bool> {
    Ok(!tx.run(&UNPARK, &[id.into(), now_ms.into()])?.is_empty())
}

/// What answers all messages of a kind about a thing came, from whom they were sent to.
///
/// # Errors
/// What the engine says.
pub fn answered_about(tx: &mut dyn Tx, kind: &str, subject: &str, receiver: &str) -> Result<()> {
    tx.run(
        &ANSWERED_ABOUT,
        &[kind.into(), subject.into(), receiver.into()],
    )?;
    Ok(())
}

fn read_stuck(rows: &[Row]) -> Result<Vec<Stuck>> {
    rows.iter()
        .map(|row| {
            Ok(Stuck {
                id: row.text(0)?.to_owned(),
                receiver: row.text(1)?.to_owned(),
                kind: row.text(2)?.to_owned(),
                subject: row.text(3)?.to_owned(),
                fault: row.optional_text(4)?.map(str::to_owned),
            })
        })
        .collect()
}

/// Messages whose answer did not come in its term.
///
/// # Errors
/// What the engine says.
pub fn overdue(tx: &mut dyn Tx, now_ms: i64, limit: u32) -> Result<Vec<Stuck>> {
    read_stuck(&tx.run(&OVERDUE, &[now_ms.into(), Value::Int(limit.into())])?)
}

/// Messages that were given up.
///
/// # Errors
/// What the engine says.
pub fn parked(tx: &mut dyn Tx, limit: u32) -> Result<Vec<Stuck>> {
    in_state(tx, "parked", limit)
}

/// Messages that wait to be sent, with the reason why the last try failed.
///
/// # Errors
/// What the engine says.
pub fn waiting(tx: &mut dyn Tx, limit: u32) -> Result<Vec<Stuck>> {
    in_state(tx, "ready", limit)
}

fn in_state(tx: &mut dyn Tx, state: &str, limit: u32) -> Result<Vec<Stuck>> {
    read_stuck(&tx.run(&IN_STATE, &[state.into(), Value::Int(limit.into())])?)
}

fn read_counts(rows: &[Row]) -> Result<Vec<(String, i64)>> {
    rows.iter()
        .map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?)))
        .collect()
}

/// How many messages there are, by state.
///
/// # Errors
/// What the engine says.
pub fn count_messages(tx: &mut dyn Tx) -> Result<Vec<(String, i64)>> {
    read_counts(&tx.run(&COUNT_MESSAGES, &[])?)
}

/// How many jobs there are, by state.
///
/// # Errors
/// What the engine says.
pub fn count_jobs(tx: &mut dyn Tx) -> Result<Vec<(String, i64)>> {
    read_counts(&tx.run(&COUNT_JOBS, &[])?)
}

/// When the next message or job is due.
///
/// # Errors
/// What the engine says.
pub fn next_due(tx: &mut dyn Tx) -> Result<Option<i64>> {
    let mut due = Vec::new();
    for sql in [&NEXT_MESSAGE, &NEXT_JOB] {
        if let Some(row) = tx.run(sql, &[])?.first() {
            due.push(row.int(0)?);
        }
    }
    Ok(due.into_iter().min())
}

/// Adds a job by the statement that says what becomes of one of that name.
fn put_job(
    tx: &mut dyn Tx,
    sql: &'static Sql,
    id: &str,
    kind: &str,
    subject: &str,
    due_ms: i64,
) -> Result<()> {
    let arguments = [id.into(), kind.into(), subject.into(), due_ms.into()];
    tx.run(sql, &arguments).map(drop)
}

/// Adds a job; one of that name that waits stays as it is, one that was given up begins again.
///
/// # Errors
/// What the engine says.
pub fn add_job(tx: &mut dyn Tx, id: &str, kind: &str, subject: &str, due_ms: i64) -> Result<()> {
    put_job(tx, &ADD_JOB, id, kind, subject, due_ms)
}

/// Adds a job; one of that name that would be due later is due then.
///
/// # Errors
/// What the engine says.
pub fn hasten_job(tx: &mut dyn Tx, kind: &str, subject: &str, due_ms: i64) -> Result<()> {
    let id = format!("{kind}/{subject}");
    put_job(tx, &HASTEN_JOB, &id, kind, subject, due_ms)
}

/// Adds a job; one of that name that would be due earlier is due then.
///
/// # Errors
/// What the engine says.
pub fn postpone_job(tx: &mut dyn Tx, kind: &str, subject: &str, due_ms: i64) -> Result<()> {
    let id = format!("{kind}/{subject}");
    put_job(tx, &POSTPONE_JOB, &id, kind, subject, due_ms)
}

/// Claims the job that waits longest, until `until_ms`.
///
/// # Errors
/// What the engine says.
pub fn claim_job(tx: &mut dyn Tx, now_ms: i64, until_ms: i64) -> Result<Option<Job>> {
    let rows = tx.run(&CLAIM_JOB, &[now_ms.into(), until_ms.into()])?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(Job {
        id: row.text(0)?.to_owned(),
        kind: row.text(1)?.to_owned(),
        subject: row.text(2)?.to_owned(),
        attempts: row.int(3)?,
    }))
}

/// A job as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The job.
    pub job: Job,
    /// When it is due.
    pub due_ms: i64,
    /// Why the last try failed.
    pub fault: Option<String>,
}

/// Jobs that are `ready` or `parked`, by the time they are due.
///
/// # Errors
/// What the engine says.
pub fn jobs(tx: &mut dyn Tx, state: &str, limit: u32) -> Result<Vec<Listed>> {
    let rows = tx.run(&JOBS_IN_STATE, &[state.into(), Value::Int(limit.into())])?;
    rows.iter()
        .map(|row| {
            Ok(Listed {
                job: Job {
                    id: row.text(0)?.to_owned(),
                    kind: row.text(1)?.to_owned(),
                    subject: row.text(2)?.to_owned(),
                    attempts: row.int(3)?,
                },
                due_ms: row.int(4)?,
                fault: row.optional_text(5)?.map(str::to_owned),
            })
        })
        .collect()
}

/// A parked job begins again; false when there is no such one.
///
/// # Errors
/// What the engine says.
pub fn unpark_job(tx: &mut dyn Tx, id: &str, now_ms: i64) -> Result<bool> {
    Ok(!tx.run(&UNPARK_JOB, &[id.into(), now_ms.into()])?.is_empty())
}

/// A job is done; false when another worker ended it or took it over.
///
/// # Errors
/// What the engine says.
pub fn end_job(tx: &mut dyn Tx, job: &Job) -> Result<bool> {
    Ok(!tx
        .run(&END_JOB, &[(&job.id[..]).into(), job.attempts.into()])?
        .is_empty())
}

/// A job could not be done: tries again later, or parks it.
///
/// # Errors
/// What the engine says.
pub fn delay_job(
    tx: &mut dyn Tx,
    job: &Job,
    again_ms: Option<i64>,
    now_ms: i64,
    why: &str,
) -> Result<()> {
    let (state, due) = next_try(again_ms, now_ms);
    let (id, attempt) = (Value::from(&job.id[..]), job.attempts.into());
    tx.run(
        &DELAY_JOB,
        &[id, state.into(), due.into(), reason(why), attempt],
    )?;
    Ok(())
}

/// What became of a message that came before: its digest and the answer that it got.
///
/// # Errors
/// What the engine says.
pub fn received(tx: &mut dyn Tx, sender: &str, id: &str) -> Result<Option<(String, Vec<u8>)>> {
    let rows = tx.run(&RECEIVED, &[sender.into(), id.into()])?;
    rows.first()
        .map(|row| Ok((row.text(0)?.to_owned(), row.bytes(1)?.to_vec())))
        .transpose()
}

/// Notes a message that came, and the answer that it got.
///
/// # Errors
/// What the engine says.
pub fn receive(
    tx: &mut dyn Tx,
    sender: &str,
    id: &str,
    digest: &str,
    now_ms: i64,
    answer: &[u8],
) -> Result<()> {
    tx.run(
        &RECEIVE,
        &[
            sender.into(),
            id.into(),
            digest.into(),
            now_ms.into(),
            answer.into(),
        ],
    )?;
    Ok(())
}

/// Forgets messages that came before a moment: by then they are too old to be taken again.
///
/// # Errors
/// What the engine says.
pub fn forget_received(tx: &mut dyn Tx, before_ms: i64) -> Result<()> {
    tx.run(&FORGET_RECEIVED, &[before_ms.into()])?;
    tx.run(&FORGET_COMMANDS, &[before_ms.into()])?;
    Ok(())
}

/// What a command that was given before had asked and got.
///
/// # Errors
/// What the engine says.
pub fn done_before(tx: &mut dyn Tx, id: &str) -> Result<Option<(String, String)>> {
    let rows = tx.run(&DONE_BEFORE, &[id.into()])?;
    rows.first()
        .map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
        .transpose()
}

/// Notes a command and its answer.
///
/// # Errors
/// What the engine says.
pub fn note_command(
    tx: &mut dyn Tx,
    id: &str,
    digest: &str,
    answer: &str,
    now_ms: i64,
) -> Result<()> {
    tx.run(
        &NOTE_COMMAND,
        &[id.into(), digest.into(), answer.into(), now_ms.into()],
    )?;
    Ok(())
}

/// Takes `count` numbers of a series; gives the last. A series begins at 1.
///
/// # Errors
/// What the engine says.
pub fn take_numbers(tx: &mut dyn Tx, name: &str, count: i64) -> Result<i64> {
    let mut rows = tx.run(&COUNT_UP, &[name.into(), count.into()])?;
    if rows.is_empty() {
        tx.run(&START_COUNT, &[name.into(), Value::Int(0)])?;
        rows = tx.run(&COUNT_UP, &[name.into(), count.into()])?;
    }
    rows.first().ok_or(Error::Conflict)?.int(0)
}

/// The last number that a series gave; 0 before the first.
///
/// # Errors
/// What the engine says.
pub fn read_number(tx: &mut dyn Tx, name: &str) -> Result<i64> {
    let rows = tx.run(&READ_COUNT, &[name.into()])?;
    rows.first().map_or(Ok(0), |row| row.int(0))
}

/// Leaves numbers of every series out: after a restore nobody knows which were given since the backup.
///
/// # Errors
/// What the engine says.
pub fn skip_numbers(tx: &mut dyn Tx, gap: i64) -> Result<()> {
    tx.run(&SKIP, &[gap.into()])?;
    Ok(())
}
