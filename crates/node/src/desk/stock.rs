//! The stock of works: blanks counted in, moved, spoiled and destroyed, the numbers that are theirs, and the balance of every
//! day.

use crate::command::{Answer, COUNT_MAX};
use crate::ledger::{Ledger, encode, word};
use crate::{Error, Result};
use jiff::civil::Date;
use rilascio_circuit::NumberPattern;
use rilascio_circuit::process::{
    Balance, Blank, BlankCommand, BlankSerial, BlankState, OfficerId, OrderState, Reason,
    Reference, Shelves, StockTake, StockTakeCommand,
};
use rilascio_exchange::message::Body;
use rilascio_store::{entity, work};
use std::collections::BTreeMap;

/// The name under which the counts of a site are kept.
const BALANCE: &str = "balance";

/// Moves a blank, and with it one unit of the balance.
pub(super) fn move_blank(
    ledger: &mut Ledger<'_>,
    blank: &BlankSerial,
    command: &BlankCommand,
    system: bool,
) -> Result<Blank> {
    let before: Option<Blank> = ledger.get(blank.as_str())?;
    let after: Blank = if system {
        ledger.step_by_system(blank.as_str(), command)?
    } else {
        ledger.step(blank.as_str(), None, command)?
    };
    let from = before.map(|blank| blank.state.bucket());
    let to = after.state.bucket();
    if from != Some(to) {
        let id = after.site.as_str().to_owned();
        let row = entity::get(ledger.tx, BALANCE, &id)?;
        let corrupt = |why: String| Error::Corrupt {
            what: BALANCE,
            id: id.clone(),
            why,
        };
        let mut balance: Balance = match &row {
            Some(row) => serde_json::from_str(&row.body).map_err(|why| corrupt(why.to_string()))?,
            None => Balance::default(),
        };
        if !balance.step(from, to) || !balance.holds() {
            return Err(corrupt("a bucket would go below zero".into()));
        }
        let row = entity::Entity {
            id: id.clone(),
            version: row.map_or(0, |row| row.version),
            site: id,
            state: String::new(),
            due_ms: None,
            body: encode(BALANCE, &balance)?,
        };
        entity::put(ledger.tx, BALANCE, &row)?;
    }
    Ok(after)
}

pub(super) fn blank_step(
    ledger: &mut Ledger<'_>,
    blank: &BlankSerial,
    command: &BlankCommand,
) -> Result<Answer> {
    let next = move_blank(ledger, blank, command, false)?;
    Ok(Answer::of(blank, word(next.state)))
}

pub(super) fn receive_blanks(
    ledger: &mut Ledger<'_>,
    name: &str,
    batch: &str,
    count: u32,
    second: &OfficerId,
) -> Result<Answer> {
    if count == 0 || count > COUNT_MAX {
        return Err(Reason::TooMany.refusal().into());
    }
    let profile = ledger.profile(name)?;
    let last = work::take_numbers(ledger.tx, &format!("serial/{name}"), count.into())?;
    let site = ledger.actor.site.clone();
    let mut ids = Vec::new();
    for number in last - i64::from(count) + 1..=last {
        let serial = own_number(ledger, profile.document.serial.as_ref(), name, number)?;
        let serial =
            BlankSerial::parse(&format!("{name}.{serial}")).map_err(|why| Error::Malformed {
                what: "serial",
                why,
            })?;
        let receive = BlankCommand::Receive {
            serial: serial.clone(),
            profile: name.to_owned(),
            batch: batch.to_owned(),
            site: site.clone(),
            second: second.clone(),
        };
        move_blank(ledger, &serial, &receive, false)?;
        ids.push(serial.to_string());
    }
    Ok(Answer {
        ids,
        state: word(BlankState::Received),
        found: None,
    })
}

pub(super) fn each_blank(
    ledger: &mut Ledger<'_>,
    profile: &str,
    state: BlankState,
    count: u32,
    command: &BlankCommand,
) -> Result<Answer> {
    if count == 0 || count > COUNT_MAX {
        return Err(Reason::TooMany.refusal().into());
    }
    let site = ledger.actor.site.clone();
    let blanks: Vec<Blank> =
        ledger.list_at(&format!("{profile}/{}", word(state)), site.as_str(), count)?;
    if blanks.len() < count as usize {
        return Err(Reason::Unknown.refusal().into());
    }
    let mut ids = Vec::new();
    let mut after = String::new();
    for blank in blanks {
        let next = move_blank(ledger, &blank.serial, command, false)?;
        after = word(next.state);
        ids.push(blank.serial.to_string());
    }
    Ok(Answer {
        ids,
        state: after,
        found: None,
    })
}

