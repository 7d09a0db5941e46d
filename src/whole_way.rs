//! The whole way of one dossier, every step by its own officer: what `issue` and the demonstration do.

use crate::circuit_setup::officer;
use crate::fault::Fault;
use jiff::Timestamp;
use rilascio_circuit::process::{
    Actor, DossierId, HolderCheck, IssueReason, OfficerId, OrderId, PrintSearch, Reference, Right,
    Screening, Surrender,
};
use rilascio_exchange::message::{Bytes, Package, Paper};
use rilascio_node::{Answer, Command, Installation, Prose, Role, Tools};

/// A paper of nobody: the smallest page that PDF readers open.
const SPECIMEN_PAPER: &[u8] = b"%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
trailer<</Root 1 0 R>>
%%EOF
";
/// Why a demonstration refuses.
const REASONS: &str = "I redditi dichiarati non raggiungono l'importo dell'assegno sociale, e la documentazione prodotta non \
    indica altri mezzi leciti di sostentamento.";
/// Blanks that are counted out when the table is empty.
const BLANKS: u32 = 5;

/// The officers of one office and of the roles behind it.
pub(crate) struct Staff {
    pub(crate) enroller: Actor,
    pub(crate) approver: Actor,
    pub(crate) examiner: Actor,
    pub(crate) second_examiner: Actor,
    pub(crate) decider: Actor,
    pub(crate) keeper: Actor,
    pub(crate) producer: Actor,
    pub(crate) counter: Actor,
}

impl Staff {
    /// Officers of a site, named after it.
    pub(crate) fn of(site: &str) -> Result<Self, Fault> {
        let office = [Right::Enrol, Right::Approve, Right::HandOver, Right::Stock];
        let at = |name: &str, place: &str, rights: &[Right]| {
            officer(&format!("{place}.{name}"), place, rights)
        };
        Ok(Self {
            enroller: at("enroller", site, &office)?,
            approver: at("approver", site, &office)?,
            counter: at("counter", site, &office)?,
            examiner: at("examiner", "centre", &[Right::Examine])?,
            second_examiner: at("second-examiner", "centre", &[Right::Examine])?,
            decider: at("decider", "centre", &[Right::Decide])?,
            keeper: at("keeper", "works", &[Right::Stock, Right::Produce])?,
            producer: at("producer", "works", &[Right::Stock, Right::Produce])?,
        })
    }
}

/// A circuit at work: gives commands and lets the nodes do what follows.
pub(crate) struct Circuit<'a> {
    pub(crate) installation: &'a Installation,
    pub(crate) tools: &'a Tools,
    /// What names the commands of this run apart from all others.
    pub(crate) run: String,
    pub(crate) count: u64,
}

