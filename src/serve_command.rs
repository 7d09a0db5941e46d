//! `rilascio serve`: the nodes of an installation, their workers and their HTTP interface.

use crate::advisers::{Addresses, Outside};
use crate::authority_store::AuthorityStore;
use crate::bridge_command::origin;
use crate::catalogue::Catalogue;
use crate::certificate_dates;
use crate::circuit_command::role;
use crate::circuit_setup::{self, Setup};
use crate::demonstration::{self, Guide};
use crate::document_folder::NewFolder;
use crate::entropy;
use crate::fault::Fault;
use crate::identification::Engine;
use crate::issue_command::{default_data, write_product};
use crate::letters::Letters;
use crate::print_gallery::{self, Machines};
use crate::virtual_works::VirtualWorks;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use metrics_exporter_prometheus::PrometheusBuilder;
use rilascio_circuit::process::NodeId;
use rilascio_doors::osia::AbisClient;
use rilascio_exchange::adapter::mail::Mail;
use rilascio_exchange::browser_tls::HostIdentity;
use rilascio_gallery::Prints;
use rilascio_node::{
    Api, Clock, Database, Front, Installation, Limits, Role, Tools, generate_password,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  rilascio serve --demo\n  rilascio serve --data DIR --listen 127.0.0.1:8380 --roles centre,works,registry\n  rilascio serve --config /etc/rilascio.toml\n\n\
    The interface describes itself at /v1/openapi.json; /health and /metrics are for those who watch it.\n\
    Stop it with Ctrl-C: what is in hand is finished first."
)]
pub(crate) struct Arguments {
    /// A TOML file of settings: the names of these options; a flag or a variable goes before it.
    #[arg(long, value_name = "FILE", env = "RILASCIO_CONFIG")]
    config: Option<PathBuf>,
    /// The data folder; with --demo a folder of its own if absent.
    #[arg(long, value_name = "DIR", env = "RILASCIO_DATA")]
    data: Option<PathBuf>,
    /// Where the HTTP interface listens.
    #[arg(
        long,
        value_name = "ADDR",
        env = "RILASCIO_LISTEN",
        default_value = "127.0.0.1:8380"
    )]
    listen: SocketAddr,
    /// Speak TLS 1.3 with browsers, by a certificate of the operators' authority of this installation for these names.
    #[arg(
        long,
        value_name = "NAMES",
        env = "RILASCIO_TLS",
        value_delimiter = ',',
        conflicts_with = "tls_certificate"
    )]
    tls: Vec<String>,
    /// Speak TLS 1.3 with browsers, by the certificates of this file (PEM, the own first).
    #[arg(
        long,
        value_name = "FILE",
        env = "RILASCIO_TLS_CERTIFICATE",
        requires = "tls_key"
    )]
    tls_certificate: Option<PathBuf>,
    /// The key of that certificate (PEM).
    #[arg(
        long,
        value_name = "FILE",
        env = "RILASCIO_TLS_KEY",
        requires = "tls_certificate"
    )]
    tls_key: Option<PathBuf>,
    /// A proxy in front: what it says in X-Forwarded-For is the address that is counted and logged.
    #[arg(long, value_name = "IP", env = "RILASCIO_PROXY")]
    proxy: Option<IpAddr>,
    /// From where /metrics is read, beside this machine itself.
    #[arg(
        long,
        value_name = "IPS",
        env = "RILASCIO_WATCHERS",
        value_delimiter = ','
    )]
    watchers: Vec<IpAddr>,
    /// Sign-ins of one address in a minute.
    #[arg(long, value_name = "N", env = "RILASCIO_LIMIT_SIGN_INS", default_value_t = Limits::default().sign_ins)]
    limit_sign_ins: u32,
    /// Requests of one address to the applicant's page in a minute.
    #[arg(long, value_name = "N", env = "RILASCIO_LIMIT_APPLICANTS", default_value_t = Limits::default().applicants)]
    limit_applicants: u32,
    /// Look-ups of one officer in an hour.
    #[arg(long, value_name = "N", env = "RILASCIO_LIMIT_LOOK_UPS", default_value_t = Limits::default().look_ups)]
    limit_look_ups: u32,
    /// Dossiers that one officer opens in an hour.
    #[arg(long, value_name = "N", env = "RILASCIO_LIMIT_DOSSIERS", default_value_t = Limits::default().dossiers)]
    limit_dossiers: u32,
    /// The roles that run here.
    #[arg(
        long,
        value_name = "ROLES",
        env = "RILASCIO_ROLES",
        value_delimiter = ',',
        default_value = "office,centre,works,registry"
    )]
    roles: Vec<String>,
    /// A node elsewhere and where it takes messages: NODE=HOST:PORT.
    #[arg(
        long,
        value_name = "NODE=ADDR",
        env = "RILASCIO_PEERS",
        value_delimiter = ','
    )]
    peer: Vec<String>,
    /// Where a role takes messages of nodes elsewhere: ROLE=HOST:PORT.
    #[arg(
        long,
        value_name = "ROLE=ADDR",
        env = "RILASCIO_MESSAGES",
        value_delimiter = ','
    )]
    messages: Vec<String>,
    /// A PostgreSQL server in the place of SQLite files.
    #[arg(long, value_name = "URL", env = "RILASCIO_DATABASE")]
    database: Option<String>,
    /// A folder of profiles that is looked into before the built-in ones.
    #[arg(long, value_name = "DIR", env = "RILASCIO_PROFILES")]
    profiles: Option<PathBuf>,
    /// The NATS server over which search workers answer; with --database, in the place of a gallery in the data folder.
    #[arg(long, value_name = "URL", env = "RILASCIO_NATS")]
    nats: Option<String>,
    /// A bought AFIS, HOST:PORT; the built-in engine if absent.
    #[arg(long, value_name = "ADDR", env = "RILASCIO_AFIS")]
    afis: Option<String>,
    /// An OSIA ABIS of somebody else, http(s)://HOST:PORT; the built-in engine if absent.
    #[arg(
        long,
        value_name = "URL",
        env = "RILASCIO_ABIS",
        conflicts_with = "afis"
    )]
    abis: Option<String>,
    /// A file with the bearer token for the ABIS.
    #[arg(long, value_name = "FILE", env = "RILASCIO_ABIS_TOKEN")]
    abis_token: Option<PathBuf>,
    /// A file with the certificates (PEM) that vouch for the ABIS.
    #[arg(long, value_name = "FILE", env = "RILASCIO_ABIS_ROOTS")]
    abis_roots: Option<PathBuf>,
    /// The score from which a candidate of the ABIS is one, on its scale; what it thinks itself if absent.
    #[arg(long, value_name = "SCORE", env = "RILASCIO_ABIS_THRESHOLD")]
    abis_threshold: Option<f32>,
    /// The gallery of the ABIS that this circuit fills and searches.
    #[arg(
        long,
        value_name = "NAME",
        env = "RILASCIO_ABIS_GALLERY",
        default_value = "rilascio"
    )]
    abis_gallery: String,
    /// The registry of residents, HOST:PORT; a simulated one if absent.
    #[arg(long, value_name = "ADDR", env = "RILASCIO_RESIDENTS")]
    residents: Option<String>,
    /// The older index of residents, HOST:PORT.
    #[arg(long, value_name = "ADDR", env = "RILASCIO_RESIDENTS_INDEX")]
    residents_index: Option<String>,
    /// The mail server for notices to holders, HOST:PORT; no notices are sent if absent.
    #[arg(long, value_name = "ADDR", env = "RILASCIO_MAIL")]
    mail: Option<String>,
    /// The sender of notices: a mail address.
    #[arg(long, value_name = "MAIL", env = "RILASCIO_MAIL_FROM")]
    mail_from: Option<String>,
    /// Officers without a passkey can do no more than add one.
    #[arg(long, env = "RILASCIO_REQUIRE_PASSKEYS")]
    require_passkeys: bool,
    /// Officers sign in at registered workstations only.
    #[arg(long, env = "RILASCIO_REQUIRE_WORKSTATIONS")]
    require_workstations: bool,
    /// Where the bridge of every desk listens, as the browser names it (see `rilascio bridge`).
    #[arg(
        long,
        value_name = "ORIGIN",
        env = "RILASCIO_BRIDGE",
        default_value = "http://127.0.0.1:4710"
    )]
    bridge: String,
    /// Write every document that is made into this folder, with the keys of its chip: specimens only.
    #[arg(long, value_name = "DIR")]
    cards: Option<PathBuf>,
    /// Fill a new installation with offices, operators and dossiers in all states.
    #[arg(long)]
    demo: bool,
    /// Dossiers of the demonstration.
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u32).range(5..=5000))]
    dossiers: u32,
    /// Write the log as JSON, one event a line.
    #[arg(long, env = "RILASCIO_LOG_JSON")]
    log_json: bool,
}

