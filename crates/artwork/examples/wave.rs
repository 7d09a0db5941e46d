//! Draws a small face and says how large its raster is.
#![allow(clippy::print_stdout)]

use rilascio_artwork::{FaceData, Layer, Template, engraving};

fn main() -> Result<(), rilascio_artwork::Error> {
    let template = r#"<svg xmlns="http://www.w3.org/2000/svg" width="40mm" height="10mm" viewBox="0 0 40 10">
        {{ ocr(2, 7, number) }}</svg>"#;
    let data = FaceData {
        number: "I00000001".into(),
        ..FaceData::default()
    };
    let svg = Template::new("small.svg", template).draw(&data, Layer::Engraving)?;
    println!("{} bytes of PNG", engraving(&svg, 40.0, 10.0, 600.0)?.len());
    Ok(())
}
