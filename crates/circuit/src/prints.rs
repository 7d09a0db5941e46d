//! Which prints go on the chip: the order of preference, and what replaces a finger that cannot be used.

use crate::application::{Application, PrintImage};
use crate::profile::{Fallback, Finger, PrintProfile};
use crate::rules::Refusal;
use rilascio_mrtd::finger::{FingerPosition, Hand};

/// The prints that were chosen, and what the remarks must say about them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrintChoice {
    /// Places in the application's list, right hand first.
    pub prints: Vec<usize>,
    /// One remark for each replaced or missing finger.
    pub remarks: Vec<String>,
    /// True when a hand gives no print at all.
    pub incomplete: bool,
}

/// Chooses the prints of an application.
///
/// # Errors
/// A refusal when a preferred finger is neither there nor declared missing.
pub fn choose_prints(
    profile: &PrintProfile,
    application: &Application,
) -> Result<PrintChoice, Refusal> {
    check_entries(application)?;
    match profile.fallback {
        Fallback::Hand => {
            let mut choice = PrintChoice::default();
            for hand in [Hand::Right, Hand::Left] {
                choose(profile, application, &[hand], &mut choice)?;
            }
            Ok(choice)
        }
        Fallback::Pair => {
            let mut choice = PrintChoice::default();
            choose(
                profile,
                application,
                &[Hand::Right, Hand::Left],
                &mut choice,
            )?;
            Ok(choice)
        }
    }
}

/// One candidate: the prints of a finger of the given hands, and the worse of their scores.
struct Candidate {
    finger: Finger,
    prints: Vec<usize>,
    score: u8,
    reaches_threshold: bool,
}

fn choose(
    profile: &PrintProfile,
    application: &Application,
    hands: &[Hand],
    choice: &mut PrintChoice,
) -> Result<(), Refusal> {
    let order = profile.order.as_ref();
    let mut candidates = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for finger in order {
        let mut prints = Vec::new();
        let declared: Vec<String> = hands
            .iter()
            .filter_map(|hand| reason(application, finger.of(*hand)))
            .collect();
        if !declared.is_empty() {
            // A finger that cannot be used takes the pair with it: the other one is not asked for.
            reasons.extend(declared);
            continue;
        }
        for hand in hands {
            let position = finger.of(*hand);
            match application
                .print
                .iter()
                .position(|print| print.finger == position)
            {
                Some(place) => prints.push(place),
                None => return Err(not_accounted_for(position)),
            }
        }
        // A print that nobody measured is the worst there is.
        let score = |place: &usize| application.print[*place].quality.unwrap_or(0);
        let worst = prints.iter().map(score).min().unwrap_or(0);
        let candidate = Candidate {
            finger: *finger,
            reaches_threshold: worst >= profile.thresholds.of(*finger),
            score: worst,
            prints,
        };
        let good = candidate.reaches_threshold;
        candidates.push(candidate);
        if good {
            break;
        }
    }
    // The first that reaches its threshold; if none does, the best score, the earlier one of equals.
    let best = candidates
        .iter()
        .find(|candidate| candidate.reaches_threshold)
        .or_else(|| {
            candidates
                .iter()
                .rev()
                .max_by_key(|candidate| candidate.score)
        });
    let Some(best) = best else {
        choice.incomplete = true;
        choice.remarks.extend(reasons);
        return Ok(());
    };
    for rejected in &candidates {
        if rejected.finger != best.finger && !rejected.reaches_threshold {
            let names = names(&application.print, &rejected.prints);
            reasons.push(format!("{names}: QUALITÀ INSUFFICIENTE"));
        }
    }
    if best.finger != order[0] {
        choice.remarks.push(format!(
            "IMPRONTE: {}",
            names(&application.print, &best.prints)
        ));
        choice.remarks.extend(reasons);
    }
    choice.prints.extend(&best.prints);
    Ok(())
}

/// Refuses a finger that is there twice, or both there and missing, and a score that is none.
fn check_entries(application: &Application) -> Result<(), Refusal> {
    const SCORE_MAX: u8 = 100;
    for (n, print) in application.print.iter().enumerate() {
        let name = print.finger.name();
        let twice = application.print[..n]
            .iter()
            .any(|other| other.finger == print.finger);
        if twice || reason(application, print.finger).is_some() {
            return Err(Refusal::new(
                "prints.finger",
                format!("il dito {name} compare due volte, o è insieme presente e mancante"),
                format!("the finger {name} is there twice, or both there and missing"),
                "lasciare una sola voce per dito",
                "keep one entry for each finger",
            ));
        }
        if print.quality.is_some_and(|quality| quality > SCORE_MAX) {
            return Err(Refusal::new(
                "prints.quality",
                format!("la qualità dell'impronta {name} non è un punteggio NFIQ 2"),
                format!("the quality of the print {name} is no NFIQ 2 score"),
                "indicare un valore da 0 a 100, o nessuno se non è stata misurata",
                "give a value from 0 to 100, or none if it was not measured",
            ));
        }
    }
    Ok(())
}

fn reason(application: &Application, position: FingerPosition) -> Option<String> {
    application
        .missing
        .iter()
        .find(|missing| missing.finger == position)
        .map(|missing| {
            format!(
                "{}: {}",
                printed_name(position),
                missing.reason.to_uppercase()
            )
        })
}

fn names(prints: &[PrintImage], places: &[usize]) -> String {
    let names: Vec<&str> = places
        .iter()
        .map(|place| printed_name(prints[*place].finger))
        .collect();
    names.join(", ")
}

/// The name of a finger as remarks print it.
fn printed_name(position: FingerPosition) -> &'static str {
    match position {
        FingerPosition::RightThumb => "POLLICE DX",
        FingerPosition::RightIndex => "INDICE DX",
        FingerPosition::RightMiddle => "MEDIO DX",
        FingerPosition::RightRing => "ANULARE DX",
        FingerPosition::RightLittle => "MIGNOLO DX",
        FingerPosition::LeftThumb => "POLLICE SX",
        FingerPosition::LeftIndex => "INDICE SX",
        FingerPosition::LeftMiddle => "MEDIO SX",
        FingerPosition::LeftRing => "ANULARE SX",
        FingerPosition::LeftLittle => "MIGNOLO SX",
    }
}

fn not_accounted_for(position: FingerPosition) -> Refusal {
    let name = position.name();
    Refusal::new(
        "prints.order",
        format!("l'impronta {name} non è presente e il dito non è dichiarato mancante"),
        format!("the print {name} is not there, and the finger is not declared missing"),
        format!(
            "acquisire l'impronta, oppure aggiungere [[missing]] finger = \"{name}\" con il motivo"
        ),
        format!("take the print, or add [[missing]] finger = \"{name}\" with the reason"),
    )
}
