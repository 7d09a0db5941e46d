//! The log in the tables: entries, complete subtrees, the head, and proofs from them.

use super::checkpoint::{Checkpoint, HeadKey};
use super::merkle::{Frontier, Hash, leaf_hash, node_hash, split};
use crate::tx::{Tx, Value, statements};
use crate::{Error, Result};

/// Subtrees of 2^8, 2^16, … leaves are kept; those between are computed from at most 256 hashes.
const LEVELS: u32 = 8;
/// The longest entry.
const ENTRY_BYTES_MAX: usize = 64 * 1024;

statements! {
    GROW = "UPDATE journal_head SET size = size + $1 WHERE name = 'journal' RETURNING size, frontier";
    BEGIN = "INSERT INTO journal_head (name, size, frontier, note) VALUES ('journal', $1, $2, '')
        ON CONFLICT (name) DO NOTHING";
    ADD = "INSERT INTO journal_entry (seq, kind, id, entry, hash) VALUES ($1, $2, $3, $4, $5)";
    ADD_NODE = "INSERT INTO journal_node (level, place, hash) VALUES ($1, $2, $3)";
    SET_FRONTIER = "UPDATE journal_head SET frontier = $1, note = $2 WHERE name = 'journal'";
    HEAD_NOTE = "SELECT note FROM journal_head WHERE name = 'journal'";
    HEAD = "SELECT size, frontier FROM journal_head WHERE name = 'journal'";
    ENTRIES = "SELECT seq, kind, id, entry FROM journal_entry WHERE seq >= $1 ORDER BY seq LIMIT $2";
    ENTRIES_OF = "SELECT seq, kind, id, entry FROM journal_entry WHERE kind = $1 AND id = $2 ORDER BY seq LIMIT $3";
    LATEST_OF = "SELECT seq, kind, id, entry FROM journal_entry WHERE kind = $1 AND id = $2 ORDER BY seq DESC LIMIT $3";
    LEAVES = "SELECT hash FROM journal_entry WHERE seq >= $1 AND seq < $2 ORDER BY seq";
    NODES = "SELECT hash FROM journal_node WHERE level = $1 AND place >= $2 AND place < $3 ORDER BY place";
    SAVE_CHECKPOINT = "INSERT INTO journal_checkpoint (size, note) VALUES ($1, $2) ON CONFLICT (size) DO NOTHING";
    LATEST_CHECKPOINT = "SELECT note FROM journal_checkpoint ORDER BY size DESC LIMIT 1";
    CHECKPOINT_AT = "SELECT note FROM journal_checkpoint WHERE size >= $1 ORDER BY size LIMIT 1";
}

/// An entry: an event of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place, from 0; what is appended gets its own.
    pub seq: u64,
    /// The kind of thing.
    pub kind: String,
    /// Its name.
    pub id: String,
    /// The text, whose hash is the leaf.
    pub text: String,
}

fn number(value: u64) -> Value {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn positive(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::Corrupt {
        what: "a journal of negative size",
    })
}

fn read_frontier(size: u64, bytes: &[u8]) -> Result<Frontier> {
    Frontier::from_parts(size, bytes).ok_or(Error::Corrupt {
        what: "a journal head that does not fit its size",
    })
}

