//! A transaction of a desk: loads a thing, decides, applies, writes it back and notes the event.

use crate::desk::Desk;
use crate::desk::acts::ACTS;
use crate::desk::package::RECORD;
use crate::desk::papers::PAPERS;
use crate::{Error, Result};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rilascio_circuit::Profile;
use rilascio_circuit::process::{
    AccessGrant, Actor, Aggregate, Attestation, Blank, Consignment, Context, Digest, Document,
    Dossier, LegacyFile, LossReport, NodeId, Order, Reason, Registration, Sheet, Standing,
    StockTake, WatchEntry,
};
use rilascio_exchange::envelope;
use rilascio_exchange::message::{Body, Header, Message, MessageId, SCHEMA};
use rilascio_store::Tx;
use rilascio_store::entity::{self, Entity};
use rilascio_store::journal::{self, Entry};
use rilascio_store::vault::{Compartment, VaultKeys};
use rilascio_store::work::{self, Outgoing};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The name of a message that waits in the vault.
const SEALED: &str = "sealed";

/// True for the kinds of messages that hold what was taken or brought to a desk.
pub(crate) fn carries_package(kind: &str) -> bool {
    matches!(
        kind,
        "application-record" | "order" | "papers" | "act" | "help-case" | "help-answer"
    )
}

/// Where a message waits in the vault: a part of its own, so that it is forgotten with what it holds; an act as long as all
/// acts.
fn waits_in<'a>(kind: &str, message: &'a str) -> (&'a str, &'a str) {
    if kind == "act" {
        (ACTS, message)
    } else {
        (message, SEALED)
    }
}

/// How long an answer may take before somebody is told, in days.
const ANSWER_DAYS: i64 = 3;
/// What is forgotten within this time shares one renewal of the vault's key, in milliseconds.
const RENEW_AFTER_MS: i64 = 60_000;
pub(crate) const DAY_MS: i64 = 24 * 3600 * 1000;

/// What the tables hold of a thing beside its body.
pub trait Tabled: Aggregate + Serialize + DeserializeOwned {
    /// The profile whose rules bind it, if one does.
    fn profile(&self) -> Option<&str>;
    /// Where it is.
    fn site(&self) -> &str;
    /// Its state, as a word.
    fn state(&self) -> String;
    /// When something is due, in milliseconds since 1970.
    fn due_ms(&self) -> Option<i64> {
        None
    }
}

/// A unit's name as its serialisation writes it.
pub(crate) fn word(state: impl Serialize) -> String {
    match serde_json::to_value(state) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

macro_rules! tabled {
    ($($name:ident: $profile:expr, $site:expr, $state:expr;)*) => {$(
        impl Tabled for $name {
            fn profile(&self) -> Option<&str> {
                let profile: fn(&Self) -> Option<&str> = $profile;
                profile(self)
            }

            fn site(&self) -> &str {
                let site: fn(&Self) -> &str = $site;
                site(self)
            }

            fn state(&self) -> String {
                let state: fn(&Self) -> String = $state;
                state(self)
            }
        }
    )*};
}

tabled! {
    Order: |o| Some(&o.profile), |o| o.office.as_str(), |o| word(o.state);
    Blank: |b| Some(&b.profile), |b| b.site.as_str(), |b| format!("{}/{}", b.profile, word(b.state));
    Consignment: |_| None, |c| c.office.as_str(), |c| word(c.state);
    Document: |d| Some(&d.profile), |d| d.office.as_str(), |d| word(d.state);
    Attestation: |_| None, |a| a.office.as_str(), |a| word(a.state);
    Sheet: |_| None, |s| s.office.as_str(), |s| word(s.state);
    Registration: |r| Some(&r.document.profile), |r| r.document.office.as_str(),
        |r| if r.list.is_some() { "published".to_owned() } else { "changed".to_owned() };
    AccessGrant: |_| None, |g| g.administration.as_str(),
        |g| if g.ended { "ended".to_owned() } else { "given".to_owned() };
    StockTake: |s| Some(&s.profile), |s| s.site.as_str(), |s| word(s.state);
    Standing: |_| None, |_| "centre", |s| word(s.state);
    WatchEntry: |_| None, |_| "centre", |w| word(w.state);
    LossReport: |_| None, |l| l.office.as_str(), |l| word(l.state);
    LegacyFile: |l| Some(&l.profile), |l| l.office.as_str(), |l| word(l.state);
}

impl Tabled for Dossier {
    fn profile(&self) -> Option<&str> {
        Some(&self.profile)
    }

    fn site(&self) -> &str {
        self.office.as_str()
    }

    fn state(&self) -> String {
        word(self.phase)
    }

    fn due_ms(&self) -> Option<i64> {
        self.terms.due.map(Timestamp::as_millisecond)
    }
}

/// An entry of the journal: ids and hashes, never a name or a face.
#[derive(Serialize)]
struct Line<'a, E> {
    v: u8,
    at: i64,
    officer: &'a str,
    site: &'a str,
    kind: &'a str,
    id: &'a str,
    /// How many events the thing has, this one included; nothing for what has no table.
    n: Option<i64>,
    event: &'a E,
}

