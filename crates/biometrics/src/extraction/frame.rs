//! Dark frames around a print: the rim of a sensor, the bed of a scanner. What lies under one becomes paper.

use crate::GreyImage;
use std::borrow::Cow;

/// A pixel of a frame is at most this bright.
const DARK: u8 = 70;
/// So many of a hundred pixels of a line must be dark.
const SHARE: usize = 95;
/// The most of a side that a frame takes, as a divisor: a quarter.
const DEPTH: usize = 4;

/// How many lines from the edge are frame.
fn depth(lines: usize, is_dark: impl Fn(usize) -> bool) -> usize {
    (0..lines / DEPTH).take_while(|line| is_dark(*line)).count()
}

/// The image with paper where a dark frame was.
pub(super) fn without_frame(image: &GreyImage) -> Cow<'_, GreyImage> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let pixels = image.pixels();
    let row = |y: usize| {
        let dark = pixels[y * width..(y + 1) * width]
            .iter()
            .filter(|pixel| **pixel <= DARK)
            .count();
        dark * 100 >= SHARE * width
    };
    let top = depth(height, row);
    let bottom = depth(height, |line| row(height - 1 - line));
    let inner = top..height - bottom;
    let column = |x: usize| {
        let dark = inner
            .clone()
            .filter(|y| pixels[y * width + x] <= DARK)
            .count();
        dark * 100 >= SHARE * inner.len()
    };
    let left = depth(width, column);
    let right = depth(width, |line| column(width - 1 - line));
    if top + bottom + left + right == 0 {
        return Cow::Borrowed(image);
    }
    let paper = paper(pixels);
    let mut cleaned = pixels.to_vec();
    for (y, line) in cleaned.chunks_exact_mut(width).enumerate() {
        if inner.contains(&y) {
            line[..left].fill(paper);
            line[width - right..].fill(paper);
        } else {
            line.fill(paper);
        }
    }
    match GreyImage::new(image.width(), image.height(), image.resolution(), cleaned) {
        Ok(cleaned) => Cow::Owned(cleaned),
        // The sides are those of an image that there is.
        Err(_) => Cow::Borrowed(image),
    }
}

/// The grey that one pixel in ten is brighter than.
fn paper(pixels: &[u8]) -> u8 {
    let mut sorted = pixels.to_vec();
    let place = sorted.len() * 9 / 10;
    *sorted.select_nth_unstable(place.min(pixels.len() - 1)).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripes(width: usize, height: usize, frame: usize) -> GreyImage {
        let pixels = (0..width * height)
            .map(|place| {
                let (x, y) = (place % width, place / width);
                let inside =
                    (frame..width - frame).contains(&x) && (frame..height - frame).contains(&y);
                match (inside, (x + y) / 4 % 2) {
                    (true, 0) => 40,
                    (true, _) => 220,
                    (false, _) => 5,
                }
            })
            .collect();
        GreyImage::new(width as u32, height as u32, 500, pixels).expect("it has these sides")
    }

    #[test]
    fn a_dark_frame_becomes_paper_and_nothing_else_changes() {
        let plain = stripes(80, 100, 0);
        assert!(matches!(without_frame(&plain), Cow::Borrowed(_)));
        let framed = stripes(80, 100, 9);
        let cleaned = without_frame(&framed).into_owned();
        for place in 0..80 * 100 {
            let (x, y) = (place % 80, place / 80);
            let inside = (9..71).contains(&x) && (9..91).contains(&y);
            let expected = if inside { framed.pixels()[place] } else { 220 };
            assert_eq!(cleaned.pixels()[place], expected, "{x} {y}");
        }
    }

    #[test]
    fn a_dark_image_keeps_its_middle() {
        // A quarter of each side at most is taken for a frame, however dark the rest is.
        let mut pixels = vec![60; 1600];
        pixels[..400].fill(200);
        pixels[400..520].fill(0);
        let dark = GreyImage::new(40, 40, 500, pixels).expect("it has these sides");
        let cleaned = without_frame(&dark);
        let middle = |image: &GreyImage| image.pixels()[20 * 40 + 20];
        assert_eq!(middle(&cleaned), 60);
        assert_eq!(cleaned.pixels()[39 * 40 + 20], 200, "below it lay a frame");
    }
}
