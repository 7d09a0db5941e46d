//! An installation on disk: keys, certificates and data bases of the roles that it plays.
//!
//! ```text
//! DATA/master.key                          seals every private key; kept by its owner, apart from backups
//! DATA/circuit/authority.cer .key          the circuit's authority (where the circuit was founded)
//! DATA/circuit/crl-N.der                   nodes that were struck off, the highest N current
//! DATA/circuit/nodes/NODE.cer .key         every node's certificate, and the keys of those that run here
//! DATA/ROLE/node.db                        the tables of a role (SQLite)
//! DATA/ROLE/journal.vkey, journal.key      the key that signs the heads of its journal
//! DATA/ROLE/vault/N.key                    the key that wraps the keys of dossiers; never in a backup
//! ```

use crate::assembly::{CircuitAuthority, NodeKey};
use crate::desk::{Desk, DeskParts, Profiles, Routes};
use crate::error::file_fault;
use crate::keeper::FileKeeper;
use crate::local::{Clock, Local};
use crate::operators::Operators;
use crate::worker::Transport;
use crate::{Error, Result, Role};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use rilascio_circuit::process::{NodeId, Office, SiteId};
use rilascio_exchange::connection::{Circles, TlsTransport, listen};
use rilascio_exchange::envelope::Circle;
use rilascio_keys::MasterKey;
use rilascio_pki::{Certificate, RevocationList};
use rilascio_store::Store;
use rilascio_store::files::{
    highest, make_folder, must_read, read_if_there, write_new, write_whole,
};
use rilascio_store::journal::{HeadKey, NoteKey};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

/// Where tables are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// In files of the data folder.
    Sqlite,
    /// On a PostgreSQL server, one schema for each role.
    Postgres {
        /// `postgres://USER@HOST:PORT/NAME`.
        url: String,
        /// Connections of each role.
        connections: usize,
    },
}

/// What an installation is made of.
pub struct Plan {
    /// The data folder.
    pub data: PathBuf,
    /// The roles that run here.
    pub roles: BTreeSet<Role>,
    /// Where tables are kept.
    pub database: Database,
    /// The profiles.
    pub profiles: Arc<dyn Profiles>,
    /// The offices.
    pub offices: BTreeMap<SiteId, Office>,
    /// Nodes elsewhere: role or office site to node name.
    pub routes: Option<Routes>,
    /// Whether this is a test system.
    pub test: bool,
    /// What time it is.
    pub clock: Clock,
    /// The key that seals all others.
    pub master: Arc<MasterKey>,
    /// Makes generators.
    pub entropy: Entropy,
    /// The way to nodes elsewhere.
    pub far: Option<Arc<dyn Transport>>,
}

