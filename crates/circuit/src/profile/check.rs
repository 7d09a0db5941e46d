//! What must hold between the parts of a profile.

use super::{AccessProtocol, KeySpec, Profile};
use rilascio_mrtd::lds::DataGroup;
use rilascio_mrtd::mrz::Format;
use std::ops::Range;

type Fault = (Range<usize>, String);
type Check = Result<(), Fault>;

/// Fields of an application that a profile may require or put into optional data.
pub(crate) const PERSON_FIELDS: [&str; 8] = [
    "birth_place",
    "birth_country",
    "fiscal_code",
    "personal_number",
    "height_cm",
    "eye_colour",
    "address",
    "permit",
];

pub(super) fn check(profile: &Profile) -> Check {
    identity(profile)?;
    limits(profile)?;
    document(profile)?;
    ages(profile)?;
    permits(profile)?;
    chip(profile)?;
    authentication(profile)?;
    signing(profile)?;
    images_and_layout(profile)?;
    if profile.circuit.record_years == 0 {
        let why = "[circuit]: record_years is at least 1; acts and certificates are kept as long";
        return Err((profile.name.span(), why.into()));
    }
    let acts = profile.acts.fault();
    acts.map_or(Ok(()), |why| Err((profile.name.span(), why)))
}

fn fault<T>(at: &toml::Spanned<T>, why: impl Into<String>) -> Check {
    Err((at.span(), why.into()))
}

fn identity(profile: &Profile) -> Check {
    if *profile.schema.as_ref() != 1 {
        return fault(&profile.schema, "this program reads profiles of schema 1");
    }
    let name = profile.name.as_ref();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 40 || !name.chars().all(plain) {
        return fault(
            &profile.name,
            "a name has 1 to 40 lower case letters, digits and hyphens",
        );
    }
    Ok(())
}

fn limits(profile: &Profile) -> Check {
    let limits = &profile.limits;
    let all = [
        limits.surname,
        limits.given_names,
        limits.birth_place,
        limits.permit_line,
        limits.permit_lines,
        limits.remark_line,
        limits.remark_lines,
        limits.authority,
        limits.address_line,
    ];
    if all.into_iter().all(|limit| (1..=500).contains(&limit)) {
        Ok(())
    } else {
        Err((
            profile.name.span(),
            "[limits]: each limit is 1 to 500 characters or lines".into(),
        ))
    }
}

fn document(profile: &Profile) -> Check {
    let document = &profile.document;
    let format = document.format.as_ref().format();
    let code = document.code.as_ref().as_mrz();
    if (format == Format::Td3) != code.starts_with('P') {
        return fault(
            &document.code,
            "the code begins with P on TD3, and with A, C or I on cards",
        );
    }
    let sample = document.number.as_ref().number(0).unwrap_or_default();
    if format == Format::Td3 && sample.len() > 9 {
        return fault(
            &document.number,
            "a TD3 document has a number of at most 9 characters",
        );
    }
    for field in &document.required {
        if !PERSON_FIELDS.contains(&field.as_ref().as_str()) {
            let why = format!(
                "there is no field '{}'; there are {}",
                field.as_ref(),
                PERSON_FIELDS.join(", ")
            );
            return fault(field, why);
        }
    }
    let optional = [&document.optional_data_1, &document.optional_data_2];
    for field in optional.into_iter().flatten() {
        if !["fiscal_code", "personal_number"].contains(&field.as_ref().as_str()) {
            return fault(field, "optional data hold fiscal_code or personal_number");
        }
    }
    match (&document.optional_data_1, format) {
        (Some(field), Format::Td2 | Format::Td3) => {
            fault(field, "only TD1 has optional data in its first line")
        }
        _ => Ok(()),
    }
}

fn ages(profile: &Profile) -> Check {
    let rules = &profile.validity;
    match rules.first() {
        Some(first) if *first.from_age.as_ref() == 0 => {}
        Some(first) => {
            return fault(
                &first.from_age,
                "the first rule of validity begins at age 0",
            );
        }
        None => return Err((profile.name.span(), "there is no rule of validity".into())),
    }
    for pair in rules.windows(2) {
        if pair[1].from_age.as_ref() <= pair[0].from_age.as_ref() {
            return fault(&pair[1].from_age, "rules of validity go up by age");
        }
    }
    for rule in rules {
        if !(1..=15).contains(rule.years.as_ref()) {
            return fault(&rule.years, "documents are valid for 1 to 15 years");
        }
    }
    if let Some(prints) = &profile.prints {
        let order = prints.order.as_ref();
        let repeated = order
            .iter()
            .enumerate()
            .any(|(n, finger)| order[..n].contains(finger));
        if order.is_empty() || repeated {
            return fault(&prints.order, "the order names each finger once");
        }
    }
    Ok(())
}

