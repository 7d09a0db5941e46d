//! Acts: what the authority writes to an applicant. The facts are kept at the step that they are of, in the same
//! transaction; a job has them set as a letter, signs it and sends it to the office, which hands it over.

use super::papers::{Media, PaperContent};
use super::record::may_see;
use super::terms;
use crate::command::Answer;
use crate::desk::Desk;
use crate::ledger::{Ledger, encode, word};
use crate::prose::Prose;
use crate::worker::{Tools, malformed};
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_circuit::process::{
    Actor, Digest, Dossier, DossierCommand, DossierId, NodeId, OfficerId, Reason, Reference,
    ServedAct, Step, on_the_wall,
};
use rilascio_circuit::{ActKind, ActProfile, Profile, Text, is_settable, printed_names};
use rilascio_exchange::message::{ActHead, Body, Bytes};
use rilascio_pki::SignedData;
use rilascio_store::vault::Compartment;
use rilascio_store::work::{self, Job};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Where they are kept: as long as the record, also when the data are taken again.
pub(crate) const ACTS: &str = "acts";
/// The job that has an act set and signs it.
pub(crate) const WRITE: &str = "write-act";
/// The reasons that an officer wrote last.
const REASONS: &str = "reasons";
/// The largest act, in bytes.
const ACT_BYTES_MAX: usize = 5 * 1024 * 1024;

/// An act, ready to be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// What it is.
    pub head: ActHead,
    /// Who speaks.
    pub heading: Vec<String>,
    /// What it is called.
    pub title: Text,
    /// The dossier, and who it is about.
    pub about: Vec<Text>,
    /// What it rests on.
    pub law: Vec<Text>,
    /// What it says.
    pub text: Vec<Text>,
    /// The officers who answer for it: one, or the two of a decision.
    pub officers: Vec<OfficerId>,
}

/// Who sets acts as letters.
pub trait Scribe: Send + Sync {
    /// Sets an act; the same act is the same bytes.
    ///
    /// # Errors
    /// Why it cannot be set.
    fn write(&self, act: &Act) -> std::result::Result<Vec<u8>, String>;
}

/// An act as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActEntry {
    /// What it is.
    pub act: ActHead,
    /// The digest of the signed act: the journal has the same.
    pub digest: Digest,
}

fn name(number: &Reference) -> String {
    format!("act/{number}")
}

fn text_name(number: &str) -> String {
    format!("text/{number}")
}

fn corrupt(dossier: &DossierId, why: impl ToString) -> Error {
    Error::Corrupt {
        what: "act",
        id: dossier.to_string(),
        why: why.to_string(),
    }
}

fn compartment(dossier: &DossierId) -> Compartment<'_> {
    Compartment {
        dossier: dossier.as_str(),
        part: ACTS,
    }
}

fn day_of(at: Timestamp) -> String {
    on_the_wall(at).strftime("%d/%m/%Y").to_string()
}

/// A text that letters can set: what they cannot is a question mark, never a letter that is not written.
fn settable(text: &str) -> String {
    let sign = |c: char| if is_settable(c) { c } else { '?' };
    text.chars().map(sign).collect()
}

/// The facts of a case in the two languages.
struct Facts {
    it: BTreeMap<&'static str, String>,
    en: BTreeMap<&'static str, String>,
}

impl Facts {
    fn put(&mut self, name: &'static str, value: impl ToString) {
        self.it.insert(name, value.to_string());
        self.en.insert(name, value.to_string());
    }

    fn fill(&self, texts: &[Text]) -> Vec<Text> {
        ActProfile::fill(texts, &self.it, &self.en)
    }
}

/// Keeps the reasons that an officer gave. Where the act of that kind has to give reasons, somebody must have: a notice
/// always its own, a refusal those of its notice or proposal.
pub(super) fn take_reasons(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    kind: ActKind,
    given: Option<&Prose>,
) -> Result<()> {
    if let Some(given) = given {
        let bytes = given.as_str().as_bytes();
        ledger.keep(dossier.as_str(), ACTS, REASONS, bytes)?;
        let actor = ledger.actor.clone();
        let told = ("reasons", ledger.keyed_digest(bytes)?);
        return ledger.note(&actor, "act", dossier.as_str(), &told);
    }
    let known: Dossier = ledger.known(dossier.as_str())?;
    let profile = ledger.profile(&known.profile)?;
    let due = profile.acts.of(kind).is_some_and(ActProfile::gives_reasons);
    let before = kind == ActKind::Refusal && reasons(ledger, dossier)?.is_some();
    if due && !before {
        return Err(Reason::NoReasons.refusal().into());
    }
    Ok(())
}

