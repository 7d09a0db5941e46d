//! The authorities of an installation on disk: CSCA, document signers and revocation lists.
//!
//! ```text
//! DATA/master.key                       seals every private key; readable by its owner only
//! DATA/lock                             held while anything here changes
//! DATA/authorities/NAME/csca.cer .key   the Country Signing CA
//! DATA/authorities/NAME/ds-N.cer .key   its document signers, the highest N in use
//! DATA/authorities/NAME/crl-N.der       its revocation lists, the highest N current
//! ```

use crate::fault::Fault;
use jiff::Timestamp;
use rand_core::CryptoRng;
use rilascio_circuit::{AuthorityProfile, KeySpec, Profile};
use rilascio_keys::{MasterKey, PrivateKey, Signer};
use rilascio_node::files::{highest, read_if_there, write_whole};
use rilascio_pki::{
    AuthorityNames, Certificate, Csca, DOCUMENT_TYPE_LIST, DocumentSigner, DocumentSignerPlan,
    DocumentTypeList, Period, RevocationList, TrustAnchors,
};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

type BoxedSigner = Box<dyn Signer + Send + Sync>;

/// Doc 9303-12, 4.5: a revocation list at least every 90 days.
const REVOCATION_LIST_DAYS: u32 = 90;
/// How long before its end a list is renewed, in days.
const RENEWAL_DAYS: u32 = 30;

/// The data folder of an installation, locked for this process.
pub(crate) struct AuthorityStore {
    folder: PathBuf,
    master: Arc<MasterKey>,
    _lock: File,
}

/// An authority ready to sign.
pub(crate) struct Authority {
    /// The document signer in use.
    pub(crate) signer: DocumentSigner<BoxedSigner>,
    /// Its CSCA with the current revocation list.
    pub(crate) anchors: TrustAnchors,
    /// The CSCA certificate.
    pub(crate) csca: Certificate,
    /// The current revocation list.
    pub(crate) list: RevocationList,
}

/// A certificate in a file; nothing where it cannot be read.
fn certificate_if_there(path: &Path) -> Option<Certificate> {
    Certificate::decode(&fs::read(path).ok()?).ok()
}