/// What the node of a role is called here: its role, or the name that it was given as a member.
fn own_name(nodes: &Path, role: Role) -> Result<String> {
    if nodes.join(format!("{}.key", role.name())).exists() {
        return Ok(role.name().to_owned());
    }
    let entries = std::fs::read_dir(nodes).map_err(|why| file_fault(nodes, why))?;
    let keys = entries.flatten().map(|entry| entry.path());
    let mut named = keys
        .filter(|path| path.extension().is_some_and(|extension| extension == "key"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| Role::from_name(name).is_none());
    // A member runs one role.
    Ok(named.next().unwrap_or_else(|| role.name().to_owned()))
}

/// Makes a generator of randomness.
pub type Entropy = Arc<dyn Fn() -> Box<dyn CryptoRng + Send> + Send + Sync>;

/// An installation that is open.
pub struct Installation {
    /// The desks, by role.
    pub desks: BTreeMap<Role, Arc<Desk>>,
    /// The way between them.
    pub local: Arc<Local>,
    /// What time it is.
    pub clock: Clock,
    /// What vouches for the cards of officers.
    pub(crate) operators: Arc<Operators>,
    data: PathBuf,
    master: Arc<MasterKey>,
}

fn certificate(path: &Path, der: &[u8]) -> Result<Certificate> {
    Certificate::decode(der).map_err(|why| file_fault(path, why))
}

/// The nodes of a circuit, named by their roles where an office names no node of its own.
///
/// # Errors
/// Never for the names of this program.
pub fn default_routes(offices: &BTreeMap<SiteId, Office>) -> Result<Routes> {
    let node = |role: Role| {
        NodeId::parse(role.name()).map_err(|why| Error::Malformed { what: "node", why })
    };
    let office = node(Role::Office)?;
    Ok(Routes {
        centre: node(Role::Centre)?,
        registry: node(Role::Registry)?,
        works: BTreeMap::from([("*".to_owned(), vec![node(Role::Works)?])]),
        shares: BTreeMap::new(),
        offices: offices
            .iter()
            .map(|(site, known)| (site.clone(), known.node.clone().unwrap_or(office.clone())))
            .collect(),
    })
}

impl Installation {
    /// Opens an installation; founds its circuit and makes its keys where there are none.
    ///
    /// # Errors
    /// When files or data bases cannot be opened, or the circuit's certificates have ended.
    pub fn open(plan: &Plan) -> Result<Self> {
        let now = (plan.clock)();
        let mut rng = (plan.entropy)();
        make_folder(&plan.data)?;
        let circle = CircleFiles::new(plan);
        let keys = circle.keys(now, rng.as_mut())?;
        let routes = match &plan.routes {
            Some(routes) => routes.clone(),
            None => default_routes(&plan.offices)?,
        };
        routes.check_shares()?;
        let local = Arc::new(Local::new(Arc::clone(&plan.clock), plan.far.clone()));
        let mut desks = BTreeMap::new();
        for (role, key) in keys {
            let folder = plan.data.join(role.name());
            make_folder(&folder)?;
            let store = open_store(plan, role)?;
            let keeper = FileKeeper::open(
                &folder.join("vault"),
                role.name(),
                Arc::clone(&plan.master),
                (plan.entropy)(),
            )?;
            let site =
                SiteId::parse(role.name()).map_err(|why| Error::Malformed { what: "site", why })?;
            let node =
                NodeId::parse(&key.name).map_err(|why| Error::Malformed { what: "node", why })?;
            let mut offices = plan.offices.clone();
            if role == Role::Office {
                // Those that another node serves are not at home here.
                offices.retain(|site, _| routes.offices.get(site) == Some(&node));
            }
            let desk = Desk::new(DeskParts {
                role,
                site,
                store,
                identity: key.identity()?,
                circle: circle.read()?,
                keeper: Arc::new(keeper),
                head: Arc::new(head_key(plan, role, rng.as_mut())?),
                profiles: Arc::clone(&plan.profiles),
                routes: routes.clone(),
                offices,
                test: plan.test,
                entropy: (plan.entropy)(),
            })?;
            local.add(&desk);
            desks.insert(role, desk);
        }
        Ok(Self {
            desks,
            local,
            clock: Arc::clone(&plan.clock),
            operators: Arc::new(Operators::open(
                &plan.data,
                &plan.master,
                now,
                rng.as_mut(),
            )?),
            data: plan.data.clone(),
            master: Arc::clone(&plan.master),
        })
    }

    /// What vouches for the cards of officers, and for hosts.
    #[must_use]
    pub fn operators(&self) -> &Operators {
        &self.operators
    }

    /// Connects to nodes elsewhere over mutual TLS.
    ///
    /// # Errors
    /// When the own certificate or key cannot be used.
    pub fn connect(&self, peers: BTreeMap<NodeId, String>) -> Result<()> {
        let Some(desk) = self.desks.values().next() else {
            return Ok(());
        };
        let transport = TlsTransport::new(&desk.identity, circles(desk), peers)?;
        self.local.set_far(Arc::new(transport));
        Ok(())
    }

    /// Takes messages of other nodes for a role, until the process ends.
    ///
    /// # Errors
    /// When the role does not run here, or its certificate or key cannot be used.
    pub async fn listen(&self, role: Role, listener: TcpListener) -> Result<()> {
        let desk = Arc::clone(self.desk(role)?);
        let (taker, clock) = (Arc::clone(&desk), Arc::clone(&self.clock));
        let handler = move |sealed: Vec<u8>| match taker.receive(&sealed, clock()) {
            Ok(answer) => Some(answer),
            Err(why) => {
                tracing::warn!(
                    role = role.name(),
                    code = why.code(),
                    "a message was not opened"
                );
                None
            }
        };
        Ok(listen(listener, &desk.identity, circles(&desk), Arc::new(handler)).await?)
    }

    /// Reads the circle of nodes again: one may have been added or struck off. Where the circuit was founded its revocation
    /// list is renewed in time.
    ///
    /// # Errors
    /// When a file is missing or malformed.
    pub fn renew_circle(&self) -> Result<()> {
        // A list that cannot be renewed now does not keep struck-off nodes in.
        let renewed = self.renew_list();
        for desk in self.desks.values() {
            desk.set_circle(read_circle(&self.data)?);
        }
        renewed
    }

    fn renew_list(&self) -> Result<()> {
        let (folder, now) = (self.data.join("circuit"), (self.clock)());
        // The key is unsealed when there is something to sign.
        let Some(due) = list_that_is_due(&folder, now)? else {
            return Ok(());
        };
        match open_authority(&folder, &self.master, now)? {
            Some(authority) => renew_list(&folder, &authority, due, now),
            None => Ok(()),
        }
    }

    /// The desk of a role.
    ///
    /// # Errors
    /// When the role does not run here.
    pub fn desk(&self, role: Role) -> Result<&Arc<Desk>> {
        self.desks.get(&role).ok_or_else(|| Error::Route {
            what: format!("the role {}, which does not run here", role.name()),
        })
    }
}

/// The circle of a desk, as it is whenever it is asked for.
fn circles(desk: &Arc<Desk>) -> Circles {
    let desk = Arc::clone(desk);
    Arc::new(move || desk.circle())
}

fn open_store(plan: &Plan, role: Role) -> Result<Store> {
    Ok(match &plan.database {
        Database::Sqlite => Store::sqlite(&plan.data.join(role.name()).join("node.db"))?,
        Database::Postgres { url, connections } => {
            Store::postgres(url, &format!("rilascio_{}", role.name()), *connections)?
        }
    })
}

/// The key that signs the heads of a journal.
fn head_key(plan: &Plan, role: Role, rng: &mut dyn CryptoRng) -> Result<HeadKey> {
    let folder = plan.data.join(role.name());
    let name = format!("rilascio/{}", role.name());
    let label = format!("{}/journal", role.name());
    let path = folder.join("journal.key");
    if let Some(sealed) = read_if_there(&path)? {
        let seed = plan
            .master
            .open(&label, &sealed)
            .map_err(|why| file_fault(&path, why))?;
        return Ok(HeadKey::from_seed(&name, &seed)?);
    }
    let key = HeadKey::generate(&name, rng);
    let sealed = plan.master.seal(&label, &key.seed()[..], rng);
    write_whole(&path, &sealed, true)?;
    write_whole(
        &folder.join("journal.vkey"),
        format!("{}\n", key.public()).as_bytes(),
        false,
    )?;
    Ok(key)
}

/// The key that verifies the heads of a role's journal.
///
/// # Errors
/// When it is not there or malformed.
pub fn read_head_key(data: &Path, role: Role) -> Result<NoteKey> {
    let path = data.join(role.name()).join("journal.vkey");
    let text = must_read(&path)?;
    NoteKey::parse(&String::from_utf8_lossy(&text)).map_err(|why| file_fault(&path, why))
}

/// The files of the circuit: its authority, its list, its nodes.
struct CircleFiles<'a> {
    plan: &'a Plan,
    folder: PathBuf,
}

