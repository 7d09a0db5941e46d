//! The register of persons and encounters: sealed rows in a store, prints in a gallery.

use super::model::{Encounter, PersonIds};
use crate::{Error, Result};
use base64ct::{Base64, Encoding};
use rand_core::CryptoRng;
use rilascio_keys::MasterKey;
use rilascio_store::entity::{self, Entity};
use rilascio_store::{Store, Tx, mark};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

const KIND: &str = "encounter";
/// The longest name of a person, encounter or gallery, in bytes.
const NAME_MAX: usize = 200;
const PAGE: u32 = 500;
/// Letters of the name of a row: it is the subject in the gallery too.
const KEY_LETTERS: usize = 40;

/// A row as the table has it; what was taken is sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    ids: PersonIds,
    galleries: Vec<String>,
    active: bool,
    sealed: String,
}

/// What a search needs to know of an encounter.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) ids: PersonIds,
    pub(crate) galleries: Vec<String>,
    pub(crate) active: bool,
}

/// Persons and encounters.
pub struct Register {
    store: Store,
    key: Arc<MasterKey>,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
}

fn hash(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let mut text = String::new();
    for byte in digest.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The name of the row of an encounter.
pub(crate) fn key_of(ids: &PersonIds) -> String {
    let mut key = hash(&["encounter", &ids.person_id, &ids.encounter_id]);
    key.truncate(KEY_LETTERS);
    key
}

fn marks(row: &Row) -> Vec<String> {
    let person = hash(&["person", &row.ids.person_id]);
    let galleries = row.galleries.iter().map(|name| hash(&["gallery", name]));
    std::iter::once(person).chain(galleries).collect()
}

fn check_name(what: &str, name: &str) -> Result<()> {
    let plain = !name.is_empty() && name.len() <= NAME_MAX && !name.contains(char::is_control);
    plain
        .then_some(())
        .ok_or_else(|| Error::malformed(format!("{what} has 1 to {NAME_MAX} bytes")))
}

fn read(row: &Entity) -> Result<Row> {
    serde_json::from_str(&row.body).map_err(|why| Error::Corrupt {
        why: why.to_string(),
    })
}

fn find(tx: &mut dyn Tx, ids: &PersonIds) -> Result<Option<(Row, i64)>> {
    let Some(found) = entity::get(tx, KIND, &key_of(ids))? else {
        return Ok(None);
    };
    Ok(Some((read(&found)?, found.version)))
}

fn keep(tx: &mut dyn Tx, row: &Row, version: i64) -> Result<()> {
    let id = key_of(&row.ids);
    mark::replace(tx, KIND, &id, &marks(row))?;
    let entity = Entity {
        id,
        version,
        site: String::new(),
        state: String::new(),
        due_ms: None,
        body: serde_json::to_string(row).map_err(Error::malformed)?,
    };
    Ok(entity::put(tx, KIND, &entity)?)
}

fn remove(tx: &mut dyn Tx, ids: &PersonIds) -> Result<()> {
    let id = key_of(ids);
    mark::remove(tx, KIND, &id)?;
    Ok(entity::remove(tx, KIND, &id)?)
}

/// Rows that have a mark.
fn marked(tx: &mut dyn Tx, mark_text: &str) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let page = mark::sharing(tx, mark_text, KIND, &after, PAGE)?;
        let short = page.len() < PAGE as usize;
        after = page.last().cloned().unwrap_or_default();
        for id in page {
            if let Some(row) = entity::get(tx, KIND, &id)? {
                found.push(read(&row)?);
            }
        }
        if short {
            return Ok(found);
        }
    }
}

impl Register {
    /// A register in a store, sealed with a key.
    #[must_use]
    pub fn new(store: Store, key: Arc<MasterKey>, rng: Box<dyn CryptoRng + Send>) -> Self {
        Self {
            store,
            key,
            rng: Mutex::new(rng),
        }
    }

