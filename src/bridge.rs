//! The bridge between the pages of one portal and the devices of a desk: chips in its reader, fingers on its scanner.
//!
//! It answers on the loopback, to pages of that portal alone, one question at a time, and keeps nothing.

use crate::entropy;
use crate::fault::Fault;
use crate::inspect_command::{open_reader, password};
use crate::vpcd::VpcdReader;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use rilascio_access::channel::CardChannel;
use rilascio_biometrics::decode_jpeg2000;
use rilascio_doors::sbi::{CaptureRequest, find_devices};
use rilascio_inspection::{Reading, read_chip};
use rilascio_mrtd::finger::{FingerFormat, FingerImage, FingerPosition};
use rilascio_mrtd::lds::{DataGroup, Dg1, FileId};
use rilascio_pki::Certificate;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::Duration;

/// The largest question.
const QUESTION_BYTES_MAX: usize = 4096;
/// How long a chip may take to be put on the reader.
const CHIP_WAIT: Duration = Duration::from_secs(20);
/// How long a finger may take to be put on the glass.
const FINGER_WAIT: Duration = Duration::from_secs(30);
/// The score from which a scanner stops by itself.
const SCORE: u8 = 60;

/// Where chips are read.
pub(crate) enum ChipReader {
    /// A PC/SC reader, by a part of its name.
    Pcsc(String),
    /// The protocol of the virtual reader, at this address.
    Vpcd(String),
}

/// A bridge.
pub(crate) struct Bridge {
    /// The origin of the pages that it answers.
    pub(crate) portal: HeaderValue,
    /// The names under which it may be called.
    pub(crate) hosts: Vec<String>,
    /// The reader, if there is one.
    pub(crate) reader: Option<ChipReader>,
    /// Who vouches for scanners.
    pub(crate) anchors: Vec<Certificate>,
    /// Held while something is read.
    pub(crate) busy: Mutex<()>,
}

impl Bridge {
    /// Whether a page of the portal asks, under a name of this bridge.
    fn answers(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        host.is_some_and(|host| self.hosts.iter().any(|known| known == host))
            && headers.get(header::ORIGIN) == Some(&self.portal)
    }
}

/// Why something was not read.
struct Said {
    status: StatusCode,
    it: &'static str,
    en: &'static str,
    why: String,
}

impl Said {
    fn no_chip(why: impl ToString) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            it: "il documento non si legge: appoggiarlo sul lettore e controllare MRZ o CAN",
            en: "the document cannot be read: put it on the reader, and check MRZ or CAN",
            why: why.to_string(),
        }
    }

    fn no_finger(why: impl ToString) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            it: "lo scanner non ha acquisito l'impronta: riprovare",
            en: "the scanner did not capture the print: try again",
            why: why.to_string(),
        }
    }

    fn busy() -> Self {
        Self {
            status: StatusCode::CONFLICT,
            it: "il dispositivo è occupato: attendere",
            en: "the device is busy: wait",
            why: String::new(),
        }
    }
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        let body = json!({ "it": self.it, "en": self.en, "why": self.why });
        (self.status, Json(body)).into_response()
    }
}

type Answered = Result<Json<Value>, Said>;

/// What opens a chip.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChipQuestion {
    #[serde(default)]
    mrz: Option<String>,
    #[serde(default)]
    can: Option<String>,
}

/// Which finger is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FingerQuestion {
    finger: String,
}

/// The interface of a bridge.
pub(crate) fn router(bridge: Bridge) -> Router {
    let bridge = Arc::new(bridge);
    Router::new()
        .route("/v1/bridge", get(about))
        .route("/v1/chip", post(chip))
        .route("/v1/finger", post(finger))
        .layer(DefaultBodyLimit::max(QUESTION_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&bridge), guard))
        .with_state(bridge)
}

