//! The terms of dossiers: papers that are asked for, notices of refusals, appeals; and the job that watches the clock.

use super::acts;
use super::centre::{step, tell_office};
use crate::Result;
use crate::command::Answer;
use crate::desk::Desk;
use crate::desk::papers::PaperEntry;
use crate::ledger::{DAY_MS, Ledger};
use crate::prose::Prose;
use crate::role::Role;
use jiff::Timestamp;
use rilascio_circuit::ActKind;
use rilascio_circuit::process::{
    Alarm, Dossier, DossierCommand, DossierId, Phase, Reason, Reference, TermsCommand,
};
use rilascio_store::{entity, journal};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The job that watches the clock of a dossier.
pub(crate) const WATCH: &str = "watch-terms";
/// The longest time between two looks, in days: a profile may change meanwhile.
const LOOK_DAYS: i64 = 90;
const HOUR_MS: i64 = 3_600_000;

/// A step of the terms by a person; the office hears of it.
pub(super) fn take_step(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    command: TermsCommand,
) -> Result<Answer> {
    let answer = step(ledger, dossier, &DossierCommand::Terms(command))?;
    told(ledger, dossier)?;
    Ok(answer)
}

/// Asks for papers, by an act.
pub(super) fn ask_papers(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    papers: &BTreeSet<Reference>,
    days: u16,
) -> Result<Answer> {
    let ask = TermsCommand::AskPapers {
        papers: papers.clone(),
        days,
        after: last_paper(ledger, dossier)?,
    };
    let answer = take_step(ledger, dossier, ask)?;
    acts::draw_up(ledger, dossier, ActKind::PapersRequest)?;
    Ok(answer)
}

/// Gives notice of a refusal, by an act that says why.
pub(super) fn give_notice(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    grounds: &Reference,
    reasons: Option<&Prose>,
) -> Result<Answer> {
    acts::take_reasons(ledger, dossier, ActKind::RefusalNotice, reasons)?;
    let notice = TermsCommand::GiveNotice {
        grounds: grounds.clone(),
        after: last_paper(ledger, dossier)?,
    };
    let answer = take_step(ledger, dossier, notice)?;
    acts::draw_up(ledger, dossier, ActKind::RefusalNotice)?;
    Ok(answer)
}

/// The office hears of new terms, and the clock is looked at anew.
fn told(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<()> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    tell_office(ledger, dossier, known.phase)?;
    look_at(ledger, &known)
}

/// A paper came: the term runs again when it was the last of those that were asked for.
pub(super) fn papers_came(ledger: &mut Ledger<'_>, known: &Dossier) -> Result<()> {
    let Some(asked) = known.terms.papers.as_ref() else {
        return Ok(());
    };
    let there = ledger.papers(known.id.as_str())?;
    let all = asked.papers.iter().all(|title| {
        let new = |entry: &PaperEntry| entry.number > asked.after && entry.title == *title;
        there.iter().any(new)
    });
    if asked.closed.is_none() && all {
        let take = DossierCommand::Terms(TermsCommand::TakePapers);
        let _: Dossier = ledger.step_by_system(known.id.as_str(), &take)?;
        told(ledger, &known.id)?;
    }
    Ok(())
}

