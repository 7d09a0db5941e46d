//! What applicants see without an account, by the number and the code of their receipt: where the dossier is, which
//! documents came of it, and who looked them up.

use crate::api::{Answered, Api, SignedIn, blocking, parsed};
use crate::desk::Desk;
use crate::ledger::{Ledger, decode};
use crate::limits::ApplicantCounted;
use crate::{Result, Role};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router, body::Bytes};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use rilascio_circuit::process::{
    Actor, Block, Digest, DocumentId, DocumentState, Dossier, DossierId, PapersRequest, Phase,
    Reason, Reference, Registration, RegistrationEvent, Right, SiteId,
};
use rilascio_keys::CipherSuite;
use rilascio_store::{entity, journal, mark};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Letters and digits that nobody takes for each other (Crockford).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code: 60 bits, which nobody guesses.
const LETTERS: usize = 12;
/// The kind of marks by which the registry finds the documents of a receipt.
const RECEIPT: &str = "receipt";
/// Documents of one dossier that are shown: each after a complaint.
const DOCUMENTS_MAX: u32 = 20;
/// Entries of the journal of one document that are read, the newest.
const ENTRIES_MAX: u32 = 500;

/// What an applicant takes home from the desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The number of the dossier.
    pub dossier: DossierId,
    /// The code, in three groups of four.
    pub code: String,
}

impl Receipt {
    /// What the tables hold in the place of the code. Hyphens, blanks and small letters do not matter, nor does an `O`
    /// written for a zero or an `I` or `L` for a one.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let code: String = self
            .code
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        Digest::of(format!("{}/{code}", self.dossier).as_bytes())
    }
}

/// A look-up of a document by another administration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeenBy {
    /// When.
    pub at: Timestamp,
    /// The administration.
    pub administration: Reference,
    /// The purpose, by the act that allows it.
    pub purpose: Reference,
    /// Its case.
    pub case: Reference,
}

/// A document that came of a dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicantDocument {
    /// The document.
    pub document: DocumentId,
    /// Where it stands.
    pub state: DocumentState,
    /// Why it is blocked.
    pub block: Option<Block>,
    /// Its last day.
    pub valid_until: Date,
    /// Who looked it up.
    pub seen_by: Vec<SeenBy>,
}

/// What an applicant sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApplicantView {
    /// Where the dossier is, by its office.
    pub phase: Option<Phase>,
    /// The office.
    pub office: Option<SiteId>,
    /// The profile of the document.
    pub profile: Option<String>,
    /// When it was opened.
    pub opened: Option<Timestamp>,
    /// The day on which the document was promised to be at the office.
    pub promised: Option<Date>,
    /// When the holder comes, by the clock of the office.
    pub appointment: Option<DateTime>,
    /// Papers that are waited for, and until when the term stands still for them.
    pub papers: Option<PapersRequest>,
    /// Documents, by the registry.
    pub documents: Vec<ApplicantDocument>,
}

impl Ledger<'_> {
    /// The receipt of a dossier of this office: the code is made from a secret of the vault, and nowhere written down.
    pub(crate) fn receipt(&mut self, dossier: &DossierId) -> Result<Receipt> {
        let key = self.secret("receipts")?;
        let mac = CipherSuite::Aes256
            .full_mac(&key, dossier.as_str().as_bytes())
            .map_err(|_| crate::worker::malformed("the secret of receipts".to_owned()))?;
        let bits = u128::from_be_bytes(mac);
        let letter = |n: usize| char::from(ALPHABET[(bits >> (5 * n)) as usize & 31]);
        let letters: Vec<char> = (0..LETTERS).map(letter).collect();
        let groups: Vec<String> = letters.chunks(4).map(|g| g.iter().collect()).collect();
        Ok(Receipt {
            dossier: dossier.clone(),
            code: groups.join("-"),
        })
    }
}

/// The registry will find a document by the receipt of its dossier.
pub(crate) fn file(ledger: &mut Ledger<'_>, document: &DocumentId, receipt: &Digest) -> Result<()> {
    let marks = [receipt.as_str().to_owned()];
    Ok(mark::replace(
        ledger.tx,
        RECEIPT,
        document.as_str(),
        &marks,
    )?)
}

#[derive(Deserialize)]
struct Line {
    at: i64,
    event: serde_json::Value,
}

fn seen_by(entry: &journal::Entry) -> Option<SeenBy> {
    let line: Line = serde_json::from_str(&entry.text).ok()?;
    let event: RegistrationEvent = serde_json::from_value(line.event).ok()?;
    let RegistrationEvent::LookedUp(_, administration, purpose, case) = event else {
        return None;
    };
    Some(SeenBy {
        at: Timestamp::from_millisecond(line.at).ok()?,
        administration,
        purpose,
        case,
    })
}

