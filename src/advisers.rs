//! The systems beside the circuit: an AFIS or the built-in engine, the registry of residents or a simulated one, mail.

use crate::catalogue::Catalogue;
use crate::fault::Fault;
use crate::identification::Engine;
use crate::samples::samples;
use jiff::tz::TimeZone;
use rilascio_biometrics::nist::{Compression, PrintImage};
use rilascio_circuit::Application;
use rilascio_circuit::process::{DossierId, PrintSearch, ResidenceCheck};
use rilascio_doors::osia::{AbisClient, AbisPrint};
use rilascio_exchange::adapter::afis::Afis;
use rilascio_exchange::adapter::mail::Mail;
use rilascio_exchange::adapter::residents::{
    Inquiry, Question, Resident, Residents, SimulatedResidents,
};
use rilascio_exchange::message::Package;
use rilascio_exchange::{Error, Result};
use rilascio_mrtd::code::Sex;
use rilascio_node::{
    Advisers, Clock, Delivery, Hit, Identification as Identified, Notice, Register,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the systems are; without an address the built-in engine identifies, the registry of residents is simulated and
/// notices are not sent.
#[derive(Default)]
pub(crate) struct Addresses {
    pub(crate) afis: Option<String>,
    pub(crate) abis: Option<AbisClient>,
    pub(crate) residents: Option<String>,
    pub(crate) index: Option<String>,
    pub(crate) mail: Option<Mail>,
}

/// Prints come at this resolution, in pixels per inch.
const RESOLUTION: u16 = 500;
/// The name of the one encounter of a dossier.
const ENCOUNTER: &str = "enrolment";

/// Who searches prints.
enum Identification {
    Bought(Afis),
    /// An OSIA ABIS of somebody else.
    Osia(Box<AbisClient>),
    BuiltIn(Box<Engine>),
    /// This node has no centre.
    Nobody,
}

/// The ways to them.
pub(crate) struct Outside {
    identification: Identification,
    residents: Residents,
    catalogue: Arc<Catalogue>,
    clock: Clock,
    mail: Option<Mail>,
}

impl Outside {
    /// The ways to those addresses; `engine` opens the built-in one where there is no AFIS.
    pub(crate) fn open(
        addresses: Addresses,
        catalogue: Arc<Catalogue>,
        clock: Clock,
        engine: impl FnOnce() -> std::result::Result<Option<Engine>, Fault>,
    ) -> std::result::Result<Self, Fault> {
        let failed = |why: std::io::Error| Fault::failed(format!("a simulated system: {why}"));
        let identification = match (addresses.afis, addresses.abis) {
            (Some(address), _) => Identification::Bought(Afis {
                address,
                agency: "AFIS".to_owned(),
                own: "CENTRE".to_owned(),
            }),
            (None, Some(abis)) => Identification::Osia(Box::new(abis)),
            (None, None) => engine()?.map_or(Identification::Nobody, |engine| {
                Identification::BuiltIn(Box::new(engine))
            }),
        };
        let residents = match addresses.residents {
            Some(address) => address,
            None => SimulatedResidents {
                people: synthetic_people()?,
                ..SimulatedResidents::default()
            }
            .listen()
            .map_err(failed)?
            .to_string(),
        };
        Ok(Self {
            identification,
            residents: Residents {
                registry: residents,
                index: addresses.index,
            },
            catalogue,
            clock,
            mail: addresses.mail,
        })
    }
}

/// The synthetic people, as a simulated registry has them.
fn synthetic_people() -> std::result::Result<BTreeMap<String, Resident>, Fault> {
    let mut people = BTreeMap::new();
    for sample in samples(None, false)? {
        let read = Application::parse("application", &sample.package.application);
        let person = read.map_err(Fault::failed)?.person;
        let Some(code) = person.fiscal_code else {
            continue;
        };
        let address = person.address;
        let resident = Resident {
            surname: person.surname,
            given_names: person.given_names,
            sex: match person.sex {
                Sex::Female => "F",
                Sex::Male => "M",
                Sex::Unspecified => "X",
            }
            .to_owned(),
            birth_date: person.birth_date.to_string(),
            birth_place: person.birth_place,
            birth_country: person.birth_country.map(|code| code.to_string()),
            nationality: person.nationality.to_string(),
            street: address.as_ref().map(|address| address.street.clone()),
            place: address.as_ref().map(|address| address.place.clone()),
            country: address
                .and_then(|address| address.country)
                .map(|code| code.to_string()),
        };
        people.insert(code, resident);
    }
    Ok(people)
}

impl Register for Outside {
    fn find(&self, case: &DossierId, code: &str) -> Result<Option<Resident>> {
        self.residents.find(&Inquiry {
            case: case.to_string(),
            code: code.to_owned(),
        })
    }
}

fn read(package: &Package) -> Result<Application> {
    Application::parse("application", &package.application).map_err(|why| Error::Malformed {
        why: why.to_string(),
    })
}

/// An image that an application names.
pub(crate) fn image_of<'a>(package: &'a Package, name: &str) -> Result<&'a [u8]> {
    let image = package.images.get(name).ok_or_else(|| Error::Malformed {
        why: format!("no image {name}"),
    })?;
    Ok(&image.0)
}