/// How often the gallery is purged.
const PURGE_EVERY: Duration = Duration::from_secs(6 * 3600);
/// Connections of each role to a PostgreSQL server.
const CONNECTIONS: usize = 6;

/// Standard error gets the log: ids only, never what a dossier holds.
pub(crate) fn start_log(json: bool) {
    let filter = EnvFilter::try_from_env("RILASCIO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = if json {
        log.json().try_init()
    } else {
        log.try_init()
    };
    // A log that was started before stays.
    drop(started);
}

/// The threads that serve connections.
pub(crate) fn runtime() -> Result<Runtime, Fault> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|why| Fault::failed(format!("threads: {why}")))
}

fn roles(names: &[String]) -> Result<BTreeSet<Role>, Fault> {
    names.iter().map(|name| role(name)).collect()
}

/// `NAME=ADDR`.
fn named_address(text: &str) -> Result<(&str, &str), Fault> {
    text.split_once('=')
        .ok_or_else(|| Fault::usage(format!("'{text}' is not NAME=HOST:PORT")))
}

/// The way to the mail server, if there is one.
fn mail(arguments: &Arguments) -> Result<Option<Mail>, Fault> {
    let (server, from) = match (&arguments.mail, &arguments.mail_from) {
        (Some(server), Some(from)) => (server, from),
        (None, None) => return Ok(None),
        _ => {
            return Err(
                Fault::usage("a mail server needs a sender, and a sender a server")
                    .remedy("give both --mail and --mail-from"),
            );
        }
    };
    let wrong = || Fault::usage(format!("--mail '{server}' is not HOST:PORT"));
    let (host, port) = server.rsplit_once(':').ok_or_else(wrong)?;
    Ok(Some(Mail {
        host: host.to_owned(),
        port: port.parse().map_err(|_| wrong())?,
        from: from.clone(),
    }))
}

