//! What an authenticator says in a browser (W3C Web Authentication, Level 3): client data, authenticator data, and the
//! signature over both. ECDSA on P-256 only; who made the authenticator is not asked.

use crate::{Curve, Error, HashAlgorithm, PublicKey, Result, SignatureAlgorithm};
use serde::Deserialize;

/// The most bytes of client or authenticator data.
const BYTES_MAX: usize = 4096;
/// The most bytes of a credential's name (Level 3, section 4).
const CREDENTIAL_BYTES_MAX: usize = 1023;
/// A person touched it (section 6.1, bit 0).
const USER_PRESENT: u8 = 0x01;
/// A credential is attached (section 6.1, bit 6).
const ATTACHED: u8 = 0x40;

/// A credential as the side that relies on it keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What names it.
    pub id: Vec<u8>,
    /// The host for which it was made: it signs for no other.
    pub host: String,
    /// Its public key, a SubjectPublicKeyInfo.
    pub key: Vec<u8>,
    /// How often it signed, by its own count; 0 where it does not count.
    pub count: u32,
}

/// Authenticator data (section 6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// SHA-256 of the host.
    pub host_hash: [u8; 32],
    /// The flags.
    pub flags: u8,
    /// How often it signed.
    pub count: u32,
    /// The name of the credential that is attached, if one is.
    pub credential: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

fn wrong(why: &'static str) -> Error {
    Error::Passkey { why }
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    HashAlgorithm::Sha256.digest(bytes)
}

impl AuthenticatorData {
    /// Reads authenticator data; what follows an attached credential's name is not looked at.
    ///
    /// # Errors
    /// [`Error::Passkey`].
    pub fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > BYTES_MAX {
            return Err(wrong("the authenticator data are too long"));
        }
        let short = || wrong("the authenticator data are too short");
        let (host_hash, rest) = bytes.split_first_chunk::<32>().ok_or_else(short)?;
        let (flags, rest) = rest.split_first().ok_or_else(short)?;
        let (count, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let credential = if flags & ATTACHED == 0 {
            None
        } else {
            let (_, rest) = rest.split_first_chunk::<16>().ok_or_else(short)?;
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
            let length = usize::from(u16::from_be_bytes(*length));
            if length == 0 || length > CREDENTIAL_BYTES_MAX {
                return Err(wrong("the credential has no name that could be kept"));
            }
            Some(rest.get(..length).ok_or_else(short)?.to_vec())
        };
        Ok(Self {
            host_hash: *host_hash,
            flags: *flags,
            count: u32::from_be_bytes(*count),
            credential,
        })
    }
}

/// The host of an origin where a browser lets credentials be used: over TLS, or on the machine itself.
fn host_of(origin: &str) -> Option<&str> {
    let (scheme, rest) = origin.split_once("://")?;
    let host = rest.rsplit_once(':').map_or(rest, |(host, _)| host);
    let plain = !host.is_empty() && !host.contains(['/', '@', ' ', '[', ']', '?', '#']);
    let safe = scheme == "https" || scheme == "http" && host == "localhost";
    (plain && safe).then_some(host)
}

/// Reads client data that must be of that kind and for that challenge; gives the host.
fn host_in(client_data: &[u8], kind: &str, challenge: &str) -> Result<String> {
    if client_data.len() > BYTES_MAX {
        return Err(wrong("the client data are too long"));
    }
    let read: ClientData = serde_json::from_slice(client_data)
        .map_err(|_| wrong("the client data are no JSON of a browser"))?;
    if read.kind != kind {
        return Err(wrong("the client data are of another ceremony"));
    }
    if challenge.is_empty() || read.challenge != challenge {
        return Err(wrong("the answer is to another challenge"));
    }
    if read.cross_origin {
        return Err(wrong("the page was inside a page of another site"));
    }
    let host = host_of(&read.origin).ok_or_else(|| wrong("the page came over no safe way"))?;
    Ok(host.to_owned())
}

/// Checks a new credential (section 7.1) made for a challenge, in base64url without padding, under a key in
/// SubjectPublicKeyInfo as browsers give it. Its maker is not attested: whoever registers is signed in.
///
/// # Errors
/// [`Error::Passkey`], or what is wrong with the key.
pub fn register(
    challenge: &str,
    client_data: &[u8],
    authenticator_data: &[u8],
    key: &[u8],
) -> Result<Credential> {
    let host = host_in(client_data, "webauthn.create", challenge)?;
    let data = AuthenticatorData::read(authenticator_data)?;
    check(&data, &host)?;
    let id = data
        .credential
        .ok_or_else(|| wrong("no credential is attached"))?;
    match PublicKey::from_spki_der(key)? {
        PublicKey::Ec {
            curve: Curve::P256, ..
        } => {}
        _ => return Err(wrong("the key is not one of P-256")),
    }
    Ok(Credential {
        id,
        host,
        key: key.to_vec(),
        count: data.count,
    })
}

