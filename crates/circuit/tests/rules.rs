//! Every rule of a profile, with the application that breaks it and the one that keeps it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use rilascio_circuit::{Application, Profile, Record, Refusals, decide};
use rilascio_mrtd::code::DocumentNumber;
use rilascio_mrtd::finger::FingerPosition;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn profile(name: &str) -> Profile {
    let text = std::fs::read_to_string(root().join(format!("profiles/{name}.toml"))).unwrap();
    Profile::parse(name, &text).unwrap()
}

fn example(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("examples/{name}.toml"))).unwrap()
}

fn decide_on(text: &str, day: &str) -> Result<Record, Refusals> {
    let application = Application::parse("a.toml", text).unwrap_or_else(|fault| panic!("{fault}"));
    let profile = profile(&application.profile);
    let number = profile.document.number.as_ref().number(1).unwrap();
    let number = DocumentNumber::parse(&number).unwrap();
    decide(
        &profile,
        &application,
        day.parse().unwrap(),
        &number,
        "BLANK1",
    )
}

/// The names of the rules that an example breaks after a change, on 22 November 2026.
fn broken(name: &str, changes: &[(&str, &str)]) -> Vec<&'static str> {
    let mut text = example(name);
    for (from, to) in changes {
        assert!(text.contains(from), "{name} has no {from:?}");
        text = text.replacen(from, to, 1);
    }
    match decide_on(&text, "2026-11-22") {
        Ok(_) => Vec::new(),
        Err(Refusals(refusals)) => {
            for refusal in &refusals {
                for part in [
                    &refusal.it,
                    &refusal.en,
                    &refusal.remedy_it,
                    &refusal.remedy_en,
                ] {
                    assert!(!part.is_empty());
                }
            }
            refusals.iter().map(|refusal| refusal.rule).collect()
        }
    }
}

fn good(name: &str) -> Record {
    decide_on(&example(name), "2026-11-22").unwrap_or_else(|refusals| panic!("{name}: {refusals}"))
}

#[test]
fn prints_are_due_from_the_age_of_the_profile() {
    let prints = "\n[[print]]\nfinger = \"right-index\"\nimage = \"x.png\"\n";
    let text = format!("{}{prints}", example("it-pse/child-under-six"));
    let Err(Refusals(refusals)) = decide_on(&text, "2026-11-22") else {
        panic!("accepted")
    };
    assert_eq!(refusals[0].rule, "prints.from_age");
    // The same child on the day before and on its sixth birthday.
    let child = example("it-pse/child-under-six");
    assert!(
        decide_on(&child, "2029-03-04")
            .unwrap()
            .prints
            .prints
            .is_empty()
    );
    let Err(Refusals(refusals)) = decide_on(&child, "2029-03-05") else {
        panic!("accepted")
    };
    assert_eq!(refusals[0].rule, "prints.order");
    let born = [("birth_date = \"1986-05-23\"", "birth_date = \"2013-01-01\"")];
    assert_eq!(
        broken("sm-permit/application", &born),
        [
            "guardians_below_age",
            "signature.from_age",
            "prints.from_age"
        ]
    );
    let text = format!("{}{prints}", example("sm-residence-card/application"));
    let Err(Refusals(refusals)) = decide_on(&text, "2026-11-22") else {
        panic!("accepted")
    };
    assert_eq!(refusals[0].rule, "prints");
}

#[test]
fn a_hand_gives_its_next_finger_and_says_why() {
    let record = good("it-pse/missing-index-fingers");
    let application = Application::parse("a", &example("it-pse/missing-index-fingers")).unwrap();
    let chosen: Vec<FingerPosition> = record
        .prints
        .prints
        .iter()
        .map(|n| application.print[*n].finger)
        .collect();
    assert_eq!(
        chosen,
        [FingerPosition::RightThumb, FingerPosition::LeftThumb]
    );
    let remarks = record.remarks.join(" ");
    assert!(
        remarks.contains("POLLICE DX") && remarks.contains("INDICE DX: AMPUTAZIONE"),
        "{remarks}"
    );
}

