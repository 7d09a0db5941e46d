//! What went wrong, on a page.

use crate::language::Language;
use crate::page::Page;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

/// An answer of the node that is no success.
#[derive(Debug, Clone)]
pub(crate) struct NodeFault {
    /// Its status.
    pub(crate) status: StatusCode,
    /// What it says: code, texts and remedies in both languages.
    pub(crate) body: Value,
}

impl NodeFault {
    /// A fault that the portal itself found.
    pub(crate) fn own(status: StatusCode, code: &str, it: &str, en: &str) -> Self {
        Self {
            status,
            body: serde_json::json!({ "code": code, "it": it, "en": en }),
        }
    }

    /// Whether the form can be changed and sent again by whoever is signed in.
    pub(crate) fn can_be_mended(&self) -> bool {
        self.status.is_client_error() && self.status != StatusCode::UNAUTHORIZED
    }

    /// A form that did not arrive whole.
    pub(crate) fn broken_form() -> Self {
        Self::own(
            StatusCode::BAD_REQUEST,
            "PORTAL-400",
            "il modulo non è arrivato intero; i file sono al più 5 MiB",
            "the form did not arrive whole; files have 5 MiB at most",
        )
    }

    /// One line for a person.
    pub(crate) fn line(&self, language: Language) -> String {
        let text = |name: &str| self.body[name].as_str().filter(|text| !text.is_empty());
        let code = language.code();
        let what = text(code).map_or_else(|| language.text("fault-unknown"), str::to_owned);
        match text(&format!("remedy_{code}")) {
            Some(remedy) => format!("{what}: {remedy}."),
            None => format!("{what}."),
        }
    }

    /// The single refusals of an application that breaks several rules, or the one line of any other fault.
    pub(crate) fn lines(&self, language: Language) -> Vec<String> {
        let refusals = self.body["refusals"].as_array().into_iter().flatten();
        let mut lines: Vec<String> = refusals
            .map(|one| {
                let fault = Self {
                    status: self.status,
                    body: one.clone(),
                };
                fault.line(language)
            })
            .collect();
        if lines.is_empty() {
            lines.push(self.line(language));
        }
        lines
    }
}

/// Why there is no page.
pub(crate) enum PageFault {
    /// Nobody is signed in: sign in, then come back here.
    SignIn(String),
    /// Somebody is signed in who has to show a passkey first: the account says how.
    Account,
    /// The node said no.
    Node(Box<NodeFault>, Language),
}

impl PageFault {
    pub(crate) fn not_found(language: Language) -> Self {
        let fault = NodeFault::own(
            StatusCode::NOT_FOUND,
            "PORTAL-404",
            "la pagina non esiste",
            "there is no such page",
        );
        Self::Node(Box::new(fault), language)
    }
}

impl IntoResponse for PageFault {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(next) => {
                let next = crate::forms::encoded(&next);
                Redirect::to(&format!("/sign-in?next={next}")).into_response()
            }
            Self::Account => Redirect::to("/account").into_response(),
            Self::Node(fault, language) => {
                let mut page = Page::plain(language, "/");
                page.put("fault", fault.line(language));
                page.put("code", &fault.body["code"]);
                page.put("status", fault.status.as_u16());
                page.show_as(fault.status, "fault.html")
            }
        }
    }
}
