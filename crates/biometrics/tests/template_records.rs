//! Records of ISO/IEC 19794-2: written, read again, damaged; and compared, which is what they are for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::{
    Contact, Extract, Extractor, FingerView, GreyImage, MasterPrint, Prepared, PrintPattern,
    PrintTemplate, RecordEdition, compare, read_template, write_template,
};

/// Two impressions of one finger, and one of another.
fn templates() -> [PrintTemplate; 3] {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let one = MasterPrint::grow(PrintPattern::LeftLoop, &mut rng);
    let other = MasterPrint::grow(PrintPattern::LeftLoop, &mut rng);
    let extractor = Extractor::new();
    [&one, &one, &other].map(|master| {
        let print = master.press(&Contact::draw(0.6, &mut rng), &mut rng);
        let image = GreyImage::new(print.width, print.height, 500, print.pixels).unwrap();
        extractor.extract(&image).unwrap()
    })
}

fn view(template: &PrintTemplate) -> FingerView {
    FingerView {
        position: 2,
        impression: 0,
        quality: Some(71),
        template: template.clone(),
    }
}

#[test]
fn a_record_keeps_place_direction_kind_and_quality() {
    let [one, two, _] = templates();
    for edition in [RecordEdition::V2005, RecordEdition::V2011] {
        let record = write_template(&[view(&one), view(&two)], edition).unwrap();
        let read = read_template(&record).unwrap();
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].position, read[0].quality), (2, Some(71)));
        assert_eq!(read[1].template.minutiae.len(), two.minutiae.len());
        for minutia in &one.minutiae {
            let same = read[0].template.minutiae.iter().any(|other| {
                let turn = (other.direction - minutia.direction).cos();
                (other.x - minutia.x).abs() < 0.6
                    && (other.y - minutia.y).abs() < 0.6
                    && turn > 0.999
                    && other.kind == minutia.kind
                    && other.quality == minutia.quality
            });
            assert!(same, "{edition:?}: {minutia:?}");
        }
        let again = write_template(&read, edition).unwrap();
        assert_eq!(read_template(&again).unwrap(), read);
    }
}

#[test]
fn records_can_be_compared() {
    let [one, two, other] = templates();
    let through = |template: &PrintTemplate| {
        let record = write_template(&[view(template)], RecordEdition::V2011).unwrap();
        Prepared::from(read_template(&record).unwrap().remove(0).template)
    };
    let same = compare(&through(&one), &through(&two)).score();
    let different = compare(&through(&one), &through(&other)).score();
    assert!(same > 300 && different < 0, "{same} and {different}");
}

/// The example of ISO/IEC 19794-2:2011: the first finger's header and its first and last minutia.
#[test]
fn the_fields_of_the_standards_example() {
    let mut record = b"FMR\x00030\x00".to_vec();
    record.extend_from_slice(&[0, 0, 0, 0, 0, 1, 0]);
    let finger: &[u8] = &[
        0x07, 0xD5, 12, 15, 17, 35, 20, 0, 0, 2, 0xAB, 0xCD, 0x00, 0xB5, 1, 90, 0xAB, 0xCD, 0x01,
        0x23, 7, 0, 0, 197, 0, 197, 0, 2, 0, 2, 0, 0x60, 2, 0x40, 100, 0, 14, 80, 90, 0x80, 126, 0,
        115, 122, 30, 0, 0,
    ];
    record.extend_from_slice(&(finger.len() as u32 + 4).to_be_bytes());
    record.extend_from_slice(finger);
    let length = record.len() as u32;
    record[8..12].copy_from_slice(&length.to_be_bytes());
    let read = read_template(&record).unwrap();
    assert_eq!((read[0].position, read[0].quality), (7, Some(90)));
    let template = &read[0].template;
    assert_eq!((template.width, template.height), (512, 512));
    let first = template.minutiae[0];
    assert_eq!((first.x, first.y, first.quality), (100.0, 14.0, 90));
    // 80 units are 112.5 degrees counter-clockwise.
    let degrees = 360.0 - first.direction.to_degrees();
    assert!((degrees - 112.5).abs() < 0.01, "{degrees}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_records_never_panic(place in 0usize..600, value in any::<u8>(), length in 0usize..700, edition in any::<bool>()) {
        thread_local!(static RECORDS: [Vec<u8>; 2] = {
            let [one, ..] = templates();
            [RecordEdition::V2005, RecordEdition::V2011].map(|edition| write_template(&[view(&one)], edition).unwrap())
        });
        let mut record = RECORDS.with(|records| records[usize::from(edition)].clone());
        let place = place % record.len();
        record[place] = value;
        if let Ok(views) = read_template(&record) {
            for view in views {
                let _ = Prepared::from(view.template);
            }
        }
        record.truncate(length);
        let _ = read_template(&record);
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut record = b"FMR\0".to_vec();
        record.extend_from_slice(&bytes);
        let _ = read_template(&record);
    }
}
