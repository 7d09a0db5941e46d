//! Active Authentication: the chip signs the terminal's challenge (Doc 9303-11, 6.1).

use crate::{Error, Result};
use rand_core::CryptoRng;
use rilascio_keys::{HashAlgorithm, PrivateKey, PublicKey, rsa_public_operation};

/// Length of the challenge, in bytes.
pub const CHALLENGE_BYTES: usize = 8;

const HEADER: u8 = 0x6A;
const TRAILER_SHA1: u8 = 0xBC;
const TRAILER: u8 = 0xCC;

/// The chip's answer: plain ECDSA over the challenge, or an ISO/IEC 9796-2 scheme 1 signature.
///
/// # Errors
/// When the key fails.
pub fn sign(
    key: &PrivateKey,
    hash: HashAlgorithm,
    challenge: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>> {
    match key {
        PrivateKey::Ec(key) => Ok(key.sign_digest(&hash.digest(challenge))?),
        PrivateKey::Rsa(key) => {
            let trailer = trailer(hash)?;
            let length = key.modulus_bytes();
            let mut message = vec![0; length - 1 - hash.digest_bytes() - trailer.len()];
            rng.fill_bytes(&mut message);
            let digest = hash.digest(&[&message[..], challenge].concat());
            let representative = [&[HEADER], &message[..], &digest, &trailer].concat();
            Ok(key.private_operation(&representative)?)
        }
    }
}

/// Verifies the answer of a chip. `hash` is what DG14 says for an ECDSA key, and not needed for RSA.
///
/// # Errors
/// [`Error::Authentication`] when the answer is wrong; [`Error::Unsupported`] for an unknown form.
pub fn verify(key: &PublicKey, hash: HashAlgorithm, challenge: &[u8], answer: &[u8]) -> Result<()> {
    let wrong = || Error::Authentication {
        what: "the signature over the challenge",
    };
    match key {
        PublicKey::Ec { .. } => key
            .verify_digest(&hash.digest(challenge), answer)
            .map_err(|_| wrong()),
        PublicKey::Rsa { modulus, exponent } => {
            let recovered = rsa_public_operation(answer, exponent, modulus).map_err(|_| wrong())?;
            let (hash, trailer_bytes) = match recovered[..] {
                [.., TRAILER_SHA1] => (HashAlgorithm::Sha1, 1),
                [.., id, TRAILER] => (hash_of(id)?, 2),
                _ => return Err(wrong()),
            };
            let body = recovered.strip_prefix(&[HEADER]).ok_or_else(wrong)?;
            let body = &body[..body.len().saturating_sub(trailer_bytes)];
            let split = body
                .len()
                .checked_sub(hash.digest_bytes())
                .ok_or_else(wrong)?;
            let (message, digest) = body.split_at(split);
            if hash.digest(&[message, challenge].concat()) == digest {
                Ok(())
            } else {
                Err(wrong())
            }
        }
    }
}

/// ISO/IEC 10118-3 identifiers of the hash functions.
const HASH_IDS: [(HashAlgorithm, u8); 4] = [
    (HashAlgorithm::Sha256, 0x34),
    (HashAlgorithm::Sha512, 0x35),
    (HashAlgorithm::Sha384, 0x36),
    (HashAlgorithm::Sha224, 0x38),
];

fn trailer(hash: HashAlgorithm) -> Result<Vec<u8>> {
    if hash == HashAlgorithm::Sha1 {
        return Ok(vec![TRAILER_SHA1]);
    }
    let (_, id) = HASH_IDS
        .iter()
        .find(|(known, _)| *known == hash)
        .ok_or_else(|| Error::Unsupported {
            what: hash.name().to_owned(),
        })?;
    Ok(vec![*id, TRAILER])
}

fn hash_of(id: u8) -> Result<HashAlgorithm> {
    HASH_IDS
        .iter()
        .find(|(_, known)| *known == id)
        .map(|(hash, _)| *hash)
        .ok_or_else(|| Error::Unsupported {
            what: format!("the trailer {id:02X}CC"),
        })
}
