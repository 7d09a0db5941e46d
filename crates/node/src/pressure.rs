//! What keeps a crowd, or somebody slow, from stopping everybody else: requests at once, the time of each, whose address
//! counts behind a proxy, and who is named in the log.

use crate::front::Peer;
use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::Instrument;

/// Requests that are answered at the same time.
const REQUESTS_MAX: usize = 512;
/// How long a request waits for its turn.
const TURN: Duration = Duration::from_secs(10);
/// How long a request may take, from its first byte to the answer.
const REQUEST: Duration = Duration::from_secs(120);

#[derive(Clone)]
struct Door {
    turns: Arc<Semaphore>,
    proxy: Option<IpAddr>,
}

/// The same pages behind a door: requests wait for their turn and end in time. What a proxy at that address says of where a
/// request comes from is believed, and what anybody else says is not.
pub(crate) fn behind_door(router: Router, proxy: Option<IpAddr>) -> Router {
    let door = Door {
        turns: Arc::new(Semaphore::new(REQUESTS_MAX)),
        proxy,
    };
    router.layer(middleware::from_fn_with_state(door, pass))
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
        if let (true, Some(told)) = (door.proxy == Some(peer.address.ip()), told) {
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
    let answered = async {
        let Ok(Ok(_turn)) = timeout(TURN, door.turns.acquire()).await else {
            tracing::warn!("too many requests at once: one was turned away");
            return crowded();
        };
        match timeout(REQUEST, next.run(request)).await {
            Ok(response) => response,
            Err(_) => {
                tracing::warn!("a request took too long");
                StatusCode::REQUEST_TIMEOUT.into_response()
            }
        }
    };
    answered.instrument(span).await
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
