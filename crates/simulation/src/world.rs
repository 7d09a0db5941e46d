//! The nodes of a simulated country: the production code of every desk, over data bases in memory, that can be killed.

use crate::dice::Dice;
use crate::network::Network;
use crate::scenario::Scenario;
use crate::{Broken, Fault};
use jiff::{SignedDuration, Timestamp};
use rilascio_circuit::process::{
    Blank, CollectionHours, Defect, Digest, DossierId, NodeId, Office, Order, PrintSearch,
    ResidenceCheck, SiteId,
};
use rilascio_exchange::message::Package;
use rilascio_node::{
    Act, Advisers, CircuitAuthority, Delivery, Desk, DeskParts, Identification, MadeDocument,
    MemoryKeeper, NodeKey, Notice, Production, ProductionFault, ProductionRequest, Profiles,
    Replay, Role, Routes, Scribe, Tools,
};
use rilascio_pki::Certificate;
use rilascio_store::journal::{self, Entry, HeadKey};
use rilascio_store::{Error as StoreError, Point, Probe, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Kills a node at a persistence point, by chance.
pub(crate) struct Reaper {
    dice: Dice,
    chance: u32,
    pub(crate) armed: AtomicBool,
    pub(crate) kills: AtomicU64,
}

impl Probe for Reaper {
    fn at(&self, point: Point) -> rilascio_store::Result<()> {
        // Statements are many and commits few: each kind gets its share.
        let chance = if point == Point::Statement {
            self.chance
        } else {
            self.chance * 4
        };
        if self.armed.load(Ordering::Relaxed) && self.dice.below(4000) < u64::from(chance) {
            self.kills.fetch_add(1, Ordering::Relaxed);
            return Err(StoreError::Stopped);
        }
        Ok(())
    }
}

/// A machine that makes documents in no time, spoils some and stands still at times.
struct Machine {
    dice: Dice,
    spoilage: u32,
    standstill: u32,
    faults: Arc<AtomicBool>,
}

/// The letters of a simulated country are their own facts.
struct Clerk;

impl Scribe for Clerk {
    fn write(&self, act: &Act) -> Result<Vec<u8>, String> {
        Ok(format!("%PDF-{act:?}").into_bytes())
    }
}

impl Production for Machine {
    fn make(&self, request: &ProductionRequest) -> Result<MadeDocument, ProductionFault> {
        let faults = self.faults.load(Ordering::Relaxed);
        if faults && self.dice.permille(self.standstill) {
            return Err(ProductionFault::Standstill(
                "the laser does not answer".into(),
            ));
        }
        if faults && self.dice.permille(self.spoilage) {
            let defects = [Defect::Chip, Defect::Surface, Defect::QualityControl];
            let defect = self.dice.pick(&defects).copied().unwrap_or(Defect::Chip);
            return Err(ProductionFault::Defect(defect));
        }
        let record = &request.record;
        let text = format!("{} {}", record.number, record.mrz.as_str());
        Ok(MadeDocument {
            sod: Digest::of(text.as_bytes()),
            machine: "machine-1".to_owned(),
        })
    }
}

/// An AFIS and a registry of residents that answer at once, mostly.
struct Oracle {
    dice: Dice,
    hits: u32,
    faults: Arc<AtomicBool>,
}

impl Oracle {
    fn silent(&self) -> rilascio_exchange::Result<()> {
        if self.faults.load(Ordering::Relaxed) && self.dice.permille(50) {
            return Err(rilascio_exchange::Error::Connection {
                peer: "adviser".into(),
                why: "no answer".into(),
            });
        }
        Ok(())
    }
}

impl Advisers for Oracle {
    fn identify(
        &self,
        _: &DossierId,
        previous: Option<&DossierId>,
        _: &Package,
    ) -> rilascio_exchange::Result<Identification> {
        self.silent()?;
        Ok(Identification {
            search: if self.dice.permille(self.hits) {
                PrintSearch::Hits(1)
            } else {
                PrintSearch::Clear
            },
            same_as_previous: previous.map(|_| !self.dice.permille(self.hits)),
            hits: Vec::new(),
        })
    }

    fn verify(&self, _: &DossierId, _: &Package) -> rilascio_exchange::Result<ResidenceCheck> {
        self.silent()?;
        Ok(if self.dice.permille(self.hits) {
            ResidenceCheck::Denied
        } else {
            ResidenceCheck::Confirmed
        })
    }

    fn forget(&self, _: &DossierId) -> rilascio_exchange::Result<()> {
        self.silent()
    }

    fn notify(&self, _: &Notice) -> rilascio_exchange::Result<Delivery> {
        self.silent()?;
        Ok(Delivery::Sent)
    }
}

/// A node of the country.
pub(crate) struct Node {
    pub(crate) role: Role,
    pub(crate) site: SiteId,
    key: NodeKey,
    store: Store,
    keeper: Arc<MemoryKeeper>,
    head: Arc<HeadKey>,
    pub(crate) reaper: Arc<Reaper>,
    pub(crate) desk: Arc<Desk>,
    drift: SignedDuration,
    /// The journal, played again beside the tables.
    pub(crate) replay: Replay,
    seen: u64,
}

/// All nodes, the network between them, and the time.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) dice: Dice,
    pub(crate) now: Timestamp,
    pub(crate) nodes: Vec<Node>,
    pub(crate) network: Arc<Network>,
    pub(crate) tools: Tools,
    authority: CircuitAuthority,
    profiles: Arc<dyn Profiles>,
    pub(crate) routes: Routes,
    offices: BTreeMap<SiteId, Office>,
    pub(crate) faults: Arc<AtomicBool>,
    pub(crate) events: u64,
    documents: BTreeSet<String>,
}

