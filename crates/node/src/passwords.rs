//! What a password has to be: long enough, and none that is guessed by its words, its order or its owner.

use crate::Result;
use rilascio_circuit::process::{Actor, Reason};
use zxcvbn::{Score, zxcvbn};

/// The fewest characters of a password, and the most bytes.
pub(crate) const PASSWORD_MIN: usize = 12;
pub(crate) const PASSWORD_BYTES_MAX: usize = 256;
/// What has to be left of a password when words of the house and of its officer are taken out, in characters.
const REST_MIN: usize = 8;
/// Words of the house, which somebody who guesses here tries first.
const OWN_WORDS: [&str; 9] = [
    "rilascio",
    "passaporto",
    "permesso",
    "soggiorno",
    "questura",
    "documento",
    "identita",
    "passport",
    "permit",
];

/// Nothing, when an officer may have that password: 12 characters to 256 bytes, and not guessed within 100 million tries
/// by the lists of common passwords, names and words, by keyboards, dates and repetitions; nor made of words of this house
/// or of the name and the site of its officer.
///
/// # Errors
/// `circuit.password`.
pub(crate) fn check(password: &str, officer: &Actor) -> Result<()> {
    let long = password.chars().count() >= PASSWORD_MIN && password.len() <= PASSWORD_BYTES_MAX;
    if long && is_hard(password, officer) {
        Ok(())
    } else {
        Err(Reason::Password.refusal().into())
    }
}

fn is_hard(password: &str, officer: &Actor) -> bool {
    let own = [officer.officer.as_str(), officer.site.as_str()];
    let mut words: Vec<&str> = OWN_WORDS.to_vec();
    for name in own {
        words.push(name);
        words.extend(name.split(['.', '-', '_']).filter(|word| word.len() > 2));
    }
    let mut rest = password.to_lowercase();
    for word in &words {
        rest = rest.replace(&word.to_lowercase(), "");
    }
    let left = rest.chars().filter(|sign| !" .-_".contains(*sign)).count();
    left >= REST_MIN && zxcvbn(password, &words).score() >= Score::Three
}

#[cfg(test)]
mod tests {
    use super::*;
    use rilascio_circuit::process::{OfficerId, SiteId};

    fn officer() -> Actor {
        Actor {
            officer: OfficerId::parse("anna.bianchi").expect("is a name"),
            rights: [].into(),
            site: SiteId::parse("questura-viterbo").expect("is a site"),
            profiles: [].into(),
        }
    }

    #[test]
    fn what_is_guessed_first_is_no_password() {
        for guessed in [
            "short",
            "passwordpassword",
            "qwertyuiop123",
            "123456789012",
            "questuraviterbo",
            "Anna.Bianchi2026",
            "permessosoggiorno",
            "anna-questura-anna",
            "aaaaaaaaaaaaaaaa",
            "trustno1trustno1",
        ] {
            assert!(check(guessed, &officer()).is_err(), "{guessed}");
        }
        let long = "x".repeat(257);
        assert!(check(&long, &officer()).is_err());
        for good in [
            "tavolo-grigio-nuvola-sette",
            "k7m2qa9x4tz8",
            "vR9#uTz0pLw!e",
        ] {
            assert!(check(good, &officer()).is_ok(), "{good}");
        }
    }
}
