//! Dashboards: how many things are in which state, drawn and in a table, and as a file without identities.

use crate::fault::PageFault;
use crate::page::Page;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is counted.
const COUNTED: [(&str, &str); 5] = [
    ("office", "dossier"),
    ("centre", "dossier"),
    ("centre", "document"),
    ("works", "order"),
    ("works", "blank"),
];

/// The counts of a kind by state, for those who may see them.
async fn counts(portal: &Portal, signed: &Signed, role: &str, kind: &str) -> Option<Value> {
    let path = format!("/v1/{role}/counts/{kind}");
    portal.node.get(&path, Some(&signed.token)).await.ok()
}

fn by_state(found: &Value) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for row in found.as_array().into_iter().flatten() {
        let state = row["state"].as_str().unwrap_or_default();
        // Blanks are told apart by profile as well.
        let state = state.rsplit('/').next().unwrap_or(state).to_owned();
        *sums.entry(state).or_default() += row["count"].as_u64().unwrap_or(0);
    }
    sums
}

pub(crate) async fn show(State(portal): State<Portal>, signed: Signed) -> Response {
    let mut shown = Vec::new();
    for (role, kind) in COUNTED {
        let Some(found) = counts(&portal, &signed, role, kind).await else {
            continue;
        };
        let sums = by_state(&found);
        let most = sums.values().copied().max().unwrap_or(0).max(1);
        let bars: Vec<Value> = sums
            .iter()
            .enumerate()
            .map(|(place, (state, count))| {
                json!({ "state": state, "count": count, "y": place * 28, "width": count * 400 / most })
            })
            .collect();
        shown.push(json!({ "title": signed.language.text(&format!("list-{role}-{kind}")),
            "height": bars.len() * 28 + 4, "bars": bars, "address": format!("/statistics/{role}/{kind}") }));
    }
    let mut page = Page::of(&signed);
    let promises = portal.node.get("/v1/office/promises", Some(&signed.token));
    page.put("promises", promises.await.ok());
    page.put("shown", shown);
    page.show("statistics.html")
}

pub(crate) async fn export(
    State(portal): State<Portal>,
    signed: Signed,
    Path((role, kind)): Path<(String, String)>,
) -> Result<Response, PageFault> {
    let known = COUNTED.contains(&(&role[..], &kind[..]));
    let found = if known {
        counts(&portal, &signed, &role, &kind).await
    } else {
        None
    };
    let found = found.ok_or_else(|| PageFault::not_found(signed.language))?;
    let mut text = String::from("state,site,count\r\n");
    for row in found.as_array().into_iter().flatten() {
        let field = |name: &str| {
            row[name]
                .as_str()
                .unwrap_or_default()
                .replace([',', '"', '\n'], " ")
        };
        text += &format!("{},{},{}\r\n", field("state"), field("site"), row["count"]);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{role}-{kind}.csv\""),
        ),
    ];
    Ok((headers, text).into_response())
}
