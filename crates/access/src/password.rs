//! What opens a chip: the MRZ or the card access number.

use rilascio_keys::{CipherSuite, HashAlgorithm, KeyUse};
use rilascio_mrtd::mrz::{Mrz, mrz_information};
use zeroize::Zeroizing;

/// Which password of PACE (Doc 9303-11, 4.4.4.1, tag 83).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum PasswordKind {
    /// The MRZ.
    Mrz = 1,
    /// The card access number.
    Can = 2,
}

/// A password, wiped when dropped.
pub struct AccessPassword {
    kind: PasswordKind,
    text: Zeroizing<String>,
}

impl AccessPassword {
    /// From MRZ information: number, birth date and expiry, each with its check digit.
    #[must_use]
    pub fn mrz(information: &str) -> Self {
        Self {
            kind: PasswordKind::Mrz,
            text: Zeroizing::new(information.to_owned()),
        }
    }

    /// From a card access number.
    #[must_use]
    pub fn can(number: &str) -> Self {
        Self {
            kind: PasswordKind::Can,
            text: Zeroizing::new(number.to_owned()),
        }
    }

    /// From what a person types: a whole MRZ, or `NUMBER,YYMMDD,YYMMDD`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn from_mrz_text(text: &str) -> Result<Self, rilascio_mrtd::Error> {
        let parts: Vec<&str> = text.trim().split(',').map(str::trim).collect();
        let information = match parts[..] {
            [number, birth, expiry] if birth.len() == 6 && expiry.len() == 6 => {
                mrz_information(&number.to_ascii_uppercase(), birth, expiry)
            }
            _ => Mrz::parse(text)?.information(),
        };
        Ok(Self::mrz(&information))
    }

    /// Which password it is.
    #[must_use]
    pub fn kind(&self) -> PasswordKind {
        self.kind
    }

    /// The seed of BAC: the first 16 bytes of the SHA-1 digest.
    pub(crate) fn bac_seed(&self) -> Zeroizing<Vec<u8>> {
        let mut seed = Zeroizing::new(HashAlgorithm::Sha1.digest(self.text.as_bytes()));
        seed.truncate(16);
        seed
    }

    /// The key that encrypts the nonce of PACE.
    pub(crate) fn nonce_key(&self, suite: CipherSuite) -> Zeroizing<Vec<u8>> {
        match self.kind {
            PasswordKind::Mrz => {
                let secret = Zeroizing::new(HashAlgorithm::Sha1.digest(self.text.as_bytes()));
                suite.derive(&secret, KeyUse::Password)
            }
            PasswordKind::Can => suite.derive(self.text.as_bytes(), KeyUse::Password),
        }
    }
}
