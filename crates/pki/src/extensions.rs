//! The extensions of Doc 9303-12 (4.3, table 7).

use crate::{Error, Result};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, GeneralizedTime, Ia5String, OctetString, PrintableString, SetOfVec};
use der::flagset::FlagSet;
use der::{Decode, Encode, Sequence};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints, KeyUsage, KeyUsages,
    PrivateKeyUsagePeriod, SubjectKeyIdentifier,
};
use x509_cert::name::Name;

/// `id-icao-mrtd-security-extensions-documentTypeList`.
pub const DOCUMENT_TYPE_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.6.2");

const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const PRIVATE_KEY_USAGE_PERIOD: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.16");
const SUBJECT_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const ISSUER_ALT_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.18");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const CRL_DISTRIBUTION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");

/// Which documents a document signer signs (Doc 9303-12, 4.3.6):
///
/// ```text
/// DocumentTypeListSyntax ::= SEQUENCE { version INTEGER {v0(0)}, docTypeList SET OF PrintableString }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Sequence)]
pub struct DocumentTypeList {
    /// Always 0.
    pub version: u8,
    /// The document codes as the MRZ writes them, without fillers.
    pub types: SetOfVec<PrintableString>,
}

impl DocumentTypeList {
    /// The codes of an encoded list.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Vec<String>> {
        let list = Self::from_der(bytes).map_err(Error::malformed("document type list"))?;
        Ok(list.types.iter().map(ToString::to_string).collect())
    }
}

fn extension(oid: ObjectIdentifier, critical: bool, value: &impl Encode) -> Result<Extension> {
    let malformed = Error::malformed("extension");
    let bytes = value.to_der().map_err(&malformed)?;
    let extn_value = OctetString::new(bytes).map_err(malformed)?;
    Ok(Extension {
        extn_id: oid,
        critical,
        extn_value,
    })
}

fn identifier(key_id: &[u8]) -> Result<OctetString> {
    OctetString::new(key_id).map_err(Error::malformed("key identifier"))
}

pub(crate) fn subject_key(key_id: &[u8]) -> Result<Extension> {
    extension(
        SUBJECT_KEY_IDENTIFIER,
        false,
        &SubjectKeyIdentifier(identifier(key_id)?),
    )
}

pub(crate) fn authority_key(key_id: &[u8]) -> Result<Extension> {
    let value = AuthorityKeyIdentifier {
        key_identifier: Some(identifier(key_id)?),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    };
    extension(AUTHORITY_KEY_IDENTIFIER, false, &value)
}

pub(crate) fn key_usage(usages: impl Into<FlagSet<KeyUsages>>) -> Result<Extension> {
    extension(KEY_USAGE, true, &KeyUsage(usages.into()))
}

/// CA with path length 0: the CSCA signs document signers and nothing below them.
pub(crate) fn certificate_authority() -> Result<Extension> {
    let value = BasicConstraints {
        ca: true,
        path_len_constraint: Some(0),
    };
    extension(BASIC_CONSTRAINTS, true, &value)
}

pub(crate) fn private_key_usage(from: der::DateTime, to: der::DateTime) -> Result<Extension> {
    let value = PrivateKeyUsagePeriod {
        not_before: Some(GeneralizedTime::from_date_time(from)),
        not_after: Some(GeneralizedTime::from_date_time(to)),
    };
    extension(PRIVATE_KEY_USAGE_PERIOD, false, &value)
}

fn ia5(text: &str) -> Result<Ia5String> {
    Ia5String::new(text).map_err(Error::malformed("address in a certificate"))
}

/// The contact of the issuer and `L=` its three-letter code, as both alternative names hold it.
pub(crate) fn alternative_names(
    state: &Name,
    mail: Option<&str>,
    uri: Option<&str>,
) -> Result<[Extension; 2]> {
    let mut names = Vec::new();
    if let Some(mail) = mail {
        names.push(GeneralName::Rfc822Name(ia5(mail)?));
    }
    if let Some(uri) = uri {
        names.push(GeneralName::UniformResourceIdentifier(ia5(uri)?));
    }
    names.push(GeneralName::DirectoryName(state.clone()));
    Ok([
        extension(SUBJECT_ALT_NAME, false, &names)?,
        extension(ISSUER_ALT_NAME, false, &names)?,
    ])
}

