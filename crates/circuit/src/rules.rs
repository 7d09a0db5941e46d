//! The rules of a profile, applied to an application before anything is made.

use crate::application::Application;
use crate::printing::{self, printable};
use crate::prints::{PrintChoice, choose_prints};
use crate::profile::{Profile, Unlimited};
use crate::record::{Record, Validity};
use jiff::ToSpan;
use jiff::civil::Date;
use rilascio_mrtd::code::DocumentNumber;
use rilascio_mrtd::mrz::{Mrz, MrzData, MrzName};
use rilascio_mrtd::transliteration::mrz_name;
use std::fmt;

/// A rule that an application breaks, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    /// The name of the rule, from the section of the profile.
    pub rule: &'static str,
    /// Why, in Italian.
    pub it: String,
    /// Why, in English.
    pub en: String,
    /// What to do, in Italian.
    pub remedy_it: String,
    /// What to do, in English.
    pub remedy_en: String,
}

impl Refusal {
    pub(crate) fn new(
        rule: &'static str,
        it: impl Into<String>,
        en: impl Into<String>,
        remedy_it: impl Into<String>,
        remedy_en: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            it: it.into(),
            en: en.into(),
            remedy_it: remedy_it.into(),
            remedy_en: remedy_en.into(),
        }
    }
}

/// All rules that an application breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusals(pub Vec<Refusal>);

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, refusal) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(
                f,
                "[{}] {}; {}",
                refusal.rule, refusal.en, refusal.remedy_en
            )?;
        }
        Ok(())
    }
}

/// The names as the document uses them.
struct Names {
    surname: String,
    given_names: String,
    mrz: MrzName,
}

/// Applies every rule; gives the record, or all that is wrong.
///
/// `number` and `serial` are those that were allocated; a number in the application wins if it has the profile's
/// pattern.
///
/// # Errors
/// Every rule that is broken, each with its remedy.
pub fn decide(
    profile: &Profile,
    application: &Application,
    issued: Date,
    number: &DocumentNumber,
    serial: &str,
) -> Result<Record, Refusals> {
    let mut refusals = Vec::new();
    let mut keep = |result: Result<(), Refusal>| refusals.extend(result.err());
    let person = &application.person;
    let age = person.birth_date.age_on(issued);
    // Where the year is unknown, the holder counts as an adult: a child's year is always known.
    let years = age.unwrap_or(u8::MAX);

    keep(check_birth(application, issued));
    keep(check_required(profile, application));
    keep(check_limits(profile, application));
    keep(check_guardians(profile, application, years));
    keep(check_portrait(profile, application, issued));
    keep(check_signature(profile, application, years));
    keep(check_number(profile, application));
    let prints = decide_prints(profile, application, years);
    let validity = prints.as_ref().map_err(Clone::clone).and_then(|prints| {
        decide_validity(
            profile,
            application,
            issued,
            years,
            needs_short(profile, prints, years),
        )
    });
    let names = decide_names(profile, application);
    let (prints, validity, names) = match (prints, validity, names) {
        (Ok(prints), Ok(validity), Ok(names)) => (prints, validity, names),
        (prints, validity, names) => {
            let wrong_prints = prints.err();
            refusals.extend(
                validity
                    .err()
                    .filter(|refusal| Some(refusal) != wrong_prints.as_ref()),
            );
            refusals.extend(wrong_prints);
            refusals.extend(names.err());
            return Err(Refusals(refusals));
        }
    };
    let number = application
        .document
        .number
        .clone()
        .unwrap_or_else(|| number.clone());
    let mrz = match compose_mrz(profile, application, &names, &number, validity.until) {
        Ok(mrz) => mrz,
        Err(refusal) => {
            refusals.push(refusal);
            return Err(Refusals(refusals));
        }
    };
    let remarks = match printing::remarks(profile, application, &prints) {
        Ok(remarks) => remarks,
        Err(refusal) => {
            refusals.push(refusal);
            return Err(Refusals(refusals));
        }
    };
    if !refusals.is_empty() {
        return Err(Refusals(refusals));
    }
    let scheme = profile.names.scheme(person.language);
    let upper = |text: &String| printable(text, scheme);
    Ok(Record {
        number,
        serial: serial.to_owned(),
        issued,
        validity,
        full_name: printing::full_name(application),
        surname: names.surname,
        given_names: names.given_names,
        sex: person.sex,
        birth_date: person.birth_date,
        age,
        birth_place: printing::birth_place(application, scheme),
        nationality: person.nationality,
        fiscal_code: person.fiscal_code.as_ref().map(upper),
        personal_number: person.personal_number.as_ref().map(upper),
        height_cm: person.height_cm,
        eye_colour: person.eye_colour.as_ref().map(upper),
        address: person
            .address
            .as_ref()
            .map(|address| printing::address_lines(address, scheme))
            .unwrap_or_default(),
        permit_lines: printing::permit_lines(profile, application),
        place: upper(&application.document.place),
        authority: upper(&application.document.authority),
        guardians: application
            .guardian
            .iter()
            .map(|guardian| {
                printable(
                    &format!("{} {}", guardian.surname, guardian.given_names),
                    scheme,
                )
            })
            .collect(),
        remarks,
        mrz,
        signs: years >= *profile.signature.from_age.as_ref()
            && application.images.signature.is_some(),
        prints,
    })
}

