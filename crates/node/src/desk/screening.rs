//! Screening at the centre: every application is compared with other dossiers and with watch-lists, by marks that only
//! whoever has the key of the index can make.

use super::centre::step;
use super::package::{APPLICATION, RECORD};
use crate::command::{Answer, WatchedPerson};
use crate::desk::Desk;
use crate::ledger::{Ledger, decode, word};
use crate::{Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use rilascio_circuit::process::{
    Actor, Digest, Document, Dossier, DossierCommand, DossierId, Phase, Reason, Reference, Right,
    Screening, WatchCommand, WatchEntry, WatchEntryId, WatchState,
};
use rilascio_circuit::{Application, Identity};
use rilascio_keys::CipherSuite;
use rilascio_mrtd::date::BirthDate;
use rilascio_store::vault::Compartment;
use rilascio_store::{Tx, entity, mark, work};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// Kinds of things that have marks.
const DOSSIER: &str = "dossier";
const WATCH_ENTRY: &str = "watch-entry";
const PERSON: &str = "person";
/// The job that ends an entry after its last day.
pub(crate) const LAPSE: &str = "lapse-watch-entry";
/// Findings of one dossier that are counted and shown.
const FINDINGS_MAX: usize = 100;
/// Things with one mark that are read at a time.
const PAGE: u32 = 100;

/// Why an officer has to look before a grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Finding {
    /// Another dossier for the same kind of document, alive or with a document that is, of somebody who may be the same.
    OtherDossier {
        /// The dossier.
        dossier: DossierId,
    },
    /// The document that is to be replaced seems to be somebody else's.
    OtherHolder {
        /// The dossier that made it.
        dossier: DossierId,
    },
    /// An entry of a watch-list.
    Listed {
        /// The entry.
        entry: WatchEntryId,
        /// The list.
        list: Reference,
        /// The act that ordered it.
        act: Reference,
    },
}

/// A finding with the names and dates that an officer compares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownFinding {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// The person of the other dossier or entry; nothing when it was forgotten.
    pub person: Option<WatchedPerson>,
}

/// The findings of a dossier, and what names them together when an officer judges them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownFindings {
    /// The digest of the findings.
    pub seen: Digest,
    /// The findings.
    pub findings: Vec<ShownFinding>,
}

impl Ledger<'_> {
    /// Words as marks: nobody who has only the tables can tell whose they are, or look for a name.
    fn marks(&mut self, words: &BTreeSet<String>) -> Result<Vec<String>> {
        let key = self.secret("index-of-marks")?;
        words
            .iter()
            .map(|word| {
                let mac = CipherSuite::Aes256
                    .full_mac(&key, word.as_bytes())
                    .map_err(|_| Error::Corrupt {
                        what: "key of the index",
                        id: String::new(),
                        why: "it has another length".to_owned(),
                    })?;
                let mut text = String::with_capacity(32);
                for byte in mac {
                    let _ = write!(text, "{byte:02x}");
                }
                Ok(text)
            })
            .collect()
    }
}

/// A dossier that came in: its marks are kept, and it is compared.
pub(super) fn take_in(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    application: &Application,
) -> Result<()> {
    let identity = Identity::from(&application.person);
    file(ledger, DOSSIER, dossier.as_str(), &identity)?;
    compare(ledger, dossier)
}

/// Compares a dossier with what is known now; what is new brings it back to examination.
fn compare(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let screening = if ledger.profile(&known.profile)?.circuit.screening {
        let found = findings(ledger.tx, &known)?.len();
        match u16::try_from(found).unwrap_or(u16::MAX) {
            0 => Screening::Clear,
            count => Screening::Findings(count),
        }
    } else {
        Screening::NotDue
    };
    let _: Dossier = ledger.step_by_system(dossier.as_str(), &DossierCommand::Screen(screening))?;
    Ok(())
}

/// Keeps the marks of somebody: the exact ones, and those that only meet others of whom less is known.
fn file(ledger: &mut Ledger<'_>, kind: &str, id: &str, identity: &Identity<'_>) -> Result<()> {
    let exact = ledger.marks(&identity.words())?;
    mark::replace(ledger.tx, kind, id, &exact)?;
    let coarse = ledger.marks(&identity.coarse_words())?;
    mark::replace(ledger.tx, &coarse_kind(kind), id, &coarse)?;
    Ok(())
}

fn coarse_kind(kind: &str) -> String {
    format!("{kind}-coarse")
}

fn remove_marks(ledger: &mut Ledger<'_>, kind: &str, id: &str) -> Result<()> {
    mark::remove(ledger.tx, kind, id)?;
    Ok(mark::remove(ledger.tx, &coarse_kind(kind), id)?)
}

