//! The certificates of an installation and the days on which they end.

use crate::api::{Answered, Api, SignedIn};
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use rilascio_circuit::process::{Reason, Right};
use rilascio_pki::{Certificate, RevocationList};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateKind {
    /// A country signer: its documents are checked for as long as it lasts.
    Csca,
    /// A document signer.
    DocumentSigner,
    /// A revocation list: due before it ends.
    RevocationList,
    /// The authority of the circuit.
    CircuitAuthority,
    /// A node of the circuit.
    Node,
    /// What vouches for the cards of officers, and for hosts.
    OperatorsAuthority,
}

/// A certificate, or a list, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CertificateEntry {
    /// What it is for.
    pub kind: CertificateKind,
    /// Whose it is.
    pub subject: String,
    /// Its serial number; nothing for a list.
    pub serial: Option<String>,
    /// From when it is valid.
    pub from: Timestamp,
    /// Until when; nothing for a list that says nothing of it.
    pub until: Option<Timestamp>,
}

impl CertificateEntry {
    /// A certificate of that kind.
    #[must_use]
    pub fn of(kind: CertificateKind, certificate: &Certificate) -> Self {
        let (from, until) = certificate.validity();
        Self {
            kind,
            subject: certificate.subject_name(),
            serial: Some(certificate.serial_hex()),
            from,
            until: Some(until),
        }
    }

    /// A list of somebody.
    #[must_use]
    pub fn of_list(issuer: &Certificate, list: &RevocationList) -> Self {
        let (from, until) = list.period();
        Self {
            kind: CertificateKind::RevocationList,
            subject: issuer.subject_name(),
            serial: None,
            from,
            until,
        }
    }
}

/// The certificates of an installation, as they are now.
pub type Certificates = Arc<dyn Fn() -> Vec<CertificateEntry> + Send + Sync>;

/// The routes.
pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/v1/certificates", get(certificates))
}

/// Those who run or audit a desk see them, the soonest to end first.
async fn certificates(
    State(api): State<Api>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Vec<CertificateEntry>>> {
    let rights = &session.actor.rights;
    if !rights.contains(&Right::Administer) && !rights.contains(&Right::Audit) {
        return Err(Reason::Right.refusal().into());
    }
    let read = Arc::clone(&api.certificates);
    let found = crate::api::blocking(move || Ok(read()));
    let mut found = found.await?;
    found.sort_by_key(|entry| (entry.until.is_none(), entry.until));
    Ok(Json(found))
}
