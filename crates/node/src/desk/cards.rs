//! The smart cards that officers sign in with: issued by one, received by its officer, blocked by either.
//!
//! The key of a card is born in it; what comes here is a request that the card signed. From the day on which an officer has
//! received a card the password alone opens nothing, also when the card was blocked or has ended: then another card is
//! received with a passkey, or the officer is named anew.

use crate::desk::{Desk, is_everywhere};
use crate::ledger::{Ledger, decode_as, encode};
use crate::officers::{OFFICER, decode_officer};
use crate::operators::Operators;
use crate::{Error, Result};
use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_circuit::process::{Actor, Digest, OfficerId, Reason, Reference, Right, SiteId};
use rilascio_store::Tx;
use rilascio_store::entity::{self, Entity};
use rilascio_store::work;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The kind of its rows.
const CARD: &str = "card";
/// Cards of an officer that are not over.
const HELD_MAX: usize = 20;
/// The longest request, in characters.
const REQUEST_MAX: usize = 24 * 1024;

/// Where a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CardState {
    /// It was made out and lies where it was.
    Issued,
    /// It is on its way to its officer.
    Shipped,
    /// Its officer has it.
    Active,
    /// Nobody signs in with it any more.
    Blocked,
    /// Its officer has another one.
    Replaced,
}

impl CardState {
    const ALL: [Self; 5] = [
        Self::Issued,
        Self::Shipped,
        Self::Active,
        Self::Blocked,
        Self::Replaced,
    ];

    fn is_over(self) -> bool {
        matches!(self, Self::Blocked | Self::Replaced)
    }
}

/// Why a card is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CardEnd {
    /// Nobody knows where it is.
    Lost,
    /// Somebody has taken it.
    Stolen,
    /// It does not work.
    Damaged,
    /// Its officer does other work.
    Left,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Card {
    /// Its name.
    pub id: Reference,
    /// Whose it is.
    pub officer: OfficerId,
    /// Where its officer works.
    pub site: SiteId,
    /// Where it is.
    pub state: CardState,
    /// The serial number of its certificate.
    pub serial: String,
    /// The digest of its certificate.
    pub fingerprint: Digest,
    /// From when its certificate is valid.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who made it out.
    pub issued_by: OfficerId,
    /// Why it is blocked.
    pub why: Option<CardEnd>,
    /// Its certificate in PEM, to be written into the card.
    pub certificate: String,
}

/// What a card is made out with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CardRequest {
    /// Whose it is to be.
    pub officer: OfficerId,
    /// The request that the card signed (PKCS #10, PEM).
    pub request: String,
}

/// What becomes of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardStep {
    /// It is sent to its officer.
    Ship,
    /// Its officer has it: from now on it is asked for.
    Receive,
    /// Nobody signs in with it any more.
    Block(CardEnd),
}

/// The bytes of a PEM text with that label.
fn unarmoured(text: &str) -> Option<Vec<u8>> {
    if text.len() > REQUEST_MAX {
        return None;
    }
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    if !matches!(label, "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST") {
        return None;
    }
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.split_whitespace().collect();
    Base64::decode_vec(&body).ok()
}

