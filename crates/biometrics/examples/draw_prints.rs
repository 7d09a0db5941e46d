//! Draws the ten prints of a synthetic person: `draw_prints SEED FOLDER` writes `right-index.png` and so on.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rilascio_biometrics::{PrintPattern, SyntheticPrint};
use std::path::PathBuf;

const FINGERS: [&str; 10] = [
    "right-thumb",
    "right-index",
    "right-middle",
    "right-ring",
    "right-little",
    "left-thumb",
    "left-index",
    "left-middle",
    "left-ring",
    "left-little",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(seed), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("give a seed (0 to 255) and a folder".into());
    };
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    for (n, finger) in FINGERS.iter().enumerate() {
        let mut key = [0; 32];
        key[0] = seed.parse()?;
        key[1] = n as u8;
        let mut rng = ChaCha20Rng::from_seed(key);
        // Shares of the classes in people: loops two thirds, whorls a third, arches few.
        let pattern = match (rng.next_u32() % 100, finger.starts_with("right")) {
            (0..30, _) => PrintPattern::Whorl,
            (30..36, _) => PrintPattern::Arch,
            (_, true) => PrintPattern::RightLoop,
            (_, false) => PrintPattern::LeftLoop,
        };
        let print = SyntheticPrint::grow(pattern, &mut rng);
        let file = std::fs::File::create(folder.join(format!("{finger}.png")))?;
        let mut encoder = png::Encoder::new(file, print.width, print.height);
        encoder.set_color(png::ColorType::Grayscale);
        let per_metre = 19_685;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
        encoder.write_header()?.write_image_data(&print.pixels)?;
    }
    Ok(())
}
