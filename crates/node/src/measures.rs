//! Measures without identities, from the newest entries of a journal: how long dossiers stood where, what the search of
//! the prints found, how holders were checked, why blanks were spoiled, how good the prints were.

use crate::desk::Desk;
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_circuit::process::{
    Aggregate, BlankEvent, Dossier, DossierEvent, Phase, PrintSearch, SiteId,
};
use rilascio_store::journal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// Entries that are looked at: months of an office, days of a centre.
const ENTRIES_MAX: u64 = 20_000;
/// Entries that are read at once.
const PAGE: u32 = 2000;
/// How long measures are shown before they are made anew, in milliseconds.
const KEPT_MS: i64 = 300_000;
/// The kind of the entries that tell how good prints were.
pub(crate) const QUALITY: &str = "quality";

/// How long dossiers stood in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// The phase.
    pub phase: Phase,
    /// How many left it.
    pub count: usize,
    /// Half of them within this time, in seconds.
    pub median_s: i64,
    /// Nine of ten within this time, in seconds.
    pub p90_s: i64,
}

/// The measures of a desk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Measures {
    /// Time by phase, in the order of the way.
    pub stages: Vec<Stage>,
    /// What the search of the prints found: `clear`, `hits`, `same` and `other` for hits that were judged.
    pub searches: BTreeMap<String, u64>,
    /// How holders were checked at activation and hand-over.
    pub checks: BTreeMap<String, u64>,
    /// Spoiled blanks by defect.
    pub spoiled: BTreeMap<String, u64>,
    /// Prints by quality, in steps of ten (ISO/IEC 29794-1 scale, 0 to 100).
    pub quality: BTreeMap<u8, u64>,
}

#[derive(Deserialize)]
struct Line {
    at: i64,
    site: String,
    n: Option<i64>,
    event: serde_json::Value,
}

/// A dossier as far as it was followed.
struct Followed {
    dossier: Dossier,
    since_ms: i64,
}

/// Measures under way.
#[derive(Default)]
struct Measuring {
    /// The site that they are of; all, if absent.
    site: Option<SiteId>,
    followed: BTreeMap<String, Followed>,
    times: BTreeMap<Phase, Vec<i64>>,
    measures: Measures,
}

fn count(counts: &mut BTreeMap<String, u64>, word: impl Serialize) {
    *counts.entry(crate::ledger::word(word)).or_default() += 1;
}

/// The step of ten of a quality.
pub(crate) fn step_of(quality: u8) -> u8 {
    quality.min(99) / 10 * 10
}

/// The value that so many of a hundred do not exceed, of sorted ones.
fn percentile(sorted: &[i64], of_hundred: usize) -> i64 {
    let place = (sorted.len() * of_hundred).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or(0)
}

impl Measuring {
    fn sees(&self, site: &str) -> bool {
        self.site.as_ref().is_none_or(|own| own.as_str() == site)
    }

    fn dossier(&mut self, id: &str, line: Line) -> Result<()> {
        let event: DossierEvent =
            serde_json::from_value(line.event).map_err(|why| Error::Corrupt {
                what: "dossier",
                id: id.to_owned(),
                why: why.to_string(),
            })?;
        // One that began before the first entry says nothing of its times.
        let before = match line.n {
            Some(1) => None,
            _ => match self.followed.remove(id) {
                Some(before) => Some(before),
                None => return Ok(()),
            },
        };
        let phase = before.as_ref().map(|before| before.dossier.phase);
        let since_ms = before.as_ref().map_or(line.at, |before| before.since_ms);
        let next = Dossier::apply(before.map(|before| before.dossier), &event).map_err(|why| {
            Error::Corrupt {
                what: "dossier",
                id: id.to_owned(),
                why: why.en,
            }
        })?;
        if self.sees(next.office.as_str()) {
            match &event {
                DossierEvent::Identified(PrintSearch::Clear) => {
                    count(&mut self.measures.searches, "clear");
                }
                DossierEvent::Identified(PrintSearch::Hits(_)) => {
                    count(&mut self.measures.searches, "hits");
                }
                DossierEvent::Adjudicated(same, _) => {
                    let word = if *same { "same" } else { "other" };
                    count(&mut self.measures.searches, word);
                }
                DossierEvent::Activated(check, _) | DossierEvent::HandedOver(check, _, _) => {
                    count(&mut self.measures.checks, check);
                }
                _ => {}
            }
            if let Some(left) = phase.filter(|left| *left != next.phase) {
                let times = self.times.entry(left).or_default();
                times.push((line.at - since_ms).max(0) / 1000);
            }
        }
        let since_ms = if phase == Some(next.phase) {
            since_ms
        } else {
            line.at
        };
        let followed = Followed {
            dossier: next,
            since_ms,
        };
        self.followed.insert(id.to_owned(), followed);
        Ok(())
    }

