//! Taking a person's data, step by step: every step is kept when it is sent, and can be taken up again anywhere.

use crate::fault::{NodeFault, PageFault};
use crate::forms::encoded;
use crate::language::{Language, biometric};
use crate::page::Page;
use crate::pictures::for_browser;
use crate::prefill::{begin_with_record, from_mrz, from_residents};
use crate::prints::extracted;
use crate::router::Portal;
use crate::sent::{Sent, receive};
use crate::session::Signed;
use crate::zone;
use axum::body::Bytes;
use axum::extract::multipart::Multipart;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64ct::{Base64, Encoding};
use rilascio_biometrics::{CaptureRules, PortraitRules, portrait_quality, print_quality};
use rilascio_circuit::process::Digest;
use rilascio_mrtd::finger::FingerPosition;
use serde_json::{Map, Value, json};

/// The steps, in their order.
const STEPS: [&str; 6] = [
    "person",
    "document",
    "portrait",
    "fingers",
    "signature",
    "proof",
];

/// The fields of a step: where they are kept, whether they must be there, and how they are asked for.
const PERSON: &[(&str, bool, &str)] = &[
    ("person.surname", false, "text"),
    ("person.given_names", false, "text"),
    ("person.latin.surname", false, "text"),
    ("person.latin.given_names", false, "text"),
    ("person.sex", true, "sex"),
    ("person.birth_date", true, "text"),
    ("person.birth_place", false, "text"),
    ("person.birth_country", false, "text"),
    ("person.nationality", true, "text"),
    ("person.fiscal_code", false, "text"),
    ("person.personal_number", false, "text"),
    ("person.height_cm", false, "number"),
    ("person.eye_colour", false, "text"),
    ("person.address.street", false, "text"),
    ("person.address.place", false, "text"),
    ("person.address.country", false, "text"),
    ("guardian", false, "lines"),
    ("delivery.mail", false, "mail"),
];
const DOCUMENT: &[(&str, bool, &str)] = &[
    ("document.permit", false, "permit"),
    ("document.valid_from", false, "day"),
    ("document.valid_until", false, "day"),
    ("document.place", true, "text"),
    ("document.authority", true, "text"),
    ("document.remarks", false, "lines"),
    ("document.mrz_name", false, "text"),
];

fn fields_of(step: &str) -> &'static [(&'static str, bool, &'static str)] {
    match step {
        "person" => PERSON,
        "document" => DOCUMENT,
        _ => &[],
    }
}

fn get<'a>(fields: &'a Value, name: &str) -> &'a Value {
    name.split('.').fold(fields, |inner, part| &inner[part])
}

pub(crate) fn put(fields: &mut Value, name: &str, value: Value) {
    let (first, rest) = name
        .split_once('.')
        .map_or((name, None), |(a, b)| (a, Some(b)));
    if !fields.is_object() {
        *fields = json!({});
    }
    match rest {
        Some(rest) => put(&mut fields[first], rest, value),
        None => fields[first] = value,
    }
}

/// What is being taken.
struct Case {
    fields: Value,
    images: Vec<String>,
    profile: Value,
}

fn draft_path(id: &str) -> String {
    format!("/v1/office/dossier/{}/draft", encoded(id))
}

async fn case(portal: &Portal, signed: &Signed, id: &str) -> Result<Case, PageFault> {
    let token = Some(&signed.token[..]);
    let at = |path: String| async move {
        let found = portal.node.get(&path, token).await;
        found.map_err(|fault| signed.fault(fault))
    };
    let dossier = at(format!("/v1/office/dossier/{}", encoded(id))).await?;
    let mut draft = at(draft_path(id)).await?;
    if draft["fields"] == json!({}) && begin_with_record(portal, signed, id).await.is_ok() {
        draft = at(draft_path(id)).await?;
    }
    let sites = at("/v1/sites".to_owned()).await?;
    let name = dossier["profile"].as_str().unwrap_or_default();
    let profile = portal.profiles(signed).await.remove(name);
    let profile = profile.unwrap_or_default();
    let mut fields = draft["fields"].clone();
    let office = sites
        .as_array()
        .into_iter()
        .flatten()
        .find(|site| site["site"] == dossier["office"])
        .and_then(|site| site["name"].as_str())
        .unwrap_or_default()
        .to_owned();
    for name in ["document.authority", "delivery.office"] {
        if get(&fields, name).is_null() {
            put(&mut fields, name, json!(office));
        }
    }
    fields["profile"] = dossier["profile"].clone();
    let images = draft["images"].as_array().into_iter().flatten();
    let images = images
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    Ok(Case {
        fields,
        images,
        profile,
    })
}