#[test]
fn san_marino_takes_a_pair_and_says_why() {
    let record = good("sm-permit/missing-index-finger");
    let application = Application::parse("a", &example("sm-permit/missing-index-finger")).unwrap();
    let chosen: Vec<FingerPosition> = record
        .prints
        .prints
        .iter()
        .map(|n| application.print[*n].finger)
        .collect();
    assert_eq!(
        chosen,
        [FingerPosition::RightMiddle, FingerPosition::LeftMiddle]
    );
    assert!(record.remarks.join(" ").contains("INDICE DX: AMPUTAZIONE"));
}

#[test]
fn a_low_score_gives_way_to_the_next_finger_or_to_the_best() {
    let base = example("it-pse/application");
    let with = |index: &str, others: &[(&str, u8)]| {
        let mut text = base.replacen("quality = 64", index, 1);
        for (finger, score) in others {
            text += &format!(
                "\n[[print]]\nfinger = \"{finger}\"\nimage = \"t.png\"\nquality = {score}\n"
            );
        }
        let application = Application::parse("a", &text).unwrap();
        match decide_on(&text, "2026-11-22") {
            Ok(record) => Ok(application.print[record.prints.prints[0]].finger),
            Err(Refusals(refusals)) => Err(refusals[0].rule),
        }
    };
    let thumb = |score| ("right-thumb", score);
    let rest = [("right-middle", 5), ("right-ring", 5)];
    let all = |score| [thumb(score), rest[0], rest[1]];
    assert_eq!(
        with("quality = 30", &[]),
        Ok(FingerPosition::RightIndex),
        "the threshold"
    );
    assert_eq!(
        with("quality = 29", &[thumb(30)]),
        Ok(FingerPosition::RightThumb)
    );
    assert_eq!(
        with("quality = 29", &all(20)),
        Ok(FingerPosition::RightIndex),
        "the best score"
    );
    assert_eq!(
        with("quality = 20", &all(29)),
        Ok(FingerPosition::RightThumb),
        "the best score"
    );
    assert_eq!(
        with("", &all(29)),
        Ok(FingerPosition::RightThumb),
        "unmeasured is worst"
    );
    assert_eq!(
        with("quality = 29", &[]),
        Err("prints.order"),
        "the thumb must be tried"
    );
    assert_eq!(with("quality = 255", &[]), Err("prints.quality"));
    assert_eq!(
        with("quality = 64", &[("right-index", 60)]),
        Err("prints.finger")
    );
}

#[test]
fn a_finger_is_there_or_declared_missing() {
    let changes = [("finger = \"right-index\"", "finger = \"right-little\"")];
    assert_eq!(broken("it-pse/application", &changes), ["prints.order"]);
}

#[test]
fn holders_sign_from_the_age_of_the_profile() {
    let unsigned = [("signature = \"../images/amina-signature.png\"\n", "")];
    assert_eq!(
        broken("it-pse/application", &unsigned),
        ["signature.from_age"]
    );
    let adult = [("signature = \"../images/marco-signature.png\"\n", "")];
    assert_eq!(
        broken("it-passport/application", &adult),
        ["signature.from_age"]
    );
    let unable = [(
        "signature = \"../images/marco-signature.png\"",
        "signature_exempt = \"frattura\"",
    )];
    assert!(broken("it-passport/application", &unable).is_empty());
    let signed = [("[images]\n", "[images]\nsignature = \"x.png\"\n")];
    assert_eq!(
        broken("it-pse/child-under-six", &signed),
        ["signature.from_age"]
    );
    assert!(!good("it-passport/child").signs);
}

#[test]
fn minors_name_their_guardians() {
    let text = example("it-pse/child-under-six");
    let (before, rest) = text.split_once("[[guardian]]").unwrap();
    let after = &rest[rest.find("[document]").unwrap()..];
    let Err(Refusals(refusals)) = decide_on(&format!("{before}{after}"), "2026-11-22") else {
        panic!("accepted")
    };
    assert_eq!(refusals[0].rule, "guardians_below_age");
    assert_eq!(
        good("it-pse/child-under-six").guardians,
        ["BENALI YOUSSEF", "ROSSI CHIARA"]
    );
}

