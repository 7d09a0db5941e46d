//! The registry of residents: confirms who somebody is, by the national registry (ANPR-like) or, where the municipality
//! has not joined it, by the older index (INA-like).
//!
//! `POST /v1/confirm` with JSON; the answer is `confirmed`, `denied` or `not-joined`. After `not-joined` the older index is
//! asked the same.
//!
//! `POST /v1/person` with the national number gives what the national registry has of the person, or nothing.

use super::{connect, fault};
use crate::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// The most bytes of a request or answer.
const BODY_BYTES_MAX: u64 = 64 * 1024;
/// The most lines of a header.
const HEADER_LINES_MAX: usize = 100;

/// Who is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The dossier: the purpose of the question.
    pub case: String,
    /// Fiscal code or other national number.
    pub code: Option<String>,
    /// Surname.
    pub surname: String,
    /// Given names.
    pub given_names: String,
    /// Birth date, `CCYY-MM-DD`.
    pub birth_date: String,
    /// The municipality.
    pub municipality: String,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// The data agree.
    Confirmed,
    /// The person is unknown, or the data differ.
    Denied,
    /// The municipality has not joined: ask the older index.
    NotJoined,
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    case: String,
    word: Word,
}

/// Who is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// The dossier: the purpose of the inquiry.
    pub case: String,
    /// Fiscal code or other national number.
    pub code: String,
}

/// A person as the registry has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resident {
    /// Surname.
    pub surname: String,
    /// Given names.
    pub given_names: String,
    /// `F`, `M` or `X`.
    pub sex: String,
    /// Birth date, `CCYY-MM-DD`.
    pub birth_date: String,
    /// Place of birth.
    pub birth_place: Option<String>,
    /// Country of birth, three letters (ISO 3166-1).
    pub birth_country: Option<String>,
    /// Nationality, three letters.
    pub nationality: String,
    /// Street and number.
    pub street: Option<String>,
    /// Postal code and place.
    pub place: Option<String>,
    /// Country of residence, three letters.
    pub country: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Found {
    case: String,
    resident: Option<Resident>,
}

/// A way to the registries.
#[derive(Debug, Clone)]
pub struct Residents {
    /// The national registry, `HOST:PORT`.
    pub registry: String,
    /// The older index, `HOST:PORT`.
    pub index: Option<String>,
}

impl Residents {
    /// Asks the registry, and the older index where the municipality has not joined; true when the data agree.
    ///
    /// # Errors
    /// When it cannot be reached, or answers with a fault.
    pub fn confirm(&self, question: &Question) -> Result<bool> {
        match ask(&self.registry, question)? {
            Word::Confirmed => Ok(true),
            Word::Denied => Ok(false),
            Word::NotJoined => {
                let index = self.index.as_ref().ok_or_else(|| Error::Malformed {
                    why: "the municipality has not joined, and no older index is configured".into(),
                })?;
                Ok(ask(index, question)? == Word::Confirmed)
            }
        }
    }

    /// What the national registry has of a person; nothing when it knows nobody of that number.
    ///
    /// # Errors
    /// When it cannot be reached, or answers with a fault.
    pub fn find(&self, inquiry: &Inquiry) -> Result<Option<Resident>> {
        let found: Found = post(&self.registry, "/v1/person", inquiry)?;
        if found.case != inquiry.case {
            return Err(fault(&self.registry, "the answer is about another case"));
        }
        Ok(found.resident)
    }
}

fn ask(address: &str, question: &Question) -> Result<Word> {
    let answer: Answer = post(address, "/v1/confirm", question)?;
    if answer.case != question.case {
        return Err(fault(address, "the answer is about another case"));
    }
    Ok(answer.word)
}

/// Posts JSON, and reads the JSON of the answer.
fn post<A: DeserializeOwned>(address: &str, path: &str, question: &impl Serialize) -> Result<A> {
    let body = serde_json::to_vec(question).map_err(|why| fault(address, why))?;
    let mut stream = connect(address)?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body))
        .map_err(|why| fault(address, why))?;
    let (first, body) = read_http(stream).map_err(|why| fault(address, why))?;
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    if status != 200 {
        return Err(Error::Answer {
            peer: address.to_owned(),
            status,
        });
    }
    serde_json::from_slice(&body).map_err(|why| fault(address, why))
}

/// The first line and the body of a message of HTTP/1.1 with a length.
fn read_http(stream: TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let invalid = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    let mut reader = BufReader::new(stream.take(2 * BODY_BYTES_MAX));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    for _ in 0..HEADER_LINES_MAX {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            let mut body = Vec::new();
            reader.take(length).read_to_end(&mut body)?;
            return Ok((first, body));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(|_| invalid())?;
            if length > BODY_BYTES_MAX {
                return Err(invalid());
            }
        }
    }
    Err(invalid())
}

/// A simulated registry: knows everybody, but those with certain surnames and the municipalities that have not joined.
#[derive(Debug, Clone, Default)]
pub struct SimulatedResidents {
    /// Surnames of people that it does not know.
    pub unknown: BTreeSet<String>,
    /// Municipalities that have not joined.
    pub not_joined: BTreeSet<String>,
    /// People whose data it gives, by their national number.
    pub people: BTreeMap<String, Resident>,
}

impl SimulatedResidents {
    fn word(&self, question: &Question) -> Word {
        if self.not_joined.contains(&question.municipality) {
            Word::NotJoined
        } else if self.unknown.contains(&question.surname) {
            Word::Denied
        } else {
            Word::Confirmed
        }
    }

    /// Listens on a free port of this machine, for as long as the process lives.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn listen(self) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = self.serve(&stream);
            }
        });
        Ok(address)
    }

    fn answer(&self, first: &str, body: &[u8]) -> Option<String> {
        if first.starts_with("POST /v1/person ") {
            let inquiry: Inquiry = serde_json::from_slice(body).ok()?;
            let found = Found {
                resident: self.people.get(&inquiry.code).cloned(),
                case: inquiry.case,
            };
            return serde_json::to_string(&found).ok();
        }
        let question: Question = serde_json::from_slice(body).ok()?;
        let answer = Answer {
            word: self.word(&question),
            case: question.case,
        };
        let confirms = first.starts_with("POST /v1/confirm ");
        confirms.then(|| serde_json::to_string(&answer).ok())?
    }

    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(super::PATIENCE))?;
        let (first, body) = read_http(stream.try_clone()?)?;
        let (status, body) = match self.answer(&first, &body) {
            Some(answer) => ("200 OK", answer),
            None => ("400 Bad Request", "{}".to_owned()),
        };
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    }
}