/// A transaction under way.
pub struct Ledger<'a> {
    pub(crate) tx: &'a mut dyn Tx,
    pub(crate) desk: &'a Desk,
    pub(crate) actor: Actor,
    pub(crate) now: Timestamp,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) vault: Arc<VaultKeys>,
    entries: Vec<Entry>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn begin(
        tx: &'a mut dyn Tx,
        desk: &'a Desk,
        actor: &Actor,
        now: Timestamp,
        rng: ChaCha20Rng,
    ) -> Self {
        Self {
            tx,
            desk,
            actor: actor.clone(),
            now,
            rng,
            vault: desk.vault_keys(),
            entries: Vec::new(),
        }
    }

    /// Puts what happened into the journal: the last thing that a transaction does.
    pub(crate) fn finish(self) -> Result<()> {
        Ok(journal::append(
            self.tx,
            &self.entries,
            Some(&self.desk.head),
        )?)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now.as_millisecond()
    }

    pub(crate) fn profile(&self, name: &str) -> Result<Arc<Profile>> {
        self.desk.profile(name)
    }

    fn read<A: Tabled>(&mut self, id: &str) -> Result<(Option<A>, i64)> {
        let Some(found) = entity::get(self.tx, A::KIND, id)? else {
            return Ok((None, 0));
        };
        Ok((Some(decode(&found)?), found.version))
    }

    /// The present state of a thing.
    pub(crate) fn get<A: Tabled>(&mut self, id: &str) -> Result<Option<A>> {
        Ok(self.read(id)?.0)
    }

    /// The present state of a thing that must be there.
    pub(crate) fn known<A: Tabled>(&mut self, id: &str) -> Result<A> {
        Ok(self.get(id)?.ok_or_else(|| Reason::Unknown.refusal())?)
    }

    /// Things of a kind in a state, by name.
    pub(crate) fn list<A: Tabled>(&mut self, state: &str, limit: u32) -> Result<Vec<A>> {
        let found = entity::list(self.tx, A::KIND, Some(state), None, "", limit)?;
        found.iter().map(decode).collect()
    }

    /// Things of a kind in a state at a site, by name.
    pub(crate) fn list_at<A: Tabled>(
        &mut self,
        state: &str,
        site: &str,
        limit: u32,
    ) -> Result<Vec<A>> {
        let found = entity::list(self.tx, A::KIND, Some(state), Some(site), "", limit)?;
        found.iter().map(decode).collect()
    }

    /// Gives a command to a thing: the new state, or the rule that forbids it.
    pub(crate) fn step<A: Tabled>(
        &mut self,
        id: &str,
        profile: Option<&str>,
        command: &A::Command,
    ) -> Result<A>
    where
        A::Event: Serialize,
    {
        let actor = self.actor.clone();
        self.step_as(&actor, id, profile, command)
    }

    /// The same, as the circuit itself.
    pub(crate) fn step_by_system<A: Tabled>(&mut self, id: &str, command: &A::Command) -> Result<A>
    where
        A::Event: Serialize,
    {
        let system = Actor::system(&self.desk.site);
        self.step_as(&system, id, None, command)
    }

    /// The same as the circuit itself, for a thing that begins under that profile.
    pub(crate) fn begin_by_system<A: Tabled>(
        &mut self,
        id: &str,
        profile: &str,
        command: &A::Command,
    ) -> Result<A>
    where
        A::Event: Serialize,
    {
        let system = Actor::system(&self.desk.site);
        self.step_as(&system, id, Some(profile), command)
    }

    fn step_as<A: Tabled>(
        &mut self,
        actor: &Actor,
        id: &str,
        profile: Option<&str>,
        command: &A::Command,
    ) -> Result<A>
    where
        A::Event: Serialize,
    {
        let (state, version) = self.read::<A>(id)?;
        let name = profile.or_else(|| state.as_ref().and_then(Tabled::profile));
        if let Some(name) = name {
            actor.needs_profile(name)?;
        }
        let profile = name.map(|name| self.profile(name)).transpose()?;
        let none = rilascio_circuit::CircuitRules::default();
        let context = Context {
            actor,
            now: self.now,
            rules: profile.as_ref().map_or(&none, |profile| &profile.circuit),
        };
        let event = A::decide(state.as_ref(), command, &context)?;
        let next = A::apply(state, &event)?;
        self.put(id, version, &next)?;
        self.line(actor, A::KIND, id, Some(version + 1), &event)?;
        Ok(next)
    }

    fn put<A: Tabled>(&mut self, id: &str, version: i64, state: &A) -> Result<()> {
        let entity = Entity {
            id: id.to_owned(),
            version,
            site: state.site().to_owned(),
            state: state.state(),
            due_ms: state.due_ms(),
            body: encode(A::KIND, state)?,
        };
        Ok(entity::put(self.tx, A::KIND, &entity)?)
    }

    /// Notes an event in the journal.
    pub(crate) fn note(
        &mut self,
        actor: &Actor,
        kind: &str,
        id: &str,
        event: &impl Serialize,
    ) -> Result<()> {
        self.line(actor, kind, id, None, event)
    }

    fn line(
        &mut self,
        actor: &Actor,
        kind: &str,
        id: &str,
        n: Option<i64>,
        event: &impl Serialize,
    ) -> Result<()> {
        let line = Line {
            v: 1,
            at: self.now.as_millisecond(),
            officer: actor.officer.as_str(),
            site: actor.site.as_str(),
            kind,
            id,
            n,
            event,
        };
        let text = encode("journal entry", &line)?;
        self.entries.push(Entry {
            seq: 0,
            kind: kind.to_owned(),
            id: id.to_owned(),
            text,
        });
        Ok(())
    }

    /// Puts a message into the outbox, signed and sealed.
    pub(crate) fn send(
        &mut self,
        receiver: &NodeId,
        subject: &str,
        body: Body,
        answers: Option<&MessageId>,
    ) -> Result<()> {
        let number = work::take_numbers(self.tx, "message", 1)?;
        let mut mark = [0; 4];
        rand_core::Rng::fill_bytes(&mut self.rng, &mut mark);
        let mark = u32::from_be_bytes(mark);
        // The mark keeps a node that was restored from a backup from using a name twice.
        let id = format!("{}-{number}-{mark:08x}", self.desk.node);
        let id = MessageId::parse(&id).map_err(|why| Error::Malformed {
            what: "message name",
            why,
        })?;
        // The centre gets a copy of what goes to an office, and owes nothing for it.
        let copy = matches!(body, Body::Consignment { .. }) && *receiver == self.desk.routes.centre;
        let answer_by = (body.expects_answer() && !copy)
            .then(|| Timestamp::from_millisecond(self.now_ms() + ANSWER_DAYS * DAY_MS))
            .and_then(std::result::Result::ok);
        let kind = body.kind();
        let message = Message {
            header: Header {
                schema: SCHEMA.to_owned(),
                id: id.clone(),
                sender: self.desk.node.clone(),
                receiver: receiver.clone(),
                created: self.now,
                answers: answers.cloned(),
                answer_by,
                test: self.desk.test,
            },
            body,
        };
        let circle = self.desk.circle();
        let sealed = envelope::seal(&message, &self.desk.identity, &circle, &mut self.rng)?;
        // What holds faces and fingers waits in the vault, so that it is forgotten like everything else.
        let body = if carries_package(kind) {
            let (part, name) = waits_in(kind, id.as_str());
            self.keep(subject, part, name, &sealed)?;
            Vec::new()
        } else {
            sealed
        };
        let outgoing = Outgoing {
            id: id.as_str().to_owned(),
            receiver: receiver.to_string(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            body,
            answer_by_ms: answer_by.map(Timestamp::as_millisecond),
        };
        Ok(work::send(self.tx, &outgoing, self.now.as_millisecond())?)
    }

    /// Adds a job that is due now.
    pub(crate) fn job(&mut self, kind: &str, subject: &str) -> Result<()> {
        let id = format!("{kind}/{subject}");
        Ok(work::add_job(
            self.tx,
            &id,
            kind,
            subject,
            self.now.as_millisecond(),
        )?)
    }

    /// Adds a job that is due later.
    pub(crate) fn job_at(&mut self, kind: &str, subject: &str, due_ms: i64) -> Result<()> {
        Ok(work::add_job(
            self.tx,
            &format!("{kind}/{subject}"),
            kind,
            subject,
            due_ms,
        )?)
    }

    /// Adds a job that is due when a day has passed.
    pub(crate) fn job_after(
        &mut self,
        kind: &str,
        subject: &str,
        day: jiff::civil::Date,
    ) -> Result<()> {
        let next = day
            .tomorrow()
            .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC));
        // After the last day of the calendar nothing is due.
        let due = next.map_or(i64::MAX, |day| day.timestamp().as_millisecond());
        self.job_at(kind, subject, due)
    }

    /// Today, by the clock of the world.
    pub(crate) fn today(&self) -> jiff::civil::Date {
        self.now.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// Seals bytes of a dossier.
    pub(crate) fn keep(
        &mut self,
        dossier: &str,
        part: &str,
        name: &str,
        bytes: &[u8],
    ) -> Result<()> {
        let compartment = Compartment { dossier, part };
        Ok(compartment.put(self.tx, &self.vault, name, bytes, &mut self.rng)?)
    }

    /// A secret of this desk, drawn when it is first asked for; it lies in the vault, under a dossier that is none.
    pub(crate) fn secret(&mut self, name: &'static str) -> Result<Zeroizing<Vec<u8>>> {
        let compartment = Compartment {
            dossier: name,
            part: "secret",
        };
        if let Some(kept) = compartment.get(self.tx, &self.vault, "key")? {
            return Ok(kept);
        }
        let mut key = Zeroizing::new(vec![0; 32]);
        rand_core::Rng::fill_bytes(&mut self.rng, &mut key);
        compartment.put(self.tx, &self.vault, "key", &key, &mut self.rng)?;
        Ok(key)
    }

    /// A message of a dossier that waits in the vault; nothing when what it held was forgotten.
    pub(crate) fn waiting_message(
        &mut self,
        kind: &str,
        dossier: &str,
        message: &str,
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let (part, name) = waits_in(kind, message);
        Ok(Compartment { dossier, part }.get(self.tx, &self.vault, name)?)
    }

    /// A message that was taken waits no more.
    pub(crate) fn drop_waiting(&mut self, kind: &str, dossier: &str, message: &str) -> Result<()> {
        match waits_in(kind, message) {
            (part @ ACTS, name) => Ok(Compartment { dossier, part }.remove(self.tx, name)?),
            (part, _) => self.forget(dossier, part).map(drop),
        }
    }

    /// A digest with a secret of this desk: what somebody wrote cannot be guessed and tried against the journal.
    pub(crate) fn keyed_digest(&mut self, bytes: &[u8]) -> Result<Digest> {
        let mut keyed = self.secret("digests")?;
        keyed.extend_from_slice(bytes);
        Ok(Digest::of(&keyed))
    }

    /// Forgets everything of a dossier but its record, its papers and its acts; true when there was something.
    pub(crate) fn forget_biometrics(&mut self, dossier: &str) -> Result<bool> {
        let kept = [RECORD, PAPERS, ACTS];
        let generations = rilascio_store::vault::forget_others(self.tx, dossier, kept)?;
        for generation in &generations {
            let due = self.now_ms() + RENEW_AFTER_MS;
            self.job_at("renew-vault", &generation.to_string(), due)?;
        }
        Ok(!generations.is_empty())
    }

    /// Forgets a compartment of a dossier; true when there was something.
    pub(crate) fn forget(&mut self, dossier: &str, part: &str) -> Result<bool> {
        let generation = Compartment { dossier, part }.forget(self.tx)?;
        if let Some(generation) = generation {
            let due = self.now_ms() + RENEW_AFTER_MS;
            self.job_at("renew-vault", &generation.to_string(), due)?;
        }
        Ok(generation.is_some())
    }
}

pub(crate) fn encode(what: &'static str, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|why| Error::Malformed {
        what,
        why: why.to_string(),
    })
}

/// The body of a table row.
pub(crate) fn decode<A: Tabled>(found: &Entity) -> Result<A> {
    decode_as(A::KIND, found)
}

/// What a row of another kind holds.
pub(crate) fn decode_as<T: DeserializeOwned>(what: &'static str, found: &Entity) -> Result<T> {
    serde_json::from_str(&found.body).map_err(|why| Error::Corrupt {
        what,
        id: found.id.clone(),
        why: why.to_string(),
    })
}
