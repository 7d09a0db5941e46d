//! Files and pictures of the node, as a browser gets them.

use crate::fault::PageFault;
use crate::node::Content;
use crate::router::Portal;
use crate::session::Signed;
use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A file under a name of its own; its ending is that of what it is, unless the name has one.
pub(crate) async fn saved(
    portal: &Portal,
    signed: &Signed,
    path: &str,
    name: &str,
) -> Result<Response, PageFault> {
    let content = portal.node.content(path, Some(&signed.token)).await;
    let content = content.map_err(|fault| signed.fault(fault))?;
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let mut name: String = name.chars().filter(plain).collect();
    if !name.contains('.') {
        name += match &content.media[..] {
            "application/pdf" => ".pdf",
            "application/zip" => ".zip",
            "image/png" => ".png",
            _ => ".jpg",
        };
    }
    Ok(response(
        content,
        &format!("attachment; filename=\"{name}\""),
    ))
}

/// What somebody brought or took, in a sandbox, kept by nobody on the way.
pub(crate) fn response(content: Content, place: &str) -> Response {
    let headers = [
        (header::CONTENT_DISPOSITION, place.to_owned()),
        (header::CONTENT_TYPE, content.media),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (
            header::CONTENT_SECURITY_POLICY,
            "sandbox; default-src 'none'; frame-ancestors 'none'".to_owned(),
        ),
    ];
    (headers, content.bytes).into_response()
}
