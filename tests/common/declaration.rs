//! The declaration of accessibility, from what a browser and axe saw: every page of the portal, in every language.

use super::root;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Addresses that answer with no page: pictures, papers, tables for programs, files.
const NO_PAGES: [&str; 11] = [
    "/assets/{name}",
    "/language",
    "/desk/centre/dossier/{id}/hits/{other}/{finger}",
    "/desk/{role}/dossier/{id}/images/{number}",
    "/desk/{role}/dossier/{id}/papers/{number}",
    "/desk/{role}/dossier/{id}/acts/{number}",
    "/desk/{role}/dossier/{id}/acts/{number}/signed",
    "/desk/office/dossier/{id}/enrol/images/{name}",
    "/desk/works/blank/{id}/photographs/{number}",
    "/help/articles/{id}/file",
    "/statistics/{role}/{kind}",
];

/// The addresses of all pages, as the router names them.
fn routes() -> BTreeSet<String> {
    let router = std::fs::read_to_string(root().join("crates/portal/src/router.rs")).unwrap();
    let parts = router.split(".route(").skip(1);
    let pages = parts.filter_map(|part| {
        let end = part.find(".layer(").unwrap_or(part.len());
        let part = &part[..end];
        let address = part.split('"').nth(1)?;
        (part.contains("get(") && !NO_PAGES.contains(&address)).then(|| address.to_owned())
    });
    pages.collect()
}

/// The address among `routes` that a path has: the one with the fewest places that take anything.
fn route_of<'a>(path: &str, routes: &'a BTreeSet<String>) -> Option<&'a String> {
    let fits = |route: &&String| {
        let (route, path) = (route.split('/'), path.split('/'));
        route.clone().count() == path.clone().count()
            && route
                .zip(path)
                .all(|(one, other)| one.starts_with('{') || one == other)
    };
    routes
        .iter()
        .filter(fits)
        .min_by_key(|route| route.matches('{').count())
}

/// What the browsers of these journeys saw.
fn seen(journeys: &[&Path]) -> Value {
    let routes = routes();
    let mut languages: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    let (mut looks, mut violations) = (0, 0);
    let (mut browser, mut axe, mut standard) = (Value::Null, Value::Null, Value::Null);
    for journey in journeys {
        let text = std::fs::read_to_string(journey.join("journey.json")).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        browser = report["browser"].clone();
        standard = report["standard"].clone();
        for look in report["looked"].as_array().unwrap() {
            looks += 1;
            violations += look["violations"].as_u64().unwrap();
            axe = look["axe"].clone();
            if let Some(route) = route_of(look["path"].as_str().unwrap(), &routes) {
                let language = look["language"].as_str().unwrap().to_owned();
                languages.entry(route).or_default().insert(language);
            }
        }
    }
    let both = ["it", "en"];
    let missing: Vec<&String> = routes
        .iter()
        .filter(|route| {
            let seen = languages.get(route);
            !seen.is_some_and(|seen| both.iter().all(|language| seen.contains(*language)))
        })
        .collect();
    assert!(missing.is_empty(), "nobody looked at {missing:?}");
    json!({ "browser": browser, "axe": axe, "standard": standard, "languages": both, "pages": routes,
        "looks": looks, "violations": violations })
}

/// The declaration that the program shows is of these journeys; `UPDATE_DECLARATION=DAY` writes it anew.
pub fn check(journeys: &[&Path]) {
    let file = root().join("crates/portal/web/accessibility.json");
    let mut found = seen(journeys);
    if let Ok(day) = std::env::var("UPDATE_DECLARATION") {
        found["day"] = json!(day);
        let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
        std::fs::write(&file, text).unwrap();
    }
    let declared: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    // Browsers grow older; what was looked at and what was found does not.
    for field in ["standard", "languages", "pages", "violations"] {
        assert_eq!(
            declared[field], found[field],
            "{field}: UPDATE_DECLARATION=CCYY-MM-DD cargo test --test portal writes the declaration anew"
        );
    }
}
