//! Records of ANSI/NIST-ITL 1-2011: what is written is read, by every way to write it; no bytes do harm.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use rilascio_biometrics::nist::{
    Compression, Envelope, PrintImage, Record, Transaction, minutiae_record, read_minutiae,
    read_print_record,
};
use rilascio_biometrics::{
    GreyImage, Minutia, Prepared, SyntheticPeople, compare, encode_wsq, threshold_for,
};
use std::f32::consts::{PI, TAU};

const PEOPLE: SyntheticPeople = SyntheticPeople { seed: 5 };

fn envelope() -> Envelope<'static> {
    Envelope {
        kind: "CPS",
        day: "20261122",
        to: "AFIS",
        from: "CENTRE",
        control: "case-1",
        answers: None,
    }
}

fn picture() -> GreyImage {
    let pixels = (0..200_u32 * 220)
        .map(|n| {
            let (x, y) = ((n % 200) as f32, (n / 200) as f32);
            (128.0 + 100.0 * ((x + y * 0.3) * 0.7).sin()) as u8
        })
        .collect();
    GreyImage::new(200, 220, 500, pixels).unwrap()
}

#[test]
fn images_of_both_records_come_back() {
    let picture = picture();
    let wsq = encode_wsq(picture.pixels(), 200, 220).unwrap();
    let images = [
        (Compression::None, picture.pixels().to_vec()),
        (Compression::Wsq, wsq),
    ];
    let mut records = vec![Record::new(2, &[(2, "00"), (3, "case-1")])];
    for (n, (compression, bytes)) in images.iter().enumerate() {
        let image = PrintImage {
            finger: 2,
            size: (200, 220),
            compression: *compression,
            quality: Some(70),
            bytes,
        };
        records.push(image.legacy_record(2 * n + 1));
        records.push(image.record(2 * n + 2, "CENTRE", "20261122"));
    }
    let bytes = Transaction::new(&envelope(), records.clone()).write();
    let read = Transaction::read(&bytes).unwrap();
    assert_eq!(read.records[1..], records);
    assert_eq!(read.head(11), Some("19.69"));
    for record in &read.records[2..] {
        let print = read_print_record(record).unwrap().unwrap();
        assert_eq!((print.finger, print.size), (2, (200, 220)));
        let image = print.image().unwrap();
        let apart = image.pixels().iter().zip(picture.pixels());
        let sum: u64 = apart.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = sum as f64 / image.pixels().len() as f64;
        let most = if print.compression == Compression::None {
            0.0
        } else {
            12.0
        };
        assert!(mean <= most, "{:?}: {mean}", print.compression);
        // The record must not lie about its image.
        let mut lie = record.clone();
        lie.fields.insert(6, b"201".to_vec());
        let lie = read_print_record(&lie).unwrap().unwrap().image();
        assert!(lie.is_err());
    }
    for cut in 0..bytes.len() {
        assert!(Transaction::read(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn minutiae_come_back_and_match_themselves() {
    for person in 0..5 {
        let template = PEOPLE.template(person, 2, 1);
        let record = minutiae_record(&template, 7, 3);
        let bytes = Transaction::new(&envelope(), vec![record]).write();
        let read = Transaction::read(&bytes).unwrap();
        let (finger, back) = read_minutiae(&read.records[1]).unwrap().unwrap();
        assert_eq!((finger, back.minutiae.len()), (7, template.minutiae.len()));
        for a in &template.minutiae {
            let near = |b: &&Minutia| (a.x - b.x).abs() < 0.2 && (a.y - b.y).abs() < 0.2;
            let b = back.minutiae.iter().find(near).unwrap();
            let turn = (a.direction - b.direction + 3.0 * PI).rem_euclid(TAU) - PI;
            assert!(turn.abs() < 0.01, "{turn}");
            assert_eq!(a.kind, b.kind);
        }
        let other = Prepared::from(PEOPLE.template(person, 2, 2));
        let score = compare(&Prepared::from(back), &other).score();
        assert!(score > threshold_for(0.001), "{score}");
    }
}

#[test]
fn three_ways_to_write_a_minutia_say_the_same() {
    // x 100, y 50 pixels from the upper left, 90 degrees up, a ridge ending, in an image of 200 x 150.
    let extended = Record::new(
        9,
        &[
            (300, "1016\u{1F}762"),
            (302, "2"),
            (331, "508\u{1F}254\u{1F}90\u{1F}E"),
        ],
    );
    let incits = Record::new(
        9,
        &[
            (128, "200"),
            (129, "150"),
            (130, "1"),
            (131, "500"),
            (134, "2"),
            (137, "1\u{1F}100\u{1F}50\u{1F}45\u{1F}1\u{1F}80"),
        ],
    );
    let in_centimetres = Record::new(
        9,
        &[
            (130, "2"),
            (131, "197"),
            (134, "2"),
            (137, "1\u{1F}100\u{1F}50\u{1F}90\u{1F}1\u{1F}80"),
        ],
    );
    // From the lower left, and turned round: 270 degrees.
    let legacy = Record::new(
        9,
        &[
            (6, "2"),
            (
                12,
                "1\u{1F}05080508270\u{1F}80\u{1F}A\u{1E}2\u{1F}00000761270\u{1F}80\u{1F}B",
            ),
        ],
    );
    for (record, exact) in [(&extended, true), (&incits, true), (&legacy, false)] {
        let (finger, template) = read_minutiae(record).unwrap().unwrap();
        let minutia = template.minutiae[0];
        assert_eq!(finger, 2);
        assert!((minutia.x - 100.0).abs() < 0.1);
        if exact {
            assert!((minutia.y - 50.0).abs() < 0.1);
            assert_eq!((template.width, template.height), (200, 150));
        }
        // Up, turning clockwise from the right: three quarters.
        assert!((minutia.direction - 1.5 * PI).abs() < 0.001);
    }
    let (_, template) = read_minutiae(&in_centimetres).unwrap().unwrap();
    assert!((template.minutiae[0].x - 99.9).abs() < 0.2);
    for broken in [
        "",
        "1\u{1F}2",
        "a\u{1F}b\u{1F}c\u{1F}E",
        "1\u{1F}1\u{1F}1\u{1F}Z",
    ] {
        let mut record = extended.clone();
        record.fields.insert(331, broken.as_bytes().to_vec());
        assert_eq!(
            read_minutiae(&record).is_err(),
            !broken.is_empty(),
            "{broken}"
        );
    }
}

proptest! {
    #[test]
    fn changed_transactions_are_read_or_refused(
        place in 0usize..2000,
        byte: u8,
        person in 0u64..3,
    ) {
        let image = PrintImage {
            finger: 2,
            size: (4, 2),
            compression: Compression::None,
            quality: None,
            bytes: &[1, 2, 3, 4, 5, 6, 7, 8],
        };
        let records = vec![
            image.legacy_record(1),
            image.record(2, "CENTRE", "20261122"),
            minutiae_record(&PEOPLE.template(person, 2, 1), 2, 3),
        ];
        let mut bytes = Transaction::new(&envelope(), records).write();
        let length = bytes.len();
        bytes[place % length] = byte;
        if let Ok(read) = Transaction::read(&bytes) {
            for record in &read.records {
                let _ = read_minutiae(record);
                if let Ok(Some(print)) = read_print_record(record) {
                    let _ = print.image();
                }
            }
        }
    }
}
