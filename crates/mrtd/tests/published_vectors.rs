//! Specimens of Doc 9303, and both directions of every structure.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::civil::date;
use proptest::prelude::*;
use rilascio_mrtd::Error;
use rilascio_mrtd::code::{DocumentCode, DocumentNumber, Sex, StateCode};
use rilascio_mrtd::date::BirthDate;
use rilascio_mrtd::face::{FaceFormat, FaceImage, FaceSource};
use rilascio_mrtd::finger::{FingerFormat, FingerImage, FingerPosition, Hand};
use rilascio_mrtd::lds::{
    DataGroup, Dg1, Dg2, Dg3, Dg4, Dg7, Dg11, Dg12, EfCom, IrisRecord, LdsVersion, RecordGeneration,
};
use rilascio_mrtd::mrz::{Format, Mrz, MrzData, MrzName, mrz_information};

fn data() -> MrzData {
    MrzData {
        code: DocumentCode::parse("I").unwrap(),
        issuer: StateCode::parse("UTO").unwrap(),
        number: DocumentNumber::parse("D23145890").unwrap(),
        nationality: StateCode::parse("UTO").unwrap(),
        name: MrzName {
            primary: "ERIKSSON".into(),
            secondary: "ANNA<MARIA".into(),
        },
        birth: BirthDate::parse("1974-08-12").unwrap(),
        sex: Sex::Female,
        expiry: date(2012, 4, 15),
        optional_1: String::new(),
        optional_2: String::new(),
    }
}

#[test]
fn composes_the_specimens_of_parts_4_5_and_6() {
    let td1 = Mrz::compose(Format::Td1, &data()).unwrap();
    let lines = [
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ];
    assert_eq!(td1.lines(), lines);
    let td2 = Mrz::compose(Format::Td2, &data()).unwrap();
    let lines = [
        "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
        "D231458907UTO7408122F1204159<<<<<<<6",
    ];
    assert_eq!(td2.lines(), lines);
    let passport = MrzData {
        code: DocumentCode::parse("P").unwrap(),
        number: DocumentNumber::parse("L898902C3").unwrap(),
        optional_2: "ZE184226B".into(),
        ..data()
    };
    let td3 = Mrz::compose(Format::Td3, &passport).unwrap();
    let lines = [
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    ];
    assert_eq!(td3.lines(), lines);
}

#[test]
fn long_numbers_go_on_in_the_optional_data() {
    let long = MrzData {
        number: DocumentNumber::parse("D23145890734").unwrap(),
        ..data()
    };
    let td1 = Mrz::compose(Format::Td1, &long).unwrap();
    assert_eq!(td1.lines()[0], "I<UTOD23145890<7349<<<<<<<<<<<");
    assert_eq!(td1.number.as_str(), "D23145890734");
    let td2 = Mrz::compose(Format::Td2, &long).unwrap();
    assert_eq!(td2.number.as_str(), "D23145890734");
    assert!(Mrz::compose(Format::Td3, &long).is_err());
    assert_eq!(
        mrz_information("L898902C", "690806", "940623"),
        "L898902C<369080619406236"
    );
}

#[test]
fn every_wrong_check_digit_is_named() {
    let good = Mrz::compose(Format::Td1, &data())
        .unwrap()
        .as_str()
        .to_owned();
    for (at, field) in [
        (14, "document number"),
        (36, "birth date"),
        (44, "expiry date"),
        (59, "the whole"),
    ] {
        let mut wrong = good.clone().into_bytes();
        wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
        let fault = Mrz::parse(std::str::from_utf8(&wrong).unwrap()).unwrap_err();
        assert!(
            matches!(fault, Error::CheckDigit { field: f, .. } if f == field),
            "{fault}"
        );
    }
}

