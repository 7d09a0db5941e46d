//! The built-in engine in the place of an AFIS: searches the prints of a dossier and keeps them as its profile says.

use crate::catalogue::Catalogue;
use crate::entropy;
use crate::fault::Fault;
use jiff::Span;
use jiff::civil::Date;
use rilascio_biometrics::{Extract, Extractor, read_print};
use rilascio_circuit::Application;
use rilascio_circuit::process::{DossierId, PrintSearch};
use rilascio_exchange::message::Package;
use rilascio_exchange::{Error, Result};
use rilascio_gallery::{Enrolment, Gallery, LiveProbe, Purpose, Question, threshold};
use rilascio_keys::MasterKey;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Prints come at this resolution, in pixels per inch.
const RESOLUTION: u16 = 500;
/// One search of a stranger in so many finds somebody.
const ONE_IN: f64 = 1000.0;
/// Candidates that an examiner is shown at most.
const MOST: usize = 20;

/// The engine with its gallery.
pub(crate) struct Engine {
    gallery: Gallery,
    extractor: Extractor,
    catalogue: Arc<Catalogue>,
    /// The last day of a purge; nothing where the clock is not the real one.
    purged: Option<Mutex<Option<Date>>>,
}

fn malformed(why: impl ToString) -> Error {
    Error::Malformed {
        why: why.to_string(),
    }
}

impl Engine {
    /// Opens the gallery of a data folder. Where `purges` is false nothing is taken from the disk: the day may be any.
    pub(crate) fn open(
        data: &Path,
        master: Arc<MasterKey>,
        catalogue: Arc<Catalogue>,
        purges: bool,
    ) -> std::result::Result<Self, Fault> {
        let rng = Box::new(entropy::generator()?);
        let gallery = Gallery::open(&data.join("gallery"), master, rng).map_err(Fault::failed)?;
        Ok(Self {
            gallery,
            extractor: Extractor::new(),
            catalogue,
            purged: purges.then(Mutex::default),
        })
    }

    /// Searches the prints of a dossier among those of others, and keeps them for the days of its profile.
    pub(crate) fn identify(
        &self,
        dossier: &DossierId,
        application: &Application,
        package: &Package,
        today: Date,
    ) -> Result<PrintSearch> {
        self.purge_once(today);
        let prints = self.templates(application, package)?;
        if prints.is_empty() {
            return Ok(PrintSearch::NotDue);
        }
        let question = Question {
            prints,
            purpose: Purpose::Issuing,
            today,
            most: MOST,
        };
        let found = self.gallery.search(&question).map_err(malformed)?;
        let least = threshold(self.gallery.size().records, ONE_IN);
        let hits = found
            .iter()
            .filter(|one| one.score >= least && one.subject != dossier.as_str())
            .count();
        self.keep(dossier, application, question.prints, today)?;
        Ok(PrintSearch::of_others(hits))
    }

    fn templates(&self, application: &Application, package: &Package) -> Result<Vec<LiveProbe>> {
        let mut prints = Vec::new();
        for print in &application.print {
            let image = package
                .images
                .get(&print.image)
                .ok_or_else(|| malformed(format!("no image {}", print.image)))?;
            let image = read_print(&image.0, RESOLUTION).map_err(malformed)?;
            let template = self.extractor.extract(&image).map_err(malformed)?;
            let probe = LiveProbe::new(print.finger as u8, template);
            if probe.print().cylinders.is_empty() {
                return Err(malformed(format!(
                    "the print {} has no minutiae; return the dossier and take it again",
                    print.image
                )));
            }
            prints.push(probe);
        }
        Ok(prints)
    }

    /// A dossier that comes again replaces what it had.
    fn keep(
        &self,
        dossier: &DossierId,
        application: &Application,
        prints: Vec<LiveProbe>,
        today: Date,
    ) -> Result<()> {
        let profile = self
            .catalogue
            .profile(&application.profile)
            .map_err(malformed)?;
        self.gallery.erase(dossier.as_str()).map_err(malformed)?;
        let days = profile.circuit.gallery_days;
        if days == 0 {
            return Ok(());
        }
        let until = today
            .checked_add(Span::new().days(days))
            .map_err(malformed)?;
        let records = prints.into_iter().map(|print| Enrolment {
            subject: dossier.to_string(),
            finger: print.finger(),
            purpose: Purpose::Issuing,
            until,
            template: print.into_template(),
        });
        self.gallery.enrol(records.collect()).map_err(malformed)
    }

    /// Forgets the prints of a dossier that came to nothing.
    pub(crate) fn forget(&self, dossier: &DossierId) -> Result<()> {
        self.gallery
            .erase(dossier.as_str())
            .map(drop)
            .map_err(malformed)
    }

    /// Once a day what was erased, or came to its last day, leaves the disk.
    fn purge_once(&self, today: Date) {
        let Some(purged) = &self.purged else {
            return;
        };
        let mut purged = purged.lock().unwrap_or_else(PoisonError::into_inner);
        if *purged != Some(today) {
            match self.gallery.purge(today) {
                Ok(()) => *purged = Some(today),
                // Searches go on; it is tried again with the next one.
                Err(why) => tracing::error!(fault = %why, "the gallery was not purged"),
            }
        }
    }
}
