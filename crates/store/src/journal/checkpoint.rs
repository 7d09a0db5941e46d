//! Signed heads as C2SP writes them: `tlog-checkpoint` in a `signed-note`, and `tlog-cosignature` of witnesses.
//!
//! ```text
//! rilascio/centre
//! 1482
//! 2p4U…=
//!
//! — rilascio/centre Az3grl…
//! ```

use super::merkle::Hash;
use crate::{Error, Result};
use base64ct::{Base64, Encoding};
use rand_core::CryptoRng;
use rilascio_keys::Ed25519Key;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Signature type of a log (signed-note: Ed25519).
const ED25519: u8 = 0x01;
/// Signature type of a witness (tlog-cosignature: Ed25519 with a time).
const COSIGNATURE_V1: u8 = 0x04;
/// The longest note that is read.
const NOTE_BYTES_MAX: usize = 64 * 1024;

fn refuse(why: impl Into<String>) -> Error {
    Error::Head { why: why.into() }
}

/// The key of a log or of a witness: signs notes under a name.
pub struct HeadKey {
    name: String,
    kind: u8,
    key: Ed25519Key,
}

/// The public half of a [`HeadKey`], written `name+hash+key` as C2SP does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    kind: u8,
    key: [u8; 32],
}

impl HeadKey {
    /// A new key of a log.
    #[must_use]
    pub fn generate(name: &str, rng: &mut dyn CryptoRng) -> Self {
        Self {
            name: name.to_owned(),
            kind: ED25519,
            key: Ed25519Key::generate(rng),
        }
    }

    /// A new key of a witness.
    #[must_use]
    pub fn generate_witness(name: &str, rng: &mut dyn CryptoRng) -> Self {
        Self {
            kind: COSIGNATURE_V1,
            ..Self::generate(name, rng)
        }
    }

    /// A log's key that was generated before, from its seed.
    ///
    /// # Errors
    /// [`Error::Head`] when the seed is not 32 bytes.
    pub fn from_seed(name: &str, seed: &[u8]) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            kind: ED25519,
            key: Ed25519Key::from_seed(seed).map_err(|why| refuse(why.to_string()))?,
        })
    }

    /// The seed, to be sealed.
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        self.key.seed()
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> NoteKey {
        NoteKey {
            name: self.name.clone(),
            kind: self.kind,
            key: self.key.public_key(),
        }
    }
}

impl NoteKey {
    /// Reads `name+hash+key`.
    ///
    /// # Errors
    /// [`Error::Head`].
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || refuse("a key is written name+hash+key");
        let (name, rest) = text.trim().split_once('+').ok_or_else(wrong)?;
        let (hash, key) = rest.split_once('+').ok_or_else(wrong)?;
        let bytes = Base64::decode_vec(key).map_err(|_| wrong())?;
        let (kind, key) = bytes.split_first().ok_or_else(wrong)?;
        let key = key.try_into().map_err(|_| wrong())?;
        let read = Self {
            name: name.to_owned(),
            kind: *kind,
            key,
        };
        let shown: String = read.id().iter().map(|byte| format!("{byte:02x}")).collect();
        if shown != hash || !matches!(kind, &ED25519 | &COSIGNATURE_V1) {
            return Err(wrong());
        }
        Ok(read)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of `SHA-256(name || 0x0A || type || key)`.
    fn id(&self) -> [u8; 4] {
        let digest = Sha256::new()
            .chain_update(&self.name)
            .chain_update([b'\n', self.kind])
            .chain_update(self.key)
            .finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }
}

impl std::fmt::Display for NoteKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id: String = self.id().iter().map(|byte| format!("{byte:02x}")).collect();
        let key = Base64::encode_string(&[&[self.kind], &self.key[..]].concat());
        write!(f, "{}+{id}+{key}", self.name)
    }
}

/// A head of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The hash of the tree.
    pub root: Hash,
}

/// Signature lines of a note: name and bytes.
type Signatures = Vec<(String, Vec<u8>)>;

/// What a witness said about a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness.
    pub witness: String,
    /// When, in seconds since 1970.
    pub at_s: u64,
}

