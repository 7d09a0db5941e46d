//! Any bytes as certificates, lists and signed objects.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_keys::PublicKey;
use rilascio_pki::{Certificate, RevocationList, SignedData, Sod, TrustAnchors, check_path};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sod) = Sod::decode(bytes) {
        let _ = sod.signed.verify();
    }
    let _ = SignedData::decode(bytes);
    let _ = RevocationList::decode(bytes);
    let _ = PublicKey::from_spki_der(bytes);
    if let Ok(certificate) = Certificate::decode(bytes) {
        let anchors = TrustAnchors {
            cscas: vec![certificate.clone()],
            lists: vec![],
        };
        let _ = check_path(&certificate, &anchors, jiff::Timestamp::UNIX_EPOCH);
    }
});
