//! The encoder against files of the reference implementation (NBIS 5.0): same bytes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use rilascio_biometrics::{encode_wsq, encode_wsq_within};
use sha2::{Digest, Sha256};

fn pattern(side: u32) -> Vec<u8> {
    (0..side * side)
        .map(|n| {
            let (x, y) = (n % side, n / side);
            ((7 * y + 13 * x + x * y / 64) % 256) as u8
        })
        .collect()
}

#[test]
fn gives_the_bytes_of_the_reference() {
    let coded = encode_wsq(&pattern(256), 256, 256).unwrap();
    let digest: String = Sha256::digest(&coded)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(coded.len(), 6_993);
    assert_eq!(
        digest,
        "8fbf136e908c424f885daa5f18ee0b2b22b87ef343566f9c1a94622b44fbef96"
    );
}

#[test]
fn the_frame_carries_the_number_of_the_certificate() {
    let coded = |certificate| encode_wsq_within(&pattern(256), 256, 256, 50_000, certificate);
    let (without, with) = (coded(0).unwrap(), coded(0xC0DE).unwrap());
    assert_eq!(without, encode_wsq(&pattern(256), 256, 256).unwrap());
    let frame = with.windows(2).position(|two| two == [0xFF, 0xA2]).unwrap();
    // Marker, length, black, white, sides, shift, scale and the version of the encoder stand before it.
    assert_eq!(with[frame + 17..frame + 19], [0xC0, 0xDE]);
    let differ = without.iter().zip(&with).filter(|(a, b)| a != b).count();
    assert_eq!((differ, without.len()), (2, with.len()));
}

#[test]
fn a_lower_limit_lowers_the_rate() {
    let coded = encode_wsq_within(&pattern(256), 256, 256, 5_000, 0).unwrap();
    assert!(
        coded.len() <= 5_000 && coded.len() > 3_500,
        "{}",
        coded.len()
    );
    assert!(encode_wsq_within(&pattern(256), 256, 256, 100, 0).is_err());
    assert!(encode_wsq(&[0; 10], 5, 2).is_err());
    assert!(encode_wsq(&[0; 10], 256, 256).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_image_gives_a_whole_file(
        (width, height) in (64u32..160, 64u32..160),
        seed in any::<u64>(),
        contrast in 0u8..=255,
    ) {
        let mut state = seed | 1;
        let pixels: Vec<u8> = (0..width * height).map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % (u64::from(contrast) + 1)) as u8
        }).collect();
        let coded = encode_wsq(&pixels, width, height).unwrap();
        prop_assert_eq!(&coded[..2], &[0xFF, 0xA0]);
        prop_assert_eq!(&coded[coded.len() - 2..], &[0xFF, 0xA1]);
    }
}
