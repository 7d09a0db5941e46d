//! A desk: one role of a node over its own store. Commands and messages come in, events and messages go out.

pub(crate) mod acts;
pub(crate) mod articles;
pub(crate) mod cards;
pub(crate) mod cases;
pub(crate) mod centre;
pub(crate) mod collection;
pub(crate) mod decision;
pub(crate) mod delivery;
pub(crate) mod draft;
pub(crate) mod grants;
pub(crate) mod hits;
mod losses;
pub(crate) mod office;
mod opinion;
pub(crate) mod package;
pub(crate) mod papers;
mod passing;
pub(crate) mod promise;
pub(crate) mod record;
pub(crate) mod registry;
mod returns;
pub(crate) mod routing;
pub(crate) mod screening;
pub(crate) mod spoilage;
mod stock;
pub(crate) mod terms;
pub(crate) mod works;
pub(crate) mod workstations;

use crate::command::{Answer, Command};
use crate::ledger::{Ledger, Tabled, decode, encode};
use crate::measures::Measures;
use crate::role::Role;
use crate::worker::VaultKeeper;
use crate::{Error, Result};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use rilascio_circuit::process::{
    Actor, Consignment, Digest, Dossier, NodeId, Office, Reason, Right, SiteId,
};
use rilascio_circuit::{NumberShare, Profile};
use rilascio_exchange::envelope::{self, Circle, Identity};
use rilascio_exchange::message::{Acknowledgement, Body, Message, Outcome, SCHEMA};
use rilascio_store::journal::HeadKey;
use rilascio_store::vault::VaultKeys;
use rilascio_store::{Store, work};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// The profiles of an installation.
pub trait Profiles: Send + Sync {
    /// The profile of that name.
    fn profile(&self, name: &str) -> Option<Arc<Profile>>;
}

/// Which node does what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes {
    /// The centre.
    pub centre: NodeId,
    /// The registry.
    pub registry: NodeId,
    /// The works of each profile, the first choice first; `*` for all others.
    pub works: BTreeMap<String, Vec<NodeId>>,
    /// Which part of the numbers of a profile works give that joined later; `*` for all profiles.
    pub shares: BTreeMap<String, BTreeMap<NodeId, u32>>,
    /// The node of each office.
    pub offices: BTreeMap<SiteId, NodeId>,
}

impl Routes {
    /// The works that can make a document, the first choice first.
    ///
    /// # Errors
    /// [`Error::Route`].
    pub fn works_of(&self, profile: &str) -> Result<&[NodeId]> {
        let works = self.works.get(profile).or_else(|| self.works.get("*"));
        works
            .filter(|works| !works.is_empty())
            .map(Vec::as_slice)
            .ok_or_else(|| Error::Route {
                what: format!("the works of {profile}"),
            })
    }

    /// The part of the numbers of a profile that works give.
    #[must_use]
    pub fn share(&self, profile: &str, works: &NodeId) -> NumberShare {
        let tables = [profile, "*"].map(|name| self.shares.get(name));
        let own = tables.iter().flatten().find_map(|table| table.get(works));
        let all = tables.iter().flatten().flat_map(|table| table.values());
        NumberShare {
            number: own.copied().unwrap_or(0),
            highest: all.copied().max().unwrap_or(0),
        }
    }

    /// No two works give the same numbers.
    ///
    /// # Errors
    /// [`Error::Route`], naming them.
    pub fn check_shares(&self) -> Result<()> {
        for (profile, works) in &self.works {
            let mut owners = BTreeMap::new();
            for one in works {
                let share = self.share(profile, one).number;
                if let Some(other) = owners.insert(share, one).filter(|other| *other != one) {
                    return Err(Error::Route {
                        what: format!(
                            "the numbers of {profile}: {one} and {other} would give the same; [shares] has a number of its own for each"
                        ),
                    });
                }
            }
        }
        Ok(())
    }

    /// The node of an office.
    ///
    /// # Errors
    /// [`Error::Route`].
    pub fn office(&self, site: &SiteId) -> Result<&NodeId> {
        self.offices.get(site).ok_or_else(|| Error::Route {
            what: format!("the office {site}"),
        })
    }
}

/// Everything that a desk is made of.
pub struct DeskParts {
    /// Its role.
    pub role: Role,
    /// Its own site: where the centre's, the works' and the registry's people work.
    pub site: SiteId,
    /// Its tables.
    pub store: Store,
    /// Its certificate and key.
    pub identity: Identity,
    /// The other nodes.
    pub circle: Circle,
    /// Where the keys that wrap its dossiers' keys are kept.
    pub keeper: Arc<dyn VaultKeeper>,
    /// The key that signs the head of its journal.
    pub head: Arc<HeadKey>,
    /// The profiles.
    pub profiles: Arc<dyn Profiles>,
    /// Who does what.
    pub routes: Routes,
    /// The offices, with what they issue and since when.
    pub offices: BTreeMap<SiteId, Office>,
    /// Whether this is a test system.
    pub test: bool,
    /// Randomness.
    pub entropy: Box<dyn CryptoRng + Send>,
}