impl Desk {
    /// The receipt of a dossier, for an officer who enrols at its office; the journal notes who printed it.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.site`, `circuit.unknown`, or what the store says.
    pub fn receipt(
        self: &Arc<Self>,
        dossier: &DossierId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Receipt> {
        let (dossier, by) = (dossier.clone(), actor.clone());
        self.transact(actor, now, move |ledger| {
            let known: Dossier = ledger.known(dossier.as_str())?;
            by.needs_at(Right::Enrol, &known.office)?;
            by.needs_profile(&known.profile)?;
            let receipt = ledger.receipt(&dossier)?;
            // One that was opened elsewhere, or under a secret that is gone, has a receipt that nobody can print again.
            if known.receipt.as_ref() != Some(&receipt.digest()) {
                return Err(Reason::Unknown.refusal().into());
            }
            ledger.note(&by, "receipt", dossier.as_str(), &"printed")?;
            Ok(receipt)
        })
    }

    /// The dossier of a receipt; nothing for a wrong code.
    pub(crate) fn of_receipt(&self, receipt: &Receipt) -> Result<Option<Dossier>> {
        let known = self.dossier(receipt.dossier.as_str())?;
        let digest = receipt.digest();
        Ok(known.filter(|known| known.receipt.as_ref() == Some(&digest)))
    }

    /// Adds what this desk knows to what an applicant sees; false when the receipt is not one of its own.
    ///
    /// # Errors
    /// What the store says.
    pub fn show_applicant(&self, receipt: &Receipt, view: &mut ApplicantView) -> Result<bool> {
        match self.role {
            Role::Office => {
                let Some(known) = self.of_receipt(receipt)? else {
                    return Ok(false);
                };
                view.phase = Some(known.phase);
                view.office = Some(known.office);
                view.profile = Some(known.profile);
                view.opened = Some(known.opened);
                view.appointment = known.collection.appointment;
                view.promised = known.terms.promised;
                view.papers = known.terms.papers.filter(|asked| asked.closed.is_none());
                Ok(true)
            }
            Role::Registry => {
                let digest = receipt.digest();
                let found = self.store.read::<_, crate::Error, _>(move |tx| {
                    let mut found = Vec::new();
                    let sharing = mark::sharing(tx, digest.as_str(), RECEIPT, "", DOCUMENTS_MAX)?;
                    for id in sharing {
                        let row = entity::get(tx, "registration", &id)?;
                        let Some(row) = row else { continue };
                        let known: Registration = decode(&row)?;
                        let entries = journal::latest_of(tx, "registration", &id, ENTRIES_MAX)?;
                        found.push(ApplicantDocument {
                            document: known.document.id,
                            state: known.document.state,
                            block: known.document.block,
                            valid_until: known.document.valid_until,
                            seen_by: entries.iter().filter_map(seen_by).collect(),
                        });
                    }
                    Ok(found)
                })?;
                let any = !found.is_empty();
                view.documents.extend(found);
                Ok(any)
            }
            Role::Centre | Role::Works => Ok(false),
        }
    }
}

/// The routes of applicants.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/applicant", post(applicant))
        .route("/v1/office/dossier/{id}/receipt", get(receipt))
}

async fn receipt(
    State(api): State<Api>,
    Path(id): Path<DossierId>,
    SignedIn(session): SignedIn,
) -> Answered<Json<Receipt>> {
    let desk = api.desk(Role::Office.name())?;
    let now = api.now();
    let made = blocking(move || desk.receipt(&id, &session.actor, now)).await?;
    Ok(Json(made))
}

async fn applicant(
    _: ApplicantCounted,
    State(api): State<Api>,
    body: Bytes,
) -> Answered<Json<ApplicantView>> {
    let receipt: Receipt = parsed(&body)?;
    let desks: Vec<_> = [Role::Office, Role::Registry]
        .into_iter()
        .filter_map(|role| api.desk(role.name()).ok())
        .collect();
    let view = blocking(move || {
        let mut view = ApplicantView::default();
        let mut known = false;
        for desk in desks {
            known |= desk.show_applicant(&receipt, &mut view)?;
        }
        Ok(known.then_some(view))
    })
    .await?;
    // A wrong code and an unknown number are answered alike.
    let view = view.ok_or_else(|| Reason::Unknown.refusal())?;
    Ok(Json(view))
}
