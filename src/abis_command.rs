//! `rilascio abis`: the fingerprint engine as an ABIS for others.

use crate::authority_store::AuthorityStore;
use crate::entropy;
use crate::fault::Fault;
use crate::issue_command::default_data;
use crate::print_gallery::{self, Machines};
use crate::serve_command::{runtime, start_log, stopped};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rilascio_doors::osia::Register;
use rilascio_doors::{Access, Doors, NistAgency, NistDoor, PrintEngine, Scope, watch_folder};
use rilascio_node::files::{make_folder, read_if_there, write_whole};
use rilascio_store::Store;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Letters of a token: 160 bits.
const TOKEN_LETTERS: usize = 32;
/// How often folders are looked into.
const FOLDER_EVERY: Duration = Duration::from_millis(500);
/// How often what has ended is erased.
const TIDY_EVERY: Duration = Duration::from_secs(3600);
/// The file of those who may ask.
const ACCESS: &str = "access.json";
/// The schema in a PostgreSQL data base.
const SCHEMA: &str = "rilascio_abis";
const CONNECTIONS: usize = 4;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Answer OSIA ABIS 1.6 and ANSI/NIST-ITL transactions over HTTP and in folders.
    Serve(ServeArguments),
    /// Make a bearer token for somebody; it is printed once.
    Token(TokenArguments),
}

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  rilascio abis token --data DIR circuit-of-utopia\n  rilascio abis serve --data DIR --listen 127.0.0.1:8480 --folder EXCHANGE\n\n\
    POST /nist takes a transaction and answers with one; /v1/persons, /v1/identify, /v1/verify and /v1/galleries are those\n\
    of OSIA ABIS 1.6. With --folder, NAME.nist in EXCHANGE/in is answered by EXCHANGE/out/NAME.nist; write it under another\n\
    name and rename it when it is whole. TLS is for a reverse proxy in front of it."
)]
struct ServeArguments {
    /// The data folder; a folder of its own beside the circuit's.
    #[arg(long, value_name = "DIR", env = "RILASCIO_ABIS_DATA", default_value_os_t = default_data().with_file_name("rilascio-abis"))]
    data: PathBuf,
    /// Where it listens.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8480")]
    listen: SocketAddr,
    /// A folder for transactions.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Days for which prints are kept.
    #[arg(long, default_value_t = 3650, value_parser = clap::value_parser!(u16).range(1..=36500))]
    keep: u16,
    /// A PostgreSQL server in the place of files, a data base of its own; with --nats.
    #[arg(long, value_name = "URL", requires = "nats")]
    database: Option<String>,
    /// The NATS server over which search workers answer; with --database.
    #[arg(long, value_name = "URL", requires = "database")]
    nats: Option<String>,
    /// Write the log as JSON, one event a line.
    #[arg(long, env = "RILASCIO_LOG_JSON")]
    log_json: bool,
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio abis token --data DIR --scopes abis.identify,abis.verify border-control\n\n\
    Scopes are those of OSIA ABIS (abis.encounter.write, abis.encounter.read, abis.identify, abis.verify,\n\
    abis.gallery.read, abis.task.read), and nist for transactions. A server reads them at its start."
)]
struct TokenArguments {
    /// Whose it is; a token that they have already ends.
    name: String,
    /// The data folder.
    #[arg(long, value_name = "DIR", env = "RILASCIO_ABIS_DATA", default_value_os_t = default_data().with_file_name("rilascio-abis"))]
    data: PathBuf,
    /// What it opens; everything if absent.
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<String>,
}

fn read_access(data: &Path) -> Result<Vec<Access>, Fault> {
    let path = data.join(ACCESS);
    let Some(bytes) = read_if_there(&path)? else {
        return Ok(Vec::new());
    };
    serde_json::from_slice(&bytes).map_err(|why| Fault::file(&path, why))
}