/// One role of a node.
pub struct Desk {
    pub(crate) role: Role,
    pub(crate) node: NodeId,
    pub(crate) site: SiteId,
    pub(crate) store: Store,
    pub(crate) identity: Identity,
    circle: RwLock<Arc<Circle>>,
    vault: RwLock<Arc<VaultKeys>>,
    pub(crate) keeper: Arc<dyn VaultKeeper>,
    pub(crate) head: Arc<HeadKey>,
    profiles: Arc<dyn Profiles>,
    pub(crate) routes: Routes,
    pub(crate) offices: BTreeMap<SiteId, Office>,
    pub(crate) test: bool,
    entropy: Mutex<Box<dyn CryptoRng + Send>>,
    /// Measures that were made, by the site that they are of.
    pub(crate) measured: Mutex<BTreeMap<Option<SiteId>, (Timestamp, Measures)>>,
}

/// Who audits a circuit and runs it sees every site of the node.
pub(crate) fn is_everywhere(actor: &Actor) -> bool {
    let rights = [Right::Audit, Right::Administer];
    rights.iter().all(|right| actor.rights.contains(right))
}

impl Desk {
    /// A desk of those parts.
    ///
    /// # Errors
    /// When the keys of its vault cannot be read.
    pub fn new(parts: DeskParts) -> Result<Arc<Self>> {
        let vault = parts.keeper.load()?;
        Ok(Arc::new(Self {
            role: parts.role,
            node: parts.identity.node().clone(),
            site: parts.site,
            store: parts.store,
            identity: parts.identity,
            circle: RwLock::new(Arc::new(parts.circle)),
            vault: RwLock::new(Arc::new(vault)),
            keeper: parts.keeper,
            head: parts.head,
            profiles: parts.profiles,
            routes: parts.routes,
            offices: parts.offices,
            test: parts.test,
            entropy: Mutex::new(parts.entropy),
            measured: Mutex::default(),
        }))
    }

    /// Its role.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Its node.
    #[must_use]
    pub fn node(&self) -> &NodeId {
        &self.node
    }

    /// Its site.
    #[must_use]
    pub fn site(&self) -> &SiteId {
        &self.site
    }

    /// The key that signs the head of its journal.
    #[must_use]
    pub fn head(&self) -> &HeadKey {
        &self.head
    }

    /// Its store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The offices of the circuit.
    #[must_use]
    pub fn offices(&self) -> &BTreeMap<SiteId, Office> {
        &self.offices
    }