    /// A name that nobody has.
    pub(crate) fn fresh_name(&self) -> String {
        let mut bytes = [0; 16];
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        rng.fill_bytes(&mut bytes);
        bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn row(&self, ids: &PersonIds, encounter: &Encounter) -> Result<Row> {
        check_name("personId", &ids.person_id)?;
        check_name("encounterId", &ids.encounter_id)?;
        let galleries: BTreeSet<&String> = encounter.galleries.iter().collect();
        for name in &galleries {
            check_name("a gallery", name)?;
            if *name == super::ALL {
                return Err(Error::malformed("no gallery is called ALL"));
            }
        }
        let json = serde_json::to_vec(encounter).map_err(Error::malformed)?;
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let sealed = self.key.seal(&key_of(ids), &json, rng.as_mut());
        Ok(Row {
            ids: ids.clone(),
            galleries: galleries.into_iter().cloned().collect(),
            active: encounter.status == super::EncounterStatus::Active,
            sealed: Base64::encode_string(&sealed),
        })
    }

    fn open(&self, row: &Row) -> Result<Encounter> {
        let corrupt = |why: &str| Error::Corrupt {
            why: format!("{}: {why}", row.ids.encounter_id),
        };
        let sealed = Base64::decode_vec(&row.sealed).map_err(|_| corrupt("not base 64"))?;
        let json = self
            .key
            .open(&key_of(&row.ids), &sealed)
            .map_err(|_| corrupt("sealed with another key"))?;
        let mut encounter: Encounter =
            serde_json::from_slice(&json).map_err(|why| corrupt(&why.to_string()))?;
        encounter.encounter_id = Some(row.ids.encounter_id.clone());
        Ok(encounter)
    }

    /// Keeps a new encounter, or one in the place of another.
    pub(crate) fn put(&self, ids: &PersonIds, encounter: &Encounter, replaces: bool) -> Result<()> {
        let row = self.row(ids, encounter)?;
        self.store.write::<_, Error, _>(move |tx| {
            let version = match (find(tx, &row.ids)?, replaces) {
                (None, false) => 0,
                (Some((_, version)), true) => version,
                (None, true) => return Err(Error::Unknown { what: "encounter" }),
                (Some(_), false) => {
                    return Err(Error::Conflict {
                        why: "the encounter is there already".to_owned(),
                    });
                }
            };
            keep(tx, &row, version)
        })
    }

    pub(crate) fn get(&self, ids: &PersonIds) -> Result<Encounter> {
        let ids = ids.clone();
        let found = self.store.read::<_, Error, _>(move |tx| find(tx, &ids))?;
        let (row, _) = found.ok_or(Error::Unknown { what: "encounter" })?;
        self.open(&row)
    }

    /// Every encounter of a person.
    pub(crate) fn of_person(&self, person: &str) -> Result<Vec<(PersonIds, Encounter)>> {
        let mark_text = hash(&["person", person]);
        let rows = self
            .store
            .read::<_, Error, _>(move |tx| marked(tx, &mark_text))?;
        if rows.is_empty() {
            return Err(Error::Unknown { what: "person" });
        }
        rows.iter()
            .map(|row| Ok((row.ids.clone(), self.open(row)?)))
            .collect()
    }

    pub(crate) fn remove(&self, ids: &PersonIds) -> Result<()> {
        let ids = ids.clone();
        self.store.write::<_, Error, _>(move |tx| {
            if find(tx, &ids)?.is_none() {
                return Err(Error::Unknown { what: "encounter" });
            }
            remove(tx, &ids)
        })
    }

    /// Gives encounters to another person, all or none: names that are taken there are a conflict.
    pub(crate) fn give(&self, from: &str, to: &str, only: Option<&str>) -> Result<Vec<PersonIds>> {
        let mut moved = Vec::new();
        for (ids, encounter) in self.of_person(from)? {
            if only.is_some_and(|only| only != ids.encounter_id) {
                continue;
            }
            let new = PersonIds {
                person_id: to.to_owned(),
                encounter_id: ids.encounter_id.clone(),
            };
            moved.push((ids, self.row(&new, &encounter)?));
        }
        if moved.is_empty() {
            return Err(Error::Unknown { what: "encounter" });
        }
        let old: Vec<PersonIds> = moved.iter().map(|(ids, _)| ids.clone()).collect();
        self.store.write::<_, Error, _>(move |tx| {
            for (ids, row) in &moved {
                if find(tx, &row.ids)?.is_some() {
                    return Err(Error::Conflict {
                        why: format!(
                            "{to} has an encounter {}",
                            row.ids.encounter_id,
                            to = row.ids.person_id
                        ),
                    });
                }
                remove(tx, ids)?;
                keep(tx, row, 0)?;
            }
            Ok(())
        })?;
        Ok(old)
    }

    /// The names of all galleries.
    pub(crate) fn galleries(&self) -> Result<BTreeSet<String>> {
        self.store.read::<_, Error, _>(|tx| {
            let mut names = BTreeSet::new();
            let mut after = String::new();
            loop {
                let page = entity::list(tx, KIND, None, None, &after, PAGE)?;
                let Some(last) = page.last() else {
                    return Ok(names);
                };
                after.clone_from(&last.id);
                for row in &page {
                    names.extend(read(row)?.galleries);
                }
            }
        })
    }

    /// The encounters of a gallery, in the order of their names.
    pub(crate) fn of_gallery(&self, gallery: &str) -> Result<Vec<PersonIds>> {
        let mark_text = hash(&["gallery", gallery]);
        let rows = self
            .store
            .read::<_, Error, _>(move |tx| marked(tx, &mark_text))?;
        let mut found: Vec<PersonIds> = rows.into_iter().map(|row| row.ids).collect();
        found.sort();
        Ok(found)
    }

    /// What a search needs to know of the subject of a gallery; nothing when it is none of this register.
    pub(crate) fn known(&self, subject: &str) -> Result<Option<(Known, Encounter)>> {
        let id = subject.to_owned();
        let row = self.store.read::<_, Error, _>(move |tx| {
            let found = entity::get(tx, KIND, &id)?;
            found.as_ref().map(read).transpose()
        })?;
        let Some(row) = row else {
            return Ok(None);
        };
        let encounter = self.open(&row)?;
        Ok(Some((
            Known {
                ids: row.ids,
                galleries: row.galleries,
                active: row.active,
            },
            encounter,
        )))
    }
}