fn check_birth(application: &Application, issued: Date) -> Result<(), Refusal> {
    if application.person.birth_date.is_after(issued) {
        return Err(Refusal::new(
            "person.birth_date",
            "la data di nascita è nel futuro",
            "the birth date is in the future",
            "correggere la data di nascita",
            "correct the birth date",
        ));
    }
    Ok(())
}

fn check_required(profile: &Profile, application: &Application) -> Result<(), Refusal> {
    let person = &application.person;
    let blank = |text: &String| text.trim().is_empty();
    let written = |text: &Option<String>| text.as_ref().is_some_and(|text| !blank(text));
    let document = &application.document;
    let nameless = |guardian: &crate::application::Guardian| {
        blank(&guardian.surname) && blank(&guardian.given_names)
    };
    for (field, empty) in [
        ("place", blank(&document.place)),
        ("authority", blank(&document.authority)),
        ("guardian", application.guardian.iter().any(nameless)),
    ] {
        if empty {
            return Err(missing(field));
        }
    }
    for field in &profile.document.required {
        let field = field.as_ref();
        let present = match field.as_str() {
            "birth_place" => written(&person.birth_place),
            "birth_country" => person.birth_country.is_some(),
            "fiscal_code" => written(&person.fiscal_code),
            "personal_number" => written(&person.personal_number),
            "height_cm" => person.height_cm.is_some(),
            "eye_colour" => written(&person.eye_colour),
            "address" => person.address.is_some(),
            "permit" => application.document.permit.is_some(),
            _ => true,
        };
        if !present {
            return Err(missing(field));
        }
    }
    Ok(())
}

fn missing(field: &str) -> Refusal {
    Refusal::new(
        "document.required",
        format!("manca il campo {field}"),
        format!("the field {field} is missing"),
        format!("completare il campo {field}"),
        format!("fill in the field {field}"),
    )
}

fn check_limits(profile: &Profile, application: &Application) -> Result<(), Refusal> {
    let limits = &profile.limits;
    let person = &application.person;
    let document = &application.document;
    let empty = String::new();
    let mut texts = vec![
        ("person.surname", &person.surname, limits.surname),
        (
            "person.given_names",
            &person.given_names,
            limits.given_names,
        ),
        (
            "person.birth_place",
            person.birth_place.as_ref().unwrap_or(&empty),
            limits.birth_place,
        ),
        ("document.authority", &document.authority, limits.authority),
        ("document.place", &document.place, limits.authority),
    ];
    if let Some(latin) = &person.latin {
        texts.push(("person.latin.surname", &latin.surname, limits.surname));
        texts.push((
            "person.latin.given_names",
            &latin.given_names,
            limits.given_names,
        ));
    }
    for guardian in &application.guardian {
        texts.push(("guardian.surname", &guardian.surname, limits.surname));
        texts.push((
            "guardian.given_names",
            &guardian.given_names,
            limits.given_names,
        ));
    }
    const CODE_MAX: usize = 20;
    for (field, text) in [
        ("person.fiscal_code", &person.fiscal_code),
        ("person.personal_number", &person.personal_number),
        ("person.eye_colour", &person.eye_colour),
    ] {
        texts.push((field, text.as_ref().unwrap_or(&empty), CODE_MAX));
    }
    if let Some(address) = &person.address {
        texts.push((
            "person.address.street",
            &address.street,
            limits.address_line,
        ));
        texts.push(("person.address.place", &address.place, limits.address_line));
    }
    for (field, text, most) in texts {
        let length = text.chars().count();
        if length > most {
            return Err(Refusal::new(
                "limits",
                format!("{field} ha {length} caratteri, il massimo è {most}"),
                format!("{field} has {length} characters, the most is {most}"),
                format!("abbreviare {field}"),
                format!("shorten {field}"),
            ));
        }
    }
    Ok(())
}

