//! Dashboards: how many things are in which state, drawn and in a table, and as a file without identities.

use crate::fault::PageFault;
use crate::language::Language;
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

/// The roles that are measured.
const MEASURED: [&str; 3] = ["office", "centre", "works"];

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

/// The measures of a role, for those who may see them.
async fn measures(portal: &Portal, signed: &Signed, role: &str) -> Option<Value> {
    let path = format!("/v1/{role}/measures");
    portal.node.get(&path, Some(&signed.token)).await.ok()
}

/// A time as a person says it: the two largest units.
fn spoken(language: Language, seconds: i64) -> String {
    let day = if language == Language::It { "g" } else { "d" };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} {day} {hours} h"),
    }
}

/// Bars of counts, the words in their order.
fn bars<'a>(counts: impl Iterator<Item = (&'a str, i64, String)>) -> Vec<Value> {
    let all: Vec<(&str, i64, String)> = counts.collect();
    let most = all
        .iter()
        .map(|(_, value, _)| *value)
        .max()
        .unwrap_or(0)
        .max(1);
    let bar = |(place, (state, value, said)): (usize, &(&str, i64, String))| json!({ "state": state, "count": said, "y": place * 28, "width": value * 340 / most });
    all.iter().enumerate().map(bar).collect()
}

/// What is measured of a role, as plots with their tables.
fn plots(signed: &Signed, role: &str, found: &Value) -> Vec<Value> {
    let language = signed.language;
    let of_role = language.text(&format!("role-{role}"));
    let plot = |key: &str, bars: Vec<Value>| {
        let title = format!("{} ({of_role})", language.text(&format!("measure-{key}")));
        let shown = !bars.is_empty();
        shown.then(|| json!({ "title": title, "height": bars.len() * 28 + 4, "bars": bars, "address": format!("/statistics/{role}/measures") }))
    };
    let stages = found["stages"].as_array().into_iter().flatten();
    let stages = stages.filter_map(|stage| {
        let (median, p90) = (stage["median_s"].as_i64()?, stage["p90_s"].as_i64()?);
        let said = format!("{} ({})", spoken(language, median), spoken(language, p90));
        Some((stage["phase"].as_str()?, median, said))
    });
    let mut all = vec![plot("stages", bars(stages))];
    for key in ["searches", "checks", "spoiled", "quality"] {
        let counts = found[key].as_object().into_iter().flatten();
        let counts = counts.filter_map(|(word, count)| {
            let count = count.as_i64()?;
            Some((&word[..], count, count.to_string()))
        });
        all.push(plot(key, bars(counts)));
    }
    all.into_iter().flatten().collect()
}

pub(crate) async fn show(State(portal): State<Portal>, signed: Signed) -> Response {
    let mut shown = Vec::new();
    for (role, kind) in COUNTED {
        let Some(found) = counts(&portal, &signed, role, kind).await else {
            continue;
        };
        let sums = by_state(&found);
        let bars = bars(sums.iter().map(|(state, count)| {
            let value = i64::try_from(*count).unwrap_or(i64::MAX / 400);
            (&state[..], value, count.to_string())
        }));
        shown.push(json!({ "title": signed.language.text(&format!("list-{role}-{kind}")),
            "height": bars.len() * 28 + 4, "bars": bars, "address": format!("/statistics/{role}/{kind}") }));
    }
    for role in MEASURED {
        let found = measures(&portal, &signed, role).await.unwrap_or_default();
        shown.extend(plots(&signed, role, &found));
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
    if kind == "measures" && MEASURED.contains(&&role[..]) {
        let found = measures(&portal, &signed, &role).await;
        let found = found.ok_or_else(|| PageFault::not_found(signed.language))?;
        return Ok(file(&role, &kind, &measures_table(&found)));
    }
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
    Ok(file(&role, &kind, &text))
}

/// A table as a file.
fn file(role: &str, kind: &str, text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{role}-{kind}.csv\""),
        ),
    ];
    (headers, text.to_owned()).into_response()
}

/// Measures as a table; times in seconds.
fn measures_table(found: &Value) -> String {
    let mut text = String::from("measure,what,count,median_s,p90_s\r\n");
    for stage in found["stages"].as_array().into_iter().flatten() {
        let phase = stage["phase"].as_str().unwrap_or_default();
        let numbers = ["count", "median_s", "p90_s"].map(|name| stage[name].to_string());
        text += &format!("stages,{phase},{}\r\n", numbers.join(","));
    }
    for key in ["searches", "checks", "spoiled", "quality"] {
        for (word, count) in found[key].as_object().into_iter().flatten() {
            text += &format!("{key},{word},{count},,\r\n");
        }
    }
    text
}