/// The name as the machine-readable zone will have it.
fn zone_name(case: &Case, language: Language) -> Option<Value> {
    let latin = get(&case.fields, "person.latin");
    let text = |name: &str| {
        let spelt = latin[name].as_str().filter(|text| !text.is_empty());
        let typed = case.fields["person"][name].as_str();
        spelt.or(typed).unwrap_or_default()
    };
    let (surname, given_names) = (text("surname"), text("given_names"));
    zone::name(language, &case.profile, surname, given_names)
}

/// The name of a field's label: a name in Latin letters has another than the name itself.
fn label_key(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    if name.contains("latin") {
        format!("latin_{last}")
    } else {
        last.to_owned()
    }
}

fn shown_fields(case: &Case, step: &str, language: Language) -> Vec<Value> {
    let permits = case.profile["permits"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    fields_of(step)
        .iter()
        .filter(|(_, _, kind)| *kind != "permit" || !permits.is_empty())
        .map(|(name, required, kind)| {
            let last = name.rsplit('.').next().unwrap_or(name);
            let key = label_key(name);
            let must = *required
                || case.profile["required"].as_array().is_some_and(|list| list.iter().any(|known| known == last));
            let value = match get(&case.fields, name) {
                Value::Array(list) => list.iter().map(line).collect::<Vec<_>>().join("\n"),
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => String::new(),
            };
            let options: Vec<Value> = match *kind {
                "sex" => ["F", "M", "X"].iter().map(|word| json!({ "word": word, "text": language.text(&format!("sex-{word}")) })).collect(),
                "permit" => permits.iter().map(|permit| json!({ "word": permit["code"], "text": permit["title"][language.code()] })).collect(),
                _ => Vec::new(),
            };
            let widget = match *kind { "sex" | "permit" => "choice", "lines" | "day" | "number" | "mail" => kind, _ => "text" };
            json!({ "name": name, "kind": widget, "required": must, "value": value, "options": options,
                "label": language.text(&format!("field-{key}")), "hint": language.find(&format!("hint-{key}"), None) })
        })
        .collect()
}

/// Facts in the order in which a form asks for them.
fn ordered(language: Language, fields: &Value, form: &[(&str, bool, &str)]) -> Vec<Value> {
    let rows = form.iter().map(|(name, _, _)| {
        let key = label_key(name);
        let text = match get(fields, name) {
            Value::Null => return None,
            Value::Array(list) => list.iter().map(line).collect::<Vec<_>>().join("; "),
            Value::String(text) => crate::page::moment(text, false),
            other => other.to_string(),
        };
        Some(json!({ "label": language.text(&format!("field-{key}")), "text": text }))
    });
    rows.flatten().collect()
}

/// Who a dossier is about.
pub(crate) fn person_facts(language: Language, application: &Value) -> Vec<Value> {
    ordered(language, application, PERSON)
}

/// Which document is asked for.
pub(crate) fn document_facts(
    language: Language,
    application: &Value,
    profile: &Value,
) -> Vec<Value> {
    let mut shown = application.clone();
    let code = get(&shown, "document.permit").clone();
    let permits = profile["permits"].as_array().into_iter().flatten();
    if let Some(permit) = permits.into_iter().find(|permit| permit["code"] == code) {
        put(
            &mut shown,
            "document.permit",
            permit["title"][language.code()].clone(),
        );
    }
    ordered(language, &shown, DOCUMENT)
}

/// A guardian on one line: surname, given names.
fn line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => format!(
            "{}, {}",
            other["surname"].as_str().unwrap_or_default(),
            other["given_names"].as_str().unwrap_or_default()
        ),
    }
}

