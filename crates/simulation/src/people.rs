//! The people of a simulated country: holders, officers who do their work, couriers, and officers who do not.

use crate::world::World;
use crate::{Fault, Sample, Summary};
use jiff::{SignedDuration, Timestamp, ToSpan};
use rilascio_circuit::Application;
use rilascio_circuit::process::{
    Actor, Block, ConsignmentId, ConsignmentState, Defect, Digest, DocumentId, DocumentState,
    Dossier, DossierId, HolderCheck, IssueReason, OfficerId, Phase, PrintSearch, Reference,
    ResidenceCheck, Right, Screening, SiteId, Step, Surrender, WatchEntryId, WatchState,
};
use rilascio_exchange::message::{Bytes, Paper};
use rilascio_node::{Answer, Command, Error, Role, WatchedPerson};
use rilascio_store::Error as StoreError;
use std::collections::{BTreeMap, BTreeSet};

/// How often somebody repeats a command whose node was killed.
const PATIENCE: u32 = 20;
/// People of one sample: now and then somebody comes a second time.
const PEOPLE: u64 = 2000;

/// What the courier makes of a parcel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Delivered,
    Lost,
    BroughtBack,
}

/// A parcel on the road.
struct Parcel {
    arrives: Timestamp,
    fate: Fate,
    found: BTreeSet<DocumentId>,
}

/// What people remember beside what the nodes know.
pub(crate) struct People<'a> {
    samples: &'a [Sample],
    commands: u64,
    parcels: BTreeMap<ConsignmentId, Parcel>,
    never_come: BTreeSet<String>,
    /// Who applies with which dossier: a sample, and which of its people.
    plans: BTreeMap<String, (usize, u64)>,
    complained: BTreeSet<DocumentId>,
    grant: Option<Reference>,
    pub(crate) summary: Summary,
}

pub(crate) fn officer(site: &SiteId, number: u64) -> OfficerId {
    OfficerId::parse(&format!("{site}.{number}")).expect("a site and a number are a name")
}

fn rights(role: Role) -> BTreeSet<Right> {
    let rights: &[Right] = match role {
        Role::Office => &[
            Right::Enrol,
            Right::Approve,
            Right::HandOver,
            Right::Stock,
            Right::Administer,
        ],
        Role::Centre => &[
            Right::Examine,
            Right::Decide,
            Right::Revoke,
            Right::Watch,
            Right::Administer,
        ],
        Role::Works => &[Right::Stock, Right::Produce],
        Role::Registry => &[Right::Administer, Right::LookUp],
    };
    rights.iter().copied().collect()
}

impl<'a> People<'a> {
    pub(crate) fn new(samples: &'a [Sample]) -> Self {
        Self {
            samples,
            commands: 0,
            parcels: BTreeMap::new(),
            never_come: BTreeSet::new(),
            plans: BTreeMap::new(),
            complained: BTreeSet::new(),
            grant: None,
            summary: Summary::default(),
        }
    }

    pub(crate) fn actor(world: &World, node: usize, number: u64) -> Actor {
        let node = &world.nodes[node];
        Actor {
            officer: officer(&node.site, number % u64::from(world.scenario.officers)),
            rights: rights(node.role),
            site: node.site.clone(),
            profiles: BTreeSet::new(),
        }
    }

