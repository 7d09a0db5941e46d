//! SecurityInfos: what EF.CardAccess, EF.CardSecurity and DG14 announce (Doc 9303-11, 9.2; TR-03110-3, A.1).

use crate::{Error, Result};
use const_oid::ObjectIdentifier;
use rilascio_keys::{CipherSuite, Curve, SignatureAlgorithm};
use rilascio_mrtd::tlv;

/// The most SecurityInfos that a file is read for.
const INFOS_MAX: usize = 64;

const SEQUENCE: u32 = 0x30;
const SET: u32 = 0x31;
const INTEGER: u32 = 0x02;
const OID: u32 = 0x06;

/// `id-PACE-ECDH-GM`, without the cipher.
pub const PACE_ECDH_GM: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.4.2");
/// `id-PACE`.
const PACE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.4");
/// `id-CA`.
const CA: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.3");
/// `id-PK`.
const PK: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.1");
/// `id-CA-ECDH`, without the cipher.
pub const CA_ECDH: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.3.2");
/// `id-PK-ECDH`.
pub const PK_ECDH: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.1.2");
/// `id-TA`.
pub const TA: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.2");
/// `id-icao-mrtd-security-aaProtocolObject`.
pub const ACTIVE_AUTHENTICATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.5");
/// The object identifiers of plain ECDSA signatures (TR-03111, 5.2.1.1), SHA-1 first.
const ECDSA_PLAIN: &str = "0.4.0.127.0.7.1.1.4.1";

/// PACE with generic mapping over a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceInfo {
    /// The cipher.
    pub suite: CipherSuite,
    /// The standardised domain parameters; absent only if there is one choice.
    pub parameter_id: Option<u64>,
}

impl PaceInfo {
    /// The object identifier of the protocol.
    #[must_use]
    pub fn oid(&self) -> ObjectIdentifier {
        with_cipher(PACE_ECDH_GM, self.suite)
    }

    /// The curve, if this crate computes on it.
    #[must_use]
    pub fn curve(&self) -> Option<Curve> {
        Curve::from_parameter_id(self.parameter_id?)
    }
}

/// One SecurityInfo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecurityInfo {
    /// `PACEInfo` for ECDH with generic mapping.
    Pace(PaceInfo),
    /// `ChipAuthenticationInfo` for ECDH, version 1.
    ChipAuthentication {
        /// The cipher.
        suite: CipherSuite,
        /// Which key, if there are more.
        key_id: Option<u64>,
    },
    /// `ChipAuthenticationPublicKeyInfo` for ECDH.
    ChipAuthenticationPublicKey {
        /// SubjectPublicKeyInfo in DER.
        spki: Vec<u8>,
        /// Which key, if there are more.
        key_id: Option<u64>,
    },
    /// `TerminalAuthenticationInfo`.
    TerminalAuthentication {
        /// 1 for EU EAC 1, 2 for the German identity card.
        version: u64,
    },
    /// `ActiveAuthenticationInfo`: the signature algorithm of an ECDSA key.
    ActiveAuthentication {
        /// The algorithm; plain ECDSA.
        algorithm: SignatureAlgorithm,
    },
    /// Anything else, as it came.
    Other {
        /// The protocol.
        oid: ObjectIdentifier,
        /// The whole SEQUENCE.
        raw: Vec<u8>,
    },
}

impl SecurityInfo {
    /// True for every variant of PACE, known or not.
    #[must_use]
    pub fn is_pace(&self) -> bool {
        match self {
            Self::Pace(_) => true,
            // id-PACE, then the variant, then the cipher.
            Self::Other { oid, .. } => oid
                .parent()
                .and_then(|variant| variant.parent())
                .is_some_and(|id| id == PACE),
            _ => false,
        }
    }

    /// True for every kind of Chip Authentication, known or not.
    #[must_use]
    pub fn is_chip_authentication(&self) -> bool {
        match self {
            Self::ChipAuthentication { .. } | Self::ChipAuthenticationPublicKey { .. } => true,
            Self::Other { oid, .. } => {
                let above = oid.parent();
                above == Some(PK)
                    || above
                        .and_then(|variant| variant.parent())
                        .is_some_and(|id| id == CA)
            }
            _ => false,
        }
    }

