//! The way to a card, whatever carries it: a virtual chip in this process, vpcd, or a PC/SC reader.

use crate::apdu::{Command, Response};

/// The card did not answer, or answered something that is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no answer from the card: {why}")]
pub struct ChannelError {
    /// What the carrier said.
    pub why: String,
}

impl ChannelError {
    /// An error with the carrier's words.
    pub fn new(why: impl std::fmt::Display) -> Self {
        Self {
            why: why.to_string(),
        }
    }
}

/// A card that answers commands, one at a time.
pub trait CardChannel {
    /// Sends the bytes of a command and waits for those of the response.
    ///
    /// # Errors
    /// When the carrier fails.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ChannelError>;

    /// Sends a command and reads the response.
    ///
    /// # Errors
    /// When the carrier fails, or the response has no status word.
    fn send(&mut self, command: &Command) -> Result<Response, ChannelError> {
        let answer = self.transmit(&command.encode())?;
        Response::parse(&answer).map_err(ChannelError::new)
    }
}

impl<T: CardChannel + ?Sized> CardChannel for &mut T {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ChannelError> {
        (**self).transmit(command)
    }
}
