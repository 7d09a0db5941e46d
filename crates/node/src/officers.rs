//! Officers who sign in: passwords hashed with Argon2id, sessions by random tokens of which only the hash is kept.

use crate::command::Command;
use crate::desk::Desk;
use crate::desk::cards;
use crate::desk::grants::{self, with_lent};
use crate::ledger::{Ledger, encode};
use crate::passkeys::Passkey;
use crate::passwords::{self, PASSWORD_BYTES_MAX};
use crate::{Error, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use rilascio_circuit::process::{Actor, Digest, OfficerId, Reason, Right};
use rilascio_store::entity::{self, Entity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// How long somebody stays signed in, in milliseconds: a shift.
const SESSION_MS: i64 = 8 * 3600 * 1000;
/// A session that nobody uses ends after this time, in milliseconds.
const IDLE_MS: i64 = 30 * 60 * 1000;
/// How old the note of the last use may be, in milliseconds.
const USED_MS: i64 = 60 * 1000;
/// From the third wrong password in a row on an officer waits, each time twice as long, to an hour.
const FAILURES_FREE: u32 = 2;
const WAIT_MS: i64 = 5000;
const WAIT_MS_MAX: i64 = 3600 * 1000;
/// After so many an administrator has to name the officer again.
const FAILURES_MAX: u32 = 15;
/// How long a password that was drawn is good for choosing another: a week.
const FIRST_PASSWORD_MS: i64 = 7 * 24 * 3600 * 1000;

/// Officers that are read at once.
const PAGE: u32 = 500;

pub(crate) const OFFICER: &str = "officer";
pub(crate) const SESSION: &str = "session";

/// An officer as the tables have them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Officer {
    actor: Actor,
    password: String,
    pub(crate) failures: u32,
    pub(crate) wait_until_ms: i64,
    /// How often the officer was named: sessions of before do not count.
    #[serde(default)]
    pub(crate) epoch: u32,
    /// Passkeys; whoever is named anew has none.
    #[serde(default)]
    pub(crate) passkeys: Vec<Passkey>,
    /// Whether the officer has received a card: from then on one is asked for, until the officer is named anew.
    #[serde(default)]
    pub(crate) card: bool,
    /// Until when a password that was drawn is good for choosing another; nothing once the officer has chosen.
    #[serde(default)]
    first_until_ms: Option<i64>,
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Who.
    pub actor: Actor,
    /// Until when.
    pub until: Timestamp,
    /// Which naming of the officer it belongs to.
    #[serde(default)]
    pub epoch: u32,
    /// Whether a passkey was shown.
    #[serde(default)]
    pub passkey: bool,
    /// The digest of the certificate of the card that was shown: the session lasts as long as the card is there.
    #[serde(default)]
    pub card: Option<Digest>,
    /// Whether the password is the first one, which somebody else has seen: it is only good for choosing another.
    #[serde(default)]
    pub first_password: bool,
}

/// What a right password leads to.
pub enum SignIn {
    /// The officer is signed in: a token and what it is good for.
    Whole(Zeroizing<String>, Session),
    /// The officer has passkeys: one of them has to answer.
    Half {
        /// What the answer is given with.
        ticket: Zeroizing<String>,
        /// What is to be answered.
        challenge: String,
        /// The passkeys.
        passkeys: Vec<Passkey>,
    },
}

impl Officer {
    /// Who it is, with the own rights.
    pub(crate) fn into_actor(self) -> Actor {
        self.actor
    }
}

impl Session {
    /// In how many seconds it ends at the earliest when nobody uses it from now on: the last use may be a minute older than
    /// is written.
    pub(crate) fn ends_in_s(&self, now: Timestamp) -> i64 {
        let now_ms = now.as_millisecond();
        ((idle_until(self, now_ms - USED_MS) - now_ms) / 1000).max(0)
    }
}

/// When a session ends that is not used any more.
fn idle_until(session: &Session, now_ms: i64) -> i64 {
    (now_ms + IDLE_MS).min(session.until.as_millisecond())
}

/// How long an officer waits after so many wrong passwords.
fn wait_ms(failures: u32) -> i64 {
    match failures.checked_sub(FAILURES_FREE + 1) {
        None => 0,
        Some(more) => WAIT_MS.saturating_mul(1 << more.min(20)).min(WAIT_MS_MAX),
    }
}

/// A wrong answer is counted and noted: the officer waits, or is locked.
pub(crate) fn count_failure(
    ledger: &mut Ledger<'_>,
    row: &mut Entity,
    record: &mut Officer,
    what: &str,
) -> Result<()> {
    let who = ledger.actor.clone();
    record.failures += 1;
    record.wait_until_ms = ledger.now_ms() + wait_ms(record.failures);
    ledger.note(&who, OFFICER, &row.id, &what)?;
    if record.failures >= FAILURES_MAX {
        row.state = "locked".to_owned();
        ledger.note(&who, OFFICER, &row.id, &"locked")?;
    }
    Ok(())
}

/// Opens the session that a token of that digest names, for who acts.
pub(crate) fn open_session(
    ledger: &mut Ledger<'_>,
    name: &Digest,
    session: &Session,
    how: &str,
) -> Result<()> {
    let who = ledger.actor.clone();
    let row = Entity {
        id: name.as_str().to_owned(),
        version: 0,
        site: who.officer.to_string(),
        state: "open".to_owned(),
        due_ms: Some(idle_until(session, ledger.now_ms())),
        body: encode(SESSION, session)?,
    };
    entity::put(ledger.tx, SESSION, &row)?;
    ledger.note(&who, OFFICER, who.officer.as_str(), &how)
}

/// Changes the record of who acts, and notes it.
pub(crate) fn change_own(
    ledger: &mut Ledger<'_>,
    what: &str,
    change: impl FnOnce(&mut Officer) -> Result<()>,
) -> Result<()> {
    let who = ledger.actor.clone();
    let id = who.officer.as_str();
    let row = entity::get(ledger.tx, OFFICER, id)?;
    let mut row = row.ok_or_else(|| Reason::Unknown.refusal())?;
    let mut record = decode_officer(&row)?;
    change(&mut record)?;
    row.body = encode(OFFICER, &record)?;
    entity::put(ledger.tx, OFFICER, &row)?;
    ledger.note(&who, OFFICER, id, &what)
}

pub(crate) fn decode_officer(row: &Entity) -> Result<Officer> {
    serde_json::from_str(&row.body).map_err(|why| malformed("officer", why))
}

fn hasher() -> Argon2<'static> {
    // OWASP's least for Argon2id: 19 MiB, two passes.
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

pub(crate) fn malformed(what: &'static str, why: impl ToString) -> Error {
    Error::Malformed {
        what,
        why: why.to_string(),
    }
}

/// Computes for as long as a password takes: whether a name is known is not told by the clock.
pub(crate) fn take_time(password: &str) {
    let text = &password.as_bytes()[..password.len().min(PASSWORD_BYTES_MAX)];
    let _ = hasher().hash_password_with_salt(text, b"0123456789abcdef");
}

/// A password that nobody guesses: 20 letters and digits that are not mistaken for each other.
#[must_use]
pub fn generate_password(rng: &mut dyn CryptoRng) -> Zeroizing<String> {
    const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = Zeroizing::new([0; 20]);
    rng.fill_bytes(&mut bytes[..]);
    Zeroizing::new(
        bytes
            .iter()
            .map(|byte| char::from(SIGNS[usize::from(byte % 32)]))
            .collect(),
    )
}

impl Desk {
    /// Names an officer with a password, or gives a known one other rights and a new password.
    ///
    /// # Errors
    /// For a password that is too short, or what the store says.
    pub fn name_officer(
        self: &Arc<Self>,
        by: &Actor,
        officer: &Actor,
        password: &str,
        now: Timestamp,
    ) -> Result<()> {
        self.put_officer(by, officer, password, None, now)
    }

    /// The same with a password that is drawn here: it is good for choosing another one, for a week.
    ///
    /// # Errors
    /// As for [`Desk::name_officer`].
    pub fn name_officer_at_first(
        self: &Arc<Self>,
        by: &Actor,
        officer: &Actor,
        now: Timestamp,
    ) -> Result<Zeroizing<String>> {
        let password = generate_password(&mut ChaCha20Rng::from_seed(self.seed()));
        let until = now.as_millisecond() + FIRST_PASSWORD_MS;
        self.put_officer(by, officer, &password, Some(until), now)?;
        Ok(password)
    }

    fn put_officer(
        self: &Arc<Self>,
        by: &Actor,
        officer: &Actor,
        password: &str,
        first_until_ms: Option<i64>,
        now: Timestamp,
    ) -> Result<()> {
        if officer.is_system() {
            return Err(Reason::Right.refusal().into());
        }
        if !by.is_system() {
            by.needs(Right::Administer)?;
            // Nobody gives rights to themselves.
            by.beside(&officer.officer)?;
        }
        let hash = self.hashed(password, officer)?;
        let record = Officer {
            actor: officer.clone(),
            password: hash,
            failures: 0,
            wait_until_ms: 0,
            epoch: 0,
            passkeys: Vec::new(),
            card: false,
            first_until_ms,
        };
        self.transact(by, now, move |ledger| {
            let id = record.actor.officer.as_str();
            let known = entity::get(ledger.tx, OFFICER, id)?;
            let mut record = record.clone();
            if let Some(known) = &known {
                record.epoch = decode_officer(known)?.epoch + 1;
                // Whoever is named anew has no second factor, and nothing that was lent.
                cards::end_all(ledger, &record.actor.officer)?;
                grants::end_all(ledger, &record.actor.officer)?;
            }
            let row = Entity {
                id: id.to_owned(),
                version: known.map_or(0, |known| known.version),
                site: record.actor.site.to_string(),
                state: "active".to_owned(),
                due_ms: None,
                body: encode(OFFICER, &record)?,
            };
            entity::put(ledger.tx, OFFICER, &row)?;
            let by = ledger.actor.clone();
            ledger.note(
                &by,
                OFFICER,
                id,
                &serde_json::json!({ "named": record.actor }),
            )
        })
    }

    fn hashed(&self, password: &str, officer: &Actor) -> Result<String> {
        passwords::check(password, officer)?;
        let salt = self.seed();
        let hash = hasher()
            .hash_password_with_salt(password.as_bytes(), &salt[..16])
            .map_err(|why| malformed("password", why))?;
        Ok(hash.to_string())
    }

    /// Gives an officer another password, against the present one; every session of the officer ends.
    ///
    /// # Errors
    /// `circuit.right` when the present password is wrong, `circuit.too-early` after too many tries, or when the new
    /// one is too short.
    pub fn change_password(
        self: &Arc<Self>,
        officer: &OfficerId,
        present: &str,
        new: &str,
        now: Timestamp,
    ) -> Result<()> {
        let actor = self
            .officer(officer)?
            .ok_or_else(|| Reason::Unknown.refusal())?;
        let hash = self.hashed(new, &actor)?;
        // What somebody else has seen is not kept.
        if present == new {
            return Err(Reason::Password.refusal().into());
        }
        if !self.password_is(officer, present, now)? {
            return Err(Reason::Right.refusal().into());
        }
        self.transact(&actor, now, move |ledger| {
            change_own(ledger, "changed-password", |record| {
                record.password.clone_from(&hash);
                record.first_until_ms = None;
                record.epoch += 1;
                Ok(())
            })
        })
    }

    /// The sessions of an officer that are open, the latest to end first: what names each, and until when.
    ///
    /// # Errors
    /// What the store says.
    pub fn sessions(
        &self,
        officer: &OfficerId,
        now: Timestamp,
    ) -> Result<Vec<(String, Timestamp)>> {
        let (officer, now_ms) = (officer.as_str().to_owned(), now.as_millisecond());
        self.store.read::<_, Error, _>(move |tx| {
            let Some(record) = entity::get(tx, OFFICER, &officer)? else {
                return Ok(Vec::new());
            };
            let epoch = decode_officer(&record)?.epoch;
            let rows = entity::list(tx, SESSION, Some("open"), Some(&officer), "", PAGE)?;
            let mut open = Vec::new();
            for row in rows {
                let session: Session =
                    serde_json::from_str(&row.body).map_err(|why| malformed("session", why))?;
                if session.epoch == epoch && row.due_ms.is_some_and(|due| due > now_ms) {
                    open.push((row.id, session.until));
                }
            }
            open.sort_by_key(|(_, until)| std::cmp::Reverse(*until));
            Ok(open)
        })
    }

    /// Ends a session of an officer by its name.
    ///
    /// # Errors
    /// `circuit.unknown` when it is none of this officer's, or what the store says.
    pub fn end_session(
        self: &Arc<Self>,
        officer: &Actor,
        name: &str,
        now: Timestamp,
    ) -> Result<()> {
        let (id, name) = (officer.officer.to_string(), name.to_owned());
        self.transact(officer, now, move |ledger| {
            let row = entity::get(ledger.tx, SESSION, &name)?;
            let mut row = row
                .filter(|row| row.site == id)
                .ok_or_else(|| Reason::Unknown.refusal())?;
            row.state = "ended".to_owned();
            Ok(entity::put(ledger.tx, SESSION, &row)?)
        })
    }

    /// The officer of that name, if one is active here.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) fn officer(&self, officer: &OfficerId) -> Result<Option<Actor>> {
        let row = self.officer_row(officer)?;
        let row = row.filter(|row| row.state == "active");
        row.map(|row| Ok(decode_officer(&row)?.actor)).transpose()
    }

    /// The officer of that name, whether active, locked or removed.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) fn named_officer(&self, officer: &OfficerId) -> Result<Option<Actor>> {
        let row = self.officer_row(officer)?;
        row.map(|row| Ok(decode_officer(&row)?.actor)).transpose()
    }

    pub(crate) fn officer_row(&self, officer: &OfficerId) -> Result<Option<Entity>> {
        let id = officer.as_str().to_owned();
        self.store
            .read::<_, Error, _>(move |tx| Ok(entity::get(tx, OFFICER, &id)?))
    }

    /// The officers that are named here, by name.
    ///
    /// # Errors
    /// What the store says.
    pub fn officers(&self) -> Result<Vec<Actor>> {
        let mut all = Vec::new();
        loop {
            let after = all
                .last()
                .map(|last: &Actor| last.officer.to_string())
                .unwrap_or_default();
            let page = self.store.read::<_, Error, _>(move |tx| {
                Ok(entity::list(
                    tx,
                    OFFICER,
                    Some("active"),
                    None,
                    &after,
                    PAGE,
                )?)
            })?;
            for row in &page {
                let record: Officer =
                    serde_json::from_str(&row.body).map_err(|why| malformed("officer", why))?;
                all.push(record.actor);
            }
            if page.len() < PAGE as usize {
                return Ok(all);
            }
        }
    }

    /// Nothing, when the second officer of a command is somebody: known here, at the same site, with the same right.
    ///
    /// # Errors
    /// `circuit.two-people`.
    pub fn check_second(&self, command: &Command, by: &Actor, now: Timestamp) -> Result<()> {
        let Some(second) = command.second() else {
            return Ok(());
        };
        by.beside(second)?;
        let second = self.officer(second)?;
        let second = second.map(|second| {
            self.store
                .read::<_, Error, _>(move |tx| with_lent(tx, second.clone(), now))
        });
        let fits = second.transpose()?.is_some_and(|second| {
            // The second of two works on everything that the first works on.
            second.site == by.site && second.rights.contains(&command.right()) && second.covers(by)
        });
        if fits {
            Ok(())
        } else {
            Err(Reason::TwoPeople.refusal().into())
        }
    }

    /// Takes an officer's rights away; their sessions end with it.
    ///
    /// # Errors
    /// When there is no such officer.
    pub fn remove_officer(
        self: &Arc<Self>,
        by: &Actor,
        officer: &OfficerId,
        now: Timestamp,
    ) -> Result<()> {
        by.needs(Right::Administer)?;
        let officer = officer.clone();
        self.transact(by, now, move |ledger| {
            let known = entity::get(ledger.tx, OFFICER, officer.as_str())?;
            let mut known = known.ok_or_else(|| Reason::Unknown.refusal())?;
            known.state = "removed".to_owned();
            entity::put(ledger.tx, OFFICER, &known)?;
            cards::end_all(ledger, &officer)?;
            grants::end_all(ledger, &officer)?;
            let by = ledger.actor.clone();
            ledger.note(
                &by,
                OFFICER,
                officer.as_str(),
                &serde_json::json!("removed"),
            )
        })
    }

    /// A token that nobody guesses.
    pub(crate) fn token(&self) -> Zeroizing<String> {
        let seed = self.seed();
        Zeroizing::new(seed.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Signs an officer in by the password, and by a card or a passkey where the officer has one: a token, or the challenge
    /// for a passkey; nothing when name or password are wrong. `card` is what proved to be at the other end.
    ///
    /// # Errors
    /// `circuit.card` when an officer with a card shows none of the own, `circuit.too-early` after too many wrong passwords, or what the store says.
    pub fn sign_in(
        self: &Arc<Self>,
        officer: &OfficerId,
        password: &str,
        card: Option<&Digest>,
        now: Timestamp,
    ) -> Result<Option<SignIn>> {
        let Some(record) = self.check_password(officer, password, now)? else {
            return Ok(None);
        };
        if record
            .first_until_ms
            .is_some_and(|until| until <= now.as_millisecond())
        {
            return Err(Reason::PasswordEnded.refusal().into());
        }
        let until_ms = now.as_millisecond() + SESSION_MS;
        let until = Timestamp::from_millisecond(until_ms).map_err(|why| malformed("time", why))?;
        let session = Session {
            actor: record.actor.clone(),
            until,
            epoch: record.epoch,
            passkey: false,
            card: None,
            first_password: record.first_until_ms.is_some(),
        };
        let id = officer.clone();
        let cards = self
            .store
            .read::<_, Error, _>(move |tx| cards::active(tx, &id, now))?;
        let shown = card.filter(|shown| cards.iter().any(|card| card.fingerprint == **shown));
        if let Some(shown) = shown {
            return Ok(Some(self.open_with_card(session, shown, now)?));
        }
        if record.card && record.passkeys.is_empty() {
            self.count_missing_card(officer, &record.actor, now)?;
            return Err(Reason::Card.refusal().into());
        }
        if !record.passkeys.is_empty() {
            return Ok(Some(self.begin_half(session, record.passkeys, now)?));
        }
        let token = self.token();
        let (name, opened) = (Digest::of(token.as_bytes()), session.clone());
        self.transact(&record.actor, now, move |ledger| {
            open_session(ledger, &name, &opened, "signed-in")
        })?;
        Ok(Some(SignIn::Whole(token, session)))
    }

    /// Opens the session of somebody whose card is there.
    fn open_with_card(
        self: &Arc<Self>,
        mut session: Session,
        card: &Digest,
        now: Timestamp,
    ) -> Result<SignIn> {
        session.card = Some(card.clone());
        let token = self.token();
        let (name, opened) = (Digest::of(token.as_bytes()), session.clone());
        self.transact(&session.actor, now, move |ledger| {
            change_own(ledger, "showed-card", |record| {
                record.failures = 0;
                Ok(())
            })?;
            open_session(ledger, &name, &opened, "signed-in-with-card")
        })?;
        Ok(SignIn::Whole(token, session))
    }

    /// A right password without the card is counted like a wrong one.
    fn count_missing_card(
        self: &Arc<Self>,
        officer: &OfficerId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        let id = officer.as_str().to_owned();
        self.transact(actor, now, move |ledger| {
            let row = entity::get(ledger.tx, OFFICER, &id)?;
            let mut row = row.ok_or_else(|| Reason::Unknown.refusal())?;
            let mut record = decode_officer(&row)?;
            count_failure(ledger, &mut row, &mut record, "missing-card")?;
            row.body = encode(OFFICER, &record)?;
            Ok(entity::put(ledger.tx, OFFICER, &row)?)
        })
    }

    /// Whether a password is the officer's.
    ///
    /// # Errors
    /// As those of [`Desk::sign_in`].
    pub(crate) fn password_is(
        self: &Arc<Self>,
        officer: &OfficerId,
        password: &str,
        now: Timestamp,
    ) -> Result<bool> {
        Ok(self.check_password(officer, password, now)?.is_some())
    }

    /// Nothing, when a password is the officer's own: a session that was left open is not enough for what comes after.
    ///
    /// # Errors
    /// `circuit.password-wrong`, and those of [`Desk::sign_in`].
    pub(crate) fn needs_password(
        self: &Arc<Self>,
        officer: &OfficerId,
        password: &str,
        now: Timestamp,
    ) -> Result<()> {
        if self.password_is(officer, password, now)? {
            Ok(())
        } else {
            Err(Reason::PasswordWrong.refusal().into())
        }
    }

    /// The officer, when the password is right; a wrong one is counted.
    fn check_password(
        self: &Arc<Self>,
        officer: &OfficerId,
        password: &str,
        now: Timestamp,
    ) -> Result<Option<Officer>> {
        let row = self.officer_row(officer)?;
        let Some(row) = row.filter(|row| row.state == "active") else {
            return Ok(None);
        };
        let record = decode_officer(&row)?;
        if record.wait_until_ms > now.as_millisecond() {
            return Err(Reason::TooEarly.refusal().into());
        }
        let hash = PasswordHash::new(&record.password).map_err(|why| malformed("officer", why))?;
        let good = password.len() <= PASSWORD_BYTES_MAX
            && hasher().verify_password(password.as_bytes(), &hash).is_ok();
        let id = officer.as_str().to_owned();
        self.transact(&record.actor, now, move |ledger| {
            let row = entity::get(ledger.tx, OFFICER, &id)?;
            let mut row = row.ok_or_else(|| Reason::Unknown.refusal())?;
            let mut record = decode_officer(&row)?;
            // Others may have guessed at the same time.
            if record.wait_until_ms > ledger.now_ms() {
                return Err(Reason::TooEarly.refusal().into());
            }
            // Where there is a second factor that ends the count, not the password.
            let second = !record.passkeys.is_empty() || record.card;
            if good && (record.failures == 0 || second) {
                return Ok(Some(record));
            }
            if good {
                record.failures = 0;
            } else {
                count_failure(ledger, &mut row, &mut record, "wrong-password")?;
            }
            row.body = encode(OFFICER, &record)?;
            entity::put(ledger.tx, OFFICER, &row)?;
            Ok(good.then_some(record))
        })
    }

    /// Who a token belongs to; nothing when it is unknown, ended, was not used for half an hour, or its officer was
    /// removed.
    ///
    /// # Errors
    /// What the store says.
    pub fn session(self: &Arc<Self>, token: &str, now: Timestamp) -> Result<Option<Session>> {
        let Some((session, row)) = self.read_session(token, now)? else {
            return Ok(None);
        };
        self.use_session(&session, &row, now)?;
        Ok(Some(session))
    }

    /// The same for who is at the other end of a connection: whoever signed in with a card works with it in its reader, and a
    /// token without it keeps no session alive.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) fn session_at(
        self: &Arc<Self>,
        token: &str,
        shown: Option<&Digest>,
        now: Timestamp,
    ) -> Result<Option<Session>> {
        let found = self.read_session(token, now)?;
        let fits = |session: &Session| session.card.is_none() || session.card.as_ref() == shown;
        let Some((session, row)) = found.filter(|(session, _)| fits(session)) else {
            return Ok(None);
        };
        self.use_session(&session, &row, now)?;
        Ok(Some(session))
    }

    fn read_session(&self, token: &str, now: Timestamp) -> Result<Option<(Session, Entity)>> {
        let name = Digest::of(token.as_bytes()).as_str().to_owned();
        let now_ms = now.as_millisecond();
        self.store.read::<_, Error, _>(move |tx| {
            let Some(row) = entity::get(tx, SESSION, &name)? else {
                return Ok(None);
            };
            if row.state != "open" || row.due_ms.is_none_or(|until| until <= now_ms) {
                return Ok(None);
            }
            let officer = entity::get(tx, OFFICER, &row.site)?;
            let Some(officer) = officer.filter(|officer| officer.state == "active") else {
                return Ok(None);
            };
            // The rights are those of now, not those of the sign-in.
            let record: Officer =
                serde_json::from_str(&officer.body).map_err(|why| malformed("officer", why))?;
            let mut session: Session =
                serde_json::from_str(&row.body).map_err(|why| malformed("session", why))?;
            if session.epoch != record.epoch {
                return Ok(None);
            }
            session.first_password = record.first_until_ms.is_some();
            session.actor = with_lent(tx, record.actor, now)?;
            Ok(Some((session, row)))
        })
    }

    /// Who works is not idle; that is written once a minute.
    fn use_session(
        self: &Arc<Self>,
        session: &Session,
        row: &Entity,
        now: Timestamp,
    ) -> Result<()> {
        let due_ms = idle_until(session, now.as_millisecond());
        let fresh = move |row: &Entity| row.due_ms.is_none_or(|due| due + USED_MS > due_ms);
        if fresh(row) {
            return Ok(());
        }
        let (id, system) = (row.id.clone(), Actor::system(&self.site));
        self.transact(&system, now, move |ledger| {
            // Another request of the same session may have written it meanwhile, or ended it.
            let row = entity::get(ledger.tx, SESSION, &id)?;
            let Some(mut row) = row.filter(|row| row.state == "open" && !fresh(row)) else {
                return Ok(());
            };
            row.due_ms = Some(due_ms);
            Ok(entity::put(ledger.tx, SESSION, &row)?)
        })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// What the store says.
    pub fn sign_out(self: &Arc<Self>, token: &str, now: Timestamp) -> Result<()> {
        let name = Digest::of(token.as_bytes()).as_str().to_owned();
        let system = Actor::system(&self.site);
        self.transact(&system, now, move |ledger| {
            if let Some(mut row) = entity::get(ledger.tx, SESSION, &name)? {
                row.state = "ended".to_owned();
                entity::put(ledger.tx, SESSION, &row)?;
            }
            Ok(())
        })
    }
}
