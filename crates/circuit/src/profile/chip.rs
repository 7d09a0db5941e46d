//! What is on the chip, and who may read it.

use rilascio_keys::{CipherSuite, Curve, HashAlgorithm};
use rilascio_mrtd::lds::{DataGroup, LdsVersion};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::source;

/// How a chip is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum AccessProtocol {
    /// Basic Access Control.
    #[serde(rename = "BAC")]
    Bac,
    /// Password Authenticated Connection Establishment.
    #[serde(rename = "PACE")]
    Pace,
}

/// A cipher of secure messaging, as profiles write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cipher {
    /// 3DES.
    #[serde(rename = "3des")]
    TripleDes,
    /// AES-128.
    #[serde(rename = "aes-128")]
    Aes128,
    /// AES-192.
    #[serde(rename = "aes-192")]
    Aes192,
    /// AES-256.
    #[serde(rename = "aes-256")]
    Aes256,
}

impl Cipher {
    /// The cipher.
    #[must_use]
    pub fn suite(self) -> CipherSuite {
        match self {
            Self::TripleDes => CipherSuite::TripleDes,
            Self::Aes128 => CipherSuite::Aes128,
            Self::Aes192 => CipherSuite::Aes192,
            Self::Aes256 => CipherSuite::Aes256,
        }
    }
}

/// PACE with generic mapping on a curve; also the parameters of Chip Authentication.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaceProfile {
    /// The curve.
    #[serde(deserialize_with = "curve")]
    pub curve: Curve,
    /// The cipher.
    pub cipher: Cipher,
}

/// The key of Active Authentication.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActiveAuthentication {
    /// `rsa-2048`, `rsa-3072`, `rsa-4096` or a curve.
    pub key: super::KeySpec,
    /// The hash function.
    #[serde(deserialize_with = "hash")]
    pub hash: HashAlgorithm,
}

/// The chip.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipProfile {
    /// Room for files, in bytes.
    pub bytes: Spanned<usize>,
    /// The data groups, by number.
    #[serde(deserialize_with = "groups")]
    pub groups: Spanned<Vec<DataGroup>>,
    /// The version of the logical data structure.
    #[serde(deserialize_with = "version")]
    pub lds: LdsVersion,
    /// The hash function of the SOD's list.
    #[serde(deserialize_with = "hash")]
    pub hash: HashAlgorithm,
    /// How the chip is opened.
    pub access: Spanned<Vec<AccessProtocol>>,
    /// Whether the card bears a card access number.
    pub can: Spanned<bool>,
    /// The variants of PACE, best first.
    pub pace: Spanned<Vec<PaceProfile>>,
    /// Whether EF.CardSecurity is in the master file.
    pub card_security: Spanned<bool>,
    /// Whether Terminal Authentication opens the fingerprints.
    pub terminal_authentication: Spanned<bool>,
    /// Chip Authentication.
    pub chip_authentication: Option<Spanned<PaceProfile>>,
    /// Active Authentication.
    pub active_authentication: Option<Spanned<ActiveAuthentication>>,
}

impl ChipProfile {
    /// True when the chip is opened so.
    #[must_use]
    pub fn has_access(&self, protocol: AccessProtocol) -> bool {
        self.access.as_ref().contains(&protocol)
    }

    /// True when the profile lists the data group.
    #[must_use]
    pub fn has_group(&self, group: DataGroup) -> bool {
        self.groups.as_ref().contains(&group)
    }
}

fn curve<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Curve, D::Error> {
    source::from_text(deserializer, Curve::from_name)
}

fn hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HashAlgorithm, D::Error> {
    source::from_text(deserializer, HashAlgorithm::from_name)
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LdsVersion, D::Error> {
    source::from_text(deserializer, |text| match text {
        "1.7" => Ok(LdsVersion::V1_7),
        "1.8" => Ok(LdsVersion::V1_8),
        other => Err(format!("LDS version {other:?}; it is \"1.7\" or \"1.8\"")),
    })
}

fn groups<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Spanned<Vec<DataGroup>>, D::Error> {
    let numbers = Spanned::<Vec<u8>>::deserialize(deserializer)?;
    let read = |number: &u8| {
        DataGroup::new(*number)
            .ok_or_else(|| serde::de::Error::custom(format!("there is no data group {number}")))
    };
    let groups = numbers
        .as_ref()
        .iter()
        .map(read)
        .collect::<Result<Vec<_>, D::Error>>()?;
    Ok(Spanned::new(numbers.span(), groups))
}
