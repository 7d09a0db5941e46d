//! The work of a desk that nobody gives by hand: sending what waits, and doing jobs.

use crate::desk::acts::{self, Scribe};
use crate::desk::hits::Hit;
use crate::desk::papers::PAPERS;
use crate::desk::works::{Production, ProductionFault};
use crate::desk::{
    Desk, articles, cases, centre, decision, draft, grants, office, registry, routing, screening,
    spoilage, terms, works,
};
use crate::ledger::carries_package;
use crate::notice::{self, Delivery, Notice};
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_circuit::process::{
    Actor, Document, DocumentId, Dossier, DossierId, NodeId, OrderId, Phase, PrintSearch,
    ResidenceCheck,
};
use rilascio_exchange::envelope;
use rilascio_exchange::message::{Outcome, Package};
use rilascio_store::vault::{self, WrappedKey};
use rilascio_store::work::{self, Claimed, Job};
use std::sync::Arc;

/// How long a worker holds what it claimed, in milliseconds; after that another takes it.
pub const LEASE_MS: i64 = 120_000;
/// The first pause before a message or job is tried again; it doubles each time, to an hour.
const PAUSE_MS: i64 = 1000;
const PAUSE_MS_MAX: i64 = 3_600_000;
/// After so many tries it is parked and shown: with the pauses, more than two days.
const ATTEMPTS_MAX: i64 = 60;
/// How often it is looked whether others can take over from works that stand still.
const REROUTE_MS: i64 = 600_000;
/// Keys of the vault that are wrapped anew in one transaction.
const REWRAP_MAX: u32 = 500;

/// The way to other nodes.
pub trait Transport: Send + Sync {
    /// Hands a sealed message over; gives the receiver's signed acknowledgement.
    ///
    /// # Errors
    /// When the receiver cannot be reached, or does not answer.
    fn send(&self, receiver: &NodeId, sealed: &[u8]) -> rilascio_exchange::Result<Vec<u8>>;
}

/// What the search of the prints of a dossier found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identification {
    /// Others, beside the holder of the earlier document.
    pub search: PrintSearch,
    /// Whether the holder of the earlier document has the same prints; nothing when there is nothing to compare with.
    pub same_as_previous: Option<bool>,
    /// Those others, the best first.
    pub hits: Vec<Hit>,
}

/// The systems beside the circuit: those a centre asks, and the one that reaches holders.
pub trait Advisers: Send + Sync {
    /// Searches the prints of a dossier in the AFIS, and compares them with those of the dossier that made the document
    /// which is to be replaced.
    ///
    /// # Errors
    /// When there is no answer yet.
    fn identify(
        &self,
        dossier: &DossierId,
        previous: Option<&DossierId>,
        package: &Package,
    ) -> rilascio_exchange::Result<Identification>;

    /// Asks the registry of residents whether it knows the person.
    ///
    /// # Errors
    /// When there is no answer yet.
    fn verify(
        &self,
        dossier: &DossierId,
        package: &Package,
    ) -> rilascio_exchange::Result<ResidenceCheck>;

    /// Forgets the prints of a dossier that came to nothing; an AFIS of somebody else keeps what its own law says.
    ///
    /// # Errors
    /// When they cannot be forgotten now.
    fn forget(&self, dossier: &DossierId) -> rilascio_exchange::Result<()>;

    /// Sends a notice to a holder.
    ///
    /// # Errors
    /// When the mail server does not take it.
    fn notify(&self, notice: &Notice) -> rilascio_exchange::Result<Delivery>;
}

/// Where the keys of the vault are kept, outside the data base.
pub trait VaultKeeper: Send + Sync {
    /// All generations that are kept.
    ///
    /// # Errors
    /// When they cannot be read.
    fn load(&self) -> Result<vault::VaultKeys>;

    /// Makes a new generation beside the present one and gives all that are kept.
    ///
    /// # Errors
    /// When the key cannot be written.
    fn add_generation(&self) -> Result<vault::VaultKeys>;

    /// Keeps the wrapped keys that `page` gives, until it gives none, beside the keys: an older backup of the tables
    /// opens with them.
    ///
    /// # Errors
    /// When they cannot be written, or what `page` says.
    fn keep_wrapped(&self, page: &mut dyn FnMut() -> Result<Vec<WrappedKey>>) -> Result<()>;

