//! The second factor: passkeys of officers (W3C Web Authentication). Who has one is signed in by password and passkey.

use crate::desk::Desk;
use crate::ledger::encode;
use crate::officers::{
    OFFICER, SESSION, Session, SignIn, change_own, count_failure, decode_officer, malformed,
    open_session,
};
use crate::{Error, Result};
use base64ct::{Base64UrlUnpadded, Encoding};
use jiff::Timestamp;
use rilascio_circuit::process::{Actor, Digest, OfficerId, Reason};
use rilascio_keys::webauthn::{self, Credential};
use rilascio_store::entity::{self, Entity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// How long an answer to a challenge may take, in milliseconds.
const CHALLENGE_MS: i64 = 5 * 60 * 1000;
/// The most passkeys of an officer.
const PASSKEYS_MAX: usize = 10;
/// The longest name of a passkey, in characters.
const NAME_MAX: usize = 60;

const CHALLENGE: &str = "passkey-challenge";
/// The state of a sign-in that waits for its passkey.
const HALF: &str = "half";

/// Bytes in base64url without padding, as browsers write them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct WebBytes(pub Vec<u8>);

impl TryFrom<String> for WebBytes {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        let bytes = Base64UrlUnpadded::decode_vec(&text);
        bytes
            .map(Self)
            .map_err(|_| "not base64url without padding".to_owned())
    }
}

impl From<WebBytes> for String {
    fn from(bytes: WebBytes) -> Self {
        Base64UrlUnpadded::encode_string(&bytes.0)
    }
}

/// A passkey of an officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Passkey {
    /// What names it.
    pub id: WebBytes,
    /// What its officer calls it.
    pub name: String,
    /// The host for which it was made.
    pub host: String,
    /// Since when.
    pub added: Timestamp,
    key: WebBytes,
    count: u32,
}

impl Passkey {
    fn credential(&self) -> Credential {
        Credential {
            id: self.id.0.clone(),
            host: self.host.clone(),
            key: self.key.0.clone(),
            count: self.count,
        }
    }
}

/// A new passkey, as a browser gives it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// What its officer calls it.
    pub name: String,
    /// `response.clientDataJSON`.
    pub client_data: WebBytes,
    /// `response.getAuthenticatorData()`.
    pub authenticator_data: WebBytes,
    /// `response.getPublicKey()`.
    pub key: WebBytes,
}

/// The answer of a passkey to a challenge, as a browser gives it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assertion {
    /// `rawId`.
    pub id: WebBytes,
    /// `response.clientDataJSON`.
    pub client_data: WebBytes,
    /// `response.authenticatorData`.
    pub authenticator_data: WebBytes,
    /// `response.signature`.
    pub signature: WebBytes,
}

/// A sign-in that waits for its passkey, as the table has it.
#[derive(Serialize, Deserialize)]
struct Half {
    session: Session,
    challenge: String,
}

fn refused(_: rilascio_keys::Error) -> Error {
    // What exactly was wrong is of use to nobody but who tries.
    Reason::Right.refusal().into()
}

impl Desk {
    fn challenge(&self) -> String {
        Base64UrlUnpadded::encode_string(&self.seed())
    }

    /// Begins the second half of a sign-in: a ticket, and the challenge for one of these passkeys.
    pub(crate) fn begin_half(
        self: &Arc<Self>,
        session: Session,
        passkeys: Vec<Passkey>,
        now: Timestamp,
    ) -> Result<SignIn> {
        let ticket: Zeroizing<String> = Zeroizing::new(self.challenge());
        let half = Half {
            session,
            challenge: self.challenge(),
        };
        let challenge = half.challenge.clone();
        let due_ms = now.as_millisecond() + CHALLENGE_MS;
        let row = Entity {
            id: Digest::of(ticket.as_bytes()).as_str().to_owned(),
            version: 0,
            site: half.session.actor.officer.to_string(),
            state: HALF.to_owned(),
            due_ms: Some(due_ms),
            body: encode(SESSION, &half)?,
        };
        let actor = half.session.actor;
        self.transact(&actor, now, move |ledger| {
            Ok(entity::put(ledger.tx, SESSION, &row)?)
        })?;
        Ok(SignIn::Half {
            ticket,
            challenge,
            passkeys,
        })
    }

