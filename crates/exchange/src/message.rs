//! What nodes tell each other: the published format, version 1 (`docs/exchange`).

use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use jiff::civil::Date;
use rilascio_circuit::ActKind;
use rilascio_circuit::process::{
    Balance, BlankSerial, BlankState, Block, Consignment, ConsignmentId, ConsignmentItem, Defect,
    Digest, Document, DocumentId, DocumentState, Dossier, DossierId, HolderCheck, LossReport,
    LossState, NodeId, OfficerId, Order, OrderId, Phase, Reference, ServedAct, SiteId, Surrender,
    Terms,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The version of the format.
pub const SCHEMA: &str = "rilascio-exchange/1";
/// The most items in one message.
pub const ITEMS_MAX: usize = 500;
/// The most bytes of a message before it is sealed.
pub const MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The name of a message: unique with its sender, for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(String);

impl MessageId {
    /// Reads one: 1 to 80 letters, digits, dots, hyphens and underscores.
    ///
    /// # Errors
    /// When the text is no such name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.is_empty() || text.len() > 80 || !text.chars().all(known) {
            return Err("a message is named by 1 to 80 of A-Z, a-z, 0-9, '.', '_', '-'".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MessageId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.0
    }
}

impl JsonSchema for MessageId {
    fn schema_name() -> Cow<'static, str> {
        "MessageId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,80}$" })
    }
}

/// Bytes, in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64::encode_string(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let bytes = Base64::decode_vec(&text);
        bytes
            .map(Self)
            .map_err(|_| serde::de::Error::custom("not base64"))
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}

/// A message, before it is signed and sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who, to whom, when.
    pub header: Header,
    /// What.
    pub body: Body,
}

/// The header of every message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// `rilascio-exchange/1`.
    pub schema: String,
    /// The name of the message.
    pub id: MessageId,
    /// Who sends it.
    pub sender: NodeId,
    /// Who it is for.
    pub receiver: NodeId,
    /// When it was made.
    pub created: Timestamp,
    /// The message that it answers.
    pub answers: Option<MessageId>,
    /// By when an answer is expected.
    pub answer_by: Option<Timestamp>,
    /// True on test systems: a productive node refuses it.
    pub test: bool,
}

/// What was taken at a desk: the application and its images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// The application, in the format of application files (TOML).
    pub application: String,
    /// The images, by the path that the application gives them.
    pub images: BTreeMap<String, Bytes>,
}

impl Package {
    /// The digest that certification freezes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // Maps are sorted and the format has no freedom: the same package is the same bytes.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }
}

/// A paper that an applicant brought, scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// What it is, as the request for it called it.
    pub title: Reference,
    /// PDF, JPEG or PNG, at most 5 MiB.
    pub content: Bytes,
}

/// What an act is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActHead {
    /// Its number, unique at the centre.
    pub number: Reference,
    /// What it does.
    pub kind: ActKind,
    /// When it was given.
    pub given: Timestamp,
}

/// What somebody wrote in a case of the help desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HelpTurn {
    /// Who.
    pub by: OfficerId,
    /// When.
    pub at: Timestamp,
    /// What, in at most 6000 characters.
    pub text: String,
}

/// What a case of the help desk is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HelpQuestion {
    /// Its name at the desk that passes it on.
    pub case: Reference,
    /// Who opened it.
    pub officer: OfficerId,
    /// Where.
    pub site: SiteId,
    /// The page that was open.
    pub page: String,
    /// The code of the fault that was shown there, if one was.
    pub code: Option<String>,
}

/// What an article is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// News.
    News,
    /// A manual.
    Manual,
    /// A software package.
    Package,
    /// An answer of the knowledge base.
    Answer,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::News, Self::Manual, Self::Package, Self::Answer];
}

