//! A run: days of work under faults, then calm, then the question whether anything was lost.

use crate::people::People;
use crate::world::World;
use crate::{Broken, Fault, Sample, Scenario};
use jiff::SignedDuration;
use rilascio_circuit::process::{
    BlankState, ConsignmentState, DocumentState, Dossier, LossReport, LossState, Phase, Reference,
};
use rilascio_node::{Error, Profiles, Role};
use rilascio_store::{Error as StoreError, work};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What happened in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Dossiers that were opened.
    pub dossiers: u64,
    /// Commands that were done.
    pub commands: u64,
    /// Commands that a rule refused.
    pub refused: u64,
    /// Times that a node was killed.
    pub kills: u64,
    /// Parcels that were lost.
    pub parcels_lost: u64,
    /// Parcels that came back to the works.
    pub parcels_back: u64,
    /// Times that works were stopped or lost.
    pub works_failed: u64,
    /// Documents that were handed over.
    pub handed_over: u64,
    /// Events in all journals.
    pub events: u64,
    /// The hash of the final state, in hexadecimal.
    pub state: String,
}

/// Half hours of a working day.
const TURNS: u32 = 24;
/// The most work that a node does in half an hour.
const STEPS_MAX: u64 = 40;
/// Rounds of calm, of four hours each, after which everything must have arrived.
const CALM_ROUNDS: u32 = 60;

/// Runs a country for some days and looks at every invariant after every event.
///
/// # Errors
/// [`Fault::Broken`] with the invariant and the event, or what failed.
pub fn run(
    scenario: &Scenario,
    seed: u64,
    days: u32,
    profiles: &Arc<dyn Profiles>,
    samples: &[Sample],
    progress: &mut dyn FnMut(u32),
) -> Result<Summary, Fault> {
    if samples.is_empty() {
        return Err(Fault::Scenario(
            "there is nobody to apply for anything".into(),
        ));
    }
    let names: Vec<String> = samples
        .iter()
        .map(|sample| sample.profile.clone())
        .collect();
    let mut world = World::new(scenario, seed, Arc::clone(profiles), &names)?;
    let mut people = People::new(samples);
    for day in 0..days {
        world.renew_circle()?;
        for _ in 0..TURNS {
            people.turn(&mut world)?;
            work_some(&mut world, STEPS_MAX)?;
            world.now += SignedDuration::from_mins(30);
        }
        people.evening(&mut world)?;
        world.network.deliver_late();
        world.check()?;
        world.now += SignedDuration::from_hours(12);
        progress(day + 1);
    }
    calm_down(&mut world)?;
    let mut summary = people.summary;
    summary.events = world.events;
    summary.kills = world
        .nodes
        .iter()
        .map(|node| node.reaper.kills.load(Ordering::Relaxed))
        .sum();
    summary.state = world.state_hash()?.as_str().to_owned();
    Ok(summary)
}

/// Every node does some of its work; the works no more than their capacity.
fn work_some(world: &mut World, most: u64) -> Result<(), Fault> {
    for node in 0..world.nodes.len() {
        if world.is_dark(node) {
            continue;
        }
        let mut steps = world.dice.below(most);
        if world.nodes[node].role == Role::Works {
            steps = steps.min(u64::from(world.scenario.capacity));
        }
        for _ in 0..steps {
            if !step(world, node)? {
                break;
            }
        }
    }
    Ok(())
}

/// One message or job of a node; false when it has none.
fn step(world: &mut World, node: usize) -> Result<bool, Fault> {
    let first = world.dice.below(2) == 0;
    for send in [first, !first] {
        let outcome = world.at(node, |desk, tools, now| {
            if send {
                desk.send_one(tools, now)
            } else {
                desk.work_one(tools, now)
            }
        })?;
        match outcome {
            Ok(true) | Err(Error::Store(StoreError::Stopped)) => return Ok(true),
            Ok(false) => {}
            Err(why) => return Err(why.into()),
        }
    }
    Ok(false)
}

/// No more faults: everything that was on its way arrives, and the books of all nodes agree.
fn calm_down(world: &mut World) -> Result<(), Fault> {
    world.faults.store(false, Ordering::Relaxed);
    let mut people = People::new(&[]);
    people.number_from(world.events);
    people.resume_works(world)?;
    for _ in 0..CALM_ROUNDS {
        world.network.deliver_late();
        let mut idle = true;
        for node in 0..world.nodes.len() {
            while step(world, node)? {
                idle = false;
            }
        }
        let waits = waits(world);
        if idle && !waits && open_messages(world)? == 0 {
            break;
        }
        world.now += SignedDuration::from_hours(4);
        stock_up(world)?;
    }
    let broken = |event: u64, invariant: String| Fault::Broken(Broken { invariant, event });
    let event = world.events;
    let left = open_messages(world)?;
    if left > 0 {
        let mut text = format!("{left} messages never arrived or were never answered");
        for node in &world.nodes {
            let late = node.desk.store().read::<_, StoreError, _>(|tx| {
                let mut late = work::overdue(tx, i64::MAX, 3)?;
                late.extend(work::waiting(tx, 3)?);
                Ok(late)
            })?;
            for stuck in late {
                let why = stuck.fault.unwrap_or_else(|| "no answer".to_owned());
                let (kind, from, to) = (stuck.kind, &node.site, stuck.receiver);
                text += &format!("; {kind} of {from} to {to} about {}: {why}", stuck.subject);
            }
        }
        return Err(broken(event, text));
    }
    for node in &world.nodes {
        let (replay, role) = (node.replay.clone(), node.role);
        node.desk
            .store()
            .read::<_, Error, _>(move |tx| replay.compare(tx, role))
            .map_err(|why| broken(event, why.to_string()))?;
        let parked = node
            .desk
            .store()
            .read::<_, StoreError, _>(|tx| work::parked(tx, 10))?;
        if let Some(stuck) = parked.first() {
            let why = stuck.fault.clone().unwrap_or_default();
            let text = format!(
                "{} to {} about {} was refused: {why}",
                stuck.kind, stuck.receiver, stuck.subject
            );
            return Err(broken(event, text));
        }
    }
    agree(world).map_err(|text| broken(event, text))
}

