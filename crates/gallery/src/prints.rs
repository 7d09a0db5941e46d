//! What a gallery does for others, wherever its prints are.

use crate::Result;
use crate::cluster::{Cluster, Found};
use crate::gallery::Gallery;
use crate::record::Enrolment;
use crate::search::{Candidate, Question};
use jiff::civil::Date;

/// A gallery: on this machine, or on several.
pub trait Prints: Send + Sync {
    /// Who else has given these prints?
    ///
    /// # Errors
    /// [`crate::Error::EmptyProbe`], or when not everything could be searched.
    fn search(&self, question: &Question) -> Result<Found>;

    /// Compares prints with those of one subject; nothing when it has none of these fingers.
    ///
    /// # Errors
    /// [`crate::Error::EmptyProbe`], or when its prints cannot be read.
    fn verify(&self, subject: &str, question: &Question) -> Result<Option<Candidate>>;

    /// Puts prints in the place of those that a subject had.
    ///
    /// # Errors
    /// [`crate::Error::Subject`], or when they cannot be written.
    fn replace(&self, subject: &str, prints: Vec<Enrolment>, today: Date) -> Result<()>;

    /// Erases the prints of a subject; false when there were none.
    ///
    /// # Errors
    /// [`crate::Error::Subject`], or when they cannot be erased.
    fn erase(&self, subject: &str, today: Date) -> Result<bool>;

    /// Erases what may not be compared after that day, and takes what was erased from the disk.
    ///
    /// # Errors
    /// What cannot be written.
    fn purge(&self, today: Date) -> Result<()>;
}

impl Prints for Gallery {
    fn search(&self, question: &Question) -> Result<Found> {
        Ok(Found {
            candidates: self.search(question)?,
            records: self.records(),
        })
    }

    fn verify(&self, subject: &str, question: &Question) -> Result<Option<Candidate>> {
        self.verify(subject, question)
    }

    fn replace(&self, subject: &str, prints: Vec<Enrolment>, _: Date) -> Result<()> {
        self.replace_all(&[subject.to_owned()], prints)
    }

    fn erase(&self, subject: &str, _: Date) -> Result<bool> {
        Ok(self.erase(subject)? > 0)
    }

    fn purge(&self, today: Date) -> Result<()> {
        self.purge(today)
    }
}

impl Prints for Cluster {
    fn search(&self, question: &Question) -> Result<Found> {
        self.search(question)
    }

    fn verify(&self, subject: &str, question: &Question) -> Result<Option<Candidate>> {
        self.verify(subject, question)
    }

    fn replace(&self, subject: &str, prints: Vec<Enrolment>, today: Date) -> Result<()> {
        if prints.is_empty() {
            return self.erase(subject, today).map(drop);
        }
        self.enrol(prints)
    }

    fn erase(&self, subject: &str, today: Date) -> Result<bool> {
        self.erase(subject, today)
    }

    fn purge(&self, today: Date) -> Result<()> {
        self.purge(today)
    }
}
