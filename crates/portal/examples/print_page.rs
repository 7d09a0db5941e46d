//! Prints a page that needs no sign-in, as a browser gets it: print_page /sign-in
#![allow(clippy::unwrap_used, reason = "an example")]
#![allow(clippy::print_stdout, reason = "the page is the output")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use rilascio_pki::TrustAnchors;
use std::sync::Arc;
use tower::ServiceExt;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "/sign-in".to_owned());
    let clock = Arc::new(|| "2026-11-22T09:00:00Z".parse().unwrap());
    let pages = rilascio_portal::router(
        Router::new(),
        Arc::new(TrustAnchors::default),
        clock,
        "http://127.0.0.1:4710",
    );
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = pages.oneshot(request).await.unwrap();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    println!("{}", String::from_utf8_lossy(&bytes));
}
