//! How fast prints are compared, beside what this machine can do at most: memory bandwidth and counting of bits.
//!
//! `cargo bench -p rilascio-biometrics --bench matching` prints ratios; `-- --prints 400000` sets the size of the gallery.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::{
    Extract, Extractor, GreyImage, PACKED_WORDS, PackedPrint, Prepared, PrintPattern, SearchProbe,
    SyntheticPeople, SyntheticPrint, compare,
};
use std::hint::black_box;
use std::time::Instant;

/// The best of three, in units a second.
fn rate(units: usize, mut work: impl FnMut()) -> f64 {
    let times = (0..3).map(|_| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64()
    });
    units as f64 / times.fold(f64::INFINITY, f64::min)
}

fn main() {
    let given: Vec<String> = std::env::args().collect();
    let prints = given
        .iter()
        .position(|word| word == "--prints")
        .and_then(|place| given.get(place + 1)?.parse().ok())
        .unwrap_or(100_000_usize);
    let people = SyntheticPeople { seed: 1 };
    let started = Instant::now();
    // A thousand people, each many times: what is compared does not change the time it takes.
    let packed: Vec<PackedPrint> = (0..1000)
        .map(|person| PackedPrint::from(&Prepared::from(people.template(person, 2, 1))))
        .collect();
    let mut gallery = Vec::with_capacity(prints * PACKED_WORDS);
    for place in 0..prints {
        gallery.extend_from_slice(packed[place % packed.len()].words());
    }
    println!(
        "{prints} prints, {} MB, made in {:.1} s",
        gallery.len() * 8 / 1_000_000,
        started.elapsed().as_secs_f64()
    );

    let bytes = gallery.len() * 8;
    let read = rate(bytes, || {
        let mut sum = [0_u64; 16];
        for line in gallery.chunks_exact(16) {
            for (sum, word) in sum.iter_mut().zip(line) {
                *sum = sum.wrapping_add(*word);
            }
        }
        black_box(sum);
    });
    let counted = rate(bytes, || {
        let mut sum = [0_u64; 16];
        for line in gallery.chunks_exact(16) {
            for (sum, word) in sum.iter_mut().zip(line) {
                *sum += u64::from((*word ^ 0x5555_5555_5555_5555).count_ones());
            }
        }
        black_box(sum);
    });
    println!(
        "memory is read at {:.1} GB/s, bits are counted at {:.1} GB/s (plain code)",
        read / 1e9,
        counted / 1e9
    );

    let probe = Prepared::from(people.template(17, 2, 2));
    let search = SearchProbe::from(&PackedPrint::from(&probe));
    let first = rate(prints, || {
        let mut best = 0;
        for print in gallery.chunks_exact(PACKED_WORDS) {
            best = best.max(search.likeness(print));
        }
        black_box(best);
    });
    println!(
        "first stage: {:.2} million comparisons a second and core, {:.1} GB/s: {:.2} of the bandwidth",
        first / 1e6,
        first * PACKED_WORDS as f64 * 8.0 / 1e9,
        first * PACKED_WORDS as f64 * 8.0 / read
    );

    let others: Vec<Prepared> = (0..500)
        .map(|person| people.template(person, 2, 3).into())
        .collect();
    let second = rate(others.len(), || {
        for other in &others {
            black_box(compare(&probe, other).score());
        }
    });
    let templates: Vec<_> = (0..500)
        .map(|person| people.template(person, 2, 3))
        .collect();
    let preparation = rate(templates.len(), || {
        for template in &templates {
            black_box(Prepared::from(template.clone()));
        }
    });
    let second = 1.0 / (1.0 / second + 1.0 / preparation);
    let cascade = 1.0 / (1.0 / first + 0.005 / second);
    println!("second stage, cylinders made anew: {second:.0} comparisons a second and core");
    println!(
        "cascade with one in 200 looked at twice: {:.2} million a second and core",
        cascade / 1e6
    );

    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let print = SyntheticPrint::grow(PrintPattern::Whorl, &mut rng);
    let image = GreyImage::new(print.width, print.height, 500, print.pixels).unwrap();
    let extractor = Extractor::new();
    let extraction = rate(20, || {
        for _ in 0..20 {
            black_box(extractor.extract(&image).unwrap());
        }
    });
    println!(
        "extraction: {:.1} ms a print (limit 40)",
        1000.0 / extraction
    );
}