fn is_taken(case: &Case, step: &str) -> bool {
    let has = |name: &str| case.images.iter().any(|known| known == name);
    match step {
        "person" => case.fields["person"].is_object(),
        "document" => get(&case.fields, "document.place").is_string(),
        "portrait" => has("portrait"),
        "fingers" => {
            case.fields["prints"]
                .as_object()
                .is_some_and(|prints| !prints.is_empty())
                || case.fields["missing"]
                    .as_object()
                    .is_some_and(|missing| !missing.is_empty())
                || case.profile["prints"].is_null()
        }
        "signature" => has("signature") || case.fields["signature_exempt"].is_string(),
        _ => false,
    }
}

/// What names the draft as it is.
fn seen(case: &Case) -> String {
    let text = json!([case.fields, case.images]).to_string();
    Digest::of(text.as_bytes()).as_str().to_owned()
}

fn page(portal: &Portal, signed: &Signed, case: &Case, id: &str, step: &str) -> Page {
    let language = signed.language;
    let mut page = Page::of(signed);
    let base = format!("/desk/office/dossier/{}/enrol", encoded(id));
    let steps: Vec<Value> = STEPS
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let state = if *name == step { "now" } else if is_taken(case, name) { "done" } else { "to-come" };
            json!({ "text": language.text(&format!("step-{name}")), "state": state, "number": place + 1,
                "address": format!("{base}/{name}") })
        })
        .collect();
    page.put("id", id);
    page.put("base", &base);
    page.put("step", step);
    page.put("title", language.text(&format!("step-{step}")));
    page.put("about", language.find(&format!("about-step-{step}"), None));
    page.put("steps", steps);
    page.put("fields", shown_fields(case, step, language));
    page.put("profile", &case.profile["title"][language.code()]);
    page.put("mrz", zone_name(case, language));
    page.put("residents", &case.profile["circuit"]["residents"]);
    page.put("faults", Value::Null);
    page.put("advice", Value::Null);
    page.put("images", &case.images);
    page.put("exempt", &case.fields["signature_exempt"]);
    let fingers: Vec<Value> = FingerPosition::ALL
        .iter()
        .map(|finger| finger.name())
        .filter(|name| !name.is_empty())
        .map(|name| {
            json!({ "word": name, "text": language.text(&format!("word-{name}")),
                "quality": case.fields["prints"][name], "missing": case.fields["missing"][name],
                "taken": case.images.iter().any(|known| known == name) })
        })
        .collect();
    // In the order of the law: both index fingers, then the others.
    let next = [FingerPosition::RightIndex, FingerPosition::LeftIndex]
        .iter()
        .chain(&FingerPosition::ALL)
        .map(|finger| finger.name())
        .find(|name| {
            let fields = &case.fields;
            fields["prints"][*name].is_null() && fields["missing"][*name].is_null()
        });
    page.put("next_finger", next.unwrap_or_default());
    page.put("bridge", &*portal.bridge);
    page.put("fingers", fingers);
    page.put("prints_due", !case.profile["prints"].is_null());
    if step == "proof" {
        page.put("seen", seen(case));
        page.put("command_name", crate::commands::fresh_name());
        page.put("person", person_facts(language, &case.fields));
        page.put(
            "document",
            document_facts(language, &case.fields, &case.profile),
        );
    }
    page
}

pub(crate) async fn show(
    State(portal): State<Portal>,
    signed: Signed,
    Path((id, step)): Path<(String, String)>,
) -> Result<Response, PageFault> {
    if !STEPS.contains(&&step[..]) {
        return Err(PageFault::not_found(signed.language));
    }
    let case = case(&portal, &signed, &id).await?;
    Ok(page(&portal, &signed, &case, &id, &step).show("enrolment.html"))
}

pub(crate) async fn image(
    State(portal): State<Portal>,
    signed: Signed,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, PageFault> {
    let path = format!("{}/images/{}", draft_path(&id), encoded(&name));
    let content = portal.node.content(&path, Some(&signed.token)).await;
    let content = for_browser(content.map_err(|fault| signed.fault(fault))?).await;
    let headers = [
        (header::CONTENT_TYPE, content.media),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, content.bytes).into_response())
}

