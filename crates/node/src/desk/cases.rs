//! Cases of the help desk: what an officer asks, with the page that was open, and what those who run the desk answer.
//! What is written may name people: it lies in the vault, and is forgotten a year after the last word.

use crate::desk::{Desk, is_everywhere, passing};
use crate::ledger::{DAY_MS, Ledger, decode_as, encode};
use crate::prose::Prose;
use crate::{Error, Result};
use jiff::{SignedDuration, Timestamp};
use rilascio_circuit::process::{Actor, NodeId, OfficerId, Reason, Reference, Right, SiteId};
use rilascio_store::entity::{self, Entity};
use rilascio_store::vault::Compartment;
use rilascio_store::work;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The kind of its rows.
pub(super) const CASE: &str = "help-case";
/// Where the texts of a case are kept.
const TEXTS: &str = "texts";
/// The job that forgets what a case says.
pub(crate) const FORGET_CASE: &str = "forget-case";
/// How soon somebody answers, in hours.
const ANSWER_HOURS: i64 = 48;
/// How long what was written is kept after the last word, in days.
const KEPT_DAYS: i64 = 365;
/// Turns of one case; after that a new one is opened.
const TURNS_MAX: usize = 100;
/// The longest address of a page, in characters.
const PAGE_MAX: usize = 200;
/// The longest code of a fault, in characters.
const CODE_MAX: usize = 40;
/// Cases of one state in one answer.
const LIST_MAX: u32 = 500;

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CaseState {
    /// It waits for an answer.
    Open,
    /// It was answered.
    Answered,
    /// It is over.
    Closed,
}

/// Somebody wrote something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Turn {
    /// Who.
    pub by: OfficerId,
    /// When.
    pub at: Timestamp,
    /// At which other node, if it was written at one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
}

/// The desk that passed a case on to the centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseOrigin {
    /// Its node.
    pub node: NodeId,
    /// The name of the case there.
    pub case: Reference,
}

/// A case, without what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HelpCase {
    /// Its name.
    pub id: Reference,
    /// Who opened it.
    pub officer: OfficerId,
    /// Where.
    pub site: SiteId,
    /// The page that was open.
    pub page: String,
    /// The code of the fault that was shown there, if one was.
    pub code: Option<String>,
    /// Where it stands.
    pub state: CaseState,
    /// By when somebody answers; nothing when nobody has to.
    pub due: Option<Timestamp>,
    /// Who wrote when.
    pub turns: Vec<Turn>,
    /// When the desk passed it on to the centre, which answers until it says that it has nothing more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Timestamp>,
    /// How many turns the other side has, of a case that was ever passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<usize>,
    /// At the centre: the desk that passed it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<CaseOrigin>,
}

/// A case with what was written, the first first; nothing of what was forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownCase {
    /// The case.
    pub case: HelpCase,
    /// What was written, one text for each turn.
    pub texts: Vec<Option<Prose>>,
}

/// What somebody asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The page that was open.
    #[serde(default)]
    pub page: String,
    /// The code of the fault that was shown there.
    #[serde(default)]
    pub code: Option<String>,
    /// The question.
    pub text: Prose,
}

/// What somebody adds to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Addition {
    /// The text, if there is one.
    #[serde(default)]
    pub text: Option<Prose>,
    /// Whether the case is over.
    #[serde(default)]
    pub close: bool,
    /// Whether those who run the desk pass it on to the centre.
    #[serde(default)]
    pub pass: bool,
}

/// The path of a page, or a code: names of things, and nothing that people typed or looked for.
fn line(text: &str, most: usize) -> Result<String> {
    let path = text.split('?').next().unwrap_or_default();
    let known = |c: char| c.is_ascii_alphanumeric() || "/.-_".contains(c);
    if path.len() > most || !path.chars().all(known) {
        return Err(Error::Malformed {
            what: "page",
            why: format!("the path of a page: at most {most} of A-Z, a-z, 0-9, '/', '.', '-', '_'"),
        });
    }
    Ok(path.to_owned())
}

/// The address of a page.
pub(super) fn page(text: &str) -> Result<String> {
    line(text, PAGE_MAX)
}

/// The code of a fault.
pub(super) fn code(text: &str) -> Result<String> {
    line(text, CODE_MAX)
}

fn texts(case: &Reference) -> Compartment<'_> {
    Compartment {
        dossier: case.as_str(),
        part: TEXTS,
    }
}

fn text_name(turn: usize) -> String {
    format!("{turn:03}")
}

