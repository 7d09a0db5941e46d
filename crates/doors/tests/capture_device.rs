//! A capture device and its client: fingers come with their signatures, and what cannot be believed is not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::{
    Extract, Extractor, GreyImage, Prepared, compare, decode_wsq, read_print,
};
use rilascio_doors::Error;
use rilascio_doors::sbi::{
    CaptureDevice, CaptureRequest, DeviceKey, FingersOnGlass, SimulatedDevice, serve_device,
};
use rilascio_mrtd::finger::{FingerImage, FingerPosition};
use rilascio_pki::Certificate;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

/// A sample person without a left ring finger.
struct Glass;

fn picture(finger: &str) -> Option<GreyImage> {
    let path = format!(
        "{}/../../examples/images/prints/person-2/{finger}.png",
        env!("CARGO_MANIFEST_DIR")
    );
    read_print(&std::fs::read(path).ok()?, 500).ok()
}

impl FingersOnGlass for Glass {
    fn picture(&self, finger: FingerPosition, _: u32) -> Option<GreyImage> {
        picture(finger.name()).filter(|_| finger != FingerPosition::LeftRing)
    }
}

struct Site {
    port: u16,
    provider: Certificate,
    clock: Arc<Mutex<Timestamp>>,
}

fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let key = DeviceKey::make(now(), &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
        let provider = key.provider().clone();
        let clock = Arc::new(Mutex::new(now()));
        let (send, receive) = std::sync::mpsc::channel();
        let own = Arc::clone(&clock);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let port = listener.local_addr().unwrap().port();
                let clock = Arc::new(move || *own.lock().unwrap());
                let device = SimulatedDevice::new(key, Box::new(Glass), clock, port);
                send.send(port).unwrap();
                serve_device(listener, device, std::future::pending())
                    .await
                    .unwrap();
            });
        });
        Site {
            port: receive.recv().unwrap(),
            provider,
            clock,
        }
    })
}

/// Tests share the clock of the device.
static ALONE: Mutex<()> = Mutex::new(());

fn request(fingers: &[FingerPosition], previous: &str) -> CaptureRequest {
    CaptureRequest {
        fingers: fingers.to_vec(),
        score: 30,
        timeout: Duration::from_secs(5),
        transaction: "enrol-0001".into(),
        previous: previous.into(),
    }
}

fn ask(method: &str, path: &str, body: &Value) -> (u16, String) {
    let settings = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .build();
    let agent: ureq::Agent = settings.into();
    let request = ureq::http::Request::builder()
        .method(ureq::http::Method::from_bytes(method.as_bytes()).unwrap())
        .uri(format!("http://127.0.0.1:{}{path}", site().port))
        .body(body.to_string())
        .unwrap();
    let mut answer = agent.run(request).unwrap();
    let bytes = answer.body_mut().read_to_vec().unwrap();
    (
        answer.status().as_u16(),
        String::from_utf8_lossy(&bytes).into_owned(),
    )
}

#[test]
fn fingers_are_captured_with_their_chain_and_can_be_compared() {
    let _alone = ALONE.lock().unwrap();
    let site = site();
    let anchors = [site.provider.clone()];
    let device = CaptureDevice::at(site.port, &anchors, now())
        .unwrap()
        .unwrap();
    assert_eq!(device.serial, "SIMULATED-1");
    use FingerPosition::{LeftThumb, RightIndex, RightMiddle, RightThumb};
    let hand = device
        .capture(&request(&[RightIndex, RightMiddle], ""), &anchors, now())
        .unwrap();
    assert_eq!(hand[0].image.position, RightIndex);
    assert!(hand.iter().all(|print| print.image.quality <= 100));
    // The next capture goes on where this one ended.
    let thumbs = request(&[RightThumb, LeftThumb], &hand[1].hash);
    let thumbs = device.capture(&thumbs, &anchors, now()).unwrap();
    assert_eq!(thumbs.len(), 2);
    assert_ne!(thumbs[0].hash, hand[1].hash);
    // It is the finger that lay on the glass.
    let taken = decode_wsq(&hand[0].image.data).unwrap();
    let taken = GreyImage::new(taken.width, taken.height, 500, taken.pixels).unwrap();
    let template = |image: &GreyImage| Prepared::from(Extractor::new().extract(image).unwrap());
    let known = template(&picture("right-index").unwrap());
    let other = template(&picture("right-middle").unwrap());
    assert!(compare(&template(&taken), &known).score() > 1500);
    assert!(compare(&template(&taken), &other).score() < 700);
}

/// Why something was not believed.
fn refused<T>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Untrusted { why }) => why,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was believed"),
    }
}

