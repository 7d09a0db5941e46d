//! The protocol of vpcd, the virtual PC/SC reader: both sides.
//!
//! Messages go over TCP with their length in two bytes before them. The card connects to the reader. A message of one
//! byte from the reader is a control: 0 power off, 1 power on, 2 reset, 4 asks for the answer to reset, and is the only
//! one with a reply. Anything longer is a command APDU.

use crate::fault::Fault;
use rilascio_access::channel::{CardChannel, ChannelError};
use rilascio_chip::Chip;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const GET_ATR: u8 = 4;
/// How long a card may take for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// How long between two looks for a card.
const POLL: Duration = Duration::from_millis(50);

/// Sends a message in one piece; acknowledges at once, since vpcd writes lengths and bodies apart.
fn send(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a message over 64 KiB"))?;
    let mut bytes = Vec::with_capacity(2 + message.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(message);
    stream.write_all(&bytes)
}

fn receive(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    acknowledge_quickly(stream);
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    acknowledge_quickly(stream);
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok(message)
}

/// Without this a command takes 40 ms: Nagle on the other side waits for a delayed acknowledgement on ours.
fn acknowledge_quickly(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_quickack(stream, true);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// Serves a chip on a connection until the reader closes it.
pub(crate) fn serve(chip: &mut Chip, stream: &mut TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let message = match receive(stream) {
            Ok(message) => message,
            Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(fault) => return Err(fault),
        };
        match message[..] {
            [POWER_OFF | POWER_ON | RESET] => chip.reset(),
            [GET_ATR] => send(stream, &Chip::ATR)?,
            _ => send(stream, &chip.answer(&message))?,
        }
    }
}

/// A card that connected to us, as it does to the vpcd driver.
pub(crate) struct VpcdReader {
    stream: TcpStream,
}

impl VpcdReader {
    /// Listens at an address until a card connects, and powers it on.
    pub(crate) fn wait(address: &str, wait: Duration) -> Result<Self, Fault> {
        let listener = TcpListener::bind(address).map_err(|why| {
            Fault::failed(format!("cannot listen at {address}: {why}"))
                .remedy("stop the other reader there (pcscd?), or give another address")
        })?;
        listener.set_nonblocking(true).map_err(Fault::failed)?;
        let start = Instant::now();
        let stream = loop {
            match listener.accept() {
                Ok((stream, _)) => break stream,
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => {}
                Err(why) => return Err(Fault::failed(format!("{address}: {why}"))),
            }
            if start.elapsed() > wait {
                return Err(Fault::failed(format!(
                    "no chip connected to {address} within {} s",
                    wait.as_secs()
                ))
                .remedy("start `rilascio chip DIR --vpcd` with this address"));
            }
            std::thread::sleep(POLL);
        };
        let setup = || -> io::Result<Self> {
            stream.set_nonblocking(false)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
            stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
            let mut reader = Self { stream };
            send(&mut reader.stream, &[POWER_ON])?;
            send(&mut reader.stream, &[GET_ATR])?;
            receive(&mut reader.stream)?;
            Ok(reader)
        };
        setup().map_err(|why| Fault::failed(format!("the chip at {address} does not start: {why}")))
    }
}

impl CardChannel for VpcdReader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, ChannelError> {
        send(&mut self.stream, command).map_err(ChannelError::new)?;
        receive(&mut self.stream).map_err(ChannelError::new)
    }
}

impl Drop for VpcdReader {
    fn drop(&mut self) {
        let _ = send(&mut self.stream, &[POWER_OFF]);
    }
}
