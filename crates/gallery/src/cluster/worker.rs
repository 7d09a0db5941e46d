//! A search worker: holds parts of a gallery by leases, keeps copies of them on its own disk, follows the truth and answers.
//!
//! One loop renews leases and never waits for anything else: copies are opened, followed and cleaned by tasks beside it that
//! tell it when they are done. A part is answered for when its copy has caught up.

use super::leases::{self, Held};
use super::subject_of;
use super::truth::Truth;
use super::wire::{Answered, Asked, seal_answer};
use crate::gallery::Gallery;
use crate::{Error, Result};
use async_nats::{Client, ConnectOptions, Message};
use futures_util::StreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rand_core::CryptoRng;
use rilascio_store::files::{make_folder, numbers, read_if_there, write_whole};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::Instant;

/// Changes that are taken over in one go.
const CHANGES_MAX: u32 = 500;
/// A copy that is further behind than this does not let a question wait for it.
const BEHIND_MAX: i64 = 2000;
/// Questions about one part that are worked on at once, and those that wait in memory.
const AT_ONCE: usize = 4;
const WAITING_MAX: usize = 256;
const APPLIED: &str = "applied";
const PREFIX: &str = "part-";

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Makes a generator of randomness.
pub type Entropy = Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>;

/// How a worker works.
#[derive(Clone)]
pub struct WorkerPlan {
    /// Its name, another for each process.
    pub name: String,
    /// The folder of its copies.
    pub folder: PathBuf,
    /// How long a lease lasts; it is renewed three times as often.
    pub term: Duration,
    /// What time it is.
    pub clock: Clock,
    /// Makes generators of randomness.
    pub entropy: Entropy,
}

/// How far a copy follows its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Progress {
    /// Traces of erasures up to here were gone when the copy was begun: it never had what they erased.
    base: i64,
    /// The change up to which it is the truth.
    applied: i64,
}

impl Progress {
    /// What the folder of a copy says; nothing where it is none of this gallery.
    fn read(folder: &Path, gallery: &str) -> Result<Option<Self>> {
        let Some(bytes) = read_if_there(&folder.join(APPLIED))? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut words = text.split_whitespace();
        let own = words.next() == Some(gallery);
        let mut number = || words.next()?.parse().ok();
        let (base, applied) = (number(), number());
        Ok(match (own, base, applied) {
            (true, Some(base), Some(applied)) => Some(Self { base, applied }),
            _ => None,
        })
    }

    fn write(self, folder: &Path, gallery: &str) -> Result<()> {
        let text = format!("{gallery} {} {}\n", self.base, self.applied);
        Ok(write_whole(&folder.join(APPLIED), text.as_bytes(), false)?)
    }

    /// True when the copy cannot be brought up to date any more: it did not follow erasures that have left no trace, or
    /// the truth was put back to an earlier state.
    fn is_outdated(self, newest: i64, horizon: i64) -> bool {
        self.applied > newest || horizon > self.applied.max(self.base)
    }
}

/// A copy of a part.
struct Copy {
    part: i64,
    folder: PathBuf,
    gallery: Gallery,
    progress: Mutex<Progress>,
    /// The same change as in `progress`, to be read without waiting.
    applied: AtomicI64,
    /// True once it has caught up: from then on it can answer.
    ready: AtomicBool,
    /// True while a task brings it up to date.
    busy: AtomicBool,
    cleaned: Mutex<Option<Date>>,
}

