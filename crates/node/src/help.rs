//! The part of the HTTP interface where officers find help: cases, news, manuals, packages, the knowledge base.

use crate::api::{Answered, Api, AtDesk, blocking, parsed};
use crate::casework::file_response;
use crate::desk::articles::{Article, Draft};
use crate::desk::cases::{HelpCase, ShownCase};
use crate::desk::papers::Media;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use jiff::tz::TimeZone;
use rilascio_circuit::process::Reference;
use serde_json::{Value, json};

/// The routes of the help desk: of the desk at which somebody is signed in.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/help/cases", get(cases).post(open))
        .route("/v1/help/cases/{id}", get(case).post(add))
        .route("/v1/help/articles", get(articles).post(publish))
        .route("/v1/help/articles/{id}", get(article).delete(withdraw))
        .route("/v1/help/articles/{id}/file", get(file))
}

async fn cases(AtDesk(session, desk): AtDesk) -> Answered<Json<Vec<HelpCase>>> {
    Ok(Json(blocking(move || desk.cases(&session.actor)).await?))
}

async fn open(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<HelpCase>> {
    let (question, now) = (parsed(&body)?, api.now());
    let opened = blocking(move || desk.open_case(question, &session.actor, now));
    Ok(Json(opened.await?))
}

async fn case(
    State(api): State<Api>,
    Path(id): Path<Reference>,
    AtDesk(session, desk): AtDesk,
) -> Answered<Json<ShownCase>> {
    let now = api.now();
    let found = blocking(move || desk.case(&id, &session.actor, now));
    Ok(Json(found.await?))
}

async fn add(
    State(api): State<Api>,
    Path(id): Path<Reference>,
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<HelpCase>> {
    let (addition, now) = (parsed(&body)?, api.now());
    let added = blocking(move || desk.add_to_case(&id, addition, &session.actor, now));
    Ok(Json(added.await?))
}

async fn articles(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
) -> Answered<Json<Vec<Article>>> {
    let today = api.now().to_zoned(TimeZone::UTC).date();
    let found = blocking(move || desk.articles(&session.actor, today));
    Ok(Json(found.await?))
}

async fn publish(
    State(api): State<Api>,
    AtDesk(session, desk): AtDesk,
    body: Bytes,
) -> Answered<Json<Article>> {
    let draft: Draft = parsed(&body)?;
    let now = api.now();
    let made = blocking(move || desk.publish_article(draft, &session.actor, now));
    Ok(Json(made.await?))
}

async fn article(
    State(api): State<Api>,
    Path(id): Path<Reference>,
    AtDesk(session, desk): AtDesk,
) -> Answered<Json<Article>> {
    let now = api.now();
    let found = blocking(move || desk.article(&id, &session.actor, now));
    Ok(Json(found.await?))
}

async fn withdraw(
    State(api): State<Api>,
    Path(id): Path<Reference>,
    AtDesk(session, desk): AtDesk,
) -> Answered<Json<Value>> {
    let now = api.now();
    blocking(move || desk.withdraw_article(&id, &session.actor, now)).await?;
    Ok(Json(json!({ "state": "withdrawn" })))
}

async fn file(
    State(api): State<Api>,
    Path(id): Path<Reference>,
    AtDesk(session, desk): AtDesk,
) -> Answered<Response> {
    let (now, name) = (api.now(), id.to_string());
    let bytes = blocking(move || desk.article_file(&id, &session.actor, now)).await?;
    let (media, ending) = match Media::of(&bytes) {
        Some(media) => media.names(),
        None => ("application/zip", "zip"),
    };
    Ok(file_response(media, &format!("{name}.{ending}"), &bytes))
}
