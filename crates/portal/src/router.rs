//! The addresses of all pages.

use crate::forms::Schemas;
use crate::node::Node;
use crate::{applicant, assets, commands, desk, dossier, enrolment, oversight, session};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use std::sync::Arc;

/// The largest form: one scanned paper, or one image.
const FORM_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Nothing runs, is shown or is sent but what comes from here.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What all pages share.
#[derive(Clone)]
pub(crate) struct Portal {
    pub(crate) node: Node,
    pub(crate) schemas: Arc<Schemas>,
}

async fn with_headers(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(self), microphone=(), geolocation=()",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The pages of an installation, beside its interface.
pub fn router(interface: Router) -> Router {
    let portal = Portal {
        node: Node::new(interface.clone()),
        schemas: Arc::new(Schemas::new(rilascio_node::openapi())),
    };
    let pages = Router::new()
        .route("/", get(desk::home))
        .route("/sign-in", get(desk::sign_in_form).post(desk::sign_in))
        .route("/sign-out", post(desk::sign_out))
        .route("/language", get(desk::language))
        .route("/status", get(applicant::form).post(applicant::look))
        .route("/accessibility", get(desk::accessibility))
        .route("/do/{command}", get(commands::show).post(commands::give))
        .route("/desk/{role}/{kind}", get(desk::list))
        .route("/desk/{role}/{kind}/{id}", get(desk::thing))
        .route("/desk/centre/queue", get(desk::queue))
        .route("/desk/office/dossier/{id}", get(dossier::at_office))
        .route("/desk/centre/dossier/{id}", get(dossier::at_centre))
        .route("/desk/office/dossier/{id}/receipt", get(dossier::receipt))
        .route(
            "/desk/{role}/dossier/{id}/images/{number}",
            get(dossier::image),
        )
        .route(
            "/desk/{role}/dossier/{id}/papers/{number}",
            get(dossier::paper),
        )
        .route(
            "/desk/office/dossier/{id}/enrol/{step}",
            get(enrolment::show).post(enrolment::save),
        )
        .route(
            "/desk/office/dossier/{id}/enrol/images/{name}",
            get(enrolment::image),
        )
        .route("/oversight", get(oversight::overview))
        .route("/oversight/{role}/journal", get(oversight::journal))
        .route("/oversight/{role}/messages", get(oversight::messages))
        .route("/oversight/{role}/jobs", get(oversight::jobs))
        .route("/oversight/{role}/officers", get(oversight::officers))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(middleware::from_fn_with_state(
            portal.clone(),
            session::refuse_foreign,
        ))
        .layer(middleware::from_fn(with_headers))
        .with_state(portal)
        .route("/assets/{name}", get(assets::asset));
    pages.fallback_service(interface)
}
