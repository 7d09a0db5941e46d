//! A network that loses, doubles, delays and cuts, and meets nodes that are killed while they listen.

use crate::dice::Dice;
use crate::scenario::Scenario;
use crate::world::{Killed, locked};
use jiff::{SignedDuration, Timestamp};
use rilascio_circuit::process::NodeId;
use rilascio_exchange::{Error, Result};
use rilascio_node::{Desk, Transport};
use rilascio_store::Error as StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// How long a cut lasts.
const CUT: SignedDuration = SignedDuration::from_hours(5);

struct Late {
    receiver: NodeId,
    sealed: Vec<u8>,
}

/// The network.
pub(crate) struct Network {
    scenario: Scenario,
    dice: Dice,
    faults: Arc<AtomicBool>,
    desks: Mutex<BTreeMap<NodeId, Arc<Desk>>>,
    clocks: Mutex<BTreeMap<NodeId, Timestamp>>,
    cut_until: Mutex<BTreeMap<NodeId, Timestamp>>,
    dark: Mutex<BTreeSet<NodeId>>,
    late: Mutex<Vec<Late>>,
    killed: Killed,
}

impl Network {
    pub(crate) fn new(scenario: &Scenario, dice: Dice, faults: Arc<AtomicBool>) -> Self {
        Self {
            scenario: scenario.clone(),
            dice,
            faults,
            desks: Mutex::default(),
            clocks: Mutex::default(),
            cut_until: Mutex::default(),
            dark: Mutex::default(),
            late: Mutex::default(),
            killed: Mutex::default(),
        }
    }

    pub(crate) fn connect(&self, desk: &Arc<Desk>) {
        locked(&self.desks).insert(desk.node().clone(), Arc::clone(desk));
    }

    /// A node burns, or loses its power: nobody reaches it.
    pub(crate) fn darken(&self, node: &NodeId) {
        locked(&self.dark).insert(node.clone());
    }

    pub(crate) fn lighten(&self, node: &NodeId) {
        locked(&self.dark).remove(node);
    }

    pub(crate) fn is_dark(&self, node: &NodeId) -> bool {
        locked(&self.dark).contains(node)
    }

    pub(crate) fn set_clocks(&self, clocks: impl Iterator<Item = (NodeId, Timestamp)>) {
        locked(&self.clocks).extend(clocks);
    }

    pub(crate) fn take_killed(&self) -> Vec<NodeId> {
        std::mem::take(&mut locked(&self.killed))
    }

    /// Delivers what was late.
    pub(crate) fn deliver_late(&self) {
        let late = std::mem::take(&mut *locked(&self.late));
        for message in late {
            if self.is_dark(&message.receiver) {
                continue;
            }
            let _ = self.hand_over(&message.receiver, &message.sealed);
        }
    }

    fn chance(&self, permille: u32) -> bool {
        self.faults.load(Ordering::Relaxed) && self.dice.permille(permille)
    }

    fn fault(receiver: &NodeId, why: &str) -> Error {
        Error::Connection {
            peer: receiver.to_string(),
            why: why.to_owned(),
        }
    }

    fn is_cut(&self, receiver: &NodeId) -> bool {
        let now = locked(&self.clocks).get(receiver).copied();
        let Some(now) = now else {
            return false;
        };
        let mut cuts = locked(&self.cut_until);
        if !self.faults.load(Ordering::Relaxed) {
            return false;
        }
        if cuts.get(receiver).is_some_and(|until| now < *until) {
            return true;
        }
        if self.dice.permille(self.scenario.cuts) {
            cuts.insert(receiver.clone(), now + CUT);
            return true;
        }
        false
    }

    fn hand_over(&self, receiver: &NodeId, sealed: &[u8]) -> Result<Vec<u8>> {
        let desk = locked(&self.desks).get(receiver).cloned();
        let now = locked(&self.clocks).get(receiver).copied();
        let (Some(desk), Some(now)) = (desk, now) else {
            return Err(Self::fault(receiver, "there is no such node"));
        };
        desk.receive(sealed, now).map_err(|why| {
            if matches!(why, rilascio_node::Error::Store(StoreError::Stopped)) {
                locked(&self.killed).push(receiver.clone());
            }
            Self::fault(receiver, &why.to_string())
        })
    }
}

impl Transport for Network {
    fn send(&self, receiver: &NodeId, sealed: &[u8]) -> Result<Vec<u8>> {
        if self.is_dark(receiver) || self.is_cut(receiver) {
            return Err(Self::fault(receiver, "the link is cut"));
        }
        if self.chance(self.scenario.lost_messages) {
            return Err(Self::fault(receiver, "no answer"));
        }
        if self.chance(self.scenario.late_messages) {
            locked(&self.late).push(Late {
                receiver: receiver.clone(),
                sealed: sealed.to_vec(),
            });
            return Err(Self::fault(receiver, "no answer"));
        }
        if self.chance(self.scenario.doubled_messages) {
            let _ = self.hand_over(receiver, sealed);
        }
        let answer = self.hand_over(receiver, sealed)?;
        if self.chance(self.scenario.lost_answers) {
            return Err(Self::fault(receiver, "the answer was lost"));
        }
        Ok(answer)
    }
}
