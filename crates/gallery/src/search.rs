//! Searching: a first look at everything, a second look at the best, one score for each subject.

use crate::gallery::{Gallery, Snapshot};
use crate::probe::LiveProbe;
use crate::record::{Meta, Purpose};
use crate::{Error, Result};
use jiff::civil::Date;
use rilascio_biometrics::{PACKED_WORDS, PackedPrint, Prepared, SearchProbe, compare};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Records of the log that one thread looks at in one go.
const RECENT_CHUNK: usize = 2048;
/// One in so many is looked at a second time, within limits.
const SECOND_LOOK_SHARE: usize = 200;
const SECOND_LOOK_MIN: usize = 64;
const SECOND_LOOK_MAX: usize = 2000;

/// Subjects of which the other fingers are compared after the second look.
const FILL_IN_MAX: usize = 256;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The prints, one or more fingers of one person.
    pub prints: Vec<LiveProbe>,
    /// What for: only records of this purpose are compared.
    pub purpose: Purpose,
    /// The day: records whose last day has passed are not compared.
    pub today: Date,
    /// The most candidates of the answer.
    pub most: usize,
}

/// The score of one finger of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FingerScore {
    /// The finger.
    pub finger: u8,
    /// Hundredths of the logarithm of the likelihood ratio.
    pub score: i32,
}

/// Somebody who may have given these prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Whose records.
    pub subject: String,
    /// All fingers together, on the same scale.
    pub score: i32,
    /// Finger by finger.
    pub fingers: Vec<FingerScore>,
}

/// The score from which on one search in `one_in` finds somebody wrongly, in a gallery of so many subjects.
///
/// Scores are log-likelihood ratios: of two fingers, one comparison in e^s scores more than s.
#[must_use]
pub fn threshold(subjects: usize, one_in: f64) -> i32 {
    let wanted = (subjects.max(1) as f64 * one_in.max(1.0)).ln();
    (wanted * 100.0).ceil() as i32
}

/// One score of several fingers, on the scale of one: the logarithm of how rarely as many fingers of others come to the
/// same sum (Fisher). Fingers that disagree add nothing, and make the others count for less.
fn together(scores: impl Iterator<Item = i32>) -> i32 {
    let (mut sum, mut count) = (0.0, 0_u32);
    let mut worst = i32::MAX;
    for score in scores {
        sum += f64::from(score.max(0)) / 100.0;
        count += 1;
        worst = worst.min(score);
    }
    if sum <= 0.0 {
        // Nobody of others comes below nothing: the order among those who disagree is that of the worst finger.
        return if count == 0 { 0 } else { worst.min(0) };
    }
    let (mut term, mut tail) = (1.0, 1.0);
    for n in 1..count {
        term *= sum / f64::from(n);
        tail += term;
    }
    ((sum - tail.ln()) * 100.0).round() as i32
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Recent(usize),
    Old(usize, usize),
}

/// The best places, each with its likeness.
struct Best {
    heap: BinaryHeap<Reverse<(u32, Place)>>,
    most: usize,
}

impl Best {
    fn new(most: usize) -> Self {
        Self {
            heap: BinaryHeap::with_capacity(most + 1),
            most,
        }
    }

    fn add(&mut self, likeness: u32, place: Place) {
        let worst = self.heap.peek().map_or(0, |Reverse((worst, _))| *worst);
        if likeness == 0 || (self.heap.len() >= self.most && likeness <= worst) {
            return;
        }
        self.heap.push(Reverse((likeness, place)));
        if self.heap.len() > self.most {
            self.heap.pop();
        }
    }
}

