//! The fonts of documents, and what can be measured of them.

use resvg::usvg::{self, fontdb};
use std::sync::{Arc, OnceLock};
use ttf_parser::Face;

/// The family of the machine readable zone.
pub(crate) const OCR_B: &str = "OCR B";
/// The family of everything else.
pub(crate) const TEXT: &str = "Titillium Web";

/// A font file: family, weight, italic or not, content.
struct Font {
    family: &'static str,
    weight: u16,
    italic: bool,
    data: &'static [u8],
}

const FONTS: [Font; 4] = [
    Font {
        family: OCR_B,
        weight: 400,
        italic: false,
        data: include_bytes!("../fonts/OCRB.otf"),
    },
    Font {
        family: TEXT,
        weight: 400,
        italic: false,
        data: include_bytes!("../fonts/TitilliumWeb-Regular.ttf"),
    },
    Font {
        family: TEXT,
        weight: 400,
        italic: true,
        data: include_bytes!("../fonts/TitilliumWeb-Italic.ttf"),
    },
    Font {
        family: TEXT,
        weight: 700,
        italic: false,
        data: include_bytes!("../fonts/TitilliumWeb-Bold.ttf"),
    },
];

fn find(family: &str, weight: u16, italic: bool) -> Option<&'static Font> {
    FONTS
        .iter()
        .find(|f| (f.family, f.weight, f.italic) == (family, weight, italic))
}

/// The file of a font.
pub(crate) fn data(family: &str, weight: u16, italic: bool) -> Option<&'static [u8]> {
    find(family, weight, italic).map(|font| font.data)
}

/// The width of a text in a font, in units of the font size.
///
/// # Errors
/// When there is no such font, or it lacks a character.
pub(crate) fn measure(text: &str, family: &str, weight: u16, italic: bool) -> Result<f32, String> {
    let font = find(family, weight, italic).ok_or_else(|| {
        format!(
            "no font {family} {weight}{}",
            if italic { " italic" } else { "" }
        )
    })?;
    let face = Face::parse(font.data, 0).map_err(|fault| fault.to_string())?;
    let em = f32::from(face.units_per_em());
    let mut width = 0.0;
    for character in text.chars() {
        let advance = face
            .glyph_index(character)
            .and_then(|glyph| face.glyph_hor_advance(glyph))
            .ok_or_else(|| format!("the font {family} has no character '{character}'"))?;
        width += f32::from(advance) / em;
    }
    Ok(width)
}

/// Options that see these fonts, data URIs, and nothing of the machine.
pub(crate) fn options() -> usvg::Options<'static> {
    static DATABASE: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let database = DATABASE.get_or_init(|| {
        let mut database = fontdb::Database::new();
        for font in &FONTS {
            database.load_font_source(fontdb::Source::Binary(Arc::new(font.data)));
        }
        database.set_serif_family(TEXT);
        database.set_sans_serif_family(TEXT);
        Arc::new(database)
    });
    usvg::Options {
        fontdb: Arc::clone(database),
        font_family: TEXT.to_owned(),
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: usvg::ImageHrefResolver::default_data_resolver(),
            resolve_string: Box::new(|_, _| None),
        },
        ..usvg::Options::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ocr_b_has_ten_characters_per_inch_at_its_size() {
        let width = measure("I<UTOD231458907<<<<<<<<<<<<<<<", OCR_B, 400, false).expect("there");
        assert!((width * 3.513 - 30.0 * 2.54).abs() < 0.05, "{width}");
    }

    #[test]
    fn every_file_is_the_font_that_the_table_says() {
        for font in &FONTS {
            let options = options();
            let query = fontdb::Query {
                families: &[fontdb::Family::Name(font.family)],
                weight: fontdb::Weight(font.weight),
                style: if font.italic {
                    fontdb::Style::Italic
                } else {
                    fontdb::Style::Normal
                },
                ..fontdb::Query::default()
            };
            let id = options.fontdb.query(&query).expect("found");
            let face = options.fontdb.face(id).expect("loaded");
            assert_eq!(face.weight.0, font.weight, "{}", font.family);
        }
    }

    #[test]
    fn a_missing_character_is_an_error() {
        assert!(measure("Δ", TEXT, 400, false).is_err());
        assert!(measure("à", OCR_B, 400, false).is_err() || measure("à", TEXT, 400, false).is_ok());
    }
}
