//! What is asked and answered between machines: sealed, bound to one question.

use super::MESSAGE_BYTES_MAX;
use super::truth::Truth;
use crate::probe::LiveProbe;
use crate::record::{Purpose, day_number, day_of_number};
use crate::search::{Candidate, FingerScore, Question};
use crate::{Error, Result};
use rilascio_biometrics::PrintTemplate;
use std::time::Duration;

/// Bytes of the name of a question, which stands before what is sealed.
const NAME: usize = 16;
/// The most prints of a question and candidates of an answer.
const ENTRIES_MAX: usize = 1000;
const ANSWERED: u8 = 1;
const FAILED: u8 = 2;

/// A question to the worker of a part.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Names this question and its answers.
    pub(crate) name: u128,
    pub(crate) part: i64,
    /// The change up to which the worker must know the part.
    pub(crate) through: i64,
    /// How long whoever asks waits for the answer.
    pub(crate) patience: Duration,
    pub(crate) question: Question,
}

/// The answer of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) part: i64,
    /// Records of the part.
    pub(crate) records: u64,
    pub(crate) candidates: Vec<Candidate>,
}

fn malformed(why: &str) -> Error {
    Error::Message {
        why: why.to_owned(),
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or_else(|| malformed("it ends in the middle"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let taken = self.take(N)?;
        Ok(std::array::from_fn(|n| taken[n]))
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn number(&mut self) -> Result<i64> {
        Ok(i64::from_be_bytes(self.array()?))
    }

    fn count(&mut self) -> Result<usize> {
        let count = usize::from(u16::from_be_bytes(self.array()?));
        if count > ENTRIES_MAX {
            return Err(malformed("it has too many entries"));
        }
        Ok(count)
    }

    fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        self.take(length)
    }

    fn end(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(malformed("it goes on after its end"))
        }
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&(count.min(ENTRIES_MAX) as u16).to_be_bytes());
}

fn label(what: &str, name: u128) -> String {
    format!("gallery/{what}/{name:032x}")
}

fn seal(truth: &Truth, what: &str, name: u128, body: &[u8]) -> Result<Vec<u8>> {
    let mut out = name.to_be_bytes().to_vec();
    out.extend_from_slice(&truth.seal(&label(what, name), body));
    if out.len() > MESSAGE_BYTES_MAX {
        return Err(malformed("it is larger than a message may be"));
    }
    Ok(out)
}

fn open(truth: &Truth, what: &str, bytes: &[u8]) -> Result<(u128, zeroize::Zeroizing<Vec<u8>>)> {
    let (name, sealed) = bytes
        .split_at_checked(NAME)
        .ok_or_else(|| malformed("it is too short"))?;
    let name = u128::from_be_bytes(std::array::from_fn(|n| name[n]));
    let body = truth
        .unseal(&label(what, name), sealed)
        .map_err(|_| malformed("it is sealed with another key, or was changed"))?;
    Ok((name, body))
}

impl Asked {
    pub(crate) fn seal(&self, truth: &Truth) -> Result<Vec<u8>> {
        let question = &self.question;
        let mut out = Vec::new();
        let patience = i64::try_from(self.patience.as_millis()).unwrap_or(i64::MAX);
        for number in [
            self.part,
            self.through,
            patience,
            i64::from(day_number(question.today)),
        ] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.push(question.purpose.code());
        put_count(&mut out, question.most);
        put_count(&mut out, question.prints.len());
        for print in question.prints.iter().take(ENTRIES_MAX) {
            out.push(print.finger());
            put_bytes(&mut out, &print.print().template.to_bytes());
        }
        let out = zeroize::Zeroizing::new(out);
        seal(truth, "question", self.name, &out)
    }

    pub(crate) fn open(truth: &Truth, bytes: &[u8]) -> Result<Self> {
        let (name, body) = open(truth, "question", bytes)?;
        Self::read(name, &body)
    }

    fn read(name: u128, body: &[u8]) -> Result<Self> {
        let mut reader = Reader(body);
        let (part, through) = (reader.number()?, reader.number()?);
        let (patience, day) = (reader.number()?, reader.number()?);
        let today = i32::try_from(day).ok().and_then(day_of_number);
        let purpose = Purpose::of_code(reader.byte()?);
        let most = reader.count()?;
        let mut prints = Vec::new();
        for _ in 0..reader.count()? {
            let finger = reader.byte()?;
            let template = PrintTemplate::from_bytes(reader.bytes()?)
                .map_err(|why| malformed(&why.to_string()))?;
            prints.push(LiveProbe::new(finger, template));
        }
        reader.end()?;
        Ok(Self {
            name,
            part,
            through,
            patience: Duration::from_millis(u64::try_from(patience).unwrap_or(0)),
            question: Question {
                prints,
                purpose: purpose.ok_or_else(|| malformed("a purpose that is none"))?,
                today: today.ok_or_else(|| malformed("a day that is none"))?,
                most,
            },
        })
    }
}

/// How many prints a question holds, as it is inside its seal.
///
/// # Errors
/// Why it is no question.
pub fn read_question(body: &[u8]) -> Result<usize> {
    Ok(Asked::read(0, body)?.question.prints.len())
}

/// Seals what a worker found, or why it found nothing.
pub(crate) fn seal_answer(
    truth: &Truth,
    name: u128,
    outcome: &Result<Answered>,
) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    match outcome {
        Ok(answered) => {
            out.push(ANSWERED);
            out.extend_from_slice(&answered.part.to_be_bytes());
            out.extend_from_slice(&answered.records.to_be_bytes());
            put_count(&mut out, answered.candidates.len());
            for candidate in answered.candidates.iter().take(ENTRIES_MAX) {
                put_bytes(&mut out, candidate.subject.as_bytes());
                out.extend_from_slice(&candidate.score.to_be_bytes());
                put_count(&mut out, candidate.fingers.len());
                for finger in &candidate.fingers {
                    out.push(finger.finger);
                    out.extend_from_slice(&finger.score.to_be_bytes());
                }
            }
        }
        Err(why) => {
            out.push(FAILED);
            put_bytes(&mut out, why.to_string().as_bytes());
        }
    }
    seal(truth, "answer", name, &out)
}

/// Opens the answer to a question.
pub(crate) fn open_answer(truth: &Truth, name: u128, bytes: &[u8]) -> Result<Answered> {
    let (answers, body) = open(truth, "answer", bytes)?;
    if answers != name {
        return Err(malformed("it answers another question"));
    }
    let mut reader = Reader(&body);
    if reader.byte()? != ANSWERED {
        let why = String::from_utf8_lossy(reader.bytes()?).into_owned();
        return Err(Error::Message { why });
    }
    let part = reader.number()?;
    let records = u64::from_be_bytes(reader.array()?);
    let mut candidates = Vec::new();
    for _ in 0..reader.count()? {
        let subject = String::from_utf8_lossy(reader.bytes()?).into_owned();
        let score = i32::from_be_bytes(reader.array()?);
        let mut fingers = Vec::new();
        for _ in 0..reader.count()? {
            fingers.push(FingerScore {
                finger: reader.byte()?,
                score: i32::from_be_bytes(reader.array()?),
            });
        }
        candidates.push(Candidate {
            subject,
            score,
            fingers,
        });
    }
    reader.end()?;
    Ok(Answered {
        part,
        records,
        candidates,
    })
}
