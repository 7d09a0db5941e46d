//! Works that are stopped or lost and come back, and orders that somebody asks back.

use crate::Fault;
use crate::people::People;
use crate::world::World;
use rilascio_circuit::process::{
    Cancellation, Dossier, NodeId, OrderState, Phase, Reference, StandingState,
};
use rilascio_node::{Command, Role};

/// Thousandths of orders under way that somebody asks back, each time somebody looks.
const RECALLS: u32 = 10;
/// Thousandths of works that stand still and come back, in half an hour.
const RETURNS: u32 = 60;

impl People<'_> {
    /// Works fail and come back: those that are lost are dark, mostly.
    pub(crate) fn failures(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let act = Reference::parse("act-7").map_err(Fault::Scenario)?;
        for place in world.all_of(Role::Works) {
            let works = world.nodes[place].desk.node().clone();
            let actor = Self::actor(world, node, 0);
            let command = match Self::standing(world, node, &works) {
                StandingState::Running if world.dice.permille(world.scenario.works_failures) => {
                    let act = act.clone();
                    if world.dice.permille(500) {
                        Command::StopWorks { works, act }
                    } else {
                        if world.dice.permille(800) {
                            world.network.darken(&works);
                        }
                        Command::LoseWorks { works, act }
                    }
                }
                StandingState::Running => continue,
                _ if world.dice.permille(RETURNS) => {
                    world.network.lighten(&works);
                    Command::ResumeWorks {
                        works,
                        act: act.clone(),
                    }
                }
                StandingState::Lost if world.network.is_dark(&works) => {
                    self.give_up_made(world, node, place)?;
                    continue;
                }
                _ => continue,
            };
            let failed = !matches!(command, Command::ResumeWorks { .. });
            if self.give(world, node, &actor, &command)?.is_some() && failed {
                self.summary.works_failed += 1;
            }
        }
        Ok(())
    }

    fn standing(world: &World, centre: usize, works: &NodeId) -> StandingState {
        let known = world.nodes[centre].replay.works.get(works.as_str());
        known.map_or(StandingState::Running, |known| known.state)
    }

    /// What lies made in works that are dark is made again.
    fn give_up_made(
        &mut self,
        world: &mut World,
        centre: usize,
        works: usize,
    ) -> Result<(), Fault> {
        let made: Vec<_> = world.nodes[works]
            .replay
            .orders
            .values()
            .filter(|order| order.state == OrderState::Produced)
            .map(|order| order.dossier.clone())
            .collect();
        for dossier in made {
            if world.dice.permille(100) {
                let actor = Self::actor(world, centre, 1);
                self.give(world, centre, &actor, &Command::LoseDocument { dossier })?;
            }
        }
        Ok(())
    }

    /// Everybody works again.
    pub(crate) fn resume_works(&mut self, world: &mut World) -> Result<(), Fault> {
        let centre = world.node_of(Role::Centre);
        for place in world.all_of(Role::Works) {
            let works = world.nodes[place].desk.node().clone();
            world.network.lighten(&works);
            if Self::standing(world, centre, &works) != StandingState::Running {
                let actor = Self::actor(world, centre, 0);
                let act = Reference::parse("act-8").map_err(Fault::Scenario)?;
                self.give(world, centre, &actor, &Command::ResumeWorks { works, act })?;
            }
        }
        Ok(())
    }

    /// Somebody asks an order back; what came back is ordered again, or ends.
    pub(crate) fn recalls(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let dossiers: Vec<Dossier> = world.nodes[node]
            .replay
            .dossiers
            .values()
            .filter(|dossier| {
                matches!(
                    dossier.phase,
                    Phase::Certified | Phase::Ordered | Phase::InProduction
                )
            })
            .cloned()
            .collect();
        for dossier in dossiers {
            let id = dossier.id.clone();
            let command = if dossier.phase != Phase::Certified {
                if !world.dice.permille(RECALLS) {
                    continue;
                }
                Command::RecallOrder { dossier: id }
            } else if world.dice.permille(300) {
                Command::OrderAgain {
                    dossier: id,
                    express: world.dice.permille(500),
                }
            } else if world.dice.permille(20) {
                Command::CancelDossier {
                    dossier: id,
                    why: Cancellation::Withdrawn,
                }
            } else {
                continue;
            };
            let who = world.dice.below(u64::from(world.scenario.officers));
            let actor = Self::actor(world, node, who);
            self.give(world, node, &actor, &command)?;
        }
        Ok(())
    }
}
