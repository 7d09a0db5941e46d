//! From a document signer to a trust anchor (Doc 9303-11, 5.1; Doc 9303-12, 4 and 6).

use crate::{Certificate, Error, Result, RevocationList};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;

/// What a terminal trusts: CSCA certificates, and the revocation lists that go with them.
#[derive(Debug, Clone, Default)]
pub struct TrustAnchors {
    /// CSCA certificates.
    pub cscas: Vec<Certificate>,
    /// Revocation lists; a list of another issuer is ignored.
    pub lists: Vec<RevocationList>,
}

/// The critical extensions that this check understands.
const UNDERSTOOD: [&str; 2] = ["2.5.29.15", "2.5.29.19"];

/// Checks a document signer certificate at a moment and gives its CSCA.
///
/// # Errors
/// The first thing that is wrong: no anchor, signature, time, rights, revocation.
pub fn check_path<'a>(
    signer: &Certificate,
    anchors: &'a TrustAnchors,
    at: Timestamp,
) -> Result<&'a Certificate> {
    let csca = find_anchor(signer, &anchors.cscas)?;
    check_csca(csca)?;
    check_document_signer(signer)?;
    check_time("the document signer certificate", signer, at)?;
    check_time("the CSCA certificate", csca, at)?;
    Ok(csca)
}

/// Checks the document signer against the revocation list of its CSCA; gives false when there is no list.
///
/// # Errors
/// [`Error::Revoked`], or a list that is forged or out of its time.
pub(crate) fn check_revocation(
    signer: &Certificate,
    csca: &Certificate,
    lists: &[RevocationList],
    at: Timestamp,
) -> Result<bool> {
    let newest = lists
        .iter()
        .filter(|list| list.issuer() == csca.subject())
        .max_by_key(|list| list.period().0);
    let Some(list) = newest else {
        return Ok(false);
    };
    list.verify_issued_by(csca)?;
    list.check(signer)?;
    let (from, to) = list.period();
    if to.is_some_and(|to| at > to) {
        return Err(Error::NotValid {
            what: "the revocation list",
            from: from.to_string(),
            to: to.map_or_else(String::new, |to| to.to_string()),
        });
    }
    Ok(true)
}

impl TrustAnchors {
    /// Checks the revocation of a document signer whose path is good; false means that no list was there.
    ///
    /// # Errors
    /// [`Error::Revoked`], or a list that is forged or out of its time.
    pub fn check_revocation(
        &self,
        signer: &Certificate,
        csca: &Certificate,
        at: Timestamp,
    ) -> Result<bool> {
        check_revocation(signer, csca, &self.lists, at)
    }
}

fn find_anchor<'a>(signer: &Certificate, cscas: &'a [Certificate]) -> Result<&'a Certificate> {
    let authority = signer.authority_key_id()?;
    let mut named = cscas
        .iter()
        .filter(|csca| csca.subject() == signer.issuer())
        .peekable();
    if named.peek().is_none() {
        return Err(Error::NoAnchor {
            issuer: signer.issuer().to_string(),
        });
    }
    // A state has several CSCA keys under one name: the key identifier tells which, the signature decides.
    let mut fault = Error::Signature {
        what: "the document signer certificate",
    };
    for csca in named {
        let known = csca.subject_key_id()?;
        if authority.is_some() && known.is_some() && authority != known {
            continue;
        }
        match signer.verify_issued_by(csca) {
            Ok(()) => return Ok(csca),
            Err(wrong) => fault = wrong,
        }
    }
    Err(fault)
}

fn check_csca(csca: &Certificate) -> Result<()> {
    refuse_unknown_critical(csca)?;
    let may_sign = csca.key_usage()?.is_some_and(|usage| usage.key_cert_sign());
    let is_authority = csca
        .basic_constraints()?
        .is_some_and(|constraints| constraints.ca);
    if !may_sign || !is_authority {
        return Err(Error::NotAllowed {
            why: "of the CSCA may not sign certificates".into(),
        });
    }
    Ok(())
}

fn check_document_signer(signer: &Certificate) -> Result<()> {
    refuse_unknown_critical(signer)?;
    if !signer
        .key_usage()?
        .is_some_and(|usage| usage.digital_signature())
    {
        return Err(Error::NotAllowed {
            why: "of the document signer may not sign".into(),
        });
    }
    if signer
        .basic_constraints()?
        .is_some_and(|constraints| constraints.ca)
    {
        return Err(Error::NotAllowed {
            why: "of the document signer is one of a CA".into(),
        });
    }
    Ok(())
}

fn refuse_unknown_critical(certificate: &Certificate) -> Result<()> {
    let known = |oid: ObjectIdentifier| {
        UNDERSTOOD
            .iter()
            .any(|known| ObjectIdentifier::new_unwrap(known) == oid)
    };
    match certificate
        .extensions()
        .find(|e| e.critical && !known(e.extn_id))
    {
        None => Ok(()),
        Some(extension) => Err(Error::NotAllowed {
            why: format!("has the unknown critical extension {}", extension.extn_id),
        }),
    }
}

fn check_time(what: &'static str, certificate: &Certificate, at: Timestamp) -> Result<()> {
    let (from, to) = certificate.validity();
    if at < from || at > to {
        return Err(Error::NotValid {
            what,
            from: from.to_string(),
            to: to.to_string(),
        });
    }
    Ok(())
}
