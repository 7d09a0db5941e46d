//! The judgement of hits at the centre: where the profile asks for two, the first opinion lies sealed in the vault until
//! the second is given, and is opened in the journal then.

use super::centre::step;
use crate::command::Answer;
use crate::ledger::Ledger;
use crate::{Error, Result};
use rilascio_circuit::process::{Digest, Dossier, DossierCommand, DossierId, OpinionCommand};
use rilascio_store::vault::Compartment;

/// Where the first opinion is kept: it is forgotten with the prints.
const OPINION: &str = "opinion";
const SALT_BYTES: usize = 16;

/// The sealed words of an opinion: the salt, and 1 for the same person.
fn words(salt: [u8; SALT_BYTES], same: bool) -> Vec<u8> {
    let mut words = salt.to_vec();
    words.push(u8::from(same));
    words
}

/// Judges, or gives an opinion that the next examiner does not see.
pub(super) fn adjudicate(
    ledger: &mut Ledger<'_>,
    dossier: &DossierId,
    same: bool,
) -> Result<Answer> {
    let judge = DossierCommand::Adjudicate(same);
    let known: Dossier = ledger.known(dossier.as_str())?;
    if !ledger.profile(&known.profile)?.circuit.second_opinion {
        return step(ledger, dossier, &judge);
    }
    let Some(before) = &known.opinion else {
        let mut salt = [0; SALT_BYTES];
        rand_core::Rng::fill_bytes(&mut ledger.rng, &mut salt);
        let words = words(salt, same);
        let give = OpinionCommand::Give(Digest::of(&words));
        let answer = step(ledger, dossier, &DossierCommand::Opinion(give))?;
        ledger.keep(dossier.as_str(), OPINION, OPINION, &words)?;
        return Ok(answer);
    };
    let sealed = Compartment {
        dossier: dossier.as_str(),
        part: OPINION,
    };
    let words = sealed.get(ledger.tx, &ledger.vault, OPINION)?;
    let words = words.filter(|words| Digest::of(words) == before.seal);
    let words = words.ok_or_else(|| Error::Corrupt {
        what: "opinion",
        id: dossier.to_string(),
        why: "it is not the one that was given".to_owned(),
    })?;
    let first = words.last() == Some(&1);
    let differs = before.second.is_none() && first != same;
    let next = if differs {
        DossierCommand::Opinion(OpinionCommand::Differ)
    } else {
        judge
    };
    let answer = step(ledger, dossier, &next)?;
    if before.second.is_none() {
        let actor = ledger.actor.clone();
        ledger.note(&actor, OPINION, dossier.as_str(), &("opened", &words[..]))?;
    }
    Ok(answer)
}
