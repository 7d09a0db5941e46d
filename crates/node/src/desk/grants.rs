//! What an officer may do for a time beyond the own rights: as a stand-in for a colleague who is away, asked for by one and
//! approved by another; or in an emergency, taken at once, with an alarm that stands until somebody else has looked at it.
//!
//! Rights for a time end by the clock, whatever is written. A stand-in never has more than the absent officer has now. Nobody
//! administers or audits that way.

use crate::desk::{Desk, is_everywhere};
use crate::ledger::{DAY_MS, Ledger, decode_as, encode};
use crate::officers::{OFFICER, decode_officer};
use crate::prose::Prose;
use crate::role::Role;
use crate::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use rilascio_circuit::process::{Actor, OfficerId, Reason, Reference, Right, SiteId};
use rilascio_store::Tx;
use rilascio_store::entity::{self, Entity};
use rilascio_store::vault::Compartment;
use rilascio_store::work;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The kind of its rows.
const GRANT: &str = "grant";
/// The kind of the rows that stand until somebody else has looked at an emergency.
const ALARM: &str = "emergency-alarm";
/// Where the reason of an emergency is kept.
const TEXTS: &str = "texts";
const REASON: &str = "reason";
/// The job that forgets the reason of an emergency.
pub(crate) const FORGET_GRANT: &str = "forget-grant";
/// How long a reason is kept after the emergency, in days.
const KEPT_DAYS: i64 = 730;
/// The longest time of a stand-in, and how far ahead it may begin, in days.
const SUBSTITUTION_DAYS_MAX: i64 = 60;
/// The longest time of an emergency, in minutes.
pub const EMERGENCY_MINUTES_MAX: i64 = 60;
/// Emergencies of an officer at which nobody has looked; with so many there is no other.
const ALARMS_MAX: usize = 3;
/// Grants that an officer can hold at the same time.
const HELD_MAX: usize = 20;
/// The newest grants of each state in one answer.
const LIST_MAX: u32 = 500;

/// Why somebody may do more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GrantKind {
    /// For somebody who is away.
    Substitution,
    /// Because it cannot wait.
    Emergency,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GrantState {
    /// It waits for somebody's approval.
    Asked,
    /// It holds between its two times.
    Open,
    /// It was not approved.
    Refused,
    /// It was ended before its time.
    Ended,
    /// An emergency at which somebody else has looked.
    Reviewed,
}

impl GrantState {
    const ALL: [Self; 5] = [
        Self::Asked,
        Self::Open,
        Self::Refused,
        Self::Ended,
        Self::Reviewed,
    ];
}

/// Rights for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grant {
    /// Its name.
    pub id: Reference,
    /// Why.
    pub kind: GrantKind,
    /// Where it stands.
    pub state: GrantState,
    /// Who may do more.
    pub officer: OfficerId,
    /// Where.
    pub site: SiteId,
    /// Whose work it is, for a stand-in.
    pub absent: Option<OfficerId>,
    /// What.
    pub rights: BTreeSet<Right>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Who asked for it.
    pub asked_by: OfficerId,
    /// Who approved, refused or reviewed it.
    pub judged_by: Option<OfficerId>,
}

/// A grant as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ShownGrant {
    /// The grant.
    #[serde(flatten)]
    pub grant: Grant,
    /// Whether it holds now.
    pub holds: bool,
    /// Whether its time is over.
    pub over: bool,
    /// The reason of an emergency, for those who see it.
    pub reason: Option<Prose>,
}

/// What is asked for: that somebody stands in for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubstitutionRequest {
    /// Who is away; whoever asks if absent.
    #[serde(default)]
    pub absent: Option<OfficerId>,
    /// Who stands in.
    pub substitute: OfficerId,
    /// With which of the rights.
    pub rights: BTreeSet<Right>,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What somebody takes in an emergency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyRequest {
    /// The right.
    pub right: Right,
    /// Why it cannot wait for somebody who has it.
    pub reason: Prose,
    /// For how many minutes.
    pub minutes: i64,
}

/// What becomes of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantStep {
    /// Somebody else approves.
    Approve,
    /// Somebody else refuses.
    Refuse,
    /// It ends before its time.
    End,
    /// Somebody else has looked at an emergency that is over.
    Review,
}

impl GrantStep {
    /// The step of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "approve" => Some(Self::Approve),
            "refuse" => Some(Self::Refuse),
            "end" => Some(Self::End),
            "review" => Some(Self::Review),
            _ => None,
        }
    }
}

