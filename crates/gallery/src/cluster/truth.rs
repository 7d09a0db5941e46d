//! The truth: a table of sealed prints, one row for each subject, in parts by the hash of its name.

use crate::gallery::GalleryKey;
use crate::record::{Enrolment, META, Meta, check_subject, day_number, hash_of};
use crate::{Error, Result};
use jiff::civil::Date;
use rand_core::CryptoRng;
use rilascio_biometrics::PrintTemplate;
use rilascio_store::entity::{self, Entity};
use rilascio_store::prints::{self, Change};
use rilascio_store::{Error as StoreError, Store};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// Rows that are erased or removed in one transaction.
const ROWS_MAX: u32 = 200;
/// The row of an erasure is kept for so many days: a worker that slept longer begins again.
const ERASURES_DAYS: i64 = 30;
/// The most prints of one subject.
const PRINTS_MAX: usize = 40;
/// The largest row, in bytes.
const ROW_BYTES_MAX: usize = 256 * 1024;
/// The kind of the row that says what the gallery is, and what it is sealed with.
const KIND: &str = "gallery";
const CHECK: &str = "gallery/check";

/// A gallery in a data base.
pub struct Truth {
    pub(crate) store: Store,
    key: GalleryKey,
    rng: Mutex<Box<dyn CryptoRng + Send>>,
    name: String,
    parts: u32,
}

/// What the row of the gallery says.
struct Plan {
    name: String,
    parts: u32,
    check: Vec<u8>,
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks_exact(2);
    if !digits.remainder().is_empty() || !text.is_ascii() {
        return None;
    }
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

impl Plan {
    fn to_text(&self) -> String {
        format!("{} {} {}", self.name, self.parts, hex(&self.check))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (name, parts, check) = (words.next()?, words.next()?, words.next()?);
        Some(Self {
            name: name.to_owned(),
            parts: parts.parse().ok().filter(|parts| *parts > 0)?,
            check: from_hex(check)?,
        })
    }
}

fn corrupt(why: impl ToString) -> Error {
    Error::Truth {
        why: why.to_string(),
    }
}

impl Truth {
    /// Opens the gallery of a data base; makes it, in so many parts, where there is none.
    ///
    /// # Errors
    /// [`Error::Key`] for another key, or what the data base says.
    pub fn open(
        store: Store,
        key: GalleryKey,
        mut rng: Box<dyn CryptoRng + Send>,
        parts: u32,
    ) -> Result<Self> {
        let mut name = [0; 8];
        rng.fill_bytes(&mut name);
        let fresh = Plan {
            name: hex(&name),
            parts: parts.max(1),
            check: key.seal(CHECK, CHECK.as_bytes(), rng.as_mut()),
        }
        .to_text();
        let text = store.write::<_, StoreError, _>(move |tx| {
            if let Some(known) = entity::get(tx, KIND, KIND)? {
                return Ok(known.body);
            }
            let entity = Entity {
                id: KIND.to_owned(),
                version: 0,
                site: String::new(),
                state: String::new(),
                due_ms: None,
                body: fresh.clone(),
            };
            entity::put(tx, KIND, &entity)?;
            Ok(fresh.clone())
        })?;
        let plan = Plan::parse(&text).ok_or_else(|| corrupt("its first row cannot be read"))?;
        key.open(CHECK, &plan.check).map_err(|_| Error::Key)?;
        Ok(Self {
            store,
            key,
            rng: Mutex::new(rng),
            name: plan.name,
            parts: plan.parts,
        })
    }

    /// What tells it from other galleries on the same messaging server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn key(&self) -> GalleryKey {
        GalleryKey::clone(&self.key)
    }

    /// Into how many parts it is divided.
    #[must_use]
    pub fn parts(&self) -> u32 {
        self.parts
    }

    pub(crate) fn all_parts(&self) -> impl Iterator<Item = i64> + use<> {
        0..i64::from(self.parts)
    }

    fn part_of(&self, subject: &str) -> i64 {
        (hash_of(subject) % u64::from(self.parts)) as i64
    }

    pub(crate) fn seal(&self, label: &str, bytes: &[u8]) -> Vec<u8> {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        self.key.seal(label, bytes, rng.as_mut())
    }

    pub(crate) fn unseal(&self, label: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.key.open(label, sealed).map_err(|_| Error::Key)
    }

    pub(crate) fn nonce(&self) -> u128 {
        let mut bytes = [0; 16];
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        rng.fill_bytes(&mut bytes);
        u128::from_be_bytes(bytes)
    }

