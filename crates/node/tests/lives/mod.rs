//! Lives in which every command is given: who gives what, in which order.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test lives some of them")]

use crate::common::{PROFILE, Town, package, person};
use rilascio_circuit::PaperCase;
use rilascio_circuit::process::{
    Actor, AttestationId, BlankSerial, Block, Cancellation, ConsignmentId, Defect, DocumentId,
    DossierId, Fraud, HolderCheck, IssueReason, LegacyFileId, Loss, NodeId, OfficerId, Reference,
    Right, SheetNumber, Shelves, SiteId, Surrender, WatchEntryId,
};
use rilascio_exchange::message::{Bytes, Paper};
use rilascio_node::{Command, Prose, WatchedPerson};
use std::collections::BTreeSet;

/// Something that happens: a command of somebody, with the work of the nodes after it.
pub enum Act {
    Give(Actor, Command),
    /// The findings are read and judged.
    Clear(Actor),
    /// A parcel is opened, and everything is inside.
    Open(&'static str),
    /// Days pass.
    Pass(i64),
}

/// Lives a life without findings or pauses: each step, and the work of the nodes after it.
pub fn live(town: &Town, name: &str, acts: &[Act]) {
    for (place, act) in acts.iter().enumerate() {
        let name = format!("{name}-{place}");
        let given = match act {
            Act::Give(actor, command) => town.give(&name, actor, command),
            Act::Open(parcel) => town.open_parcel(&name, parcel, &office("carla"), &second()),
            Act::Clear(_) | Act::Pass(_) => panic!("only commands and parcels here"),
        };
        given.unwrap();
        town.settle().unwrap();
    }
}

pub const DOSSIER: &str = "gendarmeria-000001";

pub fn dossier() -> DossierId {
    DossierId::parse(DOSSIER).unwrap()
}

pub fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

pub fn office(name: &str) -> Actor {
    let rights = [
        Right::Enrol,
        Right::Approve,
        Right::HandOver,
        Right::Stock,
        Right::Administer,
    ];
    person(name, "gendarmeria", &rights)
}

pub fn centre(name: &str) -> Actor {
    let rights = [
        Right::Examine,
        Right::Decide,
        Right::Revoke,
        Right::Watch,
        Right::Administer,
    ];
    person(name, "centre", &rights)
}

pub fn keeper() -> Actor {
    person("fabio", "works", &[Right::Stock, Right::Produce])
}

pub fn second() -> OfficerId {
    OfficerId::parse("gino").unwrap()
}

pub fn by(actor: Actor, command: Command) -> Act {
    Act::Give(actor, command)
}

pub fn bring(title: &str) -> Act {
    let bring = Command::BringPapers {
        dossier: dossier(),
        papers: vec![Paper {
            title: reference(title),
            content: Bytes(b"%PDF-1.7 specimen".to_vec()),
        }],
    };
    by(office("anna"), bring)
}

/// A dossier at the centre.
pub fn sent() -> Vec<Act> {
    let open = Command::OpenDossier {
        profile: PROFILE.into(),
        reason: IssueReason::First,
        previous: None,
    };
    let enrol = Command::Enrol {
        dossier: dossier(),
        package: package(),
        confirmed: true,
    };
    let submit = Command::SubmitDossier { dossier: dossier() };
    vec![
        by(office("anna"), open),
        by(office("anna"), enrol),
        by(office("bruno"), submit),
    ]
}

/// Why a refusal.
pub fn why() -> Prose {
    Prose::parse("I redditi dichiarati non bastano.").unwrap()
}

pub fn propose(grant: bool) -> Act {
    let propose = Command::Propose {
        dossier: dossier(),
        grant,
        reasons: (!grant).then(why),
    };
    by(centre("dario"), propose)
}

pub fn decide(grant: bool) -> Act {
    let decide = Command::Decide {
        dossier: dossier(),
        grant,
        express: false,
        reasons: None,
    };
    by(centre("elena"), decide)
}

/// Blanks on the table of the works.
pub fn blanks(count: u32) -> Vec<Act> {
    let profile = || PROFILE.to_owned();
    let receive = Command::ReceiveBlanks {
        profile: profile(),
        batch: reference("batch-1"),
        count,
        second: second(),
    };
    let initialise = Command::InitialiseBlanks {
        profile: profile(),
        count,
    };
    let assign = Command::AssignBlanks {
        profile: profile(),
        count,
        second: second(),
    };
    vec![
        by(keeper(), receive),
        by(keeper(), initialise),
        by(keeper(), assign),
    ]
}

pub fn dispatch() -> Act {
    let dispatch = Command::Dispatch {
        office: SiteId::parse("gendarmeria").unwrap(),
        orders: BTreeSet::new(),
        seal: reference("seal-1"),
        tracking: None,
        second: second(),
    };
    by(keeper(), dispatch)
}

/// A document in force.
pub fn handed_over() -> Vec<Act> {
    let mut acts = sent();
    acts.extend(blanks(1));
    let activate = Command::Activate {
        dossier: dossier(),
        check: HolderCheck::Face,
    };
    let hand_over = Command::HandOver {
        dossier: dossier(),
        check: HolderCheck::Finger,
        surrender: Surrender::FirstIssue,
    };
    acts.extend([
        propose(true),
        decide(true),
        dispatch(),
        Act::Open("works-C000001"),
        by(office("carla"), activate),
        by(office("carla"), hand_over),
    ]);
    acts
}

/// The names of blanks and documents of these lives, by place.
pub fn blank(number: u32) -> BlankSerial {
    BlankSerial::parse(&format!("{PROFILE}.SMP{number:07}")).unwrap()
}

/// The first document that is made.
pub fn document() -> DocumentId {
    DocumentId::parse(&format!("{PROFILE}.SMA000001")).unwrap()
}

/// Missing papers, a notice, a refusal, an appeal that is upheld, and an applicant who has enough of it.
pub fn refused() -> Vec<Act> {
    let ask = Command::AskPapers {
        dossier: dossier(),
        papers: BTreeSet::from([reference("contract")]),
        days: 20,
    };
    let notice = Command::GiveNotice {
        dossier: dossier(),
        grounds: reference("act-2"),
        reasons: Some(why()),
    };
    let answer = Command::NoteAnswer { dossier: dossier() };
    let appeal = Command::NoteAppeal {
        dossier: dossier(),
        act: reference("appeal-1"),
        served: None,
    };
    let upheld = Command::DecideAppeal {
        dossier: dossier(),
        act: reference("sentence-1"),
        upheld: true,
    };
    let withdraw = Command::WithdrawDossier {
        dossier: dossier(),
        why: Cancellation::Withdrawn,
    };
    // After the request for papers.
    let serve = Command::ServeAct {
        dossier: dossier(),
        act_number: reference("centre-A000002"),
    };
    let mut acts = sent();
    acts.extend([
        by(centre("dario"), ask),
        bring("contract"),
        by(centre("dario"), notice),
        bring("answer"),
        by(centre("dario"), answer),
        propose(false),
        decide(false),
        by(office("carla"), serve),
        by(centre("dario"), appeal),
        by(centre("franca"), upheld),
        by(office("anna"), withdraw),
    ]);
    acts
}

/// A dossier that goes back, whose applicant is put on a list and suspected, and which is ended.
pub fn listed() -> Vec<Act> {
    let back = Command::ReturnDossier { dossier: dossier() };
    let enter = Command::EnterWatch {
        list: reference("list-1"),
        act: reference("order-1"),
        until: jiff::civil::date(2030, 1, 1),
        person: WatchedPerson {
            surname: "Müller".into(),
            given_names: "Katharina".into(),
            birth_date: "1986-05-23".into(),
            number: None,
        },
    };
    let end = Command::EndWatch {
        entry: WatchEntryId::parse("W000001").unwrap(),
    };
    let suspect = Command::SuspectFraud {
        dossier: dossier(),
        fraud: Fraud::LookAlike,
        report: reference("report-1"),
    };
    let judge = Command::JudgeSuspicion {
        dossier: dossier(),
        established: false,
        act: reference("act-1"),
    };
    let cancel = Command::CancelDossier {
        dossier: dossier(),
        why: Cancellation::Withdrawn,
    };
    let mut acts = sent();
    acts.push(by(centre("dario"), back));
    acts.extend(sent().into_iter().skip(1));
    acts.extend([
        by(centre("franca"), enter),
        Act::Clear(centre("dario")),
        by(centre("dario"), suspect),
        by(centre("elena"), judge),
        by(centre("dario"), end),
        by(centre("elena"), cancel),
    ]);
    acts
}

/// Hits that two judge; an order that is asked back, works that stop, are lost and come back.
pub fn rerouted() -> Vec<Act> {
    let judge = || Command::Adjudicate {
        dossier: dossier(),
        same: true,
    };
    let recall = Command::RecallOrder { dossier: dossier() };
    let again = || Command::OrderAgain {
        dossier: dossier(),
        express: true,
    };
    let works = || NodeId::parse("works").unwrap();
    let stop = Command::StopWorks {
        works: works(),
        act: reference("act-1"),
    };
    let lose = || Command::LoseWorks {
        works: works(),
        act: reference("report-1"),
    };
    let resume = || Command::ResumeWorks {
        works: works(),
        act: reference("act-2"),
    };
    let give_up = Command::LoseDocument { dossier: dossier() };
    let boss = || centre("elena");
    let mut acts = sent();
    acts.extend([
        by(centre("dario"), judge()),
        by(centre("franca"), judge()),
        propose(true),
        decide(true),
        by(boss(), recall),
        by(boss(), again()),
        by(boss(), stop),
        by(boss(), lose()),
        by(boss(), resume()),
    ]);
    acts.extend(blanks(6));
    acts.extend([
        by(boss(), lose()),
        by(boss(), give_up),
        by(boss(), resume()),
        dispatch(),
    ]);
    acts
}

/// A parcel that comes back, one that is lost, a defective document, a holder who is ill and never comes.
pub fn delivered_late() -> Vec<Act> {
    let parcel = |number: u32| ConsignmentId::parse(&format!("works-C{number:06}")).unwrap();
    let back = Command::TakeBackConsignment {
        consignment: parcel(1),
        found: BTreeSet::from([document()]),
        second: second(),
    };
    let lost = Command::ReportLostConsignment {
        consignment: parcel(2),
    };
    let complain = Command::Complain {
        dossier: dossier(),
        defect: Defect::Complaint,
    };
    let ill = Command::IssueAttestation {
        dossier: dossier(),
        certificate: "certificate-1".into(),
        return_by: jiff::civil::date(2026, 12, 20),
    };
    let well = Command::EndAttestation {
        attestation: AttestationId::parse("gendarmeria-A00001").unwrap(),
    };
    let recall = Command::Recall { dossier: dossier() };
    let shelve = Command::ShelveDocument {
        dossier: dossier(),
        shelf: reference("A-12"),
    };
    let appoint = |day: i8| Command::SetAppointment {
        dossier: dossier(),
        at: jiff::civil::date(2026, 11, day).at(9, 15, 0, 0),
    };
    let call_off = Command::CallOffAppointment { dossier: dossier() };
    let mut acts = sent();
    acts.extend(blanks(8));
    acts.extend([
        propose(true),
        decide(true),
        dispatch(),
        by(keeper(), back),
        dispatch(),
        by(keeper(), lost),
        dispatch(),
        Act::Open("works-C000003"),
        by(office("carla"), complain),
        dispatch(),
        Act::Open("works-C000004"),
        by(office("carla"), shelve),
        by(office("carla"), appoint(30)),
        by(office("carla"), appoint(27)),
        by(office("carla"), call_off),
        by(office("carla"), ill),
        by(office("carla"), well),
        Act::Pass(21),
        by(office("carla"), recall),
        by(
            keeper(),
            Command::CloseDay {
                day: jiff::civil::date(2026, 12, 13),
            },
        ),
    ]);
    acts
}

/// What is kept under lock: blanks, sheets, and files of the old procedure.
pub fn kept() -> Vec<Act> {
    let sheet = |number: u32| SheetNumber::parse(&format!("SH-{number}")).unwrap();
    let file = || LegacyFileId::parse("old-1").unwrap();
    let elsewhere = person(
        "sergio",
        "serravalle",
        &[Right::Enrol, Right::Approve, Right::Administer],
    );
    let at_works = |command| by(keeper(), command);
    let at_office = |command| by(office("anna"), command);
    let profile = || PROFILE.to_owned();
    let mut acts = blanks(3);
    acts.extend([
        at_works(Command::ReturnBlanks {
            profile: profile(),
            count: 2,
            second: second(),
        }),
        at_works(Command::SpoilBlank {
            blank: blank(1),
            defect: Defect::Handling,
        }),
        at_works(Command::MissBlank { blank: blank(2) }),
        at_works(Command::FindBlank { blank: blank(2) }),
        at_works(Command::PhotographBlank {
            blank: blank(1),
            papers: vec![Paper {
                title: reference("front"),
                content: Bytes(vec![0xFF, 0xD8, 0xFF, 0xE0]),
            }],
        }),
        at_works(Command::DestroyBlanks {
            blanks: BTreeSet::from([blank(1), blank(2)]),
            second: second(),
        }),
        at_works(Command::TakeStock {
            profile: profile(),
            counted: Shelves {
                in_stock: 1,
                ..Shelves::default()
            },
            second: second(),
        }),
        at_office(Command::ReceiveSheets {
            numbers: (1..=3).map(sheet).collect(),
            second: second(),
        }),
        at_office(Command::SpoilSheet { sheet: sheet(1) }),
        at_office(Command::DestroySheet {
            sheet: sheet(1),
            second: second(),
        }),
        at_office(Command::MissSheet { sheet: sheet(2) }),
        by(
            elsewhere.clone(),
            Command::NoteLegacyFile {
                file: file(),
                profile: profile(),
            },
        ),
        by(
            elsewhere.clone(),
            Command::ExceptLegacyFile {
                file: file(),
                until: jiff::civil::date(2030, 1, 1),
                act: reference("act-9"),
            },
        ),
        by(elsewhere, Command::FinishLegacyFile { file: file() }),
    ]);
    acts.extend(sent());
    acts.push(by(
        office("anna"),
        Command::IssuePaper {
            sheet: sheet(3),
            dossier: dossier(),
            case: PaperCase::Health,
            evidence: Some(reference("hospital-1")),
        },
    ));
    acts
}

/// What becomes of a document that is in force.
pub fn in_force() -> Vec<Act> {
    let registry = person("irene", "registry", &[Right::Administer, Right::LookUp]);
    let visitor = person("ugo", "labour-office", &[Right::LookUp]);
    let mut acts = handed_over();
    acts.extend([
        by(
            registry.clone(),
            Command::GrantAccess {
                administration: reference("labour-office"),
                purpose: reference("act-12"),
                until: jiff::civil::date(2030, 1, 1),
            },
        ),
        by(
            visitor,
            Command::LookUp {
                grant: reference("G00001"),
                document: document(),
                case: reference("case-1"),
            },
        ),
        by(
            registry,
            Command::EndAccess {
                grant: reference("G00001"),
            },
        ),
        by(
            centre("dario"),
            Command::SuspendDocument {
                document: document(),
            },
        ),
        by(
            centre("dario"),
            Command::ResumeDocument {
                document: document(),
            },
        ),
        by(
            centre("dario"),
            Command::ProposeRevocation {
                document: document(),
            },
        ),
        by(
            centre("elena"),
            Command::ConfirmRevocation {
                document: document(),
            },
        ),
    ]);
    acts
}

/// A document that its holder loses, and says so at an office.
pub fn lost() -> Vec<Act> {
    let mut acts = handed_over();
    acts.push(by(
        office("carla"),
        Command::ReportLoss {
            document: document(),
            dossier: Some(dossier()),
            loss: Loss::Lost,
            report: reference("report-7"),
        },
    ));
    acts
}

/// A document that its holder loses.
pub fn stolen() -> Vec<Act> {
    let mut acts = handed_over();
    acts.push(by(
        centre("dario"),
        Command::BlockDocument {
            document: document(),
            why: Block::Stolen,
        },
    ));
    acts
}
