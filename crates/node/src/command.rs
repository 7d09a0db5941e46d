//! Every command that a person can give, with the role that takes it and the right that it needs.

use crate::prose::Prose;
use crate::role::Role;
use jiff::civil::{Date, DateTime};
use rilascio_circuit::PaperCase;
use rilascio_circuit::process::{
    AttestationId, BlankSerial, Block, Cancellation, ConsignmentId, Defect, Digest, DocumentId,
    DossierId, Fraud, HolderCheck, IssueReason, LegacyFileId, Loss, NodeId, OfficerId, OrderId,
    Reference, Right, SheetNumber, Shelves, SiteId, Surrender, WatchEntryId,
};
use rilascio_exchange::message::{Package, Paper};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most blanks or sheets in one command.
pub const COUNT_MAX: u32 = 1000;

/// Somebody of a watch-list: kept sealed, and compared by marks that nobody can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchedPerson {
    /// The surname.
    #[serde(default)]
    pub surname: String,
    /// The given names.
    #[serde(default)]
    pub given_names: String,
    /// The birth date, `CCYY-MM-DD`, `XX` for unknown parts.
    pub birth_date: String,
    /// Fiscal code or personal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident($word:literal, $role:ident, $right:ident) {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    })*) => {
        /// A command.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
        pub enum Command {
            $($(#[$doc])* $name { $($(#[$field_doc])* $field: $type,)* },)*
        }

        impl Command {
            /// Every command: name, role, right.
            pub const TABLE: &'static [(&'static str, Role, Right)] =
                &[$(($word, Role::$role, Right::$right),)*];

            /// What it is called in addresses and files.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name { .. } => $word,)* }
            }

            /// The role that takes it.
            #[must_use]
            pub fn role(&self) -> Role {
                match self { $(Self::$name { .. } => Role::$role,)* }
            }

            /// The right that it needs.
            #[must_use]
            pub fn right(&self) -> Right {
                match self { $(Self::$name { .. } => Right::$right,)* }
            }
        }
    };
}

