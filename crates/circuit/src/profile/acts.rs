//! The acts by which an authority speaks to an applicant: their wording, as data, with places for the facts of a case.

use super::Text;
use crate::printing::is_settable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an act does.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ActKind {
    /// Asks for missing papers; the term stands still.
    PapersRequest,
    /// Gives notice that a refusal is meant.
    RefusalNotice,
    /// Refuses.
    Refusal,
    /// Grants.
    Grant,
}

/// The facts that a text may name, in braces: `{name}`.
pub const ACT_FACTS: [&str; 14] = [
    "number",
    "date",
    "dossier",
    "document",
    "name",
    "birth_date",
    "nationality",
    "authority",
    "office",
    "papers",
    "grounds",
    "reasons",
    "until",
    "appeal_days",
];

/// The acts of a document type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActsProfile {
    /// Who speaks: the lines above every act.
    pub heading: Vec<String>,
    /// The acts; no other is written.
    pub act: Vec<ActProfile>,
}

/// The wording of an act.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActProfile {
    /// What it does.
    pub kind: ActKind,
    /// What it is called.
    pub title: Text,
    /// What it rests on, before the text.
    #[serde(default)]
    pub law: Vec<Text>,
    /// Its paragraphs.
    pub text: Vec<Text>,
}

/// The places of a text, or what is wrong with its braces.
fn places(text: &str) -> Result<Vec<&str>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (_, from) = rest.split_at(at);
        let inner = from
            .strip_prefix('{')
            .ok_or_else(|| format!("'}}' without '{{' in \"{text}\""))?;
        let (name, after) = inner
            .split_once('}')
            .ok_or_else(|| format!("'{{' without '}}' in \"{text}\""))?;
        if !ACT_FACTS.contains(&name) {
            return Err(format!(
                "there is no fact '{name}'; there are {}",
                ACT_FACTS.join(", ")
            ));
        }
        found.push(name);
        rest = after;
    }
    Ok(found)
}

/// A text with its facts in their places.
fn filled(text: &str, facts: &BTreeMap<&str, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = from.split_once('}') else {
            break;
        };
        out.push_str(facts.get(name).map_or("", String::as_str));
        rest = after;
    }
    out.push_str(rest);
    out
}

impl ActProfile {
    fn texts(&self) -> impl Iterator<Item = &Text> {
        self.law.iter().chain(&self.text)
    }

    /// Whether the act gives reasons, which an officer writes.
    #[must_use]
    pub fn gives_reasons(&self) -> bool {
        self.texts().any(|text| text.it.contains("{reasons}"))
    }

    /// The texts of a list, with the facts of a case. Facts that differ by language are given as a text each.
    #[must_use]
    pub fn fill(
        texts: &[Text],
        it: &BTreeMap<&str, String>,
        en: &BTreeMap<&str, String>,
    ) -> Vec<Text> {
        texts
            .iter()
            .map(|text| Text {
                it: filled(&text.it, it),
                en: filled(&text.en, en),
            })
            .collect()
    }
}

impl ActsProfile {
    /// The wording of a kind of act.
    #[must_use]
    pub fn of(&self, kind: ActKind) -> Option<&ActProfile> {
        self.act.iter().find(|act| act.kind == kind)
    }

    /// What is wrong with it, if anything is.
    pub(super) fn fault(&self) -> Option<String> {
        for (place, act) in self.act.iter().enumerate() {
            if self
                .act
                .iter()
                .take(place)
                .any(|other| other.kind == act.kind)
            {
                return Some(format!("[acts]: two acts of the kind {:?}", act.kind));
            }
            if act.text.is_empty() {
                return Some(format!("[acts]: {:?} has no text", act.kind));
            }
            let wording = act.texts().chain([&act.title]);
            let all = wording
                .flat_map(|text| [&text.it, &text.en])
                .chain(&self.heading);
            if let Some(strange) = all.flat_map(|text| text.chars()).find(|c| !is_settable(*c)) {
                return Some(format!(
                    "[acts]: letters cannot set '{}'",
                    strange.escape_debug()
                ));
            }
            for text in act.texts() {
                let of = |text| {
                    places(text).map(|mut found| {
                        found.sort_unstable();
                        found
                    })
                };
                match (of(&text.it), of(&text.en)) {
                    (Ok(it), Ok(en)) if it == en => {}
                    (Ok(_), Ok(_)) => {
                        return Some(format!(
                            "[acts]: the languages name different facts in \"{}\"",
                            text.en
                        ));
                    }
                    (Err(why), _) | (_, Err(why)) => return Some(format!("[acts]: {why}")),
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
    use super::*;

    fn act(it: &str, en: &str) -> ActsProfile {
        let text = Text {
            it: it.into(),
            en: en.into(),
        };
        ActsProfile {
            heading: Vec::new(),
            act: vec![ActProfile {
                kind: ActKind::Refusal,
                title: text.clone(),
                law: Vec::new(),
                text: vec![text],
            }],
        }
    }

    #[test]
    fn facts_come_into_their_places() {
        let facts = BTreeMap::from([("name", "ROSSI".to_owned()), ("date", "{name}".to_owned())]);
        assert_eq!(filled("A {name}, {date}.", &facts), "A ROSSI, {name}.");
        assert_eq!(filled("{number}", &facts), "");
    }

    #[test]
    fn braces_that_do_not_fit_are_found_when_the_profile_is_read() {
        assert_eq!(act("{name}", "to {name}").fault(), None);
        for (it, en) in [
            ("{name", "{name}"),
            ("name}", "{name}"),
            ("{nome}", "{name}"),
            ("{name}", "{date}"),
        ] {
            assert!(act(it, en).fault().is_some(), "{it} {en}");
        }
        let mut twice = act("a", "b");
        twice.act.push(twice.act.first().unwrap().clone());
        assert!(twice.fault().is_some());
    }
}
