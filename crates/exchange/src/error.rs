//! What can go wrong between nodes, and with the systems beside the circuit.

/// A fault of the exchange, with a stable code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What came is no message of this format.
    #[error("[EXCHANGE-001] malformed message: {why}")]
    Malformed {
        /// Why.
        why: String,
    },
    /// Another version of the format.
    #[error("[EXCHANGE-002] message format '{found}'; this node speaks rilascio-exchange/1")]
    Version {
        /// What was found.
        found: String,
    },
    /// The signer is not the sender.
    #[error("[EXCHANGE-003] the message says it is from {claimed} and is signed by {signed}")]
    Sender {
        /// Who it says.
        claimed: String,
        /// Who signed.
        signed: String,
    },
    /// It is for somebody else.
    #[error("[EXCHANGE-004] the message is for {receiver}")]
    Receiver {
        /// Whom it is for.
        receiver: String,
    },
    /// It is too old, or from the future.
    #[error("[EXCHANGE-005] the message was made at {created}: too old, or the clocks differ")]
    Time {
        /// When it was made.
        created: String,
    },
    /// It came before with another content.
    #[error("[EXCHANGE-006] another message of this name came before")]
    Replayed,
    /// It is too large.
    #[error("[EXCHANGE-007] a message of {bytes} bytes; at most 32 MiB")]
    TooLarge {
        /// How large.
        bytes: usize,
    },
    /// The node is not in the circle.
    #[error("[EXCHANGE-008] no certificate of node {node}; add it to the circuit")]
    Unknown {
        /// The node.
        node: String,
    },
    /// A certificate that cannot be used.
    #[error("[EXCHANGE-009] {why}")]
    Certificate {
        /// Why.
        why: String,
    },
    /// A certificate, list or envelope is refused.
    #[error("[EXCHANGE-010] {0}")]
    Pki(#[from] rilascio_pki::Error),
    /// A key fails.
    #[error("[EXCHANGE-011] {0}")]
    Key(#[from] rilascio_keys::Error),
    /// The other side cannot be reached, or the connection broke.
    #[error("[EXCHANGE-012] {peer}: {why}")]
    Connection {
        /// Who.
        peer: String,
        /// Why.
        why: String,
    },
    /// The other side answered with a fault.
    #[error("[EXCHANGE-013] {peer} answered {status}")]
    Answer {
        /// Who.
        peer: String,
        /// The status of the answer.
        status: u16,
    },
}

impl From<rilascio_biometrics::Error> for Error {
    fn from(why: rilascio_biometrics::Error) -> Self {
        Self::Malformed {
            why: why.to_string(),
        }
    }
}