pub(crate) fn crl_distribution(uris: &[String]) -> Result<Extension> {
    let points = uris
        .iter()
        .map(|uri| {
            let name = GeneralName::UniformResourceIdentifier(ia5(uri)?);
            Ok(DistributionPoint {
                distribution_point: Some(DistributionPointName::FullName(vec![name])),
                reasons: None,
                crl_issuer: None,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    extension(
        CRL_DISTRIBUTION_POINTS,
        false,
        &CrlDistributionPoints(points),
    )
}

/// Both ends of a connection: TLS server and client.
pub(crate) fn connection_ends() -> Result<Extension> {
    let ends = vec![SERVER_AUTH, CLIENT_AUTH];
    extension(
        EXTENDED_KEY_USAGE,
        false,
        &x509_cert::ext::pkix::ExtendedKeyUsage(ends),
    )
}

fn one_end(end: ObjectIdentifier) -> Result<Extension> {
    extension(
        EXTENDED_KEY_USAGE,
        false,
        &x509_cert::ext::pkix::ExtendedKeyUsage(vec![end]),
    )
}

/// The end of a connection that somebody with a card is: TLS client.
pub(crate) fn card_end() -> Result<Extension> {
    one_end(CLIENT_AUTH)
}

/// The end of a connection that a host is: TLS server.
pub(crate) fn host_end() -> Result<Extension> {
    one_end(SERVER_AUTH)
}

/// The names and addresses that browsers ask for a host by.
pub(crate) fn host_names(hosts: &[String]) -> Result<Extension> {
    let malformed = Error::malformed("host name");
    let names = hosts
        .iter()
        .map(|host| match host.parse::<core::net::IpAddr>() {
            Ok(address) => {
                let bytes = match address {
                    core::net::IpAddr::V4(address) => address.octets().to_vec(),
                    core::net::IpAddr::V6(address) => address.octets().to_vec(),
                };
                let bytes = der::asn1::OctetString::new(bytes).map_err(&malformed)?;
                Ok(GeneralName::IpAddress(bytes))
            }
            Err(_) => Ok(GeneralName::DnsName(ia5(host)?)),
        });
    extension(SUBJECT_ALT_NAME, false, &names.collect::<Result<Vec<_>>>()?)
}

/// The name that a peer asks for when it connects.
pub(crate) fn host_name(name: &str) -> Result<Extension> {
    extension(
        SUBJECT_ALT_NAME,
        false,
        &vec![GeneralName::DnsName(ia5(name)?)],
    )
}

pub(crate) fn document_types(types: &[String]) -> Result<Extension> {
    let malformed = Error::malformed("document type list");
    let types = types
        .iter()
        .map(PrintableString::new)
        .collect::<der::Result<Vec<_>>>()
        .and_then(SetOfVec::try_from)
        .map_err(malformed)?;
    extension(
        DOCUMENT_TYPE_LIST,
        false,
        &DocumentTypeList { version: 0, types },
    )
}

/// A distinguished name: country in PrintableString, everything else in UTF8String.
pub(crate) fn distinguished_name(parts: &[(ObjectIdentifier, &str)]) -> Result<Name> {
    use der::asn1::{PrintableStringRef, Utf8StringRef};
    use x509_cert::attr::AttributeTypeAndValue;
    use x509_cert::name::{RdnSequence, RelativeDistinguishedName};
    let build = || -> der::Result<Name> {
        let mut names = RdnSequence::default();
        for (oid, text) in parts {
            let value = if *oid == COUNTRY {
                Any::from(PrintableStringRef::new(text)?)
            } else {
                Any::from(Utf8StringRef::new(text)?)
            };
            let part = AttributeTypeAndValue { oid: *oid, value };
            names.push(RelativeDistinguishedName::try_from(vec![part])?);
        }
        Name::from_der(&names.to_der()?)
    };
    build().map_err(Error::malformed("name"))
}

pub(crate) const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
pub(crate) const LOCALITY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.7");
pub(crate) const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
pub(crate) const UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
pub(crate) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