/// Appends entries; all transactions that append wait here for each other. With a key the new head is signed in the
/// same transaction: whoever can write the tables and has no key cannot add to the journal either.
///
/// # Errors
/// [`Error::TooLarge`] for a long entry, or what the engine says.
pub fn append(tx: &mut dyn Tx, entries: &[Entry], key: Option<&HeadKey>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let count = entries.len() as u64;
    let mut head = tx.run(&GROW, &[number(count)])?;
    if head.is_empty() {
        tx.run(&BEGIN, &[Value::Int(0), Value::Bytes(Vec::new())])?;
        head = tx.run(&GROW, &[number(count)])?;
    }
    let head = head.first().ok_or(Error::Conflict)?;
    let before = positive(head.int(0)?)?
        .checked_sub(count)
        .ok_or(Error::Corrupt {
            what: "a journal of negative size",
        })?;
    let mut frontier = read_frontier(before, head.bytes(1)?)?;
    for entry in entries {
        if entry.text.len() > ENTRY_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "a journal entry",
                limit: ENTRY_BYTES_MAX,
            });
        }
        let hash = leaf_hash(entry.text.as_bytes());
        let row = [
            number(frontier.size()),
            Value::from(&entry.kind[..]),
            Value::from(&entry.id[..]),
            Value::from(&entry.text[..]),
            Value::from(&hash[..]),
        ];
        tx.run(&ADD, &row)?;
        for (level, place, hash) in frontier.push(hash) {
            if level.is_multiple_of(LEVELS) {
                tx.run(
                    &ADD_NODE,
                    &[
                        Value::Int(level.into()),
                        number(place),
                        Value::from(&hash[..]),
                    ],
                )?;
            }
        }
    }
    let note = key.map_or_else(String::new, |key| {
        let head = Checkpoint {
            origin: key.public().name().to_owned(),
            size: frontier.size(),
            root: frontier.root(),
        };
        head.sign(key)
    });
    tx.run(
        &SET_FRONTIER,
        &[Value::Bytes(frontier.to_bytes()), Value::from(&note[..])],
    )?;
    Ok(())
}

/// The signed head that the last append left; nothing when there was none, or it had no key.
///
/// # Errors
/// What the engine says.
pub fn head_note(tx: &mut dyn Tx) -> Result<Option<String>> {
    let rows = tx.run(&HEAD_NOTE, &[])?;
    let note = rows
        .first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()?;
    Ok(note.filter(|note| !note.is_empty()))
}

/// How many entries there are, and the hash of the tree.
///
/// # Errors
/// What the engine says.
pub fn size_and_root(tx: &mut dyn Tx) -> Result<(u64, Hash)> {
    let frontier = match tx.run(&HEAD, &[])?.first() {
        Some(head) => read_frontier(positive(head.int(0)?)?, head.bytes(1)?)?,
        None => Frontier::default(),
    };
    Ok((frontier.size(), frontier.root()))
}

fn read_entries(rows: &[crate::tx::Row]) -> Result<Vec<Entry>> {
    rows.iter()
        .map(|row| {
            Ok(Entry {
                seq: positive(row.int(0)?)?,
                kind: row.text(1)?.to_owned(),
                id: row.text(2)?.to_owned(),
                text: row.text(3)?.to_owned(),
            })
        })
        .collect()
}

/// Entries from a place on.
///
/// # Errors
/// What the engine says.
pub fn entries(tx: &mut dyn Tx, from: u64, limit: u32) -> Result<Vec<Entry>> {
    read_entries(&tx.run(&ENTRIES, &[number(from), Value::Int(limit.into())])?)
}

/// The entries of one thing.
///
/// # Errors
/// What the engine says.
pub fn entries_of(tx: &mut dyn Tx, kind: &str, id: &str, limit: u32) -> Result<Vec<Entry>> {
    let arguments = [Value::from(kind), Value::from(id), Value::Int(limit.into())];
    read_entries(&tx.run(&ENTRIES_OF, &arguments)?)
}

/// The newest entries of one thing, the newest first.
///
/// # Errors
/// What the engine says.
pub fn latest_of(tx: &mut dyn Tx, kind: &str, id: &str, limit: u32) -> Result<Vec<Entry>> {
    let arguments = [Value::from(kind), Value::from(id), Value::Int(limit.into())];
    read_entries(&tx.run(&LATEST_OF, &arguments)?)
}

