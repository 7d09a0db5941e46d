//! The name as the machine-readable zone will have it, while it is typed.

use crate::fault::PageFault;
use crate::forms::encoded;
use crate::language::Language;
use crate::router::Portal;
use crate::session::Signed;
use axum::Json;
use axum::extract::{Form, Path, State};
use rilascio_mrtd::transliteration::{LatinStyle, Scheme, mrz_name};
use serde::Deserialize;
use serde_json::{Value, json};

/// A name as it is typed.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    surname: String,
    #[serde(default)]
    given_names: String,
}

/// The name in the zone of a profile's documents, and what a clerk should know of it; nothing when no name is there.
pub(crate) fn name(
    language: Language,
    profile: &Value,
    surname: &str,
    given_names: &str,
) -> Option<Value> {
    if surname.trim().is_empty() && given_names.trim().is_empty() {
        return None;
    }
    let zone = &profile["zone"];
    let width = zone["name_length"].as_u64();
    let width = width.and_then(|width| usize::try_from(width).ok())?;
    let scheme = Scheme {
        latin: if zone["latin"] == "expanded" {
            LatinStyle::Expanded
        } else {
            LatinStyle::Plain
        },
        ..Scheme::default()
    };
    Some(match mrz_name(surname, given_names, scheme) {
        Ok(name) => {
            let cut = name.is_truncated_at(width);
            let said = cut.then(|| language.text("zone-truncated"));
            json!({ "name": name.fit(width), "said": said })
        }
        Err(_) => json!({ "name": "", "said": language.text("zone-latin") }),
    })
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    signed: Signed,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Json<Value>, PageFault> {
    let path = format!("/v1/office/dossier/{}", encoded(&id));
    let dossier = portal.node.get(&path, Some(&signed.token)).await;
    let dossier = dossier.map_err(|fault| signed.fault(fault))?;
    let profiles = portal.profiles(&signed).await;
    let profile = profiles.get(dossier["profile"].as_str().unwrap_or_default());
    let profile = profile.cloned().unwrap_or_default();
    let found = name(
        signed.language,
        &profile,
        &typed.surname,
        &typed.given_names,
    );
    Ok(Json(
        found.unwrap_or_else(|| json!({ "name": "", "said": null })),
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
    use super::*;

    #[test]
    fn a_name_is_shown_as_long_as_the_document_has_room() {
        let card = json!({ "zone": { "name_length": 30, "latin": "expanded" } });
        let book = json!({ "zone": { "name_length": 39, "latin": "plain" } });
        let shown = |profile, surname: &str, given: &str| {
            name(Language::En, profile, surname, given).unwrap()
        };
        let short = shown(&card, "Müller", "Jürgen");
        assert_eq!(short["name"], "MUELLER<<JUERGEN<<<<<<<<<<<<<<");
        assert!(short["said"].is_null());
        assert_eq!(
            shown(&book, "Müller", "Jürgen")["name"]
                .as_str()
                .unwrap()
                .len(),
            39
        );
        let long = shown(&card, "Papandropoulous", "Jonathon Alec Trevor");
        assert_eq!(long["name"].as_str().unwrap().len(), 30);
        assert!(long["said"].is_string());
        assert!(shown(&card, "\u{4E2D}", "")["said"].is_string());
        assert!(name(Language::En, &card, " ", "").is_none());
    }
}