/// Only pages of the portal are answered, and only under the bridge's own name: no other page reads a chip.
async fn guard(State(bridge): State<Arc<Bridge>>, request: Request, next: Next) -> Response {
    if !bridge.answers(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = if request.method() == Method::OPTIONS {
        ().into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("access-control-allow-methods", "GET, POST"),
        ("access-control-allow-headers", "content-type"),
        ("access-control-allow-private-network", "true"),
        ("cache-control", "no-store"),
        ("vary", "origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, bridge.portal.clone());
    response
}

fn question<T: DeserializeOwned>(body: &Bytes) -> Result<T, Said> {
    serde_json::from_slice(body).map_err(|why| Said {
        status: StatusCode::BAD_REQUEST,
        it: "la richiesta non si capisce",
        en: "the question is not understood",
        why: why.to_string(),
    })
}

/// Asks the devices away from the threads that serve connections, one question at a time.
async fn asked<T: Send + 'static>(
    bridge: Arc<Bridge>,
    ask: impl FnOnce(&Bridge) -> Result<T, Said> + Send + 'static,
) -> Result<T, Said> {
    let outcome = tokio::task::spawn_blocking(move || {
        let _held = match bridge.busy.try_lock() {
            Ok(held) => held,
            // It guards no data: after a fault the next question is answered.
            Err(TryLockError::Poisoned(held)) => held.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(Said::busy()),
        };
        ask(&bridge)
    });
    outcome.await.unwrap_or_else(|why| Err(Said::no_chip(why)))
}

async fn about(State(bridge): State<Arc<Bridge>>) -> Answered {
    let chip = bridge.reader.is_some();
    // Also while something is read: a page that asks what is there does not wait for a finger.
    let found =
        tokio::task::spawn_blocking(move || find_devices(&bridge.anchors, Timestamp::now()));
    let scanners = found.await.unwrap_or_default();
    let scanners: Vec<Value> = scanners
        .iter()
        .map(|device| json!({ "model": device.model, "serial": device.serial }))
        .collect();
    Ok(Json(
        json!({ "chip": chip, "scanners": scanners, "version": env!("CARGO_PKG_VERSION") }),
    ))
}

fn open(reader: &ChipReader) -> Result<Box<dyn CardChannel>, Fault> {
    match reader {
        ChipReader::Pcsc(name) => open_reader(name, CHIP_WAIT),
        ChipReader::Vpcd(address) => Ok(Box::new(VpcdReader::wait(address, CHIP_WAIT)?)),
    }
}

async fn chip(State(bridge): State<Arc<Bridge>>, body: Bytes) -> Answered {
    let ChipQuestion { mrz, can } = question(&body)?;
    let reading = asked(bridge, move |bridge| {
        let reader = bridge.reader.as_ref();
        let reader = reader.ok_or_else(|| Said::no_chip("this bridge has no reader"))?;
        let password = password(mrz.as_deref(), can.as_deref()).map_err(Said::no_chip)?;
        let mut rng = entropy::generator().map_err(Said::no_chip)?;
        let mut channel = open(reader).map_err(Said::no_chip)?;
        Ok(read_chip(&mut *channel, &password, &mut rng))
    })
    .await?;
    Ok(Json(told(&reading)))
}

/// A reading as a page gets it: files as a document folder names them, the zone as it would be typed.
fn told(reading: &Reading) -> Value {
    let files: serde_json::Map<String, Value> = reading
        .files
        .iter()
        .map(|(file, bytes)| {
            let name = format!("{}.bin", file.name());
            (name, json!(Base64::encode_string(bytes)))
        })
        .collect();
    let dg1 = reading.files.get(&FileId::Dg(DataGroup::DG1));
    let zone = dg1
        .and_then(|bytes| Dg1::decode(bytes).ok())
        .map(|dg1| dg1.mrz.lines().join("\n"));
    json!({ "files": files, "checks": reading.checks, "mrz": zone })
}

async fn finger(State(bridge): State<Arc<Bridge>>, body: Bytes) -> Answered {
    let FingerQuestion { finger } = question(&body)?;
    let finger = FingerPosition::from_name(&finger);
    let finger = finger.ok_or_else(|| Said::no_finger("there is no such finger"))?;
    let print = asked(bridge, move |bridge| {
        let now = Timestamp::now();
        let device = find_devices(&bridge.anchors, now).into_iter().next();
        let device = device.ok_or_else(|| Said::no_finger("no trusted scanner is ready"))?;
        let mut rng = entropy::generator().map_err(Said::no_finger)?;
        let number = rand_core::Rng::next_u64(&mut rng);
        let request = CaptureRequest {
            fingers: vec![finger],
            score: SCORE,
            timeout: FINGER_WAIT,
            transaction: format!("desk-{number:016x}"),
            previous: String::new(),
        };
        let prints = device.capture(&request, &bridge.anchors, now);
        let prints = prints.map_err(Said::no_finger)?;
        let print = prints.into_iter().next();
        print.ok_or_else(|| Said::no_finger("the scanner answered nothing"))
    })
    .await?;
    let (ending, bytes) = as_file(&print.image)?;
    let finger = print.image.position.name();
    Ok(Json(json!({
        "finger": finger, "quality": print.image.quality,
        "name": format!("{finger}.{ending}"), "image": Base64::encode_string(&bytes),
    })))
}

/// A print as a file that a form takes, with the ending of its name.
fn as_file(image: &FingerImage) -> Result<(&'static str, Vec<u8>), Said> {
    let grey = |width: u32, height: u32, samples: &[u8]| {
        let head = format!("P5\n{width} {height}\n255\n");
        ("pgm", [head.as_bytes(), samples].concat())
    };
    match image.format {
        FingerFormat::Wsq => Ok(("wsq", image.data.clone())),
        FingerFormat::Jpeg => Ok(("jpg", image.data.clone())),
        FingerFormat::Raw => Ok(grey(image.width.into(), image.height.into(), &image.data)),
        FingerFormat::Jpeg2000 => {
            let pixels = decode_jpeg2000(&image.data).map_err(Said::no_finger)?;
            if pixels.channels != 1 {
                return Err(Said::no_finger("the print is in colours"));
            }
            Ok(grey(pixels.width, pixels.height, &pixels.samples))
        }
    }
}