impl Copy {
    fn open(plan: &WorkerPlan, truth: &Truth, part: i64) -> Result<Self> {
        let folder = plan.folder.join(format!("{PREFIX}{part}"));
        let (newest, horizon) = truth.span(part)?;
        let known = Progress::read(&folder, truth.name())?;
        let known = known.filter(|progress| !progress.is_outdated(newest, horizon));
        if let Some(progress) = known {
            match Self::at(plan, truth, part, &folder, progress) {
                Err(why @ Error::Damaged { .. }) => {
                    tracing::warn!(part, fault = %why, "the copy is damaged and made anew");
                }
                opened => return opened,
            }
        }
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|why| Error::file(&folder, why))?;
        }
        let progress = Progress {
            base: horizon,
            applied: 0,
        };
        make_folder(&folder)?;
        progress.write(&folder, truth.name())?;
        Self::at(plan, truth, part, &folder, progress)
    }

    fn at(
        plan: &WorkerPlan,
        truth: &Truth,
        part: i64,
        folder: &Path,
        progress: Progress,
    ) -> Result<Self> {
        Ok(Self {
            part,
            folder: folder.to_owned(),
            gallery: Gallery::open(folder, truth.key(), (plan.entropy)())?,
            applied: AtomicI64::new(progress.applied),
            progress: Mutex::new(progress),
            ready: AtomicBool::new(false),
            busy: AtomicBool::new(false),
            cleaned: Mutex::new(None),
        })
    }

    /// Takes over what changed, until it knows the truth up to `through` at least.
    fn follow(&self, truth: &Truth, through: i64) -> Result<()> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        while progress.applied < through {
            let changes = truth.changes(self.part, progress.applied, CHANGES_MAX)?;
            // Asked after the changes: a trace that was removed before them shows here.
            let (newest, horizon) = truth.span(self.part)?;
            if progress.is_outdated(newest, horizon) {
                return Err(Error::Outdated { part: self.part });
            }
            let last = match changes.last() {
                Some(last) => last.seq,
                // What is newer was changed again or removed: nothing is left to take over.
                None if newest >= through => newest,
                None => {
                    return Err(Error::Message {
                        why: format!("part {} has no change {through}", self.part),
                    });
                }
            };
            let mut prints = Vec::new();
            for change in &changes {
                prints.extend(truth.open_row(change)?);
            }
            let subjects: Vec<String> = changes.into_iter().map(|change| change.subject).collect();
            self.gallery.replace_all(&subjects, prints)?;
            progress.applied = last;
            progress.write(&self.folder, truth.name())?;
            self.applied.store(last, Ordering::Release);
            if last < through {
                tracing::info!(
                    part = self.part,
                    applied = last,
                    of = through,
                    "taking over"
                );
            }
        }
        Ok(())
    }

    /// Brings the copy up to date; once a day what was erased leaves the disk. Records are erased by the truth alone: the
    /// clock of this machine decides about nothing that cannot be had again.
    fn keep_up(&self, truth: &Truth, today: Date) -> Result<()> {
        let (newest, horizon) = truth.span(self.part)?;
        let progress = *self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.is_outdated(newest, horizon) {
            return Err(Error::Outdated { part: self.part });
        }
        self.follow(truth, newest)?;
        self.ready.store(true, Ordering::Release);
        let mut cleaned = self.cleaned.lock().unwrap_or_else(PoisonError::into_inner);
        if *cleaned != Some(today) {
            self.gallery.purge(Date::MIN)?;
            *cleaned = Some(today);
        }
        Ok(())
    }

    fn answer(&self, truth: &Truth, asked: &Asked) -> Result<Answered> {
        if asked.part != self.part {
            return Err(Error::Message {
                why: format!("part {} was asked for part {}", self.part, asked.part),
            });
        }
        let behind = asked.through - self.applied.load(Ordering::Acquire);
        if behind > BEHIND_MAX {
            return Err(Error::Message {
                why: format!("the copy of part {} is {behind} changes behind", self.part),
            });
        }
        if behind > 0 {
            self.follow(truth, asked.through)?;
        }
        Ok(Answered {
            part: self.part,
            records: self.gallery.records() as u64,
            candidates: self.gallery.search(&asked.question)?,
        })
    }
}

/// What a task beside the loop tells it.
enum Event {
    Opened(i64, Result<Arc<Copy>>),
    KeptUp(i64, Result<()>),
}