impl AuthorityStore {
    /// Opens the data folder, and makes it if it is not there.
    pub(crate) fn open(folder: &Path, rng: &mut dyn CryptoRng) -> Result<Self, Fault> {
        fs::create_dir_all(folder).map_err(|why| Fault::file(folder, why))?;
        let path = folder.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|why| Fault::file(&path, why))?;
        wait_for(&lock, &path)?;
        let master = Arc::new(open_master_key(folder, rng)?);
        Ok(Self {
            folder: folder.to_owned(),
            master,
            _lock: lock,
        })
    }

    /// The authority of a profile; keys and certificates are made on first use and renewed when they end.
    pub(crate) fn authority(
        &self,
        profile: &Profile,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
        tell: &dyn Fn(&str),
    ) -> Result<Authority, Fault> {
        let signing = &profile.signing;
        let folder = self
            .folder
            .join("authorities")
            .join(signing.authority.as_ref());
        fs::create_dir_all(&folder).map_err(|why| Fault::file(&folder, why))?;
        let csca = self.csca(&folder, profile, now, rng, tell)?;
        let signer = self.document_signer(&folder, profile, &csca, now, rng, tell)?;
        let list = revocation_list(&folder, &csca, now)?;
        let csca = csca.certificate().clone();
        let anchors = TrustAnchors {
            cscas: vec![csca.clone()],
            lists: vec![list.clone()],
        };
        Ok(Authority {
            signer,
            anchors,
            csca,
            list,
        })
    }

    /// Every CSCA here with its folder and its current list; what cannot be read is not there.
    fn cscas(folder: &Path) -> Vec<(PathBuf, Certificate, Option<RevocationList>)> {
        let authorities = fs::read_dir(folder.join("authorities"))
            .into_iter()
            .flatten()
            .flatten();
        let mut found = Vec::new();
        for authority in authorities {
            let path = authority.path();
            let Some(csca) = certificate_if_there(&path.join("csca.cer")) else {
                continue;
            };
            let list = highest(&path, "crl-", ".der").ok().flatten();
            let list = list.and_then(|number| {
                let der = fs::read(path.join(format!("crl-{number}.der"))).ok()?;
                RevocationList::decode(&der).ok()
            });
            found.push((path, csca, list));
        }
        found
    }

    /// Every CSCA here with its document signers and its current list.
    pub(crate) fn certificates(
        folder: &Path,
    ) -> Vec<(Certificate, Vec<Certificate>, Option<RevocationList>)> {
        let with_signers = |(path, csca, list): (PathBuf, _, _)| {
            let last = highest(&path, "ds-", ".cer").ok().flatten().unwrap_or(0);
            let signers =
                (1..=last).filter_map(|n| certificate_if_there(&path.join(format!("ds-{n}.cer"))));
            (csca, signers.collect(), list)
        };
        Self::cscas(folder).into_iter().map(with_signers).collect()
    }

    /// The certificates of all CSCAs here with their current lists, to verify own documents by.
    pub(crate) fn trust_anchors(folder: &Path) -> TrustAnchors {
        let mut anchors = TrustAnchors::default();
        for (_, csca, list) in Self::cscas(folder) {
            anchors.cscas.push(csca);
            anchors.lists.extend(list);
        }
        anchors
    }

    /// The key that seals all others, of a data folder that another process may work in.
    pub(crate) fn master_key(folder: &Path, rng: &mut dyn CryptoRng) -> Result<MasterKey, Fault> {
        open_master_key(folder, rng)
    }

    /// The key that seals all others.
    pub(crate) fn master(&self) -> Arc<MasterKey> {
        Arc::clone(&self.master)
    }

    fn csca(
        &self,
        folder: &Path,
        profile: &Profile,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
        tell: &dyn Fn(&str),
    ) -> Result<Csca<BoxedSigner>, Fault> {
        let signing = &profile.signing;
        let names = AuthorityNames {
            country: signing.country.as_ref().clone(),
            state: profile.document.state.to_string(),
            organisation: signing.organisation.clone(),
            unit: signing.unit.clone(),
            mail: signing.mail.clone(),
            uri: signing.uri.clone(),
            crl_uris: signing.crl.as_ref().clone(),
        };
        let encoding = signing.curve_parameters;
        let name = format!("{}/csca", signing.authority.as_ref());
        if let Some((certificate, signer)) = self.load(folder, "csca", &name, &signing.csca)? {
            let (from, _) = certificate.validity();
            let key_use = Period::days(from, *signing.csca.key_days.as_ref())?;
            if now.as_second() < from.as_second() || now > key_use.to {
                return Err(Fault::failed(format!(
                    "the CSCA of {} signs from {from} to {} only",
                    profile.document.state, key_use.to
                ))
                .remedy("issue within that time, or begin a new installation with --data"));
            }
            return Ok(Csca::open(certificate, names, encoding, signer)?);
        }
        tell(&format!("creating the CSCA of {}", profile.document.state));
        let (key, signer) = new_key(&signing.csca, rng)?;
        let key_use = Period::days(now, *signing.csca.key_days.as_ref())?;
        let validity = Period::days(now, *signing.csca.validity_days.as_ref())?;
        let common_name = &signing.csca.common_name;
        let csca = Csca::create(signer, names, common_name, encoding, key_use, validity, rng)?;
        self.save(folder, "csca", &name, csca.certificate(), &key, rng)?;
        Ok(csca)
    }

    fn document_signer(
        &self,
        folder: &Path,
        profile: &Profile,
        csca: &Csca<BoxedSigner>,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
        tell: &dyn Fn(&str),
    ) -> Result<DocumentSigner<BoxedSigner>, Fault> {
        let signing = &profile.signing;
        let plan = &signing.document_signer;
        let current = highest(folder, "ds-", ".cer")?.unwrap_or(0);
        let name = |number| format!("{}/ds-{number}", signing.authority.as_ref());
        if current > 0 {
            let file = format!("ds-{current}");
            if let Some((certificate, signer)) = self.load(folder, &file, &name(current), plan)? {
                let from = certificate.validity().0;
                let in_use = now >= from && now <= Period::days(from, *plan.key_days.as_ref())?.to;
                let code = profile.document.code.as_ref().to_string();
                let signs = certificate
                    .extension(DOCUMENT_TYPE_LIST)
                    .and_then(|(_, bytes)| DocumentTypeList::read(bytes).ok())
                    .is_some_and(|types| types.contains(&code));
                if in_use && signs {
                    return Ok(DocumentSigner::open(certificate, signer)?);
                }
            }
        }
        let number = current + 1;
        tell(&format!(
            "creating document signer {number} of {}",
            profile.document.state
        ));
        let (key, signer) = new_key(plan, rng)?;
        let common_name = format!("{} {number}", plan.common_name);
        let plan = DocumentSignerPlan {
            common_name: &common_name,
            key_use: Period::days(now, *plan.key_days.as_ref())?,
            validity: Period::days(now, *plan.validity_days.as_ref())?,
            document_types: &signing.document_types,
        };
        let signer = csca.issue_document_signer(signer, &plan, rng)?;
        let file = format!("ds-{number}");
        self.save(
            folder,
            &file,
            &name(number),
            signer.certificate(),
            &key,
            rng,
        )?;
        Ok(signer)
    }

    fn load(
        &self,
        folder: &Path,
        file: &str,
        name: &str,
        profile: &AuthorityProfile,
    ) -> Result<Option<(Certificate, BoxedSigner)>, Fault> {
        let path = folder.join(format!("{file}.cer"));
        let Some(der) = read_if_there(&path)? else {
            return Ok(None);
        };
        let certificate = Certificate::decode(&der).map_err(|why| Fault::file(&path, why))?;
        let path = folder.join(format!("{file}.key"));
        let sealed = fs::read(&path).map_err(|why| Fault::file(&path, why))?;
        let bytes = self.master.open(name, &sealed).map_err(|why| {
            Fault::file(&path, why)
                .remedy("give the master key that sealed it in RILASCIO_MASTER_KEY")
        })?;
        let signer = PrivateKey::from_bytes(&bytes)?.into_signer(profile.algorithm())?;
        Ok(Some((certificate, Box::new(signer))))
    }

    /// Writes the sealed key first: a certificate without its key is never there.
    fn save(
        &self,
        folder: &Path,
        file: &str,
        name: &str,
        certificate: &Certificate,
        key: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Fault> {
        let sealed = self.master.seal(name, key, rng);
        write_whole(&folder.join(format!("{file}.key")), &sealed, true)?;
        Ok(write_whole(
            &folder.join(format!("{file}.cer")),
            certificate.der(),
            false,
        )?)
    }
}