fn site(text: &str) -> SiteId {
    SiteId::parse(text).expect("a fixed name is a name")
}

fn node_id(text: &str) -> NodeId {
    NodeId::parse(text).expect("a fixed name is a name")
}

impl World {
    pub(crate) fn new(
        scenario: &Scenario,
        seed: u64,
        profiles: Arc<dyn Profiles>,
        names: &[String],
    ) -> Result<Self, Fault> {
        let dice = Dice::new(seed);
        let now: Timestamp = "2026-01-05T07:00:00Z"
            .parse()
            .expect("a fixed time is a time");
        let mut rng = dice.split();
        let authority = CircuitAuthority::found(
            "Simulated circuit",
            now - SignedDuration::from_hours(48),
            &mut rng,
        )?;
        let mut plan = vec![
            ("centre".to_owned(), Role::Centre),
            ("works".to_owned(), Role::Works),
            ("registry".to_owned(), Role::Registry),
        ];
        plan.extend((2..=scenario.works).map(|n| (format!("works-{n}"), Role::Works)));
        let works: Vec<NodeId> = plan
            .iter()
            .filter(|(_, role)| *role == Role::Works)
            .map(|(name, _)| node_id(name))
            .collect();
        let joined = works.iter().cloned().zip(0..).skip(1);
        plan.extend((1..=scenario.offices).map(|n| (format!("office-{n}"), Role::Office)));
        let start = jiff::civil::date(2026, 1, 1);
        let mut offices = BTreeMap::new();
        let mut routes = Routes {
            centre: node_id("centre"),
            registry: node_id("registry"),
            shares: BTreeMap::from([("*".to_owned(), joined.collect())]),
            works: BTreeMap::from([("*".to_owned(), works)]),
            offices: BTreeMap::new(),
        };
        for (name, role) in &plan {
            if *role == Role::Office {
                let office = Office {
                    node: None,
                    site: site(name),
                    name: name.clone(),
                    collection: CollectionHours::default(),
                    starts: names
                        .iter()
                        .map(|profile| (profile.clone(), start))
                        .collect(),
                };
                routes.offices.insert(office.site.clone(), node_id(name));
                offices.insert(office.site.clone(), office);
            }
        }
        let faults = Arc::new(AtomicBool::new(true));
        let network = Arc::new(Network::new(scenario, dice.clone(), Arc::clone(&faults)));
        let tools = Tools {
            transport: Arc::clone(&network) as Arc<_>,
            advisers: Arc::new(Oracle {
                dice: dice.clone(),
                hits: scenario.hits,
                faults: Arc::clone(&faults),
            }),
            production: Arc::new(Machine {
                dice: dice.clone(),
                spoilage: scenario.spoilage,
                standstill: scenario.standstill,
                faults: Arc::clone(&faults),
            }),
            scribe: Arc::new(Clerk),
        };
        let keys = plan
            .iter()
            .map(|(name, _)| {
                authority.name_node(name, now - SignedDuration::from_hours(48), &mut rng)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let members: Vec<_> = keys.iter().map(|key| key.certificate.clone()).collect();
        let mut world = Self {
            scenario: scenario.clone(),
            dice: dice.clone(),
            now,
            nodes: Vec::new(),
            network,
            tools,
            authority,
            profiles,
            routes,
            offices,
            faults,
            events: 0,
            documents: BTreeSet::new(),
        };
        for ((name, role), key) in plan.into_iter().zip(keys) {
            let reaper = Arc::new(Reaper {
                dice: dice.clone(),
                chance: scenario.kills,
                armed: AtomicBool::new(false),
                kills: AtomicU64::new(0),
            });
            let store = Store::inline(None, Some(Arc::clone(&reaper) as Arc<dyn Probe>))?;
            let keeper = Arc::new(MemoryKeeper::new(Box::new(dice.split())));
            let head = Arc::new(HeadKey::generate(&format!("rilascio/{name}"), &mut rng));
            let drift = i64::from(scenario.drift_s);
            let drift =
                i64::try_from(dice.below(2 * drift.unsigned_abs() + 1)).unwrap_or(0) - drift;
            let site = site(&name);
            let desk = world.open(role, &site, &key, &store, &keeper, &head, &members)?;
            world.network.connect(&desk);
            world.nodes.push(Node {
                role,
                site,
                key,
                store,
                keeper,
                head,
                reaper,
                desk,
                drift: SignedDuration::from_secs(drift),
                replay: Replay::default(),
                seen: 0,
            });
        }
        Ok(world)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a desk that outlive it"
    )]
    fn open(
        &self,
        role: Role,
        site: &SiteId,
        key: &NodeKey,
        store: &Store,
        keeper: &Arc<MemoryKeeper>,
        head: &Arc<HeadKey>,
        members: &[Certificate],
    ) -> Result<Arc<Desk>, Fault> {
        let list =
            self.authority
                .revocation_list(1, &[], self.now - SignedDuration::from_hours(1))?;
        Ok(Desk::new(DeskParts {
            role,
            site: site.clone(),
            store: store.clone(),
            identity: key.identity()?,
            circle: self.authority.circle(list, members.to_vec())?,
            keeper: Arc::clone(keeper) as Arc<_>,
            head: Arc::clone(head),
            profiles: Arc::clone(&self.profiles),
            routes: self.routes.clone(),
            offices: self.offices.clone(),
            test: true,
            entropy: Box::new(self.dice.split()),
        })?)
    }

    /// The time on the wall of a node.
    pub(crate) fn clock(&self, node: usize) -> Timestamp {
        self.now + self.nodes[node].drift
    }

    pub(crate) fn node_of(&self, role: Role) -> usize {
        self.nodes
            .iter()
            .position(|node| node.role == role)
            .unwrap_or(0)
    }

    /// All nodes of a role.
    pub(crate) fn all_of(&self, role: Role) -> Vec<usize> {
        let all = self.nodes.iter().enumerate();
        all.filter(|(_, node)| node.role == role)
            .map(|(place, _)| place)
            .collect()
    }

    /// True while nobody does anything at a node.
    pub(crate) fn is_dark(&self, node: usize) -> bool {
        self.network.is_dark(self.nodes[node].desk.node())
    }

    /// A blank, at whichever works it is.
    pub(crate) fn blank(&self, serial: &str) -> Option<&Blank> {
        let works = self.nodes.iter().filter(|node| node.role == Role::Works);
        works
            .filter_map(|node| node.replay.blanks.get(serial))
            .next()
    }

    /// Gives every node the revocation list of the day.
    pub(crate) fn renew_circle(&self) -> Result<(), Fault> {
        for node in &self.nodes {
            let members = self
                .nodes
                .iter()
                .map(|node| node.key.certificate.clone())
                .collect();
            let list =
                self.authority
                    .revocation_list(1, &[], self.now - SignedDuration::from_hours(1))?;
            node.desk.set_circle(self.authority.circle(list, members)?);
        }
        Ok(())
    }

    /// Starts a node that was killed: whatever it had in memory is gone.
    pub(crate) fn restart(&mut self, node: usize) -> Result<(), Fault> {
        let members: Vec<_> = self
            .nodes
            .iter()
            .map(|node| node.key.certificate.clone())
            .collect();
        let old = &self.nodes[node];
        old.reaper.armed.store(false, Ordering::Relaxed);
        let desk = self.open(
            old.role,
            &old.site,
            &old.key,
            &old.store,
            &old.keeper,
            &old.head,
            &members,
        )?;
        self.network.connect(&desk);
        self.nodes[node].desk = desk;
        Ok(())
    }

    /// Runs something at a node, which may be killed there.
    pub(crate) fn at<T>(
        &mut self,
        node: usize,
        run: impl FnOnce(&Arc<Desk>, &Tools, Timestamp) -> rilascio_node::Result<T>,
    ) -> Result<rilascio_node::Result<T>, Fault> {
        let clock = self.clock(node);
        self.network.set_clocks(
            self.nodes
                .iter()
                .map(|node| (node.desk.node().clone(), self.now + node.drift)),
        );
        let armed = self.faults.load(Ordering::Relaxed);
        for other in &self.nodes {
            other.reaper.armed.store(armed, Ordering::Relaxed);
        }
        let outcome = run(&self.nodes[node].desk, &self.tools, clock);
        for other in &self.nodes {
            other.reaper.armed.store(false, Ordering::Relaxed);
        }
        for killed in self.network.take_killed() {
            if let Some(place) = self
                .nodes
                .iter()
                .position(|node| *node.desk.node() == killed)
            {
                self.restart(place)?;
            }
        }
        if matches!(
            &outcome,
            Err(rilascio_node::Error::Store(StoreError::Stopped))
        ) {
            self.restart(node)?;
        }
        self.check()?;
        Ok(outcome)
    }

    /// Plays what is new in every journal, and looks at every invariant that it touches.
    pub(crate) fn check(&mut self) -> Result<(), Fault> {
        for place in 0..self.nodes.len() {
            loop {
                let node = &self.nodes[place];
                let from = node.seen;
                let fresh: Vec<Entry> = node
                    .store
                    .read::<_, StoreError, _>(move |tx| journal::entries(tx, from, 1000))?;
                if fresh.is_empty() {
                    break;
                }
                for entry in fresh {
                    self.events += 1;
                    let event = self.events;
                    let node = &mut self.nodes[place];
                    node.seen = entry.seq + 1;
                    let broken = |invariant: String| Fault::Broken(Broken { invariant, event });
                    node.replay
                        .take(&entry)
                        .map_err(|why| broken(why.to_string()))?;
                    self.check_between(place, &entry).map_err(broken)?;
                }
            }
        }
        Ok(())
    }

    /// What must hold between nodes, whatever was lost on the way.
    fn check_between(&mut self, place: usize, entry: &Entry) -> Result<(), String> {
        use rilascio_circuit::process::{DocumentState, Phase};
        let node = &self.nodes[place];
        let id = &entry.id[..];
        match (node.role, &entry.kind[..]) {
            (Role::Centre, "document") => {
                let document = &node.replay.documents[id];
                let office = self.nodes.iter().find(|node| node.site == document.office);
                let dossier =
                    office.and_then(|node| node.replay.dossiers.get(document.dossier.as_str()));
                let Some(dossier) = dossier else {
                    return Err(format!("document {id} has no dossier at its office"));
                };
                let handed = dossier.phase == Phase::HandedOver
                    && dossier.document.as_ref() == Some(&document.id);
                if document.state == DocumentState::InForce && !handed {
                    return Err(format!(
                        "document {id} is in force, and nobody handed it over"
                    ));
                }
                Ok(())
            }
            (Role::Works, "order") => {
                let order = &node.replay.orders[id];
                let centre = &self.nodes[self.node_of(Role::Centre)].replay;
                let known = centre.orders.contains_key(id);
                let certified =
                    centre
                        .dossiers
                        .get(order.dossier.as_str())
                        .is_some_and(|dossier| {
                            dossier.certificate.as_ref() == Some(&order.certificate)
                        });
                if !known || !certified {
                    return Err(format!(
                        "order {id} is at the works, and the centre did not place it"
                    ));
                }
                if let Some(document) = &order.document
                    && entry.text.contains("\"produced\"")
                    && !self.documents.insert(document.to_string())
                {
                    return Err(format!("the number {document} was used twice"));
                }
                Ok(())
            }
            (Role::Registry, "registration") => {
                let known = &node.replay.registrations[id].document;
                let centre = &self.nodes[self.node_of(Role::Centre)].replay;
                match centre.documents.get(id) {
                    Some(document) if document.revision >= known.revision => Ok(()),
                    _ => Err(format!(
                        "the registry knows more of document {id} than the centre"
                    )),
                }
            }
            _ => Ok(()),
        }
    }

    /// The hash of everything that happened, everywhere.
    pub(crate) fn state_hash(&self) -> Result<Digest, Fault> {
        let mut all = Vec::new();
        for node in &self.nodes {
            let (size, root) = node
                .store
                .read::<_, StoreError, _>(journal::size_and_root)?;
            all.extend_from_slice(node.site.as_str().as_bytes());
            all.extend_from_slice(&size.to_be_bytes());
            all.extend_from_slice(&root);
        }
        Ok(Digest::of(&all))
    }

    /// Orders that wait for a blank at works.
    pub(crate) fn waiting_orders(&self, works: usize) -> Vec<&Order> {
        use rilascio_circuit::process::OrderState as S;
        let orders = self.nodes[works].replay.orders.values();
        orders
            .filter(|order| matches!(order.state, S::Accepted | S::InProduction))
            .collect()
    }
}

/// The killed nodes that a network met, guarded for its callers.
pub(crate) type Killed = Mutex<Vec<NodeId>>;

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
