//! Specimens of Doc 9303, and both directions of every structure.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use jiff::civil::date;
use proptest::prelude::*;
use rilascio_mrtd::Error;
use rilascio_mrtd::code::{DocumentCode, DocumentNumber, Sex, StateCode};
use rilascio_mrtd::date::BirthDate;
use rilascio_mrtd::face::{FaceFormat, FaceImage, FaceSource};
use rilascio_mrtd::finger::{FingerFormat, FingerImage, FingerPosition};
use rilascio_mrtd::lds::{DataGroup, Dg1, Dg2, Dg3, Dg7, Dg11, Dg12, EfCom, LdsVersion};
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
    let dg2 = Dg2 { face };
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
    };
    assert_eq!(Dg3::decode(&dg3.encode()).unwrap(), dg3);
    let empty = Dg3 {
        fingers: vec![],
        filler: Some([3; 16]),
    };
    assert_eq!(Dg3::decode(&empty.encode()).unwrap(), empty);
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
        let _ = (Dg11::decode(&bytes), Dg12::decode(&bytes), EfCom::decode(&bytes));
        let _ = (FaceImage::decode(&bytes), FingerImage::decode(&bytes));
    }

    #[test]
    fn details_go_both_ways(name in "\\PC{0,40}", place in prop::option::of("\\PC{0,40}")) {
        let details = Dg11 { full_name: Some(name), birth_place: place, ..Dg11::default() };
        prop_assert_eq!(Dg11::decode(&details.encode()).unwrap(), details);
    }
}
