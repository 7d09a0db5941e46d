//! Bytes of a record that are taken from the front, big endian.

use crate::{Error, Result};

/// What is left of a record.
pub(crate) struct ByteReader<'a> {
    pub(crate) rest: &'a [u8],
    format: &'static str,
}

impl<'a> ByteReader<'a> {
    /// The bytes of a record of that format.
    pub(crate) fn new(bytes: &'a [u8], format: &'static str) -> Self {
        Self {
            rest: bytes,
            format,
        }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let parts = self.rest.split_at_checked(count);
        let (head, rest) = parts.ok_or_else(|| Error::Codec {
            format: self.format,
            why: "it ends in the middle".to_owned(),
        })?;
        self.rest = rest;
        Ok(head)
    }

    /// The next bytes as a record of their own.
    pub(crate) fn part(&mut self, count: usize) -> Result<Self> {
        Ok(Self::new(self.take(count)?, self.format))
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn short(&mut self) -> Result<u16> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(crate) fn long(&mut self) -> Result<u32> {
        let bytes = self.take(4)?;
        Ok(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}