/// Things of a kind who may be the person of a thing that has marks: the same word, or the word of less with that of more.
fn alike(tx: &mut dyn Tx, of: (&str, &str), kind: &str) -> Result<BTreeSet<String>> {
    let exact = mark::of(tx, of.0, of.1)?;
    let coarse = mark::of(tx, &coarse_kind(of.0), of.1)?;
    let mut found = sharing(tx, &exact, kind)?;
    found.extend(sharing(tx, &exact, &coarse_kind(kind))?);
    found.extend(sharing(tx, &coarse, kind)?);
    Ok(found)
}

/// Nobody finds a dossier any more that came to nothing or was forgotten.
pub(super) fn forget(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    remove_marks(ledger, DOSSIER, dossier.as_str())
}

/// Things of a kind that share a mark with others, each once.
fn sharing(tx: &mut dyn Tx, marks: &[String], kind: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for one in marks {
        let mut after = String::new();
        loop {
            let page = mark::sharing(tx, one, kind, &after, PAGE)?;
            let short = page.len() < PAGE as usize;
            after = page.last().cloned().unwrap_or_default();
            found.extend(page);
            if short || found.len() >= 10 * FINDINGS_MAX {
                break;
            }
        }
    }
    Ok(found)
}

fn known<A: crate::ledger::Tabled>(tx: &mut dyn Tx, id: &str) -> Result<Option<A>> {
    entity::get(tx, A::KIND, id)?
        .as_ref()
        .map(decode)
        .transpose()
}

/// What tells these findings from others.
fn digest_of(findings: &[Finding]) -> Result<Digest> {
    Ok(Digest::of(
        crate::ledger::encode("findings", &findings)?.as_bytes(),
    ))
}

/// What stands against a grant of that dossier, or may.
fn findings(tx: &mut dyn Tx, dossier: &Dossier) -> Result<Vec<Finding>> {
    let own = (DOSSIER, dossier.id.as_str());
    let mut found = Vec::new();
    for id in alike(tx, own, WATCH_ENTRY)? {
        let entry: Option<WatchEntry> = known(tx, &id)?;
        if let Some(entry) = entry.filter(|entry| entry.state == WatchState::InForce) {
            found.push(Finding::Listed {
                entry: entry.id,
                list: entry.list,
                act: entry.act,
            });
        }
    }
    let previous = match &dossier.previous {
        Some(previous) => known::<Document>(tx, previous.as_str())?,
        None => None,
    };
    if let Some(previous) = &previous {
        let old = previous.dossier.as_str();
        let known = !mark::of(tx, DOSSIER, old)?.is_empty();
        if known && !alike(tx, own, DOSSIER)?.contains(old) {
            found.push(Finding::OtherHolder {
                dossier: previous.dossier.clone(),
            });
        }
    }
    for id in alike(tx, own, DOSSIER)? {
        let replaced = previous.as_ref().is_some_and(|p| p.dossier.as_str() == id);
        if replaced || id == dossier.id.as_str() || found.len() >= FINDINGS_MAX {
            continue;
        }
        let Some(other) = known::<Dossier>(tx, &id)? else {
            continue;
        };
        let document = match &other.document {
            Some(document) => known::<Document>(tx, document.as_str())?,
            None => None,
        };
        let over = matches!(
            other.phase,
            Phase::Refused | Phase::Cancelled | Phase::Recalled
        ) || other.phase == Phase::HandedOver
            && document.is_some_and(|document| document.is_dead());
        if other.profile == dossier.profile && !over {
            found.push(Finding::OtherDossier { dossier: other.id });
        }
    }
    Ok(found)
}

/// Judges the findings of a dossier, as the officer saw them.
pub(super) fn examine(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    seen: &Digest,
    clear: bool,
) -> Result<Answer> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    if digest_of(&findings(ledger.tx, &known)?)? != *seen {
        return Err(Reason::FindingsChanged.refusal().into());
    }
    step(ledger, dossier, &DossierCommand::Examine(clear))
}

fn malformed(why: String) -> Error {
    Error::Malformed {
        what: "watch entry",
        why,
    }
}