#[test]
fn short_stays_get_no_card() {
    let until = |day: &str| {
        [(
            "place = \"Roma\"",
            format!("place = \"Roma\"\nvalid_until = {day}"),
        )]
    };
    let run = |day: &str| {
        let changes = until(day);
        broken("it-pse/application", &[(changes[0].0, &changes[0].1)])
    };
    assert_eq!(run("2027-02-19"), ["document.stay_days_min"], "90 days");
    assert!(run("2027-02-20").is_empty(), "91 days");
    assert_eq!(
        run("2026-01-01"),
        ["validity"],
        "it would have expired already"
    );
    let late = "place = \"Roma\"\nvalid_from = 2031-01-01";
    let text = example("it-passport/application").replace(
        "place = \"Forlì\"\nauthority",
        &format!("{}\nauthority", late.replace("Roma", "Forlì")),
    );
    let record = decide_on(&text, "2026-11-22").unwrap();
    assert_eq!(
        record.validity.until.to_string(),
        "2036-11-21",
        "a late start wins no years"
    );
}

#[test]
fn validity_follows_permit_and_age() {
    let later = [(
        "place = \"Roma\"",
        "place = \"Roma\"\nvalid_until = 2028-11-22",
    )];
    assert_eq!(
        broken("it-pse/application", &later),
        ["validity"],
        "two years at most"
    );
    assert_eq!(
        good("it-pse/application").validity.until.to_string(),
        "2028-11-21"
    );
    assert_eq!(
        good("it-passport/application").validity.until.to_string(),
        "2036-11-21"
    );
    assert_eq!(
        good("it-passport/child").validity.until.to_string(),
        "2031-11-21"
    );
    let baby = [("birth_date = \"2017-02-20\"", "birth_date = \"2025-02-20\"")];
    assert!(broken("it-passport/child", &baby).is_empty());
    let text = example("it-passport/child").replace("2017-02-20", "2025-02-20");
    let record = decide_on(&text, "2026-11-22").unwrap();
    assert_eq!(
        record.validity.until.to_string(),
        "2029-11-21",
        "three years below three"
    );
    // An identity card lives on to the holder's birthday.
    assert_eq!(
        good("it-cie/application").validity.until.to_string(),
        "2037-06-18"
    );
}

#[test]
fn only_some_titles_have_no_end() {
    let endless = [(
        "permit = \"permanent-work\"",
        "permit = \"permanent-work\"\nunlimited = true",
    )];
    assert_eq!(broken("it-pse/application", &endless), ["permit.unlimited"]);
    let both = [(
        "unlimited = true",
        "unlimited = true\nvalid_until = 2028-01-01",
    )];
    assert_eq!(broken("it-pse/unlimited", &both), ["permit.unlimited"]);
    let record = good("it-pse/unlimited");
    assert!(record.validity.unlimited);
    assert_eq!(
        record.validity.until.to_string(),
        "2036-11-21",
        "the card lives ten years"
    );
}

#[test]
fn permits_and_fields_are_those_of_the_profile() {
    let permit = [("permit = \"permanent-work\"", "permit = \"tourism\"")];
    assert_eq!(broken("it-pse/application", &permit), ["permit"]);
    let place = [("birth_place = \"Tirana\"\n", "")];
    assert_eq!(broken("it-pse/application", &place), ["document.required"]);
    let long = format!("birth_place = \"{}\"", "X".repeat(59));
    let long = [("birth_place = \"Tirana\"", &long[..])];
    assert_eq!(broken("it-pse/application", &long), ["limits"]);
    let blank = [("birth_place = \"Tirana\"", "birth_place = \" \"")];
    assert_eq!(broken("it-pse/application", &blank), ["document.required"]);
    let blank = [("authority = \"Questura di Roma\"", "authority = \"\"")];
    assert_eq!(broken("it-pse/application", &blank), ["document.required"]);
    let number = [("place = \"Roma\"", "place = \"Roma\"\nnumber = \"X1\"")];
    assert_eq!(broken("it-pse/application", &number), ["document.number"]);
    let remark = format!("remarks = [\"{}\"]", "parola ".repeat(60));
    let remark = [("remarks = [\"Permesso unico lavoro\"]", &remark[..])];
    assert_eq!(
        broken("it-pse/application", &remark),
        ["limits.remark_lines"]
    );
    let future = [("birth_date = \"1984-08-12\"", "birth_date = \"2030-08-12\"")];
    assert!(broken("it-pse/application", &future).contains(&"person.birth_date"));
    let name = [("surname = \"Eriksson\"", "surname = \"Eriksson 3\"")];
    assert_eq!(broken("it-pse/application", &name), ["person.names"]);
    let name = [("surname = \"Eriksson\"", "surname = \"王\"")];
    assert_eq!(broken("it-pse/application", &name), ["person.names"]);
    let mrz = [("place = \"Roma\"", "place = \"Roma\"\nmrz_name = \"a<<b\"")];
    assert_eq!(broken("it-pse/application", &mrz), ["document.mrz_name"]);
}