#[test]
fn images_and_groups_go_both_ways() {
    let face = FaceImage {
        width: 622,
        height: 800,
        format: FaceFormat::Jpeg2000,
        source: FaceSource::DigitalCamera,
        data: vec![7; 17_000],
    };
    let total = (14 + 20 + 12 + 17_000u32).to_be_bytes();
    let header = [&b"FAC\x00010\x00"[..], &total, &[0, 1]].concat();
    assert_eq!(face.encode()[..14], header);
    let dg2 = Dg2 {
        face,
        generation: RecordGeneration::Iso19794,
    };
    assert_eq!(Dg2::decode(&dg2.encode()).unwrap(), dg2);
    let finger = |position| FingerImage {
        position,
        width: 315,
        height: 394,
        format: FingerFormat::Wsq,
        quality: 64,
        data: vec![9; 11_000],
    };
    let dg3 = Dg3 {
        fingers: vec![
            finger(FingerPosition::RightIndex),
            finger(FingerPosition::LeftThumb),
        ],
        filler: None,
        generation: RecordGeneration::Iso19794,
    };
    assert_eq!(Dg3::decode(&dg3.encode().unwrap()).unwrap(), dg3);
    let empty = Dg3 {
        fingers: vec![],
        filler: Some([3; 16]),
        generation: RecordGeneration::Iso19794,
    };
    assert_eq!(Dg3::decode(&empty.encode().unwrap()).unwrap(), empty);
    let dg7 = Dg7 {
        image: vec![1, 2, 3],
    };
    assert_eq!(Dg7::decode(&dg7.encode()).unwrap(), dg7);
    let com = EfCom {
        version: LdsVersion::V1_8,
        groups: vec![DataGroup::DG1, DataGroup::DG2],
    };
    assert_eq!(EfCom::decode(&com.encode()).unwrap(), com);
}

/// A WSQ file as far as its frame: start, a comment, the frame of 315 x 394 pixels.
const WSQ: &[u8] = &[
    0xFF, 0xA0, 0xFF, 0xA8, 0, 4, b'h', b'i', 0xFF, 0xA2, 0, 17, 0, 255, 1, 138, 1, 59, 9, 9,
];

#[test]
fn records_of_the_newer_generation_go_both_ways() {
    let generation = RecordGeneration::Iso39794;
    for format in [FaceFormat::Jpeg, FaceFormat::Jpeg2000] {
        let dg2 = Dg2 {
            face: FaceImage {
                width: 622,
                height: 800,
                format,
                source: FaceSource::Unspecified,
                data: vec![7; 17_000],
            },
            generation,
        };
        assert_eq!(Dg2::decode(&dg2.encode()).unwrap(), dg2);
    }
    let finger = |position, format, quality, data: &[u8]| FingerImage {
        position,
        width: 315,
        height: 394,
        format,
        quality,
        data: data.to_vec(),
    };
    let jp2 = [
        &[0, 0, 0, 12][..],
        b"jP  \r\n\x87\n\0\0\0\x16ihdr",
        &[0, 0, 1, 138, 0, 0, 1, 59, 0, 1, 7, 7],
    ]
    .concat();
    let dg3 = Dg3 {
        fingers: vec![
            finger(FingerPosition::RightIndex, FingerFormat::Wsq, 64, WSQ),
            finger(FingerPosition::LeftThumb, FingerFormat::Jpeg2000, 254, &jp2),
            finger(
                FingerPosition::LeftLittle,
                FingerFormat::Raw,
                0,
                &vec![5; 315 * 394],
            ),
        ],
        filler: None,
        generation,
    };
    assert_eq!(Dg3::decode(&dg3.encode().unwrap()).unwrap(), dg3);
    let mut jpeg = dg3;
    jpeg.fingers[0].format = FingerFormat::Jpeg;
    assert!(jpeg.encode().is_err());
}

#[test]
fn a_small_record_of_a_finger_has_the_tags_of_its_module() {
    let dg3 = Dg3 {
        fingers: vec![FingerImage {
            position: FingerPosition::RightIndex,
            width: 1,
            height: 1,
            format: FingerFormat::Raw,
            quality: 254,
            data: vec![0x5A],
        }],
        filler: None,
        generation: RecordGeneration::Iso39794,
    };
    // The record alone, by hand: version 3 of 2019; one representation of the right index finger, plain, PGM, 500 per inch.
    let record = [
        &[0x64, 0x33][..],
        &[0xA0, 0x07, 0x80, 0x01, 0x03, 0x81, 0x02, 0x07, 0xE3],
        &[0xA1, 0x28, 0x30, 0x26],
        &[0xA0, 0x03, 0x80, 0x01, 0x02],
        &[0xA1, 0x03, 0x80, 0x01, 0x00],
        &[0xA2, 0x03, 0x80, 0x01, 0x00],
        &[0x83, 0x0C],
        b"P5\n1 1\n255\nZ",
        &[0xA7, 0x07, 0x80, 0x02, 0x01, 0xF4, 0x81, 0x01, 0x00],
    ]
    .concat();
    let file = dg3.encode().unwrap();
    let place = file.windows(record.len()).position(|part| part == record);
    assert!(place.is_some(), "{file:02X?}");
    let format = [0x88, 0x02, 0x00, 0x28];
    assert!(file.windows(4).any(|part| part == format));
}

