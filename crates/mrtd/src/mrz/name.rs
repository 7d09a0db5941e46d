//! The name field: filling, truncation and reading back (Doc 9303-3, 4.6; 9303-4 and -5, 4.2.3).

/// A name in the MRZ alphabet: components joined by one `<`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct MrzName {
    /// The primary identifier, mostly the surname.
    pub primary: String,
    /// The secondary identifier, mostly the given names; may be empty.
    pub secondary: String,
}

impl MrzName {
    /// Letters of the secondary identifier that a truncated primary one leaves room for.
    const SECONDARY_LETTERS_MIN: usize = 2;

    /// Reads a name field, fillers and all.
    #[must_use]
    pub fn from_field(field: &str) -> Self {
        let field = field.trim_end_matches('<');
        let (primary, secondary) = field.split_once("<<").unwrap_or((field, ""));
        Self {
            primary: primary.to_owned(),
            secondary: secondary.trim_matches('<').to_owned(),
        }
    }

    /// The name as a field of exactly `width` characters.
    ///
    /// What fits is never truncated. A truncated field ends on a letter, and shows at least the beginning of the
    /// first secondary component.
    #[must_use]
    pub fn fit(&self, width: usize) -> String {
        let field = if self.secondary.is_empty() {
            fit_components(&self.primary, width)
        } else if self.primary.len() + 2 + self.secondary.len() <= width {
            format!("{}<<{}", self.primary, self.secondary)
        } else {
            let first = self.secondary.split('<').next().unwrap_or_default().len();
            let reserved = 2 + first.min(Self::SECONDARY_LETTERS_MIN);
            let primary = if self.primary.len() + 3 <= width {
                self.primary.clone()
            } else {
                fit_components(&self.primary, width.saturating_sub(reserved))
            };
            let room = width.saturating_sub(primary.len() + 2);
            format!("{primary}<<{}", fit_components(&self.secondary, room))
        };
        format!("{field:<<width$}")
    }

    /// True when a field of `width` characters cannot hold the whole name.
    #[must_use]
    pub fn is_truncated_at(&self, width: usize) -> bool {
        let separator = if self.secondary.is_empty() { 0 } else { 2 };
        self.primary.len() + separator + self.secondary.len() > width
    }
}

/// Shortens components to `width` characters that end on a letter.
///
/// A plain cut serves when it shows the beginning of every component. Otherwise the leading components stay whole as
/// long as each of the others keeps its initial, and these share the remaining room evenly.
fn fit_components(text: &str, width: usize) -> String {
    if text.len() <= width {
        return text.to_owned();
    }
    let mut parts: Vec<&str> = text.split('<').collect();
    let cut = &text[..width];
    if !cut.ends_with('<') && cut.matches('<').count() + 1 == parts.len() {
        return cut.to_owned();
    }
    parts.truncate(width.div_ceil(2).max(1));
    let separators = parts.len() - 1;
    let whole = (0..parts.len())
        .rev()
        .find(|n| {
            let kept: usize = parts[..*n].iter().map(|part| part.len()).sum();
            kept + (parts.len() - n) + separators <= width
        })
        .unwrap_or(0);
    let kept: usize = parts[..whole].iter().map(|part| part.len()).sum();
    let mut spare = width.saturating_sub(kept + separators);
    let mut lengths: Vec<usize> = parts
        .iter()
        .enumerate()
        .map(|(n, part)| if n < whole { part.len() } else { 0 })
        .collect();
    while spare > 0 {
        let mut grown = false;
        for n in whole..parts.len() {
            if spare > 0 && lengths[n] < parts[n].len() {
                lengths[n] += 1;
                spare -= 1;
                grown = true;
            }
        }
        if !grown {
            break;
        }
    }
    let shortened: Vec<&str> = parts
        .iter()
        .zip(&lengths)
        .map(|(part, n)| &part[..*n])
        .collect();
    let mut field = shortened.join("<");
    if field.len() < width {
        // Only single letters were left to show: the next one of the name marks the truncation.
        let next = text
            .split('<')
            .nth(parts.len())
            .and_then(|part| part.chars().next());
        field.extend(next);
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(primary: &str, secondary: &str) -> MrzName {
        MrzName {
            primary: primary.into(),
            secondary: secondary.into(),
        }
    }

    #[test]
    fn truncates_as_the_examples_of_doc_9303_5() {
        for (primary, secondary, field) in [
            (
                "NILAVADHANANANDA",
                "CHAYAPA<DEJTHAMRONG<KRASUANG",
                "NILAVADHANANANDA<<CHAYAPA<DE<K",
            ),
            (
                "NILAVADHANANANDA",
                "ARNPOL<PETCH<CHARONGUANG",
                "NILAVADHANANANDA<<ARNPOL<PE<CH",
            ),
            (
                "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WARNAMBOOL",
                "DINGO<POTOROO",
                "BENNELONG<WOOLOOMOOLOO<W<W<<DI",
            ),
            (
                "PAPANDROPOULOUS",
                "JONATHON<ALEC",
                "PAPANDROPOULOUS<<JONATHON<ALEC",
            ),
            (
                "VILARCHAO<FERNANDEZ",
                "JOSE<RAMON",
                "VILARCHAO<FERNANDEZ<<JOSE<RAMO",
            ),
            (
                "AL<BASRI",
                "HUDA<MUHAMMAD<JAWAD",
                "AL<BASRI<<HUDA<MUHAMMAD<JAWAD<",
            ),
            ("SATRIYA<SUDARPA", "", "SATRIYA<SUDARPA<<<<<<<<<<<<<<<"),
        ] {
            assert_eq!(name(primary, secondary).fit(30), field);
        }
    }

    #[test]
    fn truncates_as_the_examples_of_doc_9303_4() {
        for (primary, secondary, field) in [
            (
                "NILAVADHANANANDA",
                "CHAYAPA<DEJTHAMRONG<KRASUANG",
                "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K",
            ),
            (
                "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WARNAMBOOL",
                "DINGO<POTOROO",
                "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<W<<DI",
            ),
        ] {
            assert_eq!(name(primary, secondary).fit(39), field);
        }
    }

    proptest! {
        #[test]
        fn every_field_is_full_and_says_when_it_is_truncated(
            primary in "[A-Z]{1,14}(<[A-Z]{1,14}){0,5}",
            secondary in "([A-Z]{1,14}(<[A-Z]{1,14}){0,5})?",
            width in prop_oneof![Just(30usize), Just(31), Just(39)],
        ) {
            let name = name(&primary, &secondary);
            let field = name.fit(width);
            prop_assert_eq!(field.len(), width);
            if name.is_truncated_at(width) {
                prop_assert!(!field.ends_with('<'), "{}", field);
            } else {
                prop_assert_eq!(MrzName::from_field(&field), name.clone());
            }
            if !secondary.is_empty() {
                let shown = MrzName::from_field(&field).secondary;
                prop_assert!(shown.starts_with(&secondary[..1]), "{}", field);
            }
        }
    }
}
