//! A letter: text on A4 pages, as PDF/A-2a and PDF/UA-1, so that archives keep it and screen readers read it.

use crate::fonts::{self, TEXT};
use crate::proof::{POINTS_PER_MM, created};
use crate::{Error, Result};
use jiff::Timestamp;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Point, Size};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, Tag, TagGroup, TagTree,
};
use krilla::text::{Font, TextDirection};
use krilla::{Document, SerializeSettings};
use std::num::NonZeroU16;

const WIDTH_MM: f32 = 210.0;
const HEIGHT_MM: f32 = 297.0;
/// Room at the sides, and for the foot below.
const MARGIN_MM: f32 = 25.0;
const FOOT_MM: f32 = 15.0;
const FOOT_POINTS: f32 = 8.5;
/// Lines of one letter: hundreds of pages are a mistake.
const LINES_MAX: usize = 20_000;

/// What a block of a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Who writes: above everything, in the middle.
    Sender,
    /// What it is: in the middle, and a part of the outline.
    Title,
    /// The title of a part.
    Heading,
    /// A paragraph.
    Paragraph,
    /// A line that stands close to the one before.
    Line,
    /// Small print.
    Note,
}

/// How a style is set: points, weight, italic, room before it in points, in the middle or not.
struct Setting {
    size: f32,
    weight: u16,
    italic: bool,
    before: f32,
    centred: bool,
}

impl Style {
    fn setting(self) -> Setting {
        let (size, weight, italic, before, centred) = match self {
            Self::Sender => (12.0, 700, false, 2.0, true),
            Self::Title => (15.0, 700, false, 22.0, true),
            Self::Heading => (11.0, 700, false, 14.0, false),
            Self::Paragraph => (10.5, 400, false, 8.0, false),
            Self::Line => (10.5, 400, false, 1.0, false),
            Self::Note => (9.0, 400, true, 14.0, false),
        };
        Setting {
            size,
            weight,
            italic,
            before,
            centred,
        }
    }
}

/// A block of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub style: Style,
    /// Its language: `it`.
    pub language: &'static str,
    /// Its text.
    pub text: String,
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it is called, for those who do not open it.
    pub title: String,
    /// Its first language: `it`.
    pub language: &'static str,
    /// What stands at the foot of every page, before the number of the page.
    pub foot: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A line on its page.
struct Line {
    page: usize,
    x: f32,
    y: f32,
    block: usize,
    text: String,
}

fn fault(why: impl std::fmt::Display) -> Error {
    Error::Render {
        why: why.to_string(),
    }
}

fn width(text: &str, setting: &Setting) -> Result<f32> {
    let ems = fonts::measure(text, TEXT, setting.weight, setting.italic).map_err(fault)?;
    Ok(ems * setting.size)
}

/// Breaks a text between words; a word that is longer than a line is broken where the line ends.
fn broken(text: &str, setting: &Setting, room: f32) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let longer = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if width(&longer, setting)? <= room {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for character in word.chars() {
                line.push(character);
                if width(&line, setting)? > room {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, character.to_string()));
                }
            }
        }
        lines.push(line);
    }
    Ok(lines)
}

/// Where every line stands, and how many pages that takes.
fn set(letter: &Letter) -> Result<(Vec<Line>, usize)> {
    let margin = MARGIN_MM * POINTS_PER_MM;
    let room = (WIDTH_MM - 2.0 * MARGIN_MM) * POINTS_PER_MM;
    let bottom = (HEIGHT_MM - MARGIN_MM) * POINTS_PER_MM;
    let (mut lines, mut page, mut y) = (Vec::new(), 0, margin);
    for (block, one) in letter.blocks.iter().enumerate() {
        let setting = one.style.setting();
        let step = setting.size * 1.35;
        y += setting.before;
        // A title is never alone at the end of a page.
        let needed = match one.style {
            Style::Title | Style::Heading => step * 3.0,
            _ => step,
        };
        if y + needed > bottom {
            (page, y) = (page + 1, margin);
        }
        for text in broken(&one.text, &setting, room)? {
            if y + step > bottom {
                (page, y) = (page + 1, margin);
            }
            y += step;
            let x = if setting.centred {
                margin + (room - width(&text, &setting)?) / 2.0
            } else {
                margin
            };
            lines.push(Line {
                page,
                x,
                y,
                block,
                text,
            });
        }
        if lines.len() > LINES_MAX {
            return Err(fault(format!("a letter of more than {LINES_MAX} lines")));
        }
    }
    Ok((lines, page + 1))
}