#[test]
fn irises_pass_through_with_their_eyes() {
    for generation in [RecordGeneration::Iso19794, RecordGeneration::Iso39794] {
        let iris = |eye, byte: u8| IrisRecord {
            eye,
            record: vec![0x66, 0x02, byte, byte],
        };
        let dg4 = Dg4 {
            irises: vec![
                iris(Some(Hand::Right), 1),
                iris(Some(Hand::Left), 2),
                iris(None, 3),
            ],
            filler: None,
            generation,
        };
        assert_eq!(Dg4::decode(&dg4.encode()).unwrap(), dg4);
    }
    let empty = Dg4 {
        irises: vec![],
        filler: Some([8; 16]),
        generation: RecordGeneration::Iso19794,
    };
    assert_eq!(Dg4::decode(&empty.encode()).unwrap(), empty);
}

#[test]
fn subtypes_of_fingers_are_those_of_iso_19785_3() {
    use FingerPosition::{LeftIndex, LeftLittle, LeftThumb, RightIndex, RightRing, RightThumb};
    for (finger, subtype) in [
        (RightThumb, 0x05),
        (RightIndex, 0x09),
        (RightRing, 0x11),
        (LeftThumb, 0x06),
        (LeftIndex, 0x0A),
        (LeftLittle, 0x16),
    ] {
        assert_eq!(finger.cbeff_subtype(), subtype);
    }
}

proptest! {
    #[test]
    fn composed_zones_parse_to_what_went_in(
        number in "[A-Z0-9]{1,9}",
        primary in "[A-Z]{1,20}(<[A-Z]{1,10}){0,2}",
        secondary in "([A-Z]{1,20}(<[A-Z]{1,10}){0,2})?",
        optional in "[A-Z0-9]{0,7}",
        format in prop_oneof![Just(Format::Td1), Just(Format::Td2), Just(Format::Td3)],
    ) {
        let data = MrzData {
            code: DocumentCode::parse(if format == Format::Td3 { "P" } else { "IR" }).unwrap(),
            number: DocumentNumber::parse(&number).unwrap(),
            name: MrzName { primary, secondary },
            optional_2: optional.clone(),
            ..data()
        };
        let mrz = Mrz::compose(format, &data).unwrap();
        prop_assert_eq!(mrz.number.as_str(), &number[..]);
        prop_assert_eq!(&mrz.optional_2, &optional);
        prop_assert_eq!(Mrz::parse(&mrz.to_string()).unwrap(), mrz);
    }

    #[test]
    fn any_text_as_zone_is_read_or_refused(text in "[A-Z0-9<]{72}|[A-Z0-9<]{88}|[A-Z0-9<]{90}|\\PC{0,100}") {
        let _ = Mrz::parse(&text);
    }

    #[test]
    fn any_bytes_as_group_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (Dg1::decode(&bytes), Dg2::decode(&bytes), Dg3::decode(&bytes), Dg7::decode(&bytes));
        let _ = (Dg4::decode(&bytes), Dg11::decode(&bytes), Dg12::decode(&bytes), EfCom::decode(&bytes));
        let _ = (FaceImage::decode(&bytes), FingerImage::decode(&bytes));
    }

    #[test]
    fn changed_records_of_the_newer_generation_are_read_or_refused(place in 0usize..400, byte: u8) {
        let finger = FingerImage {
            position: FingerPosition::RightIndex,
            width: 315,
            height: 394,
            format: FingerFormat::Wsq,
            quality: 64,
            data: WSQ.to_vec(),
        };
        let face = FaceImage {
            width: 622,
            height: 800,
            format: FaceFormat::Jpeg,
            source: FaceSource::Unspecified,
            data: vec![1, 2, 3],
        };
        let generation = RecordGeneration::Iso39794;
        let dg3 = Dg3 { fingers: vec![finger], filler: None, generation };
        for mut bytes in [dg3.encode().unwrap(), Dg2 { face, generation }.encode()] {
            let length = bytes.len();
            bytes[place % length] = byte;
            let _ = (Dg2::decode(&bytes), Dg3::decode(&bytes));
        }
    }

    #[test]
    fn details_go_both_ways(name in "\\PC{0,40}", place in prop::option::of("\\PC{0,40}")) {
        let details = Dg11 { full_name: Some(name), birth_place: place, ..Dg11::default() };
        prop_assert_eq!(Dg11::decode(&details.encode()).unwrap(), details);
    }
}