/// The number at that place of the series of these works.
pub(super) fn own_number(
    ledger: &Ledger<'_>,
    pattern: &NumberPattern,
    profile: &str,
    place: i64,
) -> Result<String> {
    let share = ledger.desk.routes.share(profile, &ledger.desk.node);
    let places = pattern.places(share);
    let place = places.start + u128::try_from(place).unwrap_or_default();
    let number = pattern.number(place).filter(|_| places.contains(&place));
    number.ok_or_else(|| Reason::NumbersUsedUp.refusal().into())
}

/// The blanks of this site, counted one state at a time.
fn counted(ledger: &mut Ledger<'_>) -> Result<Balance> {
    let mut balance = Balance::default();
    for (state, site, count) in entity::count(ledger.tx, "blank")? {
        let state = state.rsplit('/').next().unwrap_or_default().to_owned();
        let state: BlankState =
            serde_json::from_value(serde_json::Value::String(state)).map_err(|why| {
                Error::Corrupt {
                    what: "blank",
                    id: site.clone(),
                    why: why.to_string(),
                }
            })?;
        let count = u64::try_from(count).unwrap_or(0);
        *balance.of(state.bucket()) += count;
        balance.received += count;
    }
    Ok(balance)
}

/// Two people counted the blanks of a profile: what they found and what the books say is kept, whether it agrees or not.
pub(super) fn take_stock(
    ledger: &mut Ledger<'_>,
    profile: &str,
    counted: &Shelves,
    second: &OfficerId,
) -> Result<Answer> {
    ledger.profile(profile)?;
    let site = ledger.actor.site.clone();
    let mut books = Shelves::default();
    for (state, at, count) in entity::count(ledger.tx, "blank")? {
        let lies = state
            .strip_prefix(profile)
            .and_then(|rest| rest.strip_prefix('/'));
        let shelf = match lies.filter(|_| at == site.as_str()) {
            Some("received" | "initialised") => &mut books.in_stock,
            Some("assigned") => &mut books.on_table,
            Some("spoiled") => &mut books.spoiled,
            _ => continue,
        };
        *shelf += u64::try_from(count).unwrap_or(0);
    }
    let number = work::take_numbers(ledger.tx, "stock-take", 1)?;
    let id = Reference::parse(&format!("{}-S{number:05}", ledger.desk.node)).map_err(|why| {
        Error::Malformed {
            what: "stock-take",
            why,
        }
    })?;
    let note = StockTakeCommand::Note {
        id: id.clone(),
        site,
        profile: profile.to_owned(),
        counted: *counted,
        books,
        second: second.clone(),
    };
    let noted: StockTake = ledger.step(id.as_str(), Some(profile), &note)?;
    Ok(Answer {
        found: serde_json::to_value(&noted).ok(),
        ..Answer::of(id, word(noted.state))
    })
}

pub(super) fn close_day(ledger: &mut Ledger<'_>, day: Date) -> Result<Answer> {
    if day > ledger.today() {
        return Err(Reason::TooEarly.refusal().into());
    }
    let balance = counted(ledger)?;
    let states: BTreeMap<String, i64> = entity::count(ledger.tx, "order")?.into_iter().fold(
        BTreeMap::new(),
        |mut all, (state, _, count)| {
            *all.entry(state).or_default() += count;
            all
        },
    );
    let of = |state: OrderState| states.get(&word(state)).copied().unwrap_or(0);
    let pending = of(OrderState::Accepted) + of(OrderState::InProduction);
    let printed = work::read_number(ledger.tx, "printed")?;
    let body = Body::DailyBalance {
        day,
        site: ledger.desk.site.clone(),
        balance,
        pending: u64::try_from(pending).unwrap_or(0),
        printed: u64::try_from(printed).unwrap_or(0),
    };
    let actor = ledger.actor.clone();
    ledger.note(&actor, "day", &day.to_string(), &body)?;
    let centre = ledger.desk.routes.centre.clone();
    ledger.send(&centre, &day.to_string(), body, None)?;
    Ok(Answer {
        found: serde_json::to_value(balance).ok(),
        ..Answer::of(day, "closed")
    })
}
