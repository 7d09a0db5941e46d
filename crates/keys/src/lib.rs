#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod algorithm;
mod brainpool_p512r1;
mod curve;
mod ec;
mod ed25519;
mod error;
mod hash;
mod public;
mod rsa;
mod seal;
mod signer;
mod suite;
mod transport;
pub mod webauthn;

pub use algorithm::SignatureAlgorithm;
pub use curve::{Curve, CurveParameters};
pub use ec::{EcPrivateKey, ecdsa_raw_from_der, ecdsa_raw_to_der, map_generator};
pub use ed25519::Ed25519Key;
pub use error::Error;
pub use hash::HashAlgorithm;
pub use public::{CurveEncoding, PublicKey};
pub use rsa::{RsaPrivateKey, RsaSize, rsa_public_operation};
pub use seal::MasterKey;
pub use signer::{PrivateKey, Signer};
pub use suite::{CipherSuite, KeyUse, SessionKeys};
pub use transport::ContentKey;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
