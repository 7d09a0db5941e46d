//! The journal played again: what the tables must hold, computed from the events alone.

use crate::{Error, Result, Role};
use rilascio_circuit::process::{
    AccessGrant, Aggregate, Attestation, Balance, Blank, Consignment, Document, Dossier,
    LegacyFile, LossReport, Order, Registration, Sheet, Standing, StockTake, WatchEntry,
};
use rilascio_store::Tx;
use rilascio_store::entity;
use rilascio_store::journal::Entry;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a journal tells, as it stands after its last entry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Replay {
    /// Dossiers.
    pub dossiers: BTreeMap<String, Dossier>,
    /// Orders.
    pub orders: BTreeMap<String, Order>,
    /// Blanks.
    pub blanks: BTreeMap<String, Blank>,
    /// Parcels.
    pub consignments: BTreeMap<String, Consignment>,
    /// Documents.
    pub documents: BTreeMap<String, Document>,
    /// Attestations.
    pub attestations: BTreeMap<String, Attestation>,
    /// Sheets.
    pub sheets: BTreeMap<String, Sheet>,
    /// Files of the old procedure.
    pub legacy: BTreeMap<String, LegacyFile>,
    /// Documents in the registry.
    pub registrations: BTreeMap<String, Registration>,
    /// Rights of other administrations.
    pub grants: BTreeMap<String, AccessGrant>,
    /// Entries of watch-lists.
    pub watch: BTreeMap<String, WatchEntry>,
    /// Works that were stopped, lost or let run again.
    pub works: BTreeMap<String, Standing>,
    /// Reports of loss and theft.
    pub losses: BTreeMap<String, LossReport>,
    /// Stock-takes.
    pub stock_takes: BTreeMap<String, StockTake>,
    /// The count of blanks.
    pub balance: Balance,
    /// Blanks of documents, to find one that was used twice.
    used: BTreeSet<String>,
    /// How many events each thing has.
    events: Events,
}

#[derive(Deserialize)]
struct Line {
    v: u8,
    kind: String,
    id: String,
    n: Option<i64>,
    event: serde_json::Value,
}

fn corrupt(what: &'static str, id: &str, why: impl ToString) -> Error {
    Error::Corrupt {
        what,
        id: id.to_owned(),
        why: why.to_string(),
    }
}

fn follow<A>(states: &mut BTreeMap<String, A>, id: &str, event: serde_json::Value) -> Result<()>
where
    A: Aggregate,
    A::Event: DeserializeOwned,
{
    let event: A::Event = serde_json::from_value(event).map_err(|why| corrupt(A::KIND, id, why))?;
    let state = states.remove(id);
    let next = A::apply(state, &event).map_err(|why| corrupt(A::KIND, id, why.en))?;
    states.insert(id.to_owned(), next);
    Ok(())
}

impl Replay {
    /// Takes one more entry; gives the kind and name of what it changed.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the entry cannot follow on those before, or breaks an invariant of the circuit.
    pub fn take(&mut self, entry: &Entry) -> Result<()> {
        let line: Line = serde_json::from_str(&entry.text)
            .map_err(|why| corrupt("journal entry", &entry.seq.to_string(), why))?;
        if line.v != 1 || line.kind != entry.kind || line.id != entry.id {
            return Err(corrupt(
                "journal entry",
                &entry.seq.to_string(),
                "it is filed under another name",
            ));
        }
        if let Some(n) = line.n {
            let count = self
                .events
                .entry((line.kind.clone(), line.id.clone()))
                .or_default();
            if n != *count + 1 {
                return Err(corrupt(
                    "journal entry",
                    &entry.seq.to_string(),
                    "an event of its thing is missing or doubled",
                ));
            }
            *count = n;
        }
        let id = &line.id[..];
        match &line.kind[..] {
            "dossier" => {
                follow(&mut self.dossiers, id, line.event)?;
                self.check_dossier(id)
            }
            "order" => {
                follow(&mut self.orders, id, line.event)?;
                self.check_order(id)
            }
            "blank" => {
                let before = self.blanks.get(id).map(|blank| blank.state.bucket());
                follow(&mut self.blanks, id, line.event)?;
                let after = self.blanks[id].state.bucket();
                let moved = before == Some(after) || self.balance.step(before, after);
                if !moved || !self.balance.holds() {
                    return Err(corrupt("blank", id, "the material balance does not hold"));
                }
                Ok(())
            }
            "consignment" => follow(&mut self.consignments, id, line.event),
            "document" => {
                let fresh = !self.documents.contains_key(id);
                follow(&mut self.documents, id, line.event)?;
                let blank = self.documents[id].blank.to_string();
                if fresh && !self.used.insert(blank) {
                    return Err(corrupt(
                        "document",
                        id,
                        "its blank carries another document",
                    ));
                }
                Ok(())
            }
            "attestation" => follow(&mut self.attestations, id, line.event),
            "sheet" => follow(&mut self.sheets, id, line.event),
            "legacy-file" => follow(&mut self.legacy, id, line.event),
            "registration" => follow(&mut self.registrations, id, line.event),
            "access-grant" => follow(&mut self.grants, id, line.event),
            "watch-entry" => follow(&mut self.watch, id, line.event),
            "loss-report" => follow(&mut self.losses, id, line.event),
            "stock-take" => follow(&mut self.stock_takes, id, line.event),
            "works" => follow(&mut self.works, id, line.event),
            _ => Ok(()),
        }
    }

