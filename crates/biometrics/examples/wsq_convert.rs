//! Converts between PNG and WSQ: `wsq_convert print.png print.wsq`, or the other way round.

use rilascio_biometrics::{decode_wsq, encode_wsq, read_print};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (from, to) = (
        std::env::args().nth(1).ok_or("give two files")?,
        std::env::args().nth(2).ok_or("give two files")?,
    );
    let bytes = std::fs::read(from)?;
    if to.ends_with(".wsq") {
        let image = read_print(&bytes, 500)?;
        let coded = encode_wsq(image.pixels(), image.width(), image.height())?;
        std::fs::write(to, coded)?;
    } else {
        let image = decode_wsq(&bytes)?;
        let mut encoder = png::Encoder::new(std::fs::File::create(to)?, image.width, image.height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header()?.write_image_data(&image.pixels)?;
    }
    Ok(())
}
