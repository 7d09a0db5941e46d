//! The addresses of all pages.

use crate::fault::{NodeFault, PageFault};
use crate::forms::Schemas;
use crate::language::Language;
use crate::node::{Node, with_peer};
use crate::session::Signed;
use crate::{
    accessibility, account, adjudication, applicant, assets, cards, commands, desk, dossier,
    enrolment, first_start, grants, help, holder, inspection, oversight, passkeys, session,
    statistics, waiting, workstations, zone,
};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use rilascio_node::Clock;
use rilascio_pki::TrustAnchors;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{OnceCell, Semaphore};
use tower::ServiceExt;

/// The largest form: one scanned paper, or one image.
const FORM_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Nothing runs, is shown or is sent but what comes from here.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; font-src 'self'; connect-src 'self' {bridge}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// What all pages share.
#[derive(Clone)]
pub(crate) struct Portal {
    pub(crate) node: Node,
    pub(crate) schemas: Arc<Schemas>,
    profiles: Arc<OnceCell<Profiles>>,
    pub(crate) anchors: Anchors,
    pub(crate) clock: Clock,
    /// Where the bridge of every desk listens.
    pub(crate) bridge: Arc<str>,
    /// The turns of holders who read their own documents.
    pub(crate) own_checks: Arc<Semaphore>,
}

/// Holders whose documents are verified at the same time: the desks come first.
const OWN_CHECKS_MAX: usize = 2;

/// The anchors that documents are verified with, as they are now.
pub type Anchors = Arc<dyn Fn() -> TrustAnchors + Send + Sync>;

/// What the node says of each profile, by its name.
type Profiles = BTreeMap<String, Value>;

impl Portal {
    /// The profiles of the circuit; none when they cannot be asked for now.
    pub(crate) async fn profiles(&self, signed: &Signed) -> Profiles {
        let asked = self.profiles.get_or_try_init(|| async {
            let list = self.node.get("/v1/profiles", Some(&signed.token)).await?;
            let known = list.as_array().into_iter().flatten();
            let named =
                known.filter_map(|one| Some((one["name"].as_str()?.to_owned(), one.clone())));
            Ok::<_, NodeFault>(named.collect())
        });
        asked.await.cloned().unwrap_or_default()
    }

    /// What the node answers to somebody.
    pub(crate) async fn ask(&self, signed: &Signed, path: &str) -> Result<Value, PageFault> {
        let found = self.node.get(path, Some(&signed.token)).await;
        found.map_err(|fault| signed.fault(fault))
    }

    /// What the document of each profile is called that somebody works on.
    pub(crate) async fn titles(&self, signed: &Signed) -> BTreeMap<String, String> {
        let code = signed.language.code();
        let profiles = self.profiles(signed).await.into_iter();
        profiles
            .filter(|(name, _)| signed.works_on(name))
            .map(|(name, profile)| {
                let title = profile["title"][code].as_str().unwrap_or(&name).to_owned();
                (name, title)
            })
            .collect()
    }
}

async fn with_headers(
    State(policy): State<HeaderValue>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        // What says nothing of keeping is kept by nobody.
        (header::CACHE_CONTROL, "no-store"),
        // Browsers heed it where TLS is, in front of this program.
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(self), microphone=(), geolocation=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
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
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(policy);
    response
}

/// What is no page is the interface; what is neither is said on a page, not by an empty one.
async fn beyond(interface: Router, request: Request) -> Response {
    let language = Language::wanted(request.headers());
    let answered = interface.oneshot(request).await;
    let Ok(response) = answered;
    let bare = response.headers().get(header::CONTENT_TYPE).is_none();
    if response.status() == StatusCode::NOT_FOUND && bare {
        return PageFault::not_found(language).into_response();
    }
    response
}