impl Grant {
    /// Whether it holds at that time.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.state == GrantState::Open && self.from <= now && now < self.until
    }

    /// Whether it is an emergency that nobody else has looked at.
    #[must_use]
    pub fn alarms(&self) -> bool {
        self.kind == GrantKind::Emergency && self.state != GrantState::Reviewed
    }

    fn concerns(&self, officer: &OfficerId) -> bool {
        self.officer == *officer || self.absent.as_ref() == Some(officer)
    }
}

/// Whether a right is of use at a role, and may be given for a time.
pub(crate) fn is_lent(right: Right, role: Role) -> bool {
    !matches!(right, Right::Audit | Right::Administer | Right::System) && is_of_use(right, role)
}

/// Whether a right opens anything at a role.
pub(crate) fn is_of_use(right: Right, role: Role) -> bool {
    match right {
        Right::Audit | Right::Administer => true,
        Right::LookUp => role == Role::Registry,
        Right::Enrol | Right::Approve | Right::HandOver => role == Role::Office,
        Right::Examine | Right::Decide | Right::Revoke | Right::Watch => role == Role::Centre,
        Right::Produce => role == Role::Works,
        Right::Stock => matches!(role, Role::Office | Role::Works),
        Right::System => false,
    }
}

/// Those who run or audit a desk see what is granted at their site; who does both, everywhere.
fn sees_all(actor: &Actor) -> bool {
    actor.rights.contains(&Right::Administer) || actor.rights.contains(&Right::Audit)
}

fn sees(actor: &Actor, grant: &Grant) -> bool {
    let own = grant.concerns(&actor.officer) || grant.asked_by == actor.officer;
    own || is_everywhere(actor) || sees_all(actor) && actor.site == grant.site
}

fn put(ledger: &mut Ledger<'_>, grant: &Grant, version: i64) -> Result<()> {
    let row = Entity {
        id: grant.id.to_string(),
        version,
        // An officer's grants are found with every request.
        site: grant.officer.to_string(),
        state: crate::ledger::word(grant.state),
        due_ms: Some(grant.until.as_millisecond()),
        body: encode(GRANT, grant)?,
    };
    Ok(entity::put(ledger.tx, GRANT, &row)?)
}

fn active(tx: &mut dyn Tx, officer: &OfficerId) -> Result<Option<Actor>> {
    let row = entity::get(tx, OFFICER, officer.as_str())?;
    let row = row.filter(|row| row.state == "active");
    row.map(|row| Ok(decode_officer(&row)?.into_actor()))
        .transpose()
}

/// An officer with the rights that hold now, lent ones included.
pub(crate) fn with_lent(tx: &mut dyn Tx, mut actor: Actor, now: Timestamp) -> Result<Actor> {
    let open = crate::ledger::word(GrantState::Open);
    let rows = entity::every(tx, GRANT, &open, Some(actor.officer.as_str()))?;
    for row in rows {
        let grant: Grant = decode_as(GRANT, &row)?;
        if !grant.holds(now) || grant.site != actor.site {
            continue;
        }
        match &grant.absent {
            None => actor.rights.extend(grant.rights),
            Some(absent) => {
                let absent = active(tx, absent)?;
                let absent =
                    absent.filter(|absent| absent.site == grant.site && absent.covers(&actor));
                let has = absent.map(|absent| absent.rights).unwrap_or_default();
                actor.rights.extend(grant.rights.intersection(&has));
            }
        }
    }
    Ok(actor)
}

/// Writes, or ends, the alarm of an emergency.
fn put_alarm(ledger: &mut Ledger<'_>, grant: &Grant) -> Result<()> {
    let known = entity::get(ledger.tx, ALARM, grant.id.as_str())?;
    let row = Entity {
        id: grant.id.to_string(),
        version: known.map_or(0, |known| known.version),
        site: grant.site.to_string(),
        state: if grant.alarms() { "open" } else { "ended" }.to_owned(),
        due_ms: None,
        body: encode(ALARM, &grant.officer)?,
    };
    Ok(entity::put(ledger.tx, ALARM, &row)?)
}

/// The emergencies at which nobody has looked, at a site or everywhere: their names and whose they are.
fn alarming(tx: &mut dyn Tx, site: Option<&str>) -> Result<Vec<(Reference, OfficerId)>> {
    let rows = entity::every(tx, ALARM, "open", site)?;
    let named = |row: &Entity| {
        let id = Reference::parse(&row.id);
        let id = id.map_err(|why| Error::Malformed { what: "alarm", why })?;
        Ok((id, decode_as(ALARM, row)?))
    };
    rows.iter().map(named).collect()
}