/// An article that the centre published for officers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bulletin {
    /// Its name, unique with its node.
    pub id: Reference,
    /// What it is.
    pub channel: Channel,
    /// What it is called, in Italian.
    pub title_it: String,
    /// The same in English.
    pub title_en: String,
    /// What it says, in Italian.
    pub text_it: String,
    /// The same in English.
    pub text_en: String,
    /// When it was published.
    pub published: Timestamp,
    /// The last day.
    pub until: Option<Date>,
    /// The digest of its file, if it has one.
    pub file: Option<Digest>,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// What the centre signs when it certifies a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CertifiedRecord {
    /// The dossier.
    pub dossier: DossierId,
    /// The profile of the document.
    pub profile: String,
    /// The digest of the package.
    pub content: Digest,
    /// When.
    pub certified: Timestamp,
}

/// One document to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderItem {
    /// The order.
    pub order: Order,
    /// What was taken at the desk.
    pub package: Package,
    /// The certified record: CMS SignedData of the centre over a [`CertifiedRecord`].
    pub certificate: Bytes,
}

/// Something that is wrong with an item: a number of at most 6 digits, a text of at most 80 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemFault {
    /// The code of the rule.
    #[schemars(length(max = 40))]
    pub code: String,
    /// What is wrong.
    #[schemars(length(max = 80))]
    pub text: String,
}

/// What became of one item of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemOutcome {
    /// The order.
    pub order: OrderId,
    /// The dossier.
    pub dossier: DossierId,
    /// Whether the works make it.
    pub accepted: bool,
    /// Why not.
    pub faults: Vec<ItemFault>,
}

/// A document and what it stands at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusEntry {
    /// The document.
    pub document: DocumentId,
    /// Its state.
    pub state: DocumentState,
    /// Why it is blocked.
    pub block: Option<Block>,
    /// Since when.
    pub since: Timestamp,
}

