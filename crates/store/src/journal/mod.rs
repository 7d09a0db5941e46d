//! The journal: append-only, a Merkle log whose signed heads outsiders can hold against it.

mod checkpoint;
mod log;
mod merkle;

pub use checkpoint::{Checkpoint, Cosignature, HeadKey, NoteKey};
pub(crate) use log::STATEMENTS;
pub use log::{
    Entry, append, checkpoint_at, consistency_proof, entries, entries_of, head_note,
    inclusion_proof, latest_checkpoint, latest_of, save_checkpoint, size_and_root,
};
pub use merkle::{Frontier, Hash, leaf_hash, root_of, verify_consistency, verify_inclusion};
