//! Notices to holders: that a document can be collected, that the decision is there, that nobody came.

use crate::desk::Desk;
use crate::ledger::Ledger;
use crate::worker::{Tools, malformed};
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_circuit::process::{Dossier, DossierId, Phase, on_the_wall};
use rilascio_store::work::Job;
use std::sync::Arc;

/// The kind of the jobs that send notices.
pub(crate) const JOB: &str = "notify";

/// A notice, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One name for one notice: a mail server that gets it twice can tell.
    pub id: String,
    /// The mail address of the holder.
    pub to: String,
    /// What it is about, in both languages.
    pub subject: String,
    /// The text, in both languages. It names no person: a mail is a postcard.
    pub text: String,
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// A mail server has it.
    Sent,
    /// This installation sends no notices.
    NoServer,
}

/// Why a holder is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// The dossier is in that phase.
    Phase(Phase),
    /// Papers are missing.
    Papers,
    /// A refusal is meant.
    Notice,
    /// An appointment is set.
    Appointment,
    /// The office called an appointment off.
    CalledOff,
}

impl Occasion {
    fn word(self) -> String {
        match self {
            Self::Phase(phase) => crate::ledger::word(phase),
            Self::Papers => "papers".to_owned(),
            Self::Notice => "notice".to_owned(),
            Self::Appointment => "appointment".to_owned(),
            Self::CalledOff => "called-off".to_owned(),
        }
    }

    /// What tells a second notice of a kind from the first.
    fn again(self, dossier: &Dossier) -> String {
        let terms = &dossier.terms;
        if self == Self::Appointment {
            let at = dossier.collection.appointment;
            return at
                .map(|at| at.strftime(".%Y%m%d%H%M").to_string())
                .unwrap_or_default();
        }
        let since = match self {
            Self::Papers => terms.papers.as_ref().map(|asked| asked.asked),
            Self::Notice => terms.notice.as_ref().map(|given| given.given),
            Self::Phase(Phase::Refused) => terms.refused,
            Self::Phase(_) | Self::Appointment | Self::CalledOff => None,
        };
        since
            .map(|since| format!(".{}", since.as_second()))
            .unwrap_or_default()
    }

    /// The occasion that a job names, when it still holds.
    fn of(word: &str, dossier: &Dossier) -> Option<Self> {
        let (papers, notice) = (&dossier.terms.papers, &dossier.terms.notice);
        match word {
            "papers" => papers.as_ref()?.closed.is_none().then_some(Self::Papers),
            "notice" => notice.as_ref()?.closed.is_none().then_some(Self::Notice),
            "appointment" => dossier.collection.appointment.map(|_| Self::Appointment),
            "called-off" => {
                let free = dossier.collection.appointment.is_none() && !dossier.phase.is_end();
                free.then_some(Self::CalledOff)
            }
            _ => (crate::ledger::word(dossier.phase) == word).then_some(Self::Phase(dossier.phase)),
        }
    }
}

/// Subject and text for an occasion; nothing where the holder has nothing to do.
fn wording(occasion: Occasion, dossier: &Dossier, office: &str) -> Option<(String, String)> {
    let (id, terms) = (&dossier.id, &dossier.terms);
    let day = |at: Option<Timestamp>| {
        let at = at.map(|at| on_the_wall(at).date());
        at.map(|day| day.to_string()).unwrap_or_default()
    };
    let (subject, it, en) = match occasion {
        Occasion::Papers => {
            let asked = terms.papers.as_ref();
            let until = day(asked.map(|asked| asked.until));
            let list: Vec<&str> = asked
                .into_iter()
                .flat_map(|asked| &asked.papers)
                .map(rilascio_circuit::process::Reference::as_str)
                .collect();
            let list = list.join(", ");
            (
                "Documenti mancanti / Missing papers",
                format!(
                    "Per la pratica {id} mancano documenti: {list}.\n\
                    Portarli entro il {until}: {office}. Fino ad allora il termine è sospeso."
                ),
                format!(
                    "Papers are missing for dossier {id}: {list}.\n\
                    Bring them by {until}: {office}. Until then the term stands still."
                ),
            )
        }
        Occasion::Notice => {
            let given = terms.notice.as_ref();
            let until = day(given.map(|given| given.until));
            let act = given.map_or("", |given| given.grounds.as_str());
            (
                "Motivi che ostano all'accoglimento / Grounds against a grant",
                format!(
                    "Per la pratica {id} è previsto il rifiuto, per i motivi dell'atto {act}.\n\
                    Si possono presentare osservazioni e documenti entro il {until}: {office}."
                ),
                format!(
                    "A refusal is meant for dossier {id}, on the grounds of act {act}.\n\
                    You may answer and bring papers by {until}: {office}."
                ),
            )
        }
        Occasion::Appointment => {
            let at = dossier.collection.appointment?;
            let at = at.strftime("%d/%m/%Y %H:%M");
            (
                "Appuntamento per il ritiro / Appointment",
                format!(
                    "Appuntamento per il ritiro del documento della pratica {id}: {at}, {office}.\n\
                    Presentarsi di persona, con il documento precedente se ce n'è uno."
                ),
                format!(
                    "Appointment to collect the document of dossier {id}: {at}, {office}.\n\
                    Come in person, with the previous document if there is one."
                ),
            )
        }
        Occasion::CalledOff => (
            "Appuntamento annullato / Appointment called off",
            format!(
                "L'appuntamento per il ritiro del documento della pratica {id} è annullato.\n\
                Per un altro: {office}, o la pagina dello stato della domanda."
            ),
            format!(
                "The appointment to collect the document of dossier {id} is called off.\n\
                For another one: {office}, or the status page."
            ),
        ),
        Occasion::Phase(phase) => return phase_wording(phase, id.as_str(), office),
    };
    Some((subject.to_owned(), format!("{it}\n\n{en}\n")))
}

