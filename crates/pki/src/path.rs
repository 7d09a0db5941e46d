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

const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");

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

impl TrustAnchors {
    /// Checks the revocation of a document signer whose path is good; false means that no list was there.
    ///
    /// A state signs one list with its newest key, which stands for the signers of older keys of the same name too.
    ///
    /// # Errors
    /// [`Error::Revoked`], or a list that is out of its time; forged lists count for nothing.
    pub fn check_revocation(
        &self,
        signer: &Certificate,
        csca: &Certificate,
        at: Timestamp,
    ) -> Result<bool> {
        let is_genuine = |list: &&RevocationList| {
            self.cscas.iter().any(|anchor| {
                anchor.subject() == list.issuer()
                    && may_sign_lists(anchor)
                    && list.verify_issued_by(anchor).is_ok()
            })
        };
        let mut named = self
            .lists
            .iter()
            .filter(|list| list.issuer() == csca.subject())
            .peekable();
        if named.peek().is_none() {
            return Ok(false);
        }
        let newest = named.filter(is_genuine).max_by_key(|list| list.period().0);
        let list = newest.ok_or(Error::Signature {
            what: "the revocation list",
        })?;
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
}

fn may_sign_lists(csca: &Certificate) -> bool {
    csca.key_usage()
        .is_ok_and(|usage| usage.is_some_and(|usage| usage.crl_sign()))
}

fn find_anchor<'a>(signer: &Certificate, cscas: &'a [Certificate]) -> Result<&'a Certificate> {
    let authority = signer.authority_key_id()?;
    // Some states write their name in two ways: the identifier of the key leads there too.
    let is_issuer = |csca: &&Certificate| {
        let same_key = || {
            csca.subject_key_id()
                .is_ok_and(|id| id.is_some() && id == authority)
        };
        csca.subject() == signer.issuer() || same_key()
    };
    let mut named = cscas.iter().filter(is_issuer).peekable();
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
    if signer.extension(EXTENDED_KEY_USAGE).is_some() {
        // Doc 9303-12, table 7: signers of lists and seals have it, document signers do not.
        return Err(Error::NotAllowed {
            why: "is one of a list or seal signer".into(),
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