/// The way to an ABIS of somebody else, if there is one.
fn abis(arguments: &Arguments) -> Result<Option<AbisClient>, Fault> {
    let Some(address) = &arguments.abis else {
        return Ok(None);
    };
    let file = arguments.abis_token.as_ref().ok_or_else(|| {
        Fault::usage("an ABIS wants a bearer token").remedy("give --abis-token FILE with --abis")
    })?;
    let token = std::fs::read_to_string(file).map_err(|why| Fault::file(file, why))?;
    let roots = match &arguments.abis_roots {
        Some(file) => Some(std::fs::read(file).map_err(|why| Fault::file(file, why))?),
        None => None,
    };
    let run = format!(
        "{:016x}-",
        rand_core::Rng::next_u64(&mut entropy::generator()?)
    );
    AbisClient::new(
        address,
        token.trim(),
        &arguments.abis_gallery,
        roots.as_deref(),
    )
    .map(|abis| abis.with_threshold(arguments.abis_threshold).with_run(&run))
    .map(Some)
    .map_err(|why| Fault::usage(why).remedy("give --abis-roots FILE"))
}

/// What was erased, or came to its last day, leaves the disk, for as long as the process lives.
fn purge_daily(gallery: Arc<dyn Prints>) {
    std::thread::spawn(move || {
        loop {
            let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
            if let Err(why) = gallery.purge(today) {
                tracing::error!(fault = %why, "the gallery was not purged; it is tried again");
            }
            std::thread::sleep(PURGE_EVERY);
        }
    });
}

/// The gallery of several machines, if it is one.
fn machines(arguments: &Arguments) -> Result<Option<Machines>, Fault> {
    match (&arguments.database, &arguments.nats) {
        (_, None) => Ok(None),
        (Some(database), Some(nats)) => Ok(Some(Machines {
            database: database.clone(),
            nats: nats.clone(),
        })),
        (None, Some(_)) => Err(
            Fault::usage("search workers need a data base that they follow")
                .remedy("give --database with --nats"),
        ),
    }
}

