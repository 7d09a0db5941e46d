//! Portraits: drawn people pass, each of their spoilt copies fails the check it was spoilt for, a photograph has its eyes
//! where they are.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use image::imageops::{FilterType, blur, overlay, resize};
use image::{ImageFormat, Rgb, RgbImage};
use proptest::prelude::*;
use rilascio_biometrics::{
    Language, PORTRAIT_SIZE, PortraitCheck, PortraitQuality, PortraitRules, portrait_quality,
};
use std::io::Cursor;

fn open(name: &str) -> RgbImage {
    let path = format!(
        "{}/../../examples/images/{name}.png",
        env!("CARGO_MANIFEST_DIR")
    );
    image::open(path).unwrap().into_rgb8()
}

fn look(picture: &RgbImage) -> PortraitQuality {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    portrait_quality(&bytes.into_inner(), &PortraitRules::default()).unwrap()
}

fn map(picture: &RgbImage, change: impl Fn(u32, u32, Rgb<u8>) -> Rgb<u8>) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        change(x, y, *picture.get_pixel(x, y))
    })
}

/// The picture turned about its middle, by the nearest pixels.
fn turned(picture: &RgbImage, degrees: f32) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (picture.width() as f32, picture.height() as f32);
    map(picture, |x, y, _| {
        let (dx, dy) = (x as f32 - w / 2.0, y as f32 - h / 2.0);
        let sx = (dx * cos + dy * sin + w / 2.0).clamp(0.0, w - 1.0);
        let sy = (dy * cos - dx * sin + h / 2.0).clamp(0.0, h - 1.0);
        *picture.get_pixel(sx as u32, sy as u32)
    })
}

#[test]
fn drawn_people_pass_and_are_cut() {
    for name in ["giulia", "marco", "amina", "luca", "oleksandr", "sofia"] {
        let found = look(&open(name));
        assert_eq!(found.failed, [], "{name}");
        let cut = image::load_from_memory(&found.cut.unwrap()).unwrap();
        assert_eq!((cut.width(), cut.height()), PORTRAIT_SIZE, "{name}");
    }
}

#[test]
fn the_eyes_of_a_photograph_are_where_they_are() {
    let found = look(&open("portrait"));
    let [left, right] = found.eyes.unwrap();
    // Read off the picture by hand.
    for (eye, (x, y)) in [(left, (204.0, 103.0)), (right, (246.0, 104.0))] {
        assert!((eye.x - x).hypot(eye.y - y) < 4.0, "{eye:?}");
    }
    assert!(found.failed.contains(&PortraitCheck::HeadSize));
    assert!(found.failed.contains(&PortraitCheck::Background));
}

#[test]
fn every_fault_is_told() {
    use PortraitCheck as C;
    let good = open("giulia");
    let background = *good.get_pixel(5, 5);
    let (w, h) = good.dimensions();
    let shifted = |dx: i64, dy: i64| {
        let mut picture = RgbImage::from_pixel(w, h, background);
        overlay(&mut picture, &good, dx, dy);
        picture
    };
    let mut two = RgbImage::from_pixel(2 * w, h, background);
    overlay(&mut two, &good, 0, 0);
    overlay(&mut two, &open("marco"), i64::from(w), 0);
    let skin = *good.get_pixel(310, 400);
    let painted = |x: f32, y: f32, rx: f32, ry: f32, colour: Rgb<u8>, picture: &RgbImage| {
        map(picture, |px, py, own| {
            let far = ((px as f32 - x) / rx).powi(2) + ((py as f32 - y) / ry).powi(2);
            if far < 1.0 { colour } else { own }
        })
    };
    let closed = painted(
        375.0,
        354.0,
        36.0,
        20.0,
        skin,
        &painted(245.0, 354.0, 36.0, 20.0, skin, &good),
    );
    let spoilt = [
        (C::Face, RgbImage::from_pixel(w, h, background)),
        (C::Alone, two),
        (C::Roll, turned(&good, 12.0)),
        (C::Resolution, resize(&good, 155, 200, FilterType::Triangle)),
        (C::Centre, shifted(90, 0)),
        (C::EyeLine, shifted(0, 130)),
        (C::HeadSize, {
            let mut picture = RgbImage::from_pixel(2 * w, 2 * h, background);
            overlay(&mut picture, &good, i64::from(w / 2), i64::from(h / 2));
            picture
        }),
        (C::Exposure, map(&good, |_, _, p| Rgb(p.0.map(|v| v / 5)))),
        (
            C::Lighting,
            map(&good, |x, _, p| {
                if x < w / 2 {
                    Rgb(p.0.map(|v| v / 3 * 2))
                } else {
                    p
                }
            }),
        ),
        (
            C::Clipping,
            painted(60.0, 60.0, 30.0, 30.0, Rgb([255; 3]), &good),
        ),
        (C::Sharpness, blur(&good, 9.0)),
        (
            C::Background,
            map(&good, |x, y, p| {
                if p == background && (x / 20 + y / 20) % 2 == 0 {
                    Rgb([90, 60, 60])
                } else {
                    p
                }
            }),
        ),
        (
            C::MouthClosed,
            painted(311.0, 500.0, 45.0, 30.0, Rgb([30, 12, 12]), &good),
        ),
    ];
    for (check, picture) in spoilt {
        let found = look(&picture);
        assert!(
            found.failed.contains(&check),
            "{check:?}: {found:?}",
            found = found.failed
        );
        assert!(!check.words(Language::Italian).is_empty());
    }
    let found = look(&closed).failed;
    assert!(
        found.contains(&C::EyesOpen) || found.contains(&C::Eyes) || found.contains(&C::Face),
        "{found:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), sides in (1u32..60, 1u32..60)) {
        let _ = portrait_quality(&bytes, &PortraitRules::default());
        let _ = look(&RgbImage::from_fn(sides.0, sides.1, |x, y| {
            let place = (x * 31 + y * 17) as usize % bytes.len().max(1);
            Rgb([bytes.get(place).copied().unwrap_or(9); 3])
        }));
    }
}
