//! Draws the people of the examples: `draw_people FOLDER` writes `NAME.png` portraits and `NAME-signature.png`.

use rilascio_artwork::preview;
use std::fmt::Write;
use std::path::PathBuf;

/// A person as a few colours and shapes.
struct Person {
    name: &'static str,
    skin: &'static str,
    hair: &'static str,
    eyes: &'static str,
    clothes: &'static str,
    /// Long hair, beard, child.
    traits: (bool, bool, bool),
    /// What the signature's line is made of.
    hand: [f32; 4],
}

const PEOPLE: [Person; 6] = [
    Person {
        name: "amina",
        skin: "#b9835a",
        hair: "#1d1512",
        eyes: "#3a2415",
        clothes: "#2f5d62",
        traits: (true, false, false),
        hand: [5.0, 9.0, 1.2, 0.4],
    },
    Person {
        name: "oleksandr",
        skin: "#e9c2a4",
        hair: "#8a6a3f",
        eyes: "#4c6a7d",
        clothes: "#34435e",
        traits: (false, true, false),
        hand: [7.0, 4.0, 0.7, 1.9],
    },
    Person {
        name: "giulia",
        skin: "#edc8ad",
        hair: "#5a3420",
        eyes: "#4d6b3c",
        clothes: "#7a2f3e",
        traits: (true, false, false),
        hand: [4.0, 7.0, 2.4, 0.9],
    },
    Person {
        name: "marco",
        skin: "#dfb08c",
        hair: "#2e241c",
        eyes: "#4a3320",
        clothes: "#3b3f46",
        traits: (false, false, false),
        hand: [6.0, 11.0, 0.2, 2.2],
    },
    Person {
        name: "sofia",
        skin: "#f0cdb4",
        hair: "#a7743a",
        eyes: "#4f7390",
        clothes: "#c98a2b",
        traits: (true, false, true),
        hand: [3.0, 5.0, 0.5, 0.6],
    },
    Person {
        name: "luca",
        skin: "#e6b893",
        hair: "#4a2f1b",
        eyes: "#5b4027",
        clothes: "#3d6e8f",
        traits: (false, false, true),
        hand: [3.0, 8.0, 1.5, 1.1],
    },
];

