//! The page of the first start: an administrator is made with the token that the console showed.

use crate::fault::PageFault;
use crate::language::Language;
use crate::page::Page;
use crate::router::Portal;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is still to be made; there is no such page when nothing is.
async fn page(portal: &Portal, language: Language) -> Result<Page, PageFault> {
    let open = portal.node.get("/v1/first-start", None).await;
    let open = open.map_err(|_| PageFault::not_found(language))?;
    let mut page = Page::plain(language, "/first-start");
    page.put("roles", &open["roles"]);
    page.put("sites", &open["sites"]);
    page.put("token", "");
    page.put("fault", Value::Null);
    page.put("made", Value::Null);
    page.put("officer", "");
    Ok(page)
}

pub(crate) async fn form(
    State(portal): State<Portal>,
    headers: HeaderMap,
) -> Result<Response, PageFault> {
    let language = Language::wanted(&headers);
    Ok(page(&portal, language).await?.show("first-start.html"))
}

#[derive(Deserialize)]
pub(crate) struct First {
    token: String,
    role: String,
    #[serde(default)]
    site: String,
    officer: String,
    password: String,
    again: String,
}

pub(crate) async fn make(
    State(portal): State<Portal>,
    headers: HeaderMap,
    Form(given): Form<First>,
) -> Result<Response, PageFault> {
    let language = Language::wanted(&headers);
    let (fault, status) = if given.password == given.again {
        let site = Some(&given.site).filter(|site| given.role == "office" && !site.is_empty());
        let body = json!({ "token": given.token.trim(), "role": given.role, "site": site,
            "officer": given.officer.trim(), "password": given.password });
        let made = portal
            .node
            .send_json(Method::POST, "/v1/first-start", None, None, &body);
        match made.await {
            Ok(_) => {
                let mut page = page(&portal, language).await?;
                page.put("token", &given.token);
                page.put("made", given.officer.trim());
                // The last one signs in; before that others are still to be made.
                return Ok(page.show("first-start.html"));
            }
            Err(fault) if fault.status == StatusCode::BAD_REQUEST => {
                (language.text("first-start-wrong"), fault.status)
            }
            Err(fault) if fault.body["code"] == "circuit.right" => {
                (language.text("first-start-token"), fault.status)
            }
            Err(fault) => (fault.line(language), fault.status),
        }
    } else {
        (language.text("password-differs"), StatusCode::CONFLICT)
    };
    let mut page = page(&portal, language).await?;
    page.put("token", &given.token);
    page.put("fault", fault);
    page.put("officer", &given.officer);
    Ok(page.show_as(status, "first-start.html"))
}
