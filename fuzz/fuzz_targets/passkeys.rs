//! Any bytes as what an authenticator and its browser say.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_keys::webauthn::{self, AuthenticatorData, Credential};

fuzz_target!(|parts: (Vec<u8>, Vec<u8>, Vec<u8>, u32)| {
    let (client, data, key, count) = parts;
    let read = AuthenticatorData::read(&data);
    if let Ok(known) = webauthn::register("challenge", &client, &data, &key) {
        assert_eq!(Some(&known.id), read.expect("it was read").credential.as_ref());
    }
    let credential = Credential {
        id: data.clone(),
        host: "localhost".into(),
        key: key.clone(),
        count,
    };
    let _ = webauthn::verify(&credential, "challenge", &client, &data, &key);
});
