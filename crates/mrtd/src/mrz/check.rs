//! Check digits (Doc 9303-3, 4.9).

/// The check digit of MRZ characters: weights 7, 3, 1, modulo 10; fillers count zero.
///
/// Characters outside the MRZ alphabet count zero too; an [`Mrz`](super::Mrz) never holds one.
#[must_use]
pub fn check_digit(text: &str) -> char {
    let sum: u32 = text
        .bytes()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(b, w)| value(b) * w)
        .sum();
    char::from(b'0' + (sum % 10) as u8)
}

/// Number, birth date and expiry, each with its check digit: the seed of BAC and PACE (Doc 9303-11, 4.3.2).
///
/// A number of fewer than nine characters is filled up; a longer one counts whole.
#[must_use]
pub fn mrz_information(number: &str, birth: &str, expiry: &str) -> String {
    let number = format!("{number:<<9}");
    format!(
        "{number}{}{birth}{}{expiry}{}",
        check_digit(&number),
        check_digit(birth),
        check_digit(expiry)
    )
}

fn value(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    }
}
