//! The smart cards of officers: made out and sent by those who run a site, received and blocked by their officers.

use crate::fault::{NodeFault, PageFault};
use crate::forms::encoded;
use crate::page::Page;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::{Form, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

/// Why a card is blocked, as the interface names it.
const ENDS: [&str; 4] = ["lost", "stolen", "damaged", "left"];

/// The cards that somebody sees; none where they cannot be asked for now.
async fn seen(portal: &Portal, signed: &Signed) -> Vec<Value> {
    match portal.node.get("/v1/cards", Some(&signed.token)).await {
        Ok(Value::Array(found)) => found,
        _ => Vec::new(),
    }
}

/// The steps that somebody may take with a card.
fn with_steps(signed: &Signed, mut card: Value) -> Value {
    let own = card["officer"] == signed.session["actor"]["officer"];
    let state = card["state"].as_str().unwrap_or_default();
    let mut steps = Vec::new();
    if signed.has("administer") && state == "issued" {
        steps.push("ship");
    }
    if own && ["issued", "shipped"].contains(&state) {
        steps.push("receive");
    }
    let blocks = ["issued", "shipped", "active"].contains(&state);
    card["blocks"] = json!(blocks);
    card["steps"] = json!(steps);
    card
}

/// The own cards, for an officer's page.
pub(crate) async fn own(portal: &Portal, signed: &Signed) -> Vec<Value> {
    let name = &signed.session["actor"]["officer"];
    let found = seen(portal, signed).await.into_iter();
    found
        .filter(|card| card["officer"] == *name)
        .take(10)
        .map(|card| with_steps(signed, card))
        .collect()
}

/// What the form of a new card was filled with.
#[derive(Deserialize, Default)]
pub(crate) struct Filled {
    #[serde(default)]
    officer: String,
    #[serde(default)]
    request: String,
}

async fn page(
    portal: &Portal,
    signed: &Signed,
    filled: &Filled,
    fault: Option<&NodeFault>,
) -> Page {
    let found = seen(portal, signed).await.into_iter();
    let cards: Vec<Value> = found.map(|card| with_steps(signed, card)).collect();
    let mut page = Page::of(signed);
    page.put("cards", cards);
    page.put("ends", ENDS);
    page.put("back", "/oversight/cards");
    page.put("officer", &filled.officer);
    page.put("request", &filled.request);
    page.put("faults", fault.map(|fault| fault.lines(signed.language)));
    page
}

pub(crate) async fn list(State(portal): State<Portal>, signed: Signed) -> Response {
    let page = page(&portal, &signed, &Filled::default(), None).await;
    page.show("cards.html")
}

/// Makes out a card from the request that it signed.
pub(crate) async fn issue(
    State(portal): State<Portal>,
    signed: Signed,
    Form(filled): Form<Filled>,
) -> Result<Response, PageFault> {
    let body = json!({ "officer": filled.officer.trim(), "request": filled.request });
    let token = Some(&signed.token[..]);
    let issued = portal
        .node
        .send_json(Method::POST, "/v1/cards", token, None, &body);
    match issued.await {
        Ok(_) => Ok(Redirect::to("/oversight/cards").into_response()),
        Err(fault) if fault.status == StatusCode::UNAUTHORIZED => Err(signed.fault(fault)),
        Err(fault) => {
            let page = page(&portal, &signed, &filled, Some(&fault)).await;
            Ok(page.show_as(fault.status, "cards.html"))
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Step {
    id: String,
    step: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    back: String,
}

/// Takes a step with a card.
pub(crate) async fn step(
    State(portal): State<Portal>,
    signed: Signed,
    Form(given): Form<Step>,
) -> Result<Redirect, PageFault> {
    let path = format!("/v1/cards/{}/{}", encoded(&given.id), encoded(&given.step));
    let why = Some(&given.why[..]).filter(|why| !why.is_empty());
    let token = Some(&signed.token[..]);
    let body = json!({ "why": why });
    let done = portal
        .node
        .send_json(Method::POST, &path, token, None, &body);
    done.await.map_err(|fault| signed.fault(fault))?;
    let back = if given.back == "/oversight/cards" {
        "/oversight/cards"
    } else {
        "/account"
    };
    Ok(Redirect::to(back))
}