    /// Ends a sign-in by the answer of a passkey: a token, and what it is good for; nothing when there is no such ticket
    /// here, or it has ended. A ticket is good for one answer.
    ///
    /// # Errors
    /// `circuit.right` when the answer is wrong, or what the store says.
    pub fn end_half(
        self: &Arc<Self>,
        ticket: &str,
        assertion: &Assertion,
        now: Timestamp,
    ) -> Result<Option<(Zeroizing<String>, Session)>> {
        let id = Digest::of(ticket.as_bytes()).as_str().to_owned();
        let held = id.clone();
        let row = self
            .store()
            .read::<_, Error, _>(move |tx| Ok(entity::get(tx, SESSION, &held)?))?;
        let now_ms = now.as_millisecond();
        let alive =
            |row: &Entity| row.state == HALF && row.due_ms.is_some_and(|until| until > now_ms);
        let Some(row) = row.filter(alive) else {
            return Ok(None);
        };
        let half: Half =
            serde_json::from_str(&row.body).map_err(|why| malformed("session", why))?;
        let (token, officer) = (self.token(), half.session.actor.officer.to_string());
        let name = Digest::of(token.as_bytes());
        let (actor, assertion) = (half.session.actor.clone(), assertion.clone());
        let session = self.transact(&actor, now, move |ledger| {
            let row = entity::get(ledger.tx, SESSION, &id)?;
            let mut row = row
                .filter(|row| row.state == HALF)
                .ok_or_else(|| Reason::Unknown.refusal())?;
            row.state = "ended".to_owned();
            entity::put(ledger.tx, SESSION, &row)?;
            let known = entity::get(ledger.tx, OFFICER, &officer)?;
            let mut known = known
                .filter(|known| known.state == "active")
                .ok_or_else(|| Reason::Unknown.refusal())?;
            let mut record = decode_officer(&known)?;
            let passkey = record
                .passkeys
                .iter_mut()
                .find(|passkey| passkey.id == assertion.id);
            let counted = passkey.and_then(|passkey| {
                let count = webauthn::verify(
                    &passkey.credential(),
                    &half.challenge,
                    &assertion.client_data.0,
                    &assertion.authenticator_data.0,
                    &assertion.signature.0,
                );
                passkey.count = count.ok()?;
                Some(())
            });
            let good = counted.is_some() && record.epoch == half.session.epoch;
            let mut session = half.session.clone();
            session.passkey = true;
            if good {
                record.failures = 0;
                open_session(ledger, &name, &session, "signed-in-with-passkey")?;
            } else {
                count_failure(ledger, &mut known, &mut record, "wrong-passkey")?;
            }
            known.body = encode(OFFICER, &record)?;
            entity::put(ledger.tx, OFFICER, &known)?;
            Ok(good.then_some(session))
        })?;
        match session {
            Some(session) => Ok(Some((token, session))),
            None => Err(Reason::Right.refusal().into()),
        }
    }

    /// The passkeys of an officer.
    ///
    /// # Errors
    /// What the store says.
    pub fn passkeys(&self, officer: &OfficerId) -> Result<Vec<Passkey>> {
        let row = self.officer_row(officer)?;
        let row = row.filter(|row| row.state == "active");
        let record = row.as_ref().map(decode_officer).transpose()?;
        Ok(record.map(|record| record.passkeys).unwrap_or_default())
    }

    /// A challenge under which an officer who is signed in may add a passkey.
    ///
    /// # Errors
    /// What the store says.
    pub fn begin_passkey(self: &Arc<Self>, officer: &Actor, now: Timestamp) -> Result<String> {
        let challenge = self.challenge();
        let (body, due_ms) = (challenge.clone(), now.as_millisecond() + CHALLENGE_MS);
        self.transact(officer, now, move |ledger| {
            let id = ledger.actor.officer.to_string();
            let known = entity::get(ledger.tx, CHALLENGE, &id)?;
            let row = Entity {
                version: known.map_or(0, |known| known.version),
                site: id.clone(),
                id,
                state: "open".to_owned(),
                due_ms: Some(due_ms),
                body: encode(CHALLENGE, &body)?,
            };
            Ok(entity::put(ledger.tx, CHALLENGE, &row)?)
        })?;
        Ok(challenge)
    }

    /// Adds a passkey that answers the officer's last challenge.
    ///
    /// # Errors
    /// `circuit.right` when it does not, `circuit.too-many`, or what the store says.
    pub fn add_passkey(
        self: &Arc<Self>,
        officer: &Actor,
        new: &NewPasskey,
        now: Timestamp,
    ) -> Result<()> {
        let name = new.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control)
        {
            return Err(malformed("name", format!("1 to {NAME_MAX} characters")));
        }
        let new = new.clone();
        self.transact(officer, now, move |ledger| {
            let id = ledger.actor.officer.to_string();
            let asked = entity::get(ledger.tx, CHALLENGE, &id)?;
            let now_ms = ledger.now_ms();
            let mut asked = asked
                .filter(|row| row.state == "open" && row.due_ms.is_some_and(|due| due > now_ms))
                .ok_or_else(|| Reason::Right.refusal())?;
            let challenge: String =
                serde_json::from_str(&asked.body).map_err(|why| malformed("challenge", why))?;
            asked.state = "used".to_owned();
            entity::put(ledger.tx, CHALLENGE, &asked)?;
            let made = webauthn::register(
                &challenge,
                &new.client_data.0,
                &new.authenticator_data.0,
                &new.key.0,
            )
            .map_err(refused)?;
            let made = Passkey {
                id: WebBytes(made.id),
                name: name.clone(),
                host: made.host,
                added: ledger.now,
                key: WebBytes(made.key),
                count: made.count,
            };
            change_own(ledger, "added-passkey", |record| {
                if record.passkeys.len() >= PASSKEYS_MAX {
                    return Err(Reason::TooMany.refusal().into());
                }
                if record.passkeys.iter().any(|known| known.id == made.id) {
                    return Err(Reason::Exists.refusal().into());
                }
                record.passkeys.push(made);
                Ok(())
            })
        })
    }

    /// Removes a passkey of an officer, against the password.
    ///
    /// # Errors
    /// `circuit.right` when the password is wrong, `circuit.too-early` after too many tries, `circuit.unknown` when there
    /// is no such passkey.
    pub fn remove_passkey(
        self: &Arc<Self>,
        officer: &Actor,
        passkey: &WebBytes,
        password: &str,
        now: Timestamp,
    ) -> Result<()> {
        if !self.password_is(&officer.officer, password, now)? {
            return Err(Reason::Right.refusal().into());
        }
        let passkey = passkey.clone();
        self.transact(officer, now, move |ledger| {
            change_own(ledger, "removed-passkey", |record| {
                let before = record.passkeys.len();
                record.passkeys.retain(|known| known.id != passkey);
                if record.passkeys.len() == before {
                    return Err(Reason::Unknown.refusal().into());
                }
                Ok(())
            })
        })
    }
}
