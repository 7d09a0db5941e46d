//! Search and enrolment as ANSI/NIST-ITL transactions: records of Type-4, Type-9 and Type-14 in, a Type-2 record out.

use crate::engine::{Fingers, PrintEngine, check_count};
use crate::{Error, Result};
use jiff::civil::Date;
use rilascio_biometrics::nist::{
    Envelope, RS, Record, Transaction, US, read_minutiae, read_print_record,
};
use std::sync::Arc;

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It cannot be used.
    Refused,
    /// It could not be done now, and may be in a moment.
    NotNow,
}

/// Subjects of this door in a gallery begin so: another door's are not touched.
const PREFIX: &str = "n/";
/// What 1.012 says where a Type-4 record is of 500 pixels per inch, in pixels per millimetre, and how exactly.
const LEGACY_RATE: f32 = 19.69;
const LEGACY_RATE_APART: f32 = 0.6;
/// The most candidates of an answer.
const CANDIDATES_MAX: usize = 20;

/// What the receiving agency calls its transactions and fields: every agency sets its own (ANSI/NIST-ITL 1-2011, 8.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NistAgency {
    /// The agency's own name (1.007, 1.008).
    pub name: String,
    /// A search (1.004).
    pub search: String,
    /// A search after which the prints are kept.
    pub enrol: String,
    /// The answer.
    pub result: String,
    /// The answer to what cannot be used.
    pub error: String,
    /// The Type-2 field with the case.
    pub case: u16,
    /// The Type-2 field with the candidates: case, score.
    pub candidates: u16,
    /// The Type-2 field with what was wrong.
    pub fault: u16,
}

impl Default for NistAgency {
    /// The names that this program's own circuit uses towards an AFIS.
    fn default() -> Self {
        Self {
            name: "AFIS".to_owned(),
            search: "SRCH".to_owned(),
            enrol: "CPNU".to_owned(),
            result: "SRE".to_owned(),
            error: "ERR".to_owned(),
            case: 3,
            candidates: 59,
            fault: 60,
        }
    }
}

/// The door.
pub struct NistDoor {
    engine: Arc<PrintEngine>,
    agency: NistAgency,
}

fn control(request: Option<&Transaction>) -> &str {
    request.and_then(|request| request.head(9)).unwrap_or("0")
}

impl NistDoor {
    /// A door to an engine.
    #[must_use]
    pub fn new(engine: Arc<PrintEngine>, agency: NistAgency) -> Self {
        Self { engine, agency }
    }

    /// Answers a transaction; what cannot be used is answered with an error transaction that says why.
    #[must_use]
    pub fn answer(&self, request: &[u8], today: Date) -> (Outcome, Vec<u8>) {
        let read = Transaction::read(request);
        let outcome = match &read {
            Ok(request) => self.handle(request, today),
            Err(why) => Err(Error::malformed(why)),
        };
        let request = read.ok();
        let (rs, us) = (char::from(RS), char::from(US));
        let (done, kind, record) = match outcome {
            Ok((case, candidates)) => {
                let list: Vec<String> = candidates
                    .iter()
                    .map(|(case, score)| format!("{case}{us}{score}"))
                    .collect();
                let fields = [
                    (2, "00"),
                    (self.agency.case, &case[..]),
                    (self.agency.candidates, &list.join(&rs.to_string())[..]),
                ];
                (Outcome::Done, &self.agency.result, Record::new(2, &fields))
            }
            Err(why) => {
                let outcome = if why.passes() {
                    tracing::error!(fault = %why, "a transaction could not be done");
                    Outcome::NotNow
                } else {
                    Outcome::Refused
                };
                let text = match outcome {
                    Outcome::NotNow => "it could not be done now; send it again".to_owned(),
                    _ => why.to_string().replace(char::is_control, " "),
                };
                let fields = [(2, "00"), (self.agency.fault, &text[..])];
                (outcome, &self.agency.error, Record::new(2, &fields))
            }
        };
        let day = today.strftime("%Y%m%d").to_string();
        let asked = control(request.as_ref());
        let envelope = Envelope {
            kind,
            day: &day,
            to: request.as_ref().and_then(|r| r.head(8)).unwrap_or(""),
            from: &self.agency.name,
            control: asked,
            answers: Some(asked),
        };
        (done, Transaction::new(&envelope, vec![record]).write())
    }

    fn handle(&self, request: &Transaction, today: Date) -> Result<(String, Vec<(String, i32)>)> {
        let kind = request.head(4).unwrap_or_default();
        let keeps = kind == self.agency.enrol;
        if !keeps && kind != self.agency.search {
            return Err(Error::malformed(format!(
                "the transaction '{kind}' (1.004) is neither {} nor {}",
                self.agency.search, self.agency.enrol
            )));
        }
        let case = request
            .records
            .iter()
            .filter(|record| record.kind == 2)
            .find_map(|record| record.text(self.agency.case))
            .or_else(|| request.head(9));
        let case = case.unwrap_or_default().trim().to_owned();
        if case.is_empty() {
            return Err(Error::malformed(format!(
                "no case: neither field 2.{:03} nor 1.009",
                self.agency.case
            )));
        }
        // Cases of one agency are not those of another.
        let origin = request.head(8).unwrap_or_default().trim();
        let own = format!("{PREFIX}{origin}/");
        let subject = format!("{own}{case}");
        if origin.is_empty() || origin.contains('/') || case.contains('/') {
            return Err(Error::malformed(
                "the agency (1.008) and the case have no '/', and the agency is not empty",
            ));
        }
        let fingers = self.fingers(request)?;
        let question = self.engine.question(&fingers, today, CANDIDATES_MAX * 4)?;
        // Kept first: of two who come at once with the same fingers one finds the other.
        if keeps {
            self.engine.replace(&subject, fingers, today)?;
        }
        let found = self.engine.search(&question)?;
        let least = PrintEngine::least(&found);
        let candidates = found
            .candidates
            .into_iter()
            .filter(|candidate| candidate.score >= least && candidate.subject != subject)
            .filter_map(|candidate| {
                let known = candidate.subject.strip_prefix(PREFIX)?;
                let name = candidate.subject.strip_prefix(&own).unwrap_or(known);
                Some((name.to_owned(), candidate.score))
            })
            .take(CANDIDATES_MAX)
            .collect();
        Ok((case, candidates))
    }

    /// Templates of a transaction: of a finger with minutiae and an image the image counts, which says more.
    fn fingers(&self, request: &Transaction) -> Result<Fingers> {
        check_count(request.records.len())?;
        let legacy = request.records.iter().any(|record| record.kind == 4);
        let rate = request
            .head(12)
            .and_then(|rate| rate.trim().parse::<f32>().ok());
        if legacy && !rate.is_some_and(|rate| (rate - LEGACY_RATE).abs() <= LEGACY_RATE_APART) {
            return Err(Error::malformed(
                "a Type-4 record of another resolution than 19.69 pixels per millimetre (1.012)",
            ));
        }
        let mut fingers: Fingers = Vec::new();
        for record in &request.records {
            if let Some(print) = read_print_record(record)? {
                let template = self.engine.template(&print.image()?)?;
                fingers.push((print.finger, template));
            }
        }
        for record in &request.records {
            if let Some((finger, template)) = read_minutiae(record)?
                && fingers.iter().all(|(known, _)| *known != finger)
            {
                fingers.push((finger, template));
            }
        }
        if fingers.is_empty() {
            return Err(Error::malformed(
                "no print: neither a Type-4, a Type-9 nor a Type-14 record",
            ));
        }
        Ok(fingers)
    }
}
