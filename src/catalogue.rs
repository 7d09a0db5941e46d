//! Where profiles and their templates come from: the program itself, or a folder that is looked into first.

use crate::fault::Fault;
use rilascio_circuit::Profile;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

include!(concat!(env!("OUT_DIR"), "/profiles.rs"));

/// The profiles that can be issued.
pub(crate) struct Catalogue {
    folder: Option<PathBuf>,
}

impl Catalogue {
    /// The profiles of the program, those of `folder` first.
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        Self {
            folder: folder.map(Path::to_owned),
        }
    }

    /// The profile of that name.
    pub(crate) fn profile(&self, name: &str) -> Result<Profile, Fault> {
        let path = format!("{name}.toml");
        let Some((file, text)) = self.read(&path)? else {
            return Err(
                Fault::usage(format!("there is no profile '{name}'")).remedy(format!(
                    "use one of {}, or give --profiles DIR",
                    self.names().join(", ")
                )),
            );
        };
        Profile::parse(&file, &text).map_err(|fault| {
            Fault::usage(format!("profile refused: {fault}")).remedy("correct the profile there")
        })
    }

    /// The text of a template, by its path from the folder of profiles.
    pub(crate) fn template(&self, path: &str) -> Option<String> {
        self.read(path).ok().flatten().map(|(_, text)| text)
    }

    /// The file's name for messages, and its text.
    fn read(&self, path: &str) -> Result<Option<(String, String)>, Fault> {
        let inside = !path.starts_with('/') && !path.split('/').any(|part| part == "..");
        if !inside {
            return Ok(None);
        }
        if let Some(folder) = &self.folder {
            let file = folder.join(path);
            match std::fs::read_to_string(&file) {
                Ok(text) => return Ok(Some((file.display().to_string(), text))),
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
                // An unreadable profile must not give way to a built-in one of the same name.
                Err(why) => return Err(Fault::file(&file, why)),
            }
        }
        let built_in = FILES.iter().find(|(name, _)| *name == path);
        Ok(built_in.map(|(_, text)| (path.to_owned(), (*text).to_owned())))
    }

    /// The names of all profiles.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = FILES
            .iter()
            .filter_map(|(path, _)| path.strip_suffix(".toml").map(str::to_owned))
            .collect();
        let entries = self
            .folder
            .iter()
            .filter_map(|folder| std::fs::read_dir(folder).ok());
        for entry in entries.flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            names.extend(name.strip_suffix(".toml").map(str::to_owned));
        }
        names.sort();
        names.dedup();
        names
    }
}

/// The profiles as the nodes of a circuit ask for them: each is read once.
pub(crate) struct LoadedProfiles {
    catalogue: Arc<Catalogue>,
    loaded: Mutex<BTreeMap<String, Option<Arc<Profile>>>>,
}

impl LoadedProfiles {
    /// The profiles of a catalogue.
    pub(crate) fn new(catalogue: Arc<Catalogue>) -> Self {
        Self {
            catalogue,
            loaded: Mutex::default(),
        }
    }
}

impl rilascio_node::Profiles for LoadedProfiles {
    fn profile(&self, name: &str) -> Option<Arc<Profile>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = loaded.get(name) {
            return known.clone();
        }
        // Names come from messages too: only those of the catalogue are remembered.
        let found = self.catalogue.profile(name).ok().map(Arc::new);
        if found.is_some() {
            loaded.insert(name.to_owned(), found.clone());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_built_in_and_paths_stay_inside() {
        let catalogue = Catalogue::new(None);
        for name in catalogue.names() {
            let profile = catalogue.profile(&name).expect("loads");
            for face in profile.layout.face.as_ref() {
                assert!(
                    catalogue.template(&face.template).is_some(),
                    "{}",
                    face.template
                );
            }
        }
        assert!(catalogue.template("../Cargo.toml").is_none());
        assert!(catalogue.template("/etc/hostname").is_none());
        assert!(catalogue.profile("no-such").is_err());
    }
}
