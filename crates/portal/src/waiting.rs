//! Documents that wait for their holders: who comes today, on which shelf each lies, and whose term is over.

use crate::fault::PageFault;
use crate::forms::encoded;
use crate::page::Page;
use crate::router::Portal;
use crate::session::Signed;
use axum::extract::State;
use axum::response::Response;
use jiff::civil::DateTime;
use rilascio_circuit::process::on_the_wall;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The free times that the node names, as words of a choice and how a person reads them.
pub(crate) fn choices(times: &Value) -> BTreeMap<String, String> {
    let times = times.as_array().into_iter().flatten();
    times
        .filter_map(Value::as_str)
        .map(|at| (at.to_owned(), crate::page::moment(at, true)))
        .collect()
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    signed: Signed,
) -> Result<Response, PageFault> {
    let found = portal
        .node
        .get("/v1/office/waiting", Some(&signed.token))
        .await;
    let found = found.map_err(|fault| signed.fault(fault))?;
    let titles = portal.titles(&signed).await;
    let today = on_the_wall((portal.clock)()).date();
    let comes = |one: &Value| one["appointment"].as_str()?.parse::<DateTime>().ok();
    let row = |one: &Value| {
        let profile = one["profile"].as_str().unwrap_or_default();
        let dossier = one["dossier"].as_str().unwrap_or_default();
        let mut row = one.clone();
        row["address"] = json!(format!("/desk/office/dossier/{}", encoded(dossier)));
        row["title"] = json!(titles.get(profile).map_or(profile, String::as_str));
        row
    };
    let waiting: Vec<Value> = found.as_array().into_iter().flatten().map(row).collect();
    let mut expected: Vec<&Value> = waiting
        .iter()
        .filter(|one| comes(one).is_some_and(|at| at.date() == today))
        .collect();
    expected.sort_by_key(|one| comes(one));
    let late = waiting.iter().filter(|one| one["overdue"] == true).count();
    let mut page = Page::of(&signed);
    page.put("expected", expected);
    page.put("late", late);
    page.put("count", waiting.len());
    page.put("waiting", &waiting);
    Ok(page.show("waiting.html"))
}
