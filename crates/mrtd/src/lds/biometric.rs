//! DG2, DG3, DG4 and DG7: images in CBEFF (ISO/IEC 7816-11) templates (Doc 9303-10, 4.7.2 to 4.7.4, 4.7.7).

use crate::extensible;
use crate::face::FaceImage;
use crate::finger::{FingerImage, Hand};
use crate::{Error, Result, tlv};

/// The most biometric instances that a data group is read for.
const INSTANCES_MAX: usize = 10;

const GROUP_TEMPLATE: u32 = 0x7F61;
const INFORMATION_TEMPLATE: u32 = 0x7F60;
const HEADER_TEMPLATE: u32 = 0xA1;
const DATA_BLOCK: u32 = 0x5F2E;
const DATA_BLOCK_CONSTRUCTED: u32 = 0x7F2E;
const OWNER_JTC1_SC37: [u8; 2] = [0x01, 0x01];

/// Which standard the image records of a data group follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordGeneration {
    /// ISO/IEC 19794-4, -5, -6: what every reader reads today.
    #[default]
    Iso19794,
    /// ISO/IEC 39794-4, -5, -6, which Doc 9303-10 introduces.
    Iso39794,
}

/// What a template holds: CBEFF type (ISO/IEC 19785-3) and format of the record in both generations.
#[derive(Clone, Copy)]
struct Modality {
    kind: u8,
    formats: [u16; 2],
}

const FACE: Modality = Modality {
    kind: 0x02,
    formats: [0x0008, 0x002A],
};
const FINGER: Modality = Modality {
    kind: 0x08,
    formats: [0x0007, 0x0028],
};
const IRIS: Modality = Modality {
    kind: 0x10,
    formats: [0x0009, 0x002C],
};

fn instance(
    modality: Modality,
    subtype: Option<u8>,
    generation: RecordGeneration,
    record: &[u8],
) -> Vec<u8> {
    let mut header = vec![
        tlv::encode(0x80, &[0x01, 0x01]),
        tlv::encode(0x81, &[modality.kind]),
    ];
    header.extend(subtype.map(|subtype| tlv::encode(0x82, &[subtype])));
    header.push(tlv::encode(0x87, &OWNER_JTC1_SC37));
    let (format, data) = match generation {
        RecordGeneration::Iso19794 => (modality.formats[0], tlv::encode(DATA_BLOCK, record)),
        RecordGeneration::Iso39794 => {
            let inner = tlv::encode(HEADER_TEMPLATE, record);
            (
                modality.formats[1],
                tlv::encode(DATA_BLOCK_CONSTRUCTED, &inner),
            )
        }
    };
    header.push(tlv::encode(0x88, &format.to_be_bytes()));
    let header = tlv::encode_all(HEADER_TEMPLATE, &header);
    tlv::encode_all(INFORMATION_TEMPLATE, &[header, data])
}

fn group(tag: u32, instances: Vec<Vec<u8>>, filler: Option<&[u8]>) -> Vec<u8> {
    let mut content = vec![tlv::encode(0x02, &[instances.len() as u8])];
    content.extend(instances);
    let mut parts = vec![tlv::encode_all(GROUP_TEMPLATE, &content)];
    parts.extend(filler.map(|bytes| tlv::encode(0x53, bytes)));
    tlv::encode_all(tag, &parts)
}

/// A record as its template holds it.
struct Found<'a> {
    generation: RecordGeneration,
    subtype: Option<u8>,
    record: &'a [u8],
}

fn read_instance<'a>(what: &'static str, template: &'a [u8]) -> Result<Found<'a>> {
    let header = tlv::find(template, HEADER_TEMPLATE)?.unwrap_or_default();
    let subtype = tlv::find(header, 0x82)?.and_then(|bytes| bytes.first().copied());
    let (generation, record) = match tlv::find(template, DATA_BLOCK)? {
        Some(record) => (RecordGeneration::Iso19794, record),
        None => {
            let outer = tlv::find(template, DATA_BLOCK_CONSTRUCTED)?;
            let outer = outer.ok_or(Error::MissingTag {
                what,
                tag: DATA_BLOCK,
            })?;
            let inner = tlv::expect(what, outer, HEADER_TEMPLATE)?;
            (RecordGeneration::Iso39794, inner)
        }
    };
    Ok(Found {
        generation,
        subtype,
        record,
    })
}