fn permits(profile: &Profile) -> Check {
    for permit in &profile.permit {
        if permit.lines.is_empty() || permit.lines.len() > profile.limits.permit_lines {
            let why = format!(
                "{}: the type of permit has 1 to {} line(s)",
                permit.code, profile.limits.permit_lines
            );
            let span = permit
                .lines
                .first()
                .map_or(profile.name.span(), toml::Spanned::span);
            return Err((span, why));
        }
        for line in &permit.lines {
            if line.as_ref().chars().count() > profile.limits.permit_line {
                let why = format!(
                    "a line of the type of permit has at most {} characters",
                    profile.limits.permit_line
                );
                return fault(line, why);
            }
        }
    }
    Ok(())
}

fn chip(profile: &Profile) -> Check {
    let chip = &profile.chip;
    let groups = chip.groups.as_ref();
    if !chip.has_group(DataGroup::DG1) || !chip.has_group(DataGroup::DG2) {
        return fault(&chip.groups, "DG1 and DG2 are on every chip");
    }
    if groups.windows(2).any(|pair| pair[0] >= pair[1]) {
        return fault(&chip.groups, "data groups go up by number, each once");
    }
    let known = [1, 2, 3, 7, 11, 12, 14, 15];
    if let Some(group) = groups.iter().find(|group| !known.contains(&group.number())) {
        return fault(&chip.groups, format!("{group} cannot be prepared"));
    }
    if chip.has_group(DataGroup::DG3) != profile.prints.is_some() {
        return fault(&chip.groups, "DG3 and the section [prints] go together");
    }
    if chip.access.as_ref().is_empty() {
        return fault(&chip.access, "a chip is opened by BAC, PACE or both");
    }
    if chip.has_access(AccessProtocol::Pace) == chip.pace.as_ref().is_empty() {
        return fault(&chip.access, "PACE in access and [[chip.pace]] go together");
    }
    if *chip.can.as_ref() && !chip.has_access(AccessProtocol::Pace) {
        return fault(&chip.can, "a card access number needs PACE");
    }
    if *chip.card_security.as_ref() && !chip.has_access(AccessProtocol::Pace) {
        return fault(&chip.card_security, "EF.CardSecurity needs PACE");
    }
    let needed = images_bytes(profile) + 8_192;
    const CHIP_BYTES_MAX: usize = 1 << 20;
    if *chip.bytes.as_ref() > CHIP_BYTES_MAX {
        return fault(
            &chip.bytes,
            format!("a chip has at most {CHIP_BYTES_MAX} bytes"),
        );
    }
    if *chip.bytes.as_ref() < needed {
        return fault(
            &chip.bytes,
            format!("the images alone need a chip of {needed} bytes"),
        );
    }
    Ok(())
}

fn images_bytes(profile: &Profile) -> usize {
    let prints = if profile.prints.is_some() { 2 } else { 0 };
    profile.images.face_bytes_max.as_ref() + prints * profile.images.print_bytes_max.as_ref()
}

fn authentication(profile: &Profile) -> Check {
    let chip = &profile.chip;
    let has_security = chip.has_group(DataGroup::DG14);
    if let (Some(authentication), false) = (&chip.chip_authentication, has_security) {
        return fault(authentication, "Chip Authentication needs DG14");
    }
    if *chip.terminal_authentication.as_ref() && chip.chip_authentication.is_none() {
        return fault(
            &chip.terminal_authentication,
            "Terminal Authentication needs Chip Authentication",
        );
    }
    if chip.has_group(DataGroup::DG3) && !*chip.terminal_authentication.as_ref() {
        return fault(
            &chip.groups,
            "fingerprints need terminal_authentication = true",
        );
    }
    if chip.has_access(AccessProtocol::Pace) && !has_security {
        return fault(
            &chip.groups,
            "a chip with PACE has DG14 (Doc 9303-11, 9.2.11)",
        );
    }
    match &chip.active_authentication {
        None if chip.has_group(DataGroup::DG15) => fault(
            &chip.groups,
            "DG15 and [chip.active_authentication] go together",
        ),
        Some(key) if !chip.has_group(DataGroup::DG15) => {
            fault(key, "Active Authentication needs DG15")
        }
        Some(key) if matches!(key.as_ref().key, KeySpec::Ec(_)) && !has_security => fault(
            key,
            "Active Authentication with ECDSA needs DG14 (Doc 9303-11, 6.1)",
        ),
        _ => Ok(()),
    }
}