/// Checks an answer of a credential to a challenge (section 7.2); gives its new count.
///
/// # Errors
/// [`Error::Passkey`] or [`Error::Signature`].
pub fn verify(
    credential: &Credential,
    challenge: &str,
    client_data: &[u8],
    authenticator_data: &[u8],
    signature: &[u8],
) -> Result<u32> {
    let host = host_in(client_data, "webauthn.get", challenge)?;
    if host != credential.host {
        return Err(wrong("the credential is for another host"));
    }
    let data = AuthenticatorData::read(authenticator_data)?;
    check(&data, &host)?;
    let counts = data.count > 0 || credential.count > 0;
    if counts && data.count <= credential.count {
        return Err(wrong("the credential was copied: its count went back"));
    }
    let message = [authenticator_data, &sha256(client_data)].concat();
    PublicKey::from_spki_der(&credential.key)?.verify(
        SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256),
        &message,
        signature,
    )?;
    Ok(data.count)
}

fn check(data: &AuthenticatorData, host: &str) -> Result<()> {
    if data.host_hash[..] != sha256(host.as_bytes())[..] {
        return Err(wrong("the authenticator answered another host"));
    }
    if data.flags & USER_PRESENT == 0 {
        return Err(wrong("nobody touched the authenticator"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CurveEncoding, EcPrivateKey, PrivateKey, Signer};
    use der::Encode;
    use proptest::prelude::*;
    use rand_chacha::rand_core::SeedableRng;

    const CHALLENGE: &str = "Y2hhbGxlbmdl";

    fn client_data(kind: &str, challenge: &str, origin: &str) -> Vec<u8> {
        format!(
            r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#
        )
        .into_bytes()
    }

    fn data(host: &str, flags: u8, count: u32, credential: Option<&[u8]>) -> Vec<u8> {
        let mut bytes = sha256(host.as_bytes());
        bytes.push(flags);
        bytes.extend(count.to_be_bytes());
        if let Some(id) = credential {
            bytes.extend([0; 16]);
            bytes.extend(u16::try_from(id.len()).expect("short").to_be_bytes());
            bytes.extend(id);
        }
        bytes
    }

    /// A key of an authenticator that lives in this test.
    fn key() -> (Box<dyn Signer>, Vec<u8>) {
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([9; 32]);
        let key = PrivateKey::Ec(EcPrivateKey::generate(Curve::P256, &mut rng));
        let spki = key.public_key().to_spki(CurveEncoding::Named);
        let spki = spki.to_der().expect("a key is written");
        let algorithm = SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256);
        (
            Box::new(key.into_signer(algorithm).expect("a key signs")),
            spki,
        )
    }

    #[test]
    fn a_credential_is_registered_and_answers_for_its_host_alone() {
        let (signer, spki) = key();
        let made = client_data("webauthn.create", CHALLENGE, "http://localhost:8080");
        let attached = data("localhost", 0x41, 0, Some(b"name"));
        let known = register(CHALLENGE, &made, &attached, &spki).expect("it is good");
        assert_eq!(
            (&known.id[..], &known.host[..]),
            (&b"name"[..], "localhost")
        );
        let answer = |kind: &str, challenge: &str, origin: &str, host: &str, flags, count| {
            let client = client_data(kind, challenge, origin);
            let data = data(host, flags, count, None);
            let message = [&data[..], &sha256(&client)].concat();
            let signature = signer.sign(&message).expect("a key signs");
            verify(&known, CHALLENGE, &client, &data, &signature)
        };
        let own = "http://localhost:8080";
        assert_eq!(
            answer("webauthn.get", CHALLENGE, own, "localhost", 1, 7),
            Ok(7)
        );
        assert_eq!(
            answer("webauthn.get", CHALLENGE, own, "localhost", 1, 0),
            Ok(0)
        );
        for (kind, challenge, origin, host, flags) in [
            ("webauthn.create", CHALLENGE, own, "localhost", 1),
            ("webauthn.get", "another", own, "localhost", 1),
            (
                "webauthn.get",
                CHALLENGE,
                "https://evil.example",
                "localhost",
                1,
            ),
            (
                "webauthn.get",
                CHALLENGE,
                "http://evil.example",
                "localhost",
                1,
            ),
            ("webauthn.get", CHALLENGE, own, "evil.example", 1),
            ("webauthn.get", CHALLENGE, own, "localhost", 0),
        ] {
            assert!(answer(kind, challenge, origin, host, flags, 7).is_err());
        }
        let counted = Credential {
            count: 7,
            ..known.clone()
        };
        let client = client_data("webauthn.get", CHALLENGE, own);
        let old = data("localhost", 1, 7, None);
        let signature = signer
            .sign(&[&old[..], &sha256(&client)].concat())
            .expect("a key signs");
        assert!(verify(&counted, CHALLENGE, &client, &old, &signature).is_err());
        let other = client_data("webauthn.get", CHALLENGE, "http://localhost:9090");
        assert!(verify(&known, CHALLENGE, &other, &old, &signature).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(bytes in proptest::collection::vec(any::<u8>(), 0..200), id in proptest::collection::vec(any::<u8>(), 1..64)) {
            let _ = AuthenticatorData::read(&bytes);
            let _ = register(CHALLENGE, &bytes, &bytes, &bytes);
            let read = AuthenticatorData::read(&data("localhost", ATTACHED, 3, Some(&id))).expect("it was written");
            prop_assert_eq!(read.credential, Some(id));
        }

        #[test]
        fn any_text_is_an_origin_or_none(text in "\\PC{0,40}") {
            if let Some(host) = host_of(&text) {
                prop_assert!(!host.is_empty() && text.contains(host));
            }
        }
    }
}
