//! Marks: an index of things by words that were made unreadable before. It answers who shares a mark, and nothing else.

use crate::Result;
use crate::tx::{Tx, statements};

statements! {
    ADD = "INSERT INTO mark (mark, kind, id) VALUES ($1, $2, $3) ON CONFLICT (mark, kind, id) DO NOTHING";
    OF = "SELECT mark FROM mark WHERE kind = $1 AND id = $2 ORDER BY mark";
    SHARED = "SELECT id FROM mark WHERE mark = $1 AND kind = $2 AND id > $3 ORDER BY id LIMIT $4";
    REMOVE = "DELETE FROM mark WHERE kind = $1 AND id = $2";
}

/// Puts the marks of a thing in the place of those it had.
///
/// # Errors
/// What the engine says.
pub fn replace(tx: &mut dyn Tx, kind: &str, id: &str, marks: &[String]) -> Result<()> {
    remove(tx, kind, id)?;
    for mark in marks {
        tx.run(&ADD, &[mark.as_str().into(), kind.into(), id.into()])?;
    }
    Ok(())
}

/// The marks of a thing.
///
/// # Errors
/// What the engine says.
pub fn of(tx: &mut dyn Tx, kind: &str, id: &str) -> Result<Vec<String>> {
    let rows = tx.run(&OF, &[kind.into(), id.into()])?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Things of a kind that have a mark, by name from the one after `after`.
///
/// # Errors
/// What the engine says.
pub fn sharing(
    tx: &mut dyn Tx,
    mark: &str,
    kind: &str,
    after: &str,
    limit: u32,
) -> Result<Vec<String>> {
    let rows = tx.run(
        &SHARED,
        &[
            mark.into(),
            kind.into(),
            after.into(),
            i64::from(limit).into(),
        ],
    )?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Removes the marks of a thing.
///
/// # Errors
/// What the engine says.
pub fn remove(tx: &mut dyn Tx, kind: &str, id: &str) -> Result<()> {
    tx.run(&REMOVE, &[kind.into(), id.into()]).map(drop)
}
