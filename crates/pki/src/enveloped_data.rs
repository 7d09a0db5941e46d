//! CMS AuthEnvelopedData for one receiver with a key on a curve (RFC 5083, RFC 5084, RFC 5753).
//!
//! The content is encrypted with AES-256-GCM under a key of its own, which is wrapped with AES-256 for the receiver:
//! ephemeral-static ECDH, `dhSinglePass-stdDH-sha256kdf-scheme`.

use crate::certificate::Certificate;
use crate::{Error, Result};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, BitString, OctetString, SetOfVec};
use der::{Decode, Encode, Sequence};
use rand_core::CryptoRng;
use rilascio_keys::{ContentKey, EcPrivateKey, PublicKey};
use spki::AlgorithmIdentifierOwned;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use zeroize::Zeroizing;

const WHAT: &str = "enveloped data";
const AUTH_ENVELOPED_DATA: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.23");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ECDH_SHA256_KDF: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.1.11.1");
const AES256_WRAP: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.45");
const AES256_GCM: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.46");
/// The most receivers that are looked through.
const RECEIVERS_MAX: usize = 16;

/// RFC 5652, 3.
#[derive(Sequence)]
struct ContentInfo {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: AuthEnvelopedData,
}

/// RFC 5083, 2.1.
#[derive(Sequence)]
struct AuthEnvelopedData {
    version: u8,
    receivers: SetOfVec<Any>,
    content: EncryptedContentInfo,
    mac: OctetString,
}

/// RFC 5652, 6.1.
#[derive(Sequence)]
struct EncryptedContentInfo {
    content_type: ObjectIdentifier,
    algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    content: OctetString,
}

/// RFC 5084, 3.2.
#[derive(Sequence)]
struct GcmParameters {
    nonce: OctetString,
    tag_bytes: u8,
}

/// RFC 5652, 6.2.2.
#[derive(Sequence)]
struct KeyAgreement {
    version: u8,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    originator: Any,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    user_material: Option<OctetString>,
    algorithm: AlgorithmIdentifierOwned,
    keys: Vec<ReceiverKey>,
}

/// RFC 5652, 6.2.2.
#[derive(Sequence)]
struct OriginatorPublicKey {
    algorithm: AlgorithmIdentifierOwned,
    key: BitString,
}

/// RFC 5652, 6.2.2, with the first of two ways to name the receiver.
#[derive(Sequence)]
struct ReceiverKey {
    receiver: IssuerAndSerial,
    key: OctetString,
}

/// RFC 5652, 10.2.4.
#[derive(Sequence)]
struct IssuerAndSerial {
    issuer: Name,
    serial: SerialNumber,
}

/// RFC 5753, 7.2.
#[derive(Sequence)]
struct SharedInfo {
    algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    key_bits: OctetString,
}

fn algorithm(oid: ObjectIdentifier, parameters: Option<Any>) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters }
}

fn shared_info() -> der::Result<Vec<u8>> {
    SharedInfo {
        algorithm: algorithm(AES256_WRAP, None),
        key_bits: OctetString::new(256_u32.to_be_bytes())?,
    }
    .to_der()
}

/// `[1] IMPLICIT SEQUENCE`: a sequence under another tag.
fn retag(tag: u8, der: Vec<u8>) -> Vec<u8> {
    let mut der = der;
    if let Some(first) = der.first_mut() {
        *first = tag;
    }
    der
}

const CONTEXT_1: u8 = 0xA1;
const SEQUENCE: u8 = 0x30;

/// Seals content to the key of a certificate.
///
/// # Errors
/// [`Error::NotAllowed`] when the certificate's key is not on a curve.
pub fn seal(content: &[u8], receiver: &Certificate, rng: &mut dyn CryptoRng) -> Result<Vec<u8>> {
    let PublicKey::Ec { curve, point } = receiver.public_key()? else {
        return Err(Error::NotAllowed {
            why: "of the receiver has no key on a curve".into(),
        });
    };
    let key = ContentKey::generate(rng);
    let ephemeral = EcPrivateKey::generate(curve, rng);
    let mut nonce = [0; ContentKey::NONCE_BYTES];
    rng.fill_bytes(&mut nonce);
    let build = |wrapped: &[u8]| -> der::Result<Vec<u8>> {
        let originator = OriginatorPublicKey {
            algorithm: algorithm(EC_PUBLIC_KEY, None),
            key: BitString::from_bytes(ephemeral.point())?,
        };
        let agreement = KeyAgreement {
            version: 3,
            originator: Any::from_der(&retag(CONTEXT_1, originator.to_der()?))?,
            user_material: None,
            algorithm: algorithm(
                ECDH_SHA256_KDF,
                Some(Any::encode_from(&algorithm(AES256_WRAP, None))?),
            ),
            keys: vec![ReceiverKey {
                receiver: IssuerAndSerial {
                    issuer: receiver.issuer().clone(),
                    serial: receiver.serial().clone(),
                },
                key: OctetString::new(wrapped)?,
            }],
        };
        let parameters = GcmParameters {
            nonce: OctetString::new(nonce)?,
            tag_bytes: 16,
        };
        let mut encrypted = key.encrypt(nonce, content);
        let mac = encrypted.split_off(encrypted.len() - ContentKey::TAG_BYTES);
        ContentInfo {
            content_type: AUTH_ENVELOPED_DATA,
            content: AuthEnvelopedData {
                version: 0,
                receivers: SetOfVec::try_from(vec![Any::from_der(&retag(
                    CONTEXT_1,
                    agreement.to_der()?,
                ))?])?,
                content: EncryptedContentInfo {
                    content_type: DATA,
                    algorithm: algorithm(AES256_GCM, Some(Any::encode_from(&parameters)?)),
                    content: OctetString::new(encrypted)?,
                },
                mac: OctetString::new(mac)?,
            },
        }
        .to_der()
    };
    let info = shared_info().map_err(Error::malformed(WHAT))?;
    let wrapped = key.wrap(&ephemeral, &point, &info)?;
    build(&wrapped).map_err(Error::malformed(WHAT))
}

