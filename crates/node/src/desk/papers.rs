//! Papers of a dossier: what the applicant brought, scanned at the office, kept sealed there and at the centre. The works
//! keep photographs in the same way.

use super::office::to_centre;
use super::record::may_see;
use super::terms;
use crate::command::Answer;
use crate::desk::Desk;
use crate::ledger::{Ledger, word};
use crate::{Error, Result};
use jiff::Timestamp;
use rilascio_circuit::process::{Actor, Digest, Dossier, DossierId, Phase, Reason, Reference};
use rilascio_exchange::message::{Body, Bytes, Paper};
use rilascio_store::vault::Compartment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Where they are kept: beside the record, which is replaced when data are taken again, and as long.
pub(crate) const PAPERS: &str = "papers";
/// Papers of one dossier.
const PAPERS_MAX: usize = 40;
/// The largest paper, in bytes.
const PAPER_BYTES_MAX: usize = 5 * 1024 * 1024;

/// What a paper is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Media {
    /// PDF.
    #[serde(rename = "application/pdf")]
    Pdf,
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
}

impl Media {
    /// By the first bytes; nothing for what is none of them.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begins: [(&[u8], Self); 3] = [
            (b"%PDF-", Self::Pdf),
            (&[0xFF, 0xD8, 0xFF], Self::Jpeg),
            (&[0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A], Self::Png),
        ];
        let found = begins.iter().find(|(begin, _)| bytes.starts_with(begin));
        found.map(|(_, media)| *media)
    }
}

impl Media {
    /// Its type, and the ending of its files.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Pdf => ("application/pdf", "pdf"),
            Self::Jpeg => ("image/jpeg", "jpg"),
            Self::Png => ("image/png", "png"),
        }
    }
}

/// A paper as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaperEntry {
    /// Its number in the dossier, from 1.
    pub number: u32,
    /// What it is.
    pub title: Reference,
}

/// A paper with what it says.
pub struct PaperContent {
    /// What it is written in.
    pub media: Media,
    /// Its bytes.
    pub bytes: zeroize::Zeroizing<Vec<u8>>,
}

fn name(number: u32, title: &Reference) -> String {
    format!("paper/{number:03}/{title}")
}

fn entry(name: &str) -> Option<PaperEntry> {
    let (number, title) = name.strip_prefix("paper/")?.split_once('/')?;
    Some(PaperEntry {
        number: number.parse().ok()?,
        title: Reference::parse(title).ok()?,
    })
}

pub(super) fn check(papers: &[Paper]) -> Result<()> {
    if papers.is_empty() || papers.len() > PAPERS_MAX {
        return Err(Reason::TooMany.refusal().into());
    }
    for paper in papers {
        let wrong = if paper.content.0.len() > PAPER_BYTES_MAX {
            format!("has more than {PAPER_BYTES_MAX} bytes")
        } else if Media::of(&paper.content.0).is_none() {
            "is not a PDF, JPEG or PNG file".to_owned()
        } else {
            continue;
        };
        return Err(Error::Malformed {
            what: "paper",
            why: format!("'{}' {wrong}", paper.title),
        });
    }
    Ok(())
}

