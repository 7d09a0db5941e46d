//! Taking a finger: attempts, thresholds, the best one kept; and fingers that were taken for others.

use super::Advice;
use crate::matching::{Prepared, compare, threshold_for};

/// Thresholds of quality and attempts (TR-03121-3, enrolment of plain prints).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureRules {
    /// The least scores of thumb, index, middle, ring and little finger.
    pub least: [u8; 5],
    /// How often a finger is taken at most.
    pub attempts: u8,
}

impl Default for CaptureRules {
    fn default() -> Self {
        Self {
            least: [30, 30, 20, 10, 10],
            attempts: 3,
        }
    }
}

impl CaptureRules {
    /// The least score of a finger: 1 right thumb to 10 left little.
    #[must_use]
    pub fn least(&self, finger: u8) -> u8 {
        let place = usize::from(finger.saturating_sub(1)) % self.least.len();
        self.least[place]
    }
}

/// One attempt at a finger.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Its score.
    pub score: u8,
    /// What was wrong with it.
    pub advice: Vec<Advice>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// This one is good: it is kept.
    Good,
    /// Take it again.
    Again(Vec<Advice>),
    /// There are no more attempts: the best one is kept, or another finger is taken.
    BestOf(usize),
}

/// The attempts at one finger.
#[derive(Debug, Clone, PartialEq)]
pub struct Capture {
    finger: u8,
    rules: CaptureRules,
    attempts: Vec<Attempt>,
}

impl Capture {
    /// Begins with a finger.
    #[must_use]
    pub fn new(finger: u8, rules: CaptureRules) -> Self {
        Self {
            finger,
            rules,
            attempts: Vec::new(),
        }
    }

    /// Adds an attempt and says what comes next.
    pub fn add(&mut self, attempt: Attempt) -> Verdict {
        let good = attempt.score >= self.rules.least(self.finger);
        let advice = attempt.advice.clone();
        self.attempts.push(attempt);
        if good {
            Verdict::Good
        } else if self.attempts.len() < usize::from(self.rules.attempts) {
            Verdict::Again(advice)
        } else {
            Verdict::BestOf(self.best().unwrap_or(0))
        }
    }

    /// The best attempt, the earliest of equals.
    #[must_use]
    pub fn best(&self) -> Option<usize> {
        (0..self.attempts.len())
            .rev()
            .max_by_key(|n| self.attempts[*n].score)
    }
}

/// A finger that is not the one it is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The same finger was taken before, as this one.
    TakenAs(u8),
    /// In an earlier document of the person this finger was another.
    EarlierAs(u8),
}

/// The false match rate at which two fingers are said to be the same.
const SAME: f64 = 0.0001;

/// Looks whether a print is one that was taken before under another finger: in this session (the same finger twice, or
/// the hands swapped), or in an earlier enrolment of the person.
#[must_use]
pub fn find_mistake(
    finger: u8,
    print: &Prepared,
    taken: &[(u8, Prepared)],
    earlier: &[(u8, Prepared)],
) -> Option<Mistake> {
    let least = threshold_for(SAME);
    let other = |known: &[(u8, Prepared)]| {
        let scores = known
            .iter()
            .map(|(name, known)| (*name, compare(print, known).score()));
        let best = scores.max_by_key(|(_, score)| *score);
        best.filter(|(name, score)| *name != finger && *score >= least)
            .map(|(name, _)| name)
    };
    other(taken)
        .map(Mistake::TakenAs)
        .or_else(|| other(earlier).map(Mistake::EarlierAs))
}
