//! Any bytes as TLV, data groups, image records and SecurityInfos.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rilascio_access::security_info;
use rilascio_mrtd::lds::{Dg1, Dg2, Dg3, Dg4, Dg7, Dg11, Dg12, EfCom};
use rilascio_mrtd::{face::FaceImage, finger::FingerImage, tlv};

fuzz_target!(|bytes: &[u8]| {
    let _ = tlv::read_all(bytes);
    let _ = (
        Dg1::decode(bytes),
        Dg2::decode(bytes),
        Dg3::decode(bytes),
        Dg4::decode(bytes),
        Dg7::decode(bytes),
    );
    let _ = (
        Dg11::decode(bytes),
        Dg12::decode(bytes),
        EfCom::decode(bytes),
    );
    let _ = (FaceImage::decode(bytes), FingerImage::decode(bytes));
    let _ = (
        security_info::decode_set(bytes),
        security_info::decode_dg14(bytes),
    );
});
