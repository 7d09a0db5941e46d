//! How often something may be asked for: signing in and the applicant's page by one address, look-ups and new dossiers by
//! one officer. Counted in memory, in windows: whoever starts the program anew starts from nothing.

use crate::Result;
use crate::api::{Answered, Api, ApiFault};
use crate::front::Peer;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;
use rilascio_circuit::process::{OfficerId, Reason};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// A minute and an hour, in milliseconds.
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Windows that are remembered; with more, those that have ended are let go, and with more still, all.
const WINDOWS_MAX: usize = 100_000;

/// The limits of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sign-ins of one address in a minute, right or wrong.
    pub sign_ins: u32,
    /// Requests of one address to the applicant's page in a minute.
    pub applicants: u32,
    /// Look-ups of one officer in an hour.
    pub look_ups: u32,
    /// Dossiers that one officer opens in an hour.
    pub dossiers: u32,
}

impl Default for Limits {
    /// More than people do: an office of a hundred behind one address signs in within a minute, and nobody reads three
    /// hundred documents in an hour.
    fn default() -> Self {
        Self {
            sign_ins: 120,
            applicants: 60,
            look_ups: 300,
            dossiers: 120,
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Counted {
    /// Signing in.
    SignIn,
    /// The applicant's page.
    Applicant,
    /// Looking documents up.
    LookUp,
    /// Opening a dossier.
    Dossier,
}

impl Counted {
    /// What a command counts as.
    pub(crate) fn of_command(name: &str) -> Option<Self> {
        match name {
            "look-up" => Some(Self::LookUp),
            "open-dossier" => Some(Self::Dossier),
            _ => None,
        }
    }
}

struct Window {
    ends_ms: i64,
    count: u32,
}

/// The counts.
pub(crate) struct Counts {
    limits: Limits,
    windows: Mutex<HashMap<(Counted, String), Window>>,
}

impl Counts {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            windows: Mutex::default(),
        }
    }

    /// Counts one more.
    ///
    /// # Errors
    /// `circuit.too-often`.
    pub(crate) fn count(&self, what: Counted, who: &str, now: Timestamp) -> Result<()> {
        let (most, length_ms) = match what {
            Counted::SignIn => (self.limits.sign_ins, MINUTE_MS),
            Counted::Applicant => (self.limits.applicants, MINUTE_MS),
            Counted::LookUp => (self.limits.look_ups, HOUR_MS),
            Counted::Dossier => (self.limits.dossiers, HOUR_MS),
        };
        let now_ms = now.as_millisecond();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= WINDOWS_MAX {
            windows.retain(|_, window| window.ends_ms > now_ms);
            if windows.len() >= WINDOWS_MAX {
                windows.clear();
            }
        }
        let window = windows.entry((what, who.to_owned())).or_insert(Window {
            ends_ms: 0,
            count: 0,
        });
        if window.ends_ms <= now_ms {
            *window = Window {
                ends_ms: now_ms + length_ms,
                count: 0,
            };
        }
        if window.count >= most {
            return Err(Reason::TooOften.refusal().into());
        }
        window.count += 1;
        Ok(())
    }

    /// Counts a command of an officer, if it is one that is counted.
    pub(crate) fn command(&self, name: &str, officer: &OfficerId, now: Timestamp) -> Result<()> {
        match Counted::of_command(name) {
            Some(what) => self.count(what, officer.as_str(), now),
            None => Ok(()),
        }
    }
}

/// An address as it is counted: who has an IPv6 network has all addresses of its last half.
pub(crate) fn counted(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => {
            let network = Ipv6Addr::from_bits(six.to_bits() >> 64 << 64);
            format!("{network}/64")
        }
    }
}

fn of_address(parts: &Parts, api: &Api, what: Counted) -> Answered<()> {
    let Some(peer) = Peer::of(parts) else {
        return Ok(());
    };
    let address = counted(peer.address.ip());
    api.counts.count(what, &address, api.now()).map_err(|why| {
        tracing::warn!(address, what = ?what, "an address asks too often");
        ApiFault::from(why)
    })
}

/// A sign-in that its address may still try.
pub(crate) struct SignInCounted;

impl FromRequestParts<Api> for SignInCounted {
    type Rejection = ApiFault;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answered<Self> {
        of_address(parts, api, Counted::SignIn).map(|()| Self)
    }
}

/// A request of an applicant that the address may still make.
pub(crate) struct ApplicantCounted;

impl FromRequestParts<Api> for ApplicantCounted {
    type Rejection = ApiFault;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Answered<Self> {
        of_address(parts, api, Counted::Applicant).map(|()| Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_its_number_and_another_begins() {
        let counts = Counts::new(Limits {
            sign_ins: 2,
            ..Limits::default()
        });
        let at = |second: i64| Timestamp::from_second(second).expect("is a time");
        let take = |who: &str, second| counts.count(Counted::SignIn, who, at(second)).is_ok();
        assert!(take("a", 0) && take("a", 1));
        assert!(!take("a", 59), "the third within a minute");
        assert!(take("b", 59), "another address");
        assert!(take("a", 60), "the next minute");
        assert!(counts.count(Counted::Applicant, "a", at(2)).is_ok());
    }

    #[test]
    fn a_network_is_one_address() {
        let six = |text: &str| counted(text.parse().expect("is an address"));
        assert_eq!(six("2001:db8::1"), six("2001:db8::ffff:1"));
        assert_ne!(six("2001:db8::1"), six("2001:db8:0:1::1"));
        assert_eq!(six("::ffff:192.0.2.7"), "192.0.2.7");
        assert_ne!(six("192.0.2.7"), six("192.0.2.8"));
    }
}