fn scope(name: &str) -> Result<Scope, Fault> {
    serde_json::from_value(serde_json::Value::String(name.trim().to_owned())).map_err(|_| {
        Fault::usage(format!("there is no scope '{name}'")).remedy("see rilascio abis token --help")
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the token is the output of the command"
)]
fn token(arguments: &TokenArguments) -> Result<ExitCode, Fault> {
    let scopes: BTreeSet<Scope> = if arguments.scopes.is_empty() {
        Scope::ALL.into()
    } else {
        arguments
            .scopes
            .iter()
            .map(|name| scope(name))
            .collect::<Result<_, _>>()?
    };
    make_folder(&arguments.data)?;
    let mut rng = entropy::generator()?;
    let letters = b"abcdefghijklmnopqrstuvwxyz234567";
    let made: String = (0..TOKEN_LETTERS)
        .map(|_| char::from(letters[rand_core::Rng::next_u32(&mut rng) as usize % letters.len()]))
        .collect();
    let mut all = read_access(&arguments.data)?;
    all.retain(|access| access.name != arguments.name);
    all.push(Access {
        name: arguments.name.clone(),
        digest: Access::digest_of(&made),
        scopes,
    });
    let text = serde_json::to_vec_pretty(&all).map_err(Fault::failed)?;
    write_whole(&arguments.data.join(ACCESS), &text, true)?;
    println!("{made}");
    Ok(ExitCode::SUCCESS)
}

fn open_doors(arguments: &ServeArguments) -> Result<Doors, Fault> {
    make_folder(&arguments.data)?;
    let mut rng = entropy::generator()?;
    let master = Arc::new(AuthorityStore::master_key(&arguments.data, &mut rng)?);
    let machines = match (&arguments.database, &arguments.nats) {
        (Some(database), Some(nats)) => Some(Machines {
            database: database.clone(),
            nats: nats.clone(),
        }),
        _ => None,
    };
    let prints = print_gallery::open(&arguments.data, Arc::clone(&master), machines.as_ref())?;
    let store = match &arguments.database {
        Some(url) => Store::postgres(url, SCHEMA, CONNECTIONS)?,
        None => Store::sqlite(&arguments.data.join("abis.db"))?,
    };
    let engine = Arc::new(PrintEngine::new(prints, arguments.keep));
    Ok(Doors {
        nist: Arc::new(NistDoor::new(Arc::clone(&engine), NistAgency::default())),
        register: Arc::new(Register::new(store, master, Box::new(rng))),
        engine,
        access: Arc::new(read_access(&arguments.data)?),
        clock: Arc::new(Timestamp::now),
        slots: Doors::slots(),
    })
}

/// Erases what nobody names any more and what has come to its end, for as long as the process lives.
fn tidy(doors: Doors) {
    std::thread::spawn(move || {
        loop {
            if let Err(why) = doors.register.tidy(&doors.engine, (doors.clock)()) {
                tracing::error!(fault = %why, "tidying failed; it is tried again");
            }
            std::thread::sleep(TIDY_EVERY);
        }
    });
}

/// Looks into a folder again and again, for as long as the process lives.
fn watch(door: Arc<NistDoor>, folder: PathBuf) {
    std::thread::spawn(move || {
        loop {
            let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
            match watch_folder(&door, &folder, today) {
                Ok(handled) if handled.done + handled.refused > 0 => {
                    tracing::info!(
                        done = handled.done,
                        refused = handled.refused,
                        "transactions"
                    );
                }
                Ok(_) => {}
                Err(why) => tracing::error!(fault = %why, "the folder cannot be used"),
            }
            std::thread::sleep(FOLDER_EVERY);
        }
    });
}

#[expect(
    clippy::print_stdout,
    reason = "the address is the output of the command"
)]
fn serve(arguments: &ServeArguments) -> Result<ExitCode, Fault> {
    start_log(arguments.log_json);
    let doors = open_doors(arguments)?;
    if doors.access.is_empty() {
        tracing::warn!("nobody has a token: rilascio abis token makes one");
    }
    tidy(doors.clone());
    if let Some(folder) = &arguments.folder {
        make_folder(folder)?;
        watch(Arc::clone(&doors.nist), folder.clone());
    }
    let runtime = runtime()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(arguments.listen).await.map_err(|why| {
            Fault::failed(format!("{}: {why}", arguments.listen)).remedy("give another --listen")
        })?;
        let address = listener.local_addr().map_err(Fault::failed)?;
        let stopped = stopped();
        println!("listening on http://{address}");
        use std::io::Write;
        let _ = std::io::stdout().flush();
        rilascio_doors::serve(listener, doors, stopped)
            .await
            .map_err(Fault::failed)
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    match &arguments.action {
        Action::Serve(arguments) => serve(arguments),
        Action::Token(arguments) => token(arguments),
    }
}
