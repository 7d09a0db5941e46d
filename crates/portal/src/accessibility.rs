//! The declaration of accessibility: what was looked at, with what, and what was found, from the last run of all journeys.

use crate::language::Language;
use crate::page::Page;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;
use std::sync::LazyLock;

/// Written by `tests/portal.rs` from what the browser saw.
static RUN: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../web/accessibility.json")).unwrap_or(Value::Null)
});

pub(crate) async fn show(headers: HeaderMap) -> Response {
    let mut page = Page::plain(Language::wanted(&headers), "/accessibility");
    page.put("run", &*RUN);
    let pages = RUN["pages"].as_array();
    page.put("kinds", pages.map_or(0, Vec::len));
    page.show("accessibility.html")
}