/// The kinds of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Body {
    /// Office to centre: a dossier with everything that was taken.
    ApplicationRecord {
        /// The dossier.
        dossier: Box<Dossier>,
        /// What was taken.
        package: Package,
    },
    /// Centre to office: where a dossier is now.
    DossierProgress {
        /// The dossier.
        dossier: DossierId,
        /// Where it is.
        phase: Phase,
        /// The document, once there is one.
        document: Option<DocumentId>,
        /// The live order, if there is one; of a certified record the last that came to nothing.
        order: Option<OrderId>,
        /// The number of this word on the dossier: a lower one is older.
        word: i64,
        /// Its terms: what was asked of the applicant, and by when.
        terms: Box<Terms>,
    },
    /// Office to centre: a paper that the applicant brought.
    Papers {
        /// The dossier.
        dossier: DossierId,
        /// The number of the paper in its dossier, from 1.
        number: u32,
        /// The paper.
        paper: Paper,
    },
    /// Centre to works: documents of one type to be made.
    Order {
        /// The documents.
        items: Vec<OrderItem>,
    },
    /// Works to centre: what became of each item.
    OrderInformation {
        /// The items.
        items: Vec<ItemOutcome>,
    },
    /// Centre to works: orders that are not to be made any more, if they are not begun.
    OrderRecall {
        /// The orders.
        orders: BTreeSet<OrderId>,
        /// Whether other works are to make them.
        again: bool,
    },
    /// Works to centre: what became of the orders that were asked back.
    RecallAnswer {
        /// Nothing is made of these.
        given_up: BTreeSet<OrderId>,
        /// The documents of these come.
        kept: BTreeSet<OrderId>,
        /// What the centre wrote.
        again: bool,
    },
    /// Works to centre: a document is made and checked.
    PrintNotification {
        /// The order.
        order: OrderId,
        /// The document.
        document: Box<Document>,
        /// The machine.
        machine: String,
        /// When the last check passed.
        made: Timestamp,
        /// How many blanks were spoiled for it.
        spoiled: u16,
    },
    /// Centre to office: an act, to be handed to the applicant.
    Act {
        /// The dossier.
        dossier: DossierId,
        /// What it is.
        act: ActHead,
        /// The letter (PDF), signed by the centre (CMS, CAdES-BES).
        content: Bytes,
    },
    /// Office to centre: the applicant was handed an act.
    Service {
        /// The dossier.
        dossier: DossierId,
        /// The act, when, and by whom.
        served: ServedAct,
    },
    /// Centre to all others: an article for officers, or its withdrawal.
    Bulletin {
        /// What was published.
        bulletin: Bulletin,
        /// Its file: PDF, JPEG, PNG or ZIP, at most 5 MiB.
        content: Option<Bytes>,
    },
    /// Any desk to centre: a case that the desk cannot answer itself, and what is written in it from then on.
    HelpCase {
        /// What it is about.
        question: HelpQuestion,
        /// What was written; the first time all of it.
        turns: Vec<HelpTurn>,
        /// Whether it is over.
        closed: bool,
    },
    /// Centre to the desk that passed a case on: what the centre wrote in it.
    HelpAnswer {
        /// Its name at that desk.
        case: Reference,
        /// What was written.
        turns: Vec<HelpTurn>,
        /// Whether the centre has nothing more to say.
        closed: bool,
    },
    /// Works to office, and to centre: a parcel leaves.
    Consignment {
        /// The parcel.
        consignment: Consignment,
    },
    /// Works to office: a parcel came back, and is not to be opened there any more.
    ConsignmentReturn {
        /// The parcel.
        consignment: ConsignmentId,
    },
    /// Office to works: whether the parcel was not opened, and never will be.
    ReturnAnswer {
        /// The parcel.
        consignment: ConsignmentId,
        /// Whether it is the works' again.
        agreed: bool,
    },
    /// Works to centre: documents are back from their way.
    ConsignmentBack {
        /// The parcel that they left with.
        consignment: ConsignmentId,
        /// The documents.
        items: Vec<ConsignmentItem>,
    },
    /// Office to works: a parcel was counted.
    Receipt {
        /// The parcel.
        consignment: ConsignmentId,
        /// What was missing.
        missing: BTreeSet<DocumentId>,
        /// Who counted.
        officers: [OfficerId; 2],
    },
    /// Office or works to centre: a document is defective, or was lost on its way.
    Complaint {
        /// The dossier.
        dossier: DossierId,
        /// The document.
        document: DocumentId,
        /// What is wrong; absent when it was lost.
        defect: Option<Defect>,
    },
    /// Centre to office or works: whether the document is made again.
    ComplaintResult {
        /// The document.
        document: DocumentId,
        /// Whether it is.
        accepted: bool,
    },
    /// Office to centre: a document of any office was lost or stolen.
    LossReport {
        /// The report.
        report: LossReport,
    },
    /// Centre to office: what came of a report of loss or theft.
    LossAnswer {
        /// The report.
        report: Reference,
        /// What came of it.
        state: LossState,
    },
    /// Office to centre: a document was activated.
    Activation {
        /// The dossier.
        dossier: DossierId,
        /// The document.
        document: DocumentId,
        /// How the holder was checked.
        check: HolderCheck,
        /// Who.
        officer: OfficerId,
        /// When.
        at: Timestamp,
    },
    /// Office to centre: a document was handed over.
    HandOver {
        /// The dossier.
        dossier: DossierId,
        /// The document.
        document: DocumentId,
        /// What became of the old one.
        surrender: Surrender,
        /// Who.
        officer: OfficerId,
        /// When.
        at: Timestamp,
    },
    /// Office to centre, centre to registry: a document is not valid any more.
    Revocation {
        /// The document.
        document: DocumentId,
        /// Why.
        block: Block,
        /// Since when.
        since: Timestamp,
    },
    /// Office to centre: a dossier that the centre had given back ended at its office.
    Withdrawal {
        /// The dossier.
        dossier: DossierId,
    },
    /// Centre to registry: a document as it stands.
    DocumentRecord {
        /// The document.
        document: Box<Document>,
        /// The digest of the receipt of its dossier: with the receipt, its holder sees who looked it up.
        receipt: Option<Digest>,
    },
    /// Registry to all: documents that changed.
    StatusList {
        /// The number of the list, from 1.
        number: u64,
        /// The documents.
        entries: Vec<StatusEntry>,
    },
    /// Centre to works: what became of a blank after it left.
    StockMovement {
        /// The blank.
        blank: BlankSerial,
        /// Its state.
        state: BlankState,
        /// Who saw it.
        officers: Vec<OfficerId>,
    },
    /// Works to centre: the count of a day, signed by the sender.
    DailyBalance {
        /// The day.
        day: Date,
        /// The works.
        site: SiteId,
        /// The count of blanks.
        balance: Balance,
        /// Orders that were taken and not ended.
        pending: u64,
        /// Documents made, ever.
        printed: u64,
    },
    /// Centre to works: the same count from the other side.
    BalanceAnswer {
        /// The day.
        day: Date,
        /// Whether both sides agree.
        agreed: bool,
        /// Documents made, as the centre counts them.
        printed: u64,
        /// Documents handed over, as the centre counts them.
        handed_over: u64,
    },
    /// Either way: a message could not be used.
    Error {
        /// The message.
        failed: MessageId,
        /// The code of the fault.
        code: String,
        /// What was wrong.
        text: String,
    },
}

