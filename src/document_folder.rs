//! The folder of an issued document: written whole or not at all, and read back.

use crate::fault::Fault;
use rilascio_mrtd::lds::FileId;
use rilascio_pki::{Certificate, RevocationList, TrustAnchors};
use rilascio_works::ChipSecrets;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The largest file that is read from a folder, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A folder that is being written beside its place.
pub(crate) struct NewFolder {
    target: PathBuf,
    beside: PathBuf,
    replace: bool,
    written: Vec<PathBuf>,
}

impl NewFolder {
    /// Begins a folder at `target`.
    pub(crate) fn begin(target: &Path, replace: bool) -> Result<Self, Fault> {
        if target.exists() && !target.is_dir() {
            return Err(Fault::usage(format!("{} is no folder", target.display()))
                .remedy("give another --out"));
        }
        let occupied = fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some());
        if occupied && !replace {
            return Err(Fault::usage(format!("{} is not empty", target.display()))
                .remedy("give another --out, or --replace to lose what is there"));
        }
        if occupied && !target.join("document.json").is_file() {
            return Err(
                Fault::usage(format!("{} holds no issued document", target.display()))
                    .remedy("--replace replaces issued documents only; give another --out"),
            );
        }
        let name = target
            .file_name()
            .ok_or_else(|| Fault::usage("--out needs the name of a folder"))?
            .to_string_lossy();
        let beside = target.with_file_name(format!(".{name}.new"));
        let _ = fs::remove_dir_all(&beside);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt;
            // Portraits and the keys of a specimen are for the owner only.
            builder.mode(0o700);
        }
        builder
            .create(&beside)
            .map_err(|why| Fault::file(&beside, why))?;
        Ok(Self {
            target: target.to_owned(),
            beside,
            replace,
            written: Vec::new(),
        })
    }

    /// Where the folder is being written.
    pub(crate) fn place(&self) -> &Path {
        &self.beside
    }

    /// Writes a file of the folder.
    pub(crate) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Fault> {
        let path = self.beside.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|why| Fault::file(parent, why))?;
        }
        fs::write(&path, bytes).map_err(|why| Fault::file(&path, why))?;
        self.written.push(self.target.join(name));
        Ok(())
    }

    /// Puts the folder into its place and gives the files.
    pub(crate) fn finish(mut self) -> Result<Vec<PathBuf>, Fault> {
        let fault = |why| Fault::file(&self.target, why);
        if self.replace && self.target.exists() {
            // The old document steps aside, and comes back if the new one cannot take its place.
            let old = self.beside.with_extension("old");
            let _ = fs::remove_dir_all(&old);
            fs::rename(&self.target, &old).map_err(fault)?;
            if let Err(why) = fs::rename(&self.beside, &self.target) {
                let _ = fs::rename(&old, &self.target);
                return Err(fault(why));
            }
            let _ = fs::remove_dir_all(&old);
        } else {
            // An empty folder may stand in the way of the rename.
            let _ = fs::remove_dir(&self.target);
            fs::rename(&self.beside, &self.target).map_err(fault)?;
        }
        Ok(std::mem::take(&mut self.written))
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        // After `finish` it is not there any more.
        let _ = fs::remove_dir_all(&self.beside);
    }
}

/// Reads a file of bounded size.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Fault> {
    let size = fs::metadata(path)
        .map_err(|why| Fault::file(path, why))?
        .len();
    if size > FILE_BYTES_MAX {
        return Err(Fault::file(
            path,
            format!("{size} bytes; at most {FILE_BYTES_MAX} are read"),
        ));
    }
    fs::read(path).map_err(|why| Fault::file(path, why))
}

/// The files of the chip in a document folder.
pub(crate) fn read_chip_files(folder: &Path) -> Result<BTreeMap<FileId, Vec<u8>>, Fault> {
    let chip = folder.join("chip");
    let entries = fs::read_dir(&chip).map_err(|why| {
        Fault::file(&chip, why).remedy("give the folder that `rilascio issue --out` wrote")
    })?;
    let mut files = BTreeMap::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(file) = name.strip_suffix(".bin").and_then(FileId::from_name) {
            files.insert(file, read_file(&entry.path())?);
        }
    }
    Ok(files)
}

/// The secrets of the chip in a document folder.
pub(crate) fn read_chip_secrets(folder: &Path) -> Result<ChipSecrets, Fault> {
    let path = folder.join("chip").join("chip.toml");
    let bytes = read_file(&path)?;
    let text = String::from_utf8(bytes).map_err(|why| Fault::file(&path, why))?;
    ChipSecrets::from_toml(&text).map_err(|why| Fault::file(&path, why))
}

/// The trust anchors of a folder: CSCA certificates and revocation lists in DER.
pub(crate) fn read_trust(folder: &Path) -> Result<TrustAnchors, Fault> {
    let entries = fs::read_dir(folder).map_err(|why| Fault::file(folder, why))?;
    let mut anchors = TrustAnchors::default();
    let mut seen = 0;
    for entry in entries.flatten() {
        let path = entry.path();
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        if !matches!(extension.as_deref(), Some("cer" | "crt" | "der" | "crl")) {
            continue;
        }
        seen += 1;
        let bytes = read_file(&path)?;
        if let Ok(list) = RevocationList::decode(&bytes) {
            anchors.lists.push(list);
            continue;
        }
        let certificate = Certificate::decode(&bytes).map_err(|why| {
            Fault::file(&path, why).remedy("put certificates and revocation lists there in DER")
        })?;
        // Only a self-signed CSCA is an anchor; a document signer that lies beside it is not.
        if certificate.is_self_issued() {
            anchors.cscas.push(certificate);
        }
    }
    if seen == 0 {
        return Err(
            Fault::file(folder, "no .cer, .crt, .der or .crl file is there")
                .remedy("give a folder with CSCA certificates and revocation lists in DER"),
        );
    }
    Ok(anchors)
}