    /// Writes the SEQUENCE.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let optional = |id: &Option<u64>| id.iter().map(|id| integer(*id)).collect::<Vec<_>>();
        let sequence = |oid: ObjectIdentifier, rest: Vec<Vec<u8>>| {
            let mut parts = vec![tlv::encode(OID, oid.as_bytes())];
            parts.extend(rest);
            tlv::encode_all(SEQUENCE, &parts)
        };
        match self {
            Self::Pace(info) => sequence(
                info.oid(),
                [vec![integer(2)], optional(&info.parameter_id)].concat(),
            ),
            Self::ChipAuthentication { suite, key_id } => sequence(
                with_cipher(CA_ECDH, *suite),
                [vec![integer(1)], optional(key_id)].concat(),
            ),
            Self::ChipAuthenticationPublicKey { spki, key_id } => {
                sequence(PK_ECDH, [vec![spki.clone()], optional(key_id)].concat())
            }
            Self::TerminalAuthentication { version } => sequence(TA, vec![integer(*version)]),
            Self::ActiveAuthentication { algorithm } => {
                let signature = plain_ecdsa(*algorithm);
                sequence(
                    ACTIVE_AUTHENTICATION,
                    vec![integer(1), tlv::encode(OID, signature.as_bytes())],
                )
            }
            Self::Other { raw, .. } => raw.clone(),
        }
    }

    fn decode(element: &tlv::Element<'_>) -> Result<Self> {
        let malformed = || Error::Unsupported {
            what: "a malformed SecurityInfo".into(),
        };
        if element.tag != SEQUENCE {
            return Err(malformed());
        }
        let parts = tlv::read_all(element.value)?;
        let oid = match parts.first() {
            Some(first) if first.tag == OID => {
                ObjectIdentifier::from_bytes(first.value).map_err(|_| malformed())?
            }
            _ => return Err(malformed()),
        };
        let number = |at: usize| {
            parts
                .get(at)
                .filter(|part| part.tag == INTEGER)
                .and_then(|part| {
                    (part.value.len() <= 8 && !part.value.is_empty())
                        .then(|| part.value.iter().fold(0u64, |n, b| n << 8 | u64::from(*b)))
                })
        };
        let other = || Self::Other {
            oid,
            raw: element.raw.to_vec(),
        };
        if let Some(suite) = cipher_of(oid, PACE_ECDH_GM) {
            if number(1) == Some(2) {
                return Ok(Self::Pace(PaceInfo {
                    suite,
                    parameter_id: number(2),
                }));
            }
        } else if let Some(suite) = cipher_of(oid, CA_ECDH) {
            if number(1) == Some(1) {
                return Ok(Self::ChipAuthentication {
                    suite,
                    key_id: number(2),
                });
            }
        } else if oid == PK_ECDH {
            if let Some(spki) = parts.get(1).filter(|part| part.tag == SEQUENCE) {
                let spki = spki.raw.to_vec();
                return Ok(Self::ChipAuthenticationPublicKey {
                    spki,
                    key_id: number(2),
                });
            }
        } else if oid == TA {
            if let Some(version) = number(1) {
                return Ok(Self::TerminalAuthentication { version });
            }
        } else if oid == ACTIVE_AUTHENTICATION {
            let signature = parts.get(2).filter(|part| part.tag == OID);
            if let Some(algorithm) = signature.and_then(|part| plain_ecdsa_of(part.value)) {
                return Ok(Self::ActiveAuthentication { algorithm });
            }
        }
        Ok(other())
    }
}

/// Writes a SET of SecurityInfos in the order of DER, so that a file with more of them keeps the same order.
#[must_use]
pub fn encode_set(infos: &[SecurityInfo]) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = infos.iter().map(SecurityInfo::encode).collect();
    parts.sort();
    parts.dedup();
    tlv::encode_all(SET, &parts)
}

