//! Opening the circuit of a data folder: offices, clock, keys and nodes.

use crate::catalogue::{Catalogue, LoadedProfiles};
use crate::entropy;
use crate::fault::Fault;
use jiff::Timestamp;
use jiff::civil::Date;
use rilascio_circuit::process::{Actor, NodeId, Office, OfficerId, Right, SiteId};
use rilascio_keys::MasterKey;
use rilascio_node::{Clock, Database, Installation, Plan, Role, Transport, default_routes};
use rilascio_store::{Store, entity};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The site of `rilascio issue`.
pub(crate) const ISSUING_DESK: &str = "desk";

/// A clock that stands still until it is moved: what is done at one moment is dated alike.
#[derive(Clone)]
pub(crate) struct SetClock(Arc<AtomicI64>);

impl SetClock {
    pub(crate) fn at(moment: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(moment.as_millisecond())))
    }

    pub(crate) fn advance(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::Relaxed);
    }

    pub(crate) fn clock(&self) -> Clock {
        let own = self.clone();
        Arc::new(move || own.now())
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::Relaxed)).unwrap_or(Timestamp::MAX)
    }
}

/// The file of offices.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficeFile {
    /// The works that make a document, by profile; the circuit's own works make all others.
    #[serde(default)]
    works: BTreeMap<String, NodeId>,
    #[serde(default)]
    office: Vec<Office>,
}

fn read_offices(data: &Path) -> Result<OfficeFile, Fault> {
    let path = data.join("offices.toml");
    let text = rilascio_node::files::read_if_there(&path)?.unwrap_or_default();
    toml::from_str(&String::from_utf8_lossy(&text))
        .map_err(|why| Fault::usage(format!("{}: {why}", path.display())))
}

fn keep_offices(data: &Path, file: &OfficeFile) -> Result<(), Fault> {
    let text = toml::to_string(file).map_err(Fault::failed)?;
    Ok(rilascio_node::files::write_whole(
        &data.join("offices.toml"),
        text.as_bytes(),
        false,
    )?)
}

/// Numbers of dossiers begin anew at another node: a site that has dossiers stays where it is.
pub(crate) fn refuse_used_sites(data: &Path, sites: &[String]) -> Result<(), Fault> {
    let tables = data.join(Role::Office.name()).join("node.db");
    if sites.is_empty() || !tables.exists() {
        return Ok(());
    }
    let store = Store::sqlite(&tables).map_err(Fault::failed)?;
    let counts = store.read::<_, rilascio_store::Error, _>(|tx| entity::count(tx, "dossier"));
    let counts = counts.map_err(Fault::failed)?;
    match counts.iter().find(|(_, site, _)| sites.contains(site)) {
        Some((_, site, _)) => Err(Fault::usage(format!("{site} has dossiers at this node"))
            .remedy("a site moves to another node before its first dossier")),
        None => Ok(()),
    }
}

/// From the next start on that node serves these sites, or makes the documents of these profiles.
pub(crate) fn assign(
    data: &Path,
    node: &NodeId,
    role: Role,
    names: &[String],
) -> Result<(), Fault> {
    let mut file = read_offices(data)?;
    for name in names {
        match role {
            Role::Works => {
                file.works.insert(name.clone(), node.clone());
            }
            _ => {
                let office = file
                    .office
                    .iter_mut()
                    .find(|office| office.site.as_str() == name);
                let office = office.ok_or_else(|| {
                    Fault::usage(format!("offices.toml names no site '{name}'"))
                        .remedy(format!("add it to {}", data.join("offices.toml").display()))
                })?;
                office.node = Some(node.clone());
            }
        }
    }
    keep_offices(data, &file)
}

/// The offices of `DATA/offices.toml`, and the desk of `rilascio issue`, which issues everything.
pub(crate) fn offices(
    data: &Path,
    catalogue: &Catalogue,
) -> Result<BTreeMap<SiteId, Office>, Fault> {
    let file = read_offices(data)?;
    let site = SiteId::parse(ISSUING_DESK).map_err(Fault::failed)?;
    let start = Date::constant(2000, 1, 1);
    let desk = Office {
        site: site.clone(),
        node: None,
        name: "Issuing desk".to_owned(),
        starts: catalogue
            .names()
            .into_iter()
            .map(|name| (name, start))
            .collect(),
    };
    let mut all = BTreeMap::from([(site, desk)]);
    all.extend(
        file.office
            .into_iter()
            .map(|office| (office.site.clone(), office)),
    );
    Ok(all)
}

/// Writes `DATA/offices.toml`.
pub(crate) fn write_offices(data: &Path, offices: Vec<Office>) -> Result<(), Fault> {
    let file = OfficeFile {
        works: BTreeMap::new(),
        office: offices,
    };
    keep_offices(data, &file)
}

/// Everything that is not the usual about an installation.
pub(crate) struct Setup<'a> {
    pub(crate) data: &'a Path,
    pub(crate) roles: BTreeSet<Role>,
    pub(crate) database: Database,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) clock: Clock,
    pub(crate) master: Arc<MasterKey>,
    pub(crate) far: Option<Arc<dyn Transport>>,
}

/// Opens the circuit of a data folder.
pub(crate) fn open(setup: Setup<'_>) -> Result<Installation, Fault> {
    let entropy = entropy::maker()?;
    let all = offices(setup.data, &setup.catalogue)?;
    let mut routes = default_routes(&all)?;
    routes.works.extend(read_offices(setup.data)?.works);
    let plan = Plan {
        data: setup.data.to_owned(),
        roles: setup.roles,
        database: setup.database,
        profiles: Arc::new(LoadedProfiles::new(Arc::clone(&setup.catalogue))),
        offices: all,
        routes: Some(routes),
        test: true,
        clock: setup.clock,
        master: setup.master,
        entropy,
        far: setup.far,
    };
    Ok(Installation::open(&plan)?)
}

/// An officer of an office, or of a role's own site.
pub(crate) fn officer(name: &str, site: &str, rights: &[Right]) -> Result<Actor, Fault> {
    Ok(Actor {
        officer: OfficerId::parse(name).map_err(Fault::failed)?,
        rights: rights.iter().copied().collect(),
        site: SiteId::parse(site).map_err(Fault::failed)?,
    })
}