    fn take(&mut self, entry: &journal::Entry) -> Result<()> {
        if !["dossier", "blank", QUALITY].contains(&&entry.kind[..]) {
            return Ok(());
        }
        let corrupt = |why: serde_json::Error| Error::Corrupt {
            what: "journal entry",
            id: entry.id.clone(),
            why: why.to_string(),
        };
        let line: Line = serde_json::from_str(&entry.text).map_err(corrupt)?;
        match &entry.kind[..] {
            "dossier" => return self.dossier(&entry.id, line),
            "blank" => {
                let event: BlankEvent = serde_json::from_value(line.event).map_err(corrupt)?;
                if let BlankEvent::Spoiled(defect) = event {
                    count(&mut self.measures.spoiled, defect);
                }
            }
            _ if self.sees(&line.site) => {
                let values: Vec<u8> = serde_json::from_value(line.event).map_err(corrupt)?;
                for step in values {
                    *self.measures.quality.entry(step).or_default() += 1;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Measures {
        for (phase, mut times) in self.times {
            times.sort_unstable();
            self.measures.stages.push(Stage {
                phase,
                count: times.len(),
                median_s: percentile(&times, 50),
                p90_s: percentile(&times, 90),
            });
        }
        self.measures
    }
}

impl Desk {
    /// The measures of the newest entries: of one site, or of all. They are made anew after some minutes, one at a time.
    ///
    /// # Errors
    /// What the store says, or an entry that cannot be read.
    pub fn measures(self: &Arc<Self>, site: Option<&SiteId>, now: Timestamp) -> Result<Measures> {
        let mut made = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, measures)) = made.get(&site.cloned()) {
            let age = now.as_millisecond() - at.as_millisecond();
            if (0..KEPT_MS).contains(&age) {
                return Ok(measures.clone());
            }
        }
        let measures = self.measure(site.cloned())?;
        made.insert(site.cloned(), (now, measures.clone()));
        Ok(measures)
    }

    fn measure(self: &Arc<Self>, site: Option<SiteId>) -> Result<Measures> {
        self.store().read::<_, Error, _>(move |tx| {
            let (size, _) = journal::size_and_root(tx)?;
            let mut from = size.saturating_sub(ENTRIES_MAX);
            let mut measuring = Measuring {
                site: site.clone(),
                ..Measuring::default()
            };
            loop {
                let page = journal::entries(tx, from, PAGE)?;
                let Some(last) = page.last() else {
                    return Ok(measuring.finish());
                };
                from = last.seq + 1;
                for entry in &page {
                    measuring.take(entry)?;
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{percentile, step_of};

    #[test]
    fn a_quality_has_one_of_ten_steps() {
        assert_eq!(
            [0, 9, 10, 99, 100, 255].map(step_of),
            [0, 0, 10, 90, 90, 90]
        );
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<i64> = (1..=10).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 90)), (5, 9));
        assert_eq!((percentile(&[7], 50), percentile(&[7], 90)), (7, 7));
        assert_eq!(percentile(&[], 50), 0);
    }
}
