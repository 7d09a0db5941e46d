//! Search and enrolment as ANSI/NIST-ITL transactions: records of Type-4, Type-9 and Type-14 in, a Type-2 record out.

use crate::engine::{Fingers, PrintEngine};
use crate::{Error, Result};
use jiff::civil::Date;
use rilascio_biometrics::nist::{
    Envelope, RS, Record, Transaction, US, read_minutiae, read_print_record,
};
use std::sync::Arc;

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

    /// Answers a transaction; what cannot be used is answered with an error transaction that says why. True when the
    /// request was done.
    #[must_use]
    pub fn answer(&self, request: &[u8], today: Date) -> (bool, Vec<u8>) {
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
                (true, &self.agency.result, Record::new(2, &fields))
            }
            Err(why) => {
                let text: String = why.to_string().replace(char::is_control, " ");
                let fields = [(2, "00"), (self.agency.fault, &text[..])];
                (false, &self.agency.error, Record::new(2, &fields))
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
        let fingers = self.fingers(request)?;
        let question = self.engine.question(&fingers, today, CANDIDATES_MAX + 1)?;
        let found = self.engine.search(&question)?;
        let least = PrintEngine::least(&found);
        let candidates = found
            .candidates
            .into_iter()
            .filter(|candidate| candidate.score >= least && candidate.subject != case)
            .take(CANDIDATES_MAX)
            .map(|candidate| (candidate.subject, candidate.score))
            .collect();
        if keeps {
            self.engine.replace(&case, fingers, today)?;
        }
        Ok((case, candidates))
    }

    /// Templates of a transaction: of a finger with minutiae and an image the image counts, which says more.
    fn fingers(&self, request: &Transaction) -> Result<Fingers> {
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
