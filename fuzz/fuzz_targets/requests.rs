//! Any bytes as a certification request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_pki::CertificationRequest;

fuzz_target!(|bytes: &[u8]| {
    let _ = CertificationRequest::decode(bytes);
});