/// True while works have something to make.
fn waits(world: &World) -> bool {
    let works = world.all_of(Role::Works);
    works
        .into_iter()
        .any(|works| !world.waiting_orders(works).is_empty())
}

/// In the calm the works have blanks for every order.
fn stock_up(world: &mut World) -> Result<(), Fault> {
    if waits(world) {
        let mut people = People::new(&[]);
        people.number_from(world.events);
        people.stock_all(world)?;
    }
    Ok(())
}

/// Messages that wait to be sent or answered; a parcel is answered when somebody opens it.
fn open_messages(world: &World) -> Result<usize, Fault> {
    let mut open = 0;
    for node in &world.nodes {
        let (waiting, late) = node.desk.store().read::<_, StoreError, _>(|tx| {
            Ok((work::waiting(tx, 1000)?, work::overdue(tx, i64::MAX, 1000)?))
        })?;
        let on_the_road = |stuck: &work::Stuck| {
            let parcel = node.replay.consignments.get(&stuck.subject);
            parcel.is_some_and(|parcel| parcel.state == ConsignmentState::Dispatched)
        };
        open += waiting.len() + late.iter().filter(|stuck| !on_the_road(stuck)).count();
    }
    Ok(open)
}

/// The acts that an applicant was handed.
fn served(dossier: &Dossier) -> BTreeSet<&Reference> {
    dossier.served.iter().map(|served| &served.act).collect()
}

/// What offices, centre, works and registry know of each other is the same.
fn agree(world: &World) -> Result<(), String> {
    let centre = &world.nodes[world.node_of(Role::Centre)].replay;
    let registry = &world.nodes[world.node_of(Role::Registry)].replay;
    for office in world.nodes.iter().filter(|node| node.role == Role::Office) {
        for (id, dossier) in &office.replay.dossiers {
            let known = centre.dossiers.get(id);
            let sent = !matches!(
                dossier.phase,
                Phase::Draft | Phase::Enrolled | Phase::Cancelled
            );
            match known {
                None if sent => {
                    return Err(format!(
                        "dossier {id} was sent and never came to the centre"
                    ));
                }
                None => {}
                Some(known) => {
                    let same = known.phase == dossier.phase
                        || dossier.phase < Phase::Certified && known.phase < Phase::Certified
                        || matches!(
                            (dossier.phase, known.phase),
                            (
                                Phase::Ordered | Phase::InProduction,
                                Phase::Ordered | Phase::InProduction | Phase::Produced
                            ) | (Phase::AtOffice, Phase::Dispatched)
                                | (Phase::Cancelled, Phase::Draft)
                        );
                    if !same {
                        return Err(format!(
                            "dossier {id} is {:?} at its office and {:?} at the centre",
                            dossier.phase, known.phase
                        ));
                    }
                }
            }
            if known.is_some_and(|known| served(known) != served(dossier)) {
                return Err(format!(
                    "the centre knows of other acts of {id} than were handed over"
                ));
            }
            if dossier.phase == Phase::HandedOver {
                let document = dossier
                    .document
                    .as_ref()
                    .and_then(|id| centre.documents.get(id.as_str()));
                let blank = document.and_then(|document| world.blank(document.blank.as_str()));
                if blank.is_none_or(|blank| blank.state != BlankState::HandedOver) {
                    return Err(format!(
                        "dossier {id} was handed over, and its blank was not"
                    ));
                }
            }
        }
    }
    for node in &world.nodes {
        let waits = |report: &&LossReport| report.state == LossState::Reported;
        if let Some(report) = node.replay.losses.values().find(waits) {
            return Err(format!("report {} was never answered", report.id));
        }
    }
    for (id, document) in &centre.documents {
        let known = registry
            .registrations
            .get(id)
            .map(|known| (known.document.state, known.document.since));
        if known != Some((document.state, document.since)) {
            return Err(format!(
                "document {id} is {:?} at the centre, and not so in the registry",
                document.state
            ));
        }
        if document.state == DocumentState::InForce
            && world
                .blank(document.blank.as_str())
                .is_none_or(|b| b.state != BlankState::HandedOver)
        {
            return Err(format!(
                "document {id} is in force, and its blank is not with its holder"
            ));
        }
    }
    let works: Vec<_> = world
        .nodes
        .iter()
        .filter(|node| node.role == Role::Works)
        .map(|node| &node.replay)
        .collect();
    let serials: BTreeSet<&String> = works.iter().flat_map(|works| works.blanks.keys()).collect();
    if serials.len() != works.iter().map(|works| works.blanks.len()).sum::<usize>() {
        return Err("two works have a blank of the same serial".to_owned());
    }
    let made = works
        .iter()
        .flat_map(|works| works.orders.values())
        .filter(|order| order.document.is_some());
    if made.count() != centre.documents.len() {
        return Err("the works made other documents than the centre knows".to_owned());
    }
    Ok(())
}
