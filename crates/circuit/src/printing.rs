//! The texts of a record as cards print them.

use crate::application::{Address, Application};
use crate::prints::PrintChoice;
use crate::profile::Profile;
use crate::rules::Refusal;
use rilascio_mrtd::transliteration::{Scheme, to_latin};

/// True for what cards and letters print: Latin letters up to Latin Extended-A but for ligatures and letters that the
/// font lacks, and marks of spelling.
fn is_printable(c: char) -> bool {
    let latin = matches!(c, ' '..='~' | '\u{00C0}'..='\u{017E}' | '\u{2019}' | '\u{00B0}');
    latin && !matches!(c, 'Ĳ' | 'ĳ' | 'ĸ' | 'Ŀ' | 'ŀ' | 'ŉ')
}

/// True for what letters can set, beside the ends of lines: what is printed, and the marks of running text.
#[must_use]
pub fn is_settable(c: char) -> bool {
    is_printable(c)
        || (matches!(c, '\u{00A1}'..='\u{00BF}') && c != '\u{00AD}')
        || "–—‘“”…€".contains(c)
}

/// A text as cards print it: upper case; words in other letters than those of the card's font as the MRZ spells them.
pub(crate) fn printable(text: &str, scheme: Scheme) -> String {
    if text.chars().all(is_printable) {
        return text.to_uppercase();
    }
    let word = |word: &str| match word.chars().all(is_printable) {
        true => word.to_uppercase(),
        false => to_latin(word, scheme).unwrap_or_default().to_uppercase(),
    };
    text.split_whitespace()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The lines of the remarks: those of the application, then those about the prints.
pub(crate) fn remarks(
    profile: &Profile,
    application: &Application,
    prints: &PrintChoice,
) -> Result<Vec<String>, Refusal> {
    let limits = &profile.limits;
    let mut lines = Vec::new();
    let remarks = application
        .document
        .remarks
        .iter()
        .map(|remark| remark.to_uppercase());
    for remark in remarks.chain(prints.remarks.iter().cloned()) {
        wrap(&remark, limits.remark_line, &mut lines);
    }
    if lines.len() > limits.remark_lines {
        return Err(Refusal::new(
            "limits.remark_lines",
            format!(
                "le annotazioni prendono {} righe, ce ne sono {}",
                lines.len(),
                limits.remark_lines
            ),
            format!(
                "the remarks take {} lines, there are {}",
                lines.len(),
                limits.remark_lines
            ),
            "abbreviare document.remarks o i motivi in [[missing]]",
            "shorten document.remarks or the reasons in [[missing]]",
        ));
    }
    Ok(lines)
}

/// Breaks a text into lines between words; a longer word is cut.
fn wrap(text: &str, width: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let used = line.chars().count();
            let gap = usize::from(used > 0);
            if used + gap + word.len() <= width {
                if gap > 0 {
                    line.push(' ');
                }
                line.extend(&word);
                break;
            }
            if used > 0 {
                lines.push(std::mem::take(&mut line));
            } else {
                lines.push(word.drain(..width.max(1)).collect());
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
}

/// The names as they were given, for DG11.
pub(crate) fn full_name(application: &Application) -> String {
    let fill = |text: &str| text.split_whitespace().collect::<Vec<_>>().join("<");
    let person = &application.person;
    let (surname, given) = (fill(&person.surname), fill(&person.given_names));
    match (surname.is_empty(), given.is_empty()) {
        (false, false) => format!("{surname}<<{given}"),
        _ => format!("{surname}{given}"),
    }
}

/// Place of birth with the state.
pub(crate) fn birth_place(application: &Application, scheme: Scheme) -> Option<String> {
    let person = &application.person;
    let place = person
        .birth_place
        .as_ref()
        .map(|place| printable(place, scheme));
    match (place, person.birth_country) {
        (Some(place), Some(state)) => Some(format!("{place} ({state})")),
        (Some(place), None) => Some(place),
        (None, state) => state.map(|state| state.to_string()),
    }
}

/// The lines of an address.
pub(crate) fn address_lines(address: &Address, scheme: Scheme) -> Vec<String> {
    let country = address
        .country
        .map(|state| format!(" ({state})"))
        .unwrap_or_default();
    vec![
        printable(&address.street, scheme),
        format!("{}{country}", printable(&address.place, scheme)),
    ]
}

/// The lines of the type of permit.
pub(crate) fn permit_lines(profile: &Profile, application: &Application) -> Vec<String> {
    let permit = application
        .document
        .permit
        .as_deref()
        .and_then(|code| profile.permit_type(code));
    permit
        .map(|permit| {
            permit
                .lines
                .iter()
                .map(|line| line.as_ref().clone())
                .collect()
        })
        .unwrap_or_default()
}