/// Enters a person into a list; dossiers under way that may be theirs go back to examination.
pub(super) fn enter(
    ledger: &mut Ledger<'_>,
    list: &Reference,
    act: &Reference,
    until: Date,
    person: &WatchedPerson,
) -> Result<Answer> {
    let birth_date =
        BirthDate::parse(&person.birth_date).map_err(|why| malformed(why.to_string()))?;
    let identity = Identity {
        surname: &person.surname,
        given_names: &person.given_names,
        language: None,
        birth_date,
        numbers: [person.number.as_deref(), None],
    };
    if !identity.words().iter().any(|word| word.starts_with("name")) {
        return Err(malformed(
            "the name has no letters of the MRZ; write it in Latin letters".to_owned(),
        ));
    }
    let number = work::take_numbers(ledger.tx, "watch-entry", 1)?;
    let id = WatchEntryId::parse(&format!("W{number:06}")).map_err(malformed)?;
    let enter = WatchCommand::Enter {
        id: id.clone(),
        list: list.clone(),
        act: act.clone(),
        until,
    };
    let entered: WatchEntry = ledger.step(id.as_str(), None, &enter)?;
    let sealed = crate::ledger::encode("person", person)?;
    ledger.keep(id.as_str(), RECORD, PERSON, sealed.as_bytes())?;
    file(ledger, WATCH_ENTRY, id.as_str(), &identity)?;
    ledger.job_after(LAPSE, id.as_str(), until)?;
    for dossier in alike(ledger.tx, (WATCH_ENTRY, id.as_str()), DOSSIER)? {
        let known: Dossier = ledger.known(&dossier)?;
        let open = matches!(
            known.phase,
            Phase::Examination | Phase::Proposed | Phase::Authorised
        );
        if open && ledger.profile(&known.profile)?.circuit.screening {
            compare(ledger, &known.id)?;
        }
    }
    Ok(Answer::of(id, word(entered.state)))
}

/// Ends an entry: who was meant is forgotten.
pub(super) fn end(ledger: &mut Ledger<'_>, entry: &WatchEntryId) -> Result<Answer> {
    let ended: WatchEntry = ledger.step(entry.as_str(), None, &WatchCommand::End)?;
    forget_entry(ledger, entry)?;
    Ok(Answer::of(entry, word(ended.state)))
}

/// The last day of an entry has passed.
pub(crate) fn lapse(ledger: &mut Ledger<'_>, entry: &str) -> Result<()> {
    let known: WatchEntry = ledger.known(entry)?;
    if known.state == WatchState::InForce {
        let lapsed: WatchEntry = ledger.step_by_system(entry, &WatchCommand::Lapse)?;
        forget_entry(ledger, &lapsed.id)?;
    }
    Ok(())
}

fn forget_entry(ledger: &mut Ledger<'_>, entry: &WatchEntryId) -> Result<()> {
    remove_marks(ledger, WATCH_ENTRY, entry.as_str())?;
    ledger.forget(entry.as_str(), RECORD)?;
    Ok(())
}

fn record<'a>(dossier: &'a str) -> Compartment<'a> {
    Compartment {
        dossier,
        part: RECORD,
    }
}

/// Who is meant by a finding.
fn person_of(ledger: &mut Ledger<'_>, finding: &Finding) -> Result<Option<WatchedPerson>> {
    let corrupt = |id: &str, why: String| Error::Corrupt {
        what: "person",
        id: id.to_owned(),
        why,
    };
    match finding {
        Finding::Listed { entry, .. } => {
            let sealed = record(entry.as_str()).get(ledger.tx, &ledger.vault, PERSON)?;
            sealed
                .map(|bytes| serde_json::from_slice(&bytes))
                .transpose()
                .map_err(|why| corrupt(entry.as_str(), why.to_string()))
        }
        Finding::OtherDossier { dossier } | Finding::OtherHolder { dossier } => {
            let sealed = record(dossier.as_str()).get(ledger.tx, &ledger.vault, APPLICATION)?;
            let Some(sealed) = sealed else {
                return Ok(None);
            };
            let text = std::str::from_utf8(&sealed)
                .map_err(|why| corrupt(dossier.as_str(), why.to_string()))?;
            let person = Application::parse("application", text)
                .map_err(|why| corrupt(dossier.as_str(), why.to_string()))?
                .person;
            Ok(Some(WatchedPerson {
                surname: person.surname,
                given_names: person.given_names,
                birth_date: person.birth_date.to_string(),
                number: person.fiscal_code.or(person.personal_number),
            }))
        }
    }
}

impl Desk {
    /// The findings of a dossier, with the persons that an officer compares; the journal notes who looked.
    ///
    /// # Errors
    /// `circuit.right` without the right to examine, or what the store says.
    pub fn findings(
        self: &Arc<Self>,
        dossier: &DossierId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ShownFindings> {
        actor.needs(Right::Examine)?;
        let (dossier, by) = (dossier.clone(), actor.clone());
        self.transact(actor, now, move |ledger| {
            let known: Dossier = ledger.known(dossier.as_str())?;
            let found = findings(ledger.tx, &known)?;
            let seen = digest_of(&found)?;
            let mut shown = Vec::new();
            for finding in found {
                let person = person_of(ledger, &finding)?;
                shown.push(ShownFinding { finding, person });
            }
            let note = serde_json::json!({ "findings": shown.len() });
            ledger.note(&by, "look", dossier.as_str(), &note)?;
            Ok(ShownFindings {
                seen,
                findings: shown,
            })
        })
    }
}
