//! CMS SignedData as documents use it: one signer, its certificate inside (RFC 5652; Doc 9303-10, 4.6.2.2).

use crate::certificate::Certificate;
use crate::time::x509_time;
use crate::{Error, Result};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, Null, OctetString, SetOfVec};
use der::{Decode, Encode, Reader, Sequence, SliceReader, Tag, ValueOrd};
use jiff::Timestamp;
use rilascio_keys::{HashAlgorithm, SignatureAlgorithm, Signer};
use spki::AlgorithmIdentifierOwned;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;

const WHAT: &str = "signed data";
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SET: u8 = 0x31;
/// The tag of signed attributes in a signer info.
const ATTRIBUTES: u8 = 0xA0;
/// The most certificates that are read from one object.
const CERTIFICATES_MAX: usize = 16;

/// RFC 5652, 3.
#[derive(Sequence)]
struct ContentInfo {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    content: SignedDataSyntax,
}

/// RFC 5652, 5.1.
#[derive(Sequence)]
struct SignedDataSyntax {
    version: u8,
    digest_algorithms: SetOfVec<AlgorithmIdentifierOwned>,
    encapsulated: EncapsulatedContent,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    certificates: Option<SetOfVec<Any>>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    crls: Option<SetOfVec<Any>>,
    signers: SetOfVec<Any>,
}

/// RFC 5652, 5.2.
#[derive(Sequence)]
struct EncapsulatedContent {
    content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    content: Option<OctetString>,
}

/// RFC 5652, 5.3, as it is written here.
#[derive(Sequence)]
struct SignerInfo {
    version: u8,
    issuer_and_serial: IssuerAndSerialNumber,
    digest_algorithm: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    signed_attributes: SetOfVec<Attribute>,
    signature_algorithm: AlgorithmIdentifierOwned,
    signature: OctetString,
}

/// RFC 5652, 10.2.4.
#[derive(Sequence)]
struct IssuerAndSerialNumber {
    issuer: Name,
    serial: SerialNumber,
}

/// RFC 5652, 5.3.
#[derive(Sequence, ValueOrd)]
struct Attribute {
    kind: ObjectIdentifier,
    values: SetOfVec<Any>,
}

/// An attribute of one value.
fn attribute(kind: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    Ok(Attribute {
        kind,
        values: SetOfVec::try_from(vec![value])?,
    })
}

/// RFC 5035, 3, without policies.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certificates: Vec<EssCertIdV2>,
}

/// RFC 5035, 4: a digest by SHA-256, which is the default and therefore not written.
#[derive(Sequence)]
struct EssCertIdV2 {
    digest: OctetString,
}

/// Whose certificate a signer info names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SignerId {
    IssuerAndSerial(Vec<u8>, Vec<u8>),
    KeyId(Vec<u8>),
}

/// Signed content with its one signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedData {
    /// What the content is.
    pub content_type: ObjectIdentifier,
    /// The content.
    pub content: Vec<u8>,
    /// The certificates inside.
    pub certificates: Vec<Certificate>,
    signer: SignerId,
    digest: HashAlgorithm,
    /// The attributes as they came, under the tag that is signed.
    attributes: Vec<u8>,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
}

impl SignedData {
    /// Signs content: attributes contentType, messageDigest and signingTime, the certificate inside.
    ///
    /// # Errors
    /// When the signer fails.
    pub fn sign(
        content_type: ObjectIdentifier,
        content: &[u8],
        certificate: &Certificate,
        signer: &dyn Signer,
        at: Timestamp,
    ) -> Result<Vec<u8>> {
        Self::sign_over(content_type, content, certificate, signer, at, None)
    }

    /// Signs content as an advanced electronic signature (CAdES-BES, ETSI EN 319 122-1): the certificate is signed too,
    /// so that nobody can put another one of the same key in its place.
    ///
    /// # Errors
    /// When the signer fails.
    pub fn sign_advanced(
        content_type: ObjectIdentifier,
        content: &[u8],
        certificate: &Certificate,
        signer: &dyn Signer,
        at: Timestamp,
    ) -> Result<Vec<u8>> {
        let digest = HashAlgorithm::Sha256.digest(certificate.der());
        let reference = SigningCertificateV2 {
            certificates: vec![EssCertIdV2 {
                digest: OctetString::new(digest).map_err(Error::malformed(WHAT))?,
            }],
        };
        let attribute = Any::encode_from(&reference)
            .and_then(|value| attribute(SIGNING_CERTIFICATE_V2, value))
            .map_err(Error::malformed(WHAT))?;
        Self::sign_over(
            content_type,
            content,
            certificate,
            signer,
            at,
            Some(attribute),
        )
    }

