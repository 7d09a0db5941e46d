//! `rilascio identify worker`: one of the machines that search a gallery in a PostgreSQL data base together.

use crate::authority_store::AuthorityStore;
use crate::entropy;
use crate::fault::Fault;
use crate::serve_command::{runtime, start_log, stopped};
use jiff::Timestamp;
use rilascio_gallery::{PARTS, Truth, Worker, WorkerPlan};
use rilascio_keys::{CipherSuite, MasterKey};
use rilascio_node::files::{make_folder, must_read, write_whole};
use rilascio_store::Store;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// The schema of the gallery in the data base.
const SCHEMA: &str = "rilascio_gallery";
/// Connections to the data base.
const CONNECTIONS: usize = 4;
/// Where the key comes from.
const KEY_REMEDY: &str = "make search.key at the centre: rilascio identify worker-key";

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio identify worker --database postgres://rilascio@db/rilascio --nats nats://bus:4222 \\\n      \
    --key search.key --data /var/lib/rilascio-search\n\n\
    The key is made at the centre with `rilascio identify worker-key`. Copies of parts of the gallery are kept in the folder, so that a start does not read everything again. Start as many workers\n\
    as you like; two hold each part. Stop one with Ctrl-C: it gives its parts back."
)]
pub(crate) struct Arguments {
    /// The PostgreSQL server that holds the gallery.
    #[arg(long, value_name = "URL", env = "RILASCIO_DATABASE")]
    database: String,
    /// The NATS server over which questions come.
    #[arg(long, value_name = "URL", env = "RILASCIO_NATS")]
    nats: String,
    /// The key of the gallery.
    #[arg(long, value_name = "FILE", env = "RILASCIO_SEARCH_KEY")]
    key: PathBuf,
    /// The folder of this worker's copies.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Seconds after which another worker takes over what a dead one held.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    term: u64,
    /// Write the log as JSON, one event a line.
    #[arg(long, env = "RILASCIO_LOG_JSON")]
    log_json: bool,
}

/// The key of the gallery, made from the key of an installation: who has it opens prints and nothing else (NIST
/// SP 800-108, counter mode, with CMAC).
pub(crate) fn key_of(master: &MasterKey) -> Result<MasterKey, Fault> {
    let block = |number: u8| {
        let mut text = vec![number];
        text.extend_from_slice(b"rilascio search key\0");
        CipherSuite::Aes256
            .full_mac(master.as_bytes(), &text)
            .map_err(Fault::failed)
    };
    let bytes = zeroize::Zeroizing::new([block(1)?, block(2)?].concat());
    MasterKey::from_bytes(&bytes).map_err(Fault::failed)
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio identify worker-key --data DIR --out search.key\n\n\
    Whoever has this key opens the prints of the gallery, and nothing else of the installation. Carry it to the machines\n\
    of the search workers and keep it as you keep master.key."
)]
pub(crate) struct KeyArguments {
    /// The data folder of the centre.
    #[arg(long, value_name = "DIR", env = "RILASCIO_DATA")]
    data: PathBuf,
    /// The file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Writes the key of search workers.
pub(crate) fn write_key(arguments: &KeyArguments) -> Result<ExitCode, Fault> {
    make_folder(&arguments.data)?;
    let master = AuthorityStore::master_key(&arguments.data, &mut entropy::generator()?)?;
    write_whole(&arguments.out, key_of(&master)?.as_bytes(), true)?;
    Ok(ExitCode::SUCCESS)
}

/// The gallery of a data base; made there when there is none.
pub(crate) fn open_truth(database: &str, key: Arc<MasterKey>) -> Result<Truth, Fault> {
    let store = Store::postgres(database, SCHEMA, CONNECTIONS)?;
    let rng = Box::new(entropy::generator()?);
    Truth::open(store, key, rng, PARTS).map_err(|why| {
        let fault = Fault::failed(&why);
        match why {
            rilascio_gallery::Error::Key => fault.remedy(KEY_REMEDY),
            _ => fault,
        }
    })
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    start_log(arguments.log_json);
    let key = zeroize::Zeroizing::new(must_read(&arguments.key)?);
    let key = MasterKey::from_bytes(&key).map_err(|_| {
        Fault::usage(format!("{}: this is no key", arguments.key.display())).remedy(KEY_REMEDY)
    })?;
    let truth = Arc::new(open_truth(&arguments.database, Arc::new(key))?);
    let mut rng = entropy::generator()?;
    let plan = WorkerPlan {
        name: format!("worker-{:016x}", rand_core::Rng::next_u64(&mut rng)),
        folder: arguments.data.clone(),
        term: Duration::from_secs(arguments.term),
        clock: Arc::new(Timestamp::now),
        entropy: entropy::maker()?,
    };
    let runtime = runtime()?;
    runtime
        .block_on(async {
            let stopped = stopped();
            let worker = Worker::connect(plan, truth, &arguments.nats).await?;
            tracing::info!("searching");
            worker.run(stopped).await
        })
        .map_err(|why| Fault::failed(&why))?;
    Ok(ExitCode::SUCCESS)
}