/// Reads a SET of SecurityInfos; unknown ones are kept.
///
/// # Errors
/// A fault of the structure.
pub fn decode_set(bytes: &[u8]) -> Result<Vec<SecurityInfo>> {
    let content = tlv::read_only("SecurityInfos", SET, bytes)?;
    let elements = tlv::read_all(content)?;
    if elements.len() > INFOS_MAX {
        return Err(Error::Unsupported {
            what: format!("{} SecurityInfos", elements.len()),
        });
    }
    elements.iter().map(SecurityInfo::decode).collect()
}

/// Writes DG14: `6E { SecurityInfos }`.
#[must_use]
pub fn encode_dg14(infos: &[SecurityInfo]) -> Vec<u8> {
    tlv::encode(0x6E, &encode_set(infos))
}

/// Reads DG14.
///
/// # Errors
/// A fault of the structure.
pub fn decode_dg14(bytes: &[u8]) -> Result<Vec<SecurityInfo>> {
    decode_set(tlv::read_only("DG14", 0x6E, bytes)?)
}

/// The protocol family's object identifier with the number of the cipher added.
#[must_use]
pub fn with_cipher(family: ObjectIdentifier, suite: CipherSuite) -> ObjectIdentifier {
    family
        .push_arc(suite.oid_arc())
        .expect("ten arcs have room for one more")
}

/// The cipher of a protocol, if it belongs to the family.
#[must_use]
pub fn cipher_of(oid: ObjectIdentifier, family: ObjectIdentifier) -> Option<CipherSuite> {
    let parent = oid.parent()?;
    (parent == family)
        .then(|| oid.arcs().last())
        .flatten()
        .and_then(CipherSuite::from_oid_arc)
}

fn plain_ecdsa(algorithm: SignatureAlgorithm) -> ObjectIdentifier {
    let family = ObjectIdentifier::new_unwrap(ECDSA_PLAIN);
    family
        .push_arc(algorithm.hash() as u32 + 1)
        .expect("ten arcs have room for one more")
}

fn plain_ecdsa_of(oid: &[u8]) -> Option<SignatureAlgorithm> {
    use rilascio_keys::HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
    [Sha1, Sha224, Sha256, Sha384, Sha512]
        .into_iter()
        .map(SignatureAlgorithm::Ecdsa)
        .find(|algorithm| plain_ecdsa(*algorithm).as_bytes() == oid)
}

fn integer(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut content: Vec<u8> = bytes
        .iter()
        .copied()
        .skip_while(|byte| *byte == 0)
        .collect();
    if content.first().is_none_or(|byte| byte & 0x80 != 0) {
        content.insert(0, 0);
    }
    tlv::encode(INTEGER, &content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rilascio_keys::HashAlgorithm;

    #[test]
    fn writes_the_card_access_of_appendix_g_1() {
        let info = SecurityInfo::Pace(PaceInfo {
            suite: CipherSuite::Aes128,
            parameter_id: Some(13),
        });
        let hex: String = encode_set(&[info])
            .iter()
            .map(|b| format!("{b:02X}"))
            .collect();
        assert_eq!(hex, "31143012060A04007F0007020204020202010202010D");
    }

    #[test]
    fn sets_go_both_ways() {
        let infos = vec![
            SecurityInfo::TerminalAuthentication { version: 1 },
            SecurityInfo::ChipAuthentication {
                suite: CipherSuite::Aes256,
                key_id: None,
            },
            SecurityInfo::Pace(PaceInfo {
                suite: CipherSuite::TripleDes,
                parameter_id: Some(17),
            }),
            SecurityInfo::ActiveAuthentication {
                algorithm: SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256),
            },
        ];
        let read = decode_set(&encode_set(&infos)).expect("own writing");
        assert_eq!(read.len(), infos.len());
        assert!(infos.iter().all(|info| read.contains(info)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = decode_set(&bytes);
            let _ = decode_dg14(&bytes);
        }
    }
}