/// A new key: its bytes to be sealed, and a signer with it.
fn new_key(
    profile: &AuthorityProfile,
    rng: &mut dyn CryptoRng,
) -> Result<(Zeroizing<Vec<u8>>, BoxedSigner), Fault> {
    let key = match *profile.key.as_ref() {
        KeySpec::Ec(curve) => PrivateKey::generate_ec(curve, rng),
        KeySpec::Rsa(size) => PrivateKey::generate_rsa(size)?,
    };
    let bytes = key.to_bytes();
    Ok((bytes, Box::new(key.into_signer(profile.algorithm())?)))
}

/// The current revocation list; a new one is issued when there is none or it ends soon.
fn revocation_list(
    folder: &Path,
    csca: &Csca<BoxedSigner>,
    now: Timestamp,
) -> Result<RevocationList, Fault> {
    let current = highest(folder, "crl-", ".der")?.unwrap_or(0);
    if current > 0 {
        let path = folder.join(format!("crl-{current}.der"));
        let der = fs::read(&path).map_err(|why| Fault::file(&path, why))?;
        let list = RevocationList::decode(&der).map_err(|why| Fault::file(&path, why))?;
        let renew_at = list.period().1.unwrap_or(now);
        if Period::days(now, RENEWAL_DAYS)?.to < renew_at && now >= list.period().0 {
            return Ok(list);
        }
    }
    let number = current + 1;
    let period = Period::days(now, REVOCATION_LIST_DAYS)?;
    let list = csca.issue_revocation_list(number, &[], period)?;
    write_whole(&folder.join(format!("crl-{number}.der")), list.der(), false)?;
    Ok(list)
}

fn open_master_key(folder: &Path, rng: &mut dyn CryptoRng) -> Result<MasterKey, Fault> {
    let given = std::env::var_os("RILASCIO_MASTER_KEY").map(PathBuf::from);
    let path = given.clone().unwrap_or_else(|| folder.join("master.key"));
    if let Some(bytes) = read_if_there(&path)? {
        let bytes = Zeroizing::new(bytes);
        return MasterKey::from_bytes(&bytes).map_err(|why| {
            Fault::file(&path, why).remedy("a master key is a file of 32 bytes; restore it")
        });
    }
    if given.is_some() {
        return Err(Fault::file(&path, "there is no such file")
            .remedy("RILASCIO_MASTER_KEY names a file of 32 bytes"));
    }
    if folder.join("authorities").exists() {
        return Err(Fault::file(
            &path,
            "the master key is gone, and there are keys that it sealed",
        )
        .remedy("restore it, or name its place in RILASCIO_MASTER_KEY"));
    }
    let key = MasterKey::generate(rng);
    write_whole(&path, key.as_bytes(), true)?;
    Ok(key)
}

/// Waits until no other process works in the data folder.
fn wait_for(lock: &File, path: &Path) -> Result<(), Fault> {
    const PATIENCE: Duration = Duration::from_secs(120);
    const PAUSE: Duration = Duration::from_millis(50);
    let since = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE)
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Fault::failed(format!(
                    "{}: another process works in this data folder",
                    path.display()
                ))
                .remedy("stop the server that uses it, or give another --data"));
            }
            Err(TryLockError::Error(why)) => return Err(Fault::file(path, why)),
        }
    }
}
