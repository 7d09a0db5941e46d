//! What a simulated country is like. Chances are in a thousand.

use serde::Deserialize;

/// A scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// Office nodes.
    pub offices: u32,
    /// Officers of every office.
    pub officers: u32,
    /// People who come to each office in a day.
    pub arrivals: u32,
    /// Works; all but the first stand in for those before them.
    pub works: u32,
    /// Documents that works make in a day.
    pub capacity: u32,
    /// Works that are stopped or lost, in half an hour.
    pub works_failures: u32,
    /// Blanks that fail in production.
    pub spoilage: u32,
    /// Times that a machine stands still.
    pub standstill: u32,
    /// Parcels that the courier loses.
    pub lost_parcels: u32,
    /// Parcels that the courier brings back to the works.
    pub returned_parcels: u32,
    /// Documents that are missing in a parcel.
    pub missing_documents: u32,
    /// Documents that the office finds defective.
    pub defects: u32,
    /// Messages that are lost on their way.
    pub lost_messages: u32,
    /// Acknowledgements that are lost on their way back.
    pub lost_answers: u32,
    /// Messages that arrive twice.
    pub doubled_messages: u32,
    /// Messages that arrive late, after others.
    pub late_messages: u32,
    /// Links that are cut for some hours.
    pub cuts: u32,
    /// Persistence points at which a node is killed.
    pub kills: u32,
    /// The largest error of a node's clock, in seconds.
    pub drift_s: u32,
    /// Commands that a dishonest or clumsy officer gives, at each turn.
    pub mischief: u32,
    /// Print searches that hit somebody.
    pub hits: u32,
    /// Proposals to refuse.
    pub refusals: u32,
    /// Dossiers that are given back to be completed.
    pub returns: u32,
    /// Holders who never come.
    pub uncollected: u32,
    /// Documents in force that are lost or stolen, in a day.
    pub losses: u32,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            offices: 2,
            officers: 4,
            arrivals: 5,
            works: 2,
            capacity: 30,
            works_failures: 8,
            spoilage: 60,
            standstill: 20,
            lost_parcels: 60,
            returned_parcels: 60,
            missing_documents: 20,
            defects: 20,
            lost_messages: 50,
            lost_answers: 30,
            doubled_messages: 50,
            late_messages: 50,
            cuts: 10,
            kills: 4,
            drift_s: 120,
            mischief: 200,
            hits: 80,
            refusals: 60,
            returns: 40,
            uncollected: 20,
            losses: 20,
        }
    }
}

impl Scenario {
    /// A scenario from its file.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, String> {
        let scenario: Self = toml::from_str(text).map_err(|why| why.to_string())?;
        if scenario.offices == 0
            || scenario.offices > 50
            || scenario.officers < 4
            || scenario.officers > 50
        {
            return Err("a scenario has 1 to 50 offices with 4 to 50 officers each".to_owned());
        }
        if !(1..=5).contains(&scenario.works) {
            return Err("a scenario has 1 to 5 works".to_owned());
        }
        Ok(scenario)
    }
}
