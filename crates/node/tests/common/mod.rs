//! A small circuit for tests: four desks, a machine that makes documents in no time, and one whole life to live.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test uses its own part")]

use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_circuit::process::{
    Actor, CollectionHours, Digest, DossierId, HolderCheck, IssueReason, Office, OfficerId,
    PrintSearch, Reference, ResidenceCheck, Right, SiteId, Surrender,
};
use rilascio_circuit::{Application, Profile};
use rilascio_exchange::message::{Bytes, Package};
use rilascio_node::{
    Advisers, Answer, CircuitAuthority, Command, Delivery, Desk, DeskParts, Error, Identification,
    LEASE_MS, Local, MadeDocument, MemoryKeeper, NodeKey, Notice, Production, ProductionFault,
    ProductionRequest, Profiles, Replay, Role, Scribe, Tools, VaultKeeper, default_routes,
};
use rilascio_store::journal::{self, HeadKey};
use rilascio_store::{Error as StoreError, Probe, Store, Tx};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

pub const PROFILE: &str = "sm-permit";
/// What stands for face and fingers: easy to find wherever it leaks.
pub const MARK: &[u8] = b"MARKED-BIOMETRIC-DATA-0123456789";

pub fn moment() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

pub struct OneProfile(Arc<Profile>);

impl OneProfile {
    pub fn read() -> Self {
        Self::with("")
    }

    /// The profile with more rules of its circuit.
    pub fn with(rules: &str) -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/sm-permit.toml");
        let text = std::fs::read_to_string(path).unwrap();
        let text = text.replace("[circuit]\n", &format!("[circuit]\n{rules}"));
        Self(Arc::new(Profile::parse("sm-permit.toml", &text).unwrap()))
    }
}

impl Profiles for OneProfile {
    fn profile(&self, name: &str) -> Option<Arc<Profile>> {
        (name == PROFILE).then(|| Arc::clone(&self.0))
    }
}

/// The application of another person: the same but for the surname.
pub fn package_of(surname: &str) -> Package {
    let mut package = package();
    package.application = package.application.replace("Müller", surname);
    package
}

pub fn package() -> Package {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/sm-permit/application.toml"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let application = Application::parse("application.toml", &text).unwrap();
    let images = application
        .image_names()
        .map(|name| (name.clone(), Bytes(MARK.to_vec())))
        .collect();
    Package {
        application: text,
        images,
    }
}

struct Machine;

impl Production for Machine {
    fn make(&self, request: &ProductionRequest) -> Result<MadeDocument, ProductionFault> {
        Ok(MadeDocument {
            sod: Digest::of(request.record.number.as_str().as_bytes()),
            machine: "machine-1".into(),
        })
    }
}

/// Letters that are their own facts.
struct Plain;

impl Scribe for Plain {
    fn write(&self, act: &rilascio_node::Act) -> Result<Vec<u8>, String> {
        let facts = serde_json::to_vec(act).map_err(|why| why.to_string())?;
        Ok([b"%PDF-", &facts[..]].concat())
    }
}

/// Says yes to everything, and keeps the notices; the search of prints finds what it is told to find.
pub struct Yes(pub Mutex<Vec<Notice>>, pub PrintSearch);

impl Default for Yes {
    fn default() -> Self {
        Self(Mutex::default(), PrintSearch::Clear)
    }
}

impl Yes {
    /// An AFIS that finds somebody else.
    pub fn with_a_hit() -> Arc<Self> {
        Arc::new(Self(Mutex::default(), PrintSearch::Hits(1)))
    }
}

impl Advisers for Yes {
    fn identify(
        &self,
        _: &DossierId,
        _: Option<&DossierId>,
        _: &Package,
    ) -> rilascio_exchange::Result<Identification> {
        Ok(Identification {
            search: self.1,
            same_as_previous: None,
            hits: Vec::new(),
        })
    }

    fn verify(&self, _: &DossierId, _: &Package) -> rilascio_exchange::Result<ResidenceCheck> {
        Ok(ResidenceCheck::Confirmed)
    }