fn refuse(reason: Reason) -> Error {
    reason.refusal().into()
}

fn later(now: Timestamp, by: SignedDuration) -> Result<Timestamp> {
    now.checked_add(by).map_err(|why| Error::Malformed {
        what: "time",
        why: why.to_string(),
    })
}

fn fresh_id(ledger: &mut Ledger<'_>) -> Result<Reference> {
    let number = work::take_numbers(ledger.tx, GRANT, 1)?;
    Reference::parse(&format!("grant-{number:06}"))
        .map_err(|why| Error::Malformed { what: "grant", why })
}

fn texts(id: &Reference) -> Compartment<'_> {
    Compartment {
        dossier: id.as_str(),
        part: TEXTS,
    }
}

/// Two years after an emergency nothing is left of what was written.
pub(crate) fn forget(ledger: &mut Ledger<'_>, id: &str) -> Result<()> {
    ledger.forget(id, TEXTS).map(drop)
}

/// No more grants for somebody who has very many.
fn refuse_many(ledger: &mut Ledger<'_>, officer: &OfficerId) -> Result<()> {
    let mut held = 0;
    for state in [GrantState::Asked, GrantState::Open] {
        let state = crate::ledger::word(state);
        let rows = entity::every(ledger.tx, GRANT, &state, Some(officer.as_str()))?;
        let now_ms = ledger.now_ms();
        held += rows
            .iter()
            .filter(|row| row.due_ms.is_some_and(|until| until > now_ms))
            .count();
        // What ended long ago makes room.
        for row in rows
            .into_iter()
            .filter(|row| row.due_ms.is_some_and(|until| until <= now_ms))
        {
            let mut grant: Grant = decode_as(GRANT, &row)?;
            if grant.kind == GrantKind::Substitution {
                grant.state = GrantState::Ended;
                put(ledger, &grant, row.version)?;
            }
        }
    }
    if held >= HELD_MAX {
        return Err(refuse(Reason::TooMany));
    }
    Ok(())
}

/// Ends what an officer was lent, or asked for: who is named anew or removed begins anew.
pub(crate) fn end_all(ledger: &mut Ledger<'_>, officer: &OfficerId) -> Result<()> {
    for state in [GrantState::Asked, GrantState::Open] {
        let state = crate::ledger::word(state);
        let rows = entity::every(ledger.tx, GRANT, &state, Some(officer.as_str()))?;
        for row in rows {
            let mut grant: Grant = decode_as(GRANT, &row)?;
            grant.state = GrantState::Ended;
            put(ledger, &grant, row.version)?;
            let who = ledger.actor.clone();
            ledger.note(&who, GRANT, grant.id.as_str(), &"ended")?;
        }
    }
    Ok(())
}

