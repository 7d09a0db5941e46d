//! Signed blocks: JSON Web Signatures in compact form (RFC 7515), RS256, with the certificate in the header.

use crate::{Error, Result};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use jiff::Timestamp;
use rilascio_keys::{HashAlgorithm, SignatureAlgorithm, Signer};
use rilascio_pki::Certificate;
use serde_json::{Value, json};

/// The largest block, in bytes.
const BYTES_MAX: usize = 8 * 1024 * 1024;
const RS256: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);

fn encoded(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn decoded(text: &str) -> Result<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text.trim_end_matches('='))
        .map_err(|_| Error::malformed("a signed block is not base 64"))
}

/// A signed block.
///
/// # Errors
/// When the key fails.
pub(crate) fn sign(payload: &Value, key: &dyn Signer, certificate: &Certificate) -> Result<String> {
    let header =
        json!({ "alg": "RS256", "typ": "JWT", "x5c": [Base64::encode_string(certificate.der())] });
    let text = format!(
        "{}.{}",
        encoded(header.to_string().as_bytes()),
        encoded(payload.to_string().as_bytes())
    );
    let signature = key.sign(text.as_bytes()).map_err(Error::malformed)?;
    Ok(format!("{text}.{}", encoded(&signature)))
}

/// A block that is not signed: its payload alone.
pub(crate) fn unsigned(payload: &Value) -> String {
    encoded(payload.to_string().as_bytes())
}

fn refused(why: &str) -> Error {
    Error::Untrusted {
        why: why.to_owned(),
    }
}

/// Opens a signed block whose certificate one of the anchors issued and that is valid at a moment.
///
/// # Errors
/// [`Error::Untrusted`] where signature or certificate do not hold, [`Error::Malformed`] for what is no block.
pub(crate) fn open(text: &str, anchors: &[Certificate], at: Timestamp) -> Result<Value> {
    if text.len() > BYTES_MAX {
        return Err(Error::malformed("a signed block is too large"));
    }
    let mut parts = text.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(refused("a block is not signed"));
    };
    let head: Value = serde_json::from_slice(&decoded(header)?).map_err(Error::malformed)?;
    if head["alg"] != "RS256" {
        return Err(refused("the signature of a block is not RS256"));
    }
    let first = head["x5c"][0].as_str().or_else(|| head["x5c"].as_str());
    let first = first.ok_or_else(|| refused("a block does not carry its certificate"))?;
    let der = Base64::decode_vec(first).map_err(|_| Error::malformed("x5c is not base 64"))?;
    let certificate = Certificate::decode(&der).map_err(Error::malformed)?;
    let (from, to) = certificate.validity();
    if at < from || at > to {
        return Err(refused("the certificate of the device is not valid now"));
    }
    if !anchors
        .iter()
        .any(|anchor| certificate.verify_issued_by(anchor).is_ok())
    {
        return Err(refused(
            "nobody who is trusted issued the certificate of the device",
        ));
    }
    let key = certificate.public_key().map_err(Error::malformed)?;
    let signed = &text[..header.len() + 1 + payload.len()];
    key.verify(RS256, signed.as_bytes(), &decoded(signature)?)
        .map_err(|_| refused("the signature of a block is wrong"))?;
    serde_json::from_slice(&decoded(payload)?).map_err(Error::malformed)
}
