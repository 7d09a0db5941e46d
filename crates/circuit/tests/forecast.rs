//! The promised day: what it follows from, and when there is none.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::civil::{Date, Weekday, date};
use proptest::prelude::*;
use rilascio_circuit::CircuitRules;
use rilascio_circuit::process::Backlog;

/// A Friday.
const TODAY: Date = date(2026, 11, 20);

fn rules(days: u16) -> CircuitRules {
    CircuitRules {
        production_days: days,
        ..CircuitRules::default()
    }
}

fn promise(ahead: u64, made: &[u64]) -> Option<Date> {
    let made = made.to_vec();
    Backlog { ahead, made }.promise(TODAY, &rules(3))
}

#[test]
fn a_promise_is_the_usual_time_and_what_waits() {
    // Three working days from a Friday.
    assert_eq!(promise(0, &[]), Some(date(2026, 11, 25)));
    assert_eq!(promise(0, &[40, 60]), Some(date(2026, 11, 25)));
    assert_eq!(promise(49, &[40, 60]), Some(date(2026, 11, 25)));
    assert_eq!(promise(50, &[40, 60]), Some(date(2026, 11, 26)));
    // Days on which the works stood still say nothing of how fast they are.
    assert_eq!(promise(50, &[0, 50, 0]), Some(date(2026, 11, 26)));
}

#[test]
fn nobody_is_promised_what_nobody_knows() {
    assert_eq!(promise(1, &[]), None);
    assert_eq!(promise(100_000, &[10]), None);
    let none = Backlog {
        ahead: 0,
        made: Vec::new(),
    };
    assert_eq!(none.promise(TODAY, &rules(0)), None);
    assert_eq!(none.promise(Date::MAX, &rules(3)), Some(Date::MAX));
}

proptest! {
    /// More that waits never makes it earlier, and no document is promised for a weekend.
    #[test]
    fn a_longer_queue_is_never_sooner(ahead in 0_u64..5000, more in 0_u64..5000, made in 1_u64..500) {
        let (soon, late) = (promise(ahead, &[made]), promise(ahead + more, &[made]));
        if let (Some(soon), Some(late)) = (soon, late) {
            prop_assert!(soon <= late);
            prop_assert!(!matches!(late.weekday(), Weekday::Saturday | Weekday::Sunday));
        } else {
            prop_assert!(late.is_none());
        }
    }
}
