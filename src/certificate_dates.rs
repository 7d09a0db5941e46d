//! The certificates in a data folder, for those who look at their dates.

use crate::authority_store::AuthorityStore;
use rilascio_node::{CertificateEntry, CertificateKind};
use rilascio_pki::Certificate;
use std::path::Path;

/// The certificates that are there now; what cannot be read is left out and in the log.
pub(crate) fn of_folder(data: &Path) -> Vec<CertificateEntry> {
    let mut found = Vec::new();
    for (csca, signers, list) in AuthorityStore::certificates(data) {
        if let Some(list) = list {
            found.push(CertificateEntry::of_list(&csca, &list));
        }
        let signers = signers.iter();
        found.extend(
            signers.map(|signer| CertificateEntry::of(CertificateKind::DocumentSigner, signer)),
        );
        found.push(CertificateEntry::of(CertificateKind::Csca, &csca));
    }
    match rilascio_node::read_circle(data) {
        Ok(circle) => {
            let authority = circle.authority();
            found.push(CertificateEntry::of(
                CertificateKind::CircuitAuthority,
                authority,
            ));
            found.push(CertificateEntry::of_list(authority, circle.list()));
            let nodes = circle.certificates();
            found.extend(nodes.map(|node| CertificateEntry::of(CertificateKind::Node, node)));
        }
        Err(why) => {
            tracing::error!(code = why.code(), fault = %why, "the circle of nodes cannot be read");
        }
    }
    let operators = data.join("circuit/operators.cer");
    let operators = std::fs::read(operators).ok();
    if let Some(operators) = operators.and_then(|der| Certificate::decode(&der).ok()) {
        found.push(CertificateEntry::of(
            CertificateKind::OperatorsAuthority,
            &operators,
        ));
    }
    found
}
