//! Passkeys: the second step of signing in, and those of an officer's own account.

use crate::account;
use crate::desk::{own_page, welcome};
use crate::fault::PageFault;
use crate::forms::encoded;
use crate::language::Language;
use crate::page::Page;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

/// The page that asks for one of the passkeys that the node names.
pub(crate) fn ask(language: Language, half: &Value, next: &str) -> Response {
    let mut page = Page::plain(language, "/sign-in");
    page.put("ticket", &half["ticket"]);
    page.put("challenge", &half["challenge"]);
    page.put("passkeys", &half["passkeys"]);
    page.put("next", own_page(next));
    page.show("second.html")
}

/// The answer of a passkey, as the script of the page writes it into the form.
#[derive(Deserialize)]
pub(crate) struct Answer {
    ticket: String,
    #[serde(default)]
    next: String,
    id: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
}

pub(crate) async fn sign_in(
    State(portal): State<Portal>,
    headers: HeaderMap,
    Form(given): Form<Answer>,
) -> Response {
    let language = Language::wanted(&headers);
    let body = json!({ "ticket": given.ticket, "assertion": { "id": given.id, "client_data": given.client_data,
        "authenticator_data": given.authenticator_data, "signature": given.signature } });
    let answer = portal
        .node
        .send_json(Method::POST, "/v1/sign-in/passkey", None, None, &body)
        .await;
    match answer {
        Ok(answer) => welcome(&portal, &headers, &answer, &given.next).await,
        Err(fault) => {
            let mut page = Page::plain(language, "/sign-in");
            page.put("next", own_page(&given.next));
            page.put("officer", "");
            let often = fault.status == StatusCode::TOO_MANY_REQUESTS;
            let said = if fault.status.is_client_error() && !often {
                language.text("passkey-wrong")
            } else {
                fault.line(language)
            };
            page.put("fault", said);
            page.show_as(fault.status, "sign-in.html")
        }
    }
}

/// The page on which an officer adds a passkey.
pub(crate) async fn form(
    State(portal): State<Portal>,
    signed: Signed,
) -> Result<Response, PageFault> {
    let path = "/v1/passkeys/challenge";
    let begun = portal.node.act(Method::POST, path, &signed.token).await;
    let begun = begun.map_err(|fault| signed.fault(fault))?;
    let known = portal.node.get("/v1/passkeys", Some(&signed.token)).await;
    let mut page = Page::of(&signed);
    page.put("challenge", &begun["challenge"]);
    page.put("passkeys", known.map_err(|fault| signed.fault(fault))?);
    page.put("officer", &signed.session["actor"]["officer"]);
    Ok(page.show("passkey-new.html"))
}

#[derive(Deserialize)]
pub(crate) struct New {
    name: String,
    password: String,
    client_data: String,
    authenticator_data: String,
    key: String,
}

pub(crate) async fn add(
    State(portal): State<Portal>,
    signed: Signed,
    Form(given): Form<New>,
) -> Result<Response, PageFault> {
    let passkey = json!({ "name": given.name, "client_data": given.client_data,
        "authenticator_data": given.authenticator_data, "key": given.key });
    let body = json!({ "password": given.password, "passkey": passkey });
    let added = portal.node.send_json(
        Method::POST,
        "/v1/passkeys",
        Some(&signed.token),
        None,
        &body,
    );
    match added.await {
        Ok(_) => Ok(Redirect::to("/account").into_response()),
        Err(fault) if fault.status == StatusCode::UNAUTHORIZED => Err(signed.fault(fault)),
        Err(fault) => {
            let said = account::said_of_password(&fault, "circuit.password-wrong");
            account::with_fault(&portal, &signed, said.unwrap_or("passkey-refused")).await
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Removed {
    id: String,
    password: String,
}

pub(crate) async fn remove(
    State(portal): State<Portal>,
    signed: Signed,
    Form(given): Form<Removed>,
) -> Result<Response, PageFault> {
    let path = format!("/v1/passkeys/{}/remove", encoded(&given.id));
    let body = json!({ "password": given.password });
    let removed = portal
        .node
        .send_json(Method::POST, &path, Some(&signed.token), None, &body);
    match removed.await {
        Ok(_) => Ok(Redirect::to("/account").into_response()),
        Err(fault) => match account::said_of_password(&fault, "circuit.right") {
            Some(text) => account::with_fault(&portal, &signed, text).await,
            None => Err(signed.fault(fault)),
        },
    }
}
