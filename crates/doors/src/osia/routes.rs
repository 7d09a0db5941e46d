//! The paths of OSIA ABIS 1.6.0.

use super::comparison::{Limits, Search, identify, verify_person, verify_two};
use super::model::{
    BiometricComputedData, BiometricData, Candidate, Encounter, EncounterStatus, OsiaError,
    PersonIds, computed, fingers_of,
};
use crate::server::{Doors, Scope, Signed, blocking};
use crate::{Error, Result};
use axum::body::Bytes;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A fault as the interface shows it.
pub(crate) enum Fault {
    /// The scope is missing.
    Refused(StatusCode),
    /// Anything else.
    Failed(Error),
}

impl From<Error> for Fault {
    fn from(why: Error) -> Self {
        Self::Failed(why)
    }
}

impl From<StatusCode> for Fault {
    fn from(status: StatusCode) -> Self {
        Self::Refused(status)
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let fault = match self {
            // The interface has no body for this one.
            Self::Refused(status) => return status.into_response(),
            Self::Failed(fault) => fault,
        };
        if let Error::Busy = fault {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        let status = match &fault {
            Error::Malformed { .. } => StatusCode::BAD_REQUEST,
            Error::Gallery(rilascio_gallery::Error::EmptyProbe) => StatusCode::BAD_REQUEST,
            // The interface has no body for these two.
            Error::Unknown { .. } => return StatusCode::NOT_FOUND.into_response(),
            Error::Conflict { .. } => return StatusCode::CONFLICT.into_response(),
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(fault = %fault, "a request failed");
        }
        // What failed inside is for the log, not for whoever asks.
        let message = if status == StatusCode::INTERNAL_SERVER_ERROR {
            "the system failed; try again".to_owned()
        } else {
            fault.to_string()
        };
        let body = OsiaError {
            code: i32::from(status.as_u16()),
            message,
        };
        (status, Json(body)).into_response()
    }
}

type Answered<T> = std::result::Result<T, Fault>;

/// The parameters of a request, once it is known who asks.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    transaction_id: Option<String>,
    #[serde(rename = "maxNbCand")]
    most: Option<usize>,
    threshold: Option<f64>,
    status: Option<EncounterStatus>,
    offset: Option<usize>,
    limit: Option<usize>,
    biometric_type: Option<String>,
    biometric_sub_type: Option<String>,
    template_format: Option<String>,
}

impl Parameters {
    fn limits(&self) -> Limits {
        Limits {
            threshold: self.threshold,
            most: self.most,
        }
    }
}

/// A request with a transaction id, by somebody who signed in.
struct Asked(Parameters, Signed);

impl FromRequestParts<Doors> for Asked {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        doors: &Doors,
    ) -> std::result::Result<Self, Response> {
        let signed = Signed::from_request_parts(parts, doors).await?;
        let query = Query::<Parameters>::try_from_uri(&parts.uri);
        let Ok(Query(parameters)) = query else {
            return Err(
                Fault::Failed(Error::malformed("a parameter cannot be read")).into_response(),
            );
        };
        if parameters.threshold.is_some_and(|least| !least.is_finite()) {
            let why = "the threshold is no number";
            return Err(Fault::Failed(Error::malformed(why)).into_response());
        }
        if parameters
            .transaction_id
            .as_deref()
            .is_none_or(str::is_empty)
        {
            let why = "the parameter transactionId is required";
            return Err(Fault::Failed(Error::malformed(why)).into_response());
        }
        Ok(Self(parameters, signed))
    }
}

impl Asked {
    /// The parameters, where the asker has that scope; 403 without a body otherwise.
    fn with(self, scope: Scope) -> std::result::Result<Parameters, StatusCode> {
        self.1.needs(scope)?;
        Ok(self.0)
    }
}

fn parsed<T: DeserializeOwned>(body: &Bytes) -> Answered<T> {
    serde_json::from_slice(body).map_err(|why| Fault::Failed(Error::malformed(why)))
}

/// Runs what waits for tables and searches, and answers with its outcome.
async fn done<T: Send + 'static>(
    doors: Doors,
    work: impl FnOnce(&Doors) -> Result<T> + Send + 'static,
) -> Answered<T> {
    Ok(blocking(&Arc::clone(&doors.slots), move || work(&doors)).await?)
}

fn ids(person: String, encounter: String) -> PersonIds {
    PersonIds {
        person_id: person,
        encounter_id: encounter,
    }
}

