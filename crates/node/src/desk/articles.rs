//! What officers read: news, manuals, software packages and answers of the knowledge base. What the centre publishes
//! goes to the desks that it is for; others publish for their own site.

use super::papers::Media;
use crate::desk::Desk;
use crate::ledger::{Ledger, decode_as, encode};
use crate::prose::Prose;
use crate::role::Role;
use crate::worker::malformed;
use crate::{Error, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use rilascio_circuit::process::{Actor, Digest, NodeId, Reason, Reference, Right, SiteId};
use rilascio_exchange::message::{Body, Bulletin, Bytes, Channel};
use rilascio_store::entity::{self, Entity};
use rilascio_store::vault::Compartment;
use rilascio_store::work;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The kind of its rows.
const ARTICLE: &str = "article";
const FILE: &str = "file";
/// The job that sends an article to one node.
pub(crate) const SEND: &str = "send-bulletin";
/// The longest title, in characters.
const TITLE_MAX: usize = 120;
/// The largest file, in bytes: the same as of a paper.
const FILE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Articles of one channel in one answer, of the centre and of the site.
const LIST_MAX: u32 = 200;

/// An article as a desk has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Article {
    /// What was published.
    pub bulletin: Bulletin,
    /// The site that it is for; every site of the desk, if absent.
    pub site: Option<SiteId>,
    /// The desks that it was sent to, where it was published; all, if empty.
    #[serde(default)]
    pub roles: BTreeSet<Role>,
}

/// What somebody publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What it is.
    pub channel: Channel,
    /// What it is called, in Italian.
    pub title_it: Prose,
    /// The same in English; the Italian title, if absent.
    #[serde(default)]
    pub title_en: Option<Prose>,
    /// What it says, in Italian.
    pub text_it: Prose,
    /// The same in English; the Italian text, if absent.
    #[serde(default)]
    pub text_en: Option<Prose>,
    /// The desks that it is for, when the centre publishes; all, if empty.
    #[serde(default)]
    pub roles: BTreeSet<Role>,
    /// The last day; for as long as nobody withdraws it, if absent.
    #[serde(default)]
    pub until: Option<Date>,
    /// A file: PDF, JPEG, PNG or ZIP.
    #[serde(default)]
    pub file: Option<Bytes>,
}

fn check_file(bytes: &[u8]) -> Result<()> {
    let known = Media::of(bytes).is_some() || bytes.starts_with(b"PK\x03\x04");
    let why = if bytes.len() > FILE_BYTES_MAX {
        format!("it has more than {FILE_BYTES_MAX} bytes")
    } else if known {
        return Ok(());
    } else {
        "it is no PDF, JPEG, PNG or ZIP file".to_owned()
    };
    Err(Error::Malformed { what: "file", why })
}

/// What happened to an article last.
fn happened(bulletin: &Bulletin) -> &'static str {
    if bulletin.withdrawn {
        "withdrawn"
    } else {
        "published"
    }
}

fn place(id: &str) -> Compartment<'_> {
    Compartment {
        dossier: id,
        part: FILE,
    }
}

fn put(ledger: &mut Ledger<'_>, article: &Article, file: Option<&[u8]>) -> Result<()> {
    let bulletin = &article.bulletin;
    let id = bulletin.id.as_str();
    let known = entity::get(ledger.tx, ARTICLE, id)?;
    if let Some(row) = &known {
        let known: Article = decode_as(ARTICLE, row)?;
        // A withdrawal may overtake what it withdraws.
        if known.bulletin.withdrawn {
            return Ok(());
        }
    }
    if bulletin.withdrawn {
        ledger.forget(id, FILE)?;
    } else if let Some(file) = file {
        ledger.keep(id, FILE, FILE, file)?;
    }
    let row = Entity {
        id: id.to_owned(),
        version: known.map_or(0, |known| known.version),
        site: article
            .site
            .as_ref()
            .map_or(String::new(), SiteId::to_string),
        state: if bulletin.withdrawn {
            "withdrawn".to_owned()
        } else {
            crate::ledger::word(bulletin.channel)
        },
        due_ms: None,
        body: encode(ARTICLE, article)?,
    };
    entity::put(ledger.tx, ARTICLE, &row)?;
    let actor = ledger.actor.clone();
    let told = (happened(bulletin), Digest::of(row.body.as_bytes()));
    ledger.note(&actor, ARTICLE, id, &told)
}

