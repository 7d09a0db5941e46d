//! A form of any command, made from the schema that the node publishes, and the command made from what was filled in.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The deepest nesting of a schema.
const DEPTH_MAX: u8 = 6;

/// The longest text of one line.
const LINE_MAX: u64 = 300;

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its place in the command, with dots.
    pub(crate) name: String,
    /// What can be filled in.
    pub(crate) kind: Kind,
    /// Whether it must be.
    pub(crate) required: bool,
}

/// What can be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A line.
    Text,
    /// A text of some lines.
    Prose,
    /// Names, one on each line.
    Lines,
    /// A day.
    Day,
    /// A whole number.
    Number,
    /// Yes or no.
    YesNo,
    /// One of some words.
    Choice(Vec<String>),
    /// One of some words, some of them with a name behind.
    Tagged(Vec<(String, bool)>),
    /// A scanned paper.
    Papers,
}

impl Kind {
    /// What a template calls it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Prose => "prose",
            Self::Lines => "lines",
            Self::Day => "day",
            Self::Number => "number",
            Self::YesNo => "yes-no",
            Self::Choice(_) => "choice",
            Self::Tagged(_) => "tagged",
            Self::Papers => "papers",
        }
    }
}

/// Text for use in an address.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The schemas of a node.
pub(crate) struct Schemas {
    document: Value,
}

impl Schemas {
    pub(crate) fn new(document: Value) -> Self {
        Self { document }
    }

    /// The fields of a command; nothing when there is no such command, or none that a form can hold.
    pub(crate) fn fields(&self, command: &str) -> Option<Vec<Field>> {
        let path = format!("/v1/commands/{command}");
        let body = &self.document["paths"][&path]["post"]["requestBody"];
        let schema = &body["content"]["application/json"]["schema"];
        let mut fields = Vec::new();
        self.collect(schema, "", &mut fields, 0)?;
        Some(fields)
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"]
            .as_str()
            .and_then(|name| name.strip_prefix("#/components/schemas/"));
        name.map_or(schema, |name| &self.document["components"]["schemas"][name])
    }

    fn collect(
        &self,
        schema: &Value,
        before: &str,
        fields: &mut Vec<Field>,
        depth: u8,
    ) -> Option<()> {
        let schema = self.resolve(schema);
        let properties = schema["properties"].as_object()?;
        if depth > DEPTH_MAX {
            return None;
        }
        let required = schema["required"].as_array();
        for (name, inner) in properties {
            let full = if before.is_empty() {
                name.clone()
            } else {
                format!("{before}.{name}")
            };
            let must = required.is_some_and(|list| list.iter().any(|known| known == name));
            let (inner, optional) = self.without_null(inner);
            if name == "papers" && self.resolve(&inner["items"])["properties"].is_object() {
                fields.push(Field {
                    name: full,
                    kind: Kind::Papers,
                    required: true,
                });
                continue;
            }
            match self.kind(inner) {
                Some(kind) => fields.push(Field {
                    name: full,
                    kind,
                    required: must && !optional,
                }),
                None => self.collect(inner, &full, fields, depth + 1)?,
            }
        }
        Some(())
    }

    /// A schema without its alternative of nothing, and whether it had one.
    fn without_null<'a>(&'a self, schema: &'a Value) -> (&'a Value, bool) {
        for list in ["anyOf", "oneOf"] {
            let Some(choices) = schema[list].as_array() else {
                continue;
            };
            let null = |one: &&Value| one["type"] == "null";
            let mut rest = choices.iter().filter(|one| !null(one));
            if choices.iter().any(|one| null(&one))
                && let (Some(one), None) = (rest.next(), rest.next())
            {
                return (self.resolve(one), true);
            }
        }
        let types = schema["type"].as_array();
        let optional = types.is_some_and(|types| types.iter().any(|one| one == "null"));
        (self.resolve(schema), optional)
    }

    fn kind(&self, schema: &Value) -> Option<Kind> {
        let words = |list: &Value| -> Option<Vec<String>> {
            let list = list.as_array()?;
            list.iter()
                .map(|one| one.as_str().map(str::to_owned))
                .collect()
        };
        if let Some(words) = words(&schema["enum"]) {
            return Some(Kind::Choice(words));
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            return tagged(choices);
        }
        let kind = match &schema["type"] {
            Value::Array(types) => types.iter().find(|one| *one != "null")?.as_str()?,
            one => one.as_str()?,
        };
        match kind {
            "boolean" => Some(Kind::YesNo),
            "integer" | "number" => Some(Kind::Number),
            "string" if schema["format"] == "date" => Some(Kind::Day),
            "string" if schema["maxLength"].as_u64() > Some(LINE_MAX) => Some(Kind::Prose),
            "string" => Some(Kind::Text),
            "array" => Some(Kind::Lines),
            _ => None,
        }
    }
}

