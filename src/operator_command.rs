//! `rilascio operator`: names an operator of an installation and prints the password once.

use crate::authority_store::AuthorityStore;
use crate::catalogue::Catalogue;
use crate::circuit_command::role;
use crate::circuit_setup::{self, Setup, officer};
use crate::entropy;
use crate::fault::Fault;
use jiff::Timestamp;
use rilascio_circuit::process::{Actor, Right};
use rilascio_node::{Database, generate_password};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio operator --data DIR --role office --site questura-roma --rights enrol,hand-over anna.rossi\n\n\
    A server may be running on the folder. The password is printed once, and is good for choosing another within a week;\n\
    passkeys of a known operator are gone."
)]
pub(crate) struct Arguments {
    /// The operator: name.surname.
    name: String,
    /// The data folder.
    #[arg(long, value_name = "DIR", env = "RILASCIO_DATA")]
    data: PathBuf,
    /// The PostgreSQL server of the installation, in the place of SQLite files.
    #[arg(long, value_name = "URL", env = "RILASCIO_DATABASE")]
    database: Option<String>,
    /// The role whose operator it is.
    #[arg(long)]
    role: String,
    /// Where the operator works: an office, or the role's own site if absent.
    #[arg(long)]
    site: Option<String>,
    /// The rights: enrol, approve, examine, decide, hand-over, revoke, stock, produce, look-up, audit, administer.
    #[arg(long, value_delimiter = ',', required = true)]
    rights: Vec<String>,
    /// The profiles of the documents the operator works on, as `rilascio profile list` names them; all if absent.
    #[arg(long, value_delimiter = ',')]
    profiles: Vec<String>,
    /// The password stays good: for a program, which chooses none of its own.
    #[arg(long)]
    lasting: bool,
}

#[expect(
    clippy::print_stdout,
    reason = "the password is the output of the command"
)]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    let role = role(&arguments.role)?;
    let mut rng = entropy::generator()?;
    let rights = arguments
        .rights
        .iter()
        .map(|name| {
            let known = Right::OF_PERSONS.into_iter().find(|right| {
                serde_json::to_value(right).is_ok_and(|value| value.as_str() == Some(name.trim()))
            });
            known.ok_or_else(|| {
                Fault::usage(format!("there is no right '{name}'"))
                    .remedy("see rilascio operator --help")
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let site = arguments.site.as_deref().unwrap_or(role.name());
    let mut actor = officer(&arguments.name, site, &rights)?;
    let catalogue = Arc::new(Catalogue::new(None));
    for name in &arguments.profiles {
        let known = catalogue.profile(name.trim())?;
        actor.profiles.insert(known.name.as_ref().clone());
    }
    // Without the lock of the data folder: a server keeps it, and the tables look after themselves.
    let master = AuthorityStore::master_key(&arguments.data, &mut rng)?;
    let installation = circuit_setup::open(Setup {
        data: &arguments.data,
        roles: [role].into(),
        database: match &arguments.database {
            None => Database::Sqlite,
            Some(url) => Database::Postgres {
                url: url.clone(),
                connections: 1,
            },
        },
        catalogue,
        clock: Arc::new(Timestamp::now),
        master: Arc::new(master),
        far: None,
    })?;
    let desk = installation.desk(role)?;
    let (system, now) = (Actor::system(desk.site()), Timestamp::now());
    let password = if arguments.lasting {
        let password = generate_password(&mut rng);
        desk.name_officer(&system, &actor, &password, now)?;
        password
    } else {
        desk.name_officer_at_first(&system, &actor, now)?
    };
    println!("{} at {site}: {}", arguments.name, password.as_str());
    Ok(ExitCode::SUCCESS)
}
