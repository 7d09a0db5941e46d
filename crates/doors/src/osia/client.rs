//! A client of an OSIA ABIS of somebody else.

use super::model::{
    BiometricData, Candidate, Encounter, EncounterStatus, FINGER, VerifyResult, finger_name,
};
use crate::{Error, Result};
use base64ct::{Base64, Encoding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use ureq::Agent;
use ureq::http::Method;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(25);
/// The largest answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The type of our encounters.
const TYPE: &str = "ISSUING";

/// A print that goes to an ABIS.
#[derive(Debug, Clone)]
pub struct AbisPrint<'a> {
    /// The finger, 1 to 10.
    pub finger: u8,
    /// The image, as it was taken: PNG, WSQ, JPEG.
    pub image: &'a [u8],
    /// Its resolution, in pixels per inch.
    pub resolution: u16,
    /// NFIQ 2 score, if it was measured.
    pub quality: Option<u8>,
}

/// A way to an ABIS.
pub struct AbisClient {
    agent: Agent,
    base: String,
    token: String,
    gallery: String,
    /// The score from which a candidate is one; what the ABIS thinks, if absent.
    threshold: Option<f32>,
    /// Names the transactions of this process apart from those of others.
    run: String,
    count: AtomicU64,
}

impl AbisClient {
    /// A way to the ABIS at an address such as `https://abis.example`, with a bearer token, searching and filling a
    /// gallery. `roots` are the certificates (PEM) that vouch for it; none are trusted otherwise.
    ///
    /// # Errors
    /// [`Error::Malformed`] when there is no certificate in `roots`, or none were given for `https`.
    pub fn new(base: &str, token: &str, gallery: &str, roots: Option<&[u8]>) -> Result<Self> {
        let mut settings = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .http_status_as_error(false);
        if base.starts_with("https:") {
            let certificates: Vec<_> = parse_pem(roots.unwrap_or_default())
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect();
            if certificates.is_empty() {
                return Err(Error::malformed(
                    "an ABIS over https needs the certificates (PEM) that vouch for it",
                ));
            }
            let provider = rustls::crypto::aws_lc_rs::default_provider();
            let tls = TlsConfig::builder()
                .root_certs(RootCerts::new_with_certs(&certificates))
                .unversioned_rustls_crypto_provider(Arc::new(provider))
                .build();
            settings = settings.tls_config(tls);
        }
        Ok(Self {
            agent: settings.build().into(),
            base: base.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
            gallery: gallery.to_owned(),
            threshold: None,
            run: String::new(),
            count: AtomicU64::new(0),
        })
    }

    /// The same, with the score from which a candidate is one.
    #[must_use]
    pub fn with_threshold(mut self, threshold: Option<f32>) -> Self {
        self.threshold = threshold;
        self
    }

    /// The same, with a word that names its transactions apart from those of other processes.
    #[must_use]
    pub fn with_run(mut self, run: &str) -> Self {
        run.clone_into(&mut self.run);
        self
    }

    fn fault(&self, why: impl ToString) -> Error {
        Error::Peer {
            peer: self.base.clone(),
            why: why.to_string(),
        }
    }

