//! Who holds which part: leases in the data base, taken, renewed and shared out by the workers themselves.

use super::REPLICAS;
use super::truth::Truth;
use crate::Result;
use rilascio_store::prints::{self, Lease};
use rilascio_store::{Error as StoreError, Tx};
use std::collections::BTreeSet;

/// A part and the slot in which it is held.
pub(crate) type Held = (i64, i64);

/// How many slots a worker should hold, of so many parts and workers.
fn share(parts: i64, workers: i64) -> i64 {
    let workers = workers.max(1);
    (parts * REPLICAS.min(workers) + workers - 1) / workers
}

/// Renews what a worker holds, gives back what is more than its share and takes what nobody holds; parts of which it has
/// a copy first. Gives what it holds now.
pub(crate) fn round(
    truth: &Truth,
    worker: &str,
    copies: &BTreeSet<i64>,
    now_ms: i64,
    term_ms: i64,
) -> Result<Vec<Held>> {
    let (worker, copies) = (worker.to_owned(), copies.clone());
    let parts: Vec<i64> = truth.all_parts().collect();
    Ok(truth.store.write::<_, StoreError, _>(move |tx| {
        share_out(tx, &worker, &parts, &copies, now_ms, now_ms + term_ms)
    })?)
}

fn share_out(
    tx: &mut dyn Tx,
    worker: &str,
    parts: &[i64],
    copies: &BTreeSet<i64>,
    now_ms: i64,
    until_ms: i64,
) -> rilascio_store::Result<Vec<Held>> {
    let workers = prints::meet(tx, worker, until_ms, now_ms)?.len() as i64;
    let share = usize::try_from(share(parts.len() as i64, workers)).unwrap_or(usize::MAX);
    let (own, mut live): (Vec<Lease>, Vec<Lease>) = prints::leases(tx)?
        .into_iter()
        .partition(|lease| lease.holder == worker);
    live.retain(|lease| lease.until_ms > now_ms);
    let others = |part: i64| live.iter().filter(|lease| lease.part == part).count();
    let mut mine: Vec<Held> = own
        .iter()
        .filter(|lease| parts.contains(&lease.part))
        .map(|lease| (lease.part, lease.slot))
        .collect();
    // What others hold most is given back first, and never what nobody else holds.
    mine.sort_by_key(|(part, slot)| (others(*part), *part, *slot));
    while mine.len() > share && mine.last().is_some_and(|(part, _)| others(*part) > 0) {
        if let Some((part, slot)) = mine.pop() {
            prints::release(tx, part, slot, worker)?;
        }
    }
    let mut free: Vec<Held> = parts
        .iter()
        .filter(|part| !mine.iter().any(|(held, _)| held == *part))
        .filter_map(|part| {
            let taken = |slot: i64| live.iter().any(|l| l.part == *part && l.slot == slot);
            let slot = (0..REPLICAS).find(|slot| !taken(*slot))?;
            Some((*part, slot))
        })
        .collect();
    free.sort_by_key(|(part, _)| (others(*part), !copies.contains(part), *part));
    let missing = share.saturating_sub(mine.len());
    let wanted = mine.into_iter().chain(free.into_iter().take(missing));
    let mut held = Vec::new();
    for (part, slot) in wanted {
        let lease = Lease {
            part,
            slot,
            holder: worker.to_owned(),
            until_ms,
        };
        if prints::hold(tx, &lease, now_ms)? {
            held.push((part, slot));
        }
    }
    Ok(held)
}

/// Gives everything back.
pub(crate) fn leave(truth: &Truth, worker: &str) -> Result<()> {
    let worker = worker.to_owned();
    Ok(truth
        .store
        .write::<_, StoreError, _>(move |tx| prints::leave(tx, &worker))?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use rilascio_store::Store;
    use std::collections::BTreeMap;

    const PARTS: [i64; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

    fn turn(store: &Store, worker: &'static str, now: i64) -> Vec<Held> {
        store
            .write::<_, StoreError, _>(move |tx| {
                share_out(tx, worker, &PARTS, &BTreeSet::new(), now, now + 10)
            })
            .unwrap()
    }

    /// How often each part is held; nobody holds a part twice, and no slot is held by two.
    fn held(all: &[&[Held]]) -> BTreeMap<i64, usize> {
        let mut slots = BTreeSet::new();
        let mut parts = BTreeMap::new();
        for one in all {
            let own: BTreeSet<i64> = one.iter().map(|(part, _)| *part).collect();
            assert_eq!(own.len(), one.len());
            for held in *one {
                assert!(slots.insert(*held), "{held:?} is held twice");
                *parts.entry(held.0).or_default() += 1;
            }
        }
        parts
    }

    #[test]
    fn workers_come_and_go_and_every_part_is_held() {
        let store = Store::inline(None, None).unwrap();
        let a = turn(&store, "a", 0);
        assert_eq!(a.len(), 8);
        let b = turn(&store, "b", 1);
        assert_eq!(b.len(), 8);
        assert!(held(&[&a, &b]).values().all(|count| *count == 2));
        // A third one: the others give back, never both of a part.
        let c = turn(&store, "c", 2);
        assert!(c.is_empty());
        let (a, b) = (turn(&store, "a", 3), turn(&store, "b", 4));
        assert_eq!(held(&[&a, &b]).len(), 8);
        let c = turn(&store, "c", 5);
        assert_eq!(c.len(), 4);
        let all = held(&[&a, &b, &c]);
        assert_eq!(all.len(), 8);
        assert!(all.values().all(|count| *count == 2), "{all:?}");
        // One dies: its leases end, and the others take over.
        let now = 14;
        turn(&store, "b", now);
        turn(&store, "c", now);
        let (b, c) = (turn(&store, "b", now + 2), turn(&store, "c", now + 2));
        assert!(held(&[&b, &c]).values().all(|count| *count == 2));
        // Somebody who stopped in order leaves nothing behind.
        store
            .write::<_, StoreError, _>(|tx| prints::leave(tx, "b"))
            .unwrap();
        assert_eq!(turn(&store, "c", 17).len(), 8);
    }
}