impl Body {
    /// What the kind is called.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ApplicationRecord { .. } => "application-record",
            Self::DossierProgress { .. } => "dossier-progress",
            Self::Papers { .. } => "papers",
            Self::Act { .. } => "act",
            Self::Service { .. } => "service",
            Self::Bulletin { .. } => "bulletin",
            Self::HelpCase { .. } => "help-case",
            Self::HelpAnswer { .. } => "help-answer",
            Self::Order { .. } => "order",
            Self::OrderInformation { .. } => "order-information",
            Self::OrderRecall { .. } => "order-recall",
            Self::RecallAnswer { .. } => "recall-answer",
            Self::PrintNotification { .. } => "print-notification",
            Self::Consignment { .. } => "consignment",
            Self::ConsignmentReturn { .. } => "consignment-return",
            Self::ReturnAnswer { .. } => "return-answer",
            Self::ConsignmentBack { .. } => "consignment-back",
            Self::Receipt { .. } => "receipt",
            Self::Complaint { .. } => "complaint",
            Self::ComplaintResult { .. } => "complaint-result",
            Self::LossReport { .. } => "loss-report",
            Self::LossAnswer { .. } => "loss-answer",
            Self::Activation { .. } => "activation",
            Self::HandOver { .. } => "hand-over",
            Self::Revocation { .. } => "revocation",
            Self::Withdrawal { .. } => "withdrawal",
            Self::DocumentRecord { .. } => "document-record",
            Self::StatusList { .. } => "status-list",
            Self::StockMovement { .. } => "stock-movement",
            Self::DailyBalance { .. } => "daily-balance",
            Self::BalanceAnswer { .. } => "balance-answer",
            Self::Error { .. } => "error",
        }
    }

    /// True when the receiver owes another message, not only a receipt.
    #[must_use]
    pub fn expects_answer(&self) -> bool {
        matches!(
            self,
            Self::ApplicationRecord { .. }
                | Self::Order { .. }
                | Self::OrderRecall { .. }
                | Self::Consignment { .. }
                | Self::ConsignmentReturn { .. }
                | Self::Complaint { .. }
                | Self::LossReport { .. }
                | Self::DailyBalance { .. }
        )
    }
}

/// What the receiver did with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// Taken: its effect is on record.
    Accepted,
    /// An earlier message has to come first: send it again later.
    Later {
        /// What is missing.
        code: String,
    },
    /// Refused: it is not sent again.
    Refused {
        /// The code of the fault.
        code: String,
        /// What is wrong.
        text: String,
    },
}

/// The receiver's signed word on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// `rilascio-exchange/1`.
    pub schema: String,
    /// The message.
    pub message: MessageId,
    /// The digest of the message as it was signed.
    pub digest: Digest,
    /// Who speaks.
    pub receiver: NodeId,
    /// When it came first.
    pub received: Timestamp,
    /// What was done.
    pub outcome: Outcome,
}
