//! A simulated slap scanner: fingers lie on its glass as somebody says, everything else is as the specification says.

use super::{REGISTRATION, SPEC_VERSION, chain, finger_of, jws, name_of, part_of};
use crate::{Error, Result};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64ct::{Base64UrlUnpadded, Encoding};
use image::GrayImage;
use image::codecs::jpeg::JpegEncoder;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand_core::CryptoRng;
use rilascio_biometrics::{Extract, Extractor, GreyImage, encode_wsq, print_quality};
use rilascio_keys::{HashAlgorithm, PrivateKey, RsaSize, SignatureAlgorithm, Signer};
use rilascio_mrtd::finger::{FingerFormat, FingerImage, FingerPosition};
use rilascio_pki::{Certificate, NodeAuthority, Period};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

const SERIAL: &str = "SIMULATED-1";
/// Years for which the certificate of a simulated device is good, in days.
const DAYS: u32 = 3650;
/// Pauses between pictures of a stream, and how many there are at most.
const FRAME_EVERY: Duration = Duration::from_millis(200);
const FRAMES_MAX: usize = 1500;
const FRAME_QUALITY: u8 = 70;
const BOUNDARY: &str = "BoundaryString";
/// Fingers of one request.
const FINGERS_MAX: usize = 10;
/// Codes of the specification (2.9).
const SUCCESS: (&str, &str) = ("0", "Success");
const NO_FINGER: (&str, &str) = ("101", "no biometric object detected");
const TECHNICAL: (&str, &str) = ("102", "technical error during extraction");
const NOT_FOUND: (&str, &str) = ("106", "device not found");
const UNSUPPORTED: (&str, &str) = ("109", "requested number of biometrics unsupported");
const BUSY: (&str, &str) = ("111", "device is busy");
const BAD_TRANSACTION: (&str, &str) = ("112", "invalid transaction id");

/// Key and certificate of a device, and of who made it.
pub struct DeviceKey {
    signer: Box<dyn Signer + Send + Sync>,
    certificate: Certificate,
    provider: Certificate,
}

impl DeviceKey {
    /// A provider of devices, and the key of one.
    ///
    /// # Errors
    /// When keys cannot be made.
    pub fn make(now: Timestamp, rng: &mut dyn CryptoRng) -> Result<Self> {
        let algorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
        let signer = || {
            let key = PrivateKey::generate_rsa(RsaSize::Bits2048).map_err(Error::malformed)?;
            key.into_signer(algorithm).map_err(Error::malformed)
        };
        let period = Period::days(now, DAYS).map_err(Error::malformed)?;
        let provider = NodeAuthority::create(signer()?, "Simulated devices", period, rng)
            .map_err(Error::malformed)?;
        let own = signer()?;
        let certificate = provider
            .certify("simulated-device", &own.public_key(), period, rng)
            .map_err(Error::malformed)?;
        Ok(Self {
            signer: Box::new(own),
            certificate,
            provider: provider.certificate().clone(),
        })
    }

    /// The certificate of the provider: whoever trusts it trusts the device.
    #[must_use]
    pub fn provider(&self) -> &Certificate {
        &self.provider
    }
}

/// What lies on the glass of a simulated device.
pub trait FingersOnGlass: Send + Sync {
    /// The picture of a finger at an attempt, counted from 0; nothing when the person does not have it.
    fn picture(&self, finger: FingerPosition, attempt: u32) -> Option<GreyImage>;
}

/// A simulated device.
pub struct SimulatedDevice {
    key: DeviceKey,
    fingers: Box<dyn FingersOnGlass>,
    clock: crate::Clock,
    port: u16,
    /// Held while something is captured; attempts so far.
    attempts: Mutex<u32>,
    slots: Arc<Semaphore>,
}

fn fault((code, text): (&str, &str)) -> Value {
    json!({ "errorCode": code, "errorInfo": text })
}

/// A number that some callers write as a text.
fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one],
        _ => Vec::new(),
    }
}

fn failed(error: (&str, &str)) -> Value {
    json!({ "specVersion": SPEC_VERSION, "data": "", "hash": "", "error": fault(error) })
}

impl SimulatedDevice {
    /// A device at a port of the loopback.
    #[must_use]
    pub fn new(
        key: DeviceKey,
        fingers: Box<dyn FingersOnGlass>,
        clock: crate::Clock,
        port: u16,
    ) -> Self {
        Self {
            key,
            fingers,
            clock,
            port,
            attempts: Mutex::new(0),
            slots: crate::Doors::slots(),
        }
    }

