//! The terminal's side of the chip: selecting and reading files, through secure messaging once there is a session.

use crate::report::Traffic;
use rilascio_access::SecureMessaging;
use rilascio_access::apdu::{Command, Response, StatusWord};
use rilascio_access::channel::{CardChannel, ChannelError};
use rilascio_mrtd::lds::FileId;
use rilascio_mrtd::tlv::Header;

/// Why a file or an answer is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The carrier failed.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// The chip refused.
    #[error("{command} answered {status}")]
    Refused {
        /// The command.
        command: String,
        /// The status word.
        status: StatusWord,
    },
    /// The protected channel broke.
    #[error(transparent)]
    Access(#[from] rilascio_access::Error),
    /// The file is not what it announces.
    #[error("{file}: {why}")]
    File {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
}

/// A terminal at a chip.
pub struct Terminal<'a> {
    channel: &'a mut dyn CardChannel,
    messaging: Option<SecureMessaging>,
    traffic: Traffic,
}

impl<'a> Terminal<'a> {
    /// The largest file that is read, in bytes.
    const FILE_BYTES_MAX: usize = 256 * 1024;
    /// The last offset of the even READ BINARY.
    const SHORT_OFFSET_MAX: usize = 0x7FFF;

    /// A terminal without a session.
    #[must_use]
    pub fn new(channel: &'a mut dyn CardChannel) -> Self {
        Self {
            channel,
            messaging: None,
            traffic: Traffic::default(),
        }
    }

    /// What went over the channel.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// True when there is a session.
    #[must_use]
    pub fn has_session(&self) -> bool {
        self.messaging.is_some()
    }

    /// Begins or ends a session.
    pub fn set_session(&mut self, messaging: Option<SecureMessaging>) {
        self.messaging = messaging;
    }

    /// Sends a command, protected if there is a session.
    ///
    /// # Errors
    /// [`ReadError::Channel`] or [`ReadError::Access`]; a refusal is a response.
    pub fn send(&mut self, command: &Command) -> Result<Response, ReadError> {
        let Some(mut messaging) = self.messaging.take() else {
            return self.exchange(command);
        };
        let protected = messaging.protect_command(command)?;
        let answer = self.exchange(&protected)?;
        // A plain answer means that the chip ended the session.
        if answer.data.is_empty() && answer.status != StatusWord::SUCCESS {
            return Ok(answer);
        }
        let response = messaging.open_response(&answer)?;
        self.messaging = Some(messaging);
        Ok(response)
    }

    fn exchange(&mut self, command: &Command) -> Result<Response, ReadError> {
        let bytes = command.encode();
        let answer = self.channel.transmit(&bytes)?;
        self.traffic.commands += 1;
        self.traffic.bytes_sent += bytes.len();
        self.traffic.bytes_received += answer.len();
        Ok(Response::parse(&answer)?)
    }

    /// Sends a command that must succeed.
    ///
    /// # Errors
    /// [`ReadError::Refused`] too.
    pub fn expect(&mut self, name: &str, command: &Command) -> Result<Vec<u8>, ReadError> {
        let response = self.send(command)?;
        match response.status {
            StatusWord::SUCCESS => Ok(response.data),
            status => Err(ReadError::Refused {
                command: name.to_owned(),
                status,
            }),
        }
    }

    /// Selects the eMRTD application.
    ///
    /// # Errors
    /// When the chip has none.
    pub fn select_application(&mut self) -> Result<(), ReadError> {
        let command = Command::new(0xA4, 0x04, 0x0C, &FileId::AID, None);
        self.expect("SELECT of the application", &command)
            .map(|_| ())
    }

    /// Selects the master file.
    ///
    /// # Errors
    /// When the chip refuses.
    pub fn select_master_file(&mut self) -> Result<(), ReadError> {
        let command = Command::new(0xA4, 0x00, 0x0C, &[0x3F, 0x00], None);
        self.expect("SELECT of the master file", &command)
            .map(|_| ())
    }

    /// Reads a file of the current directory.
    ///
    /// # Errors
    /// When the chip refuses, or the file ends before it should.
    pub fn read_file(&mut self, file: FileId) -> Result<Vec<u8>, ReadError> {
        let name = file.name();
        let select = Command::new(0xA4, 0x02, 0x0C, &file.fid().to_be_bytes(), None);
        self.expect(&format!("SELECT of {name}"), &select)?;
        let fault = |why: String| ReadError::File {
            file: name.clone(),
            why,
        };
        let mut content = self.read_binary(&name, 0, Header::BYTES_MAX)?;
        let header = Header::read(&content).map_err(|why| fault(why.to_string()))?;
        let total = header.total_bytes();
        if total > Self::FILE_BYTES_MAX {
            return Err(fault(format!("it announces {total} bytes")));
        }
        while content.len() < total {
            let part = self.read_binary(&name, content.len(), total - content.len())?;
            if part.is_empty() {
                return Err(fault(format!(
                    "it ends after {} of {total} bytes",
                    content.len()
                )));
            }
            content.extend_from_slice(&part);
        }
        content.truncate(total);
        Ok(content)
    }

    /// Reads a piece of the current file; may give less than asked for.
    fn read_binary(&mut self, name: &str, at: usize, want: usize) -> Result<Vec<u8>, ReadError> {
        const OBJECT_HEADER_BYTES: usize = 4;
        let room = match &self.messaging {
            Some(messaging) => messaging.plain_bytes_max(Command::SHORT_LE_MAX),
            None => Command::SHORT_LE_MAX,
        };
        let short = at <= Self::SHORT_OFFSET_MAX;
        let command = if short {
            let [high, low] = (at as u16).to_be_bytes();
            Command::new(0xB0, high, low, &[], Some(want.min(room)))
        } else {
            let [_, offset @ ..] = (at as u32).to_be_bytes();
            let data = [&[0x54, 0x03], &offset[..]].concat();
            // Le counts the header of the object too (ISO/IEC 7816-4, 11.3.3).
            Command::new(
                0xB1,
                0,
                0,
                &data,
                Some((want + OBJECT_HEADER_BYTES).min(room)),
            )
        };
        let response = self.send(&command)?;
        match response.status {
            StatusWord::SUCCESS | StatusWord::END_OF_FILE => {}
            status => {
                let command = format!("READ BINARY of {name} at {at}");
                return Err(ReadError::Refused { command, status });
            }
        }
        if short || response.data.is_empty() {
            return Ok(response.data);
        }
        let data = rilascio_mrtd::tlv::read_only("READ BINARY", 0x53, &response.data);
        data.map(<[u8]>::to_vec).map_err(|fault| ReadError::File {
            file: name.to_owned(),
            why: fault.to_string(),
        })
    }
}
