//! The HTTP interface: every command and query, with the rights checked here.

use crate::administration;
use crate::applicant;
use crate::carding;
use crate::casework;
use crate::certificates::{self, Certificates};
use crate::command::Command;
use crate::desk::Desk;
use crate::enrolment;
use crate::first_start::{self, FirstStart};
use crate::front::{ShownCard, Watcher};
use crate::installation::Installation;
use crate::limits::{Counts, Limits};
use crate::officers::Session;
use crate::openapi::{is_kind, openapi};
use crate::pressure::note_officer;
use crate::residents::{self, Register};
use crate::signing_in;
use crate::stationing;
use crate::statistics;
use crate::{Error, Result, Role};
use crate::{granting, help, photographs, waiting};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, body::Bytes};
use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use rilascio_circuit::process::{OfficerId, Reason, Right};
use rilascio_store::{Error as StoreError, Tx, entity, journal, work};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// The largest request: an application with its images.
const REQUEST_BYTES_MAX: usize = 48 * 1024 * 1024;
/// The most things in one answer.
pub(crate) const LIST_MAX: u32 = 500;

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    pub(crate) installation: Arc<Installation>,
    metrics: Option<PrometheusHandle>,
    /// Whether officers without a passkey can do no more than add one.
    passkeys_required: bool,
    /// Whether officers work at registered workstations only.
    pub(crate) workstations_required: bool,
    /// What the first administrators are made with.
    pub(crate) first_start: Option<Arc<FirstStart>>,
    pub(crate) certificates: Certificates,
    pub(crate) counts: Arc<Counts>,
    pub(crate) register: Option<Arc<dyn Register>>,
    /// Who reads the measures, beside this machine itself.
    pub(crate) watchers: Arc<[IpAddr]>,
}

/// What an officer who has still to show a passkey may do: add one, change the password, sign out.
const BEFORE_PASSKEY: [&str; 6] = [
    "/v1/session",
    "/v1/sessions",
    "/v1/password",
    "/v1/passkeys",
    "/v1/passkeys/challenge",
    "/v1/sign-out",
];

/// Whether a request is open to somebody who has still to show a second factor: receiving a card is a way to one.
fn is_before_passkey(method: &Method, path: &str) -> bool {
    let card = match path.strip_prefix("/v1/cards") {
        Some("") => *method == Method::GET,
        Some(rest) => rest.ends_with("/receive"),
        None => false,
    };
    card || BEFORE_PASSKEY.contains(&path)
}

/// What somebody may do whose password others have seen: choose another, look at the own account, sign out.
fn is_before_password(method: &Method, path: &str) -> bool {
    let looks = ["/v1/session", "/v1/sessions", "/v1/passkeys", "/v1/cards"];
    let chooses = matches!(path, "/v1/password" | "/v1/sign-out");
    chooses || (*method == Method::GET && looks.contains(&path))
}

/// An answer that is a fault: a status, and the text in both languages.
pub struct ApiFault(Error);

impl From<Error> for ApiFault {
    fn from(fault: Error) -> Self {
        Self(fault)
    }
}

impl From<StoreError> for ApiFault {
    fn from(fault: StoreError) -> Self {
        Self(fault.into())
    }
}

impl From<rilascio_circuit::Refusal> for ApiFault {
    fn from(refusal: rilascio_circuit::Refusal) -> Self {
        Self(refusal.into())
    }
}

