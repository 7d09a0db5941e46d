//! DG2, DG3 and DG7: images in CBEFF (ISO/IEC 7816-11) templates (Doc 9303-10, 4.7.2, 4.7.3, 4.7.7).

use crate::face::FaceImage;
use crate::finger::FingerImage;
use crate::{Error, Result, tlv};

/// The most biometric instances that a data group is read for.
const INSTANCES_MAX: usize = 10;

const GROUP_TEMPLATE: u32 = 0x7F61;
const INFORMATION_TEMPLATE: u32 = 0x7F60;
const HEADER_TEMPLATE: u32 = 0xA1;
const DATA_BLOCK: u32 = 0x5F2E;
const DATA_BLOCK_CONSTRUCTED: u32 = 0x7F2E;
const OWNER_JTC1_SC37: [u8; 2] = [0x01, 0x01];

fn instance(kind: u8, subtype: Option<u8>, format: u16, record: &[u8]) -> Vec<u8> {
    let mut header = vec![tlv::encode(0x80, &[0x01, 0x01]), tlv::encode(0x81, &[kind])];
    header.extend(subtype.map(|subtype| tlv::encode(0x82, &[subtype])));
    header.push(tlv::encode(0x87, &OWNER_JTC1_SC37));
    header.push(tlv::encode(0x88, &format.to_be_bytes()));
    let header = tlv::encode_all(HEADER_TEMPLATE, &header);
    tlv::encode_all(
        INFORMATION_TEMPLATE,
        &[header, tlv::encode(DATA_BLOCK, record)],
    )
}

fn group(tag: u32, instances: Vec<Vec<u8>>, filler: Option<&[u8]>) -> Vec<u8> {
    let mut content = vec![tlv::encode(0x02, &[instances.len() as u8])];
    content.extend(instances);
    let mut parts = vec![tlv::encode_all(GROUP_TEMPLATE, &content)];
    parts.extend(filler.map(|bytes| tlv::encode(0x53, bytes)));
    tlv::encode_all(tag, &parts)
}

/// The records of a data group, in order.
fn records<'a>(what: &'static str, tag: u32, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>> {
    let content = tlv::read_only(what, tag, bytes)?;
    let template = tlv::expect(what, content, GROUP_TEMPLATE)?;
    let announced = match tlv::expect(what, template, 0x02)? {
        [count] if usize::from(*count) <= INSTANCES_MAX => usize::from(*count),
        other => {
            return Err(Error::malformed(
                what,
                format!("number of instances {other:02X?}"),
            ));
        }
    };
    let mut records = Vec::with_capacity(announced);
    for element in tlv::read_all(template)? {
        if element.tag != INFORMATION_TEMPLATE {
            continue;
        }
        let record = match tlv::find(element.value, DATA_BLOCK)? {
            Some(record) => record,
            None if tlv::find(element.value, DATA_BLOCK_CONSTRUCTED)?.is_some() => {
                return Err(Error::OtherGeneration { what });
            }
            None => {
                return Err(Error::MissingTag {
                    what,
                    tag: DATA_BLOCK,
                });
            }
        };
        records.push(record);
    }
    if records.len() != announced {
        return Err(Error::malformed(
            what,
            format!("{announced} instance(s) announced, {} there", records.len()),
        ));
    }
    Ok(records)
}

/// DG2: the portrait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dg2 {
    /// The portrait.
    pub face: FaceImage,
}

impl Dg2 {
    const TAG: u32 = 0x75;

    /// Writes the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        group(
            Self::TAG,
            vec![instance(0x02, None, 0x0008, &self.face.encode())],
            None,
        )
    }

    /// Reads the first portrait of the file.
    ///
    /// # Errors
    /// A fault of the structure or of the record.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let records = records("DG2", Self::TAG, bytes)?;
        let first = records
            .first()
            .ok_or_else(|| Error::malformed("DG2", "no portrait"))?;
        Ok(Self {
            face: FaceImage::decode(first)?,
        })
    }
}

/// DG3: the fingerprints, or a statement that there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dg3 {
    /// The prints; empty when none could be taken.
    pub fingers: Vec<FingerImage>,
    /// Random bytes that make an empty group unlike any other (Doc 9303-10, 4.7.3.1).
    pub filler: Option<[u8; 16]>,
}

impl Dg3 {
    const TAG: u32 = 0x63;

    /// Writes the file: one instance per finger.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let instances = self
            .fingers
            .iter()
            .map(|finger| {
                instance(
                    0x08,
                    Some(finger.position.cbeff_subtype()),
                    0x0007,
                    &finger.encode(),
                )
            })
            .collect();
        group(
            Self::TAG,
            instances,
            self.filler.as_ref().map(|bytes| &bytes[..]),
        )
    }

    /// Reads the file.
    ///
    /// # Errors
    /// A fault of the structure or of a record.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let fingers = records("DG3", Self::TAG, bytes)?
            .into_iter()
            .map(FingerImage::decode)
            .collect::<Result<_>>()?;
        let content = tlv::read_only("DG3", Self::TAG, bytes)?;
        let filler = tlv::find(content, 0x53)?.and_then(|bytes| bytes.try_into().ok());
        Ok(Self { fingers, filler })
    }
}

/// DG7: the signature as the document shows it, a JPEG or JPEG 2000 image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dg7 {
    /// The compressed image.
    pub image: Vec<u8>,
}

impl Dg7 {
    const TAG: u32 = 0x67;

    /// Writes the file: `67 { 02 1, 5F43 image }`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        tlv::encode_all(
            Self::TAG,
            &[tlv::encode(0x02, &[1]), tlv::encode(0x5F43, &self.image)],
        )
    }

    /// Reads the first image of the file.
    ///
    /// # Errors
    /// A fault of the structure.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let content = tlv::read_only("DG7", Self::TAG, bytes)?;
        Ok(Self {
            image: tlv::expect("DG7", content, 0x5F43)?.to_vec(),
        })
    }
}