/// Puts what a form of fields sent into the draft; an empty field is none.
fn take_fields(fields: &mut Value, step: &str, sent: &Sent) {
    for (name, _, kind) in fields_of(step) {
        let text = sent.text(name);
        let value = match *kind {
            _ if text.is_empty() => Value::Null,
            "lines" if *name == "guardian" => text
                .lines()
                .filter(|line| !line.trim().is_empty())
                .map(|line| {
                    let (surname, given) = line.split_once(',').unwrap_or((line, ""));
                    json!({ "surname": surname.trim(), "given_names": given.trim() })
                })
                .collect(),
            "lines" => text
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .collect(),
            "number" => text
                .parse::<i64>()
                .map_or_else(|_| json!(text), |number| json!(number)),
            _ => json!(text),
        };
        put(fields, name, value);
    }
}

/// What a step says to whoever took it.
enum Outcome {
    /// Go on.
    Next,
    /// Stay, with advice.
    Stay(Vec<String>),
}

pub(crate) async fn keep_fields(
    portal: &Portal,
    signed: &Signed,
    id: &str,
    fields: &Value,
) -> Result<(), NodeFault> {
    let path = draft_path(id);
    let kept = portal
        .node
        .send_json(Method::PUT, &path, Some(&signed.token), None, fields);
    kept.await.map(drop)
}

pub(crate) async fn keep_image(
    portal: &Portal,
    signed: &Signed,
    id: &str,
    name: &str,
    bytes: Bytes,
) -> Result<(), NodeFault> {
    let path = format!("{}/images/{}", draft_path(id), encoded(name));
    portal
        .node
        .send_bytes(Method::PUT, &path, &signed.token, bytes)
        .await
}

/// Runs what computes for long beside the threads that answer.
async fn computed<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

/// The portrait: looked at, cut for the document when it can be, and kept with what is wrong with it.
async fn take_portrait(
    portal: &Portal,
    signed: &Signed,
    id: &str,
    bytes: Bytes,
) -> Result<Outcome, NodeFault> {
    let language = signed.language;
    let given = bytes.clone();
    let looked = computed(move || portrait_quality(&given, &PortraitRules::default())).await;
    let quality = match looked {
        Some(Ok(quality)) => quality,
        Some(Err(why)) => return Ok(Outcome::Stay(vec![why.to_string()])),
        None => return Ok(Outcome::Stay(vec![language.text("fault-unknown")])),
    };
    let mut advice: Vec<String> = quality
        .failed
        .iter()
        .map(|check| check.words(biometric(language)).to_owned())
        .collect();
    let kept = quality.cut.map_or(bytes, Bytes::from);
    keep_image(portal, signed, id, "portrait", kept).await?;
    if advice.is_empty() {
        return Ok(Outcome::Next);
    }
    advice.push(language.text("portrait-kept"));
    Ok(Outcome::Stay(advice))
}

/// A print: measured, and kept when it is better than the one before.
async fn take_print(
    portal: &Portal,
    signed: &Signed,
    id: &str,
    case: &mut Case,
    finger: &str,
    bytes: Bytes,
) -> Result<Outcome, NodeFault> {
    let language = signed.language;
    let given = bytes.clone();
    let measured = computed(move || {
        let (image, template) = extracted(&given)?;
        print_quality(&image, &template)
    })
    .await;
    let quality = match measured {
        Some(Ok(quality)) => quality,
        Some(Err(why)) => return Ok(Outcome::Stay(vec![why.to_string()])),
        None => return Ok(Outcome::Stay(vec![language.text("fault-unknown")])),
    };
    let before = case.fields["prints"][finger].as_u64();
    if before.is_none_or(|before| u64::from(quality.score) >= before) {
        keep_image(portal, signed, id, finger, bytes).await?;
        put(
            &mut case.fields,
            &format!("prints.{finger}"),
            json!(quality.score),
        );
        if let Some(missing) = case.fields["missing"].as_object_mut() {
            missing.remove(finger);
        }
    }
    let code = FingerPosition::from_name(finger).map_or(0, |finger| finger as u8);
    if quality.score >= CaptureRules::default().least(code) {
        return Ok(Outcome::Next);
    }
    let mut advice = vec![format!(
        "{} {}/100",
        language.text("print-poor"),
        quality.score
    )];
    let words = biometric(language);
    advice.extend(quality.advice.iter().map(|one| one.words(words).to_owned()));
    Ok(Outcome::Stay(advice))
}

