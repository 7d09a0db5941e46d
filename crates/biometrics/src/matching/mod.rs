//! How alike two prints are.

mod alignment;
mod cylinder;
mod first_stage;
mod relaxation;

pub use alignment::{Alignment, Matched};
pub use cylinder::{Cylinder, cylinders};
pub use first_stage::{Disguise, PACKED_CYLINDERS, PACKED_WORDS, PackedPrint, SearchProbe};

use crate::template::PrintTemplate;

/// What a comparison measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Comparison {
    /// How well the best pairs support each other, 0 to 1.
    pub support: f32,
    /// How the probe lies on the reference.
    pub alignment: Alignment,
    /// The natural logarithm of the likelihood ratio: how much more often one finger gives this than two.
    pub log_likelihood: f32,
}

impl Comparison {
    /// The score: hundredths of the log-likelihood.
    #[must_use]
    pub fn score(&self) -> i32 {
        (self.log_likelihood * 100.0).round() as i32
    }
}

/// A template that is ready to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The template.
    pub template: PrintTemplate,
    /// Its cylinders.
    pub cylinders: Vec<Cylinder>,
}

impl From<PrintTemplate> for Prepared {
    fn from(template: PrintTemplate) -> Self {
        let cylinders = cylinders(&template);
        Self {
            template,
            cylinders,
        }
    }
}

/// Pairs whose support is summed: more where there are more minutiae.
fn pairs_that_count(smaller: usize) -> usize {
    let grown = 4.0 + 8.0 / (1.0 + (-0.4 * (smaller as f32 - 20.0)).exp());
    grown.round() as usize
}

/// Compares a probe with a reference.
#[must_use]
pub fn compare(probe: &Prepared, reference: &Prepared) -> Comparison {
    let (ours, theirs) = (&probe.template, &reference.template);
    let mut pairs = relaxation::candidates(ours, theirs, &probe.cylinders, &reference.cylinders);
    if pairs.len() < 3 {
        return Comparison {
            log_likelihood: log_likelihood(0.0, &Alignment::default()),
            ..Comparison::default()
        };
    }
    let agreements = relaxation::relax(&mut pairs, &ours.minutiae, &theirs.minutiae);
    let mut supports: Vec<f32> = pairs.iter().map(|pair| pair.support).collect();
    supports.sort_by(|a, b| b.total_cmp(a));
    let count = pairs_that_count(probe.cylinders.len().min(reference.cylinders.len()));
    let support = supports.iter().take(count).sum::<f32>() / count as f32;
    let alignment = alignment::align(ours, theirs, &pairs, &agreements);
    let log_likelihood = log_likelihood(support, &alignment);
    Comparison {
        support,
        alignment,
        log_likelihood,
    }
}

/// Weights of a logistic regression on synthetic prints, scaled so that of two fingers one comparison in e^s scores more than
/// s: within a factor of three for overlaps of 12 minutiae and more, measured on 67,615 comparisons of synthetic prints of
/// sensors from 200 to 360 pixels. Rates below one in ten thousand are extrapolated.
fn log_likelihood(support: f32, alignment: &Alignment) -> f32 {
    let inside = (alignment.probe_inside * alignment.reference_inside).sqrt();
    68.8 * support + 109.5 * alignment.weight() / (inside + 32.0) - 12.6
}

/// The score from which on at most that share of comparisons of two fingers is accepted.
#[must_use]
pub fn threshold_for(false_match_rate: f64) -> i32 {
    (-false_match_rate.clamp(1e-12, 1.0).ln() * 100.0).ceil() as i32
}
