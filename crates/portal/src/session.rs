//! Who looks at a page: the token of the node in a cookie that scripts and other sites cannot use.

use crate::fault::{NodeFault, PageFault};
use crate::language::Language;
use crate::router::Portal;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// The host prefix binds it to this host, to TLS (or loopback) and to every path.
const COOKIE: &str = "__Host-rilascio";

/// A cookie of a request.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The token of a session, if the request brings one.
pub(crate) fn own_token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, COOKIE).filter(|token| !token.is_empty())
}

/// The cookie of a session; an empty token ends it.
pub(crate) fn session_cookie(token: &str) -> String {
    let age = if token.is_empty() { "; Max-Age=0" } else { "" };
    format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict{age}")
}

/// Somebody who is signed in, and the language of the page.
pub(crate) struct Signed {
    pub(crate) token: String,
    pub(crate) session: Value,
    pub(crate) language: Language,
    pub(crate) path: String,
}

impl Signed {
    pub(crate) fn has(&self, right: &str) -> bool {
        let rights = self.session["actor"]["rights"].as_array();
        rights.is_some_and(|rights| rights.iter().any(|known| known == right))
    }

    /// Whether they work on documents of that profile: on all, where none is named.
    pub(crate) fn works_on(&self, profile: &str) -> bool {
        let profiles = self.session["actor"]["profiles"].as_array();
        profiles.is_none_or(|known| known.iter().any(|one| one == profile))
    }

    pub(crate) fn fault(&self, fault: NodeFault) -> PageFault {
        if fault.status == StatusCode::UNAUTHORIZED {
            PageFault::SignIn(self.path.clone())
        } else {
            PageFault::Node(Box::new(fault), self.language)
        }
    }
}

/// Pages that are open to somebody who has still to choose a password, or to show a passkey.
fn is_own(path: &str) -> bool {
    path == "/account" || path.starts_with("/account/") || path == "/sign-out"
}

impl FromRequestParts<Portal> for Signed {
    type Rejection = PageFault;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, PageFault> {
        let language = Language::wanted(&parts.headers);
        let path = parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned();
        // After a form was sent the way back is the page of the form, not the form's address alone.
        let back = if parts.method == Method::GET {
            path.clone()
        } else {
            "/".to_owned()
        };
        let Some(token) = own_token(&parts.headers).map(str::to_owned) else {
            return Err(PageFault::SignIn(back));
        };
        match portal.node.get("/v1/session", Some(&token)).await {
            Ok(session)
                if (session["passkey_needed"] == true || session["password_needed"] == true)
                    && !is_own(parts.uri.path()) =>
            {
                Err(PageFault::Account)
            }
            Ok(session) => Ok(Self {
                token,
                session,
                language,
                path: back,
            }),
            Err(fault) if fault.status == StatusCode::UNAUTHORIZED => Err(PageFault::SignIn(back)),
            Err(fault) => Err(PageFault::Node(Box::new(fault), language)),
        }
    }
}

/// Refuses what changes something and comes from another site.
pub(crate) async fn refuse_foreign(
    State(_): State<Portal>,
    request: Request,
    next: Next,
) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let headers = request.headers();
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok());
    let own = match (site, text(header::ORIGIN), text(header::HOST)) {
        (Some(site), _, _) => site == "same-origin" || site == "none",
        // A browser that does not say: the origin must be this host.
        (None, Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, from)| from == host),
        (None, _, _) => false,
    };
    if safe || own {
        return next.run(request).await;
    }
    tracing::warn!("a request of another site was refused");
    let language = Language::wanted(headers);
    let fault = NodeFault::own(
        StatusCode::FORBIDDEN,
        "PORTAL-403",
        "la richiesta viene da un altro sito",
        "the request comes from another site",
    );
    PageFault::Node(Box::new(fault), language).into_response()
}