fn status(fault: &Error) -> StatusCode {
    match fault {
        Error::Refused(refusal) => match refusal.rule {
            "circuit.right"
            | "circuit.profile"
            | "circuit.site"
            | "circuit.four-eyes"
            | "circuit.two-people"
            | "circuit.passkey"
            | "circuit.password-wrong"
            | "circuit.password-ended"
            | "circuit.password-first"
            | "circuit.card"
            | "circuit.workstation" => StatusCode::FORBIDDEN,
            "circuit.unknown" => StatusCode::NOT_FOUND,
            "circuit.too-often" => StatusCode::TOO_MANY_REQUESTS,
            "circuit.malformed" | "circuit.password" => StatusCode::BAD_REQUEST,
            _ => StatusCode::CONFLICT,
        },
        Error::Application(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Malformed { .. } | Error::Profile { .. } | Error::Role { .. } => {
            StatusCode::BAD_REQUEST
        }
        Error::CommandReused { .. } | Error::Store(StoreError::Conflict) => StatusCode::CONFLICT,
        Error::Store(StoreError::Head { .. }) => StatusCode::NOT_FOUND,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl ApiFault {
    /// The stable code of the fault.
    pub(crate) fn code(&self) -> String {
        self.0.code()
    }
}

impl IntoResponse for ApiFault {
    fn into_response(self) -> Response {
        let status = status(&self.0);
        // Who was refused, and what, is in the span of the request.
        if status.is_client_error() {
            tracing::info!(code = self.0.code(), status = status.as_u16(), "refused");
        }
        let body = match &self.0 {
            Error::Refused(refusal) => {
                json!({ "code": refusal.rule, "it": refusal.it, "en": refusal.en,
                "remedy_it": refusal.remedy_it, "remedy_en": refusal.remedy_en })
            }
            Error::Application(refusals) => {
                json!({ "code": "application", "it": "la domanda non rispetta le regole",
                "en": "the application breaks rules", "refusals": refusals.0 })
            }
            // What failed inside is for the log, not for whoever asks.
            other if status == StatusCode::INTERNAL_SERVER_ERROR => {
                tracing::error!(code = other.code(), fault = %other, "request failed");
                json!({ "code": other.code(), "it": "il sistema non ha potuto eseguire", "en": "the node failed",
                    "remedy_it": "riprovare; se persiste, avvisare chi lo gestisce",
                    "remedy_en": "try again; if it persists, tell whoever runs it" })
            }
            other => {
                json!({ "code": other.code(), "it": other.to_string(), "en": other.to_string() })
            }
        };
        (status, Json(body)).into_response()
    }
}

pub(crate) type Answered<T> = std::result::Result<T, ApiFault>;

/// Runs what waits for the data base away from the threads that serve connections.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T> + Send + 'static,
) -> Answered<T> {
    match tokio::task::spawn_blocking(run).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(ApiFault(Error::Malformed {
            what: "request",
            why: "the node is stopping".into(),
        })),
    }
}

/// Who asks.
pub(crate) struct SignedIn(pub(crate) Session);

pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

pub(crate) fn not_signed_in() -> Response {
    let body = json!({ "code": "NODE-401", "it": "accesso non effettuato", "en": "not signed in",
        "remedy_it": "accedere di nuovo", "remedy_en": "sign in again" });
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

/// Who asks, and the desk at which they are signed in.
pub(crate) struct AtDesk(pub(crate) Session, pub(crate) Arc<Desk>);

impl FromRequestParts<Api> for AtDesk {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        api: &Api,
    ) -> std::result::Result<Self, Response> {
        let Some(token) = token(&parts.headers).map(str::to_owned) else {
            return Err(not_signed_in());
        };
        let ShownCard(shown) = ShownCard::of(parts);
        let held = api.clone();
        let found = blocking(move || {
            for desk in held.desks() {
                if let Some(session) = desk.session_at(&token, shown.as_ref(), held.now())? {
                    return Ok(Some((session, Arc::clone(desk))));
                }
            }
            Ok(None)
        });
        match found.await {
            Ok(Some((session, desk))) => {
                note_officer(&session.actor.officer);
                let first = is_before_passkey(&parts.method, parts.uri.path());
                let chooses = is_before_password(&parts.method, parts.uri.path());
                if session.first_password && !chooses {
                    return Err(ApiFault(Reason::PasswordFirst.refusal().into()).into_response());
                }
                if api.needs_passkey(&session) && !first {
                    return Err(ApiFault(Reason::Passkey.refusal().into()).into_response());
                }
                Ok(Self(session, desk))
            }
            Ok(None) => Err(not_signed_in()),
            Err(fault) => Err(fault.into_response()),
        }
    }
}

impl FromRequestParts<Api> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        api: &Api,
    ) -> std::result::Result<Self, Response> {
        let AtDesk(session, _) = AtDesk::from_request_parts(parts, api).await?;
        Ok(Self(session))
    }
}