/// A search worker.
pub struct Worker {
    plan: WorkerPlan,
    truth: Arc<Truth>,
    client: Client,
    copies: BTreeMap<i64, Arc<Copy>>,
    /// Parts whose copies are being opened.
    opening: BTreeSet<i64>,
    /// Parts of which there is a copy on this disk, or should be.
    parts: BTreeSet<i64>,
    serving: BTreeMap<Held, AbortHandle>,
    tell: mpsc::UnboundedSender<Event>,
    told: mpsc::UnboundedReceiver<Event>,
}

impl Worker {
    /// A worker of a gallery, connected to a messaging server.
    ///
    /// # Errors
    /// [`Error::Messaging`] when the server cannot be reached, or a folder that cannot be used.
    pub async fn connect(plan: WorkerPlan, truth: Arc<Truth>, url: &str) -> Result<Self> {
        let options = ConnectOptions::new().subscription_capacity(WAITING_MAX);
        let client = options.connect(url).await.map_err(Error::messaging)?;
        make_folder(&plan.folder)?;
        let known: BTreeSet<i64> = truth.all_parts().collect();
        let on_disk = numbers(&plan.folder, PREFIX, "")?;
        let parts = on_disk
            .into_iter()
            .filter_map(|number| i64::try_from(number).ok())
            .filter(|part| known.contains(part))
            .collect();
        let (tell, told) = mpsc::unbounded_channel();
        Ok(Self {
            plan,
            truth,
            client,
            copies: BTreeMap::new(),
            opening: BTreeSet::new(),
            parts,
            serving: BTreeMap::new(),
            tell,
            told,
        })
    }