    /// One request; the status, and the body of an answer.
    fn ask(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&impl Serialize>,
    ) -> Result<(u16, Vec<u8>)> {
        let mut address = format!("{}/v1", self.base);
        for part in path {
            address.push('/');
            address.push_str(&escaped(part));
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let transaction = format!("{}{number}", self.run);
        address += &format!("?transactionId={}", escaped(&transaction));
        if let Some(threshold) = self.threshold {
            address += &format!("&threshold={threshold}");
        }
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(&address)
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json");
        let bytes = body
            .map(serde_json::to_vec)
            .transpose()
            .map_err(Error::malformed)?;
        let request = request
            .body(bytes.unwrap_or_default())
            .map_err(|why| self.fault(why))?;
        let mut answer = self.agent.run(request).map_err(|why| self.fault(why))?;
        let status = answer.status().as_u16();
        let bytes = answer
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec()
            .map_err(|why| self.fault(why))?;
        Ok((status, bytes))
    }

    fn refused(&self, status: u16, body: &[u8]) -> Error {
        let said = serde_json::from_slice::<super::OsiaError>(body);
        let said = said.map(|fault| fault.message).unwrap_or_default();
        self.fault(format!("it answered {status} {said}"))
    }

    fn read<T: DeserializeOwned>(&self, status: u16, body: &[u8]) -> Result<T> {
        if status != 200 {
            return Err(self.refused(status, body));
        }
        serde_json::from_slice(body).map_err(|why| self.fault(format!("its answer: {why}")))
    }

    /// Keeps prints of a person as an encounter; an encounter of that name is replaced.
    ///
    /// # Errors
    /// [`Error::Peer`].
    pub fn keep(&self, person: &str, encounter: &str, prints: &[AbisPrint<'_>]) -> Result<()> {
        let body = Encounter {
            encounter_id: None,
            status: EncounterStatus::Active,
            encounter_type: TYPE.to_owned(),
            galleries: vec![self.gallery.clone()],
            client_data: None,
            contextual_data: Map::new(),
            biographic_data: Map::new(),
            biometric_data: prints.iter().map(data).collect(),
        };
        let path = ["persons", person, "encounters", encounter];
        let (status, answer) = self.ask(Method::POST, &path, Some(&body))?;
        match status {
            200 => Ok(()),
            409 => match self.ask(Method::PUT, &path, Some(&body))? {
                (200 | 204, _) => Ok(()),
                (status, answer) => Err(self.refused(status, &answer)),
            },
            _ => Err(self.refused(status, &answer)),
        }
    }

    /// Looks for a person, whose encounters are kept there, among all others.
    ///
    /// # Errors
    /// [`Error::Peer`].
    pub fn identify(&self, person: &str) -> Result<Vec<Candidate>> {
        let path = ["identify", &self.gallery, person];
        let (status, answer) = self.ask(Method::POST, &path, Some(&json!({})))?;
        self.candidates(status, &answer)
    }

    /// Looks for whoever has these prints, and keeps nothing of them.
    ///
    /// # Errors
    /// [`Error::Peer`].
    pub fn identify_prints(&self, prints: &[AbisPrint<'_>]) -> Result<Vec<Candidate>> {
        let data: Vec<BiometricData> = prints.iter().map(data).collect();
        let body = json!({ "filter": {}, "biometricData": data });
        let (status, answer) = self.ask(Method::POST, &["identify", &self.gallery], Some(&body))?;
        // A gallery that nobody was put into yet.
        if status == 404 {
            return Ok(Vec::new());
        }
        self.candidates(status, &answer)
    }

    fn candidates(&self, status: u16, answer: &[u8]) -> Result<Vec<Candidate>> {
        let mut found: Vec<Candidate> = self.read(status, answer)?;
        if let Some(threshold) = self.threshold {
            found.retain(|one| one.score >= threshold);
        }
        Ok(found)
    }

    /// Compares prints with those of a person; nothing when the person is not there.
    ///
    /// # Errors
    /// [`Error::Peer`].
    pub fn verify(&self, person: &str, prints: &[AbisPrint<'_>]) -> Result<Option<VerifyResult>> {
        let data: Vec<BiometricData> = prints.iter().map(data).collect();
        let path = ["verify", &self.gallery, person];
        let body = json!({ "biometricData": data });
        let (status, answer) = self.ask(Method::POST, &path, Some(&body))?;
        if status == 404 {
            return Ok(None);
        }
        self.read(status, &answer).map(Some)
    }

    /// Erases a person; false when there was none.
    ///
    /// # Errors
    /// [`Error::Peer`].
    pub fn erase(&self, person: &str) -> Result<bool> {
        let nothing: Option<&()> = None;
        match self.ask(Method::DELETE, &["persons", person], nothing)? {
            (200 | 204, _) => Ok(true),
            (404, _) => Ok(false),
            (status, answer) => Err(self.refused(status, &answer)),
        }
    }
}

fn data(print: &AbisPrint<'_>) -> BiometricData {
    let compression = rilascio_biometrics::nist::Compression::of_bytes(print.image);
    use rilascio_biometrics::nist::Compression as C;
    let compression = compression.map(|known| match known {
        C::None => "NONE",
        C::Wsq => "WSQ",
        C::Jpeg => "JPEG",
        C::Jpeg2000 => "JPEG2000",
        C::Png => "PNG",
    });
    BiometricData {
        biometric_type: FINGER.to_owned(),
        biometric_sub_type: Some(finger_name(print.finger).to_owned()),
        image: Some(Base64::encode_string(print.image)),
        resolution: Some(print.resolution),
        compression: compression.map(str::to_owned),
        quality: print.quality.map(i64::from),
        quality_format: print.quality.map(|_| "NFIQ2".to_owned()),
        ..BiometricData::default()
    }
}

/// A text as a part of an address.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}
