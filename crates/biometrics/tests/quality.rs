//! Quality at capture: measures of known patterns, scores that fall with care, advice, attempts, mistakes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::{
    Advice, Attempt, Capture, CaptureRules, Contact, Extract, Extractor, GreyImage, Language,
    MasterPrint, Mistake, Prepared, PrintPattern, PrintQuality, PrintTemplate, Verdict,
    find_mistake, print_quality,
};

fn measured(image: &GreyImage) -> (PrintQuality, PrintTemplate) {
    let template = Extractor::new().extract(image).unwrap();
    (print_quality(image, &template).unwrap(), template)
}

fn pressed(master: &MasterPrint, contact: &Contact, seed: u64) -> GreyImage {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let print = master.press(contact, &mut rng);
    GreyImage::new(print.width, print.height, 500, print.pixels).unwrap()
}

fn finger(seed: u64) -> MasterPrint {
    MasterPrint::grow(
        PrintPattern::RightLoop,
        &mut ChaCha20Rng::seed_from_u64(seed),
    )
}

/// Straight ridges of a period in pixels.
fn ridges(period: f32, angle: f32) -> GreyImage {
    let (sin, cos) = angle.sin_cos();
    let pixels = (0..320 * 320)
        .map(|n| {
            let (x, y) = ((n % 320) as f32, (n / 320) as f32);
            let phase = (y * cos - x * sin) / period * std::f32::consts::TAU;
            (127.0 - 100.0 * phase.cos()) as u8
        })
        .collect();
    GreyImage::new(320, 320, 500, pixels).unwrap()
}

#[test]
fn measures_of_straight_ridges_are_what_the_mathematics_says() {
    for angle in [0.0, 0.4, 1.2] {
        let measures = measured(&ridges(8.0, angle)).0.measures.unwrap();
        // All gradients point one way.
        assert!(measures.certainty.mean > 0.995, "{angle}: {measures:?}");
        assert!(
            measures.clarity.mean > 0.8,
            "{angle}: {:?}",
            measures.clarity
        );
        // Nothing turns.
        assert_eq!(
            measures.flow.bins.iter().sum::<u32>(),
            0,
            "{:?}",
            measures.flow
        );
        // Ridges and valleys are as wide as each other, to a pixel: of eight, three and five.
        assert!(
            (0.9..1.3).contains(&measures.uniformity.mean),
            "{:?}",
            measures.uniformity
        );
        assert!((measures.mean - 126.5).abs() < 1.5);
        let blocks: u32 = measures.frequency.bins.iter().sum();
        assert_eq!(
            blocks,
            measures.clarity.bins.iter().sum::<u32>(),
            "one value a block"
        );
        assert_eq!(
            measures.certainty.bins.iter().sum::<u32>(),
            100,
            "ten by ten tiles"
        );
    }
    // Four whole waves in 32 pixels are one line of the spectrum.
    let exact = measured(&ridges(8.0, 0.0)).0.measures.unwrap();
    assert!(exact.frequency.mean > 0.85, "{:?}", exact.frequency);
}

/// The mean score of impressions of some fingers.
fn mean_score(draw: impl Fn(&mut ChaCha20Rng) -> Contact) -> u32 {
    let scores = (0..12).map(|seed| {
        let contact = draw(&mut ChaCha20Rng::seed_from_u64(seed + 40));
        u32::from(measured(&pressed(&finger(seed), &contact, seed)).0.score)
    });
    scores.sum::<u32>() / 12
}

#[test]
fn careful_prints_score_more_than_hasty_ones_and_those_more_than_bad_ones() {
    let careful = mean_score(|rng| Contact::draw(1.0, rng));
    let hasty = mean_score(|rng| Contact::draw(0.0, rng));
    let bad = mean_score(|rng| Contact {
        noise: 2.2,
        wetness: -0.9,
        ..Contact::draw(0.0, rng)
    });
    assert!(
        careful > 50 && careful > hasty && hasty > bad + 20 && bad < 30,
        "{careful}, {hasty}, {bad}"
    );
}