impl Api {
    /// The interface of an installation.
    #[must_use]
    pub fn new(installation: Arc<Installation>, metrics: Option<PrometheusHandle>) -> Self {
        Self {
            installation,
            metrics,
            passkeys_required: false,
            workstations_required: false,
            first_start: None,
            certificates: Arc::new(Vec::new),
            counts: Arc::new(Counts::new(Limits::default())),
            register: None,
            watchers: Arc::default(),
        }
    }

    /// The certificates that those who run the installation see.
    #[must_use]
    pub fn with_certificates(self, certificates: Certificates) -> Self {
        Self {
            certificates,
            ..self
        }
    }

    /// From where the measures are read, beside this machine itself.
    #[must_use]
    pub fn watched_from(self, watchers: &[IpAddr]) -> Self {
        Self {
            watchers: watchers.into(),
            ..self
        }
    }

    /// The registry of residents, which counters may ask.
    #[must_use]
    pub fn with_register(self, register: Arc<dyn Register>) -> Self {
        Self {
            register: Some(register),
            ..self
        }
    }

    /// Other limits than the usual ones.
    #[must_use]
    pub fn limited_to(self, limits: Limits) -> Self {
        Self {
            counts: Arc::new(Counts::new(limits)),
            ..self
        }
    }

    /// Officers without a passkey can do no more than add one.
    #[must_use]
    pub fn requiring_passkeys(self) -> Self {
        Self {
            passkeys_required: true,
            ..self
        }
    }

    /// Officers sign in at registered workstations only; those who administer, who register them, anywhere.
    #[must_use]
    pub fn requiring_workstations(self) -> Self {
        Self {
            workstations_required: true,
            ..self
        }
    }

    /// True when somebody can do no more than add a passkey.
    pub(crate) fn needs_passkey(&self, session: &Session) -> bool {
        self.passkeys_required && !session.passkey && session.card.is_none()
    }

    /// Whoever has this token makes the first administrator of every role that has nobody.
    #[must_use]
    pub fn with_first_start(self, token: &str) -> Self {
        Self {
            first_start: Some(Arc::new(FirstStart::new(token))),
            ..self
        }
    }

    /// The routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/health", get(health))
            .route("/metrics", get(metrics_text))
            .route("/v1/openapi.json", get(async || Json(openapi())))
            .route("/v1/commands/{name}", post(command))
            .route("/v1/{role}/journal", get(journal_entries))
            .route("/v1/{role}/journal/of/{kind}/{id}", get(history))
            .route("/v1/{role}/journal/head", get(journal_head))
            .route("/v1/{role}/journal/inclusion", get(inclusion))
            .route("/v1/{role}/journal/consistency", get(consistency))
            .merge(administration::routes())
            .merge(applicant::routes())
            .merge(carding::routes())
            .merge(casework::routes())
            .merge(enrolment::routes())
            .merge(first_start::routes())
            .merge(certificates::routes())
            .merge(granting::routes())
            .merge(help::routes())
            .merge(stationing::routes())
            .merge(statistics::routes())
            .merge(signing_in::routes())
            .merge(photographs::routes())
            .merge(residents::routes())
            .merge(waiting::routes())
            .route("/v1/{role}/{kind}", get(list))
            .route("/v1/{role}/{kind}/{id}", get(read))
            .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
            .with_state(self)
    }

    pub(crate) fn desk(&self, role: &str) -> Answered<Arc<Desk>> {
        let role = Role::from_name(role).ok_or_else(|| Reason::Unknown.refusal())?;
        Ok(Arc::clone(
            self.installation
                .desk(role)
                .map_err(|_| Reason::Unknown.refusal())?,
        ))
    }

    /// The desks that run here.
    pub(crate) fn desks(&self) -> impl Iterator<Item = &Arc<Desk>> {
        self.installation.desks.values()
    }

    /// Nothing, when no other desk here has an officer of that name: one who is two officers could sign in as one of
    /// them only.
    pub(crate) fn refuse_elsewhere(&self, officer: &OfficerId, desk: &Desk) -> Result<()> {
        for other in self.desks().filter(|other| other.role() != desk.role()) {
            if other.named_officer(officer)?.is_some() {
                return Err(Reason::Exists.refusal().into());
            }
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.installation.clock)()
    }
}

