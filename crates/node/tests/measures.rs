//! Measures of a desk: from the journal of a whole life, of those sites only that somebody sees.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod lives;

use common::Town;
use lives::{Act, handed_over, second};
use rilascio_circuit::process::{Phase, SiteId};
use rilascio_node::{Measures, Role};

/// A document that is handed over, each step an hour after the one before, and a card that falls.
fn town() -> Town {
    let mut town = Town::in_memory(None);
    let spoil = rilascio_node::Command::SpoilBlank {
        blank: lives::blank(2),
        defect: rilascio_circuit::process::Defect::Handling,
    };
    let mut acts = handed_over();
    let place = acts.len() - 3;
    acts.splice(3..6, lives::blanks(2));
    acts.insert(place, lives::by(lives::keeper(), spoil));
    for (place, act) in acts.iter().enumerate() {
        let name = format!("step-{place}");
        match act {
            Act::Give(actor, command) => {
                town.give(&name, actor, command).unwrap();
            }
            Act::Open(parcel) => {
                town.open_parcel(&name, parcel, &lives::office("carla"), &second())
                    .unwrap();
            }
            _ => {}
        }
        town.settle().unwrap();
        town.pass(1);
    }
    town
}

fn measured(town: &Town, role: Role) -> Measures {
    town.desks[&role].measures(None, town.now).unwrap()
}

#[test]
fn a_life_is_measured_phase_by_phase() {
    let town = town();
    let office = measured(&town, Role::Office);
    let draft = &office.stages[0];
    assert_eq!((draft.phase, draft.count), (Phase::Draft, 1));
    assert_eq!((draft.median_s, draft.p90_s), (86_400, 86_400));
    let last = office.stages.last().unwrap();
    assert_eq!(last.phase, Phase::Activated);
    let checks: Vec<(&str, u64)> = office
        .checks
        .iter()
        .map(|(word, n)| (&word[..], *n))
        .collect();
    assert_eq!(checks, [("face", 1), ("finger", 1)]);
    assert_eq!(office.quality.values().sum::<u64>(), 2);
    let centre = measured(&town, Role::Centre);
    assert_eq!(centre.searches.get("clear"), Some(&1));
    let works = measured(&town, Role::Works);
    assert_eq!(works.spoiled.get("handling"), Some(&1));
    // Another office sees nothing of it.
    let elsewhere = SiteId::parse("serravalle").unwrap();
    let nothing = town.desks[&Role::Office].measures(Some(&elsewhere), town.now);
    assert_eq!(nothing.unwrap(), Measures::default());
}
