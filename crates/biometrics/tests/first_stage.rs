//! The first stage: it finds the finger, and a disguise changes nothing.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::{
    Contact, Disguise, Extract, Extractor, GreyImage, MasterPrint, PackedPrint, Prepared,
    PrintPattern, SearchProbe,
};

#[test]
fn the_same_finger_is_first_and_disguised_prints_are_as_alike() {
    let mut rng = ChaCha20Rng::seed_from_u64(77);
    let extractor = Extractor::new();
    let take = |master: &MasterPrint, rng: &mut ChaCha20Rng| {
        let print = master.press(&Contact::draw(0.4, rng), rng);
        let image = GreyImage::new(print.width, print.height, 500, print.pixels).unwrap();
        PackedPrint::from(&Prepared::from(extractor.extract(&image).unwrap()))
    };
    let pairs: Vec<_> = (0..12)
        .map(|_| {
            let master = MasterPrint::grow(PrintPattern::draw(&mut rng), &mut rng);
            (take(&master, &mut rng), take(&master, &mut rng))
        })
        .collect();
    let disguise = Disguise::draw(&mut rng);
    for (place, (_, probe)) in pairs.iter().enumerate() {
        let search = SearchProbe::from(probe);
        let hidden = SearchProbe::from(&probe.disguised(&disguise));
        let scores: Vec<u32> = pairs
            .iter()
            .map(|(print, _)| search.likeness(print.words()))
            .collect();
        let best = (0..scores.len()).max_by_key(|n| scores[*n]);
        assert_eq!(best, Some(place), "{scores:?}");
        for ((print, _), score) in pairs.iter().zip(&scores) {
            let other = print.disguised(&disguise);
            assert_ne!(other.words()[..48], print.words()[..48]);
            assert_eq!(hidden.likeness(other.words()), *score);
        }
    }
}
