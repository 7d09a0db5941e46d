//! How documents of a type go through the circuit: what is checked, what is surrendered, which terms run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a paper document may take the place of the electronic one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaperCase {
    /// Documented urgency of health.
    Health,
    /// Documented urgency of travel.
    Travel,
    /// Elections.
    Elections,
    /// A competition or tender.
    Competition,
    /// The citizen is registered abroad.
    Abroad,
}

/// The terms and duties of a document type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CircuitRules {
    /// Whether the prints are searched before a decision.
    pub identification: bool,
    /// Whether two examiners judge hits of the prints, the second without knowing what the first said.
    pub second_opinion: bool,
    /// Whether names, birth date and numbers are compared with other dossiers and with watch-lists before a decision.
    pub screening: bool,
    /// Whether the registry of residents confirms the data before a decision.
    pub residents: bool,
    /// Whether the old document, or a report of its loss or theft, is due at hand-over; never at first issue.
    pub surrender: bool,
    /// The decision is due so many days after the centre took the dossier in; never if 0.
    pub decision_days: u16,
    /// The longest time for which the term stands still, once, for missing papers, in days; papers are never asked for
    /// if 0.
    pub papers_days: u16,
    /// How long an applicant may answer the notice of a refusal, in days; a refusal needs no notice if 0.
    pub notice_days: u16,
    /// How long a refusal can be appealed against, in days.
    pub appeal_days: u16,
    /// How long a document takes from its order to its office when nothing waits, in working days; no day is promised
    /// if 0.
    pub production_days: u16,
    /// After so many days without any step an alarm is raised; never if 0.
    pub idle_days: u16,
    /// After this time an uncollected document is recalled, in days.
    pub collection_days: u16,
    /// Biometric data are forgotten after this time at the latest, in days from issue.
    pub biometrics_days: u16,
    /// Whether the office keeps the prints that it took until hand-over, so that a finger of the holder can be compared
    /// with them there; otherwise it forgets them when the document is ordered.
    pub finger_at_hand_over: bool,
    /// The templates of searched prints stay in the gallery of the built-in engine for this long, in days, so that the
    /// same fingers under another name are found; if 0 prints are searched and not kept.
    pub gallery_days: u16,
    /// The other personal data are kept for this long, in years.
    pub record_years: u8,
    /// The longest term of a substitute attestation, in days; none are given if 0.
    pub attestation_days: u16,
    /// Whether a spoiled card is photographed before it is destroyed.
    pub spoiled_photograph: bool,
    /// The cases in which paper is allowed; none if empty.
    pub paper: Vec<PaperCase>,
    /// How long an office finishes files of the old procedure after it starts, in months.
    pub legacy_months: u8,
}

impl Default for CircuitRules {
    /// Everything is checked, and the terms are those of Regulation (EU) 2019/1157, article 10.
    fn default() -> Self {
        Self {
            identification: true,
            second_opinion: false,
            screening: true,
            residents: false,
            surrender: true,
            decision_days: 0,
            papers_days: 30,
            notice_days: 0,
            appeal_days: 60,
            production_days: 5,
            idle_days: 30,
            collection_days: 180,
            biometrics_days: 90,
            finger_at_hand_over: true,
            gallery_days: 0,
            record_years: 10,
            attestation_days: 0,
            spoiled_photograph: false,
            paper: Vec::new(),
            legacy_months: 3,
        }
    }
}
