//! What an outsider does with a copy of a data base and an older head: recompute everything, believe nothing.

use crate::{Error, Replay, Result, Role};
use rilascio_store::journal::{self, Checkpoint, Frontier, Hash, HeadKey, NoteKey};
use rilascio_store::{Error as StoreError, Store};

/// Entries that are read at a time.
const PAGE: u32 = 1000;

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// The name of the journal.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The hash of its tree.
    pub root: Hash,
    /// Signed heads that were compared.
    pub heads: u64,
}

/// Why a journal is not believed.
fn broken(why: impl ToString) -> Error {
    Error::Journal {
        why: why.to_string(),
    }
}

/// The present head of a journal, signed and kept.
///
/// # Errors
/// What the store says.
pub fn sign_head(store: &Store, key: &HeadKey) -> Result<String> {
    let origin = key.public().name().to_owned();
    let (size, root) = store.read::<_, StoreError, _>(journal::size_and_root)?;
    let note = Checkpoint { origin, size, root }.sign(key);
    let kept = note.clone();
    store.write::<_, StoreError, _>(move |tx| journal::save_checkpoint(tx, size, &kept))?;
    Ok(note)
}

/// Recomputes a journal from its entries, plays it again, and holds it against its tables and every signed head.
///
/// # Errors
/// [`Error::Journal`] with the first thing that does not hold.
pub fn audit(
    store: &Store,
    role: Role,
    key: &NoteKey,
    older: Option<&str>,
    progress: &mut dyn FnMut(u64),
) -> Result<Audited> {
    let older = older
        .map(|note| Checkpoint::verify(note, key).map_err(broken))
        .transpose()?;
    let (size, root) = store
        .read::<_, StoreError, _>(journal::size_and_root)
        .map_err(broken)?;
    if let Some(head) = older.as_ref().filter(|head| head.size > size) {
        return Err(broken(format!(
            "it has {size} entries, and once had {}",
            head.size
        )));
    }
    let mut frontier = Frontier::default();
    let mut replay = Replay::default();
    let mut heads = 0;
    let mut next_note = next_head(store, key, 0)?;
    let mut compare = |frontier: &Frontier, next_note: &mut Option<Checkpoint>| -> Result<()> {
        let here = frontier.size();
        for head in older
            .iter()
            .chain(next_note.iter())
            .filter(|head| head.size == here)
        {
            heads += 1;
            if head.root != frontier.root() {
                return Err(broken(format!(
                    "its first {here} entries are not those of a signed head"
                )));
            }
        }
        if next_note.as_ref().is_some_and(|head| head.size == here) {
            *next_note = next_head(store, key, here + 1)?;
        }
        Ok(())
    };
    compare(&frontier, &mut next_note)?;
    loop {
        let from = frontier.size();
        let page = store
            .read::<_, StoreError, _>(move |tx| journal::entries(tx, from, PAGE))
            .map_err(broken)?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            if entry.seq != frontier.size() {
                return Err(broken(format!("entry {} is missing", frontier.size())));
            }
            replay.take(&entry).map_err(broken)?;
            frontier.push(journal::leaf_hash(entry.text.as_bytes()));
            compare(&frontier, &mut next_note)?;
        }
        progress(frontier.size());
    }
    if frontier.size() != size || frontier.root() != root {
        return Err(broken("its entries are not those that its head counts"));
    }
    let last = store
        .read::<_, StoreError, _>(journal::head_note)
        .map_err(broken)?;
    let last = last
        .map(|note| Checkpoint::verify(&note, key).map_err(broken))
        .transpose()?;
    if last.is_none_or(|head| head.size != size || head.root != root) && size > 0 {
        return Err(broken("its last entries are not signed"));
    }
    if let Some(head) = next_note {
        return Err(broken(format!(
            "it has {size} entries, and a head was signed over {}",
            head.size
        )));
    }
    store
        .read::<_, Error, _>(move |tx| replay.compare(tx, role))
        .map_err(broken)?;
    Ok(Audited {
        origin: key.name().to_owned(),
        size,
        root,
        heads,
    })
}

/// The first kept head of at least that size, its signature verified.
fn next_head(store: &Store, key: &NoteKey, size: u64) -> Result<Option<Checkpoint>> {
    let note = store
        .read::<_, StoreError, _>(move |tx| journal::checkpoint_at(tx, size))
        .map_err(broken)?;
    note.map(|note| Checkpoint::verify(&note, key).map_err(broken))
        .transpose()
}
