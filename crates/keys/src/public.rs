//! Public keys as SubjectPublicKeyInfo (RFC 5280, RFC 3279), curves named or explicit.

use crate::{Curve, Error, Result, SignatureAlgorithm, ec, rsa};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, BitString, Null, OctetString, Uint, UintRef};
use der::{Decode, Encode, Sequence};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// How a curve is written into a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CurveEncoding {
    /// By its object identifier.
    Named,
    /// With all its parameters, as Doc 9303-12 (4.4.1) asks for in certificates.
    Explicit,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// A point of a curve.
    Ec {
        /// The curve.
        curve: Curve,
        /// The uncompressed point, known to be on the curve.
        point: Vec<u8>,
    },
    /// An RSA key; both numbers big-endian without leading zeros.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
    },
}

/// RFC 3279, 2.3.5: `FieldID`.
#[derive(Sequence)]
struct FieldId {
    kind: ObjectIdentifier,
    prime: Uint,
}

/// RFC 3279, 2.3.5: `Curve`.
#[derive(Sequence)]
struct Coefficients {
    a: OctetString,
    b: OctetString,
    #[asn1(optional = "true")]
    seed: Option<BitString>,
}

/// RFC 3279, 2.3.5: `ECParameters`.
#[derive(Sequence)]
struct EcParameters {
    version: u8,
    field: FieldId,
    curve: Coefficients,
    base: OctetString,
    order: Uint,
    #[asn1(optional = "true")]
    cofactor: Option<Uint>,
}

/// RFC 8017, A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

impl PublicKey {
    /// A key on a curve.
    ///
    /// # Errors
    /// [`Error::Point`] when the point is not on it.
    pub fn ec(curve: Curve, point: &[u8]) -> Result<Self> {
        ec::check_point(curve, point)?;
        Ok(Self::Ec {
            curve,
            point: point.to_vec(),
        })
    }

    /// Writes the key as SubjectPublicKeyInfo.
    #[must_use]
    pub fn to_spki(&self, encoding: CurveEncoding) -> SubjectPublicKeyInfoOwned {
        const ENCODES: &str = "parameters of known curves and keys encode";
        let (algorithm, key) = match self {
            Self::Ec { curve, point } => {
                let parameters = match encoding {
                    CurveEncoding::Named => Any::encode_from(&curve.oid()),
                    CurveEncoding::Explicit => Any::encode_from(&explicit(*curve).expect(ENCODES)),
                };
                let parameters = Some(parameters.expect(ENCODES));
                (
                    AlgorithmIdentifierOwned {
                        oid: EC_PUBLIC_KEY,
                        parameters,
                    },
                    point.clone(),
                )
            }
            Self::Rsa { modulus, exponent } => {
                let key = RsaPublicKey {
                    modulus: UintRef::new(modulus).expect(ENCODES),
                    exponent: UintRef::new(exponent).expect(ENCODES),
                };
                let parameters = Some(Any::encode_from(&Null).expect(ENCODES));
                let algorithm = AlgorithmIdentifierOwned {
                    oid: RSA_ENCRYPTION,
                    parameters,
                };
                (algorithm, key.to_der().expect(ENCODES))
            }
        };
        SubjectPublicKeyInfoOwned {
            algorithm,
            subject_public_key: BitString::from_bytes(&key).expect(ENCODES),
        }
    }

