//! An officer's own page: open sessions, passkeys, and another password.

use crate::fault::{NodeFault, PageFault};
use crate::forms::encoded;
use crate::page::Page;
use crate::router::Portal;
use crate::session::{Signed, session_cookie};
use axum::Json;
use axum::extract::{Form, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

async fn page(portal: &Portal, signed: &Signed) -> Result<Page, PageFault> {
    let sessions = portal.node.get("/v1/sessions", Some(&signed.token)).await;
    let mut page = Page::of(signed);
    page.put("sessions", sessions.map_err(|fault| signed.fault(fault))?);
    let passkeys = portal.node.get("/v1/passkeys", Some(&signed.token)).await;
    page.put("passkeys", passkeys.map_err(|fault| signed.fault(fault))?);
    page.put("cards", crate::cards::own(portal, signed).await);
    page.put("ends", ["lost", "stolen", "damaged"]);
    page.put("grants", crate::grants::own(portal, signed).await);
    page.put("back", "/account");
    page.put("fault", Value::Null);
    Ok(page)
}

/// What a fault says of the password that was given, `wrong` being the code of a wrong one; nothing of any other fault.
pub(crate) fn said_of_password(fault: &NodeFault, wrong: &str) -> Option<&'static str> {
    let code = fault.body["code"].as_str()?;
    match code {
        "circuit.too-early" => Some("sign-in-wait"),
        _ => (code == wrong).then_some("password-wrong"),
    }
}

/// The page with something that went wrong.
pub(crate) async fn with_fault(
    portal: &Portal,
    signed: &Signed,
    text: &str,
) -> Result<Response, PageFault> {
    let mut page = page(portal, signed).await?;
    page.put("fault", signed.language.text(text));
    Ok(page.show_as(StatusCode::CONFLICT, "account.html"))
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    signed: Signed,
) -> Result<Response, PageFault> {
    Ok(page(&portal, &signed).await?.show("account.html"))
}

/// Somebody is still there: the session goes on for as long as it may.
pub(crate) async fn alive(signed: Signed) -> Json<Value> {
    Json(json!({ "ends_in_s": signed.session["ends_in_s"] }))
}

#[derive(Deserialize)]
pub(crate) struct Ended {
    name: String,
    password: String,
}

pub(crate) async fn end_session(
    State(portal): State<Portal>,
    signed: Signed,
    Form(Ended { name, password }): Form<Ended>,
) -> Result<Response, PageFault> {
    let path = format!("/v1/sessions/{}/end", encoded(&name));
    let (token, body) = (Some(&signed.token[..]), json!({ "password": password }));
    let ended = portal
        .node
        .send_json(Method::POST, &path, token, None, &body);
    match ended.await {
        Ok(_) => Ok(Redirect::to("/account").into_response()),
        Err(fault) => match said_of_password(&fault, "circuit.password-wrong") {
            Some(text) => with_fault(&portal, &signed, text).await,
            None => Err(signed.fault(fault)),
        },
    }
}

#[derive(Deserialize)]
pub(crate) struct Passwords {
    present: String,
    new: String,
    again: String,
}

pub(crate) async fn change_password(
    State(portal): State<Portal>,
    signed: Signed,
    Form(given): Form<Passwords>,
) -> Result<Response, PageFault> {
    let fault = if given.new == given.again {
        let body = json!({ "present": given.present, "new": given.new });
        let changed = portal.node.send_json(
            Method::POST,
            "/v1/password",
            Some(&signed.token),
            None,
            &body,
        );
        match changed.await {
            Ok(_) => {
                let cookie = [(header::SET_COOKIE, session_cookie(""))];
                return Ok((cookie, Redirect::to("/sign-in")).into_response());
            }
            Err(fault) => match said_of_password(&fault, "circuit.right") {
                Some(text) => signed.language.text(text),
                None if fault.status == StatusCode::BAD_REQUEST => fault.line(signed.language),
                None => return Err(signed.fault(fault)),
            },
        }
    } else {
        signed.language.text("password-differs")
    };
    let mut page = page(&portal, &signed).await?;
    page.put("fault", fault);
    Ok(page.show_as(StatusCode::CONFLICT, "account.html"))
}
