//! Identification and verification over persons: scores of encounters put together, galleries, status and filters.

use super::ALL;
use super::model::{
    BiometricData, Candidate, Encounter, FINGER, ScoreDetail, VerifyResult, finger_name, fingers_of,
};
use super::register::Register;
use crate::engine::{Fingers, PrintEngine};
use crate::{Error, Result};
use jiff::civil::Date;
use rilascio_gallery::{LiveProbe, compare_fingers, threshold};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Encounters that a search looks at, before persons, galleries and filters are told apart.
const LOOKED_AT: usize = 500;
/// Candidates where nobody says how many.
const CANDIDATES: usize = 20;
/// One comparison of two people in so many may say that they are one, where nobody says another threshold.
const VERIFY_ONE_IN: f64 = 10_000.0;

/// What a search may be told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    pub(crate) threshold: Option<f64>,
    pub(crate) most: Option<usize>,
}

impl Limits {
    /// The score from which on two are one person.
    fn least(&self) -> f64 {
        let usual = || f64::from(threshold(1, VERIFY_ONE_IN));
        self.threshold.unwrap_or_else(usual)
    }
}

/// Whether the facts of an encounter pass a filter: `xMin` and `xMax` are borders of `x`, everything else must be equal.
/// A fact that is not there passes nothing.
fn passes(filter: &Map<String, Value>, encounter: &Encounter) -> bool {
    let fact = |name: &str| {
        let found = encounter.biographic_data.get(name);
        found.or_else(|| encounter.contextual_data.get(name))
    };
    filter.iter().all(|(key, wanted)| {
        if let Some(found) = fact(key) {
            return found == wanted;
        }
        let border = |ending: &str| key.strip_suffix(ending).and_then(fact);
        match (border("Min"), border("Max")) {
            (Some(found), _) => order(found, wanted).is_some_and(|order| order.is_ge()),
            (_, Some(found)) => order(found, wanted).is_some_and(|order| order.is_le()),
            _ => false,
        }
    })
}

fn order(found: &Value, wanted: &Value) -> Option<std::cmp::Ordering> {
    match (found, wanted) {
        // Dates are written so that their texts stand in order.
        (Value::String(found), Value::String(wanted)) => Some(found.cmp(wanted)),
        _ => found.as_f64()?.partial_cmp(&wanted.as_f64()?),
    }
}

fn detail(score: i32, encounter: Option<&str>, finger: u8) -> ScoreDetail {
    ScoreDetail {
        score: score as f32,
        encounter_id: encounter.map(str::to_owned),
        biometric_type: Some(FINGER.to_owned()),
        biometric_sub_type: Some(finger_name(finger).to_owned()),
    }
}

fn needs_fingers(fingers: &Fingers) -> Result<()> {
    if fingers.is_empty() {
        return Err(Error::malformed(
            "there is no finger to compare: biometricType FINGER with a biometricSubType of one finger and an image or a \
             template",
        ));
    }
    Ok(())
}

/// Among whom is searched.
pub(crate) struct Search<'a> {
    pub(crate) gallery: &'a str,
    pub(crate) filter: &'a Map<String, Value>,
    /// The person who asks for others.
    pub(crate) but: Option<&'a str>,
    pub(crate) limits: Limits,
    pub(crate) today: Date,
}

/// Looks for whoever has these fingers.
pub(crate) fn identify(
    register: &Register,
    engine: &PrintEngine,
    fingers: &Fingers,
    search: &Search<'_>,
) -> Result<Vec<Candidate>> {
    let Search {
        gallery,
        filter,
        but,
        limits,
        today,
    } = search;
    needs_fingers(fingers)?;
    if *gallery != ALL && !register.has_gallery(gallery)? {
        return Err(Error::Unknown { what: "gallery" });
    }
    let found = engine.search(&engine.question(fingers, *today, LOOKED_AT)?)?;
    let least = limits
        .threshold
        .unwrap_or_else(|| f64::from(PrintEngine::least(&found)));
    let mut persons: BTreeMap<String, Candidate> = BTreeMap::new();
    for one in found.candidates {
        if f64::from(one.score) < least {
            continue;
        }
        // What an ANSI/NIST door enrolled is none of this register.
        let Some(row) = register.of_subject(&one.subject)? else {
            continue;
        };
        let own = *but == Some(&row.ids.person_id[..]);
        if own || !row.is_in(gallery) {
            continue;
        }
        if !filter.is_empty() && !passes(filter, &register.open(&row)?) {
            continue;
        }
        let person = persons
            .entry(row.ids.person_id.clone())
            .or_insert_with(|| Candidate {
                person_id: row.ids.person_id.clone(),
                rank: 0,
                score: one.score as f32,
                scores: Vec::new(),
            });
        person.score = person.score.max(one.score as f32);
        let details = one.fingers.iter();
        person.scores.extend(
            details.map(|finger| detail(finger.score, Some(&row.ids.encounter_id), finger.finger)),
        );
    }
    let mut candidates: Vec<Candidate> = persons.into_values().collect();
    candidates.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then(a.person_id.cmp(&b.person_id))
    });
    candidates.truncate(limits.most.unwrap_or(CANDIDATES));
    for (rank, candidate) in (1..).zip(&mut candidates) {
        candidate.rank = rank;
    }
    Ok(candidates)
}

/// Compares fingers with those of a person in a gallery; the best encounter counts.
pub(crate) fn verify_person(
    register: &Register,
    engine: &PrintEngine,
    gallery: &str,
    person: &str,
    data: &[BiometricData],
    limits: &Limits,
    today: Date,
) -> Result<VerifyResult> {
    let fingers = fingers_of(data, engine)?;
    needs_fingers(&fingers)?;
    let question = engine.question(&fingers, today, 1)?;
    let least = limits.least();
    let mut result = VerifyResult {
        decision: false,
        scores: Vec::new(),
    };
    let mut any = false;
    for row in register.of_person(person)? {
        if !row.is_in(gallery) {
            continue;
        }
        any = true;
        if let Some(found) = engine.verify(&row.subject, &question)? {
            result.decision |= f64::from(found.score) >= least;
            let encounter = Some(&row.ids.encounter_id[..]);
            let details = found.fingers.iter();
            result
                .scores
                .extend(details.map(|finger| detail(finger.score, encounter, finger.finger)));
        }
    }
    any.then_some(result).ok_or(Error::Unknown {
        what: "person in the gallery",
    })
}

/// Compares two lists of fingers: the best pair of each finger counts, and all fingers together decide.
pub(crate) fn verify_two(
    engine: &PrintEngine,
    one: &[BiometricData],
    other: &[BiometricData],
    limits: &Limits,
) -> Result<VerifyResult> {
    let (one, other) = (fingers_of(one, engine)?, fingers_of(other, engine)?);
    needs_fingers(&one)?;
    needs_fingers(&other)?;
    let probes = |fingers: Fingers| -> Vec<LiveProbe> {
        let each = fingers.into_iter();
        each.map(|(finger, template)| LiveProbe::new(finger, template))
            .collect()
    };
    let found = compare_fingers("", &probes(other), &probes(one))?;
    let least = limits.least();
    Ok(VerifyResult {
        decision: found
            .as_ref()
            .is_some_and(|found| f64::from(found.score) >= least),
        scores: found.map_or(Vec::new(), |found| {
            let fingers = found.fingers.iter();
            fingers
                .map(|one| detail(one.score, None, one.finger))
                .collect()
        }),
    })
}
