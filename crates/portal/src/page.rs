//! A page: what is on every one of them, and what a template makes of it.

use crate::embedded::TEMPLATES;
use crate::language::Language;
use crate::session::Signed;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fluent_bundle::FluentArgs;
use jiff::Timestamp;
use jiff::civil::DateTime;
use minijinja::value::{Kwargs, Value as Jinja};
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use rilascio_circuit::process::on_the_wall;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// A page under construction.
pub(crate) struct Page {
    language: Language,
    fields: Map<String, Value>,
}

impl Page {
    /// A page for anybody.
    pub(crate) fn plain(language: Language, path: &str) -> Self {
        let mut page = Self {
            language,
            fields: Map::new(),
        };
        page.put("language", language.code());
        page.put("path", path);
        page.put("session", Value::Null);
        page
    }

    /// A page for somebody who is signed in.
    pub(crate) fn of(signed: &Signed) -> Self {
        let mut page = Self::plain(signed.language, &signed.path);
        page.put("session", &signed.session);
        page.put("menu", menu(signed));
        page
    }

    /// Puts something on the page.
    pub(crate) fn put(&mut self, name: &str, value: impl Serialize) {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.fields.insert(name.to_owned(), value);
    }

    /// Puts all fields of an object on the page.
    pub(crate) fn put_all(&mut self, fields: Value) {
        if let Value::Object(fields) = fields {
            self.fields.extend(fields);
        }
    }

    /// The page, as an answer of that status.
    pub(crate) fn show_as(&self, status: StatusCode, template: &str) -> Response {
        let mut response = self.show(template);
        *response.status_mut() = status;
        response
    }

    /// The page.
    pub(crate) fn show(&self, template: &str) -> Response {
        let environment = match self.language {
            Language::It => &*IT,
            Language::En => &*EN,
        };
        let made = environment
            .get_template(template)
            .and_then(|template| template.render(&self.fields));
        match made {
            Ok(html) => {
                let headers = [
                    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                    (header::CACHE_CONTROL, "no-store"),
                    (header::CONTENT_LANGUAGE, self.language.code()),
                ];
                (headers, html).into_response()
            }
            Err(why) => {
                tracing::error!(template, fault = %why, "a page cannot be made");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// The menu of somebody: the desks at which the rights are good for something.
fn menu(signed: &Signed) -> Vec<Value> {
    let any = |rights: &[&str]| rights.iter().any(|right| signed.has(right));
    let places: [(&str, &str, bool); 10] = [
        ("/", "menu-home", true),
        (
            "/desk/office/dossier",
            "menu-office",
            any(&["enrol", "approve", "hand-over"]),
        ),
        (
            "/desk/centre/dossier",
            "menu-centre",
            any(&["examine", "decide"]),
        ),
        ("/desk/centre/document", "menu-documents", any(&["revoke"])),
        ("/desk/works/order", "menu-works", any(&["produce"])),
        (
            "/desk/registry/registration",
            "menu-registry",
            any(&["look-up", "administer", "revoke", "hand-over", "examine"]),
        ),
        ("/inspection", "menu-inspection", true),
        ("/statistics", "menu-statistics", true),
        (
            "/oversight",
            "menu-oversight",
            any(&["audit", "administer"]),
        ),
        ("/help", "menu-help", true),
    ];
    places
        .iter()
        .filter(|(_, _, shown)| *shown)
        .map(|(address, key, _)| {
            let here = match *address {
                "/" => signed.path == "/",
                address => signed.path.starts_with(address),
            };
            json!({ "address": address, "text": signed.language.text(key), "here": here })
        })
        .collect()
}

static IT: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Language::It));
static EN: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Language::En));

fn environment(language: Language) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    for (name, text) in TEMPLATES {
        if let Err(why) = environment.add_template(name, text) {
            tracing::error!(template = *name, fault = %why, "a template cannot be read");
        }
    }
    environment.add_function("t", move |key: &str, more: Kwargs| {
        let mut arguments = FluentArgs::new();
        for name in more.args() {
            if let Ok(value) = more.get::<Jinja>(name) {
                arguments.set(name.to_owned(), value.to_string());
            }
        }
        language
            .find(key, Some(&arguments))
            .unwrap_or_else(|| key.to_owned())
    });
    // A word of the interface: its translation, or itself.
    environment.add_filter("word", move |word: &Jinja| {
        let Some(word) = word.as_str() else {
            return "-".to_owned();
        };
        let key = format!("word-{word}");
        language.find(&key, None).unwrap_or_else(|| word.to_owned())
    });
    // What was looked for on a page is no part of its address.
    environment.add_filter("page", |path: &str| {
        path.split('?').next().unwrap_or_default().to_owned()
    });
    environment.add_filter("urlencode", |text: &str| crate::forms::encoded(text));
    // What is not there is a dash, not a page that cannot be made.
    let text = |value: &Jinja, with_time| {
        value
            .as_str()
            .map_or("-".to_owned(), |text| moment(text, with_time))
    };
    environment.add_filter("moment", move |value: &Jinja| text(value, true));
    environment.add_filter("day", move |value: &Jinja| text(value, false));
    environment
}

/// A time or a day as it is written in Italy, and understood elsewhere.
pub(crate) fn moment(text: &str, with_time: bool) -> String {
    let form = if with_time {
        "%d/%m/%Y %H:%M"
    } else {
        "%d/%m/%Y"
    };
    if let Ok(at) = text.parse::<Timestamp>() {
        return on_the_wall(at).strftime(form).to_string();
    }
    // An appointment, by the clock on the wall.
    if let (true, Ok(at)) = (text.contains('T'), text.parse::<DateTime>()) {
        return at.strftime(form).to_string();
    }
    match text.parse::<jiff::civil::Date>() {
        Ok(day) => day.strftime("%d/%m/%Y").to_string(),
        Err(_) => text.to_owned(),
    }
}
