//! Opening the circuit of a data folder: offices, clock, keys and nodes.

use crate::catalogue::{Catalogue, LoadedProfiles};
use crate::entropy;
use crate::fault::Fault;
use jiff::Timestamp;
use jiff::civil::Date;
use rilascio_circuit::NumberShare;
use rilascio_circuit::process::{Actor, CollectionHours, NodeId, Office, OfficerId, Right, SiteId};
use rilascio_keys::MasterKey;
use rilascio_node::{Clock, Database, Installation, Plan, Role, Routes, Transport, default_routes};
use rilascio_store::{Store, entity, work};
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
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfficeFile {
    /// The works that can make a document, by profile, the first choice first; the circuit's own works make all others.
    #[serde(default)]
    works: BTreeMap<String, OneOrMore>,
    /// Which part of the numbers of a profile works give that joined later. Never to be changed.
    #[serde(default)]
    shares: BTreeMap<String, BTreeMap<NodeId, u32>>,
    #[serde(default)]
    office: Vec<Office>,
}

/// A name alone, or a list of names.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(NodeId),
    More(Vec<NodeId>),
}

impl OneOrMore {
    fn into_list(self) -> Vec<NodeId> {
        match self {
            Self::One(node) => vec![node],
            Self::More(nodes) => nodes,
        }
    }
}

impl OfficeFile {
    /// Which node makes what, and which numbers it gives.
    fn routes(self, all: &BTreeMap<SiteId, Office>) -> Result<Routes, Fault> {
        let mut routes = default_routes(all)?;
        let works = self.works.into_iter();
        routes
            .works
            .extend(works.map(|(profile, nodes)| (profile, nodes.into_list())));
        routes.shares = self.shares;
        Ok(routes)
    }
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

/// From the next start on that office node serves these sites.
pub(crate) fn assign_sites(data: &Path, node: &NodeId, sites: &[String]) -> Result<(), Fault> {
    let mut file = read_offices(data)?;
    for name in sites {
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
    keep_offices(data, &file)
}

/// From the next start on those works make the documents of these profiles, as their first choice or when the works
/// before them stand still. Works that join get numbers of their own.
pub(crate) fn assign_profiles(
    data: &Path,
    node: &NodeId,
    profiles: &[String],
    first: bool,
    catalogue: &Catalogue,
) -> Result<(), Fault> {
    let mut file = read_offices(data)?;
    let routes = read_offices(data)?.routes(&BTreeMap::new())?;
    let known = catalogue.names();
    for name in profiles {
        if name != "*" && !known.contains(name) {
            return Err(Fault::usage(format!("there is no profile '{name}'"))
                .remedy(format!("profiles are {}", known.join(", "))));
        }
        let mut works = routes.works_of(name)?.to_vec();
        works.retain(|known| known != node);
        works.insert(if first { 0 } else { works.len() }, node.clone());
        file.works.insert(name.clone(), OneOrMore::More(works));
        let share = routes.share(name, node);
        if share.number > 0 {
            continue;
        }
        if share.highest >= NumberShare::JOINED_MAX {
            return Err(Fault::usage(format!(
                "{name} has {} works already: the numbers of a profile are parted no further",
                share.highest + 1
            )));
        }
        let joined = NumberShare {
            number: share.highest + 1,
            highest: share.highest + 1,
        };
        let all = [name.clone()];
        for profile in if name == "*" { &known[..] } else { &all[..] } {
            refuse_used_numbers(data, catalogue, profile, joined)?;
        }
        let shares = file.shares.entry(name.clone()).or_default();
        shares.insert(node.clone(), joined.number);
    }
    // What nobody could start with is not kept.
    file.clone().routes(&BTreeMap::new())?.check_shares()?;
    keep_offices(data, &file)
}

/// Numbers that the works here gave already are not given to others.
fn refuse_used_numbers(
    data: &Path,
    catalogue: &Catalogue,
    profile: &str,
    joined: NumberShare,
) -> Result<(), Fault> {
    let tables = data.join(Role::Works.name()).join("node.db");
    // Works elsewhere, or on a server of tables, are for whoever asks for this to look at.
    if !tables.exists() {
        return Ok(());
    }
    let document = catalogue.profile(profile)?.document.clone();
    let patterns = [
        ("number", document.number.as_ref().clone()),
        ("serial", document.serial.as_ref().clone()),
    ];
    let store = Store::sqlite(&tables).map_err(Fault::failed)?;
    for (series, pattern) in patterns {
        let name = format!("{series}/{profile}");
        let given = store
            .read::<_, rilascio_store::Error, _>(move |tx| work::read_number(tx, &name))
            .map_err(Fault::failed)?;
        let left = NumberShare {
            number: 0,
            highest: joined.highest,
        };
        let used = |place: u128| !pattern.places(left).contains(&place);
        // Numbers that applications asked for lie anywhere.
        let asked = match series {
            "number" => given_numbers(&store, profile)?,
            _ => Vec::new(),
        };
        if used(u128::try_from(given).unwrap_or_default())
            || asked.iter().filter_map(|one| pattern.place(one)).any(used)
        {
            return Err(Fault::usage(format!(
                "the works here have given more than half of the numbers that they have left of {profile}"
            ))
            .remedy("widen the number pattern of the profile first"));
        }
    }
    Ok(())
}

/// The numbers of a profile that were given here.
fn given_numbers(store: &Store, profile: &str) -> Result<Vec<String>, Fault> {
    const PAGE: u32 = 1000;
    let prefix = format!("{profile}.");
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let (state, from) = (profile.to_owned(), after.clone());
        let page = store
            .read::<_, rilascio_store::Error, _>(move |tx| {
                entity::list(tx, "number", Some(&state), None, &from, PAGE)
            })
            .map_err(Fault::failed)?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after.clone_from(&last.id);
        let numbers = page.iter().filter_map(|row| row.id.strip_prefix(&prefix));
        all.extend(numbers.map(str::to_owned));
    }
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
        collection: CollectionHours::default(),
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
        shares: BTreeMap::new(),
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
    let routes = read_offices(setup.data)?.routes(&all)?;
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
        profiles: BTreeSet::new(),
    })
}