fn check_guardians(profile: &Profile, application: &Application, age: u8) -> Result<(), Refusal> {
    match profile.guardians_below_age {
        Some(limit) if age < limit && application.guardian.is_empty() => Err(Refusal::new(
            "guardians_below_age",
            format!("il titolare ha {age} anni e non è indicato chi esercita la responsabilità"),
            format!(
                "the holder is {age} years old and nobody with parental responsibility is named"
            ),
            "aggiungere [[guardian]] con cognome e nomi",
            "add [[guardian]] with surname and given names",
        )),
        _ => Ok(()),
    }
}

fn check_portrait(
    profile: &Profile,
    application: &Application,
    issued: Date,
) -> Result<(), Refusal> {
    let (Some(most), Some(taken)) = (
        profile.images.portrait_days_max,
        application.images.portrait_taken,
    ) else {
        return Ok(());
    };
    let days = issued.since(taken).map_or(0, |span| span.get_days());
    if days < 0 || days > i32::from(most) {
        return Err(Refusal::new(
            "images.portrait_days_max",
            format!("la fotografia ha {days} giorni, il massimo è {most}"),
            format!("the portrait is {days} days old, the most is {most}"),
            "acquisire una nuova fotografia",
            "take a new portrait",
        ));
    }
    Ok(())
}

fn check_signature(profile: &Profile, application: &Application, age: u8) -> Result<(), Refusal> {
    let from = *profile.signature.from_age.as_ref();
    match (&application.images.signature, age >= from) {
        (None, true) if application.images.signature_exempt.is_none() => Err(Refusal::new(
            "signature.from_age",
            format!("dai {from} anni il titolare firma, e la firma manca"),
            format!("from the age of {from} the holder signs, and there is no signature"),
            "acquisire la firma, o indicare in images.signature_exempt perché il titolare non può firmare",
            "take the signature, or say in images.signature_exempt why the holder cannot sign",
        )),
        (Some(_), false) => Err(Refusal::new(
            "signature.from_age",
            format!("sotto i {from} anni il titolare non firma"),
            format!("below the age of {from} the holder does not sign"),
            "togliere images.signature",
            "remove images.signature",
        )),
        _ => Ok(()),
    }
}

fn check_number(profile: &Profile, application: &Application) -> Result<(), Refusal> {
    let pattern = profile.document.number.as_ref();
    match &application.document.number {
        Some(number) if !pattern.matches(number.as_str()) => {
            let pattern = pattern.as_str();
            Err(Refusal::new(
                "document.number",
                format!("il numero {number} non ha la forma {pattern}"),
                format!("the number {number} does not have the pattern {pattern}"),
                "correggere il numero, oppure ometterlo perché sia assegnato",
                "correct the number, or leave it out so that one is allocated",
            ))
        }
        _ => Ok(()),
    }
}

fn decide_prints(
    profile: &Profile,
    application: &Application,
    age: u8,
) -> Result<PrintChoice, Refusal> {
    let Some(prints) = &profile.prints else {
        if application.print.is_empty() {
            return Ok(PrintChoice::default());
        }
        return Err(Refusal::new(
            "prints",
            "questo documento non contiene impronte",
            "this document has no fingerprints",
            "togliere le sezioni [[print]]",
            "remove the sections [[print]]",
        ));
    };
    let from = *prints.from_age.as_ref();
    if age >= from {
        return choose_prints(prints, application);
    }
    if application.print.is_empty() {
        return Ok(PrintChoice::default());
    }
    Err(Refusal::new(
        "prints.from_age",
        format!("sotto i {from} anni non si acquisiscono impronte"),
        format!("below the age of {from} no fingerprints are taken"),
        "togliere le sezioni [[print]]",
        "remove the sections [[print]]",
    ))
}