async fn health(State(api): State<Api>) -> Response {
    let installation = Arc::clone(&api.installation);
    let found = blocking(move || {
        let mut roles = serde_json::Map::new();
        for (role, desk) in &installation.desks {
            let size = desk
                .store()
                .read::<_, StoreError, _>(|tx| Ok(journal::size_and_root(tx)?.0))?;
            roles.insert(role.name().to_owned(), json!({ "journal": size }));
        }
        Ok(roles)
    });
    match found.await {
        Ok(roles) => Json(json!({ "status": "ok", "roles": roles })).into_response(),
        Err(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "failing" })),
        )
            .into_response(),
    }
}

async fn metrics_text(_: Watcher, State(api): State<Api>) -> Answered<String> {
    let installation = Arc::clone(&api.installation);
    blocking(move || {
        for (role, desk) in &installation.desks {
            let (size, messages, jobs) = desk.store().read::<_, StoreError, _>(|tx| {
                Ok((
                    journal::size_and_root(tx)?.0,
                    work::count_messages(tx)?,
                    work::count_jobs(tx)?,
                ))
            })?;
            metrics::gauge!("rilascio_journal_entries", "role" => role.name()).set(size as f64);
            for (state, count) in messages {
                metrics::gauge!("rilascio_messages", "role" => role.name(), "state" => state)
                    .set(count as f64);
            }
            for (state, count) in jobs {
                metrics::gauge!("rilascio_jobs", "role" => role.name(), "state" => state)
                    .set(count as f64);
            }
        }
        Ok(())
    })
    .await?;
    Ok(api
        .metrics
        .as_ref()
        .map(PrometheusHandle::render)
        .unwrap_or_default())
}

pub(crate) fn parsed<T: serde::de::DeserializeOwned>(body: &[u8]) -> Answered<T> {
    serde_json::from_slice(body).map_err(|why| {
        ApiFault(Error::Malformed {
            what: "request",
            why: why.to_string(),
        })
    })
}

async fn command(
    State(api): State<Api>,
    Path(name): Path<String>,
    SignedIn(session): SignedIn,
    headers: HeaderMap,
    body: std::result::Result<Bytes, BytesRejection>,
) -> Answered<Response> {
    let started = Instant::now();
    let wrong = |what, why: String| ApiFault(Error::Malformed { what, why });
    let body = body.map_err(|why| wrong("request", why.to_string()))?;
    let id = headers
        .get("idempotency-key")
        .and_then(|id| id.to_str().ok())
        .filter(|id| !id.is_empty());
    let id = id.filter(|id| id.len() <= 80).ok_or_else(|| {
        wrong(
            "Idempotency-Key",
            "every command has a name of its own in this header, 1 to 80 characters".into(),
        )
    })?;
    // Names of one officer are not those of another.
    let id = format!("{}/{id}", session.actor.officer);
    let mut fields: serde_json::Map<String, Value> = parsed(&body)?;
    fields.insert("command".to_owned(), Value::String(name));
    let command: Command = serde_json::from_value(Value::Object(fields))
        .map_err(|why| wrong("command", why.to_string()))?;
    let desk = api.desk(command.role().name())?;
    let (held, asked, by) = (Arc::clone(&desk), command.clone(), session.actor.clone());
    let now = api.now();
    api.counts
        .command(command.name(), &session.actor.officer, now)?;
    blocking(move || held.check_second(&asked, &by, now)).await?;
    let (actor, word) = (session.actor, command.name());
    let outcome = blocking(move || desk.execute(&id, &command, &actor, now)).await;
    let code = match &outcome {
        Ok(_) => "done".to_owned(),
        Err(fault) => fault.0.code(),
    };
    metrics::counter!("rilascio_commands", "command" => word, "outcome" => if outcome.is_ok() { "done" } else { "refused" })
        .increment(1);
    tracing::info!(
        command = word,
        outcome = code,
        took_ms = started.elapsed().as_millis() as u64,
        "command"
    );
    Ok(Json(outcome?).into_response())
}

