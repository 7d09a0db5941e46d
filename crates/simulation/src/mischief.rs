//! What officers of a simulated country should not do, and try.

use crate::Fault;
use crate::people::{People, officer};
use crate::world::World;
use rilascio_circuit::PaperCase;
use rilascio_circuit::process::{
    Block, Cancellation, Consignment, Defect, Digest, DocumentId, DossierId, HolderCheck,
    Reference, SheetNumber, SiteId, Surrender,
};
use rilascio_node::{Command, Role};
use std::collections::BTreeSet;

impl People<'_> {
    /// Somebody does what they should not, or what makes no sense: the rules must hold.
    pub(crate) fn mischief(&mut self, world: &mut World, node: usize) -> Result<(), Fault> {
        let staff = u64::from(world.scenario.officers);
        let who = world.dice.below(staff);
        let mut actor = Self::actor(world, node, who);
        if world.dice.permille(200) {
            actor.site = SiteId::parse("elsewhere").map_err(Fault::Scenario)?;
        }
        let ids: Vec<DossierId> = world.nodes[node]
            .replay
            .dossiers
            .values()
            .map(|d| d.id.clone())
            .collect();
        let documents: Vec<DocumentId> = world.nodes[world.node_of(Role::Centre)]
            .replay
            .documents
            .values()
            .map(|d| d.id.clone())
            .collect();
        let unknown = DossierId::parse("nobody").map_err(Fault::Scenario)?;
        let dossier = world.dice.pick(&ids).cloned().unwrap_or(unknown);
        let no_document = DocumentId::parse("none").map_err(Fault::Scenario)?;
        let document = world.dice.pick(&documents).cloned().unwrap_or(no_document);
        let reference = Reference::parse("x-1").map_err(Fault::Scenario)?;
        let sheet = SheetNumber::parse(&format!("sheet-{}", world.dice.below(6)))
            .map_err(Fault::Scenario)?;
        let tomorrow = world
            .now
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
            .saturating_add(jiff::Span::new().days(2));
        let serials: Vec<_> = world.nodes[world.node_of(Role::Works)]
            .replay
            .blanks
            .keys()
            .cloned()
            .collect();
        let blank = world
            .dice
            .pick(&serials)
            .cloned()
            .unwrap_or_else(|| "none".to_owned());
        let blank =
            rilascio_circuit::process::BlankSerial::parse(&blank).map_err(Fault::Scenario)?;
        let parcels: Vec<Consignment> = world.nodes[node]
            .replay
            .consignments
            .values()
            .cloned()
            .collect();
        let parcel = world.dice.pick(&parcels).cloned();
        let mut commands = match world.nodes[node].role {
            Role::Office => vec![
                Command::SubmitDossier {
                    dossier: dossier.clone(),
                },
                Command::Activate {
                    dossier: dossier.clone(),
                    check: HolderCheck::Face,
                },
                Command::HandOver {
                    dossier: dossier.clone(),
                    check: HolderCheck::Finger,
                    surrender: Surrender::Missing,
                },
                Command::HandOver {
                    dossier: dossier.clone(),
                    check: HolderCheck::Failed,
                    surrender: Surrender::FirstIssue,
                },
                Command::WithdrawDossier {
                    dossier: dossier.clone(),
                    why: Cancellation::Withdrawn,
                },
                Command::Recall {
                    dossier: dossier.clone(),
                },
                Command::IssueAttestation {
                    dossier: dossier.clone(),
                    certificate: "certificate".to_owned(),
                    return_by: tomorrow,
                },
                Command::ReceiveSheets {
                    numbers: BTreeSet::from([sheet.clone()]),
                    second: officer(&actor.site, who + world.dice.below(2)),
                },
                Command::IssuePaper {
                    sheet: sheet.clone(),
                    dossier,
                    case: PaperCase::Health,
                    evidence: Some(reference),
                },
                Command::SpoilSheet { sheet },
            ],
            Role::Centre => vec![
                Command::Propose {
                    dossier: dossier.clone(),
                    grant: true,
                    reasons: None,
                },
                Command::Decide {
                    dossier: dossier.clone(),
                    grant: true,
                    express: true,
                    reasons: None,
                },
                Command::Adjudicate {
                    dossier: dossier.clone(),
                    same: true,
                },
                Command::ExamineFindings {
                    dossier: dossier.clone(),
                    seen: Digest::of(b""),
                    clear: true,
                },
                Command::DecideAppeal {
                    dossier: dossier.clone(),
                    act: reference.clone(),
                    upheld: true,
                },
                Command::Propose {
                    dossier: dossier.clone(),
                    grant: false,
                    reasons: None,
                },
                Command::CancelDossier {
                    dossier,
                    why: Cancellation::Death,
                },
                Command::ConfirmRevocation {
                    document: document.clone(),
                },
                Command::BlockDocument {
                    document: document.clone(),
                    why: Block::Revoked,
                },
                Command::SuspendDocument {
                    document: document.clone(),
                },
                Command::ResumeDocument { document },
            ],
            Role::Works => vec![
                Command::DestroyBlanks {
                    blanks: BTreeSet::from([blank.clone()]),
                    second: officer(&actor.site, who),
                },
                Command::MissBlank {
                    blank: blank.clone(),
                },
                Command::FindBlank {
                    blank: blank.clone(),
                },
                Command::SpoilBlank {
                    blank,
                    defect: Defect::Handling,
                },
            ],
            Role::Registry => vec![Command::LookUp {
                grant: reference.clone(),
                document,
                case: reference,
            }],
        };
        if let (Role::Works, Some(parcel)) = (world.nodes[node].role, parcel) {
            // Said of any parcel, wherever it is.
            commands.push(Command::TakeBackConsignment {
                consignment: parcel.id.clone(),
                found: parcel.items.into_iter().map(|item| item.document).collect(),
                second: officer(&actor.site, who + 1),
            });
            commands.push(Command::ReportLostConsignment {
                consignment: parcel.id,
            });
        }
        if let Some(command) = world.dice.pick(&commands).cloned() {
            self.give(world, node, &actor, &command)?;
        }
        Ok(())
    }
}