/// The most months of a document whose holder should give prints and cannot.
fn needs_short(profile: &Profile, prints: &PrintChoice, age: u8) -> Option<u8> {
    let rule = profile.prints.as_ref()?;
    let due = age >= *rule.from_age.as_ref();
    (due && prints.prints.is_empty())
        .then_some(rule.without_months_max)
        .flatten()
}

fn decide_validity(
    profile: &Profile,
    application: &Application,
    issued: Date,
    age: u8,
    months_max: Option<u8>,
) -> Result<Validity, Refusal> {
    let document = &application.document;
    let from = document.valid_from.unwrap_or(issued);
    let permit = document.permit.as_deref();
    let permit = match permit.map(|code| (code, profile.permit_type(code))) {
        None => None,
        Some((_, Some(permit))) => Some(permit),
        Some((code, None)) => {
            let codes: Vec<&str> = profile.permit.iter().map(|p| &p.code[..]).collect();
            let codes = if codes.is_empty() {
                "-".to_owned()
            } else {
                codes.join(", ")
            };
            return Err(Refusal::new(
                "permit",
                format!("il tipo di permesso '{code}' non esiste in questo profilo"),
                format!("this profile has no permit type '{code}'"),
                format!("scegliere tra: {codes}"),
                format!("choose one of: {codes}"),
            ));
        }
    };
    let rule = profile
        .validity
        .iter()
        .rev()
        .find(|rule| age >= *rule.from_age.as_ref())
        .expect("a loaded profile has a rule from age 0");
    let years = i64::from(*rule.years.as_ref());
    // A validity that begins later does not make the document live longer than its age bracket allows.
    let mut latest = minus_one_day(from.min(issued).saturating_add(years.years()));
    if rule.to_birthday {
        latest = birthday_after(application, latest);
    }
    if let Some(months) = permit.and_then(|permit| permit.months_max) {
        latest = latest.min(minus_one_day(
            from.saturating_add(i64::from(months).months()),
        ));
    }
    if let Some(months) = months_max {
        latest = latest.min(minus_one_day(
            from.saturating_add(i64::from(months).months()),
        ));
    }
    let may_be_unlimited = permit.is_some_and(|permit| permit.unlimited == Unlimited::Allowed)
        && profile.document.unlimited.is_some();
    if document.unlimited && !may_be_unlimited {
        return Err(Refusal::new(
            "permit.unlimited",
            "questo titolo non può essere illimitato",
            "this title cannot be without end",
            "indicare document.valid_until",
            "give document.valid_until",
        ));
    }
    let until = match document.valid_until {
        Some(until) if document.unlimited => {
            return Err(Refusal::new(
                "permit.unlimited",
                format!("il titolo è illimitato e scade il {until}"),
                format!("the title is without end and ends on {until}"),
                "lasciare soltanto uno dei due campi",
                "keep only one of both fields",
            ));
        }
        Some(until) => until,
        None => latest,
    };
    if until < issued {
        return Err(Refusal::new(
            "validity",
            format!("il documento sarebbe già scaduto il {until}"),
            format!("the document would have expired on {until} already"),
            "correggere le date",
            "correct the dates",
        ));
    }
    if until < from {
        return Err(Refusal::new(
            "validity",
            format!("la validità finisce il {until} e comincia il {from}"),
            format!("the validity ends on {until} and begins on {from}"),
            "correggere le date",
            "correct the dates",
        ));
    }
    check_stay(profile, from, until)?;
    if until > latest {
        return Err(Refusal::new(
            "validity",
            format!("la scadenza {until} supera la massima consentita, {latest}"),
            format!("the expiry {until} is later than the latest allowed, {latest}"),
            format!("indicare una scadenza fino al {latest}"),
            format!("give an expiry up to {latest}"),
        ));
    }
    Ok(Validity {
        from,
        until,
        unlimited: document.unlimited,
    })
}

fn check_stay(profile: &Profile, from: Date, until: Date) -> Result<(), Refusal> {
    let Some(least) = profile.document.stay_days_min else {
        return Ok(());
    };
    let days = until.since(from).map_or(0, |span| span.get_days()) + 1;
    if days < i32::from(least) {
        return Err(Refusal::new(
            "document.stay_days_min",
            format!("il titolo vale {days} giorni; il documento si rilascia da {least} giorni"),
            format!("the title is for {days} days; the document is issued from {least} days"),
            "usare la procedura cartacea per i soggiorni brevi",
            "use the paper procedure for short stays",
        ));
    }
    Ok(())
}