/// Connects to the nodes elsewhere, and begins to take their messages.
async fn meet(arguments: &Arguments, installation: &Arc<Installation>) -> Result<(), Fault> {
    let mut peers = BTreeMap::new();
    for peer in &arguments.peer {
        let (node, address) = named_address(peer)?;
        peers.insert(
            NodeId::parse(node).map_err(Fault::usage)?,
            address.to_owned(),
        );
    }
    if !peers.is_empty() {
        installation.connect(peers)?;
    }
    for place in &arguments.messages {
        let (name, address) = named_address(place)?;
        let role = role(name)?;
        installation.desk(role)?;
        let listener = TcpListener::bind(address).await.map_err(|why| {
            Fault::failed(format!("{place}: {why}")).remedy("give another --messages")
        })?;
        let installation = Arc::clone(installation);
        tokio::spawn(async move {
            if let Err(why) = installation.listen(role, listener).await {
                tracing::error!(role = role.name(), code = why.code(), fault = %why, "messages are not taken");
            }
        });
    }
    Ok(())
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    start_log(arguments.log_json);
    let data = match (&arguments.data, arguments.demo) {
        (Some(data), _) => data.clone(),
        (None, true) => default_data().with_file_name("rilascio-demo"),
        (None, false) => default_data().with_file_name("rilascio-server"),
    };
    let roles = roles(&arguments.roles)?;
    let catalogue = Arc::new(Catalogue::new(arguments.profiles.as_deref()));
    let fresh = !data.join("circuit").exists();
    if arguments.demo && fresh {
        demonstration::write_offices(&data)?;
    }
    let authorities = AuthorityStore::open(&data, &mut entropy::generator()?)?;
    let clock: Clock = Arc::new(Timestamp::now);
    let database = match &arguments.database {
        None => Database::Sqlite,
        Some(url) => Database::Postgres {
            url: url.clone(),
            connections: CONNECTIONS,
        },
    };
    let installation = Arc::new(circuit_setup::open(Setup {
        data: &data,
        roles: roles.clone(),
        database,
        catalogue: Arc::clone(&catalogue),
        clock: Arc::clone(&clock),
        master: authorities.master(),
        far: None,
    })?);
    let cards = arguments
        .cards
        .clone()
        .or_else(|| arguments.demo.then(|| data.join("cards")));
    let (master, profiles) = (authorities.master(), Arc::clone(&catalogue));
    let works = VirtualWorks::new(
        authorities,
        catalogue,
        Box::new(move |_, product| {
            // Without a folder for specimens nothing of a document stays here.
            let Some(cards) = &cards else {
                return Ok(());
            };
            let name = format!(
                "{}.{}",
                product.profile.name.as_ref(),
                product.record.number
            );
            rilascio_node::files::make_folder(cards)?;
            let mut folder = NewFolder::begin(&cards.join(name), true)?;
            write_product(&mut folder, &product)?;
            folder.finish().map(drop)
        }),
        Box::new(|_| {}),
    );
    let addresses = Addresses {
        afis: arguments.afis.clone(),
        abis: abis(arguments)?,
        residents: arguments.residents.clone(),
        index: arguments.residents_index.clone(),
        mail: mail(arguments)?,
    };
    let outside = Outside::open(addresses, Arc::clone(&profiles), Arc::clone(&clock), || {
        // Only a centre identifies.
        let here = roles.contains(&Role::Centre);
        here.then(|| {
            let gallery = print_gallery::open(&data, master, machines(arguments)?.as_ref())?;
            purge_daily(Arc::clone(&gallery));
            Ok(Engine::new(gallery, profiles))
        })
        .transpose()
    })?;
    let outside = Arc::new(outside);
    let tools = Tools {
        transport: Arc::clone(&installation.local) as Arc<_>,
        advisers: Arc::clone(&outside) as Arc<_>,
        production: Arc::new(works),
        scribe: Arc::new(Letters),
    };
    let guide = if arguments.demo {
        Some(demonstration::fill(
            &installation,
            &tools,
            &data,
            fresh,
            arguments.dossiers,
        )?)
    } else {
        None
    };
    serve(
        arguments,
        &data,
        installation,
        (tools, outside),
        &roles,
        guide,
    )
}

/// A token for the first administrators, where a role has nobody.
fn first_start(installation: &Installation) -> Result<Option<Zeroizing<String>>, Fault> {
    for desk in installation.desks.values() {
        if desk.is_new()? {
            let token = generate_password(&mut entropy::generator()?);
            return Ok(Some(token));
        }
    }
    Ok(None)
}