async fn take_finger(
    portal: &Portal,
    signed: &Signed,
    id: &str,
    case: &mut Case,
    sent: &Sent,
) -> Result<Outcome, NodeFault> {
    let finger = sent.text("finger").to_owned();
    if FingerPosition::from_name(&finger).is_none() {
        return Ok(Outcome::Stay(vec![signed.language.text("finger-unknown")]));
    }
    let reason = sent.text("reason");
    if !reason.is_empty() {
        put(
            &mut case.fields,
            &format!("missing.{finger}"),
            json!(reason),
        );
        if let Some(prints) = case.fields["prints"].as_object_mut() {
            prints.remove(&finger);
        }
        return Ok(Outcome::Stay(Vec::new()));
    }
    match &sent.file {
        Some(bytes) => {
            let outcome = take_print(portal, signed, id, case, &finger, bytes.clone()).await?;
            // There is mostly another finger to take.
            Ok(match outcome {
                Outcome::Next => Outcome::Stay(Vec::new()),
                other => other,
            })
        }
        None => Ok(Outcome::Stay(vec![signed.language.text("no-file")])),
    }
}

/// What was taken as an application file and its images.
async fn package(
    portal: &Portal,
    signed: &Signed,
    id: &str,
    case: &Case,
) -> Result<Value, NodeFault> {
    let fields = &case.fields;
    let mut application = Map::new();
    for name in ["profile", "person", "document", "delivery", "guardian"] {
        if !fields[name].is_null() {
            application.insert(name.to_owned(), fields[name].clone());
        }
    }
    let mut images = json!({ "portrait": "portrait" });
    let mut wanted = vec!["portrait".to_owned()];
    if case.images.iter().any(|known| known == "signature") {
        images["signature"] = json!("signature");
        wanted.push("signature".to_owned());
    } else if let Some(why) = fields["signature_exempt"].as_str() {
        images["signature_exempt"] = json!(why);
    }
    application.insert("images".to_owned(), images);
    let mut prints = Vec::new();
    for (finger, quality) in fields["prints"].as_object().into_iter().flatten() {
        prints.push(json!({ "finger": finger, "image": finger, "quality": quality }));
        wanted.push(finger.clone());
    }
    application.insert("print".to_owned(), Value::Array(prints));
    let missing = fields["missing"].as_object().into_iter().flatten();
    let missing = missing.map(|(finger, reason)| json!({ "finger": finger, "reason": reason }));
    application.insert("missing".to_owned(), missing.collect());
    let mut packed = Map::new();
    for name in wanted {
        let path = format!("{}/images/{}", draft_path(id), encoded(&name));
        let content = portal.node.content(&path, Some(&signed.token)).await?;
        packed.insert(name, json!(Base64::encode_string(&content.bytes)));
    }
    let text =
        toml::to_string(&without_nothing(Value::Object(application))).map_err(|why| NodeFault {
            status: StatusCode::BAD_REQUEST,
            body: json!({ "code": "PORTAL-400", "it": why.to_string(), "en": why.to_string() }),
        })?;
    Ok(json!({ "application": text, "images": packed }))
}

/// Fields that are nothing are not there: the format of application files knows no other way.
fn without_nothing(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields
                .into_iter()
                .map(|(name, inner)| (name, without_nothing(inner)))
                .filter(|(_, inner)| !inner.is_null() && *inner != json!({}));
            Value::Object(kept.collect())
        }
        Value::Array(list) => list.into_iter().map(without_nothing).collect(),
        other => other,
    }
}