/// Does `work` for every number below `count` on all processors; the results in order.
pub fn on_all_processors<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    // One thing is done here: no thread is worth it.
    if count <= 1 {
        return (0..count).map(work).collect();
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= count {
                        return;
                    }
                    let result = work(place);
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((place, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

impl Snapshot {
    fn count(&self) -> usize {
        let old: usize = self.segments.iter().map(|segment| segment.count()).sum();
        old + self.recent.len()
    }

    fn meta(&self, place: Place) -> Option<Meta> {
        match place {
            Place::Recent(n) => Some(self.recent[n].meta.clone()),
            Place::Old(segment, n) => self.segments[segment].meta(n),
        }
    }

    fn sealed(&self, place: Place) -> Option<&[u8]> {
        match place {
            Place::Recent(n) => Some(&self.recent[n].sealed),
            Place::Old(segment, n) => self.segments[segment].sealed(n),
        }
    }

    /// The living records of a subject.
    fn of_subject(&self, subject: &str) -> Vec<Place> {
        let recent = self.recent.iter().enumerate();
        let mut places: Vec<Place> = recent
            .filter(|(_, record)| record.meta.subject == subject)
            .map(|(n, _)| Place::Recent(n))
            .collect();
        for (number, segment) in self.segments.iter().enumerate() {
            let found = segment.of_subject(subject);
            places.extend(found.into_iter().map(|n| Place::Old(number, n)));
        }
        places
    }

    /// The first look: the places that are most like a probe.
    fn first_look(&self, finger: u8, probe: &SearchProbe, most: usize) -> Vec<Place> {
        let chunks = self.recent.len().div_ceil(RECENT_CHUNK);
        let parts = on_all_processors(self.segments.len() + chunks, |part| {
            let mut best = Best::new(most);
            if let Some(segment) = self.segments.get(part) {
                let prints = segment.prints().chunks_exact(PACKED_WORDS);
                for (n, print) in prints.enumerate() {
                    if segment.finger(n) == finger && !segment.is_dead(n) {
                        best.add(probe.likeness(print), Place::Old(part, n));
                    }
                }
            } else {
                let start = (part - self.segments.len()) * RECENT_CHUNK;
                let records = self.recent.iter().enumerate().skip(start);
                for (n, record) in records.take(RECENT_CHUNK) {
                    if record.meta.finger == finger {
                        best.add(probe.likeness(record.packed.words()), Place::Recent(n));
                    }
                }
            }
            best.heap.into_vec()
        });
        let mut all: Vec<_> = parts.into_iter().flatten().collect();
        all.sort_unstable();
        all.into_iter()
            .take(most)
            .map(|Reverse((_, place))| place)
            .collect()
    }
}

impl Gallery {
    /// Who else has given these prints? The best candidates first.
    ///
    /// # Errors
    /// [`Error::EmptyProbe`] when no print has minutiae.
    pub fn search(&self, question: &Question) -> Result<Vec<Candidate>> {
        let _others = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let state = self.snapshot();
        let most = (state.count() / SECOND_LOOK_SHARE).clamp(SECOND_LOOK_MIN, SECOND_LOOK_MAX);
        let mut found: BTreeMap<String, BTreeMap<u8, i32>> = BTreeMap::new();
        let mut any = false;
        for probe in &question.prints {
            if probe.print.cylinders.is_empty() {
                continue;
            }
            any = true;
            let packed = PackedPrint::from(&probe.print).disguised(&self.disguise);
            let places = state.first_look(probe.finger, &SearchProbe::from(&packed), most);
            for (subject, score) in self.second_look(&state, probe, &places, question)? {
                let scores = found.entry(subject).or_default();
                let known = scores.entry(probe.finger).or_insert(score);
                *known = score.max(*known);
            }
        }
        if !any {
            return Err(Error::EmptyProbe);
        }
        self.fill_in(&state, &mut found, question)?;
        let mut candidates: Vec<Candidate> = found
            .into_iter()
            .map(|(subject, scores)| Candidate {
                subject,
                score: together(scores.values().copied()),
                fingers: scores
                    .into_iter()
                    .map(|(finger, score)| FingerScore { finger, score })
                    .collect(),
            })
            .collect();
        candidates.sort_by(|a, b| b.score.cmp(&a.score).then(a.subject.cmp(&b.subject)));
        candidates.truncate(question.most);
        Ok(candidates)
    }

    /// The second look: a whole comparison with each place.
    fn second_look(
        &self,
        state: &Snapshot,
        probe: &LiveProbe,
        places: &[Place],
        question: &Question,
    ) -> Result<Vec<(String, i32)>> {
        let scores = on_all_processors(places.len(), |n| {
            let Some(meta) = state.meta(places[n]) else {
                return Err(Error::damaged(
                    self.folder(),
                    format!("a record cannot be read: {:?}", places[n]),
                ));
            };
            if !meta.is_open(question.purpose, question.today) {
                return Ok(None);
            }
            // A record that cannot be read is a fault, not somebody else.
            let template = self.unseal(&meta, state.sealed(places[n]))?;
            let score = compare(&probe.print, &Prepared::from(template)).score();
            Ok(Some((meta.subject, score)))
        });
        scores.into_iter().filter_map(Result::transpose).collect()
    }

    /// The best score of a probe against the same finger of a subject; nothing when it has none.
    fn best_of(
        &self,
        state: &Snapshot,
        subject: &str,
        probe: &LiveProbe,
        question: &Question,
    ) -> Result<Option<i32>> {
        let places: Vec<Place> = state
            .of_subject(subject)
            .into_iter()
            .filter(|place| state.meta(*place).is_some_and(|m| m.finger == probe.finger))
            .collect();
        let scores = self.second_look(state, probe, &places, question)?;
        Ok(scores.into_iter().map(|(_, score)| score).max())
    }

    /// Whoever came up with one finger is compared with the others too, the likeliest first.
    fn fill_in(
        &self,
        state: &Snapshot,
        found: &mut BTreeMap<String, BTreeMap<u8, i32>>,
        question: &Question,
    ) -> Result<()> {
        if question.prints.len() < 2 {
            return Ok(());
        }
        // Who is far from one finger is not looked for with another.
        let mut likely: Vec<(i32, &String)> = found
            .iter()
            .filter_map(|(subject, scores)| Some((*scores.values().max()?, subject)))
            .filter(|(best, _)| *best >= 0)
            .collect();
        likely.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        likely.truncate(FILL_IN_MAX);
        let filled = on_all_processors(likely.len(), |n| {
            let subject = likely[n].1;
            let known = &found[subject];
            let mut more = Vec::new();
            for probe in &question.prints {
                if known.contains_key(&probe.finger) {
                    continue;
                }
                if let Some(best) = self.best_of(state, subject, probe, question)? {
                    more.push((probe.finger, best));
                }
            }
            Ok::<_, Error>((subject.clone(), more))
        });
        for one in filled {
            let (subject, more) = one?;
            found.entry(subject).or_default().extend(more);
        }
        Ok(())
    }

    /// Compares prints with those of one subject; nothing when it has none of these fingers.
    ///
    /// # Errors
    /// [`Error::EmptyProbe`] when no print has minutiae.
    pub fn verify(&self, subject: &str, question: &Question) -> Result<Option<Candidate>> {
        if question
            .prints
            .iter()
            .all(|probe| probe.print.cylinders.is_empty())
        {
            return Err(Error::EmptyProbe);
        }
        let state = self.snapshot();
        let mut best = BestOfFingers::default();
        for probe in &question.prints {
            if let Some(score) = self.best_of(&state, subject, probe, question)? {
                best.add(probe.finger, score);
            }
        }
        Ok(best.candidate(subject))
    }
}

/// The best score of each finger: a finger that was given twice counts once.
#[derive(Default)]
struct BestOfFingers(BTreeMap<u8, i32>);

impl BestOfFingers {
    fn add(&mut self, finger: u8, score: i32) {
        let known = self.0.entry(finger).or_insert(score);
        *known = score.max(*known);
    }

    /// Somebody of whom fingers were compared; nothing when none was.
    fn candidate(self, subject: &str) -> Option<Candidate> {
        (!self.0.is_empty()).then(|| Candidate {
            subject: subject.to_owned(),
            score: together(self.0.values().copied()),
            fingers: self
                .0
                .into_iter()
                .map(|(finger, score)| FingerScore { finger, score })
                .collect(),
        })
    }
}

/// Compares prints with known ones of one person, finger by finger; nothing when they have no finger in common.
///
/// # Errors
/// [`Error::EmptyProbe`] when no print has minutiae.
pub fn compare_fingers(
    subject: &str,
    known: &[LiveProbe],
    prints: &[LiveProbe],
) -> Result<Option<Candidate>> {
    if prints.iter().all(|probe| probe.print.cylinders.is_empty()) {
        return Err(Error::EmptyProbe);
    }
    let mut best = BestOfFingers::default();
    for probe in prints {
        for print in known.iter().filter(|print| print.finger == probe.finger) {
            best.add(probe.finger, compare(&probe.print, &print.print).score());
        }
    }
    Ok(best.candidate(subject))
}