/// Keeps an encounter.
fn keep(
    doors: &Doors,
    ids: &PersonIds,
    encounter: &Encounter,
    replaces: bool,
) -> Result<PersonIds> {
    let now = (doors.clock)();
    doors
        .register
        .keep(ids, encounter, replaces, &doors.engine, now)?;
    Ok(ids.clone())
}

async fn create(
    State(doors): State<Doors>,
    person: Option<Path<String>>,
    asked: Asked,
    body: Bytes,
) -> Answered<impl IntoResponse> {
    asked.with(Scope::EncounterWrite)?;
    let encounter: Encounter = parsed(&body)?;
    let made = done(doors, move |doors| {
        let person = person.map_or_else(|| doors.register.fresh_name(), |Path(name)| name);
        keep(
            doors,
            &ids(person, doors.register.fresh_name()),
            &encounter,
            false,
        )
    });
    Ok(Json(made.await?))
}

async fn create_named(
    State(doors): State<Doors>,
    Path(names): Path<(String, String)>,
    asked: Asked,
    body: Bytes,
) -> Answered<Json<PersonIds>> {
    keep_named(doors, names, asked, body, false).await
}

async fn update(
    State(doors): State<Doors>,
    Path(names): Path<(String, String)>,
    asked: Asked,
    body: Bytes,
) -> Answered<Json<PersonIds>> {
    keep_named(doors, names, asked, body, true).await
}

/// Keeps an encounter whose name the caller gives, a new one or one in the place of another.
async fn keep_named(
    doors: Doors,
    (person, encounter_id): (String, String),
    asked: Asked,
    body: Bytes,
    replaces: bool,
) -> Answered<Json<PersonIds>> {
    asked.with(Scope::EncounterWrite)?;
    let encounter: Encounter = parsed(&body)?;
    let made = done(doors, move |doors| {
        keep(doors, &ids(person, encounter_id), &encounter, replaces)
    });
    Ok(Json(made.await?))
}

async fn read_all(
    State(doors): State<Doors>,
    Path(person): Path<String>,
    asked: Asked,
) -> Answered<impl IntoResponse> {
    asked.with(Scope::EncounterRead)?;
    let found = done(doors, move |doors| {
        let rows = doors.register.of_person(&person)?;
        rows.iter()
            .map(|row| doors.register.open(row))
            .collect::<Result<Vec<_>>>()
    });
    found.await.map(Json)
}

async fn read(
    State(doors): State<Doors>,
    Path((person, encounter)): Path<(String, String)>,
    asked: Asked,
) -> Answered<impl IntoResponse> {
    asked.with(Scope::EncounterRead)?;
    let found = done(doors, move |doors| {
        doors.register.get(&ids(person, encounter))
    });
    found.await.map(Json)
}

async fn delete_encounter(
    State(doors): State<Doors>,
    Path((person, encounter)): Path<(String, String)>,
    asked: Asked,
) -> Answered<impl IntoResponse> {
    asked.with(Scope::EncounterWrite)?;
    let gone = done(doors, move |doors| {
        let now = (doors.clock)();
        let only = Some(&encounter[..]);
        doors.register.remove(&person, only, &doors.engine, now)
    });
    gone.await.map(|()| StatusCode::NO_CONTENT)
}

async fn delete_person(
    State(doors): State<Doors>,
    Path(person): Path<String>,
    asked: Asked,
) -> Answered<impl IntoResponse> {
    asked.with(Scope::EncounterWrite)?;
    let gone = done(doors, move |doors| {
        let now = (doors.clock)();
        doors.register.remove(&person, None, &doors.engine, now)
    });
    gone.await.map(|()| StatusCode::NO_CONTENT)
}

async fn merge(
    State(doors): State<Doors>,
    Path((to, from)): Path<(String, String)>,
    asked: Asked,
) -> Answered<impl IntoResponse> {
    asked.with(Scope::EncounterWrite)?;
    let merged = done(doors, move |doors| doors.register.give(&from, &to, None));
    merged.await.map(|()| StatusCode::NO_CONTENT)
}

async fn move_encounter(
    State(doors): State<Doors>,
    Path((to, from, encounter)): Path<(String, String, String)>,
    asked: Asked,
) -> Answered<impl IntoResponse> {
    asked.with(Scope::EncounterWrite)?;
    let moved = done(doors, move |doors| {
        doors.register.give(&from, &to, Some(&encounter))
    });
    moved.await.map(|()| StatusCode::NO_CONTENT)
}