    /// The nodes that may speak.
    #[must_use]
    pub fn circle(&self) -> Arc<Circle> {
        Arc::clone(&self.circle.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes another circle: a node was added or struck off.
    pub fn set_circle(&self, circle: Circle) {
        *self.circle.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(circle);
    }

    /// The keys of the vault.
    #[must_use]
    pub fn vault_keys(&self) -> Arc<VaultKeys> {
        Arc::clone(&self.vault.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes other keys of the vault.
    pub fn set_vault_keys(&self, keys: VaultKeys) {
        *self.vault.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// The profile of that name.
    ///
    /// # Errors
    /// [`Error::Profile`].
    pub fn profile(&self, name: &str) -> Result<Arc<Profile>> {
        self.profiles.profile(name).ok_or_else(|| Error::Profile {
            name: name.chars().take(40).collect(),
        })
    }

    /// A dossier as this desk knows it.
    ///
    /// # Errors
    /// What the store says.
    pub fn dossier(&self, id: &str) -> Result<Option<Dossier>> {
        self.find(id)
    }

    /// A parcel as this desk knows it.
    ///
    /// # Errors
    /// What the store says.
    pub fn consignment(&self, id: &str) -> Result<Option<Consignment>> {
        self.find(id)
    }

    /// A thing of any kind, as this desk knows it.
    fn find<A: Tabled + Send + 'static>(&self, id: &str) -> Result<Option<A>> {
        let id = id.to_owned();
        self.store.read(move |tx| {
            let found = rilascio_store::entity::get(tx, A::KIND, &id)?;
            found.as_ref().map(decode).transpose()
        })
    }

    /// A generator for one transaction: run again, it gives the same.
    pub(crate) fn seed(&self) -> [u8; 32] {
        let mut seed = [0; 32];
        let mut entropy = self.entropy.lock().unwrap_or_else(PoisonError::into_inner);
        entropy.fill_bytes(&mut seed);
        seed
    }

    /// Runs a function in a transaction of this desk, as somebody.
    ///
    /// # Errors
    /// What the function answers.
    pub fn transact<T: Send + 'static>(
        self: &Arc<Self>,
        actor: &Actor,
        now: Timestamp,
        function: impl FnMut(&mut Ledger<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let function = Arc::new(Mutex::new(function));
        let run = || {
            let (desk, actor, seed) = (Arc::clone(self), actor.clone(), self.seed());
            let function = Arc::clone(&function);
            self.store.write(move |tx| {
                let rng = ChaCha20Rng::from_seed(seed);
                let mut ledger = Ledger::begin(tx, &desk, &actor, now, rng);
                let mut function = function.lock().unwrap_or_else(PoisonError::into_inner);
                let value = (*function)(&mut ledger)?;
                ledger.finish()?;
                Ok(value)
            })
        };
        match run() {
            // Another replica renewed the keys of the vault.
            Err(Error::Store(
                rilascio_store::Error::StaleKeys | rilascio_store::Error::Sealed { .. },
            )) => {
                self.set_vault_keys(self.keeper.load()?);
                run()
            }
            other => other,
        }
    }

    /// Gives a command. The same command under the same name is done once and answered alike.
    ///
    /// # Errors
    /// The rule that forbids it, or what is wrong with it.
    pub fn execute(
        self: &Arc<Self>,
        id: &str,
        command: &Command,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Answer> {
        if command.role() != self.role {
            return Err(Error::Role {
                command: command.name(),
                role: self.role.name(),
            });
        }
        if actor.is_system() {
            return Err(Reason::Right.refusal().into());
        }
        actor.needs(command.right())?;
        // Rights hold where somebody works: an office's keeper keeps nothing at the works.
        let at_home = match self.role {
            Role::Office => self.offices.contains_key(&actor.site),
            Role::Centre | Role::Works | Role::Registry => actor.site == self.site,
        };
        if !at_home && !matches!(command, Command::LookUp { .. }) {
            return Err(Reason::Site.refusal().into());
        }
        let (id, command) = (id.to_owned(), Arc::new(command.clone()));
        let text = encode("command", &(&*command, &actor.officer))?;
        let name = id.clone();
        let asked: Arc<OnceLock<Digest>> = Arc::default();
        let keep = Arc::clone(&asked);
        let outcome = self.transact(actor, now, move |ledger| {
            // With a secret: a name that a command holds cannot be tried against the table.
            let mut bytes = ledger.secret("commands")?;
            bytes.extend_from_slice(text.as_bytes());
            let digest = keep.get_or_init(|| Digest::of(&bytes)).clone();
            if let Some((known, answer)) = work::done_before(ledger.tx, &id)? {
                if known != digest.as_str() {
                    return Err(Error::CommandReused { id: id.clone() });
                }
                return serde_json::from_str(&answer).map_err(|why| Error::Corrupt {
                    what: "command",
                    id: id.clone(),
                    why: why.to_string(),
                });
            }
            let answer = match ledger.desk.role {
                Role::Office => office::execute(ledger, &command)?,
                Role::Centre => centre::execute(ledger, &command)?,
                Role::Works => works::execute(ledger, &command)?,
                Role::Registry => registry::execute(ledger, &command)?,
            };
            let text = encode("answer", &answer)?;
            let now_ms = ledger.now_ms();
            work::note_command(ledger.tx, &id, digest.as_str(), &text, now_ms)?;
            Ok(answer)
        });
        if matches!(outcome, Err(Error::Refused(_))) {
            // The same command may have been given twice at the same moment: then the first answer is the answer.
            let before = self
                .store
                .read::<_, Error, _>(move |tx| Ok(work::done_before(tx, &name)?))?;
            let same = |known: &str| asked.get().is_some_and(|asked| asked.as_str() == known);
            let answer = before.filter(|(known, _)| same(known));
            if let Some(answer) = answer.and_then(|(_, answer)| serde_json::from_str(&answer).ok())
            {
                return Ok(answer);
            }
        }
        outcome
    }

    /// Takes a message in; gives the signed acknowledgement. One that came before has no second effect.
    ///
    /// # Errors
    /// When it cannot be opened: then nothing about its sender is believed, and nobody is answered.
    pub fn receive(self: &Arc<Self>, sealed: &[u8], now: Timestamp) -> Result<Vec<u8>> {
        let opened = envelope::open(sealed, &self.identity, &self.circle(), now)?;
        let (message, digest) = (Arc::new(opened.message), opened.digest);
        if message.header.test && !self.test {
            return self.refuse(
                &message,
                &digest,
                "EXCHANGE-014",
                "a test message in production",
                now,
            );
        }
        let system = Actor::system(&self.site);
        let (held, known) = (Arc::clone(&message), digest.clone());
        let taken = self.transact(&system, now, move |ledger| {
            let header = &held.header;
            let (sender, id) = (header.sender.as_str(), header.id.as_str());
            if let Some((before, answer)) = work::received(ledger.tx, sender, id)? {
                if before != known.as_str() {
                    return Err(rilascio_exchange::Error::Replayed.into());
                }
                return Ok(answer);
            }
            match (&held.body, ledger.desk.role) {
                (Body::Bulletin { bulletin, content }, _) => {
                    only_from(&held, &ledger.desk.routes.centre.clone())?;
                    articles::receive(ledger, bulletin, content.as_ref())?;
                }
                _ if passing::receive(ledger, &held)? => {}
                (_, Role::Office) => office::receive(ledger, &held)?,
                (_, Role::Centre) => centre::receive(ledger, &held)?,
                (_, Role::Works) => works::receive(ledger, &held)?,
                (_, Role::Registry) => registry::receive(ledger, &held)?,
            }
            if let Some(answered) = &header.answers {
                work::answered(ledger.tx, answered.as_str(), sender)?;
            }
            let word = ledger
                .desk
                .word(&held, &known, Outcome::Accepted, ledger.now);
            let signed = envelope::acknowledge(&word, &ledger.desk.identity, ledger.now)?;
            let now_ms = ledger.now_ms();
            work::receive(ledger.tx, sender, id, known.as_str(), now_ms, &signed)?;
            Ok(signed)
        });
        if matches!(taken, Err(Error::Refused(_))) {
            // The same message may have been taken in at the same moment by another: then its answer is the answer.
            let (sender, id) = (
                message.header.sender.to_string(),
                message.header.id.as_str().to_owned(),
            );
            let before = self
                .store
                .read::<_, Error, _>(move |tx| Ok(work::received(tx, &sender, &id)?))?;
            if let Some((_, answer)) = before.filter(|(known, _)| known == digest.as_str()) {
                return Ok(answer);
            }
        }
        match taken {
            Err(Error::Refused(refusal)) if refusal.rule == NOT_YET => {
                let code = refusal.rule.to_owned();
                let word = self.word(&message, &digest, Outcome::Later { code }, now);
                Ok(envelope::acknowledge(&word, &self.identity, now)?)
            }
            Err(
                why @ (Error::Refused(_)
                | Error::Application(_)
                | Error::Malformed { .. }
                | Error::Exchange(_)),
            ) => self.refuse(&message, &digest, &why.code(), &why.to_string(), now),
            other => other,
        }
    }

    fn word(
        &self,
        message: &Message,
        digest: &Digest,
        outcome: Outcome,
        now: Timestamp,
    ) -> Acknowledgement {
        Acknowledgement {
            schema: SCHEMA.to_owned(),
            message: message.header.id.clone(),
            digest: digest.clone(),
            receiver: self.node.clone(),
            received: now,
            outcome,
        }
    }

    fn refuse(
        &self,
        message: &Message,
        digest: &Digest,
        code: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<Vec<u8>> {
        let outcome = Outcome::Refused {
            code: code.to_owned(),
            text: text.chars().take(200).collect(),
        };
        let word = self.word(message, digest, outcome, now);
        Ok(envelope::acknowledge(&word, &self.identity, now)?)
    }
}

/// The rule under which a message is sent again later.
pub(crate) const NOT_YET: &str = "circuit.not-yet";

/// Something that has to come first has not come yet.
pub(crate) fn not_yet() -> Error {
    Reason::NotYet.refusal().into()
}

/// A message that this role takes from nobody.
pub(crate) fn not_ours(message: &Message) -> Error {
    Error::Malformed {
        what: "message",
        why: format!("'{}' is not for this role", message.body.kind()),
    }
}

/// The sender of a message must be that node.
pub(crate) fn only_from(message: &Message, node: &NodeId) -> Result<()> {
    if message.header.sender == *node {
        Ok(())
    } else {
        Err(Error::Malformed {
            what: "message",
            why: format!("'{}' comes from {node} only", message.body.kind()),
        })
    }
}

/// What a body says when it is about a list that is too long.
pub(crate) fn check_items(body: &Body, count: usize) -> Result<()> {
    if count > rilascio_exchange::message::ITEMS_MAX {
        return Err(Error::Malformed {
            what: "message",
            why: format!("'{}' with {count} items", body.kind()),
        });
    }
    Ok(())
}
