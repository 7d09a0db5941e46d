//! When a document that is ordered now will be at its office: by what the works made on their last days, and by what waits.

use crate::profile::CircuitRules;
use jiff::civil::{Date, Weekday};

/// What waits at the works, and how fast they work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Orders that go before this one.
    pub ahead: u64,
    /// Documents made on each of the last days on which any were made.
    pub made: Vec<u64>,
}

/// The longest promise, in working days: who waits longer is told nothing rather than something wrong.
const WORKING_DAYS_MAX: u64 = 250;

impl Backlog {
    /// What the works make in a day: the mean of the last days, at least one; nothing when they made nothing yet.
    #[must_use]
    pub fn per_day(&self) -> Option<u64> {
        let days = self.made.iter().filter(|made| **made > 0);
        let (count, sum) = days.fold((0_u64, 0_u64), |(count, sum), made| {
            (count + 1, sum.saturating_add(*made))
        });
        sum.checked_div(count).map(|mean| mean.max(1))
    }

    /// The day on which the document will be at its office, Saturdays and Sundays not counted; nothing when the profile
    /// promises nothing, or when nobody can tell.
    #[must_use]
    pub fn promise(&self, today: Date, rules: &CircuitRules) -> Option<Date> {
        if rules.production_days == 0 {
            return None;
        }
        let queue = match self.per_day() {
            Some(per_day) => self.ahead / per_day,
            // Nothing was made and nothing waits: the usual time.
            None if self.ahead == 0 => 0,
            None => return None,
        };
        let days = u64::from(rules.production_days).saturating_add(queue);
        (days <= WORKING_DAYS_MAX).then(|| after_working_days(today, days))
    }
}

fn after_working_days(from: Date, days: u64) -> Date {
    let mut day = from;
    let mut left = days;
    while left > 0 {
        let Ok(next) = day.tomorrow() else {
            return day;
        };
        day = next;
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            left -= 1;
        }
    }
    day
}
