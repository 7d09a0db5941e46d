//! What was taken at a desk: checked against the rules, kept sealed in two compartments, put together again.

use crate::ledger::Ledger;
use crate::{Error, Result};
use jiff::civil::Date;
use rilascio_circuit::process::{PrintsTaken, SignatureTaken};
use rilascio_circuit::{Application, Profile, Record, decide};
use rilascio_exchange::message::{Bytes, Package};
use rilascio_mrtd::code::DocumentNumber;
use rilascio_store::vault::Compartment;
use std::collections::{BTreeMap, BTreeSet};

/// Face, prints and signature: forgotten at hand-over, or when their term ends.
pub(crate) const BIOMETRICS: &str = "biometrics";
/// The other personal data: forgotten when the term of the record ends.
pub(crate) const RECORD: &str = "record";
pub(crate) const APPLICATION: &str = "application";
pub(crate) const CERTIFICATE: &str = "certificate";
/// The most images of one dossier.
const IMAGES_MAX: usize = 16;
/// The largest image, in bytes.
const IMAGE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A package that keeps all rules.
pub(crate) struct Checked {
    pub(crate) application: Application,
    pub(crate) record: Record,
    pub(crate) prints: PrintsTaken,
    pub(crate) signature: SignatureTaken,
}

/// Applies every rule of the profile; with the first number of the range where none is given yet.
pub(crate) fn check(
    profile: &Profile,
    package: &Package,
    issued: Date,
    number: Option<(&DocumentNumber, &str)>,
) -> Result<Checked> {
    let application = Application::parse("application", &package.application).map_err(|why| {
        Error::Malformed {
            what: "application",
            why: why.to_string(),
        }
    })?;
    if application.profile != *profile.name.as_ref() {
        return Err(Error::Malformed {
            what: "application",
            why: format!(
                "it is for {}, the dossier for {}",
                application.profile,
                profile.name.as_ref()
            ),
        });
    }
    check_images(&application, package)?;
    let first = profile
        .document
        .number
        .as_ref()
        .number(1)
        .unwrap_or_default();
    let provisional = DocumentNumber::parse(&first).map_err(|why| Error::Malformed {
        what: "number",
        why: why.to_string(),
    })?;
    let (number, serial) = number.unwrap_or((&provisional, ""));
    let record =
        decide(profile, &application, issued, number, serial).map_err(Error::Application)?;
    let due = profile.prints.as_ref().is_some_and(|prints| {
        application
            .person
            .birth_date
            .age_on(issued)
            .is_none_or(|age| age >= *prints.from_age.as_ref())
    });
    let prints = match (due, record.prints.prints.is_empty()) {
        (_, false) => PrintsTaken::Taken,
        (true, true) => PrintsTaken::Impossible,
        (false, true) => PrintsTaken::NotDue,
    };
    let signature = if record.signs {
        SignatureTaken::Taken
    } else {
        SignatureTaken::Exempt
    };
    Ok(Checked {
        application,
        record,
        prints,
        signature,
    })
}

/// Every image that the application names is there, and no other.
fn check_images(application: &Application, package: &Package) -> Result<()> {
    let named: BTreeSet<&String> = application.image_names().collect();
    let there: BTreeSet<&String> = package.images.keys().collect();
    let wrong = |why: String| Error::Malformed {
        what: "images",
        why,
    };
    if let Some(missing) = named.difference(&there).next() {
        return Err(wrong(format!(
            "the application names '{missing}', and it is not there"
        )));
    }
    if let Some(extra) = there.difference(&named).next() {
        return Err(wrong(format!(
            "'{extra}' is there, and the application does not name it"
        )));
    }
    if there.len() > IMAGES_MAX {
        return Err(wrong(format!(
            "{} images; at most {IMAGES_MAX}",
            there.len()
        )));
    }
    let large = package
        .images
        .iter()
        .find(|(_, bytes)| bytes.0.len() > IMAGE_BYTES_MAX);
    if let Some((name, bytes)) = large {
        return Err(wrong(format!(
            "'{name}' has {} bytes; at most {IMAGE_BYTES_MAX}",
            bytes.0.len()
        )));
    }
    Ok(())
}

impl Ledger<'_> {
    /// The application of a dossier; nothing when it was forgotten, or never taken.
    pub(crate) fn application(&mut self, dossier: &str) -> Result<Option<Application>> {
        let part = RECORD;
        let kept = Compartment { dossier, part }.get(self.tx, &self.vault, APPLICATION)?;
        Ok(kept.and_then(|bytes| {
            Application::parse("application", &String::from_utf8_lossy(&bytes)).ok()
        }))
    }

    /// Seals a package of a dossier; one that was kept before is forgotten first.
    pub(crate) fn keep_package(&mut self, dossier: &str, package: &Package) -> Result<()> {
        for part in [BIOMETRICS, RECORD] {
            self.forget(dossier, part)?;
        }
        self.keep(dossier, RECORD, APPLICATION, package.application.as_bytes())?;
        for (name, bytes) in &package.images {
            self.keep(dossier, BIOMETRICS, name, &bytes.0)?;
        }
        Ok(())
    }

    /// The package of a dossier; nothing when any of it was forgotten.
    pub(crate) fn package(&mut self, dossier: &str) -> Result<Option<Package>> {
        let record = Compartment {
            dossier,
            part: RECORD,
        };
        let biometrics = Compartment {
            dossier,
            part: BIOMETRICS,
        };
        let Some(application) = record.get(self.tx, &self.vault, APPLICATION)? else {
            return Ok(None);
        };
        let mut images = BTreeMap::new();
        for name in biometrics.names(self.tx)? {
            if let Some(bytes) = biometrics.get(self.tx, &self.vault, &name)? {
                images.insert(name, Bytes(bytes.to_vec()));
            }
        }
        if images.is_empty() {
            return Ok(None);
        }
        let application =
            String::from_utf8(application.to_vec()).map_err(|why| Error::Corrupt {
                what: "package",
                id: dossier.to_owned(),
                why: why.to_string(),
            })?;
        Ok(Some(Package {
            application,
            images,
        }))
    }
}
