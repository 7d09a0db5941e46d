//! A client of capture devices: finds them on the loopback, and believes only what a trusted device signed now, for this
//! request, in unbroken order.

use super::{PORTS, REGISTRATION, SPEC_VERSION, chain, finger_of, jws, name_of, part_of};
use crate::{Error, Result};
use base64ct::{Base64UrlUnpadded, Encoding};
use jiff::{SignedDuration, Timestamp};
use rilascio_mrtd::finger::{FingerImage, FingerPosition};
use rilascio_pki::Certificate;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;
use ureq::Agent;
use ureq::http::Method;

/// How long a port may take to answer whether somebody is there.
const KNOCK: Duration = Duration::from_millis(50);
/// How long a device may take beyond the time that a capture has.
const PATIENCE: Duration = Duration::from_secs(10);
/// How far the clock of a device may be from ours.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);
/// The largest answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// A capture device that is there and ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureDevice {
    /// Where it listens.
    pub address: String,
    /// Its serial number.
    pub serial: String,
    /// Maker and model.
    pub model: String,
}

/// What a device is asked to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureRequest {
    /// The fingers, all on one part of the glass: one hand without thumbs, or both thumbs.
    pub fingers: Vec<FingerPosition>,
    /// The score from which the device stops by itself, 0 to 100.
    pub score: u8,
    /// After this time the best picture counts.
    pub timeout: Duration,
    /// The name of the capture, 4 to 50 letters, digits and hyphens.
    pub transaction: String,
    /// The hash of the last capture of this person; empty at first.
    pub previous: String,
}

/// A print that a device captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedPrint {
    /// Finger and image; the quality is the one that the device gives.
    pub image: FingerImage,
    /// The hash with which the next capture goes on.
    pub hash: String,
}

fn agent(patience: Duration) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .build()
        .into()
}

fn peer(address: &str, why: impl ToString) -> Error {
    Error::Peer {
        peer: address.to_owned(),
        why: why.to_string(),
    }
}

fn untrusted(why: impl Into<String>) -> Error {
    Error::Untrusted { why: why.into() }
}

fn ask(address: &str, method: &str, path: &str, body: &Value, patience: Duration) -> Result<Value> {
    let method = Method::from_bytes(method.as_bytes()).map_err(Error::malformed)?;
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{address}{path}"))
        .header("Content-Type", "application/json")
        .body(body.to_string())
        .map_err(|why| peer(address, why))?;
    let mut answer = agent(patience)
        .run(request)
        .map_err(|why| peer(address, why))?;
    let bytes = answer
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec()
        .map_err(|why| peer(address, why))?;
    serde_json::from_slice(&bytes).map_err(|why| peer(address, format!("its answer: {why}")))
}

fn check_fault(address: &str, value: &Value) -> Result<()> {
    let code = value["errorCode"].as_str().unwrap_or("0");
    if code == "0" {
        return Ok(());
    }
    let text = value["errorInfo"].as_str().unwrap_or_default();
    Err(peer(address, format!("error {code}: {text}")))
}

/// Finger scanners of this machine that are ready and that somebody who is trusted certified. A port on which something
/// else listens is passed over.
pub fn find_devices(anchors: &[Certificate], now: Timestamp) -> Vec<CaptureDevice> {
    let mut found = Vec::new();
    for port in PORTS {
        let place = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpStream::connect_timeout(&place, KNOCK).is_err() {
            continue;
        }
        match CaptureDevice::at(port, anchors, now) {
            Ok(device) => found.extend(device),
            Err(why) => tracing::info!(port, fault = %why, "no capture device that can be used"),
        }
    }
    found
}

impl CaptureDevice {
    /// The finger scanner at a port; nothing when it is another device, or not ready.
    ///
    /// # Errors
    /// [`Error::Peer`] or [`Error::Untrusted`].
    pub fn at(port: u16, anchors: &[Certificate], now: Timestamp) -> Result<Option<Self>> {
        let address = format!("http://127.0.0.1:{port}");
        let answer = ask(&address, "MOSIPDINFO", "/info", &json!({}), PATIENCE)?;
        for one in answer.as_array().into_iter().flatten() {
            check_fault(&address, &one["error"])?;
            let info = one["deviceInfo"].as_str().unwrap_or_default();
            let info = jws::open(info, anchors, now)?;
            let identity = info["digitalId"].as_str().unwrap_or_default();
            let identity = jws::open(identity, anchors, now)?;
            if identity["type"] != "Finger" || info["deviceStatus"] != "Ready" {
                continue;
            }
            let text = |key: &str| identity[key].as_str().unwrap_or_default();
            return Ok(Some(Self {
                address,
                serial: text("serialNo").to_owned(),
                model: format!("{} {}", text("make"), text("model")),
            }));
        }
        Ok(None)
    }

