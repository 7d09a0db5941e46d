//! Pictures for a browser, which reads neither JPEG 2000 nor WSQ nor TIFF.

use crate::node::Content;
use crate::prints;
use axum::body::Bytes;
use rilascio_biometrics::decode_jpeg2000;

/// Samples as PNG.
fn png(width: u32, height: u32, grey: bool, samples: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(if grey {
        png::ColorType::Grayscale
    } else {
        png::ColorType::Rgb
    });
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(samples).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

/// A portrait of a chip in JPEG 2000 as PNG.
pub(crate) fn from_jpeg2000(bytes: &[u8]) -> Option<Vec<u8>> {
    let pixels = decode_jpeg2000(bytes).ok()?;
    png(
        pixels.width,
        pixels.height,
        pixels.channels == 1,
        &pixels.samples,
    )
}

/// An image as it was taken, as PNG when a browser could not read it: prints of devices are WSQ, BMP or TIFF.
pub(crate) async fn for_browser(content: Content) -> Content {
    if content.media.starts_with("image/") {
        return content;
    }
    let given = content.bytes.clone();
    let made = tokio::task::spawn_blocking(move || {
        let image = prints::read(&given).ok()?;
        png(image.width(), image.height(), true, image.pixels())
    });
    match made.await {
        Ok(Some(bytes)) => Content {
            media: "image/png".to_owned(),
            bytes: Bytes::from(bytes),
        },
        // What is no image stays what it is.
        _ => content,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
    use super::*;
    use rilascio_biometrics::encode_wsq;

    #[tokio::test(flavor = "current_thread")]
    async fn a_print_in_wsq_is_shown_as_png_and_others_as_they_are() {
        let pixels: Vec<u8> = (0..300 * 400_u32).map(|n| (n / 7 % 256) as u8).collect();
        let wsq = encode_wsq(&pixels, 300, 400).unwrap();
        let content = |media: &str, bytes: &[u8]| Content {
            media: media.to_owned(),
            bytes: Bytes::copy_from_slice(bytes),
        };
        let shown = for_browser(content("application/octet-stream", &wsq)).await;
        assert_eq!(shown.media, "image/png");
        assert!(shown.bytes.starts_with(b"\x89PNG"));
        let same = for_browser(content("image/jpeg", b"as it is")).await;
        assert_eq!(&same.bytes[..], b"as it is");
        let odd = for_browser(content("application/octet-stream", b"no image")).await;
        assert_eq!(odd.media, "application/octet-stream");
    }
}
