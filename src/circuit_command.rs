//! `rilascio circuit`: nodes that run elsewhere, and nodes that are struck off.

use crate::authority_store::AuthorityStore;
use crate::catalogue::Catalogue;
use crate::circuit_setup::{self, Setup};
use crate::entropy;
use crate::fault::Fault;
use clap::Subcommand;
use jiff::Timestamp;
use rilascio_circuit::process::NodeId;
use rilascio_node::{Database, Role, add_member, strike_off};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
#[command(after_help = "Example, an office that runs on another machine:\n  \
    rilascio circuit found --data CENTRE\n  \
    rilascio circuit member office --data CENTRE --out OFFICE\n  \
    rilascio serve --data CENTRE --roles centre,works,registry --messages centre=0.0.0.0:8443 --messages works=0.0.0.0:8444 \\\n      \
    --messages registry=0.0.0.0:8445 --peer office=office.example:8443\n  \
    rilascio serve --data OFFICE --roles office --messages office=0.0.0.0:8443 --peer centre=centre.example:8443 \\\n      \
    --peer works=centre.example:8444 --peer registry=centre.example:8445\n\n\
    A second office node, or works that make the documents of one profile:\n  \
    rilascio circuit member office --name office-ravenna --serves comune-ravenna --data CENTRE --out RAVENNA\n  \
    rilascio circuit member works --name works-sm --serves sm-permit,sm-residence-card --data CENTRE --out WORKS-SM\n\n\
    Works that make the residence permit when those before them are stopped or lost:\n  \
    rilascio circuit member works --name works-south --stands-in it-pse --data CENTRE --out SOUTH")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Found a circuit: its authority, and the nodes that run here.
    Found {
        /// The data folder.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The roles that run here.
        #[arg(long, value_delimiter = ',', default_value = "centre,works,registry")]
        roles: Vec<String>,
    },
    /// Make the data folder of a node that runs elsewhere.
    Member {
        /// Its role.
        role: String,
        /// The data folder where the circuit was founded.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The data folder to make; carry it to its machine on a safe way, it holds its keys.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Its name; its role if absent. Every further node of a role needs one.
        #[arg(long, value_name = "NODE")]
        name: Option<String>,
        /// The sites that this office serves, or the profiles that these works make.
        #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "name")]
        serves: Vec<String>,
        /// The profiles that these works make while the works before them stand still.
        #[arg(
            long,
            value_name = "PROFILES",
            value_delimiter = ',',
            requires = "name"
        )]
        stands_in: Vec<String>,
    },
    /// Strike a node off: nobody hears it any more.
    Strike {
        /// Its name.
        node: String,
        /// The data folder where the circuit was founded.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

/// The role of that name.
pub(crate) fn role(name: &str) -> Result<Role, Fault> {
    Role::from_name(name.trim()).ok_or_else(|| {
        Fault::usage(format!("there is no role '{name}'"))
            .remedy("roles are office, centre, works, registry")
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the summary is the output of the command"
)]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    let mut rng = entropy::generator()?;
    let now = Timestamp::now();
    match &arguments.action {
        Action::Found { data, roles } => {
            let authorities = AuthorityStore::open(data, &mut rng)?;
            circuit_setup::open(Setup {
                data,
                roles: roles
                    .iter()
                    .map(|name| role(name))
                    .collect::<Result<_, _>>()?,
                database: Database::Sqlite,
                catalogue: Arc::new(Catalogue::new(None)),
                clock: Arc::new(Timestamp::now),
                master: authorities.master(),
                far: None,
            })?;
            println!("founded in {}", data.display());
        }
        Action::Member {
            role: word,
            data,
            out,
            name,
            serves,
            stands_in,
        } => {
            let role = role(word)?;
            let node =
                NodeId::parse(name.as_deref().unwrap_or(role.name())).map_err(Fault::usage)?;
            if out.exists() {
                return Err(Fault::usage(format!("{} is there already", out.display()))
                    .remedy("give --out a folder that is not there"));
            }
            let master = AuthorityStore::master_key(data, &mut rng)?;
            match role {
                Role::Office if stands_in.is_empty() => {
                    circuit_setup::refuse_used_sites(data, serves)?;
                    circuit_setup::assign_sites(data, &node, serves)?;
                }
                Role::Works => {
                    let catalogue = Catalogue::new(None);
                    let assign = |profiles: &[String], first| {
                        circuit_setup::assign_profiles(data, &node, profiles, first, &catalogue)
                    };
                    assign(serves, true)?;
                    assign(stands_in, false)?;
                }
                _ if serves.is_empty() && stands_in.is_empty() => {}
                _ => {
                    return Err(Fault::usage(format!(
                        "a node of the role '{word}' serves nothing of its own"
                    ))
                    .remedy("--serves is for offices and works, --stands-in for works"));
                }
            }
            add_member(data, &master, &node, out, now, &mut rng)?;
            println!(
                "{} for {node} is made; others learn of it within a minute",
                out.display()
            );
            if !(serves.is_empty() && stands_in.is_empty()) {
                println!(
                    "copy {} to the other nodes and start them again: it says what {node} serves",
                    data.join("offices.toml").display()
                );
            }
        }
        Action::Strike { node, data } => {
            let master = AuthorityStore::master_key(data, &mut rng)?;
            let list = strike_off(data, &master, node, now)?;
            println!(
                "{node} is struck off; copy {} to the folder 'circuit' of every other node",
                list.display()
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
