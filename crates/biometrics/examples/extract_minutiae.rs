//! Draws the minutiae of a grey PNG into an SVG beside it: `cargo run --release --example extract_minutiae print.png`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "an example")]

use rilascio_biometrics::{Extract, Extractor, GreyImage};

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let mut reader =
        png::Decoder::new(std::io::BufReader::new(std::fs::File::open(&path).unwrap()))
            .read_info()
            .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    pixels.truncate(info.buffer_size());
    let image = GreyImage::new(info.width, info.height, 500, pixels).unwrap();
    let extractor = Extractor::new();
    let started = std::time::Instant::now();
    let template = extractor.extract(&image).unwrap();
    println!(
        "{} minutiae in {:?}",
        template.minutiae.len(),
        started.elapsed()
    );
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='{0}' height='{1}'><image href='{2}' width='{0}' height='{1}'/>",
        info.width, info.height, path
    );
    for row in 0..template.flow.rows {
        for column in 0..template.flow.columns {
            let (x, y) = (f32::from(column) * 12.0 + 6.0, f32::from(row) * 12.0 + 6.0);
            if let Some(angle) = template.flow.at(x, y) {
                let (sin, cos) = angle.sin_cos();
                svg += &format!(
                    "<line x1='{}' y1='{}' x2='{}' y2='{}' stroke='#0a0' stroke-opacity='0.5'/>",
                    x - 4.0 * cos,
                    y - 4.0 * sin,
                    x + 4.0 * cos,
                    y + 4.0 * sin
                );
            }
        }
    }
    for minutia in &template.minutiae {
        let (sin, cos) = minutia.direction.sin_cos();
        let colour = if minutia.kind == rilascio_biometrics::MinutiaKind::Ending {
            "red"
        } else {
            "blue"
        };
        svg += &format!(
            "<circle cx='{0}' cy='{1}' r='3.5' fill='none' stroke='{4}' stroke-width='1.5'/><line x1='{0}' y1='{1}' x2='{2}' y2='{3}' stroke='{4}' stroke-width='1.5'/>",
            minutia.x,
            minutia.y,
            minutia.x + 11.0 * cos,
            minutia.y + 11.0 * sin,
            colour
        );
    }
    std::fs::write(format!("{path}.svg"), svg + "</svg>").unwrap();
}