fn portrait(person: &Person) -> String {
    let Person {
        skin,
        hair,
        eyes,
        clothes,
        ..
    } = person;
    let (long, beard, child) = person.traits;
    // A child's face is rounder, its eyes lower and larger.
    let (rx, ry, eye_y, eye) = if child {
        (96, 112, 372, 15)
    } else {
        (92, 124, 352, 13)
    };
    let mut svg = String::from(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="622" height="800" viewBox="0 0 622 800">
<defs><radialGradient id="light" cx="0.42" cy="0.38" r="0.75"><stop offset="0" stop-color="#fff" stop-opacity="0.30"/>
<stop offset="0.6" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity="0.28"/></radialGradient></defs>
<rect width="622" height="800" fill="#dfe3e6"/>"##,
    );
    let (w, h) = (rx as f32 * 1.55, ry as f32 * 1.55);
    let top = 375.0 - h;
    if long {
        let _ = write!(
            svg,
            r#"<path d="M{:.0} 380 Q{:.0} {:.0} 311 {:.0} T{:.0} 380 L{:.0} 640 Q311 700 {:.0} 640 Z" fill="{hair}"/>"#,
            311.0 - w - 26.0,
            311.0 - w,
            top - 30.0,
            top - 34.0,
            311.0 + w + 26.0,
            311.0 + w + 8.0,
            311.0 - w - 8.0
        );
    }
    let _ = write!(
        svg,
        r##"<path d="M262 500 V660 H360 V500 Z" fill="{skin}"/><path d="M262 545 Q311 605 360 545 V575 Q311 630 262 575 Z" fill="#000" opacity="0.16"/>
<path d="M40 800 Q60 650 235 612 Q311 665 387 612 Q562 650 582 800 Z" fill="{clothes}"/><path d="M235 612 Q311 672 387 612 L402 628 Q311 700 220 628 Z" fill="#fff" opacity="0.18"/>
<ellipse cx="{:.0}" cy="385" rx="20" ry="34" fill="{skin}"/><ellipse cx="{:.0}" cy="385" rx="20" ry="34" fill="{skin}"/>
<ellipse cx="311" cy="375" rx="{w:.0}" ry="{h:.0}" fill="{skin}"/><ellipse cx="311" cy="375" rx="{w:.0}" ry="{h:.0}" fill="url(#light)"/>"##,
        311.0 - w,
        311.0 + w
    );
    if beard {
        let _ = write!(
            svg,
            r#"<path d="M{:.0} 420 Q{:.0} 560 311 {:.0} Q{:.0} 560 {:.0} 420 Q{:.0} 470 311 468 Q{:.0} 470 {:.0} 420 Z" fill="{hair}" opacity="0.85"/>"#,
            311.0 - w + 3.0,
            311.0 - w + 30.0,
            380.0 + h,
            311.0 + w - 30.0,
            311.0 + w - 3.0,
            311.0 + w * 0.5,
            311.0 - w * 0.5,
            311.0 - w + 3.0
        );
    }
    let _ = write!(
        svg,
        r#"<path d="M{:.0} 350 Q{:.0} {:.0} 311 {:.0} Q{:.0} {:.0} {:.0} 350 Q{:.0} {:.0} 330 {:.0} Q{:.0} {:.0} {:.0} 350 Z" fill="{hair}"/>"#,
        311.0 - w - 6.0,
        311.0 - w - 14.0,
        top - 16.0,
        top - 20.0,
        311.0 + w + 14.0,
        top - 16.0,
        311.0 + w + 6.0,
        311.0 + w - 16.0,
        top + 84.0,
        top + 62.0,
        311.0 - w + 40.0,
        top + 78.0,
        311.0 - w - 6.0
    );
    for x in [246, 376] {
        let _ = write!(
            svg,
            r##"<path d="M{} {} Q{x} {} {} {}" fill="none" stroke="{hair}" stroke-width="9" stroke-linecap="round"/>
<ellipse cx="{x}" cy="{eye_y}" rx="{}" ry="{eye}" fill="#fbfaf8"/><circle cx="{x}" cy="{eye_y}" r="{eye}" fill="{eyes}"/><circle cx="{x}" cy="{eye_y}" r="6" fill="#111"/><circle cx="{}" cy="{}" r="3" fill="#fff"/>
<path d="M{} {} Q{x} {} {} {}" fill="none" stroke="#3a2a22" stroke-width="4"/>"##,
            x - 34,
            eye_y - 34,
            eye_y - 48,
            x + 34,
            eye_y - 34,
            eye * 2,
            x + 4,
            eye_y - 5,
            x - 28,
            eye_y,
            eye_y - eye - 9,
            x + 28,
            eye_y
        );
    }
    let _ = write!(
        svg,
        r##"<path d="M311 {} Q296 430 290 446 Q311 462 332 446" fill="none" stroke="#000" stroke-opacity="0.35" stroke-width="5" stroke-linecap="round"/>
<path d="M262 500 Q311 489 360 500 Q311 528 262 500 Z" fill="#b05a55"/><path d="M262 500 Q311 508 360 500" fill="none" stroke="#7c3833" stroke-width="3"/></svg>"##,
        eye_y + 12
    );
    svg
}

fn signature(person: &Person) -> String {
    let [fast, slow, phase, lift] = person.hand;
    let mut path = String::new();
    for step in 0..=260 {
        let t = step as f32 / 260.0;
        let x = 30.0 + 480.0 * t + 26.0 * (t * fast * 9.0 + phase).cos();
        let fade = 1.0 - 0.55 * t;
        let y = 100.0
            - 20.0 * t
            - fade * (38.0 * (t * fast * 9.0 + phase).sin() + 22.0 * (t * slow * 4.0 + lift).sin());
        let _ = write!(path, "{}{x:.1} {y:.1}", if step == 0 { 'M' } else { 'L' });
    }
    let _ = write!(path, "M60 158 Q300 {:.0} 520 140", 120.0 + 14.0 * lift);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="561" height="182" viewBox="0 0 561 182"><rect width="561" height="182" fill="#fff"/><path d="{path}" fill="none" stroke="#1b1f3a" stroke-width="4.2" stroke-linecap="round" stroke-linejoin="round"/></svg>"##
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    std::fs::create_dir_all(&folder)?;
    // Millimetres that make one pixel of the drawing one pixel of the picture at 450 dpi.
    let mm = |pixels: f32| pixels / 450.0 * 25.4;
    for person in &PEOPLE {
        let picture = preview(&portrait(person), mm(622.0), mm(800.0), 450.0)?;
        std::fs::write(folder.join(format!("{}.png", person.name)), picture)?;
        let picture = preview(&signature(person), mm(561.0), mm(182.0), 450.0)?;
        std::fs::write(
            folder.join(format!("{}-signature.png", person.name)),
            picture,
        )?;
    }
    Ok(())
}
