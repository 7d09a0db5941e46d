//! The HTTP server of the doors: who may ask what, and the paths.

use crate::engine::PrintEngine;
use crate::hex::hex;
use crate::nist_transactions::{NistDoor, Outcome};
use crate::osia::{Register, routes};
use crate::{Error, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The largest request, in bytes.
const REQUEST_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Requests in hand for each processor.
const SLOTS: usize = 8;

/// What somebody may ask: the scopes of OSIA ABIS, and one for transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Create, change and delete.
    #[serde(rename = "abis.encounter.write")]
    EncounterWrite,
    /// Read what is kept.
    #[serde(rename = "abis.encounter.read")]
    EncounterRead,
    /// Search.
    #[serde(rename = "abis.identify")]
    Identify,
    /// Compare one to one.
    #[serde(rename = "abis.verify")]
    Verify,
    /// List galleries.
    #[serde(rename = "abis.gallery.read")]
    GalleryRead,
    /// Ask for tasks; there are none.
    #[serde(rename = "abis.task.read")]
    TaskRead,
    /// Have the result of a task delivered again; there are none.
    #[serde(rename = "abis.task.update")]
    TaskUpdate,
    /// Send ANSI/NIST-ITL transactions.
    #[serde(rename = "nist")]
    Nist,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::EncounterWrite,
        Self::EncounterRead,
        Self::Identify,
        Self::Verify,
        Self::GalleryRead,
        Self::TaskRead,
        Self::TaskUpdate,
        Self::Nist,
    ];
}

/// A bearer token: what is kept of it, and what it opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Whose it is.
    pub name: String,
    /// SHA-256 of the token, in hexadecimal.
    pub digest: String,
    /// What it opens.
    pub scopes: BTreeSet<Scope>,
}

impl Access {
    /// What is kept of a token.
    #[must_use]
    pub fn digest_of(token: &str) -> String {
        hex(Sha256::digest(token.as_bytes()))
    }
}

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Everything behind the doors.
#[derive(Clone)]
pub struct Doors {
    /// The engine.
    pub engine: Arc<PrintEngine>,
    /// Persons and encounters.
    pub register: Arc<Register>,
    /// Transactions.
    pub nist: Arc<NistDoor>,
    /// Who may ask.
    pub access: Arc<Vec<Access>>,
    /// What time it is.
    pub clock: Clock,
    /// Requests in hand: those beyond are told to come again.
    pub slots: Arc<Semaphore>,
}

pub(crate) fn day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

impl Doors {
    pub(crate) fn today(&self) -> Date {
        day((self.clock)())
    }

    /// As many slots as this machine can serve without running out of memory.
    #[must_use]
    pub fn slots() -> Arc<Semaphore> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Arc::new(Semaphore::new(processors * SLOTS))
    }
}

/// Somebody with a token.
pub(crate) struct Signed(BTreeSet<Scope>);

impl Signed {
    /// Nothing, where the scope is among theirs; 403 otherwise.
    pub(crate) fn needs(&self, scope: Scope) -> std::result::Result<(), StatusCode> {
        if self.0.contains(&scope) {
            Ok(())
        } else {
            Err(StatusCode::FORBIDDEN)
        }
    }
}

impl FromRequestParts<Doors> for Signed {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        doors: &Doors,
    ) -> std::result::Result<Self, Response> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token);
        let digest = token.map(|token| Access::digest_of(token.trim()));
        let known = digest.and_then(|digest| {
            let same =
                |access: &&Access| bool::from(access.digest.as_bytes().ct_eq(digest.as_bytes()));
            doors.access.iter().find(same)
        });
        match known {
            Some(access) => Ok(Self(access.scopes.clone())),
            None => Err((
                StatusCode::UNAUTHORIZED,
                [(header::WWW_AUTHENTICATE, "Bearer")],
            )
                .into_response()),
        }
    }
}

/// Runs what waits away from the threads that serve connections.
pub(crate) async fn blocking<T: Send + 'static>(
    slots: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let slot = Arc::clone(slots).try_acquire_owned();
    let slot = slot.map_err(|_| Error::Busy)?;
    let done = tokio::task::spawn_blocking(move || {
        let outcome = work();
        drop(slot);
        outcome
    });
    match done.await {
        Ok(outcome) => outcome,
        Err(why) => Err(Error::Internal {
            why: why.to_string(),
        }),
    }
}

/// A transaction comes, a transaction goes: also an error is one.
async fn transaction(State(doors): State<Doors>, signed: Signed, body: Bytes) -> Response {
    if let Err(refused) = signed.needs(Scope::Nist) {
        return refused.into_response();
    }
    let slots = Arc::clone(&doors.slots);
    let answered = blocking(&slots, move || Ok(doors.nist.answer(&body, doors.today()))).await;
    let Ok((outcome, answer)) = answered else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let status = match outcome {
        Outcome::Done => StatusCode::OK,
        Outcome::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Outcome::NotNow => StatusCode::SERVICE_UNAVAILABLE,
    };
    let kind = [(header::CONTENT_TYPE, "application/octet-stream")];
    (status, kind, answer).into_response()
}

/// Serves the doors until it is stopped; requests in hand are finished.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    doors: Doors,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(doors))
        .with_graceful_shutdown(stop)
        .await
}

/// The paths of every door.
fn router(doors: Doors) -> Router {
    Router::new()
        .route("/nist", post(transaction))
        .merge(routes::routes())
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .with_state(doors)
}