impl<'a> CircleFiles<'a> {
    fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            folder: plan.data.join("circuit"),
        }
    }

    /// The keys of the roles that run here; makes what is missing, renews what ends soon.
    fn keys(&self, now: Timestamp, rng: &mut dyn CryptoRng) -> Result<Vec<(Role, NodeKey)>> {
        let nodes = self.folder.join("nodes");
        make_folder(&nodes)?;
        let authority = self.authority(now, rng)?;
        let mut keys = Vec::new();
        for role in &self.plan.roles {
            let name = &own_name(&nodes, *role)?;
            let (key_path, path) = (
                nodes.join(format!("{name}.key")),
                nodes.join(format!("{name}.cer")),
            );
            let label = format!("circuit/{name}");
            let known = match (read_if_there(&key_path)?, read_if_there(&path)?) {
                (Some(sealed), Some(der)) => Some(NodeKey {
                    name: name.clone(),
                    scalar: self
                        .plan
                        .master
                        .open(&label, &sealed)
                        .map_err(|why| file_fault(&key_path, why))?,
                    certificate: certificate(&path, &der)?,
                }),
                _ => None,
            };
            let month = SignedDuration::from_hours(30 * 24);
            let fresh = known.filter(|key| {
                let (from, to) = key.certificate.validity();
                authority.is_none() || (from <= now && now + month <= to)
            });
            let key = match (fresh, &authority) {
                (Some(key), _) => key,
                (None, Some(authority)) => {
                    let key =
                        authority.name_node(name, now - SignedDuration::from_hours(1), rng)?;
                    let sealed = self.plan.master.seal(&label, &key.scalar, rng);
                    write_whole(&key_path, &sealed, true)?;
                    write_whole(&path, key.certificate.der(), false)?;
                    key
                }
                (None, None) => {
                    return Err(file_fault(
                        &path,
                        "this node has no certificate; have it made where the circuit was founded",
                    ));
                }
            };
            keys.push((*role, key));
        }
        Ok(keys)
    }

    /// The authority, where the circuit was founded here; a new one where there is none at all.
    fn authority(
        &self,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<CircuitAuthority>> {
        let (key_path, path) = (
            self.folder.join("authority.key"),
            self.folder.join("authority.cer"),
        );
        if path.is_file() {
            let Some(authority) = open_authority(&self.folder, &self.plan.master, now)? else {
                return Ok(None);
            };
            if let Some(due) = list_that_is_due(&self.folder, now)? {
                renew_list(&self.folder, &authority, due, now)?;
            }
            return Ok(Some(authority));
        }
        let since = now - SignedDuration::from_hours(24);
        let authority = CircuitAuthority::found("Rilascio circuit", since, rng)?;
        let sealed = self
            .plan
            .master
            .seal(AUTHORITY_LABEL, authority.scalar(), rng);
        write_whole(&key_path, &sealed, true)?;
        let list = authority.revocation_list(1, &[], since)?;
        write_whole(&self.folder.join("crl-1.der"), list.der(), false)?;
        write_whole(&path, authority.certificate().der(), false)?;
        Ok(Some(authority))
    }

    fn read(&self) -> Result<Circle> {
        read_circle(&self.plan.data)
    }
}

