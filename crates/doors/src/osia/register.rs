//! The register of persons and encounters, and their prints.
//!
//! A row says who an encounter belongs to and under which subject its prints are in the gallery; what was taken is sealed in
//! a row of its own. Every content has a subject of its own: prints come first, the row that names them second, and the
//! subject that is no longer named last. A crash between two of these leaves a subject that no row names. It is never found,
//! and [`Register::tidy`] erases it, because it was noted as an orphan before anything else.

use super::ALL;
use super::model::{Encounter, EncounterStatus, PersonIds, fingers_of};
use crate::engine::PrintEngine;
use crate::hex::hex;
use crate::{Error, Result};
use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use jiff::civil::Date;
use rand_core::CryptoRng;
use rilascio_keys::MasterKey;
use rilascio_store::entity::{self, Entity};
use rilascio_store::{Store, Tx, mark};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

const KIND: &str = "encounter";
const CONTENT: &str = "encounter-content";
const ORPHAN: &str = "orphan";
/// The longest name of a person, encounter or gallery, in bytes.
const NAME_MAX: usize = 200;
const PAGE: u32 = 500;
/// Subjects of this register in a gallery begin so: another door's are not touched.
const PREFIX: &str = "o/";
/// What is in hand is no orphan for so long, in milliseconds.
const IN_HAND_MS: i64 = 15 * 60 * 1000;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// An encounter as its row has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) ids: PersonIds,
    /// The subject of its prints, and of its content.
    pub(crate) subject: String,
    pub(crate) galleries: Vec<String>,
    pub(crate) active: bool,
    /// When its term ends, in milliseconds since 1970.
    until_ms: i64,
}

impl Row {
    /// Whether a search of a gallery sees it.
    pub(crate) fn is_in(&self, gallery: &str) -> bool {
        self.active && (gallery == ALL || self.galleries.iter().any(|name| name == gallery))
    }
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
    hex(digest.finalize())
}

fn id_of(ids: &PersonIds) -> String {
    hash(&["encounter", &ids.person_id, &ids.encounter_id])
}

fn of_person_mark(person: &str) -> String {
    hash(&["person", person])
}

fn of_gallery_mark(gallery: &str) -> String {
    hash(&["gallery", gallery])
}

fn marks(row: &Row) -> Vec<String> {
    let mut marks = vec![of_person_mark(&row.ids.person_id), row.subject.clone()];
    marks.extend(row.galleries.iter().map(|name| of_gallery_mark(name)));
    marks
}

fn check_name(what: &str, name: &str) -> Result<()> {
    let plain = !name.is_empty() && name.len() <= NAME_MAX && !name.contains(char::is_control);
    plain
        .then_some(())
        .ok_or_else(|| Error::malformed(format!("{what} has 1 to {NAME_MAX} bytes")))
}

fn check_galleries(galleries: &[String]) -> Result<Vec<String>> {
    let names: BTreeSet<&String> = galleries.iter().collect();
    for name in &names {
        check_name("a gallery", name)?;
        if *name == ALL {
            return Err(Error::malformed("no gallery is called ALL"));
        }
    }
    Ok(names.into_iter().cloned().collect())
}

fn read(row: &Entity) -> Result<Row> {
    serde_json::from_str(&row.body).map_err(|why| Error::Corrupt {
        why: why.to_string(),
    })
}

fn find(tx: &mut dyn Tx, ids: &PersonIds) -> Result<Option<(Row, i64)>> {
    let Some(found) = entity::get(tx, KIND, &id_of(ids))? else {
        return Ok(None);
    };
    Ok(Some((read(&found)?, found.version)))
}

fn must_find(tx: &mut dyn Tx, ids: &PersonIds) -> Result<(Row, i64)> {
    find(tx, ids)?.ok_or(Error::Unknown { what: "encounter" })
}

fn keep(tx: &mut dyn Tx, row: &Row, version: i64) -> Result<()> {
    let id = id_of(&row.ids);
    mark::replace(tx, KIND, &id, &marks(row))?;
    let entity = Entity {
        id,
        version,
        site: String::new(),
        state: String::new(),
        due_ms: Some(row.until_ms),
        body: serde_json::to_string(row).map_err(Error::malformed)?,
    };
    Ok(entity::put(tx, KIND, &entity)?)
}

/// Removes a row; its subject is an orphan from now on.
fn remove(tx: &mut dyn Tx, row: &Row, now_ms: i64) -> Result<()> {
    let id = id_of(&row.ids);
    mark::remove(tx, KIND, &id)?;
    entity::remove(tx, KIND, &id)?;
    orphan(tx, &row.subject, now_ms)
}

