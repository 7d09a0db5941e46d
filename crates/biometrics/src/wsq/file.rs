//! The file: markers, tables and coded blocks.

use super::entropy::{Table, code, symbols};
use super::quantisation::Bins;
use super::tree::BANDS;
use super::wavelet::{HIGH, LOW};

pub(super) const START_OF_IMAGE: u16 = 0xFFA0;
pub(super) const END_OF_IMAGE: u16 = 0xFFA1;
pub(super) const START_OF_FRAME: u16 = 0xFFA2;
pub(super) const START_OF_BLOCK: u16 = 0xFFA3;
pub(super) const TRANSFORM_TABLE: u16 = 0xFFA4;
pub(super) const QUANTISATION_TABLE: u16 = 0xFFA5;
pub(super) const HUFFMAN_TABLE: u16 = 0xFFA6;
pub(super) const COMMENT: u16 = 0xFFA8;
/// Bands of the quantisation table: those that are coded, and four that never are.
pub(super) const TABLE_BANDS: usize = 64;
/// The implementation of the encoder: 2 is NIST's, whose arithmetic this one follows.
const ENCODER: u8 = 2;

/// What a file says of its image beside the coefficients.
pub(crate) struct Facts {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) shift: f32,
    pub(crate) scale: f32,
    pub(crate) rate: f32,
    /// The number under which an implementation was certified; 0 for one that was not.
    pub(crate) certificate: u16,
}

pub(crate) fn write(facts: &Facts, bins: &Bins, blocks: &[Vec<i16>; 3]) -> Vec<u8> {
    let mut out = Vec::new();
    push(&mut out, START_OF_IMAGE);
    let Facts {
        width,
        height,
        rate,
        ..
    } = facts;
    let comment = format!(
        "NIST_COM 9\nPIX_WIDTH {width}\nPIX_HEIGHT {height}\nPIX_DEPTH 8\nPPI 500\nLOSSY 1\n\
         COLORSPACE GRAY\nCOMPRESSION WSQ\nWSQ_BITRATE {rate:.6}"
    );
    segment(&mut out, COMMENT, comment.as_bytes());
    segment(&mut out, TRANSFORM_TABLE, &transform_table());
    segment(&mut out, QUANTISATION_TABLE, &quantisation_table(bins));
    segment(&mut out, START_OF_FRAME, &frame(facts));
    let coded: [Vec<_>; 3] = std::array::from_fn(|n| symbols(&blocks[n]));
    let first = Table::new(&frequencies(&[&coded[0]]));
    let second = Table::new(&frequencies(&[&coded[1], &coded[2]]));
    segment(&mut out, HUFFMAN_TABLE, &huffman_table(0, &first));
    block(&mut out, 0, &code(&coded[0], &first));
    segment(&mut out, HUFFMAN_TABLE, &huffman_table(1, &second));
    block(&mut out, 1, &code(&coded[1], &second));
    block(&mut out, 1, &code(&coded[2], &second));
    push(&mut out, END_OF_IMAGE);
    out
}

fn push(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn segment(out: &mut Vec<u8>, marker: u16, payload: &[u8]) {
    push(out, marker);
    push(out, payload.len() as u16 + 2);
    out.extend_from_slice(payload);
}

fn block(out: &mut Vec<u8>, table: u8, coded: &[u8]) {
    segment(out, START_OF_BLOCK, &[table]);
    out.extend_from_slice(coded);
}

fn frequencies(parts: &[&[(u8, u16, u8)]]) -> [u32; 256] {
    let mut out = [0; 256];
    for (symbol, ..) in parts.iter().copied().flatten() {
        out[usize::from(*symbol)] += 1;
    }
    out
}

fn huffman_table(id: u8, table: &Table) -> Vec<u8> {
    [&[id][..], &table.counts, &table.symbols].concat()
}

/// A number as a power of ten and a mantissa that fills its room.
fn scaled(value: f32, limit: f32) -> (u8, u32) {
    if value == 0.0 {
        return (0, 0);
    }
    let (mut value, mut scale) = (value, 0u8);
    while value < limit && scale < u8::MAX {
        value *= 10.0;
        scale += 1;
    }
    (
        scale.saturating_sub(1),
        (f64::from(value) / 10.0 + 0.5) as u32,
    )
}

fn push_scaled(out: &mut Vec<u8>, value: f32) {
    let (scale, mantissa) = scaled(value, 65_535.0);
    out.push(scale);
    push(out, mantissa as u16);
}

fn transform_table() -> Vec<u8> {
    let mut out = vec![LOW.len() as u8, HIGH.len() as u8];
    for tap in LOW[LOW.len() / 2..].iter().chain(&HIGH[HIGH.len() / 2..]) {
        let (scale, mantissa) = scaled(tap.abs(), 4_294_967_295.0);
        out.push(u8::from(*tap < 0.0));
        out.push(scale);
        out.extend_from_slice(&mantissa.to_be_bytes());
    }
    out
}

fn quantisation_table(bins: &Bins) -> Vec<u8> {
    // The centre of a bin when decoding: 0.44.
    let mut out = vec![2, 0, 44];
    for band in 0..TABLE_BANDS {
        let (q, z) = if band < BANDS {
            (bins.q[band], bins.z[band])
        } else {
            (0.0, 0.0)
        };
        push_scaled(&mut out, q);
        push_scaled(&mut out, z);
    }
    out
}

fn frame(facts: &Facts) -> Vec<u8> {
    const BLACK: u8 = 0;
    const WHITE: u8 = 255;
    let mut out = vec![BLACK, WHITE];
    push(&mut out, facts.height as u16);
    push(&mut out, facts.width as u16);
    push_scaled(&mut out, facts.shift);
    push_scaled(&mut out, facts.scale);
    out.push(ENCODER);
    push(&mut out, facts.certificate);
    out
}
