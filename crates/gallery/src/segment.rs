//! A segment: records that no longer change, mapped into memory.
//!
//! Little endian: a page of header, packed prints, what each record says, an index by subject, the places of the sealed
//! templates, the templates.

use crate::mapping::map;
use crate::record::{META, Meta, PACKED, Record, hash_of};
use crate::{Error, Result};
use memmap2::Mmap;
use rilascio_biometrics::{PACKED_WORDS, PackedPrint};
use rilascio_store::files::{destroy, write_with};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const MAGIC: &[u8; 8] = b"RILGSEG1";
const PAGE: usize = 4096;
/// Bytes of an entry of the index: hash, place.
const INDEX: usize = 16;
/// Bytes of a place of a template.
const OFFSET: usize = 8;
/// The most records of a segment: what is written anew when one of them is erased.
pub(crate) const RECORDS_MAX: usize = 65_536;

/// Where the parts of a segment are.
#[derive(Debug, Clone, Copy)]
struct Layout {
    count: usize,
    sealed: usize,
}

impl Layout {
    fn meta(&self) -> usize {
        PAGE + self.count * PACKED
    }

    fn index(&self) -> usize {
        self.meta() + self.count * META
    }

    fn offsets(&self) -> usize {
        self.index() + self.count * INDEX
    }

    fn templates(&self) -> usize {
        self.offsets() + self.count * OFFSET
    }

    fn length(&self) -> usize {
        self.templates() + self.sealed
    }
}

/// An open segment.
pub(crate) struct Segment {
    pub(crate) number: u64,
    path: PathBuf,
    map: Option<Mmap>,
    layout: Layout,
    /// A bit for each record that was erased since.
    dead: Vec<AtomicU64>,
    doomed: AtomicBool,
}

/// Writes records as a segment, whole or not at all.
pub(crate) fn write(path: &Path, records: &[Record]) -> Result<()> {
    let sealed: usize = records.iter().map(|record| record.sealed.len()).sum();
    let layout = Layout {
        count: records.len(),
        sealed,
    };
    let mut tables = Vec::with_capacity(layout.templates() - layout.meta());
    for record in records {
        tables.extend_from_slice(&record.meta.to_bytes(record.sealed.len() as u32));
    }
    let mut index: Vec<(u64, u32)> = records
        .iter()
        .zip(0..)
        .map(|(record, place)| (hash_of(&record.meta.subject), place))
        .collect();
    index.sort_unstable();
    for (hash, place) in index {
        tables.extend_from_slice(&hash.to_le_bytes());
        tables.extend_from_slice(&u64::from(place).to_le_bytes());
    }
    let mut offset = 0_u64;
    for record in records {
        tables.extend_from_slice(&offset.to_le_bytes());
        offset += record.sealed.len() as u64;
    }
    let mut header = [0; PAGE];
    header[..8].copy_from_slice(MAGIC);
    header[8..16].copy_from_slice(&(records.len() as u64).to_le_bytes());
    header[16..24].copy_from_slice(&(sealed as u64).to_le_bytes());
    header[24..28].copy_from_slice(&crc32fast::hash(&tables).to_le_bytes());
    let crc = crc32fast::hash(&header[..28]);
    header[28..32].copy_from_slice(&crc.to_le_bytes());
    write_with(path, true, |file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        let mut put = |bytes: &[u8]| out.write_all(bytes).map_err(|why| Error::file(path, why));
        put(&header)?;
        for record in records {
            put(bytemuck::cast_slice(record.packed.words()))?;
        }
        put(&tables)?;
        for record in records {
            put(&record.sealed)?;
        }
        out.flush().map_err(|why| Error::file(path, why))
    })
}

impl Segment {
    /// Maps a segment and checks its header and tables; templates are checked when they are opened. A packed print
    /// that a disk changed is only less alike.
    pub(crate) fn open(path: &Path, number: u64) -> Result<Self> {
        const { assert!(cfg!(target_endian = "little"), "segments are little endian") };
        let map = map(path)?;
        let damaged = |why: &str| Error::damaged(path, why);
        let header = map
            .get(..32)
            .ok_or_else(|| damaged("it is shorter than its header"))?;
        let number_at =
            |place: usize| u64::from_le_bytes(std::array::from_fn(|n| header[place + n]));
        let crc_at = |place: usize| u32::from_le_bytes(std::array::from_fn(|n| header[place + n]));
        if &header[..8] != MAGIC || crc32fast::hash(&header[..28]) != crc_at(28) {
            return Err(damaged("its header is no segment's"));
        }
        let size = |place: usize| usize::try_from(number_at(place)).unwrap_or(usize::MAX);
        let layout = Layout {
            count: size(8),
            sealed: size(16),
        };
        if layout.count > RECORDS_MAX || layout.sealed > map.len() || layout.length() != map.len() {
            return Err(damaged("its length is not the one it says"));
        }
        if crc32fast::hash(&map[layout.meta()..layout.templates()]) != crc_at(24) {
            return Err(damaged("the check sum of its tables is wrong"));
        }
        Ok(Self {
            number,
            path: path.to_owned(),
            dead: (0..layout.count.div_ceil(64))
                .map(|_| AtomicU64::new(0))
                .collect(),
            map: Some(map),
            layout,
            doomed: AtomicBool::new(false),
        })
    }

