//! DG11 and DG12: details of the person and of the document (Doc 9303-10, 4.7.11 and 4.7.12).

use crate::{Error, Result, tlv};

type Field = (u32, String);

fn encode_list(tag: u32, fields: &[Field]) -> Vec<u8> {
    let mut list = Vec::new();
    for (field, _) in fields {
        tlv::push_tag(&mut list, *field);
    }
    let mut parts = vec![tlv::encode(0x5C, &list)];
    parts.extend(
        fields
            .iter()
            .map(|(field, text)| tlv::encode(*field, text.as_bytes())),
    );
    tlv::encode_all(tag, &parts)
}

fn text(what: &'static str, content: &[u8], tag: u32) -> Result<Option<String>> {
    tlv::find(content, tag)?
        .map(|bytes| {
            String::from_utf8(bytes.to_vec())
                .map_err(|_| Error::malformed(what, format!("field {tag:X} is not UTF-8")))
        })
        .transpose()
}

/// DG11: additional personal details. Absent fields are not written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dg11 {
    /// Full name in national characters, `SURNAME<<GIVEN<NAMES`.
    pub full_name: Option<String>,
    /// Personal number.
    pub personal_number: Option<String>,
    /// Birth date, `CCYYMMDD`, zeros where unknown.
    pub birth_date: Option<String>,
    /// Place of birth, parts divided by `<`.
    pub birth_place: Option<String>,
    /// Permanent address, parts divided by `<`.
    pub address: Option<String>,
    /// Custody information: parents or guardians.
    pub custody: Option<String>,
}

impl Dg11 {
    const WHAT: &'static str = "DG11";
    const TAG: u32 = 0x6B;

    /// Writes the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let fields: Vec<Field> = [
            (0x5F0E, &self.full_name),
            (0x5F10, &self.personal_number),
            (0x5F2B, &self.birth_date),
            (0x5F11, &self.birth_place),
            (0x5F42, &self.address),
            (0x5F18, &self.custody),
        ]
        .into_iter()
        .filter_map(|(tag, text)| Some((tag, text.clone()?)))
        .collect();
        encode_list(Self::TAG, &fields)
    }

    /// Reads the fields that this type knows.
    ///
    /// # Errors
    /// A fault of the structure.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let content = tlv::read_only(Self::WHAT, Self::TAG, bytes)?;
        tlv::expect(Self::WHAT, content, 0x5C)?;
        let field = |tag| text(Self::WHAT, content, tag);
        let birth_date = match tlv::find(content, 0x5F2B)? {
            // Some issuers pack the eight digits into four bytes.
            Some(packed) if packed.len() == 4 => {
                Some(packed.iter().map(|b| format!("{b:02X}")).collect())
            }
            _ => field(0x5F2B)?,
        };
        Ok(Self {
            full_name: field(0x5F0E)?,
            personal_number: field(0x5F10)?,
            birth_date,
            birth_place: field(0x5F11)?,
            address: field(0x5F42)?,
            custody: field(0x5F18)?,
        })
    }
}

/// DG12: additional document details. Absent fields are not written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dg12 {
    /// Issuing authority.
    pub authority: Option<String>,
    /// Date of issue, `CCYYMMDD`.
    pub issued: Option<String>,
    /// Endorsements and observations: the remarks.
    pub observations: Option<String>,
    /// Time of personalisation, `CCYYMMDDhhmmss`.
    pub personalised: Option<String>,
    /// Serial number of the personalisation system.
    pub system: Option<String>,
}

impl Dg12 {
    const WHAT: &'static str = "DG12";
    const TAG: u32 = 0x6C;

    /// Writes the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let fields: Vec<Field> = [
            (0x5F19, &self.authority),
            (0x5F26, &self.issued),
            (0x5F1B, &self.observations),
            (0x5F55, &self.personalised),
            (0x5F56, &self.system),
        ]
        .into_iter()
        .filter_map(|(tag, text)| Some((tag, text.clone()?)))
        .collect();
        encode_list(Self::TAG, &fields)
    }

    /// Reads the fields that this type knows.
    ///
    /// # Errors
    /// A fault of the structure.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let content = tlv::read_only(Self::WHAT, Self::TAG, bytes)?;
        tlv::expect(Self::WHAT, content, 0x5C)?;
        let field = |tag| text(Self::WHAT, content, tag);
        Ok(Self {
            authority: field(0x5F19)?,
            issued: field(0x5F26)?,
            observations: field(0x5F1B)?,
            personalised: field(0x5F55)?,
            system: field(0x5F56)?,
        })
    }
}