/// The fonts of a letter, each read once.
struct Fonts(Vec<((u16, bool), Font)>);

impl Fonts {
    fn read() -> Result<Self> {
        let kinds = [(400, false), (400, true), (700, false)];
        let read = |kind: (u16, bool)| {
            let data = fonts::data(TEXT, kind.0, kind.1).ok_or_else(|| fault("no such font"))?;
            let font = Font::new(data.into(), 0);
            Ok((kind, font.ok_or_else(|| fault("a font cannot be read"))?))
        };
        Ok(Self(kinds.into_iter().map(read).collect::<Result<_>>()?))
    }

    fn draw(
        &self,
        surface: &mut Surface<'_>,
        at: (f32, f32),
        setting: &Setting,
        text: &str,
    ) -> Result<()> {
        let kind = (setting.weight, setting.italic);
        let found = self.0.iter().find(|(known, _)| *known == kind);
        let (_, font) = found.ok_or_else(|| fault("no such font"))?;
        surface.draw_text(
            Point::from_xy(at.0, at.1),
            font.clone(),
            setting.size,
            text,
            false,
            TextDirection::LeftToRight,
        );
        Ok(())
    }
}

/// The place of a block in the tree that screen readers follow.
fn group(block: &Block) -> TagGroup {
    let language = Some(block.language.to_owned());
    let level = |number| NonZeroU16::new(number).unwrap_or(NonZeroU16::MIN);
    let title = Some(block.text.clone());
    match block.style {
        Style::Title => TagGroup::new(Tag::Hn(level(1), title).with_lang(language)),
        Style::Heading => TagGroup::new(Tag::Hn(level(2), title).with_lang(language)),
        _ => TagGroup::new(Tag::P.with_lang(language)),
    }
}