/// Notes that nobody names a subject, or may not: it is erased when it is due.
fn orphan(tx: &mut dyn Tx, subject: &str, due_ms: i64) -> Result<()> {
    entity::remove(tx, ORPHAN, subject)?;
    let entity = Entity {
        id: subject.to_owned(),
        version: 0,
        site: String::new(),
        state: String::new(),
        due_ms: Some(due_ms),
        body: String::new(),
    };
    Ok(entity::put(tx, ORPHAN, &entity)?)
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
        hex(bytes)
    }

    fn seal(&self, subject: &str, encounter: &Encounter) -> Result<String> {
        let json = serde_json::to_vec(encounter).map_err(Error::malformed)?;
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        let sealed = self.key.seal(subject, &json, rng.as_mut());
        Ok(Base64::encode_string(&sealed))
    }

    /// What was taken in an encounter.
    pub(crate) fn open(&self, row: &Row) -> Result<Encounter> {
        let corrupt = |why: &str| Error::Corrupt {
            why: format!("{}: {why}", row.ids.encounter_id),
        };
        let subject = row.subject.clone();
        let kept = self
            .store
            .read::<_, Error, _>(move |tx| Ok(entity::get(tx, CONTENT, &subject)?))?;
        let kept = kept.ok_or_else(|| corrupt("its content is missing"))?;
        let sealed = Base64::decode_vec(&kept.body).map_err(|_| corrupt("not base 64"))?;
        let json = self
            .key
            .open(&row.subject, &sealed)
            .map_err(|_| corrupt("sealed with another key"))?;
        let mut encounter: Encounter =
            serde_json::from_slice(&json).map_err(|why| corrupt(&why.to_string()))?;
        encounter.encounter_id = Some(row.ids.encounter_id.clone());
        // These two change without the rest.
        encounter.galleries.clone_from(&row.galleries);
        encounter.status = if row.active {
            EncounterStatus::Active
        } else {
            EncounterStatus::Inactive
        };
        Ok(encounter)
    }

    /// Keeps a new encounter, or one in the place of another.
    pub(crate) fn keep(
        &self,
        ids: &PersonIds,
        encounter: &Encounter,
        replaces: bool,
        engine: &PrintEngine,
        now: Timestamp,
    ) -> Result<()> {
        check_name("personId", &ids.person_id)?;
        check_name("encounterId", &ids.encounter_id)?;
        let (now_ms, today) = (now.as_millisecond(), crate::server::day(now));
        let row = Row {
            ids: ids.clone(),
            subject: format!("{PREFIX}{}", self.fresh_name()),
            galleries: check_galleries(&encounter.galleries)?,
            active: encounter.status == EncounterStatus::Active,
            until_ms: now_ms + i64::from(engine.keep_days()) * DAY_MS,
        };
        let fingers = fingers_of(&encounter.biometric_data, engine)?;
        let sealed = self.seal(&row.subject, encounter)?;
        let (subject, asked) = (row.subject.clone(), row.ids.clone());
        self.store.write::<_, Error, _>(move |tx| {
            check_place(tx, &asked, replaces)?;
            orphan(tx, &subject, now_ms + IN_HAND_MS)
        })?;
        engine.replace(&row.subject, fingers, today)?;
        let old = self.store.write::<_, Error, _>(move |tx| {
            let known = check_place(tx, &row.ids, replaces)?;
            let content = Entity {
                id: row.subject.clone(),
                version: 0,
                site: String::new(),
                state: String::new(),
                due_ms: None,
                body: sealed.clone(),
            };
            entity::put(tx, CONTENT, &content)?;
            entity::remove(tx, ORPHAN, &row.subject)?;
            keep(tx, &row, known.as_ref().map_or(0, |(_, version)| *version))?;
            if let Some((old, _)) = &known {
                orphan(tx, &old.subject, now_ms)?;
            }
            Ok(known.map(|(old, _)| old.subject))
        })?;
        old.map_or(Ok(()), |old| self.erase(&old, engine, today))
    }

    /// Erases a subject that no row names.
    fn erase(&self, subject: &str, engine: &PrintEngine, today: Date) -> Result<()> {
        engine.erase(subject, today)?;
        let subject = subject.to_owned();
        self.store.write::<_, Error, _>(move |tx| {
            entity::remove(tx, CONTENT, &subject)?;
            Ok(entity::remove(tx, ORPHAN, &subject)?)
        })
    }

    /// Erases what no row names, and encounters whose term has ended; what may not be compared any more leaves the disk.
    ///
    /// # Errors
    /// What the store or the gallery says.
    pub fn tidy(&self, engine: &PrintEngine, now: Timestamp) -> Result<()> {
        let now_ms = now.as_millisecond();
        loop {
            let ended = self.store.write::<_, Error, _>(move |tx| {
                let ended = entity::due(tx, KIND, now_ms, PAGE)?;
                for row in &ended {
                    remove(tx, &read(row)?, now_ms)?;
                }
                Ok(ended.len())
            })?;
            if ended < PAGE as usize {
                break;
            }
        }
        loop {
            let orphans = self
                .store
                .read::<_, Error, _>(move |tx| Ok(entity::due(tx, ORPHAN, now_ms, PAGE)?))?;
            for orphan in &orphans {
                self.erase(&orphan.id, engine, crate::server::day(now))?;
            }
            if orphans.len() < PAGE as usize {
                break;
            }
        }
        engine.purge(crate::server::day(now))
    }

    pub(crate) fn get(&self, ids: &PersonIds) -> Result<Encounter> {
        let ids = ids.clone();
        let (row, _) = self
            .store
            .read::<_, Error, _>(move |tx| must_find(tx, &ids))?;
        self.open(&row)
    }

    /// Every encounter of a person, in the order of their names.
    pub(crate) fn of_person(&self, person: &str) -> Result<Vec<Row>> {
        let mark_text = of_person_mark(person);
        let mut rows = self
            .store
            .read::<_, Error, _>(move |tx| marked(tx, &mark_text))?;
        if rows.is_empty() {
            return Err(Error::Unknown { what: "person" });
        }
        rows.sort_by(|a, b| a.ids.cmp(&b.ids));
        Ok(rows)
    }

    /// Changes status or galleries of an encounter.
    pub(crate) fn change(
        &self,
        ids: &PersonIds,
        change: impl Fn(&mut Row) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let ids = ids.clone();
        self.store.write::<_, Error, _>(move |tx| {
            let (mut row, version) = must_find(tx, &ids)?;
            change(&mut row)?;
            row.galleries = check_galleries(&row.galleries)?;
            keep(tx, &row, version)
        })
    }

    /// Removes an encounter, or all of a person.
    pub(crate) fn remove(
        &self,
        person: &str,
        only: Option<&str>,
        engine: &PrintEngine,
        now: Timestamp,
    ) -> Result<()> {
        let now_ms = now.as_millisecond();
        let (mark_text, only) = (of_person_mark(person), only.map(str::to_owned));
        let gone = self.store.write::<_, Error, _>(move |tx| {
            let mut rows = marked(tx, &mark_text)?;
            rows.retain(|row| {
                only.as_ref()
                    .is_none_or(|only| *only == row.ids.encounter_id)
            });
            for row in &rows {
                remove(tx, row, now_ms)?;
            }
            Ok(rows)
        })?;
        if gone.is_empty() {
            return Err(Error::Unknown { what: "encounter" });
        }
        gone.iter()
            .try_for_each(|row| self.erase(&row.subject, engine, crate::server::day(now)))
    }

    /// Gives encounters to another person who is known, all or none: names that are taken there are a conflict.
    pub(crate) fn give(&self, from: &str, to: &str, only: Option<&str>) -> Result<()> {
        let (from_mark, to_mark) = (of_person_mark(from), of_person_mark(to));
        let (to, only) = (to.to_owned(), only.map(str::to_owned));
        self.store.write::<_, Error, _>(move |tx| {
            if mark::sharing(tx, &to_mark, KIND, "", 1)?.is_empty() {
                return Err(Error::Unknown { what: "person" });
            }
            let mut rows = marked(tx, &from_mark)?;
            rows.retain(|row| {
                only.as_ref()
                    .is_none_or(|only| *only == row.ids.encounter_id)
            });
            if rows.is_empty() {
                return Err(Error::Unknown { what: "encounter" });
            }
            for row in rows {
                let mut moved = row.clone();
                moved.ids.person_id.clone_from(&to);
                if find(tx, &moved.ids)?.is_some() {
                    return Err(Error::Conflict {
                        why: format!("{to} has an encounter {}", row.ids.encounter_id),
                    });
                }
                let id = id_of(&row.ids);
                mark::remove(tx, KIND, &id)?;
                entity::remove(tx, KIND, &id)?;
                keep(tx, &moved, 0)?;
            }
            Ok(())
        })
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

    /// True when there is an encounter in a gallery.
    pub(crate) fn has_gallery(&self, gallery: &str) -> Result<bool> {
        let mark_text = of_gallery_mark(gallery);
        self.store.read::<_, Error, _>(move |tx| {
            Ok(!mark::sharing(tx, &mark_text, KIND, "", 1)?.is_empty())
        })
    }

    /// The encounters of a gallery, in the order of their names.
    pub(crate) fn of_gallery(&self, gallery: &str) -> Result<Vec<PersonIds>> {
        let mark_text = of_gallery_mark(gallery);
        let rows = self
            .store
            .read::<_, Error, _>(move |tx| marked(tx, &mark_text))?;
        let mut found: Vec<PersonIds> = rows.into_iter().map(|row| row.ids).collect();
        found.sort();
        Ok(found)
    }

    /// The encounter whose prints are under a subject; nothing when it is none of this register.
    pub(crate) fn of_subject(&self, subject: &str) -> Result<Option<Row>> {
        if !subject.starts_with(PREFIX) {
            return Ok(None);
        }
        let subject = subject.to_owned();
        let rows = self
            .store
            .read::<_, Error, _>(move |tx| marked(tx, &subject))?;
        Ok(rows.into_iter().next())
    }
}

/// The encounter of that name, if it is one that is replaced; a conflict if it must not be there.
fn check_place(tx: &mut dyn Tx, ids: &PersonIds, replaces: bool) -> Result<Option<(Row, i64)>> {
    match (find(tx, ids)?, replaces) {
        (None, true) => Err(Error::Unknown { what: "encounter" }),
        (Some(_), false) => Err(Error::Conflict {
            why: "the encounter is there already".to_owned(),
        }),
        (known, _) => Ok(known),
    }
}