#[derive(Deserialize)]
struct Listing {
    state: Option<String>,
    #[serde(default)]
    after: String,
    limit: Option<u32>,
}

/// Whether somebody may look into the tables of a role.
pub(crate) fn may_read(session: &Session, desk: &Desk) -> Answered<()> {
    let rights = &session.actor.rights;
    let fits = match desk.role() {
        Role::Office => [Right::Enrol, Right::Approve, Right::HandOver, Right::Stock],
        Role::Centre => [Right::Examine, Right::Decide, Right::Revoke, Right::Watch],
        Role::Works => [Right::Stock, Right::Produce, Right::Produce, Right::Produce],
        Role::Registry => [
            Right::Administer,
            Right::Revoke,
            Right::HandOver,
            Right::Examine,
        ],
    };
    let at_home = match desk.role() {
        Role::Office => desk.offices().contains_key(&session.actor.site),
        // What the registry says of a document is for everybody who works with documents.
        Role::Registry => true,
        Role::Centre | Role::Works => session.actor.site == *desk.site(),
    };
    let allowed = rights.contains(&Right::Audit)
        || at_home && fits.iter().any(|right| rights.contains(right));
    if allowed {
        Ok(())
    } else {
        Err(Reason::Right.refusal().into())
    }
}

/// An office shows its own things only.
pub(crate) fn is_visible(session: &Session, desk: &Desk, site: &str) -> bool {
    desk.role() != Role::Office
        || session.actor.rights.contains(&Right::Audit)
        || session.actor.site.as_str() == site
}

/// What a row says, when somebody sees it: things of their site, and of the profiles they work on.
fn shown(session: &Session, desk: &Desk, row: &entity::Entity) -> Result<Option<Value>> {
    if !is_visible(session, desk, &row.site) {
        return Ok(None);
    }
    let body = json_body(row)?;
    let profile = body["profile"]
        .as_str()
        .or(body["document"]["profile"].as_str());
    let all = session.actor.rights.contains(&Right::Audit);
    let works = all || profile.is_none_or(|profile| session.actor.works_on(profile));
    Ok(works.then_some(body))
}

fn json_body(row: &entity::Entity) -> Result<Value> {
    serde_json::from_str(&row.body).map_err(|why| Error::Corrupt {
        what: "row",
        id: row.id.clone(),
        why: why.to_string(),
    })
}