/// Bytes as PEM.
pub(crate) fn armoured(label: &str, der: &[u8]) -> String {
    let text = Base64::encode_string(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + &format!("-----END {label}-----\n")
}

fn refuse(reason: Reason) -> Error {
    reason.refusal().into()
}

/// The cards that an officer has and can sign in with.
pub(crate) fn active(tx: &mut dyn Tx, officer: &OfficerId, now: Timestamp) -> Result<Vec<Card>> {
    let mut found = of_state(tx, CardState::Active, Some(officer.as_str()))?;
    found.retain(|card| card.from <= now && now < card.until);
    Ok(found)
}

fn put(ledger: &mut Ledger<'_>, card: &Card, version: i64) -> Result<()> {
    let row = Entity {
        id: card.id.to_string(),
        version,
        // An officer's cards are found at the sign-in.
        site: card.officer.to_string(),
        state: crate::ledger::word(card.state),
        due_ms: Some(card.until.as_millisecond()),
        body: encode(CARD, card)?,
    };
    Ok(entity::put(ledger.tx, CARD, &row)?)
}

/// Ends every card of an officer, and every session that was opened with one.
pub(crate) fn end_all(ledger: &mut Ledger<'_>, officer: &OfficerId) -> Result<()> {
    for state in [CardState::Issued, CardState::Shipped, CardState::Active] {
        let state = crate::ledger::word(state);
        let rows = entity::every(ledger.tx, CARD, &state, Some(officer.as_str()))?;
        for row in rows {
            let mut card: Card = decode_as(CARD, &row)?;
            card.state = CardState::Blocked;
            card.why = Some(CardEnd::Left);
            put(ledger, &card, row.version)?;
            let who = ledger.actor.clone();
            ledger.note(&who, CARD, card.id.as_str(), &("blocked", CardEnd::Left))?;
        }
    }
    Ok(())
}

/// Sessions of before do not count any more; from a receipt on a card is asked for.
fn end_sessions(ledger: &mut Ledger<'_>, officer: &OfficerId, received: bool) -> Result<()> {
    let Some(mut row) = entity::get(ledger.tx, OFFICER, officer.as_str())? else {
        return Ok(());
    };
    let mut record = decode_officer(&row)?;
    record.epoch += 1;
    record.card |= received;
    row.body = encode(OFFICER, &record)?;
    Ok(entity::put(ledger.tx, OFFICER, &row)?)
}

fn runs(actor: &Actor, card: &Card) -> bool {
    actor.rights.contains(&Right::Administer) && actor.site == card.site
}

/// The cards of a state: of an officer, or of everybody.
fn of_state(tx: &mut dyn Tx, state: CardState, officer: Option<&str>) -> Result<Vec<Card>> {
    let rows = entity::every(tx, CARD, &crate::ledger::word(state), officer)?;
    rows.iter().map(|row| decode_as(CARD, row)).collect()
}

impl Desk {
    /// Makes out a card for an officer.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.two-people` for the own card, `circuit.unknown` for an officer who is not here,
    /// `circuit.malformed` for a text that is no request.
    pub fn issue_card(
        self: &Arc<Self>,
        operators: &Operators,
        request: &CardRequest,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Card> {
        actor.needs(Right::Administer)?;
        actor.beside(&request.officer)?;
        let known = self.officer(&request.officer)?;
        let known = known.ok_or_else(|| Reason::Unknown.refusal())?;
        if known.site != actor.site {
            return Err(refuse(Reason::Site));
        }
        let der = unarmoured(&request.request).ok_or_else(|| Reason::Malformed.refusal())?;
        let mut rng = ChaCha20Rng::from_seed(self.seed());
        let certificate = operators.card(request.officer.as_str(), &der, now, &mut rng)?;
        let (from, until) = certificate.validity();
        let (serial, pem) = (
            certificate.serial_hex(),
            armoured("CERTIFICATE", certificate.der()),
        );
        let fingerprint = Digest::of(certificate.der());
        self.transact(actor, now, move |ledger| {
            let who = ledger.actor.clone();
            let number = work::take_numbers(ledger.tx, CARD, 1)?;
            let mut held = 0;
            for state in [CardState::Issued, CardState::Shipped, CardState::Active] {
                held += of_state(ledger.tx, state, Some(known.officer.as_str()))?.len();
            }
            if held >= HELD_MAX {
                return Err(refuse(Reason::TooMany));
            }
            let id = Reference::parse(&format!("card-{number:06}"));
            let card = Card {
                id: id.map_err(|why| Error::Malformed { what: "card", why })?,
                officer: known.officer.clone(),
                site: known.site.clone(),
                state: CardState::Issued,
                serial: serial.clone(),
                fingerprint: fingerprint.clone(),
                from,
                until,
                issued_by: who.officer.clone(),
                why: None,
                certificate: pem.clone(),
            };
            put(ledger, &card, 0)?;
            let what = ("issued", &card.officer, &card.serial, &card.fingerprint);
            ledger.note(&who, CARD, card.id.as_str(), &what)?;
            Ok(card)
        })
    }

    /// Takes a step with a card.
    ///
    /// # Errors
    /// `circuit.unknown` for a card of somebody else, `circuit.right`, `circuit.state`.
    pub fn step_card(
        self: &Arc<Self>,
        id: &Reference,
        step: CardStep,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Card> {
        let id = id.clone();
        self.transact(actor, now, move |ledger| {
            let who = ledger.actor.clone();
            let row = entity::get(ledger.tx, CARD, id.as_str())?;
            let row = row.ok_or_else(|| Reason::Unknown.refusal())?;
            let mut card: Card = decode_as(CARD, &row)?;
            let own = card.officer == who.officer;
            if !own && !runs(&who, &card) {
                return Err(refuse(Reason::Unknown));
            }
            let word = match step {
                CardStep::Ship => {
                    who.needs(Right::Administer)?;
                    if card.state != CardState::Issued {
                        return Err(refuse(Reason::State));
                    }
                    card.state = CardState::Shipped;
                    "shipped"
                }
                CardStep::Receive => {
                    // Only its officer says that it is there.
                    if !own {
                        return Err(refuse(Reason::Right));
                    }
                    if !matches!(card.state, CardState::Issued | CardState::Shipped) {
                        return Err(refuse(Reason::State));
                    }
                    for mut old in active(ledger.tx, &card.officer, ledger.now)? {
                        let row = entity::get(ledger.tx, CARD, old.id.as_str())?;
                        old.state = CardState::Replaced;
                        put(ledger, &old, row.map_or(0, |row| row.version))?;
                        ledger.note(&who, CARD, old.id.as_str(), &"replaced")?;
                    }
                    card.state = CardState::Active;
                    end_sessions(ledger, &card.officer, true)?;
                    "received"
                }
                CardStep::Block(why) => {
                    if card.state.is_over() {
                        return Err(refuse(Reason::State));
                    }
                    if card.state == CardState::Active {
                        end_sessions(ledger, &card.officer, false)?;
                    }
                    card.state = CardState::Blocked;
                    card.why = Some(why);
                    "blocked"
                }
            };
            put(ledger, &card, row.version)?;
            ledger.note(&who, CARD, id.as_str(), &(word, card.why))?;
            Ok(card)
        })
    }

    /// The cards that somebody sees, the newest first: the own ones, and those of the site for who runs it.
    ///
    /// # Errors
    /// What the store says.
    pub fn cards(&self, actor: &Actor) -> Result<Vec<Card>> {
        let actor = actor.clone();
        self.store().read::<_, Error, _>(move |tx| {
            let mut found = Vec::new();
            let runs_it = actor.rights.contains(&Right::Administer);
            let own = actor.officer.as_str();
            for state in CardState::ALL {
                let cards = of_state(tx, state, (!runs_it).then_some(own))?;
                let seen = |card: &Card| {
                    card.officer == actor.officer || runs(&actor, card) || is_everywhere(&actor)
                };
                found.extend(cards.into_iter().filter(seen));
            }
            found.sort_by(|a, b| b.id.cmp(&a.id));
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_armoured_comes_back() {
        let der: Vec<u8> = (0..=255).collect();
        let text = armoured("CERTIFICATE REQUEST", &der);
        assert!(text.lines().all(|line| line.len() <= 64));
        assert_eq!(unarmoured(&format!("noise\r\n{text}")), Some(der.clone()));
        assert_eq!(unarmoured(&armoured("CERTIFICATE", &der)), None);
        assert_eq!(
            unarmoured("-----BEGIN CERTIFICATE REQUEST-----\n%%%%"),
            None
        );
        assert_eq!(unarmoured(""), None);
    }
}
