//! The workstations of a site: browsers that an administrator has registered, with the version of the bridge beside them.
//!
//! A workstation is known by a token that its browser keeps, of which only the hash is here, as of sessions.

use crate::desk::{Desk, is_everywhere};
use crate::ledger::{decode_as, encode};
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_circuit::process::{Actor, Digest, OfficerId, Reason, Reference, Right, SiteId};
use rilascio_store::Tx;
use rilascio_store::entity::{self, Entity};
use rilascio_store::work;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The kind of its rows.
const WORKSTATION: &str = "workstation";
/// The longest name, and the longest version of a bridge, in characters.
const NAME_MAX: usize = 60;
const VERSION_MAX: usize = 20;
/// How old the note of the last use may be, in milliseconds.
const SEEN_MS: i64 = 60 * 1000;

/// Whether officers may work at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WorkstationState {
    /// They may.
    Registered,
    /// Nobody signs in there.
    Blocked,
}

/// A workstation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Workstation {
    /// What the journal calls it.
    pub id: Reference,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub site: SiteId,
    /// Whether officers may work at it.
    pub state: WorkstationState,
    /// Who registered it.
    pub registered_by: OfficerId,
    /// When it was used last: a sign-in, or a page that found the bridge.
    pub seen: Option<Timestamp>,
    /// The version of the bridge beside the browser, when one was found.
    pub bridge: Option<String>,
}

fn plain(what: &'static str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
        return Err(Error::Malformed {
            what,
            why: format!("1 to {most} characters"),
        });
    }
    Ok(text.to_owned())
}

fn row_of(name: &Digest, station: &Workstation, version: i64) -> Result<Entity> {
    Ok(Entity {
        id: name.as_str().to_owned(),
        version,
        site: station.site.to_string(),
        state: crate::ledger::word(station.state),
        due_ms: None,
        body: encode(WORKSTATION, station)?,
    })
}

impl Desk {
    /// Registers a workstation at the site of who acts; the token is given once.
    ///
    /// # Errors
    /// `circuit.right`, or a name that is none.
    pub fn register_workstation(
        self: &Arc<Self>,
        name: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(Workstation, Zeroizing<String>)> {
        actor.needs(Right::Administer)?;
        let name = plain("name", name, NAME_MAX)?;
        let token = self.token();
        let digest = Digest::of(token.as_bytes());
        let made = self.transact(actor, now, move |ledger| {
            let who = ledger.actor.clone();
            let number = work::take_numbers(ledger.tx, WORKSTATION, 1)?;
            let id = Reference::parse(&format!("workstation-{number:06}"));
            let station = Workstation {
                id: id.map_err(|why| Error::Malformed {
                    what: "workstation",
                    why,
                })?,
                name: name.clone(),
                site: who.site.clone(),
                state: WorkstationState::Registered,
                registered_by: who.officer.clone(),
                seen: None,
                bridge: None,
            };
            entity::put(ledger.tx, WORKSTATION, &row_of(&digest, &station, 0)?)?;
            ledger.note(&who, WORKSTATION, station.id.as_str(), &"registered")?;
            Ok(station)
        })?;
        Ok((made, token))
    }

    /// The workstation of that token, if there is one here.
    ///
    /// # Errors
    /// What the store says.
    pub fn workstation(&self, token: &str) -> Result<Option<Workstation>> {
        let name = Digest::of(token.as_bytes());
        let row = self
            .store()
            .read::<_, Error, _>(move |tx| Ok(entity::get(tx, WORKSTATION, name.as_str())?))?;
        row.map(|row| decode_as(WORKSTATION, &row)).transpose()
    }

    /// Notes that somebody works at a workstation, and which bridge is there.
    ///
    /// # Errors
    /// For a version that is none, or what the store says.
    pub fn see_workstation(
        self: &Arc<Self>,
        token: &str,
        bridge: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let bridge = bridge.map(|bridge| plain("version", bridge, VERSION_MAX));
        let bridge = bridge.transpose()?;
        let name = Digest::of(token.as_bytes());
        self.transact(&Actor::system(self.site()), now, move |ledger| {
            let Some(row) = entity::get(ledger.tx, WORKSTATION, name.as_str())? else {
                return Ok(());
            };
            let mut station: Workstation = decode_as(WORKSTATION, &row)?;
            let before = station.seen.map_or(i64::MIN, |seen| seen.as_millisecond());
            let fresh = before.saturating_add(SEEN_MS) > ledger.now_ms();
            if fresh && (bridge.is_none() || bridge == station.bridge) {
                return Ok(());
            }
            station.seen = Some(ledger.now);
            if bridge.is_some() {
                station.bridge.clone_from(&bridge);
            }
            Ok(entity::put(
                ledger.tx,
                WORKSTATION,
                &row_of(&name, &station, row.version)?,
            )?)
        })
    }

    /// Blocks a workstation, or lets officers work there again; sessions that are open there go on.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.unknown` for one of another site, `circuit.state` when it is so already.
    pub fn set_workstation(
        self: &Arc<Self>,
        id: &Reference,
        state: WorkstationState,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Workstation> {
        actor.needs(Right::Administer)?;
        let id = id.clone();
        self.transact(actor, now, move |ledger| {
            let who = ledger.actor.clone();
            let rows = all(ledger.tx, Some(who.site.as_str()))?;
            let found = rows.into_iter().find(|(_, station)| station.id == id);
            let (row, mut station) = found.ok_or_else(|| Reason::Unknown.refusal())?;
            if station.state == state {
                return Err(Reason::State.refusal().into());
            }
            station.state = state;
            let name = Entity {
                state: crate::ledger::word(state),
                body: encode(WORKSTATION, &station)?,
                ..row
            };
            entity::put(ledger.tx, WORKSTATION, &name)?;
            ledger.note(&who, WORKSTATION, id.as_str(), &state)?;
            Ok(station)
        })
    }

    /// The workstations of the site of who asks; of all sites for who audits and administers.
    ///
    /// # Errors
    /// `circuit.right`, or what the store says.
    pub fn workstations(&self, actor: &Actor) -> Result<Vec<Workstation>> {
        actor.needs(Right::Administer)?;
        let site = (!is_everywhere(actor)).then(|| actor.site.to_string());
        let rows = self
            .store()
            .read::<_, Error, _>(move |tx| all(tx, site.as_deref()))?;
        let mut found: Vec<Workstation> = rows.into_iter().map(|(_, station)| station).collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(found)
    }
}

/// The workstations of a site, or of all, with their rows.
fn all(tx: &mut dyn Tx, site: Option<&str>) -> Result<Vec<(Entity, Workstation)>> {
    let mut found = Vec::new();
    for state in [WorkstationState::Registered, WorkstationState::Blocked] {
        for row in entity::every(tx, WORKSTATION, &crate::ledger::word(state), site)? {
            let station = decode_as(WORKSTATION, &row)?;
            found.push((row, station));
        }
    }
    Ok(found)
}
