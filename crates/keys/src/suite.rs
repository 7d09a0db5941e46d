//! The ciphers of secure messaging: 3DES with retail MAC, AES with CMAC, and the key derivation (Doc 9303-11, 9.7, 9.8).

use crate::{Error, HashAlgorithm, Result};
use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit,
    KeyIvInit,
};
use cmac::{Cmac, Mac};
use des::{Des, TdesEde2};
use zeroize::Zeroizing;

/// A cipher with its MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CipherSuite {
    /// Two-key 3DES in CBC mode, retail MAC (ISO/IEC 9797-1 algorithm 3).
    TripleDes,
    /// AES-128 in CBC mode, CMAC.
    Aes128,
    /// AES-192 in CBC mode, CMAC.
    Aes192,
    /// AES-256 in CBC mode, CMAC.
    Aes256,
}

/// What a derived key is for: the counter of the derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum KeyUse {
    /// Encryption.
    Encryption = 1,
    /// Authentication.
    Mac = 2,
    /// The encryption of the PACE nonce.
    Password = 3,
}

/// The two keys of a session. Wiped when dropped.
pub struct SessionKeys {
    /// The cipher.
    pub suite: CipherSuite,
    /// The key for encryption.
    pub encryption: Zeroizing<Vec<u8>>,
    /// The key for MACs.
    pub mac: Zeroizing<Vec<u8>>,
}

impl SessionKeys {
    /// Derives both keys from a shared secret.
    #[must_use]
    pub fn derive(suite: CipherSuite, secret: &[u8]) -> Self {
        Self {
            suite,
            encryption: suite.derive(secret, KeyUse::Encryption),
            mac: suite.derive(secret, KeyUse::Mac),
        }
    }
}

