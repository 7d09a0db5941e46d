//! Acts as letters: Italian first, which is the act, then English, which is a courtesy.

use rilascio_artwork::{Block, Letter, Style, letter};
use rilascio_circuit::Text;
use rilascio_circuit::process::on_the_wall;
use rilascio_node::{Act, Scribe};

/// Sets acts with the fonts of the documents.
pub(crate) struct Letters;

/// A language of a letter, and how to read it from a text.
struct Side {
    language: &'static str,
    of: fn(&Text) -> &str,
    /// What stands before the number of an act, and before its day.
    number: [&'static str; 2],
    /// Who signed: one officer, or two.
    one: &'static str,
    two: &'static str,
    /// That there is no need of a signature on the paper.
    sealed: &'static str,
}

const SIDES: [Side; 2] = [
    Side {
        language: "it",
        of: |text| &text.it,
        number: ["N.", "del"],
        one: "Il responsabile del procedimento",
        two: "Il responsabile del procedimento e il dirigente",
        sealed: "Documento firmato digitalmente dall'autorità (CAdES): la firma è nel file .p7m, e su carta è sostituita \
            dall'indicazione dei nomi.",
    },
    Side {
        language: "en",
        of: |text| &text.en,
        number: ["No.", "of"],
        one: "The officer in charge",
        two: "The officer in charge and the director",
        sealed: "Signed digitally by the authority (CAdES): the signature is in the file .p7m, and names stand for it on paper. \
            The Italian text counts; this one is a courtesy.",
    },
];

fn blocks(act: &Act) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut put = |style, language, text: String| {
        blocks.push(Block {
            style,
            language,
            text,
        });
    };
    for line in &act.heading {
        put(Style::Sender, "it", line.clone());
    }
    let day = on_the_wall(act.head.given).strftime("%d/%m/%Y");
    for side in &SIDES {
        let own = side.language;
        let [before, of] = side.number;
        put(Style::Title, own, (side.of)(&act.title).to_owned());
        let number = format!("{before} {} {of} {day}", act.head.number);
        put(Style::Paragraph, own, number);
        for (place, line) in act.about.iter().enumerate() {
            let style = if place == 0 {
                Style::Paragraph
            } else {
                Style::Line
            };
            put(style, own, (side.of)(line).to_owned());
        }
        for text in act.law.iter().chain(&act.text) {
            // What an officer wrote is in Italian on both sides.
            let language = if text.it == text.en { "it" } else { own };
            put(Style::Paragraph, language, (side.of)(text).to_owned());
        }
        let who = if act.officers.len() > 1 {
            side.two
        } else {
            side.one
        };
        put(Style::Heading, own, who.to_owned());
        for officer in &act.officers {
            put(Style::Line, own, officer.to_string());
        }
        put(Style::Note, own, side.sealed.to_owned());
    }
    blocks
}

impl Scribe for Letters {
    fn write(&self, act: &Act) -> Result<Vec<u8>, String> {
        let set = Letter {
            title: format!("{} {}", act.title.it, act.head.number),
            language: "it",
            foot: act.head.number.to_string(),
            blocks: blocks(act),
        };
        letter(&set, act.head.given).map_err(|why| why.to_string())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
    use super::*;
    use jiff::Timestamp;
    use rilascio_circuit::ActKind;
    use rilascio_circuit::process::{OfficerId, Reference};
    use rilascio_exchange::message::ActHead;
    use std::process::Command;

    fn text(it: &str, en: &str) -> Text {
        Text {
            it: it.into(),
            en: en.into(),
        }
    }

    fn act() -> Act {
        Act {
            head: ActHead {
                number: Reference::parse("centre-A000012").unwrap(),
                kind: ActKind::Refusal,
                given: Timestamp::from_second(1_790_000_000).unwrap(),
            },
            heading: vec!["Questura di Utopia".into()],
            title: text("Decreto di rifiuto", "Decree of refusal"),
            about: vec![text(
                "Richiedente: MÜLLER KATHARINA",
                "Applicant: MÜLLER KATHARINA",
            )],
            law: vec![text("Visto l'art. 3;", "Having regard to article 3;")],
            text: vec![text("perché è così\nDZIERŻYŃSKI", "since it is so")],
            officers: ["anna.rossi", "bruno.verdi"]
                .map(|name| OfficerId::parse(name).unwrap())
                .to_vec(),
        }
    }

    #[test]
    fn a_foreign_reader_finds_the_whole_act_in_a_tagged_archive_file() {
        let pdf = Letters.write(&act()).unwrap();
        assert_eq!(pdf, Letters.write(&act()).unwrap());
        if Command::new("pdftotext").arg("-v").output().is_err() {
            eprintln!("skipped: no pdftotext here (Debian: apt install poppler-utils)");
            return;
        }
        let path = std::env::temp_dir().join(format!("rilascio-letter-{}.pdf", std::process::id()));
        std::fs::write(&path, pdf).unwrap();
        let run = |program: &str, more: &[&str]| {
            let done = Command::new(program)
                .arg(&path)
                .args(more)
                .output()
                .unwrap();
            assert!(done.status.success());
            String::from_utf8(done.stdout).unwrap()
        };
        let read = run("pdftotext", &["-"]);
        for part in [
            "Questura di Utopia",
            "Decreto di rifiuto",
            "N. centre-A000012 del 21/09/2026",
            "Richiedente: MÜLLER KATHARINA",
            "DZIERŻYŃSKI",
            "Il responsabile del procedimento e il dirigente",
            "Decree of refusal",
            "since it is so",
            "bruno.verdi",
            "1/1",
        ] {
            assert!(read.contains(part), "{part}: {read}");
        }
        let facts = run("pdfinfo", &[]) + &run("pdfinfo", &["-meta"]);
        let standards = ["pdfaid:part>2<", "pdfaid:conformance>A<", "pdfuaid:part>1<"];
        for fact in ["Tagged:          yes", "(A4)"].iter().chain(&standards) {
            assert!(facts.contains(fact), "{fact}: {facts}");
        }
        std::fs::remove_file(&path).unwrap();
    }
}
