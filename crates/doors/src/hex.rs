//! Bytes as hexadecimal digits: how the doors write hashes and random names.

use std::fmt::Write;

/// Two lower-case digits for each byte.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