    fn forget(&self, _: &DossierId) -> rilascio_exchange::Result<()> {
        Ok(())
    }

    fn notify(&self, notice: &Notice) -> rilascio_exchange::Result<Delivery> {
        self.0.lock().unwrap().push(notice.clone());
        Ok(Delivery::Sent)
    }
}

pub fn person(name: &str, site: &str, rights: &[Right]) -> Actor {
    Actor {
        officer: OfficerId::parse(name).unwrap(),
        rights: rights.iter().copied().collect(),
        site: SiteId::parse(site).unwrap(),
        profiles: BTreeSet::new(),
    }
}

pub fn tools(local: &Arc<Local>) -> Tools {
    Tools {
        transport: Arc::clone(local) as Arc<_>,
        advisers: Arc::new(Yes::default()),
        production: Arc::new(Machine),
        scribe: Arc::new(Plain),
    }
}

pub fn offices() -> BTreeMap<SiteId, Office> {
    let site = SiteId::parse("gendarmeria").unwrap();
    let office = Office {
        site: site.clone(),
        node: None,
        name: "Gendarmeria".into(),
        collection: CollectionHours {
            places: 1,
            ..CollectionHours::default()
        },
        starts: BTreeMap::from([(PROFILE.to_owned(), jiff::civil::date(2020, 1, 1))]),
    };
    // One that still works by the old procedure.
    let later = SiteId::parse("serravalle").unwrap();
    let next = Office {
        site: later.clone(),
        name: "Serravalle".into(),
        collection: CollectionHours::default(),
        starts: BTreeMap::from([(PROFILE.to_owned(), jiff::civil::date(2027, 1, 1))]),
        ..office.clone()
    };
    BTreeMap::from([(site, office), (later, next)])
}

/// Four desks over stores that outlive them.
pub struct Town {
    authority: CircuitAuthority,
    keys: Vec<NodeKey>,
    stores: Vec<Store>,
    keepers: Vec<Arc<dyn VaultKeeper>>,
    pub heads: Vec<Arc<HeadKey>>,
    pub profiles: Arc<dyn Profiles>,
    pub desks: BTreeMap<Role, Arc<Desk>>,
    pub local: Arc<Local>,
    pub tools: Tools,
    pub now: Timestamp,
    /// When the nodes do their work, in milliseconds since 1970.
    later: Arc<AtomicI64>,
}

impl Town {
    /// A town whose stores are made by `store`.
    pub fn new(mut store: impl FnMut(Role) -> Store) -> Self {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let now = moment();
        let since = now - SignedDuration::from_hours(24);
        let authority = CircuitAuthority::found("test", since, &mut rng).unwrap();
        let keys: Vec<NodeKey> = Role::ALL
            .iter()
            .map(|role| authority.name_node(role.name(), since, &mut rng).unwrap())
            .collect();
        let keepers = Role::ALL
            .iter()
            .map(|_| {
                Arc::new(MemoryKeeper::new(Box::new(ChaCha20Rng::from_seed([5; 32]))))
                    as Arc<dyn VaultKeeper>
            })
            .collect();
        let later = Arc::new(AtomicI64::new(
            (now + SignedDuration::from_hours(1)).as_millisecond(),
        ));
        let hand = Arc::clone(&later);
        let clock: rilascio_node::Clock =
            Arc::new(move || Timestamp::from_millisecond(hand.load(Ordering::Relaxed)).unwrap());
        let local = Arc::new(Local::new(clock, None));
        let mut town = Self {
            authority,
            keys,
            stores: Role::ALL.into_iter().map(&mut store).collect(),
            keepers,
            heads: Role::ALL
                .iter()
                .map(|role| {
                    Arc::new(HeadKey::generate(
                        &format!("rilascio/{}", role.name()),
                        &mut rng,
                    ))
                })
                .collect(),
            profiles: Arc::new(OneProfile::read()),
            desks: BTreeMap::new(),
            tools: tools(&local),
            local,
            now,
            later,
        };
        town.restart();
        town
    }