/// Reasons of before count no more: the data are others, or what was proposed is.
pub(super) fn forget_reasons(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    Ok(compartment(dossier).remove(ledger.tx, REASONS)?)
}

fn reasons(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<Option<String>> {
    let kept = compartment(dossier).get(ledger.tx, &ledger.vault, REASONS)?;
    Ok(kept.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn facts(
    ledger: &mut Ledger<'_>,
    known: &Dossier,
    profile: &Profile,
    head: &ActHead,
) -> Result<Option<Facts>> {
    let Some(application) = ledger.application(known.id.as_str())? else {
        return Ok(None);
    };
    let mut facts = Facts {
        it: BTreeMap::from([("document", profile.title.it.clone())]),
        en: BTreeMap::from([("document", profile.title.en.clone())]),
    };
    let (surname, given_names) = printed_names(profile, &application).unwrap_or_default();
    let office = ledger.desk.offices.get(&known.office);
    let office = office.map_or(known.office.to_string(), |office| office.name.clone());
    let (papers, notice) = (&known.terms.papers, &known.terms.notice);
    let until = match head.kind {
        ActKind::PapersRequest => papers.as_ref().map(|asked| asked.until),
        ActKind::RefusalNotice => notice.as_ref().map(|given| given.until),
        ActKind::Refusal | ActKind::Grant => None,
    };
    let asked: Vec<&str> = papers
        .iter()
        .flat_map(|asked| &asked.papers)
        .map(Reference::as_str)
        .collect();
    facts.put("number", &head.number);
    facts.put("date", day_of(head.given));
    facts.put("dossier", &known.id);
    facts.put("name", settable(format!("{surname} {given_names}").trim()));
    facts.put("birth_date", application.person.birth_date.as_viz());
    facts.put("nationality", application.person.nationality);
    facts.put("authority", settable(&application.document.authority));
    facts.put("office", settable(&office));
    facts.put("papers", asked.join(", "));
    facts.put(
        "grounds",
        notice.as_ref().map_or("", |given| given.grounds.as_str()),
    );
    facts.put("reasons", reasons(ledger, &known.id)?.unwrap_or_default());
    facts.put("until", until.map(day_of).unwrap_or_default());
    facts.put("appeal_days", profile.circuit.appeal_days);
    Ok(Some(facts))
}

/// Who answers for an act: the two of a decision, or the one who took the step.
fn officers(ledger: &Ledger<'_>, known: &Dossier, kind: ActKind) -> Vec<OfficerId> {
    match kind {
        ActKind::Refusal | ActKind::Grant => [Step::Propose, Step::Decide]
            .iter()
            .filter_map(|step| known.hands.get(step).cloned())
            .collect(),
        ActKind::PapersRequest | ActKind::RefusalNotice => vec![ledger.actor.officer.clone()],
    }
}

/// Gives an act its number and keeps its facts; nothing where the profile has no wording for it.
pub(super) fn draw_up(ledger: &mut Ledger<'_>, dossier: &DossierId, kind: ActKind) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let profile = ledger.profile(&known.profile)?;
    let Some(wording) = profile.acts.of(kind) else {
        return Ok(());
    };
    let number = work::take_numbers(ledger.tx, "act", 1)?;
    let number = format!("{}-A{number:06}", ledger.desk.node);
    let number = Reference::parse(&number).map_err(|why| Error::Malformed {
        what: "number of an act",
        why,
    })?;
    let head = ActHead {
        number,
        kind,
        given: ledger.now,
    };
    let Some(facts) = facts(ledger, &known, &profile, &head)? else {
        return Ok(());
    };
    let about = [
        ("Pratica", "Dossier", "dossier"),
        ("Documento", "Document", "document"),
        ("Richiedente", "Applicant", "name"),
        ("Data di nascita", "Date of birth", "birth_date"),
        ("Cittadinanza", "Nationality", "nationality"),
    ];
    let about = about.map(|(it, en, name)| Text {
        it: format!("{it}: {{{name}}}"),
        en: format!("{en}: {{{name}}}"),
    });
    let act = Act {
        heading: profile.acts.heading.clone(),
        title: wording.title.clone(),
        about: facts.fill(&about),
        law: facts.fill(&wording.law),
        text: facts.fill(&wording.text),
        officers: officers(ledger, &known, kind),
        head,
    };
    let number = act.head.number.as_str();
    let json = Zeroizing::new(encode("act", &act)?);
    ledger.keep(dossier.as_str(), ACTS, &text_name(number), json.as_bytes())?;
    let actor = ledger.actor.clone();
    ledger.note(&actor, "act", dossier.as_str(), &("drawn-up", &act.head))?;
    ledger.job(WRITE, &format!("{dossier}/{number}"))
}

/// The facts of an act that waits to be set.
fn waiting(ledger: &mut Ledger<'_>, dossier: &DossierId, number: &str) -> Result<Option<Act>> {
    let kept = compartment(dossier).get(ledger.tx, &ledger.vault, &text_name(number))?;
    kept.map(|bytes| serde_json::from_slice(&bytes))
        .transpose()
        .map_err(|why| corrupt(dossier, why))
}

/// Keeps a signed act; the journal has its digest.
fn keep(ledger: &mut Ledger<'_>, dossier: &DossierId, head: &ActHead, signed: &[u8]) -> Result<()> {
    let digest = Digest::of(signed);
    let entry = ActEntry {
        act: head.clone(),
        digest: digest.clone(),
    };
    let row = encode("act", &entry)?;
    ledger.keep(dossier.as_str(), ACTS, &name(&head.number), signed)?;
    let listed = format!("head/{}", head.number);
    ledger.keep(dossier.as_str(), ACTS, &listed, row.as_bytes())?;
    let actor = ledger.actor.clone();
    let told = ("signed", &head.number, digest);
    ledger.note(&actor, "act", dossier.as_str(), &told)
}

/// Signs what the scribe set and sends it to the office.
fn sign(ledger: &mut Ledger<'_>, dossier: &DossierId, act: &Act, letter: &[u8]) -> Result<()> {
    // Forgotten, or signed by another, while it was being set.
    if waiting(ledger, dossier, act.head.number.as_str())?.is_none() {
        return Ok(());
    }
    let signed = ledger.desk.identity.sign(letter, ledger.now)?;
    keep(ledger, dossier, &act.head, &signed)?;
    let text = text_name(act.head.number.as_str());
    compartment(dossier).remove(ledger.tx, &text)?;
    let known: Dossier = ledger.known(dossier.as_str())?;
    let office = ledger.desk.routes.office(&known.office)?.clone();
    let body = Body::Act {
        dossier: dossier.clone(),
        act: act.head.clone(),
        content: Bytes(signed),
    };
    ledger.send(&office, dossier.as_str(), body, None)
}

/// An act came to its office.
pub(super) fn receive(
    ledger: &mut Ledger<'_>,
    centre: &NodeId,
    dossier: &DossierId,
    head: &ActHead,
    content: &Bytes,
) -> Result<()> {
    let _: Dossier = ledger.known(dossier.as_str())?;
    if content.0.len() > ACT_BYTES_MAX {
        return Err(Reason::TooMany.refusal().into());
    }
    let (signer, _) = ledger.desk.circle().verify(&content.0, ledger.now)?;
    if signer != *centre {
        return Err(Reason::Site.refusal().into());
    }
    letter_of(dossier, &content.0)?;
    // What was forgotten at the end of its term does not come back.
    if ledger.application(dossier.as_str())?.is_none() {
        return Ok(());
    }
    keep(ledger, dossier, head, &content.0)
}

/// The applicant has an act in hand: the centre, which counts the terms, hears of it.
pub(super) fn serve(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    number: &Reference,
) -> Result<Answer> {
    let found = ledger.acts(dossier)?.into_iter();
    let head = found
        .map(|entry| entry.act)
        .find(|head| head.number == *number)
        .ok_or_else(|| Reason::Unknown.refusal())?;
    let served = ServedAct {
        act: head.number,
        kind: head.kind,
        given: head.given,
        at: ledger.now,
        officer: ledger.actor.officer.clone(),
    };
    let command = DossierCommand::Serve(served.clone());
    let known: Dossier = ledger.step(dossier.as_str(), None, &command)?;
    let body = Body::Service {
        dossier: dossier.clone(),
        served,
    };
    let centre = ledger.desk.routes.centre.clone();
    ledger.send(&centre, dossier.as_str(), body, None)?;
    Ok(Answer::of(dossier, word(known.phase)))
}

/// An office handed an act of ours over.
pub(super) fn was_served(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    served: &ServedAct,
) -> Result<()> {
    let given = ledger.acts(dossier)?;
    // Forgotten at the end of its term.
    if given.is_empty() {
        return Ok(());
    }
    let ours = |head: &ActHead| {
        head.number == served.act && head.kind == served.kind && head.given == served.given
    };
    if !given.iter().any(|entry| ours(&entry.act)) {
        return Err(Reason::Unknown.refusal().into());
    }
    let command = DossierCommand::Serve(served.clone());
    let known: Dossier = ledger.step_by_system(dossier.as_str(), &command)?;
    // The office has counted the same; a word of the centre would say more than that.
    terms::look_at(ledger, &known)
}

/// The letter inside a signed act, which is verified.
fn letter_of(dossier: &DossierId, signed: &[u8]) -> Result<PaperContent> {
    let signed = SignedData::decode(signed).map_err(|why| corrupt(dossier, why))?;
    signed.verify().map_err(|why| corrupt(dossier, why))?;
    let media = Media::of(&signed.content).ok_or_else(|| corrupt(dossier, "it is no PDF"))?;
    Ok(PaperContent {
        media,
        bytes: Zeroizing::new(signed.content),
    })
}

impl Ledger<'_> {
    fn acts(&mut self, dossier: &DossierId) -> Result<Vec<ActEntry>> {
        let place = compartment(dossier);
        let mut found: Vec<ActEntry> = Vec::new();
        for name in place.names(self.tx)? {
            if !name.starts_with("head/") {
                continue;
            }
            if let Some(entry) = place.get(self.tx, &self.vault, &name)? {
                found.push(serde_json::from_slice(&entry).map_err(|why| corrupt(dossier, why))?);
            }
        }
        found.sort_by(|a, b| (a.act.given, &a.act.number).cmp(&(b.act.given, &b.act.number)));
        Ok(found)
    }
}

impl Desk {
    /// Has the act of a job set and signs it.
    pub(crate) fn write_act(
        self: &Arc<Self>,
        job: &Job,
        tools: &Tools,
        now: Timestamp,
    ) -> Result<()> {
        let (id, number) = job
            .subject
            .split_once('/')
            .ok_or_else(|| malformed(job.subject.clone()))?;
        let id = DossierId::parse(id).map_err(malformed)?;
        let (held, number) = (id.clone(), number.to_owned());
        let act = self.transact(&self.system(), now, move |ledger| {
            waiting(ledger, &held, &number)
        });
        let act = match act {
            Ok(act) => act,
            // Forgotten meanwhile.
            Err(Error::Store(rilascio_store::Error::Sealed { .. })) => None,
            Err(why) => return Err(why),
        };
        let Some(act) = act else {
            return self.end(job, now, |_| Ok(()));
        };
        let letter = tools
            .scribe
            .write(&act)
            .map_err(|why| Error::Malformed { what: "act", why })?;
        self.end(job, now, move |ledger| sign(ledger, &id, &act, &letter))
    }

    /// The acts of a dossier, the first first.
    ///
    /// # Errors
    /// `circuit.right`, or what the store says.
    pub fn acts(
        self: &Arc<Self>,
        dossier: &DossierId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ActEntry>> {
        may_see(actor)?;
        let dossier = dossier.clone();
        self.transact(actor, now, move |ledger| ledger.acts(&dossier))
    }

    /// A signed act (CMS, the letter inside); the journal notes who read it.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.unknown`, or what the store says.
    pub fn signed_act(
        self: &Arc<Self>,
        dossier: &DossierId,
        number: &Reference,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Zeroizing<Vec<u8>>> {
        may_see(actor)?;
        let (dossier, number) = (dossier.clone(), number.clone());
        self.transact(actor, now, move |ledger| {
            let signed = compartment(&dossier).get(ledger.tx, &ledger.vault, &name(&number))?;
            let signed = signed.ok_or_else(|| Reason::Unknown.refusal())?;
            let by = ledger.actor.clone();
            ledger.note(&by, "act", dossier.as_str(), &("read", &number))?;
            Ok(signed)
        })
    }

    /// The letter of an act, after its signature is verified; the journal notes who read it.
    ///
    /// # Errors
    /// As for [`Desk::signed_act`].
    pub fn act(
        self: &Arc<Self>,
        dossier: &DossierId,
        number: &Reference,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<PaperContent> {
        let signed = self.signed_act(dossier, number, actor, now)?;
        letter_of(dossier, &signed)
    }
}
