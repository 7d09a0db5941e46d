//! `rilascio audit`: signed heads of the journals, and what an outsider makes of them.

use crate::authority_store::AuthorityStore;
use crate::document_folder::read_file;
use crate::entropy;
use crate::fault::Fault;
use crate::issue_command::default_data;
use clap::Subcommand;
use indicatif::ProgressBar;
use rilascio_node::{Role, audit, read_head_key, sign_head};
use rilascio_store::Store;
use rilascio_store::journal::HeadKey;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  rilascio audit head --data DIR > heads-of-today\n  rilascio audit verify --data COPY --head heads-of-today\n\n\
    Heads are C2SP checkpoints: anybody may keep or witness them. 'verify' needs no key and changes nothing.\n\
    Exit 1: a journal does not hold, or does not continue an older head."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Sign the present head of every journal and print it.
    Head {
        /// The data folder.
        #[arg(long, value_name = "DIR", env = "RILASCIO_DATA", default_value_os_t = default_data())]
        data: PathBuf,
    },
    /// Recompute every journal, and hold it against its tables and an older head.
    Verify {
        /// The data folder, or a copy of it.
        #[arg(long, value_name = "DIR", env = "RILASCIO_DATA", default_value_os_t = default_data())]
        data: PathBuf,
        /// Heads that were printed before.
        #[arg(long, value_name = "FILE")]
        head: Option<PathBuf>,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Fault> {
    match &arguments.action {
        Action::Head { data } => head(data),
        Action::Verify { data, head } => verify(data, head.as_deref()),
    }
}

/// The roles whose tables are in a data folder.
fn roles(data: &Path) -> Result<Vec<Role>, Fault> {
    let there = |role: &Role| data.join(role.name()).join("node.db").is_file();
    let found: Vec<Role> = Role::ALL.into_iter().filter(there).collect();
    if found.is_empty() {
        return Err(
            Fault::failed(format!("{}: there are no journals here", data.display()))
                .remedy("give --data the folder of an installation, or a copy of it"),
        );
    }
    Ok(found)
}

#[expect(
    clippy::print_stdout,
    reason = "the heads are the output of the command"
)]
fn head(data: &Path) -> Result<ExitCode, Fault> {
    let found = roles(data)?;
    let master = AuthorityStore::master_key(data, &mut entropy::generator()?)?;
    for role in found {
        let folder = data.join(role.name());
        let path = folder.join("journal.key");
        let sealed = read_file(&path)?;
        let seed = master
            .open(&format!("{}/journal", role.name()), &sealed)
            .map_err(|why| {
                Fault::file(&path, why)
                    .remedy("give the master key that sealed it in RILASCIO_MASTER_KEY")
            })?;
        let key = HeadKey::from_seed(&format!("rilascio/{}", role.name()), &seed)?;
        let store = Store::sqlite(&folder.join("node.db"))?;
        print!("{}", sign_head(&store, &key)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// The notes of a file, by the journal that they are about.
fn read_notes(text: &str) -> Result<BTreeMap<String, String>, Fault> {
    let mut notes: Vec<String> = Vec::new();
    let mut signed = true;
    for line in text.lines() {
        let signature = line.starts_with("— ");
        if signed && !signature {
            notes.push(String::new());
        }
        signed = signature;
        if let Some(note) = notes.last_mut() {
            note.push_str(line);
            note.push('\n');
        }
    }
    let named = notes
        .into_iter()
        .map(|note| (note.lines().next().unwrap_or_default().to_owned(), note));
    let named: BTreeMap<String, String> = named.collect();
    if named.is_empty() {
        return Err(Fault::usage("the file holds no heads")
            .remedy("give what 'rilascio audit head' printed"));
    }
    Ok(named)
}

#[expect(
    clippy::print_stdout,
    reason = "the findings are the output of the command"
)]
fn verify(data: &Path, head: Option<&Path>) -> Result<ExitCode, Fault> {
    let mut older = match head {
        None => BTreeMap::new(),
        Some(path) => read_notes(&String::from_utf8_lossy(&read_file(path)?))?,
    };
    // Without an older head a journal that was cut off and signed again looks whole; that is what heads are kept for.
    let mut sound = true;
    for role in roles(data)? {
        let key = read_head_key(data, role)?;
        let store = Store::read_only(&data.join(role.name()).join("node.db"))?;
        let note = older.remove(key.name());
        let bar = ProgressBar::new_spinner();
        let found = audit(&store, role, &key, note.as_deref(), &mut |entries| {
            bar.set_message(format!("{}: {entries} entries", role.name()));
            bar.tick();
        });
        bar.finish_and_clear();
        match found {
            Ok(found) => {
                let root: String = found
                    .root
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                println!(
                    "{}: {} entries hold, {} heads agree, root {root}",
                    role.name(),
                    found.size,
                    found.heads
                );
            }
            Err(why) => {
                sound = false;
                eprintln!("rilascio: {}: {why}", role.name());
            }
        }
    }
    for name in older.keys() {
        sound = false;
        eprintln!("rilascio: there is no journal {name} here, and a head of it was given");
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
