//! The built-in engine in the place of an AFIS: searches the prints of a dossier and keeps them as its profile says.

use crate::advisers::image_of;
use crate::catalogue::Catalogue;
use jiff::Span;
use jiff::civil::Date;
use rilascio_biometrics::{Extract, Extractor, read_print};
use rilascio_circuit::Application;
use rilascio_circuit::process::{DossierId, PrintSearch};
use rilascio_exchange::message::Package;
use rilascio_exchange::{Error, Result};
use rilascio_gallery::{Enrolment, LiveProbe, Prints, Purpose, Question, threshold};
use rilascio_node::{Hit, Identification};
use std::sync::Arc;

/// Prints come at this resolution, in pixels per inch.
const RESOLUTION: u16 = 500;
/// One search of a stranger in so many finds somebody.
const ONE_IN: f64 = 1000.0;
/// One comparison of two people in so many says that they are one.
const SAME_ONE_IN: f64 = 10_000.0;
/// Candidates that an examiner is shown at most.
const MOST: usize = 20;

/// The engine with its gallery.
pub(crate) struct Engine {
    gallery: Arc<dyn Prints>,
    extractor: Extractor,
    catalogue: Arc<Catalogue>,
}

fn malformed(why: impl ToString) -> Error {
    Error::Malformed {
        why: why.to_string(),
    }
}

impl Engine {
    /// An engine over a gallery.
    pub(crate) fn new(gallery: Arc<dyn Prints>, catalogue: Arc<Catalogue>) -> Self {
        Self {
            gallery,
            extractor: Extractor::new(),
            catalogue,
        }
    }

    /// Searches the prints of a dossier among those of others, compares them with those of the holder of the earlier
    /// document, and keeps them for the days of the profile.
    pub(crate) fn identify(
        &self,
        dossier: &DossierId,
        previous: Option<&DossierId>,
        application: &Application,
        package: &Package,
        today: Date,
    ) -> Result<Identification> {
        let prints = self.templates(application, package)?;
        if prints.is_empty() {
            return Ok(Identification {
                search: PrintSearch::NotDue,
                same_as_previous: None,
                hits: Vec::new(),
            });
        }
        let question = Question {
            prints,
            purpose: Purpose::Issuing,
            today,
            most: MOST,
        };
        let found = self.gallery.search(&question).map_err(|why| {
            // Workers that are not there now may be there in a moment.
            Error::Connection {
                peer: "gallery".to_owned(),
                why: why.to_string(),
            }
        })?;
        let least = threshold(found.records, ONE_IN);
        let known = [Some(dossier), previous];
        let is_other = |subject: &str| known.iter().flatten().all(|id| id.as_str() != subject);
        let hits: Vec<Hit> = found
            .candidates
            .iter()
            .filter(|one| one.score >= least && is_other(&one.subject))
            .map(|one| Hit {
                subject: one.subject.clone(),
                score: Some(one.score),
                earlier: false,
            })
            .collect();
        let same_as_previous = match previous {
            Some(previous) => self
                .gallery
                .verify(previous.as_str(), &question)
                .map_err(malformed)?
                .map(|candidate| candidate.score >= threshold(1, SAME_ONE_IN)),
            None => None,
        };
        self.keep(dossier, application, question.prints, today)?;
        Ok(Identification {
            search: PrintSearch::of_others(hits.len()),
            same_as_previous,
            hits,
        })
    }

    fn templates(&self, application: &Application, package: &Package) -> Result<Vec<LiveProbe>> {
        let mut prints = Vec::new();
        for print in &application.print {
            let image = image_of(package, &print.image)?;
            let image = read_print(image, RESOLUTION).map_err(malformed)?;
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
        let days = profile.circuit.gallery_days;
        let until = today
            .checked_add(Span::new().days(days))
            .map_err(malformed)?;
        let kept = prints.into_iter().filter(|_| days > 0);
        let records = kept.map(|print| Enrolment {
            subject: dossier.to_string(),
            finger: print.finger(),
            purpose: Purpose::Issuing,
            until,
            template: print.into_template(),
        });
        self.gallery
            .replace(dossier.as_str(), records.collect(), today)
            .map_err(malformed)
    }

    /// Forgets the prints of a dossier that came to nothing.
    pub(crate) fn forget(&self, dossier: &DossierId, today: Date) -> Result<()> {
        self.gallery
            .erase(dossier.as_str(), today)
            .map(drop)
            .map_err(malformed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use crate::entropy;
    use crate::samples::samples;
    use rilascio_keys::MasterKey;

    #[test]
    fn the_prints_are_compared_with_those_of_the_holder_of_the_earlier_document() {
        let folder = std::env::temp_dir().join(format!("rilascio-before-{}", std::process::id()));
        let mut rng = entropy::generator().unwrap();
        let master = Arc::new(MasterKey::generate(&mut rng));
        let catalogue = Arc::new(Catalogue::new(None));
        let gallery = crate::print_gallery::open(&folder, master, None).unwrap();
        let engine = Engine::new(gallery, catalogue);
        let people = samples(Some("it-pse"), true).unwrap();
        let of = |finger: &str| {
            let with = |package: &Package| package.images.keys().any(|name| name.contains(finger));
            let found = people.iter().find(|sample| with(&sample.package)).unwrap();
            let package = found.package.clone();
            let application = Application::parse("application", &package.application).unwrap();
            (application, package)
        };
        let id = |name: &str| DossierId::parse(name).unwrap();
        let today = jiff::civil::date(2026, 11, 22);
        let identify = |name: &str, previous: Option<&str>, person: &str| {
            let (application, package) = of(person);
            let previous = previous.map(id);
            engine
                .identify(&id(name), previous.as_ref(), &application, &package, today)
                .unwrap()
        };
        let first = identify("old", None, "person-1/right-index");
        assert_eq!(first.search, PrintSearch::Clear);
        assert_eq!(first.same_as_previous, None);
        let again = identify("renewal", Some("old"), "person-1/right-index");
        assert_eq!(again.search, PrintSearch::Clear);
        assert_eq!(again.same_as_previous, Some(true));
        let other = identify("swindle", Some("old"), "person-3/right-index");
        assert_eq!(other.search, PrintSearch::Clear);
        assert_eq!(other.same_as_previous, Some(false));
        let unknown = identify("stranger", Some("elsewhere"), "person-2/right-index");
        assert_eq!(unknown.same_as_previous, None);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
