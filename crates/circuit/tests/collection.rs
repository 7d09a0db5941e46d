//! When an office hands documents over by appointment.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::ToSpan;
use jiff::civil::{Time, date, time};
use proptest::prelude::*;
use rilascio_circuit::process::CollectionHours;
use std::collections::BTreeSet;

#[test]
fn a_day_has_its_times() {
    let hours = CollectionHours::default();
    let monday = date(2026, 11, 23);
    let times: Vec<_> = hours.of(monday).collect();
    assert_eq!(times.len(), 16);
    assert_eq!(times[0], monday.at(9, 0, 0, 0));
    assert_eq!(times[15], monday.at(12, 45, 0, 0));
    assert!(!hours.is_open(monday.at(13, 0, 0, 0)));
    assert_eq!(hours.of(date(2026, 11, 22)).count(), 0, "a Sunday");
    let closed = CollectionHours {
        closed: BTreeSet::from([monday]),
        ..CollectionHours::default()
    };
    assert_eq!(closed.of(monday).count(), 0);
}

#[test]
fn hours_are_read_from_a_file() {
    let text = "days = [2, 4]\nfrom = \"14:00\"\nuntil = \"15:00\"\nminutes = 20\nplaces = 3\nclosed = [\"2026-12-08\"]\n";
    let hours: CollectionHours = toml::from_str(text).unwrap();
    assert_eq!(hours.of(date(2026, 12, 1)).count(), 3);
    assert_eq!(hours.of(date(2026, 12, 8)).count(), 0);
    assert!(toml::from_str::<CollectionHours>("hours = 3").is_err());
}

fn clock() -> impl Strategy<Value = Time> {
    (0..24_i8, 0..60_i8).prop_map(|(hour, minute)| time(hour, minute, 0, 0))
}

proptest! {
    #[test]
    fn every_time_is_within_the_hours(
        from in clock(), until in clock(), minutes in any::<u16>(), places in 0..3_u16,
        days in proptest::collection::btree_set(0..10_u8, 0..8), ahead in 0..400_i32,
    ) {
        let hours = CollectionHours { days, from, until, minutes, places, closed: BTreeSet::new() };
        let day = date(2026, 1, 1).saturating_add(ahead.days());
        let mut before = None;
        for at in hours.of(day) {
            prop_assert!(at.time() >= from && at.time() < until && at.date() == day);
            prop_assert!(before.is_none_or(|before| before < at));
            prop_assert!(hours.is_open(at));
            before = Some(at);
        }
    }
}