/// Sets a letter and gives it as PDF: the same letter at the same time is the same bytes.
///
/// # Errors
/// [`Error::Render`]: a character that the font lacks, or a letter without end.
pub fn letter(letter: &Letter, at: Timestamp) -> Result<Vec<u8>> {
    let (lines, pages) = set(letter)?;
    let fonts = Fonts::read()?;
    let size = Size::from_wh(WIDTH_MM * POINTS_PER_MM, HEIGHT_MM * POINTS_PER_MM);
    let size = size.ok_or_else(|| fault("a page without size"))?;
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|why| fault(format!("{why:?}")))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        enable_tagging: true,
        ..SerializeSettings::default()
    });
    let mut tagged: Vec<Vec<Identifier>> = letter.blocks.iter().map(|_| Vec::new()).collect();
    let mut outline = Outline::new();
    for number in 0..pages {
        let mut page = document.start_page_with(PageSettings::new(size));
        let mut surface = page.surface();
        for line in lines.iter().filter(|line| line.page == number) {
            let Some(block) = letter.blocks.get(line.block) else {
                continue;
            };
            let setting = block.style.setting();
            let span = SpanTag::empty().with_lang(Some(block.language));
            let id = surface.start_tagged(ContentTag::Span(span));
            fonts.draw(&mut surface, (line.x, line.y), &setting, &line.text)?;
            surface.end_tagged();
            let of_block = tagged.get_mut(line.block);
            let first = of_block.as_ref().is_some_and(|found| found.is_empty());
            if first && block.style == Style::Title {
                let there = Point::from_xy(line.x, line.y - setting.size);
                let there = XyzDestination::new(number, there);
                outline.push_child(OutlineNode::new(block.text.clone(), there));
            }
            if let Some(of_block) = of_block {
                of_block.push(id);
            }
        }
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(
            ArtifactType::Footer,
        )));
        let foot = Setting {
            size: FOOT_POINTS,
            ..Style::Line.setting()
        };
        let text = format!("{} · {}/{pages}", letter.foot, number + 1);
        let at = (
            MARGIN_MM * POINTS_PER_MM,
            (HEIGHT_MM - FOOT_MM) * POINTS_PER_MM,
        );
        fonts.draw(&mut surface, at, &foot, &text)?;
        surface.end_tagged();
        surface.finish();
        page.finish();
    }
    let mut tree = TagTree::new().with_lang(Some(letter.language.to_owned()));
    for (block, found) in letter.blocks.iter().zip(tagged) {
        let mut group = group(block);
        group.children = found.into_iter().map(Node::from).collect();
        if !group.children.is_empty() {
            tree.push(group);
        }
    }
    document.set_tag_tree(tree);
    document.set_outline(outline);
    let metadata = Metadata::new()
        .title(letter.title.clone())
        .language(letter.language.to_owned())
        .creator("Rilascio".to_owned())
        .creation_date(created(at));
    document.set_metadata(metadata);
    document.finish().map_err(|why| fault(format!("{why:?}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
    use super::*;

    fn block(style: Style, text: &str) -> Block {
        Block {
            style,
            language: "it",
            text: text.to_owned(),
        }
    }

    fn long(paragraphs: usize) -> Letter {
        let text =
            "Visto l'articolo 5 del decreto legislativo, considerato che la domanda è incompleta. ";
        let mut blocks = vec![
            block(Style::Sender, "Gendarmeria"),
            block(Style::Title, "Decreto di rifiuto"),
        ];
        blocks.extend((0..paragraphs).map(|_| block(Style::Paragraph, &text.repeat(5))));
        Letter {
            title: "Decreto".into(),
            language: "it",
            foot: "A-000001".into(),
            blocks,
        }
    }

    #[test]
    fn no_line_leaves_its_page() {
        let (lines, pages) = set(&long(30)).unwrap();
        assert!(pages > 1);
        assert_eq!(lines.iter().map(|line| line.page).max(), Some(pages - 1));
        let right = (WIDTH_MM - MARGIN_MM) * POINTS_PER_MM;
        let bottom = (HEIGHT_MM - MARGIN_MM) * POINTS_PER_MM;
        for line in &lines {
            let setting = long(30).blocks[line.block].style.setting();
            assert!(line.x + width(&line.text, &setting).unwrap() <= right + 0.5);
            assert!(line.y <= bottom + 0.5, "{}", line.y);
        }
    }

    #[test]
    fn nothing_is_lost_where_lines_are_broken() {
        let setting = Style::Paragraph.setting();
        let text = format!("uno {} due\n\ntre", "parolalunghissima".repeat(20));
        let lines = broken(&text, &setting, 200.0).unwrap();
        let joined: String = lines.concat().split_whitespace().collect();
        let plain: String = text.split_whitespace().collect();
        assert_eq!(joined, plain);
        assert!(lines.len() > 5);
    }

    #[test]
    fn a_letter_is_the_same_bytes_again() {
        let at = Timestamp::from_second(1_790_000_000).unwrap();
        let first = letter(&long(3), at).unwrap();
        assert!(first.starts_with(b"%PDF-"));
        assert_eq!(first, letter(&long(3), at).unwrap());
    }

    #[test]
    fn a_character_without_a_glyph_is_an_error() {
        let mut foreign = long(1);
        foreign.blocks.push(block(Style::Paragraph, "Δημος"));
        assert!(letter(&foreign, Timestamp::UNIX_EPOCH).is_err());
    }

    #[test]
    fn the_font_has_every_letter_of_the_latin_script_that_names_use() {
        let setting = Style::Paragraph.setting();
        let missing: Vec<char> = (' '..='~')
            .chain('\u{a1}'..='\u{17e}')
            .chain("–—‘’“”…€".chars())
            .filter(|character| width(&character.to_string(), &setting).is_err())
            .collect();
        // A soft hyphen, and ligatures and letters that no alphabet of today uses.
        assert_eq!(missing, ['\u{ad}', 'Ĳ', 'ĳ', 'ĸ', 'Ŀ', 'ŀ', 'ŉ']);
    }
}