/// The hash of a complete subtree.
fn complete(tx: &mut dyn Tx, start: u64, leaves: u64) -> Result<Hash> {
    let level = leaves.trailing_zeros();
    let base = if level == 0 {
        0
    } else {
        (level - 1) / LEVELS * LEVELS
    };
    let first = start >> base;
    let end = (start + leaves) >> base;
    let rows = if level > 0 && level.is_multiple_of(LEVELS) {
        let place = start >> level;
        let arguments = [Value::Int(level.into()), number(place), number(place + 1)];
        tx.run(&NODES, &arguments)?
    } else if base == 0 {
        tx.run(&LEAVES, &[number(first), number(end)])?
    } else {
        tx.run(
            &NODES,
            &[Value::Int(base.into()), number(first), number(end)],
        )?
    };
    let mut frontier = Frontier::default();
    for row in &rows {
        let hash = row.bytes(0)?.try_into().map_err(|_| Error::Corrupt {
            what: "a hash that is not 32 bytes",
        })?;
        frontier.push(hash);
    }
    let expected = if level > 0 && level.is_multiple_of(LEVELS) {
        1
    } else {
        end - first
    };
    if frontier.size() != expected {
        return Err(Error::Corrupt {
            what: "a journal with holes",
        });
    }
    Ok(frontier.root())
}

fn range(tx: &mut dyn Tx, start: u64, end: u64) -> Result<Hash> {
    let size = end - start;
    if size.is_power_of_two() {
        return complete(tx, start, size);
    }
    let middle = start + split(size);
    Ok(node_hash(
        &range(tx, start, middle)?,
        &range(tx, middle, end)?,
    ))
}

fn check_size(tx: &mut dyn Tx, size: u64) -> Result<()> {
    let (now, _) = size_and_root(tx)?;
    if size == 0 || size > now {
        return Err(Error::Head {
            why: format!("the journal has {now} entries, not {size}"),
        });
    }
    Ok(())
}

/// The proof that the entry at a place is in the tree of that size.
///
/// # Errors
/// [`Error::Head`] when there is no such entry or tree.
pub fn inclusion_proof(tx: &mut dyn Tx, index: u64, size: u64) -> Result<Vec<Hash>> {
    check_size(tx, size)?;
    if index >= size {
        return Err(Error::Head {
            why: format!("a tree of {size} entries has none at {index}"),
        });
    }
    let (mut start, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range(tx, middle, end)?);
            end = middle;
        } else {
            proof.push(range(tx, start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of one size grew to that of another.
///
/// # Errors
/// [`Error::Head`] when there are no such trees.
pub fn consistency_proof(tx: &mut dyn Tx, old: u64, new: u64) -> Result<Vec<Hash>> {
    check_size(tx, new)?;
    if old > new {
        return Err(Error::Head {
            why: format!("a tree of {old} entries does not grow to {new}"),
        });
    }
    let mut proof = Vec::new();
    if old == 0 || old == new {
        return Ok(proof);
    }
    let (mut start, mut end) = (0, new);
    // The old tree is whole as long as the way down never left its right edge.
    let mut whole = true;
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range(tx, middle, end)?);
            end = middle;
        } else {
            proof.push(range(tx, start, middle)?);
            start = middle;
            whole = false;
        }
    }
    if !whole {
        proof.push(range(tx, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Keeps a signed head.
///
/// # Errors
/// What the engine says.
pub fn save_checkpoint(tx: &mut dyn Tx, size: u64, note: &str) -> Result<()> {
    tx.run(&SAVE_CHECKPOINT, &[number(size), Value::from(note)])?;
    Ok(())
}

/// The last signed head.
///
/// # Errors
/// What the engine says.
pub fn latest_checkpoint(tx: &mut dyn Tx) -> Result<Option<String>> {
    let rows = tx.run(&LATEST_CHECKPOINT, &[])?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}

/// The first signed head of at least that size.
///
/// # Errors
/// What the engine says.
pub fn checkpoint_at(tx: &mut dyn Tx, size: u64) -> Result<Option<String>> {
    let rows = tx.run(&CHECKPOINT_AT, &[number(size)])?;
    rows.first()
        .map(|row| row.text(0).map(str::to_owned))
        .transpose()
}
