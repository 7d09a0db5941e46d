//! The gallery: a folder with a manifest, segments and a log.

use crate::log::{Entry, Log};
use crate::manifest::{Manifest, log_path, segment_path};
use crate::record::{Enrolment, Meta, Record, check_subject};
use crate::segment::{RECORDS_MAX, Segment, write};
use crate::{Error, Result};
use jiff::civil::Date;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_core::CryptoRng;
use rilascio_biometrics::{Disguise, PackedPrint, Prepared, PrintTemplate};
use rilascio_keys::MasterKey;
use rilascio_store::files::{destroy, make_folder, numbers, read_if_there, write_whole};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use zeroize::Zeroizing;

/// Records of the log that become a segment.
const LOG_RECORDS: usize = 16_384;
/// Small segments that are put together.
const SMALL_SEGMENTS: usize = 8;
pub(crate) const SECRET: &str = "secret";
const SECRET_NAME: &str = "gallery/secret";

/// The key of a gallery: templates and the secret of the disguise are sealed with it.
pub type GalleryKey = Arc<MasterKey>;

/// How large a gallery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Records that can be compared.
    pub records: usize,
    /// Segments.
    pub segments: usize,
    /// Records that are still in the log.
    pub in_log: usize,
    /// Erased records that a purge will take from the disk.
    pub erased: usize,
}

/// What is there at a moment: a search goes on with it while others enrol.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) recent: Vec<Arc<Record>>,
}

struct Writer {
    log: Log,
    manifest: Manifest,
    rng: Box<dyn CryptoRng + Send>,
    erased_in_log: usize,
}

/// A gallery of prints.
pub struct Gallery {
    folder: PathBuf,
    key: GalleryKey,
    pub(crate) disguise: Disguise,
    state: RwLock<Snapshot>,
    /// Searches read, replacements write: nobody sees a subject between its old prints and its new ones.
    pub(crate) gate: RwLock<()>,
    writer: Mutex<Writer>,
    /// Held as long as the gallery is open.
    _lock: File,
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|why| Error::file(&path, why))?;
    file.try_lock().map_err(|_| Error::InUse {
        path: folder.display().to_string(),
    })?;
    Ok(file)
}

/// The disguise of a folder, from a seed that is sealed under the key; a new folder gets one.
fn disguise(folder: &Path, key: &MasterKey, rng: &mut dyn CryptoRng) -> Result<Disguise> {
    let path = folder.join(SECRET);
    let seed: Zeroizing<[u8; 32]> = match read_if_there(&path)? {
        Some(sealed) => {
            let opened = key.open(SECRET_NAME, &sealed).map_err(|_| Error::Key)?;
            let seed: [u8; 32] = opened[..]
                .try_into()
                .map_err(|_| Error::damaged(&path, "it has another length"))?;
            Zeroizing::new(seed)
        }
        None => {
            let mut seed = Zeroizing::new([0; 32]);
            rng.fill_bytes(&mut seed[..]);
            write_whole(&path, &key.seal(SECRET_NAME, &seed[..], rng), true)?;
            seed
        }
    };
    Ok(Disguise::draw(&mut ChaCha20Rng::from_seed(*seed)))
}

