//! Whoever asks: every part is asked, a second worker when the first is slow, and no answer is given without all parts.

use super::truth::Truth;
use super::wire::{Answered, Asked, open_answer};
use super::{REPLICAS, subject_of};
use crate::probe::LiveProbe;
use crate::record::Enrolment;
use crate::search::{Candidate, Question, compare_fingers};
use crate::{Error, Result};
use async_nats::Client;
use jiff::civil::Date;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

/// A worker that did not answer within this time is slow: the other one is asked too.
const SLOW: Duration = Duration::from_millis(700);
/// The pause before a part for which nobody answered is asked again.
const AGAIN: Duration = Duration::from_millis(200);
/// After this time a search has failed: the parts that did not answer are named.
const DEADLINE: Duration = Duration::from_secs(20);

/// What a search of all parts found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The best candidates first.
    pub candidates: Vec<Candidate>,
    /// Records that were searched.
    pub records: usize,
}

/// The gallery of several machines, as one.
pub struct Cluster {
    truth: Arc<Truth>,
    client: Client,
    /// Nothing only while it is dropped.
    runtime: Option<Runtime>,
    turn: AtomicI64,
    deadline: Duration,
}

/// What the workers of a part are asked.
#[derive(Clone)]
struct Ask {
    truth: Arc<Truth>,
    client: Client,
    question: Asked,
    first: i64,
    until: Instant,
}

impl Cluster {
    /// Connects to the messaging server over which the workers of a gallery answer.
    ///
    /// # Errors
    /// [`Error::Messaging`] when it cannot be reached.
    pub fn connect(truth: Arc<Truth>, url: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(Error::messaging)?;
        let client = runtime
            .block_on(async_nats::connect(url))
            .map_err(Error::messaging)?;
        Ok(Self {
            truth,
            client,
            runtime: Some(runtime),
            turn: AtomicI64::new(0),
            deadline: DEADLINE,
        })
    }

    /// The same, with another time after which a search has failed.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Puts prints in the place of those their subjects had. A search that begins after this finds them.
    ///
    /// # Errors
    /// [`Error::Subject`], or what the data base says.
    pub fn enrol(&self, prints: Vec<Enrolment>) -> Result<()> {
        self.truth.put(prints)
    }

    /// Erases the prints of a subject: no search that begins after this finds them.
    ///
    /// # Errors
    /// [`Error::Subject`], or what the data base says.
    pub fn erase(&self, subject: &str, today: Date) -> Result<bool> {
        self.truth.erase(subject, today)
    }

    /// Erases what may not be compared after that day.
    ///
    /// # Errors
    /// What the data base says.
    pub fn purge(&self, today: Date) -> Result<()> {
        self.truth.purge(today)
    }

    /// Compares prints with those of one subject; nothing when it has none of these fingers.
    ///
    /// # Errors
    /// [`Error::EmptyProbe`], or what the data base says.
    pub fn verify(&self, subject: &str, question: &Question) -> Result<Option<Candidate>> {
        let mut known = self.truth.of_subject(subject)?;
        known.retain(|print| print.purpose == question.purpose && question.today <= print.until);
        let known: Vec<LiveProbe> = known
            .into_iter()
            .map(|print| LiveProbe::new(print.finger, print.template))
            .collect();
        compare_fingers(subject, &known, &question.prints)
    }

