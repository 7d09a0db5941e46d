//! Who signs: a private key in this process, or one in a token behind the same trait.

use crate::{
    Curve, EcPrivateKey, Error, PublicKey, Result, RsaPrivateKey, RsaSize, SignatureAlgorithm, ec,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Something that signs with one key and one algorithm.
pub trait Signer {
    /// The algorithm of its signatures.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// The key that verifies them.
    fn public_key(&self) -> PublicKey;

    /// Signs a message; ECDSA signatures come in DER.
    ///
    /// # Errors
    /// When the key or the token behind it fails.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;
}

impl<T: Signer + ?Sized> Signer for Box<T> {
    fn algorithm(&self) -> SignatureAlgorithm {
        (**self).algorithm()
    }

    fn public_key(&self) -> PublicKey {
        (**self).public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        (**self).sign(message)
    }
}

/// A private key of either family.
pub enum PrivateKey {
    /// On a curve.
    Ec(EcPrivateKey),
    /// RSA.
    Rsa(RsaPrivateKey),
}

impl PrivateKey {
    /// A new key on a curve.
    #[must_use]
    pub fn generate_ec(curve: Curve, rng: &mut dyn CryptoRng) -> Self {
        Self::Ec(EcPrivateKey::generate(curve, rng))
    }

    /// A new RSA key.
    ///
    /// # Errors
    /// When the library fails.
    pub fn generate_rsa(size: RsaSize) -> Result<Self> {
        RsaPrivateKey::generate(size).map(Self::Rsa)
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Ec(key) => PublicKey::Ec {
                curve: key.curve(),
                point: key.point().to_vec(),
            },
            Self::Rsa(key) => {
                let (modulus, exponent) = key.public_parts();
                PublicKey::Rsa { modulus, exponent }
            }
        }
    }

    /// The key as bytes: one for the kind of key, then scalar or PKCS #8. To be sealed or written to a chip.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let (kind, body) = match self {
            Self::Ec(key) => (key.curve().parameter_id(), key.to_bytes()),
            Self::Rsa(key) => (0, key.to_pkcs8()),
        };
        let mut out = Zeroizing::new(Vec::with_capacity(1 + body.len()));
        out.push(kind);
        out.extend_from_slice(&body);
        out
    }

    /// A key from what [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    /// [`Error::PrivateKey`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        match bytes.split_first() {
            Some((0, pkcs8)) => RsaPrivateKey::from_pkcs8(pkcs8).map(Self::Rsa),
            Some((id, scalar)) => {
                let curve = Curve::from_parameter_id((*id).into()).ok_or(Error::PrivateKey)?;
                EcPrivateKey::from_bytes(curve, scalar).map(Self::Ec)
            }
            None => Err(Error::PrivateKey),
        }
    }

    /// A signer with this key.
    ///
    /// # Errors
    /// [`Error::Algorithm`] when key and algorithm are of different families.
    pub fn into_signer(
        self,
        algorithm: SignatureAlgorithm,
    ) -> Result<impl Signer + Send + Sync + 'static> {
        match (&self, algorithm) {
            (Self::Ec(_), SignatureAlgorithm::Ecdsa(_))
            | (Self::Rsa(_), SignatureAlgorithm::RsaPss(_) | SignatureAlgorithm::RsaPkcs1(_)) => {
                Ok(SoftwareSigner {
                    key: self,
                    algorithm,
                })
            }
            _ => Err(Error::Algorithm {
                name: format!("{} with this key", algorithm.name()),
            }),
        }
    }
}

struct SoftwareSigner {
    key: PrivateKey,
    algorithm: SignatureAlgorithm,
}

impl Signer for SoftwareSigner {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match &self.key {
            PrivateKey::Ec(key) => {
                let raw = key.sign_digest(&self.algorithm.hash().digest(message))?;
                ec::ecdsa_raw_to_der(&raw)
            }
            PrivateKey::Rsa(key) => key.sign(self.algorithm, message),
        }
    }
}
