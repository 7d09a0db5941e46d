//! Elliptic-curve keys: agreement, ECDSA, and the generic mapping of PACE.

use crate::brainpool_p512r1::BrainpoolP512r1;
use crate::{Curve, Error, Result};
use der::asn1::UintRef;
use der::{Decode, Encode, Sequence};
use ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use ecdsa::{DigestAlgorithm, EcdsaCurve, Signature, SigningKey, VerifyingKey};
use elliptic_curve::ops::Reduce;
use elliptic_curve::point::AffineCoordinates;
use elliptic_curve::sec1::{FromSec1Point, ToSec1Point};
use elliptic_curve::{
    AffinePoint, FieldBytes, Generate, Group, NonZeroScalar, PrimeField, ProjectivePoint, Scalar,
};
use primeorder::PrimeCurveParams;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Runs `$body` with `$C` bound to the type of a curve.
macro_rules! on_curve {
    ($curve:expr, $C:ident => $body:expr) => {
        match $curve {
            Curve::P256 => {
                type $C = p256::NistP256;
                $body
            }
            Curve::P384 => {
                type $C = p384::NistP384;
                $body
            }
            Curve::P521 => {
                type $C = p521::NistP521;
                $body
            }
            Curve::BrainpoolP256r1 => {
                type $C = bp256::BrainpoolP256r1;
                $body
            }
            Curve::BrainpoolP384r1 => {
                type $C = bp384::BrainpoolP384r1;
                $body
            }
            Curve::BrainpoolP512r1 => {
                type $C = BrainpoolP512r1;
                $body
            }
        }
    };
}

/// A private key on a curve, with a generator that PACE may have mapped. Wiped when dropped.
pub struct EcPrivateKey {
    curve: Curve,
    scalar: Zeroizing<Vec<u8>>,
    point: Vec<u8>,
}

impl EcPrivateKey {
    /// A new key for the standard generator.
    #[must_use]
    pub fn generate(curve: Curve, rng: &mut dyn CryptoRng) -> Self {
        on_curve!(curve, C => Self::from_scalar::<C>(curve, &NonZeroScalar::<C>::generate_from_rng(rng)))
    }

    /// A new key for another generator of the curve.
    ///
    /// # Errors
    /// [`Error::Point`] when `generator` is no point of the curve.
    pub fn generate_for(curve: Curve, generator: &[u8], rng: &mut dyn CryptoRng) -> Result<Self> {
        let key = Self::generate(curve, rng);
        Self::from_bytes_for(curve, generator, &key.scalar)
    }

    /// A key from its scalar, for the standard generator.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when it is zero, too large or of another length than the field.
    pub fn from_bytes(curve: Curve, scalar: &[u8]) -> Result<Self> {
        on_curve!(curve, C => Ok(Self::from_scalar::<C>(curve, &read_scalar::<C>(scalar)?)))
    }

    /// A key from its scalar, for another generator of the curve.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] or [`Error::Point`].
    pub fn from_bytes_for(curve: Curve, generator: &[u8], scalar: &[u8]) -> Result<Self> {
        let point = on_curve!(curve, C => {
            let product = read_point::<C>(curve, generator)? * *read_scalar::<C>(scalar)?;
            write_point::<C>(curve, &product)?
        });
        Ok(Self {
            curve,
            scalar: Zeroizing::new(scalar.to_vec()),
            point,
        })
    }

    fn from_scalar<C: PrimeCurveParams>(curve: Curve, scalar: &NonZeroScalar<C>) -> Self {
        let point = ProjectivePoint::<C>::mul_by_generator(scalar.as_ref());
        Self {
            curve,
            scalar: Zeroizing::new(scalar.to_repr().to_vec()),
            point: point.to_affine().to_sec1_point(false).as_bytes().to_vec(),
        }
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The public key: an uncompressed point.
    #[must_use]
    pub fn point(&self) -> &[u8] {
        &self.point
    }

    /// The scalar, to be sealed or written to a chip.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.scalar.clone()
    }

    /// The key as RFC 5915 writes it, with curve and public key.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn to_sec1_der(&self) -> Result<Zeroizing<Vec<u8>>> {
        /// RFC 5915, 3.
        #[derive(Sequence)]
        struct EcPrivateKeySyntax {
            version: u8,
            key: der::asn1::OctetString,
            #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
            curve: const_oid::ObjectIdentifier,
            #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
            point: der::asn1::BitString,
        }
        let write = || -> der::Result<Vec<u8>> {
            EcPrivateKeySyntax {
                version: 1,
                key: der::asn1::OctetString::new(&self.scalar[..])?,
                curve: self.curve.oid(),
                point: der::asn1::BitString::from_bytes(&self.point)?,
            }
            .to_der()
        };
        write().map(Zeroizing::new).map_err(|_| Error::PrivateKey)
    }

    /// The product with a peer's point, as an uncompressed point.
    ///
    /// # Errors
    /// [`Error::Point`] when the peer's point is not on the curve.
    pub fn agree_point(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        on_curve!(self.curve, C => {
            let product = read_point::<C>(self.curve, peer)? * *read_scalar::<C>(&self.scalar)?;
            Ok(Zeroizing::new(write_point::<C>(self.curve, &product)?))
        })
    }

    /// ECKA (TR-03111, 4.3.1): the x coordinate of the product with a peer's point.
    ///
    /// # Errors
    /// [`Error::Point`] when the peer's point is not on the curve.
    pub fn agree(&self, peer: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let point = self.agree_point(peer)?;
        Ok(Zeroizing::new(point[1..=self.curve.field_bytes()].to_vec()))
    }

    /// ECDSA over a digest, as plain `r || s`; deterministic (RFC 6979).
    ///
    /// # Errors
    /// [`Error::Length`] for an empty digest.
    pub fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>> {
        if digest.is_empty() {
            return Err(Error::Length { what: "the digest" });
        }
        on_curve!(self.curve, C => sign::<C>(&self.scalar, digest))
    }
}