impl Circuit<'_> {
    fn now(&self) -> Timestamp {
        (self.installation.clock)()
    }

    /// Gives a command.
    pub(crate) fn give(&mut self, actor: &Actor, command: &Command) -> Result<Answer, Fault> {
        self.count += 1;
        let id = format!("{}-{}", self.run, self.count);
        let desk = self.installation.desk(command.role())?;
        Ok(desk.execute(&id, command, actor, self.now())?)
    }

    /// Lets every node do what is due.
    pub(crate) fn settle(&self) -> Result<(), Fault> {
        loop {
            let mut done = 0;
            for desk in self.installation.desks.values() {
                done += desk.drain(self.tools, self.now())?;
            }
            if done == 0 {
                return Ok(());
            }
        }
    }

    /// Opens and enrols a dossier.
    pub(crate) fn enrol(
        &mut self,
        staff: &Staff,
        profile: &str,
        package: Package,
    ) -> Result<DossierId, Fault> {
        let open = Command::OpenDossier {
            profile: profile.to_owned(),
            reason: IssueReason::First,
            previous: None,
        };
        let opened = self.give(&staff.enroller, &open)?;
        let dossier = opened.ids.first().map_or("", String::as_str);
        let dossier = DossierId::parse(dossier).map_err(Fault::failed)?;
        let enrol = Command::Enrol {
            dossier: dossier.clone(),
            package,
            confirmed: true,
        };
        self.give(&staff.enroller, &enrol)?;
        Ok(dossier)
    }

    /// Sends a dossier to the centre.
    pub(crate) fn submit(&mut self, staff: &Staff, dossier: &DossierId) -> Result<(), Fault> {
        let submit = Command::SubmitDossier {
            dossier: dossier.clone(),
        };
        self.give(&staff.approver, &submit)?;
        self.settle()
    }

    /// Examines a dossier and proposes what is to be decided. The same synthetic person comes again and again: hits of
    /// the print search are judged to be the same, and other dossiers to stand against nothing.
    pub(crate) fn propose(
        &mut self,
        staff: &Staff,
        dossier: &DossierId,
        grant: bool,
    ) -> Result<(), Fault> {
        let known = self
            .installation
            .desk(Role::Centre)?
            .dossier(dossier.as_str())?;
        let findings = known.as_ref().and_then(|known| known.screening);
        if matches!(findings, Some(Screening::Findings(_))) {
            let centre = self.installation.desk(Role::Centre)?;
            let shown = centre.findings(dossier, &staff.examiner, self.now())?;
            let examine = Command::ExamineFindings {
                dossier: dossier.clone(),
                seen: shown.seen,
                clear: true,
            };
            self.give(&staff.examiner, &examine)?;
        }
        if known.is_some_and(|known| matches!(known.identification, Some(PrintSearch::Hits(_)))) {
            let adjudicate = Command::Adjudicate {
                dossier: dossier.clone(),
                same: true,
            };
            self.give(&staff.examiner, &adjudicate)?;
            // Where the profile asks for a second opinion, another examiner gives it.
            let known = self.installation.desk(Role::Centre)?;
            let known = known.dossier(dossier.as_str())?;
            if known.is_some_and(|known| known.adjudication.is_none()) {
                self.give(&staff.second_examiner, &adjudicate)?;
            }
        }
        let reasons = (!grant)
            .then(|| Prose::parse(REASONS).map_err(Fault::failed))
            .transpose()?;
        if !grant {
            self.give_notice(staff, dossier, reasons.clone())?;
        }
        let propose = Command::Propose {
            dossier: dossier.clone(),
            grant,
            reasons,
        };
        self.give(&staff.examiner, &propose).map(drop)
    }

    /// Gives notice of a refusal where the profile asks for it; the applicant answers with a paper.
    fn give_notice(
        &mut self,
        staff: &Staff,
        dossier: &DossierId,
        reasons: Option<Prose>,
    ) -> Result<(), Fault> {
        let centre = self.installation.desk(Role::Centre)?;
        let Some(known) = centre.dossier(dossier.as_str())? else {
            return Ok(());
        };
        if centre.profile(&known.profile)?.circuit.notice_days == 0 {
            return Ok(());
        }
        let name = |text: &str| Reference::parse(text).map_err(Fault::failed);
        let notice = Command::GiveNotice {
            dossier: dossier.clone(),
            grounds: name("notice-1")?,
            reasons,
        };
        self.give(&staff.examiner, &notice)?;
        self.settle()?;
        let answer = Command::BringPapers {
            dossier: dossier.clone(),
            papers: vec![Paper {
                title: name("observations")?,
                content: Bytes(SPECIMEN_PAPER.to_vec()),
            }],
        };
        self.give(&staff.enroller, &answer)?;
        self.settle()?;
        let read = Command::NoteAnswer {
            dossier: dossier.clone(),
        };
        self.give(&staff.examiner, &read)?;
        self.settle()
    }

    /// Puts enough blanks of a profile on the table.
    pub(crate) fn stock(&mut self, staff: &Staff, profile: &str, count: u32) -> Result<(), Fault> {
        let second = staff.producer.officer.clone();
        let commands = [
            Command::ReceiveBlanks {
                profile: profile.to_owned(),
                batch: Reference::parse("batch-1").map_err(Fault::failed)?,
                count,
                second: second.clone(),
            },
            Command::InitialiseBlanks {
                profile: profile.to_owned(),
                count,
            },
            Command::AssignBlanks {
                profile: profile.to_owned(),
                count,
                second,
            },
        ];
        commands
            .iter()
            .try_for_each(|command| self.give(&staff.keeper, command).map(drop))
    }

    fn has_blanks(&self, profile: &str) -> Result<bool, Fault> {
        let state = format!("{profile}/assigned");
        let works = self.installation.desk(Role::Works)?;
        let found = works
            .store()
            .read::<_, rilascio_store::Error, _>(move |tx| {
                rilascio_store::entity::list(tx, "blank", Some(&state), None, "", 1)
            })?;
        Ok(!found.is_empty())
    }

    /// Decides a proposal; granted, the centre certifies and orders, and the works make the document.
    pub(crate) fn decide(
        &mut self,
        staff: &Staff,
        profile: &str,
        dossier: &DossierId,
        grant: bool,
    ) -> Result<(), Fault> {
        if grant && !self.has_blanks(profile)? {
            self.stock(staff, profile, BLANKS)?;
        }
        let decide = Command::Decide {
            dossier: dossier.clone(),
            grant,
            express: false,
            reasons: None,
        };
        self.give(&staff.decider, &decide)?;
        self.settle()
    }

    /// Sends the documents of those dossiers to their office, and counts them in there.
    pub(crate) fn deliver(&mut self, staff: &Staff, dossiers: &[&DossierId]) -> Result<(), Fault> {
        let orders = dossiers
            .iter()
            .map(|dossier| OrderId::of(dossier, 1).map_err(Fault::failed));
        let dispatch = Command::Dispatch {
            office: staff.counter.site.clone(),
            orders: orders.collect::<Result<_, _>>()?,
            seal: Reference::parse("seal-1").map_err(Fault::failed)?,
            tracking: None,
            second: staff.producer.officer.clone(),
        };
        let sent = self.give(&staff.keeper, &dispatch)?;
        self.settle()?;
        let desk = self.installation.desk(Role::Office)?;
        for id in sent.ids {
            let found = desk.consignment(&id)?;
            let found =
                found.ok_or_else(|| Fault::failed(format!("the parcel {id} did not arrive")))?;
            let second: OfficerId = staff.approver.officer.clone();
            let receive = Command::ReceiveConsignment {
                consignment: found.id.clone(),
                found: found
                    .items
                    .iter()
                    .map(|item| item.document.clone())
                    .collect(),
                second,
            };
            self.give(&staff.counter, &receive)?;
        }
        self.settle()
    }

    /// Activates the document of a dossier.
    pub(crate) fn activate(&mut self, staff: &Staff, dossier: &DossierId) -> Result<(), Fault> {
        let activate = Command::Activate {
            dossier: dossier.clone(),
            check: HolderCheck::Face,
        };
        self.give(&staff.counter, &activate)?;
        self.settle()
    }

    /// Hands the document of a dossier over.
    pub(crate) fn hand_over(&mut self, staff: &Staff, dossier: &DossierId) -> Result<(), Fault> {
        let hand_over = Command::HandOver {
            dossier: dossier.clone(),
            check: HolderCheck::Face,
            surrender: Surrender::FirstIssue,
        };
        self.give(&staff.counter, &hand_over)?;
        self.settle()
    }
}
