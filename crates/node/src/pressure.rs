//! What keeps a crowd, or somebody slow, from stopping everybody else: requests at once, the time of each, whose address
//! counts behind a proxy, and who is named in the log.

use crate::front::Peer;
use crate::limits::counted;
use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use rilascio_circuit::process::OfficerId;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::Instrument;

/// Requests that are answered at the same time, and those of one address: who holds many open takes no turn of others.
const REQUESTS_MAX: usize = 512;
const OF_ONE_MAX: usize = 128;
/// Addresses that are remembered; with more, those without a request are let go.
const ADDRESSES_MAX: usize = 10_000;
/// How long a request waits for its turn.
const TURN: Duration = Duration::from_secs(10);
/// How long a request may take, from its first byte to the answer.
const REQUEST: Duration = Duration::from_secs(120);

tokio::task_local! {
    /// Who signed in for the request, once that is known.
    static OFFICER: OnceLock<OfficerId>;
}

/// Notes for the log who a request is of: a page asks the node more than once.
pub(crate) fn note_officer(officer: &OfficerId) {
    let _ = OFFICER.try_with(|known| {
        if known.set(officer.clone()).is_ok() {
            tracing::Span::current().record("officer", tracing::field::display(officer));
        }
    });
}

#[derive(Clone)]
struct Door {
    turns: Arc<Semaphore>,
    of_addresses: Arc<Mutex<HashMap<String, Weak<Semaphore>>>>,
    proxy: Option<IpAddr>,
}

/// The same pages behind a door: requests wait for their turn and end in time. What a proxy at that address says of where a
/// request comes from is believed, and what anybody else says is not.
pub(crate) fn behind_door(router: Router, proxy: Option<IpAddr>) -> Router {
    let door = Door {
        turns: Arc::new(Semaphore::new(REQUESTS_MAX)),
        of_addresses: Arc::default(),
        proxy,
    };
    router.layer(middleware::from_fn_with_state(door, pass))
}

impl Door {
    /// The turns of one address, as long as it has a request.
    fn turns_of(&self, address: Option<IpAddr>) -> Arc<Semaphore> {
        let address = address.map(counted).unwrap_or_default();
        let mut all = self
            .of_addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&address).and_then(Weak::upgrade) {
            return known;
        }
        if all.len() >= ADDRESSES_MAX {
            all.retain(|_, turns| turns.strong_count() > 0);
        }
        let turns = Arc::new(Semaphore::new(OF_ONE_MAX));
        all.insert(address, Arc::downgrade(&turns));
        turns
    }
}

/// The last address that the proxy itself wrote down.
fn forwarded(request: &Request) -> Option<IpAddr> {
    let all = request.headers().get_all("x-forwarded-for");
    let last = all.iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

async fn pass(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let told = forwarded(&request);
    let mut address = None;
    if let Some(ConnectInfo(peer)) = request.extensions_mut().get_mut::<ConnectInfo<Peer>>() {
        // A listener for both kinds of addresses names one kind by the other.
        let from = Some(peer.address.ip().to_canonical());
        let proxy = door.proxy.map(|proxy| proxy.to_canonical());
        if let (true, Some(told)) = (proxy == from, told) {
            peer.address.set_ip(told);
        }
        address = Some(peer.address.ip());
    }
    // Whoever signs in is written down when they are known.
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        address = address.map(tracing::field::display),
        officer = tracing::field::Empty,
    );
    let of_one = door.turns_of(address);
    let answered = async {
        let turn = async {
            let one = of_one.acquire().await.ok()?;
            Some((one, door.turns.acquire().await.ok()?))
        };
        let Ok(Some(_turn)) = timeout(TURN, turn).await else {
            tracing::warn!("too many requests at once: one was turned away");
            return crowded();
        };
        match timeout(REQUEST, next.run(request)).await {
            Ok(response) => {
                let status = response.status();
                if status.is_client_error() {
                    tracing::info!(status = status.as_u16(), "refused");
                }
                response
            }
            Err(_) => {
                tracing::warn!("a request took too long");
                StatusCode::REQUEST_TIMEOUT.into_response()
            }
        }
    };
    OFFICER
        .scope(OnceLock::new(), answered.instrument(span))
        .await
}

fn crowded() -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "10")],
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn the_last_address_is_the_proxys_own_word() {
        let request = |values: &[&str]| {
            let mut request = Request::new(Body::empty());
            for value in values {
                let value = value.parse().expect("is a header");
                request.headers_mut().append("x-forwarded-for", value);
            }
            request
        };
        let told = |values: &[&str]| forwarded(&request(values)).map(|address| address.to_string());
        assert_eq!(told(&["10.0.0.1, 192.0.2.9"]).as_deref(), Some("192.0.2.9"));
        assert_eq!(
            told(&["10.0.0.1", "2001:db8::1"]).as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(told(&["nobody"]), None);
        assert_eq!(told(&[]), None);
    }
}