fn minus_one_day(date: Date) -> Date {
    date.saturating_sub(1.day())
}

/// The first birthday on or after a date, for a holder whose birthday is known.
fn birthday_after(application: &Application, date: Date) -> Date {
    let digits = application.person.birth_date.as_dg11();
    let part = |range: std::ops::Range<usize>| digits[range].parse::<i8>().unwrap_or(0);
    let (month, day) = (part(4..6), part(6..8));
    if month == 0 || day == 0 {
        return date;
    }
    let birthday = |year| {
        Date::new(year, month, day)
            .or_else(|_| Date::new(year, month, 28))
            .unwrap_or(date)
    };
    let this_year = birthday(date.year());
    if this_year >= date {
        this_year
    } else {
        birthday(date.year() + 1)
    }
}

/// The surname and the given names as a document prints them; nothing when they cannot be transliterated.
#[must_use]
pub fn printed_names(profile: &Profile, application: &Application) -> Option<(String, String)> {
    let names = decide_names(profile, application).ok()?;
    Some((names.surname, names.given_names))
}

fn decide_names(profile: &Profile, application: &Application) -> Result<Names, Refusal> {
    let person = &application.person;
    let scheme = profile.names.scheme(person.language);
    let (surname, given_names) = match &person.latin {
        Some(latin) => (&latin.surname, &latin.given_names),
        None => (&person.surname, &person.given_names),
    };
    let refuse = |fault: rilascio_mrtd::Error| {
        Refusal::new(
            "person.names",
            format!("il nome non si può trascrivere: {fault}"),
            format!("the name cannot be transliterated: {fault}"),
            "indicare la grafia latina del passaporto in [person.latin]",
            "give the Latin spelling of the passport in [person.latin]",
        )
    };
    let automatic = mrz_name(surname, given_names, scheme).map_err(refuse)?;
    let mrz = match &application.document.mrz_name {
        None => automatic,
        Some(text) => chosen_name(text)?,
    };
    Ok(Names {
        surname: printable(surname, scheme),
        given_names: printable(given_names, scheme),
        mrz,
    })
}

fn chosen_name(text: &str) -> Result<MrzName, Refusal> {
    let good = text.bytes().all(|b| b.is_ascii_uppercase() || b == b'<')
        && text.len() <= 39
        && text.bytes().next().is_some_and(|b| b.is_ascii_uppercase());
    if !good {
        return Err(Refusal::new(
            "document.mrz_name",
            format!("'{text}' non è un nome per la zona a lettura ottica"),
            format!("'{text}' is no name for the machine readable zone"),
            "scrivere COGNOME<<NOMI con le lettere A-Z e '<', al massimo 39",
            "write SURNAME<<GIVEN<NAMES with A-Z and '<', at most 39",
        ));
    }
    Ok(MrzName::from_field(text))
}

fn compose_mrz(
    profile: &Profile,
    application: &Application,
    names: &Names,
    number: &DocumentNumber,
    expiry: Date,
) -> Result<Mrz, Refusal> {
    let person = &application.person;
    let optional = |field: &Option<toml::Spanned<String>>| {
        let value = match field.as_ref().map(|field| field.as_ref().as_str()) {
            Some("fiscal_code") => person.fiscal_code.as_deref(),
            Some("personal_number") => person.personal_number.as_deref(),
            _ => None,
        };
        value.unwrap_or_default().to_uppercase()
    };
    let data = MrzData {
        code: *profile.document.code.as_ref(),
        issuer: profile.document.state,
        number: number.clone(),
        nationality: person.nationality,
        name: names.mrz.clone(),
        birth: person.birth_date,
        sex: person.sex,
        expiry,
        optional_1: optional(&profile.document.optional_data_1),
        optional_2: optional(&profile.document.optional_data_2),
    };
    Mrz::compose(profile.document.format.as_ref().format(), &data).map_err(|fault| {
        Refusal::new(
            "mrz",
            format!("la zona a lettura ottica non si può comporre: {fault}"),
            format!("the machine readable zone cannot be composed: {fault}"),
            "correggere il campo indicato",
            "correct the field named",
        )
    })
}