async fn take(
    portal: &Portal,
    signed: &Signed,
    id: &str,
    step: &str,
    case: &mut Case,
    sent: &Sent,
) -> Result<Outcome, NodeFault> {
    let missing_file = || Outcome::Stay(vec![signed.language.text("no-file")]);
    let outcome = match step {
        "person" if !sent.text("mrz").is_empty() => {
            let today = (portal.clock)().to_zoned(jiff::tz::TimeZone::UTC).date();
            match from_mrz(&mut case.fields, sent.text("mrz"), today) {
                // What was read is looked at before it is sent.
                Ok(()) => Outcome::Stay(Vec::new()),
                Err(why) => {
                    Outcome::Stay(vec![format!("{} {why}", signed.language.text("mrz-wrong"))])
                }
            }
        }
        "person" if !sent.text("resident").is_empty() => {
            let code = sent.text("resident");
            match from_residents(portal, signed, id, &mut case.fields, code).await {
                Ok(()) => Outcome::Stay(Vec::new()),
                Err(fault) if fault.status == StatusCode::NOT_FOUND => {
                    Outcome::Stay(vec![signed.language.text("residents-nobody")])
                }
                Err(fault) if fault.can_be_mended() => {
                    Outcome::Stay(vec![fault.line(signed.language)])
                }
                Err(fault) => return Err(fault),
            }
        }
        "person" | "document" => {
            take_fields(&mut case.fields, step, sent);
            Outcome::Next
        }
        "portrait" => match &sent.file {
            Some(bytes) => take_portrait(portal, signed, id, bytes.clone()).await?,
            None if case.images.iter().any(|known| known == "portrait") => Outcome::Next,
            None => missing_file(),
        },
        "fingers" if sent.text("finger").is_empty() && sent.file.is_none() => Outcome::Next,
        "fingers" => take_finger(portal, signed, id, case, sent).await?,
        "signature" => {
            let exempt = sent.text("exempt");
            case.fields["signature_exempt"] = if exempt.is_empty() {
                Value::Null
            } else {
                json!(exempt)
            };
            match &sent.file {
                Some(bytes) => {
                    keep_image(portal, signed, id, "signature", bytes.clone()).await?;
                    Outcome::Next
                }
                None if !exempt.is_empty()
                    || case.images.iter().any(|known| known == "signature") =>
                {
                    Outcome::Next
                }
                None => missing_file(),
            }
        }
        _ => {
            // The holder confirms what was shown, not what somebody wrote meanwhile.
            if sent.text("seen") != seen(case) {
                return Ok(Outcome::Stay(vec![signed.language.text("draft-changed")]));
            }
            let command = json!({ "dossier": id, "package": package(portal, signed, id, case).await?,
                "confirmed": sent.text("confirmed") == "yes" });
            let name = sent.text("command-name");
            portal
                .node
                .send_json(
                    Method::POST,
                    "/v1/commands/enrol",
                    Some(&signed.token),
                    Some(name),
                    &command,
                )
                .await?;
            return Ok(Outcome::Next);
        }
    };
    keep_fields(portal, signed, id, &case.fields).await?;
    Ok(outcome)
}

pub(crate) async fn save(
    State(portal): State<Portal>,
    signed: Signed,
    Path((id, step)): Path<(String, String)>,
    parts: Multipart,
) -> Result<Response, PageFault> {
    let Some(place) = STEPS.iter().position(|known| *known == step) else {
        return Err(PageFault::not_found(signed.language));
    };
    let sent = receive(parts).await.ok_or_else(|| {
        let fault = NodeFault::own(
            StatusCode::BAD_REQUEST,
            "PORTAL-400",
            "il modulo non è arrivato intero; i file sono al più 8 MiB. Nulla è stato cambiato",
            "the form did not arrive whole; files have 8 MiB at most. Nothing was changed",
        );
        signed.fault(fault)
    })?;
    let mut held = case(&portal, &signed, &id).await?;
    let taken = take(&portal, &signed, &id, &step, &mut held, &sent).await;
    let (status, faults, advice) = match taken {
        Ok(Outcome::Next) => {
            let address = match STEPS.get(place + 1) {
                Some(next) => format!("/desk/office/dossier/{}/enrol/{next}", encoded(&id)),
                None => format!("/desk/office/dossier/{}?done=enrol", encoded(&id)),
            };
            return Ok(Redirect::to(&address).into_response());
        }
        Ok(Outcome::Stay(advice)) if advice.is_empty() => {
            let address = format!("/desk/office/dossier/{}/enrol/{step}", encoded(&id));
            return Ok(Redirect::to(&address).into_response());
        }
        Ok(Outcome::Stay(advice)) => (StatusCode::OK, Vec::new(), advice),
        Err(fault) if fault.status == StatusCode::UNAUTHORIZED => return Err(signed.fault(fault)),
        Err(fault) => (fault.status, fault.lines(signed.language), Vec::new()),
    };
    let now = case(&portal, &signed, &id).await?;
    let mut page = page(&portal, &signed, &now, &id, &step);
    page.put("faults", faults);
    page.put("advice", advice);
    Ok(page.show_as(status, "enrolment.html"))
}
