//! `serve --demo`: offices of all documents, an operator for every role, and dossiers in all states.

use crate::circuit_setup::{self, officer};
use crate::demonstration_help;
use crate::entropy;
use crate::fault::Fault;
use crate::samples::samples;
use crate::whole_way::{Circuit, Staff};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use rand_core::Rng;
use rilascio_circuit::process::{Actor, CollectionHours, DossierId, Office, Right, SiteId};
use rilascio_node::{Installation, Role, Tools, generate_password};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// An office of the demonstration: site, name, what it issues since when.
struct Place {
    site: &'static str,
    name: &'static str,
    profiles: &'static [(&'static str, Date)],
}

/// Days of the roll-out of the residence permit (2013-2015); the others are parameters.
const PLACES: &[Place] = &[
    Place {
        site: "questura-viterbo",
        name: "Questura di Viterbo, Ufficio Immigrazione",
        profiles: &[
            ("it-pse", Date::constant(2013, 12, 16)),
            ("it-passport", Date::constant(2010, 5, 20)),
        ],
    },
    Place {
        site: "questura-roma",
        name: "Questura di Roma, Ufficio Immigrazione",
        profiles: &[
            ("it-pse", Date::constant(2015, 11, 10)),
            ("it-passport", Date::constant(2010, 6, 29)),
        ],
    },
    Place {
        site: "gendarmeria",
        name: "Corpo della Gendarmeria, Ufficio Stranieri",
        profiles: &[
            ("sm-permit", Date::constant(2025, 4, 1)),
            ("sm-residence-card", Date::constant(2025, 4, 1)),
        ],
    },
    Place {
        site: "comune-ravenna",
        name: "Comune di Ravenna, Anagrafe",
        profiles: &[("it-cie", Date::constant(2016, 7, 4))],
    },
];

/// Writes the offices of the demonstration into a new data folder.
pub(crate) fn write_offices(data: &Path) -> Result<(), Fault> {
    rilascio_node::files::make_folder(data)?;
    let offices = PLACES
        .iter()
        .map(|place| {
            Ok(Office {
                site: SiteId::parse(place.site).map_err(Fault::failed)?,
                node: None,
                name: place.name.to_owned(),
                collection: CollectionHours::default(),
                starts: place
                    .profiles
                    .iter()
                    .map(|(name, day)| ((*name).to_owned(), *day))
                    .collect(),
            })
        })
        .collect::<Result<_, Fault>>()?;
    circuit_setup::write_offices(data, offices)
}

/// What somebody who looks at the demonstration needs to know.
pub(crate) struct Guide {
    operators: Vec<(Actor, Option<String>)>,
    first: Option<DossierId>,
    states: BTreeMap<String, i64>,
}

impl Guide {
    /// Prints the operators with their passwords, once, and where to begin.
    #[expect(
        clippy::print_stdout,
        reason = "the guide is the output of the command"
    )]
    pub(crate) fn print(&self, address: &impl Display) {
        let dossiers: Vec<String> = self
            .states
            .iter()
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        println!("dossiers: {}", dossiers.join(", "));
        if self
            .operators
            .iter()
            .any(|(_, password)| password.is_some())
        {
            println!("operators (these passwords are shown once):");
        } else {
            println!("operators have the passwords that were shown when this data folder was made");
        }
        for (actor, password) in &self.operators {
            let Some(password) = password else {
                continue;
            };
            let rights: Vec<String> = actor
                .rights
                .iter()
                .filter_map(|right| {
                    serde_json::to_value(right)
                        .ok()?
                        .as_str()
                        .map(str::to_owned)
                })
                .collect();
            println!(
                "    {:<28} {password}  {}",
                actor.officer.as_str(),
                rights.join(", ")
            );
        }
        if let (Some(first), Some((actor, _))) = (&self.first, self.operators.first()) {
            println!("a first dossier to follow: {first}, waiting to be sent to the centre:");
            println!("    sign in as {} at {address} and open", actor.officer);
            println!("    {address}/desk/office/dossier/{first}");
            println!("programs find the interface at {address}/v1/openapi.json");
        }
    }
}

/// The operators: the approver of the first office comes first.
fn operators() -> Result<Vec<(Role, Actor)>, Fault> {
    let mut all = Vec::new();
    for place in PLACES {
        let at = |name: &str, rights: &[Right]| {
            officer(&format!("{}.{name}", place.site), place.site, rights)
        };
        all.push((
            Role::Office,
            at("rossi", &[Right::Approve, Right::HandOver, Right::Stock])?,
        ));
        all.push((
            Role::Office,
            at("bianchi", &[Right::Enrol, Right::HandOver, Right::Stock])?,
        ));
        all.push((Role::Office, at("neri", &[Right::Administer])?));
    }
    let rest: [(Role, &str, &[Right]); 10] = [
        (Role::Centre, "examiner", &[Right::Examine]),
        (Role::Centre, "director", &[Right::Decide]),
        (Role::Centre, "revoker", &[Right::Revoke]),
        (Role::Centre, "second-revoker", &[Right::Revoke]),
        (Role::Centre, "watcher", &[Right::Watch]),
        (Role::Centre, "second-watcher", &[Right::Watch]),
        (Role::Works, "keeper", &[Right::Stock, Right::Produce]),
        (Role::Works, "engraver", &[Right::Stock, Right::Produce]),
        (Role::Registry, "clerk", &[Right::Administer, Right::LookUp]),
        (Role::Centre, "auditor", &[Right::Audit, Right::Administer]),
    ];
    for (role, name, rights) in rest {
        all.push((
            role,
            officer(&format!("{}.{name}", role.name()), role.name(), rights)?,
        ));
    }
    Ok(all)
}