/// Those who run a desk answer; whoever asked sees the own case.
fn sees(actor: &Actor, case: &HelpCase) -> bool {
    asked(actor, case) || answers(actor, case)
}

fn asked(actor: &Actor, case: &HelpCase) -> bool {
    case.origin.is_none() && actor.officer == case.officer && actor.site == case.site
}

fn answers(actor: &Actor, case: &HelpCase) -> bool {
    let runs = actor.rights.contains(&Right::Administer);
    runs && (case.origin.is_some() || actor.site == case.site || is_everywhere(actor))
}

fn word(state: CaseState) -> String {
    crate::ledger::word(state)
}

pub(super) fn put(ledger: &mut Ledger<'_>, case: &HelpCase, version: i64) -> Result<()> {
    // What was passed on lies at the centre's own site.
    let site = match case.origin {
        Some(_) => &ledger.desk.site,
        None => &case.site,
    };
    let row = Entity {
        id: case.id.to_string(),
        version,
        site: site.to_string(),
        state: word(case.state),
        due_ms: case.due.map(Timestamp::as_millisecond),
        body: encode(CASE, case)?,
    };
    Ok(entity::put(ledger.tx, CASE, &row)?)
}

/// The case of that name, if who asks sees it, with the version of its row.
fn known(ledger: &mut Ledger<'_>, id: &Reference) -> Result<(HelpCase, i64)> {
    let row = entity::get(ledger.tx, CASE, id.as_str())?;
    let row = row.ok_or_else(|| Reason::Unknown.refusal())?;
    let case: HelpCase = decode_as(CASE, &row)?;
    if !sees(&ledger.actor, &case) {
        return Err(Reason::Unknown.refusal().into());
    }
    Ok((case, row.version))
}

/// Adds a turn; the journal has its digest.
pub(super) fn write(
    ledger: &mut Ledger<'_>,
    case: &mut HelpCase,
    turn: Turn,
    text: &Prose,
) -> Result<()> {
    if case.turns.len() >= TURNS_MAX {
        return Err(Reason::TooMany.refusal().into());
    }
    case.turns.push(turn);
    let bytes = text.as_str().as_bytes();
    ledger.keep(case.id.as_str(), TEXTS, &text_name(case.turns.len()), bytes)?;
    let digest = ledger.keyed_digest(bytes)?;
    let actor = ledger.actor.clone();
    ledger.note(&actor, CASE, case.id.as_str(), &("wrote", digest))
}

/// A turn of who is at work.
fn own_turn(ledger: &Ledger<'_>) -> Turn {
    Turn {
        by: ledger.actor.officer.clone(),
        at: ledger.now,
        node: None,
    }
}

/// What was written in a turn, counted from one; nothing of what was forgotten.
pub(super) fn text_of(
    ledger: &mut Ledger<'_>,
    id: &Reference,
    turn: usize,
) -> Result<Option<Prose>> {
    let kept = texts(id).get(ledger.tx, &ledger.vault, &text_name(turn));
    let text = match kept {
        Ok(text) => text,
        Err(rilascio_store::Error::Sealed { .. }) => None,
        Err(why) => return Err(why.into()),
    };
    Ok(text.and_then(|text| Prose::parse(&String::from_utf8_lossy(&text)).ok()))
}

/// The name of a new case.
pub(super) fn new_name(ledger: &mut Ledger<'_>) -> Result<Reference> {
    let number = work::take_numbers(ledger.tx, CASE, 1)?;
    let id = Reference::parse(&format!("help-{number:06}"));
    id.map_err(|why| Error::Malformed { what: "case", why })
}

/// From each word on, what was written is kept for a year.
pub(super) fn keep_for_its_term(ledger: &mut Ledger<'_>, id: &Reference) -> Result<()> {
    let end = ledger.now_ms() + KEPT_DAYS * DAY_MS;
    work::postpone_job(ledger.tx, FORGET_CASE, id.as_str(), end)?;
    Ok(())
}

pub(super) fn due(now: Timestamp) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_hours(ANSWER_HOURS))
        .ok()
}

/// A year after the last word nothing of what was written is left; a case that nobody closed is over then.
pub(crate) fn forget(ledger: &mut Ledger<'_>, id: &str) -> Result<()> {
    let Some(row) = entity::get(ledger.tx, CASE, id)? else {
        return Ok(());
    };
    let mut case: HelpCase = decode_as(CASE, &row)?;
    // Also what waits to be sent, or was never taken.
    ledger.forget_biometrics(id)?;
    if case.state != CaseState::Closed {
        case.state = CaseState::Closed;
        case.due = None;
        put(ledger, &case, row.version)?;
    }
    Ok(())
}