    /// Puts prints in the place of those their subjects had.
    ///
    /// # Errors
    /// [`Error::Subject`], or what the data base says.
    pub fn put(&self, prints: Vec<Enrolment>) -> Result<()> {
        let mut rows: Vec<(i64, String, i64, Vec<u8>, usize)> = Vec::new();
        for print in prints {
            check_subject(&print.subject)?;
            let meta = Meta {
                subject: print.subject,
                finger: print.finger,
                purpose: print.purpose,
                until: print.until,
            };
            let template = Zeroizing::new(print.template.to_bytes());
            let sealed = self.seal(&meta.label(), &template);
            let day = i64::from(day_number(meta.until));
            let place = rows.iter().position(|row| row.1 == meta.subject);
            let place = place.unwrap_or_else(|| {
                rows.push((
                    self.part_of(&meta.subject),
                    meta.subject.clone(),
                    day,
                    Vec::new(),
                    0,
                ));
                rows.len() - 1
            });
            let row = &mut rows[place];
            row.2 = row.2.min(day);
            row.4 += 1;
            row.3.extend_from_slice(&meta.to_bytes(sealed.len() as u32));
            row.3.extend_from_slice(&sealed);
        }
        let longest = rows.iter().map(|row| row.3.len()).max().unwrap_or(0);
        if rows.iter().any(|row| row.4 > PRINTS_MAX) || longest > ROW_BYTES_MAX {
            return Err(Error::TooMany { most: PRINTS_MAX });
        }
        // Rows are written in one order, so that two who enrol do not wait for each other.
        rows.sort();
        Ok(self.store.write::<_, StoreError, _>(move |tx| {
            rows.iter().try_for_each(|(part, subject, day, body, _)| {
                prints::put(tx, *part, subject, *day, body).map(drop)
            })
        })?)
    }

    /// Erases the prints of a subject; false when there were none.
    ///
    /// # Errors
    /// [`Error::Subject`], or what the data base says.
    pub fn erase(&self, subject: &str, today: Date) -> Result<bool> {
        check_subject(subject)?;
        let (part, subject) = (self.part_of(subject), subject.to_owned());
        let day = i64::from(day_number(today));
        Ok(self.store.write::<_, StoreError, _>(move |tx| {
            let known = prints::get(tx, part, &subject)?;
            if known.is_none_or(|known| known.body.is_empty()) {
                return Ok(false);
            }
            prints::put(tx, part, &subject, day, &[])?;
            Ok(true)
        })?)
    }

    /// Erases what may not be compared after that day, and the traces of erasures that everybody had time to follow.
    ///
    /// # Errors
    /// What the data base says.
    pub fn purge(&self, today: Date) -> Result<()> {
        let day = i64::from(day_number(today));
        let mut touched = false;
        for part in self.all_parts() {
            loop {
                let more = self.store.write::<_, StoreError, _>(move |tx| {
                    let ended = prints::erase_ended(tx, part, day, ROWS_MAX)?;
                    let removed = prints::remove_traces(tx, part, day - ERASURES_DAYS, ROWS_MAX)?;
                    Ok(ended + removed > 0)
                })?;
                touched |= more;
                if !more {
                    break;
                }
            }
        }
        if touched {
            // Rows that nobody sees any more are cleared away; what their pages still hold is sealed.
            self.store.scrub()?;
        }
        Ok(())
    }

    /// The prints of a subject.
    ///
    /// # Errors
    /// [`Error::Key`], [`Error::Truth`], or what the data base says.
    pub fn of_subject(&self, subject: &str) -> Result<Vec<Enrolment>> {
        check_subject(subject)?;
        let (part, subject) = (self.part_of(subject), subject.to_owned());
        let found = self
            .store
            .read::<_, StoreError, _>(move |tx| prints::get(tx, part, &subject))?;
        found.map_or(Ok(Vec::new()), |row| self.open_row(&row))
    }

    /// The newest change of every part.
    pub(crate) fn newest(&self) -> Result<Vec<i64>> {
        let parts: Vec<i64> = self.all_parts().collect();
        Ok(self.store.read::<_, StoreError, _>(move |tx| {
            parts.iter().map(|part| prints::newest(tx, *part)).collect()
        })?)
    }

    /// The newest change of a part, and the newest whose trace was removed.
    pub(crate) fn span(&self, part: i64) -> Result<(i64, i64)> {
        Ok(self.store.read::<_, StoreError, _>(move |tx| {
            Ok((prints::newest(tx, part)?, prints::horizon(tx, part)?))
        })?)
    }

    pub(crate) fn changes(&self, part: i64, after: i64, limit: u32) -> Result<Vec<Change>> {
        Ok(self
            .store
            .read::<_, StoreError, _>(move |tx| prints::since(tx, part, after, limit))?)
    }

    /// The prints of a row, opened; none when they were erased.
    pub(crate) fn open_row(&self, row: &Change) -> Result<Vec<Enrolment>> {
        let wrong = || corrupt(format!("the prints of {} cannot be read", row.subject));
        let mut found = Vec::new();
        let mut rest = &row.body[..];
        while !rest.is_empty() {
            let (head, tail) = rest.split_at_checked(META).ok_or_else(wrong)?;
            let meta = Meta::from_bytes(head).ok_or_else(wrong)?;
            let length = u32::from_le_bytes(std::array::from_fn(|n| head[56 + n])) as usize;
            let (sealed, tail) = tail.split_at_checked(length).ok_or_else(wrong)?;
            if meta.subject != row.subject || found.len() >= PRINTS_MAX {
                return Err(wrong());
            }
            let template = self.unseal(&meta.label(), sealed)?;
            found.push(Enrolment {
                template: PrintTemplate::from_bytes(&template).map_err(|_| wrong())?,
                subject: meta.subject,
                finger: meta.finger,
                purpose: meta.purpose,
                until: meta.until,
            });
            rest = tail;
        }
        Ok(found)
    }
}
