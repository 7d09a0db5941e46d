//! A PC/SC reader of this machine.

use crate::fault::Fault;
use pcsc::{Card, Context, Disposition, Protocols, Scope, ShareMode};
use rilascio_access::channel::{CardChannel, ChannelError};
use std::ffi::CString;
use std::time::{Duration, Instant};

/// The longest response: 64 KiB of data, secure messaging around it, and the status word.
const RESPONSE_BYTES_MAX: usize = 65_536 + 64;
/// How long between two looks for a card.
const POLL: Duration = Duration::from_millis(100);

/// A card in a reader.
pub(crate) struct PcscReader {
    card: Option<Card>,
}

impl PcscReader {
    /// Connects to the card in the first reader whose name contains `name`.
    pub(crate) fn open(name: &str, wait: Duration) -> Result<Self, Fault> {
        let context = Context::establish(Scope::User).map_err(|why| {
            Fault::failed(format!("the PC/SC service does not answer: {why}")).remedy("start pcscd")
        })?;
        let start = Instant::now();
        loop {
            let readers = readers(&context)?;
            let found = readers
                .iter()
                .find(|reader| reader.to_string_lossy().contains(name));
            let fault = match found {
                None => {
                    let names: Vec<_> = readers.iter().map(|r| r.to_string_lossy()).collect();
                    Fault::failed(format!("no reader is named '{name}'"))
                        .remedy(format!("there are: {}", names.join(", ")))
                }
                Some(reader) => {
                    match context.connect(reader, ShareMode::Exclusive, Protocols::ANY) {
                        Ok(card) => return Ok(Self { card: Some(card) }),
                        Err(why) => Fault::failed(format!("{}: {why}", reader.to_string_lossy()))
                            .remedy("put the card on the reader"),
                    }
                }
            };
            if start.elapsed() > wait {
                return Err(fault);
            }
            std::thread::sleep(POLL);
        }
    }
}

fn readers(context: &Context) -> Result<Vec<CString>, Fault> {
    match context.list_readers_owned() {
        Ok(readers) => Ok(readers),
        Err(pcsc::Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(why) => Err(Fault::failed(format!(
            "the readers cannot be listed: {why}"
        ))),
    }
}

impl CardChannel for PcscReader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let card = self
            .card
            .as_ref()
            .ok_or_else(|| ChannelError::new("the card is gone"))?;
        let mut buffer = vec![0; RESPONSE_BYTES_MAX];
        card.transmit(command, &mut buffer)
            .map(<[u8]>::to_vec)
            .map_err(ChannelError::new)
    }
}

impl Drop for PcscReader {
    fn drop(&mut self) {
        if let Some(card) = self.card.take() {
            let _ = card.disconnect(Disposition::ResetCard);
        }
    }
}
