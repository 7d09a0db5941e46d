//! Keys of a vault in files, sealed by the master key, outside the data base and outside every backup.

use crate::error::file_fault;
use crate::worker::VaultKeeper;
use crate::{Error, Result};
use rand_core::CryptoRng;
use rilascio_keys::MasterKey;
use rilascio_store::files::{self, destroy, highest, make_folder, numbers, write_lines, write_new};
use rilascio_store::vault::{VaultKeys, WrappedKey};
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The wrapped keys as the last renewal left them, a line each: dossier, part, generation, key in hexadecimal.
const WRAPPED: &str = "wrapped";

fn to_line(key: &WrappedKey) -> String {
    use std::fmt::Write;
    let mut line = format!("{}\t{}\t{}\t", key.dossier, key.part, key.generation);
    for byte in &key.wrapped {
        let _ = write!(line, "{byte:02x}");
    }
    line
}

fn from_line(line: &str) -> Option<WrappedKey> {
    let mut fields = line.split('\t');
    let (dossier, part) = (fields.next()?, fields.next()?);
    let generation = fields.next()?.parse().ok()?;
    let hex = fields.next()?;
    let wrapped = (0..hex.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(hex.get(place..place + 2)?, 16).ok())
        .collect::<Option<_>>()?;
    fields.next().is_none().then(|| WrappedKey {
        dossier: dossier.to_owned(),
        part: part.to_owned(),
        generation,
        wrapped,
    })
}

/// The wrapped keys that a vault folder keeps, a page at a time.
///
/// # Errors
/// When the file is malformed, or what `take` says.
pub fn read_wrapped(
    folder: &Path,
    mut take: impl FnMut(Vec<WrappedKey>) -> Result<()>,
) -> Result<()> {
    let path = folder.join(WRAPPED);
    let fault = |why: String| Error::from(files::fault(&path, why));
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(why) => return Err(fault(why.to_string())),
    };
    let mut page = Vec::new();
    for (number, line) in std::io::BufReader::new(file).lines().enumerate() {
        let line = line.map_err(|why| fault(why.to_string()))?;
        let key = from_line(&line)
            .ok_or_else(|| fault(format!("line {} is no wrapped key", number + 1)))?;
        page.push(key);
        if page.len() >= PAGE {
            take(std::mem::take(&mut page))?;
        }
    }
    take(page)
}

/// Keys that are put back in one transaction.
const PAGE: usize = 500;

/// Files `vault/N.key`.
pub struct FileKeeper {
    folder: PathBuf,
    name: String,
    master: Arc<MasterKey>,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
}

impl FileKeeper {
    /// Opens a folder, with a first key if it has none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(
        folder: &Path,
        name: &str,
        master: Arc<MasterKey>,
        rng: Box<dyn CryptoRng + Send>,
    ) -> Result<Self> {
        make_folder(folder)?;
        let keeper = Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            master,
            rng: Mutex::new(rng),
        };
        if numbers(folder, "", ".key")?.is_empty() {
            // Another process may have made it meanwhile.
            keeper.make(1)?;
        }
        Ok(keeper)
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number}.key"))
    }

    fn label(&self, number: u64) -> String {
        format!("{}/vault/{number}", self.name)
    }

    /// Makes a key; false when there is one of that number.
    fn make(&self, number: u64) -> Result<bool> {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let key = MasterKey::generate(rng.as_mut());
        let sealed = self
            .master
            .seal(&self.label(number), key.as_bytes(), rng.as_mut());
        Ok(write_new(&self.path(number), &sealed)?)
    }
}

impl VaultKeeper for FileKeeper {
    fn load(&self) -> Result<VaultKeys> {
        let mut keys = Vec::new();
        for number in numbers(&self.folder, "", ".key")? {
            let path = self.path(number);
            let fault = |why: String| Error::from(files::fault(&path, why));
            let sealed = std::fs::read(&path).map_err(|why| fault(why.to_string()))?;
            let opened = self
                .master
                .open(&self.label(number), &sealed)
                .map_err(|why| fault(why.to_string()))?;
            let key = MasterKey::from_bytes(&opened).map_err(|why| fault(why.to_string()))?;
            keys.push((i64::try_from(number).unwrap_or(i64::MAX), key));
        }
        Ok(VaultKeys::new(keys)?)
    }

    fn add_generation(&self) -> Result<VaultKeys> {
        let newest = highest(&self.folder, "", ".key")?.unwrap_or(0);
        let path = self.path(newest + 1);
        if newest == 0 || !self.make(newest + 1)? {
            return Err(file_fault(&path, "the keys of the vault changed meanwhile"));
        }
        self.load()
    }

    fn keep_wrapped(&self, page: &mut dyn FnMut() -> Result<Vec<WrappedKey>>) -> Result<()> {
        let path = self.folder.join(WRAPPED);
        write_lines(&path, &mut || {
            Ok(page()?.iter().map(to_line).collect::<Vec<_>>())
        })
    }

    fn destroy_old(&self) -> Result<VaultKeys> {
        let all = numbers(&self.folder, "", ".key")?;
        for old in &all[..all.len().saturating_sub(1)] {
            destroy(&self.path(*old))?;
        }
        self.load()
    }
}