    /// Gives a command and repeats it while the node dies under it.
    pub(crate) fn give(
        &mut self,
        world: &mut World,
        node: usize,
        actor: &Actor,
        command: &Command,
    ) -> Result<Option<Answer>, Fault> {
        self.commands += 1;
        let id = format!("sim-{}", self.commands);
        for _ in 0..PATIENCE {
            let outcome = world.at(node, |desk, _, now| desk.execute(&id, command, actor, now))?;
            match outcome {
                Ok(answer) => {
                    self.summary.commands += 1;
                    return Ok(Some(answer));
                }
                Err(Error::Store(StoreError::Stopped)) => self.summary.kills += 1,
                Err(
                    why @ (Error::Corrupt { .. }
                    | Error::Store(_)
                    | Error::Route { .. }
                    | Error::Profile { .. }),
                ) => {
                    return Err(why.into());
                }
                Err(_) => {
                    self.summary.refused += 1;
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// Half an hour in the life of everybody.
    pub(crate) fn turn(&mut self, world: &mut World) -> Result<(), Fault> {
        for node in 0..world.nodes.len() {
            if world.is_dark(node) {
                continue;
            }
            match world.nodes[node].role {
                Role::Office => self.office(world, node)?,
                Role::Centre => self.centre(world, node)?,
                Role::Works => self.works(world, node)?,
                Role::Registry => self.registry(world, node)?,
            }
            if world.dice.permille(world.scenario.mischief) {
                self.mischief(world, node)?;
            }
        }
        Ok(())
    }

    fn office(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let staff = u64::from(world.scenario.officers);
        // A working day has 24 half hours.
        if world.dice.below(24) < u64::from(world.scenario.arrivals) {
            self.arrival(world, node)?;
        }
        let dossiers: Vec<Dossier> = world.nodes[node]
            .replay
            .dossiers
            .values()
            .filter(|d| !d.phase.is_end())
            .cloned()
            .collect();
        for dossier in dossiers {
            let id = dossier.id.clone();
            let who = world.dice.below(staff);
            match dossier.phase {
                Phase::Draft if world.dice.permille(700) => {
                    let (sample, person) = self.plans.get(id.as_str()).copied().unwrap_or((0, 0));
                    let command = Command::Enrol {
                        dossier: id,
                        package: self.samples[sample].person(person)?,
                        confirmed: world.dice.permille(950),
                    };
                    let actor = Self::actor(world, node, who);
                    self.give(world, node, &actor, &command)?;
                }
                Phase::Enrolled if world.dice.permille(600) => {
                    let actor = self.somebody_else(world, node, &dossier, who);
                    self.give(world, node, &actor, &Command::SubmitDossier { dossier: id })?;
                }
                Phase::AtOffice => self.counter(world, node, &dossier)?,
                Phase::Activated if world.dice.permille(700) => {
                    self.hand_over(world, node, &dossier)?
                }
                Phase::Submitted | Phase::Examination => {
                    self.bring_papers(world, node, &dossier)?;
                }
                _ => {}
            }
        }
        self.afterwards(world, node)
    }

    fn somebody_else(&self, world: &World, node: usize, dossier: &Dossier, who: u64) -> Actor {
        let mut actor = Self::actor(world, node, who);
        if dossier.hands.get(&Step::Enrol) == Some(&actor.officer) {
            actor = Self::actor(world, node, who + 1);
        }
        actor
    }

    fn arrival(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let sample = usize::try_from(world.dice.below(self.samples.len() as u64)).unwrap_or(0);
        let profile = self.samples[sample].profile.clone();
        let centre = world.node_of(Role::Centre);
        let old: Vec<(DocumentId, DossierId)> = world.nodes[centre]
            .replay
            .documents
            .values()
            .filter(|d| {
                d.profile == profile
                    && d.state == DocumentState::InForce
                    && d.office == world.nodes[node].site
            })
            .map(|d| (d.id.clone(), d.dossier.clone()))
            .collect();
        let previous = if world.dice.permille(300) {
            world.dice.pick(&old).cloned()
        } else {
            None
        };
        let reasons = [
            IssueReason::Renewal,
            IssueReason::Loss,
            IssueReason::Theft,
            IssueReason::Damage,
        ];
        let reason = match &previous {
            None => IssueReason::First,
            Some(_) => world
                .dice
                .pick(&reasons)
                .copied()
                .unwrap_or(IssueReason::Renewal),
        };
        // Whoever brings an old document mostly is its holder.
        let holder = previous
            .as_ref()
            .filter(|_| !world.dice.permille(100))
            .and_then(|(_, dossier)| self.plans.get(dossier.as_str()).copied());
        let plan = holder.unwrap_or_else(|| (sample, world.dice.below(PEOPLE)));
        let who = world.dice.below(u64::from(world.scenario.officers));
        let actor = Self::actor(world, node, who);
        let command = Command::OpenDossier {
            profile,
            reason,
            previous: previous.map(|(document, _)| document),
        };
        if let Some(answer) = self.give(world, node, &actor, &command)? {
            self.summary.dossiers += 1;
            for id in answer.ids {
                if world.dice.permille(world.scenario.uncollected) {
                    self.never_come.insert(id.clone());
                }
                self.plans.insert(id, plan);
            }
        }
        Ok(())
    }

    fn counter(&mut self, world: &mut World, node: usize, dossier: &Dossier) -> Result<(), Fault> {
        let id = dossier.id.clone();
        let who = world.dice.below(u64::from(world.scenario.officers));
        let actor = Self::actor(world, node, who);
        if self.never_come.contains(id.as_str()) {
            if world.dice.permille(50) {
                self.give(world, node, &actor, &Command::Recall { dossier: id })?;
            }
            return Ok(());
        }
        if !world.dice.permille(500) {
            return Ok(());
        }
        let fresh = dossier
            .document
            .as_ref()
            .is_some_and(|document| !self.complained.contains(document));
        if fresh && world.dice.permille(world.scenario.defects) {
            let command = Command::Complain {
                dossier: id,
                defect: Defect::Complaint,
            };
            if self.give(world, node, &actor, &command)?.is_some() {
                self.complained.extend(dossier.document.clone());
            }
            return Ok(());
        }
        // A document that goes back is not handed to its holder.
        if fresh {
            let command = Command::Activate {
                dossier: id,
                check: if world.dice.permille(950) {
                    HolderCheck::Face
                } else {
                    HolderCheck::Failed
                },
            };
            self.give(world, node, &actor, &command)?;
        }
        Ok(())
    }

    fn hand_over(
        &mut self,
        world: &mut World,
        node: usize,
        dossier: &Dossier,
    ) -> Result<(), Fault> {
        let surrender = match (&dossier.previous, dossier.reason) {
            (_, IssueReason::First) | (None, _) => Surrender::FirstIssue,
            (_, IssueReason::Loss | IssueReason::Theft) => {
                Surrender::Report(Reference::parse("report-1").map_err(Fault::Scenario)?)
            }
            (Some(previous), _) => Surrender::Document(previous.clone()),
        };
        let who = world.dice.below(u64::from(world.scenario.officers));
        let actor = Self::actor(world, node, who);
        let command = Command::HandOver {
            dossier: dossier.id.clone(),
            check: HolderCheck::Finger,
            surrender,
        };
        if self.give(world, node, &actor, &command)?.is_some() {
            self.summary.handed_over += 1;
        }
        Ok(())
    }

    pub(crate) fn open_parcels(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let waiting: Vec<ConsignmentId> = world.nodes[node]
            .replay
            .consignments
            .values()
            .filter(|c| c.state == ConsignmentState::Dispatched)
            .map(|c| c.id.clone())
            .collect();
        for id in waiting {
            let Some(parcel) = self.parcels.get(&id) else {
                continue;
            };
            if parcel.fate != Fate::Delivered || parcel.arrives > world.now {
                continue;
            }
            let who = world.dice.below(u64::from(world.scenario.officers));
            let actor = Self::actor(world, node, who);
            let command = Command::ReceiveConsignment {
                consignment: id,
                found: parcel.found.clone(),
                second: Self::actor(world, node, who + 1).officer,
            };
            self.give(world, node, &actor, &command)?;
        }
        Ok(())
    }

    fn centre(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let dossiers: Vec<Dossier> = world.nodes[node]
            .replay
            .dossiers
            .values()
            .filter(|d| matches!(d.phase, Phase::Examination | Phase::Proposed))
            .cloned()
            .collect();
        for dossier in dossiers {
            if !world.dice.permille(600) {
                continue;
            }
            let who = world.dice.below(u64::from(world.scenario.officers));
            let actor = Self::actor(world, node, who);
            let id = dossier.id.clone();
            let command = match dossier.phase {
                Phase::Examination
                    if dossier
                        .terms
                        .notice
                        .as_ref()
                        .is_some_and(|notice| notice.closed.is_none())
                        && world.dice.permille(400) =>
                {
                    Command::NoteAnswer { dossier: id }
                }
                // Somebody who does not look proposes although papers may still come.
                Phase::Examination
                    if dossier.terms.stands_until().is_some() && !world.dice.permille(50) =>
                {
                    continue;
                }
                Phase::Examination => match self.examine(world, &dossier) {
                    Some(propose @ Command::Propose { grant, .. }) => {
                        Self::before_proposal(world, &dossier, grant)?.unwrap_or(propose)
                    }
                    Some(command) => command,
                    None => continue,
                },
                _ => Command::Decide {
                    dossier: id,
                    grant: dossier.proposal == Some(true) && !world.dice.permille(20),
                    express: world.dice.permille(100),
                    reasons: Self::reasons(world),
                },
            };
            // Whoever proposed lets another decide.
            let actor = if dossier.hands.get(&Step::Propose) == Some(&actor.officer) {
                Self::actor(world, node, who + 1)
            } else {
                actor
            };
            let Some(command) = self.look(world, node, &actor, command)? else {
                continue;
            };
            self.give(world, node, &actor, &command)?;
        }
        self.appeals(world, node)?;
        self.failures(world, node)?;
        self.recalls(world, node)?;
        if world.dice.below(24) == 0 && world.dice.permille(world.scenario.losses * 10) {
            self.loss(world, node)?;
        }
        if world.dice.permille(10) {
            self.watch(world, node)?;
        }
        Ok(())
    }

    /// Whoever judges findings reads them first; nothing when the node died meanwhile.
    fn look(
        &mut self,
        world: &mut World,
        node: usize,
        actor: &Actor,
        command: Command,
    ) -> Result<Option<Command>, Fault> {
        let Command::ExamineFindings { dossier, clear, .. } = command else {
            return Ok(Some(command));
        };
        let shown = world.at(node, |desk, _, now| desk.findings(&dossier, actor, now))?;
        match shown {
            Ok(shown) => Ok(Some(Command::ExamineFindings {
                dossier,
                seen: shown.seen,
                clear,
            })),
            Err(Error::Store(StoreError::Stopped)) => {
                self.summary.kills += 1;
                Ok(None)
            }
            Err(why) => Err(why.into()),
        }
    }

    /// Somebody gets on a watch-list, or an entry ends.
    fn watch(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let who = world.dice.below(u64::from(world.scenario.officers));
        let actor = Self::actor(world, node, who);
        let name = |text: &str| Reference::parse(text).map_err(Fault::Scenario);
        let entries: Vec<WatchEntryId> = world.nodes[node]
            .replay
            .watch
            .values()
            .filter(|entry| entry.state == WatchState::InForce)
            .map(|entry| entry.id.clone())
            .collect();
        if entries.len() > 3 {
            if let Some(entry) = world.dice.pick(&entries).cloned() {
                self.give(world, node, &actor, &Command::EndWatch { entry })?;
            }
            return Ok(());
        }
        let plans: Vec<(usize, u64)> = self.plans.values().copied().collect();
        let Some((sample, number)) = world.dice.pick(&plans).copied() else {
            return Ok(());
        };
        let text = self.samples[sample].person(number)?.application;
        let person = Application::parse("application", &text)
            .map_err(|why| Fault::Scenario(why.to_string()))?
            .person;
        let days = 1 + i64::try_from(world.dice.below(5)).unwrap_or(0);
        let until = world.clock(node).to_zoned(jiff::tz::TimeZone::UTC).date();
        let command = Command::EnterWatch {
            list: name("list-1")?,
            act: name("order-1")?,
            until: until.saturating_add(days.days()),
            person: WatchedPerson {
                surname: person.surname,
                given_names: person.given_names,
                birth_date: person.birth_date.to_string(),
                number: person.fiscal_code,
            },
        };
        self.give(world, node, &actor, &command)?;
        Ok(())
    }

    fn examine(&self, world: &World, dossier: &Dossier) -> Option<Command> {
        let id = dossier.id.clone();
        let (found, residence) = (dossier.identification?, dossier.residence?);
        if matches!(dossier.screening?, Screening::Findings(_)) && dossier.cleared.is_none() {
            // What was seen is filled in by whoever looks.
            return Some(Command::ExamineFindings {
                dossier: id,
                seen: Digest::of(b""),
                clear: world.dice.permille(700),
            });
        }
        let hits = matches!(found, PrintSearch::Hits(_)) || dossier.same_fingers == Some(false);
        if hits && dossier.adjudication.is_none() {
            return Some(Command::Adjudicate {
                dossier: id,
                same: world.dice.permille(700),
            });
        }
        if residence == ResidenceCheck::Denied && world.dice.permille(500)
            || world.dice.permille(world.scenario.returns)
        {
            return Some(Command::ReturnDossier { dossier: id });
        }
        let bad = dossier.adjudication == Some(false)
            || dossier.cleared == Some(false)
            || residence == ResidenceCheck::Denied;
        Some(Command::Propose {
            dossier: id,
            grant: !bad && !world.dice.permille(world.scenario.refusals),
            reasons: Self::reasons(world),
        })
    }

    /// A document in force is lost, stolen or revoked.
    fn loss(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let live: Vec<DocumentId> = world.nodes[node]
            .replay
            .documents
            .values()
            .filter(|d| d.state == DocumentState::InForce)
            .map(|d| d.id.clone())
            .collect();
        let Some(document) = world.dice.pick(&live).cloned() else {
            return Ok(());
        };
        let who = world.dice.below(u64::from(world.scenario.officers));
        let (one, other) = (
            Self::actor(world, node, who),
            Self::actor(world, node, who + 1),
        );
        if world.dice.permille(500) {
            let why = if world.dice.permille(500) {
                Block::Lost
            } else {
                Block::Stolen
            };
            self.give(world, node, &one, &Command::BlockDocument { document, why })?;
        } else {
            let propose = Command::ProposeRevocation {
                document: document.clone(),
            };
            self.give(world, node, &one, &propose)?;
            self.give(
                world,
                node,
                &other,
                &Command::ConfirmRevocation { document },
            )?;
        }
        Ok(())
    }

    fn works(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let who = world.dice.below(u64::from(world.scenario.officers));
        let actor = Self::actor(world, node, who);
        let second = Self::actor(world, node, who + 1).officer;
        let profiles = self
            .samples
            .iter()
            .map(|sample| sample.profile.clone())
            .collect();
        self.stock(world, node, &profiles, &actor, &second)?;
        let produced: BTreeSet<SiteId> = world.nodes[node]
            .replay
            .orders
            .values()
            .filter(|order| order.state == rilascio_circuit::process::OrderState::Produced)
            .map(|order| order.office.clone())
            .collect();
        for office in produced {
            if !world.dice.permille(300) {
                continue;
            }
            let command = Command::Dispatch {
                office,
                orders: BTreeSet::new(),
                seal: Reference::parse("seal-1").map_err(Fault::Scenario)?,
                tracking: None,
                second: second.clone(),
            };
            if let Some(answer) = self.give(world, node, &actor, &command)? {
                for id in answer.ids {
                    self.on_the_road(world, node, &id)?;
                }
            }
        }
        let own = &world.nodes[node].replay.consignments;
        let overdue: Vec<(ConsignmentId, Fate, BTreeSet<DocumentId>)> = self
            .parcels
            .iter()
            .filter(|(_, parcel)| parcel.fate != Fate::Delivered && world.now > parcel.arrives)
            .filter(|(id, _)| {
                let known = own.get(id.as_str());
                known.is_some_and(|parcel| parcel.state == ConsignmentState::Dispatched)
            })
            .map(|(id, parcel)| (id.clone(), parcel.fate, parcel.found.clone()))
            .collect();
        for (consignment, fate, found) in overdue {
            let name = consignment.clone();
            let command = if fate == Fate::Lost {
                Command::ReportLostConsignment { consignment }
            } else {
                Command::TakeBackConsignment {
                    consignment,
                    found,
                    second: second.clone(),
                }
            };
            if self.give(world, node, &actor, &command)?.is_some() {
                self.parcels.remove(&name);
                if fate == Fate::Lost {
                    self.summary.parcels_lost += 1;
                } else {
                    self.summary.parcels_back += 1;
                }
            }
        }
        Ok(())
    }

    fn on_the_road(&mut self, world: &World, node: usize, id: &str) -> Result<(), Fault> {
        let id = ConsignmentId::parse(id).map_err(Fault::Scenario)?;
        let Some(consignment) = world.nodes[node].replay.consignments.get(id.as_str()) else {
            return Ok(());
        };
        let found = consignment
            .items
            .iter()
            .filter(|_| !world.dice.permille(world.scenario.missing_documents))
            .map(|item| item.document.clone())
            .collect();
        let hours = 6 + i64::try_from(world.dice.below(40)).unwrap_or(0);
        let parcel = Parcel {
            arrives: world.now + SignedDuration::from_hours(hours),
            fate: if world.dice.permille(world.scenario.lost_parcels) {
                Fate::Lost
            } else if world.dice.permille(world.scenario.returned_parcels) {
                Fate::BroughtBack
            } else {
                Fate::Delivered
            },
            found,
        };
        self.parcels.insert(id, parcel);
        Ok(())
    }

    /// Keeps enough blanks on the table, destroys what was spoiled.
    fn stock(
        &mut self,
        world: &mut World,
        node: usize,
        profiles: &BTreeSet<String>,
        actor: &Actor,
        second: &OfficerId,
    ) -> Result<(), Fault> {
        use rilascio_circuit::process::BlankState as S;
        const COUNT: u32 = 10;
        for profile in profiles {
            let blanks = world.nodes[node].replay.blanks.values();
            let assigned = blanks
                .filter(|b| b.profile == *profile && b.state == S::Assigned)
                .count();
            if assigned >= 5 {
                continue;
            }
            let commands = [
                Command::ReceiveBlanks {
                    profile: profile.clone(),
                    batch: Reference::parse("batch-1").map_err(Fault::Scenario)?,
                    count: COUNT,
                    second: second.clone(),
                },
                Command::InitialiseBlanks {
                    profile: profile.clone(),
                    count: COUNT,
                },
                Command::AssignBlanks {
                    profile: profile.clone(),
                    count: COUNT,
                    second: second.clone(),
                },
            ];
            for command in commands {
                self.give(world, node, actor, &command)?;
            }
        }
        let spoiled: BTreeSet<_> = world.nodes[node]
            .replay
            .blanks
            .values()
            .filter(|b| b.state == S::Spoiled)
            .map(|b| b.serial.clone())
            .collect();
        if spoiled.len() > 5 {
            for blank in &spoiled {
                let photograph = Command::PhotographBlank {
                    blank: blank.clone(),
                    papers: vec![Paper {
                        title: Reference::parse("front").map_err(Fault::Scenario)?,
                        content: Bytes(vec![0xFF, 0xD8, 0xFF]),
                    }],
                };
                self.give(world, node, actor, &photograph)?;
            }
            let command = Command::DestroyBlanks {
                blanks: spoiled,
                second: second.clone(),
            };
            self.give(world, node, actor, &command)?;
        }
        Ok(())
    }

    /// Names commands from a number on that nobody used before.
    pub(crate) fn number_from(&mut self, number: u64) {
        self.commands = 1_000_000_000 + number * 1000;
    }

    /// Counts in enough blanks of every profile for which an order waits.
    pub(crate) fn stock_all(&mut self, world: &mut World) -> Result<(), Fault> {
        for node in world.all_of(Role::Works) {
            let actor = Self::actor(world, node, 0);
            let second = Self::actor(world, node, 1).officer;
            let profiles: BTreeSet<String> = world
                .waiting_orders(node)
                .into_iter()
                .map(|order| order.profile.clone())
                .collect();
            self.stock(world, node, &profiles, &actor, &second)?;
        }
        Ok(())
    }

    /// Counts the day at the works.
    pub(crate) fn evening(&mut self, world: &mut World) -> Result<(), Fault> {
        for node in world.all_of(Role::Works) {
            if world.is_dark(node) {
                continue;
            }
            let actor = Self::actor(world, node, 0);
            let day = world.clock(node).to_zoned(jiff::tz::TimeZone::UTC).date();
            self.give(world, node, &actor, &Command::CloseDay { day })?;
        }
        Ok(())
    }

    fn registry(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let actor = Self::actor(world, node, 0);
        let name = |text: &str| Reference::parse(text).map_err(Fault::Scenario);
        if self.grant.is_none() {
            let command = Command::GrantAccess {
                administration: name("labour-office")?,
                purpose: name("act-12")?,
                until: jiff::civil::date(2030, 1, 1),
            };
            if let Some(answer) = self.give(world, node, &actor, &command)? {
                self.grant = answer.ids.first().map(|id| name(id)).transpose()?;
            }
        }
        let known: Vec<DocumentId> = world.nodes[node]
            .replay
            .registrations
            .values()
            .map(|r| r.document.id.clone())
            .collect();
        if let (Some(grant), Some(document), true) = (
            self.grant.clone(),
            world.dice.pick(&known).cloned(),
            world.dice.permille(300),
        ) {
            let mut visitor = actor;
            visitor.site = SiteId::parse("labour-office").map_err(Fault::Scenario)?;
            let command = Command::LookUp {
                grant,
                document,
                case: name("case-1")?,
            };
            self.give(world, node, &visitor, &command)?;
        }
        Ok(())
    }
}
