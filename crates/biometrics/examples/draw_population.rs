//! Draws impressions of synthetic fingers as an FVC folder: `draw_population FOLDER FINGERS IMPRESSIONS SEED CARE`.
#![allow(clippy::print_stdout, reason = "an example")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use rilascio_biometrics::{Contact, MasterPrint, PrintPattern};
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [folder, fingers, impressions, seed, care, more @ ..] = &given[..] else {
        return Err(
            "give FOLDER FINGERS IMPRESSIONS SEED CARE (0 to 1), and perhaps SIDE (of the sensor) and STRETCH (a factor)".into(),
        );
    };
    let side = more.first().map(|side| side.parse()).transpose()?;
    let stretch: f32 = more.get(1).map_or(Ok(1.0), |stretch| stretch.parse())?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    for finger in 1..=fingers.parse::<u32>()? {
        let mut rng =
            ChaCha20Rng::seed_from_u64(seed.parse::<u64>()? * 100_000 + u64::from(finger));
        let pattern = PrintPattern::draw(&mut rng);
        println!("{finger} {pattern:?}");
        let master = MasterPrint::grow(pattern, &mut rng);
        for impression in 1..=impressions.parse::<u32>()? {
            let mut contact = Contact::draw(care.parse()?, &mut rng);
            contact.stretch *= stretch;
            if let Some(side) = side {
                (contact.width, contact.height) = (side, side);
            }
            let print = master.press(&contact, &mut rng);
            let file = std::fs::File::create(folder.join(format!("{finger}_{impression}.png")))?;
            let mut encoder = png::Encoder::new(file, print.width, print.height);
            encoder.set_color(png::ColorType::Grayscale);
            encoder.write_header()?.write_image_data(&print.pixels)?;
        }
    }
    Ok(())
}
