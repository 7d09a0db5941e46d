//! RSA: keys and signatures by AWS-LC, and the bare operation that Active Authentication needs.

use crate::{Error, HashAlgorithm, Result, SignatureAlgorithm};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, KeyPair, RsaEncoding, RsaKeyPair, RsaParameters};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use der::asn1::{AnyRef, OctetStringRef, UintRef};
use der::{Decode, Sequence};
use zeroize::Zeroizing;

/// The modulus of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RsaSize {
    /// 2048 bits.
    Bits2048,
    /// 3072 bits.
    Bits3072,
    /// 4096 bits.
    Bits4096,
}

impl RsaSize {
    /// The size of that many bits.
    ///
    /// # Errors
    /// [`Error::Algorithm`] for any other.
    pub fn from_bits(bits: u32) -> Result<Self> {
        match bits {
            2048 => Ok(Self::Bits2048),
            3072 => Ok(Self::Bits3072),
            4096 => Ok(Self::Bits4096),
            other => Err(Error::Algorithm {
                name: format!("RSA-{other}"),
            }),
        }
    }
}

/// An RSA private key. Wiped when dropped.
pub struct RsaPrivateKey {
    pair: RsaKeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
}

/// RFC 5208, of which only the key itself is of interest.
#[derive(Sequence)]
struct PrivateKeyInfo<'a> {
    version: u8,
    algorithm: AnyRef<'a>,
    key: &'a OctetStringRef,
}

/// RFC 8017, A.1.2.
#[derive(Sequence)]
struct Pkcs1Key<'a> {
    version: u8,
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
    private_exponent: UintRef<'a>,
    prime_1: UintRef<'a>,
    prime_2: UintRef<'a>,
    exponent_1: UintRef<'a>,
    exponent_2: UintRef<'a>,
    coefficient: UintRef<'a>,
}

impl RsaPrivateKey {
    /// A new key, with the randomness of AWS-LC; 4096 bits take about a second.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when the library fails.
    pub fn generate(size: RsaSize) -> Result<Self> {
        let size = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        let pair = RsaKeyPair::generate(size).map_err(|_| Error::PrivateKey)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| Error::PrivateKey)?;
        let pkcs8 = Zeroizing::new(der.as_ref().to_vec());
        Ok(Self { pair, pkcs8 })
    }

    /// A key from its PKCS #8 form.
    ///
    /// # Errors
    /// [`Error::PrivateKey`] when it is none, or shorter than 2048 bits.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| Error::PrivateKey)?;
        Ok(Self {
            pair,
            pkcs8: Zeroizing::new(pkcs8.to_vec()),
        })
    }

    /// The PKCS #8 form, to be sealed or written to a chip.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }

    /// Length of the modulus, in bytes.
    #[must_use]
    pub fn modulus_bytes(&self) -> usize {
        self.pair.public_modulus_len()
    }

    /// Modulus and public exponent, big-endian without leading zeros.
    #[must_use]
    pub fn public_parts(&self) -> (Vec<u8>, Vec<u8>) {
        let key = self.pair.public_key();
        (
            key.modulus().big_endian_without_leading_zero().to_vec(),
            key.exponent().big_endian_without_leading_zero().to_vec(),
        )
    }

    /// Signs a message.
    ///
    /// # Errors
    /// [`Error::Algorithm`] when the algorithm is none of RSA with SHA-256, 384 or 512.
    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>> {
        use HashAlgorithm::{Sha256, Sha384, Sha512};
        let encoding: &'static dyn RsaEncoding = match algorithm {
            SignatureAlgorithm::RsaPss(Sha256) => &signature::RSA_PSS_SHA256,
            SignatureAlgorithm::RsaPss(Sha384) => &signature::RSA_PSS_SHA384,
            SignatureAlgorithm::RsaPss(Sha512) => &signature::RSA_PSS_SHA512,
            SignatureAlgorithm::RsaPkcs1(Sha256) => &signature::RSA_PKCS1_SHA256,
            SignatureAlgorithm::RsaPkcs1(Sha384) => &signature::RSA_PKCS1_SHA384,
            SignatureAlgorithm::RsaPkcs1(Sha512) => &signature::RSA_PKCS1_SHA512,
            other => return Err(Error::Algorithm { name: other.name() }),
        };
        let mut out = vec![0; self.modulus_bytes()];
        self.pair
            .sign(encoding, &SystemRandom::new(), message, &mut out)
            .map_err(|_| Error::PrivateKey)?;
        Ok(out)
    }

    /// The bare private operation on a number as long as the modulus, in constant time.
    ///
    /// # Errors
    /// [`Error::Length`] when `input` is not as long as the modulus.
    pub fn private_operation(&self, input: &[u8]) -> Result<Vec<u8>> {
        let info = PrivateKeyInfo::from_der(&self.pkcs8).map_err(|_| Error::PrivateKey)?;
        let key = Pkcs1Key::from_der(info.key.as_bytes()).map_err(|_| Error::PrivateKey)?;
        modular_power(
            input,
            key.private_exponent.as_bytes(),
            key.modulus.as_bytes(),
        )
    }
}

