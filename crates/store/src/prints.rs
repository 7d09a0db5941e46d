//! The sealed prints of a gallery that several machines search: what is true, what changed since, and who holds which
//! part of it. The table is its own feed: whoever changes a row gives it the next number of its part, and numbers of one
//! part are given in the order in which transactions end.

use crate::Result;
use crate::tx::{Row, Tx, Value, statements};
use crate::work::{read_number, take_numbers};

statements! {
    PUT = "INSERT INTO print_subject (part, subject, seq, until_day, body) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (part, subject) DO UPDATE SET seq = excluded.seq, until_day = excluded.until_day,
        body = excluded.body";
    GET = "SELECT seq, subject, body FROM print_subject WHERE part = $1 AND subject = $2";
    SINCE = "SELECT seq, subject, body FROM print_subject WHERE part = $1 AND seq > $2 ORDER BY seq LIMIT $3";
    ENDED = "SELECT seq, subject, body FROM print_subject WHERE part = $1 AND until_day < $2 AND LENGTH(body) > 0
        ORDER BY until_day LIMIT $3";
    TRACES = "SELECT seq, subject, body FROM print_subject WHERE part = $1 AND until_day < $2 AND LENGTH(body) = 0
        ORDER BY until_day LIMIT $3";
    REMOVE = "DELETE FROM print_subject WHERE part = $1 AND subject = $2 AND seq = $3";
    MEET = "INSERT INTO search_worker (id, until_ms) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET until_ms = excluded.until_ms";
    LEAVE = "DELETE FROM search_worker WHERE id = $1";
    FORGET_WORKERS = "DELETE FROM search_worker WHERE until_ms < $1";
    WORKERS = "SELECT id FROM search_worker WHERE until_ms > $1 ORDER BY id";
    LEASES = "SELECT part, slot, holder, until_ms FROM search_lease ORDER BY part, slot";
    HOLD = "INSERT INTO search_lease (part, slot, holder, until_ms) VALUES ($1, $2, $3, $4)
        ON CONFLICT (part, slot) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
        WHERE search_lease.holder = excluded.holder OR search_lease.until_ms <= $5 RETURNING part";
    RELEASE = "DELETE FROM search_lease WHERE part = $1 AND slot = $2 AND holder = $3";
    RELEASE_ALL = "DELETE FROM search_lease WHERE holder = $1";
}

/// The prints of somebody, as they were changed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The number of the change in its part.
    pub seq: i64,
    /// Whose prints.
    pub subject: String,
    /// The sealed prints; empty when they were erased.
    pub body: Vec<u8>,
}

/// The right to answer for a part of the gallery for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The part.
    pub part: i64,
    /// Which of those that hold it, from 0.
    pub slot: i64,
    /// The worker.
    pub holder: String,
    /// Until when, in milliseconds since 1970.
    pub until_ms: i64,
}

fn series(part: i64) -> String {
    format!("prints/{part}")
}

fn horizon_of(part: i64) -> String {
    format!("prints-removed/{part}")
}

fn changes(rows: &[Row]) -> Result<Vec<Change>> {
    rows.iter()
        .map(|row| {
            Ok(Change {
                seq: row.int(0)?,
                subject: row.text(1)?.to_owned(),
                body: row.bytes(2)?.to_vec(),
            })
        })
        .collect()
}

/// Puts sealed prints in the place of those a subject had, or erases them when there are none; gives the number of the
/// change. `until_day` counts days since 1970: of prints the last day, of none the day of the erasure.
///
/// # Errors
/// What the engine says.
pub fn put(tx: &mut dyn Tx, part: i64, subject: &str, until_day: i64, body: &[u8]) -> Result<i64> {
    let seq = take_numbers(tx, &series(part), 1)?;
    let arguments = [
        part.into(),
        subject.into(),
        seq.into(),
        until_day.into(),
        body.into(),
    ];
    tx.run(&PUT, &arguments)?;
    Ok(seq)
}

/// The prints of a subject.
///
/// # Errors
/// What the engine says.
pub fn get(tx: &mut dyn Tx, part: i64, subject: &str) -> Result<Option<Change>> {
    let found = changes(&tx.run(&GET, &[part.into(), subject.into()])?)?;
    Ok(found.into_iter().next())
}

