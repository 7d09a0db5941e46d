#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod active_authentication;
pub mod apdu;
pub mod bac;
pub mod channel;
pub mod chip_authentication;
mod error;
pub mod pace;
mod password;
pub mod scp03;
mod secure_messaging;
pub mod security_info;

pub use error::Error;
pub use password::{AccessPassword, PasswordKind};
pub use secure_messaging::SecureMessaging;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