impl Desk {
    /// Asks that somebody stands in for whoever asks, or, for those who administer, for another.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.site`, `circuit.two-people`, `circuit.malformed` for times that make no sense.
    pub fn ask_substitution(
        self: &Arc<Self>,
        request: SubstitutionRequest,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Grant> {
        let absent = request
            .absent
            .clone()
            .unwrap_or_else(|| actor.officer.clone());
        if absent != actor.officer {
            actor.needs(Right::Administer)?;
            // Nobody has the rights of another by asking for them.
            actor.beside(&request.substitute)?;
        }
        if absent == request.substitute {
            return Err(refuse(Reason::TwoPeople));
        }
        let longest = SignedDuration::from_hours(24 * SUBSTITUTION_DAYS_MAX);
        let in_time = request.until > now
            && request.until > request.from
            && request.until <= later(request.from, longest)?
            && request.from <= later(now, longest)?;
        if !in_time {
            return Err(refuse(Reason::Malformed));
        }
        let role = self.role();
        self.transact(actor, now, move |ledger| {
            let who = ledger.actor.clone();
            let id = fresh_id(ledger)?;
            let away = active(ledger.tx, &absent)?.ok_or_else(|| Reason::Unknown.refusal())?;
            let stands = active(ledger.tx, &request.substitute)?;
            let stands = stands.ok_or_else(|| Reason::Unknown.refusal())?;
            if away.site != stands.site || away.site != who.site {
                return Err(refuse(Reason::Site));
            }
            if !away.covers(&stands) {
                return Err(refuse(Reason::Profile));
            }
            let lent = |right: &Right| away.rights.contains(right) && is_lent(*right, role);
            if request.rights.is_empty() || !request.rights.iter().all(lent) {
                return Err(refuse(Reason::Right));
            }
            refuse_many(ledger, &request.substitute)?;
            let grant = Grant {
                id,
                kind: GrantKind::Substitution,
                state: GrantState::Asked,
                officer: request.substitute.clone(),
                site: away.site,
                absent: Some(absent.clone()),
                rights: request.rights.clone(),
                from: request.from,
                until: request.until,
                asked_by: who.officer.clone(),
                judged_by: None,
            };
            put(ledger, &grant, 0)?;
            ledger.note(&who, GRANT, grant.id.as_str(), &("asked", &grant))?;
            Ok(grant)
        })
    }

    /// Takes a right in an emergency.
    ///
    /// # Errors
    /// `circuit.right` for a right that is of no use here or never lent, `circuit.exists` while another emergency of the
    /// officer holds or when the officer has the right anyway, `circuit.malformed` for too many minutes.
    pub fn take_in_emergency(
        self: &Arc<Self>,
        request: EmergencyRequest,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Grant> {
        if !(1..=EMERGENCY_MINUTES_MAX).contains(&request.minutes) {
            return Err(refuse(Reason::Malformed));
        }
        if !is_lent(request.right, self.role()) {
            return Err(refuse(Reason::Right));
        }
        if actor.rights.contains(&request.right) {
            return Err(refuse(Reason::Exists));
        }
        let until = later(now, SignedDuration::from_mins(request.minutes))?;
        let grant = self.transact(actor, now, move |ledger| {
            let who = ledger.actor.clone();
            // The number comes first: whoever asks at the same time waits for it, and sees what was written.
            let id = fresh_id(ledger)?;
            let unseen = alarming(ledger.tx, Some(who.site.as_str()))?;
            let own = unseen.iter().filter(|(_, officer)| *officer == who.officer);
            if own.count() >= ALARMS_MAX {
                return Err(refuse(Reason::TooMany));
            }
            let open = crate::ledger::word(GrantState::Open);
            let rows = entity::every(ledger.tx, GRANT, &open, Some(who.officer.as_str()))?;
            for row in rows {
                let known: Grant = decode_as(GRANT, &row)?;
                if known.kind == GrantKind::Emergency && known.holds(ledger.now) {
                    return Err(refuse(Reason::Exists));
                }
            }
            refuse_many(ledger, &who.officer)?;
            let grant = Grant {
                id,
                kind: GrantKind::Emergency,
                state: GrantState::Open,
                officer: who.officer.clone(),
                site: who.site.clone(),
                absent: None,
                rights: BTreeSet::from([request.right]),
                from: ledger.now,
                until,
                asked_by: who.officer.clone(),
                judged_by: None,
            };
            let bytes = request.reason.as_str().as_bytes();
            ledger.keep(grant.id.as_str(), TEXTS, REASON, bytes)?;
            let digest = ledger.keyed_digest(bytes)?;
            let end = ledger.now_ms() + KEPT_DAYS * DAY_MS;
            work::postpone_job(ledger.tx, FORGET_GRANT, grant.id.as_str(), end)?;
            put(ledger, &grant, 0)?;
            put_alarm(ledger, &grant)?;
            ledger.note(&who, GRANT, grant.id.as_str(), &("taken", &grant, digest))?;
            Ok(grant)
        })?;
        tracing::warn!(
            officer = grant.officer.as_str(),
            grant = grant.id.as_str(),
            minutes = request.minutes,
            "ALARM: a right was taken in an emergency"
        );
        Ok(grant)
    }

    /// Takes a step with a grant.
    ///
    /// # Errors
    /// `circuit.unknown` for a grant that the officer does not see, `circuit.state`, `circuit.right`, `circuit.two-people`
    /// where somebody else has to do it.
    pub fn step_grant(
        self: &Arc<Self>,
        id: &Reference,
        step: GrantStep,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Grant> {
        let id = id.clone();
        self.transact(actor, now, move |ledger| {
            let who = ledger.actor.clone();
            let row = entity::get(ledger.tx, GRANT, id.as_str())?;
            let row = row.ok_or_else(|| Reason::Unknown.refusal())?;
            let mut grant: Grant = decode_as(GRANT, &row)?;
            if !sees(&who, &grant) {
                return Err(refuse(Reason::Unknown));
            }
            let is_over = grant.until <= ledger.now;
            let (state, word) = match step {
                GrantStep::Approve | GrantStep::Refuse => {
                    who.needs_at(Right::Administer, &grant.site)?;
                    if grant.concerns(&who.officer) || grant.asked_by == who.officer {
                        return Err(refuse(Reason::TwoPeople));
                    }
                    if grant.state != GrantState::Asked || is_over && step == GrantStep::Approve {
                        return Err(refuse(Reason::State));
                    }
                    if step == GrantStep::Approve {
                        (GrantState::Open, "approved")
                    } else {
                        (GrantState::Refused, "refused")
                    }
                }
                GrantStep::End => {
                    if !grant.concerns(&who.officer) {
                        who.needs_at(Right::Administer, &grant.site)?;
                    }
                    if !matches!(grant.state, GrantState::Asked | GrantState::Open) || is_over {
                        return Err(refuse(Reason::State));
                    }
                    (GrantState::Ended, "ended")
                }
                GrantStep::Review => {
                    if !sees_all(&who) {
                        return Err(refuse(Reason::Right));
                    }
                    who.beside(&grant.officer)?;
                    let over = is_over || grant.state == GrantState::Ended;
                    if !grant.alarms() || !over {
                        return Err(refuse(Reason::State));
                    }
                    (GrantState::Reviewed, "reviewed")
                }
            };
            grant.state = state;
            if step != GrantStep::End {
                grant.judged_by = Some(who.officer.clone());
            }
            put(ledger, &grant, row.version)?;
            if grant.kind == GrantKind::Emergency {
                put_alarm(ledger, &grant)?;
            }
            ledger.note(&who, GRANT, id.as_str(), &word)?;
            Ok(grant)
        })
    }

    /// The emergencies of others at which nobody has looked, for those who run or audit the site, or all sites.
    ///
    /// # Errors
    /// What the store says.
    pub fn alarms(&self, actor: &Actor) -> Result<Vec<Reference>> {
        if !sees_all(actor) {
            return Ok(Vec::new());
        }
        let site = (!is_everywhere(actor)).then(|| actor.site.to_string());
        let found = self
            .store()
            .read::<_, Error, _>(move |tx| alarming(tx, site.as_deref()))?;
        let others = found.into_iter();
        Ok(others
            .filter(|(_, officer)| *officer != actor.officer)
            .map(|(id, _)| id)
            .collect())
    }

    /// The grants that somebody sees, the newest first, and every emergency at which nobody has looked; those of emergencies
    /// with their reasons.
    ///
    /// # Errors
    /// What the store says.
    pub fn grants(self: &Arc<Self>, actor: &Actor, now: Timestamp) -> Result<Vec<ShownGrant>> {
        let alarms = self.alarms(actor)?;
        self.transact(actor, now, move |ledger| {
            let mut rows = Vec::new();
            for state in GrantState::ALL {
                let state = crate::ledger::word(state);
                let own = ledger.actor.officer.to_string();
                rows.extend(entity::newest(ledger.tx, GRANT, &state, None, LIST_MAX)?);
                rows.extend(entity::newest(
                    ledger.tx,
                    GRANT,
                    &state,
                    Some(&own),
                    LIST_MAX,
                )?);
            }
            for id in &alarms {
                rows.extend(entity::get(ledger.tx, GRANT, id.as_str())?);
            }
            rows.sort_by(|a, b| b.id.cmp(&a.id));
            rows.dedup_by(|a, b| a.id == b.id);
            let mut found = Vec::new();
            for row in rows {
                let grant: Grant = decode_as(GRANT, &row)?;
                if sees(&ledger.actor, &grant) {
                    found.push(shown(ledger, grant)?);
                }
            }
            Ok(found)
        })
    }
}

/// A grant with its reason, as far as it was not forgotten.
fn shown(ledger: &mut Ledger<'_>, grant: Grant) -> Result<ShownGrant> {
    let kept = SignedDuration::from_hours(24 * KEPT_DAYS);
    let forgotten = later(grant.from, kept).is_ok_and(|end| end < ledger.now);
    let reason = if grant.kind == GrantKind::Substitution || forgotten {
        None
    } else {
        texts(&grant.id).get(ledger.tx, &ledger.vault, REASON)?
    };
    Ok(ShownGrant {
        holds: grant.holds(ledger.now),
        over: grant.until <= ledger.now,
        reason: reason.and_then(|text| Prose::parse(&String::from_utf8_lossy(&text)).ok()),
        grant,
    })
}