impl CipherSuite {
    /// Length of a key, in bytes.
    #[must_use]
    pub fn key_bytes(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Length of a block, in bytes.
    #[must_use]
    pub fn block_bytes(self) -> usize {
        match self {
            Self::TripleDes => 8,
            _ => 16,
        }
    }

    /// The last number of the protocol identifiers that use the cipher.
    #[must_use]
    pub fn oid_arc(self) -> u32 {
        match self {
            Self::TripleDes => 1,
            Self::Aes128 => 2,
            Self::Aes192 => 3,
            Self::Aes256 => 4,
        }
    }

    /// The cipher of that last number.
    #[must_use]
    pub fn from_oid_arc(arc: u32) -> Option<Self> {
        [Self::TripleDes, Self::Aes128, Self::Aes192, Self::Aes256]
            .into_iter()
            .find(|suite| suite.oid_arc() == arc)
    }

    /// The key derivation function: a hash of secret and counter, DES parity adjusted.
    #[must_use]
    pub fn derive(self, secret: &[u8], key_use: KeyUse) -> Zeroizing<Vec<u8>> {
        let hash = match self {
            Self::TripleDes | Self::Aes128 => HashAlgorithm::Sha1,
            Self::Aes192 | Self::Aes256 => HashAlgorithm::Sha256,
        };
        let input = Zeroizing::new([secret, &(key_use as u32).to_be_bytes()].concat());
        let mut key = Zeroizing::new(hash.digest(&input));
        key.truncate(self.key_bytes());
        if self == Self::TripleDes {
            for byte in key.iter_mut() {
                let odd = (*byte & 0xFE).count_ones() % 2 == 1;
                *byte = *byte & 0xFE | u8::from(!odd);
            }
        }
        key
    }

    /// Encrypts whole blocks in CBC mode.
    ///
    /// # Errors
    /// [`Error::Length`] when key, vector or text have the wrong length.
    pub fn encrypt(self, key: &[u8], iv: &[u8], text: &[u8]) -> Result<Vec<u8>> {
        let mut buffer = text.to_vec();
        match self {
            Self::TripleDes => cbc_encrypt::<TdesEde2>(key, iv, &mut buffer),
            Self::Aes128 => cbc_encrypt::<Aes128>(key, iv, &mut buffer),
            Self::Aes192 => cbc_encrypt::<Aes192>(key, iv, &mut buffer),
            Self::Aes256 => cbc_encrypt::<Aes256>(key, iv, &mut buffer),
        }?;
        Ok(buffer)
    }

    /// Decrypts whole blocks in CBC mode.
    ///
    /// # Errors
    /// [`Error::Length`] when key, vector or text have the wrong length.
    pub fn decrypt(self, key: &[u8], iv: &[u8], text: &[u8]) -> Result<Vec<u8>> {
        let mut buffer = text.to_vec();
        match self {
            Self::TripleDes => cbc_decrypt::<TdesEde2>(key, iv, &mut buffer),
            Self::Aes128 => cbc_decrypt::<Aes128>(key, iv, &mut buffer),
            Self::Aes192 => cbc_decrypt::<Aes192>(key, iv, &mut buffer),
            Self::Aes256 => cbc_decrypt::<Aes256>(key, iv, &mut buffer),
        }?;
        Ok(buffer)
    }

    /// The MAC of eight bytes. 3DES takes whole blocks: the caller pads.
    ///
    /// # Errors
    /// [`Error::Length`] when key or text have the wrong length.
    pub fn mac(self, key: &[u8], text: &[u8]) -> Result<[u8; 8]> {
        match self {
            Self::TripleDes => retail_mac(key, text),
            aes => aes.full_mac(key, text)?[..8].try_into().map_err(|_| LENGTH),
        }
    }
}

impl CipherSuite {
    /// The whole CMAC of AES, 16 bytes.
    ///
    /// # Errors
    /// [`Error::Length`] when the key has the wrong length, [`Error::Algorithm`] for 3DES.
    pub fn full_mac(self, key: &[u8], text: &[u8]) -> Result<[u8; 16]> {
        match self {
            Self::TripleDes => Err(Error::Algorithm {
                name: "CMAC with 3DES".into(),
            }),
            Self::Aes128 => cmac::<Aes128>(key, text),
            Self::Aes192 => cmac::<Aes192>(key, text),
            Self::Aes256 => cmac::<Aes256>(key, text),
        }
    }
}

const LENGTH: Error = Error::Length {
    what: "key, vector or text of the cipher",
};

fn cbc_encrypt<C>(key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Result<()>
where
    C: BlockCipherEncrypt + KeyInit,
{
    let mut mode = cbc::Encryptor::<C>::new_from_slices(key, iv).map_err(|_| LENGTH)?;
    let (blocks, rest) = Array::<u8, C::BlockSize>::slice_as_chunks_mut(buffer);
    if !rest.is_empty() {
        return Err(LENGTH);
    }
    mode.encrypt_blocks(blocks);
    Ok(())
}

fn cbc_decrypt<C>(key: &[u8], iv: &[u8], buffer: &mut [u8]) -> Result<()>
where
    C: BlockCipherDecrypt + KeyInit,
{
    let mut mode = cbc::Decryptor::<C>::new_from_slices(key, iv).map_err(|_| LENGTH)?;
    let (blocks, rest) = Array::<u8, C::BlockSize>::slice_as_chunks_mut(buffer);
    if !rest.is_empty() {
        return Err(LENGTH);
    }
    mode.decrypt_blocks(blocks);
    Ok(())
}

fn cmac<C: cmac::block_api::CmacCipher + KeyInit>(key: &[u8], text: &[u8]) -> Result<[u8; 16]> {
    let mut mac = <Cmac<C> as KeyInit>::new_from_slice(key).map_err(|_| LENGTH)?;
    Mac::update(&mut mac, text);
    mac.finalize().into_bytes()[..]
        .try_into()
        .map_err(|_| LENGTH)
}

fn retail_mac(key: &[u8], text: &[u8]) -> Result<[u8; 8]> {
    if key.len() != 16 || text.is_empty() || !text.len().is_multiple_of(8) {
        return Err(LENGTH);
    }
    let first = Des::new_from_slice(&key[..8]).map_err(|_| LENGTH)?;
    let second = Des::new_from_slice(&key[8..]).map_err(|_| LENGTH)?;
    let mut block = Array::from([0u8; 8]);
    for chunk in text.chunks_exact(8) {
        for (state, byte) in block.iter_mut().zip(chunk) {
            *state ^= byte;
        }
        first.encrypt_block(&mut block);
    }
    second.decrypt_block(&mut block);
    first.encrypt_block(&mut block);
    Ok(block.into())
}
