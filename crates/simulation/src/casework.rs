//! What makes a decision take longer: missing papers, suspicions, notices of refusals, appeals.

use crate::Fault;
use crate::people::People;
use crate::world::World;
use rilascio_circuit::process::{Dossier, Fraud, Phase, Reference};
use rilascio_exchange::message::{Bytes, Paper};
use rilascio_node::{Command, Prose};
use std::collections::BTreeSet;

/// Thousandths of dossiers in examination for which papers are asked.
const MISSING: u32 = 40;
/// Thousandths of dossiers that are suspected of a fraud before a proposal.
const SUSPECTED: u32 = 20;
/// Thousandths of refusals that are appealed against, each time somebody looks.
const APPEALS: u32 = 60;

fn reference(text: &str) -> Result<Reference, Fault> {
    Reference::parse(text).map_err(Fault::Scenario)
}

impl People<'_> {
    /// An applicant brings what the centre waits for, or what nobody asked for.
    pub(crate) fn bring_papers(
        &mut self,
        world: &mut World,
        node: usize,
        dossier: &Dossier,
    ) -> Result<(), Fault> {
        let waited = dossier.terms.stands_until().is_some();
        if !world.dice.permille(if waited { 300 } else { 10 }) {
            return Ok(());
        }
        let who = world.dice.below(u64::from(world.scenario.officers));
        let actor = Self::actor(world, node, who);
        // Some bring what is no paper.
        let content: &[u8] = if world.dice.permille(900) {
            b"%PDF-1.7 specimen"
        } else {
            b"a hat"
        };
        let command = Command::BringPapers {
            dossier: dossier.id.clone(),
            papers: vec![Paper {
                title: reference("rental-contract")?,
                content: Bytes(content.to_vec()),
            }],
        };
        self.give(world, node, &actor, &command)?;
        Ok(())
    }

    /// What an examiner does before a proposal, if anything.
    pub(crate) fn before_proposal(
        world: &World,
        dossier: &Dossier,
        grant: bool,
    ) -> Result<Option<Command>, Fault> {
        let id = dossier.id.clone();
        let suspicion = dossier.suspicion.as_ref();
        match suspicion.map(|suspicion| &suspicion.outcome) {
            Some(None) => {
                return Ok(Some(Command::JudgeSuspicion {
                    dossier: id,
                    established: world.dice.permille(300),
                    act: reference("act-2")?,
                }));
            }
            // What is a fraud is refused, after its notice.
            Some(Some(outcome)) if outcome.established && grant => {
                return Self::before_proposal(world, dossier, false).map(|before| {
                    Some(before.unwrap_or(Command::Propose {
                        dossier: id,
                        grant: false,
                        reasons: Self::reasons(world),
                    }))
                });
            }
            None if world.dice.permille(SUSPECTED) => {
                return Ok(Some(Command::SuspectFraud {
                    dossier: id,
                    fraud: Fraud::Morph,
                    report: reference("report-1")?,
                }));
            }
            _ => {}
        }
        if !grant && dossier.terms.notice.is_none() && world.dice.permille(700) {
            return Ok(Some(Command::GiveNotice {
                dossier: id,
                grounds: reference("act-1")?,
                reasons: Self::reasons(world),
            }));
        }
        if dossier.terms.papers.is_none() && world.dice.permille(MISSING) {
            return Ok(Some(Command::AskPapers {
                dossier: id,
                papers: BTreeSet::from([reference("rental-contract")?]),
                days: 1,
            }));
        }
        Ok(None)
    }

    /// Most officers write why, and some forget.
    pub(crate) fn reasons(world: &World) -> Option<Prose> {
        let wrote = world.dice.permille(900);
        wrote.then(|| Prose::parse("i redditi non bastano").ok())?
    }

    /// Some go to court, and courts decide.
    pub(crate) fn appeals(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let refused: Vec<Dossier> = world.nodes[node]
            .replay
            .dossiers
            .values()
            .filter(|dossier| dossier.phase == Phase::Refused)
            .cloned()
            .collect();
        for dossier in refused {
            if !world.dice.permille(APPEALS) {
                continue;
            }
            let who = world.dice.below(u64::from(world.scenario.officers));
            let actor = Self::actor(world, node, who);
            let command = if dossier.terms.appeal_waits() {
                Command::DecideAppeal {
                    dossier: dossier.id,
                    act: reference("judgment-1")?,
                    upheld: world.dice.permille(500),
                }
            } else {
                Command::NoteAppeal {
                    dossier: dossier.id,
                    act: reference("appeal-1")?,
                    served: None,
                }
            };
            self.give(world, node, &actor, &command)?;
        }
        Ok(())
    }
}
