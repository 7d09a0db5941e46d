//! The two languages of every page.

use crate::embedded::MESSAGES;
use axum::http::{HeaderMap, header};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Italian.
    It,
    /// English.
    En,
}

/// The cookie that remembers it.
const COOKIE: &str = "__Host-language";

impl Language {
    pub(crate) const ALL: [Self; 2] = [Self::It, Self::En];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::It => "it",
            Self::En => "en",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// What somebody chose, or what the browser prefers.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let chosen = crate::session::cookie(headers, COOKIE).and_then(Self::of);
        let preferred = || {
            let list = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            list.split(',')
                .find_map(|one| Self::of(one.trim().get(..2)?))
        };
        chosen.or_else(preferred).unwrap_or(Self::It)
    }

    /// The cookie that says so for a year.
    pub(crate) fn cookie(self) -> String {
        format!(
            "{COOKIE}={}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax",
            self.code()
        )
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        match self {
            Self::It => &IT,
            Self::En => &EN,
        }
    }

    /// A text; nothing when there is none of that name.
    pub(crate) fn find(self, key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(key)?.value()?;
        let mut faults = Vec::new();
        let text = bundle.format_pattern(pattern, arguments, &mut faults);
        Some(text.into_owned())
    }

    /// A text; its own name when there is none.
    pub(crate) fn text(self, key: &str) -> String {
        self.find(key, None).unwrap_or_else(|| key.to_owned())
    }
}

/// The same language, for what the biometrics say in words.
pub(crate) fn biometric(language: Language) -> rilascio_biometrics::Language {
    match language {
        Language::It => rilascio_biometrics::Language::Italian,
        Language::En => rilascio_biometrics::Language::English,
    }
}

static IT: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle("it"));
static EN: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle("en"));

fn bundle(code: &str) -> FluentBundle<FluentResource> {
    let language: LanguageIdentifier = code.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false);
    let file = format!("{code}.ftl");
    let source = MESSAGES.iter().find(|(name, _)| *name == file);
    // What does not parse is left out; a test looks for it.
    let resource = match FluentResource::try_new(source.map_or("", |(_, text)| text).to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
    use super::*;
    use crate::embedded::TEMPLATES;
    use serde_json::Value;
    use std::collections::BTreeSet;

    fn keys(code: &str) -> BTreeSet<&'static str> {
        let file = format!("{code}.ftl");
        let (_, text) = MESSAGES.iter().find(|(name, _)| *name == file).unwrap();
        assert!(
            FluentResource::try_new((*text).to_owned()).is_ok(),
            "{file}"
        );
        let mut seen = BTreeSet::new();
        for line in text.lines() {
            let Some((key, _)) = line.split_once(" =") else {
                continue;
            };
            if !key.starts_with([' ', '#']) {
                assert!(seen.insert(key), "{file}: {key} is there twice");
            }
        }
        seen
    }

    #[test]
    fn both_languages_say_the_same_things() {
        assert_eq!(keys("it"), keys("en"));
    }

    #[test]
    fn every_text_that_a_template_names_is_there() {
        for (file, text) in TEMPLATES {
            for (place, call) in text.match_indices("t(\"") {
                let key = text[place + call.len()..].split('"').next().unwrap();
                let other = text[..place].ends_with(char::is_alphanumeric);
                // The end of a composed name comes from the data.
                if other || key.ends_with('-') {
                    continue;
                }
                for language in Language::ALL {
                    assert!(language.find(key, None).is_some(), "{file}: {key}");
                }
            }
        }
    }

    fn missing(keys: impl IntoIterator<Item = String>) -> Vec<String> {
        let known = |key: &String| {
            Language::ALL
                .iter()
                .all(|one| one.find(key, None).is_some())
        };
        keys.into_iter().filter(|key| !known(key)).collect()
    }

    #[test]
    fn every_event_of_a_history_has_a_name() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../circuit/src/process");
        let mut keys = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let enums = text.split("Event {\n").skip(1);
            let bodies = enums.filter_map(|rest| Some(rest.split_once("\n}")?.0));
            let variants = bodies.flat_map(str::lines).filter_map(|line| {
                let line = line.strip_prefix("    ")?;
                line.starts_with(|c: char| c.is_ascii_uppercase())
                    .then_some(line)
            });
            for variant in variants {
                let name = variant.split(['(', ',', ' ']).next().unwrap();
                let mut key = String::from("event");
                for letter in name.chars() {
                    if letter.is_ascii_uppercase() {
                        key.push('-');
                    }
                    key.push(letter.to_ascii_lowercase());
                }
                keys.insert(key);
            }
        }
        // A part of a dossier speaks for itself.
        keys.retain(|key| {
            !matches!(
                &key[..],
                "event-terms" | "event-collection" | "event-suspicion" | "event-opinion"
            )
        });
        assert!(keys.len() > 60, "{keys:?}");
        assert_eq!(missing(keys), [""; 0]);
    }

    /// The names of all fields that a page of a thing may show.
    fn fields(schemas: &Value, schema: &Value, found: &mut BTreeSet<String>, depth: u8) {
        if depth == 0 {
            return;
        }
        let name = schema["$ref"]
            .as_str()
            .and_then(|name| name.rsplit('/').next());
        let schema = name.map_or(schema, |name| &schemas[name]);
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            found.insert(format!("field-{name}"));
            fields(schemas, inner, found, depth - 1);
        }
        fields(schemas, &schema["items"], found, depth - 1);
        for list in ["anyOf", "oneOf"] {
            for inner in schema[list].as_array().into_iter().flatten() {
                fields(schemas, inner, found, depth - 1);
            }
        }
    }

    #[test]
    fn every_fact_of_a_thing_has_a_name() {
        let document = rilascio_node::openapi();
        let schemas = &document["components"]["schemas"];
        let mut keys = BTreeSet::new();
        for kind in [
            "Dossier",
            "Order",
            "Blank",
            "Consignment",
            "Document",
            "Attestation",
            "Sheet",
            "LegacyFile",
            "Registration",
            "AccessGrant",
            "WatchEntry",
            "Standing",
            "StockTake",
        ] {
            assert!(schemas[kind].is_object(), "{kind}");
            fields(schemas, &schemas[kind], &mut keys, 8);
        }
        assert_eq!(missing(keys), [""; 0]);
    }
}