    fn check_dossier(&self, id: &str) -> Result<()> {
        use rilascio_circuit::process::{Phase, Screening, Step};
        let dossier = &self.dossiers[id];
        let hand = |step| dossier.hands.get(&step);
        let pairs = [
            (Step::Enrol, Step::Submit),
            (Step::Enrol, Step::Adjudicate),
            (Step::Enrol, Step::Examine),
            (Step::Enrol, Step::Propose),
            (Step::Enrol, Step::Decide),
            (Step::Propose, Step::Decide),
        ];
        for (one, other) in pairs {
            if hand(one).is_some() && hand(one) == hand(other) {
                return Err(corrupt(
                    "dossier",
                    id,
                    format!("one officer did both {one:?} and {other:?}"),
                ));
            }
        }
        let hands: BTreeSet<_> = dossier.hands.values().collect();
        if dossier.phase == Phase::HandedOver
            && dossier.hands.contains_key(&Step::HandOver)
            && hands.len() < 2
        {
            return Err(corrupt("dossier", id, "one officer carried it alone"));
        }
        let decided = matches!(
            dossier.phase,
            Phase::Authorised | Phase::Certified | Phase::Ordered
        );
        if decided
            && dossier.hands.contains_key(&Step::Propose)
            && !dossier.hands.contains_key(&Step::Decide)
        {
            return Err(corrupt("dossier", id, "nobody decided it"));
        }
        if decided
            && matches!(dossier.screening, Some(Screening::Findings(_)))
            && dossier.cleared != Some(true)
        {
            return Err(corrupt("dossier", id, "it was granted against a finding"));
        }
        Ok(())
    }

    fn check_order(&self, id: &str) -> Result<()> {
        let order = &self.orders[id];
        if order.is_live() {
            // Orders of one dossier share the beginning of their name.
            let prefix = format!("{}-", order.dossier);
            let others = self
                .orders
                .range(prefix.clone()..)
                .take_while(|(name, _)| name.starts_with(&prefix));
            let count = others
                .filter(|(_, o)| o.dossier == order.dossier && o.is_live() && o.document.is_none())
                .count();
            if count > 1 {
                return Err(corrupt("order", id, "its dossier has two live orders"));
            }
        }
        Ok(())
    }

    /// Compares what the journal tells with what the tables hold.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the first thing that differs.
    pub fn compare(&self, tx: &mut dyn Tx, role: Role) -> Result<()> {
        let events = &self.events;
        compare(tx, &self.dossiers, events)?;
        compare(tx, &self.orders, events)?;
        compare(tx, &self.blanks, events)?;
        compare(tx, &self.consignments, events)?;
        compare(tx, &self.documents, events)?;
        compare(tx, &self.attestations, events)?;
        compare(tx, &self.sheets, events)?;
        compare(tx, &self.legacy, events)?;
        compare(tx, &self.registrations, events)?;
        compare(tx, &self.grants, events)?;
        compare(tx, &self.watch, events)?;
        compare(tx, &self.works, events)?;
        compare(tx, &self.losses, events)?;
        compare(tx, &self.stock_takes, events)?;
        if role == Role::Works {
            let rows = entity::list(tx, "balance", None, None, "", PAGE)?;
            let mut sum = Balance::default();
            for row in rows {
                let part: Balance = serde_json::from_str(&row.body)
                    .map_err(|why| corrupt("balance", &row.id, why))?;
                sum.received += part.received;
                sum.in_stock += part.in_stock;
                sum.in_production += part.in_production;
                sum.in_transit += part.in_transit;
                sum.handed_over += part.handed_over;
                sum.spoiled += part.spoiled;
                sum.destroyed += part.destroyed;
                sum.missing += part.missing;
            }
            if sum != self.balance {
                return Err(corrupt(
                    "balance",
                    "all sites",
                    "the books differ from the journal",
                ));
            }
        }
        Ok(())
    }
}

/// Rows that are compared at a time.
const PAGE: u32 = 1000;

/// How many events each thing has, by kind and name.
type Events = BTreeMap<(String, String), i64>;

fn compare<A: Aggregate + Serialize>(
    tx: &mut dyn Tx,
    states: &BTreeMap<String, A>,
    events: &Events,
) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut after = String::new();
    loop {
        // Servers sort names by their own rules: only the pages follow each other, not the names in them.
        let rows = entity::list(tx, A::KIND, None, None, &after, PAGE)?;
        let Some(last) = rows.last() else {
            break;
        };
        after.clone_from(&last.id);
        for row in rows {
            let Some(state) = states.get(&row.id) else {
                return Err(corrupt(A::KIND, &row.id, "the journal does not know it"));
            };
            let written = events.get(&(A::KIND.to_owned(), row.id.clone())).copied();
            if crate::ledger::encode(A::KIND, state)? != row.body || written != Some(row.version) {
                return Err(corrupt(
                    A::KIND,
                    &row.id,
                    "the table differs from the journal",
                ));
            }
            seen.insert(row.id);
        }
    }
    match states.keys().find(|id| !seen.contains(*id)) {
        None => Ok(()),
        Some(id) => Err(corrupt(A::KIND, id, "it is missing in its table")),
    }
}