/// What the key of the authority is sealed under.
const AUTHORITY_LABEL: &str = "circuit/authority";

/// The authority, where the circuit was founded here; nothing at its members.
fn open_authority(
    folder: &Path,
    master: &MasterKey,
    now: Timestamp,
) -> Result<Option<CircuitAuthority>> {
    let (key_path, path) = (folder.join("authority.key"), folder.join("authority.cer"));
    let Some(sealed) = read_if_there(&key_path)? else {
        return Ok(None);
    };
    let der = must_read(&path)?;
    let scalar: Zeroizing<Vec<u8>> = master
        .open(AUTHORITY_LABEL, &sealed)
        .map_err(|why| file_fault(&key_path, why))?;
    let authority = CircuitAuthority::open(certificate(&path, &der)?, scalar)?;
    let (from, to) = authority.certificate().validity();
    if now < from || now > to {
        return Err(file_fault(
            &path,
            format!("the circuit lasts from {from} to {to}; begin a new data folder"),
        ));
    }
    Ok(Some(authority))
}

/// A revocation list of the circuit with its number.
type NumberedList = (u64, RevocationList);

/// The newest revocation list.
fn newest_list(folder: &Path) -> Result<NumberedList> {
    let number = highest(folder, "crl-", ".der")?.unwrap_or(0);
    let path = folder.join(format!("crl-{number}.der"));
    let der = must_read(&path)?;
    let list = RevocationList::decode(&der).map_err(|why| file_fault(&path, why))?;
    Ok((number, list))
}

/// The newest revocation list, when it ends within a month.
fn list_that_is_due(folder: &Path, now: Timestamp) -> Result<Option<NumberedList>> {
    let (number, list) = newest_list(folder)?;
    let month = SignedDuration::from_hours(30 * 24);
    let lasts = list.period().1.is_some_and(|end| now + month < end);
    Ok((!lasts).then_some((number, list)))
}

/// Renews a revocation list.
fn renew_list(
    folder: &Path,
    authority: &CircuitAuthority,
    (number, list): NumberedList,
    now: Timestamp,
) -> Result<()> {
    let renewed = authority.renew_list(&list, number + 1, now)?;
    // Whoever struck a node off at the same time was first: the next round begins with that list.
    write_new(
        &folder.join(format!("crl-{}.der", number + 1)),
        renewed.der(),
    )?;
    Ok(())
}

/// The nodes of the circuit as the files of a data folder name them.
///
/// # Errors
/// When a file is missing or malformed.
pub fn read_circle(data: &Path) -> Result<Circle> {
    let folder = data.join("circuit");
    let path = folder.join("authority.cer");
    let der = must_read(&path)?;
    let authority = certificate(&path, &der)?;
    let (_, list) = newest_list(&folder)?;
    let mut members = Vec::new();
    let nodes = folder.join("nodes");
    let entries = std::fs::read_dir(&nodes).map_err(|why| file_fault(&nodes, why))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "cer") {
            let der = read_if_there(&path)?.unwrap_or_default();
            members.push(certificate(&path, &der)?);
        }
    }
    Ok(Circle::new(authority, list, members)?)
}
