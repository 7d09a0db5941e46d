//! Where the built-in engine keeps prints: a folder of this machine, or a data base that search workers follow.

use crate::entropy;
use crate::fault::Fault;
use crate::search_worker::{key_of, open_truth};
use rilascio_gallery::{Cluster, Gallery, Prints};
use rilascio_keys::MasterKey;
use std::path::Path;
use std::sync::Arc;

/// A data base and a messaging server for a gallery of several machines.
#[derive(Debug, Clone)]
pub(crate) struct Machines {
    pub(crate) database: String,
    pub(crate) nats: String,
}

/// The gallery of a data folder, or the one that several machines search.
pub(crate) fn open(
    data: &Path,
    master: Arc<MasterKey>,
    machines: Option<&Machines>,
) -> Result<Arc<dyn Prints>, Fault> {
    let Some(machines) = machines else {
        let rng = Box::new(entropy::generator()?);
        let gallery = Gallery::open(&data.join("gallery"), master, rng);
        return Ok(Arc::new(gallery.map_err(Fault::failed)?));
    };
    let key = key_of(&master)?;
    let truth = open_truth(&machines.database, Arc::new(key))?;
    let cluster = Cluster::connect(Arc::new(truth), &machines.nats);
    Ok(Arc::new(cluster.map_err(Fault::failed)?))
}