    fn sign_over(
        content_type: ObjectIdentifier,
        content: &[u8],
        certificate: &Certificate,
        signer: &dyn Signer,
        at: Timestamp,
        more: Option<Attribute>,
    ) -> Result<Vec<u8>> {
        let malformed = Error::malformed(WHAT);
        let digest = signer.algorithm().hash();
        let build = || -> der::Result<_> {
            let digest = OctetString::new(digest.digest(content))?;
            SetOfVec::try_from(vec![
                attribute(CONTENT_TYPE, Any::from(content_type))?,
                attribute(MESSAGE_DIGEST, Any::encode_from(&digest)?)?,
            ])
        };
        let mut signed_attributes: SetOfVec<Attribute> = build().map_err(&malformed)?;
        let time = Any::from_der(&x509_time(at)?.to_der().map_err(&malformed)?);
        let time = time
            .and_then(|time| attribute(SIGNING_TIME, time))
            .map_err(&malformed)?;
        for more in [Some(time), more].into_iter().flatten() {
            signed_attributes.insert(more).map_err(&malformed)?;
        }
        let signature = signer.sign(&signed_attributes.to_der().map_err(&malformed)?)?;
        let finish = || -> der::Result<Vec<u8>> {
            let digest_algorithm = AlgorithmIdentifierOwned {
                oid: digest.oid(),
                parameters: Some(Any::encode_from(&Null)?),
            };
            let info = SignerInfo {
                version: 1,
                issuer_and_serial: IssuerAndSerialNumber {
                    issuer: certificate.issuer().clone(),
                    serial: certificate.serial().clone(),
                },
                digest_algorithm: digest_algorithm.clone(),
                signed_attributes,
                signature_algorithm: signer.algorithm().identifier(),
                signature: OctetString::new(signature)?,
            };
            ContentInfo {
                content_type: SIGNED_DATA,
                content: SignedDataSyntax {
                    // RFC 5652, 5.1: 1 for plain data, 3 for any other content.
                    version: if content_type == DATA { 1 } else { 3 },
                    digest_algorithms: SetOfVec::try_from(vec![digest_algorithm])?,
                    encapsulated: EncapsulatedContent {
                        content_type,
                        content: Some(OctetString::new(content)?),
                    },
                    certificates: Some(SetOfVec::try_from(vec![Any::from_der(
                        certificate.der(),
                    )?])?),
                    crls: None,
                    signers: SetOfVec::try_from(vec![Any::encode_from(&info)?])?,
                },
            }
            .to_der()
        };
        finish().map_err(malformed)
    }

    /// Reads signed data with exactly one signer.
    ///
    /// # Errors
    /// [`Error::Malformed`], or an algorithm outside Doc 9303-12.
    pub fn decode(der: &[u8]) -> Result<Self> {
        let malformed = Error::malformed(WHAT);
        let refuse = |why: &str| Error::Malformed {
            what: WHAT,
            why: why.to_owned(),
        };
        let info = ContentInfo::from_der(der).map_err(&malformed)?;
        if info.content_type != SIGNED_DATA {
            return Err(refuse("the content type is not SignedData"));
        }
        let data = info.content;
        let content = data
            .encapsulated
            .content
            .ok_or_else(|| refuse("no content"))?;
        let certificates = data.certificates.unwrap_or_default();
        if certificates.len() > CERTIFICATES_MAX {
            return Err(refuse("too many certificates"));
        }
        let certificates = certificates
            .iter()
            .map(|any| Certificate::decode(&any.to_der().map_err(&malformed)?))
            .collect::<Result<_>>()?;
        let [signer] = data.signers.as_slice() else {
            return Err(refuse("not exactly one signer"));
        };
        let signer = read_signer(&signer.to_der().map_err(&malformed)?)?;
        Ok(Self {
            content_type: data.encapsulated.content_type,
            content: content.into_bytes().to_vec(),
            certificates,
            signer: signer.id,
            digest: signer.digest,
            attributes: signer.attributes,
            algorithm: signer.algorithm,
            signature: signer.signature,
        })
    }