    /// Destroys every generation but the present one and gives what is kept.
    ///
    /// # Errors
    /// When a key cannot be destroyed.
    fn destroy_old(&self) -> Result<vault::VaultKeys>;
}

/// What the workers of a desk use.
#[derive(Clone)]
pub struct Tools {
    /// The way to other nodes.
    pub transport: Arc<dyn Transport>,
    /// The systems beside the circuit.
    pub advisers: Arc<dyn Advisers>,
    /// The machines of the works.
    pub production: Arc<dyn Production>,
    /// Who sets acts as letters.
    pub scribe: Arc<dyn Scribe>,
}

fn pause(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    (PAUSE_MS << doublings).min(PAUSE_MS_MAX)
}

/// When something that failed is tried again; never, after the last try.
fn again(attempts: i64, now_ms: i64) -> Option<i64> {
    (attempts < ATTEMPTS_MAX).then(|| now_ms + pause(attempts))
}

impl Desk {
    /// Sends one message that waits; false when none does.
    ///
    /// # Errors
    /// What the store says.
    pub fn send_one(self: &Arc<Self>, tools: &Tools, now: Timestamp) -> Result<bool> {
        let now_ms = now.as_millisecond();
        let claimed = self.store.write::<_, Error, _>(move |tx| {
            Ok(work::claim_message(tx, now_ms, now_ms + LEASE_MS)?)
        })?;
        let Some(claimed) = claimed else {
            return Ok(false);
        };
        self.deliver(claimed, tools, now)?;
        Ok(true)
    }