/// How far a dossier goes, of every twelve.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Goal {
    Enrolled,
    Examined,
    Proposed,
    Refused,
    Produced,
    AtOffice,
    Activated,
    HandedOver,
}

const GOALS: [Goal; 12] = [
    Goal::Enrolled,
    Goal::Examined,
    Goal::Proposed,
    Goal::Enrolled,
    Goal::Examined,
    Goal::Refused,
    Goal::Examined,
    Goal::Proposed,
    Goal::AtOffice,
    Goal::Activated,
    Goal::HandedOver,
    Goal::Produced,
];

/// Fills a new installation; of one that was filled before only tells what is in it.
pub(crate) fn fill(
    installation: &Installation,
    tools: &Tools,
    data: &Path,
    fresh: bool,
    dossiers: u32,
) -> Result<Guide, Fault> {
    let operators = name_operators(installation, fresh)?;
    // The fill is a job like any other: cut off, it begins again only on a new folder.
    if fresh {
        let named = |name: &str| {
            let mut all = operators.iter().map(|(actor, _)| actor);
            all.find(|actor| actor.officer.as_str() == name)
                .ok_or_else(|| Fault::failed(format!("nobody is called {name}")))
        };
        let clerk = format!("{}.bianchi", PLACES[0].site);
        demonstration_help::fill(installation, named("centre.auditor")?, named(&clerk)?)?;
        fill_dossiers(installation, tools, dossiers)
            .map_err(|fault| fault.remedy(format!("remove {} and start again", data.display())))?;
    }
    let office = installation.desk(Role::Office)?;
    let (counts, enrolled) = office.store().read::<_, rilascio_store::Error, _>(|tx| {
        let counts = rilascio_store::entity::count(tx, "dossier")?;
        let enrolled = rilascio_store::entity::list(
            tx,
            "dossier",
            Some("enrolled"),
            Some(PLACES[0].site),
            "",
            1,
        )?;
        Ok((counts, enrolled))
    })?;
    let mut states = BTreeMap::new();
    for (state, _, count) in counts {
        *states.entry(state).or_default() += count;
    }
    let first = enrolled
        .first()
        .map(|row| DossierId::parse(&row.id))
        .transpose()
        .map_err(Fault::failed)?;
    Ok(Guide {
        operators,
        first,
        states,
    })
}

fn name_operators(
    installation: &Installation,
    fresh: bool,
) -> Result<Vec<(Actor, Option<String>)>, Fault> {
    let mut named = Vec::new();
    for (role, actor) in operators()? {
        let mut password = None;
        if let (true, Some(desk)) = (fresh, installation.desks.get(&role)) {
            let made = generate_password(&mut entropy::generator()?);
            let system = Actor::system(desk.site());
            desk.name_officer(&system, &actor, &made, (installation.clock)())?;
            password = Some(made.to_string());
        }
        named.push((actor, password));
    }
    Ok(named)
}

fn fill_dossiers(installation: &Installation, tools: &Tools, dossiers: u32) -> Result<(), Fault> {
    let bar = ProgressBar::new(u64::from(dossiers));
    let style = ProgressStyle::with_template("{spinner} {pos} of {len} dossiers  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(100));
    let mut circuit = Circuit {
        installation,
        tools,
        run: format!("demo-{:016x}", entropy::generator()?.next_u64()),
        count: 0,
    };
    let desks: Vec<(&Place, &str)> = PLACES
        .iter()
        .flat_map(|place| place.profiles.iter().map(move |(name, _)| (place, *name)))
        .collect();
    let mut people = BTreeMap::new();
    for (_, profile) in &desks {
        people.insert(*profile, samples(Some(profile), true)?);
        circuit.stock(&Staff::of(PLACES[0].site)?, profile, 60)?;
    }
    let mut on_the_way: Vec<(&str, DossierId, Goal)> = Vec::new();
    for number in 0..dossiers as usize {
        let (place, profile) = desks[number % desks.len()];
        let round = number / desks.len();
        let goal = GOALS[round % GOALS.len()];
        let (faces, profile_people) = (people[profile].len(), &people[profile]);
        let who = profile_people[round % faces].person((round / faces) as u64);
        let who = who.map_err(Fault::failed)?;
        bar.set_message(place.name);
        let staff = Staff::of(place.site)?;
        let dossier = circuit.enrol(&staff, profile, who)?;
        if goal > Goal::Enrolled {
            circuit.submit(&staff, &dossier)?;
        }
        if goal > Goal::Examined {
            circuit.propose(&staff, &dossier, goal != Goal::Refused)?;
        }
        if goal == Goal::Refused {
            circuit.decide(&staff, profile, &dossier, false)?;
        }
        if goal >= Goal::Produced {
            circuit.decide(&staff, profile, &dossier, true)?;
            on_the_way.push((place.site, dossier, goal));
        }
        bar.inc(1);
    }
    for place in PLACES {
        let staff = Staff::of(place.site)?;
        let mine: Vec<_> = on_the_way
            .iter()
            .filter(|(site, _, _)| *site == place.site)
            .collect();
        let sent: Vec<&DossierId> = mine
            .iter()
            .filter(|(_, _, goal)| *goal > Goal::Produced)
            .map(|(_, id, _)| id)
            .collect();
        if sent.is_empty() {
            continue;
        }
        circuit.deliver(&staff, &sent)?;
        for (_, dossier, goal) in mine {
            if *goal >= Goal::Activated {
                circuit.activate(&staff, dossier)?;
            }
            if *goal >= Goal::HandedOver {
                circuit.hand_over(&staff, dossier)?;
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}