    fn bytes(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }

    /// How many records, dead ones included.
    pub(crate) fn count(&self) -> usize {
        self.layout.count
    }

    pub(crate) fn dead_count(&self) -> usize {
        self.dead
            .iter()
            .map(|word| word.load(Ordering::Relaxed).count_ones() as usize)
            .sum()
    }

    pub(crate) fn is_dead(&self, place: usize) -> bool {
        let word = self.dead[place / 64].load(Ordering::Relaxed);
        word >> (place % 64) & 1 == 1
    }

    pub(crate) fn kill(&self, place: usize) {
        self.dead[place / 64].fetch_or(1 << (place % 64), Ordering::Relaxed);
    }

    /// The packed prints, [`PACKED_WORDS`] words each.
    pub(crate) fn prints(&self) -> &[u64] {
        let bytes = &self.bytes()[PAGE..self.layout.meta()];
        // A map begins at a page, and so does this.
        bytemuck::try_cast_slice(bytes).unwrap_or_default()
    }

    fn meta_bytes(&self, place: usize) -> &[u8] {
        let start = self.layout.meta() + place * META;
        &self.bytes()[start..start + META]
    }

    pub(crate) fn meta(&self, place: usize) -> Option<Meta> {
        Meta::from_bytes(self.meta_bytes(place))
    }

    /// Finger and purpose of a record, without its name.
    pub(crate) fn finger(&self, place: usize) -> u8 {
        self.meta_bytes(place)[49]
    }

    /// The sealed template of a record.
    pub(crate) fn sealed(&self, place: usize) -> Option<&[u8]> {
        let start = self.layout.offsets() + place * OFFSET;
        let offset = u64::from_le_bytes(self.bytes().get(start..start + 8)?.try_into().ok()?);
        let length = u32::from_le_bytes(self.meta_bytes(place).get(56..60)?.try_into().ok()?);
        let from = self
            .layout
            .templates()
            .checked_add(usize::try_from(offset).ok()?)?;
        self.bytes().get(from..from.checked_add(length as usize)?)
    }

    /// The whole record, to be written into another segment.
    pub(crate) fn record(&self, place: usize) -> Option<Record> {
        let words = self.prints().chunks_exact(PACKED_WORDS).nth(place)?;
        Some(Record {
            meta: self.meta(place)?,
            packed: PackedPrint::from_words(words)?,
            sealed: self.sealed(place)?.to_vec(),
        })
    }

    /// The living records of a subject.
    pub(crate) fn of_subject(&self, subject: &str) -> Vec<usize> {
        let hash = hash_of(subject);
        let index = &self.bytes()[self.layout.index()..self.layout.offsets()];
        let entry = |n: usize| {
            let number = |at: usize| {
                u64::from_le_bytes(std::array::from_fn(|byte| index[n * INDEX + at + byte]))
            };
            (number(0), number(8) as usize)
        };
        let (mut low, mut high) = (0, self.layout.count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if entry(middle).0 < hash {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low..self.layout.count)
            .map(entry)
            .take_while(|(found, _)| *found == hash)
            .map(|(_, place)| place)
            .filter(|place| *place < self.layout.count && !self.is_dead(*place))
            .filter(|place| {
                self.meta(*place)
                    .is_some_and(|meta| meta.subject == subject)
            })
            .collect()
    }

    /// Unmaps it and destroys its file now.
    pub(crate) fn destroy(mut self) -> Result<()> {
        self.map = None;
        self.doomed.store(false, Ordering::Release);
        Ok(destroy(&self.path)?)
    }

    /// The file is destroyed when the last search that uses it has ended.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        self.map = None;
        if self.doomed.load(Ordering::Acquire) {
            // What cannot be destroyed now is destroyed at the next start: no manifest names it.
            let _ = destroy(&self.path);
        }
    }
}
