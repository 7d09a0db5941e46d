//! Keys of a vault in files, sealed by the master key, outside the data base and outside every backup.

use crate::files::{destroy, make_folder, numbers, write_whole};
use crate::worker::VaultKeeper;
use crate::{Error, Result};
use rand_core::CryptoRng;
use rilascio_keys::MasterKey;
use rilascio_store::vault::VaultKeys;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

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
        if numbers(folder, "", ".key").is_empty() {
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

    fn make(&self, number: u64) -> Result<()> {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let key = MasterKey::generate(rng.as_mut());
        let sealed = self
            .master
            .seal(&self.label(number), key.as_bytes(), rng.as_mut());
        write_whole(&self.path(number), &sealed, true)
    }
}

impl VaultKeeper for FileKeeper {
    fn load(&self) -> Result<VaultKeys> {
        let mut keys = Vec::new();
        for number in numbers(&self.folder, "", ".key") {
            let path = self.path(number);
            let fault = |why: String| Error::File {
                path: path.display().to_string(),
                why,
            };
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
        let newest = numbers(&self.folder, "", ".key")
            .into_iter()
            .max()
            .unwrap_or(0);
        self.make(newest + 1)?;
        self.load()
    }

    fn destroy_old(&self) -> Result<VaultKeys> {
        let all = numbers(&self.folder, "", ".key");
        for old in &all[..all.len().saturating_sub(1)] {
            destroy(&self.path(*old))?;
        }
        self.load()
    }
}