    /// Works until it is stopped, then gives its parts back.
    ///
    /// # Errors
    /// When they cannot be given back; everything else is tried again.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<()> {
        let pause = (self.plan.term / 3).min(Duration::from_secs(1));
        let mut ticks = tokio::time::interval(pause);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(event) = self.told.recv() => self.hear(event),
                _ = ticks.tick() => {
                    if let Err(why) = self.turn().await {
                        tracing::error!(fault = %why, "a turn of the search worker failed; it is tried again");
                    }
                }
            }
        }
        for (_, task) in std::mem::take(&mut self.serving) {
            task.abort();
        }
        let (truth, name) = (Arc::clone(&self.truth), self.plan.name.clone());
        blocking(move || leases::leave(&truth, &name)).await
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Opened(part, opened) => {
                self.opening.remove(&part);
                match opened {
                    Ok(copy) => drop(self.copies.insert(part, copy)),
                    Err(why) => tracing::error!(part, fault = %why, "a copy cannot be opened"),
                }
            }
            Event::KeptUp(part, kept) => {
                if let Some(copy) = self.copies.get(&part) {
                    copy.busy.store(false, Ordering::Release);
                }
                match kept {
                    Ok(()) => {}
                    Err(Error::Outdated { .. }) => {
                        // It is opened again, and made anew.
                        self.copies.remove(&part);
                        self.silence(|(held, _)| held != part);
                    }
                    Err(why) => tracing::error!(part, fault = %why, "a copy cannot follow"),
                }
            }
        }
    }

    /// One turn: leases, then what there is to do beside.
    async fn turn(&mut self) -> Result<()> {
        let now = (self.plan.clock)();
        let term = i64::try_from(self.plan.term.as_millis()).unwrap_or(i64::MAX);
        let known: BTreeSet<i64> = self.copies.keys().copied().collect();
        let (truth, name) = (Arc::clone(&self.truth), self.plan.name.clone());
        let held =
            blocking(move || leases::round(&truth, &name, &known, now.as_millisecond(), term));
        let held = match held.await {
            Ok(held) => held,
            // Who cannot reach the truth cannot follow it: others answer.
            Err(why) => {
                self.silence(|_| false);
                return Err(why);
            }
        };
        self.silence(|place| held.contains(&place));
        self.parts.extend(held.iter().map(|(part, _)| *part));
        self.keep_up(now.to_zoned(TimeZone::UTC).date());
        for (part, slot) in held {
            let copy = self.copies.get(&part).cloned();
            if let Some(copy) = copy.filter(|copy| copy.ready.load(Ordering::Acquire)) {
                self.serve(copy, (part, slot)).await?;
            }
        }
        Ok(())
    }

    /// Every copy on this disk follows, also one for which another answers: what is erased is erased everywhere.
    fn keep_up(&mut self, today: Date) {
        for part in self.parts.clone() {
            let (truth, tell) = (Arc::clone(&self.truth), self.tell.clone());
            if let Some(copy) = self.copies.get(&part) {
                if !copy.busy.swap(true, Ordering::AcqRel) {
                    let copy = Arc::clone(copy);
                    spawn_blocking(move || {
                        let kept = copy.keep_up(&truth, today);
                        drop(copy);
                        drop(tell.send(Event::KeptUp(part, kept)));
                    });
                }
            } else if self.opening.insert(part) {
                let plan = self.plan.clone();
                spawn_blocking(move || {
                    let opened = Copy::open(&plan, &truth, part).map(Arc::new);
                    drop(tell.send(Event::Opened(part, opened)));
                });
            }
        }
    }

    /// Stops answering in places that are not to be kept.
    fn silence(&mut self, keep: impl Fn(Held) -> bool) {
        self.serving.retain(|place, task| {
            let keep = keep(*place) && !task.is_finished();
            if !keep {
                task.abort();
            }
            keep
        });
    }

    async fn serve(&mut self, copy: Arc<Copy>, place: Held) -> Result<()> {
        if self.serving.contains_key(&place) {
            return Ok(());
        }
        let subject = subject_of(self.truth.name(), place.0, place.1);
        let mut questions = self
            .client
            .subscribe(subject)
            .await
            .map_err(Error::messaging)?;
        let (client, truth) = (self.client.clone(), Arc::clone(&self.truth));
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let task = tokio::spawn(async move {
            while let Some(message) = questions.next().await {
                let came = Instant::now();
                let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
                    return;
                };
                let (copy, truth, client) = (Arc::clone(&copy), Arc::clone(&truth), client.clone());
                tokio::spawn(async move {
                    answer(message, came, copy, truth, client).await;
                    drop(slot);
                });
            }
        });
        tracing::info!(part = place.0, slot = place.1, "answering");
        self.serving.insert(place, task.abort_handle());
        Ok(())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(why) => Err(Error::Messaging {
            why: why.to_string(),
        }),
    }
}

async fn answer(
    message: Message,
    came: Instant,
    copy: Arc<Copy>,
    truth: Arc<Truth>,
    client: Client,
) {
    let Some(reply) = message.reply else {
        return;
    };
    let sealed = blocking(move || {
        let asked = Asked::open(&truth, &message.payload)?;
        if came.elapsed() > asked.patience {
            return Ok(None);
        }
        let outcome = copy.answer(&truth, &asked);
        if let Err(why) = &outcome {
            tracing::error!(part = copy.part, fault = %why, "a question was not answered");
        }
        seal_answer(&truth, asked.name, &outcome).map(Some)
    })
    .await;
    // What is no question of this circuit gets no answer, and nobody waits any more for one that came too late.
    if let Ok(Some(sealed)) = sealed {
        // Whoever asked asks another when nothing comes.
        drop(client.publish(reply, sealed.into()).await);
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn a_copy_knows_when_it_cannot_be_mended() {
        let copy = |base, applied| Progress { base, applied };
        // Begun after many traces were removed, and not far yet.
        assert!(!copy(9000, 612).is_outdated(10_000, 9000));
        assert!(!copy(9000, 10_000).is_outdated(10_000, 9500));
        // Traces were removed that it did not follow.
        assert!(copy(9000, 612).is_outdated(10_000, 9001));
        assert!(copy(0, 612).is_outdated(10_000, 700));
        // The truth was put back.
        assert!(copy(0, 1000).is_outdated(995, 0));
    }
}
