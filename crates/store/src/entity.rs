//! The look-up tables: the present state of every thing, beside the journal that says how it came about.

use crate::tx::{Row, Tx, Value, statements};
use crate::{Error, Result};

statements! {
    GET = "SELECT version, site, state, due_ms, body FROM entity WHERE kind = $1 AND id = $2";
    INSERT = "INSERT INTO entity (kind, id, version, site, state, due_ms, body)
        VALUES ($1, $2, 1, $3, $4, $5, $6) ON CONFLICT (kind, id) DO NOTHING RETURNING version";
    UPDATE = "UPDATE entity SET version = version + 1, site = $3, state = $4, due_ms = $5, body = $6
        WHERE kind = $1 AND id = $2 AND version = $7 RETURNING version";
    LIST = "SELECT version, site, state, due_ms, body, id FROM entity WHERE kind = $1 AND state = $2 AND site = $3
        AND id > $4 ORDER BY id LIMIT $5";
    LIST_STATE = "SELECT version, site, state, due_ms, body, id FROM entity WHERE kind = $1 AND state = $2
        AND id > $3 ORDER BY id LIMIT $4";
    LIST_ALL = "SELECT version, site, state, due_ms, body, id FROM entity WHERE kind = $1 AND id > $2
        ORDER BY id LIMIT $3";
    NEWEST = "SELECT version, site, state, due_ms, body, id FROM entity WHERE kind = $1 AND state = $2 AND site = $3
        ORDER BY id DESC LIMIT $4";
    NEWEST_STATE = "SELECT version, site, state, due_ms, body, id FROM entity WHERE kind = $1 AND state = $2
        ORDER BY id DESC LIMIT $3";
    DUE = "SELECT version, site, state, due_ms, body, id FROM entity WHERE kind = $1 AND due_ms <= $2
        ORDER BY due_ms, id LIMIT $3";
    REMOVE = "DELETE FROM entity WHERE kind = $1 AND id = $2";
    COUNT = "SELECT state, site, COUNT(*) FROM entity WHERE kind = $1 GROUP BY state, site ORDER BY state, site";
}

/// A thing as its table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Its name.
    pub id: String,
    /// How often it was written.
    pub version: i64,
    /// Where it is.
    pub site: String,
    /// Its state.
    pub state: String,
    /// When something is due, in milliseconds since 1970.
    pub due_ms: Option<i64>,
    /// Everything, as its owner writes it.
    pub body: String,
}

fn read(row: &Row, id: &str) -> Result<Entity> {
    Ok(Entity {
        id: id.to_owned(),
        version: row.int(0)?,
        site: row.text(1)?.to_owned(),
        state: row.text(2)?.to_owned(),
        due_ms: row.optional_int(3)?,
        body: row.text(4)?.to_owned(),
    })
}

fn read_all(rows: &[Row]) -> Result<Vec<Entity>> {
    rows.iter().map(|row| read(row, row.text(5)?)).collect()
}

/// One thing.
///
/// # Errors
/// What the engine says.
pub fn get(tx: &mut dyn Tx, kind: &str, id: &str) -> Result<Option<Entity>> {
    let rows = tx.run(&GET, &[kind.into(), id.into()])?;
    rows.first().map(|row| read(row, id)).transpose()
}

/// Writes a thing: version 0 makes it, any other must be the one that is there.
///
/// # Errors
/// [`Error::Conflict`] when somebody else wrote it since.
pub fn put(tx: &mut dyn Tx, kind: &str, entity: &Entity) -> Result<()> {
    let due = entity.due_ms.map_or(Value::Null, Value::Int);
    let mut arguments = vec![
        Value::from(kind),
        Value::from(&entity.id[..]),
        Value::from(&entity.site[..]),
        Value::from(&entity.state[..]),
        due,
        Value::from(&entity.body[..]),
    ];
    let written = if entity.version == 0 {
        tx.run(&INSERT, &arguments)?
    } else {
        arguments.push(Value::Int(entity.version));
        tx.run(&UPDATE, &arguments)?
    };
    if written.is_empty() {
        return Err(Error::Conflict);
    }
    Ok(())
}

/// Removes a thing that no journal tells of.
///
/// # Errors
/// What the engine says.
pub fn remove(tx: &mut dyn Tx, kind: &str, id: &str) -> Result<()> {
    tx.run(&REMOVE, &[kind.into(), id.into()]).map(drop)
}

/// Things of a kind, by name from the one after `after`; those of a state, or of a state at a site.
///
/// # Errors
/// What the engine says.
pub fn list(
    tx: &mut dyn Tx,
    kind: &str,
    state: Option<&str>,
    site: Option<&str>,
    after: &str,
    limit: u32,
) -> Result<Vec<Entity>> {
    let limit = Value::Int(limit.into());
    let rows = match (state, site) {
        (Some(state), Some(site)) => tx.run(
            &LIST,
            &[kind.into(), state.into(), site.into(), after.into(), limit],
        )?,
        (Some(state), None) => tx.run(
            &LIST_STATE,
            &[kind.into(), state.into(), after.into(), limit],
        )?,
        (None, _) => tx.run(&LIST_ALL, &[kind.into(), after.into(), limit])?,
    };
    read_all(&rows)
}

/// Things that are read at once by [`every`].
const PAGE: u32 = 500;

/// Every thing of a kind in a state, at a site or at all of them, by name: as many as there are.
///
/// # Errors
/// What the engine says.
pub fn every(tx: &mut dyn Tx, kind: &str, state: &str, site: Option<&str>) -> Result<Vec<Entity>> {
    let mut found: Vec<Entity> = Vec::new();
    loop {
        let after = found.last().map(|last| last.id.clone()).unwrap_or_default();
        let page = list(tx, kind, Some(state), site, &after, PAGE)?;
        let more = page.len() == PAGE as usize;
        found.extend(page);
        if !more {
            return Ok(found);
        }
    }
}

/// Things of a kind in a state, at a site if one is given, the last name first: of those that are numbered, the newest.
///
/// # Errors
/// What the engine says.
pub fn newest(
    tx: &mut dyn Tx,
    kind: &str,
    state: &str,
    site: Option<&str>,
    limit: u32,
) -> Result<Vec<Entity>> {
    let limit = Value::Int(limit.into());
    let rows = match site {
        Some(site) => tx.run(&NEWEST, &[kind.into(), state.into(), site.into(), limit])?,
        None => tx.run(&NEWEST_STATE, &[kind.into(), state.into(), limit])?,
    };
    read_all(&rows)
}

/// Things for which something is due.
///
/// # Errors
/// What the engine says.
pub fn due(tx: &mut dyn Tx, kind: &str, now_ms: i64, limit: u32) -> Result<Vec<Entity>> {
    read_all(&tx.run(
        &DUE,
        &[kind.into(), now_ms.into(), Value::Int(limit.into())],
    )?)
}

/// How many things of a kind there are, by state and site.
///
/// # Errors
/// What the engine says.
pub fn count(tx: &mut dyn Tx, kind: &str) -> Result<Vec<(String, String, i64)>> {
    let rows = tx.run(&COUNT, &[kind.into()])?;
    rows.iter()
        .map(|row| {
            Ok((
                row.text(0)?.to_owned(),
                row.text(1)?.to_owned(),
                row.int(2)?,
            ))
        })
        .collect()
}
