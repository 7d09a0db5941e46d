//! What need not be typed: a record that was taken before, the machine-readable zone of the old document, or what the registry
//! of residents has.

use crate::enrolment::{keep_fields, keep_image, put};
use crate::fault::NodeFault;
use crate::forms::encoded;
use crate::record::Record;
use crate::router::Portal;
use crate::session::Signed;
use axum::http::Method;
use jiff::civil::Date;
use rilascio_mrtd::code::Sex;
use rilascio_mrtd::mrz::Mrz;
use serde_json::{Value, json};

/// What was taken before, by another way or for a dossier that came back, is where a draft begins.
pub(crate) async fn begin_with_record(
    portal: &Portal,
    signed: &Signed,
    id: &str,
) -> Result<(), NodeFault> {
    let record = Record::read(portal, signed, "office", id).await?;
    let application = &record.application;
    if application.is_null() {
        return Ok(());
    }
    let mut fields = json!({});
    for name in ["person", "document", "delivery", "guardian"] {
        fields[name] = application[name].clone();
    }
    fields["signature_exempt"] = application["images"]["signature_exempt"].clone();
    let mut wanted = vec![
        (
            "portrait".to_owned(),
            application["images"]["portrait"].clone(),
        ),
        (
            "signature".to_owned(),
            application["images"]["signature"].clone(),
        ),
    ];
    for print in record.prints() {
        let finger = print["finger"].as_str().unwrap_or_default();
        put(
            &mut fields,
            &format!("prints.{finger}"),
            print["quality"].clone(),
        );
        wanted.push((finger.to_owned(), print["image"].clone()));
    }
    for missing in application["missing"].as_array().into_iter().flatten() {
        let finger = missing["finger"].as_str().unwrap_or_default();
        put(
            &mut fields,
            &format!("missing.{finger}"),
            missing["reason"].clone(),
        );
    }
    for (name, file) in wanted {
        if let Some(content) = record.image(portal, signed, &file).await? {
            keep_image(portal, signed, id, &name, content.bytes).await?;
        }
    }
    keep_fields(portal, signed, id, &fields).await
}

/// Fills in what the registry of residents has of the person of that national number.
pub(crate) async fn from_residents(
    portal: &Portal,
    signed: &Signed,
    id: &str,
    fields: &mut Value,
    code: &str,
) -> Result<(), NodeFault> {
    let path = format!("/v1/office/dossier/{}/resident", encoded(id));
    let (token, body) = (Some(&signed.token[..]), json!({ "code": code }));
    let found = portal
        .node
        .send_json(Method::POST, &path, token, None, &body);
    let found = found.await?;
    let names = [
        ("person.surname", "surname"),
        ("person.given_names", "given_names"),
        ("person.sex", "sex"),
        ("person.birth_date", "birth_date"),
        ("person.birth_place", "birth_place"),
        ("person.birth_country", "birth_country"),
        ("person.nationality", "nationality"),
        ("person.address.street", "street"),
        ("person.address.place", "place"),
        ("person.address.country", "country"),
    ];
    // What it does not have is left to be asked: what was typed before may be of somebody else.
    for (field, name) in names {
        put(fields, field, found[name].clone());
    }
    put(fields, "person.latin", Value::Null);
    put(
        fields,
        "person.fiscal_code",
        json!(code.trim().to_uppercase()),
    );
    Ok(())
}

/// Fills in what the machine-readable zone of an old document says.
///
/// # Errors
/// What is wrong with it: a length, a character, a check digit.
pub(crate) fn from_mrz(fields: &mut Value, text: &str, today: Date) -> Result<(), String> {
    let mrz = Mrz::parse(&text.to_uppercase()).map_err(|why| why.to_string())?;
    // Its letters are those of the zone: a name that was typed says more.
    let names = [
        ("person.surname", mrz.name.primary.replace('<', " ")),
        ("person.given_names", mrz.name.secondary.replace('<', " ")),
    ];
    for (name, value) in names {
        let typed = name.split('.').fold(&*fields, |inner, part| &inner[part]);
        if typed.as_str().is_none_or(str::is_empty) {
            put(fields, name, json!(value));
        }
    }
    let sex = match mrz.sex {
        Sex::Female => "F",
        Sex::Male => "M",
        Sex::Unspecified => "X",
    };
    put(fields, "person.sex", json!(sex));
    put(fields, "person.birth_date", json!(birth(&mrz.birth, today)));
    let nationality = mrz.nationality.trim_end_matches('<');
    put(fields, "person.nationality", json!(nationality));
    Ok(())
}

/// A birth date of six characters with its century: nobody is born after today.
fn birth(text: &str, today: Date) -> String {
    let part = |from: usize| text.get(from..from + 2).unwrap_or("<<").replace('<', "X");
    let (year, month, day) = (part(0), part(2), part(4));
    let late = format!(
        "{:02}{:02}{:02}",
        today.year() % 100,
        today.month(),
        today.day()
    );
    let century = if text > late.as_str() {
        today.year() / 100 - 1
    } else {
        today.year() / 100
    };
    format!("{century}{year}-{month}-{day}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 22);

    #[test]
    fn the_specimen_of_doc_9303_fills_the_form() {
        let mut fields = json!({});
        let zone = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
        from_mrz(&mut fields, zone, TODAY).unwrap();
        assert_eq!(fields["person"]["surname"], "ERIKSSON");
        assert_eq!(fields["person"]["given_names"], "ANNA MARIA");
        assert_eq!(fields["person"]["birth_date"], "1974-08-12");
        assert_eq!(fields["person"]["nationality"], "UTO");
        assert_eq!(fields["person"]["sex"], "F");
        let typed = &mut json!({ "person": { "surname": "Ériksson" } });
        from_mrz(typed, &zone.to_lowercase(), TODAY).unwrap();
        assert_eq!(typed["person"]["surname"], "Ériksson");
        assert!(from_mrz(&mut fields, &zone.replace("7408122", "7408123"), TODAY).is_err());
        assert!(from_mrz(&mut fields, "I<UTO", TODAY).is_err());
    }

    #[test]
    fn a_birth_date_has_the_century_that_is_not_to_come() {
        assert_eq!(birth("261122", TODAY), "2026-11-22");
        assert_eq!(birth("261123", TODAY), "1926-11-23");
        assert_eq!(birth("84<<<<", TODAY), "1984-XX-XX");
    }
}
