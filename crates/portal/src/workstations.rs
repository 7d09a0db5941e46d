//! The workstations of a site: an administrator registers the browser at which the page is open; what is found beside it later
//! is noted.

use crate::fault::{NodeFault, PageFault};
use crate::forms::encoded;
use crate::page::Page;
use crate::router::Portal;
use crate::session::{Signed, cookie};
use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

/// The token of a workstation, for as long as browsers keep a cookie.
const COOKIE: &str = "__Host-rilascio-workstation";
const AGE_S: u32 = 400 * 24 * 3600;

/// The token of the workstation at which a request was made.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, COOKIE).filter(|token| !token.is_empty())
}

async fn page(portal: &Portal, signed: &Signed, fault: Option<&NodeFault>) -> Page {
    let found = portal
        .node
        .get("/v1/workstations", Some(&signed.token))
        .await;
    let mut page = Page::of(signed);
    page.put("stations", found.unwrap_or_else(|_| json!([])));
    page.put("version", env!("CARGO_PKG_VERSION"));
    page.put("faults", fault.map(|fault| fault.lines(signed.language)));
    page
}

pub(crate) async fn list(State(portal): State<Portal>, signed: Signed) -> Response {
    let page = page(&portal, &signed, None).await;
    page.show("workstations.html")
}

#[derive(Deserialize)]
pub(crate) struct Named {
    name: String,
}

/// Registers this browser.
pub(crate) async fn register(
    State(portal): State<Portal>,
    signed: Signed,
    Form(Named { name }): Form<Named>,
) -> Result<Response, PageFault> {
    let token = Some(&signed.token[..]);
    let body = json!({ "name": name });
    let made = portal
        .node
        .send_json(Method::POST, "/v1/workstations", token, None, &body);
    match made.await {
        Ok(made) => {
            let token = made["token"].as_str().unwrap_or_default();
            let cookie = format!(
                "{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={AGE_S}"
            );
            let to = Redirect::to("/oversight/workstations");
            Ok(([(header::SET_COOKIE, cookie)], to).into_response())
        }
        Err(fault) if fault.status == StatusCode::UNAUTHORIZED => Err(signed.fault(fault)),
        Err(fault) => {
            let page = page(&portal, &signed, Some(&fault)).await;
            Ok(page.show_as(fault.status, "workstations.html"))
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Step {
    id: String,
    step: String,
}

/// Blocks a workstation, or opens it again.
pub(crate) async fn step(
    State(portal): State<Portal>,
    signed: Signed,
    Form(Step { id, step }): Form<Step>,
) -> Result<Redirect, PageFault> {
    let path = format!("/v1/workstations/{}/{}", encoded(&id), encoded(&step));
    let done = portal.node.act(Method::POST, &path, &signed.token);
    done.await.map_err(|fault| signed.fault(fault))?;
    Ok(Redirect::to("/oversight/workstations"))
}

#[derive(Deserialize)]
pub(crate) struct Found {
    version: String,
}

/// The script of a page found a bridge beside its browser.
pub(crate) async fn found(
    State(portal): State<Portal>,
    signed: Signed,
    headers: HeaderMap,
    Form(Found { version }): Form<Found>,
) -> Result<StatusCode, PageFault> {
    let Some(token) = token(&headers) else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let body = json!({ "token": token, "bridge": version });
    let own = Some(&signed.token[..]);
    let sent: Result<Value, NodeFault> = portal
        .node
        .send_json(Method::POST, "/v1/workstations/seen", own, None, &body)
        .await;
    sent.map_err(|fault| signed.fault(fault))?;
    Ok(StatusCode::NO_CONTENT)
}
