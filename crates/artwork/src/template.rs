//! From a template and the texts of a record to SVG.

use crate::figures;
use crate::fonts::{OCR_B, TEXT, measure};
use crate::{Error, Result};
use minijinja::value::{Kwargs, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;

/// Font size that gives OCR-B ten characters per inch, in millimetres.
const OCR_B_SIZE_MM: f32 = 3.513;
/// How far a text may shrink to fit its zone.
const SHRINK_MIN: f32 = 0.55;

/// What of a face is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The printed blank and what is engraved on it.
    Whole,
    /// What is engraved.
    Engraving,
}

/// What a template may show. Absent fields are empty.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FaceData {
    /// Document number.
    pub number: String,
    /// Serial of the blank.
    pub serial: String,
    /// Card access number.
    pub can: Option<String>,
    /// Document code of the MRZ.
    pub code: String,
    /// Issuing state.
    pub state: String,
    /// Surname.
    pub surname: String,
    /// Given names.
    pub given_names: String,
    /// Sex.
    pub sex: String,
    /// Birth date.
    pub birth_date: String,
    /// Place of birth.
    pub birth_place: Option<String>,
    /// Nationality.
    pub nationality: String,
    /// Fiscal code or ISS code.
    pub fiscal_code: Option<String>,
    /// Personal number.
    pub personal_number: Option<String>,
    /// Height with its unit.
    pub height: Option<String>,
    /// Colour of the eyes.
    pub eye_colour: Option<String>,
    /// Lines of the address.
    pub address: Vec<String>,
    /// Lines of the type of permit.
    pub permit: Vec<String>,
    /// Date of issue.
    pub issued: String,
    /// First day of validity.
    pub valid_from: String,
    /// Last day of validity, or the word for a validity without end.
    pub valid_until: String,
    /// Place of issue.
    pub place: String,
    /// Issuing authority.
    pub authority: String,
    /// Parents or guardians.
    pub guardians: Vec<String>,
    /// Lines of the remarks.
    pub remarks: Vec<String>,
    /// Lines of the MRZ.
    pub mrz: Vec<String>,
    /// The portrait, as a data URI.
    pub portrait: String,
    /// The signature, as a data URI.
    pub signature: Option<String>,
    /// What stands in place of the signature.
    pub signature_exempt: Option<String>,
}

/// A template with its name, for messages.
pub struct Template<'a> {
    name: &'a str,
    text: &'a str,
}

impl<'a> Template<'a> {
    /// A template.
    #[must_use]
    pub fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text }
    }

    /// Draws a face.
    ///
    /// # Errors
    /// [`Error::Template`] with the place, when the template is wrong, or a text does not fit or cannot be set.
    pub fn draw(&self, data: &FaceData, layer: Layer) -> Result<String> {
        const FUEL: u64 = 1_000_000;
        let fault = |fault: minijinja::Error| Error::Template {
            template: self.name.to_owned(),
            why: describe(&fault),
        };
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_fuel(Some(FUEL));
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        add_functions(&mut environment);
        environment.add_global("blank", layer == Layer::Whole);
        environment.add_template("face", self.text).map_err(fault)?;
        environment
            .get_template("face")
            .and_then(|face| face.render(data))
            .map_err(fault)
    }
}

fn describe(fault: &minijinja::Error) -> String {
    let line = fault
        .line()
        .map(|line| format!("line {line}: "))
        .unwrap_or_default();
    match fault.detail() {
        Some(detail) => format!("{line}{detail}"),
        None => format!("{line}{}", fault.kind()),
    }
}

fn refuse(why: impl Into<String>) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, why.into())
}

type Drawn = std::result::Result<Value, minijinja::Error>;

fn add_functions(environment: &mut Environment<'_>) {
    environment.add_function("text", text);
    environment.add_function("ocr", ocr);
    environment.add_function("picture", picture);
    environment.add_function("waves", waves);
    environment.add_function(
        "rosette",
        |x: f32, y: f32, r: f32, petals: u32, turns: u32| figures::rosette(x, y, r, petals, turns),
    );
}

