//! Style, icons, fonts and scripts, embedded and compressed when the program was built.

use crate::embedded::ASSETS;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

fn find(name: &str) -> Option<&'static [u8]> {
    let found = ASSETS.binary_search_by(|(known, _)| (*known).cmp(name));
    found.ok().map(|place| ASSETS[place].1)
}

fn media(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// A file; compressed for who can read it.
pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let accepts = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|one| one.trim().starts_with("br")));
    if name.ends_with(".br") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let common = [
        (header::CONTENT_TYPE, media(&name)),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::VARY, "accept-encoding"),
    ];
    let small = accepts.then(|| find(&format!("{name}.br"))).flatten();
    match (small, find(&name)) {
        (Some(bytes), _) => (common, [(header::CONTENT_ENCODING, "br")], bytes).into_response(),
        (None, Some(bytes)) => (common, bytes).into_response(),
        (None, None) => StatusCode::NOT_FOUND.into_response(),
    }
}
