//! The tables, by numbered steps that only ever add.

use crate::{Error, Result};

/// The table that knows which steps were taken.
pub(crate) const MIGRATION_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY)";

/// The tables that held keys or sealed data.
pub(crate) const SECRET_TABLES: [&str; 4] = ["vault_key", "vault_blob", "mark", "print_subject"];

/// The steps. `BINARY` stands for the type of bytes, the one name that the engines do not share.
const STEPS: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS journal_entry (seq BIGINT PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL,
        entry TEXT NOT NULL, hash BINARY NOT NULL);
     CREATE INDEX IF NOT EXISTS journal_of ON journal_entry (kind, id, seq);
     CREATE TABLE IF NOT EXISTS journal_node (level BIGINT NOT NULL, place BIGINT NOT NULL, hash BINARY NOT NULL,
        PRIMARY KEY (level, place));
     CREATE TABLE IF NOT EXISTS journal_head (name TEXT PRIMARY KEY, size BIGINT NOT NULL, frontier BINARY NOT NULL,
        note TEXT NOT NULL);
     CREATE TABLE IF NOT EXISTS journal_checkpoint (size BIGINT PRIMARY KEY, note TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS entity (kind TEXT NOT NULL, id TEXT NOT NULL, version BIGINT NOT NULL,
        site TEXT NOT NULL, state TEXT NOT NULL, due_ms BIGINT, body TEXT NOT NULL, PRIMARY KEY (kind, id));
     CREATE INDEX IF NOT EXISTS entity_state ON entity (kind, state, site, id);
     CREATE INDEX IF NOT EXISTS entity_due ON entity (kind, due_ms);
     CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
     CREATE TABLE IF NOT EXISTS command (id TEXT PRIMARY KEY, digest TEXT NOT NULL, answer TEXT NOT NULL,
        at_ms BIGINT NOT NULL);
     CREATE INDEX IF NOT EXISTS command_at ON command (at_ms)",
    "CREATE TABLE IF NOT EXISTS outbox (id TEXT PRIMARY KEY, receiver TEXT NOT NULL, kind TEXT NOT NULL,
        subject TEXT NOT NULL, state TEXT NOT NULL, body BINARY NOT NULL, created_ms BIGINT NOT NULL,
        due_ms BIGINT NOT NULL, attempts BIGINT NOT NULL, answer_by_ms BIGINT, fault TEXT);
     CREATE INDEX IF NOT EXISTS outbox_due ON outbox (state, due_ms, id);
     CREATE INDEX IF NOT EXISTS outbox_answer ON outbox (state, answer_by_ms);
     CREATE INDEX IF NOT EXISTS outbox_subject ON outbox (kind, subject);
     CREATE TABLE IF NOT EXISTS inbox (sender TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL,
        at_ms BIGINT NOT NULL, answer BINARY NOT NULL, PRIMARY KEY (sender, id));
     CREATE INDEX IF NOT EXISTS inbox_at ON inbox (at_ms);
     CREATE TABLE IF NOT EXISTS job (id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL,
        state TEXT NOT NULL, due_ms BIGINT NOT NULL, attempts BIGINT NOT NULL, fault TEXT);
     CREATE INDEX IF NOT EXISTS job_due ON job (state, due_ms, id)",
    "CREATE TABLE IF NOT EXISTS vault_key (dossier TEXT NOT NULL, compartment TEXT NOT NULL,
        generation BIGINT NOT NULL, wrapped BINARY NOT NULL, PRIMARY KEY (dossier, compartment));
     CREATE INDEX IF NOT EXISTS vault_generation ON vault_key (generation);
     CREATE TABLE IF NOT EXISTS vault_blob (dossier TEXT NOT NULL, compartment TEXT NOT NULL, name TEXT NOT NULL,
        sealed BINARY NOT NULL, PRIMARY KEY (dossier, compartment, name))",
    "CREATE TABLE IF NOT EXISTS mark (mark TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        PRIMARY KEY (mark, kind, id));
     CREATE INDEX IF NOT EXISTS mark_of ON mark (kind, id)",
    "CREATE TABLE IF NOT EXISTS print_subject (part BIGINT NOT NULL, subject TEXT NOT NULL, seq BIGINT NOT NULL,
        until_day BIGINT NOT NULL, body BINARY NOT NULL, PRIMARY KEY (part, subject));
     CREATE INDEX IF NOT EXISTS print_seq ON print_subject (part, seq);
     CREATE INDEX IF NOT EXISTS print_until ON print_subject (part, until_day);
     CREATE TABLE IF NOT EXISTS search_worker (id TEXT PRIMARY KEY, until_ms BIGINT NOT NULL);
     CREATE TABLE IF NOT EXISTS search_lease (part BIGINT NOT NULL, slot BIGINT NOT NULL, holder TEXT NOT NULL,
        until_ms BIGINT NOT NULL, PRIMARY KEY (part, slot))",
];

/// The steps that are still to be taken.
pub(crate) fn pending(known: i64) -> Result<impl Iterator<Item = (i64, &'static str)>> {
    let taken = usize::try_from(known).unwrap_or(0);
    if taken > STEPS.len() {
        return Err(Error::Newer { found: known });
    }
    Ok((1..).zip(STEPS.iter().copied()).skip(taken))
}

pub(crate) fn for_sqlite(text: &str) -> String {
    // Rows live in their primary key's tree: no second look-up.
    text.replace("BINARY", "BLOB")
}

pub(crate) fn for_postgres(text: &str) -> String {
    text.replace("BINARY", "BYTEA")
}