    /// Captures fingers; each is the one that was asked for, signed now and for this request.
    ///
    /// # Errors
    /// [`Error::Peer`] when the device says no, [`Error::Untrusted`] when what it says cannot be believed.
    pub fn capture(
        &self,
        request: &CaptureRequest,
        anchors: &[Certificate],
        now: Timestamp,
    ) -> Result<Vec<CapturedPrint>> {
        let part = request.fingers.first().copied().map(part_of);
        let same = |finger: &FingerPosition| Some(part_of(*finger)) == part;
        let wanted: BTreeSet<FingerPosition> = request.fingers.iter().copied().collect();
        if part.is_none()
            || wanted.len() != request.fingers.len()
            || !request.fingers.iter().all(same)
        {
            return Err(Error::malformed(
                "fingers of one capture lie together: one hand without thumbs, or both thumbs, each once",
            ));
        }
        let names: Vec<&str> = request
            .fingers
            .iter()
            .map(|finger| name_of(*finger))
            .collect();
        let body = json!({
            "env": "Developer", "purpose": REGISTRATION, "specVersion": SPEC_VERSION,
            "timeout": request.timeout.as_millis().to_string(),
            "captureTime": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "transactionId": request.transaction, "customOpts": null,
            "bio": [{
                "type": "Finger", "count": names.len().to_string(), "bioSubType": names, "exception": [],
                "requestedScore": request.score.to_string(), "deviceId": self.serial, "serialNo": self.serial,
                "deviceSubId": part.unwrap_or_default().to_string(), "previousHash": request.previous,
            }],
        });
        let patience = request.timeout + PATIENCE;
        let answer = ask(&self.address, "RCAPTURE", "/capture", &body, patience)?;
        let items = answer["biometrics"].as_array();
        let items = items.ok_or_else(|| peer(&self.address, "an answer without biometrics"))?;
        let mut prints = Vec::new();
        let mut previous = request.previous.clone();
        for item in items {
            check_fault(&self.address, &item["error"])?;
            let print = self.read(item, request, &previous, anchors, now)?;
            previous.clone_from(&print.hash);
            prints.push(print);
        }
        let found: BTreeSet<FingerPosition> =
            prints.iter().map(|print| print.image.position).collect();
        if found != wanted || prints.len() != wanted.len() {
            return Err(untrusted("the fingers are not those that were asked for"));
        }
        Ok(prints)
    }

    fn read(
        &self,
        item: &Value,
        request: &CaptureRequest,
        previous: &str,
        anchors: &[Certificate],
        now: Timestamp,
    ) -> Result<CapturedPrint> {
        let data = jws::open(item["data"].as_str().unwrap_or_default(), anchors, now)?;
        let text = |key: &str| data[key].as_str().unwrap_or_default();
        if text("transactionId") != request.transaction || text("purpose") != REGISTRATION {
            return Err(untrusted("the capture is of another request"));
        }
        let identity = jws::open(text("digitalId"), anchors, now)?;
        if identity["serialNo"] != self.serial.as_str() {
            return Err(untrusted("the capture is of another device"));
        }
        let at: Timestamp = text("timestamp")
            .parse()
            .map_err(|_| untrusted("the capture does not say when it was made"))?;
        if now.duration_since(at).abs() > CLOCKS_APART {
            return Err(untrusted(format!(
                "the capture was made at {at}: too long ago, or the clocks differ"
            )));
        }
        let record = Base64UrlUnpadded::decode_vec(text("bioValue").trim_end_matches('='))
            .map_err(|_| untrusted("the record is not base 64"))?;
        let hash = chain(previous, &record)?;
        if item["hash"].as_str() != Some(&hash) {
            return Err(untrusted("the chain of hashes is broken"));
        }
        let mut image = FingerImage::decode_any(&record)
            .map_err(|why| peer(&self.address, format!("its record: {why}")))?;
        if finger_of(text("bioSubType")) != Some(image.position) {
            return Err(untrusted(
                "the record is of another finger than the capture says",
            ));
        }
        let score = text("qualityScore").parse::<f32>().ok();
        if let Some(score) = score.filter(|score| (0.0..=100.0).contains(score)) {
            image.quality = score.round() as u8;
        }
        Ok(CapturedPrint { image, hash })
    }
}