/// An enumeration as its schema writes it: words, and objects of one field.
fn tagged(choices: &[Value]) -> Option<Kind> {
    let mut found = Vec::new();
    for choice in choices {
        if let Some(word) = choice["const"].as_str() {
            found.push((word.to_owned(), false));
        } else if let Some(words) = choice["enum"].as_array() {
            found.extend(
                words
                    .iter()
                    .filter_map(|word| Some((word.as_str()?.to_owned(), false))),
            );
        } else {
            let (word, _) = choice["properties"].as_object()?.iter().next()?;
            found.push((word.clone(), true));
        }
    }
    if found.iter().any(|(_, more)| *more) {
        Some(Kind::Tagged(found))
    } else {
        Some(Kind::Choice(
            found.into_iter().map(|(word, _)| word).collect(),
        ))
    }
}

fn put(command: &mut Map<String, Value>, name: &str, value: Value) {
    match name.split_once('.') {
        None => {
            command.insert(name.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = command.entry(first).or_insert_with(|| json!({}));
            if let Some(inner) = inner.as_object_mut() {
                put(inner, rest, value);
            }
        }
    }
}

/// The command that was filled in. What is wrong in it the node says.
pub(crate) fn command(fields: &[Field], filled: &BTreeMap<String, String>) -> Value {
    let mut command = Map::new();
    for field in fields {
        let text = filled.get(&field.name).map_or("", |text| text.trim());
        let value = match &field.kind {
            Kind::Papers => continue,
            Kind::Lines => json!(
                text.lines()
                    .map(str::trim)
                    .filter(|line| !line.is_empty())
                    .collect::<Vec<_>>()
            ),
            _ if text.is_empty() && !field.required => continue,
            Kind::YesNo => match text {
                "yes" => json!(true),
                "no" => json!(false),
                // Nobody's silence is a decision.
                other => json!(other),
            },
            Kind::Number => text
                .parse::<i64>()
                .map_or_else(|_| json!(text), |number| json!(number)),
            Kind::Tagged(words) => {
                let more = words.iter().any(|(word, more)| word == text && *more);
                let name = format!("{}.{text}", field.name);
                let behind = filled.get(&name).map_or("", |text| text.trim());
                if more {
                    json!({ text: behind })
                } else {
                    json!(text)
                }
            }
            Kind::Text | Kind::Prose | Kind::Day | Kind::Choice(_) => json!(text),
        };
        put(&mut command, &field.name, value);
    }
    Value::Object(command)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
    use super::*;
    use crate::language::Language;
    use rilascio_node::{Command, openapi};

    #[test]
    fn every_command_has_a_form_in_both_languages() {
        let schemas = Schemas::new(openapi());
        for (name, _, _) in Command::TABLE {
            for language in Language::ALL {
                let key = format!("command-{name}");
                assert!(language.find(&key, None).is_some(), "{key}");
            }
            // What is taken of a person has its own pages.
            if *name == "enrol" {
                continue;
            }
            let fields = schemas
                .fields(name)
                .unwrap_or_else(|| panic!("{name} has no form"));
            for field in fields {
                let last = field.name.rsplit('.').next().unwrap();
                let mut keys = vec![format!("field-{last}")];
                match &field.kind {
                    Kind::Choice(words) => {
                        keys.extend(words.iter().map(|word| format!("word-{word}")));
                    }
                    Kind::Tagged(words) => {
                        keys.extend(words.iter().map(|(word, _)| format!("word-{word}")));
                    }
                    _ => {}
                }
                for key in keys {
                    for language in Language::ALL {
                        assert!(language.find(&key, None).is_some(), "{name}: {key}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_filled_in_is_the_command_that_the_node_reads() {
        let schemas = Schemas::new(openapi());
        let fill = |name: &str, pairs: &[(&str, &str)]| -> Command {
            let filled = pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            let mut made = command(&schemas.fields(name).unwrap(), &filled);
            made["command"] = json!(name);
            serde_json::from_value(made).unwrap()
        };
        let hand_over = fill(
            "hand-over",
            &[
                ("dossier", "roma-1"),
                ("check", "finger"),
                ("surrender", "report"),
                ("surrender.report", "denuncia-7"),
            ],
        );
        assert!(format!("{hand_over:?}").contains("denuncia-7"));
        fill(
            "ask-papers",
            &[
                ("dossier", "roma-1"),
                ("papers", "lease\n\n  contract "),
                ("days", "20"),
            ],
        );
        fill(
            "enter-watch",
            &[
                ("list", "national"),
                ("act", "order-1"),
                ("until", "2027-01-01"),
                ("person.surname", "Rossi"),
                ("person.birth_date", "1980-01-XX"),
            ],
        );
        fill(
            "open-dossier",
            &[("profile", "it-pse"), ("reason", "first"), ("previous", "")],
        );
    }
}
