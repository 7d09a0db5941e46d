//! Notices to holders, as mail over SMTP.

use super::fault;
use crate::{Error, Result};
use lettre::message::Mailbox;
use lettre::{Message, SmtpTransport, Transport};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// A way to a mail server.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The sender's address.
    pub from: String,
}

impl Mail {
    /// Sends a notice under a name of its own, by which a server knows one that comes twice.
    ///
    /// # Errors
    /// For an address that is none, or when the server does not take it.
    pub fn send(&self, id: &str, to: &str, subject: &str, text: &str) -> Result<()> {
        let address = |text: &str| {
            text.parse::<Mailbox>().map_err(|why| Error::Malformed {
                why: format!("mail address: {why}"),
            })
        };
        let message = Message::builder()
            .from(address(&self.from)?)
            .to(address(to)?)
            .message_id(Some(format!("<{id}@{}>", self.host)))
            .subject(subject)
            .body(text.to_owned())
            .map_err(|why| Error::Malformed {
                why: why.to_string(),
            })?;
        // Inside the installation's own network; a relay with TLS stands at its border.
        let transport = SmtpTransport::builder_dangerous(&self.host)
            .port(self.port)
            .timeout(Some(Duration::from_secs(20)))
            .build();
        transport
            .send(&message)
            .map_err(|why| fault(&self.host, why))?;
        Ok(())
    }
}

/// A simulated mail server: takes every mail and hands it to whoever listens.
pub struct SimulatedMail;

impl SimulatedMail {
    /// Listens on a free port of this machine; gives the address and the mails that come.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn listen() -> std::io::Result<(SocketAddr, Receiver<String>)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, mails) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = serve(&stream, &sender);
            }
        });
        Ok((address, mails))
    }
}

/// The server's side of RFC 5321, as far as a client needs it.
fn serve(stream: &TcpStream, mails: &Sender<String>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(super::PATIENCE))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut out = stream;
    out.write_all(b"220 simulated\r\n")?;
    while let Some(line) = lines.next() {
        let verb = line?.to_ascii_uppercase();
        if verb.starts_with("DATA") {
            out.write_all(b"354 go on\r\n")?;
            let mut mail = String::new();
            for line in lines.by_ref() {
                let line = line?;
                if line == "." {
                    break;
                }
                mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                mail.push('\n');
            }
            let _ = mails.send(mail);
            out.write_all(b"250 taken\r\n")?;
        } else if verb.starts_with("QUIT") {
            return out.write_all(b"221 bye\r\n");
        } else {
            out.write_all(b"250 ok\r\n")?;
        }
    }
    Ok(())
}