    /// The certificate of the signer, if it is inside.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when it is not.
    pub fn signer_certificate(&self) -> Result<&Certificate> {
        let is_signer = |certificate: &&Certificate| match &self.signer {
            SignerId::IssuerAndSerial(issuer, serial) => {
                certificate
                    .issuer()
                    .to_der()
                    .is_ok_and(|name| name == *issuer)
                    && certificate.serial().as_bytes() == serial
            }
            SignerId::KeyId(id) => certificate
                .subject_key_id()
                .is_ok_and(|known| known.as_ref() == Some(id)),
        };
        self.certificates
            .iter()
            .find(is_signer)
            .ok_or_else(|| Error::NotAllowed {
                why: "of the signer is not inside".into(),
            })
    }

    /// The algorithm of the signature.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// What was signed, and the signature over it.
    #[must_use]
    pub fn signed_bytes(&self) -> (&[u8], &[u8]) {
        (&self.attributes, &self.signature)
    }

    /// Verifies attributes and signature with the certificate inside.
    ///
    /// # Errors
    /// [`Error::Signature`], or [`Error::Malformed`] when a required attribute is missing.
    pub fn verify(&self) -> Result<()> {
        let attributes: SetOfVec<Attribute> =
            SetOfVec::from_der(&self.attributes).map_err(Error::malformed("signed attributes"))?;
        let value = |kind| {
            attributes
                .iter()
                .find(|attribute| attribute.kind == kind)
                .and_then(|attribute| attribute.values.get(0))
        };
        let digest = value(MESSAGE_DIGEST).map(Any::value);
        let content_type = value(CONTENT_TYPE).map(Any::value);
        if digest != Some(&self.digest.digest(&self.content)[..])
            || content_type != Some(self.content_type.as_bytes())
        {
            return Err(Error::Signature {
                what: "the security object",
            });
        }
        let (bytes, signature) = self.signed_bytes();
        let key = self.signer_certificate()?.public_key()?;
        key.verify(self.algorithm, bytes, signature)
            .map_err(Error::signature("the security object"))
    }
}

/// A signer info as it was read.
struct ReadSigner {
    id: SignerId,
    digest: HashAlgorithm,
    attributes: Vec<u8>,
    algorithm: SignatureAlgorithm,
    signature: Vec<u8>,
}

/// Reads a signer info piece by piece, so that the attributes stay the bytes that were signed.
fn read_signer(der: &[u8]) -> Result<ReadSigner> {
    let read = || -> der::Result<_> {
        let mut reader = SliceReader::new(der)?;
        reader.sequence(|reader| {
            let _version = u8::decode(reader)?;
            let id = if Tag::peek(reader)? == Tag::Sequence {
                let id = IssuerAndSerialNumber::decode(reader)?;
                SignerId::IssuerAndSerial(id.issuer.to_der()?, id.serial.as_bytes().to_vec())
            } else {
                SignerId::KeyId(Any::decode(reader)?.value().to_vec())
            };
            let digest = AlgorithmIdentifierOwned::decode(reader)?;
            // Content of another type than id-data is signed through attributes, never bare (RFC 5652, 5.3).
            let mut attributes = reader.tlv_bytes()?.to_vec();
            if attributes.first() != Some(&ATTRIBUTES) {
                return Err(der::ErrorKind::Failed.into());
            }
            attributes[0] = SET;
            let algorithm = AlgorithmIdentifierOwned::decode(reader)?;
            let signature = OctetString::decode(reader)?.into_bytes().to_vec();
            while !reader.is_finished() {
                reader.tlv_bytes()?;
            }
            Ok::<_, der::Error>((id, digest, attributes, algorithm, signature))
        })
    };
    let (id, digest, attributes, algorithm, signature) =
        read().map_err(Error::malformed("signer info"))?;
    let digest = HashAlgorithm::from_oid(digest.oid)?;
    let algorithm = SignatureAlgorithm::from_identifier(&algorithm, Some(digest))?;
    Ok(ReadSigner {
        id,
        digest,
        attributes,
        algorithm,
        signature,
    })
}
