//! Number patterns: how document numbers and serials of blanks look.

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

    proptest! {
        #[test]
        fn every_number_has_its_pattern(sequence in 0u128..100_000_000) {
            let pattern = NumberPattern::parse("I########").expect("good");
            let number = pattern.number(sequence).expect("within capacity");
            prop_assert!(pattern.matches(&number));
        }
    }
}
