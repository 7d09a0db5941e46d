//! The engine behind every door: extraction, and a gallery.

use crate::{Error, Result};
use jiff::Span;
use jiff::civil::Date;
use rilascio_biometrics::{Extract, Extractor, GreyImage, PrintTemplate};
use rilascio_gallery::{
    Candidate, Enrolment, Found, LiveProbe, Prints, Purpose, Question, threshold,
};
use std::sync::Arc;

/// One search of a stranger in so many finds somebody, where nobody says another threshold.
const ONE_IN: f64 = 1000.0;
/// The most prints of one person.
const PRINTS_MAX: usize = 40;

/// Extraction and a gallery.
pub struct PrintEngine {
    prints: Arc<dyn Prints>,
    extractor: Extractor,
    keep: u16,
}

/// Prints of one person, each with its finger.
pub(crate) type Fingers = Vec<(u8, PrintTemplate)>;

/// Refuses more prints than one person has; asked before they are decoded.
pub(crate) fn check_count(count: usize) -> Result<()> {
    if count > PRINTS_MAX {
        return Err(Error::malformed(format!("more than {PRINTS_MAX} prints")));
    }
    Ok(())
}

impl PrintEngine {
    /// An engine over a gallery that keeps prints for so many days.
    #[must_use]
    pub fn new(prints: Arc<dyn Prints>, keep: u16) -> Self {
        Self {
            prints,
            extractor: Extractor::new(),
            keep,
        }
    }

    pub(crate) fn template(&self, image: &GreyImage) -> Result<PrintTemplate> {
        let template = self.extractor.extract(image)?;
        if template.minutiae.len() < 4 {
            return Err(Error::malformed(
                "there are no ridges in an image; check its resolution, and that ridges are dark",
            ));
        }
        Ok(template)
    }

    pub(crate) fn question(&self, fingers: &Fingers, today: Date, most: usize) -> Result<Question> {
        check_count(fingers.len())?;
        Ok(Question {
            prints: fingers
                .iter()
                .map(|(finger, template)| LiveProbe::new(*finger, template.clone()))
                .collect(),
            purpose: Purpose::Issuing,
            today,
            most,
        })
    }

    pub(crate) fn search(&self, question: &Question) -> Result<Found> {
        Ok(self.prints.search(question)?)
    }

    /// The score from which on a candidate of a search is one.
    pub(crate) fn least(found: &Found) -> i32 {
        threshold(found.records, ONE_IN)
    }

    pub(crate) fn verify(&self, subject: &str, question: &Question) -> Result<Option<Candidate>> {
        Ok(self.prints.verify(subject, question)?)
    }

    /// For how many days prints are kept.
    pub(crate) fn keep_days(&self) -> u16 {
        self.keep
    }

    /// What may not be compared any more leaves the disk.
    pub(crate) fn purge(&self, today: Date) -> Result<()> {
        Ok(self.prints.purge(today)?)
    }

    pub(crate) fn replace(&self, subject: &str, fingers: Fingers, today: Date) -> Result<()> {
        check_count(fingers.len())?;
        let until = today
            .checked_add(Span::new().days(self.keep))
            .map_err(Error::malformed)?;
        let prints = fingers.into_iter().map(|(finger, template)| Enrolment {
            subject: subject.to_owned(),
            finger,
            purpose: Purpose::Issuing,
            until,
            template,
        });
        Ok(self.prints.replace(subject, prints.collect(), today)?)
    }

    pub(crate) fn erase(&self, subject: &str, today: Date) -> Result<bool> {
        Ok(self.prints.erase(subject, today)?)
    }
}