/// What changed in a part after a number, in order.
///
/// # Errors
/// What the engine says.
pub fn since(tx: &mut dyn Tx, part: i64, after: i64, limit: u32) -> Result<Vec<Change>> {
    let arguments = [part.into(), after.into(), i64::from(limit).into()];
    changes(&tx.run(&SINCE, &arguments)?)
}

/// Erases prints of a part whose last day is before another; gives how many.
///
/// # Errors
/// What the engine says.
pub fn erase_ended(tx: &mut dyn Tx, part: i64, before_day: i64, limit: u32) -> Result<usize> {
    // Whoever holds the series is the only one who changes the part.
    take_numbers(tx, &series(part), 0)?;
    let arguments = [part.into(), before_day.into(), i64::from(limit).into()];
    let ended = changes(&tx.run(&ENDED, &arguments)?)?;
    for row in &ended {
        put(tx, part, &row.subject, before_day, &[])?;
    }
    Ok(ended.len())
}

/// Removes the traces of erasures of a part that are older than a day: whoever did not follow the feed beyond them has to
/// begin again. Gives how many.
///
/// # Errors
/// What the engine says.
pub fn remove_traces(tx: &mut dyn Tx, part: i64, before_day: i64, limit: u32) -> Result<usize> {
    take_numbers(tx, &series(part), 0)?;
    let arguments = [part.into(), before_day.into(), i64::from(limit).into()];
    let traces = changes(&tx.run(&TRACES, &arguments)?)?;
    let known = take_numbers(tx, &horizon_of(part), 0)?;
    let mut newest = known;
    for trace in &traces {
        let arguments = [part.into(), trace.subject.as_str().into(), trace.seq.into()];
        tx.run(&REMOVE, &arguments)?;
        newest = newest.max(trace.seq);
    }
    take_numbers(tx, &horizon_of(part), newest - known)?;
    Ok(traces.len())
}

/// The number of the newest change of a part; 0 before the first.
///
/// # Errors
/// What the engine says.
pub fn newest(tx: &mut dyn Tx, part: i64) -> Result<i64> {
    read_number(tx, &series(part))
}

/// The newest change whose row was removed.
///
/// # Errors
/// What the engine says.
pub fn horizon(tx: &mut dyn Tx, part: i64) -> Result<i64> {
    read_number(tx, &horizon_of(part))
}

/// Notes that a worker lives until then; gives all that live. Until the transaction ends nobody else shares leases out.
///
/// # Errors
/// What the engine says.
pub fn meet(tx: &mut dyn Tx, worker: &str, until_ms: i64, now_ms: i64) -> Result<Vec<String>> {
    take_numbers(tx, "search-leases", 1)?;
    tx.run(&MEET, &[worker.into(), until_ms.into()])?;
    tx.run(&FORGET_WORKERS, &[now_ms.into()])?;
    let rows = tx.run(&WORKERS, &[now_ms.into()])?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Takes a worker and all its leases away.
///
/// # Errors
/// What the engine says.
pub fn leave(tx: &mut dyn Tx, worker: &str) -> Result<()> {
    tx.run(&RELEASE_ALL, &[worker.into()])?;
    tx.run(&LEAVE, &[worker.into()]).map(drop)
}

/// All leases, those that ended too.
///
/// # Errors
/// What the engine says.
pub fn leases(tx: &mut dyn Tx) -> Result<Vec<Lease>> {
    let rows = tx.run(&LEASES, &[])?;
    rows.iter()
        .map(|row| {
            Ok(Lease {
                part: row.int(0)?,
                slot: row.int(1)?,
                holder: row.text(2)?.to_owned(),
                until_ms: row.int(3)?,
            })
        })
        .collect()
}

/// Takes or renews a lease; false when another holds it.
///
/// # Errors
/// What the engine says.
pub fn hold(tx: &mut dyn Tx, lease: &Lease, now_ms: i64) -> Result<bool> {
    let arguments: [Value; 5] = [
        lease.part.into(),
        lease.slot.into(),
        lease.holder.as_str().into(),
        lease.until_ms.into(),
        now_ms.into(),
    ];
    Ok(!tx.run(&HOLD, &arguments)?.is_empty())
}

/// Gives a lease back.
///
/// # Errors
/// What the engine says.
pub fn release(tx: &mut dyn Tx, part: i64, slot: i64, holder: &str) -> Result<()> {
    tx.run(&RELEASE, &[part.into(), slot.into(), holder.into()])
        .map(drop)
}