impl Desk {
    /// Opens a case.
    ///
    /// # Errors
    /// When the page is no address, or what the store says.
    pub fn open_case(
        self: &Arc<Self>,
        question: Question,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<HelpCase> {
        let page = page(&question.page)?;
        let code = question.code.as_deref().map(code).transpose()?;
        let code = code.filter(|code| !code.is_empty());
        self.transact(actor, now, move |ledger| {
            let mut case = HelpCase {
                id: new_name(ledger)?,
                officer: ledger.actor.officer.clone(),
                site: ledger.actor.site.clone(),
                page: page.clone(),
                code: code.clone(),
                state: CaseState::Open,
                due: due(ledger.now),
                turns: Vec::new(),
                passed: None,
                told: None,
                origin: None,
            };
            let turn = own_turn(ledger);
            write(ledger, &mut case, turn, &question.text)?;
            keep_for_its_term(ledger, &case.id)?;
            put(ledger, &case, 0)?;
            Ok(case)
        })
    }

    /// Adds to a case: an answer of those who run the desk, another word of whoever asked, its way to the centre, or the
    /// end.
    ///
    /// # Errors
    /// `circuit.unknown` for somebody else's case, `circuit.malformed` for an addition of nothing, `circuit.right` or
    /// `circuit.state` for a case that cannot be passed on, or what the store says.
    pub fn add_to_case(
        self: &Arc<Self>,
        id: &Reference,
        addition: Addition,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<HelpCase> {
        if addition.text.is_none() && !addition.close && !addition.pass {
            return Err(Reason::Malformed.refusal().into());
        }
        let id = id.clone();
        self.transact(actor, now, move |ledger| {
            let (mut case, version) = known(ledger, &id)?;
            if let Some(text) = &addition.text {
                let turn = own_turn(ledger);
                write(ledger, &mut case, turn, text)?;
                let asked = asked(&ledger.actor, &case);
                case.state = if asked {
                    CaseState::Open
                } else {
                    CaseState::Answered
                };
                case.due = if asked { due(ledger.now) } else { None };
            }
            if addition.pass {
                if !answers(&ledger.actor, &case) {
                    return Err(Reason::Right.refusal().into());
                }
                passing::begin(ledger, &mut case)?;
            }
            if addition.close {
                case.state = CaseState::Closed;
                case.due = None;
                let actor = ledger.actor.clone();
                ledger.note(&actor, CASE, id.as_str(), &"closed")?;
            }
            passing::tell(ledger, &mut case)?;
            keep_for_its_term(ledger, &id)?;
            put(ledger, &case, version)?;
            Ok(case)
        })
    }

    /// The cases that somebody sees, those that wait first, by the day on which they are due.
    ///
    /// # Errors
    /// What the store says.
    pub fn cases(self: &Arc<Self>, actor: &Actor) -> Result<Vec<HelpCase>> {
        let actor = actor.clone();
        let site = (!is_everywhere(&actor)).then(|| actor.site.to_string());
        let rows = self.store().read::<_, Error, _>(move |tx| {
            let mut rows = Vec::new();
            for state in [CaseState::Open, CaseState::Answered, CaseState::Closed] {
                let of = word(state);
                rows.extend(entity::newest(tx, CASE, &of, site.as_deref(), LIST_MAX)?);
            }
            Ok(rows)
        })?;
        let mut found = Vec::new();
        for row in &rows {
            let case: HelpCase = decode_as(CASE, row)?;
            if sees(&actor, &case) {
                found.push(case);
            }
        }
        found.sort_by_key(|case| {
            (
                case.due.is_none(),
                case.due,
                std::cmp::Reverse(case.id.clone()),
            )
        });
        Ok(found)
    }

    /// A case with what was written.
    ///
    /// # Errors
    /// `circuit.unknown` for somebody else's case, or what the store says.
    pub fn case(
        self: &Arc<Self>,
        id: &Reference,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ShownCase> {
        let id = id.clone();
        self.transact(actor, now, move |ledger| {
            let (case, _) = known(ledger, &id)?;
            let turns = 1..=case.turns.len();
            let texts = turns.map(|turn| text_of(ledger, &id, turn));
            let texts = texts.collect::<Result<_>>()?;
            Ok(ShownCase { case, texts })
        })
    }
}