fn phase_wording(phase: Phase, dossier: &str, office: &str) -> Option<(String, String)> {
    let (subject, it, en) = match phase {
        Phase::Activated => (
            "Documento pronto / Document ready",
            format!(
                "Il documento della pratica {dossier} è pronto e può essere ritirato: {office}.\n\
                Presentarsi di persona, con il documento precedente se ce n'è uno."
            ),
            format!(
                "The document of dossier {dossier} is ready to be collected: {office}.\n\
                Come in person, with the previous document if there is one."
            ),
        ),
        Phase::Refused => (
            "Decisione sulla domanda / Decision on the application",
            format!(
                "Sulla domanda della pratica {dossier} c'è una decisione. Presentarsi per la notifica: {office}."
            ),
            format!(
                "There is a decision on the application of dossier {dossier}. Come for its notification: {office}."
            ),
        ),
        Phase::Recalled => (
            "Documento non ritirato / Document not collected",
            format!(
                "Il documento della pratica {dossier} non è stato ritirato e non è più valido. \
                Per un nuovo documento rivolgersi a: {office}."
            ),
            format!(
                "The document of dossier {dossier} was not collected and is no longer valid. \
                For a new one turn to: {office}."
            ),
        ),
        _ => return None,
    };
    Some((subject.to_owned(), format!("{it}\n\n{en}\n")))
}

impl Ledger<'_> {
    /// Tells the holder about the present phase of a dossier, soon.
    pub(crate) fn notify(&mut self, dossier: &Dossier) -> Result<()> {
        self.notify_of(dossier, Occasion::Phase(dossier.phase))
    }

    /// Tells the holder about an occasion, soon.
    pub(crate) fn notify_of(&mut self, dossier: &Dossier, occasion: Occasion) -> Result<()> {
        self.job(JOB, &format!("{}/{}", dossier.id, occasion.word()))
    }
}

/// What a job needs to send its notice: nothing when the dossier has moved on.
fn prepare(ledger: &mut Ledger<'_>, subject: &str) -> Result<Option<(DossierId, Option<Notice>)>> {
    let (id, word) = subject
        .split_once('/')
        .ok_or_else(|| malformed(subject.to_owned()))?;
    let id = DossierId::parse(id).map_err(malformed)?;
    let dossier: Dossier = ledger.known(id.as_str())?;
    let Some(occasion) = Occasion::of(word, &dossier) else {
        return Ok(None);
    };
    let office = ledger.desk.offices.get(&dossier.office);
    let office = office.map_or(dossier.office.as_str(), |office| &office.name);
    let Some((subject, text)) = wording(occasion, &dossier, office) else {
        return Ok(None);
    };
    let application = match ledger.application(id.as_str()) {
        Err(Error::Store(rilascio_store::Error::Sealed { .. })) => None,
        found => found?,
    };
    let to = application.and_then(|application| application.delivery.mail);
    let notice = to.map(|to| Notice {
        id: format!("{id}.{word}{}", occasion.again(&dossier)),
        to,
        subject,
        text,
    });
    Ok(Some((id, notice)))
}

impl Desk {
    /// Sends the notice of a job and notes what became of it; the address stays in the vault.
    pub(crate) fn send_notice(
        self: &Arc<Self>,
        job: &Job,
        tools: &Tools,
        now: Timestamp,
    ) -> Result<()> {
        let subject = job.subject.clone();
        let prepared =
            self.transact(&self.system(), now, move |ledger| prepare(ledger, &subject))?;
        let Some((id, notice)) = prepared else {
            return self.end(job, now, |_| Ok(()));
        };
        let outcome = match notice {
            None => "no-address",
            Some(notice) => match tools.advisers.notify(&notice)? {
                Delivery::Sent => "sent",
                Delivery::NoServer => "no-server",
            },
        };
        let phase = job.subject.clone();
        self.end(job, now, move |ledger| {
            let system = ledger.actor.clone();
            let event = serde_json::json!({ "notice": phase, "outcome": outcome });
            ledger.note(&system, "notice", id.as_str(), &event)
        })
    }
}