/// The generic mapping of PACE (Doc 9303-11, 4.4.3.3.1): `nonce * G + shared`.
///
/// # Errors
/// [`Error::Point`] when `shared` is no point, or the result is at infinity.
pub fn map_generator(curve: Curve, nonce: &[u8], shared: &[u8]) -> Result<Vec<u8>> {
    on_curve!(curve, C => {
        let field = curve.field_bytes();
        if nonce.len() > field {
            return Err(Error::Length { what: "the nonce" });
        }
        let mut bytes = FieldBytes::<C>::default();
        bytes[field - nonce.len()..].copy_from_slice(nonce);
        let scalar = <Scalar<C> as Reduce<FieldBytes<C>>>::reduce(&bytes);
        let mapped = ProjectivePoint::<C>::mul_by_generator(&scalar) + read_point::<C>(curve, shared)?;
        write_point::<C>(curve, &mapped)
    })
}

/// Verifies ECDSA over a digest; the signature is plain `r || s`.
pub(crate) fn verify_digest(curve: Curve, point: &[u8], digest: &[u8], raw: &[u8]) -> Result<()> {
    on_curve!(curve, C => {
        read_point::<C>(curve, point)?;
        let key = VerifyingKey::<C>::from_sec1_bytes(point)
            .map_err(|_| Error::Point { curve: curve.name() })?;
        let signature = Signature::<C>::from_slice(raw).map_err(|_| Error::Signature)?;
        key.verify_prehash(digest, &signature).map_err(|_| Error::Signature)
    })
}

/// Refuses what is not an uncompressed point of the curve.
pub(crate) fn check_point(curve: Curve, point: &[u8]) -> Result<()> {
    on_curve!(curve, C => read_point::<C>(curve, point).map(|_| ()))
}

fn sign<C>(scalar: &[u8], digest: &[u8]) -> Result<Vec<u8>>
where
    C: PrimeCurveParams + EcdsaCurve + DigestAlgorithm,
{
    let key = SigningKey::<C>::from_slice(scalar).map_err(|_| Error::PrivateKey)?;
    let signature: Signature<C> = key.sign_prehash(digest).map_err(|_| Error::PrivateKey)?;
    Ok(signature.to_bytes().to_vec())
}

fn read_scalar<C: PrimeCurveParams>(bytes: &[u8]) -> Result<NonZeroScalar<C>> {
    let bytes = FieldBytes::<C>::try_from(bytes).map_err(|_| Error::PrivateKey)?;
    NonZeroScalar::<C>::from_repr(bytes)
        .into_option()
        .ok_or(Error::PrivateKey)
}

fn read_point<C: PrimeCurveParams>(curve: Curve, bytes: &[u8]) -> Result<ProjectivePoint<C>> {
    let fault = Error::Point {
        curve: curve.name(),
    };
    if bytes.first() != Some(&4) || bytes.len() != 1 + 2 * curve.field_bytes() {
        return Err(fault);
    }
    let affine = AffinePoint::<C>::from_sec1_bytes(bytes).map_err(|_| fault)?;
    Ok(ProjectivePoint::<C>::from(affine))
}

fn write_point<C: PrimeCurveParams>(curve: Curve, point: &ProjectivePoint<C>) -> Result<Vec<u8>> {
    if bool::from(point.is_identity()) {
        return Err(Error::Point {
            curve: curve.name(),
        });
    }
    let affine = point.to_affine();
    debug_assert_eq!(affine.x().len(), curve.field_bytes());
    Ok(affine.to_sec1_point(false).as_bytes().to_vec())
}

#[derive(Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// From plain `r || s` to the DER form of certificates (RFC 3279, 2.2.3).
///
/// # Errors
/// [`Error::Signature`] when the length is odd.
pub fn ecdsa_raw_to_der(raw: &[u8]) -> Result<Vec<u8>> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) {
        return Err(Error::Signature);
    }
    let (r, s) = raw.split_at(raw.len() / 2);
    let part = |bytes| UintRef::new(bytes).map_err(|_| Error::Signature);
    EcdsaSigValue {
        r: part(r)?,
        s: part(s)?,
    }
    .to_der()
    .map_err(|_| Error::Signature)
}

/// From the DER form to plain `r || s` for a curve.
///
/// # Errors
/// [`Error::Signature`] when it is no such structure, or too long for the curve.
pub fn ecdsa_raw_from_der(curve: Curve, der: &[u8]) -> Result<Vec<u8>> {
    let value = EcdsaSigValue::from_der(der).map_err(|_| Error::Signature)?;
    let field = curve.field_bytes();
    let mut raw = vec![0; 2 * field];
    for (part, end) in [(value.r.as_bytes(), field), (value.s.as_bytes(), 2 * field)] {
        if part.len() > field {
            return Err(Error::Signature);
        }
        raw[end - part.len()..end].copy_from_slice(part);
    }
    Ok(raw)
}