    /// A second process of every node: over the same tables, with the same keys.
    pub fn replica_of(other: &Self, store: impl FnMut(Role) -> Store) -> Self {
        let mut town = Self::new(store);
        town.keepers.clone_from(&other.keepers);
        town.restart();
        town
    }

    /// A town in memory whose profile has more rules.
    pub fn under(rules: &str) -> Self {
        let mut town = Self::in_memory(None);
        town.profiles = Arc::new(OneProfile::with(rules));
        town.restart();
        town
    }

    /// A town in memory, watched by a probe.
    pub fn in_memory(probe: Option<Arc<dyn Probe>>) -> Self {
        Self::new(|_| Store::inline(None, probe.clone()).unwrap())
    }

    /// The certificate of the authority under which its nodes speak.
    pub fn authority_certificate(&self) -> &rilascio_pki::Certificate {
        self.authority.certificate()
    }

    /// Time passes: what a dead worker held is free again.
    pub fn wait(&self) {
        self.later.fetch_add(LEASE_MS + 1000, Ordering::Relaxed);
    }

    /// Days pass for everybody.
    pub fn pass(&mut self, days: i64) {
        let time = SignedDuration::from_hours(24 * days);
        self.now += time;
        let ms = i64::try_from(time.as_millis()).unwrap();
        self.later.fetch_add(ms, Ordering::Relaxed);
    }

    /// Every process dies and starts again: only the stores are left.
    pub fn restart(&mut self) {
        let list = self
            .authority
            .revocation_list(1, &[], self.now - SignedDuration::from_hours(1))
            .unwrap();
        let members: Vec<_> = self
            .keys
            .iter()
            .map(|key| key.certificate.clone())
            .collect();
        for (place, role) in Role::ALL.into_iter().enumerate() {
            let desk = Desk::new(DeskParts {
                role,
                site: SiteId::parse(role.name()).unwrap(),
                store: self.stores[place].clone(),
                identity: self.keys[place].identity().unwrap(),
                circle: self
                    .authority
                    .circle(list.clone(), members.clone())
                    .unwrap(),
                keeper: Arc::clone(&self.keepers[place]),
                head: Arc::clone(&self.heads[place]),
                profiles: Arc::clone(&self.profiles),
                routes: default_routes(&offices()).unwrap(),
                offices: offices(),
                test: true,
                entropy: Box::new(ChaCha20Rng::from_seed([7; 32])),
            })
            .unwrap();
            self.local.add(&desk);
            self.desks.insert(role, desk);
        }
    }

    /// Opens the first parcel.
    pub fn open(&self, actor: &Actor, second: &OfficerId) -> Result<Answer, Error> {
        self.open_parcel("receive", "works-C000001", actor, second)
    }

    /// Opens a parcel: everything is inside.
    pub fn open_parcel(
        &self,
        id: &str,
        parcel: &str,
        actor: &Actor,
        second: &OfficerId,
    ) -> Result<Answer, Error> {
        let parcel = self.desks[&Role::Office].consignment(parcel)?.unwrap();
        let command = Command::ReceiveConsignment {
            consignment: parcel.id,
            found: parcel.items.into_iter().map(|item| item.document).collect(),
            second: second.clone(),
        };
        self.give(id, actor, &command)
    }

    pub fn give(&self, id: &str, actor: &Actor, command: &Command) -> Result<Answer, Error> {
        self.desks[&command.role()].execute(id, command, actor, self.now)
    }

    /// The journal of a desk.
    pub fn journal(&self, role: Role) -> Vec<journal::Entry> {
        let read = |tx: &mut dyn Tx| journal::entries(tx, 0, 100_000);
        let store = self.desks[&role].store();
        store.read::<_, StoreError, _>(read).unwrap()
    }

    /// What a desk's journal says, which is what its tables say.
    pub fn books(&self, role: Role) -> Replay {
        let store = self.desks[&role].store();
        let mut books = Replay::default();
        for entry in self.journal(role) {
            books.take(&entry).unwrap();
        }
        let compared = books.clone();
        store
            .read::<_, Error, _>(move |tx| compared.compare(tx, role))
            .unwrap();
        books
    }

