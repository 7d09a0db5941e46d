//! Days as people count them: by the clock on the wall, which is the same in Italy and San Marino.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Central European Time, in the notation of POSIX: no data base of zones is needed.
const ZONE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

fn zone() -> TimeZone {
    TimeZone::posix(ZONE).unwrap_or(TimeZone::UTC)
}

/// What the clock on the wall shows.
#[must_use]
pub fn on_the_wall(at: Timestamp) -> DateTime {
    at.to_zoned(zone()).datetime()
}

/// When a day begins, by the clock on the wall; nothing for a day beyond all calendars.
#[must_use]
pub fn day_begins(day: Date) -> Option<Timestamp> {
    Some(day.at(0, 0, 0, 0).to_zoned(zone()).ok()?.timestamp())
}

/// The last second of the day that is so many days later: who may come on a day may come until it is over.
pub(super) fn end_of_day(from: Timestamp, days: u16) -> Timestamp {
    let last = on_the_wall(from)
        .date()
        .checked_add(Span::new().days(i64::from(days)));
    let end = last.and_then(|day| day.at(23, 59, 59, 0).to_zoned(zone()));
    end.map_or(Timestamp::MAX, |end| end.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_term_ends_with_its_last_day_in_summer_and_winter() {
        for (from, days, end) in [
            ("2026-09-11T07:00:00Z", 10, "2026-09-21T21:59:59Z"),
            ("2026-10-20T07:00:00Z", 10, "2026-10-30T22:59:59Z"),
            ("2026-12-31T23:30:00Z", 0, "2027-01-01T22:59:59Z"),
        ] {
            assert_eq!(end_of_day(at(from), days), at(end), "{from}");
        }
        assert_eq!(end_of_day(Timestamp::MAX, 1), Timestamp::MAX);
    }
}
