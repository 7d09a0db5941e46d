//! The way between desks: in the process where they share one, over mutual TLS where they do not.

use crate::desk::Desk;
use crate::worker::Transport;
use jiff::Timestamp;
use rilascio_circuit::process::NodeId;
use rilascio_exchange::{Error, Result};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Desks of this process, and a way to all others.
pub struct Local {
    desks: RwLock<BTreeMap<NodeId, Arc<Desk>>>,
    clock: Clock,
    far: RwLock<Option<Arc<dyn Transport>>>,
}

impl Local {
    /// A way between desks that are added later; `far` leads to those that are not here.
    #[must_use]
    pub fn new(clock: Clock, far: Option<Arc<dyn Transport>>) -> Self {
        Self {
            desks: RwLock::default(),
            clock,
            far: RwLock::new(far),
        }
    }

    /// Sets the way to nodes that are not here.
    pub fn set_far(&self, far: Arc<dyn Transport>) {
        *self.far.write().unwrap_or_else(PoisonError::into_inner) = Some(far);
    }

    /// Adds a desk of this process.
    pub fn add(&self, desk: &Arc<Desk>) {
        let mut desks = self.desks.write().unwrap_or_else(PoisonError::into_inner);
        desks.insert(desk.node().clone(), Arc::clone(desk));
    }

    /// The desk of a node of this process.
    #[must_use]
    pub fn desk(&self, node: &NodeId) -> Option<Arc<Desk>> {
        self.desks
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(node)
            .cloned()
    }
}

impl Transport for Local {
    fn send(&self, receiver: &NodeId, sealed: &[u8]) -> Result<Vec<u8>> {
        if let Some(desk) = self.desk(receiver) {
            return desk
                .receive(sealed, (self.clock)())
                .map_err(|why| Error::Connection {
                    peer: receiver.to_string(),
                    why: why.to_string(),
                });
        }
        let far = self
            .far
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match far {
            Some(far) => far.send(receiver, sealed),
            None => Err(Error::Unknown {
                node: receiver.to_string(),
            }),
        }
    }
}

impl Transport for rilascio_exchange::connection::TlsTransport {
    fn send(&self, receiver: &NodeId, sealed: &[u8]) -> Result<Vec<u8>> {
        Self::send(self, receiver, sealed)
    }
}
