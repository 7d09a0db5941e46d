//! Help: news, manuals, packages and answers that officers read, and cases that they open from any page.

use crate::commands::received;
use crate::fault::{NodeFault, PageFault};
use crate::files::saved;
use crate::forms::encoded;
use crate::page::Page;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::multipart::Multipart;
use axum::extract::{Form, Path, Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is published, in the order of the page.
const CHANNELS: [&str; 4] = ["news", "manual", "package", "answer"];
/// The desks that an article of the centre can be for.
const ROLES: [&str; 3] = ["office", "works", "registry"];

/// Whether somebody runs the centre, which publishes for all.
fn is_centre(signed: &Signed) -> bool {
    signed.session["actor"]["site"] == "centre"
}

/// An article in the language of the page.
fn shown(signed: &Signed, article: &Value) -> Value {
    let bulletin = &article["bulletin"];
    let code = signed.language.code();
    let id = bulletin["id"].as_str().unwrap_or_default();
    let address = format!("/help/articles/{}", encoded(id));
    json!({ "id": id, "channel": bulletin["channel"], "published": bulletin["published"], "until": bulletin["until"],
        "title": bulletin[format!("title_{code}")], "text": bulletin[format!("text_{code}")],
        "file": bulletin["file"].is_string().then(|| format!("{address}/file")), "address": address })
}

/// The newest articles of a channel.
pub(crate) async fn newest(portal: &Portal, signed: &Signed, channel: &str) -> Vec<Value> {
    let found = portal.node.get("/v1/help/articles", Some(&signed.token));
    let found = found.await.unwrap_or_default();
    let list = found.as_array().into_iter().flatten();
    let of_channel = list.filter(|article| article["bulletin"]["channel"] == channel);
    of_channel
        .take(3)
        .map(|article| shown(signed, article))
        .collect()
}

#[derive(Deserialize)]
pub(crate) struct Sought {
    #[serde(default)]
    q: String,
}

/// True when every word that is sought is somewhere in an article.
fn fits(article: &Value, words: &str) -> bool {
    let text = format!("{} {}", article["title"], article["text"]).to_lowercase();
    let mut words = words.split_whitespace();
    words.all(|word| text.contains(&word.to_lowercase()))
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    signed: Signed,
    Query(Sought { q }): Query<Sought>,
) -> Result<Response, PageFault> {
    let articles = portal.ask(&signed, "/v1/help/articles").await?;
    let articles = articles.as_array().into_iter().flatten();
    let articles: Vec<Value> = articles
        .map(|article| shown(&signed, article))
        .filter(|article| fits(article, &q))
        .collect();
    let groups: Vec<Value> = CHANNELS
        .iter()
        .map(|channel| {
            let of: Vec<&Value> = articles
                .iter()
                .filter(|article| article["channel"] == *channel)
                .collect();
            json!({ "channel": channel, "articles": of })
        })
        .collect();
    let cases = portal.ask(&signed, "/v1/help/cases").await?;
    let mut page = Page::of(&signed);
    page.put("groups", groups);
    page.put("cases", cases);
    page.put("q", q);
    page.put("runs", signed.has("administer"));
    page.put("now", (portal.clock)().to_string());
    Ok(page.show("help.html"))
}

pub(crate) async fn article(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, PageFault> {
    let path = format!("/v1/help/articles/{}", encoded(&id));
    let found = portal.ask(&signed, &path).await?;
    let mut page = Page::of(&signed);
    page.put("article", shown(&signed, &found));
    // What the centre published only the centre withdraws.
    let own = !found["site"].is_null() || is_centre(&signed);
    page.put("runs", own && signed.has("administer"));
    Ok(page.show("help-article.html"))
}

pub(crate) async fn file(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, PageFault> {
    let path = format!("/v1/help/articles/{}/file", encoded(&id));
    saved(&portal, &signed, &path, &id).await
}

pub(crate) async fn withdraw(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Redirect, PageFault> {
    let path = format!("/v1/help/articles/{}", encoded(&id));
    let done = portal.node.act(Method::DELETE, &path, &signed.token);
    done.await.map_err(|fault| signed.fault(fault))?;
    Ok(Redirect::to("/help"))
}

/// The form of a new case, with the page from which somebody comes.
fn asking(
    signed: &Signed,
    filled: &BTreeMap<String, String>,
    fault: Option<&NodeFault>,
) -> Response {
    let mut page = Page::of(signed);
    let text = |name: &str| filled.get(name).map_or("", String::as_str);
    page.put("page", text("page"));
    page.put("code", text("code"));
    page.put("text", text("text"));
    page.put("faults", fault.map(|fault| fault.lines(signed.language)));
    page.show_as(
        fault.map_or(StatusCode::OK, |fault| fault.status),
        "help-ask.html",
    )
}

pub(crate) async fn form(
    signed: Signed,
    Query(given): Query<BTreeMap<String, String>>,
) -> Response {
    asking(&signed, &given, None)
}

pub(crate) async fn open(
    State(portal): State<Portal>,
    signed: Signed,
    Form(given): Form<BTreeMap<String, String>>,
) -> Result<Response, PageFault> {
    let text = |name: &str| given.get(name).map_or("", String::as_str);
    let code = Some(text("code")).filter(|code| !code.is_empty());
    let question = json!({ "page": text("page"), "code": code, "text": text("text") });
    let opened = portal.node.send_json(
        Method::POST,
        "/v1/help/cases",
        Some(&signed.token),
        None,
        &question,
    );
    match opened.await {
        Ok(case) => {
            let id = case["id"].as_str().unwrap_or_default();
            Ok(Redirect::to(&format!("/help/cases/{}", encoded(id))).into_response())
        }
        Err(fault) if fault.can_be_mended() => Ok(asking(&signed, &given, Some(&fault))),
        Err(fault) => Err(signed.fault(fault)),
    }
}

pub(crate) async fn case(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<Response, PageFault> {
    let found = portal
        .ask(&signed, &format!("/v1/help/cases/{}", encoded(&id)))
        .await?;
    let mut page = Page::of(&signed);
    let texts = found["texts"].as_array().into_iter().flatten();
    let turns = found["case"]["turns"].as_array().into_iter().flatten();
    let turns: Vec<Value> = turns
        .zip(texts)
        .map(|(turn, text)| json!({ "by": turn["by"], "at": turn["at"], "node": turn["node"], "text": text }))
        .collect();
    // Only a page of this portal is a link.
    let asked = found["case"]["page"].as_str().unwrap_or_default();
    let own = asked.starts_with('/') && !asked.starts_with("//") && !asked.contains('\\');
    page.put("own", own);
    page.put("case", &found["case"]);
    page.put("turns", turns);
    let runs = signed.has("administer");
    let kept = found["case"]["passed"].is_null() && found["case"]["state"] != "closed";
    page.put("passes", runs && kept && !is_centre(&signed));
    page.put("runs", runs);
    Ok(page.show("help-case.html"))
}

#[derive(Deserialize)]
pub(crate) struct Added {
    #[serde(default)]
    text: String,
    #[serde(default)]
    close: bool,
    #[serde(default)]
    pass: bool,
}

pub(crate) async fn add(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
    Form(Added { text, close, pass }): Form<Added>,
) -> Result<Redirect, PageFault> {
    let path = format!("/v1/help/cases/{}", encoded(&id));
    let text = Some(text.trim()).filter(|text| !text.is_empty());
    let addition = json!({ "text": text, "close": close, "pass": pass });
    let token = Some(&signed.token[..]);
    let added = portal
        .node
        .send_json(Method::POST, &path, token, None, &addition);
    added.await.map_err(|fault| signed.fault(fault))?;
    Ok(Redirect::to(&format!("/help/cases/{}", encoded(&id))))
}

fn publishing(
    signed: &Signed,
    filled: &BTreeMap<String, String>,
    fault: Option<&NodeFault>,
) -> Response {
    let mut page = Page::of(signed);
    let names = [
        "channel", "title_it", "text_it", "title_en", "text_en", "until",
    ];
    let texts = names.map(|name| (name, filled.get(name).map_or("", String::as_str)));
    page.put("filled", BTreeMap::from(texts));
    page.put("channels", CHANNELS);
    page.put("roles", is_centre(signed).then_some(ROLES));
    page.put("faults", fault.map(|fault| fault.lines(signed.language)));
    page.show_as(
        fault.map_or(StatusCode::OK, |fault| fault.status),
        "help-publish.html",
    )
}

#[derive(Deserialize)]
pub(crate) struct OfCase {
    case: Option<String>,
}

/// The form of an article, or of an answer that was given in a case: what a case says is in no address.
pub(crate) async fn publish_form(
    State(portal): State<Portal>,
    signed: Signed,
    Query(OfCase { case }): Query<OfCase>,
) -> Result<Response, PageFault> {
    if !signed.has("administer") {
        return Err(PageFault::not_found(signed.language));
    }
    let mut filled = BTreeMap::new();
    if let Some(case) = case {
        let path = format!("/v1/help/cases/{}", encoded(&case));
        let found = portal.ask(&signed, &path).await?;
        let texts = found["texts"].as_array().into_iter().flatten();
        let texts: Vec<&str> = texts.filter_map(Value::as_str).collect();
        filled.insert("channel".to_owned(), "answer".to_owned());
        filled.insert("text_it".to_owned(), texts.join("\n\n"));
    }
    Ok(publishing(&signed, &filled, None))
}

pub(crate) async fn publish(
    State(portal): State<Portal>,
    signed: Signed,
    parts: Multipart,
) -> Result<Response, PageFault> {
    let (filled, files) = received(parts)
        .await
        .ok_or_else(|| signed.fault(NodeFault::broken_form()))?;
    let text = |name: &str| {
        let text = filled.get(name).map_or("", |text| text.trim());
        Some(text.to_owned()).filter(|text| !text.is_empty())
    };
    let roles: Vec<String> = text("roles")
        .iter()
        .flat_map(|roles| roles.lines())
        .map(str::to_owned)
        .collect();
    let mut draft = json!({ "channel": text("channel"), "title_it": text("title_it"), "title_en": text("title_en"),
        "text_it": text("text_it"), "text_en": text("text_en"), "roles": roles, "until": text("until") });
    if let Some(file) = files.first() {
        draft["file"] = json!(Base64::encode_string(file));
    }
    let made = portal.node.send_json(
        Method::POST,
        "/v1/help/articles",
        Some(&signed.token),
        None,
        &draft,
    );
    match made.await {
        Ok(article) => {
            let id = article["bulletin"]["id"].as_str().unwrap_or_default();
            Ok(Redirect::to(&format!("/help/articles/{}", encoded(id))).into_response())
        }
        Err(fault) if fault.can_be_mended() => Ok(publishing(&signed, &filled, Some(&fault))),
        Err(fault) => Err(signed.fault(fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn forms_are_pages_before_anything_was_filled_in() {
        for language in Language::ALL {
            let signed = Signed {
                token: String::new(),
                session: json!({ "actor": { "officer": "anna", "site": "centre", "rights": ["administer"] }, "ends_in_s": 1800 }),
                language,
                path: "/help".to_owned(),
            };
            let empty = BTreeMap::new();
            for page in [
                publishing(&signed, &empty, None),
                asking(&signed, &empty, None),
            ] {
                assert!(page.status().is_success(), "{language:?}");
            }
        }
    }
}