fn signing(profile: &Profile) -> Check {
    let signing = &profile.signing;
    let country = signing.country.as_ref();
    if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
        return fault(
            &signing.country,
            "the country of a certificate has two capital letters",
        );
    }
    if signing.authority.as_ref().is_empty()
        || !signing
            .authority
            .as_ref()
            .chars()
            .all(|c| c.is_ascii_lowercase() || c == '-')
    {
        return fault(
            &signing.authority,
            "an authority has a name of lower case letters and hyphens",
        );
    }
    if signing.crl.as_ref().is_empty() {
        return fault(
            &signing.crl,
            "certificates say where the revocation list is (Doc 9303-12, 4.3)",
        );
    }
    let code = profile.document.code.as_ref().to_string();
    if !signing.document_types.contains(&code) {
        let why = format!("the document signers must list the code {code} (Doc 9303-12, 4.3.6)");
        return Err((profile.document.code.span(), why));
    }
    let (csca, signer) = (&signing.csca, &signing.document_signer);
    const DAYS_MAX: u32 = 20_000;
    for days in [
        &csca.key_days,
        &csca.validity_days,
        &signer.key_days,
        &signer.validity_days,
    ] {
        if !(1..=DAYS_MAX).contains(days.as_ref()) {
            return fault(
                days,
                format!("keys and certificates live 1 to {DAYS_MAX} days"),
            );
        }
    }
    for authority in [csca, signer] {
        if authority.key_days.as_ref() > authority.validity_days.as_ref() {
            return fault(
                &authority.key_days,
                "a key is not used longer than its certificate is valid",
            );
        }
    }
    let life = profile
        .validity
        .iter()
        .map(|rule| u32::from(*rule.years.as_ref()))
        .max();
    let document_days = life.unwrap_or(0) * 366
        + if profile.validity.iter().any(|r| r.to_birthday) {
            366
        } else {
            0
        };
    if *signer.validity_days.as_ref() < document_days + signer.key_days.as_ref() {
        let why = format!(
            "a document signer certificate outlives its documents: {} days at least (Doc 9303-12, appendix A)",
            document_days + signer.key_days.as_ref()
        );
        return fault(&signer.validity_days, why);
    }
    if *csca.validity_days.as_ref() < signer.validity_days.as_ref() + csca.key_days.as_ref() {
        let why = format!(
            "a CSCA certificate outlives its document signers: {} days at least (Doc 9303-12, appendix A)",
            signer.validity_days.as_ref() + csca.key_days.as_ref()
        );
        return fault(&csca.validity_days, why);
    }
    Ok(())
}

fn images_and_layout(profile: &Profile) -> Check {
    let images = &profile.images;
    if !(100..=2_000).contains(images.face_width.as_ref()) {
        return fault(&images.face_width, "a portrait is 100 to 2000 pixels wide");
    }
    if !(100..=2_500).contains(images.face_height.as_ref()) {
        return fault(&images.face_height, "a portrait is 100 to 2500 pixels high");
    }
    if !(4_096..=65_536).contains(images.face_bytes_max.as_ref()) {
        return fault(
            &images.face_bytes_max,
            "a portrait takes 4096 to 65536 bytes",
        );
    }
    if !(4_096..=32_768).contains(images.print_bytes_max.as_ref()) {
        return fault(
            &images.print_bytes_max,
            "a fingerprint takes 4096 to 32768 bytes",
        );
    }
    let layout = &profile.layout;
    for side in [&layout.width_mm, &layout.height_mm] {
        if !(20.0..=300.0).contains(side.as_ref()) {
            return fault(side, "a face measures 20 to 300 mm");
        }
    }
    let faces = layout.face.as_ref();
    if faces.is_empty() || faces.len() > 4 {
        return fault(&layout.face, "a document has 1 to 4 faces");
    }
    for (n, face) in faces.iter().enumerate() {
        let name = face.name.as_ref();
        let repeated = faces[..n].iter().any(|other| other.name.as_ref() == name);
        if repeated || name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase()) {
            return fault(
                &face.name,
                "each face has its own name of lower case letters",
            );
        }
    }
    Ok(())
}
