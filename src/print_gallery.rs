//! Where the built-in engine keeps prints: a folder of this machine, or a data base that search workers follow.

use crate::entropy;
use crate::fault::Fault;
use crate::search_worker::{key_of, open_truth, write_key};
use jiff::civil::Date;
use rilascio_gallery::{Candidate, Cluster, Enrolment, Error, Gallery, Question};
use rilascio_keys::MasterKey;
use std::path::Path;
use std::sync::Arc;

/// A data base and a messaging server for a gallery of several machines.
#[derive(Debug, Clone)]
pub(crate) struct Machines {
    pub(crate) database: String,
    pub(crate) nats: String,
}

/// A gallery.
pub(crate) enum PrintGallery {
    Here(Box<Gallery>),
    Machines(Box<Cluster>),
}

impl PrintGallery {
    /// The gallery of a data folder, or the one that several machines search.
    pub(crate) fn open(
        data: &Path,
        master: Arc<MasterKey>,
        machines: Option<&Machines>,
    ) -> Result<Self, Fault> {
        let Some(machines) = machines else {
            let rng = Box::new(entropy::generator()?);
            let gallery = Gallery::open(&data.join("gallery"), master, rng);
            return Ok(Self::Here(Box::new(gallery.map_err(Fault::failed)?)));
        };
        let key = key_of(&master)?;
        write_key(data, &key)?;
        let truth = open_truth(&machines.database, Arc::new(key))?;
        let cluster = Cluster::connect(Arc::new(truth), &machines.nats);
        Ok(Self::Machines(Box::new(cluster.map_err(Fault::failed)?)))
    }

    /// The best candidates, and among how many records they were found.
    pub(crate) fn search(&self, question: &Question) -> Result<(Vec<Candidate>, usize), Error> {
        match self {
            Self::Here(gallery) => Ok((gallery.search(question)?, gallery.size().records)),
            Self::Machines(cluster) => {
                let found = cluster.search(question)?;
                Ok((found.candidates, found.records))
            }
        }
    }

    pub(crate) fn verify(
        &self,
        subject: &str,
        question: &Question,
    ) -> Result<Option<Candidate>, Error> {
        match self {
            Self::Here(gallery) => gallery.verify(subject, question),
            Self::Machines(cluster) => cluster.verify(subject, question),
        }
    }

    pub(crate) fn erase(&self, subject: &str, today: Date) -> Result<(), Error> {
        match self {
            Self::Here(gallery) => gallery.erase(subject).map(drop),
            Self::Machines(cluster) => cluster.erase(subject, today).map(drop),
        }
    }

    /// Puts prints in the place of those that a subject had.
    pub(crate) fn replace(
        &self,
        subject: &str,
        prints: Vec<Enrolment>,
        today: Date,
    ) -> Result<(), Error> {
        match self {
            Self::Here(gallery) => {
                gallery.erase(subject)?;
                gallery.enrol(prints)
            }
            Self::Machines(cluster) if prints.is_empty() => cluster.erase(subject, today).map(drop),
            Self::Machines(cluster) => cluster.enrol(prints),
        }
    }

    pub(crate) fn purge(&self, today: Date) -> Result<(), Error> {
        match self {
            Self::Here(gallery) => gallery.purge(today),
            Self::Machines(cluster) => cluster.purge(today),
        }
    }
}
