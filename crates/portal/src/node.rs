//! The node's HTTP interface, called in the same process: what it refuses, no page can do.

use crate::fault::NodeFault;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use rilascio_node::Peer;
use serde_json::Value;
use tower::ServiceExt;

/// The largest answer: an application with its images.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

tokio::task_local! {
    /// Who is at the other end of the request for a page.
    static PEER: ConnectInfo<Peer>;
}

/// Remembers for a page who asks for it.
pub(crate) async fn with_peer(request: Request<Body>, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>().cloned();
    match peer {
        Some(peer) => PEER.scope(peer, next.run(request)).await,
        None => next.run(request).await,
    }
}

/// The way to the node.
#[derive(Clone)]
pub(crate) struct Node {
    router: Router,
}

/// Bytes with their kind.
pub(crate) struct Content {
    pub(crate) media: String,
    pub(crate) bytes: Bytes,
}

impl Node {
    pub(crate) fn new(router: Router) -> Self {
        Self { router }
    }

    async fn call(&self, mut request: Request<Body>) -> Result<Content, NodeFault> {
        // Whoever asks for a page is at the other end of what the page asks for.
        if let Ok(peer) = PEER.try_with(Clone::clone) {
            request.extensions_mut().insert(peer);
        }
        let broken = || {
            NodeFault::own(
                StatusCode::BAD_GATEWAY,
                "PORTAL-502",
                "il nodo non risponde",
                "the node does not answer",
            )
        };
        // The router answers whatever comes.
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let media = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let bytes = axum::body::to_bytes(response.into_body(), ANSWER_BYTES_MAX)
            .await
            .map_err(|_| broken())?;
        if status.is_success() {
            Ok(Content { media, bytes })
        } else {
            let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            Err(NodeFault { status, body })
        }
    }

    fn request(method: Method, path: &str, token: Option<&str>) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request
    }

    async fn send(
        &self,
        request: axum::http::request::Builder,
        body: Body,
    ) -> Result<Content, NodeFault> {
        match request.body(body) {
            Ok(request) => self.call(request).await,
            Err(_) => Err(NodeFault::own(
                StatusCode::BAD_REQUEST,
                "PORTAL-400",
                "la richiesta non è scritta bene",
                "the request is malformed",
            )),
        }
    }

    /// Bytes as they are.
    pub(crate) async fn content(
        &self,
        path: &str,
        token: Option<&str>,
    ) -> Result<Content, NodeFault> {
        self.send(Self::request(Method::GET, path, token), Body::empty())
            .await
    }

    /// A document in JSON.
    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Result<Value, NodeFault> {
        let content = self.content(path, token).await?;
        // Heads of journals are text.
        let text = || Value::String(String::from_utf8_lossy(&content.bytes).into_owned());
        Ok(serde_json::from_slice(&content.bytes).unwrap_or_else(|_| text()))
    }

    /// Sends JSON; a command under its name.
    pub(crate) async fn send_json(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        name: Option<&str>,
        body: &Value,
    ) -> Result<Value, NodeFault> {
        let mut request =
            Self::request(method, path, token).header(header::CONTENT_TYPE, "application/json");
        if let Some(name) = name {
            request = request.header("idempotency-key", name);
        }
        let content = self.send(request, Body::from(body.to_string())).await?;
        Ok(serde_json::from_slice(&content.bytes).unwrap_or(Value::Null))
    }

    /// Asks for something that needs no more words.
    pub(crate) async fn act(
        &self,
        method: Method,
        path: &str,
        token: &str,
    ) -> Result<Value, NodeFault> {
        let nothing = Value::Object(serde_json::Map::new());
        self.send_json(method, path, Some(token), None, &nothing)
            .await
    }

    /// Sends bytes, or takes them out.
    pub(crate) async fn send_bytes(
        &self,
        method: Method,
        path: &str,
        token: &str,
        bytes: Bytes,
    ) -> Result<(), NodeFault> {
        let request = Self::request(method, path, Some(token))
            .header(header::CONTENT_TYPE, "application/octet-stream");
        self.send(request, Body::from(bytes)).await.map(drop)
    }
}
