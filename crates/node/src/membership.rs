//! Members of a circuit: a node that runs elsewhere gets a data folder of its own; one that is not trusted any more is
//! struck off.

use crate::Result;
use crate::assembly::CircuitAuthority;
use crate::error::file_fault;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use rilascio_circuit::process::NodeId;
use rilascio_keys::MasterKey;
use rilascio_pki::{Certificate, RevocationList};
use rilascio_store::files::{highest, make_folder, must_read, read_if_there, write_whole};
use std::path::{Path, PathBuf};

/// The authority of a circuit that was founded in a data folder.
fn authority(data: &Path, master: &MasterKey) -> Result<CircuitAuthority> {
    let folder = data.join("circuit");
    let (path, key_path) = (folder.join("authority.cer"), folder.join("authority.key"));
    let certificate =
        Certificate::decode(&must_read(&path)?).map_err(|why| file_fault(&path, why))?;
    let scalar = master
        .open("circuit/authority", &must_read(&key_path)?)
        .map_err(|why| file_fault(&key_path, why))?;
    CircuitAuthority::open(certificate, scalar)
}

/// Certificates of all members, as files of a circuit.
fn member_files(data: &Path) -> Result<Vec<PathBuf>> {
    let folder = data.join("circuit/nodes");
    let entries = std::fs::read_dir(&folder).map_err(|why| file_fault(&folder, why))?;
    let files = entries.flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "cer"))
        .collect();
    found.sort();
    Ok(found)
}

/// Makes the data folder of a node that runs elsewhere, under that name: its key under a master key of its own, and who the others are.
///
/// # Errors
/// When the circuit was not founded in `data`, or a file cannot be written.
pub fn add_member(
    data: &Path,
    master: &MasterKey,
    name: &NodeId,
    out: &Path,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    let known = data.join("circuit/nodes").join(format!("{name}.cer"));
    if known.exists() {
        return Err(file_fault(
            &known,
            "there is a node of that name; strike it off or take another name",
        ));
    }
    let authority = authority(data, master)?;
    let key = authority.name_node(name.as_str(), now - SignedDuration::from_hours(1), rng)?;
    let nodes = out.join("circuit/nodes");
    make_folder(&nodes)?;
    let own = MasterKey::generate(rng);
    let sealed = own.seal(&format!("circuit/{name}"), &key.scalar, rng);
    write_whole(&nodes.join(format!("{name}.key")), &sealed, true)?;
    // Those who are here learn of the new one, and it of them.
    let name = format!("{name}.cer");
    write_whole(
        &data.join("circuit/nodes").join(&name),
        key.certificate.der(),
        false,
    )?;
    for file in member_files(data)? {
        let target = nodes.join(file.file_name().unwrap_or_default());
        write_whole(&target, &must_read(&file)?, false)?;
    }
    copy_list(data, out)?;
    write_whole(
        &out.join("circuit/authority.cer"),
        authority.certificate().der(),
        false,
    )?;
    if let Some(offices) = read_if_there(&data.join("offices.toml"))? {
        write_whole(&out.join("offices.toml"), &offices, false)?;
    }
    Ok(write_whole(&out.join("master.key"), own.as_bytes(), true)?)
}

/// Copies the present revocation list to another data folder.
fn copy_list(data: &Path, out: &Path) -> Result<()> {
    let number = highest(&data.join("circuit"), "crl-", ".der")?.unwrap_or(0);
    let name = format!("circuit/crl-{number}.der");
    Ok(write_whole(
        &out.join(&name),
        &must_read(&data.join(&name))?,
        false,
    )?)
}

/// Strikes a node off: from the next list on nobody hears it. Gives the file of the list, to be carried to the others.
///
/// # Errors
/// When the circuit was not founded in `data`, or there is no such node.
pub fn strike_off(data: &Path, master: &MasterKey, node: &str, now: Timestamp) -> Result<PathBuf> {
    let authority = authority(data, master)?;
    let path = data.join("circuit/nodes").join(format!("{node}.cer"));
    let certificate =
        Certificate::decode(&must_read(&path)?).map_err(|why| file_fault(&path, why))?;
    let number = highest(&data.join("circuit"), "crl-", ".der")?.unwrap_or(0);
    let path = data.join(format!("circuit/crl-{number}.der"));
    let list = RevocationList::decode(&must_read(&path)?).map_err(|why| file_fault(&path, why))?;
    let renewed = authority.strike_off(&list, &certificate, number + 1, now)?;
    let path = data.join(format!("circuit/crl-{}.der", number + 1));
    write_whole(&path, renewed.der(), false)?;
    Ok(path)
}
