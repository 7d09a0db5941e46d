//! The logical data structure: files, tags and data groups (Doc 9303-10).

mod biometric;
mod com;
mod details;
mod file;

pub use biometric::{Dg2, Dg3, Dg4, Dg7, IrisRecord, RecordGeneration};
pub use com::EfCom;
pub use details::{Dg11, Dg12};
pub use file::{DataGroup, FileId, LdsVersion};

use crate::mrz::Mrz;
use crate::{Error, Result, tlv};

/// DG1: the machine readable zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dg1 {
    /// The zone, checked.
    pub mrz: Mrz,
}

impl Dg1 {
    /// Writes the file: `61 { 5F1F mrz }`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        tlv::encode(0x61, &tlv::encode(0x5F1F, self.mrz.as_str().as_bytes()))
    }

    /// Reads the file and checks the zone.
    ///
    /// # Errors
    /// A fault of the structure or of the zone.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let content = tlv::read_only("DG1", 0x61, bytes)?;
        let zone = tlv::expect("DG1", content, 0x5F1F)?;
        let text = std::str::from_utf8(zone)
            .map_err(|_| Error::malformed("DG1", "the zone is not ASCII"))?;
        Ok(Self {
            mrz: Mrz::parse(text)?,
        })
    }
}
