#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod authority;
mod certificate;
mod certification_request;
mod crl;
mod end_authority;
pub mod enveloped_data;
mod error;
mod extensions;
mod node_authority;
mod operator_authority;
mod path;
mod signed_data;
mod sod;
mod time;

pub use authority::{AuthorityNames, Csca, DocumentSigner, DocumentSignerPlan, Period};
pub use certificate::Certificate;
pub use certification_request::CertificationRequest;
pub use crl::RevocationList;
pub use error::Error;
pub use extensions::{DOCUMENT_TYPE_LIST, DocumentTypeList};
pub use node_authority::{NodeAuthority, check_list, check_node};
pub use operator_authority::OperatorAuthority;
pub use path::{TrustAnchors, check_path};
pub use signed_data::SignedData;
pub use sod::{CARD_SECURITY, LdsSecurityObject, Sod, card_security};

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