    fn now(&self) -> String {
        (self.clock)().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn identity(&self) -> Value {
        json!({
            "serialNo": SERIAL, "make": "Rilascio", "model": "Simulated slap", "type": "Finger",
            "deviceSubType": "Slap", "deviceProvider": "Rilascio", "deviceProviderId": "rilascio",
            "dateTime": self.now(),
        })
    }

    fn signed(&self, payload: &Value) -> Result<String> {
        jws::sign(payload, &self.key.signer, &self.key.certificate)
    }

    fn facts(&self, identity: String) -> Value {
        json!({
            "deviceId": SERIAL, "deviceCode": SERIAL, "serialNo": SERIAL, "deviceStatus": "Ready",
            "certification": "L0", "serviceVersion": SPEC_VERSION, "deviceSubId": ["1", "2", "3"],
            "callbackId": format!("http://127.0.0.1:{}/", self.port), "digitalId": identity,
            "specVersion": [SPEC_VERSION], "purpose": REGISTRATION,
        })
    }

    fn discovery(&self, request: &Value) -> Value {
        let wanted = text(request, "type");
        if !matches!(wanted, "" | "Biometric Device" | "Finger") {
            return json!([]);
        }
        let mut facts = self.facts(jws::unsigned(&self.identity()));
        facts["error"] = fault(SUCCESS);
        json!([facts])
    }

    fn info(&self) -> Result<Value> {
        let mut facts = self.facts(self.signed(&self.identity())?);
        facts["firmware"] = json!(SPEC_VERSION);
        facts["env"] = json!("Developer");
        Ok(json!([{ "deviceInfo": self.signed(&facts)?, "error": fault(SUCCESS) }]))
    }

    /// Captures what a request asks for.
    fn capture(&self, request: &Value) -> Result<Value> {
        let refuse = |error| Ok(json!({ "biometrics": [failed(error)] }));
        let Ok(mut attempts) = self.attempts.try_lock() else {
            return refuse(BUSY);
        };
        let transaction = text(request, "transactionId");
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if !(4..=50).contains(&transaction.len()) || !transaction.chars().all(plain) {
            return refuse(BAD_TRANSACTION);
        }
        let asked = request["bio"].as_array().map_or(&[][..], Vec::as_slice);
        let attempt = *attempts;
        let mut found = Vec::new();
        for bio in asked {
            if text(bio, "type") != "Finger" {
                return refuse(UNSUPPORTED);
            }
            let serial = [text(bio, "deviceId"), text(bio, "serialNo")];
            if !serial.contains(&SERIAL) {
                return refuse(NOT_FOUND);
            }
            let Some(fingers) = wanted(bio) else {
                return refuse(UNSUPPORTED);
            };
            let mut previous = text(bio, "previousHash").to_owned();
            for finger in fingers {
                let item = self.item(request, bio, finger, attempt, &mut previous)?;
                found.push(item);
            }
        }
        if found.is_empty() || found.len() > FINGERS_MAX {
            return refuse(UNSUPPORTED);
        }
        *attempts += 1;
        Ok(json!({ "biometrics": found }))
    }

    fn item(
        &self,
        request: &Value,
        bio: &Value,
        finger: FingerPosition,
        attempt: u32,
        previous: &mut String,
    ) -> Result<Value> {
        let Some(picture) = self.fingers.picture(finger, attempt) else {
            return Ok(failed(NO_FINGER));
        };
        let (width, height) = (picture.width(), picture.height());
        let template = Extractor::new().extract(&picture);
        let measured = template.and_then(|template| print_quality(&picture, &template));
        let coded = encode_wsq(picture.pixels(), width, height);
        let (Ok(measured), Ok(coded)) = (measured, coded) else {
            return Ok(failed(TECHNICAL));
        };
        let image = FingerImage {
            position: finger,
            width: u16::try_from(width).unwrap_or(u16::MAX),
            height: u16::try_from(height).unwrap_or(u16::MAX),
            format: FingerFormat::Wsq,
            quality: measured.score,
            data: coded,
        };
        let at = (self.clock)().to_zoned(TimeZone::UTC).datetime();
        let record = image.encode_2011(at);
        let hash = chain(previous, &record)?;
        previous.clone_from(&hash);
        let score = number(&bio["requestedScore"]).unwrap_or(0);
        let data = json!({
            "digitalId": self.signed(&self.identity())?, "deviceCode": SERIAL,
            "deviceServiceVersion": SPEC_VERSION, "bioType": "Finger", "bioSubType": name_of(finger),
            "purpose": REGISTRATION, "env": request["env"],
            "bioValue": Base64UrlUnpadded::encode_string(&record),
            "transactionId": request["transactionId"], "timestamp": self.now(),
            "requestedScore": score.to_string(), "qualityScore": measured.score.to_string(),
        });
        Ok(json!({
            "specVersion": SPEC_VERSION, "data": self.signed(&data)?, "hash": hash,
            "error": fault(SUCCESS),
        }))
    }

    /// A picture of a stream.
    fn frame(&self, request: &Value, number: usize) -> Option<Vec<u8>> {
        let part = u8::try_from(self::number(&request["deviceSubId"])?).ok()?;
        let mut fingers = FingerPosition::ALL.into_iter();
        let finger = fingers.find(|finger| part_of(*finger) == part)?;
        let picture = self.fingers.picture(finger, u32::try_from(number).ok()?)?;
        let grey =
            GrayImage::from_raw(picture.width(), picture.height(), picture.pixels().to_vec())?;
        let mut out = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut out, FRAME_QUALITY);
        grey.write_with_encoder(encoder).ok()?;
        Some(out)
    }
}

