//! The decoder: what the encoder wrote comes back, and damaged files are refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::{Contact, MasterPrint, PrintPattern, decode_wsq, encode_wsq, read_print};

fn print(width: u32, height: u32) -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let master = MasterPrint::grow(PrintPattern::Whorl, &mut rng);
    let contact = Contact {
        width,
        height,
        noise: 0.0,
        ..Contact::CAREFUL
    };
    master.press(&contact, &mut rng).pixels
}

/// The peak signal-to-noise ratio, in decibels.
fn likeness(one: &[u8], other: &[u8]) -> f64 {
    let squares: f64 = one
        .iter()
        .zip(other)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum();
    10.0 * (255.0 * 255.0 * one.len() as f64 / squares.max(1e-9)).log10()
}

#[test]
fn what_was_coded_comes_back() {
    for (width, height) in [(315, 394), (388, 374), (277, 333), (64, 64)] {
        let pixels = print(width, height);
        let found = decode_wsq(&encode_wsq(&pixels, width, height).unwrap()).unwrap();
        assert_eq!(
            (found.width, found.height, found.resolution),
            (width, height, Some(500))
        );
        let decibels = likeness(&pixels, &found.pixels);
        assert!(decibels > 20.0, "{width} x {height}: {decibels:.1} dB");
    }
}

#[test]
fn an_even_image_comes_back_even() {
    let coded = encode_wsq(&[77; 100 * 80], 100, 80).unwrap();
    assert_eq!(read_print(&coded, 500).unwrap().pixels(), &[77; 100 * 80]);
}

#[test]
fn half_a_file_is_none() {
    let coded = encode_wsq(&print(128, 128), 128, 128).unwrap();
    for length in (0..coded.len()).step_by(7) {
        assert!(decode_wsq(&coded[..length]).is_err(), "{length} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damaged_files_never_panic(place in 0usize..6000, value in any::<u8>(), second in 0usize..400, other in any::<u8>()) {
        thread_local!(static CODED: Vec<u8> = encode_wsq(&print(128, 128), 128, 128).unwrap());
        let mut coded = CODED.with(Clone::clone);
        let length = coded.len();
        coded[place % length] = value;
        coded[second % length] = other;
        let _ = decode_wsq(&coded);
    }
}

#[test]
fn a_second_frame_is_refused() {
    let mut coded = encode_wsq(&print(128, 128), 128, 128).unwrap();
    let place = coded
        .windows(2)
        .position(|pair| pair == [0xFF, 0xA2])
        .unwrap();
    let mut frame = coded[place..place + 19].to_vec();
    frame[6..10].copy_from_slice(&[0x0F, 0xA0, 0x0F, 0xA0]);
    let end = coded.len() - 2;
    coded.splice(end..end, frame);
    assert!(decode_wsq(&coded).is_err());
}