fn outside(why: rilascio_doors::Error) -> Error {
    Error::Connection {
        peer: "ABIS".to_owned(),
        why: why.to_string(),
    }
}

/// Has an ABIS look for others who have the prints of a dossier, keep them where its profile keeps prints at all, and
/// compare them with those of the dossier that made the document which is to be replaced.
fn identify_abroad(
    abis: &AbisClient,
    (dossier, previous): (&DossierId, Option<&DossierId>),
    application: &Application,
    package: &Package,
    keeps: bool,
) -> Result<Identified> {
    let mut prints = Vec::new();
    for print in &application.print {
        prints.push(AbisPrint {
            finger: print.finger as u8,
            image: image_of(package, &print.image)?,
            resolution: RESOLUTION,
            quality: print.quality,
        });
    }
    let same_as_previous = match previous {
        Some(previous) => abis
            .verify(previous.as_str(), &prints)
            .map_err(outside)?
            .map(|result| result.decision),
        None => None,
    };
    let found = if keeps {
        abis.keep(dossier.as_str(), ENCOUNTER, &prints)
            .map_err(outside)?;
        abis.identify(dossier.as_str()).map_err(outside)?
    } else {
        abis.identify_prints(&prints).map_err(outside)?
    };
    let known = [Some(dossier), previous];
    let others = found.iter().filter(|one| {
        known
            .iter()
            .flatten()
            .all(|id| id.as_str() != one.person_id)
    });
    let hits: Vec<Hit> = others.map(|one| hit(&one.person_id)).collect();
    Ok(Identified {
        search: PrintSearch::of_others(hits.len()),
        same_as_previous,
        hits,
    })
}

/// A hit of a system whose scores are not ours.
fn hit(subject: &str) -> Hit {
    Hit {
        subject: subject.to_owned(),
        score: None,
        earlier: false,
    }
}

/// Width and height of a print.
fn picture_size(bytes: &[u8]) -> (u32, u32) {
    let read = rilascio_biometrics::read_print(bytes, RESOLUTION);
    read.map_or((0, 0), |image| (image.width(), image.height()))
}

impl Advisers for Outside {
    fn identify(
        &self,
        dossier: &DossierId,
        previous: Option<&DossierId>,
        package: &Package,
    ) -> Result<Identified> {
        let application = read(package)?;
        let afis = match &self.identification {
            Identification::Bought(afis) => afis,
            Identification::BuiltIn(engine) => {
                let today = (self.clock)().to_zoned(TimeZone::UTC).date();
                return engine.identify(dossier, previous, &application, package, today);
            }
            Identification::Osia(abis) => {
                let profile = self.catalogue.profile(&application.profile);
                let keeps = profile.map_err(|why| Error::Malformed {
                    why: why.to_string(),
                })?;
                let keeps = keeps.circuit.gallery_days > 0;
                return identify_abroad(abis, (dossier, previous), &application, package, keeps);
            }
            Identification::Nobody => {
                return Err(Error::Malformed {
                    why: "this node has no centre, and no AFIS was given".to_owned(),
                });
            }
        };
        let day = (self.clock)().strftime("%Y%m%d").to_string();
        let mut prints = Vec::new();
        for print in &application.print {
            let bytes = image_of(package, &print.image)?;
            prints.push(PrintImage {
                finger: print.finger as u8,
                size: picture_size(bytes),
                compression: Compression::of_bytes(bytes).unwrap_or(Compression::Png),
                quality: print.quality,
                bytes,
            });
        }
        let mut found = afis.search(dossier.as_str(), &day, &prints)?;
        // An AFIS that found the earlier dossier compared with it; one that did not may not have it.
        let before = found.len();
        found.retain(|name| previous.is_none_or(|previous| previous.as_str() != name.as_str()));
        Ok(Identified {
            search: PrintSearch::of_others(found.len()),
            same_as_previous: (found.len() < before).then_some(true),
            hits: found.iter().map(|name| hit(name.as_str())).collect(),
        })
    }

    fn verify(&self, dossier: &DossierId, package: &Package) -> Result<ResidenceCheck> {
        let application = read(package)?;
        let person = &application.person;
        let question = Question {
            case: dossier.to_string(),
            code: person
                .fiscal_code
                .clone()
                .or_else(|| person.personal_number.clone()),
            surname: person.surname.clone(),
            given_names: person.given_names.clone(),
            birth_date: person.birth_date.to_string(),
            municipality: application.document.place.clone(),
        };
        let confirmed = self.residents.confirm(&question)?;
        Ok(if confirmed {
            ResidenceCheck::Confirmed
        } else {
            ResidenceCheck::Denied
        })
    }

    fn forget(&self, dossier: &DossierId) -> Result<()> {
        match &self.identification {
            Identification::BuiltIn(engine) => {
                let today = (self.clock)().to_zoned(TimeZone::UTC).date();
                engine.forget(dossier, today)
            }
            Identification::Osia(abis) => abis.erase(dossier.as_str()).map(drop).map_err(outside),
            Identification::Bought(_) | Identification::Nobody => Ok(()),
        }
    }

    fn notify(&self, notice: &Notice) -> Result<Delivery> {
        let Some(mail) = &self.mail else {
            return Ok(Delivery::NoServer);
        };
        mail.send(&notice.id, &notice.to, &notice.subject, &notice.text)?;
        Ok(Delivery::Sent)
    }
}