    fn deliver(self: &Arc<Self>, claimed: Claimed, tools: &Tools, now: Timestamp) -> Result<()> {
        let now_ms = now.as_millisecond();
        let Claimed {
            mut message,
            attempts,
        } = claimed;
        if carries_package(&message.kind) {
            let (subject, id) = (message.subject.clone(), message.id.clone());
            let kind = message.kind.clone();
            let kept = self.transact(&self.system(), now, move |ledger| {
                ledger.waiting_message(&kind, &subject, &id)
            });
            match kept {
                Ok(Some(sealed)) => message.body = sealed.to_vec(),
                // Forgotten meanwhile: there is nothing to send any more.
                Ok(None) | Err(Error::Store(rilascio_store::Error::Sealed { .. })) => {
                    return self.store.write::<_, Error, _>(move |tx| {
                        // A dossier is decided with the papers that came in time.
                        if message.kind == "papers" {
                            return Ok(work::moot(tx, &message.id)?);
                        }
                        let why = "what it held was forgotten";
                        Ok(work::not_delivered(
                            tx,
                            &message.id,
                            attempts,
                            None,
                            now_ms,
                            why,
                        )?)
                    });
                }
                Err(why) => return Err(why),
            }
        }
        let outcome = NodeId::parse(&message.receiver)
            .map_err(|why| rilascio_exchange::Error::Malformed { why })
            .and_then(|receiver| {
                let signed = tools.transport.send(&receiver, &message.body)?;
                let word = envelope::read_acknowledgement(&signed, &receiver, &self.circle(), now)?;
                if word.message.as_str() != message.id {
                    return Err(rilascio_exchange::Error::Malformed {
                        why: "the acknowledgement is of another message".into(),
                    });
                }
                Ok((signed, word))
            });
        let unreachable = matches!(&outcome, Err(rilascio_exchange::Error::Connection { .. }));
        let expects = message.answer_by_ms.is_some();
        self.transact(&self.system(), now, move |ledger| {
            let id = &message.id;
            let taken = matches!(&outcome, Ok((_, word)) if word.outcome == Outcome::Accepted);
            if taken && carries_package(&message.kind) {
                ledger.drop_waiting(&message.kind, &message.subject, id)?;
            }
            let tx = &mut *ledger.tx;
            match &outcome {
                Ok((signed, word)) => match &word.outcome {
                    Outcome::Accepted => work::delivered(tx, id, signed, expects)?,
                    Outcome::Later { code } => {
                        work::not_delivered(
                            tx,
                            id,
                            attempts,
                            again(attempts, now_ms),
                            now_ms,
                            code,
                        )?;
                    }
                    Outcome::Refused { code, text } => {
                        work::not_delivered(
                            tx,
                            id,
                            attempts,
                            None,
                            now_ms,
                            &format!("{code}: {text}"),
                        )?;
                    }
                },
                Err(why) => {
                    let next = again(attempts, now_ms);
                    work::not_delivered(tx, id, attempts, next, now_ms, &why.to_string())?;
                    if let (true, Some(next)) = (unreachable, next) {
                        work::hold(tx, &message.receiver, next)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Does one job that is due; false when none is.
    ///
    /// # Errors
    /// What the store says.
    pub fn work_one(self: &Arc<Self>, tools: &Tools, now: Timestamp) -> Result<bool> {
        let now_ms = now.as_millisecond();
        let job = self
            .store
            .write::<_, Error, _>(move |tx| Ok(work::claim_job(tx, now_ms, now_ms + LEASE_MS)?))?;
        let Some(job) = job else {
            return Ok(false);
        };
        let done = self.run(&job, tools, now);
        let Err(why) = done else {
            return Ok(true);
        };
        // A key that is gone does not come back: such a job is parked like any other that fails.
        if matches!(&why, Error::Store(fault) if !matches!(fault, rilascio_store::Error::Sealed { .. }))
        {
            return Err(why);
        }
        // What only waits for something else is never given up.
        let waits = matches!(&why, Error::Refused(refusal) if refusal.rule == crate::desk::NOT_YET);
        let attempts = job.attempts;
        let again = if waits {
            Some(now_ms + pause(attempts).min(60_000))
        } else {
            again(attempts, now_ms)
        };
        self.store.write::<_, Error, _>(move |tx| {
            Ok(work::delay_job(tx, &job, again, now_ms, &why.to_string())?)
        })?;
        Ok(true)
    }

    fn run(self: &Arc<Self>, job: &Job, tools: &Tools, now: Timestamp) -> Result<()> {
        let subject = job.subject.clone();
        match job.kind.as_str() {
            "identify" => {
                let (id, package) = self.package_for(&subject, now)?;
                // What went back or ended is not searched, and nothing of it is kept.
                let wanted = self.phase_of(&id, now)? == Some(Phase::Examination);
                let package = package.filter(|_| wanted);
                let previous = self.dossier_before(&id, now)?;
                let found = package
                    .as_ref()
                    .map(|package| tools.advisers.identify(&id, previous.as_ref(), package))
                    .transpose()?;
                let content = package.map(|package| package.digest());
                self.end(job, now, move |ledger| match (&found, &content) {
                    (Some(found), Some(content)) => centre::identified(ledger, &id, content, found),
                    _ => Ok(()),
                })
            }
            "verify" => {
                let (id, package) = self.package_for(&subject, now)?;
                let answer = package
                    .as_ref()
                    .map(|package| tools.advisers.verify(&id, package))
                    .transpose()?;
                let content = package.map(|package| package.digest());
                self.end(job, now, move |ledger| match (answer, &content) {
                    (Some(answer), Some(content)) => centre::verified(ledger, &id, content, answer),
                    _ => Ok(()),
                })
            }
            kind @ ("certify" | "certify-express") => {
                let (id, express) = (dossier(&subject)?, kind == "certify-express");
                self.end(job, now, move |ledger| {
                    decision::certify(ledger, &id, express)
                })
            }
            "forget-biometrics" => {
                let id = dossier(&subject)?;
                self.end(job, now, move |ledger| {
                    centre::forget_biometrics(ledger, &id)
                })
            }
            "forget-record" => {
                let id = dossier(&subject)?;
                self.end(job, now, move |ledger| centre::forget_record(ledger, &id))
            }
            articles::SEND => self.end(job, now, move |ledger| articles::send(ledger, &subject)),
            grants::FORGET_GRANT => {
                self.end(job, now, move |ledger| grants::forget(ledger, &subject))
            }
            cases::FORGET_CASE => self.end(job, now, move |ledger| cases::forget(ledger, &subject)),
            spoilage::FORGET_PHOTOGRAPHS => self.end(job, now, move |ledger| {
                ledger.forget(&subject, PAPERS).map(drop)
            }),
            "expire" => {
                let id = DocumentId::parse(&subject).map_err(malformed)?;
                self.end(job, now, move |ledger| centre::expire(ledger, &id))
            }
            "publish-status" => loop {
                let more = self.transact(&self.system(), now, registry::publish)?;
                if !more {
                    break self.end(job, now, |_| Ok(()));
                }
            },
            "produce" => self.produce(
                job,
                &OrderId::parse(&subject).map_err(malformed)?,
                tools,
                now,
            ),
            kind @ (centre::FORGET_PRINTS | centre::PRINTS_ENDED) => {
                let id = dossier(&subject)?;
                // A dossier that came again needs them.
                let again = self.phase_of(&id, now)?.is_some_and(centre::prints_count);
                if kind == centre::PRINTS_ENDED || !again {
                    tools.advisers.forget(&id)?;
                }
                self.end(job, now, |_| Ok(()))
            }
            routing::REROUTE => {
                self.reroute(job, &NodeId::parse(&subject).map_err(malformed)?, now)
            }
            screening::LAPSE => {
                let entry = subject.clone();
                self.end(job, now, move |ledger| screening::lapse(ledger, &entry))
            }
            terms::WATCH => {
                let id = dossier(&subject)?;
                self.end(job, now, move |ledger| terms::watch(ledger, &id))
            }
            draft::ABANDONED => {
                let id = dossier(&subject)?;
                self.end(job, now, move |ledger| draft::abandoned(ledger, &id))
            }
            office::OVERRUN => {
                let attestation = subject.clone();
                self.end(job, now, move |ledger| {
                    office::overrun(ledger, &attestation)
                })
            }
            notice::JOB => self.send_notice(job, tools, now),
            acts::WRITE => self.write_act(job, tools, now),
            "renew-vault" => self.renew_vault(job, now),
            other => Err(Error::Malformed {
                what: "job",
                why: format!("'{other}' is unknown to this version"),
            }),
        }
    }

    /// Takes from works that stand still what others can make, a page of orders at a time.
    fn reroute(self: &Arc<Self>, job: &Job, works: &NodeId, now: Timestamp) -> Result<()> {
        let held = works.clone();
        let before = self.transact(&self.system(), now, move |ledger| {
            routing::standing(ledger, &held)
        })?;
        for state in routing::rerouted(before.as_ref()) {
            let mut after = Some(String::new());
            while let Some(last) = after {
                let held = works.clone();
                after = self.transact(&self.system(), now, move |ledger| {
                    routing::reroute(ledger, &held, *state, &last)
                })?;
            }
        }
        let held = works.clone();
        self.end(job, now, move |ledger| {
            let after = routing::standing(ledger, &held)?;
            if routing::rerouted(after.as_ref()).is_empty() {
                return Ok(());
            }
            // What changed meanwhile is looked at from the beginning; later on others may have come back who can help.
            let pause = if after == before { REROUTE_MS } else { 0 };
            let due = ledger.now_ms() + pause;
            ledger.job_at(routing::REROUTE, held.as_str(), due)
        })
    }

    pub(crate) fn system(&self) -> Actor {
        Actor::system(&self.site)
    }

    fn package_for(
        self: &Arc<Self>,
        subject: &str,
        now: Timestamp,
    ) -> Result<(DossierId, Option<Package>)> {
        let id = dossier(subject)?;
        let held = id.clone();
        let package = self.transact(&self.system(), now, move |ledger| {
            ledger.package(held.as_str())
        })?;
        Ok((id, package))
    }

    /// Where a dossier stands.
    fn phase_of(self: &Arc<Self>, dossier: &DossierId, now: Timestamp) -> Result<Option<Phase>> {
        let id = dossier.clone();
        self.transact(&self.system(), now, move |ledger| {
            let known: Option<Dossier> = ledger.get(id.as_str())?;
            Ok(known.map(|known| known.phase))
        })
    }

    /// The dossier that made the document which is to be replaced, if this centre knows it.
    fn dossier_before(
        self: &Arc<Self>,
        dossier: &DossierId,
        now: Timestamp,
    ) -> Result<Option<DossierId>> {
        let id = dossier.clone();
        self.transact(&self.system(), now, move |ledger| {
            let known: Dossier = ledger.known(id.as_str())?;
            let Some(previous) = known.previous else {
                return Ok(None);
            };
            let document: Option<Document> = ledger.get(previous.as_str())?;
            Ok(document.map(|document| document.dossier))
        })
    }

    /// The effect of a job and its end are one transaction.
    pub(crate) fn end(
        self: &Arc<Self>,
        job: &Job,
        now: Timestamp,
        mut effect: impl FnMut(&mut crate::ledger::Ledger<'_>) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let job = job.clone();
        self.transact(&self.system(), now, move |ledger| {
            // The row goes first, so that an effect can ask for the same job again.
            if work::end_job(ledger.tx, &job)? {
                effect(ledger)?;
            }
            Ok(())
        })
    }

    fn produce(
        self: &Arc<Self>,
        job: &Job,
        order: &OrderId,
        tools: &Tools,
        now: Timestamp,
    ) -> Result<()> {
        let held = order.clone();
        let bound = self.transact(&self.system(), now, move |ledger| {
            works::bind(ledger, &held)
        })?;
        let Some(bound) = bound else {
            return self.end(job, now, |_| Ok(()));
        };
        match tools.production.make(&bound.request) {
            Ok(made) => {
                let job = job.clone();
                self.transact(&self.system(), now, move |ledger| {
                    // When another worker took over, the job is its own to end.
                    if works::finish(ledger, &bound, &made)? {
                        work::end_job(ledger.tx, &job)?;
                    }
                    Ok(())
                })
            }
            Err(ProductionFault::Defect(defect)) => {
                let (order, blank, job) = (order.clone(), bound.blank, job.clone());
                self.transact(&self.system(), now, move |ledger| {
                    works::spoil(ledger, &order, &blank, defect)?;
                    let now_ms = ledger.now_ms();
                    Ok(work::delay_job(
                        ledger.tx,
                        &job,
                        Some(now_ms),
                        now_ms,
                        "the blank was spoiled",
                    )?)
                })
            }
            Err(ProductionFault::Standstill(why)) => {
                let (order, blank) = (order.clone(), bound.blank);
                self.transact(&self.system(), now, move |ledger| {
                    works::release(ledger, &order, &blank)
                })?;
                Err(Error::Malformed {
                    what: "machine",
                    why,
                })
            }
        }
    }

    /// Wraps the living keys of the vault under a new key and destroys the old one.
    fn renew_vault(self: &Arc<Self>, job: &Job, now: Timestamp) -> Result<()> {
        let forgotten_under: i64 = job
            .subject
            .parse()
            .map_err(|_| malformed(job.subject.clone()))?;
        let mut keys = self.keeper.load()?;
        if keys.current() == forgotten_under {
            keys = self.keeper.add_generation()?;
        }
        let generation = keys.current();
        self.set_vault_keys(keys);
        self.transact(&self.system(), now, move |ledger| {
            Ok(vault::begin_generation(ledger.tx, generation)?)
        })?;
        loop {
            let left = self.transact(&self.system(), now, move |ledger| {
                let keys = Arc::clone(&ledger.vault);
                Ok(vault::rewrap(
                    ledger.tx,
                    &keys,
                    REWRAP_MAX,
                    &mut ledger.rng,
                )?)
            })?;
            if left < REWRAP_MAX as usize {
                break;
            }
        }
        self.store.scrub()?;
        let mut last: Option<WrappedKey> = None;
        self.keeper.keep_wrapped(&mut || {
            let after = last.clone();
            let page = self.store.read::<_, Error, _>(move |tx| {
                Ok(vault::wrapped_keys(tx, after.as_ref(), REWRAP_MAX)?)
            })?;
            last = page.last().cloned();
            Ok(page)
        })?;
        self.set_vault_keys(self.keeper.destroy_old()?);
        self.end(job, now, move |ledger| {
            let system = ledger.actor.clone();
            ledger.note(
                &system,
                "vault",
                "vault",
                &serde_json::json!({ "renewed": generation }),
            )
        })
    }

    /// Does everything that is due: for tests, simulations and `issue`.
    ///
    /// # Errors
    /// What the store says.
    pub fn drain(self: &Arc<Self>, tools: &Tools, now: Timestamp) -> Result<usize> {
        let mut done = 0;
        while self.work_one(tools, now)? || self.send_one(tools, now)? {
            done += 1;
        }
        Ok(done)
    }
}

fn dossier(subject: &str) -> Result<DossierId> {
    DossierId::parse(subject).map_err(malformed)
}

pub(crate) fn malformed(why: String) -> Error {
    Error::Malformed {
        what: "subject of a job",
        why,
    }
}