    /// Who else has given these prints? Not to be called from a task of an asynchronous runtime: it waits.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when a part did not answer in time, [`Error::EmptyProbe`], or what the data base says.
    pub fn search(&self, question: &Question) -> Result<Found> {
        if question
            .prints
            .iter()
            .all(|probe| probe.print().cylinders.is_empty())
        {
            return Err(Error::EmptyProbe);
        }
        let newest = self.truth.newest()?;
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % REPLICAS;
        let until = Instant::now() + self.deadline;
        let runtime = self
            .runtime
            .as_ref()
            .ok_or_else(|| Error::messaging("it is closed"))?;
        let answers = runtime.block_on(async {
            let mut parts = JoinSet::new();
            for (part, through) in self.truth.all_parts().zip(newest) {
                let ask = Ask {
                    truth: Arc::clone(&self.truth),
                    client: self.client.clone(),
                    question: Asked {
                        name: self.truth.nonce(),
                        part,
                        through,
                        patience: self.deadline,
                        question: question.clone(),
                    },
                    first: (first + part) % REPLICAS,
                    until,
                };
                parts.spawn(async move { (part, ask.part().await) });
            }
            parts.join_all().await
        });
        let mut found = Found {
            candidates: Vec::new(),
            records: 0,
        };
        let (mut missing, mut last) = (Vec::new(), String::new());
        for (part, answer) in answers {
            match answer {
                Ok(answer) => {
                    found.records += usize::try_from(answer.records).unwrap_or(usize::MAX);
                    found.candidates.extend(answer.candidates);
                }
                Err(why) => {
                    missing.push(part);
                    last = why;
                }
            }
        }
        if !missing.is_empty() {
            missing.sort_unstable();
            return Err(Error::Incomplete {
                parts: missing,
                why: last,
            });
        }
        found
            .candidates
            .sort_by(|a, b| b.score.cmp(&a.score).then(a.subject.cmp(&b.subject)));
        found.candidates.truncate(question.most);
        Ok(found)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A runtime must not wait for its threads where a task of another one drops it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What became of the questions about a part.
struct Asking {
    open: [bool; REPLICAS as usize],
    /// When a worker that failed is asked again.
    again: [Instant; REPLICAS as usize],
    /// When the next worker is asked, because the last is slow.
    next: Instant,
}

impl Asking {
    /// The worker to be asked now, if it is time for one: each has one question at most.
    fn due(&self, first: i64) -> Option<usize> {
        let now = Instant::now();
        let order = (0..REPLICAS).map(|n| usize::try_from((first + n) % REPLICAS).unwrap_or(0));
        let mut free = order.filter(|slot| !self.open[*slot] && now >= self.again[*slot]);
        free.next().filter(|_| now >= self.next)
    }

    /// When there may be something to do, if no answer comes before.
    fn wake(&self) -> Instant {
        let again = self.again.iter().zip(&self.open);
        let free = again.filter(|(_, open)| !**open).map(|(at, _)| *at).min();
        free.map_or(Instant::now() + AGAIN, |free| free.max(self.next))
    }
}

impl Ask {
    /// Asks one worker after the other, until one answers or time is over; then why the last one did not.
    async fn part(self) -> std::result::Result<Answered, String> {
        let mut asked = JoinSet::new();
        let mut last = "no worker answered in time".to_owned();
        let now = Instant::now();
        let mut asking = Asking {
            open: [false; REPLICAS as usize],
            again: [now; REPLICAS as usize],
            next: now,
        };
        while Instant::now() < self.until {
            if let Some(slot) = asking.due(self.first) {
                let ask = self.clone();
                asked.spawn(async move { (slot, ask.slot(slot).await) });
                asking.open[slot] = true;
                asking.next = Instant::now() + SLOW;
            }
            let wake = asking.wake().min(self.until);
            if asked.is_empty() {
                sleep_until(wake).await;
                continue;
            }
            match timeout_at(wake, asked.join_next()).await {
                Ok(Some(Ok((_, Ok(answer))))) => return Ok(answer),
                Ok(Some(Ok((slot, Err(why))))) => {
                    asking.open[slot] = false;
                    asking.again[slot] = Instant::now() + AGAIN;
                    asking.next = Instant::now();
                    last = why;
                }
                // A slow one, or nothing yet.
                Ok(_) | Err(_) => {}
            }
        }
        Err(last)
    }

    async fn slot(&self, slot: usize) -> std::result::Result<Answered, String> {
        let sealed = self
            .question
            .seal(&self.truth)
            .map_err(|why| why.to_string())?;
        let place = i64::try_from(slot).unwrap_or(0);
        let subject = subject_of(self.truth.name(), self.question.part, place);
        let request = async_nats::Request::new()
            .payload(sealed.into())
            .timeout(Some(self.until.saturating_duration_since(Instant::now())));
        let reply = self.client.send_request(subject, request).await;
        let reply = reply.map_err(|why| why.to_string())?;
        let answer = open_answer(&self.truth, self.question.name, &reply.payload);
        match answer {
            Ok(answer) if answer.part == self.question.part => Ok(answer),
            Ok(_) => Err("a worker answered for another part".to_owned()),
            Err(why) => Err(why.to_string()),
        }
    }
}