/// `text(x, y, content, size, width=, weight=, italic=, anchor=, fill=, family=)`: one line, shrunk to its zone.
fn text(x: f32, y: f32, content: String, size: f32, options: Kwargs) -> Drawn {
    let width: Option<f32> = options.get("width")?;
    let weight: u16 = options.get::<Option<u16>>("weight")?.unwrap_or(400);
    let italic: bool = options.get::<Option<bool>>("italic")?.unwrap_or(false);
    let anchor: String = options
        .get::<Option<String>>("anchor")?
        .unwrap_or("start".into());
    let fill: String = options
        .get::<Option<String>>("fill")?
        .unwrap_or("#000".into());
    let family: String = options
        .get::<Option<String>>("family")?
        .unwrap_or(TEXT.into());
    let turn: Option<f32> = options.get("turn")?;
    options.assert_all_used()?;
    let natural = measure(&content, &family, weight, italic).map_err(refuse)?;
    let mut size = size;
    if let Some(width) = width {
        let fitting = if natural > 0.0 { width / natural } else { size };
        if fitting < size * SHRINK_MIN {
            return Err(refuse(format!("'{content}' does not fit into {width} mm")));
        }
        size = size.min(fitting);
    }
    let style = if italic { " font-style=\"italic\"" } else { "" };
    let turn = turn
        .map(|by| format!(" transform=\"rotate({by} {x} {y})\""))
        .unwrap_or_default();
    Ok(Value::from_safe_string(format!(
        "<text x=\"{x}\" y=\"{y}\" font-family=\"{family}\" font-weight=\"{weight}\"{style} \
         font-size=\"{size:.3}\" text-anchor=\"{anchor}\" fill=\"{fill}\"{turn}>{}</text>",
        escape(&content)
    )))
}

/// `waves([x, y, width, height], lines, amplitude)`: the path of fine lines that fill a zone.
fn waves(
    zone: Vec<f32>,
    lines: u32,
    amplitude: f32,
) -> std::result::Result<String, minijinja::Error> {
    let [x, y, width, height] = zone[..] else {
        return Err(refuse("a zone is [x, y, width, height]"));
    };
    Ok(figures::waves(x, y, width, height, lines, amplitude))
}

/// `ocr(x, y, line)`: one line of OCR-B, its first character at `x`, ten characters per inch.
fn ocr(x: f32, y: f32, line: String) -> Drawn {
    measure(&line, OCR_B, 400, false).map_err(refuse)?;
    Ok(Value::from_safe_string(format!(
        "<text x=\"{x}\" y=\"{y}\" font-family=\"{OCR_B}\" font-size=\"{OCR_B_SIZE_MM}\" \
         fill=\"#000\" xml:space=\"preserve\">{}</text>",
        escape(&line)
    )))
}

/// `picture([x, y, width, height], uri, opacity=)`: a picture in its zone, shape kept.
fn picture(zone: Vec<f32>, uri: String, options: Kwargs) -> Drawn {
    let [x, y, width, height] = zone[..] else {
        return Err(refuse("a zone is [x, y, width, height]"));
    };
    let opacity: f32 = options.get::<Option<f32>>("opacity")?.unwrap_or(1.0);
    let fit: String = options
        .get::<Option<String>>("fit")?
        .unwrap_or("xMidYMid meet".into());
    options.assert_all_used()?;
    if !uri.starts_with("data:image/png;base64,") {
        return Err(refuse("a picture is a PNG data URI"));
    }
    Ok(Value::from_safe_string(format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" opacity=\"{opacity}\" \
         preserveAspectRatio=\"{fit}\" href=\"{uri}\"/>"
    )))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(template: &str, data: &FaceData) -> Result<String> {
        Template::new("face.svg", template).draw(data, Layer::Whole)
    }

    #[test]
    fn texts_are_escaped_and_shrink_until_they_fit() {
        let data = FaceData {
            surname: "D'A<B>&\"C".into(),
            ..FaceData::default()
        };
        let drawn = draw("{{ text(1, 2, surname, 3) }}", &data).expect("drawn");
        assert!(
            drawn.contains(">D'A&lt;B&gt;&amp;&quot;C</text>"),
            "{drawn}"
        );
        let long = FaceData {
            surname: "W".repeat(20),
            ..FaceData::default()
        };
        let drawn = draw("{{ text(1, 2, surname, 3, width=40) }}", &long).expect("drawn");
        assert!(!drawn.contains("font-size=\"3.000\""), "{drawn}");
    }

    #[test]
    fn faults_name_the_template_and_the_line() {
        let data = FaceData {
            surname: "W".repeat(60),
            ..FaceData::default()
        };
        for (template, expected) in [
            ("\n{{ text(1, 2, surname, 3, width=10) }}", "line 2: 'WWW"),
            ("{{ nothing_of_the_kind }}", "line 1"),
            ("{% if %}", "line 1"),
            (
                "{{ picture([0, 0, 1, 1], 'file:///etc/passwd') }}",
                "PNG data URI",
            ),
            ("{{ text(1, 2, 'Δ', 3) }}", "has no character 'Δ'"),
            ("{% for a in range(10000000) %}{{ a }}{% endfor %}", ""),
        ] {
            let fault = draw(template, &data).expect_err(template).to_string();
            assert!(fault.starts_with("template face.svg: "), "{fault}");
            assert!(fault.contains(expected), "{fault}");
        }
    }
}
