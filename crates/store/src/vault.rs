//! Sealed data of dossiers: each compartment of a dossier has a random key of its own; to forget is to destroy it.
//!
//! Keys of dossiers are wrapped by the key of a *generation*, which is kept outside the data base. After something was
//! forgotten the living keys are wrapped anew and the old generation's key is destroyed: copies of the data base, its
//! log or a backup that still hold the old wrapping then open nothing.

use crate::tx::{Tx, Value, statements};
use crate::{Error, Result};
use rand_core::CryptoRng;
use rilascio_keys::MasterKey;

/// The largest blob, in bytes.
const BLOB_BYTES_MAX: usize = 16 * 1024 * 1024;

statements! {
    KEY = "SELECT generation, wrapped FROM vault_key WHERE dossier = $1 AND compartment = $2";
    ADD_KEY = "INSERT INTO vault_key (dossier, compartment, generation, wrapped) VALUES ($1, $2, $3, $4)";
    SET_KEY = "UPDATE vault_key SET generation = $3, wrapped = $4 WHERE dossier = $1 AND compartment = $2
        AND generation = $5";
    OLD_KEYS = "SELECT dossier, compartment, generation, wrapped FROM vault_key WHERE generation < $1
        ORDER BY dossier, compartment LIMIT $2";
    FORGET_KEY = "DELETE FROM vault_key WHERE dossier = $1 AND compartment = $2 RETURNING generation";
    FORGET_OTHER_KEYS = "DELETE FROM vault_key WHERE dossier = $1 AND compartment <> $2 AND compartment <> $3 AND compartment <> $4 RETURNING generation";
    FORGET_OTHER_BLOBS = "DELETE FROM vault_blob WHERE dossier = $1 AND compartment <> $2 AND compartment <> $3 AND compartment <> $4";
    FORGET_BLOBS = "DELETE FROM vault_blob WHERE dossier = $1 AND compartment = $2";
    PUT_BLOB = "INSERT INTO vault_blob (dossier, compartment, name, sealed) VALUES ($1, $2, $3, $4)
        ON CONFLICT (dossier, compartment, name) DO UPDATE SET sealed = excluded.sealed";
    REMOVE_BLOB = "DELETE FROM vault_blob WHERE dossier = $1 AND compartment = $2 AND name = $3";
    BLOB = "SELECT sealed FROM vault_blob WHERE dossier = $1 AND compartment = $2 AND name = $3";
    KNOW_GENERATION = "INSERT INTO counter (name, value) VALUES ('vault-generation', $1) ON CONFLICT (name) DO NOTHING";
    HOLD_GENERATION = "UPDATE counter SET value = value WHERE name = 'vault-generation' RETURNING value";
    BEGIN_GENERATION = "INSERT INTO counter (name, value) VALUES ('vault-generation', $1)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE counter.value < excluded.value";
    COPY_KEYS = "SELECT dossier, compartment, generation, wrapped FROM vault_key
        WHERE dossier > $1 OR (dossier = $1 AND compartment > $2) ORDER BY dossier, compartment LIMIT $3";
    PUT_BACK = "UPDATE vault_key SET generation = $3, wrapped = $4 WHERE dossier = $1 AND compartment = $2
        AND generation < $3";
    NAMES = "SELECT name FROM vault_blob WHERE dossier = $1 AND compartment = $2 ORDER BY name";
}

/// The keys that wrap: the present generation, and the one before while it is being replaced.
pub struct VaultKeys {
    generations: Vec<(i64, MasterKey)>,
}

impl VaultKeys {
    /// Keys by generation, the newest last.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when there is none, or they are not in order.
    pub fn new(generations: Vec<(i64, MasterKey)>) -> Result<Self> {
        if generations.is_empty() || !generations.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(Error::Corrupt {
                what: "no key of the vault",
            });
        }
        Ok(Self { generations })
    }

    /// The number of the present generation.
    #[must_use]
    pub fn current(&self) -> i64 {
        self.generations.last().map_or(0, |(number, _)| *number)
    }

    fn key(&self, generation: i64) -> Option<&MasterKey> {
        self.generations
            .iter()
            .find_map(|(number, key)| (*number == generation).then_some(key))
    }
}