/// The records of a data group, in order.
fn records<'a>(what: &'static str, tag: u32, bytes: &'a [u8]) -> Result<Vec<Found<'a>>> {
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
        if element.tag == INFORMATION_TEMPLATE {
            records.push(read_instance(what, element.value)?);
        }
    }
    if records.len() != announced {
        return Err(Error::malformed(
            what,
            format!("{announced} instance(s) announced, {} there", records.len()),
        ));
    }
    Ok(records)
}

/// The random bytes of an empty group.
fn filler(what: &'static str, tag: u32, bytes: &[u8]) -> Result<Option<[u8; 16]>> {
    let content = tlv::read_only(what, tag, bytes)?;
    Ok(tlv::find(content, 0x53)?.and_then(|bytes| bytes.try_into().ok()))
}

/// DG2: the portrait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dg2 {
    /// The portrait.
    pub face: FaceImage,
    /// The standard of its record.
    pub generation: RecordGeneration,
}

impl Dg2 {
    const TAG: u32 = 0x75;

    /// Writes the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let record = match self.generation {
            RecordGeneration::Iso19794 => self.face.encode(),
            RecordGeneration::Iso39794 => extensible::encode_face(&self.face),
        };
        let one = instance(FACE, None, self.generation, &record);
        group(Self::TAG, vec![one], None)
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
            face: match first.generation {
                RecordGeneration::Iso19794 => FaceImage::decode(first.record)?,
                RecordGeneration::Iso39794 => extensible::decode_face(first.record)?,
            },
            generation: first.generation,
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
    /// The standard of the records; the older one of an empty group.
    pub generation: RecordGeneration,
}

impl Dg3 {
    const TAG: u32 = 0x63;

    /// Writes the file: one instance per finger.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a compression that ISO/IEC 39794-4 does not have.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut instances = Vec::new();
        for finger in &self.fingers {
            let record = match self.generation {
                RecordGeneration::Iso19794 => finger.encode(),
                RecordGeneration::Iso39794 => extensible::encode_finger(finger)?,
            };
            let subtype = Some(finger.position.cbeff_subtype());
            instances.push(instance(FINGER, subtype, self.generation, &record));
        }
        let filler = self.filler.as_ref().map(|bytes| &bytes[..]);
        Ok(group(Self::TAG, instances, filler))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// A fault of the structure or of a record.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let records = records("DG3", Self::TAG, bytes)?;
        let mut fingers = Vec::with_capacity(records.len());
        for found in &records {
            fingers.push(match found.generation {
                RecordGeneration::Iso19794 => FingerImage::decode(found.record)?,
                RecordGeneration::Iso39794 => extensible::decode_finger(found.record)?,
            });
        }
        Ok(Self {
            fingers,
            filler: filler("DG3", Self::TAG, bytes)?,
            generation: records
                .first()
                .map(|found| found.generation)
                .unwrap_or_default(),
        })
    }
}

/// The image of an iris, in a record of ISO/IEC 19794-6 or 39794-6 that somebody else made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IrisRecord {
    /// The eye, by the side of its hand; nothing where the template does not say.
    pub eye: Option<Hand>,
    /// The record, as it is.
    pub record: Vec<u8>,
}

/// DG4: the irises, or a statement that there are none. Records pass through as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dg4 {
    /// The irises; empty when none were taken.
    pub irises: Vec<IrisRecord>,
    /// Random bytes that make an empty group unlike any other.
    pub filler: Option<[u8; 16]>,
    /// The standard of the records; the older one of an empty group.
    pub generation: RecordGeneration,
}

impl Dg4 {
    const TAG: u32 = 0x76;

    /// Writes the file: one instance per eye.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let instances = self.irises.iter().map(|iris| {
            let subtype = iris.eye.map(|eye| match eye {
                Hand::Right => 0x01,
                Hand::Left => 0x02,
            });
            instance(IRIS, subtype, self.generation, &iris.record)
        });
        let filler = self.filler.as_ref().map(|bytes| &bytes[..]);
        group(Self::TAG, instances.collect(), filler)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// A fault of the structure.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let records = records("DG4", Self::TAG, bytes)?;
        let irises = records.iter().map(|found| IrisRecord {
            eye: found.subtype.and_then(|subtype| match subtype & 0x03 {
                0x01 => Some(Hand::Right),
                0x02 => Some(Hand::Left),
                _ => None,
            }),
            record: found.record.to_vec(),
        });
        Ok(Self {
            irises: irises.collect(),
            filler: filler("DG4", Self::TAG, bytes)?,
            generation: records
                .first()
                .map(|found| found.generation)
                .unwrap_or_default(),
        })
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
