//! Times between the calendar and X.509.

use crate::{Error, Result};
use jiff::Timestamp;
use std::time::Duration;
use x509_cert::time::Time;

/// The time as certificates write it: UTCTime to 2049, GeneralizedTime after.
pub(crate) fn x509_time(at: Timestamp) -> Result<Time> {
    Ok(Time::from(date_time(at)?))
}

pub(crate) fn date_time(at: Timestamp) -> Result<der::DateTime> {
    let out_of_range = || Error::Malformed {
        what: "time",
        why: format!("{at} is before 1970"),
    };
    let seconds = u64::try_from(at.as_second()).map_err(|_| out_of_range())?;
    der::DateTime::from_unix_duration(Duration::from_secs(seconds)).map_err(|_| out_of_range())
}

pub(crate) fn timestamp(time: &Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