/// The nodes of the desks that an article of the centre is for.
fn receivers(desk: &Desk, roles: &BTreeSet<Role>) -> BTreeSet<NodeId> {
    let wanted = |role: Role| roles.is_empty() || roles.contains(&role);
    let routes = &desk.routes;
    let mut nodes = BTreeSet::new();
    if wanted(Role::Office) {
        nodes.extend(routes.offices.values().cloned());
    }
    if wanted(Role::Works) {
        nodes.extend(routes.works.values().flatten().cloned());
    }
    if wanted(Role::Registry) {
        nodes.insert(routes.registry.clone());
    }
    nodes
}

/// Tells the other desks of an article of the centre: each by a job of its own, for a file is large and nodes are many.
fn tell(ledger: &mut Ledger<'_>, article: &Article) -> Result<()> {
    if ledger.desk.role != Role::Centre {
        return Ok(());
    }
    for node in receivers(ledger.desk, &article.roles) {
        let what = happened(&article.bulletin);
        ledger.job(SEND, &format!("{}/{node}/{what}", article.bulletin.id))?;
    }
    Ok(())
}

/// Sends an article, as it stands now, to one node.
pub(crate) fn send(ledger: &mut Ledger<'_>, subject: &str) -> Result<()> {
    let mut parts = subject.split('/');
    let (Some(id), Some(node)) = (parts.next(), parts.next()) else {
        return Err(malformed(subject.to_owned()));
    };
    let node = NodeId::parse(node).map_err(malformed)?;
    let Some(row) = entity::get(ledger.tx, ARTICLE, id)? else {
        return Ok(());
    };
    let Article { bulletin, .. } = decode_as(ARTICLE, &row)?;
    let content = place(id).get(ledger.tx, &ledger.vault, FILE)?;
    let body = Body::Bulletin {
        bulletin,
        content: content.map(|content| Bytes(content.to_vec())),
    };
    ledger.send(&node, id, body, None)
}

/// An article of the centre came.
pub(super) fn receive(
    ledger: &mut Ledger<'_>,
    bulletin: &Bulletin,
    content: Option<&Bytes>,
) -> Result<()> {
    let file = content.map(|content| &content.0[..]);
    if file.is_some_and(|file| check_file(file).is_err()) {
        return Err(Reason::Malformed.refusal().into());
    }
    let article = Article {
        bulletin: bulletin.clone(),
        site: None,
        roles: BTreeSet::new(),
    };
    put(ledger, &article, file)
}

fn title(text: &Prose) -> Result<String> {
    let text = text.as_str();
    if text.chars().count() > TITLE_MAX || text.contains('\n') {
        return Err(Error::Malformed {
            what: "title",
            why: format!("one line of at most {TITLE_MAX} characters"),
        });
    }
    Ok(text.to_owned())
}

fn sees(actor: &Actor, article: &Article) -> bool {
    let here = article.site.as_ref().is_none_or(|site| *site == actor.site);
    here && !article.bulletin.withdrawn
}