/// A compartment of a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compartment<'a> {
    /// The dossier.
    pub dossier: &'a str,
    /// The part: what is forgotten together.
    pub part: &'a str,
}

impl Compartment<'_> {
    fn arguments(&self) -> [Value; 2] {
        [self.dossier.into(), self.part.into()]
    }

    fn name(&self, blob: &str) -> String {
        format!("{}/{}/{blob}", self.dossier, self.part)
    }

    fn sealed(&self) -> Error {
        Error::Sealed {
            dossier: self.dossier.to_owned(),
        }
    }

    /// The key, if it is there.
    fn key(&self, tx: &mut dyn Tx, keys: &VaultKeys) -> Result<Option<MasterKey>> {
        let rows = tx.run(&KEY, &self.arguments())?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let wrapping = keys.key(row.int(0)?).ok_or_else(|| self.sealed())?;
        let opened = wrapping.open(&self.name("key"), row.bytes(1)?);
        let bytes = opened.map_err(|_| self.sealed())?;
        MasterKey::from_bytes(&bytes)
            .map(Some)
            .map_err(|_| self.sealed())
    }

    /// Seals and keeps bytes under a name; what had that name is replaced.
    ///
    /// # Errors
    /// [`Error::TooLarge`], or what the engine says.
    pub fn put(
        &self,
        tx: &mut dyn Tx,
        keys: &VaultKeys,
        blob: &str,
        bytes: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<()> {
        if bytes.len() > BLOB_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "a sealed blob",
                limit: BLOB_BYTES_MAX,
            });
        }
        let key = match self.key(tx, keys)? {
            Some(key) => key,
            None => {
                let key = MasterKey::generate(rng);
                // Holds a renewal back until this is committed; or learns that it has begun.
                tx.run(&KNOW_GENERATION, &[keys.current().into()])?;
                let begun = tx.run(&HOLD_GENERATION, &[])?;
                let generation = begun.first().ok_or(Error::Conflict)?.int(0)?;
                let wrapping = keys.key(generation).ok_or(Error::StaleKeys)?;
                let wrapped = wrapping.seal(&self.name("key"), key.as_bytes(), rng);
                let [dossier, part] = self.arguments();
                tx.run(
                    &ADD_KEY,
                    &[dossier, part, generation.into(), Value::Bytes(wrapped)],
                )?;
                key
            }
        };
        let sealed = key.seal(&self.name(blob), bytes, rng);
        let [dossier, part] = self.arguments();
        tx.run(
            &PUT_BLOB,
            &[dossier, part, blob.into(), Value::Bytes(sealed)],
        )?;
        Ok(())
    }

    /// Opens what has that name; nothing if there is none.
    ///
    /// # Errors
    /// [`Error::Sealed`] when its key was destroyed or is another.
    pub fn get(
        &self,
        tx: &mut dyn Tx,
        keys: &VaultKeys,
        blob: &str,
    ) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
        let [dossier, part] = self.arguments();
        let rows = tx.run(&BLOB, &[dossier, part, blob.into()])?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let key = self.key(tx, keys)?.ok_or_else(|| self.sealed())?;
        key.open(&self.name(blob), row.bytes(0)?)
            .map(Some)
            .map_err(|_| self.sealed())
    }

    /// Takes one thing out; the key of the compartment stays.
    ///
    /// # Errors
    /// What the engine says.
    pub fn remove(&self, tx: &mut dyn Tx, name: &str) -> Result<()> {
        tx.run(
            &REMOVE_BLOB,
            &[self.dossier.into(), self.part.into(), name.into()],
        )?;
        Ok(())
    }

    /// The names of what is kept.
    ///
    /// # Errors
    /// What the engine says.
    pub fn names(&self, tx: &mut dyn Tx) -> Result<Vec<String>> {
        let rows = tx.run(&NAMES, &self.arguments())?;
        rows.iter()
            .map(|row| row.text(0).map(str::to_owned))
            .collect()
    }

    /// Destroys the key and the blobs; gives the generation whose key still wraps copies, if there was anything.
    ///
    /// # Errors
    /// What the engine says.
    pub fn forget(&self, tx: &mut dyn Tx) -> Result<Option<i64>> {
        let rows = tx.run(&FORGET_KEY, &self.arguments())?;
        tx.run(&FORGET_BLOBS, &self.arguments())?;
        rows.first().map(|row| row.int(0)).transpose()
    }
}

