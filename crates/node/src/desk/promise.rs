//! The day on which a document is promised: made at the centre from what the works made and what waits there, kept or
//! missed at the office.

use super::centre::follow;
use crate::Result;
use crate::desk::Desk;
use crate::ledger::Ledger;
use jiff::ToSpan;
use rilascio_circuit::process::{
    Backlog, Dossier, DossierCommand, DossierId, NodeId, TermsCommand,
};
use rilascio_store::work;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Days that are looked back for what the works make.
const DAYS_BACK: i32 = 14;
const KEPT: &str = "promises-kept";
const MISSED: &str = "promises-missed";

/// How many promises were kept at the offices of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Promises {
    /// Documents that came on the promised day or before.
    pub kept: i64,
    /// Documents that came later.
    pub missed: i64,
}

fn placed(works: &NodeId) -> String {
    format!("orders-placed/{works}")
}

fn over(works: &NodeId) -> String {
    format!("orders-over/{works}")
}

fn made_on(works: &NodeId, day: jiff::civil::Date) -> String {
    format!("made/{works}/{day}")
}

/// An order was placed: its day is promised, if one can be told.
pub(super) fn make(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    works: &NodeId,
    express: bool,
) -> Result<()> {
    let today = ledger.today();
    let mut made = Vec::new();
    for back in 0..DAYS_BACK {
        let day = today.saturating_sub(back.days());
        let count = work::read_number(ledger.tx, &made_on(works, day))?;
        made.push(u64::try_from(count).unwrap_or(0));
    }
    let waits =
        work::read_number(ledger.tx, &placed(works))? - work::read_number(ledger.tx, &over(works))?;
    work::take_numbers(ledger.tx, &placed(works), 1)?;
    let backlog = Backlog {
        // An express order goes before all others.
        ahead: if express {
            0
        } else {
            u64::try_from(waits).unwrap_or(0)
        },
        made,
    };
    let known: Dossier = ledger.known(dossier.as_str())?;
    let rules = &ledger.profile(&known.profile)?.circuit;
    if let Some(day) = backlog.promise(today, rules) {
        let promise = DossierCommand::Terms(TermsCommand::Promise(day));
        follow(ledger, dossier, &promise)?;
    }
    Ok(())
}

/// The works made a document.
pub(super) fn made(ledger: &mut Ledger<'_>, works: &NodeId) -> Result<()> {
    let today = made_on(works, ledger.today());
    work::take_numbers(ledger.tx, &today, 1)?;
    ended(ledger, works)
}

/// An order waits no longer.
pub(super) fn ended(ledger: &mut Ledger<'_>, works: &NodeId) -> Result<()> {
    work::take_numbers(ledger.tx, &over(works), 1)?;
    Ok(())
}

/// A document came to its office.
pub(super) fn came(ledger: &mut Ledger<'_>, dossier: &Dossier) -> Result<()> {
    if let Some(promised) = dossier.terms.promised {
        let word = if ledger.today() <= promised {
            KEPT
        } else {
            MISSED
        };
        work::take_numbers(ledger.tx, word, 1)?;
    }
    Ok(())
}

impl Desk {
    /// How many promises were kept here.
    ///
    /// # Errors
    /// What the store says.
    pub fn promises(self: &Arc<Self>) -> Result<Promises> {
        self.store().read::<_, crate::Error, _>(|tx| {
            Ok(Promises {
                kept: work::read_number(tx, KEPT)?,
                missed: work::read_number(tx, MISSED)?,
            })
        })
    }
}
