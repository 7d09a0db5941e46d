//! What comes to a counter beside dossiers: parcels, acts that applicants are handed, documents that holders lose.

use crate::Fault;
use crate::people::People;
use crate::world::World;
use rilascio_circuit::process::{DocumentId, Dossier, DossierId, Loss, Phase, Reference};
use rilascio_node::{Command, Error};
use rilascio_store::Error as StoreError;

/// Thousandths of dossiers whose applicants are at the counter and get an act, each time somebody looks.
const SERVED: u32 = 30;
/// Thousandths of documents that are lost, each time.
const LOST: u32 = 2;
/// Thousandths of counters at which somebody types a number that nobody has.
const MISTYPED: u32 = 2;

impl People<'_> {
    pub(crate) fn afterwards(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let dossiers: Vec<Dossier> = world.nodes[node]
            .replay
            .dossiers
            .values()
            .cloned()
            .collect();
        for dossier in &dossiers {
            if dossier.phase > Phase::Draft && world.dice.permille(SERVED) {
                self.serve_act(world, node, dossier)?;
            }
            let held = dossier.document.as_ref();
            let held = held.filter(|_| dossier.phase == Phase::HandedOver);
            if let Some(document) = held.filter(|_| world.dice.permille(LOST)) {
                self.report_loss(world, node, document, Some(dossier.id.clone()))?;
            }
        }
        if world.dice.permille(MISTYPED) {
            let nobodys = DocumentId::parse("it-cie.NOBODY").map_err(Fault::Scenario)?;
            self.report_loss(world, node, &nobodys, None)?;
        }
        self.open_parcels(world, node)
    }

    /// The applicant gets the first act that they were not handed yet.
    fn serve_act(
        &mut self,
        world: &mut World,
        node: usize,
        dossier: &Dossier,
    ) -> Result<(), Fault> {
        let who = world.dice.below(u64::from(world.scenario.officers));
        let actor = Self::actor(world, node, who);
        let listed = world.at(node, |desk, _, now| desk.acts(&dossier.id, &actor, now))?;
        let listed = match listed {
            Ok(listed) => listed,
            // The node died; the applicant comes another time.
            Err(Error::Store(StoreError::Stopped)) => return Ok(()),
            Err(why) => return Err(why.into()),
        };
        let served = |act: &Reference| dossier.served.iter().any(|known| known.act == *act);
        let next = listed.into_iter().find(|entry| !served(&entry.act.number));
        if let Some(next) = next {
            let command = Command::ServeAct {
                dossier: dossier.id.clone(),
                act_number: next.act.number,
            };
            self.give(world, node, &actor, &command)?;
        }
        Ok(())
    }

    fn report_loss(
        &mut self,
        world: &mut World,
        node: usize,
        document: &DocumentId,
        dossier: Option<DossierId>,
    ) -> Result<(), Fault> {
        let who = world.dice.below(u64::from(world.scenario.officers));
        let actor = Self::actor(world, node, who);
        let command = Command::ReportLoss {
            document: document.clone(),
            dossier,
            loss: Loss::Lost,
            report: Reference::parse("report-9").map_err(Fault::Scenario)?,
        };
        self.give(world, node, &actor, &command).map(drop)
    }
}
