//! Names of things: each kind has its own type, and a text that is none never becomes one.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The longest identifier (regulation of the order messages: 40 characters).
const LENGTH_MAX: usize = 40;

fn is_identifier(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !text.is_empty() && text.len() <= LENGTH_MAX && text.chars().all(known)
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads one: 1 to 40 letters, digits, dots, hyphens and underscores.
            ///
            /// # Errors
            /// What is wrong with it.
            pub fn parse(text: &str) -> Result<Self, String> {
                if !is_identifier(text) {
                    return Err(format!(
                        "'{}' is no {}: 1 to {LENGTH_MAX} of A-Z, a-z, 0-9, '.', '_', '-'",
                        text.chars().take(LENGTH_MAX).collect::<String>().escape_debug(),
                        stringify!($name),
                    ));
                }
                Ok(Self(text.to_owned()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,40}$" })
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

identifiers! {
    /// A dossier.
    DossierId;
    /// An order to the works.
    OrderId;
    /// A parcel of finished documents.
    ConsignmentId;
    /// A document: issuing profile and number, `it-pse.I00000001`.
    DocumentId;
    /// The serial of a blank: profile and serial, `it-pse.S0000001`.
    BlankSerial;
    /// A substitute attestation.
    AttestationId;
    /// A numbered sheet of security paper.
    SheetNumber;
    /// A file of the old procedure.
    LegacyFileId;
    /// An officer or operator.
    OfficerId;
    /// An office, works or other place.
    SiteId;
    /// A node of the circuit.
    NodeId;
    /// An entry of a watch-list.
    WatchEntryId;
    /// The number of an act, report or certificate in another register.
    Reference;
}

impl OrderId {
    /// The order of that attempt of a dossier, from 1.
    ///
    /// # Errors
    /// When the dossier's name is too long.
    pub fn of(dossier: &DossierId, attempt: u16) -> Result<Self, String> {
        Self::parse(&format!("{dossier}-{attempt}"))
    }

    /// Which attempt of its dossier it is; 0 for a name that does not say.
    #[must_use]
    pub fn attempt(&self) -> u16 {
        self.0
            .rsplit('-')
            .next()
            .and_then(|last| last.parse().ok())
            .unwrap_or(0)
    }
}

/// A SHA-256 digest, 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// The digest of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let digest = rilascio_keys::HashAlgorithm::Sha256.digest(bytes);
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for Digest {
    fn schema_name() -> Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() == 64 && text.bytes().all(hex) {
            Ok(Self(text))
        } else {
            Err("a digest is 64 lower case hexadecimal digits".to_owned())
        }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}