/// Where the installation is, as a browser names it.
pub(crate) struct Address {
    scheme: &'static str,
    place: SocketAddr,
}

impl Address {
    fn of(front: &Front, place: SocketAddr) -> Self {
        let scheme = match front {
            Front::Plain(_) => "http",
            Front::Tls(..) => "https",
        };
        Self { scheme, place }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.place)
    }
}

/// The way in for browsers and programs.
fn front(
    arguments: &Arguments,
    installation: &Installation,
    listener: TcpListener,
) -> Result<Front, Fault> {
    let operators = installation.operators();
    let host = match (&arguments.tls_certificate, &arguments.tls_key) {
        (Some(certificate), Some(key)) => {
            let read = |path: &PathBuf| std::fs::read(path).map_err(|why| Fault::file(path, why));
            let pem = Zeroizing::new(read(key)?);
            HostIdentity::from_pem(&read(certificate)?, &pem)
                .map_err(|why| Fault::file(certificate, why))?
        }
        _ if arguments.tls.is_empty() => return Ok(Front::Plain(listener)),
        _ => {
            let now = (installation.clock)();
            operators.host(&arguments.tls, now, &mut entropy::generator()?)?
        }
    };
    let config = host.into_config(operators.certificate()).map_err(|why| {
        Fault::failed(why).remedy("give --tls-certificate and --tls-key that belong together")
    })?;
    Ok(Front::Tls(listener, config))
}

fn serve(
    arguments: &Arguments,
    data: &std::path::Path,
    installation: Arc<Installation>,
    (tools, register): (Tools, Arc<Outside>),
    roles: &BTreeSet<Role>,
    guide: Option<Guide>,
) -> Result<ExitCode, Fault> {
    let bridge = origin("--bridge", &arguments.bridge)?;
    let metrics = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|why| Fault::failed(format!("metrics: {why}")))?;
    let runtime = runtime()?;
    let tools: BTreeMap<Role, Tools> = roles.iter().map(|role| (*role, tools.clone())).collect();
    runtime.block_on(async {
        let listener = TcpListener::bind(arguments.listen).await.map_err(|why| {
            Fault::failed(format!("{}: {why}", arguments.listen)).remedy("give another --listen")
        })?;
        let address = listener.local_addr().map_err(Fault::failed)?;
        meet(arguments, &installation).await?;
        let folder = data.to_owned();
        let limits = Limits {
            sign_ins: arguments.limit_sign_ins,
            applicants: arguments.limit_applicants,
            look_ups: arguments.limit_look_ups,
            dossiers: arguments.limit_dossiers,
        };
        let mut api = Api::new(Arc::clone(&installation), Some(metrics))
            .limited_to(limits)
            .with_register(register)
            .watched_from(&arguments.watchers)
            .with_certificates(Arc::new(move || certificate_dates::of_folder(&folder)));
        if arguments.require_passkeys {
            api = api.requiring_passkeys();
        }
        if arguments.require_workstations {
            api = api.requiring_workstations();
        }
        let first = first_start(&installation)?;
        if let Some(token) = &first {
            api = api.with_first_start(token);
        }
        let stopped = stopped();
        let front = front(arguments, &installation, listener)?;
        announce(
            &Address::of(&front, address),
            data,
            guide.as_ref(),
            first.as_deref().map(String::as_str),
        );
        let interface = api.router();
        let folder = data.to_owned();
        let anchors = Arc::new(move || AuthorityStore::trust_anchors(&folder));
        let clock = Arc::clone(&installation.clock);
        let router = rilascio_portal::router(interface, anchors, clock, &bridge);
        rilascio_node::serve(front, arguments.proxy, router, installation, tools, stopped).await?;
        Ok::<_, Fault>(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Ends when somebody stops the program: from this call on, not only from when it is waited for.
pub(crate) fn stopped() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        )
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut terminate), Ok(mut interrupt)) = signals {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the address is the output of the command"
)]
fn announce(address: &Address, data: &std::path::Path, guide: Option<&Guide>, first: Option<&str>) {
    if let Some(guide) = guide {
        guide.print(address);
    }
    if let Some(token) = first {
        println!("first start: make the administrators at {address}/first-start with {token}");
    }
    println!("data in {}", data.display());
    println!("listening on {address}");
    use std::io::Write;
    let _ = std::io::stdout().flush();
}
