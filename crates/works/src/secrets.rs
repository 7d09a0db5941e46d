//! What a chip keeps to itself: passwords and private keys.

use crate::{Error, Result};
use rilascio_keys::{HashAlgorithm, PrivateKey};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// The secrets of one chip. Wiped when dropped.
pub struct ChipSecrets {
    /// Room for files, in bytes.
    pub bytes: usize,
    /// Number, birth date and expiry with check digits.
    pub mrz_information: zeroize::Zeroizing<String>,
    /// The card access number, if the card bears one.
    pub can: Option<zeroize::Zeroizing<String>>,
    /// Whether BAC is answered.
    pub allows_bac: bool,
    /// The key of Chip Authentication.
    pub chip_authentication: Option<PrivateKey>,
    /// The key of Active Authentication with its hash function.
    pub active_authentication: Option<(PrivateKey, HashAlgorithm)>,
}

/// `chip.toml`, as it is written for specimens.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct Written {
    bytes: usize,
    mrz_information: String,
    can: Option<String>,
    allows_bac: bool,
    chip_authentication_key: Option<String>,
    active_authentication_key: Option<String>,
    active_authentication_hash: Option<String>,
}

const HEADING: &str = "# The secrets of a specimen chip. A real chip never gives its keys away.\n";

impl ChipSecrets {
    /// Writes the secrets of a specimen as TOML.
    ///
    /// # Errors
    /// [`Error::Secrets`].
    pub fn to_toml(&self) -> Result<zeroize::Zeroizing<String>> {
        let key = |key: &PrivateKey| hex(&key.to_bytes());
        let active = self.active_authentication.as_ref();
        let written = Written {
            bytes: self.bytes,
            mrz_information: self.mrz_information.to_string(),
            can: self.can.as_ref().map(|can| can.to_string()),
            allows_bac: self.allows_bac,
            chip_authentication_key: self.chip_authentication.as_ref().map(key),
            active_authentication_key: active.map(|(private, _)| key(private)),
            active_authentication_hash: active.map(|(_, hash)| hash.name().to_owned()),
        };
        let text = toml::to_string(&written).map_err(|fault| Error::Secrets {
            why: fault.to_string(),
        })?;
        Ok(zeroize::Zeroizing::new(format!("{HEADING}{text}")))
    }

    /// Reads the secrets of a specimen.
    ///
    /// # Errors
    /// [`Error::Secrets`].
    pub fn from_toml(text: &str) -> Result<Self> {
        let refuse = |why: String| Error::Secrets { why };
        let written: Written =
            toml::from_str(text).map_err(|fault| refuse(fault.message().to_owned()))?;
        let key = |text: &Option<String>| -> Result<Option<PrivateKey>> {
            let bytes = text.as_deref().map(unhex).transpose()?;
            Ok(bytes
                .map(|bytes| PrivateKey::from_bytes(&bytes))
                .transpose()?)
        };
        let active = key(&written.active_authentication_key)?;
        let hash = written.active_authentication_hash.as_deref();
        let active_authentication = match (active, hash) {
            (None, None) => None,
            (Some(key), Some(hash)) => Some((key, HashAlgorithm::from_name(hash)?)),
            _ => {
                return Err(refuse(
                    "key and hash of Active Authentication go together".into(),
                ));
            }
        };
        const ROOM_BYTES_MAX: usize = 1 << 20;
        if written.bytes > ROOM_BYTES_MAX {
            return Err(refuse(format!("a chip has at most {ROOM_BYTES_MAX} bytes")));
        }
        Ok(Self {
            bytes: written.bytes,
            mrz_information: zeroize::Zeroizing::new(written.mrz_information.clone()),
            can: written.can.clone().map(zeroize::Zeroizing::new),
            allows_bac: written.allows_bac,
            chip_authentication: key(&written.chip_authentication_key)?,
            active_authentication,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn unhex(text: &str) -> Result<zeroize::Zeroizing<Vec<u8>>> {
    let refuse = || Error::Secrets {
        why: "a key that is not hexadecimal".into(),
    };
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return Err(refuse());
    }
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| refuse());
    (0..text.len())
        .step_by(2)
        .map(byte)
        .collect::<Result<Vec<u8>>>()
        .map(zeroize::Zeroizing::new)
}