#[test]
fn advice_names_what_is_wrong() {
    let master = finger(3);
    let first = |contact: Contact| {
        measured(&pressed(&master, &contact, 8))
            .0
            .advice
            .first()
            .copied()
    };
    let good = Contact::CAREFUL;
    assert_eq!(first(good), None);
    assert_eq!(
        first(Contact {
            wetness: -1.0,
            ..good
        }),
        Some(Advice::Moisten)
    );
    assert_eq!(
        first(Contact {
            wetness: 1.0,
            ..good
        }),
        Some(Advice::Dry)
    );
    assert_eq!(
        first(Contact {
            shift: (120.0, 0.0),
            ..good
        }),
        Some(Advice::MoveLeft)
    );
    assert_eq!(
        first(Contact {
            shift: (0.0, -150.0),
            ..good
        }),
        Some(Advice::MoveDown)
    );
    assert_eq!(first(Contact { area: 0.45, ..good }), Some(Advice::LayFlat));
    let white = GreyImage::new(315, 394, 500, vec![255; 315 * 394]).unwrap();
    let (quality, _) = measured(&white);
    assert_eq!(
        (quality.score, quality.measures, quality.advice),
        (0, None, vec![Advice::Empty])
    );
    assert!(Advice::Moisten.words(Language::Italian).contains("secco"));
}

#[test]
fn the_best_of_three_attempts_is_kept() {
    let attempt = |score| Attempt {
        score,
        advice: vec![Advice::Dry],
    };
    let mut capture = Capture::new(2, CaptureRules::default());
    assert_eq!(capture.add(attempt(12)), Verdict::Again(vec![Advice::Dry]));
    assert_eq!(capture.add(attempt(25)), Verdict::Again(vec![Advice::Dry]));
    assert_eq!(capture.add(attempt(25)), Verdict::BestOf(1));
    assert_eq!(
        Capture::new(3, CaptureRules::default()).add(attempt(25)),
        Verdict::Good
    );
    assert_eq!(
        Capture::new(10, CaptureRules::default()).add(attempt(10)),
        Verdict::Good
    );
}

#[test]
fn the_same_finger_twice_and_swapped_hands_are_noticed() {
    let print = |seed: u64, impression: u64| {
        let mut rng = ChaCha20Rng::seed_from_u64(seed * 100 + impression);
        let image = pressed(
            &finger(seed),
            &Contact::draw(0.7, &mut rng),
            seed + impression,
        );
        Prepared::from(measured(&image).1)
    };
    let taken = [(2, print(1, 1))];
    assert_eq!(
        find_mistake(7, &print(1, 2), &taken, &[]),
        Some(Mistake::TakenAs(2))
    );
    assert_eq!(find_mistake(7, &print(2, 1), &taken, &[]), None);
    // In the earlier document this was the other hand.
    let earlier = [(2, print(3, 1)), (7, print(4, 1))];
    assert_eq!(
        find_mistake(2, &print(4, 2), &[], &earlier),
        Some(Mistake::EarlierAs(7))
    );
    assert_eq!(find_mistake(2, &print(3, 2), &[], &earlier), None);
}

#[test]
fn a_thousand_pixels_an_inch_give_nearly_the_same() {
    let small = pressed(&finger(5), &Contact::CAREFUL, 5);
    let (width, height) = (small.width(), small.height());
    let doubled: Vec<u8> = (0..4 * width * height)
        .map(|n| {
            let (x, y) = (n % (2 * width) / 2, n / (2 * width) / 2);
            small.pixels()[(y * width + x) as usize]
        })
        .collect();
    let large = GreyImage::new(2 * width, 2 * height, 1000, doubled).unwrap();
    let ((one, first), (two, second)) = (measured(&small), measured(&large));
    assert!(
        one.score.abs_diff(two.score) <= 6,
        "{} and {}",
        one.score,
        two.score
    );
    let score = rilascio_biometrics::compare(&first.into(), &second.into()).score();
    assert!(score > 3000, "{score}");
}
