//! Opening the circuit of a data folder: offices, clock, keys and nodes.

use crate::catalogue::{Catalogue, LoadedProfiles};
use crate::entropy;
use crate::fault::Fault;
use jiff::Timestamp;
use jiff::civil::Date;
use rilascio_circuit::process::{Actor, Office, OfficerId, Right, SiteId};
use rilascio_keys::MasterKey;
use rilascio_node::{Clock, Database, Installation, Plan, Role, Transport};
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
    #[serde(default)]
    office: Vec<Office>,
}

/// The offices of `DATA/offices.toml`, and the desk of `rilascio issue`, which issues everything.
pub(crate) fn offices(
    data: &Path,
    catalogue: &Catalogue,
) -> Result<BTreeMap<SiteId, Office>, Fault> {
    let path = data.join("offices.toml");
    let text = rilascio_node::files::read_if_there(&path)?.unwrap_or_default();
    let file: OfficeFile = toml::from_str(&String::from_utf8_lossy(&text))
        .map_err(|why| Fault::usage(format!("{}: {why}", path.display())))?;
    let site = SiteId::parse(ISSUING_DESK).map_err(Fault::failed)?;
    let start = Date::constant(2000, 1, 1);
    let desk = Office {
        site: site.clone(),
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
    let file = OfficeFile { office: offices };
    let text = toml::to_string(&file).map_err(Fault::failed)?;
    Ok(rilascio_node::files::write_whole(
        &data.join("offices.toml"),
        text.as_bytes(),
        false,
    )?)
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
    let plan = Plan {
        data: setup.data.to_owned(),
        roles: setup.roles,
        database: setup.database,
        profiles: Arc::new(LoadedProfiles::new(Arc::clone(&setup.catalogue))),
        offices: offices(setup.data, &setup.catalogue)?,
        routes: None,
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