/// The bare public operation: what an ISO/IEC 9796-2 signature recovers.
///
/// # Errors
/// [`Error::Length`] or [`Error::PublicKey`] when lengths or modulus are not those of a key.
pub fn rsa_public_operation(input: &[u8], exponent: &[u8], modulus: &[u8]) -> Result<Vec<u8>> {
    const MODULUS_BYTES_MAX: usize = 1024;
    const EXPONENT_BYTES_MAX: usize = 8;
    if modulus.len() > MODULUS_BYTES_MAX || exponent.len() > EXPONENT_BYTES_MAX {
        return Err(Error::PublicKey {
            why: "an RSA key longer than 8192 bits".into(),
        });
    }
    modular_power(input, exponent, modulus)
}

fn modular_power(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Result<Vec<u8>> {
    if base.len() != modulus.len() || modulus.is_empty() || exponent.is_empty() {
        return Err(Error::Length {
            what: "the number for RSA",
        });
    }
    let why = || Error::PublicKey {
        why: "the modulus is even or malformed".into(),
    };
    let bits = (modulus.len() * 8) as u32;
    let number = |bytes: &[u8], bits| BoxedUint::from_be_slice(bytes, bits).map_err(|_| why());
    let odd = Odd::new(number(modulus, bits)?)
        .into_option()
        .ok_or_else(why)?;
    let base = number(base, bits)?;
    if base >= *odd.as_ref() {
        return Err(Error::Length {
            what: "the number for RSA",
        });
    }
    let params = BoxedMontyParams::new(odd);
    let exponent = number(exponent, (exponent.len() * 8) as u32)?;
    let out = BoxedMontyForm::new(base, &params)
        .pow(&exponent)
        .retrieve()
        .to_be_bytes();
    Ok(out[out.len() - modulus.len()..].to_vec())
}

pub(crate) fn verify(
    algorithm: SignatureAlgorithm,
    modulus: &[u8],
    exponent: &[u8],
    message: &[u8],
    signature_bytes: &[u8],
) -> Result<()> {
    use HashAlgorithm::{Sha1, Sha256, Sha384, Sha512};
    let parameters: &RsaParameters = match algorithm {
        SignatureAlgorithm::RsaPss(Sha256) => &signature::RSA_PSS_2048_8192_SHA256,
        SignatureAlgorithm::RsaPss(Sha384) => &signature::RSA_PSS_2048_8192_SHA384,
        SignatureAlgorithm::RsaPss(Sha512) => &signature::RSA_PSS_2048_8192_SHA512,
        SignatureAlgorithm::RsaPkcs1(Sha1) => {
            &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        SignatureAlgorithm::RsaPkcs1(Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        SignatureAlgorithm::RsaPkcs1(Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        SignatureAlgorithm::RsaPkcs1(Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        other => return Err(Error::Algorithm { name: other.name() }),
    };
    signature::RsaPublicKeyComponents {
        n: modulus,
        e: exponent,
    }
    .verify(parameters, message, signature_bytes)
    .map_err(|_| Error::Signature)
}