/// The fingers that a request names, or those of its part of the glass; nothing where it asks for what cannot be.
fn wanted(bio: &Value) -> Option<Vec<FingerPosition>> {
    let part = u8::try_from(number(&bio["deviceSubId"])?).ok()?;
    let missing: BTreeSet<FingerPosition> = names(&bio["exception"])
        .into_iter()
        .filter_map(finger_of)
        .collect();
    let mut named = Vec::new();
    for name in names(&bio["bioSubType"]) {
        if name != "UNKNOWN" {
            named.push(finger_of(name)?);
        }
    }
    if named.is_empty() {
        named = FingerPosition::ALL
            .into_iter()
            .filter(|finger| part_of(*finger) == part)
            .collect();
    }
    named.retain(|finger| !missing.contains(finger));
    let fits = part == 0 || named.iter().all(|finger| part_of(*finger) == part);
    (fits && !named.is_empty()).then_some(named)
}

fn headers(mut response: Response) -> Response {
    let all = response.headers_mut();
    let value = |text: &'static str| header::HeaderValue::from_static(text);
    all.insert(header::CACHE_CONTROL, value("no-store"));
    all.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value("*"));
    all.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, value("Content-Type"));
    all.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        value("OPTIONS, RCAPTURE, CAPTURE, MOSIPDINFO, MOSIPDISC, SBIINFO, SBIDISC, STREAM"),
    );
    response
}

fn answer(outcome: Result<Value>) -> Response {
    match outcome {
        Ok(value) => axum::Json(value).into_response(),
        Err(why) => {
            tracing::error!(fault = %why, "the simulated device failed");
            axum::Json(json!({ "error": fault(TECHNICAL) })).into_response()
        }
    }
}

async fn handle(
    State(device): State<Arc<SimulatedDevice>>,
    method: Method,
    uri: axum::http::Uri,
    body: Bytes,
) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let response = match (method.as_str(), uri.path()) {
        ("OPTIONS", _) => StatusCode::NO_CONTENT.into_response(),
        ("MOSIPDISC" | "SBIDISC", "/device") => answer(Ok(device.discovery(&request))),
        ("MOSIPDINFO" | "SBIINFO", "/info") => {
            answer(crate::server::blocking(&Arc::clone(&device.slots), move || device.info()).await)
        }
        ("RCAPTURE", "/capture") => answer(
            crate::server::blocking(&Arc::clone(&device.slots), move || device.capture(&request))
                .await,
        ),
        // Captures for authentication are encrypted by a certified device; this one registers.
        ("CAPTURE", "/capture") => answer(Ok(json!({ "biometrics": [failed(UNSUPPORTED)] }))),
        ("STREAM", "/stream") => stream(device, request),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    };
    headers(response)
}

/// Pictures one after the other, until the time that the caller gave is over.
fn stream(device: Arc<SimulatedDevice>, request: Value) -> Response {
    let wanted = number(&request["timeout"]).unwrap_or(300_000);
    let most = usize::try_from(wanted / FRAME_EVERY.as_millis() as u64).unwrap_or(usize::MAX);
    let most = most.clamp(1, FRAMES_MAX);
    if device.frame(&request, 0).is_none() {
        return answer(Ok(
            json!({ "error": fault(("202", "no device connected")) }),
        ));
    }
    let frames = futures_util::stream::unfold(0, move |number| {
        let (device, request) = (Arc::clone(&device), request.clone());
        async move {
            if number >= most {
                return None;
            }
            if number > 0 {
                tokio::time::sleep(FRAME_EVERY).await;
            }
            let picture = tokio::task::spawn_blocking(move || device.frame(&request, number));
            let picture = picture.await.ok()??;
            let mut part = format!(
                "--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                picture.len()
            )
            .into_bytes();
            part.extend_from_slice(&picture);
            part.extend_from_slice(b"\r\n");
            Some((Ok::<_, Infallible>(Bytes::from(part)), number + 1))
        }
    });
    let kind = format!("multipart/x-mixed-replace; boundary=--{BOUNDARY}");
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(frames)).into_response()
}

/// Serves a device until it is stopped.
///
/// # Errors
/// When the listener fails.
pub async fn serve_device(
    listener: TcpListener,
    device: SimulatedDevice,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = Router::new()
        .fallback(any(handle))
        .with_state(Arc::new(device));
    axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await
}
