//! `rilascio backup` and `rilascio restore`: a copy of an installation while it runs, and the way back.
//!
//! Keys travel apart: `master.key` and the folders `ROLE/vault` are never in a backup, so that what was forgotten stays
//! forgotten in every copy. They are replicated elsewhere, not archived.

use crate::document_folder::NewFolder;
use crate::fault::Fault;
use crate::issue_command::default_data;
use rilascio_node::Role;
use rilascio_store::{Store, vault, work};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio backup --data DIR --out backup-2026-11-22\n\n\
    Not in a backup: master.key and ROLE/vault; keep them apart, replicated and never archived. The gallery of prints only\n    \
    with --gallery: whoever is erased later is still in that copy, so it may be kept no longer than the law lets an erasure wait."
)]
pub(crate) struct BackupArguments {
    /// The data folder; a server may be running on it.
    #[arg(long, value_name = "DIR", env = "RILASCIO_DATA", default_value_os_t = default_data())]
    data: PathBuf,
    /// The folder to write the backup to.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Copy the gallery of prints too.
    #[arg(long)]
    gallery: bool,
}

#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  rilascio restore --from backup-2026-11-22 --keys KEYS --data NEW\n\n\
    KEYS is the old data folder, or a copy of its master.key and ROLE/vault folders."
)]
pub(crate) struct RestoreArguments {
    /// The backup.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Where master.key and the vault keys are.
    #[arg(long, value_name = "DIR")]
    keys: PathBuf,
    /// The data folder to make; it must not be there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Numbers that are left out after a restore: those given after the backup are not given again.
const GAP: i64 = 10_000;

fn copy_tree(from: &Path, to: &Path) -> Result<(), Fault> {
    rilascio_node::files::make_folder(to)?;
    let entries = std::fs::read_dir(from).map_err(|why| Fault::file(from, why))?;
    for entry in entries.flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_tree(&path, &target)?;
        } else {
            std::fs::copy(&path, &target).map_err(|why| Fault::file(&path, why))?;
        }
    }
    Ok(())
}

/// What is copied beside the tables.
const FOLDERS: [&str; 2] = ["authorities", "circuit"];
const GALLERY: &str = "gallery";
const FILES: [&str; 2] = ["offices.toml", "officers.toml"];
const ROLE_FILES: [&str; 2] = ["journal.key", "journal.vkey"];

fn copy_if_there(from: &Path, to: &Path, name: &str) -> Result<(), Fault> {
    let path = from.join(name);
    if path.is_file() {
        std::fs::copy(&path, to.join(name)).map_err(|why| Fault::file(&path, why))?;
    }
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the summary is the output of the command"
)]
pub(crate) fn backup(arguments: &BackupArguments) -> Result<ExitCode, Fault> {
    let (data, out) = (&arguments.data, &arguments.out);
    // Written beside its place and renamed: a backup is whole or not there.
    let folder = NewFolder::begin(out, false)?;
    let beside = folder.place();
    for name in FOLDERS {
        if data.join(name).is_dir() {
            copy_tree(&data.join(name), &beside.join(name))?;
        }
    }
    for name in FILES {
        copy_if_there(data, beside, name)?;
    }
    let mut roles = 0;
    for role in Role::ALL {
        let from = data.join(role.name());
        if !from.join("node.db").is_file() {
            continue;
        }
        let to = beside.join(role.name());
        rilascio_node::files::make_folder(&to)?;
        Store::read_only(&from.join("node.db"))?.copy_to(&to.join("node.db"))?;
        for name in ROLE_FILES {
            copy_if_there(&from, &to, name)?;
        }
        roles += 1;
    }
    if roles == 0 {
        return Err(
            Fault::failed(format!("{}: there is no installation here", data.display()))
                .remedy("give --data the folder of an installation"),
        );
    }
    let prints = data.join(GALLERY);
    let with_prints = arguments.gallery && prints.is_dir();
    if with_prints {
        rilascio_gallery::copy_gallery(&prints, &beside.join(GALLERY)).map_err(Fault::failed)?;
    }
    folder.finish()?;
    println!("{roles} roles copied to {}", out.display());
    if with_prints {
        println!("with the gallery of prints, which nobody erased later leaves: keep it briefly");
        println!("not in it: master.key and the vault keys; keep them apart");
    } else {
        println!(
            "not in it: master.key, the vault keys and the gallery of prints; keep them apart"
        );
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(
    clippy::print_stdout,
    reason = "the summary is the output of the command"
)]
pub(crate) fn restore(arguments: &RestoreArguments) -> Result<ExitCode, Fault> {
    let (from, keys, data) = (&arguments.from, &arguments.keys, &arguments.data);
    if data.exists() {
        return Err(Fault::usage(format!("{} is there already", data.display()))
            .remedy("give --data a folder that is not there"));
    }
    if !keys.join("master.key").is_file() {
        return Err(
            Fault::usage(format!("{}: there is no master.key", keys.display()))
                .remedy("give --keys the folder where the keys are kept"),
        );
    }
    let folder = NewFolder::begin(data, false)?;
    let beside = folder.place();
    copy_tree(from, beside)?;
    copy_if_there(keys, beside, "master.key")?;
    for role in Role::ALL {
        let tables = beside.join(role.name()).join("node.db");
        if !tables.is_file() {
            continue;
        }
        let vault = keys.join(role.name()).join("vault");
        if vault.is_dir() {
            copy_tree(&vault, &beside.join(role.name()).join("vault"))?;
        }
        let store = Store::sqlite(&tables)?;
        let keys = beside.join(role.name()).join("vault");
        let generation = rilascio_node::files::highest(&keys, "", ".key")?.ok_or_else(|| {
            Fault::usage(format!("{}/vault holds no key", role.name()))
                .remedy("give --keys the folder with the newest vault keys: without them nothing sealed opens")
        })?;
        store.write::<_, rilascio_store::Error, _>(move |tx| {
            // New keys are wrapped by what is kept; those of a key that was destroyed since the backup come below.
            vault::begin_generation(tx, i64::try_from(generation).unwrap_or(i64::MAX))?;
            work::skip_numbers(tx, GAP)
        })?;
        rilascio_node::read_wrapped(&keys, |page| {
            Ok(store.write::<_, rilascio_store::Error, _>(move |tx| vault::put_back(tx, &page))?)
        })?;
    }
    folder.finish()?;
    println!(
        "restored to {}; {GAP} numbers of every series are left out",
        data.display()
    );
    println!(
        "audit it with the last head that was kept: rilascio audit verify --data {} --head FILE",
        data.display()
    );
    Ok(ExitCode::SUCCESS)
}