async fn list(
    State(api): State<Api>,
    Path((role, kind)): Path<(String, String)>,
    Query(listing): Query<Listing>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<Value>>> {
    let desk = api.desk(&role)?;
    may_read(&session, &desk)?;
    if !is_kind(&kind) {
        return Err(Reason::Unknown.refusal().into());
    }
    let limit = listing.limit.unwrap_or(100).min(LIST_MAX);
    let found = blocking(move || {
        let only = (desk.role() == Role::Office && !session.actor.rights.contains(&Right::Audit))
            .then(|| session.actor.site.to_string());
        let mut after = listing.after.clone();
        let mut found = Vec::new();
        // Pages of all sites are read until enough of this site is found.
        while found.len() < limit as usize {
            let (kind, state, from, site) = (
                kind.clone(),
                listing.state.clone(),
                after.clone(),
                only.clone(),
            );
            let page = desk.store().read::<_, StoreError, _>(move |tx| {
                entity::list(tx, &kind, state.as_deref(), site.as_deref(), &from, limit)
            })?;
            let Some(last) = page.last() else {
                break;
            };
            after.clone_from(&last.id);
            let short = page.len() < limit as usize;
            for row in &page {
                found.extend(shown(&session, &desk, row)?);
            }
            if short {
                break;
            }
        }
        found.truncate(limit as usize);
        Ok(found)
    })
    .await?;
    Ok(Json(found))
}

async fn read(
    State(api): State<Api>,
    Path((role, kind, id)): Path<(String, String, String)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Value>> {
    let desk = api.desk(&role)?;
    may_read(&session, &desk)?;
    if !is_kind(&kind) {
        return Err(Reason::Unknown.refusal().into());
    }
    let found = blocking(move || {
        let row = desk
            .store()
            .read::<_, StoreError, _>(move |tx| entity::get(tx, &kind, &id))?;
        let seen = row.map(|row| shown(&session, &desk, &row)).transpose()?;
        Ok(seen.flatten())
    })
    .await?;
    found
        .map(Json)
        .ok_or_else(|| Reason::Unknown.refusal().into())
}

#[derive(Deserialize)]
struct Beginning {
    #[serde(default)]
    from: u64,
}

fn entry_json(entry: &journal::Entry) -> Value {
    let text: Value = serde_json::from_str(&entry.text).unwrap_or(Value::Null);
    json!({ "seq": entry.seq, "entry": text })
}

async fn journal_entries(
    State(api): State<Api>,
    Path(role): Path<String>,
    Query(Beginning { from }): Query<Beginning>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<Value>>> {
    session.actor.needs(Right::Audit)?;
    let desk = api.desk(&role)?;
    let found = blocking(move || {
        Ok(desk
            .store()
            .read::<_, StoreError, _>(move |tx| journal::entries(tx, from, LIST_MAX))?)
    });
    Ok(Json(found.await?.iter().map(entry_json).collect()))
}

async fn history(
    State(api): State<Api>,
    Path((role, kind, id)): Path<(String, String, String)>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<Value>>> {
    let desk = api.desk(&role)?;
    may_read(&session, &desk)?;
    if !is_kind(&kind) {
        return Err(Reason::Unknown.refusal().into());
    }
    let found = blocking(move || {
        let (site_kind, site_id) = (kind.clone(), id.clone());
        let row = desk
            .store()
            .read::<_, StoreError, _>(move |tx| entity::get(tx, &site_kind, &site_id))?;
        let seen = row.map(|row| shown(&session, &desk, &row)).transpose()?;
        if seen.flatten().is_none() {
            return Err(Reason::Unknown.refusal().into());
        }
        Ok(desk
            .store()
            .read::<_, StoreError, _>(move |tx| journal::entries_of(tx, &kind, &id, LIST_MAX))?)
    });
    Ok(Json(found.await?.iter().map(entry_json).collect()))
}

async fn journal_head(State(api): State<Api>, Path(role): Path<String>) -> Answered<String> {
    // A head is public: the more people keep it, the better.
    let desk = api.desk(&role)?;
    let found = blocking(move || {
        Ok(desk
            .store()
            .read::<_, StoreError, _>(journal::latest_checkpoint)?)
    })
    .await?;
    found.ok_or_else(|| Reason::NotYet.refusal().into())
}

#[derive(Deserialize)]
struct Inclusion {
    index: u64,
    size: u64,
}

#[derive(Deserialize)]
struct Consistency {
    old: u64,
    new: u64,
}

/// A proof from the journal of a role, hash by hash in hexadecimal.
async fn proof(
    api: &Api,
    role: &str,
    read: impl FnMut(&mut dyn Tx) -> std::result::Result<Vec<journal::Hash>, StoreError>
    + Send
    + 'static,
) -> Answered<Json<Vec<String>>> {
    let desk = api.desk(role)?;
    let hashes = blocking(move || Ok(desk.store().read::<_, StoreError, _>(read)?)).await?;
    let hex = |hash: &journal::Hash| hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Json(hashes.iter().map(hex).collect()))
}

async fn inclusion(
    State(api): State<Api>,
    Path(role): Path<String>,
    Query(Inclusion { index, size }): Query<Inclusion>,
) -> Answered<Json<Vec<String>>> {
    proof(&api, &role, move |tx| {
        journal::inclusion_proof(tx, index, size)
    })
    .await
}

async fn consistency(
    State(api): State<Api>,
    Path(role): Path<String>,
    Query(Consistency { old, new }): Query<Consistency>,
) -> Answered<Json<Vec<String>>> {
    proof(&api, &role, move |tx| {
        journal::consistency_proof(tx, old, new)
    })
    .await
}