async fn set_status(
    State(doors): State<Doors>,
    Path((person, encounter)): Path<(String, String)>,
    asked: Asked,
) -> Answered<impl IntoResponse> {
    let parameters = asked.with(Scope::EncounterWrite)?;
    let set = done(doors, move |doors| {
        let status = parameters
            .status
            .ok_or_else(|| Error::malformed("the parameter status is ACTIVE or INACTIVE"))?;
        doors.register.change(&ids(person, encounter), move |row| {
            row.active = status == EncounterStatus::Active;
            Ok(())
        })
    });
    set.await.map(|()| StatusCode::NO_CONTENT)
}

async fn set_galleries(
    State(doors): State<Doors>,
    Path((person, encounter)): Path<(String, String)>,
    asked: Asked,
    body: Bytes,
) -> Answered<impl IntoResponse> {
    asked.with(Scope::EncounterWrite)?;
    let galleries: Vec<String> = parsed(&body)?;
    let set = done(doors, move |doors| {
        doors.register.change(&ids(person, encounter), move |row| {
            row.galleries.clone_from(&galleries);
            Ok(())
        })
    });
    set.await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn templates(
    State(doors): State<Doors>,
    Path((person, encounter)): Path<(String, String)>,
    asked: Asked,
) -> Answered<impl IntoResponse> {
    let parameters = asked.with(Scope::EncounterRead)?;
    let found = done(doors, move |doors| {
        let known = doors.register.get(&ids(person, encounter))?;
        let fingers = fingers_of(&known.biometric_data, &doors.engine)?;
        let mut all: Vec<BiometricComputedData> = Vec::new();
        for (finger, template) in fingers {
            all.push(computed(finger, template)?);
        }
        let fits = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        all.retain(|one| {
            fits(&parameters.biometric_type, &one.biometric_type)
                && fits(&parameters.biometric_sub_type, &one.biometric_sub_type)
                && fits(&parameters.template_format, &one.template_format)
        });
        Ok(all)
    });
    found.await.map(Json)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Identify {
    filter: Map<String, Value>,
    biometric_data: Vec<BiometricData>,
}

async fn identify_data(
    State(doors): State<Doors>,
    Path(gallery): Path<String>,
    asked: Asked,
    body: Bytes,
) -> Answered<impl IntoResponse> {
    let parameters = asked.with(Scope::Identify)?;
    let request: Identify = parsed(&body)?;
    let found = done(doors, move |doors| {
        let fingers = fingers_of(&request.biometric_data, &doors.engine)?;
        let search = Search {
            gallery: &gallery,
            filter: &request.filter,
            but: None,
            limits: parameters.limits(),
            today: doors.today(),
        };
        identify(&doors.register, &doors.engine, &fingers, &search)
    });
    Ok(Json(found.await?))
}

/// Looks for a person among others, with what was taken of the person in one encounter or in all.
fn identify_known(
    doors: &Doors,
    gallery: &str,
    person: &str,
    encounter: Option<&str>,
    filter: &Map<String, Value>,
    limits: Limits,
) -> Result<Vec<Candidate>> {
    let mut known = doors.register.of_person(person)?;
    known.retain(|row| encounter.is_none_or(|only| only == row.ids.encounter_id));
    if known.is_empty() {
        return Err(Error::Unknown { what: "encounter" });
    }
    let mut fingers = Vec::new();
    for row in &known {
        let one = doors.register.open(row)?;
        for (finger, template) in fingers_of(&one.biometric_data, &doors.engine)? {
            // The first print of a finger is asked with; encounters come in the order of their names.
            if fingers.iter().all(|(taken, _)| *taken != finger) {
                fingers.push((finger, template));
            }
        }
    }
    let search = Search {
        gallery,
        filter,
        but: Some(person),
        limits,
        today: doors.today(),
    };
    identify(&doors.register, &doors.engine, &fingers, &search)
}

async fn identify_person(
    State(doors): State<Doors>,
    Path((gallery, person)): Path<(String, String)>,
    asked: Asked,
    body: Bytes,
) -> Answered<impl IntoResponse> {
    let parameters = asked.with(Scope::Identify)?;
    let filter: Map<String, Value> = parsed(&body)?;
    let found = done(doors, move |doors| {
        identify_known(doors, &gallery, &person, None, &filter, parameters.limits())
    });
    Ok(Json(found.await?))
}

async fn identify_encounter(
    State(doors): State<Doors>,
    Path((gallery, person, encounter)): Path<(String, String, String)>,
    asked: Asked,
    body: Bytes,
) -> Answered<impl IntoResponse> {
    let parameters = asked.with(Scope::Identify)?;
    let filter: Map<String, Value> = parsed(&body)?;
    let found = done(doors, move |doors| {
        let only = Some(&encounter[..]);
        identify_known(doors, &gallery, &person, only, &filter, parameters.limits())
    });
    Ok(Json(found.await?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VerifyPerson {
    biometric_data: Vec<BiometricData>,
}

async fn verify_from_id(
    State(doors): State<Doors>,
    Path((gallery, person)): Path<(String, String)>,
    asked: Asked,
    body: Bytes,
) -> Answered<impl IntoResponse> {
    let parameters = asked.with(Scope::Verify)?;
    let request: VerifyPerson = parsed(&body)?;
    let found = done(doors, move |doors| {
        verify_person(
            &doors.register,
            &doors.engine,
            &gallery,
            &person,
            &request.biometric_data,
            &parameters.limits(),
            doors.today(),
        )
    });
    Ok(Json(found.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyTwo {
    #[serde(rename = "biometricData1")]
    one: Vec<BiometricData>,
    #[serde(rename = "biometricData2")]
    other: Vec<BiometricData>,
}

async fn verify_from_bio(
    State(doors): State<Doors>,
    asked: Asked,
    body: Bytes,
) -> Answered<impl IntoResponse> {
    let parameters = asked.with(Scope::Verify)?;
    let request: VerifyTwo = parsed(&body)?;
    let found = done(doors, move |doors| {
        verify_two(
            &doors.engine,
            &request.one,
            &request.other,
            &parameters.limits(),
        )
    });
    Ok(Json(found.await?))
}

async fn galleries(State(doors): State<Doors>, asked: Asked) -> Answered<impl IntoResponse> {
    asked.with(Scope::GalleryRead)?;
    let found = done(doors, |doors| doors.register.galleries());
    found.await.map(Json)
}

async fn gallery_content(
    State(doors): State<Doors>,
    Path(gallery): Path<String>,
    asked: Asked,
) -> Answered<impl IntoResponse> {
    let parameters = asked.with(Scope::GalleryRead)?;
    let found = done(doors, move |doors| {
        let all = doors.register.of_gallery(&gallery)?;
        if all.is_empty() {
            return Err(Error::Unknown { what: "gallery" });
        }
        let (offset, limit) = (
            parameters.offset.unwrap_or(0),
            parameters.limit.unwrap_or(1000),
        );
        Ok(all.into_iter().skip(offset).take(limit).collect::<Vec<_>>())
    });
    found.await.map(Json)
}

/// Every answer is given at once: no task was ever made.
async fn no_task(method: axum::http::Method, signed: Signed) -> StatusCode {
    let scope = if method == axum::http::Method::GET {
        Scope::TaskRead
    } else {
        Scope::TaskUpdate
    };
    let refused = signed.needs(scope).err();
    refused.unwrap_or(StatusCode::NOT_FOUND)
}

/// The paths of the interface.
pub(crate) fn routes() -> Router<Doors> {
    let encounter = "/v1/persons/{person}/encounters/{encounter}";
    Router::new()
        .route("/v1/persons", post(create))
        .route("/v1/persons/{person}", axum::routing::delete(delete_person))
        .route(
            "/v1/persons/{person}/encounters",
            post(create).get(read_all),
        )
        .route(
            encounter,
            post(create_named)
                .get(read)
                .put(update)
                .delete(delete_encounter),
        )
        .route(&format!("{encounter}/status"), put(set_status))
        .route(&format!("{encounter}/galleries"), put(set_galleries))
        .route(&format!("{encounter}/templates"), get(templates))
        .route("/v1/persons/{person}/merge/{source}", post(merge))
        .route(
            "/v1/persons/{person}/move/{source}/encounters/{encounter}",
            post(move_encounter),
        )
        .route("/v1/identify/{gallery}", post(identify_data))
        .route("/v1/identify/{gallery}/{person}", post(identify_person))
        .route(
            "/v1/identify/{gallery}/{person}/encounters/{encounter}",
            post(identify_encounter),
        )
        .route("/v1/verify", post(verify_from_bio))
        .route("/v1/verify/{gallery}/{person}", post(verify_from_id))
        .route("/v1/galleries", get(galleries))
        .route("/v1/galleries/{gallery}", get(gallery_content))
        .route("/v1/tasks/{task}/status", get(no_task))
        .route("/v1/tasks/{task}/redeliver", post(no_task))
}
