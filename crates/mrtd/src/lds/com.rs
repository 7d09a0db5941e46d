//! EF.COM: the version of the data structure and the data groups that are there (Doc 9303-10, 4.6.1).

use super::{DataGroup, LdsVersion};
use crate::{Error, Result, tlv};

const WHAT: &str = "EF.COM";

/// The content of EF.COM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EfCom {
    /// The version of the logical data structure.
    pub version: LdsVersion,
    /// The data groups on the chip, in the order of their numbers.
    pub groups: Vec<DataGroup>,
}

impl EfCom {
    /// Writes the file: `60 { 5F01 version, 5F36 unicode, 5C tags }`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let tags: Vec<u8> = self.groups.iter().map(|group| group.tag()).collect();
        tlv::encode_all(
            0x60,
            &[
                tlv::encode(0x5F01, self.version.lds().as_bytes()),
                tlv::encode(0x5F36, self.version.unicode().as_bytes()),
                tlv::encode(0x5C, &tags),
            ],
        )
    }

    /// Reads the file.
    ///
    /// # Errors
    /// A fault of the structure, an unknown version or tag.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let content = tlv::read_only(WHAT, 0x60, bytes)?;
        let digits = String::from_utf8_lossy(tlv::expect(WHAT, content, 0x5F01)?).into_owned();
        let version = LdsVersion::from_digits(&digits)
            .ok_or_else(|| Error::malformed(WHAT, format!("LDS version {digits:?}")))?;
        let groups = tlv::expect(WHAT, content, 0x5C)?
            .iter()
            .map(|tag| {
                DataGroup::from_tag(*tag)
                    .ok_or_else(|| Error::malformed(WHAT, format!("data group tag {tag:02X}")))
            })
            .collect::<Result<_>>()?;
        Ok(Self { version, groups })
    }
}