impl Checkpoint {
    fn body(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            Base64::encode_string(&self.root)
        )
    }

    /// The head as a note, signed by its log.
    #[must_use]
    pub fn sign(&self, key: &HeadKey) -> String {
        let body = self.body();
        let signature = key.key.sign(body.as_bytes());
        let public = key.public();
        let line = Base64::encode_string(&[&public.id()[..], &signature].concat());
        format!("{body}\n— {} {line}\n", key.name)
    }

    /// Adds the signature of a witness to a note of a log; the witness has checked that the log grew.
    ///
    /// # Errors
    /// [`Error::Head`] when the note is not signed by that log.
    pub fn cosign(note: &str, log: &NoteKey, witness: &HeadKey, at_s: u64) -> Result<String> {
        let head = Self::verify(note, log)?;
        let signature = witness.key.sign(cosigned(&head, at_s).as_bytes());
        let public = witness.public();
        let blob = [&public.id()[..], &at_s.to_be_bytes(), &signature].concat();
        Ok(format!(
            "{note}— {} {}\n",
            witness.name,
            Base64::encode_string(&blob)
        ))
    }

    /// Reads a note without believing it: the head, and its signature lines as name and bytes.
    fn read(note: &str) -> Result<(Self, Signatures)> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(refuse("it is too long"));
        }
        let (body, signatures) = note
            .split_once("\n\n")
            .ok_or_else(|| refuse("it has no signatures"))?;
        let mut lines = body.split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty());
        let origin = line().ok_or_else(|| refuse("it has no origin"))?.to_owned();
        let size = line().ok_or_else(|| refuse("it has no size"))?;
        let canonical =
            size == "0" || !size.starts_with('0') && size.bytes().all(|c| c.is_ascii_digit());
        let size = Some(size)
            .filter(|_| canonical)
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| refuse("its size is no number"))?;
        let root = line()
            .and_then(|root| Base64::decode_vec(root).ok())
            .and_then(|root| root.try_into().ok())
            .ok_or_else(|| refuse("its hash is not 32 bytes in base64"))?;
        let head = Self { origin, size, root };
        if !signatures.ends_with('\n') || signatures.contains('\r') {
            return Err(refuse("its last line does not end"));
        }
        if format!("{body}\n") != head.body() {
            return Err(refuse("it has lines that mean nothing here"));
        }
        let mut found = Vec::new();
        for line in signatures.lines() {
            let parts = line
                .strip_prefix("— ")
                .and_then(|line| line.split_once(' '));
            let (name, blob) = parts.ok_or_else(|| refuse("a signature line is malformed"))?;
            let blob = Base64::decode_vec(blob).map_err(|_| refuse("a signature is no base64"))?;
            found.push((name.to_owned(), blob));
        }
        Ok((head, found))
    }

    /// Reads a note and verifies the signature of its log.
    ///
    /// # Errors
    /// [`Error::Head`] when the note is malformed or not signed with that key.
    pub fn verify(note: &str, key: &NoteKey) -> Result<Self> {
        let (head, signatures) = Self::read(note)?;
        let good = signatures.iter().any(|(name, blob)| {
            blob.split_first_chunk::<4>()
                .is_some_and(|(id, signature)| {
                    *name == key.name
                        && *id == key.id()
                        && key.kind == ED25519
                        && Ed25519Key::verify(&key.key, head.body().as_bytes(), signature)
                })
        });
        if !good || head.origin != key.name {
            return Err(refuse(format!("it is not signed by {}", key.name)));
        }
        Ok(head)
    }

    /// What a witness said about a head.
    ///
    /// # Errors
    /// [`Error::Head`] when the witness did not sign it.
    pub fn cosignature(note: &str, witness: &NoteKey) -> Result<Cosignature> {
        let (head, signatures) = Self::read(note)?;
        for (name, blob) in &signatures {
            let Some((id, rest)) = blob.split_first_chunk::<4>() else {
                continue;
            };
            let Some((at, signature)) = rest.split_first_chunk::<8>() else {
                continue;
            };
            let at_s = u64::from_be_bytes(*at);
            if *name == witness.name
                && *id == witness.id()
                && witness.kind == COSIGNATURE_V1
                && Ed25519Key::verify(&witness.key, cosigned(&head, at_s).as_bytes(), signature)
            {
                return Ok(Cosignature {
                    witness: name.clone(),
                    at_s,
                });
            }
        }
        Err(refuse(format!("{} did not witness it", witness.name)))
    }
}

/// What a witness signs.
fn cosigned(head: &Checkpoint, at_s: u64) -> String {
    format!("cosignature/v1\ntime {at_s}\n{}", head.body())
}