#[test]
fn an_old_portrait_is_refused() {
    let taken = |day: &str| {
        let line = format!("[images]\nportrait_taken = {day}\n");
        broken("it-pse/application", &[("[images]\n", &line)])
    };
    assert_eq!(taken("2026-01-01"), ["images.portrait_days_max"]);
    assert_eq!(
        taken("2026-12-01"),
        ["images.portrait_days_max"],
        "in the future"
    );
    assert!(taken("2026-09-01").is_empty());
}

#[test]
fn names_are_printed_and_spelled_as_they_should() {
    let record = good("it-pse/arabic-name");
    assert_eq!(
        (&record.surname[..], &record.given_names[..]),
        ("EL MANSOURI", "FATIMA EZZAHRA")
    );
    assert_eq!(record.full_name, "المنصوري<<فاطمة<الزهراء");
    let record = good("it-pse/arabic-name-transliterated");
    assert_eq!(
        (&record.surname[..], &record.given_names[..]),
        ("XHSN", "MXHMD")
    );
    let record = good("it-pse/cyrillic-name");
    assert_eq!(record.surname, "HNATIUK");
    let record = good("it-passport/application");
    assert_eq!(
        (&record.surname[..], &record.given_names[..]),
        ("D'ANGELÒ", "NICCOLÒ")
    );
    assert!(record.mrz.as_str().contains("DANGELO<<NICCOLO<"));
    let record = good("specimen-utopia/application");
    assert!(
        record
            .mrz
            .as_str()
            .ends_with("OESTERGAARD<MUELLER<<ZOE<NXXAN")
    );
    assert!(good("it-pse/stateless").mrz.as_str().contains("XXA"));
    assert!(
        good("it-pse/truncated-name")
            .mrz
            .as_str()
            .ends_with("NILAVADHANANANDA<<CHAYAPA<DE<K")
    );
}

#[test]
fn applications_are_refused_with_file_line_and_reason() {
    for (from, to, line, why) in [
        ("sex = \"F\"", "sex = \"W\"", 7, "it is F, M or X"),
        (
            "nationality = \"ALB\"",
            "nationality = \"ALX\"",
            11,
            "not a code",
        ),
        (
            "birth_date = \"1984-08-12\"",
            "birth_date = \"1984-13-12\"",
            8,
            "no such day",
        ),
        (
            "[delivery]",
            "[delivery]\ncolour = 3",
            25,
            "unknown field `colour`",
        ),
        (
            "finger = \"right-index\"",
            "finger = \"sixth\"",
            32,
            "it is one of right-thumb",
        ),
    ] {
        let text = example("it-pse/application");
        assert!(text.contains(from));
        let fault = Application::parse("a.toml", &text.replacen(from, to, 1)).unwrap_err();
        assert!(fault.why.contains(why), "{fault}");
        assert_eq!(fault.line, line, "{fault}");
    }
}

proptest! {
    #[test]
    fn any_text_as_application_or_profile_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = Application::parse("a.toml", &text);
        let _ = Profile::parse("p.toml", &text);
    }

    #[test]
    fn an_application_with_any_names_is_decided(surname in "\\PC{0,80}", given in "\\PC{0,80}") {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let text = example("it-pse/application")
            .replace("\"Eriksson\"", &quoted(&surname))
            .replace("\"Anna Maria\"", &quoted(&given));
        if let Ok(application) = Application::parse("a.toml", &text) {
            let profile = profile("it-pse");
            let number = DocumentNumber::parse("I00000001").unwrap();
            let _ = decide(&profile, &application, "2026-11-22".parse().unwrap(), &number, "B");
        }
    }
}
