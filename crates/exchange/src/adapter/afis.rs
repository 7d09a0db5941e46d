//! The AFIS: a search request and its answer, as ANSI/NIST-ITL transactions in frames over TCP.
//!
//! Request `CPNU` (Type-1, Type-2 with the dossier, one Type-14 for each print), answer `SRE` (Type-2 with the number of
//! candidates and their case numbers) or `ERR`. Names of transactions and of Type-2 fields are the receiving agency's to
//! set; these are those of the simulated one.

use super::{connect, fault, read_frame, write_frame};
use crate::{Error, Result};
use rilascio_biometrics::nist::{Envelope, PrintImage, Record, Transaction, read_print_record};
use rilascio_circuit::process::Digest;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// The request.
const SEARCH: &str = "CPNU";
/// The answer.
const RESULT: &str = "SRE";
/// Type-2 field with the case.
const CASE: u16 = 3;
/// Type-2 field with the candidates.
const CANDIDATES: u16 = 59;

/// A way to an AFIS.
#[derive(Debug, Clone)]
pub struct Afis {
    /// Where it listens, `HOST:PORT`.
    pub address: String,
    /// Its agency.
    pub agency: String,
    /// Our agency.
    pub own: String,
}

impl Afis {
    /// Searches prints; gives the case numbers of the candidates, our own not among them.
    ///
    /// # Errors
    /// When it cannot be reached, or answers with a fault.
    pub fn search(&self, case: &str, day: &str, prints: &[PrintImage<'_>]) -> Result<Vec<String>> {
        let mut records = vec![Record::new(2, &[(2, "00"), (CASE, case)])];
        for (place, print) in prints.iter().enumerate() {
            records.push(print.record(place + 1, &self.own, day));
        }
        let envelope = Envelope {
            kind: SEARCH,
            day,
            to: &self.agency,
            from: &self.own,
            control: case,
            answers: None,
        };
        let request = Transaction::new(&envelope, records).write();
        let mut stream = connect(&self.address)?;
        write_frame(&mut stream, &request).map_err(|why| fault(&self.address, why))?;
        let answer = read_frame(&mut stream).map_err(|why| fault(&self.address, why))?;
        let answer = Transaction::read(&answer)?;
        if answer.head(4) != Some(RESULT) || answer.head(10) != Some(case) {
            return Err(Error::Malformed {
                why: format!(
                    "the AFIS answered '{}' to case {case}",
                    answer.head(4).unwrap_or("nothing")
                ),
            });
        }
        // No list of candidates is no answer: it must never read as 'nobody'.
        let record = answer
            .records
            .get(1)
            .filter(|record| record.kind == 2 && record.text(CASE) == Some(case));
        let text = record
            .and_then(|record| record.text(CANDIDATES))
            .ok_or_else(|| Error::Malformed {
                why: format!("the AFIS answered case {case} without a list of candidates"),
            })?;
        Ok(text
            .split('\u{1E}')
            // A score may stand behind the case.
            .map(|found| found.split('\u{1F}').next().unwrap_or_default())
            .filter(|found| !found.is_empty() && *found != case)
            .map(str::to_owned)
            .collect())
    }
}

/// A simulated AFIS: remembers every print that it was asked about, and finds those that are the same image.
#[derive(Default)]
pub struct SimulatedAfis {
    prints: Mutex<BTreeMap<Digest, Vec<String>>>,
}

impl SimulatedAfis {
    /// Answers a request.
    #[must_use]
    pub fn answer(&self, request: &[u8], day: &str) -> Vec<u8> {
        let outcome = Transaction::read(request)
            .ok()
            .filter(|request| request.head(4) == Some(SEARCH));
        let (kind, control, candidates) = match &outcome {
            None => ("ERR", String::new(), Vec::new()),
            Some(request) => {
                let case = request.head(9).unwrap_or("").to_owned();
                let found = self.find(request, &case);
                (RESULT, case, found)
            }
        };
        let text = candidates.join("\u{1E}");
        let record = Record::new(2, &[(2, "00"), (CASE, &control), (CANDIDATES, &text)]);
        let envelope = Envelope {
            kind,
            day,
            to: "CENTRE",
            from: "AFIS",
            control: "1",
            answers: Some(&control),
        };
        Transaction::new(&envelope, vec![record]).write()
    }

    fn find(&self, request: &Transaction, case: &str) -> Vec<String> {
        let mut prints = self.prints.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<String> = Vec::new();
        let prints_of = |record| read_print_record(record).ok().flatten();
        for image in request.records.iter().filter_map(prints_of) {
            let image = image.bytes;
            let known = prints.entry(Digest::of(image)).or_default();
            found.extend(known.iter().filter(|other| *other != case).cloned());
            if !known.iter().any(|other| other == case) {
                known.push(case.to_owned());
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// Listens on a free port of this machine, for as long as the process lives.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn listen(self) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let afis = Arc::new(self);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let afis = Arc::clone(&afis);
                std::thread::spawn(move || afis.serve(stream));
            }
        });
        Ok(address)
    }

    fn serve(&self, mut stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(super::PATIENCE));
        while let Ok(request) = read_frame(&mut stream) {
            if write_frame(&mut stream, &self.answer(&request, "20260101")).is_err() {
                return;
            }
        }
    }
}
