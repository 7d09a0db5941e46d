//! The Document Security Object (Doc 9303-10, 4.6.2) and EF.CardSecurity (TR-03110-3, A.1.2.4).

use crate::{DocumentSigner, Error, Result, SignedData};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, Null, OctetString, PrintableString};
use der::{Decode, Encode, Sequence};
use jiff::Timestamp;
use rilascio_keys::{HashAlgorithm, Signer};
use rilascio_mrtd::lds::{DataGroup, LdsVersion};
use rilascio_mrtd::tlv;
use spki::AlgorithmIdentifierOwned;

/// `id-icao-mrtd-security-ldsSecurityObject`.
const LDS_SECURITY_OBJECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.1");
/// `id-SecurityObject`: the content of EF.CardSecurity.
pub const CARD_SECURITY: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.3.2.1");
const TAG: u32 = 0x77;

/// Doc 9303-10, 4.6.2.3:
///
/// ```text
/// LDSSecurityObject ::= SEQUENCE { version INTEGER {v0(0), v1(1)}, hashAlgorithm AlgorithmIdentifier,
///     dataGroupHashValues SEQUENCE SIZE (2..16) OF DataGroupHash, ldsVersionInfo LDSVersionInfo OPTIONAL }
/// ```
#[derive(Sequence)]
struct SecurityObjectSyntax {
    version: u8,
    hash_algorithm: AlgorithmIdentifierOwned,
    hashes: Vec<DataGroupHash>,
    version_info: Option<VersionInfo>,
}

#[derive(Sequence)]
struct DataGroupHash {
    number: u8,
    hash: OctetString,
}

#[derive(Sequence)]
struct VersionInfo {
    lds: PrintableString,
    unicode: PrintableString,
}

/// What the SOD says: the digest of every data group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdsSecurityObject {
    /// The hash function.
    pub hash: HashAlgorithm,
    /// The version, which an object of version 1 repeats.
    pub version: LdsVersion,
    /// The digests, in the order of the groups' numbers.
    pub hashes: Vec<(DataGroup, Vec<u8>)>,
}

impl LdsSecurityObject {
    /// Digests data groups.
    #[must_use]
    pub fn of(hash: HashAlgorithm, version: LdsVersion, groups: &[(DataGroup, &[u8])]) -> Self {
        let mut hashes: Vec<_> = groups
            .iter()
            .map(|(group, bytes)| (*group, hash.digest(bytes)))
            .collect();
        hashes.sort();
        Self {
            hash,
            version,
            hashes,
        }
    }

    fn encode(&self) -> Result<Vec<u8>> {
        let build = || -> der::Result<Vec<u8>> {
            let hashes = self.hashes.iter().map(|(group, digest)| {
                Ok(DataGroupHash {
                    number: group.number(),
                    hash: OctetString::new(&digest[..])?,
                })
            });
            let repeats_version = self.version == LdsVersion::V1_8;
            let version_info = repeats_version.then(|| -> der::Result<_> {
                Ok(VersionInfo {
                    lds: PrintableString::new(self.version.lds())?,
                    unicode: PrintableString::new(self.version.unicode())?,
                })
            });
            let version_info = version_info.transpose()?;
            SecurityObjectSyntax {
                version: u8::from(repeats_version),
                hash_algorithm: AlgorithmIdentifierOwned {
                    oid: self.hash.oid(),
                    parameters: Some(Any::encode_from(&Null)?),
                },
                hashes: hashes.collect::<der::Result<_>>()?,
                version_info,
            }
            .to_der()
        };
        build().map_err(Error::malformed("security object"))
    }

    fn decode(der: &[u8]) -> Result<Self> {
        let refuse = |why: String| Error::Malformed {
            what: "security object",
            why,
        };
        let object =
            SecurityObjectSyntax::from_der(der).map_err(Error::malformed("security object"))?;
        let mut hashes = Vec::with_capacity(object.hashes.len().min(16));
        for entry in &object.hashes {
            let group = DataGroup::new(entry.number)
                .ok_or_else(|| refuse(format!("a data group {}", entry.number)))?;
            if hashes.iter().any(|(known, _)| *known == group) {
                return Err(refuse(format!("{group} is listed twice")));
            }
            hashes.push((group, entry.hash.as_bytes().to_vec()));
        }
        hashes.sort();
        let version = match object.version_info {
            None => LdsVersion::V1_7,
            Some(info) => LdsVersion::from_digits(info.lds.as_ref())
                .ok_or_else(|| refuse(format!("LDS version {}", info.lds)))?,
        };
        Ok(Self {
            hash: HashAlgorithm::from_oid(object.hash_algorithm.oid)?,
            version,
            hashes,
        })
    }

    /// Refuses a data group that is not the one that was signed.
    ///
    /// # Errors
    /// [`Error::GroupHash`], also when the group is not listed.
    pub fn check(&self, group: DataGroup, bytes: &[u8]) -> Result<()> {
        let digest = self.hash.digest(bytes);
        if self
            .hashes
            .iter()
            .any(|(known, signed)| *known == group && *signed == digest)
        {
            Ok(())
        } else {
            Err(Error::GroupHash {
                group: group.to_string(),
            })
        }
    }
}

/// A read SOD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sod {
    /// The digests.
    pub object: LdsSecurityObject,
    /// The signature with the certificate of the document signer.
    pub signed: SignedData,
}

impl Sod {
    /// Signs data groups and gives EF.SOD.
    ///
    /// # Errors
    /// When the signer fails.
    pub fn sign<S: Signer>(
        object: &LdsSecurityObject,
        signer: &DocumentSigner<S>,
        at: Timestamp,
    ) -> Result<Vec<u8>> {
        let signed = SignedData::sign(
            LDS_SECURITY_OBJECT,
            &object.encode()?,
            signer.certificate(),
            signer.signer(),
            at,
        )?;
        Ok(tlv::encode(TAG, &signed))
    }

    /// Reads EF.SOD; nothing is verified yet.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let signed = SignedData::decode(tlv::read_only("EF.SOD", TAG, bytes)?)?;
        if signed.content_type != LDS_SECURITY_OBJECT {
            return Err(Error::Malformed {
                what: "EF.SOD",
                why: format!("the content is {}", signed.content_type),
            });
        }
        let object = LdsSecurityObject::decode(&signed.content)?;
        Ok(Self { object, signed })
    }
}

/// Signs SecurityInfos and gives EF.CardSecurity.
///
/// # Errors
/// When the signer fails.
pub fn card_security<S: Signer>(
    infos: &[u8],
    signer: &DocumentSigner<S>,
    at: Timestamp,
) -> Result<Vec<u8>> {
    SignedData::sign(
        CARD_SECURITY,
        infos,
        signer.certificate(),
        signer.signer(),
        at,
    )
}