/// The pages of an installation, beside its interface; `bridge` is the origin at which the bridge of a desk listens.
pub fn router(interface: Router, anchors: Anchors, clock: Clock, bridge: &str) -> Router {
    // What is no header value reaches no bridge, and opens nothing else.
    let policy = HeaderValue::from_str(&POLICY.replace("{bridge}", bridge))
        .unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let portal = Portal {
        node: Node::new(interface.clone()),
        schemas: Arc::new(Schemas::new(rilascio_node::openapi())),
        profiles: Arc::default(),
        anchors,
        clock,
        bridge: bridge.into(),
        own_checks: Arc::new(Semaphore::new(OWN_CHECKS_MAX)),
    };
    let pages = Router::new()
        .route("/", get(desk::home))
        .route("/sign-in", get(desk::sign_in_form).post(desk::sign_in))
        .route(
            "/first-start",
            get(first_start::form).post(first_start::make),
        )
        .route("/sign-in/passkey", post(passkeys::sign_in))
        .route("/sign-out", post(desk::sign_out))
        .route("/account", get(account::show))
        .route("/account/alive", post(account::alive))
        .route("/account/sessions", post(account::end_session))
        .route("/account/cards", post(cards::step))
        .route("/account/workstation", post(workstations::found))
        .route("/account/passkeys", post(passkeys::add))
        .route("/account/passkeys/new", get(passkeys::form))
        .route("/account/passkeys/remove", post(passkeys::remove))
        .route("/account/password", post(account::change_password))
        .route(
            "/account/substitute",
            get(grants::substitute_form).post(grants::substitute),
        )
        .route(
            "/account/emergency",
            get(grants::emergency_form).post(grants::emergency),
        )
        .route("/language", get(desk::language))
        .route("/status", get(applicant::form).post(applicant::look))
        .route("/status/appointment", post(applicant::come))
        .route("/accessibility", get(accessibility::show))
        .route("/do/{command}", get(commands::show).post(commands::give))
        .route(
            "/desk/works/blank/{id}/photographs/{number}",
            get(dossier::photograph),
        )
        .route("/desk/office/waiting", get(waiting::show))
        .route("/desk/{role}/{kind}", get(desk::list))
        .route("/desk/{role}/{kind}/{id}", get(desk::thing))
        .route("/desk/centre/queue", get(desk::queue))
        .route("/desk/office/dossier/{id}", get(dossier::at_office))
        .route("/desk/centre/dossier/{id}", get(dossier::at_centre))
        .route("/desk/centre/dossier/{id}/hits", get(adjudication::show))
        .route(
            "/desk/centre/dossier/{id}/hits/{other}/{finger}",
            get(adjudication::picture),
        )
        .route("/desk/office/dossier/{id}/receipt", get(dossier::receipt))
        .route(
            "/desk/office/dossier/{id}/holder",
            get(holder::form).post(holder::compare),
        )
        .route(
            "/desk/office/dossier/{id}/holder/chip",
            post(holder::read_chip),
        )
        .route(
            "/desk/{role}/dossier/{id}/images/{number}",
            get(dossier::image),
        )
        .route(
            "/desk/{role}/dossier/{id}/papers/{number}",
            get(dossier::paper),
        )
        .route("/desk/{role}/dossier/{id}/acts/{number}", get(dossier::act))
        .route(
            "/desk/{role}/dossier/{id}/acts/{number}/signed",
            get(dossier::signed_act),
        )
        .route("/desk/office/dossier/{id}/enrol/zone", post(zone::show))
        .route(
            "/desk/office/dossier/{id}/enrol/{step}",
            get(enrolment::show).post(enrolment::save),
        )
        .route(
            "/desk/office/dossier/{id}/enrol/images/{name}",
            get(enrolment::image),
        )
        .route(
            "/own-document",
            get(inspection::own_form).post(inspection::own_inspect),
        )
        .route("/help", get(help::show))
        .route("/help/ask", get(help::form).post(help::open))
        .route("/help/cases/{id}", get(help::case).post(help::add))
        .route("/help/publish", get(help::publish_form).post(help::publish))
        .route(
            "/help/articles/{id}",
            get(help::article).post(help::withdraw),
        )
        .route("/help/articles/{id}/file", get(help::file))
        .route("/oversight", get(oversight::overview))
        .route(
            "/oversight/workstations",
            get(workstations::list).post(workstations::register),
        )
        .route("/oversight/workstations/step", post(workstations::step))
        .route("/oversight/cards", get(cards::list).post(cards::issue))
        .route("/oversight/certificates", get(oversight::certificates))
        .route("/oversight/grants", get(grants::list).post(grants::step))
        .route("/oversight/{role}/journal", get(oversight::journal))
        .route("/oversight/{role}/messages", get(oversight::messages))
        .route("/oversight/{role}/jobs", get(oversight::jobs))
        .route("/oversight/{role}/officers", get(oversight::officers))
        .route(
            "/oversight/{role}/officers/new",
            get(oversight::officer_form).post(oversight::name_officer),
        )
        .route(
            "/oversight/{role}/officers/remove",
            post(oversight::remove_officer),
        )
        .route(
            "/oversight/{role}/{what}/again",
            post(oversight::begin_again),
        )
        .route(
            "/inspection",
            get(inspection::form).post(inspection::inspect),
        )
        .route("/statistics", get(statistics::show))
        .route("/statistics/{role}/{kind}", get(statistics::export))
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .layer(middleware::from_fn_with_state(
            portal.clone(),
            session::refuse_foreign,
        ))
        .with_state(portal)
        .route("/assets/{name}", get(assets::asset));
    pages
        .fallback(move |request| beyond(interface.clone(), request))
        .layer(middleware::from_fn(with_peer))
        .layer(middleware::from_fn_with_state(policy, with_headers))
}