    /// Lets every desk do what is due an hour from now.
    pub fn settle(&self) -> Result<(), Error> {
        let later = Timestamp::from_millisecond(self.later.load(Ordering::Relaxed)).unwrap();
        loop {
            let mut done = 0;
            for desk in self.desks.values() {
                done += desk.drain(&self.tools, later)?;
            }
            if done == 0 {
                return Ok(());
            }
        }
    }
}

/// What happens in a whole life: a command of somebody, or the work of the nodes.
pub enum Act {
    Give(&'static str, Actor, Command),
    /// The first parcel is opened by two, and everything is inside.
    Open(Actor, OfficerId),
    Settle,
}

/// The life of the first dossier, from opening to hand-over.
pub fn life() -> Vec<Act> {
    let office = [Right::Enrol, Right::Approve, Right::HandOver, Right::Stock];
    let clerk = person("anna", "gendarmeria", &office);
    let chief = person("bruno", "gendarmeria", &office);
    let counter = person("carla", "gendarmeria", &office);
    let examiner = person("dario", "centre", &[Right::Examine]);
    let director = person("elena", "centre", &[Right::Decide]);
    let keeper = person("fabio", "works", &[Right::Stock, Right::Produce]);
    let second = OfficerId::parse("gino").unwrap();
    let dossier = DossierId::parse("gendarmeria-000001").unwrap();
    let reference = |text: &str| Reference::parse(text).unwrap();
    let open = Command::OpenDossier {
        profile: PROFILE.into(),
        reason: IssueReason::First,
        previous: None,
    };
    let enrol = Command::Enrol {
        dossier: dossier.clone(),
        package: package(),
        confirmed: true,
    };
    let receive_blanks = Command::ReceiveBlanks {
        profile: PROFILE.into(),
        batch: reference("batch-1"),
        count: 2,
        second: second.clone(),
    };
    let initialise = Command::InitialiseBlanks {
        profile: PROFILE.into(),
        count: 2,
    };
    let assign = Command::AssignBlanks {
        profile: PROFILE.into(),
        count: 2,
        second: second.clone(),
    };
    let dispatch = Command::Dispatch {
        office: SiteId::parse("gendarmeria").unwrap(),
        orders: BTreeSet::new(),
        seal: reference("seal-1"),
        tracking: None,
        second,
    };
    let activate = Command::Activate {
        dossier: dossier.clone(),
        check: HolderCheck::Face,
    };
    let hand_over = Command::HandOver {
        dossier: dossier.clone(),
        check: HolderCheck::Finger,
        surrender: Surrender::FirstIssue,
    };
    let propose = Command::Propose {
        dossier: dossier.clone(),
        grant: true,
        reasons: None,
    };
    let decide = Command::Decide {
        dossier: dossier.clone(),
        grant: true,
        express: false,
        reasons: None,
    };
    vec![
        Act::Give("open", clerk.clone(), open),
        Act::Give("enrol", clerk.clone(), enrol),
        Act::Give("submit", chief, Command::SubmitDossier { dossier }),
        Act::Settle,
        Act::Give("blanks", keeper.clone(), receive_blanks),
        Act::Give("initialise", keeper.clone(), initialise),
        Act::Give("assign", keeper.clone(), assign),
        Act::Give("propose", examiner, propose),
        Act::Give("decide", director, decide),
        Act::Settle,
        Act::Give("dispatch", keeper.clone(), dispatch),
        Act::Settle,
        Act::Open(counter.clone(), clerk.officer.clone()),
        Act::Settle,
        Act::Give("activate", counter.clone(), activate),
        Act::Settle,
        Act::Give("hand-over", counter, hand_over),
        Act::Settle,
        Act::Give(
            "close",
            keeper,
            Command::CloseDay {
                day: jiff::civil::date(2026, 11, 22),
            },
        ),
        Act::Settle,
    ]
}