/// Destroys every compartment of a dossier but three; gives the generations whose keys still wrap copies.
///
/// # Errors
/// What the engine says.
pub fn forget_others(tx: &mut dyn Tx, dossier: &str, kept: [&str; 3]) -> Result<Vec<i64>> {
    let arguments = [
        dossier.into(),
        kept[0].into(),
        kept[1].into(),
        kept[2].into(),
    ];
    let rows = tx.run(&FORGET_OTHER_KEYS, &arguments)?;
    tx.run(&FORGET_OTHER_BLOBS, &arguments)?;
    rows.iter().map(|row| row.int(0)).collect()
}

/// From here on new keys are wrapped by that generation only.
///
/// # Errors
/// What the engine says.
pub fn begin_generation(tx: &mut dyn Tx, generation: i64) -> Result<()> {
    tx.run(&BEGIN_GENERATION, &[generation.into()])?;
    Ok(())
}

/// Wraps at most `limit` keys of older generations under the present one; gives how many there were.
///
/// # Errors
/// [`Error::Sealed`] when an older generation's key is missing.
pub fn rewrap(
    tx: &mut dyn Tx,
    keys: &VaultKeys,
    limit: u32,
    rng: &mut dyn CryptoRng,
) -> Result<usize> {
    let present = keys.current();
    let rows = tx.run(&OLD_KEYS, &[present.into(), Value::Int(limit.into())])?;
    for row in &rows {
        let (dossier, part, generation) = (row.text(0)?, row.text(1)?, row.int(2)?);
        let compartment = Compartment { dossier, part };
        let [dossier, part] = compartment.arguments();
        let Some(old) = keys.key(generation) else {
            // The key of that generation was destroyed: nothing opens this one, and it must not hold up the others.
            tx.run(&FORGET_KEY, &[dossier, part])?;
            continue;
        };
        let new = keys.key(present).ok_or_else(|| compartment.sealed())?;
        let bytes = old
            .open(&compartment.name("key"), row.bytes(3)?)
            .map_err(|_| compartment.sealed())?;
        let wrapped = new.seal(&compartment.name("key"), &bytes, rng);
        tx.run(
            &SET_KEY,
            &[
                dossier,
                part,
                present.into(),
                Value::Bytes(wrapped),
                generation.into(),
            ],
        )?;
    }
    Ok(rows.len())
}

/// A key of a compartment, wrapped: what a keeper holds beside the key that wraps it, so that older copies of the
/// tables open again after a renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The dossier.
    pub dossier: String,
    /// The part.
    pub part: String,
    /// The generation whose key wraps it.
    pub generation: i64,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
}

/// At most `limit` wrapped keys after that one, in the order of their names.
///
/// # Errors
/// What the engine says.
pub fn wrapped_keys(
    tx: &mut dyn Tx,
    after: Option<&WrappedKey>,
    limit: u32,
) -> Result<Vec<WrappedKey>> {
    let (dossier, part) = after.map_or(("", ""), |last| (&last.dossier[..], &last.part[..]));
    let rows = tx.run(
        &COPY_KEYS,
        &[dossier.into(), part.into(), Value::Int(limit.into())],
    )?;
    rows.iter()
        .map(|row| {
            Ok(WrappedKey {
                dossier: row.text(0)?.to_owned(),
                part: row.text(1)?.to_owned(),
                generation: row.int(2)?,
                wrapped: row.bytes(3)?.to_vec(),
            })
        })
        .collect()
}

/// Puts newer wrappings into older tables. A key that is not in the tables stays unknown, and one that was forgotten
/// since has no newer wrapping: nothing that was forgotten comes back.
///
/// # Errors
/// What the engine says.
pub fn put_back(tx: &mut dyn Tx, keys: &[WrappedKey]) -> Result<()> {
    for key in keys {
        let [dossier, part] = Compartment {
            dossier: &key.dossier,
            part: &key.part,
        }
        .arguments();
        let wrapped = Value::Bytes(key.wrapped.clone());
        tx.run(&PUT_BACK, &[dossier, part, key.generation.into(), wrapped])?;
    }
    Ok(())
}