#[test]
fn what_cannot_be_believed_is_refused() {
    let _alone = ALONE.lock().unwrap();
    let site = site();
    let anchors = [site.provider.clone()];
    let index = [FingerPosition::RightIndex];
    let device = CaptureDevice::at(site.port, &anchors, now())
        .unwrap()
        .unwrap();
    // Nobody vouches for it; another provider vouches for others.
    let stranger = DeviceKey::make(now(), &mut ChaCha20Rng::seed_from_u64(2)).unwrap();
    for anchors in [vec![], vec![stranger.provider().clone()]] {
        let why = refused(CaptureDevice::at(site.port, &anchors, now()));
        assert!(why.contains("trusted"), "{why}");
    }
    // Its certificate has ended.
    let later = now() + SignedDuration::from_hours(24 * 4000);
    refused(CaptureDevice::at(site.port, &anchors, later));
    // Its clock is an hour behind.
    *site.clock.lock().unwrap() = now() - SignedDuration::from_hours(1);
    let why = refused(device.capture(&request(&index, ""), &anchors, now()));
    assert!(why.contains("clocks"), "{why}");
    *site.clock.lock().unwrap() = now();
    // What the device does not have, and what nobody can ask.
    let left = request(&[FingerPosition::LeftRing], "");
    assert!(matches!(
        device.capture(&left, &anchors, now()),
        Err(Error::Peer { .. })
    ));
    for fingers in [
        &[FingerPosition::RightIndex, FingerPosition::RightThumb][..],
        &[FingerPosition::RightIndex, FingerPosition::RightIndex],
        &[],
    ] {
        let outcome = device.capture(&request(fingers, ""), &anchors, now());
        assert!(matches!(outcome, Err(Error::Malformed { .. })));
    }
    let mut wrong = request(&index, "");
    wrong.transaction = "x y".into();
    assert!(matches!(
        device.capture(&wrong, &anchors, now()),
        Err(Error::Peer { .. })
    ));
    let broken = request(&index, "no hash");
    assert!(device.capture(&broken, &anchors, now()).is_err());
}

#[test]
fn other_callers_are_understood_too() {
    let _alone = ALONE.lock().unwrap();
    let (_, found) = ask(
        "SBIDISC",
        "/device",
        &json!({ "type": "Biometric Device", "specVersion": "1.0" }),
    );
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found[0]["error"]["errorCode"], "0");
    let callback = found[0]["callbackId"].as_str().unwrap();
    assert!(callback.ends_with('/'));
    assert_eq!(
        ask("MOSIPDISC", "/device", &json!({ "type": "Face" })).1,
        "[]"
    );
    assert_eq!(ask("GET", "/device", &json!({})).0, 405);
    // Numbers as numbers, no names of fingers, nothing before: the whole part of the glass.
    let body = json!({ "env": "Developer", "transactionId": "web-1", "bio": [{ "type": "Finger", "count": 4,
        "deviceId": "SIMULATED-1", "deviceSubId": 2, "requestedScore": 40, "previousHash": null }] });
    let (_, answer) = ask("RCAPTURE", "/capture", &body);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let all = answer["biometrics"].as_array().unwrap();
    assert_eq!(all.len(), 4);
    assert!(all.iter().any(|one| one["error"]["errorCode"] == "0"));
    assert!(all[0]["hash"].as_str().unwrap().len() == 64);
    let (_, answer) = ask("CAPTURE", "/capture", &body);
    assert!(answer.contains("\"109\""));
    // A stream of pictures, as long as it was asked for.
    let body = json!({ "deviceId": "SIMULATED-1", "deviceSubId": "2", "timeout": "400" });
    let (status, stream) = ask("STREAM", "/stream", &body);
    assert_eq!(status, 200);
    assert_eq!(stream.matches("--BoundaryString").count(), 2);
    assert!(stream.contains("Content-Length: "));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn records_of_2011_go_both_ways_and_changed_ones_do_no_harm(
        place in 0usize..300,
        byte: u8,
        quality in 0u8..=101,
        length in 0usize..100,
    ) {
        let image = FingerImage {
            position: FingerPosition::LeftMiddle,
            width: 315,
            height: 394,
            format: rilascio_mrtd::finger::FingerFormat::Wsq,
            quality: if quality > 100 { FingerImage::QUALITY_UNKNOWN } else { quality },
            data: vec![7; length],
        };
        let at = now().to_zoned(jiff::tz::TimeZone::UTC).datetime();
        let mut record = image.encode_2011(at);
        prop_assert_eq!(FingerImage::decode_any(&record).unwrap(), image.clone());
        prop_assert_eq!(FingerImage::decode_any(&image.encode()).unwrap(), image);
        let length = record.len();
        record[place % length] = byte;
        let _ = FingerImage::decode_any(&record);
        let _ = FingerImage::decode_any(&record[..place % length]);
    }
}
