//! A search worker: holds parts of a gallery by leases, keeps copies of them on its own disk, follows the truth and answers.

use super::leases::{self, Held};
use super::subject_of;
use super::truth::Truth;
use super::wire::{Answered, Asked, seal_answer};
use crate::gallery::Gallery;
use crate::{Error, Result};
use async_nats::{Client, Message};
use futures_util::StreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rand_core::CryptoRng;
use rilascio_store::files::{make_folder, numbers, read_if_there, write_whole};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, spawn_blocking};

/// Changes that are taken over in one go.
const CHANGES_MAX: u32 = 500;
/// Questions that wait for a processor, for each processor.
const WAITING_MAX: usize = 4;
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

/// A copy of a part.
struct Copy {
    part: i64,
    folder: PathBuf,
    gallery: Gallery,
    /// The change up to which it is the truth.
    applied: Mutex<i64>,
    /// Searches read, changes write: nobody sees prints that are half replaced.
    gate: RwLock<()>,
    purged: Mutex<Option<Date>>,
}

fn read_applied(folder: &Path) -> Result<i64> {
    let text = read_if_there(&folder.join(APPLIED))?;
    let text = text.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    // A copy without this file begins at the beginning: taking a change over twice does no harm.
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

impl Copy {
    fn open(plan: &WorkerPlan, truth: &Truth, part: i64) -> Result<Self> {
        let folder = plan.folder.join(format!("{PREFIX}{part}"));
        let (newest, horizon) = truth.span(part)?;
        let mut applied = read_applied(&folder)?;
        // Erasures that it did not follow have left no trace; or the truth was put back to an earlier state.
        if folder.exists() && (applied < horizon || applied > newest) {
            tracing::warn!(part, applied, newest, "the copy is made anew");
            std::fs::remove_dir_all(&folder).map_err(|why| Error::file(&folder, why))?;
            applied = 0;
        }
        make_folder(&folder)?;
        let gallery = Gallery::open(&folder, truth.key(), (plan.entropy)())?;
        Ok(Self {
            part,
            folder,
            gallery,
            applied: Mutex::new(applied),
            gate: RwLock::new(()),
            purged: Mutex::new(None),
        })
    }

    /// Takes over what changed, until it knows the truth up to `through` at least.
    fn follow(&self, truth: &Truth, through: i64) -> Result<()> {
        let mut applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        while *applied < through {
            let (_, horizon) = truth.span(self.part)?;
            if *applied < horizon && *applied > 0 {
                return Err(Error::Outdated { part: self.part });
            }
            let changes = truth.changes(self.part, *applied, CHANGES_MAX)?;
            let Some(last) = changes.last().map(|change| change.seq) else {
                // The rows of the newest changes were changed again or removed: nothing is left to take over.
                *applied = through;
                break;
            };
            let mut prints = Vec::new();
            for change in &changes {
                prints.extend(truth.open_row(change)?);
            }
            {
                let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
                for change in &changes {
                    self.gallery.erase(&change.subject)?;
                }
                self.gallery.enrol(prints)?;
            }
            *applied = last;
            let text = format!("{last}\n");
            write_whole(&self.folder.join(APPLIED), text.as_bytes(), false)?;
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

    /// Once a day what was erased leaves the disk.
    fn purge(&self, today: Date) -> Result<()> {
        let mut purged = self.purged.lock().unwrap_or_else(PoisonError::into_inner);
        if *purged != Some(today) {
            let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
            self.gallery.purge(today)?;
            *purged = Some(today);
        }
        Ok(())
    }

    fn answer(&self, truth: &Truth, asked: &Asked) -> Result<Answered> {
        if asked.part != self.part {
            return Err(Error::Message {
                why: format!("part {} was asked for part {}", self.part, asked.part),
            });
        }
        self.follow(truth, asked.through)?;
        let _others = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        Ok(Answered {
            part: self.part,
            records: self.gallery.size().records as u64,
            candidates: self.gallery.search(&asked.question)?,
        })
    }
}

/// A search worker.
pub struct Worker {
    plan: WorkerPlan,
    truth: Arc<Truth>,
    client: Client,
    copies: BTreeMap<i64, Arc<Copy>>,
    serving: BTreeMap<Held, AbortHandle>,
    processors: Arc<Semaphore>,
}

impl Worker {
    /// A worker of a gallery, connected to a messaging server.
    ///
    /// # Errors
    /// [`Error::Messaging`] when the server cannot be reached, or a copy that cannot be opened.
    pub async fn connect(plan: WorkerPlan, truth: Arc<Truth>, url: &str) -> Result<Self> {
        let client = async_nats::connect(url).await.map_err(Error::messaging)?;
        make_folder(&plan.folder)?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            plan,
            truth,
            client,
            copies: BTreeMap::new(),
            serving: BTreeMap::new(),
            processors: Arc::new(Semaphore::new(processors * WAITING_MAX)),
        })
    }

    /// Works until it is stopped, then gives its parts back.
    ///
    /// # Errors
    /// Only a folder that cannot be read; everything else is tried again.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<()> {
        for number in numbers(&self.plan.folder, PREFIX, "")? {
            let part = i64::try_from(number).unwrap_or(i64::MAX);
            if self.truth.all_parts().any(|known| known == part) {
                self.open(part).await;
            }
        }
        let pause = (self.plan.term / 3).min(Duration::from_secs(1));
        tokio::pin!(stop);
        loop {
            if let Err(why) = self.turn().await {
                tracing::error!(fault = %why, "a turn of the search worker failed; it is tried again");
            }
            tokio::select! {
                () = &mut stop => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        for (_, task) in std::mem::take(&mut self.serving) {
            task.abort();
        }
        let (truth, name) = (Arc::clone(&self.truth), self.plan.name.clone());
        blocking(move || leases::leave(&truth, &name)).await
    }

    /// One turn: leases, copies, changes.
    async fn turn(&mut self) -> Result<()> {
        let now = (self.plan.clock)();
        let term = i64::try_from(self.plan.term.as_millis()).unwrap_or(i64::MAX);
        let known: BTreeSet<i64> = self.copies.keys().copied().collect();
        let (truth, name) = (Arc::clone(&self.truth), self.plan.name.clone());
        let held =
            blocking(move || leases::round(&truth, &name, &known, now.as_millisecond(), term))
                .await;
        // Who cannot reach the truth cannot follow it: others answer.
        let held = held.inspect_err(|_| self.silence(&[]))?;
        self.silence(&held);
        for (part, slot) in held {
            if !self.copies.contains_key(&part) {
                self.open(part).await;
            }
            if let Some(copy) = self.copies.get(&part).cloned() {
                self.serve(copy, (part, slot)).await?;
            }
        }
        self.follow_all(now.to_zoned(TimeZone::UTC).date()).await
    }

    /// Stops answering for what is no longer held.
    fn silence(&mut self, held: &[Held]) {
        self.serving.retain(|place, task| {
            let keep = held.contains(place) && !task.is_finished();
            if !keep {
                task.abort();
            }
            keep
        });
    }

    async fn open(&mut self, part: i64) {
        let (plan, truth) = (self.plan.clone(), Arc::clone(&self.truth));
        match blocking(move || Copy::open(&plan, &truth, part)).await {
            Ok(copy) => {
                self.copies.insert(part, Arc::new(copy));
            }
            Err(why) => tracing::error!(part, fault = %why, "a copy cannot be opened"),
        }
    }

    /// Every copy on this disk follows, also one for which another answers: what is erased is erased everywhere.
    async fn follow_all(&mut self, today: Date) -> Result<()> {
        for copy in self.copies.values().cloned().collect::<Vec<_>>() {
            let (part, truth) = (copy.part, Arc::clone(&self.truth));
            let followed = blocking(move || {
                let (newest, _) = truth.span(copy.part)?;
                copy.follow(&truth, newest)?;
                copy.purge(today)
            })
            .await;
            match followed {
                Ok(()) => {}
                Err(Error::Outdated { .. }) => {
                    self.copies.remove(&part);
                    self.silence_part(part);
                }
                Err(why) => return Err(why),
            }
        }
        Ok(())
    }

    fn silence_part(&mut self, part: i64) {
        self.serving.retain(|(held, _), task| {
            if *held == part {
                task.abort();
            }
            *held != part
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
        let processors = Arc::clone(&self.processors);
        let task = tokio::spawn(async move {
            while let Some(message) = questions.next().await {
                let Ok(permit) = Arc::clone(&processors).acquire_owned().await else {
                    return;
                };
                let (copy, truth, client) = (Arc::clone(&copy), Arc::clone(&truth), client.clone());
                tokio::spawn(async move {
                    answer(message, copy, truth, client).await;
                    drop(permit);
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

async fn answer(message: Message, copy: Arc<Copy>, truth: Arc<Truth>, client: Client) {
    let Some(reply) = message.reply else {
        return;
    };
    let sealed = blocking(move || {
        let asked = Asked::open(&truth, &message.payload)?;
        let outcome = copy.answer(&truth, &asked);
        if let Err(why) = &outcome {
            tracing::error!(part = copy.part, fault = %why, "a question was not answered");
        }
        seal_answer(&truth, asked.name, &outcome)
    })
    .await;
    // What is no question of this circuit gets no answer.
    if let Ok(sealed) = sealed {
        // Whoever asked asks another when nothing comes.
        drop(client.publish(reply, sealed.into()).await);
    }
}