/// The number of the last paper of a dossier.
fn last_paper(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<u32> {
    let there = ledger.papers(dossier.as_str())?;
    Ok(there.last().map_or(0, |last| last.number))
}

/// An examiner read the answer to a notice: there is one only when a paper came since.
pub(super) fn take_answer(ledger: &mut Ledger<'_>, dossier: &DossierId) -> Result<Answer> {
    let known: Dossier = ledger.known(dossier.as_str())?;
    let after = known.terms.notice.as_ref().map_or(0, |given| given.after);
    if known.terms.notice.is_some() && last_paper(ledger, dossier)? <= after {
        return Err(Reason::NotYet.refusal().into());
    }
    take_step(ledger, dossier, TermsCommand::TakeAnswer)
}

/// True while somebody of this role has to do something about a dossier.
fn is_ours(role: Role, phase: Phase) -> bool {
    match role {
        Role::Office => matches!(
            phase,
            Phase::Draft | Phase::Enrolled | Phase::AtOffice | Phase::Activated
        ),
        Role::Centre => matches!(
            phase,
            Phase::Examination | Phase::Proposed | Phase::Authorised
        ),
        Role::Works | Role::Registry => false,
    }
}

/// When a dossier was last moved, in milliseconds since 1970: by the journal, which knows.
fn moved_ms(ledger: &mut Ledger<'_>, dossier: &Dossier) -> Result<i64> {
    #[derive(serde::Deserialize)]
    struct Line {
        at: i64,
    }
    let newest = journal::latest_of(ledger.tx, "dossier", dossier.id.as_str(), 1)?;
    let line = newest
        .first()
        .and_then(|entry| serde_json::from_str::<Line>(&entry.text).ok());
    Ok(line.map_or(dossier.opened.as_millisecond(), |line| line.at))
}

/// Looks at the clock again when the next thing can be due.
pub(super) fn look_at(ledger: &mut Ledger<'_>, dossier: &Dossier) -> Result<()> {
    if !is_ours(ledger.desk.role, dossier.phase) {
        return Ok(());
    }
    let idle = ledger.profile(&dossier.profile)?.circuit.idle_days;
    let now = ledger.now_ms();
    let mut next = now + LOOK_DAYS * DAY_MS;
    let terms = &dossier.terms;
    let due = terms.due.filter(|_| terms.late.is_none());
    if ledger.desk.role == Role::Centre {
        for at in [due, terms.stands_until()].into_iter().flatten() {
            next = next.min(at.as_millisecond());
        }
    }
    if idle > 0 && terms.stands_until().is_none() {
        let idle = i64::from(idle) * DAY_MS;
        // One that was noticed as idle is looked at again: somebody may have touched it meanwhile.
        let from = match terms.idle {
            None => moved_ms(ledger, dossier)?,
            Some(_) => now,
        };
        next = next.min((from + idle).max(now + HOUR_MS));
    }
    // One look that waits is enough, and the earliest counts.
    rilascio_store::work::hasten_job(ledger.tx, WATCH, dossier.id.as_str(), next)?;
    Ok(())
}

/// Something may be due: the term runs again, is over, or nobody touched the dossier for long.
pub(crate) fn watch(ledger: &mut Ledger<'_>, id: &DossierId) -> Result<()> {
    let Some(known) = ledger.get::<Dossier>(id.as_str())? else {
        return Ok(());
    };
    if !is_ours(ledger.desk.role, known.phase) {
        return Ok(());
    }
    let raise = |ledger: &mut Ledger<'_>, command: TermsCommand| -> Result<Dossier> {
        ledger.step_by_system(id.as_str(), &DossierCommand::Terms(command))
    };
    let mut next = known.clone();
    if ledger.desk.role == Role::Centre {
        let over = next.terms.stands_until().is_some_and(|at| at <= ledger.now);
        if over {
            next = raise(ledger, TermsCommand::Resume)?;
        }
        let late = next.terms.due.is_some_and(|due| due <= ledger.now);
        if late && next.terms.late.is_none() {
            next = raise(ledger, TermsCommand::Raise(Alarm::Late))?;
        }
        if over {
            tell_office(ledger, id, next.phase)?;
        }
    }
    let idle = i64::from(ledger.profile(&next.profile)?.circuit.idle_days);
    let waits = next.terms.stands_until().is_some();
    if idle > 0 && !waits && next.terms.idle.is_none() {
        let moved = moved_ms(ledger, &known)?;
        if ledger.now_ms() - moved >= idle * DAY_MS {
            next = raise(ledger, TermsCommand::Raise(Alarm::Idle))?;
        }
    }
    look_at(ledger, &next)
}

impl Desk {
    /// Undecided dossiers whose term ends by then, the most urgent first.
    ///
    /// # Errors
    /// What the store says.
    pub fn due_dossiers(self: &Arc<Self>, by: Timestamp, limit: u32) -> Result<Vec<Dossier>> {
        self.store().read::<_, crate::Error, _>(move |tx| {
            let rows = entity::due(tx, "dossier", by.as_millisecond(), limit)?;
            rows.iter().map(crate::ledger::decode).collect()
        })
    }
}