commands! {
    /// Opens a dossier at the officer's own office.
    OpenDossier("open-dossier", Office, Enrol) {
        /// The profile of the document.
        profile: String,
        /// Why the document is asked for.
        reason: IssueReason,
        /// The document that it replaces.
        previous: Option<DocumentId>,
    }
    /// Keeps what was taken at the desk; again as long as the dossier is not sent.
    Enrol("enrol", Office, Enrol) {
        /// The dossier.
        dossier: DossierId,
        /// The application and its images.
        package: Package,
        /// Whether the holder read the data and confirmed them.
        confirmed: bool,
    }
    /// Keeps papers that the applicant brought; they go to the centre with the dossier, or at once when it is there.
    BringPapers("bring-papers", Office, Enrol) {
        /// The dossier.
        dossier: DossierId,
        /// The papers.
        papers: Vec<Paper>,
    }
    /// Sends an enrolled dossier to the centre: another officer than the one who enrolled.
    SubmitDossier("submit-dossier", Office, Approve) {
        /// The dossier.
        dossier: DossierId,
    }
    /// Ends a dossier that was not sent.
    WithdrawDossier("withdraw-dossier", Office, Enrol) {
        /// The dossier.
        dossier: DossierId,
        /// Why.
        why: Cancellation,
    }
    /// Opens a parcel and counts it, with a second officer.
    ReceiveConsignment("receive-consignment", Office, HandOver) {
        /// The parcel.
        consignment: ConsignmentId,
        /// What is inside.
        found: BTreeSet<DocumentId>,
        /// The second officer.
        second: OfficerId,
    }
    /// Sends a defective document back to be made again.
    Complain("complain", Office, HandOver) {
        /// The dossier.
        dossier: DossierId,
        /// What is wrong.
        defect: Defect,
    }
    /// Activates a document after checking its holder.
    Activate("activate", Office, HandOver) {
        /// The dossier.
        dossier: DossierId,
        /// How the holder was checked.
        check: HolderCheck,
    }
    /// Hands a document over.
    HandOver("hand-over", Office, HandOver) {
        /// The dossier.
        dossier: DossierId,
        /// How the holder was checked.
        check: HolderCheck,
        /// What became of the old document.
        surrender: Surrender,
    }
    /// Puts a document on a shelf, until its holder comes.
    ShelveDocument("shelve-document", Office, HandOver) {
        /// The dossier.
        dossier: DossierId,
        /// The place on the shelf.
        shelf: Reference,
    }
    /// Sets an appointment for the hand-over; the holder gets word of it.
    SetAppointment("set-appointment", Office, HandOver) {
        /// The dossier.
        dossier: DossierId,
        /// When, by the clock of the office: one of its free times.
        at: DateTime,
    }
    /// Calls an appointment off.
    CallOffAppointment("call-off-appointment", Office, HandOver) {
        /// The dossier.
        dossier: DossierId,
    }
    /// Recalls a document that nobody collected in its term.
    Recall("recall", Office, HandOver) {
        /// The dossier.
        dossier: DossierId,
    }
    /// Notes that the applicant was handed an act, now: the time to answer a notice, or to appeal, counts from that day.
    ServeAct("serve-act", Office, HandOver) {
        /// The dossier.
        dossier: DossierId,
        /// The number of the act.
        act_number: Reference,
    }
    /// Issues a substitute attestation to a holder who cannot come.
    IssueAttestation("issue-attestation", Office, HandOver) {
        /// The dossier.
        dossier: DossierId,
        /// The number of the medical certificate.
        certificate: String,
        /// The day by which the holder comes.
        return_by: Date,
    }
    /// Ends an attestation: the holder came.
    EndAttestation("end-attestation", Office, HandOver) {
        /// The attestation.
        attestation: AttestationId,
    }
    /// Takes down that a document was lost or stolen, of whatever office: it is blocked at once.
    ReportLoss("report-loss", Office, HandOver) {
        /// The document.
        document: DocumentId,
        /// The dossier of the own office that handed it over, if one did.
        #[serde(default)]
        dossier: Option<DossierId>,
        /// What happened to it.
        loss: Loss,
        /// The report of the police, or of the office itself.
        report: Reference,
    }
    /// Takes numbered sheets in charge, with a second officer.
    ReceiveSheets("receive-sheets", Office, Stock) {
        /// Their numbers.
        numbers: BTreeSet<SheetNumber>,
        /// The second officer.
        second: OfficerId,
    }
    /// Issues a paper document on a numbered sheet.
    IssuePaper("issue-paper", Office, HandOver) {
        /// The sheet.
        sheet: SheetNumber,
        /// The dossier.
        dossier: DossierId,
        /// Why paper is allowed.
        case: PaperCase,
        /// The document that proves the case.
        evidence: Option<Reference>,
    }
    /// Notes that a sheet was spoiled.
    SpoilSheet("spoil-sheet", Office, Stock) {
        /// The sheet.
        sheet: SheetNumber,
    }
    /// Destroys a sheet, before a witness.
    DestroySheet("destroy-sheet", Office, Stock) {
        /// The sheet.
        sheet: SheetNumber,
        /// The witness.
        second: OfficerId,
    }
    /// Notes that a sheet cannot be found.
    MissSheet("miss-sheet", Office, Stock) {
        /// The sheet.
        sheet: SheetNumber,
    }
    /// Notes a file of the old procedure that is under way.
    NoteLegacyFile("note-legacy-file", Office, Enrol) {
        /// Its name.
        file: LegacyFileId,
        /// The profile.
        profile: String,
    }
    /// Finishes a file of the old procedure.
    FinishLegacyFile("finish-legacy-file", Office, Approve) {
        /// Its name.
        file: LegacyFileId,
    }
    /// Gives a file of the old procedure more time.
    ExceptLegacyFile("except-legacy-file", Office, Administer) {
        /// Its name.
        file: LegacyFileId,
        /// The new last day.
        until: Date,
        /// The act of the central directorate.
        act: Reference,
    }
    /// Judges the hits of the print search: true when all are the same person. Where the profile asks for two examiners, the
    /// second judges without knowing what the first said, and a third where they differ.
    Adjudicate("adjudicate", Centre, Examine) {
        /// The dossier.
        dossier: DossierId,
        /// Whether it is the same person.
        same: bool,
    }
    /// Judges what other dossiers and watch-lists say: true when none of it stands against a grant.
    ExamineFindings("examine-findings", Centre, Examine) {
        /// The dossier.
        dossier: DossierId,
        /// The digest of the findings that the officer saw: others are not judged with them.
        seen: Digest,
        /// Whether nothing stands against a grant.
        clear: bool,
    }
    /// Enters a person into a watch-list; dossiers under way that may be theirs go back to examination.
    EnterWatch("enter-watch", Centre, Watch) {
        /// The list.
        list: Reference,
        /// The act that orders it.
        act: Reference,
        /// The last day.
        until: Date,
        /// Who is meant.
        person: WatchedPerson,
    }
    /// Ends an entry of a watch-list: another officer than the one who entered it.
    EndWatch("end-watch", Centre, Watch) {
        /// The entry.
        entry: WatchEntryId,
    }
    /// Raises the suspicion of a fraud: nothing is granted before it is judged.
    SuspectFraud("suspect-fraud", Centre, Examine) {
        /// The dossier.
        dossier: DossierId,
        /// What is suspected.
        fraud: Fraud,
        /// The report that says why.
        report: Reference,
    }
    /// Judges the suspicion of a fraud: another officer than the one who raised it.
    JudgeSuspicion("judge-suspicion", Centre, Decide) {
        /// The dossier.
        dossier: DossierId,
        /// Whether it is a fraud.
        established: bool,
        /// The act that says so.
        act: Reference,
    }
    /// Gives a dossier back to its office, to be completed.
    ReturnDossier("return-dossier", Centre, Examine) {
        /// The dossier.
        dossier: DossierId,
    }
    /// Asks the applicant for papers: the term stands still until they come, once.
    AskPapers("ask-papers", Centre, Examine) {
        /// The dossier.
        dossier: DossierId,
        /// Which papers, by the names of the list that the office uses.
        papers: BTreeSet<Reference>,
        /// For how many days at most.
        days: u16,
    }
    /// Gives notice that a refusal is meant: the applicant may answer, and the term stands still meanwhile.
    GiveNotice("give-notice", Centre, Examine) {
        /// The dossier.
        dossier: DossierId,
        /// The file or report in which the grounds were found.
        grounds: Reference,
        /// The grounds, for the applicant to read.
        #[serde(default)]
        reasons: Option<Prose>,
    }
    /// Notes that the applicant answered the notice, by a paper that came since: the term runs again.
    NoteAnswer("note-answer", Centre, Examine) {
        /// The dossier.
        dossier: DossierId,
    }
    /// Notes an appeal against a refusal.
    NoteAppeal("note-appeal", Centre, Examine) {
        /// The dossier.
        dossier: DossierId,
        /// The act by which it was brought.
        act: Reference,
        /// The day on which the refusal was handed over, which the term counts from; if absent, the day that its office
        /// noted, or else the day of the decision.
        #[serde(default)]
        served: Option<Date>,
    }
    /// Ends an appeal; a dossier whose refusal fell goes back to its office. Another officer than those who refused.
    DecideAppeal("decide-appeal", Centre, Decide) {
        /// The dossier.
        dossier: DossierId,
        /// The act that ended it.
        act: Reference,
        /// Whether the refusal fell.
        upheld: bool,
    }
    /// Proposes to grant, or to refuse.
    Propose("propose", Centre, Examine) {
        /// The dossier.
        dossier: DossierId,
        /// Whether to grant.
        grant: bool,
        /// Why not; those of the notice, if none are given.
        #[serde(default)]
        reasons: Option<Prose>,
    }
    /// Decides a proposal: another officer than all before.
    Decide("decide", Centre, Decide) {
        /// The dossier.
        dossier: DossierId,
        /// Whether it is granted.
        grant: bool,
        /// Whether the order goes before others.
        express: bool,
        /// Why not, where this differs from the proposal.
        #[serde(default)]
        reasons: Option<Prose>,
    }
    /// Asks the works for an order back; if they have not begun it, it can be changed, placed again, or the dossier ended.
    RecallOrder("recall-order", Centre, Decide) {
        /// The dossier.
        dossier: DossierId,
    }
    /// Places the order of a dossier again, after it was asked back or refused.
    OrderAgain("order-again", Centre, Decide) {
        /// The dossier.
        dossier: DossierId,
        /// Whether the order goes before others.
        express: bool,
    }
    /// Stops works: they finish what they began, and the next works of each profile make the rest.
    StopWorks("stop-works", Centre, Administer) {
        /// The works.
        works: NodeId,
        /// The act that orders it.
        act: Reference,
    }
    /// Gives works up: nobody waits for them, and the next works make all that they had not sent.
    LoseWorks("lose-works", Centre, Administer) {
        /// The works.
        works: NodeId,
        /// The report of what happened.
        act: Reference,
    }
    /// Gives up a document that lost works made and that never came: it is blocked, and made again by others. Ask the office
    /// first whether it came.
    LoseDocument("lose-document", Centre, Decide) {
        /// The dossier.
        dossier: DossierId,
    }
    /// Lets works run again: they get new orders.
    ResumeWorks("resume-works", Centre, Administer) {
        /// The works.
        works: NodeId,
        /// The act that orders it.
        act: Reference,
    }
    /// Ends a dossier at the centre without a document.
    CancelDossier("cancel-dossier", Centre, Decide) {
        /// The dossier.
        dossier: DossierId,
        /// Why.
        why: Cancellation,
    }
    /// Reports a document lost, stolen or otherwise invalid: it is blocked at once.
    BlockDocument("block-document", Centre, Revoke) {
        /// The document.
        document: DocumentId,
        /// Why.
        why: Block,
    }
    /// Suspends a document.
    SuspendDocument("suspend-document", Centre, Revoke) {
        /// The document.
        document: DocumentId,
    }
    /// Ends a suspension.
    ResumeDocument("resume-document", Centre, Revoke) {
        /// The document.
        document: DocumentId,
    }
    /// Proposes to revoke a document.
    ProposeRevocation("propose-revocation", Centre, Revoke) {
        /// The document.
        document: DocumentId,
    }
    /// Revokes a document: another officer than the one who proposed it.
    ConfirmRevocation("confirm-revocation", Centre, Revoke) {
        /// The document.
        document: DocumentId,
    }
    /// Counts blanks in, with a second officer.
    ReceiveBlanks("receive-blanks", Works, Stock) {
        /// The profile that they are made for.
        profile: String,
        /// The batch.
        batch: Reference,
        /// How many.
        count: u32,
        /// The second officer.
        second: OfficerId,
    }
    /// Prepares the chips of blanks in stock.
    InitialiseBlanks("initialise-blanks", Works, Produce) {
        /// The profile.
        profile: String,
        /// How many.
        count: u32,
    }
    /// Counts blanks out to a shift, with a second officer.
    AssignBlanks("assign-blanks", Works, Stock) {
        /// The profile.
        profile: String,
        /// How many.
        count: u32,
        /// The second officer.
        second: OfficerId,
    }
    /// Counts unused blanks back from a shift, with a second officer.
    ReturnBlanks("return-blanks", Works, Stock) {
        /// The profile.
        profile: String,
        /// How many.
        count: u32,
        /// The second officer.
        second: OfficerId,
    }
    /// Spoils a blank that failed outside production.
    SpoilBlank("spoil-blank", Works, Produce) {
        /// The blank.
        blank: BlankSerial,
        /// Why.
        defect: Defect,
    }
    /// Keeps photographs of a spoiled card.
    PhotographBlank("photograph-blank", Works, Produce) {
        /// The card.
        blank: BlankSerial,
        /// The photographs: JPEG or PNG.
        papers: Vec<Paper>,
    }
    /// Destroys spoiled blanks, before a witness.
    DestroyBlanks("destroy-blanks", Works, Stock) {
        /// The blanks.
        blanks: BTreeSet<BlankSerial>,
        /// The witness.
        second: OfficerId,
    }
    /// Notes that a blank cannot be found.
    MissBlank("miss-blank", Works, Stock) {
        /// The blank.
        blank: BlankSerial,
    }
    /// Notes that a missing blank was found; it is kept for destruction.
    FindBlank("find-blank", Works, Stock) {
        /// The blank.
        blank: BlankSerial,
    }
    /// Counts the blanks of a profile that are there, with a second officer, and compares them with the books.
    TakeStock("take-stock", Works, Stock) {
        /// The profile.
        profile: String,
        /// What is there.
        counted: Shelves,
        /// The second officer.
        second: OfficerId,
    }
    /// Packs finished documents of one office, seals and sends them, with a second officer.
    Dispatch("dispatch", Works, Produce) {
        /// The office.
        office: SiteId,
        /// The orders; all finished ones of the office if empty.
        orders: BTreeSet<OrderId>,
        /// The number of the seal.
        seal: Reference,
        /// What the courier calls the parcel.
        tracking: Option<Reference>,
        /// The second officer.
        second: OfficerId,
    }
    /// Notes that the courier lost a parcel.
    ReportLostConsignment("report-lost-consignment", Works, Produce) {
        /// The parcel.
        consignment: ConsignmentId,
    }
    /// Counts a parcel that came back, with a second officer: when its office will not open it any more, what is in it can be
    /// sent again, and what is not in it is lost.
    TakeBackConsignment("take-back-consignment", Works, Produce) {
        /// The parcel.
        consignment: ConsignmentId,
        /// What is inside.
        found: BTreeSet<DocumentId>,
        /// The second officer.
        second: OfficerId,
    }
    /// Counts the day and sends the balance to the centre.
    CloseDay("close-day", Works, Stock) {
        /// The day.
        day: Date,
    }
    /// Grants another administration the right to look documents up, for a purpose and a time.
    GrantAccess("grant-access", Registry, Administer) {
        /// The administration.
        administration: Reference,
        /// The purpose, by the act that allows it.
        purpose: Reference,
        /// The last day.
        until: Date,
    }
    /// Ends such a right.
    EndAccess("end-access", Registry, Administer) {
        /// The grant.
        grant: Reference,
    }
    /// Looks a document up for another administration.
    LookUp("look-up", Registry, LookUp) {
        /// The grant.
        grant: Reference,
        /// The document.
        document: DocumentId,
        /// The case of the administration.
        case: Reference,
    }
}

impl Command {
    /// The second officer that a command names, if it is one for two people.
    #[must_use]
    pub fn second(&self) -> Option<&OfficerId> {
        match self {
            Self::ReceiveConsignment { second, .. }
            | Self::TakeBackConsignment { second, .. }
            | Self::ReceiveSheets { second, .. }
            | Self::DestroySheet { second, .. }
            | Self::ReceiveBlanks { second, .. }
            | Self::AssignBlanks { second, .. }
            | Self::ReturnBlanks { second, .. }
            | Self::DestroyBlanks { second, .. }
            | Self::TakeStock { second, .. }
            | Self::Dispatch { second, .. } => Some(second),
            _ => None,
        }
    }
}

/// What a command did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// What was made or touched.
    pub ids: Vec<String>,
    /// The state of the thing after it.
    pub state: String,
    /// What was asked for, of commands that ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<serde_json::Value>,
}

impl Answer {
    pub(crate) fn of(id: impl ToString, state: impl Into<String>) -> Self {
        Self {
            ids: vec![id.to_string()],
            state: state.into(),
            found: None,
        }
    }
}
