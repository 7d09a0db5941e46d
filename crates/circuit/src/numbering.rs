//! Number patterns: how document numbers and serials of blanks look, and which of several works gives which.

use std::ops::Range;

/// The part of all numbers that one of several works gives. Works that join later get the upper half of what the first
/// ones have left, so that whatever was given before stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NumberShare {
    /// 0 for the works that were there first, then one more for each that joined.
    pub number: u32,
    /// The highest such number of all works of the profile.
    pub highest: u32,
}

impl NumberShare {
    /// The most works of one profile beside the first.
    pub const JOINED_MAX: u32 = 8;
}

/// A pattern: `#` is a digit, `@` a letter, anything else stands for itself. The last place counts fastest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberPattern(String);

impl NumberPattern {
    /// The longest pattern.
    const LENGTH_MAX: usize = 22;

    /// Reads a pattern.
    ///
    /// # Errors
    /// When it has other characters than capitals, digits, `#` and `@`, or nothing that counts.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known =
            |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '#' | '@');
        if text.is_empty() || text.len() > Self::LENGTH_MAX || !text.chars().all(known) {
            return Err(format!(
                "'{text}' is no number pattern: 1 to {} of A-Z, 0-9, # for a digit, @ for a letter",
                Self::LENGTH_MAX
            ));
        }
        if !text.contains(['#', '@']) {
            return Err(format!(
                "the number pattern '{text}' has no place that counts"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// How many numbers there are.
    #[must_use]
    pub fn capacity(&self) -> u128 {
        self.0.chars().map(|c| u128::from(radix(c))).product()
    }

    /// The number at that place of the sequence, from 0; `None` beyond the last.
    #[must_use]
    pub fn number(&self, sequence: u128) -> Option<String> {
        if sequence >= self.capacity() {
            return None;
        }
        let mut rest = sequence;
        let mut number: Vec<char> = Vec::with_capacity(self.0.len());
        for place in self.0.chars().rev() {
            let digit = (rest % u128::from(radix(place))) as u32;
            rest /= u128::from(radix(place));
            number.push(match place {
                '#' => char::from(b'0' + digit as u8),
                '@' => char::from(b'A' + digit as u8),
                fixed => fixed,
            });
        }
        Some(number.into_iter().rev().collect())
    }

    /// The place of a number in the sequence; `None` for one of another pattern.
    #[must_use]
    pub fn place(&self, number: &str) -> Option<u128> {
        if !self.matches(number) {
            return None;
        }
        let digit = |c: char, place: char| match place {
            '#' => u128::from(u32::from(c) - u32::from('0')),
            '@' => u128::from(u32::from(c) - u32::from('A')),
            _ => 0,
        };
        let pairs = number.chars().zip(self.0.chars());
        Some(pairs.fold(0, |sum, (c, place)| {
            sum * u128::from(radix(place)) + digit(c, place)
        }))
    }

    /// The places that belong to one of several works: no two of them ever give the same number.
    #[must_use]
    pub fn places(&self, share: NumberShare) -> Range<u128> {
        let capacity = self.capacity();
        let after = |halvings: u32| capacity.checked_shr(halvings).unwrap_or(0);
        match share.number {
            0 => 0..after(share.highest),
            number => after(number)..after(number - 1),
        }
    }

    /// True when a number has this pattern.
    #[must_use]
    pub fn matches(&self, number: &str) -> bool {
        number.len() == self.0.len()
            && number
                .chars()
                .zip(self.0.chars())
                .all(|(c, place)| match place {
                    '#' => c.is_ascii_digit(),
                    '@' => c.is_ascii_uppercase(),
                    fixed => c == fixed,
                })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn radix(place: char) -> u32 {
    match place {
        '#' => 10,
        '@' => 26,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_like_an_odometer() {
        let pattern = NumberPattern::parse("C@#####@@").expect("good");
        assert_eq!(pattern.number(0).as_deref(), Some("CA00000AA"));
        assert_eq!(pattern.number(26).as_deref(), Some("CA00000BA"));
        assert_eq!(pattern.number(26 * 26).as_deref(), Some("CA00001AA"));
        assert_eq!(NumberPattern::parse("I#").expect("good").number(10), None);
        for wrong in ["", "I", "i#", "I-#", "#######################"] {
            assert!(NumberPattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn whoever_joins_gets_the_upper_half_of_what_is_left() {
        let pattern = NumberPattern::parse("I###").expect("good");
        let places = |number, highest| pattern.places(NumberShare { number, highest });
        assert_eq!(places(0, 0), 0..1000);
        assert_eq!((places(0, 1), places(1, 1)), (0..500, 500..1000));
        assert_eq!(
            (places(0, 2), places(1, 2), places(2, 2)),
            (0..250, 500..1000, 250..500)
        );
    }

    proptest! {
        #[test]
        fn a_number_tells_its_place(place in 0u128..26 * 26 * 100) {
            let pattern = NumberPattern::parse("C@##@X").expect("good");
            let number = pattern.number(place).expect("within capacity");
            prop_assert_eq!(pattern.place(&number), Some(place));
        }

        #[test]
        fn every_place_belongs_to_one_of_the_works(place in 0u128..100_000, highest in 0u32..8) {
            let pattern = NumberPattern::parse("I#####").expect("good");
            let owners = (0..=highest)
                .filter(|number| pattern.places(NumberShare { number: *number, highest }).contains(&place));
            prop_assert_eq!(owners.count(), 1);
        }

        #[test]
        fn every_number_has_its_pattern(sequence in 0u128..100_000_000) {
            let pattern = NumberPattern::parse("I########").expect("good");
            let number = pattern.number(sequence).expect("within capacity");
            prop_assert!(pattern.matches(&number));
        }
    }
}