/// Opens what was sealed to a certificate, with its key.
///
/// # Errors
/// [`Error::NotAllowed`] when it is sealed to somebody else, [`Error::Malformed`], or a key fault when it was changed.
pub fn open(der: &[u8], receiver: &Certificate, key: &EcPrivateKey) -> Result<Zeroizing<Vec<u8>>> {
    let malformed = Error::malformed(WHAT);
    let refuse = |why: &str| Error::Malformed {
        what: WHAT,
        why: why.to_owned(),
    };
    let info = ContentInfo::from_der(der).map_err(&malformed)?;
    if info.content_type != AUTH_ENVELOPED_DATA || info.content.content.algorithm.oid != AES256_GCM
    {
        return Err(refuse("not AuthEnvelopedData with AES-256-GCM"));
    }
    let data = info.content;
    if data.receivers.len() > RECEIVERS_MAX {
        return Err(refuse("too many receivers"));
    }
    let parameters = data.content.algorithm.parameters.as_ref();
    let parameters: GcmParameters = parameters
        .ok_or_else(|| refuse("no parameters"))?
        .decode_as()
        .map_err(&malformed)?;
    let nonce = parameters
        .nonce
        .as_bytes()
        .try_into()
        .map_err(|_| refuse("a nonce that is not 12 bytes"))?;
    if data.mac.as_bytes().len() != ContentKey::TAG_BYTES {
        return Err(refuse("a tag that is not 16 bytes"));
    }
    for any in data.receivers.iter() {
        let bytes = any.to_der().map_err(&malformed)?;
        if bytes.first() != Some(&CONTEXT_1) {
            continue;
        }
        let agreement = KeyAgreement::from_der(&retag(SEQUENCE, bytes)).map_err(&malformed)?;
        let ours = agreement.keys.iter().take(RECEIVERS_MAX).find(|key| {
            key.receiver.issuer == *receiver.issuer() && key.receiver.serial == *receiver.serial()
        });
        let Some(ours) = ours else {
            continue;
        };
        let content_key = unwrap_key(&agreement, ours.key.as_bytes(), key)?;
        let content = [data.content.content.as_bytes(), data.mac.as_bytes()].concat();
        return Ok(content_key.decrypt(nonce, &content)?);
    }
    Err(Error::NotAllowed {
        why: "is not one of its receivers".into(),
    })
}

fn unwrap_key(agreement: &KeyAgreement, wrapped: &[u8], key: &EcPrivateKey) -> Result<ContentKey> {
    let malformed = Error::malformed(WHAT);
    let refuse = |why: &str| Error::Malformed {
        what: WHAT,
        why: why.to_owned(),
    };
    let wrap = agreement.algorithm.parameters.as_ref().and_then(|any| {
        let wrap: der::Result<AlgorithmIdentifierOwned> = any.decode_as();
        wrap.ok()
    });
    let known = agreement.algorithm.oid == ECDH_SHA256_KDF
        && agreement.user_material.is_none()
        && wrap.is_some_and(|wrap| wrap.oid == AES256_WRAP);
    if !known {
        return Err(refuse(
            "another key agreement than ECDH with SHA-256 and AES-256 key wrap",
        ));
    }
    let originator = agreement.originator.to_der().map_err(&malformed)?;
    if originator.first() != Some(&CONTEXT_1) {
        return Err(refuse("no ephemeral key"));
    }
    let originator =
        OriginatorPublicKey::from_der(&retag(SEQUENCE, originator)).map_err(&malformed)?;
    let point = originator
        .key
        .as_bytes()
        .ok_or_else(|| refuse("a key with unused bits"))?;
    // Parameters may be left out; when they are there they must name the receiver's own curve.
    let other_curve = originator.algorithm.parameters.as_ref().is_some_and(|any| {
        let named: der::Result<ObjectIdentifier> = any.decode_as();
        !any.value().is_empty() && named.ok() != Some(key.curve().oid())
    });
    if originator.algorithm.oid != EC_PUBLIC_KEY || other_curve {
        return Err(refuse("an ephemeral key on another curve"));
    }
    let info = shared_info().map_err(malformed)?;
    Ok(ContentKey::unwrap(wrapped, key, point, &info)?)
}
