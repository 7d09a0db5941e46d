//! MOSIP's Secure Biometric Interface (MDS 0.9.5, SBI 1.0) on the loopback: a client of capture devices, and a simulated
//! device that speaks the same. Registration only: what is captured for a document is not encrypted to somebody else.

mod client;
mod device;
mod jws;

pub use client::{CaptureDevice, CaptureRequest, CapturedPrint, find_devices};
pub use device::{DeviceKey, FingersOnGlass, SimulatedDevice, serve_device};

use crate::hex::hex;
use crate::{Error, Result};
use rilascio_mrtd::finger::FingerPosition;
use sha2::{Digest, Sha256};

/// Ports on which devices listen.
pub const PORTS: std::ops::RangeInclusive<u16> = 4501..=4600;
const SPEC_VERSION: &str = "0.9.5";
const REGISTRATION: &str = "Registration";

/// The name of a finger (2.6 of the specification), `Left IndexFinger`.
fn name_of(finger: FingerPosition) -> &'static str {
    use FingerPosition as F;
    match finger {
        F::RightThumb => "Right Thumb",
        F::RightIndex => "Right IndexFinger",
        F::RightMiddle => "Right MiddleFinger",
        F::RightRing => "Right RingFinger",
        F::RightLittle => "Right LittleFinger",
        F::LeftThumb => "Left Thumb",
        F::LeftIndex => "Left IndexFinger",
        F::LeftMiddle => "Left MiddleFinger",
        F::LeftRing => "Left RingFinger",
        F::LeftLittle => "Left LittleFinger",
    }
}

fn finger_of(name: &str) -> Option<FingerPosition> {
    FingerPosition::ALL
        .into_iter()
        .find(|finger| name_of(*finger) == name)
}

/// The part of a slap scanner on which a finger lies: 1 left hand, 2 right hand, 3 both thumbs.
fn part_of(finger: FingerPosition) -> u8 {
    use FingerPosition as F;
    match finger {
        F::RightThumb | F::LeftThumb => 3,
        F::RightIndex | F::RightMiddle | F::RightRing | F::RightLittle => 2,
        _ => 1,
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// The next hash of a chain: over the one before and that of the record; nothing before is the hash of nothing.
fn chain(previous: &str, record: &[u8]) -> Result<String> {
    let before = if previous.is_empty() {
        Sha256::digest([]).to_vec()
    } else {
        from_hex(previous)
            .filter(|hash| hash.len() == 32)
            .ok_or_else(|| Error::malformed("previousHash is no SHA-256 in hexadecimal"))?
    };
    let mut all = Sha256::new();
    all.update(&before);
    all.update(Sha256::digest(record));
    Ok(hex(all.finalize()).to_uppercase())
}