impl Gallery {
    /// Opens a gallery, or makes one.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::Key`], [`Error::Damaged`], or a file that cannot be used.
    pub fn open(
        folder: &Path,
        key: GalleryKey,
        mut rng: Box<dyn CryptoRng + Send>,
    ) -> Result<Self> {
        make_folder(folder)?;
        let held = lock(folder)?;
        let known = Manifest::read(folder)?;
        if known.is_some() && !folder.join(SECRET).is_file() {
            return Err(Error::damaged(&folder.join(SECRET), "it is missing"));
        }
        let disguise = disguise(folder, &key, rng.as_mut())?;
        let (manifest, log, entries) = match known {
            Some(manifest) => {
                let (log, entries) = Log::open(&log_path(folder, manifest.log))?;
                (manifest, log, entries)
            }
            None => {
                refuse_remains(folder)?;
                let manifest = Manifest {
                    log: 1,
                    segments: Vec::new(),
                };
                let log = Log::create(&log_path(folder, 1))?;
                manifest.write(folder)?;
                (manifest, log, Vec::new())
            }
        };
        destroy_strangers(folder, &manifest)?;
        let mut state = Snapshot::default();
        for number in &manifest.segments {
            let segment = Segment::open(&segment_path(folder, *number), *number)?;
            state.segments.push(Arc::new(segment));
        }
        let mut erased_in_log = 0;
        for entry in entries {
            match entry {
                Entry::Enrol(record) => state.recent.push(Arc::from(record)),
                Entry::Erase(subject) => {
                    let before = state.recent.len();
                    state.erase(&subject);
                    erased_in_log += before - state.recent.len();
                }
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            key,
            disguise,
            state: RwLock::new(state),
            gate: RwLock::new(()),
            writer: Mutex::new(Writer {
                log,
                manifest,
                rng,
                erased_in_log,
            }),
            _lock: held,
        })
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.state
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Enrols prints; they are on the disk, all or none, when this answers.
    ///
    /// # Errors
    /// [`Error::Subject`], or a file that cannot be written.
    pub fn enrol(&self, prints: Vec<Enrolment>) -> Result<()> {
        self.replace_all(&[], prints)
    }

    /// Puts prints in the place of everything that some subjects had, in one step: they are on the disk, all or none, when
    /// this answers, and a search sees the old or the new.
    ///
    /// # Errors
    /// [`Error::Subject`], or a file that cannot be written.
    pub fn replace_all(&self, subjects: &[String], prints: Vec<Enrolment>) -> Result<()> {
        for subject in subjects {
            check_subject(subject)?;
        }
        let mut packed = Vec::with_capacity(prints.len());
        for print in prints {
            check_subject(&print.subject)?;
            let bytes = Zeroizing::new(print.template.to_bytes());
            let prepared = Prepared::from(print.template);
            let meta = Meta {
                subject: print.subject,
                finger: print.finger,
                purpose: print.purpose,
                until: print.until,
            };
            packed.push((
                meta,
                PackedPrint::from(&prepared).disguised(&self.disguise),
                bytes,
            ));
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let known = subjects
            .iter()
            .filter(|subject| self.records_of(subject) > 0);
        let erased: Vec<String> = known.cloned().collect();
        let mut entries: Vec<Entry> = erased.iter().cloned().map(Entry::Erase).collect();
        entries.extend(packed.into_iter().map(|(meta, packed, bytes)| {
            let sealed = self.key.seal(&meta.label(), &bytes, writer.rng.as_mut());
            Entry::Enrol(Box::new(Record {
                meta,
                packed,
                sealed,
            }))
        }));
        if entries.is_empty() {
            return Ok(());
        }
        writer.log.append(&entries)?;
        let in_log = {
            let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let before = state.recent.len();
            for subject in &erased {
                state.erase(subject);
            }
            writer.erased_in_log += before - state.recent.len();
            for entry in entries {
                if let Entry::Enrol(record) = entry {
                    state.recent.push(Arc::from(record));
                }
            }
            state.recent.len()
        };
        if in_log >= LOG_RECORDS {
            // The prints are on the disk; a segment that cannot be made now is made with the next ones.
            let _ = self.rewrite(&mut writer, |_| true);
        }
        Ok(())
    }

    /// Erases all prints of a subject: from now on nobody finds them. [`Self::purge`] takes them from the disk.
    ///
    /// # Errors
    /// [`Error::Subject`], or a file that cannot be written.
    pub fn erase(&self, subject: &str) -> Result<usize> {
        check_subject(subject)?;
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.records_of(subject);
        if known == 0 {
            return Ok(0);
        }
        writer.log.append(&[Entry::Erase(subject.to_owned())])?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let before = state.recent.len();
        state.erase(subject);
        writer.erased_in_log += before - state.recent.len();
        Ok(known)
    }

    fn records_of(&self, subject: &str) -> usize {
        let state = self.snapshot();
        let recent = state
            .recent
            .iter()
            .filter(|record| record.meta.subject == subject);
        let old = state
            .segments
            .iter()
            .map(|segment| segment.of_subject(subject).len());
        recent.count() + old.sum::<usize>()
    }

    /// Takes from the disk what was erased, and what may not be compared after `today`.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn purge(&self, today: Date) -> Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.rewrite(&mut writer, |meta| today <= meta.until)
    }

    /// Writes the log, segments with dead records and small segments anew; nothing else is touched.
    fn rewrite(&self, writer: &mut Writer, keep: impl Fn(&Meta) -> bool) -> Result<()> {
        let before = self.snapshot();
        let small = |segment: &Segment| segment.count() < RECORDS_MAX / 2;
        let merge = before.segments.iter().filter(|s| small(s)).count() >= SMALL_SEGMENTS;
        let (gone, mut kept): (Vec<_>, Vec<_>) =
            before.segments.iter().cloned().partition(|segment| {
                let ended = (0..segment.count()).any(|place| {
                    segment.is_dead(place) || !segment.meta(place).as_ref().is_some_and(&keep)
                });
                ended || merge && small(segment)
            });
        if gone.is_empty() && before.recent.is_empty() && writer.erased_in_log == 0 {
            return Ok(());
        }
        let mut next = writer.manifest.last();
        let mut pool = Vec::new();
        for segment in &gone {
            for place in (0..segment.count()).filter(|place| !segment.is_dead(*place)) {
                let record = segment.record(place).ok_or_else(|| {
                    let path = segment_path(&self.folder, segment.number);
                    Error::damaged(&path, format!("record {place} cannot be read"))
                })?;
                if keep(&record.meta) {
                    pool.push(record);
                }
            }
            // One segment at a time is in memory, not the gallery.
            if pool.len() >= RECORDS_MAX {
                let rest = pool.split_off(RECORDS_MAX);
                kept.push(self.segment_of(&mut next, &pool)?);
                pool = rest;
            }
        }
        let fresh = before.recent.iter().filter(|record| keep(&record.meta));
        pool.extend(fresh.map(|record| (**record).clone()));
        for chunk in pool.chunks(RECORDS_MAX) {
            kept.push(self.segment_of(&mut next, chunk)?);
        }
        drop(pool);
        next += 1;
        let log = Log::create(&log_path(&self.folder, next))?;
        let manifest = Manifest {
            log: next,
            segments: kept.iter().map(|segment| segment.number).collect(),
        };
        // From here on the new files are the gallery. Where it is not known whether they are, nothing more is written.
        manifest
            .write(&self.folder)
            .inspect_err(|_| writer.log.retire())?;
        let old_log = log_path(&self.folder, writer.manifest.log);
        writer.log = log;
        writer.manifest = manifest;
        writer.erased_in_log = 0;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Snapshot {
            segments: kept,
            recent: Vec::new(),
        };
        drop(before);
        for segment in gone {
            segment.doom();
            // A search that still reads it destroys it at its end.
            if let Ok(segment) = Arc::try_unwrap(segment) {
                segment.destroy()?;
            }
        }
        Ok(destroy(&old_log)?)
    }

    /// Writes a segment of the next number and opens it.
    fn segment_of(&self, next: &mut u64, records: &[Record]) -> Result<Arc<Segment>> {
        *next += 1;
        let path = segment_path(&self.folder, *next);
        write(&path, records)?;
        Ok(Arc::new(Segment::open(&path, *next)?))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many records can be compared; never waits for somebody who writes.
    #[must_use]
    pub fn records(&self) -> usize {
        self.snapshot().records()
    }

    /// How large it is.
    #[must_use]
    pub fn size(&self) -> Size {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.snapshot();
        let dead: usize = state.segments.iter().map(|s| s.dead_count()).sum();
        Size {
            records: state.records(),
            segments: state.segments.len(),
            in_log: state.recent.len(),
            erased: dead + writer.erased_in_log,
        }
    }

    /// Opens a sealed template.
    pub(crate) fn unseal(&self, meta: &Meta, sealed: Option<&[u8]>) -> Result<PrintTemplate> {
        let opened = sealed.and_then(|sealed| self.key.open(&meta.label(), sealed).ok());
        opened
            .and_then(|opened| PrintTemplate::from_bytes(&opened).ok())
            .ok_or_else(|| {
                let why = format!(
                    "the print {} of {} does not open",
                    meta.finger, meta.subject
                );
                Error::damaged(&self.folder, why)
            })
    }
}

impl Snapshot {
    /// How many records stand, those of the log among them.
    fn records(&self) -> usize {
        let old = self.segments.iter();
        let old: usize = old.map(|s| s.count() - s.dead_count()).sum();
        old + self.recent.len()
    }

    fn erase(&mut self, subject: &str) {
        self.recent.retain(|record| record.meta.subject != subject);
        for segment in &self.segments {
            for place in segment.of_subject(subject) {
                segment.kill(place);
            }
        }
    }
}

/// Nothing, in a folder that holds no prints: without a manifest nobody knows which of its files count.
fn refuse_remains(folder: &Path) -> Result<()> {
    let mut remains = numbers(folder, "", ".segment")?.len();
    for number in numbers(folder, "", ".log")? {
        // A first start that was cut off leaves an empty log.
        let path = log_path(folder, number);
        let size = std::fs::metadata(&path).map_err(|why| Error::file(&path, why))?;
        remains += usize::from(size.len() > 8);
    }
    if remains == 0 {
        Ok(())
    } else {
        Err(Error::damaged(
            &folder.join("manifest"),
            "it is missing, and there are prints",
        ))
    }
}

/// Files that no manifest names: what a crash left between two steps.
fn destroy_strangers(folder: &Path, manifest: &Manifest) -> Result<()> {
    for number in numbers(folder, "", ".segment")? {
        if !manifest.segments.contains(&number) {
            destroy(&segment_path(folder, number))?;
        }
    }
    for number in numbers(folder, "", ".log")? {
        if number != manifest.log {
            destroy(&log_path(folder, number))?;
        }
    }
    for half in ["manifest.new", "secret.new"] {
        let path = folder.join(half);
        if path.is_file() {
            destroy(&path)?;
        }
    }
    let halves = std::fs::read_dir(folder).map_err(|why| Error::file(folder, why))?;
    for entry in halves.flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .ends_with(".segment.new")
        {
            destroy(&entry.path())?;
        }
    }
    Ok(())
}