impl Desk {
    /// Publishes an article.
    ///
    /// # Errors
    /// `circuit.right` for who does not run the desk, a fault of the title or the file, or what the store says.
    pub fn publish_article(
        self: &Arc<Self>,
        draft: Draft,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Article> {
        actor.needs(Right::Administer)?;
        let titles = (
            title(&draft.title_it)?,
            title(draft.title_en.as_ref().unwrap_or(&draft.title_it))?,
        );
        if let Some(file) = &draft.file {
            check_file(&file.0)?;
        }
        self.transact(actor, now, move |ledger| {
            let number = work::take_numbers(ledger.tx, ARTICLE, 1)?;
            let id = format!("{}-N{number:06}", ledger.desk.node);
            let id = Reference::parse(&id).map_err(|why| Error::Malformed {
                what: "article",
                why,
            })?;
            let text = |text: &Prose| text.as_str().to_owned();
            let bulletin = Bulletin {
                id,
                channel: draft.channel,
                title_it: titles.0.clone(),
                title_en: titles.1.clone(),
                text_it: text(&draft.text_it),
                text_en: text(draft.text_en.as_ref().unwrap_or(&draft.text_it)),
                published: ledger.now,
                until: draft.until,
                file: draft.file.as_ref().map(|file| Digest::of(&file.0)),
                withdrawn: false,
            };
            let centre = ledger.desk.role == Role::Centre;
            let article = Article {
                site: (!centre).then(|| ledger.actor.site.clone()),
                bulletin,
                roles: draft.roles.clone(),
            };
            put(
                ledger,
                &article,
                draft.file.as_ref().map(|file| &file.0[..]),
            )?;
            tell(ledger, &article)?;
            Ok(article)
        })
    }

    /// Withdraws an article that this desk published.
    ///
    /// # Errors
    /// `circuit.right`, `circuit.unknown`, or what the store says.
    pub fn withdraw_article(
        self: &Arc<Self>,
        id: &Reference,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<()> {
        actor.needs(Right::Administer)?;
        let id = id.clone();
        self.transact(actor, now, move |ledger| {
            let mut article = ledger.article(&id)?;
            let own = id.as_str().starts_with(&format!("{}-N", ledger.desk.node));
            if !own {
                return Err(Reason::Site.refusal().into());
            }
            // Nothing of what it said is left, here or elsewhere.
            let bulletin = &mut article.bulletin;
            bulletin.withdrawn = true;
            bulletin.file = None;
            for text in [
                &mut bulletin.title_it,
                &mut bulletin.title_en,
                &mut bulletin.text_it,
                &mut bulletin.text_en,
            ] {
                text.clear();
            }
            put(ledger, &article, None)?;
            tell(ledger, &article)
        })
    }

    /// The articles that somebody reads today, the newest first.
    ///
    /// # Errors
    /// What the store says.
    pub fn articles(self: &Arc<Self>, actor: &Actor, today: Date) -> Result<Vec<Article>> {
        let site = actor.site.to_string();
        let rows = self.store().read::<_, Error, _>(move |tx| {
            let mut rows = Vec::new();
            for channel in Channel::ALL {
                let state = crate::ledger::word(channel);
                for site in ["", &site] {
                    rows.extend(entity::newest(tx, ARTICLE, &state, Some(site), LIST_MAX)?);
                }
            }
            Ok(rows)
        })?;
        let mut found = Vec::new();
        for row in &rows {
            let article: Article = decode_as(ARTICLE, row)?;
            let over = article.bulletin.until.is_some_and(|until| until < today);
            if !over && sees(actor, &article) {
                found.push(article);
            }
        }
        found.sort_by_key(|article| std::cmp::Reverse(article.bulletin.published));
        Ok(found)
    }

    /// An article.
    ///
    /// # Errors
    /// `circuit.unknown`, or what the store says.
    pub fn article(
        self: &Arc<Self>,
        id: &Reference,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Article> {
        let id = id.clone();
        self.transact(actor, now, move |ledger| ledger.article(&id))
    }

    /// The file of an article.
    ///
    /// # Errors
    /// `circuit.unknown`, or what the store says.
    pub fn article_file(
        self: &Arc<Self>,
        id: &Reference,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Zeroizing<Vec<u8>>> {
        let id = id.clone();
        self.transact(actor, now, move |ledger| {
            ledger.article(&id)?;
            let file = place(id.as_str()).get(ledger.tx, &ledger.vault, FILE)?;
            Ok(file.ok_or_else(|| Reason::Unknown.refusal())?)
        })
    }
}

impl Ledger<'_> {
    /// An article that who asks may read.
    fn article(&mut self, id: &Reference) -> Result<Article> {
        let row = entity::get(self.tx, ARTICLE, id.as_str())?;
        let article: Option<Article> = row.map(|row| decode_as(ARTICLE, &row)).transpose()?;
        let article = article.filter(|article| sees(&self.actor, article));
        Ok(article.ok_or_else(|| Reason::Unknown.refusal())?)
    }
}