    /// Reads a SubjectPublicKeyInfo. Explicit parameters must be those of a known curve, cofactor included: nothing
    /// is ever computed on a curve that came with a key.
    ///
    /// # Errors
    /// [`Error::PublicKey`] or [`Error::Point`].
    pub fn from_spki(spki: &SubjectPublicKeyInfoOwned) -> Result<Self> {
        let refuse = |why: &str| Error::PublicKey {
            why: why.to_owned(),
        };
        let key = spki
            .subject_public_key
            .as_bytes()
            .ok_or_else(|| refuse("unused bits"))?;
        match spki.algorithm.oid {
            EC_PUBLIC_KEY => {
                let parameters = spki.algorithm.parameters.as_ref();
                let curve = read_curve(parameters.ok_or_else(|| refuse("no curve"))?)?;
                Self::ec(curve, key)
            }
            RSA_ENCRYPTION => {
                let key = RsaPublicKey::from_der(key).map_err(|_| refuse("malformed RSA key"))?;
                Ok(Self::Rsa {
                    modulus: key.modulus.as_bytes().to_vec(),
                    exponent: key.exponent.as_bytes().to_vec(),
                })
            }
            other => Err(refuse(&format!("key type {other}"))),
        }
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    /// [`Error::PublicKey`] or [`Error::Point`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self> {
        let spki = SubjectPublicKeyInfoOwned::from_der(der).map_err(|fault| Error::PublicKey {
            why: fault.to_string(),
        })?;
        Self::from_spki(&spki)
    }

    /// Verifies a signature over a message; ECDSA signatures in DER.
    ///
    /// # Errors
    /// [`Error::Signature`] when it is wrong, [`Error::Algorithm`] when it is of another kind than the key.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        match (self, algorithm) {
            (Self::Ec { curve, point }, SignatureAlgorithm::Ecdsa(hash)) => {
                let raw = ec::ecdsa_raw_from_der(*curve, signature)?;
                ec::verify_digest(*curve, point, &hash.digest(message), &raw)
            }
            (Self::Rsa { modulus, exponent }, algorithm) => {
                rsa::verify(algorithm, modulus, exponent, message, signature)
            }
            (_, other) => Err(Error::Algorithm { name: other.name() }),
        }
    }

    /// Verifies a plain `r || s` over a digest.
    ///
    /// # Errors
    /// [`Error::Signature`] when it is wrong, [`Error::Algorithm`] for a key of another kind.
    pub fn verify_digest(&self, digest: &[u8], raw: &[u8]) -> Result<()> {
        match self {
            Self::Ec { curve, point } => ec::verify_digest(*curve, point, digest, raw),
            Self::Rsa { .. } => Err(Error::Algorithm {
                name: "plain ECDSA with an RSA key".into(),
            }),
        }
    }
}

fn explicit(curve: Curve) -> der::Result<EcParameters> {
    let parameters = curve.parameters();
    Ok(EcParameters {
        version: 1,
        field: FieldId {
            kind: PRIME_FIELD,
            prime: Uint::new(&parameters.p)?,
        },
        curve: Coefficients {
            a: OctetString::new(parameters.a)?,
            b: OctetString::new(parameters.b)?,
            seed: None,
        },
        base: OctetString::new(parameters.g)?,
        order: Uint::new(&parameters.n)?,
        cofactor: Some(Uint::new(&[1])?),
    })
}

fn read_curve(parameters: &Any) -> Result<Curve> {
    let refuse = |why: String| Error::PublicKey { why };
    if let Ok(oid) = parameters.decode_as::<ObjectIdentifier>() {
        return Curve::ALL
            .into_iter()
            .find(|curve| curve.oid() == oid)
            .ok_or_else(|| refuse(format!("curve {oid}")));
    }
    let given: EcParameters = parameters
        .decode_as()
        .map_err(|_| refuse("neither a named curve nor explicit parameters".into()))?;
    // Field elements may be written with leading zeros or without.
    let same = |written: &[u8], known: &[u8]| trim(written) == trim(known);
    let is = |curve: &Curve| {
        let known = curve.parameters();
        given.field.kind == PRIME_FIELD
            && same(given.field.prime.as_bytes(), &known.p)
            && same(given.curve.a.as_bytes(), &known.a)
            && same(given.curve.b.as_bytes(), &known.b)
            && given.base.as_bytes() == known.g
            && same(given.order.as_bytes(), &known.n)
            && given
                .cofactor
                .as_ref()
                .is_none_or(|h| same(h.as_bytes(), &[1]))
    };
    Curve::ALL
        .into_iter()
        .find(is)
        .ok_or_else(|| refuse("explicit parameters of no known curve".into()))
}

fn trim(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}
