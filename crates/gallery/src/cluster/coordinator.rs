//! Whoever asks: every part is asked, a second worker when the first is slow, and no answer is given without all parts.

use super::truth::Truth;
use super::wire::{Answered, Asked, open_answer};
use super::{REPLICAS, subject_of};
use crate::probe::LiveProbe;
use crate::record::Enrolment;
use crate::search::{Candidate, Question, together_with};
use crate::{Error, Result};
use async_nats::Client;
use jiff::civil::Date;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

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
    runtime: Runtime,
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
            runtime,
            turn: AtomicI64::new(0),
            deadline: DEADLINE,
        })
    }

    /// The same, with another time after which a search has failed.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
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
        together_with(subject, &known, &question.prints)
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
        let answers = self.runtime.block_on(async {
            let mut parts = JoinSet::new();
            for (part, through) in self.truth.all_parts().zip(newest) {
                let ask = Ask {
                    truth: Arc::clone(&self.truth),
                    client: self.client.clone(),
                    question: Asked {
                        name: self.truth.nonce(),
                        part,
                        through,
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
        let mut missing = Vec::new();
        for (part, answer) in answers {
            match answer {
                Some(answer) => {
                    found.records += usize::try_from(answer.records).unwrap_or(usize::MAX);
                    found.candidates.extend(answer.candidates);
                }
                None => missing.push(part),
            }
        }
        if !missing.is_empty() {
            missing.sort_unstable();
            return Err(Error::Incomplete { parts: missing });
        }
        found
            .candidates
            .sort_by(|a, b| b.score.cmp(&a.score).then(a.subject.cmp(&b.subject)));
        found.candidates.truncate(question.most);
        Ok(found)
    }
}

impl Ask {
    /// Asks one worker after the other, until one answers or time is over.
    async fn part(self) -> Option<Answered> {
        let mut asked = JoinSet::new();
        let mut slot = self.first;
        loop {
            let (ask, place) = (self.clone(), slot);
            asked.spawn(async move { ask.slot(place).await });
            slot = (slot + 1) % REPLICAS;
            let pause = Instant::now() + SLOW;
            loop {
                if Instant::now() >= self.until {
                    return None;
                }
                match timeout(
                    pause
                        .min(self.until)
                        .saturating_duration_since(Instant::now()),
                    asked.join_next(),
                )
                .await
                {
                    Ok(Some(Ok(Some(answer)))) => return Some(answer),
                    // Nobody there, or a fault: the next is asked at once, and after a while the first again.
                    Ok(Some(_)) => {
                        if slot == self.first {
                            sleep(AGAIN).await;
                        }
                        break;
                    }
                    // Slow: the next is asked as well; at most as many questions are open as there are workers.
                    Err(_) if asked.len() < REPLICAS as usize => break,
                    Err(_) => sleep(AGAIN).await,
                    Ok(None) => break,
                }
            }
        }
    }

    async fn slot(&self, slot: i64) -> Option<Answered> {
        let sealed = self.question.seal(&self.truth).ok()?;
        let subject = subject_of(self.truth.name(), self.question.part, slot);
        let left = self.until.saturating_duration_since(Instant::now());
        let reply = timeout(left, self.client.request(subject, sealed.into())).await;
        let reply = reply.ok()?.ok()?;
        let answer = open_answer(&self.truth, self.question.name, &reply.payload);
        match answer {
            Ok(answer) if answer.part == self.question.part => Some(answer),
            Ok(_) => None,
            Err(why) => {
                tracing::warn!(part = self.question.part, slot, fault = %why, "a worker failed");
                None
            }
        }
    }
}