impl Ledger<'_> {
    /// The papers of a dossier, or the photographs of a card, at this desk, by number.
    pub(crate) fn papers(&mut self, dossier: &str) -> Result<Vec<PaperEntry>> {
        let part = PAPERS;
        let names = Compartment { dossier, part }.names(self.tx)?;
        let mut found: Vec<PaperEntry> = names.iter().filter_map(|name| entry(name)).collect();
        found.sort_by_key(|entry| entry.number);
        Ok(found)
    }

    /// Keeps papers under numbers from that one on.
    fn keep_papers(&mut self, dossier: &str, first: u32, papers: &[Paper]) -> Result<()> {
        let mut told = Vec::new();
        for (number, paper) in (first..).zip(papers) {
            let name = name(number, &paper.title);
            self.keep(dossier, PAPERS, &name, &paper.content.0)?;
            told.push((paper.title.clone(), Digest::of(&paper.content.0)));
        }
        let actor = self.actor.clone();
        self.note(&actor, "papers", dossier, &told)
    }

    /// Keeps papers after those that are there, at most so many in all; gives the number of the first.
    pub(super) fn add_papers(&mut self, of: &str, papers: &[Paper], most: usize) -> Result<u32> {
        let before = self.papers(of)?;
        if before.len() + papers.len() > most {
            return Err(Reason::TooMany.refusal().into());
        }
        let first = before.last().map_or(1, |last| last.number + 1);
        self.keep_papers(of, first, papers)?;
        Ok(first)
    }

    /// A paper by its number; the journal notes who read it.
    pub(super) fn read_paper(&mut self, dossier: &str, number: u32) -> Result<PaperContent> {
        let listed = self.papers(dossier)?;
        let entry = listed.into_iter().find(|entry| entry.number == number);
        let entry = entry.ok_or_else(|| Reason::Unknown.refusal())?;
        let part = PAPERS;
        let name = name(entry.number, &entry.title);
        let bytes = Compartment { dossier, part }.get(self.tx, &self.vault, &name)?;
        let bytes = bytes.ok_or_else(|| Reason::Unknown.refusal())?;
        let media = Media::of(&bytes).ok_or_else(|| Error::Corrupt {
            what: "paper",
            id: dossier.to_owned(),
            why: "it is in no known format".to_owned(),
        })?;
        let by = self.actor.clone();
        self.note(&by, "papers", dossier, &("read", number))?;
        Ok(PaperContent { media, bytes })
    }
}

/// An applicant brought papers to the office: with the application, or because the centre waits for them.
pub(super) fn bring(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    papers: &[Paper],
) -> Result<Answer> {
    check(papers)?;
    let known: Dossier = ledger.known(dossier.as_str())?;
    ledger
        .actor
        .needs_at(rilascio_circuit::process::Right::Enrol, &known.office)?;
    ledger.actor.needs_profile(&known.profile)?;
    let first = ledger.add_papers(dossier.as_str(), papers, PAPERS_MAX)?;
    match known.phase {
        // They go with the dossier.
        Phase::Draft | Phase::Enrolled => {}
        Phase::Submitted | Phase::Examination => send(ledger, dossier, first)?,
        _ => return Err(Reason::State.refusal().into()),
    }
    Ok(Answer::of(dossier, word(known.phase)))
}

/// Sends the papers of a dossier from that number on to the centre, each by itself: a message stays small.
pub(super) fn send(ledger: &mut Ledger<'_>, dossier: &DossierId, first: u32) -> Result<()> {
    for entry in ledger.papers(dossier.as_str())? {
        let compartment = Compartment {
            dossier: dossier.as_str(),
            part: PAPERS,
        };
        let name = name(entry.number, &entry.title);
        let wanted = entry.number >= first;
        let Some(bytes) = compartment
            .get(ledger.tx, &ledger.vault, &name)?
            .filter(|_| wanted)
        else {
            continue;
        };
        let body = Body::Papers {
            dossier: dossier.clone(),
            number: entry.number,
            paper: Paper {
                title: entry.title,
                content: Bytes(bytes.to_vec()),
            },
        };
        to_centre(ledger, dossier, body)?;
    }
    Ok(())
}

/// A paper came to the centre; a term that stood still for it runs again.
pub(super) fn receive(
    ledger: &mut Ledger<'_>,
    known: &Dossier,
    number: u32,
    paper: &Paper,
) -> Result<()> {
    if known.phase.is_end() {
        return Ok(());
    }
    check(std::slice::from_ref(paper))?;
    if number == 0 || number as usize > PAPERS_MAX {
        return Err(Reason::TooMany.refusal().into());
    }
    ledger.keep_papers(known.id.as_str(), number, std::slice::from_ref(paper))?;
    terms::papers_came(ledger, known)
}

impl Desk {
    /// The papers of a dossier.
    ///
    /// # Errors
    /// What the store says.
    pub fn papers(
        self: &Arc<Self>,
        dossier: &DossierId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<PaperEntry>> {
        may_see(actor)?;
        let dossier = dossier.clone();
        self.transact(actor, now, move |ledger| ledger.papers(dossier.as_str()))
    }

    /// A paper of a dossier; the journal notes who read it.
    ///
    /// # Errors
    /// `circuit.unknown`, or what the store says.
    pub fn paper(
        self: &Arc<Self>,
        dossier: &DossierId,
        number: u32,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<PaperContent> {
        may_see(actor)?;
        let dossier = dossier.clone();
        self.transact(actor, now, move |ledger| {
            ledger.read_paper(dossier.as_str(), number)
        })
    }
}
