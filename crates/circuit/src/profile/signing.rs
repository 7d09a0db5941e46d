//! The keys and certificates that sign a document type.

use crate::source;
use rilascio_keys::{Curve, CurveEncoding, HashAlgorithm, RsaSize, SignatureAlgorithm};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

/// A kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySpec {
    /// On a curve.
    Ec(Curve),
    /// RSA.
    Rsa(RsaSize),
}

impl KeySpec {
    /// Reads `rsa-4096` or the name of a curve.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refuse = || {
            let curves: Vec<&str> = Curve::ALL.iter().map(|curve| curve.name()).collect();
            format!(
                "key '{text}'; it is rsa-2048, rsa-3072, rsa-4096 or {}",
                curves.join(", ")
            )
        };
        match text.strip_prefix("rsa-") {
            Some(bits) => {
                let bits = bits.parse().map_err(|_| refuse())?;
                RsaSize::from_bits(bits)
                    .map(Self::Rsa)
                    .map_err(|_| refuse())
            }
            None => Curve::from_name(text).map(Self::Ec).map_err(|_| refuse()),
        }
    }
}

impl<'de> Deserialize<'de> for KeySpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        source::from_text(deserializer, Self::parse)
    }
}

/// How RSA signatures are padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RsaPadding {
    /// RSASSA-PSS.
    #[default]
    Pss,
    /// RSASSA-PKCS1-v1_5.
    Pkcs1,
}

/// A certificate with its key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityProfile {
    /// The key.
    pub key: Spanned<KeySpec>,
    /// The hash function of its signatures.
    #[serde(deserialize_with = "hash")]
    pub hash: HashAlgorithm,
    /// How an RSA key pads.
    #[serde(default)]
    pub padding: RsaPadding,
    /// `CN=`; a document signer adds its number.
    pub common_name: String,
    /// How long the key signs, in days.
    pub key_days: Spanned<u32>,
    /// How long the certificate is valid, in days.
    pub validity_days: Spanned<u32>,
}

impl AuthorityProfile {
    /// The algorithm of its signatures.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        match (self.key.as_ref(), self.padding) {
            (KeySpec::Ec(_), _) => SignatureAlgorithm::Ecdsa(self.hash),
            (KeySpec::Rsa(_), RsaPadding::Pss) => SignatureAlgorithm::RsaPss(self.hash),
            (KeySpec::Rsa(_), RsaPadding::Pkcs1) => SignatureAlgorithm::RsaPkcs1(self.hash),
        }
    }
}

/// Who signs the document type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningProfile {
    /// The name under which CSCA and document signers are kept; profiles of one state share them.
    pub authority: Spanned<String>,
    /// Two letters, for `C=`.
    pub country: Spanned<String>,
    /// `O=`.
    pub organisation: String,
    /// `OU=`.
    pub unit: Option<String>,
    /// The contact's mail address.
    pub mail: Option<String>,
    /// The contact's web address.
    pub uri: Option<String>,
    /// Where the revocation list is published.
    pub crl: Spanned<Vec<String>>,
    /// Whether certificates carry curve parameters in full (Doc 9303-12) or by name.
    #[serde(default = "explicit", deserialize_with = "encoding")]
    pub curve_parameters: CurveEncoding,
    /// The document codes that the document signers sign.
    pub document_types: Vec<String>,
    /// The Country Signing CA.
    pub csca: AuthorityProfile,
    /// The document signers.
    pub document_signer: AuthorityProfile,
}

fn explicit() -> CurveEncoding {
    CurveEncoding::Explicit
}

fn encoding<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CurveEncoding, D::Error> {
    source::from_text(deserializer, |text| match text {
        "explicit" => Ok(CurveEncoding::Explicit),
        "named" => Ok(CurveEncoding::Named),
        other => Err(format!(
            "curve parameters '{other}'; they are explicit or named"
        )),
    })
}

fn hash<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HashAlgorithm, D::Error> {
    source::from_text(deserializer, |text| match HashAlgorithm::from_name(text) {
        Ok(HashAlgorithm::Sha1) => Err("sha1 does not sign documents".to_owned()),
        other => other.map_err(|fault| fault.to_string()),
    })
}
