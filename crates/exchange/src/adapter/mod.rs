//! The systems beside the circuit: AFIS, registry of residents, mail. Each adapter speaks over a socket, and has a
//! simulated counterpart that speaks the same.

pub mod afis;
pub mod mail;
pub mod residents;

use crate::{Error, Result};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most bytes of an answer.
const ANSWER_BYTES_MAX: u32 = 64 * 1024 * 1024;

fn fault(peer: &str, why: impl ToString) -> Error {
    Error::Connection {
        peer: peer.to_owned(),
        why: why.to_string(),
    }
}

/// A connection with limits of time.
fn connect(address: &str) -> Result<TcpStream> {
    let mut places = address
        .to_socket_addrs()
        .map_err(|why| fault(address, why))?;
    let place = places
        .next()
        .ok_or_else(|| fault(address, "no such address"))?;
    let stream = TcpStream::connect_timeout(&place, PATIENCE).map_err(|why| fault(address, why))?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .map_err(|why| fault(address, why))?;
    Ok(stream)
}

/// Writes bytes after their length, four bytes, the highest first.
fn write_frame(stream: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| std::io::ErrorKind::InvalidInput)?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(bytes)?;
    stream.flush()
}

/// Reads what [`write_frame`] wrote.
fn read_frame(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > ANSWER_BYTES_MAX {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    // Room grows with what comes, not with what is announced.
    let mut bytes = Vec::new();
    stream.take(length.into()).read_to_end(&mut bytes)?;
    if bytes.len() < length as usize {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}
